#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# rport-cni with the plugins of others: as IPAM plugins, and in a chain.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../cni.sh"

test_host_local_and_tuning() {
	local keys tuning='{"sysctl": {"net.ipv4.conf.eth0.log_martians": "1"}, "mtu": 1500}'
	needs_plugin host-local tuning
	CNI_VERSION=1.0.0
	start_all
	keys=$(host_local)
	add "$keys"
	call_other ADD tuning "$tuning"
	assert_json "$RESULT" '[.ips[].address] == ["10.2.0.2/32", "fd00:2::2/128"]'
	assert_eq "$(ip -n "$A" -j link show dev eth0 | jq '.[0].mtu')" 1500 'MTU as the second plugin has set it'
	ping_ok "$A" 10.2.0.1
	ping_ok "$A" fd00:2::1
	ping_ok "$B" 10.2.0.2
	keys=$(jq --argjson result "$RESULT" '. + {prevResult: $result}' <<<"$keys")
	eventually eval "rportctl -j show eth0 | jq -e '.b.drift | length > 0'"
	cni_ok CHECK "$keys"
	call_other CHECK tuning "$tuning"
	call_other DEL tuning "$tuning"
	cni_ok DEL "$keys"
	cni_ok DEL "$keys"
	assert_eq "$(find "$TEST_TMP/leases" -type f ! -name lock ! -name 'last_*')" '' 'leases that are left'
	nothing_left
}

# Ports of the container are reached at addresses of the domain: iptables, by the plugin that comes second.
test_portmap() {
	local keys ports='{"snat": true, "runtimeConfig": {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}}'
	needs_plugin host-local portmap
	start_all
	in_ns "$HOME_NS" iptables -t nat -L -n >/dev/null 2>&1 || skip cannot 'iptables does not work here'
	CNI_VERSION=1.0.0
	keys=$(host_local | jq '.domain = "default"')
	add "$keys"
	assert_json "$RESULT" '.interfaces[0] == {name: "rport0", sandbox: ""}'
	call_other ADD portmap "$ports"
	in_ns "$HOME_NS" sysctl -qw net.ipv4.ip_forward=1
	# a neighbour of the machine
	ip -n "$HOME_NS" link add up0 type veth peer name up0 netns "$B"
	ip -n "$HOME_NS" addr add 192.0.2.1/24 dev up0
	ip -n "$B" addr add 192.0.2.2/24 dev up0
	ip -n "$HOME_NS" link set up0 up
	ip -n "$B" link set up0 up
	in_ns "$A" socat -u TCP-LISTEN:80,reuseaddr "OPEN:$TEST_TMP/arrived,creat" &
	eventually eval "in_ns $A ss -ltn | grep -q :80"
	echo hello | in_ns "$B" socat -u - TCP:192.0.2.1:8080,connect-timeout=5
	eventually grep -q hello "$TEST_TMP/arrived"
	# not CHECK: that of version 1.1 looks for the rules of IPv4 among those of IPv6
	call_other DEL portmap "$ports"
	cni_ok DEL "$keys"
	nothing_left
}

# outcomes PROGRAM KEYS: statuses of a sequence of calls
outcomes() {
	local command keys=$2
	CNI_VERSION=1.0.0
	for command in ADD ADD DEL ADD CHECK DEL DEL; do
		cni_config "$keys" | jq --arg type "${1##*/}" '.type = $type | if $type == "ptp" then del(.domain) else . end' >"$TEST_TMP/config"
		cni_call "$command" "$1" "$TEST_TMP/config"
		[ "$command $RC" != 'ADD 0' ] || keys=$(jq --argjson result "$OUT" '. + {prevResult: $result}' <<<"$keys")
		[ "$command" != DEL ] || keys=$2
		echo "$command $RC"
	done | grep -v '^run: '
}

test_as_ptp() {
	local ours
	needs_plugin host-local ptp
	start_all
	ours=$(outcomes "$PLUGIN" "$(host_local)" | grep -E '^[A-Z]+ [01]$')
	echo "$ours"
	assert_eq "$(outcomes "$DEBIAN_CNI/ptp" "$(host_local)" | grep -E '^[A-Z]+ [01]$')" "$ours" 'what ptp does'
	nothing_left
}

run_tests "$@"
