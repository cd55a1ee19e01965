#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain quiet
# Links that wait for a namespace, and come up with it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# an optimized rportd on a machine that is not emulated brings a link up within so many ms, as a rule
RETURN_MS=${RETURN_MS:-200}
if grep -qa __asan_init "$RPORTD"; then
	RETURN_MS=$((RETURN_MS * 5))
fi

# names A and B of namespaces that are not there
name_both() {
	A=${TEST_PREFIX}a B=${TEST_PREFIX}b
}

# pair_waiting [OPTION...]: as pair_numbered, with --allow-pending
pair_waiting() {
	pair_numbered --allow-pending "$@"
}

# is_whole NAMESPACE ADDRESS: has rport0 there a carrier and this address?
is_whole() {
	[[ $(ip -n "$1" addr show dev rport0 2>/dev/null) == *LOWER_UP*"inet $2 "* ]]
}

# takes_ms COMMAND...: how long until both ends are whole, from its end; in TOOK
takes_ms() {
	local started
	succeeds "$@"
	started=$(now_ms)
	until is_whole "$B" 192.168.0.1 && is_whole "$A" 192.168.0.0; do
		took_at_most 1000 "$started" || fail "not up within 1000 ms of '$*': $(rportctl show ab)"
	done
	TOOK=$(($(now_ms) - started))
}

# in_time WHAT MS...: the median, as in the worst case others may have had the processor
in_time() {
	local median
	median=$(printf '%s\n' "${@:2}" | sort -n | sed -n "$(($# / 2))p")
	echo "$1: up after ${*:2} ms, median $median"
	[ "$median" -le "$(limit "$RETURN_MS")" ] || fail "$1: the median of ${*:2} ms is more than $RETURN_MS"
}

pings_at_once() {
	local way
	for way in "$A 192.168.0.1" "$B 192.168.0.0" "$A fd00:ab::b" "$B fd00:ab::a"; do
		# shellcheck disable=SC2086 # two words
		set -- $way
		succeeds in_ns "$1" ping -n -q -c 1 -W 5 "$2"
	done
}

# --- pair --allow-pending -----------------------------------------------------------------------------------------------------

# waits_for NAMESPACE...: those of A and B that are missing when the link is made; they appear in this order
waits_for() {
	local i ns took=()
	name_both
	start_rportd
	for i in 1 2 3 4 5; do
		for ns in "$A" "$B"; do
			[[ " $* " == *" ${ns##*-} "* ]] || ip netns add "$ns"
		done
		pair_waiting
		assert_match "$OUT" 'ab: created, pending: *' "output of pair"
		assert_eq "$(rportctl -j show ab | jq -r .state)" pending "state"
		for ns in "${@:1:$#-1}"; do
			ip netns add "$TEST_PREFIX$ns"
		done
		takes_ms ip netns add "$TEST_PREFIX${*: -1}"
		took+=("$TOOK")
		[ "$i" != 1 ] || pings_at_once
		assert_json "$(rportctl -j show ab)" '.state == "up" and (.workers | length) == 1 and
			all(.a, .b; .state == "up" and .reason == null and .losses == 0 and .drift == [] and .carrier and .index > 0)'
		succeeds rportctl unpair ab
		ip netns del "$A"
		ip netns del "$B"
	done
	in_time "waiting for $*" "${took[@]}"
}

test_waits_for_one_end() { waits_for b; }
test_waits_for_the_other_end() { waits_for a; }
test_waits_for_both_ends() { waits_for a b; }
test_waits_for_both_ends_the_other_way() { waits_for b a; }

test_not_told_to_wait() {
	name_both
	ns_create "$A"
	start_rportd
	remember_world
	refuses 3 "no domain \"$B\": *" rportctl pair "$A" "$B" --name ab
	refuses 3 "no domain \"$B\": *" rportctl pair "$B" "$A" --name ab
	refuses 3 "no namespace /run/netns/$B; *" rportctl pair "$A" "netns:$B" --name ab
	refuses 3 "no domain \"$B\": *" rportctl pair "$B" "$B" --name ab
	refuses 3 "no domain \"$B\": *" rportctl create wan0 in "$B"
	# nor is it waited for afterwards
	ns_create "$B"
	remember_world
	sleep 0.3
	assert_same_world "the namespace"
	ports_count 0
}

test_not_to_be_waited_for() {
	local domain
	name_both
	ns_create "$A"
	start_rportd
	remember_world
	for domain in "pid:$$" pid:4194304; do
		refuses 1 "$domain cannot be waited for: *" rportctl pair "$A" "$domain" --name ab --allow-pending
		refuses 1 "$domain cannot be waited for: *" rportctl pair "$domain" "$A" --name ab --allow-pending
	done
	# what can never be is not waited for either
	refuses 1 'invalid domain *' rportctl pair "$A" netns:x/y --name ab --allow-pending
	refuses 1 'mtu 100 *' rportctl pair "$A" "$B" --name ab --allow-pending --mtu 100
}

test_reason() {
	local port
	name_both
	ns_create "$A"
	start_rportd
	succeeds rportctl pair "$A" "netns:$B" --name ab --allow-pending
	assert_match "$OUT" "ab: created, pending: no namespace /run/netns/$B; *" pair
	assert_json "$(rportctl -j show ab)" ".state == \"pending\" and .workers == [] and .a.state == \"up\" and .a.reason == null
		and (.a.carrier | not) and (.b | .state == \"pending\" and .interface == \"\" and .index == 0 and (.carrier | not)
		and .losses == 0 and .drift == [] and .linkLocal == null and .domain == \"netns:$B\" and
		(.reason | startswith(\"no namespace /run/netns/$B\")))"
	assert_match "$(rportctl show ab)" "ab: pending
*b: - in netns:$B
* state *pending: no namespace /run/netns/$B; *" show
	assert_match "$(rportctl -br ports | tr -s ' ' | tail -n 1)" "netns:$B/- pending *" ports
	assert_match "$(rportctl -br list)" "ab    pending  *" list
	# the port at the other end calls it by the same name
	port=$(rportctl -br ports | tr -s ' ' | cut -d ' ' -f 5 | head -n 1)
	assert_eq "$port" "netns:$B/-" "peer in ports"
}

# a name with no prefix may mean a VRF or a namespace: what it means shows when it is there, and stays so
test_bare_name() {
	name_both
	ns_create "$A"
	start_rportd
	pair_waiting
	assert_match "$OUT" "*pending: no domain \"$B\": there is neither a VRF $B * nor a namespace /run/netns/$B" reason
	assert_eq "$(port ab b .domain)" "$B" "domain while it is pending"
	ip netns add "$B"
	eventually both_carry
	assert_eq "$(port ab b .domain)" "netns:$B" "domain"
	ip netns del "$B"
	eventually port_is ab b .state pending
	assert_eq "$(port ab b .domain)" "netns:$B" "domain afterwards"
	assert_match "$(port ab b .reason)" "no namespace /run/netns/$B; *" "reason afterwards"
	pair_waiting
	assert_match "$OUT" 'ab: unchanged, pending: *' "the same pair again"
}

# a port that never had an interface is not what a script means by nothing
test_no_name_is_no_port() {
	name_both
	ns_create "$A"
	start_rportd
	succeeds rportctl pair "$A" "$B" --name ab --allow-pending
	remember_world
	for verb in up down unparent destroy; do
		refuses 3 '*' rportctl "$verb" ''
	done
	refuses 3 '*' rportctl unpair ''
	refuses 3 '*' rportctl unpair "$B/"
	refuses 3 '*' rportctl set '' mtu 1500
}

# a name of two interfaces is ambiguous also while one of them is pending
test_name_of_a_pending_port_too_is_ambiguous() {
	ns_add A B
	start_rportd
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan0 in "$B"
	refused 2 '*several ports*' rportctl up wan0
	ip netns del "$B"
	eventually port_has "netns:$B/wan0" .state pending
	refused 2 '*several ports*' rportctl up wan0
	refused 2 '*several ports*' rportctl destroy wan0
	ports_count 2
	# in full there is no doubt
	succeeds rportctl up "netns:$B/wan0"
	succeeds rportctl destroy "netns:$A/wan0"
	succeeds rportctl down wan0
}

# a file alone is no namespace; a mount on it is
test_file_then_mount() {
	name_both
	ns_create "$A"
	start_rportd
	pair_waiting
	: >"/run/netns/$B"
	sleep 0.3
	assert_eq "$(port ab b .state)" pending "state with a file"
	takes_ms mount --bind "/run/netns/$(other_netns)" "/run/netns/$B"
	pings_at_once
}

# other_netns: another name of this test
other_netns() {
	ns_add C
	echo "$C"
}

# start_process: one in a namespace of its own, PID
start_process() {
	unshare -n sleep 50 &
	PID=$!
	eventually in_other_namespace
	nsenter --net="/proc/$PID/ns/net" ip link set lo up
}

in_other_namespace() {
	[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$PID/ns/net")" ]
}

test_symbolic_link() {
	name_both
	ns_create "$A"
	start_process
	start_rportd
	pair_waiting
	takes_ms ln -s "/proc/$PID/ns/net" "/run/netns/$B"
	pings_at_once
	# its process ends, and the namespace with it; the name shows another one then
	kill "$PID"
	wait "$PID" || true
	eventually port_is ab b .state pending
	eventually no_carrier "$A" rport0
	start_process
	takes_ms ln -sfn "/proc/$PID/ns/net" "/run/netns/$B"
	pings_at_once
}

# a name that reads like that of a namespace, and leads nowhere, is not one
test_symbolic_link_to_a_process_that_ended() {
	local keeper
	name_both
	ns_create "$A"
	start_process
	start_rportd
	pair_waiting
	takes_ms ln -s "/proc/$PID/ns/net" "/run/netns/$B"
	pings_at_once
	nsenter --net="/proc/$PID/ns/net" sleep 50 &
	keeper=$!
	eventually in_the_namespace_of "$keeper"
	kill "$PID"
	wait "$PID" || true
	ln -sfn "/proc/$PID/ns/net" "/run/netns/$B"
	eventually port_is ab b .state pending
	kill "$keeper"
	rm "/run/netns/$B"
}

in_the_namespace_of() {
	[ "$(readlink "/proc/$PID/ns/net")" = "$(readlink "/proc/$1/ns/net")" ]
}

test_attached_process() {
	name_both
	ns_create "$A"
	start_process
	start_rportd
	pair_waiting
	takes_ms ip netns attach "$B" "$PID"
	pings_at_once
}

test_many_wait_for_one() {
	local i
	name_both
	ns_create "$A"
	start_rportd
	for ((i = 0; i < 20; i++)); do
		succeeds rportctl pair "$A" "$B" --name "l$i" --allow-pending --addresses "10.7.$i.1,10.7.$i.2"
	done
	ns_create "$B"
	eventually -t 3000 all_up
	for ((i = 0; i < 20; i++)); do
		succeeds in_ns "$A" ping -n -q -c 1 -W 5 "10.7.$i.2"
	done
	assert_eq "$(ports "$B" | wc -l)" 20 "interfaces in B"
}

all_up() {
	rportctl -j show | jq -e 'length > 0 and all(.state == "up")'
}

# at boot the directory is not there yet: a daemon with a /run of its own
test_directory_to_come() {
	start_rportd_with_empty_run
	B=${TEST_PREFIX}b
	[ ! -e "/proc/$RPORTD_PID/root/run/netns" ] || fail "there is a directory already"
	succeeds rportctl pair default "$B" --name ab --allow-pending --addresses 192.168.0.0,192.168.0.1
	assert_match "$OUT" 'ab: created, pending: *' pair
	succeeds nsenter --mount --target "$RPORTD_PID" ip netns add "$B"
	eventually -t 1000 port_is ab b .state up
	eventually -t 1000 has_carrier "$HOME_NS" rport0
	succeeds nsenter --mount --target "$RPORTD_PID" ip netns del "$B"
	eventually port_is ab b .state pending
	eventually no_carrier "$HOME_NS" rport0
	succeeds nsenter --mount --target "$RPORTD_PID" sh -c 'umount /run/netns && rmdir /run/netns'
	succeeds nsenter --mount --target "$RPORTD_PID" ip netns add "$B"
	eventually -t 1000 port_is ab b .state up
	succeeds rportctl unpair ab
}

# --- in the way ------------------------------------------------------------------------------------------------------

test_interface_in_the_way() {
	name_both
	ns_create "$A"
	ns_create "$B"
	start_rportd
	ip -n "$B" link add wan0 type veth peer name wan1
	refused 2 "*there is an interface wan0 in netns:$B already*" rportctl pair "$A" "$B" --name ab --b-name wan0
	assert_no_tun "$A"
	succeeds rportctl pair "$A" "$B" --name ab --b-name wan0 --allow-pending --addresses 192.168.0.0,192.168.0.1
	assert_match "$OUT" "ab: created, pending: there is an interface wan0 in netns:$B already*" pair
	assert_eq "$(port ab b .interface)" wan0 "interface"
	eventually rportd_idle
	ip -n "$B" link del wan0
	eventually -t 1000 port_is ab b .state up
	eventually -t 1000 has_carrier "$A" rport0
	ping_ok "$A" 192.168.0.1
	assert_eq "$(port ab b .losses)" 0 "losses"
}

assert_no_tun() {
	assert_eq "$(ports "$1")" '' "interfaces in $1"
}

test_in_the_way_in_a_namespace_that_returns() {
	ns_add A B
	start_rportd
	pair_numbered
	ip netns del "$B"
	eventually port_is ab b .state pending
	# it is there with the namespace, before rportd can see it
	kill -STOP "$RPORTD_PID"
	ns_create "$B"
	ip -n "$B" link add rport0 type veth peer name rport1
	kill -CONT "$RPORTD_PID"
	eventually is_reason "there is an interface rport0 in netns:$B already*"
	assert_eq "$(ports "$B")" '' "interfaces in B"
	eventually rportd_idle
	# it need not be removed: another name is enough
	ip -n "$B" link set rport0 name other0
	eventually -t 1000 both_carry
	ping_ok "$A" 192.168.0.1
	assert_eq "$(port ab b .losses)" 1 "losses"
}

# is_reason GLOB, as a condition
is_reason() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(port ab b .reason) == $1 ]]
}

# a name is taken also while the port that has it is pending: it is how the port is called
test_two_want_one_name() {
	name_both
	ns_create "$A"
	start_rportd
	succeeds rportctl pair "$A" "netns:$B" --name one --allow-pending --b-name wan0
	for domain in "netns:$B" "$B"; do
		refused 2 "*there is an interface wan0 in netns:$B already: choose another name*" \
			rportctl pair "$A" "$domain" --name two --allow-pending --b-name wan0
	done
	succeeds rportctl down wan0
	succeeds rportctl unpair one
	succeeds rportctl pair "$A" "netns:$B" --name two --allow-pending --b-name wan0 --addresses 192.168.0.0,192.168.0.1
	ns_create "$B"
	eventually port_is two b .state up
	ping_ok "$A" 192.168.0.1
}

# a name that is not given is none of a port that waits for its interface
test_default_name_is_not_that_of_a_pending_port() {
	ns_add A B
	start_rportd
	succeeds rportctl create rport1 in "$A"
	succeeds rportctl create in "$A"
	ip -n "$A" link set rport0 name other0
	ip -n "$A" link add rport3 type veth peer name veth1
	until [[ $(of_port "netns:$A/rport1" .reason) == *'held back'* ]]; do
		ip -n "$A" link del rport1 2>/dev/null || true
		sleep 0.05
	done
	succeeds rportctl create in "$A"
	assert_eq "$OUT" "netns:$A/rport2: created" "a port without a name"
	succeeds rportctl create in "$A"
	assert_eq "$OUT" "netns:$A/rport4: created" "another"
	succeeds rportctl destroy "netns:$A/rport1"
	succeeds rportctl create in "$A"
	assert_eq "$OUT" "netns:$A/rport1: created" "one that gets the name"
}

test_default_name_is_not_that_of_a_moved_port() {
	ns_add A B
	start_rportd
	succeeds rportctl create in "$A"
	ip -n "$A" link set rport0 netns "$B"
	eventually port_has "netns:$A/rport0" '.drift | length' 1
	succeeds rportctl create in "$A"
	assert_eq "$OUT" "netns:$A/rport1: created" "a port without a name"
}

# a route that cannot be: nothing half made stays behind, and it can be tried again at once
test_route_that_cannot_be() {
	ns_add A B
	start_rportd
	ip -n "$B" addr add 10.8.8.8 dev lo
	pair_numbered --b-route 10.9.0.0/16 src 10.8.8.8
	ip netns del "$B"
	eventually port_is ab b .state pending
	ns_create "$B"
	eventually is_reason '*cannot add the route 10.9.0.0/16 src 10.8.8.8*: no interface there has the address 10.8.8.8; *'
	assert_eq "$(ports "$B")" '' "interfaces in B"
	refused 2 '*cannot add the route 10.9.0.0/16*' rportctl reconcile ab
	ip -n "$B" addr add 10.8.8.8 dev lo
	succeeds rportctl reconcile ab
	eventually both_carry
	ping_ok "$A" 192.168.0.1
}

# an end that waits is no reason to take what the other one cannot have
test_end_that_cannot_be() {
	name_both
	ns_create "$A"
	start_rportd
	remember_world
	refuses 2 '*cannot add the route 10.9.0.0/16*' rportctl pair "$A" "$B" --name ab --a-route 10.9.0.0/16 src 10.8.8.8 --allow-pending
	refuses 2 '*cannot add the route 10.9.0.0/16*' rportctl pair "$B" "$A" --name ab --b-route 10.9.0.0/16 src 10.8.8.8 --allow-pending
	ports_count 0
	ns_create "$B"
	sleep 0.2
	assert_eq "$(ports "$B")" '' "interfaces in B"
}

# with a limit of tries it is given up, until somebody asks for it
test_given_up() {
	name_both
	ns_create "$A"
	ns_create "$B"
	ip -n "$B" link add wan0 type veth peer name wan1
	start_rportd --limit retries=3
	succeeds rportctl pair "$A" "$B" --name ab --b-name wan0 --allow-pending --addresses 192.168.0.0,192.168.0.1
	eventually -t 10000 is_reason "there is an interface wan0 in netns:$B already*; given up, until it is reconciled"
	refused 2 '*there is an interface wan0 *' rportctl reconcile ab
	eventually -t 10000 is_reason '*; given up, until it is reconciled'
	ip -n "$B" link del wan0
	sleep 0.5
	assert_eq "$(port ab b .state)" pending "state of what is given up"
	succeeds rportctl reconcile ab
	eventually port_is ab b .state up
	ping_ok "$A" 192.168.0.1
}

# a namespace that is missing is waited for without end: such tries are not counted
test_missing_is_not_given_up() {
	name_both
	ns_create "$A"
	start_rportd --limit retries=1
	pair_waiting
	for _ in 1 2 3 4 5; do
		: >"/run/netns/$B"
		sleep 0.05
		rm "/run/netns/$B"
		sleep 0.05
	done
	assert_no_match "$(port ab b .reason)" '*given up*' reason
	takes_ms ip netns add "$B"
}

run_tests "$@"
