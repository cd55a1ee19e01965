#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# Many links: each costs the daemon little memory, none costs time while it is idle, and the last one no more than the first.
# What it is in figures is for tests/bench/scale.sh to say, on a machine that has time.
. "$(dirname "$0")/../lib.sh"

LINKS=120
NAMESPACES=20        # of the ring: each has four links to the next one
EDGE=30              # so many of the first and the last are compared; enough for their list to be given back
KIB_PER_LINK=8       # of memory; sanitizers take more
CALLS=$BUILD_DIR/tests/bench/calls
if grep -qa __asan_init "$RPORTD"; then
	LINKS=60 NAMESPACES=10 KIB_PER_LINK=
fi

# call METHOD PARAMETERS: a line for calls
call() {
	printf '{"method":"org.rportd.Manager.%s","parameters":%s}\n' "$1" "$2"
}

# pair_calls FIRST LAST: of links between the namespaces that end_of says
pair_calls() {
	local i
	for ((i = $1; i <= $2; i++)); do
		call Pair "{\"name\":\"l$i\",\"a\":{\"domain\":\"netns:$(end_of "$i" a)\"},\"b\":{\"domain\":\"netns:$(end_of "$i" b)\"}}"
	done
}

unpair_calls() {
	local i
	for ((i = $1; i <= $2; i++)); do
		call Unpair "{\"name\":\"l$i\"}"
	done
}

# make_calls: those on standard input, on one connection
make_calls() {
	"$CALLS" "$SOCKET" >calls.out || fail "a call failed"
}

# memory: KiB that are the daemon's own, in both of its processes; programs and libraries are not, nor the buffers of the workers, which are as many
# as the largest burst of packets needed, however many links it came over: they are the only large mappings
memory() {
	awk '$1 == "Size:" { size = $2 } $1 == "Anonymous:" && size < 16384 { n += $2 } END { print n }' "/proc/$RPORTD_PID/smaps" "/proc/$(data_pid)/smaps"
}

# main_cpu_ns: time on a CPU of the threads that do what clients ask for, in the kernel, too
main_cpu_ns() {
	local data
	data=$(data_pid)
	awk '{ n += $1 } END { print n }' "/proc/$RPORTD_PID/task/$RPORTD_PID/schedstat" "/proc/$data/task/$data/schedstat"
}

# pair_edge FIRST: so many, and the CPU time that they took, in CPU_NS
pair_edge() {
	local before
	before=$(main_cpu_ns)
	pair_calls "$1" $(($1 + EDGE - 1)) | make_calls
	CPU_NS=$(($(main_cpu_ns) - before))
}

# all_carry N: each of N links is up, and something has crossed it in both directions: the kernel's neighbour discovery
all_carry() {
	rportctl -j list | jq -e --argjson n "$1" \
		'length == $n and all(.[]; .state == "up" and .a.carrier and .b.carrier and .a.statistics.packets > 0 and .b.statistics.packets > 0)'
}

# memory_is_small N: for N links more than when BASE_MEMORY was noted
memory_is_small() {
	local used=$(($(memory) - BASE_MEMORY))
	echo "$used KiB of memory for $1 links"
	[ -z "$KIB_PER_LINK" ] || [ "$used" -lt $((KIB_PER_LINK * $1)) ] || fail "that is too much"
}

nothing_left() {
	assert_eq "$(rportctl -j list)" '[]' "list"
	assert_eq "$(rportctl -j ports)" '[]' "ports"
	assert_no_ports
	eventually fds_at_most "$BASE_FDS"
}

# start: with the first links, and what all of them share
start() {
	start_rportd
	BASE_FDS=$(rportd_fds)
	pair_edge 1
	FIRST_CPU_NS=$CPU_NS
	eventually all_carry "$EDGE"
	BASE_MEMORY=$(memory)
}

end_of() {
	[ "$2" = a ] && echo "$A" || echo "$B"
}

test_two_namespaces() {
	ns_add A B
	start
	pair_calls $((EDGE + 1)) $((LINKS - EDGE)) | make_calls
	pair_edge $((LINKS - EDGE + 1))
	echo "CPU time of $EDGE pairs: $((FIRST_CPU_NS / 1000)) us, then $((CPU_NS / 1000)) us"
	[ "$CPU_NS" -lt $((2 * FIRST_CPU_NS)) ] || fail "the last pairs cost more than the first"
	eventually all_carry "$LINKS"
	memory_is_small $((LINKS - EDGE))
	eventually rportd_idle
	succeeds rportctl -j list
	memory_is_small $((LINKS - EDGE)) # what the list was made of is given back
	succeeds rportctl show "l$LINKS"
	unpair_calls 1 "$LINKS" | make_calls
	nothing_left
}

test_ring_of_namespaces() {
	local i links=$((4 * NAMESPACES))
	end_of() {
		local from=$((($1 - 1) / 4))
		[ "$2" = a ] && echo "${TEST_PREFIX}r$from" || echo "${TEST_PREFIX}r$(((from + 1) % NAMESPACES))"
	}
	for ((i = 0; i < NAMESPACES; i++)); do
		ns_create "${TEST_PREFIX}r$i"
	done
	start
	pair_calls $((EDGE + 1)) "$links" | make_calls
	eventually all_carry "$links"
	memory_is_small $((links - EDGE))
	# one namespace goes, with the eight ports in it: their links wait, the others carry on
	ip netns del "${TEST_PREFIX}r0"
	eventually pending_are 8
	assert_json "$(rportctl -j list)" "([.[] | select(.state == \"up\")] | length) == $((links - 8))" "the others"
	# and comes again
	ns_create "${TEST_PREFIX}r0"
	eventually pending_are 0
	eventually all_carry "$links"
	unpair_calls 1 "$links" | make_calls
	nothing_left
}

pending_are() {
	[ "$(rportctl -j list | jq '[.[] | select(.state == "pending")] | length')" = "$1" ]
}

run_tests "$@"
