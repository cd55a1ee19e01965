#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Files that change while the daemon runs: apply, reload and SIGHUP.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../config.sh"

# --- apply -----------------------------------------------------------------------------------------------------------

test_dry_run_changes_nothing() {
	local would
	ns_add A B
	mkdir conf
	link_file gone.rport "$A" "$B"
	link_file other.rport "$A" "$B"
	link_file same.rport "$A" "$B"
	start_rportd
	succeeds rportctl pair "$A" "$B" --name byhand
	rm conf/gone.rport
	link_file other.rport "$A" "$B" MTU=9000
	link_file added.rport "$A" "$B"
	link_file byhand.rport "$A" "$B"
	remember_world
	would=$'+ added\n~ other: at end a mtu is 32768, not 9000\n- gone'
	applies 0 "${would/at end a mtu is 32768, not 9000/a: mtu is 32768, not 9000; b: mtu is 32768, not 9000}" '' --dry-run
	assert_same_world "apply --dry-run"
	succeeds rportctl -j apply --dry-run
	assert_json "$OUT" '. == {added: ["added"], changed: [{name: "other",
		difference: "a: mtu is 32768, not 9000; b: mtu is 32768, not 9000"}],
		removed: ["gone"], unchanged: ["byhand", "same"], failed: [], problems: []}'
	assert_same_world "apply -j --dry-run"
	applies 0 "$would" ''
	assert_json "$(rportctl -j list)" 'map([.name, .mtu, .configured, .state]) == [["added", 32768, true, "up"],
		["byhand", 32768, true, "up"], ["other", 9000, true, "up"], ["same", 32768, true, "up"]]'
	remember_world
	applies 0 'nothing to do' ''
	applies 0 'nothing to do' '' --dry-run
	reloads 0 'unchanged: 4' ''
	succeeds rportctl -q apply
	assert_eq "$OUT$ERR" '' "-q apply"
	assert_same_world "apply of what there is"
}

test_reload_says_what_it_did() {
	ns_add A B
	link_file a.rport "$A" "$B"
	link_file b.rport "$A" "$B"
	link_file c.rport "$A" "$B"
	start_rportd
	rm conf/a.rport
	link_file b.rport "$A" "$B" MTU=9000
	link_file d.rport "$A" "$B"
	link_file e.rport "$A" nowhere OnMissing=fail
	reloads 2 $'added: d\nchanged: b\nremoved: a\nunchanged: 1' 'rportctl: e: no domain "nowhere"*'
	rm conf/e.rport
	reloads 0 'unchanged: 3' ''
	rm conf/*
	succeeds rportctl -j reload
	assert_json "$OUT" '. == {added: [], changed: [], removed: ["b", "c", "d"], unchanged: [], failed: [], problems: []}'
	assert_eq "$(links)" '' "links when all files are gone"
	assert_no_ports
	reloads 0 'unchanged: 0' ''
}

test_sighup_is_a_reload() {
	ns_add A B
	numbered_file
	link_file gone.rport "$A" "$B"
	start_rportd
	numbered_file MTU=9000 Colour=red
	rm conf/gone.rport
	link_file added.rport "$A" "$B"
	link_file bad.rport "$A" "$B" MTU=big
	kill -HUP "$RPORTD_PID"
	eventually link_is ab .mtu 9000
	eventually logged 'rportd: error: link bad: its file is faulty'
	assert_logged "rportd: warning: $TEST_TMP/conf/ab.rport:3: there is no key \"Colour\" in \\[Link]"
	assert_logged 'rportd: link ab: changed, as its file has it: at end a mtu is 32768, not 9000'
	assert_logged 'rportd: link gone: removed, as it has no file any more'
	assert_eq "$(links)" 'ab added' links
	ping_ok "$A" 192.168.0.1
	rm conf/bad.rport
	reloads 0 'unchanged: 2' '*Colour*'
	# one that comes while it starts does not end it
	stop_rportd
	nsenter --net=/run/netns/"$HOME_NS" "$RPORTD" --socket "$SOCKET" --config-path conf >>early.log 2>&1 &
	RPORTD_PID=$!
	while ! [ -s early.log ]; do sleep 0.001; done
	kill -HUP "$RPORTD_PID"
	eventually rportctl list
	rportd_alive || fail "SIGHUP has ended the daemon"
	eventually links_are ab added
}

# --- links that are as they should be --------------------------------------------------------------------------------

# in_parts N: a stream in N parts, each of which waits for a file go.PART
in_parts() {
	local part
	for ((part = 1; part <= $1; part++)); do
		"$TRAFFIC" pattern --bytes 3000000 --seed "$part"
		touch "sent.$part"
		poll "$STEP_MS" test -e "go.$part" || return 1
	done
}

test_unchanged_links_are_not_touched() {
	local part before status=0 receiver sender
	ns_add A B
	numbered_file MTU=9000 a:Name=wan0
	start_rportd
	before=$(indexes ab)
	listener "$B" received tcp-listen --timeout 50000 192.168.0.1 6000
	receiver=$SPAWN_PID
	in_parts 8 | nsenter --net=/run/netns/"$A" "$TRAFFIC" tcp-send --timeout 50000 192.168.0.1 6000 &
	sender=$!
	for part in {1..8}; do
		eventually test -e "sent.$part"
		# reload in the midst of what is on its way, with others that come, change and go
		case $((part % 3)) in
		0) rm conf/other.rport && reloads 0 $'removed: other\nunchanged: 1' '' ;;
		1) link_file other.rport "$A" "$B" && reloads 0 $'added: other\nunchanged: 1' '' ;;
		2) link_file other.rport "$A" "$B" MTU=1500 && reloads 0 $'changed: other\nunchanged: 1' '' ;;
		esac
		kill -HUP "$RPORTD_PID"
		touch "go.$part"
	done
	wait "$receiver" || status=$?
	assert_eq "$status" 0 "status of the receiver"
	wait "$sender" || status=$?
	assert_eq "$status" 0 "status of the sender"
	for part in {1..8}; do
		"$TRAFFIC" pattern --bytes 3000000 --seed "$part"
	done | sha256sum >wanted
	assert_eq "$(sha256sum <received)" "$(<wanted)" "SHA-256 of what was received"
	assert_eq "$(indexes ab)" "$before" "interfaces of ab"
}

# what is set beside the file is no change of the file's, as long as it is as the file has it
test_down_is_no_difference() {
	ns_add A B
	numbered_file a:Name=wan0
	start_rportd
	succeeds rportctl down wan0
	remember_world
	reloads 0 'unchanged: 1' ''
	assert_same_world reload
	succeeds rportctl set ab mtu 1500
	applies 0 '~ ab: at end a mtu is 1500, not 32768' ''
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" rport0)" '32768 32768' MTUs
}

# what is not in the file does not make a difference: the daemon chooses it
test_names_that_were_chosen_are_kept() {
	local before
	ns_add A B
	link_file first.rport "$A" "$B"
	link_file ab.rport "$A" "$B"
	start_rportd
	before=$(indexes first)
	assert_eq "$(of_link first .a.interface)" rport1 "the second one's name"
	rm conf/ab.rport
	reloads 0 $'removed: ab\nunchanged: 1' ''
	reloads 0 'unchanged: 1' ''
	assert_eq "$(indexes first) $(of_link first .a.interface)" "$before rport1" first
}

test_pair_without_a_file_is_never_touched() {
	ns_add A B
	numbered_file
	start_rportd
	succeeds rportctl pair "$A" "$B" --name byhand
	succeeds rportctl create wan0 in "$A"
	remember_world
	reloads 0 'unchanged: 1' ''
	rm conf/ab.rport
	reloads 0 $'removed: ab\nunchanged: 0' ''
	assert_eq "$(links)" byhand links
	assert_eq "$(of_link byhand .configured)" false configured
	mv conf away
	reloads 0 'unchanged: 0' ''
	assert_eq "$(ports "$A" | sort | xargs)" 'rport1 wan0' "interfaces of others"
}

# --- links that change -----------------------------------------------------------------------------------------------

# of numbered_file, as messages have them
NUMBERS_A='192.168.0.0/32 peer 192.168.0.1 fd00:ab::a/128 peer fd00:ab::b'

# interfaces LINK: which they are; an index is one of its namespace
interfaces() {
	of_link "$1" '"\(.a.domain) \(.a.index) \(.b.domain) \(.b.index)"'
}

# changed kept|new DIFFERENCE: ab is changed for this reason, has kept its interfaces or has new ones, and carries
changed() {
	local before
	before=$(interfaces ab)
	succeeds rportctl apply
	assert_match "$OUT" "~ ab: $2$([ "$1" = kept ] || echo '; *made anew, because *')" "stdout of apply"
	if [ "$1" = kept ]; then
		assert_eq "$(interfaces ab)" "$before" "the interfaces of ab"
	else
		[ "$(interfaces ab)" != "$before" ] || fail "ab has its old interfaces"
	fi
	assert_eq "$(of_link ab '"\(.state) \(.configured)"')" 'up true' "ab after the change"
	applies 0 'nothing to do' ''
}

test_changed_links() {
	local index
	ns_add A B C
	numbered_file
	start_rportd
	numbered_file MTU=9000
	changed kept 'at end a mtu is 32768, not 9000'
	ping_ok "$A" 192.168.0.1 -s 8000 -M 'do'
	numbered_file MTU=9000 a:Name=wan0
	changed kept 'at end a the interface is rport0, not wan0'
	assert_eq "$(ports "$A")" wan0 "interfaces in A"
	link_file ab.rport "$A" "$B" MTU=9000 a:Name=wan0 a:Address=10.0.0.1/24 b:Address=10.0.0.2/24
	changed kept "at end a the addresses are $NUMBERS_A, not 10.0.0.1/24"
	ping_ok "$A" 10.0.0.2
	ping_fails "$A" 192.168.0.1
	link_file ab.rport "$A" "$C" MTU=9000 a:Name=wan0 a:Address=10.0.0.1/24 b:Address=10.0.0.2/24
	index=$(of_link ab .a.index)
	changed new "at end b the domain is netns:$B, not $C"
	assert_eq "$(of_link ab .a.index)" "$index" 'the interface at the other end'
	ping_ok "$A" 10.0.0.2
	assert_eq "$(ports "$B")" '' "interfaces in B"
	link_file ab.rport "$A" "$C" MTU=9000 Offload=no a:Name=wan0 a:Address=10.0.0.1/24 b:Address=10.0.0.2/24
	changed new 'at end a offload is on, not off'
	link_file ab.rport "$A" "$C" MTU=9000 Offload=no a:Name=wan0 a:Address=10.0.0.1/24 b:Address=10.0.0.2/24 b:Route=10.9.0.0/16
	changed kept 'at end b the routes are none, not 10.9.0.0/16'
}

test_moved_file_is_another_link() {
	local before
	ns_add A B
	numbered_file a:Name=wan0 b:Name=wan0
	start_rportd
	before=$(indexes ab)
	mv conf/ab.rport conf/xy.rport
	applies 0 $'+ xy\n- ab' '' --dry-run
	# the old one goes first: it is in the way
	applies 0 $'+ xy\n- ab' ''
	assert_eq "$(links)" xy links
	[ "$(indexes xy)" != "$before" ] || fail "these are the interfaces of ab"
	ping_ok "$A" 192.168.0.1
}

# kept DIFFERENCE MESSAGE: the file cannot be made true: the link is as it was, and it is said
kept() {
	succeeds rportctl apply --dry-run
	assert_match "$OUT" "~ ab: *" "stdout of apply --dry-run"
	run rportctl reload
	assert_eq "$RC $OUT" '2 unchanged: 0' "reload that fails"
	assert_match "$ERR" "rportctl: ab: $2" "message"
	assert_eq "$(of_link ab "$WHAT_STAYS")" "$WAS" "the link that was kept"
	assert_eq "$(ports "$A")$(ports "$B")" wan0wan1 "interfaces"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
}

test_change_that_fails_keeps_the_link() {
	WHAT_STAYS='del(.statistics, .a.statistics, .b.statistics, .a.index, .b.index, .workers, .a.losses, .b.losses) | tojson'
	ns_add A B
	numbered_file a:Name=wan0 b:Name=wan1 b:Route=10.5.0.0/16
	start_rportd
	succeeds rportctl show ab
	WAS=$(of_link ab "$WHAT_STAYS")
	numbered_file a:Name=wan0 b:Name=wan1 'a:Route=10.6.0.0/16 src 10.8.8.8'
	kept "at end a the routes are none, not 10.6.0.0/16 src 10.8.8.8" "the link is kept as it was: cannot change ab: *10.6.0.0/16*"
	ip -n "$B" link add taken type veth peer name taken2
	numbered_file a:Name=wan0 b:Name=taken b:Route=10.5.0.0/16
	kept 'at end b the interface is wan1, not taken' 'the link is kept as it was: cannot change ab: *taken*'
	numbered_file OnMissing=fail a:Name=wan0 b:Name=taken b:Route=10.5.0.0/16
	kept 'at end b the interface is wan1, not taken' 'the link is kept as it was: cannot change ab: *taken*'
	numbered_file a:Name=wan0 b:Name=wan1 'b:Route=10.6.0.0/16 src 10.8.8.8'
	kept 'at end b the routes are 10.5.0.0/16, not 10.6.0.0/16 src 10.8.8.8' 'the link is kept as it was: cannot change ab: *10.6.0.0/16*'
	# what is seen before anything is done leaves also the interfaces alone
	remember_world
	link_file ab.rport "$A" nowhere OnMissing=fail
	reloads 2 'unchanged: 0' 'rportctl: ab: * nowhere*'
	assert_same_world "a domain that is missing"
	# it is tried again each time, until it can be done
	link_file ab.rport "$A" "$B" b:Name=taken
	reloads 2 'unchanged: 0' '*taken*'
	ip -n "$B" link del taken
	reloads 0 $'changed: ab\nunchanged: 0' ''
	assert_eq "$(of_link ab .b.interface)" taken "interface in B"
}

# one that has nothing to lose waits on, as it does at start
test_change_of_a_link_whose_name_is_taken() {
	ns_add A B
	ip -n "$B" link add taken type veth peer name taken2
	numbered_file b:Name=taken
	start_rportd
	assert_eq "$(of_link ab .state)" pending "a link whose name is taken"
	assert_match "$(of_link ab .b.reason)" 'there is an interface taken in *' reason
	numbered_file b:Name=taken MTU=9000
	reloads 0 $'changed: ab\nunchanged: 0' ''
	assert_eq "$(of_link ab '"\(.state) \(.mtu)"')" 'pending 9000' "the link that was changed"
	ip -n "$B" link del taken
	eventually -t 3000 link_is ab .state up
	ping_ok "$A" 192.168.0.1
}

# the file says that it may wait, so it does
test_change_to_a_domain_that_is_missing() {
	ns_add A B
	numbered_file
	start_rportd
	sed -i "s/netns:$B/netns:${B}2/" conf/ab.rport
	reloads 0 $'changed: ab\nunchanged: 0' ''
	assert_eq "$(of_link ab '"\(.state) \(.b.domain)"')" "pending netns:${B}2" "ab"
	assert_eq "$(ports "$B")" '' "interfaces in B"
	ns_create "${B}2"
	eventually -t 3000 link_is ab .state up
	ping_ok "$A" 192.168.0.1
	reloads 0 'unchanged: 1' ''
}

test_faulty_file_keeps_its_link() {
	ns_add A B
	numbered_file
	link_file other.rport "$A" "$B"
	start_rportd
	remember_world
	numbered_file MTU=many
	reloads 2 'unchanged: 1' "$TEST_TMP/conf/ab.rport:2: error: MTU: \"many\"*
rportctl: ab: its file is faulty; it stays as it is"
	assert_same_world "a file that became bad"
	# others go on meanwhile
	rm conf/other.rport
	link_file new.rport "$A" "$B"
	reloads 2 $'added: new\nremoved: other\nunchanged: 0' '*rportctl: ab: its file is faulty; it stays as it is'
	rm conf/ab.rport
	reloads 0 $'removed: ab\nunchanged: 1' ''
}

# --- a file for a link that is there ---------------------------------------------------------------------------------

test_file_adopts_a_link() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	before=$(indexes ab)
	numbered_file
	reloads 0 'unchanged: 1' ''
	assert_eq "$(of_link ab .configured) $(indexes ab)" "true $before" "a link that was adopted"
	rm conf/ab.rport
	reloads 0 $'removed: ab\nunchanged: 0' ''
	assert_no_ports
}

test_file_changes_a_link() {
	local before
	start_rportd
	ns_add A B
	pair_numbered
	before=$(indexes ab)
	numbered_file MTU=1500
	reloads 0 $'changed: ab\nunchanged: 0' ''
	assert_eq "$(of_link ab '"\(.configured) \(.mtu)"')" 'true 1500' "a link that was changed"
	assert_eq "$(indexes ab)" "$before" "its interfaces"
	ping_ok "$A" 192.168.0.1
}

# --- who may ---------------------------------------------------------------------------------------------------------

test_reload_is_not_for_everybody() {
	local verb
	ns_add A B
	numbered_file
	start_rportd
	link_file more.rport "$A" "$B"
	remember_world
	for verb in reload apply 'apply --dry-run' 'unpair ab --persist' "pair $A $B --name ab --persist"; do
		# shellcheck disable=SC2086 # words
		refuses 5 'not permitted: *' as_nobody $verb
	done
	assert_eq "$(files)" 'ab.rport more.rport' files
	succeeds as_nobody export ab
	assert_match "$OUT" "*Domain=netns:$A*" export
	succeeds setpriv --reuid=65534 --regid=65534 --clear-groups "$RPORTD" --check-config --config-path conf
	assert_eq "$OUT" '2 links, 0 errors' "--check-config as nobody"
}

run_tests "$@"
