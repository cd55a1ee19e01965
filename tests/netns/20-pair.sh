#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# The options of pair, what it refuses, and exit codes.
. "$(dirname "$0")/../lib.sh"

test_mtu() {
	local mtu
	start_rportd
	ns_add A B
	for mtu in 1280 1500 32768; do
		succeeds rportctl pair "$A" "$B" --name "m$mtu" --mtu "$mtu"
		assert_eq "$(port "m$mtu" a .mtu) $(port "m$mtu" b .mtu)" "$mtu $mtu" "MTUs"
		assert_eq "$(ip -n "$B" -j link show dev "$(port "m$mtu" b .interface)" | jq ".[0].mtu")" "$mtu" "the kernel's MTU"
	done
	for mtu in 0 68 1279 32769 65536; do
		refused 1 '*1280*32768*' rportctl pair "$A" "$B" --name bad --mtu "$mtu"
	done
	refused 1 '*--mtu*' rportctl pair "$A" "$B" --mtu big
	refused 1 '*--mtu*' rportctl pair "$A" "$B" --mtu
	refused 1 '*--mtu*' rportctl pair "$A" "$B" --mtu -5
}

test_mtu_difference_is_shown() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	ip -n "$A" link set rport0 mtu 1500
	eventually port_is ab a .mtu 1500
	succeeds rportctl show ab
	assert_match "$OUT" '*differ*' "a warning"
}

test_interface_names() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --a-name wan0 --b-name wan0
	assert_eq "$(ports "$A") $(ports "$B")" 'wan0 wan0' "the same name in two namespaces"
	refused 2 '*wan0*' rportctl pair "$A" "$B" --name cd --a-name wan0
	for name in 'a/b' 'a b' '.' '..' 'a:b' '' 'a%d' abcdefghijklmnop; do
		refused 1 '*' rportctl pair "$A" "$B" --name cd --a-name "$name"
		refused 1 '*' rportctl pair "$A" "$B" --name cd --b-name "$name"
	done
	assert_eq "$(ports "$A") $(ports "$B")" 'wan0 wan0' "what is left"
}

test_link_names() {
	local long
	start_rportd
	ns_add A B
	long=$(printf 'x%.0s' {1..64})
	for name in a A.b_c-9 "$long"; do
		succeeds rportctl pair "$A" "$B" --name "$name"
		succeeds rportctl unpair "$name"
	done
	for name in '' .a -a 'a b' a/b 'a:b' "x$long" 'ä'; do
		refused 1 '*' rportctl pair "$A" "$B" --name="$name"
	done
	assert_no_ports
}

test_addresses() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --a-address 10.1.0.1/24 --b-address 10.1.0.2/24 \
		--a-address fd01::1/64 --b-address fd01::2/64 --a-address 10.9.9.9
	assert_match "$(ip -n "$A" -4 addr show dev rport0)" '*10.1.0.1/24*' "address of a"
	assert_match "$(ip -n "$A" -4 addr show dev rport0)" '*10.9.9.9/32*' "second address of a"
	assert_match "$(ip -n "$B" -6 addr show dev rport0)" '*fd01::2/64*' "IPv6 address of b"
	ping_ok "$A" 10.1.0.2
	ping_ok "$A" fd01::2
	for address in 500.1.1.1 10.0.0.1/33 10.0.0.1/ fd00::/129 fd00::g/64 10.0.0 example; do
		refused 1 "*${address}*" rportctl pair "$A" "$B" --name cd --a-address "$address"
		refused 1 "*${address}*" rportctl pair "$A" "$B" --name cd --b-address "$address"
	done
}

test_peer_addresses() {
	start_rportd
	ns_add A B
	pair_numbered
	assert_match "$(ip -n "$A" -4 addr show dev rport0)" '*inet 192.168.0.0 peer 192.168.0.1/32*' "IPv4 address of a"
	assert_match "$(ip -n "$B" -4 addr show dev rport0)" '*inet 192.168.0.1 peer 192.168.0.0/32*' "IPv4 address of b"
	assert_match "$(ip -n "$A" -6 addr show dev rport0)" '*inet6 fd00:ab::a peer fd00:ab::b/128*' "IPv6 address of a"
	assert_match "$(ip -n "$B" -6 addr show dev rport0)" '*inet6 fd00:ab::b peer fd00:ab::a/128*' "IPv6 address of b"
	refused 1 '*--addresses*' rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1
	refused 1 '*--addresses*' rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,10.0.0.2,10.0.0.3
	refused 1 '*' rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,fd00::1
	refused 1 '*' rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,nonsense
}

test_routes() {
	start_rportd
	ns_add A B
	pair_numbered --a-route 10.20.0.0/16 --a-route 10.30.0.0/16 --a-route 2001:db8:b::/48 --b-route 0.0.0.0/0 --b-route ::/0
	assert_eq "$(ip -n "$A" -j route show proto 114 | jq -c '[.[].dst] | sort')" '["10.20.0.0/16","10.30.0.0/16"]' "routes of a"
	assert_eq "$(ip -n "$A" -6 -j route show proto 114 | jq -c '[.[].dst] | sort')" '["2001:db8:b::/48"]' "IPv6 routes of a"
	assert_eq "$(ip -n "$B" -j route show proto 114 | jq -c '[.[].dst]')" '["default"]' "routes of b"
	assert_eq "$(ip -n "$B" -6 -j route show proto 114 | jq -c '[.[].dst]')" '["default"]' "IPv6 routes of b"
	assert_json "$(rportctl -j show ab)" '.a.routes | sort == ["10.20.0.0/16", "10.30.0.0/16", "2001:db8:b::/48"]'
	ip -n "$B" addr add 10.20.0.5/32 dev lo
	ip -n "$B" addr add 2001:db8:b::5/128 dev lo
	ping_ok "$A" 10.20.0.5
	ping_ok "$A" 2001:db8:b::5
	succeeds rportctl unpair ab
	assert_eq "$(ip -n "$A" route show)$(ip -n "$A" -6 route show proto 114)" '' "routes that are left"
	refused 1 '*10.20.0.1/16*' rportctl pair "$A" "$B" --a-route 10.20.0.1/16
	refused 1 '*nowhere*' rportctl pair "$A" "$B" --a-route nowhere
	assert_no_ports
}

test_unchanged() {
	local before
	start_rportd
	ns_add A B
	pair_numbered --a-route 10.20.0.0/16 --mtu 9000 --a-name wan0
	before=$(rportctl -j show ab | jq 'del(.a.statistics, .b.statistics)')
	pair_numbered --a-route 10.20.0.0/16 --mtu 9000 --a-name wan0
	assert_match "$OUT" 'ab: unchanged*' "output of the second pair"
	assert_eq "$(rportctl -j show ab | jq 'del(.a.statistics, .b.statistics)')" "$before" "the link"
	# the default of an option says the same as the option, and so do other spellings
	succeeds rportctl pair "$A" "$B" --name cd
	succeeds rportctl -j pair "netns:$A" "$B" --name cd --mtu 32768
	assert_json "$OUT" '.result == "unchanged"'
	# without a name: the same domains, the same link
	succeeds rportctl pair "$A" "$B"
	assert_match "$OUT" '*created*' "first without a name"
	succeeds rportctl pair "$A" "$B"
	assert_match "$OUT" '*unchanged*' "second without a name"
}

test_different_is_refused() {
	local before
	start_rportd
	ns_add A B C
	pair_numbered --mtu 9000
	before=$(rportctl -j show ab | jq 'del(.a.statistics, .b.statistics)')
	refused 2 '*ab*9000*1500*' pair_numbered_refused --mtu 1500
	refused 2 '*ab*--replace*' pair_numbered_refused --mtu 1500
	refused 2 '*ab*' pair_numbered_refused --mtu 9000 --a-route 10.0.0.0/8
	refused 2 '*ab*' pair_numbered_refused --mtu 9000 --a-address 10.0.0.1
	refused 2 '*ab*' pair_numbered_refused --mtu 9000 --b-name wan0
	refused 2 '*ab*' pair_numbered_refused --mtu 9000 --no-offload
	refused 2 "*ab*$C*" rportctl pair "$A" "$C" --name ab --mtu 9000 --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b
	assert_eq "$(rportctl -j show ab | jq 'del(.a.statistics, .b.statistics)')" "$before" "the link"
	assert_eq "$(ports "$C")" '' "interfaces in the third namespace"
}

pair_numbered_refused() {
	rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --addresses fd00:ab::a,fd00:ab::b "$@"
}

test_replace() {
	start_rportd
	ns_add A B C
	pair_numbered --mtu 9000
	pair_numbered --mtu 9000 --replace
	assert_match "$OUT" '*unchanged*' "replacing by the same"
	pair_numbered --mtu 1500 --replace
	assert_match "$OUT" '*changed*' "replacing"
	assert_eq "$(ports "$A") $(ports "$B")" 'rport0 rport0' "interfaces"
	assert_eq "$(port ab a .mtu)" 1500 MTU
	ping_ok "$A" 192.168.0.1
	succeeds rportctl pair "$A" "$C" --name ab --replace
	assert_eq "$(ports "$A") $(ports "$B") $(ports "$C")" 'rport0  rport0' "interfaces after a move"
	succeeds rportctl pair "$A" "$B" --name new --replace
	assert_match "$OUT" '*created*' "--replace with nothing to replace"
}

test_replace_that_fails() {
	start_rportd
	ns_add A B
	pair_numbered
	ip -n "$B" link add taken type veth peer name taken2
	refused 2 '*taken*' pair_numbered_refused --replace --b-name taken
	# whatever becomes of the link, it is either as it was or not there at all
	if rportctl exists ab; then
		ping_ok "$A" 192.168.0.1
	else
		assert_no_ports
	fi
	ip -n "$B" link del taken
}

test_no_offload() {
	local features
	start_rportd
	ns_add A B
	pair_numbered --no-offload
	assert_json "$(rportctl -j show ab)" '(.offload | not) and .a.offloads == [] and .b.offloads == []'
	features=$(in_ns "$A" ethtool -k rport0)
	assert_match "$features" '*tcp-segmentation-offload: off*' "ethtool -k"
	ping_ok "$A" 192.168.0.1
	succeeds rportctl unpair ab
	pair_numbered
	assert_json "$(rportctl -j show ab)" '.offload and (.a.offloads | length > 0) and .a.offloads == .b.offloads'
	features=$(in_ns "$A" ethtool -k rport0)
	assert_match "$features" '*tcp-segmentation-offload: on*' "ethtool -k"
}

test_usage_errors() {
	start_rportd
	ns_add A B
	refused 1 '*' rportctl pair
	refused 1 '*' rportctl pair "$A"
	refused 1 '*' rportctl pair "$A" "$B" "$B"
	refused 1 '*--frob*' rportctl pair "$A" "$B" --frob
	refused 1 '*--frob*' rportctl --frob list
	refused 1 '*' rportctl unpair
	refused 1 '*' rportctl exists
	refused 1 '*too many*' rportctl apply all
	assert_no_ports
}

test_no_daemon() {
	SOCKET=$TEST_TMP/no-such-socket
	refused 4 '*no-such-socket*' rportctl list
	refused 4 '*no-such-socket*' rportctl pair a b
	refused 4 '*' rportctl exists a
	refused 4 '*' rportctl unpair a
	# a socket that nobody serves
	socat -u UNIX-LISTEN:"$SOCKET",unlink-close=0 /dev/null &
	eventually test -S "$SOCKET"
	kill $!
	wait $! || true
	refused 4 '*no-such-socket*' rportctl list
}

test_not_permitted() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	succeeds as_nobody list
	assert_match "$OUT" '*ab*' "what nobody sees"
	succeeds as_nobody -j show ab
	succeeds as_nobody exists ab
	succeeds as_nobody version
	refused 5 '*not permitted*' as_nobody pair "$A" "$B" --name cd
	refused 5 '*not permitted*' as_nobody unpair ab
	# nor does it learn more by that
	refused 5 '*not permitted*' as_nobody unpair nolink
	succeeds rportctl exists ab
}

test_quiet_and_json() {
	start_rportd
	ns_add A B
	succeeds rportctl -q pair "$A" "$B" --name ab
	assert_eq "$OUT$ERR" '' "output of a quiet pair"
	run rportctl -q pair "$A" "$B" --name ab --mtu 1500
	assert_eq "$RC" 2 "status of a refused quiet pair"
	[ -n "$ERR" ] || fail "an error must be said, however quiet"
	succeeds rportctl -j pair "$A" "$B" --name cd
	assert_json "$OUT" '.result == "created" and .link.name == "cd"'
	succeeds rportctl -j unpair cd
	assert_json "$OUT" '.name == "cd"'
	succeeds rportctl -j -p show ab
	assert_json "$OUT" '.name == "ab"'
}

# all that can be removed are; what is printed and the status say what could not
test_unpair_several() {
	local name
	start_rportd
	ns_add A B
	for name in a1 a2 a3 b1 b2; do
		succeeds rportctl pair "$A" "$B" --name "$name"
	done
	succeeds rportctl pair "$A" "$B" --name last --a-name wan7
	run rportctl unpair a1 nix b1 a1
	assert_eq "$RC" 3 "status of a name that there is not"
	assert_match "$ERR" '*no link "nix"*' message
	assert_eq "$OUT" $'a1: removed\nb1: removed' "what is printed"
	assert_eq "$(rportctl -br list | awk '{ print $1 }' | xargs)" 'a2 a3 b2 last' "what is left"
	succeeds rportctl unpair a2 wan7 last
	assert_eq "$OUT" "a2: removed
last: removed" "output"
	succeeds rportctl -j unpair 'a*' b2
	assert_json "$OUT" '. == [{name: "a3", configured: false}, {name: "b2", configured: false}]'
	refused 3 '*x\**' rportctl unpair 'x*'
	refused 1 '*which link*' rportctl unpair
	assert_no_ports
}

run_tests "$@"
