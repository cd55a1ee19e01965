#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain alone
# What users of the socket who may only read can do to root, to the watchdog and to each other: nothing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

CROWD=$BUILD_DIR/tests/tools/crowd
CROWD_SECONDS=${CROWD_SECONDS:-8}
CROWD_LINKS=${CROWD_LINKS:-50}
BASE_UID=64000

# hold_connections UID N: that send half a message and nothing else; CLIENTS
hold_connections() {
	local i
	for ((i = 0; i < $2; i++)); do
		setpriv --reuid="$1" --regid="$1" --clear-groups -- \
			socat - UNIX-CONNECT:"$SOCKET" >/dev/null 2>&1 < <(printf '{"met'; exec sleep 60) &
		CLIENTS+=($!)
	done
}

fds_at_least() {
	[ "$(rportd_fds)" -ge "$1" ]
}

as_user() {
	setpriv --reuid="$1" --regid="$1" --clear-groups -- "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" "${@:2}"
}

# crowd_is_held_back: while four users do all they may, root is answered in 100 ms, and no two pings are a second apart
crowd_is_held_back() {
	local figures
	rm -f "$TEST_TMP/notify" # of a try before
	run "$CROWD" "$SOCKET" "$TEST_TMP/notify" "$CROWD_SECONDS" $((BASE_UID + 1)) $((BASE_UID + 2)) $((BASE_UID + 3)) $((BASE_UID + 4))
	assert_eq "$RC" 0 "status of the crowd: $ERR"
	echo "$OUT"
	read -ra figures <<<"$OUT"
	[ "${figures[11]}" -ge 3 ] || fail "pings: $OUT"
	# nine of ten: the kernel lets the attackers have their share of the processors
	[ "${figures[5]}" -le "$(limit 100)" ] && [ "${figures[7]}" -le "$(limit 1000)" ] && [ "${figures[9]}" -le "$(limit 1000)" ]
}

# A machine that is busy with something else may take several tries.
test_root_and_the_watchdog_come_first() {
	local i before
	export NOTIFY_SOCKET=$TEST_TMP/notify WATCHDOG_USEC=1000000
	start_rportd
	unset NOTIFY_SOCKET WATCHDOG_USEC
	chmod 0711 "$TEST_TMP"
	ns_add A B
	for ((i = 0; i < CROWD_LINKS; i++)); do
		succeeds rportctl pair "$A" "$B" --name "l$i"
	done
	before=$(rportd_fds)
	for ((i = 0; i < 4; i++)); do
		! crowd_is_held_back || break
	done
	[ "$i" -lt 4 ] || fail "root, or the watchdog, waited in each of $i tries"
	eventually fds_at_most "$before"
	succeeds as_nobody list
}

# Places are kept for root, and a user who has few takes one from a user who has many.
test_places_of_root_and_of_those_who_have_few() {
	local before
	CLIENTS=()
	start_rportd --limit connections=16 --limit connections-per-user=8
	chmod 0711 "$TEST_TMP"
	before=$(rportd_fds)
	hold_connections $((BASE_UID + 1)) 8
	eventually fds_at_least $((before + 8))
	hold_connections $((BASE_UID + 2)) 4
	eventually fds_at_least $((before + 12))
	succeeds rportctl list
	# a place is given away when it was held for a second
	eventually as_user $((BASE_UID + 3)) list
	kill "${CLIENTS[@]}"
}

# Half a message is no reason to keep a connection.
test_idle_connections_are_closed() {
	local before
	CLIENTS=()
	start_rportd --limit idle=1
	chmod 0711 "$TEST_TMP"
	before=$(rportd_fds)
	hold_connections $((BASE_UID + 1)) 3
	eventually fds_at_least $((before + 3))
	eventually fds_at_most "$before"
	[[ $(<"$RPORTD_LOG") == *'closing the connection of a client of uid 64001: it does nothing'* ]] ||
		fail "the log: $(<"$RPORTD_LOG")"
	kill "${CLIENTS[@]}" 2>/dev/null || true
}

run_tests "$@"
