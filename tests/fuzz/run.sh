#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Run the fuzzers of this directory. By run-tests fuzz, make fuzz, or by hand:
#
#	FUZZ_SECONDS=N          how long each runs (20)
#	FUZZ_TARGETS="NAME..."  which (all)
#	FUZZ_DIR=DIRECTORY      the build, made where it is missing (build-fuzz)
#
# First each replays its seeds and regressions; then it looks for more. What it learns stays in
# FUZZ_DIR/corpus/NAME, where the next run begins. An input that fails is kept in FUZZ_DIR/failed
# and named with the command that repeats it. When the fault is mended, the input moves to
# tests/fuzz/regressions/NAME, which `make check` replays with any compiler.
set -u
cd "$(dirname "$0")/../.." || exit 1
TOP=$PWD
. tests/packages.sh
. tests/lib.sh

FUZZ_SECONDS=${FUZZ_SECONDS:-20}
FUZZ_DIR=${FUZZ_DIR:-$TOP/build-fuzz}
ALL=$(cd tests/fuzz && printf '%s\n' fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
# one input of the API makes and removes interfaces; the others take a fraction of a millisecond
TIMEOUT=25
LOGS=$FUZZ_DIR/logs
FAILED=$FUZZ_DIR/failed

build() {
	CC=clang build_tree "$TOP" "$FUZZ_DIR" fuzzers --enable-fuzzers --enable-werror
}

# options NAME: of libFuzzer, one a line
options() {
	printf '%s\n' -timeout="$TIMEOUT" -error_exitcode=70 -timeout_exitcode=70 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
		-artifact_prefix="$FAILED/$1-"
	if [ -e "tests/fuzz/$1.dict" ]; then
		echo "-dict=tests/fuzz/$1.dict"
	fi
}

# inputs NAME: the directories of the tree that have some
inputs() {
	local dir
	for dir in "tests/fuzz/seeds/$1" "tests/fuzz/regressions/$1"; do
		[ ! -d "$dir" ] || echo "$dir"
	done
}

# input_again NAME INPUT: how to repeat it, here, or where only the output of this run is left
input_again() {
	echo "again: $FUZZ_DIR/tests/fuzz/fuzz_$1 $2"
	echo "or:    base64 -d <<<'$(gzip -9c "$2" | base64 -w 0)' | gunzip >input"
}

# report NAME STATUS SECONDS LOG: one result
report() {
	local name=fuzz.$1 status=$2 log=$4 input runs cover
	if [ "$status" = 0 ]; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
		cover=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
		result ok "$name" " (${runs:-?} runs in $3 s, ${cover:-?} edges)"
	elif [ "$status" = 77 ] && grep -q '^skipped: ' "$log"; then
		result skip "$name" " # $(sed -n 's/^skipped: //p' "$log" | head -n 1)"
	else
		result 'not ok' "$name" " (status $status, see $log)"
		grep -E '^SUMMARY|does not hold|ERROR: ' "$log" | head -n 5 | cut -c 1-300 | sed 's/^/  | /'
		input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
		[ -z "$input" ] || input_again "$1" "$input" | tee -a "$log" | sed 's/^/  | /'
	fi
}

# fuzz NAME: replay, then look for more
fuzz() {
	local log=$LOGS/fuzz.$1.log status=0 started=$SECONDS
	local program=$FUZZ_DIR/tests/fuzz/fuzz_$1
	local -a from with
	mapfile -t from < <(inputs "$1")
	mapfile -t with < <(options "$1")
	mkdir -p "$FUZZ_DIR/corpus/$1"
	{
		"$program" "${with[@]}" -runs=0 "${from[@]}" &&
			"$program" "${with[@]}" -max_total_time="$FUZZ_SECONDS" "$FUZZ_DIR/corpus/$1" "${from[@]}"
	} >"$log" 2>&1 </dev/null || status=$?
	report "$1" "$status" $((SECONDS - started)) "$log"
}

mkdir -p "$LOGS" "$FAILED" || exit 1
ensure_packages build && ensure_fuzz_packages || exit 1
if ! build >"$LOGS/fuzz.build.log" 2>&1; then
	result 'not ok' fuzz.build " # see $LOGS/fuzz.build.log"
	tail -n 20 "$LOGS/fuzz.build.log" | sed 's/^/  | /'
	exit 1
fi
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_stack_use_after_return=1:allocator_may_return_null=1
for name in ${FUZZ_TARGETS:-$ALL}; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n
	done
	fuzz "$name" &
done
wait
