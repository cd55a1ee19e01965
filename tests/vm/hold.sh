#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Links of VRFs that come late, are deleted, and come back. Run as vm/vrf.sh is.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

# setup VRF...: a daemon with these VRFs in its namespace, and tables 1001, 1002, ... for vrf-a, vrf-b, ...
setup() {
	ns_add HOME_NS A
	has_vrf "$HOME_NS" || skip cannot 'this kernel has no VRFs'
	for vrf; do
		vrf_add "$HOME_NS" "$vrf"
	done
	start_rportd
}

# vrf_add NAMESPACE VRF
vrf_add() {
	local -A table=([vrf-a]=1001 [vrf-b]=1002 [vrf-c]=1003)
	ip -n "$1" link add "$2" type vrf table "${table[$2]}"
	ip -n "$1" link set "$2" up
}

addresses=(--addresses '192.168.0.0,192.168.0.1' --addresses 'fd00::a,fd00::b')

# link_is NAME STATE, as a condition
link_is() {
	[ "$(rportctl -j show "$1" | jq -r .state)" = "$2" ]
}

ping_both() {
	ping_ok "$HOME_NS" 192.168.0.1 -I vrf-a
	ping_ok "$HOME_NS" fd00::b -I vrf-a
	ping_ok "$HOME_NS" 192.168.0.0 -I vrf-b
}

# member NAMESPACE VRF: the interfaces that are in it
members() {
	ip -n "$1" -j link show master "$2" | jq -r '.[].ifname'
}

test_a_vrf_that_comes_late() {
	local started
	setup vrf-a
	succeeds rportctl pair vrf:vrf-a vrf:vrf-b --allow-pending --name ab "${addresses[@]}"
	assert_match "$OUT" '*pending*vrf-b*' 'what pair says'
	link_is ab pending
	vrf_add "$HOME_NS" vrf-b
	started=$(now_ms)
	eventually link_is ab up
	echo "up after $(($(now_ms) - started)) ms"
	ping_both
}

test_a_bare_name_becomes_a_vrf() {
	setup vrf-a
	succeeds rportctl pair vrf-a vrf-b --allow-pending --name ab "${addresses[@]}"
	vrf_add "$HOME_NS" vrf-b
	eventually link_is ab up
	assert_eq "$(rportctl -j show ab | jq -r .b.domain)" vrf:vrf-b 'the domain that it was found to be'
	ping_both
}

test_a_vrf_in_another_namespace_comes_late() {
	setup vrf-a
	succeeds rportctl pair vrf-a "netns:$A/vrf:vrf-b" --allow-pending --name ab "${addresses[@]}"
	link_is ab pending
	vrf_add "$A" vrf-b
	eventually -t 2000 link_is ab up
	ping_ok "$HOME_NS" 192.168.0.1 -I vrf-a
	assert_eq "$(members "$A" vrf-b)" rport0 'what is in the VRF'
}

test_a_deleted_vrf_leaves_nothing_in_the_main_table() {
	local before
	setup vrf-a vrf-b
	before=$(ip -n "$HOME_NS" route show; ip -n "$HOME_NS" -6 route show)
	succeeds rportctl pair vrf-a vrf-b --name ab "${addresses[@]}" --b-route 10.0.0.0/8
	ip -n "$HOME_NS" link del vrf-b
	eventually link_is ab pending
	assert_eq "$(ip -n "$HOME_NS" route show; ip -n "$HOME_NS" -6 route show)" "$before" 'the main table'
	assert_eq "$(ports "$HOME_NS" | wc -l)" 1 'interfaces that are left'
	eventually no_carrier "$HOME_NS" "$(rportctl -j show ab | jq -r .a.interface)"
	assert_match "$(rportctl show ab)" '*pending: no VRF "vrf-b"*' 'what show says'
}

test_a_vrf_made_again_gets_its_port_back() {
	local before
	setup vrf-a vrf-b
	succeeds rportctl pair vrf-a vrf-b --name ab --b-name wan1 --mtu 9000 "${addresses[@]}" --b-route 10.0.0.0/8
	before=$(rportctl -j show ab | jq '.b | del(.index, .losses, .statistics)')
	for _ in 1 2 3; do
		ip -n "$HOME_NS" link del vrf-b
		eventually link_is ab pending
		vrf_add "$HOME_NS" vrf-b
		eventually link_is ab up
		ping_both
	done
	assert_eq "$(rportctl -j show ab | jq '.b | del(.index, .losses, .statistics)')" "$before" 'the port after three returns'
	assert_eq "$(rportctl -j show ab | jq .b.losses)" 3 'losses'
	assert_eq "$(ip -n "$HOME_NS" -j route show table 1002 10.0.0.0/8 | jq -r '.[].dev')" wan1 'its route'
}

test_another_table_after_the_return() {
	setup vrf-a vrf-b
	succeeds rportctl pair vrf-a vrf-b --name ab --b-name wan1 "${addresses[@]}" --b-route 10.0.0.0/8
	ip -n "$HOME_NS" link del vrf-b
	eventually link_is ab pending
	ip -n "$HOME_NS" link add vrf-b type vrf table 1077
	ip -n "$HOME_NS" link set vrf-b up
	eventually link_is ab up
	assert_eq "$(ip -n "$HOME_NS" -j route show table 1077 10.0.0.0/8 | jq -r '.[].dev')" wan1 'its route'
	ping_both
}

test_taken_out_of_its_vrf_it_is_put_back() {
	setup vrf-a vrf-b
	succeeds rportctl pair vrf-a vrf-b --name ab --b-name wan1 "${addresses[@]}"
	ip -n "$HOME_NS" link set wan1 nomaster
	eventually link_has_losses
	eventually link_is ab up
	assert_eq "$(members "$HOME_NS" vrf-b)" wan1 'what is in the VRF'
	ping_both
}

link_has_losses() {
	[ "$(rportctl -j show ab | jq .b.losses)" = 1 ]
}

test_a_device_that_is_no_vrf_is_not_mistaken() {
	setup vrf-a
	succeeds rportctl pair vrf:vrf-a vrf:vrf-b --allow-pending --name ab "${addresses[@]}"
	ip -n "$HOME_NS" link add vrf-b type dummy
	eventually says_why '*not a VRF*'
	ip -n "$HOME_NS" link del vrf-b
	vrf_add "$HOME_NS" vrf-b
	eventually link_is ab up
	ping_both
}

# says_why GLOB, as a condition
says_why() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(rportctl -j show ab | jq -r .b.reason) == $1 ]]
}

# What a boot does: files first, VRFs later, in any order.
test_configured_before_the_vrfs() {
	mkdir conf
	printf '%s\n' '[A]' Domain=vrf:vrf-a Address=192.168.0.0 PeerAddress=192.168.0.1 '[B]' Domain=vrf:vrf-b \
		Address=192.168.0.1 PeerAddress=192.168.0.0 >conf/ab.rport
	printf '%s\n' '[A]' Domain=vrf-b '[B]' Domain=vrf-c >conf/bc.rport
	ns_add HOME_NS
	has_vrf "$HOME_NS" || skip cannot 'this kernel has no VRFs'
	start_rportd --config-path "$PWD/conf"
	link_is ab pending
	link_is bc pending
	vrf_add "$HOME_NS" vrf-c
	vrf_add "$HOME_NS" vrf-b
	eventually link_is bc up
	link_is ab pending
	vrf_add "$HOME_NS" vrf-a
	eventually link_is ab up
	ping_ok "$HOME_NS" 192.168.0.1 -I vrf-a
}

run_tests "$@"
