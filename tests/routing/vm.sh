#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What needs a kernel with MPLS and VRFs: LDP over a link made with --mpls, and a VRF that goes and returns. routing/run.sh runs this
# in a virtual machine, which is emulated: what it takes there says little.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../vrfs.sh"
. "$(dirname "$0")/daemons.sh"

# --- LDP -------------------------------------------------------------------------------------------------------------

start_ldp_in() {
	eventually in_ns "$1" sysctl -qw net.mpls.platform_labels=1000 net.mpls.conf.rport0.input=1 # once the port is there
	loopback "$1"
	cat >"$1.conf" <<-END
		interface lo
		 ip ospf area 0
		!
		interface rport0
		 ip ospf network point-to-point
		 ip ospf area 0
		 ip ospf hello-interval 1
		 ip ospf dead-interval 4
		!
		router ospf
		 ospf router-id 10.0.0.$N
		!
		mpls ldp
		 router-id 10.0.0.$N
		 address-family ipv4
		  discovery transport-address 10.0.0.$N
		  discovery hello interval 1
		  interface rport0
	END
	frr "$1" ospfd ldpd
}

# bound to each other's loopback address, and labels are in the kernel
ldp_up() {
	vty "$A" 'show mpls ldp neighbor' | grep -q OPERATIONAL && vty "$A" 'show mpls ldp binding' | grep -q '10.0.0.2/32.*10.0.0.2' &&
		ip -n "$A" -f mpls route show | grep -q 'dev rport0'
}

# of those who have met once
ldp_sessions() {
	vty "$A" 'show mpls ldp neighbor' | grep -c OPERATIONAL
}

test_ldp() {
	modprobe -qa mpls_router mpls_iptunnel 2>/dev/null || true
	[ -d /proc/sys/net/mpls ] || skip cannot 'this kernel has no MPLS'
	start_kept_rportd --delay 1
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --mpls --mtu 1500 --addresses 10.1.0.1,10.1.0.2
	start_ldp_in "$A"
	start_ldp_in "$B"
	takes "$(version_of "$FRR/ldpd"), LDP on a link with --mpls: up" ldp_up
	over_restarts ldp_up ldp_sessions
	over_down_and_up ldp_up
	over_namespace ldp_up start_ldp_in
}

# --- a VRF -----------------------------------------------------------------------------------------------------------

conf_of() {
	cat >"$1.conf" <<-END
		interface $3
		 ip ospf network point-to-point
		 ip ospf area 0
		 ip ospf hello-interval 1
		 ip ospf dead-interval 4
		 ip ospf bfd
		!
		router ospf $4
		 ospf router-id 10.0.0.$2
		!
	END
	frr "$1" bfdd ospfd
}

# watched by BFD with its default, 3 x 300 ms, since this machine is emulated
vrf_up() {
	bfd_up "$HOME_NS" && bfd_up "$B" &&
		vty "$HOME_NS" 'show ip ospf vrf vrf-a neighbor' | grep -q Full && vty "$B" 'show ip ospf neighbor' | grep -q Full
}

test_vrf_goes_and_returns() {
	two_vrfs
	start_kept_rportd --delay 1
	ns_add B
	succeeds rportctl pair vrf-a "$B" --name ab --addresses 10.1.0.1,10.1.0.2
	conf_of "$HOME_NS" 1 "$(port ab a .interface)" 'vrf vrf-a'
	conf_of "$B" 2 rport0 ''
	takes "$(version_of "$FRR/ospfd"), OSPF in a VRF, with BFD: up" vrf_up
	ip -n "$HOME_NS" link del vrf-a
	eventually no_carrier "$B" rport0
	eventually not vrf_up
	vrf_add "$HOME_NS" vrf-a 1001
	takes 'again after its VRF went and returned' vrf_up
}

run_tests "$@"
