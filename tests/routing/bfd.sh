#!/bin/bash
# SPDX-License-Identifier: ISC
#
# BFD with a packet each 50 ms, and a neighbour that is lost after three: what it sees of a restart, and of a port that goes down.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

# conf_of NAMESPACE PEER
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
		 !
		!
	END
}

start_in() {
	case $1 in
	"$A") conf_of "$A" 192.168.0.1 ;;
	*) conf_of "$B" 192.168.0.0 ;;
	esac
	frr "$1" bfdd
}

up() {
	bfd_up "$A" && bfd_up "$B"
}

downs() {
	bfd_downs "$A"
	bfd_downs "$B"
}

test_frr() {
	local before
	start_kept_rportd --delay 1
	ns_add A B
	pair_numbered
	start_in "$A"
	start_in "$B"
	takes "$(version_of "$FRR/bfdd"), 3 x 50 ms: up" up
	over_restarts up downs
	before=$(downs)
	over_down_and_up up
	[ "$(downs)" != "$before" ] || fail 'nothing was counted when the port was down'
	over_namespace up start_in
}

bird_conf_of() {
	cat >"$1.conf" <<-END
		router id $3;
		protocol device { }
		protocol bfd {
			interface "rport0" { interval 50 ms; multiplier 3; };
			neighbor $2 dev "rport0";
		}
	END
}

start_bird_in() {
	case $1 in
	"$A") bird_conf_of "$A" 192.168.0.1 10.0.0.1 ;;
	*) bird_conf_of "$B" 192.168.0.0 10.0.0.2 ;;
	esac
	run_bird "$1"
}

bird_up() {
	birdctl "$A" show bfd sessions | grep -q 'rport0 *Up' && birdctl "$B" show bfd sessions | grep -q 'rport0 *Up'
}

# since when each session is as it is
bird_since() {
	local ns
	for ns in "$A" "$B"; do
		birdctl "$ns" show bfd sessions | awk '$2 == "rport0" { print $3, $4 }'
	done
}

test_bird() {
	start_kept_rportd --delay 1
	ns_add A B
	pair_numbered
	start_bird_in "$A"
	start_bird_in "$B"
	takes "$(version_of bird), 3 x 50 ms: up" bird_up
	over_restarts bird_up bird_since
	over_down_and_up bird_up
	over_namespace bird_up start_bird_in
}

run_tests "$@"
