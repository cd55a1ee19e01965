#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# Three namespaces, links all-to-all with different MTUs; after OpenBSD's regress for pair(4).
. "$(dirname "$0")/../lib.sh"

# link LEFT RIGHT NUMBER MTU
link() {
	succeeds rportctl pair "$1" "$2" --name "link$3" --mtu "$4" --addresses "10.0.$3.1,10.0.$3.2" \
		--addresses "fd00:$3::1,fd00:$3::2"
}

mesh() {
	ns_add A B C
	link "$A" "$B" 1 1280 "$@"
	link "$B" "$C" 2 9000 "$@"
	link "$C" "$A" 3 32768 "$@"
}

# every_two FUNCTION: call it with FROM TO ADDRESS ADDRESS6 MTU for every two, both ways
every_two() {
	"$1" "$A" "$B" 10.0.1.2 fd00:1::2 1280
	"$1" "$B" "$A" 10.0.1.1 fd00:1::1 1280
	"$1" "$B" "$C" 10.0.2.2 fd00:2::2 9000
	"$1" "$C" "$B" 10.0.2.1 fd00:2::1 9000
	"$1" "$C" "$A" 10.0.3.2 fd00:3::2 32768
	"$1" "$A" "$C" 10.0.3.1 fd00:3::1 32768
}

both_pings() {
	ping_ok "$1" "$3"
	ping_ok "$1" "$4"
	# as large as the link takes, not to be fragmented; and one byte more
	ping_ok "$1" "$3" -M 'do' -s $(($5 - 28))
	ping_ok "$1" "$4" -M 'do' -s $(($5 - 48))
	ping_fails "$1" "$3" -M 'do' -s $(($5 - 27))
	ping_fails "$1" "$4" -M 'do' -s $(($5 - 47))
}

both_tcp() {
	tcp_transfer "$1" "$2" "$3" 4000000 1
	tcp_transfer "$1" "$2" "$4" 4000000 2
}

test_ping() {
	start_rportd
	mesh
	every_two both_pings
}

test_tcp() {
	start_rportd --workers 2
	mesh
	every_two both_tcp
}

test_all_at_once() {
	local status=0 pids=() n=0
	start_rportd --workers 2
	mesh
	for args in "$A 10.0.1.2" "$B 10.0.2.2" "$C 10.0.3.2" "$B 10.0.1.1" "$C 10.0.2.1" "$A 10.0.3.1"; do
		n=$((n + 1))
		spawn "${args% *}" "ping.$n" ping -n -q -c 100 -i 0.01 -s 1000 "${args#* }"
		pids+=("$SPAWN_PID")
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=$?
	done
	[ "$status" = 0 ] || fail "$(tail ping.*)"
	assert_eq "$(grep -l ' 0% packet loss' ping.* | wc -l)" 6 "pings without loss"
}

run_tests "$@"
