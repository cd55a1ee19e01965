#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Label-switched paths over links made with --mpls. vm/run.sh runs this in a virtual machine, as few kernels that containers
# have know MPLS and VRFs; where they do, it can be run like any other test file.
#
# One namespace has three VRFs, each a router of its own with a link to the next. Labels are a table of the whole namespace
# (the kernel has no others), so each hop has labels that no other one knows what to do with, and MPLS is let in only where
# it has to come in:
#
#	A ----- red ===== core ===== blue ----- B
#	                             |
#	  IP     push 100   swap 100  pop 200    IP		from A to B
#	                     by 200
#	  IP     pop 400    swap 300  push 300   IP		from B to A
#	                     by 400
#
# A and B are hosts in namespaces of their own, on ordinary links; both links in between carry MPLS only: core has no route
# to either host. The labels on these links are read by packet sockets.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

# bits 0 to 19 of an entry are the label, 23 says that it is the last of its stack; then comes the TTL
label_entry() {
	printf '%05x1' "$1"
}

# port_of LINK SIDE: its interface
port_of() {
	port "$1" "$2" .interface
}

# lets_in_mpls NAMESPACE INTERFACE
lets_in_mpls() {
	in_ns "$1" sysctl -qw "net.mpls.conf.$2.input=1"
}

mpls_or_skip() {
	modprobe -qa mpls_router mpls_iptunnel mpls_gso 2>/dev/null || true
	[ -d /proc/sys/net/mpls ] || skip cannot 'this kernel has no MPLS'
}

# setup [OPTION...]: the daemon, the hosts, the VRFs, and links with these options between the VRFs
setup() {
	local vrf table=1001
	mpls_or_skip
	ns_add HOME_NS A B
	has_vrf "$HOME_NS" || skip cannot 'this kernel has no VRFs'
	in_ns "$HOME_NS" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.mpls.platform_labels=1000 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	for vrf in red core blue; do
		ip -n "$HOME_NS" link add "$vrf" type vrf table $((table++))
		ip -n "$HOME_NS" link set "$vrf" up
	done
	start_rportd
	succeeds rportctl pair "$A" vrf:red --name host-a --a-route 0.0.0.0/0 --a-route ::/0 --addresses 10.1.0.2,10.1.0.1 \
		--addresses fd01::2,fd01::1
	succeeds rportctl pair "$B" vrf:blue --name host-b --a-route 0.0.0.0/0 --a-route ::/0 --addresses 10.2.0.2,10.2.0.1 \
		--addresses fd02::2,fd02::1
	succeeds rportctl pair vrf:red vrf:core --name west "$@"
	succeeds rportctl pair vrf:core vrf:blue --name east "$@"
	WEST_RED=$(port_of west a) WEST_CORE=$(port_of west b) EAST_CORE=$(port_of east a) EAST_BLUE=$(port_of east b)
}

# label_path: the routes of the picture above
label_path() {
	local prefix
	for prefix in 10.2.0.0/16 fd02::/64; do # push
		succeeds ip -n "$HOME_NS" route add "$prefix" vrf red encap mpls 100 dev "$WEST_RED"
	done
	for prefix in 10.1.0.0/16 fd01::/64; do
		succeeds ip -n "$HOME_NS" route add "$prefix" vrf blue encap mpls 300 dev "$EAST_BLUE"
	done
	succeeds ip -n "$HOME_NS" -f mpls route add 100 as 200 dev "$EAST_CORE" # swap
	succeeds ip -n "$HOME_NS" -f mpls route add 300 as 400 dev "$WEST_CORE"
	succeeds ip -n "$HOME_NS" -f mpls route add 200 dev blue # pop
	succeeds ip -n "$HOME_NS" -f mpls route add 400 dev red
	for interface in "$WEST_RED" "$WEST_CORE" "$EAST_CORE" "$EAST_BLUE"; do
		lets_in_mpls "$HOME_NS" "$interface"
	done
}

# labels_on INTERFACE: listen for labelled frames that come out there; LISTENERS
labels_on() {
	listener "$HOME_NS" "labels.$1" frame-listen --timeout 20000 --count "$COUNT" "$1" 8847
	LISTENERS+=("$SPAWN_PID")
}

# assert_labels INTERFACE LABEL TTL IP-VERSION: what came out there is labelled so, all of it
assert_labels() {
	local first
	first="8847 $(label_entry "$2")$(printf '%02x' "$3")$4"
	assert_eq "$(grep -c "^$first" "labels.$1")" "$COUNT" "frames on $1 that begin with '$first', of $(cut -c 1-40 "labels.$1")"
}

# ping_is_labelled ADDRESS IP-VERSION: from A to B, and the labels seen at each of the four ports
ping_is_labelled() {
	local pid
	COUNT=5 LISTENERS=()
	for interface in "$WEST_RED" "$WEST_CORE" "$EAST_CORE" "$EAST_BLUE"; do
		labels_on "$interface"
	done
	succeeds in_ns "$A" ping -n -c "$COUNT" -i 0.2 -W 3 "$1"
	assert_match "$OUT" "*$COUNT received*" "ping"
	for pid in "${LISTENERS[@]}"; do
		wait "$pid" || fail "not $COUNT labelled frames on each port"
	done
	# the TTL is that of the packet, less one for each router: nothing hides the path
	assert_labels "$WEST_CORE" 100 63 "$2"
	assert_labels "$EAST_BLUE" 200 62 "$2"
	assert_labels "$EAST_CORE" 300 63 "$2"
	assert_labels "$WEST_RED" 400 62 "$2"
}

test_push_swap_pop() {
	setup --mpls
	label_path
	for address in 10.1.0.2 10.2.0.2; do
		run ip -n "$HOME_NS" route get "$address" vrf core
		assert_match "$ERR" '*unreachable*' "the way to $address in the middle"
	done
	ping_is_labelled 10.2.0.2 4
	ping_is_labelled fd02::2 6
	ping_ok "$A" 10.2.0.2 -s 20000
	ping_ok "$B" fd01::2 -s 20000
	assert_json "$(rportctl -j -s list)" '[.[] | .a, .b | .statistics.drops[]] | add == 0' "drops"
}

# rportctl capture reads the labels that the kernel has pushed and swapped
test_capture() {
	local pid
	setup --mpls
	label_path
	"$RPORTCTL" --socket "$SOCKET" capture west mpls >capture.out 2>capture.err </dev/null &
	pid=$!
	eventually listens_at_both capture.err
	ping_ok "$A" 10.2.0.2
	eventually grep -q "^a .*MPLS (label 100,.*\[S\], ttl 63) IP 10.1.0.2 > 10.2.0.2: ICMP echo request" capture.out
	eventually grep -q "^b .*MPLS (label 400,.*\[S\], ttl 62) IP 10.2.0.2 > 10.1.0.2: ICMP echo reply" capture.out
	kill -INT "$pid"
	wait "$pid" || fail "exit status of capture: $(<capture.err)"
}

listens_at_both() {
	[ "$(grep -o 'listening on' "$1" | wc -l)" = 2 ]
}

# Each of the three is needed: without it nothing arrives.
test_each_hop_is_needed() {
	setup --mpls
	ping_fails "$A" 10.2.0.2
	label_path
	ping_ok "$A" 10.2.0.2
	in_ns "$HOME_NS" sysctl -qw "net.mpls.conf.$WEST_CORE.input=0"
	ping_fails "$A" 10.2.0.2
	in_ns "$HOME_NS" sysctl -qw "net.mpls.conf.$WEST_CORE.input=1"
	ping_ok "$A" 10.2.0.2
	ip -n "$HOME_NS" -f mpls route del 100
	ping_fails "$A" 10.2.0.2
	ip -n "$HOME_NS" -f mpls route add 100 as 200 dev "$EAST_CORE"
	ping_ok "$A" 10.2.0.2
	ip -n "$HOME_NS" -f mpls route del 200
	ping_fails "$A" 10.2.0.2
}

# The kernel cuts large segments before it labels them, as a TUN says nothing of offloads for MPLS
test_streams() {
	setup --mpls
	label_path
	tcp_transfer "$A" "$B" 10.2.0.2 5000000 1
	tcp_transfer "$B" "$A" fd01::2 5000000 2
	udp_exchange "$A" "$B" fd02::2 --size 1000 --count 1000 --window 100
}

test_without_offload() {
	setup --mpls --no-offload --mtu 1500
	label_path
	ping_is_labelled 10.2.0.2 4
	ping_ok "$A" fd02::2 -s 1400
	tcp_transfer "$A" "$B" 10.2.0.2 2000000 1
}

# What the family header is for: without it none of this crosses
test_without_mpls() {
	setup
	label_path
	ping_fails "$A" 10.2.0.2
	eventually port_is west a .statistics.drops.noProto 2
	assert_eq "$(port east a .statistics.drops.noProto)" 0 "drops further on"
	ping_ok "$A" 10.1.0.1
}

# Routers in namespaces of their own have labels of their own. C is the one in the middle.
test_routers_in_namespaces() {
	local ns
	mpls_or_skip
	start_rportd
	ns_add A B C
	for ns in "$A" "$B" "$C"; do
		in_ns "$ns" sysctl -qw net.mpls.platform_labels=1000
	done
	succeeds rportctl pair "$A" "$C" --mpls --name west --b-name west
	succeeds rportctl pair "$C" "$B" --mpls --name east --a-name east
	ip -n "$A" address add 10.1.0.1/32 dev lo
	ip -n "$B" address add 10.2.0.1/32 dev lo
	ip -n "$A" route add 10.2.0.1 encap mpls 100 dev rport0 src 10.1.0.1
	ip -n "$C" -f mpls route add 100 as 200 dev east
	lets_in_mpls "$C" west
	ip -n "$B" -f mpls route add 200 dev lo
	lets_in_mpls "$B" rport0
	# the way back: C has one table of labels, but A and B can use the same one
	ip -n "$B" route add 10.1.0.1 encap mpls 101 dev rport0 src 10.2.0.1
	ip -n "$C" -f mpls route add 101 as 200 dev west
	lets_in_mpls "$C" east
	ip -n "$A" -f mpls route add 200 dev lo
	lets_in_mpls "$A" rport0
	ping_ok "$A" 10.2.0.1
	ping_ok "$B" 10.1.0.1 -s 20000
	tcp_transfer "$A" "$B" 10.2.0.1 2000000 1
}

run_tests "$@"
