#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# rport-cni: CHECK, GC and STATUS.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../cni.sh"

check_fails() {
	eventually check_differs
	cni_fails 102 "$1" CHECK "$(with_result)"
	assert_match "$(jq -r .msg <<<"$OUT")" 'the attachment is not as it was made' message
}

check_differs() {
	cni CHECK "$(with_result)"
	[ "$RC" != 0 ]
}

test_check() {
	start_all
	add
	cni_ok CHECK "$(with_result)"
	assert_eq "$OUT" '' 'output of CHECK'
	# what another plugin of the chain may do
	ip -n "$A" link set eth0 mtu 1500
	ip -n "$A" route del 10.1.0.0/16
	eventually eval "rportctl -j show eth0 | jq -e '.b.drift | length == 2'"
	cni_ok CHECK "$(with_result)"
	# and what it may not
	ip -n "$A" route del default
	check_fails '*the route 0.0.0.0/0 metric 50 is missing*'
	succeeds rportctl reconcile eth0
	cni_ok CHECK "$(with_result)"
	ip -n "$A" addr del 10.1.0.2/32 peer 10.1.0.1/32 dev eth0
	check_fails '*the address 10.1.0.2* is missing*'
	succeeds rportctl reconcile eth0
	ip -n "$B" link set rport0 down
	check_fails '*link cni-deadbeef0123.eth0-*'
	succeeds rportctl reconcile eth0
	cni_ok CHECK "$(with_result)"
	RESULT=$(jq '.ips[0].address = "10.1.0.77/32"' <<<"$RESULT")
	check_fails '*the address 10.1.0.77/32 is missing*'
	echo '{"code": 103, "msg": "lease lost"}' >"$TEST_TMP/ipam/fail.CHECK"
	cni_fails 103 'lease lost:*' CHECK "$(with_result)"
	rm "$TEST_TMP/ipam/fail.CHECK"
	cni_fails 7 '*prevResult has no interface*' CHECK '{"prevResult": {}}'
	cni_ok DEL
	cni_fails 102 '*there is no link*' CHECK "$(with_result)"
}

test_gc() {
	start_all
	succeeds rportctl pair "$A" "$B" --name cni-mine --a-name other0
	for INTERFACE in eth0 eth1 eth2; do
		add
	done
	NETWORK=other INTERFACE=net0
	add
	NETWORK=cinet
	cni_ok GC "$(attachments "$CONTAINER/eth1" elsewhere/eth0)"
	assert_eq "$OUT" '' 'output of GC'
	assert_match "$(links | xargs)" 'cni-deadbeef0123.eth1-* cni-deadbeef0123.net0-* cni-mine' 'links that stay'
	assert_eq "$(tail -n 1 "$TEST_TMP/ipam/log" | cut -d ' ' -f 1)" GC 'the IPAM plugin is told'
	# all is done, whatever fails
	echo '{"code": 5, "msg": "disk full"}' >"$TEST_TMP/ipam/fail.GC"
	cni_fails 5 'disk full:*' GC "$(attachments)"
	assert_match "$(links | xargs)" 'cni-deadbeef0123.net0-* cni-mine' 'links that stay'
	rm "$TEST_TMP/ipam/fail.GC"
	# libcni writes a list without attachments so
	INTERFACE=eth1
	add
	cni_ok GC '{"cni.dev/valid-attachments": null}'
	assert_match "$(links | xargs)" 'cni-deadbeef0123.net0-* cni-mine' 'links that stay'
}

# The container is gone without a DEL: the link waits for that, or for GC.
test_container_is_gone() {
	start_all
	add
	ip netns del "$A"
	eventually eval "[ \"\$(rportctl -j list | jq -r '.[0].state')\" = pending ]"
	assert_match "$(rportctl list 'cni-*' --state pending)" '*cni-deadbeef0123.eth0-*' 'how to find it'
	cni_fails 102 '*it is pending: *' CHECK "$(with_result)"
	cni_ok DEL "$(with_result)"
	nothing_left
	ns_create "$A"
	add
	ip netns del "$A"
	cni_ok GC "$(attachments)"
	assert_eq "$(links)" '' 'links left behind'
	# CNI_NETNS may be missing
	ns_create "$A"
	add
	prepare_call DEL "$PLUGIN"
	run env -u CNI_NETNS "${CALL[@]/CNI_NETNS=*/OTHER=x}" <"$TEST_TMP/config"
	assert_eq "$RC" 0 'DEL without CNI_NETNS'
	assert_eq "$(links)" '' 'links left behind'
}

test_status() {
	start_all
	cni_ok STATUS
	assert_eq "$OUT" '' 'output of STATUS'
	echo '{"code": 50, "msg": "no address left"}' >"$TEST_TMP/ipam/fail.STATUS"
	cni_fails 50 'no address left:*' STATUS
	rm "$TEST_TMP/ipam/fail.STATUS"
	stop_rportd
	cni_fails 50 'rportd does not answer: *' STATUS
}

run_tests "$@"
