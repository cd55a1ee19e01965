#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# A pair that fails leaves nothing behind, and says which step failed, on what, and why.
. "$(dirname "$0")/../lib.sh"

# fails_without_trace GLOB OPTION...: pairing A and B is refused; afterwards all is as before, and the same works without
fails_without_trace() {
	local before after fds
	before=$(snapshot)
	fds=$(rportd_fds)
	refused 2 "$1" rportctl pair "$A" "$B" --name bad "${@:2}"
	after=$(snapshot)
	assert_eq "$after" "$before" "what is there after a failure"
	eventually fds_at_most "$fds"
	run rportctl exists bad
	assert_eq "$RC" 3 "exists"
	succeeds rportctl pair "$A" "$B" --name good --addresses 192.168.7.0,192.168.7.1
	assert_eq "$(port good a .interface) $(port good b .interface)" 'rport0 rport0' "names that are free again"
	ping_ok "$A" 192.168.7.1
	succeeds rportctl unpair good
}

snapshot() {
	for ns in $(ns_list); do
		ip -n "$ns" -br link show | awk '{ print $1, $3, $4 }'
		ip -n "$ns" -br addr show
		ip -n "$ns" route show table all
		ip -n "$ns" -6 route show table all
	done
}

test_domain_unknown() {
	start_rportd
	ns_add A B
	refused 3 '*nowhere*' rportctl pair "$A" nowhere
	assert_no_ports
}

test_interface_name_taken_in_a() {
	start_rportd
	ns_add A B
	ip -n "$A" link add wan0 type veth peer name wan1
	fails_without_trace "*wan0*$A*" --a-name wan0
}

test_interface_name_taken_in_b() {
	start_rportd
	ns_add A B
	ip -n "$B" link add wan0 type veth peer name wan1
	fails_without_trace "*wan0*$B*" --b-name wan0
}

test_route_refused_by_the_kernel() {
	start_rportd
	ns_add A B
	fails_without_trace '*cannot add the route 10.99.0.0/16 src 10.9.9.9 *: no interface there has the address 10.9.9.9; give it to one first' \
		--b-route 10.98.0.0/16 --b-route 10.99.0.0/16 src 10.9.9.9
	fails_without_trace '*fd99::/16 src fd99::1*' --a-route fd99::/16 src fd99::1 --addresses 10.0.0.1,10.0.0.2
}

test_others_stay() {
	start_rportd
	ns_add A B
	pair_numbered
	ip -n "$B" link add wan0 type veth peer name wan1
	spawn "$A" ping.out ping -n -q -c 40 -i 0.02 192.168.0.1
	for _ in 1 2 3 4 5; do
		refused 2 '*wan0*' rportctl pair "$A" "$B" --name bad --b-name wan0
	done
	wait "$SPAWN_PID" || fail "ping over another link: $(<ping.out)"
	assert_match "$(<ping.out)" '* 0% packet loss*' "ping over another link"
}

run_tests "$@"
