#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain
# containerd over rport-cni: `ctr run --cni`, which gives plugins the namespace of a process, /proc/PID/ns/net.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../containers.sh"

inside() {
	command -v containerd ctr runc >/dev/null || skip could 'containerd is not installed'
	[ -x /usr/lib/cni/host-local ] || skip could 'containernetworking-plugins is not installed'
	[ -x "$BUILD_DIR/plugins/rport-cni" ] || skip could 'rport-cni was not built'
	in_machine "$1"
}

# start_all DOMAIN: rportd and containerd, with a network in this domain; ctr looks for it in fixed places
start_all() {
	start_rportd
	overlay /etc
	overlay /opt
	overlay /var/lib
	rm -rf /etc/cni /opt/cni /var/lib/cni
	mkdir -p /etc/cni/net.d /opt/cni/bin
	ln -s "$BUILD_DIR/plugins/rport-cni" /usr/lib/cni/{host-local,tuning} /opt/cni/bin
	jq -n --arg domain "$1" '{cniVersion: "1.0.0", name: "red", plugins: [
		{type: "rport-cni", domain: $domain, mtu: 9000, ipam: {type: "host-local", dataDir: "/run/leases",
			ranges: [[{subnet: "10.7.0.0/24"}]], routes: [{dst: "0.0.0.0/0"}]}},
		{type: "tuning", sysctl: {"net.ipv4.conf.IFNAME.log_martians": "1"}}]}' >/etc/cni/net.d/red.conflist
	printf '%s\n' 'version = 2' "root = '$TEST_TMP/containerd'" 'state = "/run/containerd"' \
		'disabled_plugins = ["io.containerd.grpc.v1.cri"]' >containerd.toml
	containerd --config containerd.toml >containerd.log 2>&1 </dev/null &
	poll "$STEP_MS" ctr version || fail "containerd does not answer: $(tail -n 3 containerd.log)"
	make_root root
}

# ctr_run NAME [OPTION...]: a container that sleeps
ctr_run() {
	ctr run "${@:2}" --cni --rootfs "$PWD/root" "$1" /bin/sleep 600
}

leases() {
	find /run/leases -name '10.*' -printf '%f\n'
}

no_links() {
	[ "$(rportctl -j list)" = '[]' ]
}

link_is_up() {
	rportctl -j list | jq -e 'length == 1 and .[0].state == "up" and .[0].mtu == 9000 and .[0].b.interface == "eth0"'
}

one_container() {
	local pid
	start_all default
	ctr_run web --rm >ctr.out 2>&1 &
	eventually link_is_up
	eventually ping -n -q -c 1 -W 1 10.7.0.2
	pid=$(ctr task list | awk '$1 == "web" { print $2 }')
	assert_eq "$(rportctl -j list | jq -r '.[0].b.domain')" "pid:$pid" 'domain of the container'
	assert_eq "$(nsenter --net --target "$pid" cat /proc/sys/net/ipv4/conf/eth0/log_martians)" 1 'what the second plugin has set'
	succeeds nsenter --net --target "$pid" ping -n -q -c 1 -W 3 10.7.0.1
	# the foreground ctr calls DEL when the container has ended
	succeeds ctr task kill -s KILL web
	eventually no_links
	wait $! || true
	assert_eq "$(leases)" '' 'addresses that are left'
}

# ctr calls no DEL for a container in the background, as rport-cni(8) says of runtimes that forget.
in_the_background() {
	local link
	start_all default
	succeeds ctr_run web -d
	succeeds ping -n -q -c 1 -W 3 10.7.0.2
	succeeds ctr task kill -s KILL web
	eventually eval "[ -n \"\$(rportctl list 'cni-*' --state pending)\" ]"
	succeeds ctr task delete --force web
	succeeds ctr container delete web
	link=$(rportctl -j list 'cni-*' --state pending | jq -r '.[].name')
	succeeds rportctl unpair "$link"
	no_links
}

domain_is_missing() {
	start_all vrf:nosuch
	run ctr_run web -d
	assert_match "$ERR" '*cannot make the link*nosuch*' 'what ctr says'
	no_links
	assert_eq "$(leases)" '' 'addresses that are left'
}

test_one_container() {
	inside one_container
}

test_in_the_background() {
	inside in_the_background
}

test_domain_is_missing() {
	inside domain_is_missing
}

machine_tests "$@"
