#!/bin/bash
# SPDX-License-Identifier: ISC
#
# BFD with a packet each 50 ms, and a neighbour that is lost after three: what it sees of a restart, and of a port that goes down.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

test_frr() {
	local before
	start_kept_rportd --delay 1
	ns_add A B
	pair_numbered
	frr_bfd_in "$A"
	frr_bfd_in "$B"
	takes "$(version_of "$FRR/bfdd"), 3 x 50 ms: up" bfd_up_in_both
	over_restarts bfd_up_in_both bfd_downs_in_both
	before=$(bfd_downs_in_both)
	over_down_and_up bfd_up_in_both
	[ "$(bfd_downs_in_both)" != "$before" ] || fail 'nothing was counted when the port was down'
	over_namespace bfd_up_in_both frr_bfd_in
}

start_bird_in() {
	local n
	n=$(number "$1")
	cat >"$1.conf" <<-END
		router id 10.0.0.$n;
		protocol device { }
		protocol bfd {
			interface "rport0" { interval 50 ms; multiplier 3; };
			neighbor 192.168.0.$((2 - n)) dev "rport0";
		}
	END
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
