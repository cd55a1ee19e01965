#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# Which data path is chosen, and what becomes of machines that have no io_uring. No pass with the fast path: no engine has a part in it.
. "$(dirname "$0")/../lib.sh"

# the tool, next to the other one
WITHOUT_URING=${TRAFFIC%/*}/without-uring

# forbid_uring: start_rportd starts one that cannot have it
forbid_uring() {
	printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$WITHOUT_URING" "$RPORTD" >"$TEST_TMP/rportd-without-uring"
	chmod +x "$TEST_TMP/rportd-without-uring"
	RPORTD=$TEST_TMP/rportd-without-uring
}

# datapath: of the link ab
datapath() {
	rportctl -j show ab | jq -r .datapath
}

# has_uring: does this machine have it? The kernel, a sysctl or the container that we are in may say no
has_uring() {
	[ -n "$HOME_NS" ] || ns_add HOME_NS
	(DATAPATH=uring-pending start_rportd && stop_rportd) >probe.log 2>&1
}

# wakeups: how often a worker of rportd has slept, in all; the other threads hear of what others do on this machine
wakeups() {
	cat /proc/"$(data_pid)"/task/*/status |
		awk '/^Name:/ { worker = $2 == "rportd-worker" } worker && /^voluntary_ctxt_switches/ { n += $2 } END { print n }'
}

# no_wakeups: nothing made it do anything for two seconds
no_wakeups() {
	local before
	before=$(wakeups)
	sleep 2
	[ "$(wakeups)" = "$before" ]
}

# quiet_namespaces: A and B without the chatter of IPv6
quiet_namespaces() {
	ns_add A B
	for ns in "$A" "$B"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	done
}

test_auto_does_without_io_uring() {
	DATAPATH=auto
	forbid_uring
	start_rportd
	ns_add A B
	pair_numbered
	assert_eq "$(datapath)" epoll "data path"
	assert_match "$(<"$RPORTD_LOG")" '*data path epoll (io_uring: Operation not permitted)*' "the log"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a -6
	tcp_transfer "$A" "$B" 192.168.0.1 $((64 * 1024 * 1024)) 1
	tcp_transfer "$B" "$A" fd00:ab::a $((64 * 1024 * 1024)) 2
	udp_exchange "$A" "$B" 192.168.0.1 --size 1400 --count 2000 --window 16
}

test_auto_prefers_io_uring() {
	DATAPATH=auto
	has_uring || skip cannot "no io_uring here"
	start_rportd
	ns_add A B
	pair_numbered
	assert_match "$(datapath)" 'uring-*' "data path"
	assert_no_match "$(<"$RPORTD_LOG")" '*io_uring:*' "the log"
}

test_uring_is_the_best_of_its_kind() {
	local best
	has_uring || skip cannot "no io_uring here"
	DATAPATH=auto start_rportd
	ns_add A B
	pair_numbered
	best=$(datapath)
	stop_rportd
	DATAPATH=uring start_rportd
	pair_numbered
	assert_eq "$(datapath)" "$best" "data path"
	ping_ok "$A" 192.168.0.1
}

test_epoll_when_asked_for() {
	DATAPATH=epoll
	start_rportd
	ns_add A B
	pair_numbered
	assert_eq "$(datapath)" epoll "data path"
	# it is what was wanted: there is nothing to explain
	assert_no_match "$(<"$RPORTD_LOG")" '*io_uring:*' "the log"
	ping_ok "$A" 192.168.0.1
}

test_io_uring_or_nothing() {
	for name in uring uring-pending; do
		run timeout 5 "$WITHOUT_URING" "$RPORTD" --socket "$TEST_TMP/s" --datapath "$name"
		assert_eq "$RC" 2 "status of rportd --datapath $name"
		assert_match "$ERR" '*io_uring*Operation not permitted*kernel.io_uring_disabled*--datapath=epoll*' message
		[ ! -e s ] || fail "a socket was made"
	done
	run timeout 5 "$RPORTD" --socket "$TEST_TMP/s" --datapath frob
	assert_eq "$RC" 1 "status of a name that is none"
	assert_match "$ERR" '*frob*auto*uring*epoll*' message
}

test_epoll_sleeps_when_idle() {
	local before
	DATAPATH=epoll
	start_rportd --workers 2
	quiet_namespaces
	for n in 1 2 3 4; do
		succeeds rportctl pair "$A" "$B" --name "l$n" --addresses "10.0.$n.1,10.0.$n.2"
		ping_ok "$A" "10.0.$n.2"
	done
	eventually no_wakeups
	# one port less, and nothing reads from it for ever
	ip -n "$B" link del rport0
	before=$(wakeups)
	ping_ok "$A" 10.0.2.2
	[ "$(wakeups)" -gt "$before" ] || fail "wake-ups are not counted"
	eventually no_wakeups
	# those that spin do not sleep, so they need another look
	rportd_idle || fail "rportd burns CPU time"
}

# a flood on one link, and another of the same worker that is answered soon nevertheless
test_epoll_is_fair() {
	local average
	DATAPATH=epoll
	start_rportd --workers 1
	quiet_namespaces
	for n in 1 2; do
		succeeds rportctl pair "$A" "$B" --name "l$n" --addresses "10.0.$n.1,10.0.$n.2"
	done
	spawn "$A" sent "$TRAFFIC" udp-send --size 64 --count 100000000 --timeout 40000 --ignore-errors 10.0.1.2 5000
	sleep 0.5
	succeeds in_ns "$A" ping -n -q -c 100 -i 0.01 -W 1 10.0.2.2
	kill -0 "$SPAWN_PID" || fail "the flood was over: $(<sent)"
	assert_match "$OUT" '*100 received*' "pings beside a flood"
	average=$(sed -n 's,^rtt min/avg/max/mdev = [^/]*/\([0-9]*\)\..*,\1,p' <<<"$OUT")
	[ "$average" -lt 100 ] || fail "beside a flood a ping takes $average ms"
	kill "$SPAWN_PID"
	eventually rportd_idle
}

run_tests "$@"
