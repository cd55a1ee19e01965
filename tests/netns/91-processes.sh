#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Domains that are the namespaces of processes: pid:N is the process that had the number when it was given, whatever other
# process gets the number later, before or after a restart of rportd.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"

NUMBERED=$BUILD_DIR/tests/tools/numbered

# is_in PID NAMESPACE, as a condition
is_in() {
	[ "/proc/$1/ns/net" -ef "/run/netns/$2" ]
}

# process_in NAMESPACE: start one there; PROCESS
process_in() {
	nsenter --net=/run/netns/"$1" sleep 600 >/dev/null 2>&1 </dev/null &
	PROCESS=$!
	eventually is_in "$PROCESS" "$1"
}

# end_process: it is gone altogether, so that its number is free
end_process() {
	kill "$PROCESS"
	wait "$PROCESS" || true
}

# reuse_number NAMESPACE: another process gets the number of PROCESS, which has ended, there
reuse_number() {
	nsenter --net=/run/netns/"$1" "$NUMBERED" "$PROCESS" sleep 600 >numbered.out 2>&1 </dev/null &
	eventually is_in "$PROCESS" "$1"
}

# pair_process [OPTION...]: A and the namespace of PROCESS, as link "ab"
pair_process() {
	succeeds rportctl pair "$A" "pid:$PROCESS" --name ab --addresses 192.168.0.0,192.168.0.1 "$@"
	eventually port_is ab b .state up
}

# pair_both: the process is in B, which outlives it
pair_both() {
	ns_add A B
	process_in "$B"
	pair_process
}

has_ended() {
	[[ $(port ab b .reason) == "process $PROCESS has ended: "* ]]
}

# assert_pending NAMESPACE: another process has the number, there; what makes rportd look again does not make it take that one
assert_pending() {
	eventually has_ended
	refused 3 "*process $PROCESS has ended: *" rportctl reconcile ab
	assert_eq "$(port ab b .state)" pending "state, with another process $PROCESS"
	assert_eq "$(ports "$1")" '' "interfaces where the other process is"
}

# --- without a restart -----------------------------------------------------------------------------------------------

# in the same namespace, so that nothing but the pidfd tells them apart
test_another_process_of_the_namespace() {
	start_rportd
	pair_both
	end_process
	assert_eq "$(port ab b .state)" up "state while the namespace has a name"
	ping_ok "$A" 192.168.0.1
	reuse_number "$B"
	ip -n "$B" link del rport0
	assert_pending "$B"
}

test_another_process_elsewhere() {
	start_rportd
	pair_both
	ns_add C
	end_process
	reuse_number "$C"
	ip -n "$B" link del rport0
	assert_pending "$C"
}

test_process_lives_on() {
	start_rportd
	pair_both
	ip -n "$B" link del rport0
	eventually port_is ab b '"\(.losses) \(.state)"' '1 up'
	ping_ok "$A" 192.168.0.1
}

# who says pid:N again means the process that has the number then
test_pair_again() {
	start_rportd
	pair_both
	succeeds rportctl pair "$A" "pid:$PROCESS" --name ab --addresses 192.168.0.0,192.168.0.1
	assert_match "$OUT" 'ab: unchanged*' 'the same process'
	end_process
	ns_add C
	reuse_number "$C"
	refused 2 "*a process $PROCESS that has ended*--replace*" rportctl pair "$A" "pid:$PROCESS" --name ab \
		--addresses 192.168.0.0,192.168.0.1
	assert_eq "$(ports "$B")" rport0 'interfaces in the former namespace'
	pair_process --replace
	assert_eq "$(ports "$B")" '' 'interfaces in the former namespace'
	assert_eq "$(ports "$C")" rport0 'interfaces in the namespace of the other process'
	ping_ok "$A" 192.168.0.1
}

# a link that is made again since its replacement failed is not given to another process either
test_failed_replacement() {
	start_rportd
	pair_both
	ns_add C
	end_process
	reuse_number "$C"
	ip -n "$C" link add taken0 type veth peer name taken1
	refused 2 '*taken0*' rportctl pair "$A" "$C" --name ab --b-name taken0 --replace
	assert_eq "$(ports "$C")" '' 'interfaces in the namespace of the other process'
	assert_pending "$C"
}

# a thread has a number, too, but is no process
test_threads() {
	local pid tid
	start_rportd
	ns_add A
	pid=$(data_pid)
	tid=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 ! -name "$pid" -printf '%f\n' | head -n 1)
	refused 3 "*no process $tid, *" rportctl pair "$A" "pid:$tid" --name ab
}

# --- with a restart --------------------------------------------------------------------------------------------------

test_restart_with_the_process() {
	local index
	start_kept_rportd
	pair_both
	index=$(port ab b .index)
	kill_rportd
	assert_eq "$(port ab b '"\(.index) \(.state)"')" "$index up" 'index and state after a restart'
	ip -n "$B" link del rport0
	eventually port_is ab b '"\(.losses) \(.state)"' '1 up'
	ping_ok "$A" 192.168.0.1
}

test_restart_with_another_process() {
	start_kept_rportd --delay never
	pair_both
	kill_rportd_only
	end_process
	reuse_number "$B"
	restart_rportd
	assert_pending "$B"
	# nor after another one, when the port has no interface
	kill_rportd_only
	restart_rportd
	assert_pending "$B"
}

# it ended, and the number was given away, before the restart
test_number_was_reused_before_a_restart() {
	start_kept_rportd
	pair_both
	end_process
	reuse_number "$B"
	kill_rportd
	assert_pending "$B"
}

test_pidfd_is_kept_as_long_as_the_port() {
	start_kept_rportd
	pair_both
	assert_eq "$(stored | grep -c '^d')" 1 'descriptors of processes'
	ip -n "$B" link del rport0
	eventually port_is ab b '"\(.losses) \(.state)"' '1 up'
	assert_eq "$(stored | grep -c '^d')" 1 'descriptors of processes, with another interface'
	succeeds rportctl unpair ab
	eventually stored_is
}

run_tests "$@"
