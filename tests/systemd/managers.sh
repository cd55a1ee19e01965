#!/bin/bash
# SPDX-License-Identifier: ISC
#
# systemd-networkd and NetworkManager at ports that their administrator has given to them, as rportd(8) says: they give them addresses,
# and rportd does not fight them. That they leave all other ports alone is in package/machine.sh. vm/run.sh runs this in a virtual
# machine, with systemd 257, and systemd/run.sh the tests of systemd-networkd with that of the host.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/installed.sh"

RULES=/etc/udev/rules.d/90-rport.rules
NETWORK=/etc/systemd/network/50-wan0.network
PROFILE=/etc/NetworkManager/system-connections/wan0.nmconnection

# start_udev: in a root of systemd/run.sh it is masked, and may come in the file udev.deb
start_udev() {
	if ! command -v udevadm >/dev/null; then
		dpkg-deb --fsys-tarfile "$TOP_DIR/udev.deb" | tar -C / -x --keep-directory-symlink
	fi
	systemctl --quiet unmask systemd-udevd.service
	systemctl daemon-reload
	succeeds systemctl start systemd-udevd.service
}

# give_away: the port wan0, whatever the test before has left
give_away() {
	systemctl stop systemd-networkd.socket systemd-networkd.service NetworkManager.service 2>/dev/null || true
	rm -f "$NETWORK" "$PROFILE"
	setup
	start_udev
	eventually is_gone
	mkdir -p "${RULES%/*}" "${NETWORK%/*}" "${PROFILE%/*}"
	echo 'SUBSYSTEM=="net", KERNEL=="wan0", ENV{RPORT_MANAGED}="1"' >"$RULES"
	udevadm control --reload
}

is_gone() {
	! ip link show dev wan0
}

# pair_wan: a link, of which networkd or NetworkManager may have one end
pair_wan() {
	ns_add B
	succeeds rportctl pair default "$B" --name wan --a-name wan0 --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b --a-route 10.2.0.0/16 "$@"
}

# has PATTERN: as a condition, an address or route of wan0
has() {
	{ ip address show dev wan0 && ip route show dev wan0; } | grep -q "$1"
}

has_not() {
	! has "$1"
}

# has_ours, as a condition: addresses and routes that the link was given
has_ours() {
	has 'inet 192.168.0.0 peer 192.168.0.1/32' && has 'inet6 fd00:ab::a peer fd00:ab::b/128' && has '10.2.0.0/16'
}

# has_theirs, as a condition: what they gave it
has_theirs() {
	has 'inet 10.5.0.1/32' && has '10.7.0.0/16'
}

# drift_is FILTER, as a condition
drift_is() {
	rportctl -j show wan | jq -e ".a.drift | $1"
}

# is_no_fight: who gave the port away is not warned of it, and the port was never lost
is_no_fight() {
	run rportctl -j check wan
	assert_json "$OUT" '[.[0].findings[].id] | index("managed") == null' 'findings'
	assert_json "$(rportctl -j show wan)" '.a.losses == 0' 'losses'
}

networkd() {
	printf '%s\n' '[Match]' Name=wan0 '[Network]' Address=10.5.0.1/32 LinkLocalAddressing=no "$@" '[Route]' Destination=10.7.0.0/16 \
		>"$NETWORK"
	succeeds systemctl start systemd-networkd.service
}

# what it does not know it removes, and that is drift
test_networkd() {
	give_away
	networkd
	pair_wan
	eventually has_theirs
	eventually has_not 192.168.0.0
	eventually drift_is '. == ["the address 192.168.0.0/32 is missing", "the address fd00:ab::a/128 is missing",
		"the route 10.2.0.0/16 is missing"]'
	sleep 1
	has_not 192.168.0.0 || fail 'rportd has put back what networkd had removed'
	is_no_fight
	succeeds rportctl reconcile wan
	has_ours || fail "after reconcile: $(ip address show dev wan0)"
	has_theirs || fail "after reconcile: $(ip address show dev wan0)"
}

test_networkd_keeps_configuration() {
	give_away
	networkd KeepConfiguration=yes
	pair_wan
	eventually has_theirs
	eventually has_ours
	assert_eq "$(networkctl --json=short status wan0 | jq -r .AdministrativeState)" configured 'state in networkd'
	# it takes back what it gave while there is no carrier
	succeeds rportctl down "netns:$B/rport0"
	eventually has_not 10.5.0.1
	has_ours || fail "without a carrier: $(ip address show dev wan0)"
	succeeds rportctl up "netns:$B/rport0"
	eventually has_theirs
	has_ours || fail "with a carrier: $(ip address show dev wan0)"
	succeeds systemctl restart rportd.service
	eventually link_is wan up
	has_theirs || fail "after a restart of rportd: $(ip address show dev wan0)"
	has_ours || fail "after a restart of rportd: $(ip address show dev wan0)"
	succeeds systemctl restart systemd-networkd.service
	eventually has_theirs
	has_ours || fail "after a restart of networkd: $(ip address show dev wan0)"
	is_no_fight
	# an interface that is made again gets all of it
	ip link delete wan0
	eventually has_theirs
	eventually has_ours
	eventually drift_is '. == []'
}

# Without the rule, it has no say.
test_without_the_rule() {
	give_away
	rm "$RULES"
	udevadm control --reload
	networkd
	pair_wan
	eventually left_alone
	sleep 1
	has_ours || fail "addresses: $(ip address show dev wan0)"
	has_not 10.5.0.1 || fail 'networkd has configured a port that was not given to it'
}

left_alone() {
	[ "$(networkctl --json=short status wan0 | jq -r .AdministrativeState)" = unmanaged ]
}

# networkmanager: with the configuration that packages install where it reads it
networkmanager() {
	mkdir -p /usr/lib/NetworkManager/conf.d
	cp /usr/local/lib/NetworkManager/conf.d/rportd.conf /usr/lib/NetworkManager/conf.d/
	succeeds systemctl start NetworkManager.service
	eventually nmcli -t general status
}

# It makes an interface itself where one is missing for a profile that is activated: so this is not, but by hand.
test_networkmanager() {
	[ -x /usr/sbin/NetworkManager ] || skip could 'NetworkManager is missing'
	give_away
	printf '%s\n' '[connection]' id=wan0 type=tun interface-name=wan0 autoconnect=false '[tun]' vnet-hdr=true \
		'[ipv4]' method=manual address1=10.5.0.1/32 route1=10.7.0.0/16 '[ipv6]' method=ignore >"$PROFILE"
	chmod 600 "$PROFILE"
	networkmanager
	pair_wan
	has_ours || fail "addresses: $(ip address show dev wan0)"
	succeeds nmcli connection up wan0
	eventually has_theirs
	is_no_fight
	# what it may have removed
	eventually put_back
	has_theirs || fail "after reconcile: $(ip address show dev wan0)"
	succeeds systemctl restart rportd.service
	eventually link_is wan up
	has_ours || fail "after a restart of rportd: $(ip address show dev wan0)"
	has_theirs || fail "after a restart of rportd: $(ip address show dev wan0)"
	# an interface that is made again is nobody's until that is said again
	ip link delete wan0
	eventually has_ours
	eventually can_be_connected
	eventually has_theirs
}

put_back() {
	rportctl reconcile wan && has_ours
}

can_be_connected() {
	nmcli connection up wan0
}

# not even where a rule gives them to it: rportd.conf has the last word
test_networkmanager_takes_no_rport0() {
	[ -x /usr/sbin/NetworkManager ] || skip could 'NetworkManager is missing'
	give_away
	networkmanager
	sed -i 's/wan0/rport0/' "$RULES"
	udevadm control --reload
	ns_add B
	succeeds rportctl pair default "$B" --name r --a-name rport0
	eventually test -s "/run/udev/data/n$(port r a .index)"
	assert_eq "$(udevadm info --query=property --property=RPORT_MANAGED --value /sys/class/net/rport0)" 1 'RPORT_MANAGED of rport0'
	eventually nmcli device show rport0
	assert_eq "$(nmcli -g GENERAL.STATE device show rport0)" '10 (unmanaged)' 'state of rport0 in NetworkManager'
}

run_tests "$@"
