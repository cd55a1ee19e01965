#!/bin/bash
# SPDX-License-Identifier: ISC
#
# How long packets wait while rportd, or one of its processes, is started again: the longest pause in a stream of 1,000 packets
# a second, and how many were lost. systemd/run.sh runs this under systemd 257 and 252. Figures are printed; what is asked for
# leaves room for a busy machine.
#
# GAPS_RUNS=N measures each N times (default: 1), GAPS_LINKS=N with so many links (default: 200).

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/installed.sh"

TEST_SECONDS=280
RUNS=${GAPS_RUNS:-1}
LINKS=${GAPS_LINKS:-200}
PACKETS=1500
BATCH=64     # what rportd-data may have read, and not written, when it is killed

# gap_over COMMAND...: sets PAUSE, in microseconds, and LOST
gap_over() {
	local receiver sender
	listener "$B" received udp-listen --pause --count "$PACKETS" --timeout 20000 --idle 2000 192.168.0.1 5000
	receiver=$SPAWN_PID
	spawn "$A" sent "$TRAFFIC" udp-send --count "$PACKETS" --rate 1000 --timeout 20000 --ignore-errors 192.168.0.1 5000
	sender=$SPAWN_PID
	sleep .5
	"$@"
	wait "$sender" || fail "sending went wrong after '$*': $(<sent)"
	wait "$receiver" || true # its status says that packets were lost
	PAUSE=$(value received pause) LOST=$(value received lost)
	assert_eq "$(value received reordered)" 0 "packets out of order after '$*'"
}

# gaps WHAT LOST MS COMMAND...: so many packets may be lost, and the pause be so long, in ms as for limit
gaps() {
	local what=$1 lost=$2 ms=$3 i pauses=() all=0
	shift 3
	for ((i = 0; i < RUNS; i++)); do
		gap_over "$@"
		pauses+=("$((PAUSE / 1000)).$((PAUSE / 100 % 10))")
		all=$((all + LOST))
		[ "$LOST" -le "$lost" ] || fail "$what: $LOST packets were lost"
		[ "$PAUSE" -le $((ms * 1000)) ] || [ "$PAUSE" -le $(($(limit "$ms") * 1000)) ] || fail "$what: a pause of $PAUSE us"
		eventually property_is ActiveState active
		sleep 1.2 # it did not die young
	done
	measured "$what: pauses of $(printf '%s\n' "${pauses[@]}" | sort -n | tr '\n' ' ')ms, $all packets lost"
}

all_gaps() {
	gaps 'nothing is done' 0 300 true
	gaps 'systemctl restart' 0 500 systemctl restart rportd.service
	gaps 'kill -9 rportd' "$BATCH" 500 kill_rportd
	gaps 'kill -9 rportd-starter' "$BATCH" 500 kill_starter
	gaps 'kill -9 rportd-data' "$BATCH" 300 kill_data
	gaps 'kill -9 rportd-net' 0 300 kill_net
}

test_one_link() {
	setup
	pair_both
	all_gaps
}

test_many_links() {
	local i
	setup
	pair_both
	for ((i = 1; i < LINKS; i++)); do
		rportctl pair "$A" "$B"
	done >/dev/null
	all_gaps
}

run_tests "$@"
