#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# How long rportd takes to answer, beside another one on the same machine that has nothing to do: what that one takes longer, the
# machine is busy with something else.

BYSTANDER_PID=''

# start_bystander: another rportd, with a link between C and D; BYSTANDER_PID
start_bystander() {
	nsenter --net=/run/netns/"$HOME_NS" "$RPORTD" --socket "$TEST_TMP/bystander" --config-path "$TEST_TMP/bystander.conf" \
		--seccomp "$SECCOMP" >bystander.log 2>&1 </dev/null &
	BYSTANDER_PID=$!
	eventually bystander pair "$C" "$D" --name bystander
}

# end_bystander
end_bystander() {
	kill "$BYSTANDER_PID"
	wait "$BYSTANDER_PID"
	BYSTANDER_PID=''
}

# bystander ARGUMENT...: rportctl, with that one
bystander() {
	"$RPORTCTL" --socket "$TEST_TMP/bystander" "$@"
}

# took COMMAND...: how long it takes, in ms
took() {
	local start
	start=$(now_ms)
	"$@" || fail "root is not answered"
	echo $(($(now_ms) - start))
}

# ask_both: what root asks for, once more; the times are in the files bystander.ms and victim.ms
ask_both() {
	took bystander -q exists bystander >>bystander.ms
	took rportctl -q exists victim >>victim.ms
	sleep 0.1
}

# sum_up NAME: of the times in NAME.ms, in SLOW and SLOWEST; one call in ten may wait for the scheduler, but none for long
sum_up() {
	local sorted
	mapfile -t sorted < <(sort -n "$1.ms")
	SLOW=${sorted[${#sorted[@]} * 90 / 100]} SLOWEST=${sorted[-1]}
	echo "$1: ${#sorted[@]} calls, in ms: half of them in ${sorted[${#sorted[@]} / 2]}, nine of ten in $SLOW, the slowest $SLOWEST"
}

# slower_by MS SLOWEST, as a condition: nine of ten calls took no longer than the bystander's and MS, and none longer than its
# slowest and SLOWEST
slower_by() {
	local slow slowest
	sum_up bystander
	slow=$((SLOW + $1)) slowest=$((SLOWEST + $2))
	sum_up victim
	[ "$SLOW" -le "$slow" ] && [ "$SLOWEST" -le "$slowest" ]
}
