#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What a test asks for, and how it says what is not so. Sourced by ../lib.sh.

# fail MESSAGE...: end the test
fail() {
	local i
	echo "FAILED: $*"
	for ((i = 1; i < ${#FUNCNAME[@]} - 1; i++)); do
		echo "  in ${FUNCNAME[i]}, ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}"
	done
	exit 1
} >&2

# skip CLASS REASON...: end the test without a result. CLASS: `cannot`, this machine has no way to run it (its kernel, its
# hardware); `could`, something is missing that can be installed or done, which with CI=true is a failure.
skip() {
	local class=$1
	shift
	if [ "$class" = could ] && [ "${CI:-}" = true ]; then
		fail "this test must run under CI: $*"
	fi
	echo "$*" >"$TEST_TMP/skip"
	exit "$SKIPPED"
}

# assert_eq GOT WANT WHAT
assert_eq() {
	[ "$1" = "$2" ] || fail "$3: got '$1', expected '$2'"
}

# assert_match GOT GLOB WHAT
assert_match() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 == $2 ]] || fail "$3: got '$1', expected something like '$2'"
}

# assert_no_match GOT GLOB WHAT
assert_no_match() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 != $2 ]] || fail "$3: got '$1', which is like '$2'"
}

# assert_json JSON FILTER [WHAT]: the jq filter must give true
assert_json() {
	if [ -z "$1" ] || ! jq -e "$2" <<<"$1" >/dev/null; then # jq 1.6 finds nothing to be true
		fail "${3:-JSON}: not so: $2
$1"
	fi
}

# run COMMAND...: sets RC, OUT and ERR, and never fails
run() {
	RC=0
	"$@" >"$TEST_TMP/run.out" 2>"$TEST_TMP/run.err" || RC=$?
	OUT=$(<"$TEST_TMP/run.out")
	ERR=$(<"$TEST_TMP/run.err")
	echo "run: $* -> $RC${OUT:+, out: $OUT}${ERR:+, err: $ERR}"
}

# succeeds COMMAND...
succeeds() {
	run "$@"
	[ "$RC" = 0 ] || fail "'$*' failed with status $RC: $ERR"
}

# refused STATUS GLOB COMMAND...: must exit with this status, say such a thing on stderr, and nothing on stdout
refused() {
	local status=$1 glob=$2
	shift 2
	run "$@"
	[ "$RC" = "$status" ] || fail "'$*': exit status $RC, expected $status: $OUT $ERR"
	assert_match "$ERR" "$glob" "message of '$*'"
	assert_eq "$OUT" '' "stdout of '$*'"
}
