#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain epoll
# The process that moves packets: what it may do, and how rportd gets on with it. What passes over links: 49-data-death.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

# --- what it may ----------------------------------------------------------------------------------------------------

# confined: rightless, behind a filter, and in a network without anything
confined() {
	local pid set
	pid=$(data_pid)
	for set in CapInh CapPrm CapEff CapAmb; do
		status_is "$set" 0000000000000000 "$pid"
	done
	status_is Seccomp 2 "$pid"
	status_is NoNewPrivs 1 "$pid"
	for set in "$RPORTD_PID" "$(starter_pid)"; do
		[ ! "/proc/$pid/ns/net" -ef "/proc/$set/ns/net" ] || fail "it is in the network of process $set"
	done
	assert_eq "$(nsenter --net="/proc/$pid/ns/net" ip -j link | jq -r '.[] | "\(.ifname) \(.operstate)"')" 'lo DOWN' 'its interfaces'
}

test_is_confined() {
	start_rportd --seccomp refuse
	ns_add A B
	pair_numbered
	confined
	assert_eq "$(ps -o comm=,args= -p "$(data_pid)" | xargs)" 'rportd-data rportd-data refuse' 'what ps says'
	kill -KILL "$(data_pid)"
	eventually data_pid
	ping_ok "$A" 192.168.0.1
	confined
}

# read_only DESCRIPTOR, as a condition: /proc/PID/fd/N
read_only() {
	local flags
	flags=$(sed -n 's/^flags:\t//p' "${1/\/fd\///fdinfo/}")
	[ $((flags & 3)) = 0 ]
}

# what it was told to move, what it needs for that, and no more: not a file of the system, of rportd's records, nor its clients
test_has_few_descriptors() {
	local entry target sockets=0
	start_rportd
	ns_add A B
	pair_numbered
	for entry in /proc/"$(data_pid)"/fd/*; do
		target=$(readlink "$entry") || continue
		case $target in
		/dev/null | "$RPORTD_LOG" | /dev/net/tun | anon_inode:*) ;;
		/proc/*/schedstat) ;; # how busy its own threads are
		"$SOCKET.lock") read_only "$entry" || fail 'it could write to the lock' ;;
		socket:*) sockets=$((sockets + 1)) ;;
		*) fail "it has $target" ;;
		esac
	done
	assert_eq "$sockets" 1 'its sockets'
	# of the counters' file it has the counters, and not what rportd notes before them
	run grep ' 00000000 .*rport-counters' "/proc/$(data_pid)/maps"
	[ "$(getconf PAGESIZE)" != 4096 ] || assert_eq "$OUT" '' 'what it has mapped'
	run grep rport-counters "/proc/$(data_pid)/maps"
	assert_match "$OUT" '*rw-s*' 'what it has mapped'
	succeeds rportctl unpair ab
	! readlink /proc/"$(data_pid)"/fd/* | grep -q /dev/net/tun || fail 'it has a device of a link that was removed'
}

# it has nothing to say without the one that started it
test_is_started_by_rportd_only() {
	local name
	for name in rportd-data rportd-starter; do
		run bash -c 'exec -a "$0" "$@" 3<&-' "$name" "$RPORTD" refuse
		[ "$RC" != 0 ] || fail "$name runs"
	done
}

# --- it does not live, or does not answer -----------------------------------------------------------------------------

# one that cannot live does not keep the machine busy, and once it can all is as it was
test_a_crash_loop_is_bounded() {
	local end pid n=0
	start_rportd
	ns_add A B
	pair_numbered
	end=$(($(now_ms) + 3000))
	while [ "$(now_ms)" -lt "$end" ]; do
		if pid=$(data_pid) && kill -KILL "$pid"; then
			n=$((n + 1))
			eventually process_over "$pid"
		fi
	done
	echo "killed $n times"
	if [ "$n" -lt 2 ] || [ "$n" -gt 12 ]; then
		fail "killed $n times in 3 s"
	fi
	succeeds rportctl pair "$A" "$B" --name meanwhile --addresses 10.0.0.1,10.0.0.2
	eventually -t 6000 data_pid
	ping_ok "$A" 192.168.0.1
	ping_ok "$A" 10.0.0.2
}

test_a_call_finds_it_stopped() {
	local pid since
	start_rportd
	ns_add A B
	pair_numbered
	pid=$(data_pid)
	kill -STOP "$pid"
	since=$(now_ms)
	succeeds rportctl pair "$A" "$B" --name other --addresses 10.0.0.1,10.0.0.2
	took_at_most 7000 "$since" || fail "it took $(($(now_ms) - since)) ms"
	eventually replaced "$pid"
	ping_ok "$A" 192.168.0.1
	ping_ok "$A" 10.0.0.2
}

# --- the other processes --------------------------------------------------------------------------------------------

# packets are moved without rportd
test_moves_packets_while_rportd_is_stopped() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	kill -STOP "$RPORTD_PID"
	ping_ok "$A" 192.168.0.1
	kill -CONT "$RPORTD_PID"
	succeeds rportctl exists ab
}

# nothing can be started without the starter: all of it begins again, and takes the links over
test_the_death_of_the_starter() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	remember_world
	kill -KILL "$(starter_pid)"
	await_rportd 2
	assert_same_world 'the end of the starter'
	ping_ok "$A" 192.168.0.1
	grep -q 'the starter of processes is gone' "$RPORTD_LOG" || fail 'the log does not say why'
	all_ended_by 2
	all_ended_by() { :; } # at the end that is asked again
}

# ended PID..., as a condition
ended() {
	local pid
	for pid; do
		process_over "$pid" || return 1
	done
}

test_none_outlives_rportd() {
	local pids
	start_rportd
	ns_add A B
	pair_numbered
	pids="$(starter_pid) $(data_pid)"
	kill -KILL "$RPORTD_PID"
	# shellcheck disable=SC2086 # two
	eventually -t 1000 ended $pids
	rportd_wait 2>/dev/null || true
	start_rportd
	pids="$(starter_pid) $(data_pid)"
	stop_rportd
	# shellcheck disable=SC2086
	eventually -t 1000 ended $pids
}

run_tests "$@"
