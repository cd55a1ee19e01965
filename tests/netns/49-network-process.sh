#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# The process that makes and watches interfaces, and rportd, which cannot: what each may do, and that the death or the silence of
# rportd-net loses no link, and leaves nothing behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

# --- what they may --------------------------------------------------------------------------------------------------

# may_only CAPABILITIES PID: no thread of it has others, nor can get them
may_only() {
	local set
	for set in CapPrm CapEff; do
		status_is "$set" "$1" "$2"
	done
	for set in CapInh CapAmb; do
		status_is "$set" 0000000000000000 "$2"
	done
	status_is Seccomp 2 "$2"
	status_is NoNewPrivs 1 "$2"
}

readonly NETWORK=0000000000203800 # NET_ADMIN, NET_BROADCAST, NET_RAW, SYS_ADMIN

# none but root's own, DAC_OVERRIDE, when it is started by root
readonly FILES=0000000000000002

confined() {
	may_only "$FILES" "$RPORTD_PID"
	may_only "$NETWORK" "$(starter_pid)"
	may_only "$NETWORK" "$(net_pid)"
}

test_are_confined() {
	start_rportd --seccomp refuse
	ns_add A B
	pair_numbered
	confined
	assert_match "$(ps -o comm=,args= -p "$(net_pid)" | xargs)" 'rportd-net rportd-net refuse*' 'what ps says'
	assert_match "$(ps -o comm=,args= -p "$(starter_pid)" | xargs)" 'rportd-starter rportd-starter refuse*' 'what ps says'
	assert_match "$(ps -o comm= -p "$RPORTD_PID")" rportd 'what ps says'
	[ "/proc/$(net_pid)/ns/net" -ef "/proc/$RPORTD_PID/ns/net" ] || fail 'rportd-net is in another network than rportd'
	kill -KILL "$(net_pid)"
	eventually net_pid
	ping_ok "$A" 192.168.0.1
	confined
}

# sockets_of PID: the families of its sockets, as ss(8) names them; those of a network that are not Unix sockets
network_sockets_of() {
	local entry inode
	for entry in /proc/"$1"/fd/*; do
		inode=$(readlink "$entry") || continue
		[[ $inode == socket:* ]] || continue
		inode=${inode#socket:[} inode=${inode%]}
		! grep -qE "(^| )$inode( |$)" /proc/"$1"/net/{netlink,packet,raw,udp,tcp} || echo "$inode"
	done
}

# policy has neither netlink nor /dev/net/tun, but for the devices that it keeps
test_policy_has_no_network() {
	start_rportd
	ns_add A B
	pair_numbered
	assert_eq "$(network_sockets_of "$RPORTD_PID")" '' 'sockets of rportd'
	[ "$(network_sockets_of "$(net_pid)")" ] || fail 'this test finds no netlink sockets'
	succeeds rportctl unpair ab
	! readlink /proc/"$RPORTD_PID"/fd/* | grep -qE '/dev/net/tun|net:' || fail 'rportd has a device, or a namespace, of no link'
	eventually nothing_of_links "$(net_pid)"
}

# nothing_of_links PID, as a condition: between two calls it keeps nothing but its own two namespaces
nothing_of_links() {
	! readlink /proc/"$1"/fd/* | grep -q /dev/net/tun
}

test_keeps_no_descriptor() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl unpair ab
	before=$(find "/proc/$(net_pid)/fd" -mindepth 1 | wc -l)
	pair_numbered --queues 2
	succeeds rportctl pair "$A" "$B" --name other --mtu 9000
	succeeds rportctl set ab mtu 1500
	succeeds rportctl list
	run rportctl check
	refused 3 '*' rportctl pair "$A" nowhere
	refused 2 '*' rportctl pair "$A" "$B" --name third --a-name lo
	assert_eq "$(find "/proc/$(net_pid)/fd" -mindepth 1 | wc -l)" "$before" 'descriptors of rportd-net with links'
	eventually nothing_of_links "$(net_pid)"
}

# --- its death ------------------------------------------------------------------------------------------------------

# kill_net: by SIGKILL; when it returns there is another one
kill_net() {
	local pid
	pid=$(net_pid)
	kill -KILL "$pid"
	eventually net_pid_other_than "$pid"
}

test_its_death_changes_nothing() {
	start_rportd
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16
	succeeds rportctl create alone in "$A"
	ping_ok "$A" 192.168.0.1
	remember_world
	for _ in 1 2 3; do
		sleep 1.1 # one that dies young is not replaced at once
		kill_net
		assert_same_world 'a kill'
		ping_ok "$A" 192.168.0.1
	done
	assert_eq "$(grep -c 'rportd-net ended (killed by signal 9) and is started again' "$RPORTD_LOG")" 3 'lines in the log'
	succeeds rportctl pair "$A" "$B" --name other
}

# nothing hears of events while it is dead: afterwards all is looked at
test_what_happens_meanwhile_is_found() {
	start_rportd
	ns_add A B C
	pair_numbered
	succeeds rportctl pair "$B" "$C" --name bc
	kill -STOP "$(starter_pid)" # nothing is started until it goes on
	kill -KILL "$(net_pid)"
	ip -n "$A" link set rport0 down
	ip -n "$A" link set rport0 mtu 2000
	ip -n "$C" link del rport0
	ip netns del "$B"
	kill -CONT "$(starter_pid)"
	eventually port_is ab b .state pending
	eventually port_is bc a .state pending
	eventually port_is bc b '"\(.losses) \(.state)"' '1 up'
	eventually link_has ab '.a.drift | length > 0'
	ns_create "$B"
	eventually -t 6000 port_is ab b .state up
	succeeds rportctl reconcile ab
	! grep -F '(null)' "$RPORTD_LOG" || fail 'a line of the log lacks its reason'
	ping_ok "$A" 192.168.0.1
}

link_has() {
	[ "$(rportctl -j show "$1" | jq "$2")" = true ]
}

# a call that was under way has failed with nothing left, or has succeeded; each time the same call works afterwards
test_dies_during_calls() {
	local i
	start_rportd
	ns_add A B
	pair_numbered
	(
		while sleep 0.0$((RANDOM % 9 + 1)); do
			! pid=$(net_pid) || kill -KILL "$pid" 2>/dev/null || true
		done
	) &
	SPAWN_PID=$!
	for i in {1..12}; do
		run rportctl pair "$A" "$B" --name "x$i" --addresses "10.1.$i.0,10.1.$i.1"
		run rportctl set ab mtu $((2000 + i))
		run rportctl unpair "x$i"
	done
	kill "$SPAWN_PID"
	wait "$SPAWN_PID" 2>/dev/null || true
	SPAWN_PID=
	eventually -t 10000 net_pid
	for i in {1..12}; do
		poll 10000 rportctl pair "$A" "$B" --name "x$i" --addresses "10.1.$i.0,10.1.$i.1" || fail "x$i cannot be made"
		succeeds rportctl unpair "x$i"
	done
	eventually port_names_are "$A" rport0
	eventually port_names_are "$B" rport0
	succeeds rportctl reconcile ab
	assert_eq "$(rportctl list -o LINK | tail -n +2 | xargs)" ab links
	ping_ok "$A" 192.168.0.1
}

port_names_are() {
	[ "$(ports "$1" | xargs)" = "$2" ]
}

# --- its silence ----------------------------------------------------------------------------------------------------

# calls about the network fail, and say why; others are answered meanwhile
test_calls_while_it_is_stopped() {
	local pid
	start_rportd
	ns_add A B
	pair_numbered
	pid=$(net_pid)
	kill -STOP "$pid"
	rportctl pair "$A" "$B" --name other >other.out 2>&1 &
	SPAWN_PID=$!
	ping_ok "$A" 192.168.0.1
	if wait "$SPAWN_PID"; then # it was replaced before, as a look at a port was due
		net_pid_other_than "$pid" || fail 'a pair was made by a process that is stopped'
	else
		assert_match "$(<other.out)" '*did not answer within*' 'what the call says'
	fi
	SPAWN_PID=
	succeeds rportctl version
	kill -CONT "$pid" 2>/dev/null || true # by now it may have been replaced
	poll 10000 rportctl pair "$A" "$B" --name other || fail 'it does not go on'
	assert_eq "$(ports "$A" | wc -l)" 2 'interfaces in A'
}

test_the_watchdog_replaces_it() {
	local pid
	export NOTIFY_SOCKET=$TEST_TMP/notify WATCHDOG_USEC=1000000
	start_rportd
	unset NOTIFY_SOCKET WATCHDOG_USEC
	ns_add A B
	pair_numbered
	pid=$(net_pid)
	kill -STOP "$pid"
	eventually net_pid_other_than "$pid"
	# by the watchdog, or by a look at a port that was due
	eventually grep -q 'rportd-net ended (killed by signal 9) and is started again' "$RPORTD_LOG"
	ping_ok "$A" 192.168.0.1
	succeeds rportctl pair "$A" "$B" --name other
}

# --- its end --------------------------------------------------------------------------------------------------------

test_does_not_outlive_rportd() {
	local pid
	start_rportd
	pid=$(net_pid)
	kill -KILL "$RPORTD_PID"
	eventually process_over "$pid"
	rportd_wait 2>/dev/null || true
	start_rportd
	pid=$(net_pid)
	stop_rportd
	process_over "$pid" || fail 'rportd ended before rportd-net'
}

test_is_started_by_rportd_only() {
	run bash -c 'exec -a rportd-net "$0" refuse 3<&-' "$RPORTD"
	[ "$RC" != 0 ] || fail 'rportd-net runs'
	RPORTD_STARTER=0 run "$RPORTD" --socket "$SOCKET"
	[ "$RC" = 2 ] || fail "exit status with a starter that is none: $RC"
}

run_tests "$@"
