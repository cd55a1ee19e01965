#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# A packet that is routed in a circle over links goes round until its TTL or hop limit is used up, and no longer.
. "$(dirname "$0")/../lib.sh"

TTL=64

# A, the sender; B and C, routers, which send what is for 10.9.0.0/16 and fd09::/32 to each other:
#
#	A ---- B ==== C		both over the link `there`, or C over the link `back`
#
# loop [OPTION...]: of one link; loop_of_two: of two
loop() {
	ns_add A B C
	router "$B"
	router "$C"
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.1.1,10.0.1.2 --addresses fd01::1,fd01::2 \
		--a-route 0.0.0.0/0 --a-route ::/0
	succeeds rportctl pair "$B" "$C" --name there --a-name there --b-name there --addresses 10.0.2.2,10.0.2.3 \
		--addresses fd02::2,fd02::3 --a-route 10.9.0.0/16 --a-route fd09::/32 --b-route 10.0.1.0/24 --b-route fd01::/64 "$@"
	ping_ok "$A" 10.0.2.3
	ping_ok "$A" fd02::3
}

loop_of_one() {
	loop --b-route 10.9.0.0/16 --b-route fd09::/32
}

loop_of_two() {
	loop
	succeeds rportctl pair "$B" "$C" --name back --a-name back --b-name back --b-route 10.9.0.0/16 --b-route fd09::/32
}

# without limits on ICMP errors, and without redirects, so that packets can be counted
router() {
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
}

# sent LINK SIDE: packets
sent() {
	port "$1" "$2" .statistics.packets
}

# sent_text LINK: the same of both sides as `rportctl -s show` says it, one a line
sent_text() {
	rportctl -s show "$1" | sed -n 's/^ *sent *\([0-9]*\) packets, .*/\1/p'
}

# settled: as a condition, nothing has crossed for a while; the kernels greet each other by IPv6
settled() {
	local before
	before=$(rportctl -j -s list | jq -c '[.[] | .a, .b | .statistics.packets]')
	sleep 0.2
	[ "$(rportctl -j -s list | jq -c '[.[] | .a, .b | .statistics.packets]')" = "$before" ]
}

# assert_between NUMBER MIN MAX WHAT
assert_between() {
	(($1 >= $2 && $1 <= $3)) || fail "$4: got $1, expected $2 to $3"
}

# goes_round N: N packets of TTL $TTL have gone round since the counters were as in the array BEFORE: B sends them with TTL
# 63, 61, ... 1, C with TTL 62, 60, ... 2 and answers the last. Besides, C may send some redirects by IPv6 (the kernel has no
# switch for them), which B sends back first, and the kernels may greet each other.
goes_round() {
	local there back more=$(($1 + 14))
	eventually settled
	there=$(($(sent there a) - BEFORE[0]))
	back=$(($(sent "$2" b) - BEFORE[1]))
	assert_between "$there" $(($1 * TTL / 2)) $(($1 * TTL / 2 + more)) "packets that B sent"
	assert_between "$back" $(($1 * (TTL / 2 - 1))) $(($1 * TTL / 2 + more)) "packets that C sent"
	echo "$1 packets of TTL $TTL made $there and $back"
}

# one_goes_round RETURN-LINK: of each family
one_goes_round() {
	eventually settled
	BEFORE=("$(sent there a)" "$(sent "$1" b)")
	run in_ns "$A" ping -n -c 1 -t "$TTL" -W 3 10.9.0.1
	assert_eq "$RC" 1 "status of ping"
	assert_match "$OUT" '*From 10.0.2.3 icmp_seq=1 Time to live exceeded*' ping
	goes_round 1 "$1"
	BEFORE=("$(sent there a)" "$(sent "$1" b)")
	run in_ns "$A" ping -n -c 1 -t "$TTL" -W 3 fd09::1
	assert_eq "$RC" 1 "status of ping"
	assert_match "$OUT" '*From fd02::3 icmp_seq=1 Time exceeded: Hop limit*' ping
	goes_round 1 "$1"
	# an application hears of it, too
	succeeds traffic "$A" probe --ttl "$TTL" 10.9.0.1 5000
	assert_match "$OUT" 'error=EHOSTUNREACH origin=icmp type=11 code=0 * from=10.0.2.3' "time exceeded"
	succeeds traffic "$A" probe --ttl "$TTL" fd09::1 5000
	assert_match "$OUT" 'error=EHOSTUNREACH origin=icmp6 type=3 code=0 * from=fd02::3' "hop limit exceeded"
}

test_one_link() {
	start_rportd
	loop_of_one
	one_goes_round there
}

test_two_links() {
	start_rportd
	loop_of_two
	one_goes_round back
}

test_one_link_without_offload() {
	start_rportd
	loop --b-route 10.9.0.0/16 --b-route fd09::/32 --no-offload
	one_goes_round there
}

# answers_in_time: the daemon, while packets loop
answers_in_time() {
	local began ms
	began=$(now_ms)
	succeeds rportctl list
	ms=$(($(now_ms) - began))
	echo "rportctl list: $ms ms"
	took_at_most 1000 "$began" || fail "rportctl list took $ms ms"
}

# sent_more_than N: as a condition, what show says that B sent
sent_more_than() {
	local now
	mapfile -t now < <(sent_text there)
	[ "${now[0]}" -gt "$1" ]
}

# many_go_round ADDRESS RETURN-LINK: 200 packets at once end like each of them, and while such 200 come 20 times a second
# anybody who looks sees it, and the daemon answers
many_go_round() {
	local before now
	eventually settled
	mapfile -t before < <(sent_text there)
	BEFORE=("$(sent there a)" "$(sent "$2" b)")
	succeeds traffic "$A" udp-send --ttl "$TTL" --count 200 --size 200 --ignore-errors "$1" 5000
	answers_in_time
	goes_round 200 "$2"
	mapfile -t now < <(sent_text there)
	assert_eq "${#before[@]} ${#now[@]}" '2 2' "counters in show"
	assert_between $((now[0] - before[0])) $((200 * TTL / 2)) $((200 * TTL)) "what show says that B sent"
	if [ "$2" = there ]; then
		assert_between $((now[1] - before[1])) $((200 * (TTL / 2 - 1))) $((200 * TTL)) "what show says that C sent"
	fi
	spawn "$A" sender "$TRAFFIC" udp-send --ttl "$TTL" --count 200000 --rate 4000 --size 200 --ignore-errors "$1" 5000
	for _ in 1 2 3 4 5; do
		sleep 0.1
		mapfile -t before < <(sent_text there)
		answers_in_time
		within 1000 sent_more_than "${before[0]}" || fail "no packets in show while many loop"
	done
	kill -0 "$SPAWN_PID" || fail "nothing was sent any more while the daemon was asked"
	kill "$SPAWN_PID"
	wait "$SPAWN_PID" || true
	eventually settled # all of them end
	ping_ok "$A" 10.0.2.3
	eventually rportd_idle
}

test_many_over_one_link() {
	start_rportd
	loop_of_one
	many_go_round 10.9.0.1 there
	many_go_round fd09::1 there
}

test_many_over_two_links() {
	start_rportd
	loop_of_two
	many_go_round 10.9.0.1 back
}

run_tests "$@"
