#!/bin/bash
# SPDX-License-Identifier: ISC
# rportctl monitor, and the method Monitor: what there is, and every change of it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

REPLY_KEYS='["changes","event","link","links","name","port","ports"]'
PORT_KEYS='["addresses","carrier","domain","drift","index","interface","link","linkLocal","losses","mpls","mtu","offload","offloads","peer","queues","reason","routes","state","statistics"]'
LINK_KEYS='["a","b","configured","datapath","mpls","mtu","name","offload","queues","state","warnings","workers"]'
OUTPUT_MAX_KB=4096 # may wait for a monitor that does not read

# --- monitors --------------------------------------------------------------------------------------------------------

# start_monitor OUTPUT [OPTION...]: MONITOR_PID; once the daemon knows of it
start_monitor() {
	: >"$1"
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" "${@:2}" monitor >"$1" 2>"$1.err" </dev/null &
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

# --- the first reply -------------------------------------------------------------------------------------------------

test_snapshot_has_all_links_and_ports() {
	start_rportd
	ns_add A B
	start_monitor empty -j
	assert_json "$(<empty)" ".event == \"snapshot\" and .links == [] and .ports == [] and keys == $REPLY_KEYS"
	pair_numbered
	succeeds rportctl pair "$A" netns:missing --wait --name waits
	succeeds rportctl create wan0 in "$B"
	start_monitor events -j
	assert_eq "$(wc -l <events)" 1 "lines"
	assert_json "$(<events)" "keys == $REPLY_KEYS and .event == \"snapshot\" and .name == null and .changes == [] and
		.link == null and .port == null and (.links | map(.name)) == [\"ab\", \"waits\"] and
		(.ports | map(\"\(.domain)/\(.interface)\")) ==
		[\"netns:$A/rport0\", \"netns:$B/rport0\", \"netns:$A/rport1\", \"netns:missing/\", \"netns:$B/wan0\"]"
	assert_json "$(<events)" "(.links | map(keys) | unique) == [$LINK_KEYS] and
		([.ports, .links[].a, .links[].b] | flatten | map(keys) | unique) == [$PORT_KEYS]"
	assert_replay empty events
}

# raw_monitor OUTPUT: the method Monitor, without rportctl
raw_monitor() {
	printf '{"method":"org.rportd.Manager.Monitor","more":true}\0' >"$1.call"
	# the client's sending side is shut at once; it goes on receiving
	socat -t 60 - UNIX-CONNECT:"$SOCKET" <"$1.call" >"$1" &
	MONITOR_PID=$!
	eventually test -s "$1"
}

raw_has() {
	tr '\0' '\n' <"$1" | jq -es "any(.[]; $2)"
}

test_method_with_more() {
	start_rportd
	ns_add A B
	pair_numbered
	raw_monitor raw
	eventually raw_has raw '.parameters.event == "snapshot"'
	succeeds rportctl set ab mtu 1500
	succeeds rportctl unpair ab
	eventually raw_has raw '.parameters.event == "portRemoved"'
	succeeds rportctl create wan0 in "$A"
	eventually raw_has raw ".parameters.name == \"netns:$A/wan0\""
	tr '\0' '\n' <raw >lines
	jq -es 'all(.[]; keys == ["continues", "parameters"] and .continues == true)' lines >/dev/null ||
		fail "replies: $(<lines)"
	jq -c .parameters lines >events
	assert_replay events
}

test_method_without_more_is_an_error() {
	local flags
	start_rportd
	for flags in '' ',"more":false' ',"more":null'; do
		run varlink "{\"method\":\"org.rportd.Manager.Monitor\"$flags}" '{"method":"org.rportd.Manager.List"}'
		assert_eq "$(jq -sc 'map(.error)' <<<"$OUT")" '["org.varlink.service.ExpectedMore",null]' "replies with $flags"
	done
	run varlink '{"method":"org.rportd.Manager.Monitor","more":true,"parameters":{"frob":1}}'
	assert_json "$OUT" '.error == "org.varlink.service.InvalidParameter" and .parameters == { parameter: "frob" }'
	# with `oneway` there is nothing to be sent, and none that stays
	run varlink '{"method":"org.rportd.Manager.Monitor","more":true,"oneway":true}' '{"method":"org.rportd.Manager.List"}'
	assert_json "$OUT" '. == { parameters: { links: [] } }'
}

test_everybody_may() {
	watch_all
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor \
		>nobodys 2>nobodys.err &
	eventually test -s nobodys
	pair_numbered
	settle
	assert_replay events nobodys
	assert_eq "$(<nobodys.err)" '' "what it says"
}

# --- every change ----------------------------------------------------------------------------------------------------

test_pair_and_unpair() {
	watch_all
	pair_numbered
	settle
	assert_eq "$(events_told | grep Added | sort)" "linkAdded ab 
portAdded $PA 
portAdded $PB " "what was added"
	assert_replay events
	mark
	succeeds rportctl unpair ab
	settle
	assert_eq "$(events_told | grep Removed | sort)" "linkRemoved ab 
portRemoved $PA 
portRemoved $PB " "what was removed"
	assert_eq "$(events_told | grep Added || true)" '' "what was added"
	assert_replay events
}

test_down_up_and_carrier() {
	watch_all
	pair_numbered
	told '.event == "linkAdded"'
	eventually both_carry
	settle
	mark
	succeeds rportctl down "$PA"
	port_told "$PA" state '.state == "down" and (.carrier | not)'
	port_told "$PB" carrier '.state == "up" and (.carrier | not)'
	link_told ab state '.state == "degraded"'
	settle
	assert_eq "$(events_told | sort)" "linkChanged ab state
portChanged $PA carrier,state
portChanged $PB carrier" "all that was told of down"
	mark
	succeeds rportctl up "$PA"
	port_told "$PA" state '.state == "up" and .carrier'
	port_told "$PB" carrier '.state == "up" and .carrier'
	link_told ab state '.state == "up"'
	settle
	assert_eq "$(events_told | sort)" "linkChanged ab state
portChanged $PA carrier,state
portChanged $PB carrier" "all that was told of up"
	# nothing is told of what changes nothing
	mark
	succeeds rportctl up "$PA"
	succeeds rportctl set ab mtu 32768
	succeeds rportctl -j show ab
	succeeds rportctl reconcile ab
	pair_numbered
	settle
	assert_eq "$(events_told)" '' "told of nothing"
	assert_replay events
}

test_mtu() {
	watch_all
	pair_numbered
	succeeds rportctl set ab mtu 1500
	port_told "$PA" mtu '.mtu == 1500'
	port_told "$PB" mtu '.mtu == 1500'
	link_told ab mtu '.mtu == 1500 and .warnings == []'
	settle
	mark
	succeeds rportctl set "$PB" mtu 9000
	port_told "$PB" mtu '.mtu == 9000'
	link_told ab warnings '.mtu == 1500 and (.warnings | length) == 1'
	assert_replay events
}

test_drift_and_its_end() {
	watch_all
	pair_numbered
	settle
	ip -n "$B" link set rport0 mtu 1400
	port_told "$PB" drift '.mtu == 1400 and .drift == ["mtu is 1400, not 32768"]'
	link_told ab mtu '.mtu == 1400'
	mark
	ip -n "$B" link set rport0 mtu 32768
	port_told "$PB" drift '.mtu == 32768 and .drift == []'
	mark
	ip -n "$B" addr flush dev rport0
	port_told "$PB" drift '.drift | length == 3' # two addresses and the link-local one
	mark
	succeeds rportctl reconcile ab
	port_told "$PB" drift '.drift == []'
	assert_replay events
}

test_pending_and_its_end() {
	watch_all
	pair_numbered
	settle
	ip netns del "$B"
	port_told "$PB" state '.state == "pending" and .index == 0 and .losses == 1 and (.carrier | not)'
	told ".name == \"$PB\" and .port.reason != null"
	port_told "$PA" carrier '.carrier | not'
	link_told ab state '.state == "pending" and .workers == []'
	settle
	mark
	ns_create "$B"
	port_told "$PB" state '.state == "up" and .index > 0 and .reason == null'
	port_told "$PA" carrier '.carrier'
	link_told ab state '.state == "up" and (.workers | length) == 1'
	assert_replay events
}

test_waiting_and_its_end() {
	start_rportd
	ns_add A
	B=${TEST_PREFIX}b
	start_monitor events -j
	mark
	# until there is one of that name it may be a VRF, too
	pair_numbered --wait
	told ".event == \"portAdded\" and .name == \"$B/-\" and .port.state == \"pending\" and .port.interface == \"\""
	told '.event == "linkAdded" and .link.state == "pending"'
	settle
	mark
	ns_create "$B"
	port_told "$B/-" interface ".interface == \"rport0\" and .state == \"up\" and .domain == \"netns:$B\""
	port_told "netns:$A/rport0" peer ".peer == \"netns:$B/rport0\""
	link_told ab state '.state == "up"'
	assert_replay events
}

# the namespace is there, and so the port has another name, but an interface is in its way
test_waiting_goes_on() {
	start_rportd
	ns_add A C
	B=${TEST_PREFIX}b
	ip -n "$C" link add wan0 type veth peer name displacer
	start_monitor events -j
	mark
	pair_numbered --wait --b-name wan0
	told ".event == \"portAdded\" and .name == \"$B/wan0\" and .port.state == \"pending\""
	settle
	mark
	touch "/run/netns/$B"
	mount --bind "/run/netns/$C" "/run/netns/$B"
	port_told "$B/wan0" domain ".domain == \"netns:$B\" and .state == \"pending\""
	port_told "netns:$A/rport0" peer ".peer == \"netns:$B/wan0\""
	assert_replay events
}

# the event has the name that the port had; the other end's peer is called otherwise, too
test_rename() {
	watch_all
	pair_numbered
	settle
	# not every kernel renames an interface that is up
	succeeds rportctl down "$PB"
	settle
	mark
	ip -n "$B" link set rport0 name other0
	port_told "$PB" interface '.interface == "other0"'
	port_told "netns:$B/other0" drift '.drift == ["the name is other0, not rport0"]'
	port_told "$PA" peer ".peer == \"netns:$B/other0\""
	assert_replay events
	mark
	succeeds rportctl reconcile ab
	port_told "netns:$B/other0" interface '.interface == "rport0" and .drift == []'
	port_told "$PA" peer ".peer == \"$PB\""
	assert_replay events
}

# the name of an event is that which was told before, also when it is told before the rename has been heard of
test_rename_and_another_change() {
	local pid i
	watch_all
	pair_numbered
	succeeds rportctl down "$PB"
	settle
	mark
	kill -STOP "$RPORTD_PID"
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" set ab mtu 1500 &
	pid=$!
	eventually is_waiting "$pid"
	# so much is told before that the call has its turn first
	for i in {1..300}; do
		printf 'addr add 10.9.0.1/32 dev lo\naddr del 10.9.0.1/32 dev lo\n'
	done | ip -n "$B" -batch -
	ip -n "$B" link set rport0 name other0
	kill -CONT "$RPORTD_PID"
	wait "$pid"
	told ".port.interface == \"other0\" and .name == \"$PB\""
	assert_replay events
}

# is_waiting PID, as a condition: it has sent its call
is_waiting() {
	[[ $(<"/proc/$1/wchan") == *poll* ]]
}

# it was up for a moment, and told so because its peer had changed, before the daemon had heard that it was set up or down
test_up_and_down_before_it_is_heard() {
	local pid i
	watch_all
	pair_numbered
	succeeds rportctl down "$PB"
	settle
	mark
	kill -STOP "$RPORTD_PID"
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" down "$PA" &
	pid=$!
	eventually is_waiting "$pid"
	# so much is told before that we have our turn, too
	for i in {1..3000}; do
		printf 'addr add 10.9.0.1/32 dev lo\naddr del 10.9.0.1/32 dev lo\n'
	done | ip -n "$B" -batch -
	ip -n "$B" link set rport0 up
	kill -CONT "$RPORTD_PID"
	wait "$pid"
	kill -STOP "$RPORTD_PID"
	ip -n "$B" link set rport0 down
	kill -CONT "$RPORTD_PID"
	port_told "$PB" state '.state == "up"'
	port_told "$PB" state '.state == "down"'
	assert_replay events
}

test_create_and_destroy() {
	watch_all
	succeeds rportctl create wan0 in "$A"
	told ".event == \"portAdded\" and .name == \"netns:$A/wan0\" and .port.state == \"down\" and .port.link == null"
	mark
	succeeds rportctl up wan0
	port_told "netns:$A/wan0" state '.state == "up" and (.carrier | not)'
	mark
	succeeds rportctl create wan0 in "$A"
	refused 2 '*' rportctl create wan0 in "$A" --mtu 1500
	settle
	assert_eq "$(events_told)" '' "told of what was not done"
	succeeds rportctl destroy wan0
	settle
	assert_eq "$(events_told)" "portRemoved netns:$A/wan0 " "told of destroy"
	assert_replay events
}

test_parent_and_unparent() {
	watch_all
	ports_with_addresses
	settle
	mark
	succeeds rportctl parent wan0 wan1
	told ".event == \"linkAdded\" and .link.state == \"up\" and .link.a.interface == \"wan0\""
	port_told "$PA" peer ".peer == \"$PB\" and .link != null"
	port_told "$PB" link ".peer == \"$PA\" and .link != null"
	told ".name == \"$PA\" and .port.carrier"
	told ".name == \"$PB\" and .port.carrier"
	assert_replay events
	mark
	succeeds rportctl unparent wan1
	told '.event == "linkRemoved"'
	port_told "$PA" peer '.peer == null and .link == null and (.carrier | not)'
	port_told "$PB" link '.peer == null and .link == null and (.carrier | not)'
	settle
	assert_eq "$(events_told | grep portRemoved || true)" '' "ports removed"
	assert_replay events
}

test_destroy_of_a_peer() {
	watch_all
	pair_numbered
	settle
	mark
	succeeds rportctl destroy "$PB"
	told '.event == "linkRemoved"'
	told ".event == \"portRemoved\" and .name == \"$PB\""
	port_told "$PA" peer '.peer == null and .link == null and (.carrier | not)'
	assert_replay events
}

test_replace() {
	watch_all
	pair_numbered
	settle
	mark
	pair_numbered --mtu 1500 --replace
	settle
	assert_eq "$(events_told | grep -c 'linkRemoved ab')" 1 "links removed"
	told '.event == "linkAdded" and .link.mtu == 1500'
	assert_replay events
}

test_configured() {
	watch_all
	mkdir -p conf
	pair_numbered
	told '.event == "linkAdded" and (.link.configured | not)'
	succeeds rportctl export ab
	echo "$OUT" >conf/ab.rport
	mark
	succeeds rportctl reload
	link_told ab configured .configured
	settle
	assert_eq "$(events_told)" 'linkChanged ab configured' "told of a file"
	mark
	rm conf/ab.rport
	succeeds rportctl reload
	told '.event == "linkRemoved" and .name == "ab"'
	assert_replay events
}

test_traffic_is_no_event() {
	watch_all
	pair_numbered
	eventually both_carry
	settle
	mark
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	udp_exchange "$A" "$B" 192.168.0.1 --count 1000
	sleep 0.3
	settle
	assert_eq "$(events_told)" '' "told of traffic"
	[ "$(port ab a .statistics.packets)" -ge 1000 ] || fail "there was none"
}

# --- without gaps ----------------------------------------------------------------------------------------------------

# any WORD...: one of them; the generator's state must not end with a subshell: in ANY
any() {
	local i=$((RANDOM % $# + 1))
	ANY=${!i}
}

# any_namespace: C comes and goes
any_namespace() {
	any "$A" "$B" "$C"
}

# any_port: one that has been created, perhaps
any_port() {
	any_namespace
	local ns=$ANY
	any p0 p1
	ANY=netns:$ns/$ANY
}

# toggle_c: takes it away, or brings it back
toggle_c() {
	if [ -e "/run/netns/$C" ]; then
		ip netns del "$C"
	else
		ip netns add "$C"
	fi
}

# by_another NAMESPACE NUMBER: what others do to an interface. Two ports of one name would be one to the events: so each
# new name is another one, and only ports of links, which bring their names with them, are renamed.
by_another() {
	local device mtu devices
	devices=$(ports "$1" | grep '^[lx]' || true)
	[ -n "$devices" ] || return 0
	any 1500 1400 9000
	mtu=$ANY
	# shellcheck disable=SC2086 # words
	any $devices
	device=$ANY
	any up down mtu name name flush gone
	echo "$ANY $device $mtu"
	case $ANY in
	up | down) ip -n "$1" link set "$device" "$ANY" ;;
	mtu) ip -n "$1" link set "$device" mtu "$mtu" ;;
	name) ip -n "$1" link set "$device" name "x$2" ;;
	flush) ip -n "$1" addr flush dev "$device" ;;
	gone) ip -n "$1" link del "$device" ;;
	esac
}

# one_operation NUMBER: something, which may be refused; what was done is in the log
one_operation() {
	local first second mtu link what
	any_port
	first=$ANY
	any_port
	second=$ANY
	any 1500 9000 32768
	mtu=$ANY
	any l0 l1 l2
	link=$ANY
	any pair pair pair replace unpair create create destroy up down set set parent parent unparent reconcile another \
		another another another another c c
	what=$ANY
	set -- "${first%/*}" "${second%/*}" "$1"
	echo "operation $3: $what $first $second $link $mtu"
	case $what in
	pair) set -- pair "$1" "$2" --wait --addresses 10.0.0.1,10.0.0.2 ;;
	replace) set -- pair "$1" "$2" --replace ;;
	unpair | reconcile) rportctl "$what" "$link" || true ;;
	create) rportctl create "${first##*/}" in "$1" || true ;;
	destroy | up | down | unparent) rportctl "$what" "$first" || true ;;
	set) rportctl set "$link" mtu "$mtu" || true ;;
	parent) rportctl parent "$first" "$second" || true ;;
	another)
		[ -e "/run/netns/$C" ] || toggle_c
		by_another "${1#netns:}" "$3" || true
		;;
	c) toggle_c ;;
	esac
	[ "$1" != pair ] || rportctl "$@" --name "$link" --a-name "${link}a" --b-name "${link}b" --mtu "$mtu" || true
} 2>&1

test_replaying_random_changes() {
	local seed=${SEED:-$((EPOCHSECONDS % 32768))} i
	echo "seed: $seed"
	RANDOM=$seed
	start_rportd
	ns_add A B C
	start_monitor first -j
	start_monitor second -j
	for ((i = 0; i < ${OPERATIONS:-120}; i++)); do
		one_operation "$i"
		[ "$i" != 50 ] || start_monitor later -j
	done
	rportd_alive || fail "rportd ended"
	[ "$(wc -l <first)" -ge 100 ] || fail "there are few events: $(wc -l <first)"
	# ports that are held back may return meanwhile
	assert_replay first second later
	# and they were told the same
	eventually cmp <(tail -n +2 first) <(tail -n +2 second)
	assert_eq "$(tail -n +2 later)" "$(tail -n "$(($(wc -l <later) - 1))" first)" "events of one that came later"
}

# --- how it is printed -----------------------------------------------------------------------------------------------

# text_told REGEX: a line of the text form that matches it as a whole, behind the time
text_told() {
	poll "$STEP_MS" grep -qxE "[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3} $1" text || fail "no line '$1':
$(<text)"
}

test_text() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl pair "$A" netns:missing --wait --name waits
	start_monitor text
	assert_eq "$(<text)" "link ab up
link waits pending
port netns:$A/wan0 down" "the first lines"
	succeeds rportctl down "netns:$A/rport0"
	text_told "port netns:$A/rport0 changed: state down, carrier no"
	text_told "link ab changed: state degraded"
	text_told "port netns:$B/rport0 changed: carrier no"
	succeeds rportctl set wan0 mtu 1500
	text_told "port netns:$A/wan0 changed: mtu 1500"
	succeeds rportctl destroy wan0
	text_told "port netns:$A/wan0 removed"
	succeeds rportctl create wan1 in "$A"
	text_told "port netns:$A/wan1 added: state down"
	ip netns del "$B"
	text_told "port netns:$B/rport0 changed: .*state pending \\(.+\\), losses 1.*"
	text_told "link ab changed: state pending, workers -"
	succeeds rportctl unpair ab
	text_told "link ab removed"
	succeeds rportctl pair "$A" "$A" --name aa
	text_told "link aa added: state (up|degraded)"
	assert_no_match "$(<text)" $'*\e*' "colours in a file"
}

test_options() {
	start_rportd
	ns_add A
	refused 1 '*' rportctl monitor ab
	refused 1 '*' rportctl monitor --frob
	succeeds rportctl create wan0 in "$A"
	# -p has no effect: one object a line
	start_monitor events -j -p
	mark
	succeeds rportctl set wan0 mtu 1500
	told '.event == "portChanged"'
	assert_eq "$(wc -l <events)" 2 "lines with -p"
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -q monitor >quiet 2>&1 &
	succeeds rportctl set wan0 mtu 9000
	settle
	assert_eq "$(<quiet)" '' "with -q"
}

# each line is written at once, though it is a pipe
test_flushed_at_once() {
	start_rportd
	ns_add A
	mkfifo pipe
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor >pipe 2>pipe.err &
	exec 8<pipe
	IFS= read -r -t 5 -u 8 LINE || fail "no snapshot"
	assert_json "$LINE" '.event == "snapshot"'
	for i in 1 2 3; do
		succeeds rportctl create "wan$i" in "$A"
		IFS= read -r -t 5 -u 8 LINE || fail "no line of wan$i"
		assert_json "$LINE" ".event == \"portAdded\" and .port.interface == \"wan$i\""
	done
	exec 8<&-
}

# --- how it ends -----------------------------------------------------------------------------------------------------

test_daemon_that_ends_is_said() {
	local status signal
	for signal in TERM KILL; do
		start_rportd
		start_monitor events -j
		kill "-$signal" "$RPORTD_PID"
		rportd_wait 2>/dev/null || true
		poll 2000 process_over "$MONITOR_PID" || fail "the monitor goes on after SIG$signal"
		status=0
		wait "$MONITOR_PID" || status=$?
		assert_eq "$status" 4 "exit status after SIG$signal"
		assert_match "$(<events.err)" 'rportctl: rportd went away*' "message"
		assert_eq "$(wc -l <events)" 1 "lines"
	done
	refused 4 'rportctl: cannot connect to *' rportctl monitor
}

test_closed_output_ends_it() {
	start_rportd
	ns_add A
	(
		"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor 2>closed.err | head -n 1 >first || true
	) &
	eventually test -s first
	# it is noticed when there is something to write
	succeeds rportctl create wan0 in "$A"
	poll 2000 process_over $! || fail "it goes on"
	assert_eq "$(jq -r .event first)" snapshot "the line"
	assert_eq "$(<closed.err)" '' "what it says"
	eventually fds_at_most "$(rportd_fds)"
	refused 2 'rportctl: cannot write the output: No space left on device' output_to_full
}

output_to_full() {
	timeout 5 "$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" monitor -j >/dev/full
}

test_client_that_is_killed_frees_everything() {
	local before i pids=()
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl list
	sleep 0.1
	before=$(rportd_fds)
	for i in 1 2 3 4 5; do
		start_monitor "m$i" -j
		pids+=("$MONITOR_PID")
	done
	assert_eq "$(rportd_fds)" $((before + 5)) "descriptors with 5 monitors"
	kill -KILL "${pids[@]}"
	eventually fds_at_most "$before"
	# nothing has to happen for that; and what happens reaches those who come later
	start_monitor events -j
	succeeds rportctl set ab mtu 1500
	assert_replay events
}

# --- one that does not read ------------------------------------------------------------------------------------------

# many_changes N: of the MTU, by one client
many_changes() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf '{"method":"org.rportd.Manager.SetMtu","parameters":{"name":"ab","mtu":%d}}\0' $((1500 + i % 2))
	done | socat -t 10 - UNIX-CONNECT:"$SOCKET" | tr '\0' '\n' | grep -c '"changed": *true'
}

rss_kb() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$RPORTD_PID/status"
}

was_dropped() {
	[ "$(grep -c 'does not read what it asked for' "$RPORTD_LOG")" = "$1" ]
}

test_reader_that_does_not_read_is_dropped() {
	# what is freed is to be free, with a sanitizer, too
	export ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1
	local before fds status i stopped blocked
	watch_all
	pair_numbered
	settle
	fds=$(rportd_fds)
	start_monitor stopped -j
	stopped=$MONITOR_PID
	kill -STOP "$stopped"
	# and one that cannot write: nobody reads the pipe
	mkfifo pipe
	exec 8<>pipe
	"$BUILD_DIR/rportctl/rportctl" --socket "$SOCKET" -j monitor >pipe 2>pipe.err &
	blocked=$!
	eventually fds_at_least $((fds + 2))
	before=$(rss_kb)
	for ((i = 0; i < 10; i++)); do
		assert_eq "$(many_changes 200)" 200 "changes"
		succeeds rportctl -j list
		[ $(($(rss_kb) - before)) -le $((2 * OUTPUT_MAX_KB + 8192)) ] || fail "rportd has $(rss_kb) KB, before $before KB"
		! was_dropped 2 || break
	done
	echo "after $(((i + 1) * 200)) changes, $(wc -c <events) bytes of events: $before KB, then $(rss_kb) KB"
	was_dropped 2 || fail "not both were dropped"
	[ "$(wc -c <events)" -ge $((OUTPUT_MAX_KB * 1024)) ] || fail "they were dropped too early"
	eventually fds_at_most "$fds"
	# what they had is given back, and others have not noticed anything
	assert_replay events
	assert_eq "$(<events.err)" '' "what the other one says"
	kill -CONT "$stopped"
	cat <&8 >/dev/null &
	for i in "$stopped:stopped" "$blocked:pipe"; do
		poll 5000 process_over "${i%:*}" || fail "${i#*:}: it goes on"
		status=0
		wait "${i%:*}" || status=$?
		assert_eq "$status" 4 "exit status of ${i#*:}"
		assert_match "$(<"${i#*:}.err")" 'rportctl: *dropped this client*' "message of ${i#*:}"
	done
	exec 8<&-
}

fds_at_least() {
	[ "$(rportd_fds)" -ge "$1" ]
}

# a pause is no reason
test_reader_that_reads_later_misses_nothing() {
	watch_all
	pair_numbered
	settle
	kill -STOP "$MONITOR_PID"
	assert_eq "$(many_changes 300)" 300 "changes"
	kill -CONT "$MONITOR_PID"
	settle
	assert_eq "$(tail -n +$((MARK + 1)) events | jq -s 'map(select(.event == "linkChanged" and .changes == ["mtu"])) | length')" \
		300 "changes of the link"
	assert_replay events
}

run_tests "$@"
