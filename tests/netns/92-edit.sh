#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# What persisting a link does to files that are there, and how files are removed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../config.sh"

# commented_file: ab, between A and B, as a person wrote it
commented_file() {
	mkdir -p conf
	cat >conf/ab.rport <<-EOF
		# for the lab
		[Link]
		Mtu = 1500
		MTU = 9000
		OnMissing=wait

		[A]
		# the red side
		Domain=$A
		Address=10.1.0.1/24

		# the blue side
		[B]
		Domain = $B
		Address=10.1.0.2/24
		Future=yes
	EOF
	cp conf/ab.rport before
}

# changes LINE...: of diff, between the file before and now
changes() {
	assert_eq "$(diff before conf/ab.rport | grep '^[<>]')" "$(printf '%s\n' "$@")" 'changes in the file'
}

pair_ab() {
	rportctl pair "$A" "$B" --name ab --a-address 10.1.0.1/24 --b-address 10.1.0.2/24 --persist "$@"
}

test_unchanged_is_left_alone() {
	local inode
	ns_add A B
	commented_file
	start_rportd
	assert_eq "$(links)" ab links
	inode=$(stat -c %i conf/ab.rport)
	succeeds pair_ab --mtu 9000
	assert_match "$OUT" "ab: unchanged, *$TEST_TMP/conf/ab.rport: unchanged" output
	cmp before conf/ab.rport || fail 'the file was written'
	assert_eq "$(stat -c %i conf/ab.rport)" "$inode" 'inode of the file'
	succeeds rportctl -j pair "$A" "$B" --name ab --a-address 10.1.0.1/24 --b-address 10.1.0.2/24 --mtu 9000 --persist
	assert_json "$OUT" '.persisted.changed == false and .persisted.overridden == null'
	assert_json "$(rportctl -j pair "$A" "$B" --name cd)" '.persisted == null'
}

test_only_its_own_keys() {
	ns_add A B
	commented_file
	start_rportd
	succeeds pair_ab --mtu 1500 --b-route 10.9.0.0/16 --replace
	assert_match "$OUT" "ab: changed*$TEST_TMP/conf/ab.rport: written" output
	changes '< MTU = 9000' '> MTU=1500' '> Name=rport0' '> Name=rport0' '> Route=10.9.0.0/16'
	applies 0 'nothing to do' '*Mtu*Future*'
	cp conf/ab.rport before
	succeeds rportctl pair "$A" "$B" --name ab --a-address 10.1.0.7 --b-address 10.1.0.2/24 --replace --persist
	changes '< MTU=1500' '< Address=10.1.0.1/24' '> Address=10.1.0.7/32' '< Route=10.9.0.0/16'
	applies 0 'nothing to do' '*Mtu*Future*'
}

# what cannot be read is written anew, as a whole
test_faulty_file() {
	ns_add A B
	mkdir conf
	printf '[Link]\nMTU=1\nrubbish\n[A]\nDomain=%s\n' "$A" >conf/ab.rport
	start_rportd
	succeeds pair_ab
	applies 0 'nothing to do' ''
	assert_no_match "$(<conf/ab.rport)" '*rubbish*' 'the file'
}

test_drop_in_that_overrides() {
	ns_add A B
	commented_file
	mkdir conf/ab.rport.d
	printf '[Link]\nMTU=2000\n' >conf/ab.rport.d/10-mtu.conf
	start_rportd
	# with the drop-in, the files say what it is
	succeeds pair_ab --mtu 2000
	assert_match "$OUT$ERR" "*ab.rport: unchanged" output
	succeeds pair_ab --mtu 3000 --replace
	assert_match "$ERR" "*overridden by $TEST_TMP/conf/ab.rport.d/10-mtu.conf: mtu is *2000*" message
}

test_set_and_the_file() {
	ns_add A B
	commented_file
	start_rportd
	succeeds rportctl set ab mtu 4000
	assert_match "$OUT" '*rportctl apply*undoes*--persist*' 'a configured link'
	cmp before conf/ab.rport || fail 'the file was written'
	applies 0 '~ ab: at end a mtu is 4000, not 9000' '*'
	succeeds rportctl set ab mtu 4000 --persist
	assert_match "$OUT" "*$TEST_TMP/conf/ab.rport: written" output
	assert_match "$(<conf/ab.rport)" '*MTU=4000*' 'the file'
	applies 0 'nothing to do' '*'
	succeeds rportctl set "netns:$A/rport0" name wan0 --persist
	assert_match "$(<conf/ab.rport)" '*Name=wan0*' 'the file'
	applies 0 'nothing to do' '*'
	succeeds rportctl set "netns:$A/wan0" mtu 5000 --persist
	assert_match "$(sed -n '/\[A\]/,/\[B\]/p' conf/ab.rport)" '*MTU=5000*' 'section A'
	applies 0 'nothing to do' '*'
	# nothing is said of a link that has no file
	succeeds rportctl pair "$A" "$B" --name cd
	succeeds rportctl set cd mtu 4000
	assert_no_match "$OUT" '*--persist*' output
	succeeds rportctl create free0 in "$A"
	refused 1 '*without a peer*' rportctl set free0 mtu 4000 --persist
}

test_show_names_the_file() {
	ns_add A B
	commented_file
	start_rportd
	succeeds rportctl show ab
	assert_match "$OUT" "*configured  yes*file *$TEST_TMP/conf/ab.rport*" show
	assert_eq "$(rportctl -j show ab | jq -r .file)" "$TEST_TMP/conf/ab.rport" 'file in JSON'
	succeeds rportctl pair "$A" "$B" --name cd
	assert_json "$(rportctl -j show cd)" '.file == null'
	succeeds rportctl pair "$A" "$B" --name cd --persist
	assert_eq "$(rportctl -j show cd | jq -r .file)" "$TEST_TMP/conf/cd.rport" 'file in JSON'
	assert_match "$(rportctl -br list cd -o link,file)" "cd *$TEST_TMP/conf/cd.rport" 'a column'
}

test_delete_file() {
	ns_add A B
	commented_file
	start_rportd
	succeeds rportctl delete-file ab
	assert_match "$OUT" "$TEST_TMP/conf/ab.rport: removed; the link stays*" output
	assert_eq "$(links) $(ls conf)" 'ab ' 'link and files'
	assert_json "$(rportctl -j show ab)" '.configured == false and .file == null'
	applies 0 'nothing to do' '*'
	refused 3 '*no file ab.rport*' rportctl delete-file ab
	# one that is faulty, of a link that is not there
	echo rubbish >conf/cd.rport
	succeeds rportctl delete-file cd
	assert_eq "$OUT" "$TEST_TMP/conf/cd.rport: removed" output
	echo rubbish >conf/cd.rport
	succeeds rportctl unpair cd --persist
	assert_eq "$OUT $(ls conf)" 'cd: removed ' 'unpair --persist'
	refused 3 '*' rportctl unpair cd --persist
	refused 1 '*' rportctl delete-file ../ab
	refused 5 '*' as_nobody delete-file ab
}

# a number would be another process's
test_process_cannot_be_persisted() {
	ns_add A B
	spawn "$B" sleep.out sleep 60
	start_rportd
	refused 1 "*pid:$SPAWN_PID cannot be persisted*ip netns attach NAME $SPAWN_PID*" \
		rportctl pair "$A" "pid:$SPAWN_PID" --name ab --persist
	assert_eq "$(links)" '' 'links'
	assert_no_ports
	[ ! -e conf/ab.rport ] || fail 'there is a file'
	succeeds rportctl pair "$A" "pid:$SPAWN_PID" --name ab
	refused 1 '*cannot be persisted*' rportctl set ab mtu 1500 --persist
}

run_tests "$@"
