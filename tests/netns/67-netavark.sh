#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# The plugin of netavark, called as netavark calls it. tests/vm/podman.sh has podman call it.
. "$(dirname "$0")/../lib.sh"

PLUGIN=$BUILD_DIR/plugins/rport
CONTAINER=deadbeef0123456789abcdef0123456789abcdef0123456789abcdef01234567
OPTIONS='{}' SUBNETS='[{"subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}]' IPS='["10.1.0.5"]' MORE='{}'

start_all() {
	[ -x "$PLUGIN" ] || skip could 'the plugin was not built'
	ns_add A B C
	start_rportd
}

network() {
	jq -n --arg domain "netns:$B" --argjson options "$OPTIONS" --argjson subnets "$SUBNETS" --argjson more "$MORE" '{name: "red", id: "1",
		driver: "rport", internal: false, dns_enabled: true, ipv6_enabled: false, subnets: $subnets, options: ({domain: $domain} + $options)} + $more'
}

# container [KEYS]: the input of setup and teardown
container() {
	jq -n --arg id "$CONTAINER" --argjson network "$(network)" --argjson ips "$IPS" --argjson keys "${1:-{\}}" '{container_id: $id,
		container_name: "web", network: $network, network_options: {interface_name: "eth0", static_ips: $ips}} * $keys'
}

# call INPUT ARGUMENT...
call() {
	run env RPORT_SOCKET="$SOCKET" "$PLUGIN" "${@:2}" <<<"$1"
}

call_ok() {
	call "$@"
	[ "$RC" = 0 ] || fail "$2: status $RC: $OUT $ERR"
}

# call_fails GLOB INPUT ARGUMENT...
call_fails() {
	call "${@:2}"
	assert_eq "$RC" 1 "status of $3"
	assert_json "$OUT" 'keys == ["error"]' 'an error of netavark'
	# shellcheck disable=SC2053 # a pattern
	assert_match "$(jq -r .error <<<"$OUT")" "$1" message
}

links() {
	rportctl -j list | jq -r '.[].name'
}

test_info() {
	start_all
	call_ok '' info
	assert_json "$OUT" '.api_version == "1.0.0" and (.version | type == "string")'
	call_fails 'unknown subcommand: nonsense' '{}' nonsense
}

test_create() {
	start_all
	OPTIONS='{"mtu": "9000", "fastPath": "yes"}'
	call_ok "$(network)" create
	assert_json "$OUT" '.name == "red" and .options.mtu == "9000" and .ipam_options.driver == "host-local" and .dns_enabled == false'
	SUBNETS=null
	call_fails 'which addresses?*--subnet*' "$(network)" create
	OPTIONS='{"domian": "x"}'
	call_fails '*did you mean "domain"?*' "$(network)" create
	call_fails 'cannot read the input: *' '[]' create
}

test_setup_and_teardown() {
	start_all
	OPTIONS='{"mtu": "9000"}' SUBNETS='[{"subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}, {"subnet": "fd00:1::/64", "gateway": "fd00:1::1"}]'
	IPS='["10.1.0.5", "fd00:1::5"]'
	call_ok "$(container)" setup "/run/netns/$A"
	assert_json "$OUT" '.interfaces.eth0.subnets == [{ipnet: "10.1.0.5/32", gateway: "10.1.0.1"}, {ipnet: "fd00:1::5/128", gateway: "fd00:1::1"}]'
	assert_json "$(rportctl -j show eth0)" '.mtu == 9000 and .state == "up"'
	ping_ok "$A" 10.1.0.1
	ping_ok "$B" fd00:1::5
	ip -n "$B" addr add 192.0.2.1/32 dev lo
	ping_ok "$A" 192.0.2.1
	call_ok "$(container)" teardown "/run/netns/$A"
	assert_eq "$OUT" '' 'output of teardown'
	call_ok "$(container)" teardown "/run/netns/$A"
	assert_no_ports
}

# What is left of a container is no obstacle to its next start, in whatever namespace.
test_setup_over_what_is_left() {
	start_all
	call_ok "$(container)" setup "/run/netns/$A"
	call_ok "$(container)" setup "/run/netns/$A"
	call_ok "$(container)" setup "/run/netns/$C"
	assert_eq "$(ports "$A")" '' 'interfaces in the former namespace'
	ping_ok "$C" 10.1.0.1
	ip netns del "$C"
	eventually eval "[ \"\$(rportctl -j list | jq -r '.[0].state')\" = pending ]"
	IPS='["10.1.0.6"]'
	call_ok "$(container)" setup "/run/netns/$A"
	ping_ok "$B" 10.1.0.6
	assert_eq "$(links | wc -l)" 1 links
	call_ok "$(container)" teardown "/run/netns/$A"
	assert_no_ports
}

test_refused() {
	start_all
	call_fails '*no MAC address*' "$(container '{"network_options": {"static_mac": "02:00:00:00:00:01"}}')" setup "/run/netns/$A"
	call_fails '*no namespace*' "$(container)" setup "/run/netns/${A}x"
	call_fails '*not the path of a namespace' "$(container)" setup
	call_fails '*not the path of a namespace' "$(container)" setup $'/run/netns/\xff'
	call_fails 'unknown subcommand: \\xff' "$(container)" $'\xff'
	call_fails '*no valid container_id' "$(container '{"container_id": "../x"}')" setup "/run/netns/$A"
	call_fails '*interface_name "a/b" is not valid' "$(container '{"network_options": {"interface_name": "a/b"}}')" setup "/run/netns/$A"
	OPTIONS='{"domain": "netns:nosuch"}'
	call_fails '*no namespace /run/netns/nosuch*' "$(container)" setup "/run/netns/$A"
	OPTIONS='{}'
	ip -n "$A" link add eth0 type veth peer name eth9
	call_fails '*eth0*' "$(container)" setup "/run/netns/$A"
	assert_eq "$(links)" '' 'links left behind'
	assert_no_ports
	# published ports are elsewhere, if at all
	ip -n "$A" link del eth0
	call_ok "$(container '{"port_mappings": [{"container_port": 80}]}')" setup "/run/netns/$A"
	assert_match "$ERR" '*warning: ports are not published*' warning
}

test_result_cannot_be_written() {
	start_all
	run write_to_full_disk setup "/run/netns/$A" < <(container)
	assert_eq "$RC" 1 status
	assert_eq "$(links)" '' 'links left behind'
	assert_no_ports
	run write_to_closed_pipe setup "/run/netns/$A" < <(container)
	assert_eq "$RC" 1 status
	assert_eq "$(links)" '' 'links left behind'
	assert_no_ports
}

write_to_full_disk() {
	RPORT_SOCKET=$SOCKET "$PLUGIN" "$@" >/dev/full
}

write_to_closed_pipe() {
	local pipe
	exec {pipe}> >(exec true)
	wait $!
	RPORT_SOCKET=$SOCKET "$PLUGIN" "$@" >&"$pipe"
}

test_without_rportd() {
	start_all
	call_ok "$(container)" setup "/run/netns/$A"
	kill -KILL "$RPORTD_PID"
	rportd_wait || true
	call_fails 'cannot remove the link *is rportd running?' "$(container)" teardown "/run/netns/$A"
	call_fails '*is rportd running?' "$(container)" setup "/run/netns/$A"
	start_rportd
	call_ok "$(container)" setup "/run/netns/$A"
	call_ok "$(container)" teardown "/run/netns/$A"
	assert_no_ports
}

run_tests "$@"
