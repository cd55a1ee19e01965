#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain pending epoll fast
# One end goes down, comes up again, or goes away.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# what was sent into a's port and did not cross, wherever it was dropped
dropped() {
	port ab a '.statistics | .interfaceDropped + ([.drops[]] | add)'
}

test_peer_down() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	ip -n "$B" link set rport0 down
	eventually no_carrier "$A" rport0
	eventually port_is ab b .state down
	assert_eq "$(port ab a .carrier)" false "carrier of a"
	assert_json "$(rportctl -j show ab)" '.state == "degraded"'
	succeeds rportctl show ab
	assert_match "$OUT" '*NO-CARRIER*' show
	# purged and counted
	before=$(dropped)
	succeeds traffic "$A" udp-send --count 50 --rate 1000 --ignore-errors 192.168.0.1 5000
	assert_match "$OUT" 'sent=50 *' "sending"
	if counts_without_carrier; then
		eventually purged $((before + 50))
	else
		echo "this kernel does not count what it drops for want of a carrier"
	fi
	# nothing is delivered late
	listener "$B" out udp-listen --count 50 --size 64 --timeout 2000 0.0.0.0 5000
	ip -n "$B" link set rport0 up
	eventually has_carrier "$A" rport0
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=0 *' "delivered late"
	eventually port_is ab b .state up
	assert_json "$(rportctl -j show ab)" '.state == "up" and .a.carrier and .b.carrier'
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
}

purged() {
	[ "$(dropped)" -ge "$1" ]
}

test_down_under_traffic() {
	start_rportd
	ns_add A B
	pair_numbered
	spawn "$A" sent "$TRAFFIC" udp-send --count 100000 --rate 40000 --size 500 --ignore-errors 192.168.0.1 5000
	for _ in 1 2 3 4 5; do
		ip -n "$B" link set rport0 down
		sleep 0.1
		ip -n "$B" link set rport0 up
		sleep 0.1
	done
	eventually has_carrier "$A" rport0
	ping_ok "$A" 192.168.0.1
	wait "$SPAWN_PID" || fail "$(<sent)"
	assert_match "$(<sent)" 'sent=100000 *' "sender"
	if counts_without_carrier; then
		eventually port_is ab a '.statistics | .packets + .interfaceDropped + ([.drops[]] | add) >= 100000' true
	fi
	eventually rportd_idle
}

# the kernel takes IPv6 addresses and all routes away with "down"; what rportd gave must be there again with "up"
test_up_again_with_all_it_had() {
	local before
	start_rportd
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16 --a-route 2001:db8::/32
	before=$(configured)
	ip -n "$A" link set rport0 down
	eventually no_carrier "$B" rport0
	ip -n "$A" link set rport0 up
	eventually has_carrier "$B" rport0
	within 3000 configured_is "$before" || fail "before: $before
after: $(configured)"
	ping_ok "$A" fd00:ab::b
	ping_ok "$B" fd00:ab::a
	ping_ok "$A" "$(port ab b .linkLocal)%rport0"
}

configured() {
	ip -n "$A" -br addr show dev rport0
	ip -n "$A" route show proto 114
	ip -n "$A" -6 route show proto 114
}

configured_is() {
	[ "$(configured)" = "$1" ]
}

test_both_down() {
	start_rportd
	ns_add A B
	pair_numbered
	ip -n "$A" link set rport0 down
	ip -n "$B" link set rport0 down
	eventually port_is ab a .state down
	eventually port_is ab b .state down
	# the sender is told at once
	run traffic "$A" udp-send 192.168.0.1 5000
	assert_match "$OUT" 'sent=1 errors=1 error=ENET*' "sending into a port that is down"
	ip -n "$A" link set rport0 up
	ip -n "$B" link set rport0 up
	eventually has_carrier "$A" rport0
	eventually has_carrier "$B" rport0
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
}

# start_flood: traffic both ways, bounded, until its namespace is gone
start_flood() {
	spawn "$A" flood.a "$TRAFFIC" udp-send --count 2000000 --size 1000 --timeout 4000 --ignore-errors 192.168.0.1 5000
	FLOOD_A=$SPAWN_PID
	spawn "$B" flood.b "$TRAFFIC" udp-send --count 2000000 --size 1000 --timeout 1000 --ignore-errors 192.168.0.0 5000
	FLOOD_B=$SPAWN_PID
	eventually moving
}

moving() {
	[ "$(port ab a .statistics.packets)" -gt 1000 ]
}

test_netns_del() {
	local inode
	start_rportd
	ns_add A B
	inode=$(namespace_inode "$B")
	# the other end of a veth pair disappears when its namespace is really gone
	ip -n "$A" link add witness type veth peer name witness netns "$B"
	pair_numbered
	ping_ok "$A" 192.168.0.1
	ip netns del "$B"
	eventually -t 3000 witness_gone "$A"
	assert_eq "$(held_by_rportd "$inode")" '' "how rportd keeps the namespace"
	eventually no_carrier "$A" rport0
	eventually port_is ab b .state pending
	assert_json "$(rportctl -j show ab)" '.state == "pending" and .b.index == 0 and (.a.carrier | not) and .a.state == "up"'
	succeeds rportctl -s show ab
	succeeds rportctl list
	succeeds rportctl unpair ab
	assert_no_ports
}

test_netns_del_under_traffic() {
	start_rportd
	ns_add A B
	ip -n "$A" link add witness type veth peer name witness netns "$B"
	pair_numbered
	start_flood
	ip netns del "$B"
	wait "$FLOOD_B" || true # a process in it keeps a namespace; it has ended now
	eventually -t 3000 witness_gone "$A"
	eventually no_carrier "$A" rport0
	eventually port_is ab b .state pending
	rportd_alive
	# and the name can be used again at once: the link needs no more than that
	ns_create "$B"
	eventually both_carry
	stop_flood # its full queue may lose a ping on a slow machine
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	eventually rportd_idle
}

stop_flood() {
	kill "$FLOOD_A" "$FLOOD_B" 2>/dev/null || true
	wait "$FLOOD_A" "$FLOOD_B" || true
}

test_link_del_under_traffic() {
	start_rportd
	ns_add A B
	pair_numbered
	start_flood
	ip -n "$B" link del rport0
	eventually port_is ab b .losses 1
	eventually both_carry
	rportd_alive
	stop_flood
	eventually rportd_idle
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	succeeds rportctl unpair ab
	assert_no_ports
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

# what another interface keeps away, the same pair again mends once that is gone: no --replace is needed for that
test_pair_again_mends() {
	start_rportd
	ns_add A B
	pair_numbered
	displace_port "$B" rport0
	eventually port_is ab b .state pending
	refused 2 '*rport0*already*' rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b
	assert_eq "$(port ab b .state)" pending "state of b"
	ip -n "$B" link del rport0
	pair_numbered
	assert_eq "$(port ab b .state)" up "state of b after pair"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	pair_numbered
	assert_match "$OUT" '*unchanged*' "pair of a whole link"
}

test_link_del_of_both() {
	start_rportd
	ns_add A B
	pair_numbered
	start_flood
	ip -n "$A" link del rport0
	ip -n "$B" link del rport0
	eventually port_is ab a .losses 1
	eventually port_is ab b .losses 1
	eventually both_carry
	stop_flood
	eventually rportd_idle
	ping_ok "$A" 192.168.0.1
	succeeds rportctl unpair ab
	assert_no_ports
}

test_netns_del_of_both() {
	start_rportd
	ns_add A B
	pair_numbered
	ip netns del "$A"
	ip netns del "$B"
	eventually port_is ab a .state pending
	eventually port_is ab b .state pending
	succeeds rportctl list
	rportd_alive
	succeeds rportctl unpair ab
}

test_others_go_on() {
	start_rportd
	ns_add A B C
	pair_numbered
	succeeds rportctl pair "$A" "$C" --name ac --addresses 10.7.0.1,10.7.0.2
	spawn "$A" ping.out ping -n -q -c 50 -i 0.02 192.168.0.1
	ip netns del "$C"
	eventually port_is ac b .state pending
	wait "$SPAWN_PID" || fail "$(<ping.out)"
	assert_match "$(<ping.out)" '* 0% packet loss*' "ping over the other link"
}

test_unpair_under_traffic() {
	start_rportd
	ns_add A B
	for _ in 1 2 3; do
		pair_numbered
		start_flood
		succeeds rportctl unpair ab
		assert_no_ports
		stop_flood
	done
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

test_moved_away() {
	start_rportd
	ns_add A B C
	pair_numbered
	# somebody takes a port to another namespace: its life there is not ours, but nothing may break
	ip -n "$B" link set rport0 netns "$C"
	rportd_alive
	succeeds rportctl list
	succeeds rportctl unpair ab
	assert_no_ports
}

test_renamed() {
	start_rportd
	ns_add A B
	pair_numbered
	ip -n "$B" link set rport0 down
	ip -n "$B" link set rport0 name wan0
	ip -n "$B" link set wan0 up
	eventually has_carrier "$A" rport0
	ping_ok "$A" 192.168.0.1
	succeeds rportctl unpair ab
	assert_no_ports
}

run_tests "$@"
