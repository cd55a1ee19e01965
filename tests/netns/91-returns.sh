#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Ports whose interface was lost, with its namespace or by itself: what becomes of their links meanwhile, and what is there
# again when they return.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# pair_full: A and B, with all that a port can be given
pair_full() {
	pair_numbered --b-name wan0 --mtu 9000 --b-address 10.3.0.2/24 --b-address fd03::2/64 --b-route 10.9.0.0/16 \
		--b-route 2001:db8:9::/48 --a-route 10.8.0.0/16
}

# given NAMESPACE INTERFACE: all that it has, but for its index and what only time tells
given() {
	ip -n "$1" -j -d link show dev "$2" | jq -S '.[0] | {ifname, mtu, txqlen, ifalias, flags: (.flags - ["NO-CARRIER", "LOWER_UP"])}'
	ip -n "$1" -br addr show dev "$2" | awk '{ $2 = ""; print }'
	ip -n "$1" route show dev "$2" | sed 's/ linkdown//'
	ip -n "$1" -6 route show dev "$2" | sed 's/ linkdown//' | sort
	in_ns "$1" ethtool -k "$2" | grep -v fixed
}

given_is() {
	[ "$(given "$1" "$2")" = "$3" ]
}

# has_all NAMESPACE INTERFACE TEXT: soon, as given() showed it
has_all() {
	within 3000 given_is "$@" || fail "$2 is not as it was:
$(diff <(echo "$3") <(given "$1" "$2"))"
}

full_carries() {
	has_carrier "$A" rport0 && has_carrier "$B" wan0
}

# --- with its namespace ----------------------------------------------------------------------------------------------

test_other_end_stays() {
	local before counted
	start_rportd
	ns_add A B
	pair_full
	eventually full_carries
	pings_all_ways
	before=$(given "$A" rport0)
	ip netns del "$B"
	eventually -t 1000 no_carrier "$A" rport0
	eventually is_pending b
	counted=$(port ab a .statistics.packets)
	[ "$counted" -gt 0 ] || fail "nothing was counted"
	has_all "$A" rport0 "$before"
	assert_json "$(rportctl -j show ab)" ".state == \"pending\" and .workers == [] and (.a | .state == \"up\" and .losses == 0
		and .drift == [] and .reason == null and .index > 0) and (.b | .index == 0 and .interface == \"wan0\" and
		.losses == 1 and .mtu == 9000 and .statistics.packets > 0 and (.addresses | length == 4) and (.routes | length == 2) and
		(.reason | startswith(\"no namespace /run/netns/$B\")))"
	assert_match "$(rportctl show ab)" '*NO-CARRIER*b: wan0 *pending: no namespace *losses *1*' show
	ns_create "$B"
	eventually full_carries
	assert_json "$(rportctl -j show ab)" ".a.statistics.packets >= $counted and .b.losses == 1 and .b.reason == null"
	ping_ok "$A" 192.168.0.1
	[ "$(port ab a .statistics.packets)" -ge $((counted + 3)) ] || fail "counters began anew"
}

test_returns_with_all_it_had() {
	local before
	start_rportd
	ns_add A B
	pair_full
	eventually full_carries
	pings_all_ways
	before=$(given "$B" wan0)
	assert_match "$before" '*"ifalias": "*link ab, end b"*"mtu": 9000*10.3.0.2/24*fe80::*10.9.0.0/16*2001:db8:9::/48*' "what it has"
	ip netns del "$B"
	eventually is_pending b
	ns_create "$B"
	eventually full_carries
	has_all "$B" wan0 "$before"
	pings_all_ways
	assert_json "$(rportctl -j show ab)" '.state == "up" and .b.drift == [] and .a.drift == []'
	tcp_transfer "$A" "$B" 192.168.0.1 3000000 1
	tcp_transfer "$B" "$A" fd00:ab::a 3000000 2
}

# what was asked for returns, rather than what others made of it
test_returns_as_asked_for() {
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl set ab mtu 9000
	ip -n "$B" link set rport0 mtu 1500
	ip -n "$B" link set rport0 name other0
	ip -n "$B" addr add 10.99.0.1/32 dev other0
	eventually port_is ab b .interface other0
	ip netns del "$B"
	eventually is_pending b
	ns_create "$B"
	eventually both_carry
	assert_eq "$(kernel_mtu "$B" rport0)" 9000 "MTU"
	assert_eq "$(ip -n "$B" addr show dev rport0 | grep -c 10.99)" 0 "another's addresses"
	assert_json "$(rportctl -j show ab)" '.b.interface == "rport0" and .b.drift == []'
	ping_ok "$A" 192.168.0.1
}

# both_return FIRST SECOND: in the order FIRST SECOND they go, and in both orders they return
both_return() {
	local order
	start_rportd
	ns_add A B
	pair_numbered
	for order in "$1 $2" "$2 $1"; do
		eventually both_carry
		ip netns del "${!1}"
		eventually is_pending "${1,,}"
		ip netns del "${!2}"
		eventually -t 3000 is_pending "${2,,}"
		assert_json "$(rportctl -j show ab)" '.state == "pending" and .a.index == 0 and .b.index == 0'
		# shellcheck disable=SC2086 # two words
		set -- $order
		ns_create "${!1}"
		# one of them is there, up, and knows that there is nobody else
		eventually -t 2000 port_is ab "${1,,}" .state up
		eventually -t 2000 no_carrier "${!1}" rport0
		assert_eq "$(port ab "${2,,}" .state)" pending "the other end"
		ns_create "${!2}"
		eventually -t 2000 both_carry
		pings_all_ways
	done
	assert_json "$(rportctl -j show ab)" '.a.losses == 2 and .b.losses == 2'
}

test_both_return_a_went_first() { both_return A B; }
test_both_return_b_went_first() { both_return B A; }

# a link within one namespace
test_loop_returns() {
	start_rportd
	ns_add A
	succeeds rportctl pair "$A" "$A" --name loop
	ip netns del "$A"
	eventually port_is loop a .state pending
	eventually port_is loop b .state pending
	ns_create "$A"
	eventually -t 2000 port_is loop a .state up
	eventually -t 2000 port_is loop b .state up
	assert_eq "$(ports "$A" | sort | xargs)" 'rport0 rport1' interfaces
	has_carrier "$A" rport0
	has_carrier "$A" rport1
	assert_eq "$(port loop a .interface) $(port loop b .interface)" 'rport0 rport1' "names"
}

# a port by itself: down as it was made, and then up
test_port_by_itself_returns() {
	start_rportd
	ns_add A
	succeeds rportctl create wan0 in "$A" --mtu 1500
	ip netns del "$A"
	eventually -t 3000 port_has "netns:$A/wan0" '"\(.state) \(.losses) \(.reason | type)"' 'pending 1 string'
	ns_create "$A"
	eventually -t 2000 port_has "netns:$A/wan0" .state down
	assert_eq "$(kernel_mtu "$A" wan0)" 1500 MTU
	! is_up "$A" wan0 || fail "it was down before"
	succeeds rportctl up wan0
	ip netns del "$A"
	eventually -t 3000 port_has "netns:$A/wan0" .state pending
	ns_create "$A"
	eventually -t 2000 port_has "netns:$A/wan0" .state up
	is_up "$A" wan0
	ports_count 1
}

# rportd is not told of the end of a namespace by the kernel when it is not listening, and of nothing while it is stopped
test_deleted_and_returned_unseen() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	for _ in 1 2 3; do
		kill -STOP "$RPORTD_PID"
		ip netns del "$B"
		sleep 0.1 # it is deleted some time later
		ns_create "$B"
		kill -CONT "$RPORTD_PID"
		eventually -t 2000 both_carry
	done
	pings_all_ways
	assert_json "$(rportctl -j show ab)" '.state == "up" and .b.losses == 3'
}

test_deleted_and_returned_at_once() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	for _ in 1 2 3; do
		ip netns del "$B"
		ip netns add "$B"
	done
	ip -n "$B" link set lo up
	eventually -t 3000 both_carry
	pings_all_ways
}

# the name means another namespace now, though the former one lives on by a process: the link is where the name is, or at
# least it is shown that it is not, and reconcile brings it there
test_name_of_another_namespace() {
	local pid
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	spawn "$B" process.out sleep 30
	pid=$SPAWN_PID
	eventually in_other_namespace "$pid"
	ip netns del "$B"
	ns_create "$B"
	if ! within 1000 both_carry; then
		assert_json "$(rportctl -j show ab)" '.b.drift | length > 0' "what is shown of an end in a namespace without a name"
		succeeds rportctl reconcile ab
		eventually both_carry
	fi
	pings_all_ways
	kill "$pid"
	wait "$pid" || true
	sleep 0.3
	pings_all_ways
}

# has_port NAMESPACE NUMBER, as a condition: so many interfaces of rportd are there
has_port() {
	[ "$(ports "$1" | wc -l)" = "$2" ]
}

# moves_with_its_name HOW: B is called by the name of another namespace, C; HOW makes the name stand for C
moves_with_its_name() {
	local keeper
	start_rportd
	ns_add A B C
	nsenter --net=/run/netns/"$B" sleep 1000 & # the old one lives on
	keeper=$!
	pair_numbered
	eventually both_carry
	"$1" "$keeper"
	eventually -t 2000 has_port "$C" 1
	assert_eq "$(nsenter --net --target "$keeper" ip -o link show type tun)" '' "interfaces in the old namespace"
	eventually both_carry
	succeeds in_ns "$A" ping -n -q -c 1 -W 2 192.168.0.1
	kill "$keeper"
	[ "$1" != mount_over ] || umount "/run/netns/$B"
}

mount_over() {
	mount --bind "/run/netns/$C" "/run/netns/$B"
}

link_to_the_other() {
	umount "/run/netns/$B"
	ln -sfn "/run/netns/$C" "/run/netns/$B"
}

test_name_is_mounted_over() { moves_with_its_name mount_over; }
test_name_becomes_a_link() { moves_with_its_name link_to_the_other; }

test_name_is_unmounted() {
	local keeper
	start_rportd
	ns_add A B
	nsenter --net=/run/netns/"$B" sleep 1000 &
	keeper=$!
	pair_numbered
	eventually both_carry
	umount "/run/netns/$B"
	eventually -t 2000 port_is ab b .state pending
	grep -q 'up -> pending: its namespace is not called so any more' "$RPORTD_LOG" || fail "the log: $(<"$RPORTD_LOG")"
	assert_eq "$(nsenter --net --target "$keeper" ip -o link show type tun)" '' "interfaces in the old namespace"
	kill "$keeper"
	rm "/run/netns/$B"
}

# a process that ended is not waited for: another one may get its number, in a namespace that is none of the link's
test_number_of_another_process() {
	local pid other
	start_rportd
	ns_add A
	unshare -n sleep 50 &
	pid=$!
	eventually in_other_namespace "$pid"
	succeeds rportctl pair "$A" "pid:$pid" --name ap --addresses 192.168.0.0,192.168.0.1
	kill "$pid"
	wait "$pid" || true
	eventually port_is ap b .state pending
	other=$(process_numbered "$pid")
	[ "$other" = "$pid" ] || skip cannot "this machine does not let a process have a number"
	# something comes or goes, which makes it look again
	ns_add C
	sleep 0.5
	assert_eq "$(port ap b .state)" pending "state, with another process $pid"
	assert_eq "$(ports "$C")" '' "interfaces where the other process is"
	kill "$other"
}

in_other_namespace() {
	[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]
}

# process_numbered PID: start one of this number in a namespace of its own; its number
process_numbered() {
	local got i
	for ((i = 0; i < 20; i++)); do
		echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid 2>/dev/null || return 0
		nsenter --net=/run/netns/"$HOME_NS" sleep 30 >/dev/null 2>&1 </dev/null &
		got=$!
		[ "$got" != "$1" ] || break
		kill "$got"
	done
	echo "$got"
}

# --- an interface that is removed ------------------------------------------------------------------------------------

test_removed_interface_is_made_again() {
	local before index
	start_rportd
	ns_add A B
	pair_full
	eventually full_carries
	pings_all_ways
	before=$(given "$B" wan0)
	index=$(port ab b .index)
	ip -n "$B" link del wan0
	eventually -t 1000 port_is ab b .losses 1
	eventually -t 1000 full_carries
	has_all "$B" wan0 "$before"
	[ "$(port ab b .index)" != "$index" ] || fail "the index is that of the interface that was removed"
	assert_eq "$(port ab b .index)" "$(ip -n "$B" -j link show dev wan0 | jq '.[0].ifindex')" index
	pings_all_ways
	tcp_transfer "$A" "$B" 192.168.0.1 1000000 1
}

# connections outlive it: its addresses are the same
test_connection_survives_removal() {
	local remover
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	remove_at_times >remover.out 2>&1 &
	remover=$!
	tcp_transfer "$A" "$B" 192.168.0.1 300000000 1
	wait "$remover" || fail "$(<remover.out)"
	assert_eq "$(port ab b .losses)" 3 "losses"
}

remove_at_times() {
	for _ in 1 2 3; do
		sleep 0.1
		ip -n "$B" link del rport0
		within 2000 has_carrier "$B" rport0
	done
}

# what was sent to the one that is lost does not arrive at its successor
test_nothing_old_is_delivered() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	before=$(port ab a .statistics.packets)
	freeze_rportd
	succeeds traffic "$A" udp-send --count 500 192.168.0.1 5000
	ip -n "$B" link del rport0
	ip netns del "$B"
	ns_create "$B"
	listener "$B" out udp-listen --count 1000 --idle 300 --timeout 9000 0.0.0.0 5000
	thaw_rportd
	eventually port_is ab b .losses 1
	eventually both_carry
	succeeds traffic "$A" udp-send --count 5 192.168.0.1 5000
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=5 lost=995 *' "what arrived"
	[ "$(dropped)" -ge 500 ] || fail "of 500 packets $(dropped) were counted: $(port ab a .statistics)"
	[ "$(port ab a .statistics.packets)" -le $((before + 30)) ] || fail "what did not arrive was counted as if it had"
}

# dropped: what was sent into a's port and did not cross
dropped() {
	port ab a '.statistics | .interfaceDropped + ([.drops[]] | add)'
}

# lose TIMES: b's interface, for so many times by now
lose() {
	ip -n "$B" link del rport0
	eventually port_is ab b .losses "$1"
}

# lost_and_held TIMES SECONDS
lost_and_held() {
	lose "$1"
	assert_eq "$(port ab b '"\(.state): \(.reason)"')" \
		"pending: its interface was removed; held back for $2 s, since it was lost $1 times in short order" "loss $1"
}

# one that is lost again and again is held back, for longer each time, and comes back in the end
test_flapping() {
	local i started hold=1
	start_rportd
	ns_add A B
	pair_numbered
	for i in 1 2 3 4 5; do
		lose "$i"
		eventually -t 1000 both_carry
	done
	for i in 6 7; do
		started=$(now_ms)
		lost_and_held "$i" "$hold"
		eventually both_carry
		[ $(($(now_ms) - started)) -ge $((hold * 1000)) ] || fail "loss $i: there again after $(($(now_ms) - started)) ms"
		hold=$((hold * 2))
	done
	lost_and_held 8 4
	assert_match "$(rportctl show ab)" '*pending: *held back for 4 s*losses *8*' show
	eventually rportd_idle
	# who asks for it need not wait
	succeeds rportctl reconcile ab
	eventually -t 500 both_carry
	pings_all_ways
	assert_eq "$(port ab b '"\(.losses) \(.reason)"')" '8 null' "losses and reason"
}

# --- nothing is used up, nothing is kept ----------------------------------------------------------------------------

threads() {
	find "/proc/$RPORTD_PID/task" -mindepth 1 -maxdepth 1 | wc -l
}

test_nothing_is_used_up() {
	local fds threads i
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl create wan0 in "$B"
	round # what is made at the first time, and stays
	fds=$(rportd_fds)
	threads=$(threads)
	for ((i = 0; i < 20; i++)); do
		round
	done
	eventually fds_at_most "$fds"
	assert_eq "$(threads)" "$threads" threads
	assert_eq "$(port ab b .losses)" 21 losses
	pings_all_ways
}

# round: B goes and returns; reconcile, lest it be held back
round() {
	ip netns del "$B"
	eventually is_pending b
	ns_create "$B"
	succeeds rportctl reconcile ab
	eventually both_carry
}

test_namespace_of_a_pending_port_dies() {
	local inode
	start_rportd
	ns_add A B
	# pending while the namespace is there
	displaced_pair
	assert_eq "$(held_by_rportd "$(namespace_inode "$B")")" '' "how rportd keeps the namespace"
	inode=$(namespace_inode "$B")
	ip netns del "$B"
	eventually -t 3000 witness_gone "$A"
	assert_eq "$(held_by_rportd "$inode")" '' "how rportd keeps the namespace"
	# and the other one, with the port that is there
	ip -n "$HOME_NS" link add witness type veth peer name witness netns "$A"
	ip netns del "$A"
	eventually -t 3000 witness_gone "$HOME_NS"
	# nor one that was there for an instant only
	ip netns add "$B"
	ip -n "$HOME_NS" link add witness type veth peer name witness netns "$B"
	ip netns del "$B"
	eventually -t 3000 witness_gone "$HOME_NS"
	succeeds rportctl unpair ab
	ports_count 0
}

# displaced_pair: ab, whose end b is pending as another interface has its name
displaced_pair() {
	ip -n "$B" link add rport0 type veth peer name rport1
	ip -n "$A" link add witness type veth peer name witness netns "$B"
	succeeds rportctl pair "$A" "$B" --name ab --b-name rport0 --allow-pending
	assert_match "$OUT" '*pending: there is an interface rport0 *' pair
}

run_tests "$@"
