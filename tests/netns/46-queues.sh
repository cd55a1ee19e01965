#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain pending epoll fast
# Links with several queues: connections are spread over them and keep their order; what is lost or taken over has all queues.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

# kernel_queues NAMESPACE INTERFACE: how many it has there; "" for a device that can have one only
kernel_queues() {
	ip -n "$1" -d link show dev "$2" | sed -n 's/.*multi_queue numqueues \([0-9]*\).*/\1/p'
}

# sent_by_queue NAMESPACE INTERFACE: the bytes of each queue that sent any, as the kernel counts them
sent_by_queue() {
	in_ns "$1" tc -s class show dev "$2" | awk '$1 == "Sent" && $2 > 0 { print $2 }'
}

queues_are() {
	[ "$(kernel_queues "$A" rport0) $(kernel_queues "$B" rport0)" = "$1 $1" ]
}

# streams N: so many TCP connections at once from A to B, each with a checksum
streams() {
	local n pids=() status=0
	for ((n = 1; n <= $1; n++)); do
		listener "$B" "in.$n" tcp-listen --timeout 50000 192.168.0.1 $((7000 + n))
		pids+=("$SPAWN_PID")
	done
	for ((n = 1; n <= $1; n++)); do
		"$TRAFFIC" pattern --bytes 4000000 --seed "$n" >"out.$n"
		nsenter --net=/run/netns/"$A" "$TRAFFIC" tcp-send --timeout 50000 192.168.0.1 $((7000 + n)) <"out.$n" &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || status=$?
	done
	assert_eq "$status" 0 "status of the transfers"
	for ((n = 1; n <= $1; n++)); do
		cmp "in.$n" "out.$n" || fail "stream $n arrived otherwise than it was sent"
	done
}

test_queues() {
	start_rportd --workers 2
	ns_add A B
	pair_numbered --queues 2
	queues_are 2 || fail "queues: $(kernel_queues "$A" rport0), $(kernel_queues "$B" rport0)"
	assert_json "$(rportctl -j show ab)" '.queues == 2 and .a.queues == 2 and .b.queues == 2 and (.workers | sort) == [0, 1]'
	assert_match "$(rportctl show ab)" '*, workers [01] [01]*queues *2*' show
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	streams 16
	[ -n "${FAST_PATH:-}" ] || # which passes the queues by
		assert_eq "$(sent_by_queue "$A" rport0 | wc -l)" 2 "queues of A that sent something"
	[ "$(sent_by_queue "$B" rport0 | wc -l)" -le 2 ] || fail "more than two queues of B"
}

test_one_queue_is_the_default() {
	start_rportd
	ns_add A B
	pair_numbered
	assert_eq "$(kernel_queues "$A" rport0)" '' "queues"
	assert_json "$(rportctl -j show ab)" '.queues == 1 and (.workers | length) == 1'
	assert_no_match "$(rportctl show ab)" '*queues*' show
}

test_most_queues_at_one_worker() {
	start_rportd --workers 1
	ns_add A B
	pair_numbered --queues 8
	queues_are 8 || fail "queues: $(kernel_queues "$A" rport0)"
	assert_json "$(rportctl -j show ab)" '.workers == [0, 0, 0, 0, 0, 0, 0, 0]'
	streams 8
	stop_rportd
}

test_auto() {
	start_rportd
	ns_add A B
	pair_numbered --queues auto
	assert_eq "$(rportctl -j show ab | jq .queues)" "$(($(nproc) < 8 ? $(nproc) : 8))" "queues"
	succeeds rportctl pair "$A" "$B" --name ab --queues auto --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b
	assert_match "$OUT" 'ab: unchanged,*' "the same again"
}

# each datagram by itself, in order, whatever others do beside it
test_order_in_each_flow() {
	local pids=() n status=0
	start_rportd --workers 2
	ns_add A B
	pair_numbered --queues 4
	for n in 1 2 3 4 5 6; do
		listener "$B" "udp.$n" udp-listen --size 500 --count 4000 --window 16 --timeout 50000 192.168.0.1 $((5000 + n))
		pids+=("$SPAWN_PID")
		spawn "$A" "sent.$n" "$TRAFFIC" udp-send --size 500 --count 4000 --window 16 --timeout 50000 192.168.0.1 $((5000 + n))
		pids+=("$SPAWN_PID")
	done
	for n in "${pids[@]}"; do
		wait "$n" || status=$?
	done
	[ "$status" = 0 ] || fail "datagrams: $(cat udp.* sent.*)"
	[ -n "${FAST_PATH:-}" ] || [ "$(sent_by_queue "$A" rport0 | wc -l)" -ge 2 ] || fail "all in one queue"
}

test_other_number() {
	start_rportd
	ns_add A B
	pair_numbered
	remember_world
	refuses 2 '*queues is 1, not 2*' rportctl pair "$A" "$B" --name ab --queues 2 --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b
	for n in 9 100; do
		refuses 1 "queues $n is not possible: it must be 1 to 8, or auto" rportctl pair "$A" "$B" --name bad --queues "$n"
		refuses 1 "queues $n is not possible: it must be 1 to 8, or auto" rportctl create in "$A" --queues "$n"
	done
	for n in -1 x Auto ''; do
		refuses 1 '*queues*' rportctl pair "$A" "$B" --name bad --queues "$n"
	done
	call_invalid queues CreatePort "{\"port\":{\"domain\":\"$A\"},\"queues\":\"2\"}"
	call_refused InvalidArgument 22 '*1 to 8*' CreatePort "{\"port\":{\"domain\":\"$A\"},\"queues\":-1}"
	succeeds rportctl pair "$A" "$B" --name ab --queues 2 --replace
	queues_are 2 || fail "queues: $(kernel_queues "$A" rport0)"
}

test_ports_with_other_numbers_are_no_peers() {
	start_rportd
	ns_add A B
	succeeds rportctl create one in "$A" --queues 2
	succeeds rportctl create two in "$B" --queues 3
	succeeds rportctl create three in "$B" --queues 2
	assert_json "$(rportctl -j ports)" 'map({ (.interface): .queues }) | add == { one: 2, two: 3, three: 2 }'
	remember_world
	refuses 2 '*one has 2 queues and *two has 3: create both with as many (--queues)' rportctl parent one two
	call_refused PortsDiffer 95 '*queues*' SetParent '{"port":"one","parent":"two"}'
	succeeds rportctl parent one three
}

test_file() {
	start_rportd
	ns_add A B
	pair_numbered --queues 2 --persist
	assert_match "$(<conf/ab.rport)" '*Queues=2*' "the file"
	sed -i 's/Queues=2/Queues=3/' conf/ab.rport
	succeeds rportctl reload
	assert_match "$OUT" 'changed: ab*' reload
	queues_are 3 || fail "queues: $(kernel_queues "$A" rport0)"
	ping_ok "$A" 192.168.0.1
}

test_returns_with_all_queues() {
	start_rportd
	ns_add A B
	pair_numbered --queues 3
	ip -n "$A" link del rport0
	eventually queues_are 3
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	ip netns del "$B"
	eventually no_carrier "$A" rport0
	ns_create "$B"
	eventually queues_are 3
	eventually both_carry
	streams 8
}

test_outlives_the_daemon() {
	local before counted
	start_kept_rportd --workers 2
	ns_add A B
	pair_numbered --queues 2
	succeeds rportctl create alone in "$A" --queues 3
	eventually both_carry
	streams 4
	assert_eq "$(stored | grep -c '^p[0-9]')" 7 "descriptors that are kept"
	before=$(facts)
	counted=$(port ab a .statistics.packets)
	kill_rportd
	assert_facts "$before" "a kill changed something"
	[ "$(port ab a .statistics.packets)" -ge "$counted" ] || fail "$counted packets were counted, and now fewer"
	streams 4
	restart_rportd
	assert_facts "$before" "a restart changed something"
	streams 4
	succeeds rportctl destroy alone
	succeeds rportctl unpair ab
	eventually stored_is
}

# the records are lost: the kernel and the descriptors tell
test_adopted_with_all_queues() {
	local before
	start_kept_rportd
	ns_add A B
	pair_numbered --queues 3
	eventually both_carry
	before=$(facts)
	edit_state 's/"rport-state":1/"rport-state":7/'
	assert_facts "$before" "what was adopted is not what was there"
	streams 4
}

# not all of its descriptors are there: it was just being stored, or the store was full
test_made_anew_when_a_queue_is_missing() {
	start_kept_rportd
	ns_add A B
	pair_numbered --queues 2
	eventually both_carry
	edit_state 's/"queues":2/"queues":3/g'
	eventually queues_are 3
	eventually both_carry
	assert_json "$(rportctl -j show ab)" '.state == "up" and .queues == 3'
	assert_eq "$(stored | grep -c '^p[0-9]')" 6 "descriptors that are kept"
	ping_ok "$A" 192.168.0.1
	kill_rportd
	queues_are 3 || fail "queues: $(kernel_queues "$A" rport0)"
	ping_ok "$A" 192.168.0.1
}

test_mpls_and_without_offload() {
	start_rportd
	ns_add A B
	pair_numbered --queues 2 --mpls --no-offload --mtu 1500
	queues_are 2 || fail "queues: $(kernel_queues "$A" rport0)"
	streams 4
}

run_tests "$@"
