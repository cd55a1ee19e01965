#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain alone
# The benchmark itself: that it measures, that it sees loss, and that nothing is left of it. What it says of this machine
# while tests run means nothing.
. "$(dirname "$0")/../lib.sh"

LOADGEN=$BUILD_DIR/tests/bench/loadgen
POLLSHUTTLE=$BUILD_DIR/tests/bench/pollshuttle

# bench COMMAND...: in front of bench.sh, with names that end_test finds
bench() {
	BENCH_PREFIX=${TEST_PREFIX}b- BENCH_OUT=$TEST_TMP/out "$@" bash "$TESTS_DIR/bench/bench.sh"
}

# nothing_left: no namespaces, and no processes, which all have a namespace or a directory of the benchmark in their arguments
nothing_left() {
	[ -z "$(ns_list)" ] && ! pgrep -f "${TEST_PREFIX}b-|$TEST_TMP/rport-bench" && ! compgen -G "$TEST_TMP/rport-bench.*"
}

# well_formed FILE: every line is one element, closed; more is known where there is xmllint
well_formed() {
	local odd
	assert_match "$(head -n 1 "$1")" '<svg *>' "first line"
	assert_eq "$(tail -n 1 "$1")" '</svg>' "last line"
	odd=$(sed '1d; $d' "$1" | grep -vE '^<(rect|line)( [a-z0-9-]+="[^"<>&]*")+/>$|^<text( [a-z0-9-]+="[^"<>&]*")+>[^<>]*</text>$' || true)
	assert_eq "$odd" '' "other lines"
	! command -v xmllint >/dev/null || succeeds xmllint --noout "$1"
}

test_smoke() {
	local results
	TMPDIR=$TEST_TMP bench env BENCH=smoke >bench.log 2>&1 || fail "status $?: $(<bench.log)"
	results=$(<out/results.json)
	assert_json "$results" '.failed == [] and .rounds == 1'
	assert_json "$results" '.rivals | index("veth") == 0 and index("poll") and index("epoll")'
	assert_json "$results" '[.summary[].title] | length == 7'
	# each rival has a ratio wherever there is one to have; that of busy polling is in round trips, and what they cost;
	# what rportd costs is nothing on the fast path
	assert_json "$results" 'all(.summary[] | select(.kind == "rtt" or .kind == "load") | .cases[].rivals["uring-batch-busy"]; .ratio.median > 0)'
	assert_json "$results" 'all(.summary[] | select(.base == "veth") | .cases[].rivals | del(."uring-batch-busy")[]; .ratio.median > 0)'
	assert_json "$results" 'all(.summary[] | select(.base == "poll") | .cases[].rivals | del(.veth, .fast, ."uring-batch-busy")[]; .ratio.median > 0)'
	assert_json "$results" 'all(.summary[] | select(.base == "veth") | .cases[]; .rivals.veth.ratio.median == 1)'
	assert_json "$results" '[.reordered, .duplicated | .[]] | add == 0'
	assert_json "$results" '.limits | .two_copy_gbps.median > 0 and .two_copy_gbps.median < .tun_read_gbps.median'
	assert_match "$(<out/table.txt)" '*TCP*veth*epoll*2 streams, MTU 1500 *Two-copy limit*' table
	assert_match "$(<out/results.md)" '*TCP*| 2 streams, MTU 1500 |*Reordered: 0. Duplicated: 0.' "tables for the documentation"
	well_formed out/chart.svg
	nothing_left || fail "something is left: $(ns_list)"
}

test_scale_smoke() {
	local results
	BENCH_PREFIX=${TEST_PREFIX}b- BENCH_OUT=$TEST_TMP/out BENCH=smoke TMPDIR=$TEST_TMP \
		bash "$TESTS_DIR/bench/scale.sh" >bench.log 2>&1 || fail "status $?: $(<bench.log)"
	results=$(<out/scale.json)
	assert_json "$results" '[.layouts[] | .links, .namespaces] == [12, 2, 12, 3]'
	assert_json "$results" 'all(.layouts[]; .pair_first_ms > 0 and .two_moves_before_ms > 0 and .unpair_all_ms > 0 and .list_ms > 0)'
	assert_json "$results" 'all(.layouts[].traffic[]; .ratio > 0)'
	assert_match "$(<out/scale.txt)" '12 links in 2 namespaces*12 links in 3 namespaces*12 links of files*' table
	assert_json "$results" '.ends | .links == 12 and .start_ms > 0 and .reload_ms > 0 and .end_ms > 0 and .namespace_ms > 0'
	nothing_left || fail "something is left: $(ns_list)"
}

test_ended_by_hand() {
	local status=0 pid
	TMPDIR=$TEST_TMP bench exec env BENCH=quick >bench.log 2>&1 &
	pid=$!
	until ip -n "${TEST_PREFIX}b-epoll-b" link show bench0 >/dev/null 2>&1; do # the last of many
		! process_over "$pid" || fail "it ended by itself: $(<bench.log)"
		sleep 0.1
	done
	kill -TERM "$pid"
	wait "$pid" || status=$?
	assert_eq "$status" 130 "exit status"
	eventually nothing_left
	[ ! -e out ] || fail "there are results"
}

# a shuttle that stands still for a moment, and a queue that is too short for that
test_generator_sees_loss() {
	local pid
	ns_add A B
	"$POLLSHUTTLE" "$A" bench0 "$B" bench0 &
	pid=$!
	eventually ip -n "$B" link show bench0
	ip -n "$A" link set bench0 up txqueuelen 10
	ip -n "$B" link set bench0 up
	ip -n "$A" addr add 10.77.0.1/24 dev bench0
	ip -n "$B" addr add 10.77.0.2/24 dev bench0
	ping_ok "$A" 10.77.0.2
	kill -STOP "$pid"
	"$LOADGEN" udp --from "$A" --to "$B" --address 10.77.0.2 --rate 1000 --seconds 1 >udp.json &
	SPAWN_PID=$!
	sleep 0.5
	kill -CONT "$pid"
	wait "$SPAWN_PID"
	assert_json "$(<udp.json)" '.lost > 100 and .received >= 10 and .sent == .lost + .received and .reordered == 0 and .duplicated == 0'
	# and none where there is none
	ip -n "$A" link set bench0 txqueuelen 1000
	succeeds "$LOADGEN" udp --from "$A" --to "$B" --address 10.77.0.2 --rate 1000 --seconds 0.2 --pid "$pid"
	assert_json "$OUT" '.lost == 0 and .received == .sent and .sent > 100 and .cpu_ns_per_packet > 0'
	kill "$pid"
}

test_generator_refuses() {
	ns_add A
	run "$LOADGEN" udp --from "$A" --to "$A"
	assert_eq "$RC" 2 "status without an address"
	run "$LOADGEN" frob --from "$A" --to "$A" --address 127.0.0.1
	assert_eq "$RC" 2 "status of a command that is none"
	for option in rate=0 size=1473 size=8 seconds=x streams=0 precision=2; do
		run "$LOADGEN" udp --from "$A" --to "$A" --address 127.0.0.1 "--${option%=*}" "${option#*=}"
		assert_eq "$RC" 2 "status of $option"
	done
	run "$LOADGEN" udp --from "$A" --to "${A}x" --address 127.0.0.1
	assert_eq "$RC" 1 "status without a namespace"
	assert_match "$ERR" "*a socket in ${A}x*No such file*" message
}

run_tests "$@"
