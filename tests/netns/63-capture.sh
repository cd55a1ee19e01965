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

# what passes a link made with --mpls: an echo request with two labels, and a hello of IS-IS
LABELLED=0006400a000c81ff4500001c00000000400100000a0000010a0000020800f7ff00000000
HELLO=831401001101000002000000000001001e001401

setup_mpls() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.9.0.0,10.9.0.1 --mpls
}

# send_families: each of them from A
send_families() {
	traffic "$A" frame rport0 8847 "$LABELLED"
	traffic "$A" frame rport0 00fe "$HELLO"
	ping_ok "$A" 10.9.0.1
}

test_mpls_text() {
	local end
	setup_mpls
	start_capture ab
	send_families
	for end in a b; do
		eventually captured "^$end .*MPLS (label 100,.*(label 200,.*\[S\].*10.0.0.1 > 10.0.0.2: ICMP echo request"
		eventually captured "^$end .*IS-IS, p2p IIH, src-id 0000.0000.0001"
		eventually captured "^$end .*10.9.0.1 > 10.9.0.0: ICMP echo reply"
	done
	stop_capture
	# what it says is only that it listens
	assert_no_match "$(<"$TEST_TMP/capture.err")" '*rror*' 'errors'
}

test_mpls_filter() {
	setup_mpls
	start_capture ab mpls 100
	send_families
	traffic "$A" frame rport0 8847 "${LABELLED/00064/00065}"
	eventually captured '^a .*label 100'
	eventually captured '^b .*label 100'
	stop_capture
	assert_eq "$(wc -l <"$TEST_TMP/capture.out")" 2 "packets: $(<"$TEST_TMP/capture.out")"
	refused 2 '*syntax error*' timeout 30 "$RPORTCTL" --socket "$SOCKET" capture ab nonsense filter
}

test_mpls_file() {
	local end
	setup_mpls
	command -v tshark >/dev/null || skip could 'tshark is missing'
	start_capture ab -w "$TEST_TMP/mpls.pcapng"
	send_families
	# more than the length of an Ethernet frame can say; padded with TLVs
	traffic "$A" frame rport0 00fe "${HELLO/001401/065001}$(printf '08ff%0510d' 0 0 0 0 0 0)08084000000000000000"
	traffic "$A" frame rport0 00fe "$HELLO"
	sleep 0.5
	stop_capture
	succeeds tshark -r "$TEST_TMP/mpls.pcapng" -T fields -e frame.interface_name -e frame.protocols -e mpls.label -e ip.dst
	for end in a b; do
		assert_match "$OUT" "*$end?eth:ethertype:mpls:ip:icmp*?100,200?10.0.0.2*" "labels at $end"
		assert_match "$OUT" "*$end?eth:ethertype:ip:icmp*10.9.0.1*" "IP at $end"
		assert_eq "$(grep -c "^$end.*osi:isis:isis.hello" <<<"$OUT")" 3 "hellos of IS-IS at $end, of: $OUT"
	done
	succeeds timeout 30 "$RPORTCTL" --socket "$SOCKET" capture "netns:$A/rport0" -c 1 -w "$TEST_TMP/one.pcapng" ip6
	assert_eq "$(tcpdump -n -r "$TEST_TMP/one.pcapng" 2>/dev/null | wc -l)" 1 'packets of one port that tcpdump reads'
}

# a port that goes down does not end it, and one that is removed does
test_mpls_port_goes() {
	setup_mpls
	ENDS=1 start_capture "netns:$A/rport0" icmp
	succeeds rportctl down "netns:$A/rport0"
	succeeds rportctl up "netns:$A/rport0"
	eventually both_carry
	ping_ok "$A" 10.9.0.1
	eventually captured 'ICMP echo request'
	succeeds rportctl unpair ab
	eventually process_over "$CAPTURE_PID"
	assert_match "$(<"$TEST_TMP/capture.err")" '*cannot capture*' 'what it says'
}

# what rport(7) says of plain tcpdump: a packet without its family is not decoded, and -i any has the family
test_mpls_plain_tcpdump() {
	setup_mpls
	spawn "$A" one.out timeout 20 tcpdump -n -l -i rport0 -c 1 less 36
	spawn "$A" any.out timeout 20 tcpdump -n -l -i any -c 1 ether proto 0x8847
	eventually grep -q listening one.out
	eventually grep -q listening any.out
	assert_match "$(<one.out)" '*link-type RAW*' 'link type'
	traffic "$A" frame --count 3 rport0 8847 "$LABELLED"
	eventually grep -q 'unknown ip 0' one.out
	eventually grep -q 'MPLS (label 100,' any.out
	run in_ns "$A" timeout 5 tcpdump -n -i any -c 1 mpls
	assert_match "$ERR" '*no MPLS support*' 'a filter for labels'
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
	run timeout 30 env --ignore-signal=CHLD "$RPORTCTL" --socket "$SOCKET" capture ab nonsense filter
	assert_eq "$RC" 2 'a wrong filter, where SIGCHLD is ignored'
	# a bare name that waits may become a VRF, or a namespace
	succeeds rportctl pair --allow-pending --name waits nosuch default
	refused 2 '*the namespace of nosuch: it is not known where that is*' rportctl capture waits
	ip netns del "$B"
	B=
	run timeout 30 "$RPORTCTL" --socket "$SOCKET" capture ab icmp
	[ "$RC" != 0 ] || fail 'a namespace that is gone'
}

run_tests "$@"
