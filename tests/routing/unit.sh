#!/bin/bash
# SPDX-License-Identifier: ISC
#
# BFD with a packet each 50 ms, and a neighbour that is lost after three, while the service is restarted, as it is installed, and
# while each of its processes is killed. routing/run.sh runs this under systemd.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd/installed.sh"
. "$(dirname "$0")/daemons.sh"

restart() {
	systemctl restart rportd.service
}

test_bfd() {
	setup
	pair_both
	frr_bfd_in "$A"
	frr_bfd_in "$B"
	takes "$(version_of "$FRR/bfdd"), systemd $VERSION, 3 x 50 ms: up" bfd_up_in_both
	OVER='restart kill_rportd kill_starter kill_data kill_net' over_restarts bfd_up_in_both bfd_downs_in_both
}

run_tests "$@"
