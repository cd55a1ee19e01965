#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The life of the package: installed, upgraded, removed. package/run.sh runs this under a systemd, in a root that may be spoiled.

. "${BASH_SOURCE[0]%/*}/installed.sh"

# fresh: installed as if for the first time
fresh() {
	in_a_root_to_spoil
	! dpkg-query -W rportd >/dev/null 2>&1 || apt_get purge rportd
	userdel rportd 2>/dev/null || true
	rm -rf /etc/rportd
	install_package first
}

# pair_both: namespaces A and B, and a link between them
pair_both() {
	ns_add A B
	pair_numbered "$@"
}

indices() {
	ip -n "$A" -j link show rport0 | jq '.[0].ifindex'
	ip -n "$B" -j link show rport0 | jq '.[0].ifindex'
}

# gone FILE...: as a check
gone() {
	local file
	for file; do
		[ ! -e "$file" ] || fail "there still is $file"
	done
}

test_install() {
	fresh
	succeeds systemctl start rportd
	assert_eq "$(systemctl is-active rportd.service rportd.socket | xargs)" 'active active' 'units'
	assert_eq "$(systemctl is-enabled rportd.service rportd.socket | xargs)" 'enabled enabled' 'units'
	assert_eq "$(ps -o user= -p "$(systemctl show -P MainPID rportd)")" rportd 'user of rportd'
	assert_eq "$(stat -c '%U:%G %a' /etc/rportd)" 'rportd:rportd 755' 'directory of links'
	pair_both --persist
	ping_ok "$A" 192.168.0.1
	succeeds rportctl unpair ab --persist
}

test_files() {
	local file
	fresh
	succeeds dpkg --verify rportd
	assert_eq "$OUT" '' 'files that are not as they were packaged'
	for file in /usr/sbin/rportd /usr/bin/rportctl /usr/share/bash-completion/completions/rportctl \
		/usr/share/zsh/vendor-completions/_rportctl /usr/share/fish/vendor_completions.d/rportctl.fish \
		/usr/share/varlink/org.rportd.Manager.varlink /usr/lib/udev/rules.d/99-rportd.rules \
		/usr/lib/systemd/network/00-rportd.network /usr/lib/NetworkManager/conf.d/rportd.conf; do
		[ -s "$file" ] || fail "there is no $file"
		succeeds dpkg -S "$file"
	done
	# not configuration that dpkg asks about
	assert_eq "$(dpkg-query -W -f '${Conffiles}' rportd)" '' 'conffiles'
}

# ping_over COMMAND...: nothing is lost while that is done
ping_over() {
	local pinger
	in_ns "$A" ping -n -q -i 0.01 -c 600 -W 5 192.168.0.1 >pinged &
	pinger=$!
	succeeds "$@"
	kill -0 "$pinger" || fail "the ping was over before '$*' was"
	wait "$pinger" || true
	cat pinged
	grep -q ' 600 received' pinged || fail "packets were lost during '$*'"
}

upgrade() {
	install_package next
}

test_upgrade_under_a_ping() {
	local before socket pid
	fresh
	pair_both
	before=$(indices)
	socket=$(stat -c %i "$SOCKET")
	pid=$(systemctl show -P MainPID rportd)
	ping_over upgrade
	assert_match "$(dpkg-query -W -f '${Version}' rportd)" '*+next' 'version'
	[ "$(systemctl show -P MainPID rportd)" != "$pid" ] || fail 'it is still the old rportd'
	assert_eq "$(indices)" "$before" 'interfaces'
	assert_eq "$(stat -c %i "$SOCKET")" "$socket" 'socket'
	assert_eq "$(rportctl -j show ab | jq -r .state)" up 'state of the link'
	assert_eq "$(systemctl is-active rportd.service rportd.socket | xargs)" 'active active' 'units'
	succeeds rportctl unpair ab
}

# who does not want it to run keeps it from running
test_upgrade_of_what_is_disabled() {
	fresh
	succeeds systemctl disable --now rportd.service rportd.socket
	upgrade
	assert_eq "$(systemctl is-active rportd.service rportd.socket | xargs)" 'inactive inactive' 'units'
	assert_eq "$(systemctl is-enabled rportd.service rportd.socket | xargs)" 'disabled disabled' 'units'
}

test_remove_and_install_again() {
	fresh
	pair_both --persist
	succeeds rportctl pair "$A" "$B" --name byhand
	apt_get remove rportd
	eventually no_ports
	gone "$SOCKET" /run/rportd /usr/sbin/rportd
	assert_eq "$(systemctl show -P ActiveState rportd.service rportd.socket | xargs)" 'inactive inactive' 'units'
	[ -e /etc/rportd/ab.rport ] || fail 'the configuration went with the package'
	install_package first
	eventually link_is ab up
	ping_ok "$A" 192.168.0.1
	run rportctl exists byhand
	assert_eq "$RC" 3 'link without a file'
	succeeds rportctl unpair ab --persist
}

no_ports() {
	[ -z "$(ports "$A")$(ports "$B")" ]
}

test_purge() {
	fresh
	pair_both --persist
	# drop-ins, also of a link that has no file
	mkdir -p /etc/rportd/{ab,other}.rport.d/deeper
	printf '[Link]\nMTU=9000\n' >/etc/rportd/ab.rport.d/mtu.conf
	: >/etc/rportd/notes
	apt_get purge rportd
	eventually no_ports
	# what somebody else put there is not ours to delete
	assert_eq "$(ls -A /etc/rportd)" notes 'what is left in /etc/rportd'
	[ -z "$(dpkg-query -W -f '${Status}' rportd 2>/dev/null)" ] || fail 'dpkg still knows it'
	assert_eq "$(find /etc/systemd /var/lib/systemd -name '*rportd*')" '' 'what is left of the units'
	install_package first
	rm /etc/rportd/notes
	apt_get purge rportd
	gone /etc/rportd /run/rportd
}

# The exporter is a package of its own: its socket listens, and what asks for metrics starts it.
test_exporter() {
	local file
	fresh
	apt_get install "$TOP_DIR"/packages/first/rport-exporter_*.deb
	succeeds dpkg --verify rport-exporter
	assert_eq "$OUT" '' 'files that are not as they were packaged'
	for file in /usr/bin/rport-exporter /usr/share/bash-completion/completions/rport-exporter \
		/usr/share/zsh/vendor-completions/_rport-exporter /usr/share/fish/vendor_completions.d/rport-exporter.fish; do
		[ -s "$file" ] || fail "there is no $file"
		assert_match "$(dpkg -S "$file")" 'rport-exporter:*' "whose $file is"
	done
	succeeds systemctl start rportd
	pair_both
	assert_eq "$(systemctl is-active rport-exporter.socket rport-exporter.service | xargs)" 'active inactive' 'units'
	assert_match "$(get_metrics)" '*200*rport_link_up{link="ab"} 1*' 'metrics'
	succeeds rportctl unpair ab
	apt_get purge rport-exporter
	gone /usr/bin/rport-exporter
	! (exec 3<>/dev/tcp/127.0.0.1/9980) 2>/dev/null || fail 'somebody still listens'
}

get_metrics() {
	exec 3<>/dev/tcp/127.0.0.1/9980
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	cat <&3
	exec 3>&-
}

# So are the plugins: a container is an empty namespace here, and no IPAM plugin is asked.
test_plugins() {
	local file config='{"cniVersion": "1.0.0", "name": "net", "type": "rport-cni"}'
	fresh
	apt_get install "$TOP_DIR"/packages/first/rport-plugins_*.deb
	succeeds dpkg --verify rport-plugins
	assert_eq "$OUT" '' 'files that are not as they were packaged'
	for file in /usr/lib/cni/rport-cni /usr/lib/netavark/rport; do
		assert_match "$(dpkg -S "$file")" 'rport-plugins:*' "whose $file is"
	done
	assert_json "$(/usr/lib/netavark/rport info)" '.api_version == "1.0.0"'
	ns_add A
	export CNI_CONTAINERID=one CNI_NETNS=/run/netns/$A CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni
	# the socket starts rportd
	succeeds env CNI_COMMAND=ADD /usr/lib/cni/rport-cni <<<"$config"
	assert_json "$OUT" '.interfaces[1].name == "eth0"'
	ip -n "$A" link show dev eth0 >/dev/null || fail 'there is no eth0 in the container'
	succeeds env CNI_COMMAND=DEL /usr/lib/cni/rport-cni <<<"$config"
	assert_eq "$(rportctl -j list)" '[]' 'links'
	apt_get purge rport-plugins
	gone /usr/lib/cni/rport-cni /usr/lib/netavark
}

# what Debian runs on the installed package
test_autopkgtest() {
	fresh
	succeeds sh "$TOP_DIR/debian/tests/pair"
}

run_tests "$@"
