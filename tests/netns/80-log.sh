#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# The log: it says who changed what, never waits for whoever reads it, and nobody can fill it.
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
	grep -c "port netns:$A/rport0" "$RPORTD_LOG"
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

# --- who changed what -------------------------------------------------------------------------------------------------

# logs LINE COMMAND...: the log says LINE, a pattern, of the command, in which PID is its number and BY is who did it
logs() {
	local line=$1 pid status=0
	shift
	"$@" >out 2>&1 </dev/null &
	pid=$!
	wait "$pid" || status=$?
	echo "$* -> $status, $(<out)"
	line=${line//BY/by uid 0, pid $pid (rportctl):}
	# shellcheck disable=SC2053 # a pattern
	while IFS= read -r OUT; do
		[[ $OUT != "rportd: "$line ]] || return 0
	done <"$RPORTD_LOG"
	fail "not in the log: $line"
}

ctl() {
	exec "$RPORTCTL" --socket "$SOCKET" "$@"
}

test_who_changed_what() {
	local lines
	ns_add A B C
	start_rportd
	logs "Pair BY link ab, netns:$A/rport0 and netns:$B/rport0: created" ctl pair "$A" "$B" --name ab
	logs "Pair BY link ab, netns:$A/rport0 and netns:$B/rport0: unchanged" ctl pair "$A" "$B" --name ab
	logs "Pair BY link ab, * and *: refused: LinkExists: *" ctl pair "$A" "$B" --name ab --mtu 9000
	logs "Pair BY refused: InvalidArgument: *" ctl pair "$A" "$B" --name ab --mtu 1
	logs "Pair BY link cd, * and netns:${TEST_PREFIX}x: refused: DomainNotFound: *" ctl pair "$A" "netns:${TEST_PREFIX}x" --name cd
	logs "SetMtu BY link ab, netns:$A/rport0 and netns:$B/rport0: changed" ctl set ab mtu 9000
	logs "SetUp BY port netns:$A/rport0 of link ab, whose peer is netns:$B/rport0: changed" ctl down "$A/rport0"
	logs "SetName BY link ab, *: changed" ctl set ab name new
	logs "Reconcile BY link new, *: unchanged" ctl reconcile new
	logs "SetFastPath BY link new, *: *" ctl set new fast-path on
	logs "CreatePort BY port netns:$C/p1: created" ctl create p1 in "$C"
	logs "CreatePort BY port netns:$C/p2: created" ctl create p2 in "$C"
	logs "SetParent BY link *, netns:$C/p1 and netns:$C/p2: changed" ctl parent p1 p2
	logs "SetParent BY link of netns:$C/p1 and netns:$A/rport0: refused: *" ctl parent p1 "$A/rport0"
	logs "DeleteParent BY port netns:$C/p1 of link *, whose peer is netns:$C/p2: changed" ctl unparent p1
	logs "DestroyPort BY port netns:$C/p1: done" ctl destroy p1
	logs "Unpair BY link new, netns:$A/rport0 and netns:$B/rport0: done" ctl unpair new
	logs "Unpair BY refused: LinkNotFound: *" ctl unpair new
	logs "DeleteFile BY refused: LinkNotFound: *" ctl delete-file new
	logs "Reload BY begun" ctl apply
	succeeds rportctl pair "$A" "$B" --name l1
	succeeds rportctl pair "$A" "$B" --name l2
	logs "UnpairSeveral BY link l2, netns:$A/rport1 and netns:$B/rport1: done" ctl unpair l1 l2
	logs "UnpairSeveral by *: link l1, netns:$A/rport0 and netns:$B/rport0: done" true
	# what only looks, or only says what would be done, is not logged
	lines=$(wc -l <"$RPORTD_LOG")
	succeeds rportctl pair "$A" "$B" --dry-run
	succeeds rportctl apply --dry-run
	succeeds rportctl list
	succeeds rportctl status
	assert_eq "$(wc -l <"$RPORTD_LOG")" "$lines" "lines of the log"
}

# call_by COMMAND...: a call that is refused, as this program has it
call_by() {
	printf '{"method":"org.rportd.Manager.Unpair","parameters":{"name":"none"}}\0' | "$@" unix-send --timeout 5000 "$SOCKET" >/dev/null
}

# a program calls itself what it likes
test_names_of_programs() {
	local name=$'a): \e[1m\n(b'
	start_rportd
	cp "$TRAFFIC" "$name"
	call_by "./$name"
	grep -qF "(a_: \x1b[1m\x0a_b): refused: LinkNotFound" "$RPORTD_LOG" || fail "the log: $(<"$RPORTD_LOG")"
	cp "$TRAFFIC" a-name-longer-than-the-kernel-keeps
	call_by ./a-name-longer-than-the-kernel-keeps
	grep -qF '(a-name-longer-t): refused' "$RPORTD_LOG" || fail "the log: $(<"$RPORTD_LOG")"
}

# one that has ended has no name: the number may be that of another program by now
test_a_program_that_has_ended() {
	start_rportd
	freeze_rportd
	printf '{"method":"org.rportd.Manager.Unpair","parameters":{"name":"none"},"oneway":true}\0' | socat -u - "UNIX-CONNECT:$SOCKET"
	thaw_rportd
	eventually grep -qE 'Unpair by uid 0, pid [0-9]+ \(unknown\): refused' "$RPORTD_LOG"
}

# whoever may not change anything is logged, and cannot fill it
test_who_was_refused() {
	local i
	start_rportd
	for ((i = 0; i < 25; i++)); do
		run as_nobody unpair ab
		assert_eq "$RC" 5 "exit status for nobody"
	done
	grep -qE 'Unpair by uid 65534, pid [0-9]+ \(rportctl\): refused: PermissionDenied$' "$RPORTD_LOG" || fail "the log: $(<"$RPORTD_LOG")"
	[ "$(grep -c 'by uid 65534' "$RPORTD_LOG")" -le 20 ] || fail 'a line for each call'
	eventually grep -q 'messages were suppressed, of the kind: calls of a user who may not change anything' "$RPORTD_LOG"
}

run_tests "$@"
