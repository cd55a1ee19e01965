#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan fast
# What tcpdump sees on a port, checksums, and what offloads do: they show in ethtool(8), in `show` and in what crosses.
. "$(dirname "$0")/../lib.sh"

PAYLOAD=68657265206974206973 # 10 bytes; sent twice over
TAPS=()

# tap NAMESPACE FILE [EXPRESSION]: capture what its port sees into a file; TAPS
tap() {
	spawn "$1" "$2.log" timeout 30 tcpdump -nn -U --immediate-mode -s 200 -i rport0 -w "$2" "${@:3}"
	TAPS+=("$SPAWN_PID")
	eventually grep -q listening "$2.log"
}

end_taps() {
	kill "${TAPS[@]}"
	wait "${TAPS[@]}" || true
	TAPS=()
}

# captured FILE [EXPRESSION]: number of packets
captured() {
	tcpdump -nn -r "$1" "${@:2}" 2>/dev/null | wc -l
}

# captured_is N FILE [EXPRESSION]: as a condition
captured_is() {
	[ "$(captured "${@:2}")" = "$1" ]
}

# sees_both_directions FILE FROM TO EXPRESSION-OF-REQUESTS EXPRESSION-OF-REPLIES
sees_both_directions() {
	eventually -t 3000 captured_is 5 "$1" "src $2 and dst $3 and $4"
	eventually -t 3000 captured_is 5 "$1" "src $3 and dst $2 and $5"
}

# raw_ip FILE: the type of the link in the header of the capture is LINKTYPE_RAW, and each packet begins with an IP header
raw_ip() {
	assert_eq "$(od -An -td4 -j20 -N4 "$1" | tr -d ' ')" 101 "link type of $1"
	assert_match "$(<"$1.log")" '*link-type RAW (Raw IP)*' "what tcpdump says of $1"
	assert_eq "$(captured "$1" 'not ip and not ip6')" 0 "packets in $1 that are not IP"
}

both_directions() {
	local file
	start_rportd
	ns_add A B
	pair_numbered "$@"
	tap "$A" a.pcap
	tap "$B" b.pcap
	succeeds in_ns "$A" ping -n -q -c 5 -i 0.02 192.168.0.1
	succeeds in_ns "$A" ping -n -q -c 5 -i 0.02 fd00:ab::b
	for file in a.pcap b.pcap; do
		sees_both_directions "$file" 192.168.0.0 192.168.0.1 'icmp[icmptype] == icmp-echo' 'icmp[icmptype] == icmp-echoreply'
		sees_both_directions "$file" fd00:ab::a fd00:ab::b 'ip6[40] == 128' 'ip6[40] == 129'
		raw_ip "$file"
	done
	end_taps
}

test_taps() {
	both_directions
}

test_taps_without_offload() {
	both_directions --no-offload
}

test_taps_with_mpls() {
	both_directions --mpls
}

# --- checksums -------------------------------------------------------------------------------------------------------

# sum16 HEX: the sum of its words, ones' complement, as a number
sum16() {
	local hex=$1 i sum=0
	[ $((${#hex} % 4)) = 0 ] || hex+=00
	for ((i = 0; i < ${#hex}; i += 4)); do
		sum=$((sum + 16#${hex:i:4}))
		sum=$(((sum & 0xffff) + (sum >> 16)))
	done
	echo "$sum"
}

# datagram 4|6 PAYLOAD-HEX [ERROR]: the frame with it from A to B, port 5000 to 5000; its UDP checksum is off by ERROR
datagram() {
	local length header udp pseudo sum hex
	length=$((8 + ${#2} / 2))
	if [ "$1" = 4 ]; then
		hex=c0a80000c0a80001
		printf -v header '4500%04x0000000040110000%s' $((20 + length)) "$hex"
		printf -v sum '%04x' $((0xffff ^ $(sum16 "$header")))
		header=${header:0:20}$sum$hex
	else
		hex=fd0000ab00000000000000000000000afd0000ab00000000000000000000000b
		printf -v header '60000000%04x1140%s' "$length" "$hex"
	fi
	printf -v udp '13881388%04x' "$length"
	printf -v pseudo '%s0011%04x' "$hex" "$length"
	printf -v sum '%04x' $(((0xffff ^ $(sum16 "$pseudo$udp$2")) ^ ${3:-0}))
	echo "$header$udp$sum$2"
}

# delivered FILE BYTES: as a condition, the application has so many
delivered() {
	[ "$(stat -c %s "$1")" = "$2" ]
}

# snmp NAMESPACE GROUP COLUMN: a counter of the kernel
snmp() {
	in_ns "$1" cat /proc/net/snmp /proc/net/snmp6 |
		awk -v group="$2" -v name="$3" '$1 == group ":" && !n { for (i = 2; i <= NF; i++) if ($i == name) n = i; next }
			$1 == group ":" { print $n } $1 == group name { print $2 }'
}

# A datagram that is not what its checksum says does not reach the application; the same with the right one does.
corrupted_datagrams() {
	local family type good bad errors
	start_rportd
	ns_add A B
	pair_numbered "$@"
	for family in 4 6; do
		type=$([ "$family" = 4 ] && echo 0800 || echo 86dd)
		good=$(datagram "$family" "$PAYLOAD$PAYLOAD")
		bad=$(datagram "$family" "$PAYLOAD$PAYLOAD" 0x0100)
		spawn "$B" socat.log socat -u "UDP$family-RECV:5000" "OPEN:got$family,creat"
		eventually listens "$family"
		traffic "$A" frame --count 3 rport0 "$type" "$bad"
		traffic "$A" frame --count 1 rport0 "$type" "$good"
		traffic "$A" frame --count 2 rport0 "$type" "$bad"
		traffic "$A" frame --count 1 rport0 "$type" "$good"
		eventually delivered "got$family" 40
		errors=$(snmp "$B" "Udp${family/4/}" InCsumErrors)
		assert_eq "$errors" 5 "checksum errors that the kernel of B counts, IPv$family"
		assert_eq "$(od -An -v -tx1 "got$family" | tr -d ' \n')" "$PAYLOAD$PAYLOAD$PAYLOAD$PAYLOAD" "what was delivered"
		kill "$SPAWN_PID"
		wait "$SPAWN_PID" || true
	done
}

listens() {
	in_ns "$B" ss "-$1" -Huln 'sport = 5000' | grep -q .
}

test_corrupted_datagrams() {
	corrupted_datagrams
}

test_corrupted_datagrams_without_offload() {
	corrupted_datagrams --no-offload
}

payload_arrives() {
	start_rportd
	ns_add A B
	pair_numbered "$@"
	udp_exchange "$A" "$B" 192.168.0.1 --size 1001 --count 1000 --window 200
	udp_exchange "$B" "$A" fd00:ab::a --size 60001 --count 100 --window 20
	udp_exchange "$A" "$B" fd00:ab::b --size 1001 --segments 32 --count 1024 --window 256
	tcp_transfer "$A" "$B" 192.168.0.1 10000001 1
	tcp_transfer "$B" "$A" fd00:ab::a 10000001 2
	for ns in "$A" "$B"; do
		assert_eq "$(snmp "$ns" Udp InCsumErrors) $(snmp "$ns" Udp6 InCsumErrors) $(snmp "$ns" Tcp InCsumErrors)" '0 0 0' \
			"checksum errors in $ns"
	done
}

test_payload() {
	payload_arrives
}

# Then the checksums are in the packets, and tcpdump finds them right at both ends.
test_payload_without_offload() {
	local file
	payload_arrives --no-offload
	tap "$A" a.pcap 'port 5000 or port 6003'
	tap "$B" b.pcap 'port 5000 or port 6003'
	udp_exchange "$A" "$B" 192.168.0.1 --size 100 --count 10
	udp_exchange "$B" "$A" fd00:ab::a --size 100 --count 10
	tcp_transfer "$A" "$B" 192.168.0.1 100 3
	for file in a.pcap b.pcap; do
		eventually captured_is 20 "$file" udp
		tcpdump -nn -vv -r "$file" 2>/dev/null >text
		assert_eq "$(grep -c 'udp sum ok' text)" 20 "datagrams in $file with a right checksum"
		[ "$(grep -c 'cksum 0x[0-9a-f]* (correct)' text)" -ge 6 ] || fail "TCP segments in $file: $(<text)"
		assert_eq "$(grep -cE 'incorrect|bad udp' text)" 0 "packets in $file with a wrong checksum"
	done
	end_taps
}

# --- offloads --------------------------------------------------------------------------------------------------------

# offloads_of_features NAMESPACE: what ethtool(8) says, in the words of `show`, as a sorted array
offloads_of_features() {
	in_ns "$1" ethtool -k rport0 >features
	{
		! feature tx-checksum-ip-generic || echo csum
		! feature tx-tcp-segmentation || echo tso4
		! feature tx-tcp6-segmentation || echo tso6
		! feature tx-tcp-ecn-segmentation || echo tso-ecn
		! feature tx-udp-segmentation || printf 'uso4\nuso6\n'
	} | jq -Rnc '[inputs] | sort'
}

# feature NAME: is it on?
feature() {
	grep -Eq "^\s*$1: on( |\$)" features
}

# agrees SIDE NAMESPACE
agrees() {
	local offloads
	offloads=$(offloads_of_features "$2")
	assert_eq "$(port ab "$1" .offloads | jq -c sort)" "$offloads" "offloads of $1 in show, and in ethtool -k"
	# the two that sum up
	assert_eq "$(feature tx-checksumming && echo on)" "$([ "$offloads" = '[]' ] || echo on)" tx-checksumming
	assert_eq "$(feature tcp-segmentation-offload && echo on)" "$([[ $offloads != *tso* ]] || echo on)" \
		tcp-segmentation-offload
}

test_ethtool_agrees_with_show() {
	local option
	start_rportd
	ns_add A B
	for option in '' --mpls --no-offload '--no-offload --mpls'; do
		# shellcheck disable=SC2086 # options
		pair_numbered $option
		agrees a "$A"
		agrees b "$B"
		if [[ $option == *no-offload* ]]; then
			assert_eq "$(port ab a .offloads)" '[]' "offloads of a link made with $option"
		else
			assert_json "$(port ab a .offloads)" 'contains(["csum", "tso4", "tso6"])' "offloads of a link made with $option"
		fi
		succeeds rportctl unpair ab
	done
}

# bytes_and_packets COMMAND...: that A has sent to B while it ran: BYTES, PACKETS
bytes_and_packets() {
	local before after
	before=$(port ab a '.statistics | "\(.bytes) \(.packets)"')
	"$@"
	after=$(port ab a '.statistics | "\(.bytes) \(.packets)"')
	BYTES=$((${after% *} - ${before% *}))
	PACKETS=$((${after#* } - ${before#* }))
	echo "$*: $BYTES bytes, $PACKETS packets"
}

# Segments of up to 64 KiB cross a link with an MTU of 1500; a packet can be as long as that and no longer
test_segments_cross_whole() {
	start_rportd
	ns_add A B
	pair_numbered --mtu 1500
	for address in 192.168.0.1 fd00:ab::b; do
		tap "$A" a.pcap 'greater 60000'
		tap "$B" b.pcap 'greater 60000'
		bytes_and_packets tcp_transfer "$A" "$B" "$address" 20000000 1
		end_taps
		((BYTES >= 20000000 && BYTES < 21000000)) || fail "20000000 bytes of TCP took $BYTES"
		((PACKETS < BYTES / 1500 / 5)) || fail "$PACKETS packets for $BYTES bytes"
		[ "$(captured a.pcap)" -gt 0 ] || fail "no large segment leaves A"
		[ "$(captured b.pcap)" -gt 0 ] || fail "no large segment arrives at B"
	done
	if [ "$(port ab a '.offloads | index("uso4") != null')" = true ]; then
		bytes_and_packets udp_exchange "$A" "$B" 192.168.0.1 --size 1000 --segments 60 --count 1200 --window 300
		# the fast path counts segments
		[ -n "${FAST_PATH:-}" ] || ((PACKETS < 100)) || fail "$PACKETS packets for 1200 datagrams that were handed over in sixties"
	fi
}

test_segments_are_cut_without_offload() {
	start_rportd
	ns_add A B
	pair_numbered --mtu 1500 --no-offload
	tap "$A" a.pcap 'greater 1501'
	tap "$B" b.pcap 'greater 1501'
	for address in 192.168.0.1 fd00:ab::b; do
		bytes_and_packets tcp_transfer "$A" "$B" "$address" 20000000 1
		((BYTES >= 20000000)) || fail "20000000 bytes of TCP took $BYTES"
		((PACKETS >= BYTES / 1500)) || fail "$PACKETS packets for $BYTES bytes"
	done
	bytes_and_packets udp_exchange "$A" "$B" 192.168.0.1 --size 1000 --segments 60 --count 1200 --window 300
	((PACKETS >= 1200)) || fail "$PACKETS packets for 1200 datagrams"
	end_taps
	assert_eq "$(captured a.pcap) $(captured b.pcap)" '0 0' "packets above the MTU"
}

run_tests "$@"
