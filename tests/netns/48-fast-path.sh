#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# The fast path: packets that the kernel moves by itself. What turns it off and on again, what is lost meanwhile (nothing), what
# it leaves behind (nothing).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fast.sh"

MIB=$((1024 * 1024))

test_traffic() {
	local a b
	start_rportd
	pair_fast
	a=$(through_device "$A")
	b=$(through_device "$B")
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	tcp_transfer "$A" "$B" 192.168.0.1 $((64 * MIB)) 1
	tcp_transfer "$B" "$A" fd00:ab::a $((64 * MIB)) 2
	udp_exchange "$A" "$B" 192.168.0.1 --size 1000 --count 2000 --window 16
	udp_exchange "$B" "$A" fd00:ab::a --size 8000 --count 2000 --window 16
	assert_eq "$(through_device "$A")" "$a" "packets through the device of a"
	assert_eq "$(through_device "$B")" "$b" "packets through the device of b"
}

# what is shown is what the program counts and what the shuttle counts
test_counters() {
	local before
	start_rportd
	pair_fast
	before=$(sent a)
	succeeds in_ns "$A" ping -n -q -c 10 -i 0.01 -s 972 192.168.0.1
	eventually has_sent a "$before" 10
	before=$(sent a)
	succeeds rportctl set ab fast-path off
	has_sent a "$before" 0 || fail "what was counted before it was turned off: $before, and now $(sent a)"
	succeeds in_ns "$A" ping -n -q -c 10 -i 0.01 192.168.0.1
	eventually has_sent a "$before" 10
}

# what is neither IPv4 nor IPv6 is left to the shuttle, which counts it
test_neither_ipv4_nor_ipv6() {
	start_rportd
	pair_fast
	succeeds traffic "$A" frame --count 3 rport0 0800 55
	succeeds traffic "$A" frame --count 3 rport0 8847 45
	eventually port_is ab a .statistics.drops.noProto 3
	fast_is true true || fail "frames turned it off: $(rportctl show ab)"
}

test_in_one_namespace() {
	local before device
	start_rportd
	ns_add A
	succeeds rportctl pair "$A" "$A" --name ab --fast-path --a-name p --b-name q
	can_be_fast ab
	eventually fast_is true true
	assert_eq "$(hidden "$A")" '' "hidden interfaces"
	spawn "$A" frames.out "$TRAFFIC" frame-listen --count 3 --timeout 10000 q 0800
	sleep 0.3
	before=$(sent a)
	device=$(ip -n "$A" -s -j link show dev p | jq '.[0].stats64.tx.packets')
	succeeds traffic "$A" frame --count 3 p 0800 4500001c000000004001b6dfc0a80000c0a800010800f7ff00000000
	wait "$SPAWN_PID" || fail "frames did not arrive: $(<frames.out)"
	has_sent a "$before" 3 || fail "packets that were sent: $before before, and now $(sent a)"
	assert_eq "$(ip -n "$A" -s -j link show dev p | jq '.[0].stats64.tx.packets')" "$device" "packets through the device"
}

# --- what turns it off -----------------------------------------------------------------------------------------------

test_asked_for() {
	start_rportd
	ns_add A B
	pair_numbered --mtu 1500
	fast_is false false || fail "nobody asked for it"
	assert_no_match "$(rportctl show ab)" '*a->b*' show
	succeeds rportctl set ab fast-path on
	can_be_fast ab
	eventually fast_is true true
	assert_match "$(rportctl show ab)" '*datapath    a->b fast, b->a fast*' show
	assert_eq "$(rportctl set ab fast-path on | grep -c unchanged)" 2 "the same again"
	succeeds rportctl pair "$A" "$B" --name ab --fast-path --mtu 1500 --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b
	assert_match "$OUT" '*unchanged*' pair
	refused 2 '*fastpath is on, not off*' rportctl pair "$A" "$B" --name ab --mtu 1500 --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b
	succeeds rportctl set ab fast-path off
	fast_is false false || fail "it was turned off"
	no_trace || fail "something is left: $(hidden "$A") $(filters "$A") $(tc -n "$A" qdisc show)"
	ping_ok "$A" 192.168.0.1
	refused 1 '*on or off*' rportctl set ab fast-path maybe
}

test_policies() {
	start_rportd --fast-path never
	ns_add A B
	pair_numbered --fast-path --mtu 1500
	reason_is aToB '*--fast-path=never*' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1
	stop_rportd
	start_rportd --fast-path=default-on
	pair_numbered --mtu 1500
	can_be_fast ab
	eventually fast_is true true
}

# without bpf(2), as in a container or under the unit as it is shipped
test_without_bpf() {
	printf '#!/bin/sh\nexec "%s" --bpf "%s" "$@"\n' "${TRAFFIC%/*}/without-uring" "$RPORTD" >rportd-without-bpf
	chmod +x rportd-without-bpf
	RPORTD=$PWD/rportd-without-bpf
	start_rportd
	ns_add A B
	pair_numbered --fast-path --mtu 1500
	fast_is false false || fail "there is no bpf(2)"
	reason_is aToB '*bpf(2) is not allowed*' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1
	tcp_transfer "$A" "$B" 192.168.0.1 "$MIB" 1
	no_trace || fail "something is left"
	assert_eq "$(grep -c 'no fast path' "$RPORTD_LOG")" 1 "tries"
	rportd_idle || fail "rportd is busy"
}

# capture_on NAMESPACE FILE OPTION...: CAPTURE_PID
capture_on() {
	spawn "$1" "$2.log" timeout 30 tcpdump -nn -U --immediate-mode "${@:3}" -w "$2" icmp
	CAPTURE_PID=$SPAWN_PID
	eventually grep -q listening "$2.log"
}

captured_at_least() {
	[ "$(tcpdump -nn -r "$2" 2>/dev/null | wc -l)" -ge "$1" ]
}

captures() {
	capture_on "$A" a.pcap "$@"
	eventually -t 2500 fast_is false true
	reason_is aToB 'a capture is running on a' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1
	eventually captured_at_least 6 a.pcap # -i any sees replies on the hidden interface, too
	kill "$CAPTURE_PID"
	wait "$CAPTURE_PID" || true
	eventually -t 2500 fast_is true true
	ping_ok "$A" 192.168.0.1
}

test_captures() {
	start_rportd
	pair_fast
	captures -i rport0
	captures -p -i rport0
	captures -i any
}

# how soon: one in promiscuous mode tells of itself, others are looked for
test_captures_in_time() {
	local i
	start_rportd
	pair_fast
	for ((i = 0; i < 3; i++)); do
		capture_for 100 -i rport0
		capture_for 2000 -p -i rport0
	done
}

# capture_for MS OPTION...: turns the fast path off in this time, from when the socket is there
capture_for() {
	spawn "$A" captured tcpdump -n -U "${@:2}" -w /dev/null
	eventually has_packet_socket
	eventually -t "$1" fast_is false true
	kill "$SPAWN_PID"
	eventually fast_is true true
}

has_packet_socket() {
	[ "$(in_ns "$A" cat /proc/net/packet | wc -l)" -gt 1 ]
}

# what is sent to a peer that is down is purged and counted, whichever way it would have taken
test_peer_down_is_counted() {
	local before
	start_rportd
	pair_fast
	before=$(lost)
	succeeds rportctl down "netns:$B/rport0"
	succeeds traffic "$A" udp-send --count 50 192.168.0.1 5000
	eventually has_lost "$before" 50
	succeeds rportctl up "netns:$B/rport0"
	eventually fast_is true true
	ping_ok "$A" 192.168.0.1
}

# lost: packets that a's port was given and that did not cross
lost() {
	port ab a '.statistics | .interfaceDropped + .drops.peerDown'
}

has_lost() {
	[ $(($(lost) - $1)) -ge "$2" ]
}

test_mtu() {
	start_rportd
	pair_fast
	succeeds rportctl set "netns:$B/rport0" mtu 1500
	fast_is false true || fail "an MTU above that of the peer: $(rportctl show ab)"
	reason_is aToB 'the MTU of a is 9000, and more than the 1500 of b' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1 -s 5000
	succeeds rportctl set ab mtu 32768
	fast_is false false || fail "an MTU above 16000"
	reason_is bToA 'the MTU of b is 32768, and more than 16000' || fail "the reason: $(rportctl show ab)"
	succeeds rportctl set ab mtu 16000
	fast_is true true || fail "an MTU of 16000"
	udp_exchange "$A" "$B" 192.168.0.1 --size 15900 --count 500 --window 4
	tcp_transfer "$A" "$B" 192.168.0.1 $((64 * MIB)) 1
}

test_queueing_discipline() {
	start_rportd
	pair_fast
	succeeds tc -n "$A" qdisc add dev rport0 root tbf rate 100mbit burst 20k latency 50ms
	eventually fast_is false true
	reason_is aToB 'a has a queueing discipline' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1
	succeeds tc -n "$A" qdisc del dev rport0 root
	eventually fast_is true true
	succeeds tc -n "$A" qdisc add dev rport0 root pfifo
	ping_ok "$A" 192.168.0.1
	fast_is true true || fail "a queue without a rate delays nothing"
}

# filters of others run, before ours
test_filters_of_others() {
	start_rportd
	pair_fast
	run tc -n "$A" filter add dev rport0 egress pref 10 protocol ip u32 match ip dst 192.168.0.1 action drop
	[ "$RC" = 0 ] || skip cannot 'this kernel has no action that drops'
	ping_fails "$A" 192.168.0.1
	ping_ok "$A" fd00:ab::b
	succeeds rportctl set ab fast-path off
	ping_fails "$A" 192.168.0.1
	assert_match "$(filters "$A")" '*pref 10 u32*' "the filter of others"
	assert_no_match "$(filters "$A")" '*rportd*' "ours"
}

test_down() {
	local before
	start_rportd
	pair_fast
	succeeds rportctl down "netns:$B/rport0"
	fast_is false false || fail "b is down"
	reason_is aToB 'b is down' || fail "the reason: $(rportctl show ab)"
	no_carrier "$A" rport0 || fail "a has a carrier"
	ping_fails "$A" 192.168.0.1
	succeeds rportctl up "netns:$B/rport0"
	eventually fast_is true true
	ping_ok "$A" 192.168.0.1
	succeeds ip -n "$A" link set rport0 down
	eventually fast_is false false
	succeeds ip -n "$A" link set rport0 up
	eventually fast_is true true
	ping_ok "$A" 192.168.0.1
}

test_options_that_exclude_it() {
	start_rportd
	ns_add A B
	pair_numbered --fast-path --mtu 1500 --no-offload
	reason_is aToB 'offload is off' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1
	succeeds rportctl unpair ab
	pair_numbered --fast-path --mtu 1500 --mpls
	reason_is aToB 'it carries MPLS' || fail "the reason: $(rportctl show ab)"
	ping_ok "$A" 192.168.0.1
}

# --- what others do --------------------------------------------------------------------------------------------------

test_deleted_filter_returns() {
	start_rportd
	pair_fast
	succeeds tc -n "$A" filter del dev rport0 egress
	eventually ours_is_back
	succeeds tc -n "$A" qdisc del dev rport0 clsact
	eventually ours_is_back
	fast_is true true || fail "it returned: $(rportctl show ab)"
}

ours_is_back() {
	[[ $(filters "$A") == *"rportd fast path"* ]]
}

test_deleted_hidden_interface_returns() {
	local hidden
	start_rportd
	pair_fast
	hidden=$(hidden "$A")
	succeeds ip -n "$A" link del "$hidden"
	eventually in_ns "$A" ping -n -q -c 1 -W 1 192.168.0.1
	fast_is true true || fail "it returned: $(rportctl show ab)"
	succeeds ip -n "$B" link set "$(hidden "$B")" down
	eventually in_ns "$A" ping -n -q -c 1 -W 1 192.168.0.1
	assert_eq "$(hidden "$A" | wc -l) $(hidden "$B" | wc -l)" '1 1' "hidden interfaces"
}

# it has no address, and sends nothing of its own
test_hidden_interface_is_quiet() {
	local hidden before
	start_rportd
	pair_fast
	hidden=$(hidden "$A")
	before=$(($(sent a) - $(hidden_sent "$hidden"))) # by the shuttle, at first
	assert_match "$hidden" 'rportf*' "its name"
	assert_json "$(ip -n "$A" -j -d addr show dev "$hidden")" '.[0].addr_info == [] and .[0].ifalias == "rport link ab, end a: fast path of rport0"'
	ping_ok "$A" 192.168.0.1
	sleep 1
	assert_eq "$(($(sent a) - $(hidden_sent "$hidden")))" "$before" "packets of the link that the hidden interface did not carry"
}

# a kernel with netkit makes the hidden pair of it, which drops what no program takes
test_hidden_pair_is_netkit() {
	local kind
	ns_add D
	ip -n "$D" link add type netkit 2>/dev/null || skip cannot "this kernel has no netkit"
	start_rportd
	pair_fast
	kind='.[0].linkinfo | .info_kind, .info_data.policy, .info_data.peer_policy'
	assert_eq "$(ip -n "$A" -j -d link show dev "$(hidden "$A")" | jq -r "$kind" | xargs)" 'netkit blackhole blackhole' "its kind and policies"
	succeeds ip -n "$B" link del "$(hidden "$B")"
	eventually in_ns "$A" ping -n -q -c 1 -W 1 192.168.0.1
	eventually fast_is true true
	assert_eq "$(ip -n "$A" -j -d link show dev "$(hidden "$A")" | jq -r "$kind" | xargs)" 'netkit blackhole blackhole' "what was made again"
	ping_ok "$A" 192.168.0.1
}

hidden_sent() {
	ip -n "$A" -s -j link show dev "$1" | jq '.[0].stats64.tx.packets'
}

test_namespace_goes() {
	start_rportd
	pair_fast
	ip netns del "$B"
	eventually fast_is false false
	eventually no_hidden "$A"
	assert_eq "$(filters "$A")" '' "filters at a"
}

test_unpair_leaves_nothing() {
	local ids
	start_rportd
	pair_fast
	ids=$({ filters "$A"; filters "$B"; } | sed -n 's/.* id \([0-9]*\) .*/\1/p')
	[ "$(wc -w <<<"$ids")" = 2 ] || fail "programs: $ids"
	succeeds rportctl unpair ab
	eventually no_links "$A"
	eventually no_links "$B"
	for id in $ids; do
		eventually no_program "$id"
	done
}

no_program() {
	! bpftool prog show id "$1"
}

test_the_end_leaves_nothing() {
	start_rportd
	pair_fast
	stop_rportd
	eventually no_links "$A"
	eventually no_links "$B"
}

# --- switching -------------------------------------------------------------------------------------------------------

flip() {
	local i
	for ((i = 0; i < 20; i++)); do
		rportctl set ab fast-path off >/dev/null
		sleep 0.05
		rportctl set ab fast-path on >/dev/null
		sleep 0.05
	done
}

test_switching_under_tcp() {
	local status=0 flipper
	start_rportd
	pair_fast
	flip &
	flipper=$!
	tcp_transfer "$A" "$B" 192.168.0.1 $((256 * MIB)) 1
	wait "$flipper" || status=$?
	assert_eq "$status" 0 "status of the one that switches"
}

# a datagram may be overtaken as the way changes, but none is lost
test_switching_loses_no_datagram() {
	start_rportd
	pair_fast
	listener "$B" listener.out udp-listen --size 100 --count 10000 --idle 2000 192.168.0.1 5000
	flip &
	traffic "$A" udp-send --size 100 --count 10000 --rate 5000 192.168.0.1 5000 >sender.out || fail "sender: $(<sender.out)"
	wait "$SPAWN_PID" || true
	cat listener.out
	assert_eq "$(value listener.out received)" 10000 "datagrams that arrived"
}

# --- files -----------------------------------------------------------------------------------------------------------

test_in_a_file() {
	mkdir conf
	ns_add A B
	printf '[Link]\nMTU=1500\nFastPath=yes\n[A]\nDomain=netns:%s\n[B]\nDomain=netns:%s\n' "$A" "$B" >conf/ab.rport
	start_rportd
	eventually port_is ab a .state up
	can_be_fast ab
	eventually fast_is true true
	assert_match "$(rportctl export ab)" '*FastPath=yes*' export
	sed -i s/FastPath=yes/FastPath=no/ conf/ab.rport
	succeeds rportctl apply
	fast_is false false || fail "the file says no"
	no_trace || fail "something is left"
}

run_tests "$@"
