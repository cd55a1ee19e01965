#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Stateful firewalls and NAT between two VRFs of one namespace, as rport(7) says: all works with one zone of connection tracking for
# each VRF, and not with one for each port. Two hosts, C behind vrf-a and S behind vrf-b, and a link between the VRFs.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../check.sh"
. "${BASH_SOURCE[0]%/*}/../vrfs.sh"

# setup [OPTION...]: two hosts and a link, which forwards
setup() {
	two_vrfs
	ns_add C S
	host "$C" vrf-a ca 10.1.0
	host "$S" vrf-b sb 10.2.0
	in_ns "$HOME_NS" sysctl -qw net.ipv4.ip_forward=1
	rule 'add table inet t; add chain inet t probe { type filter hook prerouting priority 0; }' || skip cannot 'no nftables here'
	start_rportd
	succeeds rportctl pair vrf-a vrf-b --name ab --a-name pa --b-name pb --addresses 192.168.0.0,192.168.0.1 \
		--a-route 10.2.0.0/24 "$@"
}

# zones LINE...: what is in each
zones() {
	rule 'add table inet zones; add chain inet zones pre { type filter hook prerouting priority raw; }'
	rule "add rule inet zones pre iifname { $1 } ct zone set 1"
	rule "add rule inet zones pre iifname { $2 } ct zone set 2"
}

zones_of_vrfs() {
	zones 'vrf-a, pa, ca' 'vrf-b, pb, sb'
}

zones_of_ports() {
	zones pa pb
}

# new connections from C only, and what belongs to them
stateful() {
	rule 'add chain inet t forwarding { type filter hook forward priority 0; policy drop; }'
	rule 'add rule inet t forwarding ct state established,related accept'
	rule 'add rule inet t forwarding meta sdifname ca accept'
	rule 'add rule inet t forwarding meta sdifname pb accept'
}

masquerade() {
	rule 'add chain inet t sources { type nat hook postrouting priority srcnat; }'
	rule 'add rule inet t sources oifname pa masquerade'
}

dnat() {
	rule 'add chain inet t destinations { type nat hook prerouting priority dstnat; }'
	rule 'add rule inet t destinations iifname { ca, vrf-a } ip daddr 10.1.0.1 tcp dport 8080 dnat ip to 10.2.0.2:80'
}

stateful_works() {
	stateful
	reaches "$C" "$S" 10.2.0.2 80 || fail "C does not reach S, $1"
	! reaches "$S" "$C" 10.1.0.2 80 || fail "S reaches C, $1"
}

test_stateful_without_zones() {
	setup --b-route 10.1.0.0/24
	stateful_works 'without zones'
}

test_stateful_with_zones_of_vrfs() {
	setup --b-route 10.1.0.0/24
	zones_of_vrfs
	stateful_works 'with a zone for each VRF'
}

# S knows nothing of the network of C
test_masquerade_without_zones() {
	setup
	masquerade
	reaches "$C" "$S" 10.2.0.2 80 || fail 'C does not reach S'
}

test_masquerade_with_zones_of_vrfs() {
	setup
	zones_of_vrfs
	masquerade
	reaches "$C" "$S" 10.2.0.2 80 || fail 'C does not reach S'
}

# the reply comes in by sb, which is in another zone than pb: it is taken for one to C, which vrf-b does not know
test_masquerade_with_zones_of_ports() {
	setup
	zones_of_ports
	masquerade
	! reaches "$C" "$S" 10.2.0.2 80 || fail 'zones of ports do no harm: rport(7) says that they do'
}

# the recipe of check, word for word; both ways
test_zones_as_check_says() {
	setup
	rule 'add rule inet t probe ct state invalid counter'
	ping_ok "$HOME_NS" 192.168.0.1 -I vrf-a
	checked
	mend_in "$HOME_NS" conntrack-zones
	rule list table inet zones
	masquerade
	reaches "$C" "$S" 10.2.0.2 80 || fail 'C does not reach S, masqueraded'
	# the other way: S comes to C by the address of its own router
	rule 'add rule inet t sources oifname pb masquerade'
	dnat
	rule 'add rule inet t destinations iifname { sb, vrf-b } ip daddr 10.2.0.1 tcp dport 8080 dnat ip to 10.1.0.2:80'
	ip -n "$HOME_NS" route add 10.1.0.0/24 vrf vrf-b dev pb
	reaches "$C" "$S" 10.1.0.1 8080 80 || fail 'C does not reach S by the address of its router'
	reaches "$S" "$C" 10.2.0.1 8080 80 || fail 'S does not reach C by the address of its router'
}

test_dnat_without_zones() {
	setup --b-route 10.1.0.0/24
	dnat
	reaches "$C" "$S" 10.1.0.1 8080 80 || fail 'C does not reach S by the address of the router'
}

test_dnat_with_zones_of_vrfs() {
	setup --b-route 10.1.0.0/24
	zones_of_vrfs
	dnat
	reaches "$C" "$S" 10.1.0.1 8080 80 || fail 'C does not reach S by the address of the router'
}

# by a port in a VRF: in the hook input it has come in by the VRF
test_filter_by_sdifname() {
	setup --b-route 10.1.0.0/24
	rule 'add chain inet t incoming { type filter hook input priority 0; }'
	rule 'add rule inet t incoming iifname pb counter drop'
	ping_ok "$C" 192.168.0.1
	rule 'add rule inet t incoming meta sdifname pb counter drop'
	ping_fails "$C" 192.168.0.1
}

run_tests "$@"
