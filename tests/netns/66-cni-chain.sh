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

# neighbour_of_the_machine: B, at 192.0.2.2, behind an interface of the runtime's namespace, which forwards
neighbour_of_the_machine() {
	in_ns "$HOME_NS" iptables -t nat -L -n >/dev/null 2>&1 || skip cannot 'iptables does not work here'
	in_ns "$HOME_NS" sysctl -qw net.ipv4.ip_forward=1
	ip -n "$HOME_NS" link add up0 type veth peer name up0 netns "$B"
	ip -n "$HOME_NS" addr add 192.0.2.1/24 dev up0
	ip -n "$B" addr add 192.0.2.2/24 dev up0
	ip -n "$HOME_NS" link set up0 up
	ip -n "$B" link set up0 up
}

# Ports of the container are reached at addresses of the domain: iptables, by the plugin that comes second.
test_portmap() {
	local keys ports='{"snat": true, "runtimeConfig": {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}}'
	needs_plugin host-local portmap
	start_all
	neighbour_of_the_machine
	CNI_VERSION=1.0.0
	keys=$(host_local | jq '.domain = "default"')
	add "$keys"
	assert_json "$RESULT" '.interfaces[0] == {name: "rport0", sandbox: ""}'
	call_other ADD portmap "$ports"
	in_ns "$A" socat -u TCP-LISTEN:80,reuseaddr "OPEN:$TEST_TMP/arrived,creat" &
	eventually eval "in_ns $A ss -ltn | grep -q :80"
	echo hello | in_ns "$B" socat -u - TCP:192.0.2.1:8080,connect-timeout=5
	eventually grep -q hello "$TEST_TMP/arrived"
	# not CHECK: that of version 1.1 looks for the rules of IPv4 among those of IPv6
	call_other DEL portmap "$ports"
	cni_ok DEL "$keys"
	nothing_left
}

# Where nothing else is forwarded, the plugin lets the container pass.
test_firewall() {
	local keys firewall='{"backend": "iptables"}'
	needs_plugin host-local firewall
	start_all
	neighbour_of_the_machine
	ip -n "$B" route add 10.2.0.0/24 via 192.0.2.1
	in_ns "$HOME_NS" iptables -P FORWARD DROP
	CNI_VERSION=1.0.0
	keys=$(host_local | jq '.domain = "default"')
	add "$keys"
	ping_fails "$A" 192.0.2.2
	call_other ADD firewall "$firewall"
	ping_ok "$A" 192.0.2.2
	ping_fails "$B" 10.2.0.2
	call_other CHECK firewall "$firewall"
	cni_ok CHECK "$(jq --argjson result "$RESULT" '. + {prevResult: $result}' <<<"$keys")"
	call_other DEL firewall "$firewall"
	ping_fails "$A" 192.0.2.2
	cni_ok DEL "$keys"
	nothing_left
}

# refused_by NAME GLOB KEYS: ADD of another plugin fails with this message, and the container keeps its link
refused_by() {
	call_config "$1" "$3"
	cni_call ADD "$DEBIAN_CNI/$1" "$TEST_TMP/other"
	assert_eq "$RC" 1 "status of $1"
	assert_match "$(jq -r .msg <<<"$OUT")" "$2" "message of $1"
	ping_ok "$A" 10.2.0.1
}

# What rport-cni(8) names under CAVEATS. The runtime then calls DEL of the whole chain.
test_plugins_that_do_not_work_with_a_port() {
	local keys
	needs_plugin host-local bandwidth sbr tuning
	start_all
	CNI_VERSION=1.0.0
	keys=$(host_local)
	add "$keys"
	refused_by bandwidth '*not a veth*' '{"runtimeConfig": {"bandwidth": {"ingressRate": 1000000, "ingressBurst": 1000000}}}'
	refused_by tuning 'operation not supported' '{"mac": "c2:11:22:33:44:55"}'
	refused_by sbr '*route*' '{}'
	call_other DEL sbr '{}'
	call_other DEL bandwidth '{}'
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
