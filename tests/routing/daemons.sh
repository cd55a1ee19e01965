#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# Routing daemons in namespaces of the tests, and what is done to the links that they route over; sourced after lib.sh, ports.sh
# and keeper.sh. Everything of theirs is in a directory of the test: several tests run at once, and none disturbs the FRR of the
# machine.

FRR=/usr/lib/frr
COME_UP_MS=60000 # for an adjacency; what it takes is printed

# version_of PROGRAM: such as "FRR 10.3" or "BIRD 2.0.12"
version_of() {
	{ "$1" --version 2>&1 || true; } | sed -nE 's/.*BIRD version ([0-9.]+).*/BIRD \1/p; s/^[a-z0-9]+ version ([0-9.]+).*/FRR \1/p; s/^babeld-/babeld /p'
}

# number NAMESPACE: that of a router: 1 in A, and 2 in the other one
number() {
	[ "$1" = "$A" ] && echo 1 || echo 2
}

# loopback NAMESPACE: addresses that the neighbours learn; N is their number
loopback() {
	N=$(number "$1")
	ip -n "$1" address add 10.0.0."$N"/32 dev lo
	ip -n "$1" address add fd00::"$N"/128 dev lo
}

# veth_pair: between A and B, with the names of ports, for what is the same there
veth_pair() {
	ip -n "$A" link add rport0 type veth peer name rport0 netns "$B"
	ip -n "$A" link set rport0 up
	ip -n "$B" link set rport0 up
}

# --- FRR -------------------------------------------------------------------------------------------------------------

# frr NAMESPACE DAEMON...: start daemons that read NAMESPACE.conf; zebra is one of them in any case
frr() {
	local ns=$1 daemon
	shift
	# where they would look for what they share, under their name
	mkdir -p "/run/frr/$ns" "/etc/frr/$ns"
	touch "/etc/frr/$ns/vtysh.conf"
	chown -R frr:frr "/run/frr/$ns" "/etc/frr/$ns"
	for daemon in zebra "$@"; do
		: >"$ns.$daemon.log"
		chown frr:frr "$ns.$daemon.log"
		nsenter --net=/run/netns/"$ns" "$FRR/$daemon" -N "$ns" -f "$TEST_TMP/$ns.conf" \
			--log "file:$TEST_TMP/$ns.$daemon.log" --vty_port 0 >>"$ns.$daemon.log" 2>&1 </dev/null &
		echo $! >>"$ns.pids"
		[ "$daemon" != zebra ] || eventually test -S "/run/frr/$ns/zserv.api"
	done
}

# vty NAMESPACE COMMAND: of any of its daemons
vty() {
	vtysh -N "$1" -c "$2" 2>/dev/null
}

# frr_before VERSION DAEMON, as a condition
frr_before() {
	[ "$(version_of "$FRR/$2" | sed 's/FRR \([0-9]*\).*/\1/')" -lt "$1" ]
}

# bfd_profile: of FRR's configuration: "fast", 3 x 50 ms
bfd_profile() {
	cat <<-END
		bfd
		 profile fast
		  transmit-interval 50
		  receive-interval 50
		  detect-multiplier 3
		 !
	END
}

# frr_bfd_in NAMESPACE: a session between the ends of pair_numbered
frr_bfd_in() {
	{
		bfd_profile
		echo " peer 192.168.0.$((2 - $(number "$1"))) interface rport0"
		echo '  profile fast'
	} >"$1.conf"
	frr "$1" bfdd
}

# bfd_up NAMESPACE, as a condition: all sessions are
bfd_up() {
	[ "$(vty "$1" 'show bfd peers json' | jq -r '[.[].status] | unique | join(" ")')" = up ]
}

# bfd_downs NAMESPACE: how often sessions went down
bfd_downs() {
	vty "$1" 'show bfd peers counters json' | jq '[.[]."session-down"] | add'
}

# bfd_up_in_both, as a condition; bfd_downs_in_both
bfd_up_in_both() {
	bfd_up "$A" && bfd_up "$B"
}

bfd_downs_in_both() {
	bfd_downs "$A"
	bfd_downs "$B"
}

# --- BIRD ------------------------------------------------------------------------------------------------------------

# run_bird NAMESPACE: reads NAMESPACE.conf
run_bird() {
	nsenter --net=/run/netns/"$1" bird -f -c "$1.conf" -s "$TEST_TMP/$1.ctl" >"$1.bird.log" 2>&1 </dev/null &
	echo $! >>"$1.pids"
	eventually test -S "$TEST_TMP/$1.ctl"
}

# birdctl NAMESPACE WORD...
birdctl() {
	birdc -s "$TEST_TMP/$1.ctl" "${@:2}"
}

# --- all -------------------------------------------------------------------------------------------------------------

# end_daemons NAMESPACE: at once, as with their container
end_daemons() {
	local pid
	[ -e "$1.pids" ] || return 0
	while read -r pid; do
		kill -KILL "$pid" || true
		wait "$pid" || true
	done <"$1.pids" 2>/dev/null
	rm -rf "$1.pids" "/run/frr/$1" "/etc/frr/$1"
}

# end_more: called by lib.sh at the end of each test
end_more() {
	local ns
	for ns in $(ns_list); do
		end_daemons "$ns"
	done
}

# takes WHAT COMMAND...: how long it takes until the command succeeds, printed as measured
takes() {
	local what=$1 started
	shift
	started=$(now_ms)
	poll "$COME_UP_MS" "$@" || fail "$what: not after $COME_UP_MS ms: $*"
	measured "$what: $(seconds_since "$started") s"
}

# indexes: of both ports
indexes() {
	echo "$(ip -n "$A" -j link show rport0 | jq '.[0].ifindex') $(ip -n "$B" -j link show rport0 | jq '.[0].ifindex')"
}

# over_down_and_up UP: the command UP tells whether the neighbours have met
over_down_and_up() {
	succeeds rportctl down "netns:$A/rport0"
	eventually no_carrier "$B" rport0
	eventually not "$1"
	succeeds rportctl up "netns:$A/rport0"
	takes 'again after rportctl down and up' "$1"
}

not() {
	! "$@"
}

# over_namespace UP START: B goes, with what runs in it, and returns; START starts daemons there
over_namespace() {
	local before
	before=$(ip -n "$A" -j link show rport0 | jq '.[0].ifindex')
	end_daemons "$B"
	ip netns del "$B"
	eventually no_carrier "$A" rport0
	eventually not "$1"
	ns_create "$B"
	"$2" "$B"
	takes 'again after its namespace went and returned' "$1"
	assert_eq "$(ip -n "$A" -j link show rport0 | jq '.[0].ifindex')" "$before" 'the interface of the other end'
}

# is_busy: has this machine so much other work that a pause of some ten milliseconds may be several times as long?
is_busy() {
	[ "$(limit 100)" -gt $((150 * LIMIT_FACTOR)) ]
}

# parted_over HOW UP COUNT, as a condition: the neighbours do, each of five times
parted_over() {
	local before i
	for i in 1 2 3 4 5; do
		poll "$COME_UP_MS" "$2" || fail "the neighbours do not meet again: $2"
		before=$("$3")
		"$1"
		sleep 1.5 # longer than what is watched for, and the next rportd has not died young
		[ "$("$3")" != "$before" ] || break
	done
	PARTED=$((i - 1))
	[ "$("$3")" != "$before" ]
}

# over_restarts UP COUNT: rportd is restarted and killed, or what OVER says; COUNT prints something that changes when neighbours part. They may where the
# machine is busy: what was to be restarted in time was not. Then it is tried again.
over_restarts() {
	local indexes how
	indexes=$(indexes)
	for how in ${OVER:-restart_rportd kill_rportd}; do
		if ! parted_over "$how" "$@"; then
			measured "no flap over $how$([ "$PARTED" = 0 ] || echo ", but $PARTED times before")"
		elif is_busy; then
			measured "a flap over each of five $how: the machine is busy"
		else
			fail "the neighbours part over each $how"
		fi
		assert_eq "$(indexes)" "$indexes" "interfaces after $how"
	done
	poll "$COME_UP_MS" "$1" || fail "the neighbours do not meet again: $1"
}
