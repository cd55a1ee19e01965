#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Time: waiting for what is to happen, and how long it may take. Sourced by ../lib.sh.

# eventually [-t MS] COMMAND...: poll until the command succeeds; end the test when it does not in time. MS as for within
eventually() {
	if [ "$1" = -t ]; then
		within "${@:2}" || fail "after $2 ms, and what is added on a slow machine, still not: ${*:3}"
	else
		poll "$STEP_MS" "$@" || fail "after $STEP_MS ms still not: $*"
	fi
}

# within MS COMMAND...: the same, as a condition. MS as for limit
within() {
	poll $(($1 * LIMIT_FACTOR)) "${@:2}" || poll $(($(limit "$1") - $1 * LIMIT_FACTOR)) "${@:2}"
}

# limit MS: the time that is promised, in ms, or longer where LIMIT_FACTOR says that this is no machine to measure on, and where
# it has other work at present: as much longer as starting 20 processes, one after the other, takes more than 60 ms, for which
# an idle machine of two CPUs needs 35; or as there was more to run, in the minute that is over, than it has CPUs; and ten times at
# most
limit() {
	local took load
	took=$(now_ms)
	for _ in {1..20}; do
		(exec true)
	done
	took=$(($(now_ms) - took))
	read -r load _ </proc/loadavg
	load=$((10#${load/./} * 60 / 100 / $(nproc)))
	took=$((took < load ? load : took))
	took=$((took < 60 ? 60 : took > 600 ? 600 : took))
	echo $(($1 * LIMIT_FACTOR * took / 60))
}

# took_at_most MS SINCE, as a condition: since then (of now_ms) no more than this time has passed. MS as for limit
took_at_most() {
	local took=$(($(now_ms) - $2))
	[ "$took" -le $(($1 * LIMIT_FACTOR)) ] || [ "$took" -le "$(limit "$1")" ]
}

# poll MS COMMAND...: the same as within, with no more than this time
poll() {
	local end=$(($(now_ms) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.02
	done
}

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/./} / 1000))
}

seconds_since() {
	local ms=$(($(now_ms) - $1))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}
