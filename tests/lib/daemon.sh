#!/bin/bash
# SPDX-License-Identifier: ISC
#
# rportd: starting and stopping it, and its processes. Sourced by ../lib.sh.

# start_rportd [ARGUMENT...]: in a namespace of its own, HOME_NS, so that `default` is not a namespace of the machine; with OWN_MOUNTS=1 it
# does not hear of what others mount, nor of their namespaces that go
start_rportd() {
	local -a wrap=()
	# shellcheck disable=SC2016 # expanded there
	[ -z "${OWN_MOUNTS:-}" ] || wrap=(unshare --mount --propagation private sh -c '
		for name in /run/netns/*; do
			case $name in /run/netns/"$0"*) ;; *) umount "$name" ;; esac
		done 2>/dev/null
		exec "$@"' "$TEST_PREFIX")
	[ -n "$HOME_NS" ] || ns_add HOME_NS
	SOCKET=$TEST_TMP/socket
	RPORTD_LOG=$TEST_TMP/rportd.log
	nsenter --net=/run/netns/"$HOME_NS" "${wrap[@]}" "$RPORTD" --socket "$SOCKET" --datapath "$DATAPATH" \
		${WORKERS:+--workers "$WORKERS"} ${FAST_PATH:+--fast-path "$FAST_PATH"} --config-path "$TEST_TMP/conf" \
		--seccomp "$SECCOMP" "$@" >>"$RPORTD_LOG" 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportd_answers_or_ended || fail "rportd does not answer"
	rportd_alive || fail "rportd ended while starting"
	await_files
}

# await_files: a reload waits until the one before it is done, which is the start
await_files() {
	rportctl apply --dry-run >/dev/null 2>&1 || true
}

# start_rportd_with_empty_run [ARGUMENT...]: it sees an empty /run, which is its own: see in_run
start_rportd_with_empty_run() {
	ns_add HOME_NS
	SOCKET=$TEST_TMP/socket
	RPORTD_LOG=$TEST_TMP/rportd.log
	# shellcheck disable=SC2016 # expanded there
	nsenter --net=/run/netns/"$HOME_NS" unshare --mount --propagation slave sh -c 'mount -t tmpfs run /run && exec "$@"' - \
		"$RPORTD" --socket "$SOCKET" --datapath "$DATAPATH" --config-path "$TEST_TMP/conf" --seccomp "$SECCOMP" "$@" \
		>>"$RPORTD_LOG" 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportd_answers_or_ended || fail "rportd does not answer"
	rportd_alive || fail "rportd ended while starting"
}

# in_run COMMAND...: with the /run of start_rportd_with_empty_run
in_run() {
	nsenter --mount --target "$RPORTD_PID" -- "$@"
}

rportd_answers_or_ended() {
	! rportd_alive || rportctl list
}

rportd_alive() {
	kill -0 "$RPORTD_PID"
}

# rportd_wait: the daemon's exit status, when it ends in time
rportd_wait() {
	local status=0 pid=$RPORTD_PID
	RPORTD_PID=
	poll "$STEP_MS" process_over "$pid" || fail "rportd does not end"
	wait "$pid" || status=$?
	return $status
}

# stop_rportd: by SIGTERM; its exit status must be 0, and nothing may be left
stop_rportd() {
	local status=0
	if [ -n "$KEEPER_PID" ]; then
		stop_keeper
		return
	fi
	[ -n "$RPORTD_PID" ] || return 0
	kill -TERM "$RPORTD_PID" || fail "rportd is not running any more"
	rportd_wait || status=$?
	assert_eq "$status" 0 "exit status of rportd"
	[ ! -e "$SOCKET" ] || fail "rportd left its socket behind"
	assert_no_ports
}

# main_pid: the daemon itself
main_pid() {
	echo "$RPORTD_PID"
}

# starter_pid, data_pid, net_pid: the processes that the daemon has beside itself; fails while that one does not run
starter_pid() {
	pgrep -x -P "$(main_pid)" rportd-starter
}

data_pid() {
	pgrep -x -P "$(starter_pid)" rportd-data
}

net_pid() {
	pgrep -x -P "$(starter_pid)" rportd-net
}

# processes_of PID: a daemon, and what it has beside itself; or any other process; of none, none
processes_of() {
	local starter
	[ -n "$1" ] || return 0
	echo "$1"
	starter=$(pgrep -x -P "$1" rportd-starter) || return 0
	echo "$starter"
	pgrep -P "$starter" || true
}

# process_over PID: gone, or a zombie that waits for us
process_over() {
	local state
	state=$(ps -o state= -p "$1") || return 0
	[ "$state" = Z ]
}

# status_is KEY VALUE PID: of all threads
status_is() {
	local task
	for task in /proc/"$3"/task/*; do
		assert_eq "$(sed -n "s/^$1:\t//p" "$task/status")" "$2" "$1 of $task"
	done
}

# data_pid_other_than PID, net_pid_other_than PID, as a condition: there is another one
data_pid_other_than() {
	local pid
	pid=$(data_pid) && [ "$pid" != "$1" ]
}

net_pid_other_than() {
	local pid
	pid=$(net_pid) && [ "$pid" != "$1" ]
}

# freeze_rportd, thaw_rportd: nobody answers, and no packet is moved
freeze_rportd() {
	kill -STOP "$RPORTD_PID" "$(data_pid)"
}

thaw_rportd() {
	kill -CONT "$RPORTD_PID" "$(data_pid)"
}

# held_by_rportd INODE: how it keeps this namespace. Only the daemon is asked, since the kernel may give the number to another namespace soon
held_by_rportd() {
	local entry pid
	for pid in $(processes_of "$RPORTD_PID"); do
		for entry in "/proc/$pid"/task/*/ns/net "/proc/$pid"/fd/*; do
			[ "$(readlink "$entry" 2>/dev/null)" != "net:[$1]" ] || echo "$entry"
		done
	done
}

# rportd_fds: how many descriptors its processes have open
rportd_fds() {
	local pid
	for pid in $(processes_of "$RPORTD_PID"); do
		find "/proc/$pid/fd" -mindepth 1
	done | wc -l
}

# fds_at_most N: as a condition; a connection may just be closing
fds_at_most() {
	[ "$(rportd_fds)" -le "$1" ]
}

# rportd_idle: it burns no CPU time while nothing is to do
rportd_idle() {
	local before after
	before=$(rportd_ticks)
	sleep 0.5
	after=$(rportd_ticks)
	[ $((after - before)) -le 5 ]
}

# rportd_ticks: CPU time of its processes, in ticks of 10 ms
rportd_ticks() {
	local pid
	for pid in $(processes_of "$RPORTD_PID"); do
		cat "/proc/$pid/stat"
	done | awk '{ n += $14 + $15 } END { print n }'
}
