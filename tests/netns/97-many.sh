#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain alone
# Many links by files at once: rportd answers others meanwhile, and says how far it is.
TEST_SECONDS=240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../config.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../bystander.sh"

LINKS=${LINKS:-1000}
SOME=80 # enough to do something before they are made
UNPAIRED=5 # of them, one after another
ANSWER_MS=100
LINK_MS=5 # to make one of many, or to remove one of many
LIST_MS=200 # for all of them in a table
if grep -qa __asan_init "$RPORTD"; then
	LINKS=100
fi

# many_files N: l0001 to N, between A and B
many_files() {
	local i
	for ((i = 1; i <= $1; i++)); do
		link_file "$(printf 'l%04d' "$i").rport" "$A" "$B"
	done
}

n_links() {
	rportctl -j list | jq length
}

# n_links_are N, as a condition
n_links_are() {
	[ "$(n_links)" = "$1" ]
}

has_begun() {
	rportctl -q exists l0001
}

# slow_down: rportd has a tenth of the time, so that what it does lasts, however fast the machine is; until full_speed
slow_down() {
	local pid=$RPORTD_PID
	while kill -STOP "$pid"; do
		sleep 0.1
		kill -CONT "$pid"
		sleep 0.01
	done 2>/dev/null &
	SLOW_DOWN=$!
}

full_speed() {
	kill "$SLOW_DOWN"
	kill -CONT "$RPORTD_PID"
}

# begin COMMAND...: in the background, until it has made its first link; PID
begin() {
	"$@" >out 2>err &
	PID=$!
	eventually has_begun
}

# end_is STATUS: of what began, and what it printed, are these
end_is() {
	local status=0
	wait "$PID" || status=$?
	assert_eq "$status" "$1" "exit status: $(<err)"
}

# ask_meanwhile: over and over, until what began is over
ask_meanwhile() {
	rm -f bystander.ms victim.ms
	while ! process_over "$PID"; do
		ask_both
	done
}

# answered_in_time MS: a machine on which a link takes MS need not be faster than to make a few links between two calls
answered_in_time() {
	local limit promised
	limit=$((4 * $1)) promised=$(limit "$ANSWER_MS")
	[ "$limit" -gt "$promised" ] || limit=$promised
	slower_by "$limit" $((10 * limit))
}

# end_at_once: the namespaces take all their ports with them, which is faster than one after another
end_at_once() {
	ip -n "$HOME_NS" link add witness type veth peer name other netns "$A"
	ip netns del "$B"
	ip netns del "$A"
	eventually -t 60000 witness_gone "$HOME_NS"
	kill -KILL "$KEEPER_PID" "$RPORTD_PID" "$BYSTANDER_PID"
	KEEPER_PID='' RPORTD_PID=''
}

# states FILE STATE: how many of these links of `list` are in it
states() {
	jq --arg state "$2" 'map(select(.state == $state)) | length' "$1"
}

# first_answer: as soon as the next daemon answers, in the file first
first_answer() {
	until rportctl -j list >first 2>/dev/null && [ -s first ]; do
		sleep 0.01
	done
}

is_not_ready() {
	[ "$(keeper_said ready)" -lt "$1" ]
}

# crash: READY, how often rportd will have been ready, STARTED, and UNTAKEN, links that it had not taken over when it answered
# for the first time
crash() {
	kill_rportd_only
	READY=$(($(keeper_said ready) + 1))
	STARTED=$(now_ms)
	kill -HUP "$KEEPER_PID"
	first_answer
	UNTAKEN=$(states first inherited)
	echo "the first answer after $(($(now_ms) - STARTED)) ms; $UNTAKEN links were not taken over yet"
}

# restart_many: after a crash rportd answers while it takes over all links, and what is asked of one is true, and done
restart_many() {
	local last try=1
	last=$(printf 'l%04d' "$LINKS")
	rportctl -j show "$last" >before
	# whoever asks may have had no CPU until all was done
	until crash && [ "$UNTAKEN" -gt 0 ]; do
		[ $((++try)) -le 5 ] || fail "it has not answered before all was taken over"
		await_rportd "$READY"
	done
	assert_eq "$(states first pending)" 0 "links that are said to be pending"
	succeeds rportctl -j show "$last"
	assert_eq "$(jq -c '[.state, .a.index, .b.index]' <<<"$OUT")" "$(jq -c '[.state, .a.index, .b.index]' before)" "what is shown of $last"
	succeeds rportctl set "$(printf 'l%04d' $((LINKS - 1)))" mtu 9000
	rm -f bystander.ms victim.ms
	ask_both
	while is_not_ready "$READY"; do
		ask_both
	done
	await_rportd "$READY"
	answered_in_time $((($(now_ms) - STARTED) / LINKS)) || fail "root waited"
	echo "$LINKS links taken over in $(($(now_ms) - STARTED)) ms"
	rportctl -j list >all
	assert_eq "$(states all up)" $((LINKS + 1)) "links that are up"
	assert_json "$(jq -c 'map(.a.losses + .b.losses) | add' all)" '. == 0' "losses"
}

# places: of all ports, name and index
places() {
	rportctl -j ports | jq -c 'map([.interface, .index]) | sort'
}

# started_times N, as a condition: so many daemons were started, and the last is ready
started_times() {
	awk -v n="$1" '$1 == "started" { pid = $2; n-- } $1 == "ready" { last = $2 } END { exit n > 0 || pid != last }' "$KEEPER_LOG"
}

# end_early, as a condition: the next daemon was ended when it answered, before it had taken over all links; the one after it is
# ready when this returns
end_early() {
	local started ready
	started=$(keeper_said started)
	ready=$(($(keeper_said ready) + 1))
	kill_rportd_only
	kill -HUP "$KEEPER_PID"
	first_answer
	kill -HUP "$KEEPER_PID"
	eventually started_times $((started + 2))
	await_rportd "$ready"
	[ "$(keeper_said ready)" = "$ready" ]
}

# end_while_taking_over: what was taken over and what was not is kept alike
end_while_taking_over() {
	local before tries=1
	before=$(places)
	until end_early; do
		((tries++ < 30)) || fail "it has always taken over all links before it ended"
	done
	all_ended_by 0 137
	rportctl -j list >all
	assert_eq "$(states all up)" $((LINKS + 1)) "links that are up"
	assert_json "$(jq -c 'map(.a.losses + .b.losses) | add' all)" '. == 0' "losses"
	[ "$(places)" = "$before" ] || fail "interfaces were made anew"
}

# unpair_some: the first of many, one after another; EACH, in ms
unpair_some() {
	local i started
	started=$(now_ms)
	for ((i = 1; i <= UNPAIRED; i++)); do
		succeeds rportctl unpair "$(printf 'l%04d' "$i")"
	done
	EACH=$((($(now_ms) - started) / UNPAIRED))
}

# remove_many: the kernel removes the interfaces of many links at once, so that one takes a fraction of the time that it
# takes alone; of each the same is left as of one, which is nothing
remove_many() {
	local started took n=$((LINKS - UNPAIRED))
	unpair_some
	rm conf/*
	started=$(now_ms)
	rportctl apply >out 2>err &
	PID=$!
	ask_meanwhile
	end_is 0
	took=$(($(now_ms) - started))
	echo "$n links removed in $took ms; one alone in $EACH ms"
	answered_in_time $((3 * EACH)) || fail "root waited" # a slice takes as long as two or three alone
	[ "$took" -le $((n * EACH / 3)) ] || fail "they were removed one after another"
	assert_eq "$(grep -c '^- l[0-9]*$' out)" "$n" "links that apply removed"
	assert_eq "$(grep -c 'link l[0-9]*: removed' "$RPORTD_LOG")" "$LINKS" "removals in the log"
	eventually stored_is p0 p1
	assert_eq "$(n_links)" 1 links
	assert_json "$(rportctl -j ports)" 'length == 2' ports
	restart_rportd
	assert_eq "$(n_links)" 1 "links after a restart"
}

# list_in_time, as a condition
list_in_time() {
	local started
	started=$(now_ms)
	rportctl list >rows
	took_at_most "$LIST_MS" "$started"
}

test_apply_and_restart() {
	local started each
	ns_add A B C D
	start_kept_rportd --delay never
	start_bystander
	succeeds rportctl pair "$A" "$B" --name victim
	many_files "$LINKS"
	started=$(now_ms)
	begin rportctl apply
	ask_meanwhile
	end_is 0
	each=$((($(now_ms) - started) / LINKS))
	echo "$LINKS links in $(($(now_ms) - started)) ms"
	took_at_most $((LINK_MS * LINKS)) "$started" || fail "that is too long"
	answered_in_time "$each" || fail "root waited"
	assert_eq "$(wc -l <out)" "$LINKS" "lines of apply"
	assert_eq "$(<err)" '' "stderr of apply"
	started=$(now_ms)
	succeeds rportctl apply
	echo "again in $(($(now_ms) - started)) ms"
	assert_eq "$OUT" 'nothing to do' "apply again"
	eventually list_in_time
	assert_eq "$(grep -c ' up ' rows)" $((LINKS + 1)) 'links in the list'
	end_while_taking_over
	restart_many
	remove_many
	end_at_once
}

# the same way as a reload that removes them
test_unpair_many() {
	local i started
	ns_add A B
	start_rportd
	for ((i = 1; i <= LINKS; i++)); do
		printf '{"method":"org.rportd.Manager.Pair","parameters":{"name":"l%04d","a":{"domain":"netns:%s"},"b":{"domain":"netns:%s"}}}\n' \
			"$i" "$A" "$B"
	done | "$BUILD_DIR/tests/bench/calls" "$SOCKET" >calls.out || fail "a call failed"
	started=$(now_ms)
	succeeds rportctl unpair 'l*'
	echo "$LINKS links removed in $(($(now_ms) - started)) ms"
	took_at_most $((LINK_MS * LINKS)) "$started" || fail "that is too long"
	assert_eq "$(wc -l <<<"$OUT")" "$LINKS" "lines of unpair"
	assert_eq "$(n_links)" 0 links
	assert_no_ports
}

# note_first_answer: how many links there are when rportd answers for the first time
note_first_answer() {
	local n
	SOCKET=$TEST_TMP/socket
	until n=$(n_links 2>/dev/null) && [ -n "$n" ]; do
		sleep 0.01
	done
	echo "$n" >first
}

test_start() {
	ns_add A B
	many_files "$SOME"
	note_first_answer &
	start_kept_rportd
	assert_eq "$(n_links)" "$SOME" "links when it is ready"
	[ "$(<first)" -lt "$SOME" ] || fail "it has not answered before"
	# a restart finds them as they shall be
	kill_rportd
	assert_eq "$(n_links)" "$SOME" "links after a restart"
}

# what clients do is not undone: each link and each file counts as it is when its turn comes
test_changes_meanwhile() {
	ns_add A B
	link_file z1.rport "$A" "$B"
	link_file z2.rport "$A" "$B"
	start_rportd
	many_files "$SOME"
	slow_down
	begin rportctl apply
	succeeds rportctl unpair z1 --persist
	succeeds rportctl pair "$A" "$B" --name z2 --mtu 9000 --replace --persist
	succeeds rportctl pair "$A" "$B" --name a-new --persist
	succeeds rportctl unpair l0001
	rm "conf/$(printf 'l%04d' "$SOME").rport"
	process_over "$PID" && fail "it was over too early"
	full_speed
	end_is 0
	assert_eq "$(<err)" '' "stderr of apply"
	assert_eq "$(wc -l <out)" $((SOME - 1)) "lines of apply"
	succeeds rportctl -q exists a-new
	refused 3 '*no link*' rportctl show z1
	link_is z2 .a.mtu 9000 || fail "z2 was changed back"
	refused 3 '*no link*' rportctl show l0001 # its turn was before
	succeeds rportctl apply
	assert_eq "$OUT" '+ l0001' "the next apply"
}

# one at a time; what was begun goes on when the client has left, and those who wait are told
test_others_wait() {
	local more='{"method":"org.rportd.Manager.Reload","more":true}' first second third
	ns_add A B
	start_rportd
	many_files "$SOME"
	slow_down
	begin rportctl apply
	first=$PID
	rportctl -j apply >second 2>&1 &
	second=$!
	printf '%s\0' "$more" | "$TRAFFIC" unix-send --timeout 60000 "$SOCKET" >third.raw &
	third=$!
	eventually test -s third.raw
	kill -KILL "$first"
	wait "$first" || true
	full_speed
	succeeds rportctl apply --dry-run
	assert_eq "$OUT" 'nothing to do' "what is done after it"
	assert_eq "$(n_links)" "$SOME" links
	wait "$second" || fail "the second: $(<second)"
	assert_json "$(<second)" "(.added == []) and (.unchanged | length) == $SOME" "the second"
	wait "$third"
	tr '\0' '\n' <third.raw >third
	assert_json "$(jq -s . third)" ".[0] | .continues and .parameters.progress.waiting and .parameters.progress.total == $SOME"
	assert_json "$(jq -s . third)" ".[-1] | (.continues | not) and (.parameters | has(\"progress\") | not)
		and (.parameters.unchanged | length) == $SOME"
}

test_progress_on_a_terminal() {
	ns_add A B
	start_rportd
	many_files "$SOME"
	TERM=dumb script -qec "'$RPORTCTL' --socket '$SOCKET' apply 2>&1 >out" screen >/dev/null </dev/null
	tr '\r' '\n' <screen | grep -q "^[0-9]* of $SOME links" || fail "no progress: $(cat -v screen)"
	assert_eq "$(wc -l <out)" "$SOME" "lines of apply"
	rm conf/*
	TERM=dumb script -qec "'$RPORTCTL' --socket '$SOCKET' -q apply" screen >/dev/null </dev/null
	assert_no_match "$(<screen)" '*links*' "apply -q"
}

# it does not make them all first
test_end_in_the_midst() {
	ns_add A B
	start_rportd
	many_files "$SOME"
	slow_down
	begin rportctl apply
	kill -TERM "$RPORTD_PID"
	full_speed
	rportd_wait || fail "exit status of rportd: $?"
	end_is 4
	assert_eq "$(<out)" '' "stdout of apply"
	grep -q made "$RPORTD_LOG"
	assert_no_match "$(<"$RPORTD_LOG")" "*link $(printf 'l%04d' "$SOME"): made*" "the log"
	assert_no_ports
}

# the kernel removes their interfaces all at once: one after another takes some 60 ms for each link
test_end_of_many() {
	local started
	ns_add A B
	start_rportd
	many_files "$SOME"
	succeeds rportctl apply
	assert_eq "$(n_links)" "$SOME" links
	started=$(now_ms)
	kill -TERM "$RPORTD_PID"
	rportd_wait || fail "exit status of rportd: $?"
	took_at_most 1500 "$started" || fail "it ended in $(($(now_ms) - started)) ms"
	assert_no_ports
}

run_tests "$@"
