#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Babel, by BIRD, over a link without addresses but link-local ones.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

start_in() {
	local n=1
	[ "$1" = "$A" ] || n=2
	ip -n "$1" address add fd00::"$n"/128 dev lo
	cat >"$1.conf" <<-END
		router id 10.0.0.$n;
		protocol device { }
		protocol direct { ipv6; interface "lo"; }
		protocol kernel { ipv6 { export all; }; }
		protocol babel {
			ipv6 { export all; };
			interface "rport0" { type wired; hello interval 1 s; update interval 2 s; };
		}
	END
	run_bird "$1"
}

up() {
	in_ns "$A" ping -n -q -c 1 -W 1 -I fd00::1 fd00::2
}

neighbours() {
	birdctl "$A" show babel neighbors | grep -c rport0
}

test_bird() {
	start_kept_rportd --delay 1
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	start_in "$A"
	start_in "$B"
	takes "$(version_of bird), Babel: up" up
	over_restarts up neighbours
	over_down_and_up up
	over_namespace up start_in
}

run_tests "$@"
