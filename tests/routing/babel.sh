#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Babel over a link without addresses but link-local ones: BIRD, babeld (the reference implementation), both together, and FRR.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

up() {
	in_ns "$A" ping -n -q -c 1 -W 1 -I fd00::1 fd00::2
}

# linked: namespaces A and B, joined
linked() {
	start_kept_rportd --delay 1
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
}

start_bird_in() {
	loopback "$1"
	cat >"$1.conf" <<-END
		router id 10.0.0.$N;
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

bird_neighbours() {
	birdctl "$B" show babel neighbors | grep -c rport0
}

test_bird() {
	linked
	start_bird_in "$A"
	start_bird_in "$B"
	takes "$(version_of bird), Babel: up" up
	over_restarts up bird_neighbours
	over_down_and_up up
	over_namespace up start_bird_in
}

start_babeld_in() {
	loopback "$1"
	cat >"$1.conf" <<-END
		interface rport0 type wired hello-interval 1 update-interval 2
		redistribute local ip fd00::/64 allow
		redistribute local deny
	END
	nsenter --net=/run/netns/"$1" babeld -c "$1.conf" -S "$TEST_TMP/$1.state" -I '' >"$1.babeld.log" 2>&1 </dev/null &
	echo $! >>"$1.pids"
}

test_babeld_with_bird() {
	linked
	start_babeld_in "$A"
	start_bird_in "$B"
	takes "$(version_of babeld) with $(version_of bird), Babel: up" up
	over_restarts up bird_neighbours
	over_down_and_up up
	over_namespace up start_bird_in
}

# babeld has no sign of a neighbour that parted, but its route
test_babeld() {
	linked
	start_babeld_in "$A"
	start_babeld_in "$B"
	takes "$(version_of babeld), Babel: up" up
	kill_rportd
	sleep 5
	up || fail 'no route after a kill of rportd'
	over_down_and_up up
	over_namespace up start_babeld_in
}

start_frr_in() {
	loopback "$1"
	cat >"$1.conf" <<-END
		interface rport0
		 babel wired
		 babel hello-interval 1000
		 babel update-interval 2000
		!
		router babel
		 network rport0
		 redistribute ipv6 connected
	END
	frr "$1" babeld
}

frr_neighbours() {
	vty "$A" 'show babel neighbor' | grep -c 'Neighbour .* rport0'
}

# gives_up NAMESPACE, as a condition: babeld of FRR 8.4 joins its group twice when it starts, and takes the interface down when the
# second time fails. It begins again much later, if at all.
gives_up() {
	grep -q 'IPV6_JOIN_GROUP.*rport0.*Address already in use' "$1.babeld.log"
}

test_frr() {
	if frr_before 9 babeld; then
		ns_add A B
		veth_pair
		start_frr_in "$A"
		eventually gives_up "$A" # or docs/routing.md has to say otherwise
		measured "$(version_of "$FRR/babeld"), Babel: the interface is given up at the start, that of a veth pair, too"
		return
	fi
	linked
	start_frr_in "$A"
	start_frr_in "$B"
	takes "$(version_of "$FRR/babeld"), Babel: up" up
	over_restarts up frr_neighbours
	over_down_and_up up
	over_namespace up start_frr_in
}

run_tests "$@"
