#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# Links made with --mpls carry MPLS, and IP as ever; others do not. Label-switched paths are in vm/mpls.sh: this needs no
# kernel that knows MPLS.
. "$(dirname "$0")/../lib.sh"

# a link with --mpls does not take the fast path
SHUTTLE_ONLY='ip_crosses labels_cross osi_crosses labels_cross_a_small_mtu without_offload other_types_are_dropped type_is_kept show parent'

# Label stack entries, each the last of its stack, with a TTL of 255. The first four bits are those of the label:
LABEL_LOW=000101ff   # 16: they are neither 4 nor 6
LABEL_IPV4=400001ff  # 0x40000: as those of IPv4
LABEL_HIGH=fffff1ff  # the last label there is
LABEL_IPV6=6ffff1ff  # 0x6ffff: as those of IPv6

# labelled SIZE LABEL: a frame of so many bytes, as hexadecimal digits; from 4 bytes on it begins with the label
labelled() {
	local hex
	hex=$2$("$TRAFFIC" pattern --bytes "$1" --seed "$1" | od -An -v -tx1 | tr -d ' \n')
	echo "${hex:0:$1 * 2}"
}

# frames_cross FROM TO TYPE MTU: frames of this type arrive as they were, and in order
frames_cross() {
	local status=0 size label sent=$TEST_TMP/sent sizes=(1 3 4 5 20 64 1280) labels n=0
	labels=("$LABEL_LOW" "$LABEL_IPV4" "$LABEL_IPV6" "$LABEL_HIGH")
	[ "$4" -le 1500 ] || sizes+=(1500 9000 32767)
	sizes+=("$4")
	listener "$2" received frame-listen --timeout 5000 --count ${#sizes[@]} rport0 "$3"
	: >"$sent"
	for size in "${sizes[@]}"; do
		label=${labels[n++ % 4]}
		label=$(labelled "$size" "$label")
		traffic "$1" frame rport0 "$3" "$label"
		echo "$3 $label" >>"$sent"
	done
	wait "$SPAWN_PID" || status=$?
	[ "$status" = 0 ] || fail "of ${#sizes[@]} frames of type $3 there came $(wc -l <received)"
	cmp -s received "$sent" || fail "frames of type $3: $(diff "$sent" received | cut -c 1-80)"
}

# labels_cross MTU: both of MPLS's types, both ways
labels_cross() {
	local type
	for type in 8847 8848; do
		frames_cross "$A" "$B" "$type" "$1"
		frames_cross "$B" "$A" "$type" "$1"
	done
	assert_json "$(rportctl -j -s show ab)" '[.a, .b | .statistics.drops[]] | add == 0' "drops"
}

ip_crosses() {
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0 -s 20000
	ping_ok "$A" fd00:ab::b
	ping_ok "$B" fd00:ab::a -s 20000
	tcp_transfer "$A" "$B" 192.168.0.1 20000000 1
	tcp_transfer "$B" "$A" fd00:ab::a 20000000 2
	udp_exchange "$A" "$B" 192.168.0.1 --size 1000 --count 2000 --window 200
	udp_exchange "$B" "$A" fd00:ab::a --size 20000 --count 200 --window 50
}

test_ip_crosses() {
	start_rportd
	ns_add A B
	pair_numbered --mpls
	ip_crosses
	assert_json "$(rportctl -j -s show ab)" '[.a, .b | .statistics.drops[]] | add == 0' "drops"
}

test_labels_cross() {
	start_rportd
	ns_add A B
	pair_numbered --mpls
	labels_cross 32768
}

# what IS-IS sends by an interface without a link layer
test_osi_crosses() {
	start_rportd
	ns_add A B
	pair_numbered --mpls
	frames_cross "$A" "$B" 00fe 1500
	frames_cross "$B" "$A" 00fe 1500
}

test_labels_cross_a_small_mtu() {
	start_rportd
	ns_add A B
	pair_numbered --mpls --mtu 1280
	labels_cross 1280
	run traffic "$A" frame rport0 8847 "$(labelled 1281 "$LABEL_LOW")"
	assert_match "$ERR" '*Message too long*' "a frame above the MTU"
}

test_without_offload() {
	start_rportd
	ns_add A B
	pair_numbered --mpls --no-offload
	assert_json "$(rportctl -j show ab)" '.mpls and (.offload | not) and .a.offloads == [] and .b.offloads == []'
	labels_cross 32768
	ip_crosses
}

# frames_seen_until HEX: what has come in at B besides IPv6, which the kernels send by themselves; a frame that ends in HEX
# is the last
frames_seen_until() {
	eventually grep -q "$1\$" frames
	kill "$SPAWN_PID"
	wait "$SPAWN_PID" || true
	grep -v '^86dd' frames
}

# Other families have no business here, whatever their frames begin with.
test_other_types_are_dropped() {
	local type n=0
	start_rportd
	ns_add A B
	pair_numbered --mpls
	listener "$B" frames frame-listen --count 100 rport0 0003
	for type in 0806 88b5 88cc 8035; do
		traffic "$A" frame --count 3 rport0 "$type" 0001080006040001
		traffic "$A" frame rport0 "$type" 4500001400000000400100000a0000010a000002
		n=$((n + 4))
	done
	traffic "$A" frame rport0 8847 "$LABEL_LOW"
	assert_eq "$(frames_seen_until "$LABEL_LOW")" "8847 $LABEL_LOW" "what came out at the other end"
	eventually port_is ab a .statistics.drops.noProto "$n"
	assert_eq "$(port ab b .statistics.drops.noProto)" 0 "drops of the other direction"
	succeeds rportctl -s show ab
	assert_match "$OUT" "*noproto $n,*" show
	ping_ok "$A" 192.168.0.1
}

# What crosses is what the sender says it is: with the header nobody looks at the first four bits.
test_type_is_kept() {
	local frame sent=()
	start_rportd
	ns_add A B
	pair_numbered --mpls
	listener "$B" frames frame-listen --count 100 rport0 0003
	for frame in "0800 $LABEL_LOW" '8848 450000140000000040010000c0a80000c0a80001' '8847 600000000000'; do
		traffic "$A" frame rport0 "${frame% *}" "${frame#* }"
		sent+=("$frame")
	done
	assert_eq "$(frames_seen_until 600000000000)" "$(printf '%s\n' "${sent[@]}")" "what came out at the other end"
	assert_eq "$(port ab a .statistics.drops.noProto)" 0 "drops"
}

# Without the header there is only the first half byte. It is the label's, and where that makes it 4 or 6 nobody can tell
# such a frame from IP: it comes out as IP, which the kernel there discards as malformed. See CAVEATS in rport(7).
test_labels_without_mpls() {
	start_rportd
	ns_add A B
	pair_numbered
	listener "$B" frames frame-listen --count 100 rport0 0003
	traffic "$A" frame --count 3 rport0 8847 "$(labelled 100 "$LABEL_LOW")"
	traffic "$A" frame --count 4 rport0 8848 "$(labelled 1280 "$LABEL_HIGH")"
	traffic "$A" frame rport0 8847 "${LABEL_IPV6}01"
	traffic "$A" frame rport0 8847 "$(labelled 100 "$LABEL_IPV4")"
	traffic "$A" frame rport0 8848 "${LABEL_IPV4}03"
	assert_eq "$(frames_seen_until "${LABEL_IPV4}03")" "0800 $(labelled 100 "$LABEL_IPV4")
0800 ${LABEL_IPV4}03" "what came out at the other end"
	assert_eq "$(grep -c "^86dd ${LABEL_IPV6}01\$" frames)" 1 "frames that came out as IPv6"
	eventually port_is ab a .statistics.drops.noProto 7
	# version 4 with a header of no bytes
	assert_eq "$(in_ns "$B" cat /proc/net/snmp | awk '/^Ip: [0-9]/ { print $5 }')" 2 "malformed packets that B's kernel counts"
	ping_ok "$A" 192.168.0.1
}

test_show() {
	start_rportd
	ns_add A B
	pair_numbered --mpls
	succeeds rportctl show ab
	assert_match "$OUT" '*mpls*on*' show
	succeeds rportctl -j show ab
	assert_json "$OUT" '.mpls and .a.mpls and .b.mpls'
	succeeds rportctl -j ports
	assert_json "$OUT" 'length == 2 and all(.mpls)'
	pair_numbered --mpls
	assert_match "$OUT" '*unchanged*' "the same again"
	refused 2 '*mpls*' rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b
	pair_numbered --replace
	assert_match "$OUT" '*replaced*' "without --mpls"
	succeeds rportctl show ab
	assert_no_match "$OUT" '*mpls*' show
	assert_json "$(rportctl -j show ab)" '[.mpls, .a.mpls, .b.mpls] == [false, false, false]'
}

test_parent() {
	local before
	start_rportd
	ns_add A B
	succeeds rportctl create rport0 in "netns:$A" --mpls
	succeeds rportctl create rport0 in "netns:$B" --mpls
	succeeds rportctl create rport1 in "netns:$B"
	succeeds rportctl -j ports
	assert_json "$OUT" '[.[].mpls] == [true, true, false]'
	before=$OUT
	refused 2 '*--mpls*' rportctl parent "netns:$A/rport0" rport1
	refused 2 '*--mpls*' rportctl parent rport1 "netns:$A/rport0"
	assert_eq "$(rportctl -j ports)" "$before" "ports after what was refused"
	assert_eq "$(rportctl -j list)" '[]' "links"
	succeeds rportctl parent "netns:$A/rport0" "netns:$B/rport0"
	succeeds rportctl up "netns:$A/rport0"
	succeeds rportctl up "netns:$B/rport0"
	eventually has_carrier "$A" rport0
	eventually has_carrier "$B" rport0
	assert_json "$(rportctl -j list)" 'length == 1 and .[0].mpls'
	frames_cross "$A" "$B" 8847 32768
	frames_cross "$B" "$A" 8847 32768
}

run_tests "$@"
