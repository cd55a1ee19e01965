#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Links between VRFs of one namespace. vm/run.sh runs this in a virtual machine, on two kernels, as VRFs are missing from
# many kernels that containers have; where they are not, it can be run like any other test file.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../keeper.sh"
. "${BASH_SOURCE[0]%/*}/../vrfs.sh"
. "${BASH_SOURCE[0]%/*}/../check.sh"

# A daemon, and two VRFs in its namespace
setup() {
	two_vrfs
	start_rportd
}

# and the link that most of the tests use
setup_link() {
	setup
	succeeds rportctl pair vrf-a vrf-b --addresses 192.168.0.0,192.168.0.1 --addresses fd00::a,fd00::b "$@"
}

# ping_vrf VRF ADDRESS
ping_vrf() {
	ping_ok "$HOME_NS" "$2" -I "$1"
}

# routes FAMILY TABLE [FILTER]: destinations, one a line
routes() {
	{ ip -n "$HOME_NS" "-$1" -j route show table "$2" 2>/dev/null || true; } | jq -r ".[] | select(${3:-true}).dst"
}

test_pair() {
	setup
	succeeds rportctl pair vrf-a vrf-b --addresses 192.168.0.0,192.168.0.1
	succeeds rportctl -j show vrf-a-vrf-b
	assert_json "$OUT" '.state == "up" and .a.domain == "vrf:vrf-a" and .b.domain == "vrf:vrf-b"'
	assert_json "$OUT" '.a.carrier and .b.carrier and .a.interface != .b.interface'
	ping_vrf vrf-a 192.168.0.1
	ping_vrf vrf-b 192.168.0.0
	succeeds rportctl pair vrf-a vrf-b --addresses 192.168.0.0,192.168.0.1
	assert_match "$OUT" '*unchanged*' 'the same pair again'
	succeeds rportctl unpair vrf-a-vrf-b
	assert_no_ports
}

test_ping6() {
	local local_a local_b
	setup_link
	ping_vrf vrf-a fd00::b
	ping_vrf vrf-b fd00::a
	local_a=$(port vrf-a-vrf-b a .linkLocal)
	local_b=$(port vrf-a-vrf-b b .linkLocal)
	ping_ok "$HOME_NS" "${local_b%/*}" -I "$(port vrf-a-vrf-b a .interface)"
	ping_ok "$HOME_NS" "${local_a%/*}" -I "$(port vrf-a-vrf-b b .interface)"
}

test_not_reachable_without_vrf() {
	setup_link
	for address in 192.168.0.1 192.168.0.0 fd00::a fd00::b; do
		run in_ns "$HOME_NS" ping -n -c 1 -W 1 "$address"
		assert_match "$ERR" '*Network is unreachable*' "ping of $address without a VRF"
	done
}

test_datapath() {
	local engine=uring-batch
	# the first kernel that reads from a TUN without waiting is 6.4
	[[ $(uname -r) != 6.[0-3].* ]] || engine=uring-pending
	setup_link
	succeeds rportctl -j show vrf-a-vrf-b
	assert_eq "$(jq -r .datapath <<<"$OUT")" "$engine" "data path on Linux $(uname -r)"
}

# tcp_transfer FROM-VRF TO-VRF ADDRESS: what arrives is what was sent
tcp_transfer() {
	local sent received ready=$TEST_TMP/ready-$1
	sent=$("$TRAFFIC" pattern --bytes 67108864 | sha256sum)
	nsenter --net=/run/netns/"$HOME_NS" ip vrf exec "$2" \
		"$TRAFFIC" tcp-listen --timeout 200000 --ready "$ready" "$3" 5000 </dev/null >"$ready.data" &
	eventually test -e "$ready"
	"$TRAFFIC" pattern --bytes 67108864 | in_ns "$HOME_NS" ip vrf exec "$1" "$TRAFFIC" tcp-send --timeout 200000 "$3" 5000
	wait $!
	received=$(sha256sum <"$ready.data")
	assert_eq "$received" "$sent" "checksum of 64 MiB from $1 to $3"
}

test_tcp() {
	setup_link
	tcp_transfer vrf-a vrf-b 192.168.0.1
	tcp_transfer vrf-b vrf-a fd00::a
	succeeds rportctl -j -s show vrf-a-vrf-b
	assert_json "$OUT" '[.a, .b] | all(.statistics.bytes > 67108864)'
}

test_tcp_without_offloads() {
	setup_link --no-offload
	tcp_transfer vrf-a vrf-b 192.168.0.1
}

fast_both_ways() {
	rportctl -j show vrf-a-vrf-b | jq -e '.ways.aToB.fast and .ways.bToA.fast' >/dev/null
}

no_way_is_fast() {
	rportctl -j show vrf-a-vrf-b | jq -e '(.ways.aToB.fast or .ways.bToA.fast) | not' >/dev/null
}

# sent_by_device END: bytes that left by the TUN device, and not by the fast path
sent_by_device() {
	ip -n "$HOME_NS" -s -j link show dev "$(port vrf-a-vrf-b "$1" .interface)" | jq '.[0].stats64.tx.bytes'
}

# within one namespace it is a redirect, and nothing else
test_fast_path() {
	local before
	setup_link --fast-path --mtu 9000
	eventually fast_both_ways
	before=$(sent_by_device a)
	ping_vrf vrf-a 192.168.0.1
	ping_vrf vrf-b fd00::a
	tcp_transfer vrf-a vrf-b 192.168.0.1
	tcp_transfer vrf-b vrf-a fd00::a
	[ $(($(sent_by_device a) - before)) -lt 1000000 ] || fail "the device sent it"
	[ "$(port vrf-a-vrf-b a .statistics.bytes)" -gt 67108864 ] || fail "it was not counted"
	assert_eq "$(ip -n "$HOME_NS" -j link show type veth | jq 'map(select(.ifname)) | length')" 0 'veth interfaces'
	succeeds rportctl set vrf-a-vrf-b fast-path off
	eventually no_way_is_fast
	ping_vrf vrf-a 192.168.0.1
}

test_udp_in_order() {
	local options=(--size 64 --count 10000 --window 400)
	setup_link
	listener "$HOME_NS" udp.log udp-listen --device vrf-b "${options[@]}" 192.168.0.1 5001
	succeeds in_ns "$HOME_NS" "$TRAFFIC" udp-send --device vrf-a "${options[@]}" 192.168.0.1 5001
	wait "$SPAWN_PID" || fail "datagrams were lost or out of order: $(<udp.log)"
	assert_match "$(<udp.log)" 'received=10000 lost=0 reordered=0 *' 'datagrams'
	# a read that the kernel hands to a thread of its own may be overtaken
	if grep -qs iou-wrk /proc/"$(data_pid)"/task/*/comm; then
		fail 'the kernel does reads or writes in threads of its own'
	fi
}

test_route_in_table_of_vrf() {
	local filter table
	setup_link --a-route 10.9.0.0/16 --a-route fd09::/48
	filter=".dev == \"$(port vrf-a-vrf-b a .interface)\" and .protocol == \"114\""
	assert_match "$(routes 4 1001 "$filter")" '*10.9.0.0/16*' 'IPv4 routes of vrf-a'
	assert_match "$(routes 6 1001 "$filter")" '*fd09::/48*' 'IPv6 routes of vrf-a'
	for table in 1002 main; do
		assert_no_match "$(routes 4 "$table")" '*10.9.0.0/16*' "IPv4 routes of table $table"
		assert_no_match "$(routes 6 "$table")" '*fd09::/48*' "IPv6 routes of table $table"
	done
	ip -n "$HOME_NS" address add 10.9.9.9/32 dev vrf-b
	ping_vrf vrf-a 10.9.9.9
	succeeds rportctl unpair vrf-a-vrf-b
	assert_eq "$(routes 4 1001)" '' 'IPv4 routes of vrf-a after unpair'
}

test_ambiguous_name() {
	setup
	ns_add A
	vrf_add "$HOME_NS" "$A" 1003
	refused 2 "*vrf:$A*" rportctl pair "$A" vrf-b
	assert_match "$ERR" "*netns:$A*" 'both spellings'
	assert_no_ports
	succeeds rportctl pair "vrf:$A" "netns:$A"
	succeeds rportctl -j list
	assert_json "$OUT" "[.[] | .a.domain, .b.domain] == [\"vrf:$A\", \"netns:$A\"]"
}

# made where it stays: it is seen there from its first moment, under the name of what is half made, and its number is the next one
test_is_made_directly() {
	local last
	setup
	last=$(ip -n "$HOME_NS" -j link show | jq 'map(.ifindex) | max')
	spawn "$HOME_NS" monitor.out stdbuf -oL ip -o monitor link
	sleep 0.5
	succeeds rportctl pair vrf-a vrf-b --name ab --a-name wan0 --b-name wan1
	eventually grep -q ' wan1' monitor.out
	assert_match "$(<monitor.out)" '*: rportd-new*' "names that were seen"
	assert_eq "$(port ab a .index) $(port ab b .index)" "$((last + 1)) $((last + 2))" "numbers of the ports"
}

# a namespace with VRFs keeps nothing alive, also when it is deleted while rportd is stopped, or just being started again
test_namespace_is_deleted_meanwhile() {
	local how
	two_vrfs
	start_kept_rportd --delay never
	for how in deleted_while_stopped deleted_while_it_starts; do
		ns_add B
		vrf_add "$B" vrf-c 1004
		ip -n "$HOME_NS" link add witness type veth peer name witness netns "$B"
		succeeds rportctl pair vrf-a "netns:$B/vrf:vrf-c" --name far --addresses 192.168.0.0,192.168.0.1
		ping_vrf vrf-a 192.168.0.1
		$how
		eventually witness_gone "$HOME_NS"
		eventually port_is far b .state pending
		ns_create "$B"
		vrf_add "$B" vrf-c 1004
		eventually port_is far b .state up
		eventually in_ns "$HOME_NS" ping -n -q -c 1 -W 1 -I vrf-a 192.168.0.1
		succeeds rportctl unpair far
		ip netns del "$B"
	done
}

deleted_while_stopped() {
	kill_rportd_only
	ip netns del "$B"
	restart_rportd
}

deleted_while_it_starts() {
	local ready
	ready=$(keeper_said ready)
	kill -HUP "$KEEPER_PID"
	ip netns del "$B"
	await_rportd $((ready + 1))
}

# what passes between two VRFs goes on over a kill, by the same ports and the same programs
test_fast_path_outlives_a_kill() {
	local before
	two_vrfs
	start_kept_rportd --delay never
	succeeds rportctl pair vrf-a vrf-b --name vrf-a-vrf-b --fast-path --addresses 192.168.0.0,192.168.0.1
	eventually fast_both_ways
	before=$(port vrf-a-vrf-b a .index)
	kill_rportd_only
	ping_vrf vrf-a 192.168.0.1
	restart_rportd
	eventually fast_both_ways
	assert_eq "$(port vrf-a-vrf-b a .index)" "$before" "index of a"
	ping_vrf vrf-b 192.168.0.0
}

test_vrf_of_another_namespace() {
	setup
	ns_add B
	vrf_add "$B" vrf-c 1004
	succeeds rportctl pair vrf-a "netns:$B/vrf:vrf-c" --name far --addresses 192.168.0.0,192.168.0.1
	succeeds rportctl -j show far
	assert_json "$OUT" ".b.domain == \"netns:$B/vrf:vrf-c\""
	ping_vrf vrf-a 192.168.0.1
	ping_ok "$B" 192.168.0.0 -I vrf-c
	ping_fails "$B" 192.168.0.0
	refused 3 "*vrf-x*" rportctl pair vrf-a "netns:$B/vrf:vrf-x"
}

# The main table's own addresses shadow those of VRFs unless the rule for them comes after the one for VRFs: what Linux'
# Documentation/networking/vrf.rst says, and rport(7)
test_vrf_to_main_table() {
	setup
	ip -n "$HOME_NS" rule add pref 32765 table local
	ip -n "$HOME_NS" rule del pref 0
	succeeds rportctl pair vrf-a default --addresses 192.168.0.0,192.168.0.1
	ping_vrf vrf-a 192.168.0.1
	ping_ok "$HOME_NS" 192.168.0.0
}

test_not_a_vrf() {
	setup
	ip -n "$HOME_NS" link add no-vrf type dummy
	refused 1 '*no-vrf*not a VRF*' rportctl pair vrf:no-vrf vrf-b
	refused 3 '*vrf-x*' rportctl pair vrf:vrf-x vrf-b
	refused 3 '*vrf-x*' rportctl pair vrf-x vrf-b
	assert_no_ports
}

# A port outlives its VRF, in the main table (as every interface of a VRF does); its link can be removed.
test_vrf_deleted() {
	setup_link
	succeeds rportctl pair vrf-a vrf-b --name other --addresses 192.168.1.0,192.168.1.1
	ip -n "$HOME_NS" link del vrf-a
	rportd_alive
	succeeds rportctl -j show other
	succeeds rportctl unpair other
	succeeds rportctl unpair vrf-a-vrf-b
	assert_no_ports
	refused 3 '*vrf-a*' rportctl pair vrf:vrf-a vrf-b
	vrf_add "$HOME_NS" vrf-a 1001
	succeeds rportctl pair vrf-a vrf-b --addresses 192.168.0.0,192.168.0.1
	ping_vrf vrf-a 192.168.0.1
}

# between a VRF and the main table nothing passes, until the local table comes after the rule for VRFs
test_check_local_table_first() {
	setup
	succeeds rportctl pair default vrf-a --name ab --addresses 192.168.0.0,192.168.0.1
	assert_match "$ERR" '*warning: ab: *local table is consulted before VRFs*' 'what pair says at once'
	ping_fails "$HOME_NS" 192.168.0.1 -I "$(port ab a .interface)"
	succeeds rportctl list
	checked
	assert_eq "$RC" 2 'exit status'
	assert_match "$(finding local-table-first)" '*ip rule add pref 32765 table local*ip rule del pref 0*' 'finding'
	mend_in "$HOME_NS" local-table-first
	ping_ok "$HOME_NS" 192.168.0.1
	checked
	assert_eq "$(finding local-table-first)" '' 'finding after what check advised'
	assert_json "$(rportctl -j show ab)" '.warnings == []'
}

# what a VRF has no route for goes by the main table
test_check_leak() {
	setup_link --name ab
	checked
	assert_eq "$RC" 0 "exit status: $OUT"
	assert_json "$OUT" '.[0].probes | length == 4 and all(.arrived)'
	ip -n "$HOME_NS" link add out type dummy
	ip -n "$HOME_NS" link set out up
	ip -n "$HOME_NS" route add default dev out
	checked
	assert_eq "$RC" 2 'exit status with a leak'
	assert_match "$(finding vrf-leak)" '*vrf-a*through out*unreachable default*' 'finding'
	mend_in "$HOME_NS" vrf-leak
	checked
	assert_match "$(finding vrf-leak)" '*vrf-b*' 'the other VRF'
	mend_in "$HOME_NS" vrf-leak
	checked
	assert_eq "$(finding vrf-leak)" '' 'finding after what check advised'
	ping_vrf vrf-a 192.168.0.1
}

# connections that are tracked, between VRFs of one namespace: one zone sees each twice, and NAT takes the second for a clash
test_check_conntrack_zones() {
	setup_link --name ab
	checked
	assert_eq "$(finding conntrack-zones)" '' 'a namespace that tracks nothing'
	in_ns "$HOME_NS" nft 'add table ip t; add chain ip t in { type filter hook prerouting priority 0; }
		add rule ip t in ct state invalid counter' || skip cannot 'no connection tracking here'
	ping_vrf vrf-a 192.168.0.1
	checked
	assert_eq "$RC" 0 'exit status with a hint'
	assert_match "$(finding conntrack-zones | jq -r '.severity, .message')" 'hint*seen twice in one zone*' 'finding'
	mend_in "$HOME_NS" conntrack-zones
	# both ends count their connections apart now
	ping_vrf vrf-a 192.168.0.1
	ping_vrf vrf-b 192.168.0.0
	succeeds in_ns "$HOME_NS" nft list table inet zones
	assert_match "$OUT" '*ct zone set 1*ct zone set 2*' 'zones'
}

test_check_no_route_in_a_vrf() {
	setup
	succeeds rportctl pair vrf-a vrf-b --name ab --a-address 10.1.0.1/32 --b-address 10.2.0.1/32
	ping_fails "$HOME_NS" 10.2.0.1 -I vrf-a
	checked
	assert_match "$(finding no-route)" '*no route to 10.2.0.1*vrf vrf-a*' 'finding'
	mend_in "$HOME_NS" no-route
	checked
	mend_in "$HOME_NS" no-route
	ping_vrf vrf-a 10.2.0.1
	checked
	assert_eq "$RC" 0 "exit status afterwards: $OUT"
}

run_tests "$@"
