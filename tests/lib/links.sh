#!/bin/bash
# SPDX-License-Identifier: ISC
#
# rportctl, and the links and ports that it makes and shows. Sourced by ../lib.sh.

# rportctl ARGUMENT...: the real one, with the test's daemon
rportctl() {
	[ -z "${FAST_PATH:-}" ] || with_fast_path "$@"
	"$RPORTCTL" --socket "$SOCKET" "$@" "${WITH_MTU[@]}"
}

# as_nobody ARGUMENT...: rportctl, called by a user who may not change anything
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$RPORTCTL" --socket "$SOCKET" "$@"
}

# with_fast_path ARGUMENT...: WITH_MTU is the option without which the link or port would be too large for the fast path
with_fast_path() {
	WITH_MTU=()
	case $1,$* in
	*--mtu*) ;;
	pair,* | create,*) WITH_MTU=(--mtu "$FAST_MTU") ;;
	esac
}

WITH_MTU=()

# can_be_fast LINK: skip the test where this kernel or this build has no fast path
can_be_fast() {
	local reason
	reason=$(rportctl -j show "$1" | jq -r '.ways.aToB.reason')
	case $reason in
	*'bpf(2)'* | *lacks*) skip cannot "$reason" ;;
	esac
}

# is_fast LINK: as a condition, both ends send by the fast path
is_fast() {
	rportctl -j show "$1" | jq -e '.ways.aToB.fast and .ways.bToA.fast'
}

# port LINK SIDE FILTER: something of `rportctl show`, such as: port link a .statistics.packets
port() {
	rportctl -j -s show "$1" | jq -r ".$2 | $3"
}

# port_is LINK SIDE FILTER VALUE: as a condition, for eventually
port_is() {
	[ "$(port "$1" "$2" "$3")" = "$4" ]
}

# of_port DOMAIN/IFNAME FILTER: what the jq filter makes of this port
of_port() {
	rportctl -j ports | jq -r --arg port "$1" ".[] | select(\"\(.domain)/\(.interface)\" == \$port) | $2"
}

# port_has DOMAIN/IFNAME FILTER VALUE, as a condition
port_has() {
	[ "$(of_port "$1" "$2")" = "$3" ]
}

# both_carry, as a condition: the ports of A and B
both_carry() {
	has_carrier "$A" rport0 && has_carrier "$B" rport0
}

# counts_without_carrier: does this kernel count what it drops because an interface has no carrier? 6.1 does not
counts_without_carrier() {
	local dropped
	# a TUN device that nobody has open has none
	ip -n "$A" tuntap add dev counts mode tun
	ip -n "$A" link set counts up
	succeeds traffic "$A" frame --count 3 --ignore-errors counts 0800 45
	dropped=$(ip -n "$A" -s -j link show dev counts | jq '.[0].stats64.tx.dropped')
	ip -n "$A" link del counts
	[ "$dropped" -ge 3 ]
}

# pair_numbered [OPTION...]: A and B, with 192.168.0.0, 192.168.0.1, fd00:ab::a and fd00:ab::b, as link "ab"
pair_numbered() {
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b "$@"
	case ${FAST_PATH:-},$* in
	,* | *--no-offload* | *--mpls* | *--mtu\ 32768*) ;;
	*)
		can_be_fast ab
		eventually is_fast ab # or the pass would not test it
		;;
	esac
}

# varlink CALL...: JSON calls sent at once; one reply a line
varlink() {
	printf '%s\0' "$@" | "$TRAFFIC" unix-send --timeout "$STEP_MS" "$SOCKET" | tr '\0' '\n'
}
