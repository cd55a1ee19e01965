#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain pending epoll
# The process that moves packets dies, or stands still: what passes over links goes on with the next one.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

# --- its death ------------------------------------------------------------------------------------------------------

# kill_data: by SIGKILL; when it returns there is another one
kill_data() {
	local pid
	pid=$(data_pid)
	kill -KILL "$pid"
	eventually data_pid_other_than "$pid"
}

kill_data_once_old() {
	sleep 1.1 # one that dies young is not replaced at once
	kill_data
}

# ended_and_started N, as a condition: the log says so
ended_and_started() {
	[ "$(grep -c 'rportd-data ended (killed by signal 9) and is started again' "$RPORTD_LOG")" = "$1" ]
}

test_its_death_changes_nothing() {
	local before
	start_rportd
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16
	succeeds rportctl pair "$A" "$B" --name queues --queues 2
	succeeds rportctl pair default "$B" --name carrying --mpls
	succeeds rportctl create alone in "$A"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	remember_world
	for _ in 1 2 3; do
		before=$(counts)
		kill_data_once_old
		assert_same_world 'a kill'
		not_less "$(counts)" "$before"
		ping_ok "$A" 192.168.0.1
		ping_ok "$B" fd00:ab::a
		assert_json "$(counts)" ".[0] >= $(jq '.[0]' <<<"$before") + 6" 'what was counted since'
	done
	ended_and_started 3 || fail 'the log does not say so'
	assert_json "$(rportctl -j show)" 'all(.[]; .a.losses == 0 and .b.losses == 0)' losses
}

test_tcp_goes_on_over_its_death() {
	start_rportd
	ns_add A B
	pair_numbered
	transfer_over kill_data_once_old
	ended_and_started 4 || fail 'the log does not say so'
}

# a packet that is sent while there is none waits until the next has begun: for 100 ms at most
test_is_back_at_once() {
	local best=9999 ms
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	for _ in 1 2 3 4; do
		sleep 1.1
		kill -KILL "$(data_pid)"
		run in_ns "$A" ping -n -c 1 -W 5 192.168.0.1
		ms=$(sed -n 's/.* time=\([0-9]*\).*/\1/p' <<<"$OUT") # none, where it took so long that nothing old was delivered
		[ "${ms:-$best}" -ge "$best" ] || best=$ms
	done
	echo "back after $best ms"
	[ "$best" -le "$(limit 100)" ] || fail "it took $best ms"
}

# packets wait in the queues of the devices: what is lost is what it had in its hands
test_udp_goes_on_over_its_death() {
	local lost
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	listener "$B" out udp-listen --count 4000 --idle 3000 --timeout 50000 192.168.0.1 5000
	in_ns "$A" "$TRAFFIC" udp-send --count 4000 --rate 1000 192.168.0.1 5000 >sent &
	for _ in 1 2 3; do
		kill_data_once_old
	done
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=[1-9]* lost=* reordered=0 duplicated=0 corrupt=0 *' 'what arrived'
	lost=$(sed 's/.*lost=\([0-9]*\) .*/\1/' out)
	[ "$lost" -le "$(limit 200)" ] || fail "lost: $(<out)"
}

# what waited for long is not delivered
test_nothing_old_is_delivered() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	kill -STOP "$(starter_pid)" # nothing is started until it goes on
	kill -KILL "$(data_pid)"
	succeeds traffic "$A" udp-send --count 300 192.168.0.1 5000
	sleep 1.5
	listener "$B" out udp-listen --count 305 --idle 500 --timeout 9000 192.168.0.1 5000
	kill -CONT "$(starter_pid)"
	eventually data_pid
	sleep 0.2
	succeeds traffic "$A" udp-send --count 5 192.168.0.1 5000
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=5 *' 'what arrived'
	assert_json "$(rportctl -j show ab)" '[.a, .b | .statistics.drops.peerDown] | add >= 300' 'what was counted'
}

# --- its silence ----------------------------------------------------------------------------------------------------

# start_watched: with a service manager that wants to hear of it each second, but does nothing
start_watched() {
	export NOTIFY_SOCKET=$TEST_TMP/notify WATCHDOG_USEC=1000000
	start_rportd
	unset NOTIFY_SOCKET WATCHDOG_USEC
	ns_add A B
	pair_numbered
	eventually both_carry
}

test_the_watchdog_finds_it_stopped() {
	local pid
	start_watched
	pid=$(data_pid)
	kill -STOP "$pid"
	eventually replaced "$pid"
	assert_match "$(<"$RPORTD_LOG")" '*rportd-data does not answer: replacing its process*' 'the log'
	ping_ok "$A" 192.168.0.1
}

test_the_watchdog_finds_a_stopped_worker() {
	local pid tid
	start_watched
	pid=$(data_pid)
	tid=$(grep -lx rportd-worker /proc/"$pid"/task/*/comm | head -n 1 | cut -d/ -f5)
	"$BUILD_DIR/tests/tools/hold-thread" "$tid" >held &
	eventually grep -q held held
	eventually replaced "$pid"
	assert_match "$(<"$RPORTD_LOG")" '*worker [0-9]* does not answer: replacing its process*' 'the log'
	ping_ok "$A" 192.168.0.1
}

run_tests "$@"
