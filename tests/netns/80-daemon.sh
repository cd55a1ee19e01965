#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# The daemon itself: how it starts and ends, and what clients may do to it.
. "$(dirname "$0")/../lib.sh"

test_sigterm_leaves_nothing() {
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl pair "$A" "$B" --name two
	succeeds rportctl pair default "$B" --name three
	spawn "$A" sent "$TRAFFIC" udp-send --count 100000 --rate 50000 --ignore-errors 192.168.0.1 5000
	stop_rportd # asserts the rest
	start_rportd
	assert_eq "$(rportctl -j list)" '[]' "links of the next one"
}

test_sigint() {
	start_rportd
	ns_add A B
	pair_numbered
	kill -INT "$RPORTD_PID"
	# a background process of a script may have SIGINT ignored, as rportd may have inherited it
	poll 1000 process_over "$RPORTD_PID" || skip cannot "SIGINT is ignored here"
	rportd_wait || fail "exit status"
	assert_no_ports
}

no_ports() {
	local ns
	for ns in $(ns_list); do
		[ -z "$(ports "$ns")" ] || return 1
	done
}

test_sigkill_leaves_no_interface() {
	start_rportd
	ns_add A B
	pair_numbered
	spawn "$A" sent "$TRAFFIC" udp-send --count 100000 --rate 50000 --ignore-errors 192.168.0.1 5000
	kill -KILL "$RPORTD_PID"
	eventually -t 2000 no_ports
	rportd_wait 2>/dev/null || true
	# the socket that is left is no hindrance
	start_rportd
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

# what root has, less what it does not need
test_gives_up_privileges() {
	local set task
	start_rportd
	for task in /proc/"$RPORTD_PID"/task/*; do
		# DAC_OVERRIDE (1), as root has it; what else is needed rportd-net has
		for set in CapPrm CapEff CapBnd; do
			assert_eq "$(sed -n "s/^$set:\t//p" "$task/status")" 0000000000000002 "$set"
		done
		assert_eq "$(sed -n 's/^NoNewPrivs:\t//p' "$task/status")" 1 NoNewPrivs
	done
}

# sets_are_empty SET...: these capability sets of all threads of rportd
sets_are_empty() {
	local set task
	for task in /proc/"$RPORTD_PID"/task/*; do
		for set; do
			assert_eq "$(sed -n "s/^$set:\t//p" "$task/status")" 0000000000000000 "$set of $task"
		done
	done
}

# with no more than is needed from the beginning, as ambient capabilities, as the service has it; and with securebits
test_gives_up_inherited_capabilities() {
	local caps=+net_admin,+sys_admin,+net_broadcast securebits
	ns_add HOME_NS
	for securebits in '' +noroot +noroot,+no_setuid_fixup,+noroot_locked,+no_setuid_fixup_locked; do
		# with securebits only ambient capabilities outlive execve(2), as with a user other than root
		spawn "$HOME_NS" log setpriv ${securebits:+--securebits "$securebits"} --inh-caps "$caps" --ambient-caps "$caps" \
			"$RPORTD" --socket "$TEST_TMP/socket" --config-path "$TEST_TMP/conf"
		RPORTD_PID=$SPAWN_PID
		eventually grep -q serving log
		sets_are_empty CapInh CapAmb
		kill -TERM "$RPORTD_PID"
		rportd_wait || fail 'exit status'
		: >log
	done
	# root without
	start_rportd
	sets_are_empty CapInh CapAmb
}

# without standard input, output and error, what is opened next has their numbers: never a device or a socket
test_closed_standard_descriptors() {
	local fd
	ns_add HOME_NS A B
	SOCKET=$TEST_TMP/socket
	nsenter --net=/run/netns/"$HOME_NS" "$RPORTD" --socket "$SOCKET" --config-path "$TEST_TMP/conf" --seccomp kill \
		<&- >&- 2>&- &
	RPORTD_PID=$!
	eventually rportctl list
	pair_numbered
	for fd in 0 1 2; do
		assert_eq "$(readlink "/proc/$RPORTD_PID/fd/$fd")" /dev/null "descriptor $fd"
	done
	ping_ok "$A" 192.168.0.1
	stop_rportd
}

# all threads, also those of namespaces, and also without a service manager
test_restricts_system_calls() {
	local task
	start_rportd --seccomp refuse
	for task in /proc/"$RPORTD_PID"/task/*; do
		assert_eq "$(sed -n 's/^Seccomp:\t//p' "$task/status")" 2 "Seccomp of $task"
	done
	stop_rportd
	start_rportd --seccomp off
	assert_eq "$(sed -n 's/^Seccomp:\t//p' "/proc/$RPORTD_PID/status")" "$(sed -n 's/^Seccomp:\t//p' /proc/self/status)" \
		"Seccomp without a filter"
}

test_second_instance_is_refused() {
	start_rportd
	ns_add A B
	pair_numbered
	run timeout 5 nsenter --net=/run/netns/"$HOME_NS" "$RPORTD" --socket "$SOCKET"
	case $RC in 0 | 124) fail "the second instance: status $RC" ;; esac
	assert_match "$ERR" "*$SOCKET*" "its message"
	succeeds rportctl exists ab
	ping_ok "$A" 192.168.0.1
}

test_socket_that_cannot_be() {
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/no/such/dir/socket"
	assert_eq "$RC" 2 "status"
	assert_match "$ERR" '*no/such/dir*' message
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/$(printf 'x%.0s' {1..200})"
	assert_eq "$RC" 2 "status with a path that is too long"
	# a file that is no socket is not ours to remove
	echo precious >file
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/file"
	assert_eq "$RC" 2 "status with a file in the way"
	assert_eq "$(<file)" precious "the file"
}

# foreign_directory: "theirs", of nobody, with a socket to be
foreign_directory() {
	install -d -o 65534 -g 65534 theirs
	chmod 755 .
	echo secret >secret
	chmod 600 secret
}

as_owner() {
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

# while a start is between bind(2) and what follows, the owner of the directory puts a link in place of the socket
test_socket_is_exchanged_for_a_link() {
	local pid status=0
	command -v strace >/dev/null || skip could 'strace is missing'
	ns_add HOME_NS
	foreign_directory
	ASAN_OPTIONS=detect_leaks=0 spawn "$HOME_NS" out strace -o trace -e trace=bind -e inject=bind:delay_exit=1000000 \
		"$RPORTD" --socket "$TEST_TMP/theirs/socket" --config-path "$TEST_TMP/conf" --workers 1
	pid=$SPAWN_PID
	# who waits with all that is needed is in time on a busy machine, too
	as_owner ln -s ../secret theirs/link
	as_owner timeout $((STEP_MS / 1000)) bash -c 'until [ -S theirs/socket ]; do sleep 0.02; done; exec mv -T theirs/link theirs/socket' || {
		pkill -KILL -P "$pid" || true # a tracer that ends leaves it running
		skip cannot "strace does not run rportd here: $(<out)"
	}
	poll "$STEP_MS" process_over "$pid" || kill "$pid"
	wait "$pid" || status=$?
	assert_eq "$(stat -c '%a %U' secret)" '600 root' 'the file that the link means'
	assert_eq "$(<secret)" secret 'the file that the link means'
	assert_eq "$status" 2 "exit status: $(<out)"
	[ -L theirs/socket ] || fail 'the link was removed'
}

# what the owner of the directory puts in the places of the socket and of its lock is not ours to remove, nor where the
# directory's name leads later
test_socket_is_exchanged_while_serving() {
	foreign_directory
	mkdir other
	touch other/socket other/socket.lock
	ns_add HOME_NS
	spawn "$HOME_NS" log "$RPORTD" --socket "$TEST_TMP/theirs/socket" --config-path "$TEST_TMP/conf"
	RPORTD_PID=$SPAWN_PID
	eventually grep -q serving log
	mv theirs moved
	ln -s other theirs
	kill -TERM "$RPORTD_PID"
	rportd_wait || fail 'exit status'
	assert_eq "$(cd other && echo *)" 'socket socket.lock' 'files of another directory'
	assert_eq "$(ls moved)" '' 'files left in the directory'
}

test_lock_that_is_a_link() {
	foreign_directory
	: >empty
	as_owner ln -s ../empty theirs/socket.lock
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/theirs/socket"
	assert_eq "$RC" 2 'status'
	assert_match "$ERR" '*socket.lock*' message
	rm theirs/socket.lock
	ln empty theirs/socket.lock
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/theirs/socket"
	assert_eq "$RC" 2 'status with a hard link'
	rm theirs/socket.lock
	mkfifo theirs/socket.lock
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/theirs/socket"
	assert_eq "$RC" 2 'status with a FIFO'
}

test_options() {
	run "$RPORTD" --help
	assert_eq "$RC" 0 "status of --help"
	assert_match "$OUT" '*--socket*' help
	run "$RPORTD" --version
	assert_eq "$RC" 0 "status of --version"
	for bad in --frob --workers=0 --workers=x --workers=100000 --log-level=loud extra; do
		run timeout 5 "$RPORTD" --socket "$TEST_TMP/s" "$bad"
		assert_eq "$RC" 1 "status of rportd $bad"
		[ -n "$ERR" ] || fail "rportd $bad: no message"
	done
}

test_workers() {
	start_rportd --workers 2
	ns_add A B
	for n in 1 2 3 4; do
		succeeds rportctl pair "$A" "$B" --name "l$n" --addresses "10.0.$n.1,10.0.$n.2"
	done
	assert_json "$(rportctl -j list)" '[.[].workers[]] | unique | length == 2' "links are spread"
	for n in 1 2 3 4; do
		ping_ok "$A" "10.0.$n.2"
	done
}

test_garbage() {
	start_rportd
	ns_add A B
	pair_numbered
	# what is not JSON, not an object, too deep, too long, or ends in the middle
	head -c 100000 /dev/urandom | traffic "$HOME_NS" unix-send --timeout 5000 "$SOCKET" || true
	for bytes in 'garbage\0' '\0' '\0\0\0\0' '[]\0' '1\0' 'null\0' '{"method"' '{"method":1}\0' '{}\0' '{"method":null}\0' \
		'{"method":"a","method":"b"}\0' '{"method":"\xff\xfe"}\0' '{"method":""}\0' '{"method":"x"}\0' '{"method":"."}\0' \
		'{"method":"org.rportd.Manager."}\0' '{"method":"org.rportd.Manager.Pair","parameters":[]}\0' \
		'{"method":"org.rportd.Manager.Pair","parameters":{"a":1,"b":2}}\0' \
		'{"method":"org.rportd.Manager.Pair","parameters":{"a":{},"b":{}}}\0' \
		'{"method":"org.rportd.Manager.Show","parameters":{"name":{}}}\0' \
		'{"method":"org.rportd.Manager.Show"}\0'; do
		# shellcheck disable=SC2059 # a format is what it is
		printf "$bytes" | "$TRAFFIC" unix-send --timeout 5000 "$SOCKET" >reply ||
			fail "rportd neither answers nor closes after $bytes"
		echo "$bytes: $(tr '\0' '\n' <reply)"
		rportd_alive || fail "rportd ended after $bytes"
	done
	printf '[%.0s' {1..5000} | "$TRAFFIC" unix-send --timeout 5000 "$SOCKET" || fail "no end after many brackets"
	{ printf '{"method":"'; head -c 70000 /dev/zero | tr '\0' x; printf '"}\0'; } |
		"$TRAFFIC" unix-send --timeout 5000 "$SOCKET" || true
	succeeds rportctl exists ab
	ping_ok "$A" 192.168.0.1
}

test_varlink_standard() {
	local replies
	start_rportd
	replies=$(varlink '{"method":"org.varlink.service.GetInfo"}' \
		'{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.rportd.Manager"}}' \
		'{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"no.such"}}' \
		'{"method":"org.rportd.Manager.NoSuch"}' '{"method":"no.such.Thing"}' \
		'{"method":"org.rportd.Manager.Show","parameters":{"name":7}}' \
		'{"method":"org.rportd.Manager.List","oneway":true}' '{"method":"org.rportd.Manager.List"}' | jq -s -c .)
	assert_json "$replies" 'length == 7' "replies, none to a oneway call"
	assert_json "$replies" '.[0].parameters | (.interfaces | contains(["org.rportd.Manager"])) and has("vendor") and
		has("product") and has("version") and has("url")'
	assert_eq "$(jq -r '.[1].parameters.description' <<<"$replies")" "$(<"$TOP_DIR/src/api/org.rportd.Manager.varlink")" \
		"the description that is served"
	assert_json "$replies" '.[2].error == "org.varlink.service.InterfaceNotFound"'
	assert_json "$replies" '.[3].error == "org.varlink.service.MethodNotFound"'
	assert_json "$replies" '.[4].error == "org.varlink.service.InterfaceNotFound"'
	assert_json "$replies" '.[5].error == "org.varlink.service.InvalidParameter"'
	assert_json "$replies" '.[6].parameters.links == []'
}

test_many_connections() {
	start_rportd
	ns_add A B
	pair_numbered
	# nobody in particular opens as many as it can: root still gets its answers
	spawn "$HOME_NS" hold setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$TRAFFIC" unix-hold --count 2000 --idle 3000 "$SOCKET"
	sleep 0.5
	for _ in 1 2 3; do
		succeeds timeout 2 "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" list
	done
	ping_ok "$A" 192.168.0.1
	wait "$SPAWN_PID" || fail "$(<hold)"
	[ "$(value hold closed)" -gt 0 ] || [ "$(value hold refused)" -gt 0 ] || fail "no limit for one user: $(<hold)"
	eventually rportd_idle
}

test_many_connections_of_root() {
	local before
	start_rportd
	before=$(rportd_fds)
	for _ in 1 2 3; do
		succeeds traffic "$HOME_NS" unix-hold --count 3000 --idle 300 "$SOCKET"
	done
	rportd_alive
	# when they are gone, all is as before
	eventually rportctl list
	eventually fds_at_most "$before"
}

test_clients_that_do_not_read() {
	local pids=()
	start_rportd
	ns_add A B
	pair_numbered
	for _ in 1 2 3 4; do
		# calls without end, replies that nobody takes
		timeout 3 socat -u SYSTEM:'while printf "{\"method\":\"org.rportd.Manager.List\"}\\0"; do :; done 2>/dev/null' \
			UNIX-CONNECT:"$SOCKET" &
		pids+=($!)
	done
	for _ in 1 2 3 4 5; do
		succeeds timeout 2 "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" list
		sleep 0.2
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || true
	done
	rportd_alive
	eventually rportd_idle
}

test_nothing_leaks() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl unpair ab
	before=$(rportd_fds)
	for _ in {1..30}; do
		rportctl -q pair "$A" "$B" --name ab
		rportctl -q unpair ab
	done
	eventually fds_at_most "$before"
	assert_no_ports
}

test_many_links() {
	local n started
	start_rportd --workers 2
	ns_add A B
	started=$(now_ms)
	for n in {1..60}; do
		rportctl -q pair "$A" "$B" --name "l$n" --addresses "10.1.$n.1,10.1.$n.2"
	done
	echo "60 links took $(($(now_ms) - started)) ms"
	assert_eq "$(rportctl -j list | jq length)" 60 "links"
	for n in 1 30 60; do
		ping_ok "$A" "10.1.$n.2"
	done
	eventually rportd_idle
}

run_tests "$@"
