#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests of ports by themselves share, beside lib.sh.

# --- asking over the socket, without rportctl ------------------------------------------------------------------------

# call METHOD PARAMETERS: the reply to one Varlink call
call() {
	printf '{"method":"org.rportd.Manager.%s","parameters":%s}\0' "$1" "$2" |
		socat -t 5 - UNIX-CONNECT:"$SOCKET" | tr '\0' '\n'
}

# call_refused ERROR ERRNO GLOB METHOD PARAMETERS: this error, this errno, such a message, and nothing else in the reply
call_refused() {
	run call "$4" "$5"
	assert_json "$OUT" ".error == \"org.rportd.Manager.$1\" and .parameters.errno == $2" "reply to $4 $5"
	assert_json "$OUT" 'keys == ["error", "parameters"] and (.parameters | keys) == ["errno", "message"]'
	assert_match "$(jq -r .parameters.message <<<"$OUT")" "$3" "message of $4 $5"
}

# call_invalid PARAMETER METHOD PARAMETERS: Varlink's own error for a parameter of the wrong type
call_invalid() {
	run call "$2" "$3"
	assert_json "$OUT" '.error == "org.varlink.service.InvalidParameter"' "reply to $2 $3"
	assert_json "$OUT" ".parameters == { parameter: \"$1\" }" "reply to $2 $3"
}

# --- what there is ---------------------------------------------------------------------------------------------------

# world: all that a refused command must not change
world() {
	local ns
	{
		rportctl -j ports
		rportctl -j show
	} | jq -S 'map(del(.statistics, .workers?, .a.statistics?, .b.statistics?))'
	for ns in $(ns_list); do
		echo "$ns"
		printf '%s\n' 'link show' 'addr show' 'route show table all' | ip -n "$ns" -o -batch - | sed 's/ qdisc [^ ]*//'
		ip -n "$ns" -6 route show table all
	done
}

# remember_world: once it has come to rest
remember_world() {
	eventually at_rest
	WORLD=$(world)
}

at_rest() {
	local before
	before=$(world)
	sleep 0.1
	[ "$(world)" = "$before" ]
}

# assert_same_world WHAT
assert_same_world() {
	local now
	now=$(world)
	[ "$now" = "$WORLD" ] || fail "$1 changed something:
$(diff <(echo "$WORLD") <(echo "$now"))"
}

# refuses STATUS MESSAGE COMMAND...: exactly this message, after rportctl's name, and nothing changed. "*" is allowed in it.
refuses() {
	refused "$1" "rportctl: $2" "${@:3}"
	assert_same_world "'${*:3}'"
}

# ports_count N, as a condition
ports_count() {
	[ "$(rportctl -j ports | jq length)" = "$1" ]
}

kernel_mtu() {
	ip -n "$1" -j link show dev "$2" | jq '.[0].mtu'
}

is_up() {
	ip -n "$1" -j link show dev "$2" | jq -e '.[0].flags | index("UP")' >/dev/null
}

# ports_with_addresses: PA and PB, ports in A and B, up and with addresses, but without parents
ports_with_addresses() {
	PA=netns:$A/wan0 PB=netns:$B/wan1
	succeeds rportctl create wan0 in "$A" "$@"
	succeeds rportctl create wan1 in "$B" "$@"
	ip -n "$A" addr add 192.168.0.0 peer 192.168.0.1 dev wan0
	ip -n "$B" addr add 192.168.0.1 peer 192.168.0.0 dev wan1
	succeeds rportctl up wan0
	succeeds rportctl up wan1
}

# wans_carry, as a condition: the ports of ports_with_addresses
wans_carry() {
	has_carrier "$A" wan0 && has_carrier "$B" wan1
}

# --- ports that went, and are to return ------------------------------------------------------------------------------

# displace_port NAMESPACE INTERFACE: remove a port's interface and put another one in its place, before rportd can
displace_port() {
	kill -STOP "$RPORTD_PID"
	ip -n "$1" link del "$2"
	ip -n "$1" link add "$2" type veth peer name displacer
	kill -CONT "$RPORTD_PID"
}

# is_pending END, as a condition: this end of ab, and it says why
is_pending() {
	port_is ab "$1" .state pending && [ "$(port ab "$1" .reason)" != null ]
}

# pings_all_ways: over ab
pings_all_ways() {
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
	ping_ok "$A" fd00:ab::b
	ping_ok "$A" "$(port ab b .linkLocal)%rport0"
}
