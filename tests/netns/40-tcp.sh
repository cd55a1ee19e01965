#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain pending epoll fast
# TCP streams whose SHA-256 must match, with offloads and without.
. "$(dirname "$0")/../lib.sh"

MIB=$((1024 * 1024))

# both_ways A-TO B-TO BYTES: one after the other
both_ways() {
	tcp_transfer "$A" "$B" "$1" "$3" 1
	tcp_transfer "$B" "$A" "$2" "$3" 2
}

# ipv6_both_ways: the kernel makes routes to IPv6 peers a moment after the carrier
ipv6_both_ways() {
	eventually ip -n "$A" route get "$1"
	eventually ip -n "$B" route get "$2"
	both_ways "$@"
}

test_256_mib_each_way() {
	start_rportd
	ns_add A B
	pair_numbered
	both_ways 192.168.0.1 192.168.0.0 $((256 * MIB))
}

test_256_mib_each_way_without_offload() {
	start_rportd
	ns_add A B
	pair_numbered --no-offload
	both_ways 192.168.0.1 192.168.0.0 $((256 * MIB))
}

test_ipv6_with_a_small_mtu() {
	start_rportd
	ns_add A B
	pair_numbered --mtu 1280
	ipv6_both_ways fd00:ab::b fd00:ab::a $((64 * MIB))
}

test_ipv6_with_a_small_mtu_without_offload() {
	start_rportd
	ns_add A B
	pair_numbered --mtu 1280 --no-offload
	ipv6_both_ways fd00:ab::b fd00:ab::a $((64 * MIB))
}

test_both_directions_of_one_connection() {
	local status=0 a b
	start_rportd
	ns_add A B
	pair_numbered --mtu 9000
	a=("$TRAFFIC" pattern --bytes $((64 * MIB)) --seed 3)
	b=("$TRAFFIC" pattern --bytes $((64 * MIB)) --seed 4)
	"${b[@]}" >b.data
	nsenter --net=/run/netns/"$B" "$TRAFFIC" tcp-listen --duplex --timeout 50000 --ready ready 192.168.0.1 6000 \
		<b.data >b.received &
	eventually test -e ready
	"${a[@]}" | traffic "$A" tcp-send --timeout 50000 192.168.0.1 6000 >a.received || status=$?
	wait $! || status=$?
	assert_eq "$status" 0 "status of the transfer"
	assert_eq "$(sha256sum <a.received)" "$(sha256sum <b.data)" "from b to a"
	assert_eq "$(sha256sum <b.received)" "$("${a[@]}" | sha256sum)" "from a to b"
}

test_many_connections() {
	local pids=() port status=0
	start_rportd --workers 2
	ns_add A B
	pair_numbered
	for port in {7001..7016}; do
		listener "$B" "out.$port" tcp-listen 192.168.0.1 "$port"
		pids+=("$SPAWN_PID")
	done
	for port in {7001..7016}; do
		"$TRAFFIC" pattern --bytes $((2 * MIB)) --seed "$port" >"data.$port"
		nsenter --net=/run/netns/"$A" "$TRAFFIC" tcp-send 192.168.0.1 "$port" <"data.$port" &
		pids+=($!)
	done
	wait "${pids[@]}" || status=$?
	assert_eq "$status" 0 "status of the last one"
	for port in {7001..7016}; do
		cmp "data.$port" "out.$port" || fail "connection to port $port"
	done
}

run_tests "$@"
