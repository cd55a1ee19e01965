#!/bin/bash
# SPDX-License-Identifier: ISC
#
# BGP unnumbered: neighbours find each other by router advertisements, and IPv4 goes to IPv6 next hops (RFC 5549).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

# start_in NAMESPACE
start_in() {
	loopback "$1"
	cat >"$1.conf" <<-END
		interface rport0
		 ipv6 nd ra-interval 1
		!
		router bgp 6500$N
		 bgp router-id 10.0.0.$N
		 no bgp ebgp-requires-policy
		 timers bgp 1 3
		 neighbor rport0 interface remote-as external
		 neighbor rport0 timers connect 1
		 neighbor rport0 bfd
		 neighbor rport0 bfd profile fast
		 address-family ipv4 unicast
		  network 10.0.0.$N/32
		 exit-address-family
		!
		$(bfd_profile)
	END
	frr "$1" bfdd bgpd
}

# the route is there, by an IPv6 next hop, and packets pass
up() {
	[[ $(ip -n "$A" -j route show 10.0.0.2 | jq -r '.[0].via.family') == inet6 ]] &&
		in_ns "$A" ping -n -q -c 1 -W 1 -I 10.0.0.1 10.0.0.2 &&
		bfd_up "$A"
}

counts() {
	local ns
	for ns in "$A" "$B"; do
		vty "$ns" 'show bgp neighbors rport0 json' | jq -c '.[] | [.connectionsEstablished, .connectionsDropped]'
		bfd_downs "$ns"
	done
}

# FRR 10.3 ends when an interface with router advertisements is removed, so none is without need
over_changes() {
	local indexes
	indexes=$(indexes)
	succeeds rportctl set ab mtu 9000
	succeeds rportctl pair "$A" "$B" --name ab --mtu 9000 --addresses 10.1.0.1,10.1.0.2 --a-route 10.2.0.0/16 --replace
	succeeds rportctl set ab name bgp
	succeeds rportctl pair "$A" "$B" --name bgp --replace
	succeeds rportctl reconcile bgp
	assert_eq "$(indexes)" "$indexes" 'interfaces after changes'
	poll "$COME_UP_MS" up || fail 'not up after changes'
}

test_unnumbered() {
	start_kept_rportd --delay 1
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	start_in "$A"
	start_in "$B"
	takes "$(version_of "$FRR/bgpd"), BGP unnumbered, with BFD 3 x 50 ms: up" up
	over_restarts up counts
	over_changes
	over_down_and_up up
	over_namespace up start_in
}

zebra_gone() {
	! process_over "$(sed -n 1p "$A.pids")" || return 0
	! vty "$A" 'show version'
}

# what the manual says of FRR: it has nothing to do with links
test_removed_interface() {
	ns_add A B
	veth_pair
	start_in "$A"
	eventually vty "$A" 'show interface rport0'
	sleep 3 # until it advertises
	ip -n "$A" link del rport0
	if [ "$(version_of "$FRR/zebra")" = 'FRR 10.3' ]; then
		eventually zebra_gone # or docs/routing.md has to say otherwise
	fi
	if poll 5000 zebra_gone; then
		measured "$(version_of "$FRR/zebra"): zebra ends when a veth interface with router advertisements is removed"
	else
		measured "$(version_of "$FRR/zebra"): zebra goes on when a veth interface with router advertisements is removed"
	fi
}

run_tests "$@"
