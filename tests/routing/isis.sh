#!/bin/bash
# SPDX-License-Identifier: ISC
#
# IS-IS over a link made with --mpls, which carries its packets as GRE does.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

# start_in NAMESPACE: lsp-gen-interval stands before net and is-type, which make isisd build its first LSPs, and put off the next ones for
# as long as the interval is by then: 30 s by default
start_in() {
	loopback "$1"
	cat >"$1.conf" <<-END
		interface lo
		 ip router isis 1
		!
		interface rport0
		 ip router isis 1
		 isis network point-to-point
		 isis hello-interval 1
		 isis hello-multiplier 4
		!
		router isis 1
		 lsp-gen-interval 1
		 spf-interval 1
		 net 49.0001.0000.0000.000$N.00
		 is-type level-2-only
	END
	frr "$1" isisd
}

met() {
	vty "$A" 'show isis neighbor' | grep -q ' Up ' && vty "$B" 'show isis neighbor' | grep -q ' Up '
}

# LSPs were exchanged, too
up() {
	met && in_ns "$A" ping -n -q -c 1 -W 1 -I 10.0.0.1 10.0.0.2
}

adjacencies() {
	vty "$A" 'show isis neighbor' | grep -c ' Up '
}

test_isis() {
	start_kept_rportd --delay 1
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --mpls --mtu 1500 --addresses 10.1.0.1,10.1.0.2
	start_in "$A"
	start_in "$B"
	if frr_before 9 isisd; then # it does not speak IS-IS on such interfaces
		! poll 8000 met || fail "$(version_of "$FRR/isisd") does speak IS-IS on such an interface: docs/routing.md says otherwise"
		measured "$(version_of "$FRR/isisd"), IS-IS: no neighbours on such an interface"
		return
	fi
	takes "$(version_of "$FRR/isisd"), IS-IS on a link with --mpls: neighbours" met
	takes 'routes, after that' up
	over_restarts up adjacencies
	over_down_and_up up
	over_namespace up start_in
}

run_tests "$@"
