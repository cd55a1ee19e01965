#!/bin/bash
# SPDX-License-Identifier: ISC
#
# run.sh: boot a Debian 13 root, with systemd 257, in namespaces and run varlink.sh there. For the environment see
# ../vm/guest.sh.

# shellcheck source-path=SCRIPTDIR source=../vm/guest.sh
. "${0%/*}/../vm/guest.sh"

guest_prepare systemd unshare
guest_tree systemd-257 systemd/varlink.sh nsrun.sh
guest_run systemd-257 "$tests/systemd/nsboot" "$image/rootfs" "$tree"
exit "$failed"
