#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# The owner of a namespace opens the interface of a port there, too: only one with several queues lets him. That device is lost
# to its link, and what other links carry is not for him (see tests/unit/test_intruder.c).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

MARK=77 # a group of interfaces: an interface that was made again is not in it

with_queues() {
	ns_add A B
	pair_numbered --queues "$1"
	eventually both_carry
	ip -n "$A" link set rport0 group "$MARK"
}

# is_marked, as a condition: the interface in A is still the same
is_marked() {
	ip -n "$A" -j link show group "$MARK" | jq -e 'any(.[]; .ifname == "rport0")'
}

is_made_again() {
	! is_marked && both_carry
}

# is_set_up_again, as a condition: the same, with an interface that was down
is_set_up_again() {
	! is_marked && ip -n "$A" link set rport0 up && both_carry
}

# intrude CHANGE VALUE: in A; a second later the queue is closed again
intrude() {
	traffic "$A" queue --size "$2" rport0 "$1"
}

# device_is_lost REASON [CONDITION]: the log says it, the port has another device, and packets cross
device_is_lost() {
	eventually grep -qE "port netns:$A/rport0: .* -> pending: another process $1" "$RPORTD_LOG"
	eventually "${2:-is_made_again}"
	ping_ok "$A" 192.168.0.1
}

test_one_queue_cannot_be_opened() {
	start_rportd
	with_queues 1
	run intrude open 1
	[ "$RC" != 0 ] || fail "the interface of a link with one queue was opened"
	assert_match "$ERR" '*TUNSETIFF*' "what was refused"
	ip -n "$A" link set rport0 down
	run intrude header 64
	[ "$RC" != 0 ] || fail "the same while it is down"
	ip -n "$A" link set rport0 up
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	is_marked >/dev/null || fail "the interface is another one"
}

test_queue_is_opened() {
	local pid
	start_rportd
	with_queues 2
	spawn "$A" queue.out "$TRAFFIC" queue --idle 100000 rport0 open
	pid=$SPAWN_PID
	device_is_lost 'opened a queue of its interface'
	kill "$pid" 2>/dev/null || true # it ended by itself if rportd was faster
}

test_changed_while_it_is_up() {
	start_rportd
	with_queues 2
	run intrude header 64 # fails where rportd is faster, and has removed the device
	device_is_lost ''
}

# lost_after_change CHANGE VALUE REASON: the kernel tells nothing of a device that is down, which is looked at as it comes up, or
# when something else has it looked at, perhaps while the queue is open: then the change may come too late
lost_after_change() {
	start_rportd
	with_queues 2
	ip -n "$A" link set rport0 down
	eventually port_is ab a .state down
	run intrude "$1" "$2"
	ip -n "$A" link set rport0 up || true
	device_is_lost "($3|opened a queue of its interface)" is_set_up_again
}

test_header_is_changed() {
	lost_after_change header 64 'changed how packets pass its interface'
}

test_send_buffer_is_changed() {
	lost_after_change send-buffer 1 'changed how packets pass its interface'
}

test_persistent_device() {
	lost_after_change persist 1 'made its interface persistent or gave it an owner'
	succeeds rportctl unpair ab
	assert_eq "$(ip -n "$A" -j link | jq -r '.[].ifname' | tr '\n' ' ')" 'lo ' "interfaces of A"
}

# somebody makes the device persistent and renames it as it is removed: here every message to the kernel fails
test_persistent_device_goes_with_its_link() {
	local pid tracer
	start_rportd
	with_queues 2
	pid=$(net_pid)
	ip -n "$A" link set rport0 down
	eventually port_is ab a .state down
	succeeds intrude persist 1
	strace -f -o trace -p "$pid" -e trace=sendmsg -e inject=sendmsg:error=EPERM 2>strace.err &
	tracer=$!
	poll 3000 grep -q attached strace.err || skip cannot "strace cannot attach: $(<strace.err)"
	run rportctl unpair ab
	kill "$tracer"
	wait "$tracer" || true
	grep -q INJECTED trace || fail "nothing was made to fail"
	eventually no_ports "$A"
}

# no_ports NAMESPACE, as a condition
no_ports() {
	[ "$(ip -n "$1" -j link | jq -r '.[].ifname' | xargs)" = lo ]
}

test_owned_device() {
	lost_after_change owner 1000 'made its interface persistent or gave it an owner'
}

test_changed_while_rportd_is_away() {
	start_kept_rportd --delay never
	with_queues 2
	kill_rportd_only
	succeeds intrude header 64
	is_marked >/dev/null || fail "the interface is another one"
	restart_rportd
	eventually is_made_again
	ping_ok "$A" 192.168.0.1
}

# Of a short frame with a VLAN tag the kernel reports four bytes that it does not write. They are those of nobody else.
test_short_tagged_frames() {
	local frame=4500000102030405
	start_rportd --workers 1
	ns_add C D
	succeeds rportctl pair "$C" "$D" --name other --addresses 10.0.0.1,10.0.0.2
	with_queues 1
	succeeds in_ns "$A" tc qdisc add dev rport0 clsact
	in_ns "$A" tc filter add dev rport0 egress matchall action vlan push id 5 2>/dev/null ||
		skip cannot 'this kernel cannot tag packets (act_vlan)'
	ping_ok "$C" 10.0.0.2 -s 1000 -p 5a
	listener "$B" frames frame-listen --timeout 20000 rport0 0003
	succeeds traffic "$A" frame rport0 0800 "$frame"
	wait "$SPAWN_PID"
	assert_match "$(<frames)" "*${frame}00000000*" "what came"
}

# A kernel that does not tell of changes is not trusted with several queues, unless it is asked for.
test_kernel_that_does_not_tell() {
	local queues=${TRAFFIC%/*}/without-uring
	printf '#!/bin/sh\nexec "%s" --queues "%s" "$@"\n' "$queues" "$RPORTD" >"$TEST_TMP/rportd-unwatched"
	chmod +x "$TEST_TMP/rportd-unwatched"
	RPORTD=$TEST_TMP/rportd-unwatched
	start_rportd
	ns_add A B
	remember_world
	refuses 2 '*does not tell when somebody opens a queue*--unwatched-queues*' rportctl pair "$A" "$B" --queues 2
	pair_numbered
	ping_ok "$A" 192.168.0.1
	stop_rportd
	start_rportd --unwatched-queues
	pair_numbered --queues 2
	ping_ok "$A" 192.168.0.1
}

run_tests "$@"
