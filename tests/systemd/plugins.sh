#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The plugins of container runtimes, with rportd as a service. systemd/run.sh runs this under systemd 257 and 252.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../containers.sh"
. "${BASH_SOURCE[0]%/*}/installed.sh"

# cni COMMAND: call rport-cni for a container in A; sets RC, OUT and ERR
cni() {
	run env CNI_COMMAND="$1" CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS="/run/netns/$A" CNI_PATH=/usr/lib/cni \
		"$BUILD_DIR/plugins/rport-cni" <<<'{"cniVersion": "1.1.0", "name": "red", "type": "rport-cni"}'
}

# status_is_50: the plugin cannot serve ADD
status_is_50() {
	cni STATUS
	assert_json "$OUT" '.code == 50' "STATUS $1"
}

# STATUS tells whether ADD can be served, which starts a service that is stopped; STATUS does not start it
test_cni_status() {
	setup
	ns_add A
	cni STATUS
	assert_eq "$RC$OUT" 0 'STATUS while the service is stopped'
	property_is ActiveState inactive
	cni ADD
	assert_eq "$RC" 0 'ADD while the service is stopped'
	property_is ActiveState active
	cni STATUS
	assert_eq "$RC$OUT" 0 'STATUS while the service runs'
	cni DEL
	assert_eq "$RC" 0 DEL
	succeeds systemctl stop rportd.socket rportd.service
	status_is_50 'while nobody listens'
	drop_in ExecStart= ExecStart=/bin/false
	succeeds systemctl start rportd.socket
	run systemctl start rportd.service
	eventually property_is ActiveState failed
	status_is_50 'when the service has failed'
}

# podman finds the plugin where it is installed, and the service finds the namespaces of podman. What podman asks for starts a service
# that is stopped.
test_podman() {
	local pid
	setup
	[ -x /usr/local/lib/netavark/rport ] || skip could 'the plugin of netavark was not built'
	podman_has_netavark_plugins || skip cannot 'podman is not there, or knows no plugins of netavark'
	podman_prepare "$TEST_TMP" >/dev/null
	succeeds podman network create -d rport --subnet 10.1.0.0/24 links
	succeeds podman run -d --name web --network links docker.io/library/nginx
	property_is ActiveState active
	succeeds ping -n -q -c 1 -W 3 10.1.0.2
	pid=$(property MainPID)
	kill -KILL "$pid"
	eventually other_main_pid "$pid"
	succeeds systemctl restart rportd.service
	succeeds ping -n -q -c 1 -W 3 10.1.0.2
	succeeds podman restart -t 0 web
	succeeds ping -n -q -c 1 -W 3 "$(podman inspect --format '{{.NetworkSettings.Networks.links.IPAddress}}' web)"
	succeeds systemctl stop rportd.service
	succeeds podman rm -f -t 0 web
	assert_eq "$(rportctl -j list)" '[]' 'links that are left'
	property_is ActiveState active
}

run_tests "$@"
