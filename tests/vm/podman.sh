#!/bin/bash
# SPDX-License-Identifier: ISC
#
# podman with netavark, over the plugin of netavark: networks in VRFs. vm/run.sh runs this in a virtual machine with Debian 13, as
# Debian 12 has no plugins of netavark, and many kernels that containers have no VRFs.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../containers.sh"
. "${BASH_SOURCE[0]%/*}/../vrfs.sh"

STORE=/var/tmp/podman

# The namespace of rportd is that of podman: the machine's own, which is to spoil
setup() {
	podman_has_netavark_plugins || skip cannot 'podman is not there, or knows no plugins of netavark'
	[ -e /usr/local/sbin/vmtest ] || skip could 'not in the machine of vm/run.sh'
	has_own_vrf || skip cannot 'this kernel has no VRFs'
	ip link del red 2>/dev/null || true
	ip link del blue 2>/dev/null || true
	ip link add red type vrf table 1001
	ip link add blue type vrf table 1002
	ip link set red up
	ip link set blue up
	# kept for the next test, as an image takes its time here
	podman_prepare "$STORE" "netavark_plugin_dirs = [\"$BUILD_DIR/plugins\"]" >/dev/null
	SOCKET=$TEST_TMP/socket
	export RPORT_SOCKET=$SOCKET
	"$RPORTD" --socket "$SOCKET" --config-path "$TEST_TMP/conf" --datapath "$DATAPATH" >"$TEST_TMP/rportd.log" 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportctl -q list || fail 'rportd does not answer'
}

has_own_vrf() {
	ip link add rp-probe type vrf table 999 2>/dev/null && ip link del rp-probe
}

# end_containers NETWORK...: nothing may be left of them, nor of the networks
end_containers() {
	succeeds podman rm -f -a -t 0
	succeeds podman network rm "$@"
	assert_eq "$(rportctl -j list)" '[]' 'links that are left'
	assert_eq "$(ip -j link show type tun | jq length)" 0 'interfaces that are left'
}

ping_from() {
	succeeds nsenter --net="$(podman inspect --format '{{.NetworkSettings.SandboxKey}}' "$1")" ping -n -q -c 1 -W 3 "$2"
}

test_network_in_a_vrf() {
	setup
	succeeds podman network create -d rport -o domain=vrf:red -o mtu=9000 --subnet 10.1.0.0/24 --subnet fd00:1::/64 red
	succeeds podman run -d --name web --network red docker.io/library/nginx
	assert_json "$(podman inspect web)" '.[0].NetworkSettings.Networks.red | .IPAddress == "10.1.0.2" and .Gateway == "10.1.0.1" and
		.GlobalIPv6Address == "fd00:1::2"'
	assert_json "$(rportctl -j list)" 'length == 1 and .[0].state == "up" and .[0].mtu == 9000 and .[0].a.domain == "vrf:red" and .[0].b.interface == "eth0"'
	succeeds ping -n -q -c 1 -W 3 -I red 10.1.0.2
	succeeds ping -n -q -c 1 -W 3 -I red fd00:1::2
	run ping -n -q -c 1 -W 1 10.1.0.2
	[ "$RC" != 0 ] || fail 'the container is reached without the VRF'
	ping_from web 10.1.0.1
	succeeds podman restart -t 0 web
	ping_from web fd00:1::1
	end_containers red
}

# Two containers of a network, of which one is in another network, too, with an address of its choice.
test_two_networks() {
	setup
	succeeds podman network create -d rport -o domain=vrf:red --subnet 10.1.0.0/24 red
	succeeds podman network create -d rport -o domain=vrf:blue --subnet 10.2.0.0/24 --internal blue
	sysctl -qw net.ipv4.ip_forward=1
	succeeds podman run -d --name one --network red docker.io/library/nginx
	succeeds podman run -d --name two --network red:ip=10.1.0.77 --network blue docker.io/library/nginx
	succeeds ping -n -q -c 1 -W 3 -I red 10.1.0.77
	# an internal network has no gateway, so that the first address is a container's
	ip addr add 10.2.0.9/32 dev blue
	succeeds ping -n -q -c 1 -W 3 -I blue 10.2.0.1
	ping_from one 10.1.0.77
	succeeds podman network disconnect blue two
	succeeds ping -n -q -c 1 -W 3 -I red 10.1.0.77
	end_containers red blue
}

test_refused() {
	setup
	run podman network create -d rport -o domain=vrf:red bare
	assert_match "$ERR" '*which addresses?*--subnet*' 'a network without a subnet'
	run podman network create -d rport -o domian=vrf:red --subnet 10.1.0.0/24 bare
	assert_match "$ERR" '*did you mean "domain"?*' 'a network with an option that is not known'
	succeeds podman network create -d rport -o domain=vrf:nosuch --subnet 10.3.0.0/24 nosuch
	run podman run -d --name web --network nosuch docker.io/library/nginx
	assert_match "$ERR" '*nosuch*' 'a container in a domain that is not there'
	succeeds podman network create -d rport -o domain=vrf:red --ipam-driver none bare
	succeeds podman run -d --name other --network bare -p 8080:80 docker.io/library/nginx
	assert_match "$ERR" '*warning: ports are not published*' 'published ports'
	assert_json "$(rportctl -j list)" '.[0].state == "up" and .[0].b.addresses == []'
	end_containers bare nosuch
}

run_tests "$@"
