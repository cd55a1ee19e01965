#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# What rportctl is told of ports and links that are pending holds when they return.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# pair_pending [OPTION...]: a link whose end b is pending
pair_pending() {
	start_rportd
	ns_add A B
	pair_numbered "$@"
	eventually both_carry
	ip netns del "$B"
	eventually is_pending b
}

test_unpair_while_pending() {
	pair_pending
	succeeds rportctl unpair ab
	assert_no_ports
	ns_create "$B"
	sleep 0.3
	assert_eq "$(ports "$B")" '' "interfaces in B"
	ports_count 0
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

test_down_stays_down() {
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl down "netns:$B/rport0"
	ip -n "$B" link del rport0
	eventually port_is ab b '"\(.losses) \(.state)"' '1 down'
	! is_up "$B" rport0 || fail "it was down before"
	no_carrier "$A" rport0
	ip netns del "$B"
	eventually is_pending b
	ns_create "$B"
	eventually port_is ab b .state down
	! is_up "$B" rport0 || fail "it was down before"
	succeeds rportctl up "netns:$B/rport0"
	eventually both_carry
	pings_all_ways
}

test_down_and_up_while_pending() {
	pair_pending
	succeeds rportctl down "netns:$B/rport0"
	assert_match "$OUT" "netns:$B/rport0: pending: no namespace *" down
	succeeds rportctl down "netns:$B/rport0"
	assert_match "$OUT" "netns:$B/rport0: unchanged, pending: no namespace *" "down again"
	ns_create "$B"
	eventually port_is ab b .state down
	assert_json "$(rportctl -j show ab)" '.state == "degraded" and .b.drift == []'
	ip netns del "$B"
	eventually -t 3000 is_pending b
	succeeds rportctl up "netns:$B/rport0"
	assert_match "$OUT" "netns:$B/rport0: pending: *" up
	ns_create "$B"
	eventually both_carry
	pings_all_ways
}

test_mtu_while_pending() {
	pair_pending
	succeeds rportctl set ab mtu 1400
	assert_eq "$(kernel_mtu "$A" rport0)" 1400 "MTU of the end that is there"
	assert_json "$(rportctl -j show ab)" '.mtu == 1400 and .b.mtu == 1400 and .warnings == []'
	succeeds rportctl set "netns:$B/rport0" mtu 1500
	ns_create "$B"
	eventually both_carry
	assert_eq "$(kernel_mtu "$A" rport0) $(kernel_mtu "$B" rport0)" '1400 1500' MTUs
	assert_json "$(rportctl -j show ab)" '.a.drift == [] and .b.drift == [] and (.warnings | length == 1)'
	pings_all_ways
}

test_unparent_and_parent_while_pending() {
	pair_pending
	succeeds rportctl unparent "netns:$B/rport0"
	refused 3 '*' rportctl show ab
	ports_count 2
	ns_create "$B"
	eventually port_has "netns:$B/rport0" .state up
	no_carrier "$B" rport0
	no_carrier "$A" rport0
	assert_match "$(ip -n "$B" link show dev rport0)" '*alias *' alias
	assert_no_match "$(ip -n "$B" link show dev rport0)" '*alias *link ab*' "alias of a port without a link"
	ip netns del "$B"
	eventually -t 3000 port_has "netns:$B/rport0" .state pending
	eventually -t 3000 port_has "netns:$B/rport0" '.reason | type' string
	succeeds rportctl parent "netns:$A/rport0" "netns:$B/rport0"
	assert_json "$(rportctl -j show "$A-$B")" '.state == "pending" and .workers == []'
	succeeds rportctl parent "netns:$A/rport0" "netns:$B/rport0"
	ns_create "$B"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	assert_match "$(ip -n "$B" link show dev rport0)" "*alias *link $A-$B, end b*" alias
}

test_destroy_while_pending() {
	pair_pending
	succeeds rportctl destroy "netns:$B/rport0"
	refused 3 '*' rportctl show ab
	ports_count 1
	ns_create "$B"
	sleep 0.3
	assert_eq "$(ports "$B")" '' "interfaces in B"
	assert_eq "$(ports "$A")" rport0 "interfaces in A"
	no_carrier "$A" rport0
	succeeds rportctl destroy rport0
	assert_no_ports
}

# destroying the other end makes the pending one a port by itself, which still returns
test_destroy_of_the_end_that_is_there() {
	pair_pending
	succeeds rportctl destroy "netns:$A/rport0"
	assert_no_ports
	ns_create "$B"
	eventually port_has "netns:$B/rport0" '"\(.state) \(.link) \(.carrier)"' 'up null false'
	assert_eq "$(port_count_of "$B")" 1 interfaces
}

port_count_of() {
	ports "$1" | wc -l
}

test_same_pair_again() {
	pair_pending
	refused 3 "*$B*" rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b
	is_pending b
	pair_numbered --allow-pending
	assert_match "$OUT" 'ab: unchanged, pending: *' "pair --allow-pending"
	refused 2 '*other parameters: *mtu*' rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b --allow-pending --mtu 1500
	is_pending b
	ns_create "$B"
	eventually both_carry
	pair_numbered
	assert_match "$OUT" 'ab: unchanged, rport0 in *' "pair afterwards"
}

test_replace_while_pending() {
	local again
	pair_pending
	again=(pair "$A" "$B" --name ab --addresses '192.168.0.0,192.168.0.1' --mtu 1500 --replace)
	remember_world
	refuses 3 "*$B*" rportctl "${again[@]}"
	succeeds rportctl "${again[@]}" --allow-pending
	assert_match "$OUT" 'ab: changed, pending: *' "pair --replace --allow-pending"
	ports_count 2
	assert_eq "$(kernel_mtu "$A" rport0)" 1500 "MTU of A"
	ns_create "$B"
	eventually both_carry
	assert_eq "$(kernel_mtu "$B" rport0)" 1500 "MTU of B"
	ping_ok "$A" 192.168.0.1
	ping_fails "$A" fd00:ab::b
	assert_eq "$(port_count_of "$A") $(port_count_of "$B")" '1 1' interfaces
}

# a link that is pending is kept when what shall replace it cannot be made
test_failed_replace_while_pending() {
	pair_pending
	ns_add C
	refused 2 '*the link is kept as it was*10.9.0.0*' rportctl pair "$A" "$C" --name ab --b-route 10.9.0.0/16 src 10.8.8.8 --replace
	assert_eq "$(ports "$C")" '' "interfaces in C"
	is_pending b
	ns_create "$B"
	eventually both_carry
	pings_all_ways
}

run_tests "$@"
