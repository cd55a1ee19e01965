#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain pending epoll fast
# Datagrams of all sizes, checked byte for byte; their order; fragments.
. "$(dirname "$0")/../lib.sh"

SIZES='1 512 1472 9000 32700'

test_sizes() {
	start_rportd
	ns_add A B
	pair_numbered
	for size in $SIZES; do
		udp_exchange "$A" "$B" 192.168.0.1 --size "$size" --count 500 --window 16
		udp_exchange "$B" "$A" fd00:ab::a --size "$size" --count 500 --window 16
	done
}

test_sizes_without_offload() {
	start_rportd
	ns_add A B
	pair_numbered --no-offload
	for size in $SIZES; do
		udp_exchange "$A" "$B" fd00:ab::b --size "$size" --count 500 --window 16
		udp_exchange "$B" "$A" 192.168.0.0 --size "$size" --count 500 --window 16
	done
}

test_echo() {
	start_rportd
	ns_add A B
	pair_numbered
	for size in $SIZES; do
		udp_exchange "$A" "$B" 192.168.0.1 --size "$size" --count 100 --echo
	done
}

# a GSO datagram (UDP_SEGMENT) crosses whole where the kernel grants USO, and is cut before otherwise
test_segmented() {
	start_rportd
	ns_add A B
	pair_numbered
	udp_exchange "$A" "$B" 192.168.0.1 --size 1000 --segments 20 --count 2000 --window 100
	udp_exchange "$B" "$A" fd00:ab::a --size 1400 --segments 40 --count 2000 --window 100
	succeeds rportctl unpair ab
	pair_numbered --no-offload
	run traffic "$A" udp-send --size 1000 --segments 20 --count 20 192.168.0.1 5001
	case $OUT in
	*error=EIO*) echo "this kernel (6.1, say) refuses UDP_SEGMENT where the interface computes no checksums" ;;
	*) udp_exchange "$A" "$B" 192.168.0.1 --size 1000 --segments 20 --count 2000 --window 100 ;;
	esac
}

test_fragments() {
	start_rportd
	ns_add A B
	pair_numbered --mtu 1500
	udp_exchange "$A" "$B" 192.168.0.1 --discover dont --size 9000 --count 200 --window 8
	udp_exchange "$A" "$B" 192.168.0.1 --discover dont --size 60000 --count 50 --window 2
	udp_exchange "$B" "$A" fd00:ab::a --discover dont --size 9000 --count 200 --window 8
	udp_exchange "$B" "$A" fd00:ab::a --discover dont --size 60000 --count 50 --window 2
	assert_fragments "$B"
	ping_ok "$A" 192.168.0.1 -s 8000
	ping_ok "$A" fd00:ab::b -s 8000
}

test_fragments_of_the_largest_mtu() {
	start_rportd
	ns_add A B
	pair_numbered --no-offload
	udp_exchange "$A" "$B" 192.168.0.1 --discover dont --size 65000 --count 100 --window 4
	udp_exchange "$B" "$A" fd00:ab::a --discover dont --size 65000 --count 100 --window 4
	assert_fragments "$B"
}

# assert_fragments NAMESPACE: that there were fragments at all
assert_fragments() {
	local whole
	whole=$(in_ns "$1" nstat -asz IpReasmOKs | awk '$1 == "IpReasmOKs" { print $2 }')
	[ "${whole:-0}" -gt 0 ] || fail "nothing was put together from fragments"
}

test_100000_in_order() {
	start_rportd
	ns_add A B
	pair_numbered
	udp_exchange "$A" "$B" 192.168.0.1 --size 64 --count 100000 --window 256
	rportd_alive
}

test_100000_in_order_both_ways_at_once() {
	local status=0 pids=()
	start_rportd
	ns_add A B
	pair_numbered
	listener "$A" a.out udp-listen --size 200 --count 100000 --window 256 fd00:ab::a 5000
	pids+=("$SPAWN_PID")
	listener "$B" b.out udp-listen --size 200 --count 100000 --window 256 fd00:ab::b 5000
	pids+=("$SPAWN_PID")
	spawn "$A" a.sent "$TRAFFIC" udp-send --size 200 --count 100000 --window 256 fd00:ab::b 5000
	pids+=("$SPAWN_PID")
	spawn "$B" b.sent "$TRAFFIC" udp-send --size 200 --count 100000 --window 256 fd00:ab::a 5000
	pids+=("$SPAWN_PID")
	for pid in "${pids[@]}"; do
		wait "$pid" || status=$?
	done
	[ "$status" = 0 ] || fail "$(head a.out b.out a.sent b.sent)"
}

# as fast as the sender can: much may be lost, but in order, unharmed, and accounted for
test_flood() {
	local sent=300000 through
	start_rportd
	ns_add A B
	pair_numbered
	listener "$B" out udp-listen --size 32 --count "$sent" --idle 1500 192.168.0.1 5000
	succeeds traffic "$A" udp-send --size 32 --count "$sent" --ignore-errors 192.168.0.1 5000
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=[1-9]* reordered=0 duplicated=0 corrupt=0 *' "what was received"
	through=$(port ab a '.statistics | .packets + .interfaceDropped + ([.drops[]] | add)')
	[ "$through" -ge "$sent" ] || fail "of $sent datagrams only $through are accounted for"
	ping_ok "$A" 192.168.0.1
	eventually rportd_idle
}

run_tests "$@"
