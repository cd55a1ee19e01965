#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Parents: the rules of rport(4), their errnos, and pair as a composition of them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# --- parents ---------------------------------------------------------------------------------------------------------

test_parent() {
	start_rportd
	ns_add A B
	ports_with_addresses
	no_carrier "$A" wan0
	succeeds rportctl parent wan0 wan1
	assert_eq "$OUT" "$A-$B: created, wan0 in netns:$A, wan1 in netns:$B" output
	eventually -t 1000 wans_carry
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
	eventually wans_carry
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
		# a NUL is in no name: the message is malformed, and the connection is closed
		run call "$method" '{"port":"wan0\u0000"}'
		assert_eq "$OUT" '' "reply to a name with a NUL"
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
	spawn "$A" flood "$TRAFFIC" udp-send --count 100000000 --size 500 --timeout 20000 --ignore-errors 192.168.0.1 5000
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

run_tests "$@"
