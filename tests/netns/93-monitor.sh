#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# rportctl monitor, and the method Monitor: what there is, and every change of it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../monitor.sh"

# --- the first reply -------------------------------------------------------------------------------------------------

test_snapshot_has_all_links_and_ports() {
	start_rportd
	ns_add A B
	start_monitor empty -j
	assert_json "$(<empty)" ".event == \"snapshot\" and .links == [] and .ports == [] and keys == $REPLY_KEYS"
	pair_numbered
	succeeds rportctl pair "$A" netns:missing --allow-pending --name waits
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
	pair_numbered --allow-pending
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
	pair_numbered --allow-pending --b-name wan0
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
	# with the new name, or later, when the settings have been compared
	told '.event == "portChanged" and (.changes | index("drift")) and (.port | .drift == ["the name is other0, not rport0"])'
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
	pair_numbered --no-offload --replace
	settle
	assert_eq "$(events_told | grep -c 'linkRemoved ab')" 1 "links removed"
	told '.event == "linkAdded" and (.link.offload | not)'
	assert_replay events
}

test_change_in_place() {
	watch_all
	pair_numbered
	settle
	mark
	pair_numbered --mtu 1500 --replace
	settle
	assert_eq "$(events_told | grep -c 'Removed')" 0 "what was removed"
	told '.event == "linkChanged" and .link.mtu == 1500'
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
	assert_eq "$(events_told)" 'linkChanged ab configured,file' "told of a file"
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

run_tests "$@"
