#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain pending epoll fast
# rportd is stopped, as by a frozen cgroup, while packets come on all ports at once: then all that the queues of the devices hold
# crosses, in order. FROZEN_LINKS makes it more links, all of one worker.
TEST_SECONDS=$((${FROZEN_LINKS:-100} / 2 + 120))
. "$(dirname "$0")/../lib.sh"

LINKS=${FROZEN_LINKS:-100}
QUEUE=500 # packets that the kernel holds for a TUN
BURST=$BUILD_DIR/tests/tools/burst

# pair_links: each between A and B; the ports at both ends have the same number
pair_links() {
	local i
	for ((i = 0; i < LINKS; i++)); do
		printf '{"method":"org.rportd.Manager.Pair","parameters":{"name":"l%d","a":{"domain":"netns:%s"},"b":{"domain":"netns:%s"}%s}}\n' \
			"$i" "$A" "$B" "${FAST_PATH:+,\"mtu\":$FAST_MTU}"
	done | "$BUILD_DIR/tests/bench/calls" "$SOCKET" >calls.out || fail "a call failed"
}

all_carry() {
	rportctl -j list | jq -e --argjson n "$LINKS" 'length == $n and all(.[]; .state == "up" and .a.carrier and .b.carrier)'
}

# receive NAMESPACE COUNT: in the background; SPAWN_PID
receive() {
	spawn "$1" "received.$1" "$BURST" receive "$LINKS" "$2" 3000
	eventually grep -q ready "received.$1"
}

# burst COUNT: so many packets into each port while rportd is stopped; the results are in received.NAMESPACE
burst() {
	local receivers=()
	receive "$A" "$1"
	receivers+=("$SPAWN_PID")
	receive "$B" "$1"
	receivers+=("$SPAWN_PID")
	freeze_rportd
	in_ns "$A" "$BURST" send "$1"
	in_ns "$B" "$BURST" send "$1"
	thaw_rportd
	wait "${receivers[@]}" || fail "a receiver failed"
	tail -n 1 "received.$A" "received.$B"
}

# arrived LEAST: on each port, in order
arrived() {
	local ns
	for ns in "$A" "$B"; do
		[ "$(value "received.$ns" least)" -ge "$1" ] || fail "packets are missing in $ns: $(<"received.$ns")"
		assert_match "$(<"received.$ns")" '* disordered=0 astray=0' "packets in $ns"
	done
}

test_packets_while_it_is_stopped() {
	local round
	ns_add A B
	start_rportd --workers 1
	pair_links
	eventually all_carry
	for round in 1 2 3; do
		echo "round $round"
		burst 20
		arrived 20
	done
	# more than the device holds
	burst $((QUEUE * 2))
	arrived "$QUEUE"
	# and it goes on
	burst 1
	arrived 1
	rportd_idle
}

run_tests "$@"
