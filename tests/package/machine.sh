#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The package in a machine with VRFs, udev and systemd-networkd, before and after a reboot; package/run.sh runs this.

. "${BASH_SOURCE[0]%/*}/installed.sh"

# network FILE LINE...: a file of systemd-networkd
network() {
	printf '%s\n' "${@:2}" >"/etc/systemd/network/$1"
}

# VRFs that networkd makes; and a setting for all interfaces, to which ours would fall
configure_networkd() {
	network 10-vrf-a.netdev '[NetDev]' Name=vrf-a Kind=vrf '[VRF]' Table=10
	network 10-vrf-b.netdev '[NetDev]' Name=vrf-b Kind=vrf '[VRF]' Table=20
	network 20-vrfs.network '[Match]' 'Name=vrf-*' '[Network]' LinkLocalAddressing=no
	network 99-all.network '[Match]' 'Name=rport* tun*' '[Network]' Address=10.99.99.99/24 LinkLocalAddressing=no
	succeeds systemctl enable --now systemd-networkd.service
}

# up, and networkd has nothing more to do with them
has_vrfs() {
	local vrf
	[ "$(ip -j link show up type vrf | jq length)" = 2 ] || return 1
	for vrf in vrf-a vrf-b; do
		[ "$(networkctl --json=short status "$vrf" | jq -r .AdministrativeState)" = configured ] || return 1
	done
}

ports_are_left_alone() {
	local port
	for port in rport0 rport1; do
		eventually udev_knows "$port"
		assert_eq "$(networkctl --json=short status "$port" | jq -r .AdministrativeState)" unmanaged "state of $port in networkd"
		assert_no_match "$(ip address show dev "$port")" '*10.99.99.99*' "addresses of $port"
		assert_eq "$(udevadm info --query=property --property=NM_UNMANAGED --value "/sys/class/net/$port")" 1 "NM_UNMANAGED of $port"
	done
}

udev_knows() {
	[ "$(udevadm info --query=property --property=ID_NET_MANAGED_BY --value "/sys/class/net/$1")" = org.rportd ]
}

vrfs_are_joined() {
	assert_json "$(rportctl -j show ab)" '.a.drift == [] and .b.drift == []' 'what others have changed of the link'
	succeeds ping -n -q -c 3 -i 0.1 -W 3 -I vrf-a 192.168.0.1
	succeeds ping -n -q -c 3 -i 0.1 -W 3 -I vrf-b 192.168.0.0
	succeeds rportctl -j show ab
	assert_json "$OUT" '.state == "up" and .a.domain == "vrf:vrf-a" and .b.domain == "vrf:vrf-b"'
}

test_install() {
	in_a_root_to_spoil
	configure_networkd
	eventually has_vrfs
	install_package first
	succeeds systemctl start rportd
	succeeds rportctl pair vrf-a vrf-b --name ab --addresses 192.168.0.0,192.168.0.1 --persist
	vrfs_are_joined
	ports_are_left_alone
}

test_after_the_reboot() {
	in_a_root_to_spoil
	succeeds systemctl is-active rportd.service rportd.socket
	assert_eq "$(systemctl show -P NRestarts rportd.service)" 0 'restarts'
	assert_eq "$(stat -c '%U %a' /etc/rportd/ab.rport)" 'rportd 644' 'file of the link'
	# whichever of the two was there first
	eventually link_is ab up
	vrfs_are_joined
	ports_are_left_alone
	assert_json "$(rportctl -j show ab)" .configured
	# no system unit went wrong over it
	assert_eq "$(systemctl list-units --failed --plain --no-legend '*rport*' '*networkd*')" '' 'failed units'
}

run_tests "$@"
