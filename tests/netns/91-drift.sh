#!/bin/bash
# SPDX-License-Identifier: ISC
# What others change of a port is seen, and put back by reconcile. What they add is theirs.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# --- what is seen ----------------------------------------------------------------------------------------------------

# drift_listed DOMAIN/IFNAME JSON, as a condition: what `ports` and `list` say, neither of which looks by itself
drift_listed() {
	[ "$(of_port "$1" '.drift | tojson')" = "$2" ] &&
		[ "$(rportctl -j list | jq -c --arg port "$1" \
			'[.[] | .a, .b | select("\(.domain)/\(.interface)" == $port).drift] | .[0]')" = "$2" ]
}

# drift_of END: as `show LINK` has it
drift_of() {
	rportctl -j show ab | jq -c ".$1.drift"
}

# drift_is END JSON, as a condition
drift_is() {
	[ "$(drift_of "$1")" = "$2" ]
}

# sees [-b] [-n IFNAME] LINE...: within a second, exactly this is said to be wrong with the port in A (-b: in B), everywhere
sees() {
	local end=a other=b ns=$A ifname=rport0 want lines line
	local OPTIND option
	while getopts bn: option; do
		case $option in
		b) end=b other=a ns=$B ;;
		n) ifname=$OPTARG ;;
		*) fail "sees -$option" ;;
		esac
	done
	shift $((OPTIND - 1))
	want=$(jq -cn '$ARGS.positional' --args -- "$@")
	poll 1000 drift_listed "netns:$ns/$ifname" "$want" ||
		fail "not seen within a second: $want, but: $(rportctl -j ports | jq -c 'map([.domain, .interface, .drift])')"
	assert_eq "$(drift_of "$end")" "$want" "drift of end $end"
	assert_eq "$(drift_of "$other")" '[]' "drift of the other end"
	succeeds rportctl show ab
	lines=$(sed -n 's/^        drift  *//p' <<<"$OUT")
	assert_eq "$lines" "$(for line; do echo "$line"; done)" "drift in the text of show"
}

# sees_nothing: for a while longer than it takes to see something
sees_nothing() {
	sleep 0.3
	succeeds rportctl -j ports
	assert_json "$OUT" 'all(.[]; .drift == [])' "no drift"
	succeeds rportctl -j show ab
	assert_json "$OUT" '.a.drift == [] and .b.drift == []' "no drift"
	succeeds rportctl show ab
	assert_no_match "$OUT" '*drift*' "text of show"
}

# --- what there really is --------------------------------------------------------------------------------------------

# kernel_state NAMESPACE [IFNAME]: all that the kernel knows of a port, but for its number
kernel_state() {
	local ifname=${2:-rport0}
	ip -n "$1" -j -d addr show dev "$ifname" | jq -S '.[0] |
		{ ifname, mtu, flags, master, ifalias, addresses: [.addr_info[] | del(.label)] | sort }'
	ip -n "$1" route show table all dev "$ifname" | sort
	ip -n "$1" -6 route show table all dev "$ifname" | sort | uniq
}

kernel_state_is() {
	[ "$(kernel_state "$1")" = "$2" ]
}

# as_before: A and B are what they were when pair_both had made them
as_before() {
	poll 1000 kernel_state_is "$A" "$STATE_A" || fail "A is not as before:
$(diff <(echo "$STATE_A") <(kernel_state "$A"))"
	poll 1000 kernel_state_is "$B" "$STATE_B" || fail "B is not as before:
$(diff <(echo "$STATE_B") <(kernel_state "$B"))"
}

# pair_both [OPTION...]: link ab with all that a port can be given, at both ends, and what came of it
pair_both() {
	ns_add A B
	ip -n "$A" addr add 10.60.0.1 dev lo
	ip -n "$B" addr add 10.50.0.1 dev lo
	pair_numbered --a-route 10.50.0.0/16 --a-route 2001:db8::/32 --b-route 10.60.0.0/16 --b-route default "$@"
	eventually both_carry
	STATE_A=$(kernel_state "$A")
	STATE_B=$(kernel_state "$B")
	LL_A=$(port ab a .linkLocal)
}

flows() {
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	ping_ok "$A" 10.50.0.1
	ping_ok "$A" fd00:ab::b
	ping_ok "$B" "$LL_A%rport0"
}

# restored LINE...: what `reconcile` prints about a port in A
restored() {
	local line
	for line; do
		echo "ab: put back: netns:$A/rport0: $line"
	done
}

# puts_back LINE...: reconcile says these, has done them, and then has nothing more to do
puts_back() {
	succeeds rportctl reconcile ab
	assert_eq "$OUT$ERR" "$(restored "$@")" "what reconcile says"
	is_whole
}

is_whole() {
	assert_eq "$(drift_of a) $(drift_of b)" '[] []' "drift afterwards"
	as_before
	flows
	succeeds rportctl reconcile ab
	assert_eq "$OUT$ERR" "ab: unchanged" "the second reconcile"
	assert_eq "$(of_port "netns:$A/rport0" .drift)" '[]' "drift in ports"
}

# sees_and_puts_back LINE...: both
sees_and_puts_back() {
	sees "$@"
	puts_back "$@"
}

# stopped COMMAND...: while rportd cannot look
stopped() {
	kill -STOP "$RPORTD_PID"
	"$@"
	kill -CONT "$RPORTD_PID"
}

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
	refused 1 '*' rportctl reconcile ab ab
	assert_same_world "a wrong command line"
	call_invalid name Reconcile '{}'
	call_invalid name Reconcile '{"name":1}'
	assert_same_world "a wrong call"
	# reading is everybody's
	run as_nobody -j show ab
	assert_json "$OUT" '.a.drift == ["mtu is 1400, not 32768"]' "show, by nobody"
	puts_back 'mtu is 1400, not 32768'
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

# takes_name TYPE...: another interface has the name of a port that was renamed
takes_name() {
	local before
	start_rportd
	pair_both
	ip -n "$A" link set rport0 down
	ip -n "$A" link set rport0 name eth7
	ip -n "$A" link set eth7 mtu 1400
	ip -n "$A" link add rport0 mtu 1300 type "$@"
	ip -n "$A" link set rport0 up
	ip -n "$A" addr add 10.7.7.7/24 dev rport0
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
	sees 'the route 10.50.0.0/16 is missing'
	honest 'the route 10.50.0.0/16 is missing' '*10.50.0.0/16*'
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
	assert_eq "$(drift_of a)" '["the route 10.50.0.0/16 is missing"]' drift
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

# what cannot be had for a while is not forgotten
test_ipv6_disabled_for_a_while() {
	start_rportd
	pair_both
	in_ns "$A" sysctl -qw net.ipv6.conf.rport0.disable_ipv6=1
	sees "the link-local address $LL_A is missing" 'the address fd00:ab::a/128 is missing' \
		'the route 2001:db8::/32 is missing'
	refused 2 '*fd00:ab::a*' rportctl reconcile ab
	ping_ok "$A" 192.168.0.1
	in_ns "$A" sysctl -qw net.ipv6.conf.rport0.disable_ipv6=0
	succeeds rportctl reconcile ab
	is_whole
}

# --- elsewhere -------------------------------------------------------------------------------------------------------

test_moved_and_back() {
	start_rportd
	pair_both
	ns_add C
	ip -n "$A" link set rport0 netns "$C"
	sees 'it was moved to another namespace' 'it is down, not up'
	assert_eq "$(ports "$C")" rport0 "interfaces in C"
	ip -n "$C" link set rport0 netns "$A"
	sees 'it is down, not up'
	puts_back 'it is down, not up'
	assert_eq "$(ports "$C")$(ports "$A")" rport0 "interfaces"
	assert_eq "$(port ab a .losses)" 0 losses
}

test_moved_and_made_anew() {
	start_rportd
	pair_both
	ns_add C
	ip -n "$A" link set rport0 netns "$C"
	sees 'it was moved to another namespace' 'it is down, not up'
	puts_back 'it was moved to another namespace' 'it is down, not up'
	assert_eq "$(ports "$C")" '' "interfaces in C"
	# under another name, to where rportd is, and on from there
	ip -n "$A" link set rport0 netns "$HOME_NS" name eth7
	sees -n eth7 'it was moved to another namespace' 'the name is eth7, not rport0' 'it is down, not up'
	ip -n "$HOME_NS" link set eth7 netns "$C"
	ip -n "$C" link set eth7 mtu 1400
	sees -n eth7 'it was moved to another namespace' 'the name is eth7, not rport0' 'mtu is 1400, not 32768' \
		'it is down, not up'
	puts_back 'it was moved to another namespace' 'the name is eth7, not rport0' 'mtu is 1400, not 32768' \
		'it is down, not up'
	assert_eq "$(ports "$C")$(ports "$HOME_NS")" '' "interfaces elsewhere"
}

# its addresses and routes are for its own domain
test_moved_and_set_up() {
	start_rportd
	pair_both
	ns_add C
	ip -n "$C" link add other type bridge
	ip -n "$C" link set other up
	ip -n "$C" addr add 10.50.0.9/16 dev other
	ip -n "$A" link set rport0 netns "$C"
	sees 'it was moved to another namespace' 'it is down, not up'
	ip -n "$C" link set rport0 up
	sees 'it was moved to another namespace'
	assert_eq "$(ip -n "$C" addr show dev rport0 | grep -c -e 192.168.0.0 -e fd00:ab::a)" 0 "addresses in C"
	assert_eq "$(ip -n "$C" route show proto 114)$(ip -n "$C" -6 route show proto 114)" '' "routes in C"
	puts_back 'it was moved to another namespace'
	assert_eq "$(ports "$C")" '' "interfaces in C"
}

# the kernel deletes it with the namespace
test_moved_into_one_that_is_deleted() {
	start_rportd
	pair_both
	ns_add C
	ip -n "$A" link set rport0 netns "$C"
	sees 'it was moved to another namespace' 'it is down, not up'
	ip netns del "$C"
	eventually port_is ab a .state up
	is_whole
	assert_eq "$(port ab a .losses)" 1 losses
}

test_moved_and_the_name_taken() {
	local before
	start_rportd
	pair_both
	ns_add C
	ip -n "$A" link set rport0 netns "$C"
	ip -n "$A" link add rport0 mtu 1333 type bridge
	sees 'it was moved to another namespace' 'it is down, not up'
	before=$(ip -n "$A" addr show dev rport0)
	refused 2 "*there is an interface rport0 in netns:$A already*" rportctl reconcile ab
	assert_eq "$(ip -n "$A" addr show dev rport0)" "$before" "the other interface"
	ip -n "$A" link del rport0
	eventually port_is ab a .state up
	is_whole
}

# verb_behind VERB...: told to rportd, which has not read yet that the port was moved to C, where its number is another's
verb_behind() {
	local index before
	pair_both
	ns_add C
	index=$(of_port "netns:$A/rport0" .index)
	ip -n "$C" link add other index "$index" mtu 1333 type bridge
	ip -n "$C" link set other up
	ip -n "$C" addr add 10.7.7.7/24 dev other
	before=$(foreign_state)
	kill -STOP "$RPORTD_PID"
	{
		changes_of_mtu 700
		echo "link set rport0 netns $C"
	} | ip -n "$A" -batch -
	rportctl "$@" >answer 2>&1 &
	sleep 0.1
	kill -CONT "$RPORTD_PID"
	wait $! || true # what it can do it may do
	assert_eq "$(foreign_state)" "$before" "the interface of others after $* said: $(<answer)"
	eventually -t 2000 port_reconciles
	is_whole
	assert_eq "$(ports "$C")" '' "interfaces in C"
}

# but for IPv6 and the carrier, where a bridge takes its time
foreign_state() {
	ip -n "$C" -j -4 addr show dev other | jq -cS '.[0] |
		{ ifname, mtu, up: (.flags | index("UP") != null), addresses: [.addr_info[] | del(.label)] }'
	ip -n "$C" -o -6 addr show dev other scope global
	ip -n "$C" route show
}

port_reconciles() {
	rportctl reconcile ab && drift_is a '[]'
}

test_reconcile_of_one_that_was_just_moved() {
	start_rportd
	verb_behind reconcile ab
}

test_set_mtu_of_one_that_was_just_moved() {
	start_rportd
	verb_behind set ab mtu 32768
}

test_down_of_one_that_was_just_moved() {
	start_rportd
	# it is up again before it is looked whether all is as before
	port_reconciles() {
		rportctl reconcile ab && rportctl up "netns:$A/rport0" && drift_is a '[]'
	}
	verb_behind down "netns:${TEST_PREFIX}a/rport0"
}

# --- ports without wishes, and drifted ports that are used -----------------------------------------------------------

drift_in_ports_is() {
	port_has "netns:$A/wan0" '.drift | tojson' "$1"
}

test_port_without_wishes() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A"
	sleep 0.2
	assert_eq "$(of_port "netns:$A/wan0" '.drift | tojson')" '[]' "one that was made"
	ip -n "$A" link set wan0 up
	eventually port_has "netns:$A/wan0" .state up
	sleep 0.2
	assert_eq "$(of_port "netns:$A/wan0" '.drift | tojson')" '[]' "one that was set up by ip"
	ip -n "$A" link set wan0 down
	eventually -t 1000 drift_in_ports_is '["it is down, not up"]'
	ip -n "$A" link set wan0 up
	eventually -t 1000 drift_in_ports_is '[]'
	ip -n "$A" link set wan0 mtu 1400
	eventually -t 1000 drift_in_ports_is '["mtu is 1400, not 32768"]'
	refused 3 '*' rportctl reconcile wan0
	succeeds rportctl set wan0 mtu 1400
	eventually -t 1000 drift_in_ports_is '[]'
}

test_port_that_was_never_up() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A" --mtu 9000
	ip -n "$A" link set wan0 mtu 1400
	eventually -t 1000 drift_in_ports_is '["mtu is 1400, not 9000"]'
	ip -n "$A" link set wan0 name eth7
	eventually -t 1000 port_has "netns:$A/eth7" '.drift | tojson' '["the name is eth7, not wan0","mtu is 1400, not 9000"]'
	ip -n "$A" link set eth7 name wan0 mtu 9000
	eventually -t 1000 drift_in_ports_is '[]'
}

test_set_mtu_after_drift() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 mtu 1400
	sees 'mtu is 1400, not 32768'
	succeeds rportctl set "netns:$A/rport0" mtu 9000
	assert_eq "$(kernel_mtu "$A" rport0)" 9000 "MTU"
	sees
	# what is there already may be what it shall be
	ip -n "$A" link set rport0 mtu 1400
	sees 'mtu is 1400, not 9000'
	succeeds rportctl set "netns:$A/rport0" mtu 1400
	sees
	ip -n "$A" link set rport0 mtu 32768
	sees 'mtu is 32768, not 1400'
	succeeds rportctl reconcile ab
	assert_eq "$(kernel_mtu "$A" rport0)" 1400 "MTU"
	# both or neither: the limit is checked first
	ip -n "$A" link set rport0 mtu 1500
	sees 'mtu is 1500, not 1400'
	refused 2 '*' rportctl set ab mtu 65536
	sees 'mtu is 1500, not 1400'
	succeeds rportctl set ab mtu 32768
	sees
	is_whole
}


moved_and_renamed() {
	drift_is a '["it was moved to another namespace","it is down, not up"]' &&
		drift_is b '["the name is eth7, not rport0","mtu is 1400, not 32768","it is down, not up"]'
}

# drifted_pair: A's end is in C, and B's is neither called nor set as it shall be
drifted_pair() {
	start_rportd
	pair_both
	ns_add C
	ip -n "$B" link set rport0 down
	ip -n "$B" link set rport0 name eth7 mtu 1400
	ip -n "$B" addr flush dev eth7
	ip -n "$A" link set rport0 netns "$C"
	eventually -t 1000 moved_and_renamed
}

test_unpair_of_a_drifted_link() {
	drifted_pair
	succeeds rportctl unpair ab
	assert_no_ports
	ports_count 0
	pair_numbered --a-route 10.50.0.0/16
	ping_ok "$A" 192.168.0.1
	sees_nothing
}

test_destroy_of_drifted_ports() {
	drifted_pair
	succeeds rportctl destroy "netns:$A/rport0"
	succeeds rportctl destroy "netns:$B/eth7"
	assert_no_ports
	ports_count 0
}

test_replace_of_a_drifted_link() {
	drifted_pair
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b \
		--mtu 9000 --replace
	assert_match "$OUT" 'ab: replaced, *' pair
	assert_eq "$(ports "$A") $(ports "$B") $(ports "$C")" 'rport0 rport0 ' interfaces
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	sees_nothing
}

test_the_same_pair_again_is_unchanged() {
	start_rportd
	pair_both --mtu 9000
	ip -n "$A" link set rport0 mtu 1400
	sees 'mtu is 1400, not 9000'
	pair_numbered --a-route 10.50.0.0/16 --a-route 2001:db8::/32 --b-route 10.60.0.0/16 --b-route default --mtu 9000
	assert_match "$OUT" '*unchanged*' "the same pair"
	sees_and_puts_back 'mtu is 1400, not 9000'
}

# --- set up again by others ------------------------------------------------------------------------------------------

test_set_up_again_gives_all_back() {
	start_rportd
	pair_both
	ip -n "$A" link set rport0 down
	sees 'it is down, not up'
	ip -n "$A" addr flush dev rport0
	ip -n "$A" link set rport0 up
	sees
	as_before
	flows
	# in one go
	printf '%s\n' 'link set rport0 down' 'link set rport0 up' | ip -n "$A" -batch -
	poll 1000 kernel_state_is "$A" "$STATE_A" || fail "not as before:
$(diff <(echo "$STATE_A") <(kernel_state "$A"))"
	sees
	flows
	# the MTU is no matter of up or down
	printf '%s\n' 'link set rport0 down' 'link set rport0 mtu 1400' 'link set rport0 up' | ip -n "$A" -batch -
	sees_and_puts_back 'mtu is 1400, not 32768'
}

# --- a great many ----------------------------------------------------------------------------------------------------

storm() {
	local i
	for i in {1..20}; do
		printf 'link set rport0 mtu %d\naddr del 192.168.0.0 peer 192.168.0.1 dev rport0\n' \
			$((1300 + i)) $((1400 + i)) $((1500 + i))
		printf 'addr add 10.9.%d.1/24 dev rport0\n' "$i"
		printf 'addr add 192.168.0.0 peer 192.168.0.1 dev rport0\naddr del 10.9.%d.1/24 dev rport0\n' "$i"
		printf 'link set rport0 mtu 32768\nlink set rport0 mtu 1400\nlink set rport0 mtu 1600\n'
		sleep 0.04
	done | ip -n "$A" -force -batch - >/dev/null 2>&1
}

test_storm_of_changes() {
	local started took worst=0 n=0 storm
	start_rportd
	pair_both
	storm &
	storm=$!
	while kill -0 "$storm" 2>/dev/null; do
		started=$(now_ms)
		succeeds rportctl list
		took=$(($(now_ms) - started))
		worst=$((took > worst ? took : worst))
		n=$((n + 1))
	done
	wait "$storm" || true
	[ "$n" -ge 5 ] || fail "asked $n times only"
	[ "$worst" -lt 1000 ] || fail "an answer took $worst ms"
	ip -n "$A" link set rport0 mtu 1444
	ip -n "$A" addr del 192.168.0.0 peer 192.168.0.1 dev rport0
	sees_and_puts_back 'mtu is 1444, not 32768' 'the address 192.168.0.0/32 is missing' 'the route 10.50.0.0/16 is missing'
	eventually rportd_idle
}

# changes_of_mtu N: so many, as ip -batch takes them; rportd reads 256 at once
changes_of_mtu() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "link set rport0 mtu $((1300 + i % 1000))"
	done
}

# changes_while_stopped N: more than rportd reads at once, and some that matter at the end
changes_while_stopped() {
	{
		changes_of_mtu "$1"
		echo 'link set rport0 mtu 1444'
		echo 'addr del 192.168.0.0 peer 192.168.0.1 dev rport0'
	} | ip -n "$A" -batch -
}

# what reconcile puts back is what the kernel has, not what was read of its news so far
test_reconcile_while_there_is_much_to_read() {
	start_rportd
	pair_both
	kill -STOP "$RPORTD_PID"
	changes_while_stopped 700
	{
		rportctl reconcile ab >reconciled 2>&1
		echo $? >reconciled.rc
	} &
	sleep 0.1
	kill -CONT "$RPORTD_PID"
	wait $!
	assert_eq "$(<reconciled.rc)" 0 "exit status of: $(<reconciled)"
	assert_eq "$(<reconciled)" "$(restored 'mtu is 1444, not 32768' 'the address 192.168.0.0/32 is missing' \
		'the route 10.50.0.0/16 is missing')" reconcile
	assert_eq "$(kernel_mtu "$A" rport0)" 32768 "MTU after it was put back"
	sees
	is_whole
}

# nor does the kernel's own link-local address come back with IPv6, because rportd knows of a larger MTU than there is
test_small_mtu_while_there_is_much_to_read() {
	start_rportd
	pair_both
	kill -STOP "$RPORTD_PID"
	{
		changes_of_mtu 700
		echo 'link set rport0 mtu 1000'
	} | ip -n "$A" -batch -
	rportctl reconcile ab >reconciled 2>&1 &
	sleep 0.1
	kill -CONT "$RPORTD_PID"
	wait $! || fail "$(<reconciled)"
	assert_match "$(<reconciled)" "$(restored 'mtu is 1000, not 32768')*" reconcile
	is_whole
}

# with a receive buffer that overflowed
lose_events() {
	changes_while_stopped 12000
	"$@"
}

losing_events() {
	stopped lose_events "$@"
	poll "$STEP_MS" grep -q 'events were lost' "$RPORTD_LOG" || fail "no events were lost: make more"
}

test_drift_when_events_were_lost() {
	start_rportd
	pair_both
	losing_events true
	sees_and_puts_back 'mtu is 1444, not 32768' 'the address 192.168.0.0/32 is missing' 'the route 10.50.0.0/16 is missing'
}

test_moved_when_events_were_lost() {
	start_rportd
	pair_both
	ns_add C
	losing_events ip -n "$A" link set rport0 netns "$C"
	poll 1000 whole_or_moved || fail "$(rportctl show ab)"
	succeeds rportctl reconcile ab
	is_whole
	assert_eq "$(ports "$C")" '' "interfaces in C"
}

# either it was seen to be away, or it was made anew
whole_or_moved() {
	drift_is a '["it was moved to another namespace","mtu is 1444, not 32768","it is down, not up"]' ||
		{ port_is ab a .state up && [ -z "$(ports "$C")" ]; }
}

# one that has left its VRF must not join the VRF's networks to those of the main table
test_vrf_deleted_when_events_were_lost() {
	start_rportd
	ns_add A B
	has_vrf "$A" || skip cannot "this kernel has no VRFs"
	ip -n "$A" link add red type vrf table 1000
	ip -n "$A" link set red up
	succeeds rportctl pair "netns:$A/vrf:red" "$B" --name ab --addresses 192.168.0.0,192.168.0.1
	losing_events ip -n "$A" link del red
	eventually -t 2000 port_is ab a .state pending
	assert_eq "$(ports "$A")" '' "interfaces in A"
}

# another interface got the number of one that is gone
test_number_taken_when_events_were_lost() {
	local index
	start_rportd
	ns_add A
	succeeds rportctl create rport0 in "$A"
	ip -n "$A" addr add 192.168.0.0 peer 192.168.0.1 dev rport0
	index=$(of_port "netns:$A/rport0" .index)
	losing_events number_taken "$index"
	eventually -t 2000 port_has "netns:$A/rport0" .losses 1
	assert_match "$(ip -n "$A" link show dev other)" '*mtu 1333 *state DOWN*' "the other interface"
	eventually port_has "netns:$A/rport0" .state down
	assert_eq "$(ports "$A")" rport0 "interfaces"
}

number_taken() {
	ip -n "$A" link del rport0
	ip -n "$A" link add other index "$1" mtu 1333 type bridge
}

rportd_ticks() {
	awk '{ print $14 + $15 }' "/proc/$RPORTD_PID/stat"
}

test_foreign_routes_in_great_number() {
	local before used
	start_rportd
	pair_both
	ip -n "$A" link add other type bridge
	ip -n "$A" link set other up
	{
		seq -f 'route add 10.70.0.%.0f dev other' 1 250
		seq -f 'route add 10.71.0.%.0f dev rport0 proto bgp' 1 250
		seq -f 'route add 10.72.0.%.0f via 192.168.0.1 proto ospf' 1 250
		seq -f 'route add 10.73.0.%.0f dev rport0 table 99' 1 250
		seq -f 'route add 2001:db8:70::%.0f dev other' 1 500
		seq -f 'route add 2001:db8:71::%.0f dev rport0 proto bgp' 1 500
	} >routes
	assert_eq "$(wc -l <routes)" 2000 "routes"
	sleep 0.2
	before=$(rportd_ticks)
	ip -n "$A" -batch routes
	sed 's/^route add/route del/' routes | ip -n "$A" -batch -
	sleep 0.2
	used=$((($(rportd_ticks) - before) * 1000 / $(getconf CLK_TCK)))
	[ "$used" -lt 50 ] || fail "rportd worked for $used ms"
	ip -n "$A" -batch routes
	sees_nothing
	# and ours are found among them
	ip -n "$A" route del 10.50.0.0/16
	sees 'the route 10.50.0.0/16 is missing'
	succeeds rportctl reconcile ab
	assert_eq "$(drift_of a)" '[]' "drift"
	assert_eq "$(ip -n "$A" route show table all | grep -c -e '^10\.7[0-3]\.0\.')" 1000 "IPv4 routes of others"
	assert_eq "$(ip -n "$A" -6 route show | grep -c -e '^2001:db8:7[01]::')" 1000 "IPv6 routes of others"
}

# --- pending ---------------------------------------------------------------------------------------------------------

# pair_waiting A B: link ab, one of whose domains does not exist
pair_waiting() {
	succeeds rportctl pair "$1" "$2" --name ab --addresses 192.168.0.0,192.168.0.1 --wait
	assert_match "$OUT" "ab: created, pending: *" pair
}

puts_back_beside_pending() {
	eventually -t 1000 drift_listed "netns:$A/rport0" '["mtu is 1400, not 32768"]'
	refused 3 "*$TEST_PREFIX*nowhere*" rportctl reconcile ab
	assert_eq "$(kernel_mtu "$A" rport0)" 32768 "MTU of the other end"
	eventually -t 1000 drift_listed "netns:$A/rport0" '[]'
	refused 3 "*$TEST_PREFIX*nowhere*" rportctl reconcile ab
}

test_pending_end_b() {
	start_rportd
	ns_add A
	pair_waiting "$A" "netns:${TEST_PREFIX}nowhere"
	ip -n "$A" link set rport0 mtu 1400
	puts_back_beside_pending
}

test_pending_end_a() {
	start_rportd
	ns_add A
	pair_waiting "netns:${TEST_PREFIX}nowhere" "$A"
	ip -n "$A" link set rport0 mtu 1400
	puts_back_beside_pending
}

# one that is held back after losses comes at once
test_reconcile_of_one_that_is_held_back() {
	local i
	start_rportd
	pair_both
	for i in {1..6}; do
		eventually port_is ab a .state up
		ip -n "$A" link del rport0
		eventually port_is ab a .losses "$i"
	done
	eventually port_is ab a .state pending
	assert_match "$(port ab a .reason)" '*held back*' reason
	ip -n "$B" link set rport0 mtu 1400
	succeeds rportctl -j reconcile ab
	assert_json "$OUT" ".changed and .restored == [\"netns:$A/rport0: the interface\", \"netns:$B/rport0: mtu is 1400, not 32768\"]"
	assert_json "$OUT" '.link.state == "up" and .link.a.drift == []'
	is_whole
}

run_tests "$@"
