#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# The log: it never waits for whoever reads it, and nobody can fill it.
. "$(dirname "$0")/../lib.sh"

# start_into FIFO: rportd with its standard error there
start_into() {
	ns_add HOME_NS
	SOCKET=$TEST_TMP/socket
	RPORTD_LOG=/dev/null
	nsenter --net=/run/netns/"$HOME_NS" "$RPORTD" --socket "$SOCKET" --datapath "$DATAPATH" \
		--config-path "$TEST_TMP/conf" --seccomp "$SECCOMP" 2>"$1" >/dev/null </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportd_answers_or_ended || fail 'rportd does not answer'
	rportd_alive || fail 'rportd ended while starting'
}

# read_pipe: all that is in it, added to the file "log.read"
read_pipe() {
	dd bs=65536 iflag=nonblock <&9 >>log.read 2>/dev/null || true
}

pipe_says() {
	read_pipe
	grep -qaE "$1" log.read
}

test_a_full_pipe_stops_nothing() {
	local i
	ns_add A B
	mkfifo pipe
	exec 9<>pipe
	dd if=/dev/zero bs=4096 oflag=nonblock >&9 2>/dev/null || true
	start_into pipe
	for i in 1 2 3; do
		succeeds timeout 20 "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" create "p$i" in "$A"
		succeeds rportctl destroy "p$i"
	done
	assert_eq "$(rportctl -j list)" '[]' 'answer while nobody reads the log'
	# once somebody does, the count is told without further ado
	read_pipe
	tr -d '\0' <log.read >log.first
	assert_eq "$(<log.first)" '' 'lines while the pipe was full'
	eventually pipe_says 'rportd: warning: [1-9][0-9]* lines of the log were lost'
	# and the log goes on
	succeeds rportctl create p4 in "$A"
	succeeds rportctl destroy p4
	eventually pipe_says 'p4: removed'
	# O_NONBLOCK would be set for all who share the descriptor
	assert_eq "$((8#$(awk '/^flags:/ { print $2 }' "/proc/$RPORTD_PID/fdinfo/2") & 8#4000))" 0 'O_NONBLOCK'
}

# lines_of_port: what the log says of the port in A
lines_of_port() {
	grep -c "$A/rport0" "$RPORTD_LOG"
}

# is_seen NAMESPACE: rportd knows that end a is there
is_seen() {
	local away
	away=$(port ab a '.drift | any(startswith("it was moved"))')
	[ "$away" = "$([ "$1" = "$A" ] && echo false || echo true)" ]
}

test_the_owner_of_a_port_cannot_fill_it() {
	local i
	ns_add A B C
	start_rportd
	succeeds rportctl pair "$A" "$B" --name ab
	for ((i = 0; i < 15; i++)); do
		# each is a line: it is gone from where it was, and it is back
		ip -n "$A" link set rport0 netns "$C"
		eventually is_seen "$C"
		ip -n "$C" link set rport0 netns "$A"
		eventually is_seen "$A"
	done
	eventually in_ns "$A" ip link show rport0
	[ "$(lines_of_port)" -le 11 ] || fail "$(lines_of_port) lines: $(tail -n 20 "$RPORTD_LOG")"
	# others are heard all the same
	succeeds rportctl create p0 in "$B"
	succeeds rportctl destroy p0
	grep -q 'p0: removed' "$RPORTD_LOG" || fail 'what happened to another port is not in the log'
	# how many there were is told when the port goes
	succeeds rportctl unpair ab
	grep -qE "messages were suppressed, of the kind: netns:$A/rport0" "$RPORTD_LOG" || fail 'nothing tells how many there were'
}

# close_badly N UID: connections that are closed for what they sent, by this user; all at once, as the limit is one of time
close_badly() {
	local i pids=()
	for ((i = 0; i < $1; i++)); do
		printf 'no JSON\0' | setpriv --reuid="$2" --clear-groups --regid=65534 -- "$TRAFFIC" unix-send --timeout 5000 "$SOCKET" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || true
	done
}

test_a_user_cannot_fill_it() {
	ns_add A
	start_rportd
	close_badly 25 65534 >/dev/null 2>&1
	[ "$(grep -c 'client of uid 65534' "$RPORTD_LOG")" -le 20 ] || fail 'a line for each connection'
	# what another one does is told
	close_badly 1 0 >/dev/null 2>&1
	eventually grep -q 'client of uid 0' "$RPORTD_LOG"
	# and the rest is told, though nothing more happens
	eventually grep -q 'messages were suppressed, of the kind: closing connections of a user' "$RPORTD_LOG"
}

# --- how lines look ---------------------------------------------------------------------------------------------------

# lines_but GLOB: how many lines do not begin like this
lines_but() {
	grep -cv "^$1" "$RPORTD_LOG" || true
}

test_lines_name_the_program() {
	mkdir -p "$TEST_TMP/conf/none.rport.d"
	: >"$TEST_TMP/conf/none.rport.d/x.conf"
	start_rportd --log-level debug
	ns_add A B
	pair_numbered
	stop_rportd
	assert_eq "$(lines_but 'rportd: ')" 0 "lines without the name of the program"
	grep -q '^rportd: warning: ' "$RPORTD_LOG" || fail "a warning is not called one"
}

# journal_stream FILE: what the service manager would say of it
journal_stream() {
	stat -c %d:%i "$1"
}

# Priorities are for the journal alone: where standard error is the stream that the service manager has connected with it, and
# the journal does not take fields.
test_priorities_are_for_the_journal() {
	: >"$TEST_TMP/rportd.log"
	JOURNAL_STREAM=$(journal_stream "$TEST_TMP/rportd.log")
	export JOURNAL_STREAM
	start_rportd_with_empty_run
	stop_rportd
	[ -s "$RPORTD_LOG" ] || fail "no log"
	assert_eq "$(lines_but '<[3-7]>')" 0 "lines without a priority"
}

# a stream of the service that started us, whose standard error is another one
test_priorities_of_another_stream() {
	: >other
	JOURNAL_STREAM=$(journal_stream other)
	export JOURNAL_STREAM
	start_rportd_with_empty_run
	stop_rportd
	assert_eq "$(lines_but 'rportd: ')" 0 "lines without the name of the program"
}

run_tests "$@"
