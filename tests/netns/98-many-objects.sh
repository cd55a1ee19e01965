#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain alone
# The owner of a namespace may have as many interfaces, addresses and routes as he likes, and change them as fast as he can:
# other clients are answered meanwhile. CROWD_ROUTES, CROWD_ROUTES6, CROWD_NAMES and CROWD_ADDRESSES make it more of them.
. "$(dirname "$0")/../lib.sh"

CROWD=$BUILD_DIR/tests/tools/netload
CROWD_ROUTES=${CROWD_ROUTES:-200000}
CROWD_ROUTES6=${CROWD_ROUTES6:-100000}
CROWD_NAMES=${CROWD_NAMES:-400}
CROWD_ADDRESSES=${CROWD_ADDRESSES:-3000}
ANSWER_MS=100
CALLS=30

# crowd NAMESPACE WHAT INTERFACE NUMBER
crowd() {
	in_ns "$1" "$CROWD" "${@:2}"
}

# answered_while PID [COMMAND...]: while this process runs, other clients are answered within ANSWER_MS. The median, since the
# processes that keep the kernel busy take the processor from the clients, too
answered_while() {
	local i start median times=() command=("${@:2}")
	[ $# -gt 1 ] || command=(rportctl -q exists other)
	for ((i = 0; i < CALLS; i++)); do
		start=$(now_ms)
		"${command[@]}" >/dev/null || fail "no answer"
		times+=($(($(now_ms) - start)))
		sleep 0.03
	done
	kill -0 "$1" || fail "it is over already"
	echo "answers, in ms: ${times[*]}"
	median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$((CALLS / 2))p")
	[ "$median" -le "$(limit "$ANSWER_MS")" ] || fail "half of the answers took more than $median ms"
}

# take_names NAMESPACE COUNT: interfaces of somebody else, called rport0, rport1, ...
take_names() {
	local i
	for ((i = 0; i < $2; i += 2)); do
		echo "link add rport$i type veth peer name rport$((i + 1))"
	done | ip -n "$1" -batch -
}

# a veth of the owner's, with routes and addresses of his; ports of ours, each with an address and a route of each family
# crowded PORTS
crowded() {
	local i
	ns_add A B C D
	flaps=()
	start_rportd
	succeeds rportctl pair "$C" "$D" --name other
	for ((i = 0; i < $1; i++)); do
		succeeds rportctl pair "$A" "$B" --name "l$i" --addresses "192.168.$i.0,192.168.$i.1" \
			--addresses "fd00:$i::a,fd00:$i::b" --a-route "10.200.$i.0/24" --a-route "2001:db8:$i::/48"
	done
	ip -n "$A" link add v0 type veth peer name v1
	ip -n "$A" link set v0 up
	ip -n "$A" link set v1 up
}

test_names_are_taken() {
	ns_add A B
	start_rportd
	take_names "$A" "$CROWD_NAMES"
	refused 2 '*choose a name*' rportctl pair "$A" "$B" --name ab
	assert_no_ports_in "$B"
	# the next name that is free is found
	take_names "$B" 20
	succeeds rportctl pair "$A" "$B" --name ab --a-name mine
	assert_eq "$(port ab b .interface)" rport20 "name of the port"
}

# a name that is an altname is taken, too
test_an_altname_is_taken() {
	ns_add A B
	start_rportd
	ip -n "$A" link property add dev lo altname rport0 || skip cannot "this kernel has no altnames"
	succeeds rportctl pair "$A" "$B" --name ab
	assert_eq "$(port ab a .interface)" rport1 "name of the port"
	refused 2 '*already*' rportctl pair "$A" "$B" --name cd --a-name rport0
}

# to look for a name costs no device for each that is taken
test_others_are_answered_while_names_are_taken() {
	ns_add A B C D
	start_rportd
	succeeds rportctl pair "$C" "$D" --name other
	take_names "$A" "$CROWD_NAMES"
	rportctl pair "$A" "$B" --name ab >pair.out 2>&1 &
	pair=$!
	within 1000 rportctl exists other || fail "another client waits"
	within 1000 process_over "$pair" || fail "the search takes too long"
	wait "$pair" && fail "it was paired"
	assert_match "$(<pair.out)" '*choose a name*' "what it said"
}

test_routes_by_the_million() {
	crowded 4
	crowd "$A" routes4 v0 "$CROWD_ROUTES"
	# more of these: test_ipv6_routes
	crowd "$A" routes6 v0 1000
	flap 0
	flap 1
	answered_while "${flaps[0]}"
	kill "${flaps[@]}"
	# what is missing is still seen
	ip -n "$A" route del 10.200.1.0/24 dev rport1
	eventually misses l1 'the route 10.200.1.0/24 is missing'
	ip -n "$A" route del 2001:db8:1::/48 dev rport1
	eventually misses l1 'the route 10.200.1.0/24 is missing the route 2001:db8:1::/48 is missing'
	succeeds rportctl reconcile l1
	eventually misses l1 ''
}

# For each IPv6 address that goes the kernel walks all IPv6 routes under the rtnl lock, and each question about an interface
# waits for this lock.
test_ipv6_routes() {
	crowded 2
	crowd "$A" routes6 v0 "$CROWD_ROUTES6"
	flap 0
	answered_while "${flaps[0]}" rportctl list
	answered_while "${flaps[0]}" rportctl show other
	answered_while "${flaps[0]}" as_nobody list
	kill "${flaps[@]}"
	ip -n "$A" route del 10.200.1.0/24 dev rport1
	eventually misses l1 'the route 10.200.1.0/24 is missing'
}

test_addresses_by_the_thousand() {
	crowded 1
	crowd "$A" addresses4 rport0 "$CROWD_ADDRESSES"
	crowd "$A" addresses6 rport0 "$CROWD_ADDRESSES"
	flap 0
	answered_while "${flaps[0]}"
	kill "${flaps[@]}"
	ip -n "$A" address del fd00:0::a dev rport0
	eventually misses l0 'the address fd00::a/128 is missing'
	succeeds rportctl reconcile l0
	eventually misses l0 ''
}

# whoever makes events without end does not keep what others do from being acted on
test_events_without_end() {
	crowded 1
	spawn "$A" rename.out "$CROWD" rename rport0 60
	flaps=("$SPAWN_PID")
	spawn "$A" up.out "$CROWD" up-and-down v0 60
	flaps+=("$SPAWN_PID")
	ip -n "$C" link set rport0 down
	eventually no_carrier "$D" rport0
	eventually port_is other a .state down
	answered_while "${flaps[0]}"
	kill "${flaps[@]}"
}

# somebody's more specific routes into the port hide ours; it is not called missing
test_ipv6_route_is_hidden() {
	crowded 1
	crowd "$A" routes6 v0 100
	ip -n "$A" route add 2001:db8::/128 dev rport0
	ip -n "$A" route add 2001:db8::/49 dev rport0
	ip -n "$A" route add 2001:db8:0:8000::/49 dev rport0
	ip -n "$A" route add 2001:db8:0:0:1::/80 dev v0
	ip -n "$A" link set rport0 mtu 9000
	eventually misses l0 'mtu is 9000, not 32768'
}

assert_no_ports_in() {
	assert_eq "$(ports "$1")" '' "interfaces left in $1"
}

misses() {
	[ "$(rportctl -j show "$1" | jq -r '.a.drift | join(" ")')" = "$2" ]
}

# flap N: addresses of port N come and go; in the background
flap() {
	spawn "$A" "flap.$1" "$CROWD" flap "rport$1" 60
	flaps+=("$SPAWN_PID")
}


run_tests "$@"
