#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests of restarts share, beside lib.sh: rportd under fdkeeper, which keeps its descriptors as systemd would, and
# starts it again when it was killed.

FDKEEPER=$BUILD_DIR/tests/tools/fdkeeper

# set by start_kept_rportd
KEEPER_LOG=''

# start_kept_rportd [--delay MS] [ARGUMENT...]: as start_rportd; MS passes from a kill to the next start, "never" until
# restart_rportd says so
start_kept_rportd() {
	local keeper=()
	if [ "${1:-}" = --delay ]; then
		keeper=("$1" "${2/never/3600000}")
		shift 2
	fi
	[ -n "$HOME_NS" ] || ns_add HOME_NS
	SOCKET=$TEST_TMP/socket
	RPORTD_LOG=$TEST_TMP/rportd.log
	KEEPER_LOG=$TEST_TMP/keeper.out
	: >"$KEEPER_LOG"
	# as systemd has it: messages that may wait for it
	in_ns "$HOME_NS" sysctl -qw net.unix.max_dgram_qlen=512
	# shellcheck disable=SC2094 # the log of both
	nsenter --net=/run/netns/"$HOME_NS" "$FDKEEPER" --pid-file "$TEST_TMP/rportd.pid" ${keeper[@]+"${keeper[@]}"} -- \
		"$RPORTD" --socket "$SOCKET" --datapath "$DATAPATH" ${WORKERS:+--workers "$WORKERS"} \
		${FAST_PATH:+--fast-path "$FAST_PATH"} --config-path "$TEST_TMP/conf" --seccomp "$SECCOMP" "$@" \
		>>"$KEEPER_LOG" 2>>"$RPORTD_LOG" </dev/null &
	KEEPER_PID=$!
	await_rportd 1
}

# keeper_said WORD: how often it did: started, ready, terminated, ended
keeper_said() {
	grep -c "^$1 " "$KEEPER_LOG" || true
}

# ready_times N, as a condition: N daemons have become ready
ready_times() {
	[ "$(keeper_said ready)" -ge "$1" ]
}

# await_rportd N: the N-th daemon is ready; RPORTD_PID is its
await_rportd() {
	eventually ready_times "$1"
	RPORTD_PID=$(awk '$1 == "ready" { pid = $2 } END { print pid }' "$KEEPER_LOG")
}

# kill_rportd: by SIGKILL; the next one is there when this returns
kill_rportd() {
	local n
	n=$(keeper_said ready)
	kill -KILL "$RPORTD_PID"
	await_rportd $((n + 1))
}

# kill_rportd_only: nobody is there when this returns, and for the delay of the keeper; restart_rportd ends that
kill_rportd_only() {
	local n
	n=$(keeper_said ended)
	kill -KILL "$RPORTD_PID"
	eventually ended_times $((n + 1))
}

ended_times() {
	[ "$(keeper_said ended)" -ge "$1" ]
}

# restart_rportd: as systemctl does; also where none runs
restart_rportd() {
	local n
	n=$(keeper_said ready)
	kill -HUP "$KEEPER_PID"
	await_rportd $((n + 1))
}

# stored_in_order: the names of what is kept, the newest first
stored_in_order() {
	local lines
	lines=$(wc -l <"$KEEPER_LOG")
	kill -USR1 "$KEEPER_PID"
	eventually list_complete "$lines"
	tail -n +$((lines + 1)) "$KEEPER_LOG" | sed '/^$/d' | grep -Ev '^(started|ready|terminated|ended) '
}

# stored: the same, by name
stored() {
	stored_in_order | sort
}

# list_complete LINE: since then the empty line has come that ends a list
list_complete() {
	tail -n +$(($1 + 1)) "$KEEPER_LOG" | grep -q '^$'
}

# stored_is NAME...: as a condition, nothing else is kept, but for the state itself
stored_is() {
	[ "$(stored | xargs)" = "$(printf '%s\n' counters state-1 state-2 "$@" | sort | xargs)" ]
}

# state_files: those of the records, as files that can be read and written
state_files() {
	local entry
	for entry in /proc/"$KEEPER_PID"/fd/*; do
		[[ $(readlink "$entry") != /memfd:rport-state* ]] || echo "$entry"
	done
}

# edit_state SED-SCRIPT: make other records of them, as the next daemon will find them
edit_state() {
	local file
	kill -STOP "$RPORTD_PID"
	for file in $(state_files); do
		[ -s "$file" ] || continue # of two, one is in use
		cp "$file" state.before
		sed "$1" state.before >state.after
		cat state.after >"$file"
	done
	kill_rportd
}

# replaced PID, as a condition: there is another rportd-data than this, and the log says why
replaced() {
	data_pid_other_than "$1" && grep -q 'rportd-data ended (it did not answer; killed by signal 9)' "$RPORTD_LOG"
}

# all_ended_by STATUS...: no daemon ended in another way than these; see fdkeeper
all_ended_by() {
	local word status
	while read -r word _ status; do
		[ "$word" != ended ] || [[ " $* " == *" $status "* ]] || fail "a daemon ended with status $status: $(<"$KEEPER_LOG")"
	done <"$KEEPER_LOG"
}

# stop_keeper: both end; nothing may be left. What stop_rportd of lib.sh does here
stop_keeper() {
	local status=0 pid=$KEEPER_PID
	KEEPER_PID='' RPORTD_PID=''
	all_ended_by 0 137
	kill -TERM "$pid" || fail "the keeper is not running any more"
	poll "$STEP_MS" process_over "$pid" || fail "the keeper does not end"
	wait "$pid" || status=$?
	assert_eq "$status" 0 "exit status of the keeper"
	assert_eq "$(awk '$1 == "ended" { status = $3 } END { print status }' "$KEEPER_LOG")" 0 "exit status of rportd"
	[ ! -e "$SOCKET" ] || fail "rportd left its socket behind"
	eventually no_ports_left
}

no_ports_left() {
	local ns
	for ns in $(ns_list); do
		[ -z "$(ports "$ns")" ] || return 1
	done
}

# --- what there is ---------------------------------------------------------------------------------------------------

# facts: of links, ports and the kernel, in an order of their own
facts() {
	local ns
	rportctl -j show | jq -S 'map(del(.a.statistics, .b.statistics, .workers)) |
		[.[] | .a.addresses |= sort | .b.addresses |= sort | .a.routes |= sort | .b.routes |= sort]'
	rportctl -j ports | jq -S 'map(del(.statistics) | .addresses |= sort | .routes |= sort) | sort_by(.domain, .interface)'
	for ns in $(ns_list); do
		printf '%s\n' 'link show' 'addr show' 'route show table all' | ip -n "$ns" -o -batch - | sed 's/ qdisc [^ ]*//'
		ip -n "$ns" -6 route show table all
	done
}

facts_are() {
	[ "$(facts)" = "$1" ]
}

assert_facts() {
	within 2000 facts_are "$1" || fail "$2:
$(diff <(echo "$1") <(facts))"
}

# --- what passes over links meanwhile ----------------------------------------------------------------------------------

# packets and bytes of both ends of all links
counts() {
	rportctl -j show | jq -c '[.[] | .a, .b | .statistics | .packets, .bytes]'
}

# not_less NOW BEFORE: of lists of numbers
not_less() {
	assert_json "$1" "[., $2] | transpose | length > 0 and all(.[]; .[0] >= .[1])" "counters, of which none may go back"
}

BLOCK=4000000 # bytes

# write_blocks N: the first N blocks
write_blocks() {
	local i
	for ((i = 1; i <= $1; i++)); do
		"$TRAFFIC" pattern --bytes "$BLOCK" --seed "$i"
	done
}

# write_until_enough: block after block until the file enough is there; then the file written has their number
write_until_enough() {
	local n=0
	until [ -e enough ]; do
		n=$((n + 1))
		"$TRAFFIC" pattern --bytes "$BLOCK" --seed "$n"
		sleep 0.01
	done
	echo "$n" >written
}

received_more_than() {
	[ "$(stat -c %s received)" -gt "$1" ]
}

# more_arrives: a million bytes from now on
more_arrives() {
	eventually received_more_than $(($(stat -c %s received) + 1000000))
}

# transfer_over COMMAND...: a TCP connection goes on while the command is run four times
transfer_over() {
	local status=0 sender
	listener "$B" received tcp-listen --timeout 50000 192.168.0.1 6000
	write_until_enough | in_ns "$A" "$TRAFFIC" tcp-send --timeout 50000 192.168.0.1 6000 &
	sender=$!
	for _ in 1 2 3 4; do
		more_arrives
		"$@"
	done
	more_arrives
	: >enough
	wait "$sender" || fail "the sender"
	wait "$SPAWN_PID" || status=$?
	assert_eq "$status" 0 "status of the receiver"
	assert_eq "$(sha256sum <received)" "$(write_blocks "$(<written)" | sha256sum)" "SHA-256"
}
