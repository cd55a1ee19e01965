#!/bin/bash
# SPDX-License-Identifier: ISC
#
# BFD with a packet each 50 ms, and a neighbour that is lost after three, while the service is restarted, as it is installed, and
# while each of its processes is killed. routing/run.sh runs this under systemd.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd/installed.sh"
. "$(dirname "$0")/daemons.sh"

conf_of() {
	cat >"$1.conf" <<-END
		bfd
		 profile fast
		  transmit-interval 50
		  receive-interval 50
		  detect-multiplier 3
		 !
		 peer $2 interface rport0
		  profile fast
	END
	frr "$1" bfdd
}

up() {
	bfd_up "$A" && bfd_up "$B"
}

downs() {
	bfd_downs "$A"
	bfd_downs "$B"
}

restart() {
	systemctl restart rportd.service
}

test_bfd() {
	setup
	pair_both
	conf_of "$A" 192.168.0.1
	conf_of "$B" 192.168.0.0
	takes "$(version_of "$FRR/bfdd"), systemd $VERSION, 3 x 50 ms: up" up
	OVER='restart kill_rportd kill_starter kill_data kill_net' over_restarts up downs
}

run_tests "$@"
