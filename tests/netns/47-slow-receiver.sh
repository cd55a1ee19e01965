#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain alone
# A receiver whose netfilter rules take long for each packet, in the thread that moves them: links of the same worker leave it. No pass
# with the fast path: there it is the thread of the sender.
. "$(dirname "$0")/../lib.sh"

ENGINES=(uring-batch uring-pending epoll)
[ "$DATAPATH" = auto ] || ENGINES=("$DATAPATH")

# has_engine NAME: does this kernel, and what we are run in, have it?
has_engine() {
	[ -n "$HOME_NS" ] || ns_add HOME_NS
	(DATAPATH=$1 start_rportd && stop_rportd) >probe.log 2>&1
}

# worker_of LINK: the number of its worker
worker_of() {
	"$RPORTCTL" --socket "$SOCKET" -j show "$1" | jq '.workers[0]'
}

on_different() {
	[ "$(worker_of "$1")" != "$(worker_of "$2")" ]
}

# slow_down NS: 20,000 rules, none of which matches
slow_down() {
	{
		echo "add table ip t"
		echo "add chain ip t c { type filter hook prerouting priority -300; }"
		seq 1 20000 | sed 's/.*/add rule ip t c udp dport & udp sport & counter/'
	} >rules.nft
	in_ns "$1" nft -f rules.nft || skip cannot "this kernel has no nftables"
}

beside_a_slow_receiver() {
	local flood pings slow
	DATAPATH=$1 start_rportd --workers 2
	ns_add A B C D
	succeeds rportctl pair "$A" "$B" --name slow --addresses 10.0.1.1,10.0.1.2
	succeeds rportctl pair "$C" "$D" --name idle
	succeeds rportctl pair "$C" "$D" --name other --addresses 10.0.2.1,10.0.2.2
	slow=$(worker_of slow)
	[ "$(worker_of other)" = "$slow" ] || fail "slow and other are at different workers: $(rportctl list)"
	ping_ok "$C" 10.0.2.2
	slow_down "$B"
	spawn "$A" flood.out "$TRAFFIC" udp-send --size 64 --count 100000000 --timeout 120000 --ignore-errors 10.0.1.2 65000
	flood=$SPAWN_PID
	spawn "$C" ping.out ping -n -q -i 0.01 -W 3 10.0.2.2
	pings=$SPAWN_PID
	eventually on_different slow other
	kill -0 "$flood" || fail "the flood was over: $(<flood.out)"
	[ "$(worker_of slow)" = "$slow" ] || fail "the slow link was moved: $(rportctl list)"
	# a new link goes there, too, although the other worker has more links
	succeeds rportctl pair "$C" "$D" --name late
	on_different slow late || fail "a new link is at the worker of the slow one"
	kill -INT "$pings"
	wait "$pings" || fail "$(<ping.out)"
	assert_match "$(<ping.out)" '* 0% packet loss*' "while the link was moved"
	kill "$flood"
	stop_rportd
	delete_namespaces
	HOME_NS=''
}

test_others_leave_a_slow_receiver() {
	for engine in "${ENGINES[@]}"; do
		has_engine "$engine" || continue
		beside_a_slow_receiver "$engine"
	done
}

run_tests "$@"
