#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# The MTU: its range, both ends or neither, changed behind our back, and unequal.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# of the MTU as a setting, which no packet has to cross
SHUTTLE_ONLY='mtu_range set_mtu set_mtu_of_a_pending_end set_mtu_rolls_back set_mtu_race mtu_behind_our_back'

# --- MTU -------------------------------------------------------------------------------------------------------------

test_mtu_range() {
	local mtu
	start_rportd
	ns_add A B
	for mtu in 1280 32768; do
		succeeds rportctl create "c$mtu" in "$A" --mtu "$mtu"
		assert_eq "$(kernel_mtu "$A" "c$mtu")" "$mtu" "create --mtu"
		succeeds rportctl pair "$A" "$B" --name "p$mtu" --mtu "$mtu" --a-name "p$mtu" --b-name "p$mtu"
		assert_eq "$(kernel_mtu "$A" "p$mtu") $(kernel_mtu "$B" "p$mtu")" "$mtu $mtu" "pair --mtu"
	done
	for mtu in 32768 1280; do
		succeeds rportctl set c1280 mtu "$mtu"
		assert_eq "$(kernel_mtu "$A" c1280)" "$mtu" "set PORT"
		succeeds rportctl set p32768 mtu "$mtu"
		assert_eq "$(kernel_mtu "$A" p32768) $(kernel_mtu "$B" p32768)" "$mtu $mtu" "set LINK"
	done
	remember_world
	for mtu in 0 1279 32769; do
		refuses 1 "mtu $mtu is not possible: it must be 1280 to 32768" rportctl create bad in "$A" --mtu "$mtu"
		refuses 1 "mtu $mtu is not possible: it must be 1280 to 32768" rportctl set c1280 mtu "$mtu"
		refuses 1 "mtu $mtu is not possible: it must be 1280 to 32768" rportctl set p1280 mtu "$mtu"
		refuses 1 "mtu $mtu is not possible: it must be 1280 to 32768" rportctl pair "$A" "$B" --name bad --mtu "$mtu"
	done
	for mtu in -1 1279 32769 4294968796 9223372036854775807; do # one is 1500 in 32 bits
		call_refused InvalidArgument 22 '*1280 to 32768' SetMtu "{\"name\":\"c1280\",\"mtu\":$mtu}"
		call_refused InvalidArgument 22 '*1280 to 32768' SetMtu "{\"name\":\"p1280\",\"mtu\":$mtu}"
		call_refused InvalidArgument 22 '*1280 to 32768' CreatePort "{\"port\":{\"domain\":\"$A\"},\"mtu\":$mtu}"
		call_refused InvalidArgument 22 '*1280 to 32768' Pair "{\"a\":{\"domain\":\"$A\"},\"b\":{\"domain\":\"$B\"},\"mtu\":$mtu}"
	done
	for mtu in '"1500"' 1500.5 null true; do
		call_invalid mtu SetMtu "{\"name\":\"c1280\",\"mtu\":$mtu}"
	done
	call_invalid mtu SetMtu '{"name":"c1280"}'
	for mtu in big '' -5 1500x 99999999999999999999; do
		refuses 1 "the MTU $mtu is not a number of bytes*" rportctl set c1280 mtu -- "$mtu"
		refuses 1 "--mtu $mtu is not a number*" rportctl create bad in "$A" "--mtu=$mtu"
	done
	assert_same_world "all that"
}

test_set_mtu() {
	start_rportd
	ns_add A B
	ports_with_addresses
	succeeds rportctl set wan0 mtu 9000
	assert_eq "$OUT" "$PA: mtu 9000" "set PORT"
	succeeds rportctl set wan0 mtu 9000
	assert_eq "$OUT" "$PA: unchanged" "set PORT again"
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan1)" '9000 32768' "MTUs"
	succeeds rportctl parent wan0 wan1
	# a port of a link by itself: per side
	succeeds rportctl set "$PB" mtu 1500
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan1)" '9000 1500' "MTUs"
	succeeds rportctl set "$A-$B" mtu 9000
	assert_eq "$OUT" "$PA: mtu 9000
$PB: mtu 9000" "set LINK"
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan1)" '9000 9000' "MTUs"
	succeeds rportctl set "$A-$B" mtu 9000
	assert_eq "$OUT" "$PA: unchanged
$PB: unchanged" "set LINK again"
	assert_eq "$(port "$A-$B" a .mtu) $(port "$A-$B" b .mtu)" '9000 9000' "MTUs shown"
}

# an end that is pending gets it, too: when it is there again
test_set_mtu_of_a_pending_end() {
	local end other
	start_rportd
	ns_add A B
	for end in "$A" "$B"; do
		[ "$end" = "$A" ] && other=$B || other=$A
		pair_numbered --mtu 9000
		displace_port "$end" rport0
		eventually pending_in ab "$end"
		succeeds rportctl set ab mtu 1500
		assert_json "$(rportctl -j show ab)" '.a.mtu == 1500 and .b.mtu == 1500 and .mtu == 1500 and .warnings == []'
		assert_eq "$(kernel_mtu "$other" rport0)" 1500 "MTU of the other end"
		succeeds rportctl set ab mtu 1500
		assert_eq "$(grep -c unchanged <<<"$OUT")" 2 "ends unchanged the second time"
		succeeds rportctl set "netns:$end/rport0" mtu 4000
		refused 1 '*1280 to 32768' rportctl set "netns:$end/rport0" mtu 1279
		assert_eq "$(kernel_mtu "$other" rport0)" 1500 "MTU of the other end"
		ip -n "$end" link del rport0
		eventually both_carry
		assert_eq "$(kernel_mtu "$end" rport0) $(kernel_mtu "$other" rport0)" '4000 1500' "MTUs"
		succeeds rportctl unpair ab
	done
}

# pending_in LINK NAMESPACE
pending_in() {
	rportctl -j show "$1" | jq -e --arg domain "netns:$2" '[.a, .b][] | select(.domain == $domain) | .state == "pending"'
}

# acting_thread: of rportd-net, which carries out what changes something; its answers are no sendmsg(2)
acting_thread() {
	grep -lx rportd-act /proc/"$(net_pid)"/task/*/comm | cut -d/ -f5
}

# set_with_failure N: as `rportctl set ab mtu 1500`, with the N-th message to the kernel refused; sets RC and ERR
set_with_failure() {
	local thread tracer
	thread=$(acting_thread)
	strace -o trace -p "$thread" -e trace=sendmsg -e "inject=sendmsg:error=EPERM:when=$1" 2>strace.err &
	tracer=$!
	poll 3000 grep -q attached strace.err || skip cannot "strace cannot attach: $(<strace.err)"
	run rportctl set ab mtu 1500
	kill "$tracer"
	wait "$tracer" || true
}

# whichever message to the kernel is refused: both ends have the new MTU, or both the old one
test_set_mtu_rolls_back() {
	local n second=
	start_rportd
	ns_add A B
	pair_numbered --mtu 9000
	remember_world
	for ((n = 1; n < 40; n++)); do
		set_with_failure "$n"
		[ "$RC" != 4 ] || break # that was the answer to the client
		if [ "$RC" != 0 ]; then
			assert_same_world "set that failed at message $n"
			[[ $ERR != *"cannot set the MTU of rport0 in netns:$B: "* ]] || second=yes
		else
			assert_eq "$(kernel_mtu "$A" rport0) $(kernel_mtu "$B" rport0)" '1500 1500' "MTUs after failure at message $n"
			grep -q INJECTED trace || break
			succeeds rportctl set ab mtu 9000
		fi
	done
	[ "$n" -lt 40 ] || fail "the command never succeeded"
	[ -n "$second" ] || fail "the second end was never refused"
}

# when nobody has told rportd yet that an end was removed: it has the call and the news at once. Whichever is first, both
# ends have the new one, or both the old one if that is what it says
test_set_mtu_race() {
	local i status client mtu
	start_rportd
	ns_add A B
	for i in 1 2 3 4; do
		pair_numbered --mtu 9000
		eventually has_carrier "$A" rport0
		kill -STOP "$RPORTD_PID"
		rportctl set ab mtu 1500 >set.out 2>&1 &
		client=$!
		[ $((i % 2)) = 0 ] || sleep 0.05 # sometimes the call is first
		ip -n "$B" link del rport0
		kill -CONT "$RPORTD_PID"
		status=0
		wait "$client" || status=$?
		assert_match "$status" '[023]' "status ($(<set.out))"
		[ "$status" = 0 ] && mtu=1500 || mtu=9000
		assert_match "$(<set.out)" "*netns:$B*" "message"
		eventually both_carry
		assert_eq "$(kernel_mtu "$A" rport0) $(kernel_mtu "$B" rport0)" "$mtu $mtu" "MTUs after '$(<set.out)'"
		assert_eq "$(port ab a .mtu) $(port ab b .mtu)" "$mtu $mtu" "MTUs that are shown"
		succeeds rportctl unpair ab
	done
}

test_mtu_behind_our_back() {
	local warning
	start_rportd
	ns_add A B
	pair_numbered
	assert_json "$(rportctl -j show ab)" '.warnings == [] and .mtu == 32768'
	assert_no_match "$(rportctl show ab)" '*warning*' "no warning"
	ip -n "$B" link set rport0 mtu 1500
	# at once, without eventually
	assert_json "$(rportctl -j show ab)" '.b.mtu == 1500 and .a.mtu == 32768 and .mtu == 1500 and .state == "up"'
	assert_eq "$(of_port "netns:$B/rport0" .mtu)" 1500 "MTU in ports"
	warning='the MTUs of the ends differ: 32768 at end a, 1500 at end b'
	assert_json "$(rportctl -j show ab)" ".warnings == [\"$warning\"]"
	assert_match "$(rportctl show ab | tr -s ' ')" "* warning $warning
*" "warning in text"
	eventually has_carrier "$A" rport0
	ping_ok "$A" 192.168.0.1
	# further than we would let it go
	ip -n "$A" link set rport0 mtu 600
	assert_json "$(rportctl -j show ab)" '.a.mtu == 600 and .state == "up" and (.warnings | length == 1)'
	ping_ok "$A" 192.168.0.1
	succeeds rportctl set ab mtu 1500
	assert_match "$OUT" "*netns:$A/rport0: mtu 1500*" "output"
	assert_json "$(rportctl -j show ab)" '.a.mtu == 1500 and .b.mtu == 1500 and .warnings == []'
	# by set, too, unequal is a warning and not an error
	succeeds rportctl set "netns:$A/rport0" mtu 9000
	assert_json "$(rportctl -j show ab)" '.warnings == ["the MTUs of the ends differ: 9000 at end a, 1500 at end b"]'
}

# ping_sized NAMESPACE ADDRESS MTU: of that size crosses, with one byte more it does not leave
ping_sized() {
	local headers=28
	[[ $2 != *:* ]] || headers=48
	ping_ok "$1" "$2" -c 1 -M 'do' -s $(($3 - headers))
	run in_ns "$1" ping -n -c 1 -W 0.2 -M 'do' -s $(($3 - headers + 1)) "$2"
	[ "$RC" != 0 ] || fail "a ping of $(($3 + 1)) bytes left a port with an MTU of $3"
	assert_match "$OUT$ERR" '*message too long*' "ping of $(($3 + 1)) bytes"
}

test_unequal_mtus() {
	local mtus
	start_rportd
	ns_add A B
	pair_numbered
	for mtus in '9000 1500' '1280 32768'; do
		# shellcheck disable=SC2086 # words
		set -- $mtus
		succeeds rportctl set "netns:$A/rport0" mtu "$1"
		succeeds rportctl set "netns:$B/rport0" mtu "$2"
		ping_sized "$A" 192.168.0.1 "$1"
		ping_sized "$A" fd00:ab::b "$1"
		ping_sized "$B" 192.168.0.0 "$2"
		ping_sized "$B" fd00:ab::a "$2"
	done
	assert_json "$(rportctl -j -s show ab)" '[.a, .b] | map(.statistics.drops | add) | add == 0' "no drops"
}

run_tests "$@"
