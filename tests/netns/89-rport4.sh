#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# The configuration that the manual page of OpenBSD's rport(4) gives as its example, by ports and by `pair`:
#
#	ifconfig rport1 create
#	ifconfig rport1 rdomain 1
#	ifconfig rport1 inet 169.254.169.254/32 169.254.254.169
#	ifconfig rport2 create
#	ifconfig rport2 rdomain 2
#	ifconfig rport2 inet 169.254.254.169/32 169.254.169.254
#	ifconfig rport1 parent rport2
#	ifconfig rport1 up
#	ifconfig rport2 up
#
# A domain has to be said when a port is created, here: there is no time in which it is in another.
. "$(dirname "$0")/../lib.sh"

by_ports() {
	succeeds rportctl create rport1 in "netns:$A"
	succeeds ip -n "$A" address add 169.254.169.254/32 peer 169.254.254.169 dev rport1
	succeeds rportctl create rport2 in "netns:$B"
	succeeds ip -n "$B" address add 169.254.254.169/32 peer 169.254.169.254 dev rport2
	succeeds rportctl parent rport1 rport2
	succeeds rportctl up rport1
	succeeds rportctl up rport2
}

by_pair() {
	succeeds rportctl pair "netns:$A" "netns:$B" --a-name rport1 --b-name rport2 \
		--addresses 169.254.169.254,169.254.254.169
}

# joined: both ends reach each other, and nobody else does
joined() {
	eventually has_carrier "$A" rport1
	eventually has_carrier "$B" rport2
	ping_ok "$A" 169.254.254.169
	ping_ok "$B" 169.254.169.254
	ping_ok "$A" 169.254.254.169 -s 20000
	ping_ok "$A" 169.254.254.169 -I 169.254.169.254
	ping_fails "$A" 169.254.254.168
	ping_fails "$HOME_NS" 169.254.254.169
}

# result_of_it: what there is now, as ip(8) and rportctl(1) show it, without what differs from one time to the next: numbers;
# the operational state, which for the kernel is unknown until a TUN has been without a carrier once; the alias, which only
# `pair` gives; and the addresses that rportd was asked for, which are those of `pair`
result_of_it() {
	local where ns ifname
	for where in "$A rport1" "$B rport2"; do
		read -r ns ifname <<<"$where"
		ip -n "$ns" -d -j address show dev "$ifname" | jq '.[0] | del(.ifindex, .operstate, .ifalias)'
		ip -n "$ns" -j route show table all dev "$ifname"
		# the kernel's greetings, multicast, come and go
		ip -n "$ns" -6 -j route show table all dev "$ifname" | jq -c '[.[] | select(.type != "multicast")]'
	done
	rportctl -j list | jq '.[] | del(.workers, (.a, .b | .index, .statistics, .addresses))'
}

test_by_ports() {
	start_rportd
	ns_add A B
	by_ports
	joined
	# what rport(4) says of it, at both ends
	succeeds rportctl parent rport1
	assert_match "$OUT" '*rport2' "parent of rport1"
	succeeds rportctl parent rport2
	assert_match "$OUT" '*rport1' "parent of rport2"
	assert_match "$(ip -n "$A" -4 address show dev rport1)" '*inet 169.254.169.254 peer 169.254.254.169/32*' "address"
	assert_match "$(ip -n "$B" -4 address show dev rport2)" '*inet 169.254.254.169 peer 169.254.169.254/32*' "address"
	# and undone
	succeeds rportctl unparent rport1
	ping_fails "$A" 169.254.254.169
	eventually no_carrier "$A" rport1
	eventually no_carrier "$B" rport2
	refused 3 '*has no parent*' rportctl parent rport2
	succeeds rportctl destroy rport1
	succeeds rportctl destroy rport2
	assert_no_ports
}

test_by_pair() {
	start_rportd
	ns_add A B
	by_pair
	joined
}

# The order is free: ifconfig(8) takes any.
test_parent_last() {
	start_rportd
	ns_add A B
	succeeds rportctl create rport2 in "netns:$B"
	succeeds rportctl create rport1 in "netns:$A"
	succeeds rportctl up rport2
	succeeds rportctl up rport1
	succeeds ip -n "$A" address add 169.254.169.254/32 peer 169.254.254.169 dev rport1
	succeeds ip -n "$B" address add 169.254.254.169/32 peer 169.254.169.254 dev rport2
	succeeds rportctl parent rport2 rport1
	joined
}

test_both_ways_give_the_same() {
	local ports pair
	start_rportd
	ns_add A B
	by_ports
	joined
	ports=$(result_of_it)
	succeeds rportctl destroy rport1
	succeeds rportctl destroy rport2
	assert_no_ports
	by_pair
	joined
	pair=$(result_of_it)
	[ "$ports" = "$pair" ] || fail "by ports and by pair: $(diff <(echo "$ports") <(echo "$pair") || true)"
}

# The manual's own lines, as they stand there, but for the names of the domains
test_as_the_manual_says() {
	local manual=$TOP_DIR/man/rport.7 lines commands
	[ -e "$manual" ] || skip cannot "no manual is here"
	start_rportd
	ns_add A B
	lines=$(sed -n '/^\.Xr rport 4 ,$/,/^Unnumbered/s/^# //p' "$manual")
	for commands in create parent inet up; do
		grep -q "^ifconfig rport1.* $commands" <<<"$lines" || fail "OpenBSD's lines are not in the manual: $lines"
	done
	lines=$(sed -n '/^Here, port by port/,/^\.Ed/s/^# //p' "$manual" | names)
	[ -n "$lines" ] || fail "no example by ports in the manual"
	eval "$lines"
	joined
	succeeds rportctl destroy rport1
	succeeds rportctl destroy rport2
	lines=$(sed -n '/^Or all at once/,/^\.Ed/{s/^# //;/^[^.O]/p}' "$manual" | sed 's/\\e$/\\/' | names)
	[ -n "$lines" ] || fail "no example by pair in the manual"
	eval "$lines"
	joined
}

names() {
	sed "s/netns:one/netns:$A/g; s/netns:two/netns:$B/g; s/-n one /-n $A /; s/-n two /-n $B /"
}

run_tests "$@"
