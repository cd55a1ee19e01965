#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# rport-cni, called as the specification of CNI has it: versions, ADD and DEL.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../cni.sh"
. "$(dirname "$0")/../vrfs.sh"

test_version() {
	start_all
	cni VERSION
	assert_eq "$RC" 0 status
	assert_json "$OUT" '.cniVersion == "1.1.0" and (.supportedVersions | index("1.0.0") and index("1.1.0") and index("0.4.0"))'
	CNI_VERSION=0.2.0
	cni VERSION
	assert_json "$OUT" '.cniVersion == "0.2.0" and (.supportedVersions | index("0.2.0") | not)'
	run env CNI_COMMAND=VERSION "$PLUGIN" <<<'no JSON'
	assert_json "$OUT" '.cniVersion == "1.1.0"'
	run env -u CNI_COMMAND "$PLUGIN" </dev/null
	assert_eq "$RC$OUT" 0 'what a person gets who runs it'
	assert_match "$ERR" 'rport-cni *: a CNI plugin*' 'what a person gets who runs it'
}

test_add_and_del() {
	start_all
	add
	assert_json "$RESULT" '.cniVersion == "1.1.0" and (.interfaces | length) == 2 and
		.interfaces[0].sandbox == "/run/netns/'"$B"'" and .interfaces[0].name == "rport0" and
		.interfaces[1] == {name: "eth0", mac: "00:00:00:00:00:00", mtu: 32768, sandbox: "/run/netns/'"$A"'"} and
		.ips == [{address: "10.1.0.2/32", gateway: "10.1.0.1", interface: 1}] and
		.routes == [{dst: "0.0.0.0/0", priority: 50}] and .dns == {nameservers: ["10.1.0.1"]}' 'result of ADD'
	assert_match "$(links)" 'cni-deadbeef0123.eth0-????????????-????????????' 'the link'
	assert_eq "$(ip -n "$A" -j addr show dev eth0 | jq -c '[.[0].addr_info[] | select(.family == "inet") | [.local, .address, .prefixlen]]')" \
		'[["10.1.0.2","10.1.0.1",32]]' 'address in the container'
	assert_eq "$(ip -n "$A" route show | sed 's/ *$//' | sort)" "10.1.0.0/16 dev eth0 proto 114 scope link
10.1.0.1 dev eth0 proto kernel scope link src 10.1.0.2
default dev eth0 proto 114 scope link metric 50" 'routes in the container'
	assert_json "$(<"$TEST_TMP/ipam/config")" '.name == "cinet" and .domain != null' 'the IPAM plugin gets the whole configuration'
	ping_ok "$A" 10.1.0.1
	ping_ok "$B" 10.1.0.2
	ip -n "$B" addr add 192.0.2.1/32 dev lo
	ping_ok "$A" 192.0.2.1
	cni_ok DEL "$(with_result)"
	assert_eq "$OUT" '' 'output of DEL'
	nothing_left
	cni_ok DEL "$(with_result)"
	cni_ok DEL
}

test_older_versions() {
	start_all
	CNI_VERSION=0.4.0
	add
	assert_json "$RESULT" '.cniVersion == "0.4.0" and .ips[0].version == "4" and (.interfaces[1] | has("mtu") | not)'
	cni_ok CHECK "$(with_result)"
	cni_fails 1 'incompatible CNI versions: GC came with CNI 1.1.0*' GC
	cni_fails 1 'incompatible CNI versions: STATUS came with CNI 1.1.0*' STATUS
	cni_ok DEL "$(with_result)"
	CNI_VERSION=0.3.1
	cni_fails 1 'incompatible CNI versions: CHECK came with CNI 0.4.0*' CHECK
	for CNI_VERSION in 0.2.0 2.0.0; do
		cni_fails 1 "incompatible CNI versions: *cniVersion $CNI_VERSION*" ADD
	done
	nothing_left
}

# An interface is in the container already, be it ours or another one.
test_add_twice() {
	start_all
	add
	cni_fails 101 'the attachment exists already: *DEL removes it' ADD
	assert_eq "$(leases)" 1 'the lease of the first ADD'
	ping_ok "$A" 10.1.0.1
	cni_ok DEL
	ip -n "$A" link add eth0 type veth peer name eth9
	cni_fails 101 'cannot make the link: *eth0*' ADD
	cni_ok DEL
	ip -n "$A" link show dev eth0 >/dev/null || fail 'DEL removed an interface that is not its own'
	nothing_left
}

test_vrf() {
	[ -x "$PLUGIN" ] || skip could 'rport-cni was not built'
	ns_add A B
	two_vrfs
	start_rportd
	make_ipam
	add '{"domain": "vrf:vrf-a"}'
	assert_json "$RESULT" '.interfaces[0] == {name: "rport0", mtu: 32768, sandbox: ""}'
	ping_ok "$HOME_NS" 10.1.0.2 -I vrf-a
	ping_fails "$HOME_NS" 10.1.0.2
	ping_ok "$A" 10.1.0.1
	cni_ok CHECK "$(with_result | jq '. + {domain: "vrf:vrf-a"}')"
	INTERFACE=eth1 NETWORK=other
	echo '{"ips": [{"address": "10.2.0.3/24", "gateway": "10.2.0.1"}]}' >"$TEST_TMP/ipam/result"
	add '{"domain": "vrf:vrf-b", "fastPath": true, "mtu": 9000}'
	ping_ok "$HOME_NS" 10.2.0.3 -I vrf-b
	cni_ok DEL
	INTERFACE=eth0 NETWORK=cinet
	cni_ok DEL
	nothing_left
}

test_several_networks() {
	start_all
	ns_add C
	add
	INTERFACE=eth1 NETWORK=other
	cni_fails 2 'unsupported field in network configuration: "routes": null*' ADD '{"routes": null}'
	add '{"domain": "netns:'"$C"'", "mtu": 1400, "queues": 2, "fastPath": true, "ipam": {}}'
	assert_json "$RESULT" '.ips == [] and .interfaces[1].name == "eth1" and .interfaces[1].mtu == 1400'
	assert_json "$(rportctl -j show eth1)" '.mtu == 1400 and .queues == 2 and .fastpath'
	INTERFACE=eth2 NETWORK=cinet
	add
	assert_eq "$(links | wc -l)" 3 'links of a container'
	ping_ok "$A" 10.1.0.1
	cni_ok DEL
	INTERFACE=eth1 NETWORK=other
	cni_ok DEL '{"ipam": {}}'
	INTERFACE=eth0 NETWORK=cinet
	ping_ok "$A" 10.1.0.1
	cni_ok DEL
	nothing_left
}

# Runtimes keep namespaces wherever they like, or only as those of a process.
test_namespaces_elsewhere() {
	local pid
	start_all
	touch "$TEST_TMP/ns"
	trap 'umount -l "$TEST_TMP/ns" 2>/dev/null || true; end_test' EXIT
	mount --bind "/run/netns/$A" "$TEST_TMP/ns"
	ip netns del "$A"
	NETNS=$TEST_TMP/ns
	add
	assert_json "$RESULT" ".interfaces[1].sandbox == \"$NETNS\""
	ping_ok "$B" 10.1.0.2
	cni_ok CHECK "$(with_result)"
	cni_ok DEL "$(with_result)"
	umount "$TEST_TMP/ns"
	unshare --net sleep 60 &
	pid=$!
	NETNS=/proc/$pid/ns/net
	eventually eval "[ \"\$(readlink $NETNS)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	add
	ping_ok "$B" 10.1.0.3
	cni_ok CHECK "$(with_result)"
	kill "$pid"
	wait "$pid" || true
	cni_ok DEL "$(with_result)"
	nothing_left
}

# Several containers of a network have one gateway, and reach each other by it.
test_containers_of_a_network() {
	local name
	start_all
	ns_add C
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	add
	name=$A A=$C CONTAINER=two
	add
	ping_ok "$name" 10.1.0.3
	ping_ok "$C" 10.1.0.2
	A=$name CONTAINER=deadbeef0123456789abcdef0123456789abcdef0123456789abcdef01234567
	cni_ok DEL
	# the address of the gateway stays as long as a container has it
	ping_ok "$C" 10.1.0.1
	A=$C CONTAINER=two
	cni_ok DEL
	nothing_left
}

test_ipv6() {
	start_all
	echo '{"ips": [{"address": "10.1.0.9/16"}, {"address": "fd00:1::9/64", "gateway": "fd00:1::1"}, {"address": "fd00:1::a/64", "gateway": "fd00:1::1"}],
		"routes": [{"dst": "::/0", "gw": "fd00:1::1"}, {"dst": "0.0.0.0/0"}]}' >"$TEST_TMP/ipam/result"
	add
	assert_json "$RESULT" '[.ips[].address] == ["10.1.0.9/32", "fd00:1::9/128", "fd00:1::a/128"] and .ips[1].gateway == "fd00:1::1"'
	ping_ok "$A" fd00:1::1
	ping_ok "$B" fd00:1::9
	ping_ok "$B" fd00:1::a
	ip -n "$B" addr add 192.0.2.1/32 dev lo
	ping_ok "$A" 192.0.2.1
	ping_ok "$B" 10.1.0.9 -I 192.0.2.1
	cni_ok CHECK "$(with_result)"
	cni_ok DEL
	nothing_left
}

# Called with the result of a plugin before it, the result has both.
test_not_the_first_of_a_chain() {
	start_all
	add '{"prevResult": {"cniVersion": "1.1.0", "interfaces": [{"name": "veth9"}, {"name": "net0", "sandbox": "/run/netns/x"}],
		"ips": [{"address": "192.0.2.9/24", "interface": 1}], "dns": {}}}'
	assert_json "$RESULT" '(.interfaces | length) == 4 and .interfaces[0].name == "veth9" and .interfaces[3].name == "eth0" and
		[.ips[].interface] == [1, 3]'
	cni_ok CHECK "$(with_result)"
	cni_ok DEL "$(with_result)"
	nothing_left
}


test_many_at_once() {
	local i pids=()
	start_all
	cni_config '{}' >"$TEST_TMP/config"
	for i in {1..20}; do
		ns_create "${TEST_PREFIX}c$i"
	done
	for i in {1..20}; do
		A=${TEST_PREFIX}c$i CONTAINER=container$i
		prepare_call ADD "$PLUGIN"
		"${CALL[@]}" <"$TEST_TMP/config" >"$TEST_TMP/result.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || fail 'an ADD of many failed'
	done
	assert_eq "$(links | wc -l) $(leases)" '20 20' 'links and leases'
	for i in {1..20}; do
		ping_ok "${TEST_PREFIX}c$i" 10.1.0.1
		ping_ok "$B" "$(jq -r '.ips[0].address | rtrimstr("/32")' "$TEST_TMP/result.$i")"
	done
	cni_ok GC "$(attachments)"
	assert_eq "$(links)" '' 'links left behind'
}

run_tests "$@"
