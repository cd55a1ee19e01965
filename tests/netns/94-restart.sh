#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# The daemon is killed or restarted, and links stay: with all they have, and what passes over them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

test_a_kill_changes_nothing() {
	local before after started
	start_kept_rportd
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16 --b-route 2001:db8::/32 --mtu 9000
	succeeds rportctl pair "$A" "$B" --name named --a-name wan0 --b-name lan0 --no-offload
	succeeds rportctl pair default "$B" --name carrying --mpls
	succeeds rportctl create alone in "$A" --mtu 1500
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	remember_world
	before=$(counts)
	started=$(now_ms)
	kill_rportd
	took_at_most 2000 "$started" || fail "it took $(($(now_ms) - started)) ms"
	assert_same_world "a kill"
	after=$(counts)
	not_less "$after" "$before"
	both_carry || fail "no carrier"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	ping_ok "$A" "$(port ab b .linkLocal)%rport0"
	not_less "$(counts)" "$after"
	assert_json "$(counts)" ".[0] >= $(jq '.[0]' <<<"$after") + 6" "what was counted since"
}

test_a_restart_changes_nothing() {
	start_kept_rportd
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16
	succeeds rportctl create alone in "$A"
	remember_world
	for _ in 1 2 3; do
		restart_rportd
		assert_same_world "a restart"
	done
	ping_ok "$A" 192.168.0.1
	all_ended_by 0
}

# one that dies again and again, and is started again at once, is no load
test_a_crash_loop_is_bounded() {
	local i
	start_kept_rportd
	ns_add A B
	pair_numbered
	for i in 1 2 3 4; do
		kill_rportd
	done
	grep -q 'died within a second of its start, 3 times: waiting for 100 ms' rportd.log || fail 'it was started at once again'
	sleep 1.5
	kill_rportd
	kill_rportd
	assert_eq "$(grep -c 'died within a second' rportd.log)" 3 'waits, also after it has lived for a second'
	ping_ok "$A" 192.168.0.1
}

test_tcp_goes_on_over_kills() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	transfer_over kill_rportd
	assert_eq "$(keeper_said started)" 5 "daemons"
}

test_tcp_goes_on_over_restarts() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	transfer_over restart_rportd
	all_ended_by 0
}

# packets wait in the port, and are delivered when the daemon is back within a second
test_ping_loses_nothing() {
	local n
	start_kept_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	# ping does not wait long for the last replies: rportd must be there again before
	for n in 100 300 900; do
		spawn "$A" ping.out ping -n -i 0.02 -c "$n" -W 3 192.168.0.1
		sleep 0.3
		kill_rportd
		sleep 0.5
		restart_rportd
		! process_over "$SPAWN_PID" || continue
		wait "$SPAWN_PID" || fail "$(<ping.out)"
		break
	done
	assert_match "$(<ping.out)" "*$n received, 0% packet loss*" ping
	assert_json "$(rportctl -j -s show ab)" '[.a, .b | .statistics.drops[]] | add == 0' "drops"
}

waited_were_dropped() {
	[ "$(port ab a .statistics.drops.peerDown)" -ge "$1" ]
}

# what waited for more than a second is old: it is not delivered, but counted
test_nothing_old_is_delivered() {
	start_kept_rportd --delay never
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	listener "$B" out udp-listen --count 50 --size 64 --timeout 4000 0.0.0.0 5000
	kill_rportd_only
	succeeds traffic "$A" udp-send --count 50 --size 64 --rate 1000 192.168.0.1 5000
	assert_match "$OUT" 'sent=50 errors=0*' "sending while nobody is there"
	sleep 1.1
	restart_rportd
	eventually waited_were_dropped 50
	assert_eq "$(port ab a .statistics.drops.peerDown)" 50 "dropped as peer_down"
	ping_ok "$A" 192.168.0.1
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=0 *' "delivered late"
}

test_pending_links_stay() {
	start_kept_rportd
	ns_add A B
	ip netns del "$B"
	succeeds rportctl pair "$A" "netns:$B" --allow-pending --name ab --addresses 192.168.0.0,192.168.0.1 --b-name wan0
	eventually port_is ab b .state pending
	kill_rportd
	assert_json "$(rportctl -j show ab)" '.state == "pending" and .a.state == "up" and .b.state == "pending" and
		(.a.carrier | not)'
	assert_match "$(port ab b .reason)" "*$B*" reason
	# what shall become of it while it is pending, too
	succeeds rportctl down "netns:$B/wan0"
	succeeds rportctl set "netns:$B/wan0" mtu 1500
	kill_rportd
	ns_create "$B"
	eventually -t 1000 port_is ab b .state down
	assert_eq "$(kernel_mtu "$B" wan0)" 1500 MTU
	succeeds rportctl up "netns:$B/wan0"
	ping_ok "$A" 192.168.0.1
}

test_wishes_stay() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl down "netns:$B/rport0"
	succeeds rportctl set "netns:$A/rport0" mtu 1400
	kill_rportd
	assert_json "$(rportctl -j show ab)" '.state == "degraded" and .b.state == "down" and .a.mtu == 1400 and
		.a.drift == [] and .b.drift == [] and (.a.carrier | not)'
	# lost while it shall be down: it is down when it is back
	ip -n "$B" link del rport0
	eventually port_is ab b .losses 1
	eventually port_is ab b .state down
	kill_rportd
	assert_eq "$(port ab b .state)" down "state after another kill"
	succeeds rportctl up "netns:$B/rport0"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
}

test_losses_stay() {
	local n
	start_kept_rportd
	ns_add A B
	pair_numbered
	for n in 1 2 3; do
		ip -n "$B" link del rport0
		eventually port_is ab b '"\(.losses) \(.state)"' "$n up"
	done
	kill_rportd
	assert_eq "$(port ab b .losses)" 3 losses
	# and when it is pending at the moment of the kill
	ip netns del "$B"
	eventually port_is ab b '"\(.losses) \(.state)"' '4 pending'
	kill_rportd
	assert_eq "$(port ab b .losses)" 4 "losses of one that is pending"
}

test_drift_stays() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	ip -n "$B" link set rport0 mtu 1500
	ip -n "$A" link set rport0 down
	ip -n "$A" link set rport0 name other0
	eventually port_is ab a '.drift | length' 2
	eventually port_is ab b '.drift | length' 1
	kill_rportd
	eventually port_is ab a .drift "$(jq -n '["the name is other0, not rport0", "it is down, not up"]')"
	eventually port_is ab b .drift "$(jq -n '["mtu is 1500, not 32768"]')"
	succeeds rportctl reconcile ab
	eventually port_is ab a '.drift | length' 0
	eventually port_is ab b '.drift | length' 0
	eventually both_carry
	ping_ok "$A" 192.168.0.1
}

test_unlinked_ports_stay() {
	start_kept_rportd
	ns_add A B
	ports_with_addresses
	succeeds rportctl parent wan0 wan1
	eventually wans_carry
	succeeds rportctl unparent wan0
	kill_rportd
	assert_eq "$(of_port "$PA" '"\(.state) \(.carrier) \(.link)"')" 'up false null' "a port without a parent"
	ports_count 2
	assert_eq "$(rportctl -j list)" '[]' links
	stored_is p0 p1 || fail "stored: $(stored)"
	succeeds rportctl parent wan0 wan1
	kill_rportd
	eventually wans_carry
	ping_ok "$A" 192.168.0.1
	assert_eq "$(rportctl -j list | jq -r '.[].name')" "$A-$B" links
}

test_options_stay() {
	start_kept_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name plain --no-offload --addresses 10.1.0.0,10.1.0.1
	succeeds rportctl pair "$A" "$B" --name labels --mpls --addresses 10.2.0.0,10.2.0.1
	succeeds rportctl pair "$A" "$B" --name both --mpls --no-offload --addresses 10.3.0.0,10.3.0.1
	kill_rportd
	assert_json "$(rportctl -j show)" 'map({ (.name): [.offload, .mpls] }) | add ==
		{ plain: [false, false], labels: [true, true], both: [false, true] }'
	assert_match "$(in_ns "$A" ethtool -k "$(port plain a .interface)")" '*tcp-segmentation-offload: off*' "ethtool -k of plain"
	assert_match "$(in_ns "$A" ethtool -k "$(port labels a .interface)")" '*tcp-segmentation-offload: on*' "ethtool -k of labels"
	for n in 1 2 3; do
		ping_ok "$A" "10.$n.0.1"
		tcp_transfer "$A" "$B" "10.$n.0.1" 3000000 "$n"
	done
	# the same again is no change, and another one is seen
	succeeds rportctl pair "$A" "$B" --name both --mpls --no-offload --addresses 10.3.0.0,10.3.0.1
	assert_match "$OUT" '*unchanged*' pair
	refused 2 '*offload is off, not on*' rportctl pair "$A" "$B" --name both --mpls --addresses 10.3.0.0,10.3.0.1
}

test_configured_links_are_not_touched() {
	start_kept_rportd
	ns_add A B
	pair_numbered --persist
	succeeds rportctl pair "$A" "$B" --name free
	assert_json "$(rportctl -j show)" 'map(.configured) == [true, false]'
	remember_world
	kill_rportd
	assert_same_world "a kill"
	assert_json "$(rportctl -j show)" 'map(.configured) == [true, false]'
	# a file that went away in the meantime takes its link along
	rm "$TEST_TMP/conf/ab.rport"
	kill_rportd
	assert_eq "$(rportctl -j list | jq -r '.[].name')" free links
	# and one that changed makes it anew
	pair_numbered --persist
	sed -i 's/^\[A\]/[Link]\nMTU=1500\n[A]/' "$TEST_TMP/conf/ab.rport"
	kill_rportd
	assert_eq "$(port ab a .mtu)" 1500 "MTU of the link whose file changed"
	ping_ok "$A" 192.168.0.1
}

test_what_was_removed_stays_removed() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl create alone in "$A"
	succeeds rportctl unpair ab
	succeeds rportctl destroy alone
	kill -KILL "$RPORTD_PID"
	await_rportd 2
	assert_eq "$(rportctl -j list)$(rportctl -j ports)" '[][]' "links and ports"
	assert_no_ports
	stored_is || fail "stored: $(stored)"
}

test_what_was_just_made_is_there() {
	local n
	start_kept_rportd
	ns_add A B
	for n in 1 2 3 4 5; do
		succeeds rportctl pair "$A" "$B" --name "l$n" --addresses "10.0.$n.1,10.0.$n.2"
		kill_rportd
		succeeds rportctl exists "l$n"
		assert_eq "$(port "l$n" a '"\(.state) \(.losses)"')" 'up 0' "port of l$n"
		ping_ok "$A" "10.0.$n.2"
	done
}

# what is removed is gone when rportctl says so, though the keeper has the device, too, and its name is free
test_what_is_removed_is_gone_at_once() {
	local n
	start_kept_rportd
	ns_add A B
	kill -STOP "$KEEPER_PID" # however busy that is
	for n in 1 2 3; do
		succeeds rportctl pair "$A" "$B" --name named --a-name wan0 --b-name lan0 --mtu $((1500 + n)) --replace
		succeeds rportctl pair "$A" "$B" --name ab --mtu $((1500 + n)) --replace
		assert_eq "$(ports "$A" | xargs) $(ports "$B" | xargs)" 'wan0 rport0 lan0 rport0' interfaces
	done
	succeeds rportctl create alone in "$A"
	succeeds rportctl destroy alone
	succeeds rportctl unpair ab
	succeeds rportctl unpair named
	assert_no_ports
	kill -CONT "$KEEPER_PID"
	eventually stored_is
}

# SIGTERM to the daemon itself is its end, and that of its links
test_sigterm_is_the_end() {
	local status=0
	start_kept_rportd
	ns_add A B
	pair_numbered
	kill -TERM "$RPORTD_PID"
	within 3000 process_over "$KEEPER_PID" || fail "the keeper does not end"
	wait "$KEEPER_PID" || status=$?
	assert_eq "$status" 0 status
	all_ended_by 0
	KEEPER_PID='' RPORTD_PID=''
	eventually -t 2000 no_ports_left
}

test_without_a_store_nothing_survives() {
	start_rportd
	ns_add A B
	pair_numbered
	kill -KILL "$RPORTD_PID"
	eventually -t 2000 no_ports_left
	rportd_wait 2>/dev/null || true
	start_rportd
	assert_eq "$(rportctl -j list)$(rportctl -j ports)" '[][]' "links and ports"
}

# own_fds: how many descriptors the daemon has, but for what it was started with
own_fds() {
	find "/proc/$RPORTD_PID/fd" -mindepth 1 ! -lname /dev/null ! -lname 'pipe:*' | wc -l
}

own_fds_at_most() {
	[ "$(own_fds)" -le "$1" ]
}

# own_fds_settled, as a condition: no connection is just being closed
own_fds_settled() {
	local before
	before=$(own_fds)
	sleep 0.2
	[ "$(own_fds)" = "$before" ]
}

# a device that was taken over is in the store already: to store it again would be a moment in which it is not
test_nothing_is_stored_twice() {
	local before
	start_kept_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl create alone in "$A"
	before=$(stored_in_order)
	kill_rportd
	assert_eq "$(stored_in_order)" "$before" "what is stored, in order"
	restart_rportd
	assert_eq "$(stored_in_order)" "$before" "what is stored, in order"
}

# it may take longer than the unit allows to start
test_status_while_it_takes_over() {
	! grep -qa __asan_init "$RPORTD" || skip cannot "LeakSanitizer does not run under strace"
	command -v strace >/dev/null || skip could 'strace is missing'
	strace -o /dev/null true || skip cannot "strace does not run here"
	printf '#!/bin/bash\nexec strace -D -s 300 -o trace.$$ -e trace=sendmsg "%s" "$@"\n' "$RPORTD" >traced
	chmod +x traced
	RPORTD=$PWD/traced
	start_kept_rportd --seccomp off
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	kill_rportd
	grep -q 'STATUS=1 link, 0 of 2 ports taken over.nEXTEND_TIMEOUT_USEC=' trace.* || fail "status: $(grep -h STATUS trace.*)"
}

test_descriptors_do_not_grow() {
	local n fds
	start_kept_rportd
	ns_add A B
	for n in 1 2 3; do
		succeeds rportctl pair "$A" "$B" --name "l$n"
	done
	succeeds rportctl create alone in "$A"
	stored_is p{0..6} || fail "stored: $(stored)"
	eventually own_fds_settled
	fds=$(own_fds)
	for _ in 1 2 3; do
		kill_rportd
		eventually own_fds_at_most "$fds"
		stored_is p{0..6} || fail "stored: $(stored)"
	done
	succeeds rportctl unpair l2
	stored_is p{0,1,4,5,6} || fail "stored: $(stored)"
	ip -n "$A" link del alone
	eventually port_has "netns:$A/alone" .losses 1
	eventually stored_is p{0,1,4,5,6}
	kill_rportd
	stored_is p{0,1,4,5,6} || fail "stored: $(stored)"
	eventually own_fds_at_most "$((fds - 2))"
}

all_up() {
	[ "$(rportctl -j list | jq '[.[] | select(.state == "up" and .a.carrier and .b.carrier)] | length')" = "$1" ]
}

links_and_indexes() {
	rportctl -j list | jq -c '.[] | [.name, .a.interface, .a.index, .b.interface, .b.index]'
}

test_a_hundred_links() {
	local n started before
	start_kept_rportd
	ns_add A B
	for n in {1..100}; do
		rportctl -q pair "$A" "$B" --name "l$n" --addresses "10.0.$n.1,10.0.$n.2"
	done
	eventually all_up 100
	before=$(links_and_indexes)
	started=$(now_ms)
	kill_rportd
	all_up 100 || fail "not all are up"
	took_at_most 5000 "$started" || fail "it took $(($(now_ms) - started)) ms"
	echo "all were there again after $(($(now_ms) - started)) ms"
	assert_eq "$(links_and_indexes)" "$before" "links and the indexes of their interfaces"
	ping_ok "$A" 10.0.1.2
	ping_ok "$B" 10.0.100.1
}

test_the_monitor_says_bye() {
	local status=0
	start_kept_rportd
	ns_add A B
	pair_numbered
	rportctl -j monitor >monitor.out 2>monitor.err &
	local monitor=$!
	eventually grep -q snapshot monitor.out
	kill_rportd
	within 2000 process_over "$monitor" || fail "the monitor does not end"
	wait "$monitor" || status=$?
	assert_eq "$status" 4 "exit status of the monitor"
	[ -s monitor.err ] || fail "not a word"
}

test_a_second_daemon_is_refused() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	kill_rportd
	run timeout 5 nsenter --net=/run/netns/"$HOME_NS" "$RPORTD" --socket "$SOCKET"
	assert_eq "$RC" 2 "status of the second one"
	assert_match "$ERR" "*another rportd serves $SOCKET*" "its message"
	succeeds rportctl exists ab
	ping_ok "$A" 192.168.0.1
}

run_tests "$@"
