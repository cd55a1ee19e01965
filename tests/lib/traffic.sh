#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Traffic between namespaces. Sourced by ../lib.sh.

# spawn NAMESPACE OUTPUT COMMAND...: in the background; SPAWN_PID
spawn() {
	nsenter --net=/run/netns/"$1" "${@:3}" >"$2" 2>&1 </dev/null &
	SPAWN_PID=$!
}

# listener NAMESPACE OUTPUT SUBCOMMAND ARGUMENT...: start a receiver and wait until it is there; SPAWN_PID
listener() {
	local ready
	ready=$(mktemp -u "$TEST_TMP/ready.XXXXXX")
	spawn "$1" "$2" "$TRAFFIC" "$3" --ready "$ready" "${@:4}"
	eventually test -e "$ready"
}

# traffic NAMESPACE SUBCOMMAND ARGUMENT...
traffic() {
	in_ns "$1" "$TRAFFIC" "${@:2}"
}

# udp_exchange FROM TO ADDRESS OPTION...: datagrams from one namespace to an address in another, all of which must arrive, in
# order and as they were
udp_exchange() {
	local status=0
	listener "$2" listener.out udp-listen "${@:4}" "$3" 5000
	succeeds traffic "$1" udp-send "${@:4}" "$3" 5000
	wait "$SPAWN_PID" || status=$?
	[ "$status" = 0 ] || fail "datagrams to $3 (${*:4}): $(<listener.out)"
}

# tcp_transfer FROM TO ADDRESS BYTES SEED: a stream whose SHA-256 must match
tcp_transfer() {
	local status=0 tag=$5
	listener "$2" "received.$tag" tcp-listen --timeout 50000 "$3" $((6000 + $5))
	"$TRAFFIC" pattern --bytes "$4" --seed "$5" | traffic "$1" tcp-send --timeout 50000 "$3" $((6000 + $5)) ||
		fail "sending to $3"
	wait "$SPAWN_PID" || status=$?
	assert_eq "$status" 0 "status of the receiver"
	assert_eq "$(sha256sum <"received.$tag")" "$("$TRAFFIC" pattern --bytes "$4" --seed "$5" | sha256sum)" \
		"SHA-256 of $4 bytes to $3"
	rm -f "received.$tag"
}

# value FILE KEY: of a line KEY=VALUE KEY=VALUE ...
value() {
	sed -n "s/.*\\b$2=\\([^ ]*\\).*/\\1/p" "$1"
}
