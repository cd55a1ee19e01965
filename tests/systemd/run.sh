#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Boot a Debian 13 root, with systemd 257, in namespaces and run varlink.sh there. Environment: see ../vm/guest.sh.

. "${0%/*}/../vm/guest.sh"

guest_prepare systemd unshare
[ -w /sys/fs/cgroup/cgroup.procs ] || [ -w /sys/fs/cgroup/unified/cgroup.procs ] ||
	guest_skip cannot systemd 'cgroup2 is not there or read-only'
guest_script nsrun.sh systemd-257
guest_test systemd/varlink.sh
guest_run systemd-257 "$TESTS_DIR/systemd/nsboot" "$IMAGE/rootfs" "$TREE"
exit $FAILED
