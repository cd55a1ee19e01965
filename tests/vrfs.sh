# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# VRFs in the namespace of rportd, and hosts behind them. For files in vm/.

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

# host NAMESPACE VRF INTERFACE NETWORK [NETWORK6]: NETWORK.2, behind NETWORK.1 of the VRF, and NETWORK6::2 behind NETWORK6::1
host() {
	ip -n "$HOME_NS" link add "$3" type veth peer name eth0 netns "$1"
	ip -n "$HOME_NS" link set "$3" master "$2"
	ip -n "$HOME_NS" addr add "$4.1/24" dev "$3"
	ip -n "$HOME_NS" link set "$3" up
	ip -n "$1" addr add "$4.2/24" dev eth0
	ip -n "$1" link set eth0 up
	ip -n "$1" link set lo up
	ip -n "$1" route add default via "$4.1"
	[ $# -ge 5 ] || return 0
	ip -n "$HOME_NS" addr add "$5::1/64" dev "$3" nodad
	ip -n "$1" addr add "$5::2/64" dev eth0 nodad
	ip -n "$1" route add default via "$5::1"
}

# rule ARGUMENT...: of nft, where the VRFs are
rule() {
	in_ns "$HOME_NS" nft "$@"
}

# reaches FROM TO ADDRESS PORT [PORT-OF-SERVER]: as a condition, a TCP connection carries something both ways; FROM and TO may be
# NAMESPACE,VRF: by a socket of the VRF
reaches() {
	local status=0 family=4 address=$3 from=${1#"${1%%,*}"} to=${2#"${2%%,*}"}
	[[ $3 != *:* ]] || family=6 address="[$3]"
	in_ns "${2%%,*}" timeout 8 socat -u "TCP$family-LISTEN:${5:-$4},reuseaddr${to:+,so-bindtodevice=${to#,}}" \
		SYSTEM:'cat >/dev/null' 2>/dev/null &
	SPAWN_PID=$!
	eventually listens "${2%%,*}" "${5:-$4}"
	echo hello | in_ns "${1%%,*}" timeout 4 socat -u - \
		"TCP$family:$address:$4,connect-timeout=3${from:+,so-bindtodevice=${from#,}}" || status=$?
	kill "$SPAWN_PID" 2>/dev/null || true
	wait "$SPAWN_PID" 2>/dev/null || true
	SPAWN_PID=
	return "$status"
}

# listens NAMESPACE PORT
listens() {
	in_ns "$1" ss -Hltn "sport = :$2" | grep -q .
}
