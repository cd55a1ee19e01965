#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# What others change of a port is seen, and put back by reconcile. What they add is theirs.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../drift.sh"

# --- one thing at a time ---------------------------------------------------------------------------------------------

test_mtu_changed() {
	start_rportd
	pair_both --mtu 9000
	ip -n "$A" link set rport0 mtu 1400
	sees 'mtu is 1400, not 9000'
	assert_eq "$(port ab a .mtu)" 1400 "the MTU that is told is the true one"
	puts_back 'mtu is 1400, not 9000'
	ip -n "$A" link set rport0 mtu 65535
	sees_and_puts_back 'mtu is 65535, not 9000'
}

# below 1280 the kernel takes all of IPv6 from an interface
test_mtu_too_small_for_ipv6() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 mtu 1000
	sees_and_puts_back 'mtu is 1000, not 32768' "the link-local address $LL_A is missing" \
		'the address fd00:ab::a/128 is missing' 'the route 2001:db8::/32 is missing'
}

test_renamed_while_down() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 down
	ip -n "$A" link set rport0 name eth7
	sees -n eth7 'the name is eth7, not rport0' 'it is down, not up'
	puts_back 'the name is eth7, not rport0' 'it is down, not up'
	assert_eq "$(ports "$A")" rport0 "interfaces"
}

test_renamed_while_up() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 name eth7 || skip cannot "this kernel does not rename an interface that is up"
	is_up "$A" eth7 || fail "it is down"
	sees -n eth7 'the name is eth7, not rport0'
	ping_ok "$A" 192.168.0.1
	succeeds rportctl -j show eth7
	puts_back 'the name is eth7, not rport0'
	assert_eq "$(ports "$A")" rport0 "interfaces"
	# and by hand
	ip -n "$A" link set rport0 name eth7
	sees -n eth7 'the name is eth7, not rport0'
	ip -n "$A" link set eth7 name rport0
	sees
	is_whole
}

test_set_down_behind_our_back() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 down
	sees 'it is down, not up'
	assert_eq "$(rportctl -j show ab | jq -r .state)" degraded "state of the link"
	puts_back 'it is down, not up'
	assert_eq "$(rportctl -j show ab | jq -r .state)" up "state of the link"
}

test_set_up_though_down_was_said() {
	start_rportd
	pair_both
	succeeds rportctl down "netns:$A/rport0"
	eventually no_carrier "$B" rport0
	sees_nothing
	ip -n "$A" link set rport0 up
	sees 'it is up, not down'
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "$(restored 'it is up, not down')" reconcile
	! is_up "$A" rport0 || fail "still up"
	sees
	eventually no_carrier "$B" rport0
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "ab: unchanged" "the second reconcile"
	! is_up "$A" rport0 || fail "up again"
	# who means it says so
	ip -n "$A" link set rport0 up
	sees 'it is up, not down'
	succeeds rportctl up "netns:$A/rport0"
	sees
	is_whole
}

test_set_down_and_then_said() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 down
	sees 'it is down, not up'
	succeeds rportctl down "netns:$A/rport0"
	sees
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "ab: unchanged" reconcile
	! is_up "$A" rport0 || fail "up again"
	succeeds rportctl up "netns:$A/rport0"
	is_whole
}

# with its last address the kernel takes an interface's routes away, and says nothing about them
test_ipv4_address_removed() {
	start_rportd
	pair_both
	ip -n "$A" addr del 192.168.0.0 peer 192.168.0.1 dev rport0
	sees_and_puts_back 'the address 192.168.0.0/32 is missing' 'the route 10.50.0.0/16 is missing'
}

# with a primary address its secondaries go
test_ipv4_primary_removed() {
	start_rportd
	pair_both --a-address 10.1.0.1/24 --a-address 10.1.0.2/24 --a-address 10.1.0.3/24
	in_ns "$A" sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.rport0.promote_secondaries=0
	ip -n "$A" addr del 10.1.0.1/24 dev rport0
	sees_and_puts_back 'the address 10.1.0.1/24 is missing' 'the address 10.1.0.2/24 is missing' \
		'the address 10.1.0.3/24 is missing'
}

test_ipv6_address_removed() {
	start_rportd
	pair_both
	ip -n "$A" -6 addr del fd00:ab::a dev rport0
	sees_and_puts_back 'the address fd00:ab::a/128 is missing'
}

test_link_local_removed() {
	start_rportd
	pair_both
	ip -n "$A" -6 addr del "$LL_A/64" dev rport0
	sees_and_puts_back "the link-local address $LL_A is missing"
}

test_route_removed() {
	start_rportd
	pair_both
	ip -n "$A" route del 10.50.0.0/16
	sees_and_puts_back 'the route 10.50.0.0/16 is missing'
	ip -n "$A" -6 route del 2001:db8::/32
	sees_and_puts_back 'the route 2001:db8::/32 is missing'
	ip -n "$B" route del default
	sees -b 'the route 0.0.0.0/0 is missing'
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "ab: put back: netns:$B/rport0: the route 0.0.0.0/0 is missing" reconcile
	is_whole
}

# the kernel looks into the table default when main has no route
test_route_in_another_table() {
	start_rportd
	pair_both
	ip -n "$A" route del 10.50.0.0/16
	ip -n "$A" route add 10.50.0.0/16 dev rport0 table default
	sees 'the route 10.50.0.0/16 is missing'
	succeeds rportctl reconcile ab
	ip -n "$A" route del 10.50.0.0/16 dev rport0 table default
	is_whole
}

test_routes_in_a_vrf() {
	start_rportd
	ns_add A B
	has_vrf "$A" || skip cannot "this kernel has no VRFs"
	ip -n "$A" link add red type vrf table 1000
	ip -n "$A" link set red up
	succeeds rportctl pair "netns:$A/vrf:red" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b --a-route 10.50.0.0/16 --a-route 2001:db8::/32
	STATE_A=$(kernel_state "$A")
	ip -n "$A" route del 10.50.0.0/16 table 1000
	ip -n "$A" -6 route del 2001:db8::/32 table 1000
	ip -n "$A" -6 addr del fd00:ab::a dev rport0
	# one in another table is not what was asked for
	ip -n "$A" route add 10.50.0.0/16 dev rport0 proto 114
	eventually -t 1000 drift_listed "netns:$A/vrf:red/rport0" \
		'["the address fd00:ab::a/128 is missing","the route 10.50.0.0/16 is missing","the route 2001:db8::/32 is missing"]'
	succeeds rportctl reconcile ab
	assert_match "$OUT" "ab: put back: netns:$A/vrf:red/rport0: the address fd00:ab::a/128 is missing*" reconcile
	assert_eq "$(drift_of a)" '[]' "drift afterwards"
	ip -n "$A" route del 10.50.0.0/16 table main dev rport0
	eventually kernel_state_is "$A" "$STATE_A"
	assert_eq "$(port ab a .losses)" 0 losses
}

# --- several at once -------------------------------------------------------------------------------------------------

ALL_AT_ONCE=('mtu is 1400, not 32768' 'the address 192.168.0.0/32 is missing' 'the address fd00:ab::a/128 is missing'
	'the route 10.50.0.0/16 is missing' 'the route 2001:db8::/32 is missing')

all_at_once() {
	printf '%s\n' 'link set rport0 mtu 1400' 'addr flush dev rport0' 'route del 2001:db8::/32' |
		ip -n "$A" -batch -
}

test_several_at_once() {
	start_rportd
	pair_both
	all_at_once
	sees_and_puts_back "${ALL_AT_ONCE[0]}" "the link-local address $LL_A is missing" "${ALL_AT_ONCE[@]:1}"
	# down, nothing but what matters then is said
	ip -n "$A" link set rport0 down
	ip -n "$A" addr flush dev rport0
	ip -n "$A" link set rport0 mtu 1400 name eth7
	sees -n eth7 'the name is eth7, not rport0' 'mtu is 1400, not 32768' 'it is down, not up'
	puts_back 'the name is eth7, not rport0' 'mtu is 1400, not 32768' 'it is down, not up'
}

test_both_ends() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 mtu 1400
	ip -n "$B" addr del 192.168.0.1 dev rport0
	eventually -t 1000 drift_listed "netns:$A/rport0" '["mtu is 1400, not 32768"]'
	eventually -t 1000 drift_listed "netns:$B/rport0" \
		'["the address 192.168.0.1/32 is missing","the route 10.60.0.0/16 is missing","the route 0.0.0.0/0 is missing"]'
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "$(restored 'mtu is 1400, not 32768')
ab: put back: netns:$B/rport0: the address 192.168.0.1/32 is missing
ab: put back: netns:$B/rport0: the route 10.60.0.0/16 is missing
ab: put back: netns:$B/rport0: the route 0.0.0.0/0 is missing" reconcile
	is_whole
}

# --- what reconcile says ---------------------------------------------------------------------------------------------

test_reconcile_in_json() {
	local port_keys link_keys
	start_rportd
	pair_both
	link_keys=$(rportctl -j show ab | jq -c keys)
	port_keys=$(rportctl -j show ab | jq -c '.a | keys')
	ip -n "$A" link set rport0 mtu 1400
	succeeds rportctl -j reconcile ab
	assert_json "$OUT" "keys == [\"changed\", \"link\", \"restored\"] and (.link | keys) == $link_keys and
		(.link.a | keys) == $port_keys and (.link.b | keys) == $port_keys"
	assert_json "$OUT" ".changed and .restored == [\"netns:$A/rport0: mtu is 1400, not 32768\"]"
	assert_json "$OUT" '.link | .name == "ab" and .state == "up" and .mtu == 32768 and .a.mtu == 32768 and
		.a.drift == [] and .b.drift == [] and .warnings == []' "the link is told as it is then"
	succeeds rportctl -j reconcile ab
	assert_json "$OUT" '.changed == false and .restored == [] and .link.name == "ab"' "the second reconcile"
	ip -n "$A" link set rport0 mtu 1400
	succeeds rportctl -q reconcile ab
	assert_eq "$OUT$ERR" '' "reconcile -q"
	is_whole
}

test_reconcile_by_interface_name() {
	start_rportd
	ns_add A B
	pair_numbered --a-name wan0 --b-name wan1
	ip -n "$A" link set wan0 mtu 1400
	succeeds rportctl reconcile wan0
	assert_eq "$OUT" "ab: put back: netns:$A/wan0: mtu is 1400, not 32768" "by name"
	ip -n "$A" link set wan0 mtu 1400
	succeeds rportctl reconcile wan1
	assert_eq "$OUT" "ab: put back: netns:$A/wan0: mtu is 1400, not 32768" "by the name of the other end"
	ip -n "$A" link set wan0 mtu 1400
	succeeds rportctl reconcile "netns:$A/wan0"
	assert_eq "$OUT" "ab: put back: netns:$A/wan0: mtu is 1400, not 32768" "by domain and name"
	# by the name that it was given by others
	ip -n "$A" link set wan0 down
	ip -n "$A" link set wan0 name eth7
	eventually -t 1000 drift_listed "netns:$A/eth7" '["the name is eth7, not wan0","it is down, not up"]'
	succeeds rportctl reconcile eth7
	assert_match "$OUT" "ab: put back: netns:$A/wan0: the name is eth7, not wan0*" "by another name"
	assert_eq "$(ports "$A")" wan0 interfaces
	succeeds rportctl reconcile wan0
	assert_eq "$OUT" 'ab: unchanged' "the second reconcile"
}

# there is no time in which reconcile knows less than who calls it
test_reconcile_right_after() {
	local i
	start_rportd
	pair_both
	for i in {1..20}; do
		ip -n "$A" link set rport0 mtu $((1400 + i))
		succeeds rportctl reconcile ab
		assert_eq "$OUT" "$(restored "mtu is $((1400 + i)), not 32768")" "reconcile $i"
		assert_eq "$(kernel_mtu "$A" rport0)" 32768 "MTU $i"
		ip -n "$A" addr del 192.168.0.0 peer 192.168.0.1 dev rport0
		succeeds rportctl -j reconcile ab
		assert_json "$OUT" '.restored | length == 2' "reconcile of an address"
	done
	is_whole
}

test_reconcile_refused() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 mtu 1400
	remember_world
	refuses 3 'there is no link "nothing"*' rportctl reconcile nothing
	refuses 3 'there is no link "netns:nowhere/rport0"*' rportctl reconcile netns:nowhere/rport0
	refuses 5 '*' as_nobody reconcile ab
	refused 1 '*' rportctl reconcile
	refused 1 '*name none besides*' rportctl reconcile --all ab
	assert_same_world "a wrong command line"
	call_invalid name Reconcile '{}'
	call_invalid name Reconcile '{"name":1}'
	assert_same_world "a wrong call"
	# reading is everybody's
	run as_nobody -j show ab
	assert_json "$OUT" '.a.drift == ["mtu is 1400, not 32768"]' "show, by nobody"
	puts_back 'mtu is 1400, not 32768'
	# the same name twice is the link once
	ip -n "$A" link set rport0 mtu 1400
	succeeds rportctl -j reconcile ab ab
	assert_eq "$(jq -cs 'flatten | map(.restored)' <<<"$OUT")" "[[\"netns:$A/rport0: mtu is 1400, not 32768\"]]" 'reconcile of a name twice'
}

# --- what is not ours ------------------------------------------------------------------------------------------------

# additions: those that are there of what others added
additions() {
	ip -n "$A" -br addr show dev rport0 | grep -o -e '10\.9\.9\.9/24' -e 'fd99::9/64' -e 'fe80::99/64'
	ip -n "$A" route show 10.99.0.0/16
	ip -n "$A" route show 10.98.0.0/16
	ip -n "$A" -6 route show 2001:db8:99::/48
}

test_what_others_added_stays() {
	local added
	start_rportd
	pair_both
	printf '%s\n' 'addr add 10.9.9.9/24 dev rport0' 'addr add fd99::9/64 dev rport0 nodad' \
		'addr add fe80::99/64 dev rport0 nodad' 'route add 10.99.0.0/16 dev rport0' \
		'route add 10.98.0.0/16 dev rport0 proto 114' \
		'route add 10.50.1.0/24 dev rport0' 'route add 2001:db8:99::/48 dev rport0' | ip -n "$A" -batch -
	ip -n "$A" link property add dev rport0 altname uplink 2>/dev/null || true
	added=$(additions)
	assert_eq "$(wc -l <<<"$added")" 6 "additions"
	sees_nothing
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "ab: unchanged" reconcile
	assert_eq "$(additions)" "$added" "additions after reconcile"
	ip -n "$A" link set rport0 mtu 1400
	ip -n "$A" addr del 192.168.0.0 peer 192.168.0.1 dev rport0
	sees 'mtu is 1400, not 32768' 'the address 192.168.0.0/32 is missing'
	succeeds rportctl reconcile ab
	assert_eq "$OUT" "$(restored 'mtu is 1400, not 32768' 'the address 192.168.0.0/32 is missing')" reconcile
	assert_eq "$(additions)" "$added" "additions after reconcile"
	flows
	# and when they go again that is theirs, too
	ip -n "$A" addr del 10.9.9.9/24 dev rport0
	ip -n "$A" -6 addr del fd99::9/64 dev rport0
	ip -n "$A" route del 10.99.0.0/16
	sees_nothing
}

# has_been_tried INTERFACE: the kernel tries an IPv6 address for a second or more, if the interface has a carrier
has_been_tried() {
	[[ $(ip -n "$A" -6 -o address show dev "$1") == *'scope link'* && $(ip -n "$A" -6 -o address show dev "$1") != *tentative* ]]
}

# takes_name TYPE...: another interface has the name of a port that was renamed
takes_name() {
	local before
	start_rportd
	pair_both
	ip -n "$A" link set rport0 down
	ip -n "$A" link set rport0 name eth7
	ip -n "$A" link set eth7 mtu 1400
	ip -n "$A" link add rport0 mtu 1300 type "$@"
	ip -n "$A" link set rport0 addrgenmode none # no link-local address that is tentative for a while
	ip -n "$A" link set rport0 up
	ip -n "$A" addr add 10.7.7.7/24 dev rport0
	poll 3000 has_been_tried rport0 || true
	sees -n eth7 'the name is eth7, not rport0' 'mtu is 1400, not 32768' 'it is down, not up'
	remember_world
	before=$(kernel_state "$A" rport0)
	refuses 2 'cannot name eth7 rport0 again: another interface has that name' rportctl reconcile ab
	refuses 2 'cannot name eth7 rport0 again: another interface has that name' rportctl -j reconcile ab
	assert_eq "$(kernel_state "$A" rport0)" "$before" "the other interface"
	sees -n eth7 'the name is eth7, not rport0' 'mtu is 1400, not 32768' 'it is down, not up'
	ip -n "$A" link del rport0
	puts_back 'the name is eth7, not rport0' 'mtu is 1400, not 32768' 'it is down, not up'
}

test_a_bridge_takes_the_name() {
	takes_name bridge
}

test_a_veth_takes_the_name() {
	takes_name veth peer name other
}

# of two ends, one cannot be put back: the other is, whichever it is
test_one_end_fails_and_the_other_is_put_back() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 name eth7 || skip cannot "this kernel does not rename an interface that is up"
	ip -n "$A" link add rport0 type bridge
	ip -n "$B" link set rport0 mtu 1400
	eventually -t 1000 drift_listed "netns:$B/rport0" '["mtu is 1400, not 32768"]'
	refused 2 '*cannot name eth7 rport0 again*' rportctl reconcile ab
	assert_eq "$(kernel_mtu "$B" rport0)" 32768 "MTU of end b"
	ip -n "$A" link del rport0
	ip -n "$B" link set rport0 name eth8
	ip -n "$B" link add rport0 type bridge
	ip -n "$A" link set eth7 mtu 1400
	eventually -t 1000 drift_listed "netns:$B/eth8" '["the name is eth8, not rport0"]'
	refused 2 '*cannot name eth8 rport0 again*' rportctl reconcile ab
	assert_eq "$(kernel_mtu "$A" rport0)" 32768 "MTU of end a"
	ip -n "$B" link del rport0
	succeeds rportctl reconcile ab
	is_whole
}

# two ports of ours have each other's name
test_swapped_names() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --a-name left
	succeeds rportctl pair "$A" "$B" --name cd --a-name right
	ip -n "$A" link set left name tmp || skip cannot "this kernel does not rename an interface that is up"
	ip -n "$A" link set right name left
	ip -n "$A" link set tmp name right
	eventually -t 1000 drift_listed "netns:$A/right" '["the name is right, not left"]'
	eventually -t 1000 drift_listed "netns:$A/left" '["the name is left, not right"]'
	remember_world
	refuses 2 'cannot name right left again: another interface has that name' rportctl reconcile ab
	refuses 2 'cannot name left right again: another interface has that name' rportctl reconcile cd
}

# somebody else's interface with the old name is never taken for the port, however quickly it came
test_the_name_is_taken_at_once() {
	start_rportd
	pair_both
	stopped take_name_and_more
	succeeds rportctl -j show ab
	assert_json "$OUT" '.a.mtu == 1500 and .a.interface == "eth7"' "the port"
	sees -n eth7 'the name is eth7, not rport0' 'mtu is 1500, not 32768' 'it is down, not up'
	assert_match "$(ip -n "$A" link show dev rport0)" '*mtu 1333 *state DOWN*' "the dummy"
	refused 2 '*cannot name eth7 rport0 again*' rportctl reconcile ab
	assert_match "$(ip -n "$A" link show dev rport0)" '*mtu 1333 *state DOWN*' "the dummy"
}

# with more to read than rportd reads at once
take_name_and_more() {
	{
		seq -f 'link set rport0 mtu %.0f' 1500 2100
		printf '%s\n' 'link set rport0 down' 'link set rport0 name eth7' 'link set eth7 mtu 1500' \
			'link add rport0 mtu 1333 type bridge'
	} | ip -n "$A" -batch -
}

# --- what reconcile cannot do, it does not say it did ----------------------------------------------------------------

# honest LINE GLOB...: while something is in the way, reconcile fails with such a message, or else it has done what it says
honest() {
	run rportctl reconcile ab
	if [ "$RC" = 0 ]; then
		assert_eq "$(drift_of a)" '[]' "drift after reconcile said: $OUT"
	else
		assert_eq "$RC" 2 "exit status of reconcile"
		assert_match "$ERR" "$2" "message of reconcile"
		assert_eq "$(drift_of a)" "[\"$1\"]" "drift that is left"
	fi
}

test_route_taken_by_another_interface() {
	start_rportd
	pair_both
	ip -n "$A" link add other type bridge
	ip -n "$A" link set other up
	ip -n "$A" route del 10.50.0.0/16
	ip -n "$A" route add 10.50.0.0/16 dev other
	sees 'the route 10.50.0.0/16 is missing: there is one by other with metric 0; give this one another (metric N)'
	honest 'the route 10.50.0.0/16 is missing: there is one by other with metric 0; give this one another (metric N)' '*10.50.0.0/16*'
	assert_match "$(ip -n "$A" route show 10.50.0.0/16)" '*dev other*' "the other's route"
	ip -n "$A" link del other
	succeeds rportctl reconcile ab
	is_whole
}

# the kernel tells of the new route only, which is somebody else's: it is seen by those who look
test_route_replaced() {
	start_rportd
	pair_both
	ip -n "$A" link add other type bridge
	ip -n "$A" link set other up
	ip -n "$A" route replace 10.50.0.0/16 dev other
	assert_eq "$(drift_of a)" '["the route 10.50.0.0/16 is missing: there is one by other with metric 0; give this one another (metric N)"]' drift
	ip -n "$A" link del other
	succeeds rportctl reconcile ab
	is_whole
}

test_ipv6_address_with_another_length() {
	start_rportd
	pair_both
	ip -n "$A" -6 addr del fd00:ab::a dev rport0
	ip -n "$A" -6 addr add fd00:ab::a/64 dev rport0 nodad
	sees 'the address fd00:ab::a/128 is missing'
	honest 'the address fd00:ab::a/128 is missing' '*fd00:ab::a*'
	ip -n "$A" -6 addr flush dev rport0 to fd00:ab::a
	succeeds rportctl reconcile ab
	is_whole
}

no_ipv6() {
	echo "IPv6 is disabled in netns:$1 (net.ipv6.conf.rport0.disable_ipv6): its IPv6 addresses and routes wait"
}

# what cannot be had for a while comes by itself when it can
test_ipv6_disabled_for_a_while() {
	start_rportd
	pair_both
	in_ns "$A" sysctl -qw net.ipv6.conf.rport0.disable_ipv6=1
	sees "$(no_ipv6 "$A")"
	ip -n "$A" route del 10.50.0.0/16
	sees "$(no_ipv6 "$A")" 'the route 10.50.0.0/16 is missing'
	refused 2 '*IPv6 is disabled in *' rportctl reconcile ab
	sees "$(no_ipv6 "$A")"
	ping_ok "$A" 10.50.0.1
	in_ns "$A" sysctl -qw net.ipv6.conf.rport0.disable_ipv6=0
	sees
	is_whole
}

# disable_ipv6 NAMESPACE VALUE: as a container engine leaves it
disable_ipv6() {
	in_ns "$1" sysctl -qw "net.ipv6.conf.all.disable_ipv6=$2" "net.ipv6.conf.default.disable_ipv6=$2"
}

# disabled at pair: the IPv4 half works, and the rest comes later
test_ipv6_disabled_at_pair() {
	start_rportd
	ns_add A B
	disable_ipv6 "$A" 1
	pair_numbered --a-route 2001:db8::/32 --b-route 10.60.0.0/16
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	sees "$(no_ipv6 "$A")"
	assert_eq "$(port ab a .linkLocal)" null "the link-local address that it has not"
	disable_ipv6 "$A" 0
	sees
	ping_ok "$A" fd00:ab::b
	ping_ok "$B" "$(port ab a .linkLocal)%rport0"
	assert_match "$(ip -n "$A" -6 route show 2001:db8::/32)" '2001:db8::/32 dev rport0 *' "the route"
}

# where nothing of IPv6 was asked for, that it is disabled is not drift; the link-local address comes nevertheless
test_ipv6_disabled_and_not_asked_for() {
	start_rportd
	ns_add A B
	disable_ipv6 "$A" 1
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1
	sees_nothing
	disable_ipv6 "$A" 0
	eventually has_link_local
	sees_nothing
}

has_link_local() {
	[ "$(port ab a .linkLocal)" = "$(ip -n "$A" -6 -j address show dev rport0 | jq -r '.[].addr_info[].local')" ]
}

# a rename as udev does it: the old name stays as an alternative one
test_renamed_with_altname() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 name eth7 || skip cannot "this kernel does not rename an interface that is up"
	ip -n "$A" link property add dev eth7 altname rport0
	sees -n eth7 'the name is eth7, not rport0'
	puts_back 'the name is eth7, not rport0'
	assert_eq "$(ports "$A")" rport0 "interfaces"
	# that of another interface is in the way
	ip -n "$A" link set rport0 name eth7
	ip -n "$A" link add other type bridge
	ip -n "$A" link property add dev other altname rport0
	refused 2 '*another interface has that name*' rportctl reconcile ab
}

# a port of the main table that somebody puts into a VRF
test_put_into_a_vrf() {
	start_rportd
	pair_both
	has_vrf "$A" || skip cannot "this kernel has no VRFs"
	ip -n "$A" link add red type vrf table 1000
	ip -n "$A" link set red up
	ip -n "$A" link set rport0 master red
	sees 'it is in the VRF red, not in the main table'
	assert_eq "$(ip -n "$A" route show proto 114)" '' "our routes in the main table"
	puts_back 'it is in the VRF red, not in the main table'
	ip -n "$A" link set rport0 master red
	sees 'it is in the VRF red, not in the main table'
	ip -n "$A" link del red
	sees
	is_whole
}

run_tests "$@"
