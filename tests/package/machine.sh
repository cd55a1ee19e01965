#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The package in a machine with VRFs, udev, systemd-networkd and NetworkManager, before and after a reboot; package/run.sh runs this.

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

# one that would have all interfaces, but for networkd's: the same setting for any of ours
configure_networkmanager() {
	mkdir -p /etc/NetworkManager/conf.d
	printf '%s\n' '[main]' 'plugins=keyfile' '[logging]' 'level=INFO' '[keyfile]' 'unmanaged-devices=interface-name:vrf-*,interface-name:lo' \
		>/etc/NetworkManager/conf.d/test.conf
	printf '%s\n' '[connection]' id=all type=tun 'autoconnect=true' 'autoconnect-priority=100' '[match]' 'interface-name=rport*;tun*;' \
		'[ipv4]' method=manual address1=10.98.98.98/24 >/etc/NetworkManager/system-connections/all.nmconnection
	chmod 600 /etc/NetworkManager/system-connections/all.nmconnection
	succeeds systemctl enable --now NetworkManager.service
	eventually nmcli -t general status
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
		assert_no_match "$(ip address show dev "$port")" '*10.9[89].9[89].9[89]*' "addresses of $port"
		assert_eq "$(nmcli -g GENERAL.STATE device show "$port")" '10 (unmanaged)' "state of $port in NetworkManager"
		assert_eq "$(udevadm info --query=property --property=NM_UNMANAGED --value "/sys/class/net/$port")" 1 "NM_UNMANAGED of $port"
	done
}

udev_knows() {
	[ "$(udevadm info --query=property --property=ID_NET_MANAGED_BY --value "/sys/class/net/$1")" = org.rportd ]
}

# ports that come and go, with hidden interfaces beside them, are nobody's while they are half made either
half_made_are_left_alone() {
	local monitor i
	ns_add A
	ip -o monitor address >addresses &
	monitor=$!
	for ((i = 0; i < 10; i++)); do
		succeeds rportctl pair vrf-a "$A" --name "half$i" --fast-path --mtu 9000 --addresses 10.1.0.0,10.1.0.1
		[ $((i % 2)) = 0 ] || succeeds rportctl unpair "half$i"
	done
	succeeds udevadm settle
	for i in $(ip -j link show | jq -r '.[].ifname | select(startswith("rport"))'); do
		eventually udev_knows "$i"
		assert_eq "$(nmcli -g GENERAL.STATE device show "$i")" '10 (unmanaged)' "state of $i in NetworkManager"
	done
	kill "$monitor"
	assert_no_match "$(<addresses)" '*10.9[89].9[89].9[89]*' "addresses that were seen"
	assert_eq "$(journalctl -b -u NetworkManager -o cat | grep -E '\(rport[^)]*\): (Activation|state change: .*(disconnected|prepare))' || true)" '' \
		"what NetworkManager did with them"
	assert_eq "$(journalctl -b -u systemd-networkd -o cat | grep -E '^rport.*: (Configuring|Reconfiguring)' || true)" '' \
		"what networkd did with them"
	succeeds rportctl unpair 'half*'
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
	configure_networkmanager
	eventually has_vrfs
	install_package first
	succeeds systemctl start rportd
	succeeds rportctl pair vrf-a vrf-b --name ab --addresses 192.168.0.0,192.168.0.1 --persist
	vrfs_are_joined
	ports_are_left_alone
	half_made_are_left_alone
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
