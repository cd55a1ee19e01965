#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
#
# After a restart the records and the stored devices do not belong together: each port gets a device of its own, as its
# link was asked for, and nothing is left behind.

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"

# tuns_of_rportd: how many TUN descriptors it has open
tuns_of_rportd() {
	find "/proc/$RPORTD_PID/fd" -lname '/dev/net/tun' | wc -l
}

tuns_are() {
	[ "$(tuns_of_rportd)" = "$1" ]
}

all_links_are() {
	rportctl -j list | jq -e --arg state "$1" --argjson n "$2" 'length == $n and all(.state == $state)'
}

# setup OPTION...: eight links; these options are for the sixth. Each has two ports, whose numbers count from 0
setup() {
	local i options
	start_kept_rportd
	ns_add A B
	for i in 1 2 3 4 5 6 7 8; do
		options=()
		[ "$i" != 6 ] || options=("$@")
		succeeds rportctl pair "$A" "$B" --name "l$i" --a-name "a$i" --b-name "b$i" \
			--addresses "10.0.$i.1,10.0.$i.2" ${options[@]+"${options[@]}"}
	done
	eventually all_links_are up 8
}

# swap_devices N M: the records of ports N and M claim each other's devices
swap_devices() {
	edit_state "s/\"slot\":$1,/\"slot\":none,/; s/\"slot\":$2,/\"slot\":$1,/; s/\"slot\":none,/\"slot\":$2,/"
}

# as_before N: all links are up and carry, with N queues in all
as_before() {
	local i
	eventually all_links_are up 8
	for i in 1 5 6 8; do
		ping_ok "$A" "10.0.$i.2"
	done
	eventually tuns_are "$1"
	assert_eq "$(ports "$B" | sort | xargs)" 'b1 b2 b3 b4 b5 b6 b7 b8' 'interfaces'
	# taking them out of order visits the whole index
	for i in 5 6 1 8 3 7 2 4; do
		succeeds rportctl unpair "l$i"
		succeeds rportctl list
	done
	assert_no_ports
	tuns_are 0 || fail "$(tuns_of_rportd) TUN descriptors are left"
	stored_is || fail "devices are left in the store: $(stored)"
	succeeds rportctl pair "$A" "$B" --name again
	stop_rportd
}

# b5 and b6: they cannot be connected to a5 and a6
test_devices_with_other_offloads() {
	setup --no-offload
	swap_devices 9 11
	as_before 16
}

test_devices_with_other_queues() {
	setup --queues 2
	swap_devices 9 11
	as_before 18
}

test_devices_with_and_without_mpls() {
	setup --mpls
	swap_devices 9 11
	as_before 16
}

# only their names tell them apart
test_devices_of_the_same_kind() {
	setup
	swap_devices 9 11
	as_before 16
}

run_tests "$@"
