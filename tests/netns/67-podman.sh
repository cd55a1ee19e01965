#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain
# podman with CNI, as Debian 12 has it, over rport-cni and Debian's host-local and tuning.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../containers.sh"

inside() {
	podman_has_cni || skip cannot "podman is not there, or has no CNI any more"
	[ -x /usr/lib/cni/host-local ] || skip could 'containernetworking-plugins is not installed'
	[ -x "$BUILD_DIR/plugins/rport-cni" ] || skip could 'rport-cni was not built'
	in_machine "$1"
}

prepare() {
	podman_prepare "$TEST_TMP" 'network_backend = "cni"' "cni_plugin_dirs = [\"$BUILD_DIR/plugins\", \"/usr/lib/cni\"]"
}

# podman_network NAME DOMAIN SUBNET
podman_network() {
	jq -n --arg name "$1" --arg domain "$2" --arg subnet "$3" --arg dir "/run/leases" '{cniVersion: "1.0.0", name: $name, plugins: [
		{type: "rport-cni", domain: $domain, mtu: 9000, ipam: {type: "host-local", dataDir: $dir, ranges: [[{subnet: $subnet}]],
			routes: [{dst: "0.0.0.0/0"}]}},
		{type: "tuning", sysctl: {"net.ipv4.conf.IFNAME.log_martians": "1"}}]}' >"$TEST_TMP/networks/$1.conflist"
}

# netns_of CONTAINER
netns_of() {
	podman inspect --format '{{.NetworkSettings.SandboxKey}}' "$1"
}

# address_of CONTAINER NETWORK
address_of() {
	podman inspect "$1" | jq -r ".[0].NetworkSettings.Networks.$2.IPAddress"
}

ping_from() {
	succeeds nsenter --net="$(netns_of "$1")" ping -n -q -c 1 -W 3 "$2"
}

no_links() {
	assert_eq "$(rportctl -j list)" '[]' 'links that are left'
	assert_eq "$(ip -j link show type tun | jq length)" 0 'interfaces that are left'
}

containers() {
	prepare
	start_rportd
	podman_network red default 10.7.0.0/24
	sysctl -qw net.ipv4.ip_forward=1
	succeeds podman run -d --name web --network red docker.io/library/nginx
	succeeds podman run -d --name two --network red docker.io/library/nginx
	assert_json "$(podman inspect web)" '.[0].NetworkSettings.Networks.red | .IPAddress == "10.7.0.2" and .Gateway == "10.7.0.1"'
	succeeds ping -n -q -c 1 -W 3 10.7.0.2
	ping_from web 10.7.0.1
	ping_from web 10.7.0.3
	assert_eq "$(nsenter --net="$(netns_of web)" cat /proc/sys/net/ipv4/conf/eth0/log_martians)" 1 'what the second plugin has set'
	succeeds podman restart -t 0 web
	succeeds ping -n -q -c 1 -W 3 "$(address_of web red)"
	succeeds podman rm -f -t 0 web two
	no_links
}

two_networks() {
	prepare
	start_rportd
	ip netns add other
	podman_network red default 10.7.0.0/24
	podman_network blue netns:other 10.8.0.0/24
	succeeds podman run -d --name web --network red --network blue docker.io/library/nginx
	assert_json "$(rportctl -j list)" 'length == 2 and all(.state == "up")'
	succeeds ping -n -q -c 1 -W 3 10.7.0.2
	succeeds ip netns exec other ping -n -q -c 1 -W 3 10.8.0.2
	succeeds podman network disconnect blue web
	assert_json "$(rportctl -j list)" 'length == 1'
	succeeds ping -n -q -c 1 -W 3 10.7.0.2
	succeeds podman rm -f -t 0 web
	no_links
}

domain_is_missing() {
	prepare
	start_rportd
	podman_network red vrf:nosuch 10.7.0.0/24
	run podman run -d --name web --network red docker.io/library/nginx
	assert_match "$ERR" '*cannot make the link*nosuch*' 'what podman says'
	succeeds podman rm -f -t 0 web
	no_links
	assert_eq "$(find /run/leases -name '10.*')" '' 'addresses that are left'
}

# both_reach: the container is reached from the domains of its two networks
both_reach() {
	succeeds ip netns exec other ping -n -q -c 1 -W 3 "$(address_of web red)"
	succeeds nsenter --net=/run/boxes/box ping -n -q -c 1 -W 3 "$(address_of web blue)"
}

# Domains by their path: one in /run/netns, which is the name there, and one elsewhere.
paths() {
	prepare
	start_kept_rportd
	ip netns add other
	mkdir /run/boxes
	touch /run/boxes/box
	unshare --net=/run/boxes/box ip link set lo up
	podman_network red netns:/run/netns/other 10.7.0.0/24
	podman_network blue netns:/run/boxes/box 10.8.0.0/24
	succeeds podman run -d --name web --network red --network blue docker.io/library/nginx
	assert_json "$(rportctl -j list)" '[.[].a.domain] | sort == ["netns:/run/boxes/box", "netns:other"]' 'domains'
	both_reach
	kill_rportd
	both_reach
	restart_rportd
	both_reach
	succeeds podman restart -t 0 web
	both_reach
	succeeds podman stop -t 0 web
	no_links
	restart_rportd
	succeeds podman start web
	both_reach
	succeeds podman rm -f -t 0 web
	no_links
	assert_eq "$(ports other)$(nsenter --net=/run/boxes/box ip -br link show type tun)" '' 'interfaces that are left'
}

test_containers() {
	inside containers
}

test_two_networks() {
	inside two_networks
}

test_domain_is_missing() {
	inside domain_is_missing
}

test_paths() {
	inside paths
}

machine_tests "$@"
