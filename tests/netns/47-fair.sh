#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain alone
# Links beside others: one that is flooded does not starve another one of the same worker; load is evened out over workers;
# busy polling costs nothing when there is nothing to do. No pass with the fast path, on which senders do it all, and no worker.
. "$(dirname "$0")/../lib.sh"

LOADGEN=$BUILD_DIR/tests/bench/loadgen
ENGINES=(uring-batch uring-pending epoll)
[ "$DATAPATH" = auto ] || ENGINES=("$DATAPATH")

# two_links OPTION...: l1 and l2 between A and B, without the chatter of IPv6
two_links() {
	local n
	start_rportd "$@"
	ns_add A B
	for ns in "$A" "$B"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	done
	for n in 1 2; do
		succeeds rportctl pair "$A" "$B" --name "l$n" --addresses "10.0.$n.1,10.0.$n.2"
		ping_ok "$A" "10.0.$n.2"
	done
}

# has_engine NAME: does this kernel, and what we are run in, have it?
has_engine() {
	[ -n "$HOME_NS" ] || ns_add HOME_NS
	(DATAPATH=$1 start_rportd && stop_rportd) >probe.log 2>&1
}

# load COMMAND ARGUMENT...: of loadgen, over l2
load() {
	succeeds "$LOADGEN" "$1" --from "$A" --to "$B" --address 10.0.2.2 --size 64 --seconds 1 "${@:2}"
	jq -c 'del(.processes?)' <<<"$OUT" >>load.log
}

# served_well: nothing is lost at less than 10,000 packets a second, and no more than one answer in a hundred takes 5 ms
served_well() {
	load udp --rate 9500 &&
		jq -e '.sent > 5000 and .lost == 0 and .reordered == 0 and .duplicated == 0' <<<"$OUT" &&
		load rtt &&
		jq -e ".trips > 100 and .p99_us < $(limit 5) * 1000" <<<"$OUT"
}

# One flood, as fast as a sender can. What else the machine does counts, too: once in some tries it must be well.
beside_a_flood() {
	local engine=$1 flood dropped
	has_engine "$engine" || return 0
	DATAPATH=$engine two_links --workers 1
	spawn "$A" flood.out "$TRAFFIC" udp-send --size 64 --count 100000000 --timeout 40000 --ignore-errors 10.0.1.2 5000
	flood=$SPAWN_PID
	sleep 0.3
	within 10000 served_well ||
		fail "beside a flood, with $engine: $(<load.log)"
	kill -0 "$flood" || fail "the flood was over: $(<flood.out)"
	dropped=$(rportctl -j -s show l2 | jq '[.a, .b | .statistics | .drops[], .interfaceDropped] | add')
	echo "$engine: $(<load.log)"
	echo "$engine: dropped of l2 $dropped, of l1 $(rportctl -j -s show l1 | jq -c '.a.statistics')"
	kill "$flood"
	eventually rportd_idle
	stop_rportd
	delete_namespaces
	HOME_NS='' && rm -f load.log
}

test_flood_beside() {
	for engine in "${ENGINES[@]}"; do
		beside_a_flood "$engine"
	done
}

# on_the_same LINK LINK, as a condition
on_the_same() {
	[ "$(rportctl -j list | jq -c --arg a "$1" --arg b "$2" '[.[] | select(.name == $a or .name == $b) | .workers[]] | unique | length')" = 1 ]
}

on_different() {
	! on_the_same "$@"
}

# The third link is at the worker of the first. When both have much to do, one moves, and the streams do not notice.
test_load_is_evened_out() {
	local n pids=()
	two_links --workers 2 --log-level debug
	succeeds rportctl pair "$A" "$B" --name l3 --addresses 10.0.3.1,10.0.3.2
	on_the_same l1 l3 || fail "l1 and l3 are at different workers: $(rportctl show)"
	"$RPORTCTL" --socket "$SOCKET" -j monitor >monitor.out &
	for n in 1 3; do
		"$LOADGEN" tcp --from "$A" --to "$B" --address "10.0.$n.2" --seconds 8 >"load.$n" 2>&1 &
		pids+=($!)
	done
	eventually on_different l1 l3
	for n in "${pids[@]}"; do
		wait "$n" || fail "$(cat load.*)"
	done
	assert_match "$(<"$RPORTD_LOG")" '*link l[13]: queue 0 is worker 1*' "the log"
	assert_json "$(jq -s . monitor.out)" 'any(.[]; .event == "linkChanged" and .changes == ["workers"] and .link.workers == [1])' \
		"what the monitor told"
	for n in 1 3; do
		assert_json "$(rportctl -j -s show "l$n")" '[.a, .b | .statistics.drops[]] | add == 0' "drops of l$n"
		assert_json "$(<"load.$n")" '.bits_per_second > 0'
	done
}

test_busy_poll() {
	for engine in "${ENGINES[@]}"; do
		has_engine "$engine" || continue
		DATAPATH=$engine two_links --workers 2 --busy-poll 200
		if [ "$engine" = epoll ]; then
			assert_match "$(<"$RPORTD_LOG")" '*--busy-poll has no effect with the data path epoll*' "the log"
		else
			assert_no_match "$(<"$RPORTD_LOG")" '*busy-poll*' "the log"
		fi
		tcp_transfer "$A" "$B" 10.0.1.2 20000000 1
		udp_exchange "$A" "$B" 10.0.2.2 --size 500 --count 5000 --window 16
		succeeds in_ns "$A" ping -n -q -c 200 -i 0.002 -W 3 10.0.2.2
		# links can come and go while it spins
		spawn "$A" ping.out ping -n -q -c 300 -i 0.002 -W 3 10.0.2.2
		for _ in 1 2 3; do
			succeeds rportctl pair "$A" "$B" --name other
			succeeds rportctl unpair other
		done
		wait "$SPAWN_PID" || fail "$(<ping.out)"
		eventually rportd_idle
		stop_rportd
		delete_namespaces
		HOME_NS=''
	done
}

run_tests "$@"
