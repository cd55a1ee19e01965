#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# Errors that must reach the sender, multicast, frames that are not IP, and what tcpdump sees.
. "$(dirname "$0")/../lib.sh"

# routed MTU [OPTION...]: A - B - C, the link between B and C with this MTU and these options
routed() {
	ns_add A B C
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.1.1,10.0.1.2 --addresses fd01::1,fd01::2 \
		--a-route 10.0.2.0/24 --a-route fd02::/64 "${@:2}"
	succeeds rportctl pair "$B" "$C" --name bc --mtu "$1" --addresses 10.0.2.2,10.0.2.3 --addresses fd02::2,fd02::3 \
		--b-route 10.0.1.0/24 --b-route fd01::/64 "${@:2}"
	ping_ok "$A" 10.0.2.3
	ping_ok "$A" fd02::3
}

test_ttl_exceeded() {
	start_rportd
	routed 1500
	succeeds traffic "$A" probe --ttl 1 10.0.2.3 5000
	assert_match "$OUT" 'error=EHOSTUNREACH origin=icmp type=11 code=0 * from=10.0.1.2' "time exceeded"
	succeeds traffic "$A" probe --ttl 1 fd02::3 5000
	assert_match "$OUT" 'error=EHOSTUNREACH origin=icmp6 type=3 code=0 * from=fd01::2' "time exceeded"
}

test_port_unreachable() {
	start_rportd
	routed 1500
	succeeds traffic "$A" probe 10.0.2.3 5000
	assert_match "$OUT" 'error=ECONNREFUSED origin=icmp type=3 code=3 * from=10.0.2.3' "port unreachable"
	succeeds traffic "$A" probe fd02::3 5000
	assert_match "$OUT" 'error=ECONNREFUSED origin=icmp6 type=1 code=4 * from=fd02::3' "port unreachable"
}

packet_too_big() {
	succeeds traffic "$A" probe --discover "do" --size 5000 10.0.2.3 5000
	assert_eq "$OUT" 'error=EMSGSIZE origin=icmp type=3 code=4 mtu=1400 from=10.0.1.2' "fragmentation needed"
	succeeds traffic "$A" probe --discover "do" --size 5000 fd02::3 5000
	assert_eq "$OUT" 'error=EMSGSIZE origin=icmp6 type=2 code=0 mtu=1400 from=fd01::2' "packet too big"
	# and the sender has learnt it
	succeeds traffic "$A" probe --discover "do" --size 5000 10.0.2.3 5000
	assert_match "$OUT" 'error=EMSGSIZE origin=local * mtu=1400 *' "the path's MTU"
}

test_packet_too_big() {
	start_rportd
	routed 1400
	packet_too_big
	# a stream begins with segments for 32768 bytes, and must find its way
	tcp_transfer "$A" "$C" 10.0.2.3 10000000 1
	tcp_transfer "$A" "$C" fd02::3 10000000 2
}

test_packet_too_big_without_offload() {
	start_rportd
	routed 1400 --no-offload
	packet_too_big
	tcp_transfer "$A" "$C" 10.0.2.3 10000000 1
	tcp_transfer "$A" "$C" fd02::3 10000000 2
}

test_path_mtu_is_learnt_by_tcp() {
	start_rportd
	routed 1400
	tcp_transfer "$A" "$C" 10.0.2.3 10000000 1
	tcp_transfer "$C" "$A" fd01::1 10000000 2
}

test_multicast() {
	local status=0
	start_rportd
	ns_add A B
	pair_numbered
	for group in 239.1.2.3 224.0.0.5 ff02::5%rport0 ff05::1234; do
		status=0
		listener "$B" out udp-listen --multicast rport0 --size 300 --count 20 "$group" 5000
		succeeds traffic "$A" udp-send --multicast rport0 --size 300 --count 20 "$group" 5000
		wait "$SPAWN_PID" || status=$?
		[ "$status" = 0 ] || fail "multicast to $group: $(<out)"
	done
}

test_neither_ipv4_nor_ipv6() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	eventually quiet_line
	before=$(port ab a .statistics.packets)
	spawn "$B" tcpdump.out timeout 20 tcpdump -nn -U -i rport0 -w b.pcap 'not icmp and not icmp6'
	eventually grep -q listening tcpdump.out
	succeeds traffic "$A" frame --count 5 rport0 88b5 00112233445566778899aabbccddeeff
	succeeds traffic "$A" frame --count 4 rport0 8847 0001f1ff45000014000000004001000000000000000000
	succeeds traffic "$A" frame --count 3 rport0 0800 f5000014000000004001000000000000
	succeeds traffic "$A" frame rport0 88b5 00
	eventually port_is ab a .statistics.drops.noProto 13
	assert_eq "$(port ab a .statistics.packets)" "$before" "frames that crossed"
	assert_eq "$(port ab b .statistics.drops.noProto)" 0 "drops of the other direction"
	succeeds rportctl -s show ab
	assert_match "$OUT" '*noproto 13*' show
	ping_ok "$A" 192.168.0.1
	kill "$SPAWN_PID"
	wait "$SPAWN_PID" || true
	assert_eq "$(tcpdump -nn -r b.pcap 2>/dev/null)" '' "what came out at the other end"
}

# The kernels' IPv6 greetings are over: nothing crosses for a while.
quiet_line() {
	local before
	before=$(port ab a '.statistics.packets')
	sleep 0.5
	port_is ab a '.statistics.packets' "$before"
}

# what looks like IP by its first nibble is the kernel's to judge; it must not end anything
test_malformed_ip() {
	start_rportd
	ns_add A B
	pair_numbered
	for hex in 45 4f 60 6f 4500 45000014 450000140000000040010000c0a80000c0a80001 45ffffff ffffffffffffffff \
		46000018000000004001000000000000; do
		succeeds traffic "$A" frame --count 3 rport0 0800 "$hex"
		succeeds traffic "$A" frame --count 3 rport0 86dd "$hex"
	done
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
}

test_tcpdump_sees_both_directions() {
	start_rportd
	ns_add A B
	pair_numbered
	spawn "$A" tcpdump.out timeout 20 tcpdump -nn -l -c 10 -i rport0 icmp
	eventually grep -q listening tcpdump.out
	succeeds in_ns "$B" ping -n -q -c 10 -i 0.02 192.168.0.0
	wait "$SPAWN_PID" || fail "tcpdump: $(<tcpdump.out)"
	assert_match "$(<tcpdump.out)" '*192.168.0.1 > 192.168.0.0: ICMP echo request*' "requests"
	assert_match "$(<tcpdump.out)" '*192.168.0.0 > 192.168.0.1: ICMP echo reply*' "replies"
}

test_nftables_on_a_port() {
	start_rportd
	ns_add A B
	pair_numbered
	in_ns "$B" nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }' ||
		skip cannot "this kernel has no nftables"
	in_ns "$B" nft 'add rule inet t in iifname "rport0" udp dport 5000 counter drop'
	succeeds traffic "$A" udp-send --count 7 192.168.0.1 5000
	eventually counted 7
	ping_ok "$A" 192.168.0.1
}

counted() {
	in_ns "$B" nft list table inet t | grep -q "counter packets $1 "
}

run_tests "$@"
