#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Routes with a next hop, a metric and a source address: at pair, in files, after a restart, as drift, and beside others' routes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../drift.sh"
. "$(dirname "$0")/../config.sh"

ROUTES='["10.50.0.0/16 via 192.168.0.1 metric 100 src 192.168.0.0","10.50.0.0/16 via 192.168.0.9 metric 200","2001:db8::/32 via fd00:ab::b","0.0.0.0/0 metric 5"]'

# routed: link ab with routes of each kind in A
routed() {
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16 via 192.168.0.1 metric 100 src 192.168.0.0 \
		--a-route '10.50.0.0/16 metric 200 via 192.168.0.9' --a-route 2001:db8::/32 via fd00:ab::b --a-route default metric 5 "$@"
}

kernel_routes() {
	ip -n "$A" route show proto 114 | sort
	ip -n "$A" -6 route show proto 114
}

KERNEL_ROUTES='10.50.0.0/16 via 192.168.0.1 dev rport0 src 192.168.0.0 metric 100 onlink
10.50.0.0/16 via 192.168.0.9 dev rport0 metric 200 onlink
2001:db8::/32 via fd00:ab::b dev rport0 metric 1024 onlink
default dev rport0 scope link metric 5'

has_routes() {
	assert_eq "$(kernel_routes | sed 's/ *$//; s/ pref medium//' | sort)" "$KERNEL_ROUTES" "the kernel's routes"
	assert_eq "$(port ab a '.routes | tojson')" "$ROUTES" "routes in show"
	assert_eq "$(drift_of a) $(drift_of b)" '[] []' drift
}

test_pair() {
	start_rportd
	routed
	has_routes
	succeeds rportctl show ab
	assert_match "$OUT" '*routes *10.50.0.0/16 via 192.168.0.1 metric 100 src 192.168.0.0*' "text of show"
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b \
		--a-route 10.50.0.0/16 src 192.168.0.0 metric 100 via 192.168.0.1 --a-route 10.50.0.0/16 via 192.168.0.9 metric 200 \
		--a-route 2001:db8::/32 via fd00:ab::b metric 1024 --a-route default metric 5
	assert_match "$OUT" 'ab: unchanged, *' "the same again, in other words"
	refused 2 '*at end a the routes are *' rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b --a-route 10.50.0.0/16 via 192.168.0.1 metric 100
}

test_refused() {
	start_rportd
	ns_add A B
	refused 1 '*via fd00::1 is of another family than the network 10.0.0.0/8' \
		rportctl pair "$A" "$B" --a-route 10.0.0.0/8 via fd00::1
	refused 1 '*metric "0" is not possible: it must be 1 to 4294967295' rportctl pair "$A" "$B" --a-route default metric 0
	refused 1 '*the route 10.0.0.0/8 is given twice: *' \
		rportctl pair "$A" "$B" --a-route 10.0.0.0/8 via 10.9.0.1 --a-route 10.0.0.0/8
	refused 1 '*"dev" has no meaning in a route, *' rportctl pair "$A" "$B" --a-route 'default dev lo'
	refused 1 "*has the port's own address as its next hop: *" \
		rportctl pair "$A" "$B" --a-route default via 10.9.0.1 --a-address 10.9.0.1
	refused 1 '*one word too many*' rportctl pair "$A" "$B" --a-route default via
	call_refused InvalidArgument 22 '*given twice*' CreatePort "{\"port\":{\"domain\":\"$A\",\"routes\":[\"default\",\"0.0.0.0/0\"]}}"
}

test_file() {
	ns_add A B
	numbered_file 'a:Route=10.50.0.0/16 via 192.168.0.1 metric 100 src 192.168.0.0' 'a:Route=10.50.0.0/16 via 192.168.0.9 metric 200' \
		'a:Route=2001:db8::/32  via fd00:ab::b' 'a:Route=default metric 5'
	start_rportd
	has_routes
	succeeds rportctl export ab
	assert_match "$OUT" '*Route=10.50.0.0/16 via 192.168.0.1 metric 100 src 192.168.0.0*' export
	echo "$OUT" >conf/ab.rport
	succeeds rportctl apply
	assert_eq "$OUT" 'nothing to do' "apply of what was exported"
}

test_restart() {
	start_kept_rportd
	routed
	restart_rportd
	has_routes
	ip -n "$A" link delete rport0
	eventually both_carry
	has_routes
}

# without records, from the kernel alone
test_adopted() {
	start_kept_rportd
	routed
	edit_state 's/"rport-state":1/"rport-state":7/'
	assert_eq "$(port ab a '.routes | sort | tojson')" "$(jq -c sort <<<"$ROUTES")" "routes that were found"
}

test_drift() {
	start_rportd
	routed
	ip -n "$A" route del 10.50.0.0/16 metric 200
	sees 'the route 10.50.0.0/16 via 192.168.0.9 metric 200 is missing'
	succeeds rportctl reconcile ab
	has_routes
	# another next hop, by whoever
	ip -n "$A" route change 10.50.0.0/16 via 192.168.0.7 dev rport0 metric 100 onlink proto 114
	ip -n "$A" -6 route del 2001:db8::/32
	eventually drift_is a '["the route 10.50.0.0/16 via 192.168.0.1 metric 100 src 192.168.0.0 is missing: there is one by rport0 with metric 100; give this one another (metric N)","the route 2001:db8::/32 via fd00:ab::b is missing"]'
	ip -n "$A" route del 10.50.0.0/16 metric 100
	succeeds rportctl reconcile ab
	has_routes
}

# a route of somebody else to the same network, such as the default of a DHCP client
other_default() {
	ip -n "$B" link add d0 type veth peer name d1
	ip -n "$B" link set d0 up
	ip -n "$B" link set d1 up
	ip -n "$B" addr add 192.0.2.1/24 dev d0
	ip -n "$B" route add default via 192.0.2.254
	ip -n "$B" -6 route add default dev d0 metric 1024
}

RIVALS='["the route 0.0.0.0/0 is missing: there is one by d0 with metric 0; give this one another (metric N)","the route ::/0 is missing: there is one by d0 with metric 1024; give this one another (metric N)"]'

test_route_exists_at_pair() {
	start_rportd
	ns_add A B
	other_default
	pair_numbered --b-route default --b-route ::/0
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	assert_eq "$(drift_of b)" "$RIVALS" drift
	refused 2 '*the route 0.0.0.0/0 is missing: there is one by d0 *' rportctl reconcile ab
	assert_match "$(ip -n "$B" route show default)" 'default via 192.0.2.254 dev d0*' "the other's route"
	# the way out
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b \
		--b-route default metric 50 --b-route ::/0 metric 50 --replace
	assert_match "$OUT" 'ab: changed, *' "with metrics"
	assert_eq "$(drift_of b)" '[]' "drift with metrics"
	assert_match "$(ip -n "$B" route show default)" 'default via 192.0.2.254 dev d0*default dev rport0 proto 114 scope link metric 50*' routes
}

# the default comes while the link is there, and is there when the link returns
test_route_exists_when_a_port_returns() {
	start_rportd
	ns_add A B
	pair_numbered --b-route default --b-route ::/0
	eventually both_carry
	ip -n "$B" route del default
	ip -n "$B" -6 route del default
	other_default
	ip -n "$B" link delete rport0
	eventually both_carry
	eventually drift_is b "$RIVALS"
	ping_ok "$A" 192.168.0.1
	ip -n "$B" link delete d0
	succeeds rportctl reconcile ab
	assert_eq "$(drift_of b)" '[]' "drift when there is room"
}

# a route without an interface
test_blackholes() {
	start_rportd
	ns_add A B
	ip -n "$B" route add blackhole 10.99.0.0/16
	ip -n "$B" route add unreachable 10.98.0.0/16
	ip -n "$B" -6 route add blackhole fd99::/16 metric 1024
	pair_numbered --b-route 10.99.0.0/16 --b-route 10.98.0.0/16 --b-route fd99::/16
	eventually both_carry
	assert_match "$(drift_of b)" '\["the route 10.99.0.0/16 is missing","the route 10.98.0.0/16 is missing","the route fd99::/16 is missing*' drift
	ip -n "$B" route del blackhole 10.99.0.0/16
	ip -n "$B" route del unreachable 10.98.0.0/16
	ip -n "$B" -6 route del fd99::/16
	succeeds rportctl reconcile ab
	assert_eq "$(drift_of b)" '[]' "drift when there is room"
}

run_tests "$@"
