#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
#
# rportctl check: routes, forwarding and addresses. Traffic fails, check says why, and what it says mends it.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../check.sh"

test_forwarding_off() {
	numbered --a-route 10.77.0.0/16
	ns_add C
	ip -n "$B" link add to-c type veth peer name to-b netns "$C"
	ip -n "$B" addr add 10.77.0.1/24 dev to-c
	ip -n "$C" addr add 10.77.0.2/24 dev to-b
	ip -n "$B" link set to-c up
	ip -n "$C" link set to-b up
	ip -n "$C" route add default via 10.77.0.1
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=0
	ping_fails "$A" 10.77.0.2
	finds forwarding-off error "*$B/rport0 does not forward*"
	mend forwarding-off
	ping_ok "$A" 10.77.0.2
	checked
	# the way out has a smaller MTU: a hint, which is no failure
	assert_eq "$(finding mtu-onward | jq -r .severity)" hint "of the MTU"
	assert_eq "$RC" 0 "exit status with hints only"
	succeeds rportctl set ab mtu 1500
	checked
	assert_eq "$(finding mtu-onward)" '' "after what check advised"
}

test_forwarding_off_ipv6() {
	numbered --a-route 2001:db8:77::/48
	ns_add C
	ip -n "$B" link add to-c type veth peer name to-b netns "$C"
	ip -n "$B" addr add 2001:db8:77::1/64 dev to-c nodad
	ip -n "$C" addr add 2001:db8:77::2/64 dev to-b nodad
	ip -n "$B" link set to-c up
	ip -n "$C" link set to-b up
	ip -n "$C" route add default via 2001:db8:77::1
	in_ns "$B" sysctl -qw net.ipv6.conf.all.forwarding=0
	ping_fails "$A" 2001:db8:77::2
	finds forwarding-off error "*$B/rport0 does not forward*"
	mend forwarding-off
	ping_ok "$A" 2001:db8:77::2
}

# other_interface NAMESPACE: one that leads nowhere
other_interface() {
	ip -n "$1" link add other type veth peer name nowhere
	ip -n "$1" link set other up
	ip -n "$1" link set nowhere up
}

# an unnumbered port whose peer knows its address by another way
test_strict_rp_filter() {
	numbered
	ip -n "$A" addr add 10.5.0.1/32 dev lo
	ip -n "$A" route change 192.168.7.1/32 dev rport0 src 10.5.0.1 2>/dev/null ||
		ip -n "$A" route replace 192.168.7.1/32 dev rport0 src 10.5.0.1 metric 0
	other_interface "$B"
	ip -n "$B" route add 10.5.0.1/32 dev other
	in_ns "$B" sysctl -qw net.ipv4.conf.all.rp_filter=1
	ping_fails "$A" 192.168.7.1
	finds strict-rp-filter error '*10.5.0.1*rp_filter*other*'
	mend strict-rp-filter
	# what is left is that the answers do not come back
	assert_match "$(finding asymmetric)" '*10.5.0.1*other*' "after that"
	ip -n "$B" route del 10.5.0.1/32 dev other
	finds no-route-back error '*no route back to 10.5.0.1*'
	mend no-route-back
	ping_ok "$A" 192.168.7.1
}

test_no_route() {
	start_rportd
	ns_add A B
	# different networks at the ends
	succeeds rportctl pair "$A" "$B" --name ab --a-address 10.1.0.1/32 --b-address 10.2.0.1/32
	ping_fails "$A" 10.2.0.1
	finds no-route error "*no route to 10.2.0.1 (an address of*"
	mend no-route
	ping_ok "$A" 10.2.0.1
}

test_routing_loop() {
	numbered --a-route 10.99.0.0/16 --b-route 10.99.0.0/16
	in_ns "$A" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	finds routing-loop error '*10.99.0.0/16 back*'
	ping_fails "$A" 10.99.0.1
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1 --addresses fd00:7::a,fd00:7::b \
		--a-route 10.99.0.0/16 --replace
	checked
	assert_eq "$(finding routing-loop)" '' "the loop, afterwards"
	# then there is no route at all
	assert_match "$(finding no-route-onward)" '*10.99.0.0/16*' "after the loop"
}

test_another_way() {
	numbered
	other_interface "$A"
	ip -n "$A" route flush 192.168.7.1/32
	ip -n "$A" route flush 192.168.7.0/31
	ip -n "$A" route add 192.168.7.1/32 dev other
	ping_fails "$A" 192.168.7.1
	finds another-way warning '*192.168.7.1*through other*'
}

test_lo_down() {
	numbered
	ip -n "$B" link set lo down
	run in_ns "$B" ping -n -q -c 1 -W 0.3 192.168.7.1
	[ "$RC" != 0 ] || fail "the address can be reached"
	checked
	assert_match "$(finding lo-down)" "*lo is down*$B/rport0*\"hint\"*" 'lo'
	mend lo-down
	succeeds in_ns "$B" ping -n -q -c 1 -W 3 192.168.7.1
}

# an address of one end that the other namespace has, too, on whatever interface
test_duplicate_address() {
	refused_for_both
	ip -n "$B" addr add 192.168.7.0/32 dev lo
	ping_fails "$A" 192.168.7.1
	finds duplicate-address error '*both namespaces have the address 192.168.7.0:*'
	ip -n "$B" addr del 192.168.7.0/32 dev lo
	checked
	assert_eq "$RC" 0 "exit status without it"
	ping_ok "$A" 192.168.7.1
	# the other way round
	ip -n "$A" addr add 192.168.7.1/32 dev lo
	finds duplicate-address error '*both namespaces have the address 192.168.7.1:*'
	assert_eq "$(finding another-way)" '' "another name for it"
}

# two ends that are given one address
refused_for_both() {
	start_rportd
	ns_add A B
	refused 1 '*10.1.0.1 cannot be the address of both ends*' \
		rportctl pair "$A" "$B" --name ab --a-address 10.1.0.1/32 --b-address 10.1.0.1/32
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1
}

# A namespace whose both ends of a link are its own, and which forwards by policy: packets come in with an address of their own
# host as source, which the kernel takes for forged.
test_martian_source() {
	start_rportd
	ns_add A C
	succeeds rportctl pair "$A" "$A" --name ab --addresses 10.1.0.0,10.1.0.1 --a-route 10.9.0.0/24
	ip -n "$A" link add to-c type veth peer name to-a netns "$C"
	ip -n "$A" addr add 10.50.0.1/24 dev to-c
	ip -n "$A" link set to-c up
	ip -n "$A" rule add iif rport1 lookup 77
	ip -n "$A" route add 10.9.0.0/24 via 10.50.0.2 table 77
	ip -n "$C" addr add 10.50.0.2/24 dev to-a
	ip -n "$C" addr add 10.9.0.2/32 dev lo
	ip -n "$C" link set to-a up
	ip -n "$C" route add default via 10.50.0.1
	in_ns "$A" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.rport1.rp_filter=0
	ping_fails "$A" 10.9.0.2 -I 10.1.0.0
	finds martian-source error "*$A/rport1 drops packets from 10.1.0.0, which is an address of its own host*"
	mend martian-source
	ping_ok "$A" 10.9.0.2 -I 10.1.0.0
}

# A network behind B that only small packets reach, while nobody may say so: a stream stops, unless the MSS is clamped.
test_mtu_of_the_way_out() {
	numbered --a-route 10.77.0.0/16
	ns_add C D
	veth "$B" 10.77.1.1 "$C" 10.77.1.2 1400
	veth "$C" 10.77.2.1 "$D" 10.77.2.2 9000
	ip -n "$B" route add 10.77.0.0/16 via 10.77.1.2
	ip -n "$C" route add default via 10.77.1.1
	ip -n "$D" route add default via 10.77.2.1
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$C" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$A" nft 'add table ip t; add chain ip t in { type filter hook input priority 0; }
		add rule ip t in icmp type destination-unreachable drop'
	ping_ok "$A" 10.77.2.2
	! streams || fail "a stream passes, though its packets are too big"
	checked
	assert_eq "$RC" 0 "exit status: a hint is no fault"
	assert_match "$(finding mtu-onward | jq -r .message)" \
		'packets to 10.77.0.0/16 go on from *rport0 through *, whose MTU is 1400, not 32768: * MSS is clamped *' "the hint"
	# as it says
	in_ns "$B" nft 'add table inet f; add chain inet f forward { type filter hook forward priority 0; }
		add rule inet f forward tcp flags syn tcp option maxseg size set rt mtu'
	streams || fail "no stream passes with the MSS clamped"
	in_ns "$B" nft flush ruleset
	mend mtu-onward
	streams || fail "no stream passes with the MTU of the way out"
}

# veth NAMESPACE ADDRESS NAMESPACE ADDRESS MTU: of /24 networks
veth() {
	ip -n "$1" link add "to-$3" mtu "$5" type veth peer name "to-$1" mtu "$5" netns "$3"
	ip -n "$1" addr add "$2/24" dev "to-$3"
	ip -n "$3" addr add "$4/24" dev "to-$1"
	ip -n "$1" link set "to-$3" up
	ip -n "$3" link set "to-$1" up
}

# streams, as a condition: 200 kB of TCP from A reach D
streams() {
	local pid
	rm -f ready
	nsenter --net=/run/netns/"$D" "$TRAFFIC" tcp-listen --timeout 4000 --ready ready 10.77.2.2 5000 </dev/null >streamed 2>/dev/null &
	pid=$!
	eventually test -e ready
	"$TRAFFIC" pattern --bytes 200000 | in_ns "$A" "$TRAFFIC" tcp-send --timeout 4000 10.77.2.2 5000 >/dev/null 2>&1 || true
	wait "$pid" || true
	[ "$(wc -c <streamed)" = 200000 ]
}

run_tests "$@"
