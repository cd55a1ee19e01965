#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# The units as they are installed, in a root of systemd/run.sh; sourced after lib.sh.

DROP_IN=/run/systemd/system/rportd.service.d/test.conf
SOCKET=/run/rportd/org.rportd.Manager
VERSION=$(systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')
USERS='u rport-reader - "" /
u rport-operator - "" /
m rport-operator rportd'

# setup: what `make install` installs, nothing running but the socket, no links
setup() {
	if [ ! -d /run/systemd/system ] || [ ! -d "$TOP_DIR/install" ]; then
		skip could 'not in a root of systemd/run.sh'
	fi
	if [ ! -e /run/rport-installed ]; then
		cp -r "$TOP_DIR/install/." /
		systemd-sysusers
		systemd-sysusers - <<<"$USERS"
		systemd-tmpfiles --create rportd.conf
		: >/run/rport-installed
	fi
	systemctl stop rportd.service rportd.socket 2>/dev/null || true
	systemctl reset-failed
	! keeps_when_stopped || systemctl clean --what=fdstore rportd.service
	rm -rf /etc/rportd/* "${DROP_IN%/*}"
	systemctl daemon-reload
	systemctl start rportd.socket
}

# drop_in LINE...: settings of the service
drop_in() {
	mkdir -p "${DROP_IN%/*}"
	printf '%s\n' '[Service]' "$@" >"$DROP_IN"
	systemctl daemon-reload
}

# FileDescriptorStorePreserve= came with systemd 254
keeps_when_stopped() {
	[ "$VERSION" -ge 254 ]
}

# rportctl ARGUMENT...: as it is installed
rportctl() {
	command rportctl "$@"
}

property() {
	systemctl show -P "$1" rportd.service
}

# property_is NAME VALUE, as a condition
property_is() {
	[ "$(property "$1")" = "$2" ]
}

# has_restarted, as a condition: a short watchdog may strike again while it starts on a busy machine
has_restarted() {
	[ "$(property NRestarts)" -ge 1 ]
}

# link_is NAME STATE, as a condition
link_is() {
	[ "$(rportctl -j show "$1" | jq -r .state)" = "$2" ]
}

# pair_both: namespaces A and B, and a link between them
pair_both() {
	ns_add A B
	pair_numbered
}

# main_pid: of the daemon, for starter_pid, data_pid and net_pid
main_pid() {
	property MainPID
}

# other_main_pid PID, as a condition: another one runs
other_main_pid() {
	[ "$(property MainPID)" != "$1" ] && [ "$(property MainPID)" != 0 ] && property_is ActiveState active
}

# kill_rportd, kill_starter, kill_data, kill_net: of the processes of the service
kill_rportd() {
	kill -KILL "$(main_pid)"
}

kill_starter() {
	kill -KILL "$(starter_pid)"
}

kill_data() {
	kill -KILL "$(data_pid)"
}

kill_net() {
	kill -KILL "$(net_pid)"
}
