#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests of monitors share, beside lib.sh and ports.sh.

REPLY_KEYS='["changes","event","link","links","name","port","ports"]'
PORT_KEYS='["addresses","carrier","domain","drift","fastpath","index","interface","link","linkLocal","losses","mpls","mtu","offload","offloads","peer","queues","reason","routes","state","statistics"]'
LINK_KEYS='["a","b","configured","datapath","fastpath","file","mpls","mtu","name","offload","queues","state","warnings","ways","workers"]'

# --- monitors --------------------------------------------------------------------------------------------------------

# start_monitor OUTPUT [OPTION...]: MONITOR_PID; once the daemon knows of it
start_monitor() {
	: >"$1"
	"$RPORTCTL" --socket "$SOCKET" "${@:2}" monitor >"$1" 2>"$1.err" </dev/null &
	MONITOR_PID=$!
	# a link or port that is there for the text form to say something
	eventually test -s "$1"
}

# watch_all: a daemon, A and B, and a monitor that writes to the file events
watch_all() {
	start_rportd "$@"
	ns_add A B
	PA=netns:$A/rport0 PB=netns:$B/rport0
	start_monitor events -j
	mark
}

# mark: `told` looks at what comes from here on
mark() {
	MARK=$(wc -l <events)
}

# is_told FILTER, as a condition: is there an event since the mark for which the jq filter is true?
is_told() {
	tail -n +$((MARK + 1)) events | jq -es "any(.[]; $1)"
}

# told FILTER
told() {
	poll "$STEP_MS" is_told "$1" || fail "not told: $1
$(tail -n +$((MARK + 1)) events)"
}

# port_told NAME CHANGE FILTER: that in this port CHANGE is other than before, and the filter is true of the port
port_told() {
	told ".event == \"portChanged\" and .name == \"$1\" and (.changes | index(\"$2\")) and (.port | $3)"
}

# link_told NAME CHANGE FILTER
link_told() {
	told ".event == \"linkChanged\" and .name == \"$1\" and (.changes | index(\"$2\")) and (.link | $3)"
}

# settle: all that has happened has been told
settle() {
	SETTLED=$((${SETTLED:-0} + 1))
	succeeds rportctl create "settle$SETTLED" in default
	succeeds rportctl destroy "settle$SETTLED"
	told ".event == \"portRemoved\" and .name == \"default/settle$SETTLED\""
}

# events_told: since the mark, one a line: EVENT NAME CHANGE,CHANGE
events_told() {
	tail -n +$((MARK + 1)) events | jq -r 'select(.name | startswith("default/settle") | not) |
		"\(.event) \(.name) \(.changes | sort | join(","))"'
}

# assert_well_formed FILE: all that a monitor has printed: an object a line, with every key
assert_well_formed() {
	local bad lines
	lines=$(wc -l <"$1")
	head -n "$lines" "$1" >whole # another line may be on its way
	set -- whole
	[ "$lines" = "$(jq -c . "$1" | wc -l)" ] || fail "not an object a line: $(<"$1")"
	assert_eq "$(head -n 1 "$1" | jq -r .event)" snapshot "the first event"
	assert_eq "$(grep -c '"event": *"snapshot"' "$1")" 1 "snapshots"
	bad=$(jq -c "select((
		keys == $REPLY_KEYS and (.changes | type) == \"array\" and
		(if .event == \"snapshot\" then
			.name == null and .changes == [] and .link == null and .port == null and
			(.links | type) == \"array\" and (.ports | type) == \"array\"
		else
			(.name | type) == \"string\" and .links == null and .ports == null
		end) and
		(if .event | test(\"^link(Added|Changed)\$\") then .link.name == .name else .link == null end) and
		(if .event == \"portAdded\" or (.event == \"portChanged\" and (any(.changes[]; . == \"interface\" or . == \"domain\") | not)) then
			.name == \"\(.port.domain)/\(.port.interface | if . == \"\" then \"-\" else . end)\"
		elif .event == \"portChanged\" then .port != null else .port == null end) and
		(.event | test(\"^(snapshot|(link|port)(Added|Changed|Removed))\$\")) and
		((.event | test(\"Changed\$\")) == (.changes | length > 0)) and
		all(.port, .ports[]?, .link.a?, .link.b?, .links[]?.a, .links[]?.b; . == null or keys == $PORT_KEYS) and
		all(.link, .links[]?; . == null or keys == $LINK_KEYS)) | not)" "$1")
	assert_eq "$bad" '' "events that are not as they should be"
}

# --- replaying -------------------------------------------------------------------------------------------------------

# What the events make of the snapshot. An event names what it is about as it was called before, and there must be exactly
# one of that name, which differs in just what the event says.
# shellcheck disable=SC2016 # jq's variables
REPLAY='
def bare: del(.statistics, .a, .b);
def title: "\(.domain)/\(.interface | if . == "" then "-" else . end)";
def without($keys): delpaths([$keys[] | [.]]);
def is_before($event; $now; f): . as $old | f == $event.name and
	without($event.changes) == ($now | without($event.changes)) and
	all($event.changes[]; . as $key | $old[$key] != $now[$key]);
def only($event): if length == 1 then .[0] else error("\(length) that \($event | tojson) may be about") end;
def replace($event; $now; f):
	(to_entries | map(select(.value | is_before($event; $now; f)) | .key) | only($event)) as $i | .[$i] = $now;
def remove($event; f): (to_entries | map(select(.value | f == $event.name) | .key) | only($event)) as $i | del(.[$i]);
def add($event; $now; f):
	if any(.[]; f == $event.name) then error("again: \($event | tojson)") else . + [$now] end;
reduce inputs as $event (null;
	($event.link | if . then bare else . end) as $link | ($event.port | if . then bare else . end) as $port |
	if $event.event == "snapshot" then { links: ($event.links | map(bare)), ports: ($event.ports | map(bare)) }
	elif $event.event == "linkAdded" then .links |= add($event; $link; .name)
	elif $event.event == "linkChanged" then .links |= replace($event; $link; .name)
	elif $event.event == "linkRemoved" then .links |= remove($event; .name)
	elif $event.event == "portAdded" then .ports |= add($event; $port; title)
	elif $event.event == "portChanged" then .ports |= replace($event; $port; title)
	elif $event.event == "portRemoved" then .ports |= remove($event; title)
	else error("what is \($event.event)?") end) |
.links |= sort_by(.name) | .ports |= sort_by(.domain, .interface, .linkLocal)'

replay() {
	jq -nS "$REPLAY" "$1"
}

# there_is: the same of list and ports
there_is() {
	{
		rportctl -j list
		rportctl -j ports
	} | jq -sS 'def bare: del(.statistics, .a, .b);
		{ links: (.[0] | map(bare) | sort_by(.name)),
		  ports: (.[1] | map(bare) | sort_by(.domain, .interface, .linkLocal)) }'
}

replay_agrees() {
	[ "$(replay "$1")" = "$(there_is)" ]
}

# assert_replay FILE...
assert_replay() {
	local file
	for file; do
		assert_well_formed "$file"
		poll "${REPLAY_MS:-3000}" replay_agrees "$file" || fail "$file, replayed, is not what there is:
$(diff <(replay "$file" 2>&1) <(there_is) || true)"
	done
}
