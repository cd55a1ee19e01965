#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# Files that the daemon writes: pair --persist, unpair --persist and export.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../config.sh"

# --- pair --persist --------------------------------------------------------------------------------------------------

# all that a file can say
ALL_OPTIONS=(--mtu 9000 --no-offload --mpls --a-name wan0 --b-name wan1 --a-route 10.0.0.0/8 --a-route default
	--b-route 2001:db8::/32 --a-address 172.16.0.1/24 --b-address fd01::1/64)

test_persist_writes_the_same_link() {
	local before
	ns_add A B
	umask 077
	start_rportd
	pair_numbered "${ALL_OPTIONS[@]}" --persist
	assert_match "$OUT" 'ab: created, wan0 in *' "output of pair --persist"
	assert_eq "$(of_link ab .configured)" true configured
	assert_eq "$(files)" ab.rport "files: no temporary ones"
	assert_eq "$(stat -c '%A' conf conf/ab.rport | xargs)" 'drwxr-xr-x -rw-r--r--' "modes, whatever the umask"
	checks 0 '1 link, 0 errors'
	applies 0 'nothing to do' '' --dry-run
	reloads 0 'unchanged: 1' ''
	before=$(as_asked)
	succeeds rportctl show ab
	stop_rportd
	start_rportd
	assert_eq "$(as_asked)" "$before" "the link after a restart"
	assert_eq "$(of_link ab .state)" up "state after a restart"
	ping_ok "$A" 192.168.0.1
}

# what there is of a link that somebody asked for
as_asked() {
	of_link ab '[.name, .mtu, .offload, .mpls, .configured] +
		([.a, .b] | map(.domain, .interface, .addresses, .routes)) | tojson'
}

test_persist_of_a_link_by_default() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --persist
	assert_eq "$(files)" "$A-$B.rport" files
	assert_no_match "$(<"conf/$A-$B.rport")" '*[[]Link]*' "a file without what is as by default"
	applies 0 'nothing to do' '' --dry-run
	stop_rportd
	start_rportd
	assert_eq "$(of_link "$A-$B" '"\(.a.interface) \(.b.interface) \(.state)"')" 'rport0 rport0 up' "the link again"
}

# who has the old file open reads the old one to its end: it is not written to
test_persist_replaces_the_file_in_one_step() {
	local old inode
	ns_add A B
	start_rportd
	pair_numbered --persist
	inode=$(stat -c %i conf/ab.rport)
	old=$(<conf/ab.rport)
	exec {fd}<conf/ab.rport
	pair_numbered --mtu 1500 --replace --persist
	assert_match "$OUT" 'ab: changed, *' "pair --replace --persist"
	assert_eq "$(cat <&"$fd")" "$old" "the file as it was opened"
	[ "$(stat -c %i conf/ab.rport)" != "$inode" ] || fail "the file was written over"
	assert_match "$(<conf/ab.rport)" '*MTU=1500*' "the new file"
	assert_eq "$(files)" ab.rport files
	applies 0 'nothing to do' '' --dry-run
}

test_persist_again() {
	local before
	ns_add A B
	start_rportd
	pair_numbered --persist
	before=$(<conf/ab.rport)
	remember_world
	pair_numbered --persist
	assert_match "$OUT" 'ab: unchanged, *' "the same again"
	assert_same_world "pair --persist again"
	# also when somebody has removed the file meanwhile
	rm conf/ab.rport
	pair_numbered --persist
	assert_match "$OUT" 'ab: unchanged, *' "the same without a file"
	assert_eq "$(<conf/ab.rport)" "$before" "the file that was written again"
	# without it, the file is not touched
	pair_numbered
	assert_eq "$(<conf/ab.rport)" "$before" "the file"
	assert_same_world "pair again"
}

# a link can be other than its file for a while
test_replace_without_persist_leaves_the_file() {
	local before
	ns_add A B
	start_rportd
	pair_numbered --persist
	before=$(<conf/ab.rport)
	pair_numbered --mtu 1500 --replace
	assert_eq "$(<conf/ab.rport)" "$before" "the file"
	assert_eq "$(of_link ab '"\(.mtu) \(.configured)"')" '1500 true' "the link"
	applies 0 '~ ab: at end a mtu is 1500, not 32768' ''
	ping_ok "$A" 192.168.0.1
}

test_persist_of_a_link_that_is_there() {
	local before
	ns_add A B
	start_rportd
	pair_numbered
	before=$(indexes ab)
	[ ! -e conf ] || fail "there is a directory for nothing"
	pair_numbered --persist
	assert_match "$OUT" 'ab: unchanged, *' "pair --persist"
	assert_eq "$(of_link ab .configured) $(indexes ab)" "true $before" "the link"
	reloads 0 'unchanged: 1' ''
	stop_rportd
	start_rportd
	ping_ok "$A" 192.168.0.1
}

test_persist_that_is_refused_leaves_the_file() {
	local before
	ns_add A B
	start_rportd
	pair_numbered --persist
	before=$(<conf/ab.rport)
	remember_world
	refuses 2 'there is a link ab already with other parameters: *' rportctl pair "$A" "$B" --name ab --persist --mtu 1500
	refuses 2 'cannot pair xy: cannot add the route 10.9.0.0/16 src 10.8.8.8 *' \
		rportctl pair "$A" "$B" --name xy --persist --a-route 10.9.0.0/16 src 10.8.8.8
	refused 2 'rportctl: the link is kept as it was: *10.9.0.0/16*' \
		rportctl pair "$A" "$B" --name ab --replace --persist --a-route 10.9.0.0/16 src 10.8.8.8
	assert_eq "$(<conf/ab.rport)" "$before" "the file"
	assert_eq "$(files)" ab.rport files
}

test_persist_and_wait() {
	ns_add A
	B=${TEST_PREFIX}b
	start_rportd
	refused 3 '*' rportctl pair "$A" "netns:$B" --name ab --persist
	assert_eq "$(links)" '' links
	[ ! -e conf/ab.rport ] || fail "there is a file without a link"
	pair_waiting
	assert_eq "$(of_link ab '"\(.state) \(.configured) \(.b.interface)"')" 'pending true ' "a pending link"
	succeeds rportctl export ab
	assert_eq "$OUT" "$(<conf/ab.rport)" "export of a pending link"
	assert_no_match "$(sed -n '/^\[B]/,$p' <<<"$OUT")" '*Name=*' "what is not known yet"
	applies 0 'nothing to do' '' --dry-run
	stop_rportd
	start_rportd
	assert_eq "$(of_link ab .state)" pending "after a restart"
	ns_add B
	eventually -t 3000 link_is ab .state up
	ping_ok "$A" 192.168.0.1
	applies 0 'nothing to do' '' --dry-run
}

pair_waiting() {
	succeeds rportctl pair "$A" "netns:$B" --name ab --addresses 192.168.0.0,192.168.0.1 --allow-pending --persist
	assert_match "$OUT" 'ab: created, pending: *' "pair --allow-pending --persist"
}

# --- files that cannot be written ------------------------------------------------------------------------------------

# cannot_persist ERROR: neither a link nor a file is left, and one that is there stays, without a file
cannot_persist() {
	remember_world
	refuses 2 "cannot write $1" rportctl pair "$A" "$B" --name ab --persist
	assert_eq "$(links)" '' links
	pair_numbered
	remember_world
	refuses 2 "the link is there, but will not be after a restart: cannot write $1" \
		rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b --persist
	assert_eq "$(of_link ab .configured)" false configured
	ping_ok "$A" 192.168.0.1
}

test_persist_where_no_directory_can_be() {
	ns_add A B
	start_rportd --config-path /proc/nonexistent
	cannot_persist '/proc/nonexistent/ab.rport: No such file or directory'
	reloads 0 'unchanged: 0' ''
	# nothing is there to be removed
	succeeds rportctl unpair ab --persist
}

test_persist_where_a_file_is_the_directory() {
	ns_add A B
	echo text >conf
	start_rportd
	cannot_persist "$TEST_TMP/conf/ab.rport: Not a directory"
	assert_eq "$(<conf)" text "that file"
	refuses 2 "cannot remove $TEST_TMP/conf/ab.rport: Not a directory" rportctl unpair ab --persist
	assert_eq "$(links)" ab "a link whose file cannot be removed"
}

# it fails in the last step, when all is written
test_persist_where_a_directory_is_the_file() {
	ns_add A B
	mkdir -p conf/ab.rport
	start_rportd
	cannot_persist "$TEST_TMP/conf/ab.rport: Is a directory"
	assert_eq "$(files)" ab.rport "files: no temporary ones"
}

# each port has its own
test_ports_that_differ_in_mtu() {
	ns_add A B
	start_rportd
	pair_numbered --a-name wan0 --b-name wan0 --persist
	succeeds rportctl set "netns:$B/wan0" mtu 1500
	succeeds rportctl export ab
	assert_eq "$(grep -c ^MTU= <<<"$OUT")" 2 'lines about an MTU in export'
	echo "$OUT" >new
	applies 0 '~ ab: at end b mtu is 1500, not 32768' ''
	# written, both come back
	mv new conf/ab.rport
	applies 0 '~ ab: at end b mtu is 32768, not 1500' ''
	applies 0 'nothing to do' ''
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan0)" '32768 1500' 'the MTUs'
	stop_rportd
	start_rportd
	assert_eq "$(kernel_mtu "$A" wan0) $(kernel_mtu "$B" wan0)" '32768 1500' 'the MTUs after a restart'
	ping_ok "$A" 192.168.0.1
}

# --- export ----------------------------------------------------------------------------------------------------------

test_export_is_what_persist_writes() {
	local text before
	ns_add A B
	start_rportd
	pair_numbered "${ALL_OPTIONS[@]}"
	succeeds rportctl export ab
	text=$OUT
	succeeds rportctl -j export ab
	assert_json "$OUT" ". | keys == [\"file\", \"text\"] and .file == \"$TEST_TMP/conf/ab.rport\""
	assert_eq "$(jq -r .text <<<"$OUT")" "$text" "the text in JSON"
	[ ! -e conf ] || fail "export has written something"
	pair_numbered "${ALL_OPTIONS[@]}" --persist
	assert_eq "$(<conf/ab.rport)" "$text" "what --persist writes"
	refused 3 '*' rportctl export xy
	# a port by itself is no link
	succeeds rportctl create alone in "$A"
	refused 3 '*' rportctl export alone
	# the same from another directory
	before=$(as_asked)
	succeeds rportctl unpair ab --persist
	stop_rportd
	mkdir other
	printf '%s\n' "$text" >other/ab.rport
	start_rportd --config-path conf:other
	assert_eq "$(as_asked)" "$before" "the link of what was exported"
	reloads 0 'unchanged: 1' ''
	succeeds rportctl unpair ab
	reloads 0 $'added: ab\nunchanged: 0' ''
	assert_eq "$(as_asked)" "$before" "the link that came back"
	succeeds rportctl export ab
	assert_eq "$OUT" "$text" "export of that"
}

# --- unpair ----------------------------------------------------------------------------------------------------------

test_unpair_keeps_the_file() {
	ns_add A B
	start_rportd
	pair_numbered --persist
	succeeds rportctl unpair ab
	assert_eq "$OUT" 'ab: removed (its file is kept and brings it back at the next reload; --persist removes it, too)' output
	assert_eq "$(links) $(files)" ' ab.rport' "links and files"
	assert_no_ports
	reloads 0 $'added: ab\nunchanged: 0' ''
	ping_ok "$A" 192.168.0.1
	succeeds rportctl -j unpair ab
	assert_json "$OUT" '. == {name: "ab", configured: true}'
	stop_rportd
	start_rportd
	assert_eq "$(links)" ab "links after a restart"
}

test_unpair_persist_removes_the_file() {
	ns_add A B
	start_rportd
	pair_numbered --persist
	link_file xy.rport "$A" "$B"
	reloads 0 $'added: xy\nunchanged: 1' ''
	succeeds rportctl unpair netns:"$A"/rport0 --persist
	assert_eq "$OUT" 'ab: removed' output
	assert_eq "$(files)" xy.rport files
	reloads 0 'unchanged: 1' ''
	assert_eq "$(links)" xy links
	# one that has no file, too
	pair_numbered
	succeeds rportctl -j unpair ab --persist
	assert_json "$OUT" '. == {name: "ab", configured: false}'
	assert_eq "$(files)" xy.rport files
	refused 3 '*' rportctl unpair ab --persist
}

test_unpair_persist_masks_the_file_of_another_directory() {
	ns_add A B
	link_file usr/ab.rport "$A" "$B"
	link_file usr/xy.rport "$A" "$B"
	start_rportd --config-path conf:usr
	succeeds rportctl unpair ab --persist
	assert_eq "$OUT" 'ab: removed' output
	assert_eq "$(files) $(stat -c %s conf/ab.rport)" 'ab.rport 0' "a file that masks the other"
	assert_eq "$(files usr)" 'ab.rport xy.rport' "files of others"
	reloads 0 'unchanged: 1' ''
	stop_rportd
	start_rportd --config-path conf:usr
	assert_eq "$(links)" xy "links after a restart"
	# a persistent one takes the place of the mask, and both are gone again
	pair_numbered --persist
	assert_match "$(<conf/ab.rport)" "*Domain=netns:$A*" "a file in place of the mask"
	succeeds rportctl unpair ab --persist
	assert_eq "$(stat -c %s conf/ab.rport)" 0 "the mask again"
	reloads 0 'unchanged: 1' ''
}

# --- more than one at a time -----------------------------------------------------------------------------------------

test_reload_and_pair_at_once() {
	local i status=0 reloader
	ns_add A B
	start_rportd
	pair_numbered --persist
	link_file file.rport "$A" "$B"
	for i in {1..15}; do
		rportctl -q reload
	done &
	reloader=$!
	for i in {1..15}; do
		succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --mtu $((1500 + i)) \
			--replace --persist
		succeeds rportctl pair "$A" "$B" --name "by$((i % 2))"
		[ $((i % 3)) != 0 ] || succeeds rportctl unpair "by$((i % 2))"
	done
	wait "$reloader" || status=$?
	assert_eq "$status" 0 "status of a reload"
	applies 0 'nothing to do' ''
	assert_eq "$(of_link ab .mtu)" 1515 "MTU: the last one"
	assert_json "$(rportctl -j list)" 'all(.[]; .state == "up" and .configured == (.name | IN("ab", "file")))'
	assert_eq "$(links)" 'ab by0 file' links
	ports_count 6
	assert_eq "$(ports "$A" | wc -l) $(ports "$B" | wc -l)" '3 3' interfaces
	assert_eq "$(files)" 'ab.rport file.rport' files
	ping_ok "$A" 192.168.0.1
}

run_tests "$@"
