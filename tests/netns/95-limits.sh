#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# rportd --limit: each is kept, said where it is met, and leaves nothing behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# --- links and ports -------------------------------------------------------------------------------------------------

LINKS_MESSAGE='*the limit of 2 links is reached (rportd --limit links=N)'

test_links() {
	start_rportd --limit links=2
	ns_add A B
	pair_numbered
	succeeds rportctl pair "$A" "$B" --name two
	remember_world
	refuses 2 "$LINKS_MESSAGE" rportctl pair "$A" "$B" --name three
	refuses 2 "$LINKS_MESSAGE" rportctl pair "$A" missing --allow-pending --name three
	refuses 2 "$LINKS_MESSAGE" rportctl pair "$A" "$B" --name three --persist
	[ ! -e conf/three.rport ] || fail "a file was written"
	call_refused LimitReached 28 "$LINKS_MESSAGE" Pair \
		"{\"a\":{\"domain\":\"$A\"},\"b\":{\"domain\":\"$B\"},\"name\":\"three\"}"
	assert_same_world Pair
	# what is there already is no further one
	pair_numbered
	assert_match "$OUT" '*unchanged*' "the same again"
	pair_numbered --replace --mtu 1500
	assert_match "$OUT" '*changed*' "other values in its place"
	ping_ok "$A" 192.168.0.1
	# ports by themselves are no links, until they have a parent
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	remember_world
	refuses 2 "$LINKS_MESSAGE" rportctl parent wan0 wan1
	call_refused LimitReached 28 "$LINKS_MESSAGE" SetParent '{"port":"wan0","parent":"wan1"}'
	assert_same_world SetParent
	succeeds rportctl unpair two
	succeeds rportctl parent wan0 wan1
	refused 2 "rportctl: $LINKS_MESSAGE" rportctl pair "$A" "$B" --name three
	succeeds rportctl unparent wan0
	succeeds rportctl pair "$A" "$B" --name three
}

test_no_links_at_all() {
	start_rportd --limit links=0
	ns_add A B
	remember_world
	refuses 2 'cannot pair ab: the limit of 0 links is reached (rportd --limit links=N)' rportctl pair "$A" "$B" --name ab
	succeeds rportctl create wan0 in "$A"
}

test_links_of_files() {
	mkdir conf
	start_rportd --limit links=1
	ns_add A B
	for name in one two; do
		printf '[A]\nDomain=netns:%s\n[B]\nDomain=netns:%s\n' "$A" "$B" >"conf/$name.rport"
	done
	run rportctl apply
	assert_eq "$RC" 2 "exit status of apply"
	assert_eq "$OUT" '+ one' "its output"
	assert_match "$ERR" 'rportctl: two: *the limit of 1 link is reached (rportd --limit links=N)' "its message"
	assert_eq "$(rportctl -j list | jq -c 'map(.name)')" '["one"]' links
	ports_count 2
	rm conf/one.rport
	succeeds rportctl apply
	assert_eq "$(rportctl -j list | jq -c 'map(.name)')" '["two"]' "links, of which one has gone"
}

test_ports() {
	local message='*the limit of 4 ports is reached (rportd --limit ports=N)'
	start_rportd --limit ports=4
	ns_add A B
	pair_numbered
	succeeds rportctl create wan0 in "$A"
	remember_world
	# the first end could be made, the second cannot
	refuses 2 "$message" rportctl pair "$A" "$B" --name two
	refuses 2 "$message" rportctl pair missing "$B" --allow-pending --name two
	succeeds rportctl create wan1 in "$B"
	remember_world
	refuses 2 "$message" rportctl create wan2 in "$B"
	refuses 2 "$message" rportctl pair "$A" "$B" --name two
	call_refused LimitReached 28 "$message" CreatePort "{\"port\":{\"domain\":\"$B\"}}"
	assert_same_world CreatePort
	# neither is what is there already
	succeeds rportctl create wan1 in "$B"
	succeeds rportctl parent wan0 wan1
	pair_numbered
	succeeds rportctl destroy wan1
	succeeds rportctl create wan2 in "$B"
	succeeds rportctl unpair ab
	succeeds rportctl pair "$A" "$B" --name two
	ports_count 4
}

# the old one goes first, or both would not fit
test_replacing_at_the_limit_of_ports() {
	start_rportd --limit ports=2
	ns_add A B
	pair_numbered
	pair_numbered --replace --no-offload
	assert_match "$OUT" '*replaced*' "output"
	ping_ok "$A" 192.168.0.1
	ports_count 2
}

# pending ones count, too
test_pending_ports_count() {
	start_rportd --limit ports=2
	ns_add A
	succeeds rportctl pair "$A" missing --allow-pending --name waits
	refused 2 'rportctl: the limit of 2 ports is reached (rportd --limit ports=N)' rportctl create wan0 in "$A"
	succeeds rportctl unpair waits
	succeeds rportctl create wan0 in "$A"
}

# --- clients ---------------------------------------------------------------------------------------------------------

# connect_clients N [UID]: that say nothing; CLIENTS
connect_clients() {
	local i
	CLIENTS=()
	for ((i = 0; i < $1; i++)); do
		setpriv --reuid="${2:-0}" --clear-groups -- socat -u UNIX-CONNECT:"$SOCKET" - >/dev/null 2>&1 </dev/null &
		CLIENTS+=($!)
	done
}

disconnect_clients() {
	kill "${CLIENTS[@]}"
}

fds_at_least() {
	[ "$(rportd_fds)" -ge "$1" ]
}

# was_logged GLOB
was_logged() {
	[[ $(<"$RPORTD_LOG") == *$1* ]]
}

test_connections() {
	local before
	start_rportd --limit connections=3
	ns_add A B
	pair_numbered
	eventually has_carrier "$A" rport0
	sleep 0.1
	before=$(rportd_fds)
	connect_clients 3
	eventually fds_at_least $((before + 3))
	refused 4 'rportctl: rportd closed the connection without an answer' rportctl list
	refused 4 'rportctl: rportd closed the connection without an answer' as_nobody list
	was_logged 'refusing a client of uid 0: too many connections' || fail "the log does not say so: $(<"$RPORTD_LOG")"
	assert_eq "$(rportd_fds)" $((before + 3)) "descriptors with 3 clients"
	# what has been made goes on
	ping_ok "$A" 192.168.0.1
	disconnect_clients
	eventually fds_at_most "$before"
	succeeds rportctl list
	succeeds as_nobody list
}

test_connections_per_user() {
	local before
	start_rportd --limit connections-per-user=2
	sleep 0.1
	before=$(rportd_fds)
	connect_clients 2 65534
	eventually fds_at_least $((before + 2))
	refused 4 'rportctl: rportd closed the connection without an answer' as_nobody list
	was_logged 'refusing a client of uid 65534: too many connections' || fail "the log does not say so: $(<"$RPORTD_LOG")"
	# another user, and root, are not concerned
	succeeds setpriv --reuid=65533 --regid=65533 --clear-groups -- "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" list
	succeeds rportctl list
	disconnect_clients
	eventually fds_at_most "$before"
	succeeds as_nobody list
	connect_clients 5
	eventually fds_at_least $((before + 5))
	succeeds rportctl list
	disconnect_clients
}

MONITORS_MESSAGE='there are as many monitors already as there may be (rportd --limit monitors=N)'

test_monitors() {
	local i pids=()
	start_rportd --limit monitors=2
	for i in 1 2; do
		"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor >"m$i" 2>&1 &
		pids+=($!)
		eventually test -s "m$i"
	done
	refused 2 "rportctl: $MONITORS_MESSAGE" rportctl monitor
	refused 2 "rportctl: $MONITORS_MESSAGE" as_nobody monitor
	run varlink '{"method":"org.rportd.Manager.Monitor","more":true}' '{"method":"org.rportd.Manager.List"}'
	assert_json "$(head -n 1 <<<"$OUT")" ".error == \"org.rportd.Manager.LimitReached\" and
		.parameters == { message: \"$MONITORS_MESSAGE\", errno: 87 }"
	assert_json "$(tail -n 1 <<<"$OUT")" '.parameters.links == []' "the connection goes on"
	# those that are there go on, as do other callers
	succeeds rportctl create wan0 in default
	for i in 1 2; do
		eventually grep -q '"portAdded"' "m$i"
	done
	kill "${pids[0]}"
	eventually monitor_starts
}

# monitor_starts, as a condition
monitor_starts() {
	{ timeout 1 "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor || true; } | grep -q '"snapshot"'
}

test_no_monitors_at_all() {
	start_rportd --limit monitors=0
	refused 2 "rportctl: $MONITORS_MESSAGE" rportctl monitor
	succeeds rportctl list
}

# message_of BYTES: the answer to a call that is so long, without its NUL
message_of() {
	local call='{"method":"org.rportd.Manager.List"'
	printf '%s%*s\0' "$call" $(($1 - ${#call})) '}' | socat -t 5 - UNIX-CONNECT:"$SOCKET" | tr '\0' '\n'
}

test_message() {
	local name
	start_rportd --limit message=2000
	ns_add A B
	for name in one two three four; do
		succeeds rportctl pair "$A" "$B" --name "$name"
	done
	# what rportd answers may be longer
	run message_of 2000
	assert_json "$OUT" '.parameters.links | length == 4' "answer to 2000 bytes"
	[ ${#OUT} -gt 2000 ] || fail "the answer is short"
	run message_of 2001
	assert_eq "$OUT" '' "answer to 2001 bytes"
	was_logged 'closing the connection of a client of uid 0: its message is too long' ||
		fail "the log does not say so: $(<"$RPORTD_LOG")"
	# several calls at once are several messages
	name=$(printf ' %.0s' {1..1500})
	run varlink "{$name\"method\":\"org.rportd.Manager.List\"}" "{$name\"method\":\"org.rportd.Manager.List\"}"
	assert_eq "$(jq -sc 'map(.parameters.links | length)' <<<"$OUT")" '[4,4]' "answers to two of 1500 bytes"
	refused 4 'rportctl: rportd closed the connection without an answer' rportctl pair "$A" "$B" --name five --allow-pending \
		"${TOO_MUCH[@]}"
	succeeds rportctl exists one
	refused 3 '*' rportctl exists five
	ports_count 8
}
mapfile -t TOO_MUCH < <(printf -- '--a-route=fd00:1111:2222:3333:4444:5555:%d:0/112\n' {1000..1059})

# --- tries -----------------------------------------------------------------------------------------------------------

# taken [OPTION...]: ab, whose end b is pending, since its interface's name is taken, and has not been given up, which with six
# tries takes 3 s
taken() {
	start_rportd "$@"
	ns_add A B
	ip -n "$B" link add rport0 type veth peer name taker
	pair_numbered --allow-pending --b-name rport0
	assert_match "$OUT" "*pending: there is an interface rport0 in netns:$B already*" "the answer of pair"
	assert_no_match "$OUT $(<"$RPORTD_LOG")" '*given up*' "reason at first"
	eventually is_pending b
}

# is_given_up, as a condition
is_given_up() {
	[[ $(port ab b .reason) == "there is an interface rport0 in netns:$B already"*'; given up, until it is reconciled' ]]
}

is_given_up_again() {
	[ "$(grep -c 'is given up' "$RPORTD_LOG")" = 2 ] && is_given_up
}

test_retries() {
	taken --limit retries=6
	eventually -t 5000 is_given_up
	assert_json "$(rportctl -j show ab)" '.state == "pending" and .b.state == "pending" and .b.losses == 0'
	was_logged "rportd: warning: port netns:$B/rport0 is given up: there is an interface rport0 " || fail "the log: $(<"$RPORTD_LOG")"
	assert_eq "$(grep -c 'is given up' "$RPORTD_LOG")" 1 "lines of it"
	assert_match "$(rportctl show ab)" '*given up, until it is reconciled*' "what show says"
	# it is: that the name is free does not matter, nor what else happens
	ip -n "$B" link del rport0
	ip netns add "${TEST_PREFIX}other"
	sleep 0.7
	is_given_up || fail "it was tried again: $(rportctl show ab)"
	assert_eq "$(ports "$B")" '' "interfaces"
	succeeds rportctl reconcile ab
	assert_json "$(rportctl -j show ab)" '.state == "up" and .b.reason == null'
	ping_ok "$A" 192.168.0.1
}

# a reconcile that fails gives it as many tries again
test_retries_begin_anew() {
	taken --limit retries=6
	eventually -t 5000 is_given_up
	refused 2 "rportctl: there is an interface rport0 in netns:$B already*" rportctl reconcile ab
	assert_eq "$(grep -c 'is given up' "$RPORTD_LOG")" 1 "times that it is given up, at once after reconcile"
	is_pending b || fail "it is not pending: $(port ab b .state)"
	eventually -t 5000 is_given_up_again
	# and what is tried yet comes by itself
	refused 2 '*' rportctl reconcile ab
	ip -n "$B" link del rport0
	eventually -t 5000 port_is ab b .state up
	ping_ok "$A" 192.168.0.1
}

# waiting for a domain is no try, and a new one begins with none
test_retries_are_not_for_domains() {
	start_rportd --limit retries=1
	ns_add A
	B=${TEST_PREFIX}b
	pair_numbered --allow-pending
	for i in 1 2 3; do
		ns_create "${TEST_PREFIX}n$i" # looked at each time
	done
	sleep 0.2
	assert_no_match "$(port ab b .reason)" '*given up*' reason
	ns_create "$B"
	eventually -t 2000 port_is ab b .state up
	ping_ok "$A" 192.168.0.1
}

test_without_limit_of_retries() {
	taken --limit retries=0
	sleep 2
	assert_no_match "$(port ab b .reason)" '*given up*' reason
	ip -n "$B" link del rport0
	eventually -t 2000 port_is ab b .state up
}

# --- the option ------------------------------------------------------------------------------------------------------

# bad_limit VALUE GLOB: it is refused, and what is allowed is said
bad_limit() {
	refused 1 "rportd: --limit cannot be \"$1\": it must be $2" timeout 5 "$RPORTD" --socket "$TEST_TMP/s" --limit "$1"
	[ ! -e "$TEST_TMP/s" ] || fail "it listened"
}

test_bad_values() {
	local bad allowed='NAME=N, with NAME one of links, ports, connections, connections-per-user, idle, monitors, message, retries'
	for bad in '' = links frob=1 =1 10 'links 1' 'Links=1' 'link=1' 'linksx=1' 'connections-per=1' ' links=1'; do
		bad_limit "$bad" "$allowed"
	done
	for bad in links= links=-1 links=+1 links=1000001 links=x links=1x 'links= 1' links=1=1 links=1,ports=1 links=0x10 links=1.5 \
		links=99999999999999999999 links=4294967296; do
		bad_limit "$bad" 'links=N, with N from 0 to 1000000'
	done
	bad_limit ports=0 'ports=N, with N from 1 to 1000000'
	bad_limit ports=2000001 'ports=N, with N from 1 to 1000000'
	bad_limit connections=0 'connections=N, with N from 1 to 100000'
	bad_limit connections-per-user=0 'connections-per-user=N, with N from 1 to 100000'
	bad_limit monitors=100001 'monitors=N, with N from 0 to 100000'
	bad_limit message=1023 'message=N, with N from 1024 to 16777216'
	bad_limit message=16777217 'message=N, with N from 1024 to 16777216'
	bad_limit retries=-1 'retries=N, with N from 0 to 1000000'
	run timeout 5 "$RPORTD" --limit
	assert_eq "$RC" 1 "status without a value"
}

test_all_at_once() {
	start_rportd --limit links=2 --limit=ports=4 --limit links=1 --limit connections=1 --limit connections-per-user=1 \
		--limit monitors=1 --limit message=1024 --limit retries=1000000
	ns_add A B
	pair_numbered
	# the last one counts
	refused 2 'rportctl: cannot pair two: the limit of 1 link is reached (rportd --limit links=N)' rportctl pair "$A" "$A" --name two --allow-pending
}

test_help_names_them() {
	local name
	run "$RPORTD" --help
	assert_eq "$RC" 0 status
	assert_match "$OUT" '*--limit NAME=N*' help
	for name in links ports connections connections-per-user idle monitors message retries; do
		grep -qE "(^|[ ,])$name([ ,(]|\$)" <<<"${OUT#*--limit}" || fail "--help does not name $name"
	done
}

test_manual_names_them() {
	local name manual=$TOP_DIR/man/rportd.8
	grep -q 'Fl -limit' "$manual" || fail "the manual has no --limit"
	for name in links ports connections connections-per-user idle monitors message retries; do
		grep -qE "^\\.(It|Cm|It Cm) .*\\b$name\\b" "$manual" || fail "the manual does not name $name"
	done
}

run_tests "$@"
