#!/bin/bash
# SPDX-License-Identifier: ISC
#
# bench.sh: rport beside a veth pair, a poll-read-write shuttle and socat, in namespaces of its own. `make bench` runs it.
#
# Every round measures every case with every rival, one right after the other and each time beginning with another one, so
# that whatever else the machine does is the same for all. Results are medians of the rounds, and of ratios within a round.
#
#   BENCH         full (the default; half an hour), quick (within three minutes) or smoke (some seconds; proves nothing)
#   BENCH_OUT     the folder for results.json, results.md, table.txt and chart.svg (default: bench, where the tree was built)
#   BENCH_ROUNDS  another number of rounds; BENCH_BUDGET: seconds that they may take
#   BENCH_CALM    before each case wait until the CPUs are busy for less than so many percent, up to a minute
#   BENCH_RIVALS  some of: veth poll socat fast uring-batch uring-batch-q2 uring-batch-busy uring-pending epoll
#   BENCH_CASES   other cases: tcp-STREAMS-MTU, udp-SIZE, load-SIZE, rtt-SIZE; sizes are 64 to 1472
#   BENCH_LAYOUT  netns (the default), or vrf: between two VRFs of a namespace, where the kernel has VRFs
#   BENCH_PREFIX  of the names of its namespaces, instead of a unique one
#   BUILD_DIR     where the tree was built
#
# docs/performance.md explains what is measured, and what the results mean.

set -u
BENCH_DIR=$(realpath "${BASH_SOURCE[0]%/*}")
. "$BENCH_DIR/../lib.sh"
. "$BENCH_DIR/rivals.sh"

BENCH=${BENCH:-full}
OUT=${BENCH_OUT:-$BUILD_DIR/bench}
TOOLS=$BUILD_DIR/tests/bench

# ROUNDS; seconds of a TCP case, of a probe of a search, of the others; precision of a search; seconds that all may take
case $BENCH in
full)
	ROUNDS=5 TCP_SECONDS=1 PROBE_SECONDS=0.5 OTHER_SECONDS=1 PRECISION=0.02 BUDGET=36000
	CASES=(tcp-{1,2,4,8}-{1500,9000,32768} udp-64 udp-1400 load-64 rtt-64)
	;;
quick)
	ROUNDS=3 TCP_SECONDS=0.4 PROBE_SECONDS=0.2 OTHER_SECONDS=0.3 PRECISION=0.05 BUDGET=165
	CASES=(tcp-{1,4}-{1500,32768} udp-64 udp-1400 load-64 rtt-64)
	;;
smoke)
	ROUNDS=1 TCP_SECONDS=0.1 PROBE_SECONDS=0.02 OTHER_SECONDS=0.05 PRECISION=0.5 BUDGET=15
	CASES=(tcp-2-1500 udp-64 load-64 rtt-64)
	;;
*) fail "BENCH=$BENCH is none of full, quick and smoke" ;;
esac
ROUNDS=${BENCH_ROUNDS:-$ROUNDS}
BUDGET=${BENCH_BUDGET:-$BUDGET}
[ -z "${BENCH_CASES:-}" ] || read -r -a CASES <<<"$BENCH_CASES"
LOAD_RATE=50000 # of load-64: one that everybody can bear

say() {
	echo "$*" >&2
}

cleanup() {
	trap - EXIT
	end_rivals
	delete_namespaces
	rm -rf "$TEST_TMP"
} >/dev/null 2>&1

# --- the machine -----------------------------------------------------------------------------------------------------

# busy_percent: how busy the CPUs are just now, for a second
busy_percent() {
	local before
	before=$(head -n 1 /proc/stat)
	sleep 1
	{ echo "$before" && head -n 1 /proc/stat; } | awk '
		{ total = 0; for (i = 2; i <= 9; i++) total += $i; idle = $5 + $6 }
		NR == 1 { total0 = total; idle0 = idle }
		END { printf "%.0f", (total > total0) ? 100 - 100 * (idle - idle0) / (total - total0) : 0 }'
}

# await_calm: see BENCH_CALM
await_calm() {
	local i
	[ -n "${BENCH_CALM:-}" ] || return 0
	for ((i = 0; i < 60; i++)); do
		[ "$(busy_percent)" -ge "$BENCH_CALM" ] || return 0
	done
	say "not calm"
}

machine() {
	jq -n --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --argjson cpus "$(nproc)" \
		--arg kernel "$(uname -sr)" --arg arch "$(uname -m)" --argjson busy "$(busy_percent)" \
		--arg load "$(cut -d ' ' -f 1-3 /proc/loadavg)" --arg rport "$("$RPORTD" --version | head -n 1)" \
		--argjson virtual "$(grep -qw hypervisor /proc/cpuinfo && echo true || echo false)" \
		'{$cpu, $cpus, $arch, $kernel, $virtual, load_average: $load, busy_percent_before: $busy, $rport}'
}

# --- measuring -------------------------------------------------------------------------------------------------------

# where the search of a rival and case begins: at what it found the last time, or somewhere
declare -A SEARCH_FROM

# measure RIVAL CASE: one JSON object
measure() {
	local rival=$1 kind n mtu pid arguments
	IFS=- read -r kind n mtu <<<"$2"
	set_mtu "$rival" "${mtu:-1500}" >/dev/null || return
	arguments=(--from "$(sockets_of "$rival" a)" --to "$(sockets_of "$rival" b)" --address "$ADDRESS_B")
	for pid in $(processes_of "${PIDS[$rival]}"); do
		arguments+=(--pid "$pid")
	done
	case $kind in
	tcp) arguments+=(tcp --streams "$n" --seconds "$TCP_SECONDS") ;;
	udp) arguments+=(search --size "$n" --seconds "$PROBE_SECONDS" --precision "$PRECISION"
		--rate "${SEARCH_FROM[$1.$2]:-100000}") ;;
	load) arguments+=(udp --size "$n" --seconds "$OTHER_SECONDS" --rate "$LOAD_RATE") ;;
	rtt) arguments+=(rtt --size "$n" --seconds "$OTHER_SECONDS") ;;
	esac
	timeout 120 "$TOOLS/loadgen" "${arguments[@]}"
}

# sample ROUND RIVAL CASE: measure, and note it; what fails is noted as that
sample() {
	local json status=0
	json=$(measure "$2" "$3" 2>>"$TEST_TMP/errors") || status=$?
	if [ $status != 0 ] || ! jq -e . <<<"$json" >/dev/null 2>&1; then
		say "  $3 with $2 failed: $(tail -n 1 "$TEST_TMP/errors")"
		json='{"failed":true}'
	fi
	jq -c --argjson round "$1" --arg rival "$2" --arg case "$3" '{$round, $rival, $case} + .' <<<"$json" >>"$TEST_TMP/samples"
	if [[ $3 == udp-* ]]; then
		SEARCH_FROM[$2.$3]=$(jq '(.packets_per_second // 100000) * 0.8 | floor' <<<"$json")
	fi
}

# one_round NUMBER
one_round() {
	local case i rival
	for case in "${CASES[@]}"; do
		await_calm
		for ((i = 0; i < ${#RIVALS[@]}; i++)); do
			rival=${RIVALS[($1 - 1 + i) % ${#RIVALS[@]}]}
			! measured_with "$case" "$rival" || sample "$1" "$rival" "$case"
		done
	done
	"$TOOLS/limits" "$OTHER_SECONDS" >>"$TEST_TMP/limits"
}

# all_rounds: no round begins that would not end in time
all_rounds() {
	local began longest=0 round_began took left
	began=$(now_ms)
	for ((ROUND = 1; ROUND <= ROUNDS; ROUND++)); do
		left=$((BUDGET * 1000 - ($(now_ms) - STARTED)))
		if [ $longest -gt $left ]; then
			say "no time for round $ROUND"
			break
		fi
		round_began=$(now_ms)
		one_round "$ROUND"
		took=$(($(now_ms) - round_began))
		longest=$((took > longest ? took : longest))
		say "round $ROUND of $ROUNDS: $((took / 1000)) s"
	done
	ROUNDS_DONE=$((ROUND - 1))
	SECONDS_TAKEN=$((($(now_ms) - began) / 1000))
}

# --- all -------------------------------------------------------------------------------------------------------------

setup_rivals() {
	local rival wanted
	read -r -a wanted <<<"${BENCH_RIVALS:-$(rivals_known | xargs)}"
	RIVALS=()
	for rival in "${wanted[@]}"; do
		if setup_rival "$rival" >>"$TEST_TMP/errors" 2>&1; then
			RIVALS+=("$rival")
		else
			say "without $rival: $(tail -n 1 "$TEST_TMP/errors")"
		fi
	done
	[ "${RIVALS[0]:-}" = veth ] || fail "the first rival must be veth, which the others are compared with"
}

# report: results.json, table.txt, results.md, chart.svg
report() {
	mkdir -p "$OUT" || return
	jq -n --arg bench "$BENCH" --argjson machine "$MACHINE" --argjson rounds "$ROUNDS_DONE" --argjson seconds "$SECONDS_TAKEN" \
		--argjson rivals "$(jq -n '$ARGS.positional' --args "${RIVALS[@]}")" \
		--slurpfile samples "$TEST_TMP/samples" --slurpfile limits "$TEST_TMP/limits" \
		-f "$BENCH_DIR/summary.jq" >"$OUT/results.json" &&
		jq -r -f "$BENCH_DIR/table.jq" "$OUT/results.json" >"$OUT/table.txt" &&
		jq -r -f "$BENCH_DIR/markdown.jq" "$OUT/results.json" >"$OUT/results.md" &&
		jq -r -f "$BENCH_DIR/chart.jq" "$OUT/results.json" >"$OUT/chart.svg"
}

main() {
	[ "$(id -u)" = 0 ] || fail "namespaces and TUN devices need root"
	for tool in jq ip nsenter ping; do
		command -v "$tool" >/dev/null || fail "$tool is missing"
	done
	STARTED=$(now_ms)
	TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rport-bench.XXXXXX") || exit
	TEST_PREFIX=${BENCH_PREFIX:-rb${TEST_TMP##*.}-}
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
	MACHINE=$(machine) || exit
	say "$(jq -r '"\(.cpus) x \(.cpu), \(.kernel), busy before: \(.busy_percent_before) %"' <<<"$MACHINE")"
	setup_rivals
	all_rounds
	MACHINE=$(jq --argjson busy "$(busy_percent)" '.busy_percent_after = $busy' <<<"$MACHINE")
	report || fail "no report could be made"
	cat "$OUT/table.txt"
	say "results.json, results.md, table.txt and chart.svg are in $OUT"
}

main
