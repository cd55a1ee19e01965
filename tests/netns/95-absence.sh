#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# What others did while no daemon was there, and what the next one makes of what the last one left.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

# absent_while COMMAND...: the daemon is killed, the command run, and the next daemon awaited
absent_while() {
	kill_rportd_only
	"$@"
	restart_rportd
}

# start_absent: a daemon that stays away when it was killed, and a link
start_absent() {
	start_kept_rportd --delay never
	ns_add A B
	pair_numbered --b-route 10.60.0.0/16
	eventually both_carry
}

# drift_is END LINE...: as a condition
drift_is() {
	port_is ab "$1" .drift "$(printf '%s\n' "${@:2}" | jq -R . | jq -s .)"
}

mended() {
	succeeds rportctl reconcile ab
	eventually both_carry
	assert_json "$(rportctl -j show ab)" '.a.drift == [] and .b.drift == []'
	assert_eq "$(ports "$A") $(ports "$B")" 'rport0 rport0' interfaces
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
}

# --- what others did -------------------------------------------------------------------------------------------------

test_namespace_deleted() {
	start_absent
	absent_while ip netns del "$B"
	assert_json "$(rportctl -j show ab)" '.state == "pending" and .a.state == "up" and .b.state == "pending" and .b.index == 0'
	eventually no_carrier "$A" rport0
	eventually stored_is p0
	ns_create "$B"
	eventually -t 1000 both_carry
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
}

# a bare name that was found to be a namespace while nobody was there is that from then on, also for the daemon after the next
test_bare_name_found_meanwhile() {
	local before
	start_kept_rportd --delay never
	ns_add A
	B=${TEST_PREFIX}b
	pair_numbered --allow-pending
	assert_eq "$(port ab b .domain)" "$B" domain
	absent_while ns_create "$B"
	eventually both_carry
	assert_eq "$(port ab b .domain)" "netns:$B" "domain, once it was found"
	before=$(port ab b '[.domain, .interface, .index, .linkLocal]')
	absent_while true
	assert_eq "$(port ab b '[.domain, .interface, .index, .linkLocal]')" "$before" "after another restart"
	sleep 0.3
	assert_json "$(rportctl -j show ab)" '.state == "up" and .b.drift == []'
}

# one that never had a name takes none that another one waits for
test_names_of_those_who_wait() {
	start_kept_rportd --delay never
	ns_add A B
	succeeds rportctl create in "$B"
	eventually port_has "netns:$B/rport0" .state down
	ip netns del "$B"
	eventually port_has "netns:$B/rport0" .state pending
	succeeds rportctl pair "$A" "$B" --allow-pending --name ab --addresses 192.168.0.0,192.168.0.1
	assert_eq "$(port ab b .interface)" '' "name of what was never there"
	absent_while ns_create "$B"
	eventually both_are_up
	assert_eq "$(port ab b .interface)" rport1 "its name"
	assert_eq "$(of_port "netns:$B/rport0" '[.state, .reason] | tojson')" '["down",null]' "the other one"
}

make_namespace_anew() {
	ip netns del "$B"
	ns_create "$B"
}

test_namespace_made_anew() {
	start_absent
	absent_while make_namespace_anew
	eventually both_carry
	assert_eq "$(rportctl -j ports | jq -c 'map(.state)')" '["up","up"]' "states of the ports"
	ping_ok "$A" 192.168.0.1
	assert_eq "$(ip -n "$B" route show 10.60.0.0/16 | wc -l)" 1 routes
}

test_namespace_comes() {
	start_kept_rportd --delay never
	ns_add A B
	ip netns del "$B"
	succeeds rportctl pair "$A" "netns:$B" --allow-pending --name ab --addresses 192.168.0.0,192.168.0.1
	absent_while ns_create "$B"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
}

test_interface_deleted() {
	start_absent
	absent_while ip -n "$B" link del rport0
	eventually both_carry
	assert_eq "$(ports "$B")" rport0 interfaces
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	eventually stored_is p0 p1
}

test_both_interfaces_deleted() {
	start_absent
	absent_while eval "ip -n '$B' link del rport0; ip -n '$A' link del rport0"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
}

# its name was taken by somebody else
test_interface_replaced() {
	start_absent
	absent_while eval "ip -n '$B' link del rport0; ip -n '$B' link add rport0 type veth peer name taken"
	eventually port_is ab b .state pending
	assert_match "$(port ab b .reason)" '*rport0*' reason
	ip -n "$B" link del rport0
	eventually -t 2000 both_carry
	ping_ok "$A" 192.168.0.1
}

test_renamed() {
	start_absent
	absent_while eval "ip -n '$B' link set rport0 down; ip -n '$B' link set rport0 name wan0; ip -n '$B' link set wan0 up"
	eventually drift_has b 'the name is wan0, not rport0'
	eventually both_are_up
	mended
}

rename_end_b() {
	ip -n "$B" link set rport0 down
	ip -n "$B" link set rport0 name wan0
	ip -n "$B" link set wan0 up
}

# the link-local address is that of the name that a port shall have, whatever others have called it meanwhile
test_renamed_has_its_link_local_address() {
	local address
	start_absent
	address=$(port ab b .linkLocal)
	rename_end_b
	eventually drift_is b 'the name is wan0, not rport0'
	absent_while true
	assert_eq "$(port ab b .linkLocal)" "$address" "link-local address of one that was taken over with another name"
	sleep 0.3
	drift_is b 'the name is wan0, not rport0' || fail "drift: $(port ab b .drift)"
	mended
	absent_while true
	assert_eq "$(port ab b .linkLocal)" "$address" "link-local address, with its name again"
	ping_ok "$A" "$address%rport0"
}

# drift_has END LINE, as a condition
drift_has() {
	rportctl -j show ab | jq -e --arg line "$2" ".$1.drift | index(\$line)" >/dev/null
}

both_are_up() {
	[ "$(port ab a '"\(.state) \(.carrier)"') $(port ab b '"\(.state) \(.carrier)"')" = 'up true up true' ]
}

test_mtu_changed() {
	start_absent
	absent_while ip -n "$B" link set rport0 mtu 1300
	eventually drift_is b 'mtu is 1300, not 32768'
	mended
	assert_eq "$(kernel_mtu "$B" rport0)" 32768 MTU
}

test_set_down() {
	start_absent
	absent_while ip -n "$B" link set rport0 down
	eventually drift_is b 'it is down, not up'
	eventually no_carrier "$A" rport0
	assert_eq "$(port ab b .state)" down state
	mended
}

test_set_up() {
	start_absent
	succeeds rportctl down "netns:$B/rport0"
	absent_while ip -n "$B" link set rport0 up
	eventually drift_has b 'it is up, not down'
	eventually both_are_up
	succeeds rportctl reconcile ab
	eventually port_is ab b .state down
}

test_settings_removed() {
	start_absent
	absent_while eval "ip -n '$A' addr flush dev rport0; ip -n '$B' route del 10.60.0.0/16"
	eventually drift_has a 'the address 192.168.0.0/32 is missing'
	eventually drift_has a 'the address fd00:ab::a/128 is missing'
	eventually drift_has a "the link-local address $(port ab a .linkLocal) is missing"
	eventually drift_is b 'the route 10.60.0.0/16 is missing'
	mended
	assert_eq "$(ip -n "$B" route show 10.60.0.0/16 | wc -l)" 1 routes
}

# one that is elsewhere is made anew where it belongs
test_moved() {
	start_absent
	ns_add C
	absent_while ip -n "$B" link set rport0 netns "$C"
	eventually both_carry
	mended
	assert_eq "$(ports "$C")" '' "interfaces where it was moved to"
}

# --- what the last one left ------------------------------------------------------------------------------------------

# adopt_test SED-SCRIPT REASON: records that become unreadable, and all is taken from the kernel
adopt_test() {
	local before
	start_kept_rportd
	ns_add A B
	pair_numbered --a-route 10.50.0.0/16 --b-route 2001:db8::/32 --mtu 9000
	succeeds rportctl pair "$A" "$B" --name labels --mpls --addresses 10.2.0.0,10.2.0.1
	succeeds rportctl pair default "$B" --name plain --no-offload --a-name wan0 --b-address 10.3.0.1/24
	succeeds rportctl create alone in "$A" --mtu 1500
	eventually both_carry
	remember_world
	before=$(facts)
	edit_state "$1"
	assert_match "$(grep '^rportd: error: ' "$RPORTD_LOG")" "*the records of the former rportd cannot be read: $2; they were set aside in $SOCKET.unreadable-state" \
		"what the log says"
	cmp state.after "$SOCKET.unreadable-state" || fail "what was set aside is not the records"
	assert_eq "$(stat -c %a "$SOCKET.unreadable-state")" 600 "mode of what was set aside"
	assert_facts "$before" "what was adopted is not what was there"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	ping_ok "$A" 10.2.0.1
	# it is a state as good as another
	kill_rportd
	assert_facts "$before" "after another kill"
	succeeds rportctl unpair ab
	succeeds rportctl unpair labels
	succeeds rportctl unpair plain
	succeeds rportctl destroy alone
	assert_no_ports
	stored_is || fail "stored: $(stored)"
}

test_records_of_a_newer_version() {
	adopt_test 's/"rport-state":1/"rport-state":7/' '*version 7*'
}

test_damaged_records() {
	adopt_test '2s/"put"/"p t/' '*'
}

test_records_that_are_no_text() {
	adopt_test 's/./X/g' '*'
}

# a link whose file is there is not touched when the records are lost, either
test_configured_link_is_adopted() {
	local before
	start_kept_rportd
	ns_add A B
	pair_numbered --persist
	eventually both_carry
	before=$(facts)
	edit_state 's/"rport-state":1/"rport-state":7/'
	assert_facts "$before" "what was adopted is not what was there"
	assert_json "$(rportctl -j show ab)" .configured
	kill_rportd
	assert_json "$(rportctl -j show ab)" .configured
	ping_ok "$A" 192.168.0.1
}

# a port that is down, and one that is pending, cannot be found out from the kernel; but nothing breaks
test_damaged_records_of_what_is_not_there() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	ip netns del "$B"
	eventually port_is ab b .state pending
	succeeds rportctl down "netns:$A/rport0"
	edit_state 's/"rport-state":1/"rport-state":7/'
	assert_eq "$(rportctl -j list)" '[]' links
	assert_eq "$(of_port "netns:$A/rport0" '"\(.state) \(.link)"')" 'down null' "the port that is left"
	ns_create "$B"
	succeeds rportctl destroy rport0
	pair_numbered
	ping_ok "$A" 192.168.0.1
}

# a device that no record names is nobody's
test_stale_devices() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl create alone in "$A"
	stored_is p{0..2} || fail "stored: $(stored)"
	edit_state '/"port 2"/d'
	ports_count 2
	eventually stored_is p0 p1
	eventually no_interface "$A" alone
	ping_ok "$A" 192.168.0.1
}

no_interface() {
	! ip -n "$1" link show dev "$2"
}

# a record that cannot be is left out, and the others count
test_one_bad_record() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl pair "$A" "$B" --name other
	edit_state '/"link other"/s/"slot":2/"slot":-2/'
	assert_match "$(grep '^rportd: error: ' "$RPORTD_LOG")" '*cannot restore link other: *' "what the log says"
	assert_eq "$(rportctl -j list | jq -r '.[].name')" ab links
	eventually stored_is p0 p1
	assert_eq "$(ports "$A") $(ports "$B")" 'rport0 rport0' interfaces
	ping_ok "$A" 192.168.0.1
	kill_rportd
	assert_eq "$(grep -c '^rportd: error: ' "$RPORTD_LOG")" 1 "what the log says after another kill"
}

# counters_file: that of the keeper
counters_file() {
	local entry
	for entry in /proc/"$KEEPER_PID"/fd/*; do
		[[ $(readlink "$entry") != /memfd:rport-counters* ]] || echo "$entry"
	done
}

test_damaged_counters() {
	start_kept_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	kill -STOP "$RPORTD_PID"
	printf garbage | dd of="$(counters_file)" conv=notrunc status=none
	kill_rportd
	succeeds rportctl exists ab
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	kill_rportd
	assert_json "$(rportctl -j show ab)" '.a.statistics.packets >= 3 and .a.statistics.packets < 1000'
	stored_is p0 p1 || fail "stored: $(stored)"
}

run_tests "$@"
