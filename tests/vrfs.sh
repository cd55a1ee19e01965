# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# VRFs in the namespace of rportd. For files in vm/.

# vrf_add NAMESPACE VRF TABLE
vrf_add() {
	ip -n "$1" link add "$2" type vrf table "$3"
	ip -n "$1" link set "$2" up
}

# two_vrfs: in the namespace of rportd
two_vrfs() {
	ns_add HOME_NS
	has_vrf "$HOME_NS" || skip cannot 'this kernel has no VRFs'
	vrf_add "$HOME_NS" vrf-a 1001
	vrf_add "$HOME_NS" vrf-b 1002
}
