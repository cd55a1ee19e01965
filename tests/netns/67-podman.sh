#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain
# podman with CNI, as Debian 12 has it, over rport-cni and Debian's host-local and tuning.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../containers.sh"

# inside_main BODY: in namespaces of our own, whose end is the end of all containers
inside_main() {
	set -Eeuo pipefail
	trap 'echo "FAILED: status $? at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
	mount --make-rprivate /
	mount -t tmpfs tmpfs /run
	mkdir /run/netns /run/rportd
	ip link set lo up
	podman_prepare "$TEST_TMP" 'network_backend = "cni"' "cni_plugin_dirs = [\"$BUILD_DIR/plugins\", \"/usr/lib/cni\"]"
	SOCKET=/run/rportd/org.rportd.Manager
	"$RPORTD" --config-path "$TEST_TMP/conf" --datapath "$DATAPATH" >"$TEST_TMP/rportd.log" 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportctl -q list || fail 'rportd does not answer'
	"$1"
}

inside() {
	podman_has_cni || skip cannot "podman is not there, or has no CNI any more"
	[ -x /usr/lib/cni/host-local ] || skip could 'containernetworking-plugins is not installed'
	[ -x "$BUILD_DIR/plugins/rport-cni" ] || skip could 'rport-cni was not built'
	export TEST_TMP
	unshare --mount --net --pid --fork --kill-child --mount-proc bash "$TESTS_DIR/netns/67-podman.sh" --inside "$1"
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

ping_from() {
	succeeds nsenter --net="$(netns_of "$1")" ping -n -q -c 1 -W 3 "$2"
}

no_links() {
	assert_eq "$(rportctl -j list)" '[]' 'links that are left'
	assert_eq "$(ip -j link show type tun | jq length)" 0 'interfaces that are left'
}

containers() {
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
	succeeds ping -n -q -c 1 -W 3 "$(podman inspect --format '{{.NetworkSettings.Networks.red.IPAddress}}' web)"
	succeeds podman rm -f -t 0 web two
	no_links
}

two_networks() {
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
	podman_network red vrf:nosuch 10.7.0.0/24
	run podman run -d --name web --network red docker.io/library/nginx
	assert_match "$ERR" '*cannot make the link*nosuch*' 'what podman says'
	succeeds podman rm -f -t 0 web
	no_links
	assert_eq "$(find /run/leases -name '10.*')" '' 'addresses that are left'
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

if [ "${1:-}" = --inside ]; then
	inside_main "$2"
	exit
fi
run_tests "$@"
