#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Drift of ports that were moved, are pending or are used, and a great many changes at once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../drift.sh"

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

# to where they cannot be followed any more, with nothing but their descriptors to tell that they are gone
test_moved_into_what_is_deleted() {
	local i C
	start_rportd
	ns_add A
	for ((i = 0; i < 20; i++)); do
		C=${TEST_PREFIX}c$i
		ns_create "$C"
		succeeds rportctl create "p$i" in "$A"
		succeeds rportctl create "q$i" in "$A"
		ip -n "$A" link set "p$i" netns "$C"
		ip -n "$A" link set "q$i" netns "$C"
		ip netns del "$C"
	done
	for ((i = 0; i < 20; i++)); do
		eventually -t 3000 port_has "netns:$A/p$i" '"\(.losses) \(.state)"' '1 down'
		eventually -t 3000 port_has "netns:$A/q$i" '"\(.losses) \(.state)"' '1 down'
	done
	assert_eq "$(ports "$A" | wc -w)" 40 "interfaces"
	ip -n "$A" link set p7 mtu 1300
	eventually -t 3000 port_has "netns:$A/p7" '.drift | length' 1
}

# is_elsewhere, as a condition: and that is seen
is_elsewhere() {
	[[ $(of_port "netns:$A/wan0" '.drift | join(",")') == *'it was moved to another namespace'* ]]
}

# numbers of namespaces are used again: that which its own had does not make another one its own. A port that keeps its own alive
# would be lost with its name: this one is in the namespace of a process
test_moved_to_the_number_of_its_home() {
	local inode
	start_rportd
	ns_add A C
	inode=$(namespace_inode "$A")
	spawn "$A" out sleep infinity
	eventually is_process_in "$inode"
	ip netns del "$A"
	ln -s "/proc/$SPAWN_PID/ns/net" "/run/netns/$A"
	succeeds rportctl create wan0 in "$A"
	ip -n "$A" link set wan0 netns "$C"
	eventually is_elsewhere
	ip -n "$C" link add witness type veth peer name witness netns "$A"
	kill "$SPAWN_PID"
	eventually witness_gone "$C"
	rm "/run/netns/$A"
	ns_add D
	succeeds rportctl create wan1 in "$D"
	ip -n "$C" link set wan0 netns "$D"
	sleep 0.3
	is_elsewhere || fail "it is in D: $(rportctl -j ports)"
	ns_create "$A"
	sleep 0.3
	is_elsewhere || fail "it is in D, not in the new A: $(rportctl -j ports)"
	assert_eq "$(ports "$D" | sort | xargs)" 'wan0 wan1' "interfaces in D"
}

is_process_in() {
	[ "$(stat -L -c %i "/proc/$SPAWN_PID/ns/net")" = "$1" ]
}

# states_are STATE..., as a condition: of all ports, in the order of the alphabet
states_are() {
	[ "$(rportctl -j ports | jq -r '.[].state' | sort | xargs)" = "$*" ]
}

# one of our own ports has the name that another one waits for, and gives it back long after that was tried often
test_name_that_another_port_had() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$A"
	kill -STOP "$RPORTD_PID"
	ip -n "$A" link del wan0
	ip -n "$A" link set wan1 name wan0
	kill -CONT "$RPORTD_PID"
	eventually states_are down pending
	sleep 4.5 # tries after 0.25, 0.75, 1.75 and 3.75 s; the next one after 7.75
	ip -n "$A" link set wan0 name wan1
	eventually -t 1000 states_are down down
	assert_eq "$(ports "$A" | sort | xargs)" 'wan0 wan1' "interfaces"
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
	refused 1 '*' rportctl set ab mtu 65536
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
	within 1000 kernel_state_is "$A" "$STATE_A" || fail "not as before:
$(diff <(echo "$STATE_A") <(kernel_state "$A"))"
	sees
	flows
	# the MTU is no matter of up or down
	printf '%s\n' 'link set rport0 down' 'link set rport0 mtu 1400' 'link set rport0 up' | ip -n "$A" -batch -
	sees_and_puts_back 'mtu is 1400, not 32768'
}

# up_and_down N: up, and down again when the daemon has read that it is up, but not all that was told after that: N may hit it
up_and_down() {
	local i
	kill -STOP "$RPORTD_PID"
	{
		echo 'link set rport0 up'
		for i in {1..1500}; do
			printf 'addr add 10.9.0.1/32 dev lo\naddr del 10.9.0.1/32 dev lo\n'
		done
	} | ip -n "$A" -batch -
	kill -CONT "$RPORTD_PID"
	for ((i = 0; i < $1; i++)); do :; done
	kill -STOP "$RPORTD_PID"
	ip -n "$A" link set rport0 down
	kill -CONT "$RPORTD_PID"
}

# who sets it down before it was given back what it had, for it had been set up, means it
test_set_up_and_down_again() {
	local n
	start_rportd
	pair_both
	succeeds rportctl down "netns:$A/rport0"
	for n in 300 800 1300 1800 2300 2800; do
		up_and_down "$n"
		sees
		! is_up "$A" rport0 || fail "it was set up again"
	done
	succeeds rportctl up "netns:$A/rport0"
	eventually both_carry
	as_before
	flows
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
	within 1000 whole_or_moved || fail "$(rportctl show ab)"
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
	succeeds rportctl pair "$1" "$2" --name ab --addresses 192.168.0.0,192.168.0.1 --allow-pending
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
	for i in {1..8}; do
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
