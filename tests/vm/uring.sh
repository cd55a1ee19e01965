#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What the sysctl kernel.io_uring_disabled leaves. It is the machine's, so vm/run.sh runs this in a virtual one.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

SYSCTL=kernel.io_uring_disabled

# disable VALUE: from here on, until enable
disable() {
	sysctl -qw "$SYSCTL=$1" 2>/dev/null || skip cannot "this kernel has no $SYSCTL"
}

enable() {
	sysctl -qw "$SYSCTL=0"
}

# start VALUE: a daemon where the sysctl is that, with a link that works; the process that moves packets has no capability
start() {
	local task
	disable "$1"
	start_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	for task in /proc/"$(data_pid)"/task/*; do
		assert_eq "$(sed -n 's/^CapEff:\t//p' "$task/status")" 0000000000000000 "CapEff of $task"
	done
}

# workers have the capability until they have their rings
test_for_the_privileged() {
	start 1
	assert_match "$(rportctl -j show ab | jq -r .datapath)" 'uring-*' 'data path'
	kill -KILL "$(data_pid)"
	eventually data_pid
	ping_ok "$A" 192.168.0.1
	enable
}

test_for_nobody() {
	start 2
	assert_eq "$(rportctl -j show ab | jq -r .datapath)" epoll 'data path'
	assert_match "$(<"$RPORTD_LOG")" '*data path epoll (io_uring: Operation not permitted)*' 'the log'
	enable
}

run_tests "$@"
