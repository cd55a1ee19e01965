#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# rportctl monitor: whatever happens at once, how it is printed, how it ends, and those who do not read.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../monitor.sh"

OUTPUT_MAX_KB=4096 # may wait for a monitor that does not read

# --- without gaps ----------------------------------------------------------------------------------------------------

# any WORD...: one of them; the generator's state must not end with a subshell: in ANY
any() {
	local i=$((RANDOM % $# + 1))
	ANY=${!i}
}

# any_namespace: C comes and goes
any_namespace() {
	any "$A" "$B" "$C"
}

# any_port: one that has been created, perhaps
any_port() {
	any_namespace
	local ns=$ANY
	any p0 p1
	ANY=netns:$ns/$ANY
}

# toggle_c: takes it away, or brings it back
toggle_c() {
	if [ -e "/run/netns/$C" ]; then
		ip netns del "$C"
	else
		ip netns add "$C"
	fi
}

# by_another NAMESPACE NUMBER: what others do to an interface. Two ports of one name would be one to the events: so each
# new name is another one, and only ports of links, which bring their names with them, are renamed.
by_another() {
	local device mtu devices
	devices=$(ports "$1" | grep '^[lx]' || true)
	[ -n "$devices" ] || return 0
	any 1500 1400 9000
	mtu=$ANY
	# shellcheck disable=SC2086 # words
	any $devices
	device=$ANY
	any up down mtu name name flush gone
	echo "$ANY $device $mtu"
	case $ANY in
	up | down) ip -n "$1" link set "$device" "$ANY" ;;
	mtu) ip -n "$1" link set "$device" mtu "$mtu" ;;
	name) ip -n "$1" link set "$device" name "x$2" ;;
	flush) ip -n "$1" addr flush dev "$device" ;;
	gone) ip -n "$1" link del "$device" ;;
	esac
}

# one_operation NUMBER: something, which may be refused; what was done is in the log
one_operation() {
	local first second mtu link what
	any_port
	first=$ANY
	any_port
	second=$ANY
	any 1500 9000 32768
	mtu=$ANY
	any l0 l1 l2
	link=$ANY
	any pair pair pair replace unpair create create destroy up down set set parent parent unparent reconcile another \
		another another another another c c
	what=$ANY
	set -- "${first%/*}" "${second%/*}" "$1"
	echo "operation $3: $what $first $second $link $mtu"
	case $what in
	pair) set -- pair "$1" "$2" --allow-pending --addresses 10.0.0.1,10.0.0.2 ;;
	replace) set -- pair "$1" "$2" --replace ;;
	unpair | reconcile) rportctl "$what" "$link" || true ;;
	create) rportctl create "${first##*/}" in "$1" || true ;;
	destroy | up | down | unparent) rportctl "$what" "$first" || true ;;
	set) rportctl set "$link" mtu "$mtu" || true ;;
	parent) rportctl parent "$first" "$second" || true ;;
	another)
		[ -e "/run/netns/$C" ] || toggle_c
		by_another "${1#netns:}" "$3" || true
		;;
	c) toggle_c ;;
	esac
	[ "$1" != pair ] || rportctl "$@" --name "$link" --a-name "${link}a" --b-name "${link}b" --mtu "$mtu" || true
} 2>&1

test_replaying_random_changes() {
	local seed=${SEED:-$((EPOCHSECONDS % 32768))} i
	echo "seed: $seed"
	RANDOM=$seed
	start_rportd
	ns_add A B C
	start_monitor first -j
	start_monitor second -j
	for ((i = 0; i < ${OPERATIONS:-120}; i++)); do
		one_operation "$i"
		[ "$i" != 50 ] || start_monitor later -j
	done
	rportd_alive || fail "rportd ended"
	[ "$(wc -l <first)" -ge 100 ] || fail "there are few events: $(wc -l <first)"
	# ports that are held back may return meanwhile
	assert_replay first second later
	# and they were told the same
	eventually cmp <(tail -n +2 first) <(tail -n +2 second)
	assert_eq "$(tail -n +2 later)" "$(tail -n "$(($(wc -l <later) - 1))" first)" "events of one that came later"
}

# --- how it is printed -----------------------------------------------------------------------------------------------

# text_told REGEX: a line of the text form that matches it as a whole, behind the time
text_told() {
	poll "$STEP_MS" grep -qxE "[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3} $1" text || fail "no line '$1':
$(<text)"
}

test_text() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl pair "$A" netns:missing --allow-pending --name waits
	start_monitor text
	assert_eq "$(<text)" "link ab up
link waits pending
port netns:$A/wan0 down" "the first lines"
	succeeds rportctl down "netns:$A/rport0"
	text_told "port netns:$A/rport0 changed: state down, carrier no"
	text_told "link ab changed: state degraded"
	text_told "port netns:$B/rport0 changed: carrier no"
	succeeds rportctl set wan0 mtu 1500
	text_told "port netns:$A/wan0 changed: mtu 1500"
	succeeds rportctl destroy wan0
	text_told "port netns:$A/wan0 removed"
	succeeds rportctl create wan1 in "$A"
	text_told "port netns:$A/wan1 added: state down"
	ip netns del "$B"
	text_told "port netns:$B/rport0 changed: .*state pending \\(.+\\), losses 1.*"
	text_told "link ab changed: state pending, workers -"
	succeeds rportctl unpair ab
	text_told "link ab removed"
	succeeds rportctl pair "$A" "$A" --name aa
	text_told "link aa added: state (up|degraded)"
	assert_no_match "$(<text)" $'*\e*' "colours in a file"
}

test_options() {
	start_rportd
	ns_add A
	refused 1 '*' rportctl monitor ab
	refused 1 '*' rportctl monitor --frob
	succeeds rportctl create wan0 in "$A"
	# -p has no effect: one object a line
	start_monitor events -j -p
	mark
	succeeds rportctl set wan0 mtu 1500
	told '.event == "portChanged"'
	assert_eq "$(wc -l <events)" 2 "lines with -p"
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -q monitor >quiet 2>&1 &
	succeeds rportctl set wan0 mtu 9000
	settle
	assert_eq "$(<quiet)" '' "with -q"
}

# each line is written at once, though it is a pipe
test_flushed_at_once() {
	start_rportd
	ns_add A
	mkfifo pipe
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor >pipe 2>pipe.err &
	exec 8<pipe
	IFS= read -r -t 5 -u 8 LINE || fail "no snapshot"
	assert_json "$LINE" '.event == "snapshot"'
	for i in 1 2 3; do
		succeeds rportctl create "wan$i" in "$A"
		IFS= read -r -t 5 -u 8 LINE || fail "no line of wan$i"
		assert_json "$LINE" ".event == \"portAdded\" and .port.interface == \"wan$i\""
	done
	exec 8<&-
}

# --- how it ends -----------------------------------------------------------------------------------------------------

test_daemon_that_ends_is_said() {
	local status signal
	for signal in TERM KILL; do
		start_rportd
		start_monitor events -j
		kill "-$signal" "$RPORTD_PID"
		rportd_wait 2>/dev/null || true
		within 2000 process_over "$MONITOR_PID" || fail "the monitor goes on after SIG$signal"
		status=0
		wait "$MONITOR_PID" || status=$?
		assert_eq "$status" 4 "exit status after SIG$signal"
		assert_match "$(<events.err)" 'rportctl: rportd went away*' "message"
		assert_eq "$(wc -l <events)" 1 "lines"
	done
	refused 4 'rportctl: cannot connect to *' rportctl monitor
}

test_closed_output_ends_it() {
	start_rportd
	ns_add A
	(
		"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor 2>closed.err | head -n 1 >first || true
	) &
	eventually test -s first
	# it is noticed when there is something to write
	succeeds rportctl create wan0 in "$A"
	within 2000 process_over $! || fail "it goes on"
	assert_eq "$(jq -r .event first)" snapshot "the line"
	assert_eq "$(<closed.err)" '' "what it says"
	eventually fds_at_most "$(rportd_fds)"
	refused 2 'rportctl: cannot write the output: No space left on device' output_to_full
}

output_to_full() {
	timeout 5 "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" monitor -j >/dev/full
}

test_client_that_is_killed_frees_everything() {
	local before i pids=()
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl list
	sleep 0.1
	before=$(rportd_fds)
	for i in 1 2 3 4 5; do
		start_monitor "m$i" -j
		pids+=("$MONITOR_PID")
	done
	assert_eq "$(rportd_fds)" $((before + 5)) "descriptors with 5 monitors"
	kill -KILL "${pids[@]}"
	eventually fds_at_most "$before"
	# nothing has to happen for that; and what happens reaches those who come later
	start_monitor events -j
	succeeds rportctl set ab mtu 1500
	assert_replay events
}

# --- one that does not read ------------------------------------------------------------------------------------------

# many_changes N: of the MTU, by one client
many_changes() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf '{"method":"org.rportd.Manager.SetMtu","parameters":{"name":"ab","mtu":%d}}\0' $((1500 + i % 2))
	done | socat -t 10 - UNIX-CONNECT:"$SOCKET" | tr '\0' '\n' | grep -c '"changed": *true'
}

rss_kb() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$RPORTD_PID/status"
}

was_dropped() {
	[ "$(grep -c 'does not read what it asked for' "$RPORTD_LOG")" = "$1" ]
}

test_reader_that_does_not_read_is_dropped() {
	# what is freed is to be free, with a sanitizer, too
	export ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1
	local before fds status i stopped blocked
	watch_all
	pair_numbered
	settle
	fds=$(rportd_fds)
	start_monitor stopped -j
	stopped=$MONITOR_PID
	kill -STOP "$stopped"
	# and one that cannot write: nobody reads the pipe
	mkfifo pipe
	exec 8<>pipe
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor >pipe 2>pipe.err &
	blocked=$!
	eventually fds_at_least $((fds + 2))
	before=$(rss_kb)
	for ((i = 0; i < 10; i++)); do
		assert_eq "$(many_changes 200)" 200 "changes"
		succeeds rportctl -j list
		[ $(($(rss_kb) - before)) -le $((2 * OUTPUT_MAX_KB + 16384)) ] || fail "rportd has $(rss_kb) KB, before $before KB"
		! was_dropped 2 || break
	done
	echo "after $(((i + 1) * 200)) changes, $(wc -c <events) bytes of events: $before KB, then $(rss_kb) KB"
	was_dropped 2 || fail "not both were dropped"
	[ "$(wc -c <events)" -ge $((OUTPUT_MAX_KB * 1024)) ] || fail "they were dropped too early"
	eventually fds_at_most "$fds"
	# what they had is given back, and others have not noticed anything
	assert_replay events
	assert_eq "$(<events.err)" '' "what the other one says"
	kill -CONT "$stopped"
	cat <&8 >/dev/null &
	for i in "$stopped:stopped" "$blocked:pipe"; do
		within 5000 process_over "${i%:*}" || fail "${i#*:}: it goes on"
		status=0
		wait "${i%:*}" || status=$?
		assert_eq "$status" 4 "exit status of ${i#*:}"
		assert_match "$(<"${i#*:}.err")" 'rportctl: *dropped this client*' "message of ${i#*:}"
	done
	exec 8<&-
}

fds_at_least() {
	[ "$(rportd_fds)" -ge "$1" ]
}

# a pause is no reason
test_reader_that_reads_later_misses_nothing() {
	watch_all
	pair_numbered
	settle
	kill -STOP "$MONITOR_PID"
	assert_eq "$(many_changes 300)" 300 "changes"
	kill -CONT "$MONITOR_PID"
	settle
	assert_eq "$(tail -n +$((MARK + 1)) events | jq -s 'map(select(.event == "linkChanged" and .changes == ["mtu"])) | length')" \
		300 "changes of the link"
	assert_replay events
}

run_tests "$@"
