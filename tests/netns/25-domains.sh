#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Every way to write a domain.
. "$(dirname "$0")/../lib.sh"

domains() {
	rportctl -j show "$1" | jq -r '"\(.a.domain) \(.b.domain)"'
}

test_bare_and_netns() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "netns:$B" --name ab
	assert_eq "$(domains ab)" "netns:$A netns:$B" "domains in full"
	assert_eq "$(ports "$A") $(ports "$B") $(ports "$HOME_NS")" 'rport0 rport0 ' "interfaces"
}

test_default() {
	start_rportd
	ns_add A
	succeeds rportctl pair default "$A" --addresses 192.168.0.0,192.168.0.1
	assert_eq "$OUT" "default-$A: created, rport0 in default, rport0 in netns:$A" "output of pair"
	ping_ok "$HOME_NS" 192.168.0.1
	assert_eq "$(ports "$HOME_NS")" rport0 "interfaces in rportd's namespace"
	succeeds rportctl unpair "default-$A"
	assert_no_ports
}

test_pid() {
	local pid
	start_rportd
	ns_add A
	unshare -n sleep 50 &
	pid=$!
	eventually other_namespace "$pid"
	succeeds rportctl pair "$A" "pid:$pid" --name ap --addresses 192.168.0.0,192.168.0.1
	assert_eq "$(domains ap)" "netns:$A pid:$pid" domains
	nsenter --net="/proc/$pid/ns/net" ip link set lo up
	ping_ok "$A" 192.168.0.1
	# the container ends: its namespace goes, and so does the interface
	kill "$pid"
	wait "$pid" || true
	eventually no_carrier "$A" rport0
	eventually port_is ap b .state pending
	succeeds rportctl unpair ap
	assert_no_ports
	refused 3 "*$pid*" rportctl pair "$A" "pid:$pid"
}

other_namespace() {
	[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]
}

test_same_domain_twice() {
	start_rportd
	ns_add A
	succeeds rportctl pair "$A" "$A" --name loop
	assert_eq "$(ports "$A" | sort | xargs)" 'rport0 rport1' "two ports in one namespace"
	succeeds rportctl unpair loop
	assert_no_ports
}

test_unknown() {
	start_rportd
	ns_add A
	refused 3 '*nowhere*' rportctl pair "$A" nowhere
	refused 3 '*nowhere*' rportctl pair nowhere "$A"
	assert_match "$ERR" '*VRF*' "what was looked for"
	assert_match "$ERR" '*namespace*' "what was looked for"
	refused 3 '*nowhere*' rportctl pair "$A" netns:nowhere
	refused 3 '*nowhere*' rportctl pair "$A" vrf:nowhere
	refused 3 '*nowhere*' rportctl pair "$A" "netns:$A/vrf:nowhere"
	refused 3 '*nowhere*' rportctl pair "$A" netns:nowhere/vrf:red
	refused 3 '*4194305*' rportctl pair "$A" pid:4194305
	assert_no_ports
}

test_malformed() {
	start_rportd
	ns_add A
	for domain in '' netns: vrf: pid: pid:x pid:0 pid:-1 'netns:a/b' 'netns:..' 'netns:.' ../x a/b vrf:abcdefghijklmnop \
		"netns:$A/vrf:" "netns:$A/" 'x:y' "netns:$A/netns:$A" default/vrf:x; do
		run rportctl pair "$A" "$domain" --name bad
		[ "$RC" = 1 ] || fail "domain '$domain': status $RC, expected 1: $ERR"
		[ -n "$ERR" ] || fail "domain '$domain': refused without a word"
	done
	assert_no_ports
}

test_not_a_vrf() {
	start_rportd
	ns_add A
	ip -n "$HOME_NS" link add notvrf type veth peer name notvrf2
	run rportctl pair "$A" vrf:notvrf
	case $RC in 1 | 3) ;; *) fail "an interface that is no VRF: status $RC" ;; esac
	assert_match "$ERR" '*notvrf*' message
	# a bare name is not taken for it
	refused 3 '*notvrf*' rportctl pair "$A" notvrf
	ip -n "$HOME_NS" link del notvrf
}

test_name_that_is_not_mounted() {
	start_rportd
	ns_add A
	# what `ip netns add` makes first, before it mounts the namespace on it
	: >"/run/netns/${TEST_PREFIX}file"
	refused 3 "*${TEST_PREFIX}file*" rportctl pair "$A" "${TEST_PREFIX}file"
	rm "/run/netns/${TEST_PREFIX}file"
	assert_no_ports
}

test_made_after_start() {
	ns_add A
	start_rportd
	ns_add B
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

test_vrf() {
	start_rportd
	ns_add A
	has_vrf "$HOME_NS" || skip cannot "this kernel has no VRF"
	ip -n "$HOME_NS" link add red type vrf table 101
	ip -n "$HOME_NS" link set red up
	ip -n "$HOME_NS" link add blue type vrf table 102
	ip -n "$HOME_NS" link set blue up
	succeeds rportctl pair red vrf:blue --name rb --addresses 192.168.0.0,192.168.0.1 --addresses fd00::a,fd00::b
	assert_eq "$(domains rb)" 'vrf:red vrf:blue' "domains in full"
	ping_ok "$HOME_NS" 192.168.0.1 -I red
	ping_ok "$HOME_NS" 192.168.0.0 -I blue
	ping_ok "$HOME_NS" fd00::b -I red
	ping_fails "$HOME_NS" 192.168.0.1
	assert_match "$(ip -n "$HOME_NS" link show dev rport0)" '*master red*' "member of the VRF"
}

test_ambiguous() {
	start_rportd
	ns_add A B
	has_vrf "$HOME_NS" || skip cannot "this kernel has no VRF"
	ip -n "$HOME_NS" link add "$B" type vrf table 101
	refused 2 "*vrf:$B*netns:$B*" rportctl pair "$A" "$B"
	succeeds rportctl pair "$A" "netns:$B"
}

run_tests "$@"
