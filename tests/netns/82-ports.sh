#!/bin/bash
# SPDX-License-Identifier: ISC
# Ports by themselves, and parents: every verb, what it refuses with which errno, and that a refusal changes nothing.
. "$(dirname "$0")/../lib.sh"

# --- asking over the socket, without rportctl ------------------------------------------------------------------------

# call METHOD PARAMETERS: the reply to one Varlink call
call() {
	printf '{"method":"org.rportd.Manager.%s","parameters":%s}\0' "$1" "$2" |
		socat -t 5 - UNIX-CONNECT:"$SOCKET" | tr '\0' '\n'
}

# call_refused ERROR ERRNO GLOB METHOD PARAMETERS: this error, this errno, such a message, and nothing else in the reply
call_refused() {
	run call "$4" "$5"
	assert_json "$OUT" ".error == \"org.rportd.Manager.$1\" and .parameters.errno == $2" "reply to $4 $5"
	assert_json "$OUT" 'keys == ["error", "parameters"] and (.parameters | keys) == ["errno", "message"]'
	assert_match "$(jq -r .parameters.message <<<"$OUT")" "$3" "message of $4 $5"
}

# call_invalid PARAMETER METHOD PARAMETERS: Varlink's own error for a parameter of the wrong type
call_invalid() {
	run call "$2" "$3"
	assert_json "$OUT" '.error == "org.varlink.service.InvalidParameter"' "reply to $2 $3"
	assert_json "$OUT" ".parameters == { parameter: \"$1\" }" "reply to $2 $3"
}

# --- what there is ---------------------------------------------------------------------------------------------------

# world: all that a refused command must not change
world() {
	local ns
	{
		rportctl -j ports
		rportctl -j show
	} | jq -S 'map(del(.statistics, .a.statistics?, .b.statistics?))'
	for ns in $(ns_list); do
		echo "$ns"
		printf '%s\n' 'link show' 'addr show' 'route show table all' | ip -n "$ns" -o -batch - | sed 's/ qdisc [^ ]*//'
		ip -n "$ns" -6 route show table all
	done
}

# remember_world: once it has come to rest
remember_world() {
	eventually at_rest
	WORLD=$(world)
}

at_rest() {
	local before
	before=$(world)
	sleep 0.1
	[ "$(world)" = "$before" ]
}

# assert_same_world WHAT
assert_same_world() {
	local now
	now=$(world)
	[ "$now" = "$WORLD" ] || fail "$1 changed something:
$(diff <(echo "$WORLD") <(echo "$now"))"
}

# refuses STATUS MESSAGE COMMAND...: exactly this message, after rportctl's name, and nothing changed. "*" is allowed in it.
refuses() {
	refused "$1" "rportctl: $2" "${@:3}"
	assert_same_world "'${*:3}'"
}

# ports_count N, as a condition
ports_count() {
	[ "$(rportctl -j ports | jq length)" = "$1" ]
}

# of_port PORT FILTER: something of rportctl ports
of_port() {
	rportctl -j ports | jq -r --arg port "$1" ".[] | select(\"\\(.domain)/\\(.interface)\" == \$port) | $2"
}

port_has() {
	[ "$(of_port "$1" "$2")" = "$3" ]
}

kernel_mtu() {
	ip -n "$1" -j link show dev "$2" | jq '.[0].mtu'
}

is_up() {
	ip -n "$1" -j link show dev "$2" | jq -e '.[0].flags | index("UP")' >/dev/null
}

# ports_with_addresses: PA and PB, ports in A and B, up and with addresses, but without parents
ports_with_addresses() {
	PA=netns:$A/wan0 PB=netns:$B/wan1
	succeeds rportctl create wan0 in "$A" "$@"
	succeeds rportctl create wan1 in "$B" "$@"
	ip -n "$A" addr add 192.168.0.0 peer 192.168.0.1 dev wan0
	ip -n "$B" addr add 192.168.0.1 peer 192.168.0.0 dev wan1
	succeeds rportctl up wan0
	succeeds rportctl up wan1
}

both_carry() {
	has_carrier "$A" wan0 && has_carrier "$B" wan1
}

# --- create ----------------------------------------------------------------------------------------------------------

PORT_KEYS='["addresses","carrier","domain","index","interface","link","linkLocal","mpls","mtu","offload","offloads","peer","routes","state","statistics"]'
LINK_KEYS='["a","b","datapath","mpls","mtu","name","offload","state","warnings","worker"]'

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
	assert_json "$OUT" 'map(.interface) == ["wan0", "rport0", "rport1", "rport0", "in", "home0"]' "order of creation"
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

# a port whose interface was removed is not what was asked for
test_create_again_mends() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A"
	ip -n "$A" link del wan0
	eventually port_has "netns:$A/wan0" .state gone
	succeeds rportctl create wan0 in "$A"
	assert_no_match "$OUT" '*unchanged*' "create of a port that is gone"
	assert_eq "$(ports "$A")" wan0 "interfaces"
	ports_count 1
	succeeds rportctl up wan0
	is_up "$A" wan0
	succeeds rportctl create wan0 in "$A"
	assert_match "$OUT" '*unchanged' "create of a whole port"
}

# the name of a port that is gone is free; both can be told apart, or the old one made way
test_create_where_one_is_gone() {
	start_rportd
	ns_add A
	succeeds rportctl create in "$A"
	ip -n "$A" link del rport0
	eventually port_has "netns:$A/rport0" .state gone
	succeeds rportctl create in "$A"
	assert_eq "$(ports "$A")" rport0 "interfaces"
	succeeds rportctl up "netns:$A/rport0"
	is_up "$A" rport0
	succeeds rportctl destroy "netns:$A/rport0"
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
		(.port.statistics.drops | keys) == ["noMemory", "noProto", "other", "peerDown"]'
	succeeds rportctl create wan1 in "$B"
	for verb in 'up wan0' 'down wan0' 'unparent wan0'; do
		# shellcheck disable=SC2086 # words
		succeeds rportctl -j $verb
		assert_json "$OUT" "keys == [\"changed\", \"port\"] and (.port | keys) == $PORT_KEYS" "$verb"
	done
	succeeds rportctl -j set wan0 mtu 1500
	assert_json "$OUT" "keys == [\"changed\", \"ports\"] and (.ports | map(keys)) == [$PORT_KEYS]" "set PORT"
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
	ip -n "$B" link del wan1
	eventually port_has "netns:$B/wan1" .state gone
	succeeds rportctl -j ports
	assert_json "$OUT" "map(keys) == [$PORT_KEYS, $PORT_KEYS]" ports
	assert_json "$OUT" "map(.link) == [\"$A-$B\", \"$A-$B\"] and map(.peer) == [\"netns:$B/wan1\", \"netns:$A/wan0\"]"
	assert_json "$OUT" '.[1] | .index == 0 and (.carrier | not)' "a port that is gone"
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
	assert_match "$(sed -n 1p <<<"$OUT" | tr -s ' ')" "netns:$A/wan0 down NO-CARRIER 32768 - -" "a port by itself"
	assert_match "$(sed -n 2p <<<"$OUT" | tr -s ' ')" "netns:$A/rport0 up carrier 1500 netns:$B/rport0 ab" "end a"
	assert_match "$(sed -n 3p <<<"$OUT" | tr -s ' ')" "netns:$B/rport0 up carrier 1500 netns:$A/rport0 ab" "end b"
	assert_eq "$(wc -l <<<"$OUT")" 3 "lines of -br"
	ping_ok "$A" 192.168.0.1
	succeeds rportctl -s ports
	assert_match "$(sed -n 1p <<<"$OUT")" 'PORT *LINK *PACKETS *BYTES *DROPS' titles
	assert_match "$(sed -n 3p <<<"$OUT" | tr -s ' ')" "netns:$A/rport0 * ab [1-9]*" "counters"
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
	refused 3 'rportctl: there is no port "wan0" (rportctl ports shows all)' rportctl destroy wan0
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
	eventually both_carry
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
	eventually both_carry
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

test_destroy_of_one_that_is_gone() {
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	ip -n "$A" link del wan0
	eventually port_has "netns:$A/wan0" .state gone
	ip netns del "$B"
	eventually port_has "netns:$B/wan1" .state gone
	remember_world
	for verb in up down; do
		refuses 3 "the interface of the port netns:$A/wan0 is gone: destroy the port, or pair anew" rportctl "$verb" wan0
	done
	refuses 3 "the interface of the port netns:$A/wan0 is gone: *" rportctl set wan0 mtu 1500
	refuses 3 "the interface of the port netns:$A/wan0 is gone: *" rportctl parent wan0 wan1
	call_refused PortNotFound 6 '*gone*' SetUp '{"port":"wan0","up":true}'
	succeeds rportctl unparent wan0
	succeeds rportctl destroy wan0
	succeeds rportctl destroy "netns:$B/wan1"
	ports_count 0
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
	poll 2000 has_what_it_says || fail "$(of_port "netns:$A/wan0" '"\(.linkLocal) \(.addresses) \(.routes)"')
$(ip -n "$A" -6 addr show dev wan0)
$(ip -n "$A" -6 route show dev wan0)"
}

has_what_it_says() {
	local addresses
	addresses=$(ip -n "$A" -6 addr show dev wan0)
	[[ $addresses == *"$(of_port "netns:$A/wan0" .linkLocal)/64"* && $addresses == *fd01::1/64* ]] &&
		[[ $(ip -n "$A" -6 route show dev wan0) == *fd02::/64* ]]
}

# up gives addresses and routes; when it cannot, nothing has changed
test_up_that_fails() {
	start_rportd
	ns_add A
	ip -n "$A" route add blackhole 10.9.0.0/16
	run call CreatePort "{\"port\":{\"domain\":\"$A\",\"interface\":\"wan0\",\"addresses\":[{\"address\":\"10.0.0.1\"}],\"routes\":[\"10.9.0.0/16\"]}}"
	assert_json "$OUT" '.parameters.result == "created"'
	remember_world
	refused 2 "rportctl: cannot add the route 10.9.0.0/16 by netns:$A/wan0: *" rportctl up wan0
	assert_same_world "up that failed"
}

# --- MTU -------------------------------------------------------------------------------------------------------------

test_mtu_range() {
	local mtu
	start_rportd
	ns_add A B
	for mtu in 1280 32768; do
		succeeds rportctl create "c$mtu" in "$A" --mtu "$mtu"
		assert_eq "$(kernel_mtu "$A" "c$mtu")" "$mtu" "create --mtu"
		succeeds rportctl pair "$A" "$B" --name "p$mtu" --mtu "$mtu" --a-name "p$mtu" --b-name "p$mtu"
		assert_eq "$(kernel_mtu "$A" "p$mtu") $(kernel_mtu "$B" "p$mtu")" "$mtu $mtu" "pair --mtu"
	done
	for mtu in 32768 1280; do
		succeeds rportctl set c1280 mtu "$mtu"
		assert_eq "$(kernel_mtu "$A" c1280)" "$mtu" "set PORT"
		succeeds rportctl set p32768 mtu "$mtu"
		assert_eq "$(kernel_mtu "$A" p32768) $(kernel_mtu "$B" p32768)" "$mtu $mtu" "set LINK"
	done
	remember_world
	for mtu in 0 1279 32769; do
		refuses 2 "an MTU of $mtu is not possible: it must be 1280 to 32768" rportctl create bad in "$A" --mtu "$mtu"
		refuses 2 "an MTU of $mtu is not possible: it must be 1280 to 32768" rportctl set c1280 mtu "$mtu"
		refuses 2 "an MTU of $mtu is not possible: it must be 1280 to 32768" rportctl set p1280 mtu "$mtu"
		refuses 2 "an MTU of $mtu is not possible: it must be 1280 to 32768" rportctl pair "$A" "$B" --name bad --mtu "$mtu"
	done
	for mtu in -1 1279 32769 4294968796 9223372036854775807; do # one is 1500 in 32 bits
		call_refused InvalidArgument 22 '*1280 to 32768' SetMtu "{\"name\":\"c1280\",\"mtu\":$mtu}"
		call_refused InvalidArgument 22 '*1280 to 32768' SetMtu "{\"name\":\"p1280\",\"mtu\":$mtu}"
		call_refused InvalidArgument 22 '*1280 to 32768' CreatePort "{\"port\":{\"domain\":\"$A\"},\"mtu\":$mtu}"
		call_refused InvalidArgument 22 '*1280 to 32768' Pair "{\"a\":{\"domain\":\"$A\"},\"b\":{\"domain\":\"$B\"},\"mtu\":$mtu}"
	done
	for mtu in '"1500"' 1500.5 null true; do
		call_invalid mtu SetMtu "{\"name\":\"c1280\",\"mtu\":$mtu}"
	done
	call_invalid mtu SetMtu '{"name":"c1280"}'
	for mtu in big '' -5 1500x 99999999999999999999; do
		refuses 1 "the MTU $mtu is not a number of bytes*" rportctl set c1280 mtu -- "$mtu"
		refuses 1 "--mtu $mtu is not a number*" rportctl create bad in "$A" "--mtu=$mtu"
	done
	assert_same_world "all that"
}

test_set_mtu() {
	start_rportd
	ns_add A B
	ports_with_addresses
	succeeds rportctl set wan0 mtu 9000
	assert_eq "$OUT" "$PA: mtu 9000" "set PORT"
	succeeds rportctl set wan0 mtu 9000
	assert_eq "$OUT" "$PA: unchanged" "set PORT again"
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan1)" '9000 32768' "MTUs"
	succeeds rportctl parent wan0 wan1
	# a port of a link by itself: per side
	succeeds rportctl set "$PB" mtu 1500
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan1)" '9000 1500' "MTUs"
	succeeds rportctl set "$A-$B" mtu 9000
	assert_eq "$OUT" "$PA: mtu 9000
$PB: mtu 9000" "set LINK"
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan1)" '9000 9000' "MTUs"
	succeeds rportctl set "$A-$B" mtu 9000
	assert_eq "$OUT" "$PA: unchanged
$PB: unchanged" "set LINK again"
	assert_eq "$(port "$A-$B" a .mtu) $(port "$A-$B" b .mtu)" '9000 9000' "MTUs shown"
}

# the second end cannot: the first is as it was
test_set_mtu_both_or_neither() {
	local end other
	start_rportd
	ns_add A B
	for end in "$A" "$B"; do
		[ "$end" = "$A" ] && other=$B || other=$A
		pair_numbered --mtu 9000
		ip -n "$end" link del rport0
		eventually gone_in ab "$end"
		remember_world
		refuses 3 "the interface of the port netns:$end/rport0 is gone: destroy the port, or pair anew" rportctl set ab mtu 1500
		call_refused PortNotFound 6 '*gone*' SetMtu '{"name":"ab","mtu":1500}'
		assert_eq "$(kernel_mtu "$other" rport0)" 9000 "MTU of the other end"
		succeeds rportctl unpair ab
	done
}

# gone_in LINK NAMESPACE
gone_in() {
	rportctl -j show "$1" | jq -e --arg domain "netns:$2" '[.a, .b][] | select(.domain == $domain) | .state == "gone"'
}

# the same when it is the kernel that refuses the second end: the first is given back what it had
test_set_mtu_rolls_back() {
	local tracer
	start_rportd
	ns_add A B
	pair_numbered --mtu 9000
	remember_world
	# the first message of netlink sets the MTU of end a, the second that of end b
	strace -o trace -p "$RPORTD_PID" -e trace=sendmsg -e inject=sendmsg:error=EPERM:when=2 2>strace.err &
	tracer=$!
	poll 3000 grep -q attached strace.err || skip cannot "strace cannot attach: $(<strace.err)"
	refused 2 "rportctl: cannot set the MTU of rport0 in netns:$B: *" rportctl set ab mtu 1500
	kill "$tracer"
	wait "$tracer" || true
	grep -q INJECTED trace || fail "nothing was made to fail"
	assert_same_world "set that failed"
}

# the same when nobody has told rportd yet that it is gone: it has the call and the news at once
test_set_mtu_race() {
	local i status client
	start_rportd
	ns_add A B
	for i in 1 2 3 4; do
		pair_numbered --mtu 9000
		eventually has_carrier "$A" rport0
		kill -STOP "$RPORTD_PID"
		rportctl set ab mtu 1500 >set.out 2>&1 &
		client=$!
		[ $((i % 2)) = 0 ] || sleep 0.05 # sometimes the call is first
		ip -n "$B" link del rport0
		kill -CONT "$RPORTD_PID"
		status=0
		wait "$client" || status=$?
		assert_match "$status" '[23]' "status ($(<set.out))"
		assert_match "$(<set.out)" "rportctl: *netns:$B*" "message"
		assert_eq "$(kernel_mtu "$A" rport0)" 9000 "MTU of the first end"
		assert_eq "$(port ab a .mtu)" 9000 "MTU that is shown of the first end"
		succeeds rportctl unpair ab
	done
}

test_mtu_behind_our_back() {
	local warning
	start_rportd
	ns_add A B
	pair_numbered
	assert_json "$(rportctl -j show ab)" '.warnings == [] and .mtu == 32768'
	assert_no_match "$(rportctl show ab)" '*warning*' "no warning"
	ip -n "$B" link set rport0 mtu 1500
	# at once, without eventually
	assert_json "$(rportctl -j show ab)" '.b.mtu == 1500 and .a.mtu == 32768 and .mtu == 1500 and .state == "up"'
	assert_eq "$(of_port "netns:$B/rport0" .mtu)" 1500 "MTU in ports"
	warning='the MTUs of the ends differ: 32768 at end a, 1500 at end b'
	assert_json "$(rportctl -j show ab)" ".warnings == [\"$warning\"]"
	assert_match "$(rportctl show ab | tr -s ' ')" "* warning $warning
*" "warning in text"
	eventually has_carrier "$A" rport0
	ping_ok "$A" 192.168.0.1
	# further than we would let it go
	ip -n "$A" link set rport0 mtu 600
	assert_json "$(rportctl -j show ab)" '.a.mtu == 600 and .state == "up" and (.warnings | length == 1)'
	ping_ok "$A" 192.168.0.1
	succeeds rportctl set ab mtu 1500
	assert_match "$OUT" "*netns:$A/rport0: mtu 1500*" "output"
	assert_json "$(rportctl -j show ab)" '.a.mtu == 1500 and .b.mtu == 1500 and .warnings == []'
	# by set, too, unequal is a warning and not an error
	succeeds rportctl set "netns:$A/rport0" mtu 9000
	assert_json "$(rportctl -j show ab)" '.warnings == ["the MTUs of the ends differ: 9000 at end a, 1500 at end b"]'
}

# ping_sized NAMESPACE ADDRESS MTU: of that size crosses, with one byte more it does not leave
ping_sized() {
	local headers=28
	[[ $2 != *:* ]] || headers=48
	ping_ok "$1" "$2" -c 1 -M 'do' -s $(($3 - headers))
	run in_ns "$1" ping -n -c 1 -W 0.2 -M 'do' -s $(($3 - headers + 1)) "$2"
	[ "$RC" != 0 ] || fail "a ping of $(($3 + 1)) bytes left a port with an MTU of $3"
	assert_match "$OUT$ERR" '*message too long*' "ping of $(($3 + 1)) bytes"
}

test_unequal_mtus() {
	local mtus
	start_rportd
	ns_add A B
	pair_numbered
	for mtus in '9000 1500' '1280 32768'; do
		# shellcheck disable=SC2086 # words
		set -- $mtus
		succeeds rportctl set "netns:$A/rport0" mtu "$1"
		succeeds rportctl set "netns:$B/rport0" mtu "$2"
		ping_sized "$A" 192.168.0.1 "$1"
		ping_sized "$A" fd00:ab::b "$1"
		ping_sized "$B" 192.168.0.0 "$2"
		ping_sized "$B" fd00:ab::a "$2"
	done
	assert_json "$(rportctl -j -s show ab)" '[.a, .b] | map(.statistics.drops | add) | add == 0' "no drops"
}

# --- parents ---------------------------------------------------------------------------------------------------------

test_parent() {
	start_rportd
	ns_add A B
	ports_with_addresses
	no_carrier "$A" wan0
	succeeds rportctl parent wan0 wan1
	assert_eq "$OUT" "$A-$B: created, wan0 in netns:$A, wan1 in netns:$B" output
	eventually -t 1000 both_carry
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
	# symmetric
	succeeds rportctl parent wan0
	assert_eq "$OUT" "$PB" "parent of wan0"
	succeeds rportctl parent "$PB"
	assert_eq "$OUT" "$PA" "parent of wan1"
	assert_eq "$(of_port "$PA" .peer) $(of_port "$PB" .peer)" "$PB $PA" peers
	# again, from either side
	remember_world
	succeeds rportctl parent "$PA" wan1
	assert_eq "$OUT" "$A-$B: unchanged, wan0 in netns:$A, wan1 in netns:$B" "again"
	succeeds rportctl parent wan1 "$PA"
	assert_eq "$OUT" "$A-$B: unchanged, wan0 in netns:$A, wan1 in netns:$B" "from the other side"
	assert_same_world "parent again"
	# it is a link as any other
	assert_json "$(rportctl -j show "$A-$B")" ".state == \"up\" and .a.interface == \"wan0\" and .b.interface == \"wan1\""
	succeeds rportctl unparent wan1
	assert_eq "$OUT" "$PB: separated" "unparent"
	eventually -t 1000 no_carrier "$A" wan0
	no_carrier "$B" wan1
	ping_fails "$A" 192.168.0.1
	refused 3 "rportctl: $PA has no parent" rportctl parent wan0
	refused 3 "rportctl: $PB has no parent" rportctl parent wan1
	for port in wan0 "$PB"; do
		succeeds rportctl unparent "$port"
		assert_match "$OUT" '*: unchanged, it has no parent' "unparent again"
	done
	ports_count 2
	succeeds rportctl -j list
	assert_eq "$OUT" '[]' "links"
	# the other way round
	succeeds rportctl parent wan1 wan0
	assert_eq "$OUT" "$B-$A: created, wan1 in netns:$B, wan0 in netns:$A" "the other way round"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
}

# two ports of one namespace, and link names that do not collide
test_parents_in_one_namespace() {
	start_rportd
	ns_add A
	for i in 0 1 2 3; do
		succeeds rportctl create "w$i" in "$A"
		succeeds rportctl up "w$i"
	done
	succeeds rportctl parent w0 w1
	assert_match "$OUT" "$A-$A: created*" "first"
	succeeds rportctl parent w2 w3
	assert_match "$OUT" "$A-$A.2: created*" "second"
	eventually has_carrier "$A" w3
	succeeds rportctl unparent w0
	succeeds rportctl parent w3
	assert_eq "$OUT" "netns:$A/w2" "the other link"
}

# each errno of rport(4), over the socket and on the command line
test_errnos() {
	start_rportd
	ns_add A B C
	for ns in "$A" "$B" "$C"; do
		succeeds rportctl create "p$ns" in "$ns"
	done
	local a=p$A b=p$B c=p$C
	ip -n "$A" link add v0 type veth peer name v1 netns "$HOME_NS"
	succeeds rportctl parent "$a" "$b"
	remember_world
	# EBUSY: either side taken
	call_refused PortBusy 16 "netns:$A/$a is taken: its parent is netns:$B/$b *" SetParent "{\"port\":\"$a\",\"parent\":\"$c\"}"
	call_refused PortBusy 16 "netns:$A/$a is taken: *" SetParent "{\"port\":\"$c\",\"parent\":\"$a\"}"
	refuses 2 "netns:$B/$b is taken: its parent is netns:$A/$a (rportctl unparent separates them)" rportctl parent "$b" "$c"
	refuses 2 "netns:$B/$b is taken: its parent is netns:$A/$a (rportctl unparent separates them)" rportctl parent "$c" "$b"
	# EINVAL: itself, by whatever name, and with or without a parent
	call_refused ParentIsSelf 22 "netns:$C/$c cannot be its own parent" SetParent "{\"port\":\"$c\",\"parent\":\"netns:$C/$c\"}"
	refuses 2 "netns:$C/$c cannot be its own parent" rportctl parent "$c" "$c"
	refuses 2 "netns:$A/$a cannot be its own parent" rportctl parent "$a" "netns:$A/$a"
	# EINVAL: no such parent
	for parent in nix "netns:$B/nix" "netns:nowhere/lo" '' /; do
		call_refused ParentNotFound 22 "cannot set the parent: there is no port \"$parent\" *" SetParent "{\"port\":\"$c\",\"parent\":\"$parent\"}"
		refuses 3 "cannot set the parent: there is no port \"$parent\" (rportctl ports shows all)" rportctl parent "$c" "$parent"
	done
	# no such port: ENXIO
	call_refused PortNotFound 6 'there is no port "nix" *' SetParent "{\"port\":\"nix\",\"parent\":\"$c\"}"
	refuses 3 'there is no port "nix" (rportctl ports shows all)' rportctl parent nix "$c"
	# EPROTONOSUPPORT: an interface, but no port
	for other in lo v1 default/lo default/v1 "netns:$A/lo" "netns:$A/v0"; do
		call_refused NotAPort 93 "the interface $other is not a port of rportd's" SetParent "{\"port\":\"$c\",\"parent\":\"$other\"}"
		call_refused NotAPort 93 '*' SetParent "{\"port\":\"$other\",\"parent\":\"$c\"}"
		refuses 2 "the interface $other is not a port of rportd's" rportctl parent "$c" "$other"
		refuses 2 "the interface $other is not a port of rportd's" rportctl parent "$other" "$c"
	done
	# EADDRNOTAVAIL: no parent
	call_refused NoParent 99 "netns:$C/$c has no parent" GetParent "{\"port\":\"$c\"}"
	refuses 3 "netns:$C/$c has no parent" rportctl parent "$c"
	# delete always succeeds
	run call DeleteParent "{\"port\":\"$c\"}"
	assert_json "$OUT" '(.parameters.changed | not) and .parameters.port.peer == null and (has("error") | not)' DeleteParent
	assert_same_world "DeleteParent without a parent"
	run call SetParent "{\"port\":\"$b\",\"parent\":\"$a\"}"
	assert_json "$OUT" "(.parameters.changed | not) and .parameters.link.name == \"$A-$B\"" "SetParent again"
	assert_same_world "SetParent again"
}

test_bad_parameters() {
	local method
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A"
	remember_world
	for method in GetParent DeleteParent DestroyPort; do
		call_invalid port "$method" '{}'
		call_invalid port "$method" '{"port":null}'
		call_invalid port "$method" '{"port":1}'
		call_invalid port "$method" '{"port":"wan0\u0000"}'
		call_invalid frob "$method" '{"port":"wan0","frob":1}'
	done
	call_invalid port SetParent '{"parent":"wan0"}'
	call_invalid parent SetParent '{"port":"wan0"}'
	call_invalid parent SetParent '{"port":"wan0","parent":["wan0"]}'
	call_invalid frob SetParent '{"port":"wan0","parent":"wan0","frob":1}'
	call_invalid up SetUp '{"port":"wan0"}'
	call_invalid up SetUp '{"port":"wan0","up":null}'
	call_invalid up SetUp '{"port":"wan0","up":1}'
	call_invalid port SetUp '{"up":true}'
	call_invalid name SetMtu '{"mtu":1500}'
	call_invalid frob ListPorts '{"frob":1}'
	call_invalid port CreatePort '{}'
	call_invalid port CreatePort '{"port":"wan1"}'
	call_invalid domain CreatePort '{"port":{"interface":"wan1"}}'
	call_invalid interface CreatePort '{"port":{"domain":"default","interface":1}}'
	call_invalid offload CreatePort '{"port":{"domain":"default"},"offload":1}'
	call_invalid mpls CreatePort '{"port":{"domain":"default"},"mpls":"yes"}'
	assert_same_world "calls with bad parameters"
}

test_ports_differ() {
	start_rportd
	ns_add A B C
	succeeds rportctl create plain in "$A"
	succeeds rportctl create mpls in "$B" --mpls
	succeeds rportctl create bare in "$C" --no-offload
	succeeds rportctl create both in "$C" --no-offload --mpls
	remember_world
	call_refused PortsDiffer 95 "netns:$A/plain and netns:$B/mpls differ in --mpls: *" SetParent '{"port":"plain","parent":"mpls"}'
	refuses 2 "netns:$A/plain and netns:$B/mpls differ in --mpls: create both with it, or both without" rportctl parent plain mpls
	refuses 2 "netns:$A/plain and netns:$C/bare differ in --no-offload: create both with it, or both without" rportctl parent plain bare
	refuses 2 "netns:$C/both and netns:$C/bare differ in --mpls: *" rportctl parent both bare
	refuses 2 "netns:$C/both and netns:$B/mpls differ in --no-offload: *" rportctl parent both mpls
	refused 3 '*has no parent' rportctl parent plain
	# and like with like
	succeeds rportctl create bare in "$A" --no-offload
	succeeds rportctl parent "netns:$A/bare" "netns:$C/bare"
	assert_json "$(rportctl -j show)" '.[0].offload | not'
	succeeds rportctl create both in "$A" --no-offload --mpls
	succeeds rportctl parent "netns:$A/both" "netns:$C/both"
	assert_json "$(rportctl -j show "netns:$A/both")" '.mpls and (.offload | not)'
}

test_names() {
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl up wan0
	succeeds rportctl create wan0 in "$B"
	succeeds rportctl create wan1 in "$B"
	remember_world
	local ambiguous="several ports have an interface wan0: say netns:$A/wan0 or netns:$B/wan0"
	for verb in destroy up down unparent parent; do
		refuses 2 "$ambiguous" rportctl "$verb" wan0
	done
	refuses 2 "$ambiguous" rportctl set wan0 mtu 1500
	refuses 2 "$ambiguous" rportctl parent wan0 wan1
	refuses 2 "$ambiguous" rportctl parent wan1 wan0
	for method in DestroyPort GetParent DeleteParent; do
		call_refused NameAmbiguous 22 "$ambiguous" "$method" '{"port":"wan0"}'
	done
	call_refused NameAmbiguous 22 "$ambiguous" SetParent '{"port":"wan1","parent":"wan0"}'
	call_refused NameAmbiguous 22 "$ambiguous" SetMtu '{"name":"wan0","mtu":1500}'
	assert_same_world "calls with ambiguous names"
	# a domain makes it unique
	succeeds rportctl down "netns:$A/wan0"
	assert_eq "$(of_port "netns:$A/wan0" .state)" down state
	succeeds rportctl parent "netns:$B/wan0" "netns:$A/wan0"
	succeeds rportctl destroy "netns:$B/wan0"
	# unique now
	succeeds rportctl up wan0
	assert_eq "$OUT" "netns:$A/wan0: up" "up of the only one"
	refused 3 '*no port*' rportctl up "netns:$B/wan0"
}

# the domain of DOMAIN/IFNAME in its short spelling, as create takes it
test_names_with_a_short_domain() {
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan0 in "$B"
	succeeds rportctl up "$A/wan0"
	assert_eq "$OUT" "netns:$A/wan0: up" up
	succeeds rportctl parent "$A/wan0" "$B/wan0"
	succeeds rportctl set "$B/wan0" mtu 1500
	succeeds rportctl parent "$B/wan0"
	assert_eq "$OUT" "netns:$A/wan0" parent
	succeeds rportctl destroy "$A/wan0"
	succeeds rportctl destroy "$B/wan0"
	refused 2 '*not a port*' rportctl up "$A/lo"
	refused 3 '*no port*' rportctl up "$A/nix"
}

# pair and unpair are made of the same parts
test_composition() {
	start_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	succeeds rportctl parent "netns:$A/rport0"
	assert_eq "$OUT" "netns:$B/rport0" "parent after pair"
	succeeds rportctl unparent "netns:$A/rport0"
	refused 3 '*' rportctl show ab
	ports_count 2
	assert_eq "$(ports "$A") $(ports "$B")" 'rport0 rport0' interfaces
	eventually no_carrier "$A" rport0
	eventually no_carrier "$B" rport0
	assert_eq "$(of_port "netns:$A/rport0" .state)" up "state afterwards"
	ping_fails "$A" 192.168.0.1
	succeeds rportctl parent "netns:$B/rport0" "netns:$A/rport0"
	eventually has_carrier "$A" rport0
	eventually has_carrier "$B" rport0
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
	ping_ok "$A" fd00:ab::b
	# unpair takes what parent made
	succeeds rportctl unpair "$B-$A"
	assert_eq "$OUT" "$B-$A: removed" unpair
	assert_no_ports
	ports_count 0
	# also by the name of an interface, and of ports that never were a pair
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	refused 3 '*no link "wan0"*' rportctl unpair wan0
	succeeds rportctl parent wan0 wan1
	succeeds rportctl unpair wan1
	assert_no_ports
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

test_parent_under_traffic() {
	start_rportd
	ns_add A B
	ports_with_addresses
	spawn "$A" flood "$TRAFFIC" udp-send --count 1000000 --size 500 --timeout 20000 --ignore-errors 192.168.0.1 5000
	for _ in 1 2 3 4 5; do
		succeeds rportctl parent wan0 wan1
		eventually carried_more
		succeeds rportctl unparent wan0
	done
	succeeds rportctl parent wan0 wan1
	succeeds rportctl destroy wan1
	succeeds rportctl destroy wan0
	assert_no_ports
	kill "$SPAWN_PID" 2>/dev/null || true
	eventually rportd_idle
}

carried_more() {
	local before
	before=$(of_port "$PA" .statistics.packets)
	sleep 0.02
	[ "$(of_port "$PA" .statistics.packets)" -gt "$before" ]
}

# --- bad input -------------------------------------------------------------------------------------------------------

test_bad_input() {
	local verb no_port='(rportctl ports shows all)'
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	succeeds rportctl up wan1
	ip -n "$A" link add v0 type veth peer name v1 netns "$B"
	remember_world

	# create
	refuses 1 'which port, and where? rportctl create \[NAME\] in DOMAIN' rportctl create
	refuses 1 'which port, and where? *' rportctl create in
	refuses 1 'which port, and where? *' rportctl create wan2 "$A"
	refuses 1 'which port, and where? *' rportctl create wan2 at "$A"
	refuses 1 '*one word too many*' rportctl create wan2 in "$A" "$B"
	refuses 1 '*--frob*' rportctl create wan2 in "$A" --frob
	refuses 1 '*--mtu*' rportctl create wan2 in "$A" --mtu
	refuses 3 'no domain "nowhere": *' rportctl create wan2 in nowhere
	refuses 3 '*nowhere*' rportctl create wan2 in netns:nowhere
	refuses 3 '*nowhere*' rportctl create wan2 in vrf:nowhere
	refuses 2 'invalid domain "netns:": *' rportctl create wan2 in netns:
	refuses 2 'invalid domain "": *' rportctl create wan2 in ''
	refuses 2 'invalid domain "pid:x": *' rportctl create wan2 in pid:x
	for name in '' a/b 'a b' a:b a%d . .. abcdefghijklmnop; do
		refuses 2 "\"$name\" is not an interface name: use 1 to 15 characters, *" rportctl create "$name" in "$A"
	done
	refuses 2 "there is an interface v0 in netns:$A already: choose another name" rportctl create v0 in "$A"
	refuses 2 "there is an interface lo in netns:$B already: choose another name" rportctl create lo in "$B"
	call_refused InterfaceExists 17 "*v0*$A*" CreatePort "{\"port\":{\"domain\":\"$A\",\"interface\":\"v0\"}}"
	call_refused DomainNotFound 2 '*nowhere*' CreatePort '{"port":{"domain":"nowhere"}}'
	call_refused InvalidArgument 22 '*peer address fd00::1*family*' CreatePort \
		"{\"port\":{\"domain\":\"$A\",\"addresses\":[{\"address\":\"10.0.0.1\",\"peer\":\"fd00::1\"}]}}"
	assert_same_world "CreatePort"

	# destroy, up, down, unparent, parent, set: which port
	for verb in destroy up down unparent parent; do
		refuses 1 "*rportctl $verb *" rportctl "$verb"
		refuses 1 '*one word too many*' rportctl "$verb" wan0 wan1 lo
		refuses 1 '*--frob*' rportctl "$verb" wan0 --frob
		refuses 3 "there is no port \"nix\" $no_port" rportctl "$verb" nix
		refuses 3 "there is no port \"\" $no_port" rportctl "$verb" ''
		refuses 3 "there is no port \"netns:$A/nix\" $no_port" rportctl "$verb" "netns:$A/nix"
		refuses 3 "there is no port \"netns:nowhere/wan0\" $no_port" rportctl "$verb" netns:nowhere/wan0
		refuses 3 "there is no port \"abcdefghijklmnopq\" $no_port" rportctl "$verb" abcdefghijklmnopq
		refuses 2 "the interface lo is not a port of rportd's" rportctl "$verb" lo
		refuses 2 "the interface netns:$A/v0 is not a port of rportd's" rportctl "$verb" "netns:$A/v0"
		refuses 2 "several ports have an interface rport0: say netns:$A/rport0 or netns:$B/rport0" rportctl "$verb" rport0
	done
	refuses 1 '*one word too many*' rportctl destroy wan0 wan1
	refuses 1 '*one word too many*' rportctl ports wan0

	refuses 1 '*rportctl set PORT|LINK mtu N' rportctl set
	refuses 1 '*rportctl set PORT|LINK mtu N' rportctl set wan0 mtu
	refuses 1 '*one word too many*' rportctl set wan0 mtu 1500 1500
	refuses 1 '"color" cannot be set, only mtu can' rportctl set wan0 color 3
	refuses 3 "there is no port \"nix\" $no_port" rportctl set nix mtu 1500
	refuses 2 "the interface lo is not a port of rportd's" rportctl set lo mtu 1500
	refuses 2 "the interface netns:$A/v0 is not a port of rportd's" rportctl set "netns:$A/v0" mtu 1500
	refuses 2 'several ports have an interface rport0: *' rportctl set rport0 mtu 1500

	# parent
	refuses 3 "cannot set the parent: there is no port \"nix\" $no_port" rportctl parent wan0 nix
	refuses 2 "netns:$A/wan0 cannot be its own parent" rportctl parent wan0 wan0
	refuses 2 "netns:$A/rport0 is taken: its parent is netns:$B/rport0 (*)" rportctl parent wan0 "netns:$A/rport0"
	refuses 2 "netns:$B/rport0 is taken: its parent is netns:$A/rport0 (*)" rportctl parent "netns:$B/rport0" wan1

	# pair, unpair
	refuses 2 'the peer address fd00::1 is of another family than the address' \
		rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,fd00::1
	refuses 2 'the peer address 10.0.0.1 is of another family than the address' \
		rportctl pair "$A" "$B" --name cd --addresses fd00::1,10.0.0.1
	refuses 2 '"abcdefghijklmnop" is not an interface name: *' rportctl pair "$A" "$B" --name cd --a-name abcdefghijklmnop
	refuses 2 '"abcdefghijklmnop" is not an interface name: *' rportctl pair "$A" "$B" --name cd --b-name abcdefghijklmnop
	refuses 2 "*there is an interface v0 in netns:$A already: *" rportctl pair "$A" "$B" --name cd --a-name v0
	refuses 2 "*there is an interface v1 in netns:$B already: *" rportctl pair "$A" "$B" --name cd --b-name v1
	refuses 2 "*there is an interface wan1 in netns:$B already: *" rportctl pair "$A" "$B" --name cd --b-name wan1
	refuses 3 'no domain "nowhere": *' rportctl pair "$A" nowhere
	refuses 3 'no domain "nowhere": *' rportctl pair nowhere "$A"
	refuses 3 'there is no link "nix", *' rportctl unpair nix
	refuses 3 'there is no link "wan0", *' rportctl unpair wan0
	refuses 3 'there is no link "lo", *' rportctl unpair lo
	call_refused LinkNotFound 2 '*nix*' Unpair '{"name":"nix"}'
	assert_same_world "Unpair"
	rportd_alive
}

test_not_permitted() {
	local verb
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	remember_world
	for verb in 'create wan2 in default' 'destroy wan0' 'up wan0' 'down wan0' 'set wan0 mtu 1500' 'parent wan0 wan1' \
		'unparent wan0' 'destroy nix'; do
		# shellcheck disable=SC2086 # words
		refuses 5 '*not permitted*' as_nobody $verb
	done
	succeeds as_nobody ports
	assert_match "$OUT" '*wan0*wan1*' "what nobody sees"
	refuses 3 "netns:$A/wan0 has no parent" as_nobody parent wan0
}

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" "$@"
}

test_no_daemon() {
	local verb
	SOCKET=$TEST_TMP/no-such-socket
	for verb in 'create in default' 'destroy a' 'up a' 'down a' 'set a mtu 1500' 'parent a b' 'parent a' 'unparent a' ports; do
		# shellcheck disable=SC2086 # words
		refused 4 '*no-such-socket*' rportctl $verb
	done
}

# --- a domain that vanishes between check and use --------------------------------------------------------------------

# come_and_go NAMESPACE FILE: until the file is there
come_and_go() {
	while [ ! -e "$2" ]; do
		ip netns add "$1"
		sleep "0.00$((RANDOM % 10))"
		ip netns del "$1"
	done
}

# one_of STATUSES COMMAND...: 0 if it exits with the first of them
one_of() {
	run "${@:2}"
	[[ " $1 " == *" $RC "* ]] || fail "'${*:2}': exit status $RC, expected one of $1: $ERR"
	if [ "$RC" != 0 ]; then
		assert_match "$ERR" 'rportctl: *' message
		assert_no_match "$ERR" '*
*' message
	fi
	return "$RC"
}

test_vanishing_domain() {
	local fds i created=0 failed=0 vanishing
	start_rportd
	ns_add A
	vanishing=${TEST_PREFIX}van
	pair_home
	ping_ok "$A" 192.168.0.1
	eventually ports_count 2
	fds=$(rportd_fds)
	come_and_go "$vanishing" stop >/dev/null 2>&1 &
	for ((i = 0; i < 12; i++)); do
		if one_of '0 2 3' rportctl create "p$i" in "$vanishing"; then
			created=$((created + 1))
			one_of '0 2 3' rportctl up "netns:$vanishing/p$i" || true
			succeeds rportctl destroy "netns:$vanishing/p$i"
		else
			failed=$((failed + 1))
		fi
		ports_count 2 || fail "ports are left: $(rportctl -br ports)"
		if one_of '0 2 3' rportctl pair "$A" "$vanishing" --name "l$i" --b-route "10.77.0.0/16"; then
			created=$((created + 1))
			succeeds rportctl unpair "l$i"
		else
			failed=$((failed + 1))
			refused 3 '*' rportctl show "l$i"
		fi
		ports_count 2 || fail "ports are left: $(rportctl -br ports)"
		assert_eq "$(ports "$A")" rport0 "interfaces in A"
	done
	touch stop
	wait $!
	ip netns del "$vanishing" 2>/dev/null || true
	echo "created $created, failed $failed"
	if [ "$created" = 0 ] || [ "$failed" = 0 ]; then
		fail "this did not race: $created created, $failed failed"
	fi
	eventually fds_at_most "$fds"
	ping_ok "$A" 192.168.0.1
	eventually rportd_idle
}

# pair_home: a link that must not be disturbed
pair_home() {
	succeeds rportctl pair "$A" default --name home --addresses 192.168.0.0,192.168.0.1
}

run_tests "$@"
