#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Ports by themselves: create, destroy, up, down, and what is shown of them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# --- create ----------------------------------------------------------------------------------------------------------

PORT_KEYS='["addresses","carrier","domain","drift","fastpath","index","interface","link","linkLocal","losses","mpls","mtu","offload","offloads","peer","queues","reason","routes","state","statistics"]'
LINK_KEYS='["a","b","configured","datapath","fastpath","file","mpls","mtu","name","offload","queues","state","warnings","ways","workers"]'

test_create() {
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	assert_eq "$OUT$ERR" "netns:$A/wan0: created" "output with a name"
	succeeds rportctl create in "$A"
	assert_eq "$OUT" "netns:$A/rport0: created" "output without a name"
	succeeds rportctl create in "netns:$A"
	assert_eq "$OUT" "netns:$A/rport1: created" "a second one without a name"
	succeeds rportctl create in "$B"
	assert_eq "$OUT" "netns:$B/rport0: created" "the lowest free number is one of the namespace"
	succeeds rportctl create in in "$B"
	assert_eq "$OUT" "netns:$B/in: created" "a port called in"
	succeeds rportctl create home0 in default
	assert_eq "$OUT" "default/home0: created" "output in default"
	assert_eq "$(ports "$HOME_NS")" home0 "interfaces at home"
	assert_eq "$(ports "$A" | xargs)" 'wan0 rport0 rport1' "interfaces in A"
	assert_no_match "$(ip -n "$A" link show dev wan0)" '*[<,]UP[,>]*' "flags"
	assert_match "$(ip -n "$A" link show dev wan0)" '*POINTOPOINT,MULTICAST,NOARP*' "flags"
	assert_eq "$(ip -n "$A" addr show dev wan0 | grep -c inet)" 0 "addresses"
	succeeds rportctl -j ports
	assert_json "$OUT" 'map(.interface) == ["home0", "rport0", "rport1", "wan0", "in", "rport0"]' "natural order of domains and interfaces"
	assert_json "$OUT" 'all(.[]; .state == "down" and (.carrier | not) and .link == null and .peer == null and
		.mtu == 32768 and .offload and (.mpls | not) and .index > 0 and .addresses == [] and .routes == [])'
	succeeds rportctl -j show
	assert_eq "$OUT" '[]' "links"
}

test_create_options() {
	local features
	start_rportd
	ns_add A
	succeeds rportctl create m in "$A" --mtu 1500
	succeeds rportctl create --no-offload n in "$A"
	succeeds rportctl create p --mpls in "$A"
	assert_eq "$(kernel_mtu "$A" m) $(kernel_mtu "$A" n)" '1500 32768' "MTUs"
	assert_eq "$(of_port "netns:$A/m" '"\(.mtu) \(.offload) \(.mpls)"')" '1500 true false' --mtu
	assert_eq "$(of_port "netns:$A/n" '"\(.mtu) \(.offload) \(.mpls) \(.offloads)"')" '32768 false false []' --no-offload
	assert_eq "$(of_port "netns:$A/p" '"\(.mtu) \(.offload) \(.mpls)"')" '32768 true true' --mpls
	features=$(in_ns "$A" ethtool -k n)
	assert_match "$features" '*tcp-segmentation-offload: off*' "ethtool -k of n"
	features=$(in_ns "$A" ethtool -k p)
	assert_match "$features" '*tcp-segmentation-offload: on*' "ethtool -k of p"
}

test_create_again() {
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A" --mtu 9000
	succeeds rportctl create wan0 in "$B"
	remember_world
	for domain in "$A" "netns:$A"; do
		succeeds rportctl create wan0 in "$domain" --mtu 9000
		assert_eq "$OUT" "netns:$A/wan0: unchanged" "the same again"
		assert_same_world "the same again"
	done
	succeeds rportctl create wan0 in "$B" --mtu 32768
	assert_match "$OUT" '*unchanged' "a default spelt out"
	refuses 2 'there is a port wan0 already with other parameters: mtu is 9000, not 32768' rportctl create wan0 in "$A"
	refuses 2 'there is a port wan0 already with other parameters: mtu is 9000, not 1500' \
		rportctl create wan0 in "$A" --mtu 1500
	refuses 2 'there is a port wan0 already with other parameters: offload is on, not off' \
		rportctl create wan0 in "$A" --mtu 9000 --no-offload
	refuses 2 'there is a port wan0 already with other parameters: mpls is off, not on' \
		rportctl create wan0 in "$A" --mtu 9000 --mpls
	call_refused PortExists 17 '*wan0*mtu is 9000, not 1500' CreatePort "{\"port\":{\"domain\":\"$A\",\"interface\":\"wan0\"},\"mtu\":1500}"
	call_refused PortExists 17 '*wan0*addresses*' CreatePort \
		"{\"port\":{\"domain\":\"$A\",\"interface\":\"wan0\",\"addresses\":[{\"address\":\"10.0.0.1\"}]},\"mtu\":9000}"
	assert_same_world "CreatePort"
	# one that is used already, too
	succeeds rportctl up "netns:$A/wan0"
	succeeds rportctl parent "netns:$A/wan0" "netns:$B/wan0"
	remember_world
	succeeds rportctl create wan0 in "$A" --mtu 9000
	assert_match "$OUT" '*unchanged' "the same again"
	assert_same_world "create of a paired port"
	# what set made of it counts
	succeeds rportctl set "netns:$A/wan0" mtu 1500
	succeeds rportctl create wan0 in "$A" --mtu 1500
	assert_match "$OUT" '*unchanged' "with the MTU it got later"
}

# a port whose interface was removed, and another one is in its place, is not what was asked for; nor is it another one
test_create_again_mends() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A"
	displace_port "$A" wan0
	eventually port_has "netns:$A/wan0" .state pending
	refused 2 "rportctl: there is an interface wan0 in netns:$A already*" rportctl create wan0 in "$A"
	ports_count 1
	assert_eq "$(of_port "netns:$A/wan0" .state)" pending state
	ip -n "$A" link del wan0
	succeeds rportctl create wan0 in "$A"
	assert_eq "$(ports "$A")" wan0 "interfaces"
	ports_count 1
	succeeds rportctl up wan0
	is_up "$A" wan0
	succeeds rportctl create wan0 in "$A"
	assert_match "$OUT" '*unchanged' "create of a whole port"
}

# nor does a pending port keep others from being made, or lose its name to them
test_create_where_one_is_pending() {
	start_rportd
	ns_add A
	succeeds rportctl create in "$A"
	displace_port "$A" rport0
	eventually port_has "netns:$A/rport0" .state pending
	succeeds rportctl create in "$A"
	assert_eq "$OUT" "netns:$A/rport1: created" "a second one without a name"
	assert_eq "$(ports "$A")" rport1 "interfaces"
	ip -n "$A" link del rport0
	eventually port_has "netns:$A/rport0" .state down
	assert_eq "$(ports "$A" | sort | xargs)" 'rport0 rport1' "interfaces"
	succeeds rportctl destroy rport0
	succeeds rportctl destroy rport1
	assert_no_ports
}

test_keys_are_always_there() {
	local verb
	start_rportd
	ns_add A B
	succeeds rportctl -j create wan0 in "$A"
	assert_json "$OUT" "keys == [\"port\", \"result\"] and (.port | keys) == $PORT_KEYS and .result == \"created\"" create
	succeeds rportctl -j create wan0 in "$A"
	assert_json "$OUT" "keys == [\"port\", \"result\"] and (.port | keys) == $PORT_KEYS and .result == \"unchanged\"" create
	assert_json "$OUT" '(.port.statistics | keys) == ["bytes", "drops", "interfaceDropped", "packets"] and
		(.port.statistics.drops | keys) == ["invalid", "noMemory", "noProto", "other", "peerDown"]'
	succeeds rportctl create wan1 in "$B"
	for verb in 'up wan0' 'down wan0' 'unparent wan0'; do
		# shellcheck disable=SC2086 # words
		succeeds rportctl -j $verb
		assert_json "$OUT" "keys == [\"changed\", \"port\"] and (.port | keys) == $PORT_KEYS" "$verb"
	done
	succeeds rportctl -j set wan0 mtu 1500
	assert_json "$OUT" "keys == [\"changed\", \"configured\", \"persisted\", \"ports\"] and (.ports | map(keys)) == [$PORT_KEYS]" "set PORT"
	succeeds rportctl -j parent wan0 wan1
	assert_json "$OUT" "keys == [\"changed\", \"link\"] and .changed and (.link | keys) == $LINK_KEYS" parent
	assert_json "$OUT" "(.link.a | keys) == $PORT_KEYS and (.link.b | keys) == $PORT_KEYS" parent
	succeeds rportctl -j parent wan1 wan0
	assert_json "$OUT" "(.changed | not) and (.link | keys) == $LINK_KEYS" "parent again"
	succeeds rportctl -j parent wan0
	assert_json "$OUT" "keys == [\"parent\"] and (.parent | keys) == $PORT_KEYS and .parent.interface == \"wan1\"" "get parent"
	succeeds rportctl -j set "$A-$B" mtu 1500
	assert_json "$OUT" ".changed and (.ports | map(keys)) == [$PORT_KEYS, $PORT_KEYS] and (.ports | map(.mtu)) == [1500, 1500]" "set LINK"
	succeeds rportctl -j set "$A-$B" mtu 1500
	assert_json "$OUT" '.changed | not' "set LINK again"
	assert_json "$(rportctl -j ports)" 'all(.[]; .reason == null and .losses == 0 and .drift == [])' "ports that lack nothing"
	ip netns del "$B"
	eventually port_has "netns:$B/wan1" .state pending
	succeeds rportctl -j ports
	assert_json "$OUT" "map(keys) == [$PORT_KEYS, $PORT_KEYS]" ports
	assert_json "$OUT" "map(.link) == [\"$A-$B\", \"$A-$B\"] and map(.peer) == [\"netns:$B/wan1\", \"netns:$A/wan0\"]"
	assert_json "$OUT" '.[1] | .index == 0 and (.carrier | not) and (.reason | type) == "string" and .losses == 1' "a pending port"
	succeeds rportctl -j destroy wan0
	assert_json "$OUT" ". == { port: \"netns:$A/wan0\" }" destroy
	succeeds rportctl -j destroy wan1
	succeeds rportctl -j ports
	assert_eq "$OUT" '[]' "no ports"
}

test_ports() {
	start_rportd
	ns_add A B
	succeeds rportctl ports
	assert_eq "$(wc -l <<<"$OUT")" 1 "lines when there is none"
	succeeds rportctl -br ports
	assert_eq "$OUT" '' "-br when there is none"
	succeeds rportctl create wan0 in "$A"
	pair_numbered --mtu 1500
	succeeds rportctl ports
	assert_match "$(sed -n 1p <<<"$OUT")" 'PORT *STATE *CARRIER *MTU *PEER *LINK' titles
	succeeds rportctl -br ports
	assert_match "$(sed -n 1p <<<"$OUT" | tr -s ' ')" "netns:$A/rport0 up carrier 1500 netns:$B/rport0 ab" "end a"
	assert_match "$(sed -n 2p <<<"$OUT" | tr -s ' ')" "netns:$A/wan0 down NO-CARRIER 32768 - -" "a port by itself"
	assert_match "$(sed -n 3p <<<"$OUT" | tr -s ' ')" "netns:$B/rport0 up carrier 1500 netns:$A/rport0 ab" "end b"
	assert_eq "$(wc -l <<<"$OUT")" 3 "lines of -br"
	ping_ok "$A" 192.168.0.1
	succeeds rportctl -s ports
	assert_match "$(sed -n 1p <<<"$OUT")" 'PORT *LINK *PACKETS *BYTES *DROPS' titles
	assert_match "$(sed -n 2p <<<"$OUT" | tr -s ' ')" "netns:$A/rport0 * ab [1-9]*" "counters"
	succeeds rportctl -q ports
	assert_eq "$OUT$ERR" '' "-q ports"
}

test_quiet() {
	local verb
	start_rportd
	ns_add A B
	for verb in "create wan0 in $A" "create wan1 in $B" 'up wan0' 'down wan0' 'set wan0 mtu 1500' 'parent wan0 wan1' \
		'parent wan0' 'unparent wan0' 'destroy wan0' 'destroy wan1'; do
		# shellcheck disable=SC2086 # words
		succeeds rportctl -q $verb
		assert_eq "$OUT$ERR" '' "output of -q $verb"
	done
	run rportctl -q destroy wan0
	assert_eq "$RC" 3 "status of a refused quiet destroy"
	[ -n "$ERR" ] || fail "an error must be said, however quiet"
}

# --- destroy, up, down -----------------------------------------------------------------------------------------------

test_destroy() {
	local fds
	start_rportd
	ns_add A
	fds=$(rportd_fds)
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$A"
	succeeds rportctl destroy wan0
	assert_eq "$OUT" "netns:$A/wan0: destroyed" output
	assert_eq "$(ports "$A")" wan1 "what is left"
	refused 3 'rportctl: there is no port "wan0" (rportctl ports shows all); did you mean "wan1"?' rportctl destroy wan0
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl destroy "netns:$A/wan0"
	succeeds rportctl destroy wan1
	assert_no_ports
	eventually fds_at_most "$fds"
}

test_destroy_of_a_paired_port() {
	start_rportd
	ns_add A B
	ports_with_addresses
	succeeds rportctl parent wan0 wan1
	eventually wans_carry
	ping_ok "$A" 192.168.0.1
	succeeds rportctl destroy wan1
	assert_eq "$OUT" "$PB: destroyed" output
	assert_eq "$(ports "$A")$(ports "$B")" wan0 interfaces
	eventually -t 1000 no_carrier "$A" wan0
	assert_match "$(ip -n "$A" link show dev wan0)" '*NO-CARRIER*' "the peer"
	ports_count 1
	assert_eq "$(of_port "$PA" '"\(.state) \(.carrier) \(.link) \(.peer)"')" 'up false null null' "the peer"
	refused 3 '*no parent*' rportctl parent wan0
	refused 3 '*' rportctl show "$A-$B"
	# and it can have another
	succeeds rportctl create wan1 in "$B"
	ip -n "$B" addr add 192.168.0.1 peer 192.168.0.0 dev wan1
	succeeds rportctl up wan1
	succeeds rportctl parent wan1 wan0
	eventually wans_carry
	ping_ok "$B" 192.168.0.0
}

test_destroy_of_what_pair_made() {
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl destroy "netns:$B/rport0"
	eventually no_carrier "$A" rport0
	refused 3 '*' rportctl show ab
	ports_count 1
	succeeds rportctl destroy rport0
	assert_no_ports
}

test_destroy_of_a_pending_one() {
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	displace_port "$A" wan0
	eventually port_has "netns:$A/wan0" .state pending
	ip netns del "$B"
	eventually port_has "netns:$B/wan1" .state pending
	succeeds rportctl unparent wan0
	assert_match "$OUT" '*unchanged*' "unparent of one that has none"
	succeeds rportctl destroy wan0
	succeeds rportctl destroy "netns:$B/wan1"
	ports_count 0
	# what stood in its place is no business of ours
	succeeds ip -n "$A" link show dev wan0
}

test_up_down() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl down wan0
	assert_eq "$OUT" "netns:$A/wan0: unchanged" "down of one that is down"
	succeeds rportctl up wan0
	assert_eq "$OUT" "netns:$A/wan0: up" up
	is_up "$A" wan0
	assert_eq "$(of_port "netns:$A/wan0" .state)" up state
	assert_match "$(ip -n "$A" -6 addr show dev wan0)" "*$(of_port "netns:$A/wan0" .linkLocal)/64*" "link-local address"
	succeeds rportctl up wan0
	assert_eq "$OUT" "netns:$A/wan0: unchanged" "up again"
	succeeds rportctl down wan0
	assert_eq "$OUT" "netns:$A/wan0: down" down
	! is_up "$A" wan0 || fail "still up"
	assert_eq "$(of_port "netns:$A/wan0" .state)" down state
	# what others do counts
	ip -n "$A" link set wan0 up
	eventually port_has "netns:$A/wan0" .state up
	succeeds rportctl up wan0
	assert_match "$OUT" '*unchanged' "up of one that ip set up"
}

# a port that is set up by ip the first time is not less up
test_up_by_ip_first() {
	start_rportd
	ns_add A
	run call CreatePort "{\"port\":{\"domain\":\"$A\",\"interface\":\"wan0\",\"addresses\":[{\"address\":\"fd01::1/64\"}],\"routes\":[\"fd02::/64\"]}}"
	assert_json "$OUT" '.parameters.result == "created"'
	ip -n "$A" link set wan0 up
	within 2000 has_what_it_says || fail "$(of_port "netns:$A/wan0" '"\(.linkLocal) \(.addresses) \(.routes)"')
$(ip -n "$A" -6 addr show dev wan0)
$(ip -n "$A" -6 route show dev wan0)"
}

has_what_it_says() {
	local addresses
	addresses=$(ip -n "$A" -6 addr show dev wan0)
	[[ $addresses == *"$(of_port "netns:$A/wan0" .linkLocal)/64"* && $addresses == *fd01::1/64* ]] &&
		[[ $(ip -n "$A" -6 route show dev wan0) == *fd02::/64* ]]
}

# a route of somebody else to the same network does not keep a port down
test_up_beside_a_route() {
	start_rportd
	ns_add A
	ip -n "$A" route add blackhole 10.9.0.0/16
	run call CreatePort "{\"port\":{\"domain\":\"$A\",\"interface\":\"wan0\",\"addresses\":[{\"address\":\"10.0.0.1\"}],\"routes\":[\"10.9.0.0/16\"]}}"
	assert_json "$OUT" '.parameters.result == "created"'
	succeeds rportctl up wan0
	eventually port_has "netns:$A/wan0" '.drift | join(",")' 'the route 10.9.0.0/16 is missing'
	assert_match "$(ip -n "$A" route)" '*blackhole 10.9.0.0/16*' "routes of A"
	ip -n "$A" route del blackhole 10.9.0.0/16
}

run_tests "$@"
