#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# Ports that are made directly in a namespace keep it alive: it must go at once when it loses its name, whatever happens.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"

MANY=100
if grep -qa __asan_init "$RPORTD"; then
	MANY=20
fi
FREED_MS=100

# witness NAMESPACE: its end of a veth pair, in HOME_NS, goes when the namespace is really gone
witness() {
	ip -n "$HOME_NS" link add witness type veth peer name witness netns "$1"
}

# is_freed [MS]: it is gone in time
is_freed() {
	eventually -t "${1:-$FREED_MS}" witness_gone "$HOME_NS"
}

# freeze_without PID: while rportd does not have the namespace of this process open for work of its own
freeze_without() {
	eventually frozen_without "$(stat -L -c %i "/proc/$1/ns/net")"
}

frozen_without() {
	freeze_rportd
	[ -z "$(held_by_rportd "$1")" ] || {
		thaw_rportd
		return 1
	}
}

# stays: it is not gone, though there has been time for it
stays() {
	sleep 0.3
	! witness_gone "$HOME_NS" || fail "$1"
}

# inhabit NAMESPACE: by a process, SPAWN_PID, that keeps it alive
inhabit() {
	spawn "$1" out sleep infinity
	eventually is_in "$1"
}

is_in() {
	[ "$(stat -L -c %i "/proc/$SPAWN_PID/ns/net")" = "$(namespace_inode "$1")" ]
}

# pair_many: MANY links between A and B
pair_many() {
	local i
	for ((i = 0; i < MANY; i++)); do
		printf '{"method":"org.rportd.Manager.Pair","parameters":{"name":"l%d","a":{"domain":"netns:%s"},"b":{"domain":"netns:%s"}}}\n' \
			"$i" "$A" "$B"
	done | "$BUILD_DIR/tests/bench/calls" "$SOCKET" >times.out || fail "a call failed"
}

pending_are() {
	[ "$(rportctl -j list | jq '[.[] | select(.state == "pending")] | length')" = "$1" ]
}

# what the other tests are about: while nobody notices, the namespace is there
test_is_made_directly() {
	start_rportd
	ns_add A B
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	freeze_rportd
	ip netns del "$B"
	stays "the port was not made directly: nothing keeps its namespace"
	thaw_rportd
	is_freed
	eventually port_is ab b .state pending
	assert_eq "$(port ab b .reason)" "no namespace /run/netns/$B; \"ip netns list\" shows those that exist" reason
}

test_name_is_deleted() {
	local inode
	start_rportd
	ns_add A B
	for _ in 1 2 3; do
		witness "$B"
		inode=$(namespace_inode "$B")
		succeeds rportctl pair "$A" "$B" --name ab
		ip netns del "$B"
		is_freed
		assert_eq "$(held_by_rportd "$inode")" '' "how rportd keeps the namespace"
		eventually port_is ab b .state pending
		ns_create "$B"
		eventually both_carry
		succeeds rportctl unpair ab
	done
}

# all ports in it are removed together
test_name_of_many_is_deleted() {
	start_rportd
	ns_add A B
	pair_many
	witness "$B"
	ip netns del "$B"
	is_freed 400
	eventually pending_are "$MANY"
	ns_create "$B"
	eventually pending_are 0
}

# without the name, a process in it has it for itself
test_namespace_outlives_its_name() {
	start_rportd
	ns_add A B
	witness "$B"
	inhabit "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	ip netns del "$B"
	eventually port_is ab b .state pending
	assert_eq "$(nsenter --net --target "$SPAWN_PID" -- ip -j link show type tun)" '[]' "ports in it"
	kill "$SPAWN_PID"
	is_freed
}

test_name_is_replaced() {
	start_rportd
	ns_add A B
	for _ in 1 2 3; do
		witness "$B"
		succeeds rportctl pair "$A" "$B" --name ab
		ip netns del "$B"
		ip netns add "$B"
		is_freed
		eventually both_carry
		succeeds rportctl unpair ab
	done
}

# mounted over the other one, which so has no name any more that anybody sees
test_name_is_mounted_over() {
	start_rportd
	ns_add A B C
	succeeds rportctl pair "$A" "$B" --name ab
	mount --bind "/run/netns/$C" "/run/netns/$B"
	eventually both_carry_in "$C"
	assert_eq "$(port ab b .state)" up "state of b"
	umount "/run/netns/$B"
	eventually both_carry
	assert_eq "$(ports "$C")" '' "ports in the former namespace"
}

both_carry_in() {
	has_carrier "$A" rport0 && has_carrier "$1" rport0
}

test_only_the_mount_goes() {
	start_rportd
	ns_add A B
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	umount "/run/netns/$B"
	is_freed
	eventually port_is ab b .state pending
	rm "/run/netns/$B"
}

# a link into /proc keeps nothing alive: whoever is in the namespace does
test_name_is_a_link() {
	start_rportd
	ns_add A B
	witness "$B"
	inhabit "$B"
	ip netns del "$B"
	ln -s "/proc/$SPAWN_PID/ns/net" "/run/netns/$B"
	succeeds rportctl pair "$A" "$B" --name ab
	freeze_without "$SPAWN_PID"
	kill "$SPAWN_PID"
	is_freed 3000
	thaw_rportd
	eventually port_is ab b .state pending
	rm "/run/netns/$B"
}

# the same namespace under the same name, but kept by a process from now on
test_name_becomes_a_link() {
	start_rportd
	ns_add A B
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	inhabit "$B"
	ln -s "/proc/$SPAWN_PID/ns/net" "/run/netns/$B.link"
	umount "/run/netns/$B"
	mv "/run/netns/$B.link" "/run/netns/$B"
	eventually grep -q "port netns:$B/rport0: pending -> up" "$RPORTD_LOG"
	eventually both_carry_pid
	freeze_without "$SPAWN_PID"
	kill "$SPAWN_PID"
	is_freed 3000
	thaw_rportd
	eventually port_is ab b .state pending
	rm "/run/netns/$B"
}

both_carry_pid() {
	[ "$(rportctl -j show ab | jq '.a.carrier and .b.carrier')" = true ]
}

test_pid() {
	start_rportd
	ns_add A B
	witness "$B"
	inhabit "$B"
	ip netns del "$B"
	succeeds rportctl pair "$A" "pid:$SPAWN_PID" --name ab
	freeze_without "$SPAWN_PID"
	kill "$SPAWN_PID"
	is_freed 3000
	thaw_rportd
	eventually port_is ab b .state pending
}

# its descriptor keeps the namespace where it was made, wherever it is
test_port_is_elsewhere() {
	start_rportd
	ns_add A B C
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	ip -n "$B" link set rport0 netns "$C"
	eventually port_is ab b '.drift | length > 0' true
	ip netns del "$B"
	is_freed
	eventually port_is ab b .state pending
	assert_eq "$(ports "$C")" '' "ports in the other namespace"
}

# --- nobody was there ------------------------------------------------------------------------------------------------

# the store keeps the descriptors until somebody says that they are of no use any more
test_name_is_deleted_meanwhile() {
	start_kept_rportd --delay never
	ns_add A B
	witness "$B"
	pair_many
	kill_rportd_only
	ip netns del "$B"
	stays "the store did not keep the devices"
	restart_rportd
	is_freed 3000
	eventually pending_are "$MANY"
	ns_create "$B"
	eventually pending_are 0
}

test_name_is_replaced_meanwhile() {
	start_kept_rportd --delay never
	ns_add A B
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	kill_rportd_only
	ip netns del "$B"
	ns_create "$B"
	restart_rportd
	is_freed 3000
	eventually both_carry
}

# as it is used from now on, it would not be noticed when the namespace is of no use
test_name_becomes_a_link_meanwhile() {
	start_kept_rportd --delay never
	ns_add A B
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	inhabit "$B"
	kill_rportd_only
	umount "/run/netns/$B"
	ln -sf "/proc/$SPAWN_PID/ns/net" "/run/netns/$B"
	restart_rportd
	eventually both_carry_pid
	kill "$SPAWN_PID"
	is_freed 3000
	eventually port_is ab b .state pending
	rm "/run/netns/$B"
}

# moved, and the name with it: the device keeps a namespace that has no other purpose
test_name_follows_the_port_meanwhile() {
	start_kept_rportd --delay never
	ns_add A B C
	witness "$B"
	succeeds rportctl pair "$A" "$B" --name ab
	kill_rportd_only
	ip -n "$B" link set rport0 netns "$C"
	umount "/run/netns/$B"
	mount --bind "/run/netns/$C" "/run/netns/$B"
	restart_rportd
	is_freed 3000
	eventually both_carry
	umount "/run/netns/$B"
}

# what is there stays as it is
test_restart() {
	local index
	start_kept_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab
	index=$(port ab b .index)
	kill_rportd
	eventually both_carry
	assert_eq "$(port ab b .index)" "$index" "index of b"
	witness "$B"
	ip netns del "$B"
	is_freed
}

# --- names of interfaces ---------------------------------------------------------------------------------------------

# udev and others recognize it by its name until it has its alias
test_is_recognized_from_the_beginning() {
	local ns
	start_rportd
	ns_add A
	for ns in "$A" "$HOME_NS"; do
		spawn "$ns" monitor.out stdbuf -oL ip -o -d monitor link
		eventually kill -0 "$SPAWN_PID"
		sleep 0.2
		succeeds rportctl create wan0 in "$([ "$ns" = "$A" ] && echo "netns:$A" || echo default)"
		eventually grep -q wan0 monitor.out
		sleep 0.2
		assert_eq "$(grep -oE '^[0-9]+: [^:]*' monitor.out | cut -d ' ' -f 2 | uniq | xargs)" 'rportd-new0 wan0' "names that were seen"
		assert_eq "$(ip -n "$ns" -j link show dev wan0 | jq -r '.[0].ifalias')" rport alias
		kill "$SPAWN_PID"
	done
	# whatever is seen of the second name has the alias
	succeeds sh -c '! grep wan0 monitor.out | grep -v "alias rport"'
}

# a persistent device of somebody else is not opened
test_devices_of_others() {
	start_rportd
	ns_add A B
	ip -n "$A" tuntap add dev rport0 mode tun multi_queue
	ip -n "$A" tuntap add dev wan0 mode tun
	ip -n "$A" link set rport0 mtu 1400
	succeeds rportctl pair "$A" "$B" --name ab --queues 2
	assert_eq "$(port ab a .interface)" rport1 "name of a"
	refused 2 "*wan0*already*" rportctl pair "$A" "$B" --name cd --a-name wan0
	refused 2 "*rport0*already*" rportctl pair "$A" "$B" --name cd --a-name rport0 --queues 2
	ip -n "$A" link property add dev wan0 altname wan1
	refused 2 "*wan1*already*" rportctl pair "$A" "$B" --name cd --a-name wan1
	assert_eq "$(ip -n "$A" -j link show dev rport0 | jq -r '.[0] | "\(.mtu) \(.ifalias)"')" '1400 null' "the other's device"
	ip -n "$A" link del rport0
	ip -n "$A" link del wan0
}

# --- how long it takes -----------------------------------------------------------------------------------------------

test_takes_milliseconds() {
	local median
	start_rportd
	ns_add A B
	pair_many
	median=$(sort -n times.out | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
	echo "median of $MANY pairs: $median us"
	[ "$median" -le $(($(limit 3) * 1000)) ] || fail "that is too long"
}

run_tests "$@"
