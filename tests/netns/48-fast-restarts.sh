#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# The fast path goes on while rportd is stopped, killed or restarted, and what a former rportd laid is adopted or removed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../fast.sh"

MIB=$((1024 * 1024))

programs() {
	{ filters "$A"; filters "$B"; } | sed -n 's/.* id \([0-9]*\) .*/\1/p' | xargs
}

test_restarts_do_not_touch_it() {
	local before links counted
	start_kept_rportd
	pair_fast
	before=$(programs)
	links="$(hidden "$A") $(hidden "$B")"
	ping_ok "$A" 192.168.0.1
	counted=$(sent a)
	spawn "$A" ping.out ping -n -i 0.005 -c 600 -W 3 192.168.0.1
	sleep 0.3
	kill_rportd
	sleep 0.3
	restart_rportd
	wait "$SPAWN_PID" || fail "$(<ping.out)"
	assert_match "$(<ping.out)" '*600 received, 0% packet loss*' ping
	assert_eq "$(programs)" "$before" "programs"
	assert_eq "$(hidden "$A") $(hidden "$B")" "$links" "hidden interfaces"
	fast_is true true || fail "the new daemon knows of it: $(rportctl show ab)"
	has_sent a "$counted" 600 || fail "packets sent by a: $counted before, and now $(sent a)"
	succeeds rportctl set ab fast-path off
	no_trace || fail "something is left"
}

# the daemon is not in the way while there is none
test_no_daemon() {
	start_kept_rportd --delay never
	pair_fast
	kill_rportd_only
	ping_ok "$A" 192.168.0.1 -c 20
	tcp_transfer "$A" "$B" 192.168.0.1 $((64 * MIB)) 1
	succeeds ip -n "$A" link del "$(hidden "$A")"
	restart_rportd
	eventually in_ns "$A" ping -n -q -c 1 -W 1 192.168.0.1
	fast_is true true || fail "it was repaired: $(rportctl show ab)"
}

# killed where nobody keeps its devices, it leaves hidden interfaces, which the next one removes
test_orphans_go() {
	local orphan=''
	# another rportd of this machine, of another test, removes them, too, as it starts
	for _ in 1 2 3 4 5 6; do
		start_rportd
		pair_fast
		kill -KILL "$RPORTD_PID"
		wait "$RPORTD_PID" || true
		eventually no_ports_left
		orphan=$(hidden "$A")
		[ -z "$orphan" ] || break
		ip netns del "$A"
		ip netns del "$B"
	done
	[ -n "$orphan" ] || fail "no orphan: this proves nothing"
	start_rportd
	eventually no_links "$A"
	eventually no_links "$B"
}

# the processes are there and do nothing
test_stopped_processes() {
	start_rportd
	pair_fast
	freeze_rportd
	ping_ok "$A" 192.168.0.1 -c 20
	udp_exchange "$B" "$A" fd00:ab::a --size 1000 --count 2000 --window 16
	thaw_rportd
	ping_ok "$A" 192.168.0.1
}

# the records are lost: the filters say that the link wants it
test_adopted_without_records() {
	local before
	start_kept_rportd
	pair_fast
	before=$(programs)
	capture_at_a
	edit_state 's/"rport-state":1/"rport-state":7/'
	assert_json "$(rportctl -j show ab)" '.fastpath and .a.fastpath and .b.fastpath' "what was adopted"
	kill "$SPAWN_PID"
	eventually fast_is true true
	assert_eq "$(programs | cut -d ' ' -f 2)" "${before#* }" "program at b"
	ping_ok "$A" 192.168.0.1
	succeeds rportctl set ab fast-path off
	no_trace || fail "something is left: $(hidden "$A") $(filters "$A")"
}

# one direction is off as the records get lost
capture_at_a() {
	spawn "$A" captured tcpdump -n -U -i rport0 -w /dev/null
	eventually fast_is false true
}

# kill_at SYSCALL N COMMAND...: rportd is killed as it makes this system call for the N-th time, if it gets so far
kill_at() {
	local tracer n
	n=$(keeper_said ended)
	strace -o trace -p "$RPORTD_PID" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" 2>strace.err &
	tracer=$!
	poll "$STEP_MS" grep -q attached strace.err || skip cannot "strace cannot attach: $(<strace.err)"
	run "${@:3}"
	kill -KILL "$tracer" 2>/dev/null || true # which lets go of rportd
	wait "$tracer" || true
	if [ "$RC" = 0 ]; then
		poll 300 ended_times $((n + 1)) # after its answer, perhaps
	else
		eventually ended_times $((n + 1))
	fi
}

# is_as_recorded, as a condition: where the record says off there is no filter and no hidden interface; where it says on, both
is_as_recorded() {
	case $(rportctl -j show ab | jq .fastpath) in
	true) fast_is true true && [ -n "$(filters "$A")$(filters "$B")" ] ;;
	false) no_trace ;;
	*) return 1 ;;
	esac
}

# killed_at_each SYSCALL: whenever it is killed as the fast path is turned off, the next one has what its records say
killed_at_each() {
	local n deaths=0
	for ((n = 1; n < 60; n++)); do
		succeeds rportctl set ab fast-path on
		eventually fast_is true true
		kill_at "$1" "$n" rportctl set ab fast-path off || break
		deaths=$((deaths + 1))
		await_next_rportd
		eventually is_as_recorded
		rportctl -j show ab | jq .fastpath >>recorded
	done
	echo "$deaths kills at $1"
	if [ "$deaths" = 0 ] || [ "$n" = 60 ]; then
		fail "$deaths kills at $1 prove nothing"
	fi
}

# await_next_rportd: the keeper has started one after the kill
await_next_rportd() {
	await_rportd $(($(keeper_said ended) + 1))
}

test_killed_while_it_is_turned_off() {
	local sender arrived
	start_kept_rportd
	pair_fast
	listener "$B" listener.out udp-listen --size 100 --count 1500 --idle 5000 192.168.0.1 5000
	spawn "$A" sender.out "$TRAFFIC" udp-send --size 100 --count 1500 --rate 250 192.168.0.1 5000
	sender=$SPAWN_PID
	killed_at_each sendmsg
	killed_at_each pwrite64
	assert_eq "$(sort -u recorded | xargs)" 'false true' "what the records said after the kills"
	wait "$sender" || fail "sender: $(<sender.out)"
	eventually -t 10000 grep -q received= listener.out
	# what waited for more than a second, on a slow machine, is old, and counted
	arrived=$(($(value listener.out received) + $(port ab a .statistics.drops.peerDown)))
	[ "$arrived" -ge 1500 ] || fail "of 1500 datagrams $arrived arrived or were counted: $(<listener.out)"
}

run_tests "$@"
