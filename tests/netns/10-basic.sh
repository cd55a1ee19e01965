#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client plain
# What most people do: pair, ping, look, unpair.
. "$(dirname "$0")/../lib.sh"

test_pair_and_ping() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --addresses 192.168.0.0,192.168.0.1
	assert_eq "$OUT" "$A-$B: created, rport0 in netns:$A, rport0 in netns:$B" "output of pair"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
	ping_ok "$A" 192.168.0.1 -s 20000
	succeeds rportctl unpair "$A-$B"
	assert_no_ports
	ping_fails "$A" 192.168.0.1
}

test_pair_and_ping6() {
	start_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" fd00:ab::b -6
	ping_ok "$B" fd00:ab::a -6
	ping_ok "$B" fd00:ab::a -6 -s 20000
}

test_link_local_addresses_differ() {
	local a b
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	a=$(port ab a .linkLocal)
	b=$(port ab b .linkLocal)
	assert_match "$a" 'fe80:*' "link-local address of a"
	assert_match "$b" 'fe80:*' "link-local address of b"
	[ "$a" != "$b" ] || fail "both ends have $a"
	assert_eq "$(ip -n "$A" -6 -j addr show dev rport0 scope link | jq -r '.[].addr_info[].local')" "${a%/*}" \
		"what the kernel has"
	ping_ok "$A" "${b%/*}%rport0" -6
	ping_ok "$B" "${a%/*}%rport0" -6
}

test_flags() {
	local json
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	for ns in "$A" "$B"; do
		json=$(ip -n "$ns" -j link show dev rport0)
		assert_json "$json" '.[0].flags | contains(["POINTOPOINT", "MULTICAST", "NOARP", "UP", "LOWER_UP"])'
		assert_json "$json" '.[0].mtu == 32768'
		assert_json "$json" '.[0].ifalias | type == "string"' "an alias tells whose it is"
	done
}

test_unnumbered() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B"
	assert_eq "$(ip -n "$A" -4 addr show dev rport0)" '' "IPv4 addresses"
	ip -n "$A" addr add 10.0.0.1/32 dev lo
	ip -n "$B" addr add 10.0.0.2/32 dev lo
	ip -n "$A" route add 10.0.0.2 dev rport0 src 10.0.0.1
	ip -n "$B" route add 10.0.0.1 dev rport0 src 10.0.0.2
	ping_ok "$A" 10.0.0.2
}

# udev, and who listens to it, must know whose a port is from the beginning: by a name that the rule matches, or by its alias
test_arrives_under_its_name() {
	start_rportd
	ns_add A B
	spawn "$A" monitor.out stdbuf -oL ip monitor link
	eventually kill -0 "$SPAWN_PID"
	sleep 0.2
	succeeds rportctl pair "$A" "$B" --name first
	succeeds rportctl pair "$A" "$B" --name second
	succeeds rportctl pair "$A" "$B" --name third --a-name wan0
	eventually grep -q wan0 monitor.out
	assert_match "$(<monitor.out)" '*rport0*rport1*wan0*' "what was seen"
	assert_eq "$(grep -oE '^[0-9]+: [^:]*' monitor.out | cut -d ' ' -f 2 | sort -u | xargs)" 'rport0 rport1 rportd-new0 wan0' "names that were seen"
}

# the numbers of those in between, of other interfaces, and of a port that waits for its own
test_free_names() {
	start_rportd
	ns_add A B
	ip -n "$A" link add rport1 type veth peer name other
	for _ in 1 2 3; do
		succeeds rportctl create in "$A"
	done
	assert_eq "$(rportctl -j ports | jq -r '[.[].interface] | join(" ")')" 'rport0 rport2 rport3' names
	succeeds rportctl destroy rport2
	ip -n "$A" link del rport1
	ip -n "$A" link set rport0 name rport007
	eventually port_has "netns:$A/rport007" .state down
	for _ in 1 2 3; do
		succeeds rportctl create in "$A"
	done
	assert_eq "$(rportctl -j ports | jq -r '[.[].interface] | join(" ")')" 'rport007 rport1 rport2 rport3 rport4' names
}

test_lowest_free_name() {
	start_rportd
	ns_add A B
	ip -n "$A" link add rport0 type veth peer name other0
	succeeds rportctl pair "$A" "$B" --name one
	assert_eq "$(port one a .interface) $(port one b .interface)" 'rport1 rport0' "names of the first"
	succeeds rportctl pair "$A" "$B" --name two
	assert_eq "$(port two a .interface) $(port two b .interface)" 'rport2 rport1' "names of the second"
	succeeds rportctl unpair one
	succeeds rportctl pair "$B" "$A" --name three
	assert_eq "$(port three a .interface) $(port three b .interface)" 'rport0 rport1' "names of the third"
	ip -n "$A" link del rport0
}

test_list() {
	start_rportd
	ns_add A B
	succeeds rportctl list
	succeeds rportctl -j list
	assert_eq "$OUT" '[]' "an empty list"
	succeeds rportctl -br list
	assert_eq "$OUT" '' "a brief empty list"
	succeeds rportctl pair "$A" "$B" --name zz --mtu 1500
	succeeds rportctl pair "$A" "$B" --name aa
	succeeds rportctl list
	assert_match "$OUT" "LINK*STATE*MTU*
aa *up *32768 *netns:$A/rport1 *netns:$B/rport1
zz *up *1500 *netns:$A/rport0 *netns:$B/rport0" "list"
	succeeds rportctl -br list
	assert_eq "$(awk '{ print $1, $2, $3 }' <<<"$OUT")" $'aa up 32768\nzz up 1500' "brief list"
	succeeds rportctl -j list
	assert_json "$OUT" '[.[].name] == ["aa", "zz"]'
	succeeds rportctl -j -p list
	assert_json "$OUT" 'length == 2'
	[ "$(wc -l <<<"$OUT")" -gt 20 ] || fail "-p does not print prettily"
	succeeds rportctl -s list
	assert_match "$OUT" '*PACKETS*' "list with statistics"
	succeeds rportctl -q list
	assert_eq "$OUT" '' "a quiet list"
}

test_show() {
	local keys='["addresses","carrier","domain","drift","fastpath","index","interface","link","linkLocal","losses","mpls","mtu","offload","offloads","peer","queues","reason","routes","state","statistics"]'
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl show ab
	assert_match "$OUT" "ab: up*a: rport0 in netns:$A*addresses*192.168.0.0*peer 192.168.0.1*b: rport0 in netns:$B*" show
	succeeds rportctl -s show ab
	assert_match "$OUT" '*sent*packets*bytes*peer_down*noproto*invalid*no_memory*' "show with statistics"
	succeeds rportctl -j show ab
	assert_json "$OUT" '[keys[]] == ["a","b","configured","datapath","fastpath","file","mpls","mtu","name","offload","queues","state","warnings","ways","workers"]'
	assert_json "$OUT" "[.a, .b] | all(keys == $keys)" "every key is there"
	assert_json "$OUT" '.a.addresses | any(.address == "192.168.0.0/32" and .peer == "192.168.0.1")'
	assert_json "$OUT" '.a.index > 0 and .b.carrier and .b.state == "up" and .state == "up"'
	assert_eq "$(jq .a.index <<<"$OUT")" "$(ip -n "$A" -j link show dev rport0 | jq '.[0].ifindex')" "index"
	# without anything to say, too, every key is there
	succeeds rportctl pair "$A" "$B" --name bare
	succeeds rportctl -j show bare
	assert_json "$OUT" "[.a, .b] | all(keys == $keys)" "every key is there"
	refused 3 '*nolink*' rportctl show nolink
}

test_exists_and_unpair() {
	start_rportd
	ns_add A B C
	succeeds rportctl pair "$A" "$B" --name ab --a-name wan7
	succeeds rportctl pair "$A" "$C" --name ac
	succeeds rportctl exists ab
	assert_eq "$OUT" '' "output of exists"
	run rportctl exists nolink
	assert_eq "$RC" 3 "status of exists"
	# rport0 is in three namespaces: it must not be a guess which one is meant
	refused '2' '*rport0*' rportctl unpair rport0
	succeeds rportctl unpair wan7
	run rportctl exists ab
	assert_eq "$RC" 3 "status of exists after unpair"
	succeeds rportctl exists ac
	refused 3 '*ab*' rportctl unpair ab
	succeeds rportctl unpair ac
	assert_no_ports
}

test_version_and_help() {
	start_rportd
	succeeds rportctl version
	assert_match "$OUT" 'rportctl [0-9]*rportd [0-9]*' version
	succeeds rportctl -j version
	assert_json "$OUT" '.rportctl == .rportd'
	succeeds rportctl help
	assert_match "$OUT" '*pair*unpair*list*show*' help
	succeeds rportctl --help
	refused 1 '*frobnicate*' rportctl frobnicate
	run rportctl
	assert_eq "$RC" 0 "status without a command"
}

test_statistics() {
	local before after
	start_rportd
	ns_add A B
	pair_numbered
	before=$(rportctl -j -s show ab)
	succeeds in_ns "$A" ping -n -q -c 20 -i 0.01 -s 1000 192.168.0.1
	after=$(rportctl -j -s show ab)
	# the kernels' own IPv6 chatter comes on top
	for side in a b; do
		assert_json "[$before, $after]" "map(.$side.statistics.packets) | .[1] - .[0] | . >= 20 and . < 40"
		assert_json "[$before, $after]" "map(.$side.statistics.bytes) | .[1] - .[0] | . >= 20560 and . < 23000"
		assert_json "$after" "[.$side.statistics.drops[]] | add == 0"
	done
}

run_tests "$@"
