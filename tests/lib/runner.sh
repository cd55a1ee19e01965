#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Running the tests of a file, each in a process of its own, and telling their results. Sourced by ../lib.sh.

# Everything that the test began ends, however it ends. A file may have a function end_more for what it has besides.
end_test() {
	local pid
	trap - EXIT
	! declare -F end_more || end_more
	for pid in $(jobs -p); do
		kill -KILL "$pid" || true # one that has ended is no failure
	done
	wait
	delete_namespaces
} >/dev/null 2>&1

# one_test NAME: the test process itself
one_test() {
	set -Eeuo pipefail
	trap end_test EXIT
	trap 'echo "FAILED: ended by the time limit or by hand"; exit 124' TERM INT HUP
	trap 'echo "FAILED: status $? at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
	cd "$TEST_TMP"
	"$1"
	stop_rportd
}

# Did a sanitizer complain anywhere in this test?
sanitizer_complaint() {
	grep -lE 'ERROR: AddressSanitizer|LeakSanitizer|runtime error:' "$1"/*.log "$1"/run.err "$1"/log 2>/dev/null
}

# measured TEXT...: what a test has found, and nobody can promise; printed with its result
measured() {
	echo "$*" >>"$TEST_TMP/measured"
}

# result WORD NAME TEXT: print it and note it
result() {
	echo "$1 ${TEST_LABEL:+$TEST_LABEL.}$2$3"
	[ -z "${RESULTS:-}" ] || echo "$1 ${TEST_LABEL:+$TEST_LABEL.}$2" >>"$RESULTS"
}

print_log() {
	local file
	for file in log rportd.log; do
		[ -s "$1/$file" ] || continue
		echo "  --- $file"
		tail -n 60 "$1/$file" | cut -c 1-500 | sed 's/^/  | /'
	done
}

# failure LOG LINES: what went wrong, and by which chance
failure() {
	sed -n '/^SEED=/p; /^FAILED:/,$p' "$1" | head -n "$2" | cut -c 1-2000 | sed 's/^/  | /'
}

# print_failure DIRECTORY: once more what may have been cut away from the log above
print_failure() {
	if [ "$(wc -l <"$1/log")" -gt 60 ] || grep -qE '^.{501}' "$1/log"; then
		echo "  --- what failed"
		failure "$1/log" 60
	fi
}

# keep_all DIRECTORY TITLE: all that the test left, for who looks into it, where run-tests has its logs
keep_all() {
	local to=${LOGS:-}/failed/${TEST_LABEL:+$TEST_LABEL.}$2
	[ -n "${LOGS:-}" ] || return 0
	rm -rf "$to"
	mkdir -p "${to%/*}" && cp -r "$1" "$to" && echo "  --- all of it: $to"
}

# run_test FILE NAME: one test in a process of its own; 0 unless it failed
run_test() {
	local file=$1 name=$2 title status=0 started word
	title=$(basename "$file" .sh).${name#test_}
	started=$(now_ms)
	TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rport-test.XXXXXX")
	chmod 755 "$TEST_TMP"
	# short, unique to this test on this machine, and no prefix of another one's
	TEST_PREFIX=rt${TEST_TMP##*.}-
	export TEST_TMP TEST_PREFIX
	# timeout's process group is the test's: at the limit all of it is told. In the background, so that we can be told too
	timeout -k 10 "$TEST_SECONDS" bash "$file" --one "$name" >"$TEST_TMP/log" 2>&1 </dev/null &
	TEST_PID=$!
	wait "$TEST_PID" || status=$?
	TEST_PID=
	delete_namespaces >/dev/null 2>&1 # of one that was killed
	word='not ok'
	if [ -n "$(sanitizer_complaint "$TEST_TMP")" ]; then
		echo "FAILED: a sanitizer complained" >>"$TEST_TMP/log"
	elif [ "$status" = 0 ]; then
		word=ok
	elif [ "$status" = "$SKIPPED" ] && [ -e "$TEST_TMP/skip" ]; then
		word=skip
	fi
	case $word in
	skip) result skip "$title" " # $(<"$TEST_TMP/skip")" ;;
	*) result "$word" "$title" " ($(seconds_since "$started")s)" ;;
	esac
	[ ! -e "$TEST_TMP/measured" ] || sed 's/^/  | /' "$TEST_TMP/measured"
	if [ "$word" = 'not ok' ] || [ "${VERBOSE:-}" = 1 ]; then
		print_log "$TEST_TMP"
	fi
	if [ "$word" = 'not ok' ]; then
		print_failure "$TEST_TMP"
		keep_all "$TEST_TMP" "$title"
	fi
	rm -rf "$TEST_TMP"
	[ "$word" != 'not ok' ]
}

interrupted() {
	if [ -n "${TEST_PID:-}" ]; then
		kill -TERM "$TEST_PID"
		wait "$TEST_PID"
		delete_namespaces
		rm -rf "$TEST_TMP"
	fi
	exit 130
}

# in_this_pass: of the names of tests those that hold with the fast path, if that is the pass: see SHUTTLE_ONLY in the files
in_this_pass() {
	local words=" ${SHUTTLE_ONLY:-} "
	while read -r name; do
		[ -n "${FAST_PATH:-}" ] && [[ $words == *" ${name#test_} "* ]] || echo "$name"
	done
}

# run_tests [NAME...]: all tests of this file, or those named
run_tests() {
	local name failed=0
	if [ "${1:-}" = --one ]; then
		one_test "$2"
		exit
	fi
	[ "$(id -u)" = 0 ] || {
		echo "${0##*/}: tests with namespaces need root" >&2
		exit 1
	}
	trap interrupted INT TERM HUP
	local names=("$@")
	[ $# -gt 0 ] || mapfile -t names < <(compgen -A function test_ | in_this_pass)
	for name in "${names[@]}"; do
		run_test "$0" "$name" || failed=1
	done
	exit $failed
}
