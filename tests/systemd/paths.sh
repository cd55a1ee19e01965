#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Paths of namespaces, as the service sees them from its sandbox (rportd(8), "Paths of namespaces"). systemd/run.sh runs this under
# systemd 257 and 252.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/installed.sh"

BOX=/srv/rport-test/box

# start: the service runs, and hears of all that follows
start() {
	setup
	trap 'umount -l "$BOX" || true; rm -rf "${BOX%/*}"; end_test' EXIT
	succeeds systemctl start rportd.service
}

# make_at PATH: a namespace, mounted on this file
make_at() {
	mkdir -p "${1%/*}"
	touch "$1"
	unshare --net="$1" ip link set lo up
}

pair_box() {
	succeeds rportctl pair "netns:$BOX" default --name box --addresses 192.168.7.0,192.168.7.1
}

crosses() {
	ping -c 1 -W 2 192.168.7.0 >/dev/null
}

test_mounted_elsewhere() {
	start
	make_at "$BOX"
	pair_box
	eventually crosses
	umount "$BOX"
	eventually link_is box pending
	make_at "$BOX"
	eventually link_is box up
	eventually crosses
	# over a restart, and gone while no daemon ran
	succeeds systemctl restart rportd.service
	link_is box up
	crosses
	succeeds systemctl stop rportd.service
	umount "$BOX"
	succeeds systemctl start rportd.service
	keeps_when_stopped || return 0
	link_is box pending
	make_at "$BOX"
	eventually link_is box up
}

test_in_a_file() {
	start
	mkdir -p /etc/rportd
	printf '%s\n' '[Link]' '[A]' "Domain=netns:$BOX" 'Address=192.168.7.0/31' '[B]' 'Domain=default' 'Address=192.168.7.1/31' \
		>/etc/rportd/box.rport
	succeeds systemctl reload rportd.service
	link_is box pending
	make_at "$BOX"
	eventually link_is box up
	eventually crosses
}

# /proc/PID/ns/net is closed to it, and the process hidden
test_process_of_another_user() {
	local pid
	start
	setpriv --reuid rport-reader --regid rport-reader --init-groups unshare -U -n sleep 100 &
	pid=$!
	eventually in_another_namespace "$pid"
	succeeds rportctl pair default "netns:/proc/$pid/ns/net" --name box
	link_is box up
	kill "$pid"
	wait "$pid" || true
	eventually link_is box pending
	refused 3 "*no namespace /proc/$pid/ns/net*" rportctl pair default "netns:/proc/$pid/ns/net" --name xy
}

in_another_namespace() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# as the manual says
test_what_it_does_not_see() {
	local path
	start
	ns_add A
	for path in /home/rport-test /root/rport-test /run/user/0/rport-test /run/docker/netns/rport-test /tmp/rport-test /var/tmp/rport-test; do
		mkdir -p "${path%/*}"
		ln -sfn "/run/netns/$A" "$path"
	done
	chmod 700 /run/docker
	for path in /home/rport-test /root/rport-test /run/user/0/rport-test /run/docker/netns/rport-test; do
		refused 2 "*cannot open the namespace $path: Permission denied; rportd may not go there*" \
			rportctl pair default "netns:$path" --name box
	done
	for path in /tmp/rport-test /var/tmp/rport-test; do
		refused 3 "*no namespace $path: there is no such file" rportctl pair default "netns:$path" --name box
	done
	rm /{home,root,run/user/0,run/docker/netns,tmp,var/tmp}/rport-test
}

run_tests "$@"
