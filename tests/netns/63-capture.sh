#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
#
# rportctl capture: what passes both ends of a link, read by others.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

CAPTURE_PID=

setup() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.9.0.0,10.9.0.1
}

# start_capture ARGUMENT...: and wait until both ends are watched
start_capture() {
	"$RPORTCTL" --socket "$SOCKET" capture "$@" >"$TEST_TMP/capture.out" 2>"$TEST_TMP/capture.err" </dev/null &
	CAPTURE_PID=$!
	eventually watched "${ENDS:-2}"
}

# watched N: so many of tcpdump listen; two may say so on the same line
watched() {
	[ "$(grep -o 'listening on' "$TEST_TMP/capture.err" | wc -l)" -ge "$1" ]
}

stop_capture() {
	local status=0
	kill -INT "$CAPTURE_PID"
	wait "$CAPTURE_PID" || status=$?
	assert_eq "$status" 0 'exit status of capture'
}

test_text() {
	setup
	start_capture ab icmp
	ping_ok "$A" 10.9.0.1
	eventually captured '^a .*10.9.0.0 > 10.9.0.1: ICMP echo request'
	eventually captured '^b .*10.9.0.0 > 10.9.0.1: ICMP echo request'
	eventually captured '^a .*10.9.0.1 > 10.9.0.0: ICMP echo reply'
	stop_capture
	# nothing else passed the filter
	[ "$(grep -vc ICMP "$TEST_TMP/capture.out")" = 0 ] || fail "$(<"$TEST_TMP/capture.out")"
}

captured() {
	grep -q "$1" "$TEST_TMP/capture.out"
}

test_file() {
	setup
	command -v tshark >/dev/null || skip could 'tshark is missing'
	start_capture ab -w "$TEST_TMP/both.pcapng" icmp
	ping_ok "$A" 10.9.0.1
	sleep 0.5
	stop_capture
	succeeds tshark -r "$TEST_TMP/both.pcapng" -T fields -e frame.interface_name -e frame.interface_description -e icmp.type -e icmp.seq
	assert_match "$OUT" "*a*a: netns:$A/rport0*8*1*" 'packets of end a'
	for end in a b; do
		assert_eq "$(awk -F '\t' -v end="$end" '$1 == end && $3 == 8' <<<"$OUT" | wc -l)" 3 "requests at end $end"
		assert_eq "$(awk -F '\t' -v end="$end" '$1 == end && $3 == 0' <<<"$OUT" | wc -l)" 3 "replies at end $end"
	done
	# the request is seen at a before it is at b
	succeeds tshark -r "$TEST_TMP/both.pcapng" -Y 'icmp.type == 8 && icmp.seq == 1' -T fields -e frame.interface_name -e frame.time_epoch
	assert_eq "$(sort -n -k 2 <<<"$OUT" | cut -f 1 | xargs)" 'a b' 'the order in time'
}

test_count_and_pipe() {
	local pid
	setup
	command -v tshark >/dev/null || skip could 'tshark is missing'
	nsenter --net=/run/netns/"$A" -- ping -n -q -i 0.1 10.9.0.1 >/dev/null &
	pid=$!
	succeeds timeout 30 "$RPORTCTL" --socket "$SOCKET" capture ab -c 2 -w "$TEST_TMP/two.pcapng" icmp
	succeeds tshark -r "$TEST_TMP/two.pcapng"
	assert_eq "$(wc -l <<<"$OUT")" 4 'packets, two at each end'
	timeout 30 "$RPORTCTL" --socket "$SOCKET" capture "netns:$A/rport0" -c 2 -w - icmp 2>/dev/null |
		tcpdump -n -r - >"$TEST_TMP/piped" 2>/dev/null
	assert_eq "$(wc -l <"$TEST_TMP/piped")" 2 'packets through a pipe'
	kill "$pid"
}

test_one_port() {
	setup
	ENDS=1 start_capture "netns:$B/rport0" icmp
	ping_ok "$A" 10.9.0.1
	eventually captured 'ICMP echo request'
	stop_capture
	assert_no_match "$(<"$TEST_TMP/capture.out")" 'a *' 'no end is named'
}

# in the namespace of rportd itself
test_default() {
	start_rportd
	ns_add A
	succeeds rportctl pair default "$A" --name ab --addresses 10.9.0.0,10.9.0.1
	start_capture ab icmp
	ping_ok "$A" 10.9.0.0
	eventually captured '^a .*ICMP echo request'
	eventually captured '^b .*ICMP echo request'
	stop_capture
}

# packets on the fast path are seen, too
test_fast_path() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.9.0.0,10.9.0.1 --mtu 1500 --fast-path
	poll 5000 is_fast || skip cannot 'no fast path here'
	start_capture ab icmp
	eventually is_not_fast
	ping_ok "$A" 10.9.0.1
	eventually captured '^a .*ICMP echo request'
	eventually captured '^b .*ICMP echo request'
	stop_capture
	eventually is_fast
}

is_fast() {
	rportctl -j show ab | jq -e '.ways.aToB.fast and .ways.bToA.fast'
}

is_not_fast() {
	rportctl -j show ab | jq -e '(.ways.aToB.fast or .ways.bToA.fast) | not'
}

test_refused() {
	setup
	refused 1 '*which link*' rportctl capture
	refused 3 '*nolink*' rportctl capture nolink
	refused 3 '*no port*' rportctl capture netns:nowhere/rport0
	refused 5 '*' as_nobody capture ab
	run rportctl capture ab -w "$TEST_TMP/no/such/file"
	assert_eq "$RC" 2 'a file that cannot be written'
	# a filter that is wrong: tcpdump says so, and nothing is left running
	run timeout 30 "$RPORTCTL" --socket "$SOCKET" capture ab nonsense filter
	assert_eq "$RC" 2 'a wrong filter'
	assert_match "$ERR" '*syntax error*' 'what tcpdump says'
	ip netns del "$B"
	B=
	run timeout 30 "$RPORTCTL" --socket "$SOCKET" capture ab icmp
	[ "$RC" != 0 ] || fail 'a namespace that is gone'
}

run_tests "$@"
