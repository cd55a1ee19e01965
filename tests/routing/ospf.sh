#!/bin/bash
# SPDX-License-Identifier: ISC
#
# OSPFv2 over ports that borrow the address of the loopback interface, and OSPFv3, both watched by BFD.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

# start_in NAMESPACE
start_in() {
	loopback "$1"
	cat >"$1.conf" <<-END
		interface lo
		 ip ospf area 0
		 ipv6 ospf6 area 0
		!
		interface rport0
		 ip ospf network point-to-point
		 ip ospf area 0
		 ip ospf hello-interval 1
		 ip ospf dead-interval 4
		 ip ospf bfd
		 ip ospf bfd profile fast
		 ipv6 ospf6 area 0
		 ipv6 ospf6 network point-to-point
		 ipv6 ospf6 hello-interval 1
		 ipv6 ospf6 dead-interval 4
		 ipv6 ospf6 bfd profile fast
		!
		router ospf
		 ospf router-id 10.0.0.$N
		!
		router ospf6
		 ospf6 router-id 10.0.0.$N
		!
		$(bfd_profile)
	END
	frr "$1" bfdd ospfd ospf6d
}

v2_up() {
	vty "$A" 'show ip ospf neighbor' | grep -q '10.0.0.2 .*Full' && vty "$B" 'show ip ospf neighbor' | grep -q '10.0.0.1 .*Full' &&
		in_ns "$A" ping -n -q -c 1 -W 1 -I 10.0.0.1 10.0.0.2
}

v3_up() {
	vty "$A" 'show ipv6 ospf6 neighbor' | grep -q '10.0.0.2 .*Full' &&
		vty "$B" 'show ipv6 ospf6 neighbor' | grep -q '10.0.0.1 .*Full' &&
		in_ns "$A" ping -n -q -c 1 -W 1 -I fd00::1 fd00::2
}

up() {
	v2_up && v3_up && bfd_up_in_both
}

counts() {
	local ns
	for ns in "$A" "$B"; do
		bfd_downs "$ns"
		vty "$ns" 'show ip ospf neighbor detail' | grep -E 'State is|state changes' || true
	done
}

test_unnumbered() {
	start_kept_rportd --delay 1
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.1,10.0.0.2
	start_in "$A"
	start_in "$B"
	takes "$(version_of "$FRR/ospfd"), OSPFv2 with the address of lo: up" v2_up
	takes 'OSPFv3, after that: up' v3_up
	over_restarts up counts
	over_down_and_up up
	over_namespace up start_in
}

run_tests "$@"
