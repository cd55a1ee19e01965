#!/bin/bash
# SPDX-License-Identifier: ISC
#
# run.sh [257|host]: boot a Debian 13 root, with systemd 257, or the host's own, with what that has, or both at the same time,
# in namespaces, and run the tests of this directory there. Environment: see ../vm/guest.sh.

. "${0%/*}/../vm/guest.sh"
. "${0%/*}/../packages.sh"

guest_prepare systemd unshare
[ -w /sys/fs/cgroup/cgroup.procs ] || [ -w /sys/fs/cgroup/unified/cgroup.procs ] ||
	guest_skip cannot systemd 'cgroup2 is not there or read-only'
guest_install

case ${1:-} in
'')
	"$0" 257 &
	"$0" host || FAILED=1
	wait $! || FAILED=1
	;;
257)
	guest_script nsrun.sh systemd-257
	guest_test systemd/varlink.sh
	guest_test systemd/service.sh
	guest_test systemd/plugins.sh
	guest_test systemd/paths.sh
	guest_test systemd/gaps.sh
	NS_LIMIT=1200 guest_run systemd-257 "$TESTS_DIR/systemd/nsboot" "$IMAGE/rootfs" "$TREE"
	;;
host) # Debian 12 has 252, the oldest that we are for
	[ -x /usr/lib/systemd/systemd ] || guest_skip could systemd-host 'the host has no systemd'
	version=$(systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')
	guest_script nsrun.sh "systemd-$version-host"
	guest_test systemd/service.sh
	guest_test systemd/plugins.sh
	guest_test systemd/paths.sh
	guest_test systemd/gaps.sh
	# the last, as it starts udev
	if command -v udevadm >/dev/null || download_udev "$TREE/udev.deb"; then
		guest_test systemd/managers.sh test_networkd test_networkd_keeps_configuration test_without_the_rule
	else
		result 'not ok' systemd-host.managers ' # udev could not be downloaded'
		FAILED=1
	fi
	NS_LIMIT=1200 guest_run systemd-host "$TESTS_DIR/systemd/nsboot" / "$TREE"
	;;
esac
exit $FAILED
