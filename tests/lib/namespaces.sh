#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Namespaces of a test, and what is in them. Sourced by ../lib.sh.

# ns_add VARIABLE...: a new namespace for each, its unique name in the variable of that name
ns_add() {
	local variable
	for variable; do
		printf -v "$variable" '%s%s' "$TEST_PREFIX" "${variable,,}"
		ns_create "${!variable}"
	done
}

# ns_create NAME
ns_create() {
	ip netns add "$1"
	ip -n "$1" link set lo up
	# BBR, where it is the default, paces; which others a namespace may take is the machine's to say
	in_ns "$1" sysctl -qw net.ipv4.tcp_congestion_control=cubic 2>/dev/null ||
		in_ns "$1" sysctl -qw net.ipv4.tcp_congestion_control=reno 2>/dev/null || true
}

# ns_list: the namespaces of this test
ns_list() {
	find /run/netns -maxdepth 1 -name "$TEST_PREFIX*" -printf '%f\n'
}

delete_namespaces() {
	local ns
	for ns in $(ns_list); do
		ip netns del "$ns"
	done
}

# witness_gone NAMESPACE, as a condition: its interface "witness", the other end of one in a namespace that was deleted, which
# goes only when that is really gone
witness_gone() {
	! ip -n "$1" link show dev witness
}

# namespace_inode NAME
namespace_inode() {
	stat -L -c %i "/run/netns/$1"
}

# in_ns NAMESPACE COMMAND...: unlike `ip netns exec`, in the same mount namespace, and without a process between. A function
# in front would cost a process for `&`: use in_ns_args there.
in_ns() {
	nsenter --net=/run/netns/"$1" -- "${@:2}"
}

# ports NAMESPACE: the TUN devices there
ports() {
	ip -n "$1" -j link show type tun | jq -r '.[].ifname'
}

assert_no_ports() {
	local ns left
	for ns in $(ns_list); do
		left=$(ports "$ns")
		assert_eq "$left" '' "interfaces left in $ns"
	done
}

# carrier NAMESPACE INTERFACE: 1 or 0
carrier() {
	ip -n "$1" -j link show dev "$2" | jq 'if .[0].flags | index("LOWER_UP") then 1 else 0 end'
}

has_carrier() {
	[ "$(carrier "$1" "$2")" = 1 ]
}

no_carrier() {
	[ "$(carrier "$1" "$2")" = 0 ]
}

# ping_ok NAMESPACE ADDRESS [PING-OPTION...]
ping_ok() {
	succeeds in_ns "$1" ping -n -q -c 3 -i 0.05 -W 3 "${@:3}" "$2"
}

# ping_fails NAMESPACE ADDRESS [PING-OPTION...]
ping_fails() {
	run in_ns "$1" ping -n -q -c 2 -i 0.05 -W 0.3 "${@:3}" "$2"
	[ "$RC" != 0 ] || fail "ping of $2 from $1 should have failed"
}

has_vrf() {
	if ip -n "$1" link add rp-vrf-probe type vrf table 999 2>/dev/null; then
		ip -n "$1" link del rp-vrf-probe
	else
		return 1
	fi
}
