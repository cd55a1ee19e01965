#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# Waiting for links, without polling.
. "$(dirname "$0")/../lib.sh"

# waiter ARGUMENT...: rportctl wait in the background, which has seen how things are; PID
waiter() {
	rportctl wait "$@" >out 2>err &
	PID=$!
	eventually has_client
}

# has_client, as a condition: rportd has a connection that stays
has_client() {
	[ -n "$(ss -xH state connected src "$SOCKET")" ]
}

# ends_with STATUS: the waiter, which says nothing else
ends_with() {
	local status=0
	poll "$STEP_MS" process_over "$PID" || fail 'it waits on'
	wait "$PID" || status=$?
	assert_eq "$status$(<out)" "$1" "exit status: $(<err)"
}

still_waits() {
	sleep 0.3
	kill -0 "$PID" || fail "it has not waited: $(<err)"
}

test_until_it_is_up() {
	ns_add A
	start_rportd
	succeeds rportctl pair "$A" "$TEST_PREFIX"b --name ab --allow-pending
	waiter ab
	still_waits
	ns_add B
	ends_with 0
	assert_eq "$(rportctl -j show ab | jq -r .state)" up 'state of the link'
	# it is so already
	succeeds rportctl wait ab --timeout 0
	succeeds rportctl wait ab 'a*'
}

test_until_it_exists() {
	ns_add A B
	start_rportd
	waiter later 'more-*'
	succeeds rportctl pair "$A" "$B" --name later
	still_waits
	succeeds rportctl pair "$A" "$B" --name more-1
	ends_with 0
}

test_other_states() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name ab
	waiter ab --state degraded
	succeeds rportctl down "netns:$A/rport0"
	ends_with 0
	waiter ab --state pending
	ip netns del "$B"
	ends_with 0
	waiter 'a*' --state removed
	still_waits
	succeeds rportctl unpair ab
	ends_with 0
	succeeds rportctl wait nix --state removed
}

# the new name counts
test_renamed() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name old
	waiter new
	succeeds rportctl set old name new
	ends_with 0
	succeeds rportctl wait old --state removed
}

test_time_is_over() {
	local started
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$TEST_PREFIX"no --name ab --allow-pending
	succeeds rportctl pair "$A" "$B" --name cd
	started=$(now_ms)
	refused 2 '*ab is pending, not up: no domain "*' rportctl wait ab cd --timeout 1
	[ $(($(now_ms) - started)) -ge 1000 ] || fail 'it did not wait'
	refused 3 '*no link "nix"*' rportctl wait nix --timeout 0
	refused 3 '*ab is pending*no link "nix"*' rportctl wait ab nix --timeout 0
	refused 2 '*cd is up, not removed*' rportctl wait 'c*' --state removed --timeout 0
}

test_usage() {
	start_rportd
	refused 1 '*which link?*' rportctl wait
	refused 1 '*--state*removed*"gone"*' rportctl wait ab --state gone
	refused 1 '*--timeout*' rportctl wait ab --timeout soon
}

test_rportd_ends() {
	start_rportd
	waiter ab
	stop_rportd
	ends_with 4
	refused 4 '*' rportctl wait ab
}

# what pair was called with until it was not any more
test_old_name_of_allow_pending() {
	ns_add A
	start_rportd
	succeeds rportctl pair "$A" "$TEST_PREFIX"b --name ab --wait
	assert_match "$OUT" '*pending*' 'output'
	assert_no_match "$(rportctl pair --help)" '*--wait*' 'help'
	assert_eq "$(rportctl complete -- pair --wa)" '' 'candidates'
}

run_tests "$@"
