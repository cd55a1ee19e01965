#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# A link is changed in place: the interface stays, and so do packets, and what others attached to it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../ports.sh"

# index NAMESPACE INTERFACE
index() {
	ip -n "$1" -j link show dev "$2" | jq '.[0].ifindex'
}

addresses() {
	ip -n "$1" -br address show dev "$2" scope global | awk '{ $1 = $2 = ""; print $0 }' | xargs
}

# a link whose end a others use: a route, a rule of a firewall by ifindex, a queueing discipline
used_link() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.1,10.0.0.2 --addresses fd00::1,fd00::2 --a-route 10.2.0.0/16
	INDEX_A=$(index "$A" rport0) INDEX_B=$(index "$B" rport0)
	ip -n "$A" route add 198.51.100.0/24 dev rport0
	in_ns "$A" nft add table inet t
	in_ns "$A" nft 'add chain inet t c { type filter hook input priority 0; }'
	in_ns "$A" nft add rule inet t c iif rport0 counter
	ip netns exec "$A" tc qdisc add dev rport0 root pfifo limit 1234
}

# still_used INTERFACE: all of it is there, on the same device
still_used() {
	local before after
	assert_eq "$(index "$A" "$1") $(index "$B" rport0)" "$INDEX_A $INDEX_B" "numbers of the interfaces"
	assert_match "$(ip -n "$A" route show 198.51.100.0/24)" "198.51.100.0/24 dev $1 *" "the route of somebody else"
	assert_match "$(ip netns exec "$A" tc qdisc show dev "$1")" '*limit 1234p*' "the queueing discipline of somebody else"
	before=$(counted)
	ping_ok "$A" fd00::2
	after=$(counted)
	[ "$after" -gt "$before" ] || fail "the firewall rule does not match any more: $before, $after"
}

counted() {
	in_ns "$A" nft -j list chain inet t c | jq '[.. | .counter? // empty | .packets][0]'
}

# while_pinging COMMAND...: a hundred pings a second, of which none may be lost. They go on until the command is done; ping does
# not wait for the replies to the last ones
while_pinging() {
	local pid
	ip netns exec "$A" ping -6 -n -i 0.01 fd00::2 >pings &
	pid=$!
	eventually reply_after 5
	"$@"
	eventually reply_after $(($(last_reply) + 5))
	kill "$pid"
	wait "$pid" || true
	assert_eq "$(replies | awk '$1 != NR { print "no reply to " NR; exit }')" '' "pings through the change"
}

replies() {
	sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' pings
}

last_reply() {
	replies | tail -n 1
}

# reply_after N: there is a reply to a ping after the N-th
reply_after() {
	[ "$(last_reply)" -gt "$1" ]
}

change() {
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.1,10.0.0.2 --addresses fd00::1,fd00::2 --replace "$@"
	assert_match "$OUT" 'ab: changed, *' "the answer"
}

test_mtu() {
	used_link
	while_pinging change --mtu 9000 --a-route 10.2.0.0/16
	still_used rport0
	assert_eq "$(port ab a .mtu) $(port ab b .mtu)" '9000 9000' "MTUs"
	change --mtu 9000 --a-route 10.2.0.0/16 --a-name wan0
	still_used wan0
}

test_routes() {
	used_link
	while_pinging change --a-route 10.3.0.0/16 --a-route 2001:db8::/32
	still_used rport0
	assert_eq "$(ip -n "$A" route show 10.2.0.0/16)" '' "the old route"
	assert_match "$(ip -n "$A" route show 10.3.0.0/16)" '10.3.0.0/16 dev rport0 proto 114*' "the new route"
	assert_match "$(ip -n "$A" -6 route show 2001:db8::/32)" '2001:db8::/32 dev rport0 proto 114*' "the new route"
	assert_json "$(rportctl -j show ab)" '.a.drift == [] and .a.routes == ["10.3.0.0/16", "2001:db8::/32"]' "show"
}

# change_route TEXT: of 2001:db8::/32 in A, where the other options stay
change_route() {
	# shellcheck disable=SC2086 # words
	change --a-route 10.2.0.0/16 --a-route 2001:db8::/32 $1
}

# a next hop, a source, and back: the route is never away
test_next_hops() {
	used_link
	ip -n "$B" address add 10.2.0.1/32 dev lo
	change_route 'via fd00::2'
	assert_match "$(ip -n "$A" -6 route show 2001:db8::/32)" '2001:db8::/32 via fd00::2 dev rport0 proto 114 metric 1024*' "the route"
	ip -n "$B" address add 2001:db8::1 dev lo
	ip netns exec "$A" ping -6 -n -i 0.01 2001:db8::1 >pings &
	PING_PID=$!
	eventually reply_after 5
	change_route 'via fd00::3 src fd00::1'
	change_route 'src fd00::1'
	change_route ''
	change_route 'metric 20 via fd00::2'
	eventually reply_after $(($(last_reply) + 5))
	kill "$PING_PID"
	wait "$PING_PID" || true
	assert_eq "$(replies | awk '$1 != NR { print "no reply to " NR; exit }')" '' "pings through the changes"
	still_used rport0
	assert_match "$(ip -n "$A" -6 route show 2001:db8::/32)" '2001:db8::/32 via fd00::2 dev rport0 proto 114 metric 20*' "the route"
	assert_eq "$(ip -n "$A" -6 route show 2001:db8::/32 | wc -l)" 1 "routes"
	assert_json "$(rportctl -j show ab)" '.a.drift == []' "drift"
}

# the same with IPv4: the kernel has one route with the same network and metric, which is replaced
test_next_hops_of_ipv4() {
	used_link
	change --a-route 10.2.0.0/16 via 10.0.0.2 src 10.0.0.1
	assert_eq "$(ip -n "$A" route show 10.2.0.0/16)" '10.2.0.0/16 via 10.0.0.2 dev rport0 proto 114 src 10.0.0.1 onlink ' "the route"
	while_pinging change --a-route 10.2.0.0/16 via 10.0.0.9
	assert_eq "$(ip -n "$A" route show 10.2.0.0/16)" '10.2.0.0/16 via 10.0.0.9 dev rport0 proto 114 onlink ' "the route"
	change --a-route 10.2.0.0/16 metric 7
	assert_eq "$(ip -n "$A" route show 10.2.0.0/16)" '10.2.0.0/16 dev rport0 proto 114 scope link metric 7 ' "the route"
	still_used rport0
}

test_addresses() {
	used_link
	ip -n "$A" address add 203.0.113.1/24 dev rport0
	while_pinging succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.5,10.0.0.2 --addresses fd00::1,fd00::2 --a-address fd00:9::1/64 --replace
	assert_match "$OUT" 'ab: changed, *' "the answer"
	still_used rport0
	assert_eq "$(addresses "$A" rport0)" '203.0.113.1/24 10.0.0.5 peer 10.0.0.2/32 fd00:9::1/64 fd00::1 peer fd00::2/128' "addresses"
	ping_ok "$A" 10.0.0.2
	assert_json "$(rportctl -j show ab)" '[.a, .b] | all(.drift == [])' "drift"
}

test_name() {
	local before
	used_link
	before=$(port ab a .linkLocal)
	while_pinging change --a-route 10.2.0.0/16 --a-name wan0
	still_used wan0
	assert_eq "$(ip -n "$A" -j -6 address show dev wan0 scope link | jq '[.[].addr_info[] | select(.local)] | length')" 1 \
		"link-local addresses"
	[ "$(port ab a .linkLocal)" != "$before" ] || fail "the link-local address does not follow the name"
	assert_eq "$(rportctl -j ports | jq -r '.[].interface' | sort | xargs)" 'rport0 wan0' "names"
	ip -n "$A" link delete wan0
	eventually -t 5000 has_carrier "$A" wan0
}

# the one who asks for the link asks for it to be up
rename_in_place() {
	succeeds rportctl set "netns:$A/rport0" name wan0
	assert_match "$OUT" "netns:$A/wan0: renamed" "what set says"
}

test_set_name_of_a_port() {
	used_link
	while_pinging rename_in_place
	still_used wan0
	assert_eq "$(port ab a .interface) $(port ab b .peer)" "wan0 netns:$A/wan0" "what show says"
	assert_eq "$(port ab a '.drift | length')" 0 drift
	assert_match "$(ip -n "$A" -br -6 addr show dev wan0)" "*$(port ab a .linkLocal)/64*" "its link-local address"
	succeeds rportctl set wan0 name wan0
	assert_match "$OUT" '*: unchanged' "the same name again"
	# refused, it changes nothing
	ip -n "$A" link add eth7 type veth peer name eth8
	refused 2 '*eth7*' rportctl set wan0 name eth7
	refused 1 '*' rportctl set wan0 name a/b
	refused 3 '*nosuch*' rportctl set nosuch name wan1
	still_used wan0
	assert_eq "$(port ab a .interface)" wan0 "its name after what was refused"
}

test_set_name_of_a_pending_port() {
	start_rportd
	ns_add A
	succeeds rportctl pair "$A" "netns:${TEST_PREFIX}b" --allow-pending --name ab --b-name lan0
	succeeds rportctl set "netns:${TEST_PREFIX}b/lan0" name lan1
	ns_add B
	eventually port_is ab b .state up
	assert_eq "$(ports "$B")" lan1 "interface of B"
}

test_set_name_of_a_link() {
	used_link
	succeeds rportctl pair "$A" "$B" --name other
	while_pinging rportctl set ab name cd
	still_used rport0
	refused 3 '*' rportctl show ab
	assert_eq "$(port cd a .link)" cd "the link of its port"
	assert_match "$(ip -n "$A" link show dev rport0)" '*alias rport link cd, end a*' "its alias"
	refused 2 '*other*' rportctl set cd name other
	refused 1 '*not a link name*' rportctl set cd name a/b
	succeeds rportctl pair "$A" "$B" --name filed --persist
	refused 1 '*a file makes the link filed*else.rport*' rportctl set filed name else
	succeeds rportctl unpair cd
}

test_name_survives_a_restart() {
	start_kept_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	succeeds rportctl set ab name cd
	succeeds rportctl set "netns:$A/rport0" name wan0
	restart_rportd
	assert_eq "$(rportctl -j list | jq -r '.[].name')" cd "links after a restart"
	assert_eq "$(port cd a .interface) $(port cd a .losses)" 'wan0 0' "its interface"
}

test_admin_state() {
	used_link
	succeeds rportctl down "netns:$B/rport0"
	change --a-route 10.2.0.0/16 --mtu 1500
	assert_eq "$(index "$B" rport0)" "$INDEX_B" "number of the interface"
	eventually has_carrier "$A" rport0
	ping_ok "$A" 10.0.0.2
}

test_file() {
	used_link
	succeeds rportctl export ab
	mkdir -p "$TEST_TMP/conf"
	echo "$OUT" >"$TEST_TMP/conf/ab.rport"
	succeeds rportctl apply
	sed -i 's/^Address=10.0.0.1.*/Address=10.0.0.9\/32/; s/^Route=.*/Route=10.4.0.0\/16/' "$TEST_TMP/conf/ab.rport"
	while_pinging succeeds rportctl apply
	still_used rport0
	assert_match "$(addresses "$A" rport0)" '10.0.0.9 peer 10.0.0.2/32*' "addresses"
	assert_match "$(ip -n "$A" route show 10.4.0.0/16)" '10.4.0.0/16 *' "the new route"
	succeeds rportctl apply
	assert_eq "$OUT" 'nothing to do' "apply again"
}

# what cannot be: the first end is as it was, too
test_failure_changes_nothing() {
	used_link
	ip -n "$B" tuntap add taken0 mode tun
	remember_world
	refused 2 '*taken0*' rportctl pair "$A" "$B" --name ab --addresses 10.0.0.7,10.0.0.8 --mtu 1500 --a-name wan0 --b-name taken0 --replace
	assert_same_world "a change that failed"
	still_used rport0
	ip -n "$B" link delete taken0
}

test_dry_run() {
	used_link
	remember_world
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.1,10.0.0.2 --addresses fd00::1,fd00::2 --a-route 10.3.0.0/16 \
		--mtu 9000 --b-name lan0 --replace --dry-run
	assert_eq "$OUT" "would be changed
a: mtu is 32768, not 9000
a: the route 10.3.0.0/16 is missing
a: the route 10.2.0.0/16 is not wanted
b: the name is rport0, not lan0
b: mtu is 32768, not 9000
b: the link-local address $(rportctl -j pair "$A" "$B" --name ab --b-name lan0 --replace --dry-run | jq -r '.steps[] |
		select(startswith("b: the link-local address")) | split(" ")[4]' | head -n 1) is missing
b: the address $(port ab b .linkLocal)/64 is not wanted" "what pair --dry-run prints"
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.1,10.0.0.2 --addresses fd00::1,fd00::2 --a-route 10.2.0.0/16 --dry-run
	assert_eq "$OUT" 'nothing to do' "the same again"
	refused 2 '*a link ab already*' rportctl pair "$A" "$B" --name ab --mtu 9000 --dry-run
	succeeds rportctl pair "$A" "$B" --name ab --queues 2 --replace --dry-run
	assert_match "$OUT" 'would be replaced*a: made anew, because queues*b: made anew, because queues' "other queues"
	succeeds rportctl pair "$A" "$B" --name new --dry-run
	assert_eq "$OUT" 'would be created' "a link that there is not"
	refused 3 '*nosuch*' rportctl pair "$A" netns:nosuch --dry-run
	assert_same_world "pair --dry-run"
	still_used rport0
}

# what a device cannot change, and is the same at both ends, makes both anew
test_queues() {
	used_link
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.0.0.1,10.0.0.2 --queues 2 --replace
	assert_match "$OUT" 'ab: replaced, *a: made anew, because queues*b: made anew, because queues*' "the answer"
}

# only the port at that end is made anew; the interface of the other one stays, and is used as before
test_domain_of_one_end() {
	used_link
	ns_add C
	succeeds rportctl pair "$A" "$C" --name ab --addresses 10.0.0.1,10.0.0.2 --addresses fd00::1,fd00::2 --a-route 10.2.0.0/16 --replace
	assert_match "$OUT" "ab: replaced, rport0 in netns:$A, rport0 in netns:$C*b: made anew, because domain*" "the answer"
	assert_no_match "$OUT" '*a: made anew*' "the answer"
	assert_eq "$(ports "$B")" '' "interfaces of B"
	assert_eq "$(index "$A" rport0)" "$INDEX_A" "ifindex at the end that stays"
	assert_match "$(ip -n "$A" route show 198.51.100.0/24)" '198.51.100.0/24 dev rport0 *' "the route of somebody else"
	eventually has_carrier "$A" rport0
	ping_ok "$A" fd00::2
}

test_domain_that_is_refused() {
	used_link
	ns_add C
	ip -n "$C" link add rport9 type veth peer name other9
	remember_world
	refused 2 '*the link is kept as it was*rport9*' rportctl pair "$A" "$C" --name ab --b-name rport9 --replace
	refused 3 '*nosuch*' rportctl pair "$A" "netns:nosuch" --name ab --replace
	eventually both_carry
	assert_eq "$(index "$A" rport0)" "$INDEX_A" "ifindex at the end that stays"
	assert_eq "$(port ab b .domain) $(port ab b .interface)" "netns:$B rport0" "the end that was kept"
	ping_ok "$A" fd00::2
}

test_survives_a_restart() {
	used_link
	change --a-route 10.3.0.0/16 --mtu 4000
	ip -n "$A" link delete rport0
	eventually has_carrier "$A" rport0
	assert_eq "$(port ab a .mtu)" 4000 "MTU of the device that was made again"
	assert_match "$(ip -n "$A" route show 10.3.0.0/16)" '10.3.0.0/16 *' "its route"
}

run_tests "$@"
