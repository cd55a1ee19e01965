#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# Links as files: which are read, what is in them, and what is wrong with them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../config.sh"

# --- at start --------------------------------------------------------------------------------------------------------

test_files_make_links_at_start() {
	ns_add A B
	numbered_file MTU=9000 a:Name=wan0 a:Route=10.1.0.0/16
	link_file plain.rport "$A" "$B" # without "netns:"
	start_rportd
	assert_eq "$(links)" 'ab plain' links
	assert_eq "$(of_link ab '"\(.state) \(.configured) \(.mtu) \(.a.interface) \(.b.interface)"')" \
		'up true 9000 wan0 rport0' "the link of a file"
	assert_match "$(ip -n "$A" route show dev wan0)" '*10.1.0.0/16*' "routes of wan0"
	assert_eq "$(of_link plain '"\(.configured) \(.a.domain) \(.b.domain)"')" "true netns:$A netns:$B" "plain"
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	reloads 0 'unchanged: 2' ''
	succeeds rportctl show ab
	assert_match "$OUT" '*configured *yes*' show
	# a second daemon makes them again
	stop_rportd
	start_rportd
	assert_eq "$(links)" 'ab plain' "links after a restart"
	ping_ok "$A" 192.168.0.1
}

test_file_waits_for_its_domains() {
	A=${TEST_PREFIX}a B=${TEST_PREFIX}b
	numbered_file
	start_rportd
	assert_eq "$(of_link ab '"\(.state) \(.configured) \(.a.state) \(.b.state)"')" 'pending true pending pending' \
		"a link without domains"
	assert_match "$(of_link ab .a.reason)" "no namespace /run/netns/$A*" reason
	ns_add B A
	eventually -t 3000 link_is ab .state up
	ping_ok "$A" 192.168.0.1
	reloads 0 'unchanged: 1' ''
}

test_on_missing_fail() {
	ns_add A
	B=${TEST_PREFIX}b
	numbered_file OnMissing=fail
	link_file other.rport "$A" "$A" a:Name=one b:Name=two
	start_rportd
	assert_eq "$(links)" other links
	assert_eq "$(ports "$A" | xargs)" 'one two' "interfaces in A"
	assert_logged "rportd: error: link ab: no namespace /run/netns/$B;*"
	reloads 2 'unchanged: 1' "rportctl: ab: no namespace /run/netns/$B;*"
	ns_add B
	reloads 0 $'added: ab\nunchanged: 1' ''
	ping_ok "$A" 192.168.0.1
}

test_a_hundred_files() {
	local i
	ns_add A B
	for i in {1..100}; do
		link_file "l$i.rport" "$A" "$B" "a:Name=x$i" "a:Address=10.0.$i.0" "a:PeerAddress=10.0.$i.1" \
			"b:Address=10.0.$i.1" "b:PeerAddress=10.0.$i.0"
	done
	start_rportd
	assert_json "$(rportctl -j list)" 'length == 100 and all(.[]; .state == "up" and .configured)'
	assert_eq "$(ports "$A" | wc -l) $(ports "$B" | wc -l)" '100 100' "interfaces"
	ping_ok "$A" 10.0.100.1
	remember_world
	reloads 0 'unchanged: 100' ''
	assert_same_world reload
	rm conf/l{2..100}.rport
	reloads 0 "removed: $(printf 'l%d\n' {2..100} | LC_ALL=C sort | xargs)"$'\nunchanged: 1' ''
	assert_eq "$(ports "$A")$(ports "$B")" x1rport0 "interfaces left"
}

# --- directories -----------------------------------------------------------------------------------------------------

test_first_directory_wins() {
	ns_add A B
	CHECKED=etc:run:usr
	link_file etc/every.rport "$A" "$B" MTU=2001
	link_file run/every.rport "$A" "$B" MTU=2002
	link_file usr/every.rport "$A" "$B" MTU=broken
	link_file run/later.rport "$A" "$B" MTU=2003
	link_file usr/later.rport "$A" "$B" MTU=2004
	link_file usr/last.rport "$A" "$B" MTU=2005
	start_rportd --config-path "$CHECKED"
	assert_eq "$(rportctl -j list | jq -r '.[] | "\(.name)=\(.mtu)"' | xargs)" 'every=2001 last=2005 later=2003' links
	checks 0 '3 links, 0 errors'
	rm etc/every.rport
	applies 0 '~ every: at end a mtu is 2001, not 2002' ''
	rm -r run
	applies 2 '~ later: at end a mtu is 2003, not 2004' '*usr/every.rport:2: error: MTU: "broken"*
rportctl: every: its file is faulty; it stays as it is'
	assert_eq "$(of_link every .mtu)" 2002 "MTU of the link whose file is faulty"
}

test_masks() {
	ns_add A B
	CHECKED=etc:run:usr
	mkdir etc run
	for name in empty null two bare; do
		link_file "usr/$name.rport" "$A" "$B"
	done
	link_file run/two.rport "$A" "$B"
	touch etc/empty.rport etc/two.rport
	ln -s /dev/null run/null.rport
	ln -s ../usr/bare.rport etc/linked.rport # a link to a file is a file
	start_rportd --config-path "$CHECKED"
	assert_eq "$(links)" 'bare linked' links
	checks 0 '2 links, 0 errors'
	rm etc/empty.rport run/null.rport
	reloads 0 $'added: empty null\nunchanged: 2' ''
	touch etc/bare.rport
	ln -sf /dev/null etc/linked.rport
	reloads 0 $'removed: bare linked\nunchanged: 2' ''
	assert_eq "$(links)" 'empty null' "links after new masks"
}

test_drop_ins() {
	ns_add A B
	CHECKED=etc:usr
	link_file usr/ab.rport "$A" "$B" MTU=2000 a:Address=10.0.0.1
	mkdir -p etc/ab.rport.d usr/ab.rport.d etc/none.rport.d
	printf '[Link]\nMTU=3000\n' >usr/ab.rport.d/10-mtu.conf
	printf '[Link]\nMTU=4000\n[A]\nAddress=10.0.0.2\n' >usr/ab.rport.d/20-more.conf
	printf '[B]\nName=wan0\n' >etc/ab.rport.d/15-name.conf
	printf '[Link]\nMTU=5000\n' >etc/ab.rport.d/30-not.txt
	printf '[Link]\nMTU=5000\n' >etc/none.rport.d/x.conf
	start_rportd --config-path "$CHECKED"
	assert_logged 'rportd: warning: etc/none.rport.d: these drop-ins have no effect*'
	assert_eq "$(of_link ab '"\(.mtu) \(.b.interface) \(.a.addresses | map(.address))"')" \
		'4000 wan0 ["10.0.0.1/32","10.0.0.2/32"]' "with drop-ins"
	rm -r etc/none.rport.d
	# one of the same name in front takes the place of the other, and an empty one masks it
	printf '[Link]\nMTU=6000\n' >etc/ab.rport.d/20-more.conf
	reloads 0 $'changed: ab\nunchanged: 0' ''
	assert_eq "$(of_link ab '"\(.mtu) \(.a.addresses | length)"')" '6000 1' "with another drop-in"
	: >etc/ab.rport.d/20-more.conf
	reloads 0 $'changed: ab\nunchanged: 0' ''
	assert_eq "$(of_link ab .mtu)" 3000 "with a masked drop-in"
	# a faulty one is a fault of the link, which stays
	printf '[A]\nAddress=10.0.0.300\n' >etc/ab.rport.d/90-bad.conf
	remember_world
	reloads 2 'unchanged: 0' '*etc/ab.rport.d/90-bad.conf:2: error: *rportctl: ab: its file is faulty; it stays as it is'
	assert_same_world "a faulty drop-in"
	checks 2 'etc/ab.rport.d/90-bad.conf:2: error: Address: "10.0.0.300" is not an address: use ADDRESS or ADDRESS/LENGTH' \
		'1 link, 1 error'
	rm -r etc usr/ab.rport.d
	applies 0 '~ ab: at end a mtu is 3000, not 2000' ''
}

# what is not known must not look as if there were no links
test_directory_that_cannot_be_read() {
	ns_add A B
	CHECKED=first:conf
	link_file conf/ab.rport "$A" "$B"
	start_rportd --config-path "$CHECKED"
	assert_eq "$(links)" ab links
	remember_world
	touch first
	refuses 2 'cannot read the files of first:conf: Not a directory' rportctl reload
	refuses 2 'cannot read the files of first:conf: Not a directory' rportctl apply
	refuses 2 'cannot read the files of first:conf: Not a directory' rportctl apply --dry-run
	kill -HUP "$RPORTD_PID"
	eventually logged 'rportd: error: cannot read the files of first:conf: Not a directory'
	assert_same_world "SIGHUP without a directory"
	run "$RPORTD" --check-config --config-path "$CHECKED"
	assert_eq "$RC $OUT" '2 first: error: cannot be read: Not a directory' --check-config
	assert_match "$ERR" '*cannot read the files of first:conf: Not a directory' "stderr of --check-config"
	stop_rportd
	start_rportd --config-path "$CHECKED"
	assert_eq "$(links)" '' "links of a daemon that could not read the files"
	rm first
	reloads 0 $'added: ab\nunchanged: 0' ''
	mv conf away
	reloads 0 $'removed: ab\nunchanged: 0' ''
}

# a file that is left out, since there are too many, is not one that was removed
test_more_files_than_are_read() {
	ns_add A B
	link_file zz.rport "$A" "$B"
	start_rportd
	remember_world
	touch conf/a{10001..20000}.rport
	reloads 2 'unchanged: 0' "$TEST_TMP/conf/a20000.rport: error: it is the last: there are more than 10000 files, *"
	assert_same_world "too many files"
	rm conf/a20000.rport
	reloads 0 'unchanged: 1' ''
	rm conf/zz.rport
	reloads 0 $'removed: zz\nunchanged: 0' ''
}

# --- what is wrong ---------------------------------------------------------------------------------------------------

test_unknown_keys_warn() {
	local warnings
	ns_add A B
	link_file ab.rport "$A" "$B" MTU=2000 Colour=red a:mtu=3000
	printf '[Extra]\nX=1\n' >>conf/ab.rport
	warnings=$(printf 'conf/ab.rport:%s\n' '3: warning: there is no key "Colour" in [Link]' \
		'6: warning: there is no key "mtu" in [A]; did you mean MTU?' \
		'9: warning: the section is unknown: there are [Link], [A] and [B]')
	start_rportd --config-path conf
	assert_logged 'rportd: warning: conf/ab.rport:3: there is no key "Colour" in \[Link]'
	assert_logged 'rportd: warning: conf/ab.rport:6: there is no key "mtu" in \[A]; did you mean MTU?'
	assert_logged 'rportd: warning: conf/ab.rport:9: the section is unknown: *'
	assert_eq "$(of_link ab '"\(.state) \(.mtu)"')" 'up 2000' "the link"
	checks 0 "$warnings" '1 link, 0 errors'
	for verb in reload apply 'apply --dry-run'; do
		# shellcheck disable=SC2086 # words
		run rportctl $verb
		assert_eq "$RC:$ERR" "0:$warnings" "status and stderr of $verb"
		# shellcheck disable=SC2086 # words
		run rportctl -q $verb
		assert_eq "$RC:$OUT$ERR" "0:" "-q $verb"
	done
	succeeds rportctl -j reload
	assert_json "$OUT" '.problems | map("\(.line) \(.severity)") == ["3 warning", "6 warning", "9 warning"]'
	assert_json "$OUT" '.problems[0] | .file == "conf/ab.rport" and .message == "there is no key \"Colour\" in [Link]"'
}

test_bad_value_fails_that_link_only() {
	local bad
	ns_add A B
	link_file a-good.rport "$A" "$B"
	link_file bad-mtu.rport "$A" "$B" MTU=1279
	link_file bad-address.rport "$A" "$B" a:Address=10.0.0.1/33
	link_file bad-name.rport "$A" "$B" b:Name=a/b
	link_file bad-domain.rport 'netns:a b/c' "$B"
	link_file bad-bool.rport "$A" "$B" Offload=maybe
	link_file z-good.rport "$A" "$B"
	printf '[A]\nDomain=%s\n' "$A" >conf/bad-half.rport
	printf 'just text\n' >conf/bad-text.rport
	link_file '-x.rport' "$A" "$B"
	start_rportd
	assert_eq "$(links)" 'a-good z-good' links
	bad='bad-address bad-bool bad-domain bad-half bad-mtu bad-name bad-text'
	for name in $bad; do
		assert_logged "rportd: error: $TEST_TMP/conf/$name.rport*"
		assert_logged "rportd: error: link $name: its file is faulty"
	done
	run rportctl -j reload
	assert_eq "$RC" 2 "status of reload"
	assert_eq "$(jq -r '.failed[].name' <<<"$OUT" | xargs)" "$bad" "links that failed"
	assert_json "$OUT" '.unchanged == ["a-good", "z-good"] and .added + .changed + .removed == []'
	assert_json "$OUT" '.problems | length == 8 and all(.[]; .severity == "error")'
	run "$RPORTD" --check-config --config-path conf
	assert_eq "$RC" 2 "status of --check-config"
	assert_eq "$(tail -n 1 <<<"$OUT")" '9 links, 8 errors' "last line of --check-config"
	assert_match "$OUT" '*conf/bad-mtu.rport:2: error: MTU: mtu 1279 is not possible: it must be 1280 to 32768*' errors
	assert_match "$OUT" '*conf/-x.rport: error: "-x" is not a link name*' errors
	assert_match "$OUT" '*conf/bad-half.rport: error: there is no Domain= in \[B]*' errors
}

# neither they, nor what they lead to, hold the daemon up
test_files_that_are_none() {
	ns_add A B
	link_file ab.rport "$A" "$B"
	mkfifo conf/fifo.rport
	mkdir conf/directory.rport
	ln -s nowhere conf/dangling.rport
	ln -s loop.rport conf/loop.rport
	ln -s /dev/zero conf/zero.rport
	link_file .hidden.rport "$A" "$B"
	link_file ab.rport~ "$A" "$B"
	link_file notalink "$A" "$B"
	start_rportd
	assert_eq "$(links)" ab links
	checks 2 'conf/dangling.rport: error: cannot be read: No such file or directory' \
		'conf/directory.rport: error: it is not a regular file' 'conf/fifo.rport: error: it is not a regular file' \
		'conf/loop.rport: error: cannot be read: Too many levels of symbolic links' \
		'conf/zero.rport: error: it is not a regular file' '6 links, 5 errors'
	reloads 2 'unchanged: 1' '*conf/fifo.rport: error: it is not a regular file*'
	# a link that is there stays when its file becomes such a thing
	remember_world
	rm conf/ab.rport
	mkfifo conf/ab.rport
	reloads 2 'unchanged: 0' '*rportctl: ab: its file is faulty; it stays as it is*'
	assert_same_world "a FIFO instead of a file"
}

# grow FILE BYTES: by a comment
grow() {
	printf '#%*s' $(($2 - $(stat -c %s "$1") - 1)) '' >>"$1"
}

test_size_of_files() {
	ns_add A B
	link_file ok.rport "$A" "$B"
	link_file big.rport "$A" "$B"
	grow conf/ok.rport $((1024 * 1024))
	grow conf/big.rport $((1024 * 1024 + 1))
	start_rportd
	assert_eq "$(links)" ok links
	assert_logged "rportd: error: $TEST_TMP/conf/big.rport: it is too big: 1048576 bytes are possible"
	checks 2 'conf/big.rport: error: it is too big: 1048576 bytes are possible' '2 links, 1 error'
}

test_crlf_and_bom() {
	ns_add A B
	numbered_file MTU=9000
	sed 's/$/\r/' conf/ab.rport >conf/crlf
	{
		printf '\xef\xbb\xbf'
		cat conf/ab.rport
	} >conf/bom
	mv conf/crlf conf/ab.rport
	start_rportd
	assert_eq "$(of_link ab '"\(.state) \(.mtu)"')" 'up 9000' "with CRLF"
	ping_ok "$A" 192.168.0.1
	mv conf/bom conf/ab.rport
	applies 0 'nothing to do' ''
	checks 0 '1 link, 0 errors'
}

# --- the manual ------------------------------------------------------------------------------------------------------

# manual_examples DIRECTORY: the files of rport(5)'s examples
manual_examples() {
	mkdir -p "$1/uplink.rport.d"
	awk -v to="$1" '
		/^\.Sh EXAMPLES/ { examples = 1 }
		/^\.Pa \/etc\/rportd\// { file = to substr($2, length("/etc/rportd") + 1) }
		/^\.Ed/ { inside = 0 }
		examples && inside { print >file }
		/^\.Bd -literal/ { inside = 1 }' "$TOP_DIR/man/rport.5"
}

# manual_domains: what the examples name, with names of our own; where the kernel knows no VRF, a namespace in its place
manual_domains() {
	ns_add A B C D HOME_NS
	if has_vrf "$HOME_NS"; then
		ip -n "$HOME_NS" link add red up type vrf table 10
		ip -n "$HOME_NS" link add core up type vrf table 11
		ip -n "$C" link add edge up type vrf table 12
	else
		sed -i "s,vrf:red,netns:$A,; s,vrf:core,netns:$D,; s,/vrf:edge,," conf/*.rport
	fi
	sed -i "s,netns:vpn,netns:$B,; s,netns:border,netns:$C," conf/*.rport
}

test_examples_of_the_manual() {
	manual_examples conf
	assert_eq "$(files)" 'core-edge.rport uplink.rport uplink.rport.d uplink.rport.d/mtu.conf' "examples"
	manual_domains
	checks 0 '2 links, 0 errors'
	start_rportd
	assert_json "$(rportctl -j list)" 'map([.name, .state, .mtu, .mpls]) ==
		[["core-edge", "up", 32768, true], ["uplink", "up", 1500, false]]'
	assert_eq "$(of_link uplink '"\(.a.interface) \(.a.routes)"')" 'rport0 ["10.0.0.0/8"]' "end a of uplink"
	ping_ok "$B" 192.168.0.0
	assert_match "$(of_link core-edge '[.a.interface, .b.interface, .a.addresses[0].address] | join(" ")')" \
		'to-edge to-core 2001:db8::1/128' core-edge
	rm -r conf/uplink.rport.d
	applies 0 '~ uplink: at end a mtu is 1500, not 9000' ''
	assert_eq "$(of_link uplink '"\(.state) \(.mtu)"')" 'up 9000' "uplink without its drop-in"
}

# the manual's example of a second daemon, word for word: the configured links are not made again
test_second_instance_of_the_manual() {
	local example first links
	ns_add HOME_NS A B
	SOCKET=$TEST_TMP/socket
	mkdir conf
	printf '%s\n' '[A]' "Domain=netns:$A" '[B]' "Domain=netns:$B" >conf/up.rport
	start_rportd
	first=$RPORTD_PID
	links=$(rportctl -j list)
	assert_json "$links" 'length == 1'
	example=$(sed -n 's/^# \(rportd --socket .*\) &$/\1/p' "$TOP_DIR/man/rportd.8")
	assert_match "$example" 'rportd --socket /tmp/rportd.sock*' 'the example'
	# shellcheck disable=SC2086 # words
	# the default files, if there were any on this machine, would be seen by strace only: so look at what it opens
	# a leak checker does not work under strace
	spawn "$HOME_NS" second.log env "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0" strace -f -o trace -e trace=open,openat \
		"$RPORTD" ${example#rportd --socket /tmp/rportd.sock} --socket "$TEST_TMP/second"
	eventually grep -q serving second.log
	succeeds "$BUILD_DIR/rportctl/rportctl" --socket "$TEST_TMP/second" -j list
	assert_eq "$OUT" '[]' 'links of the second daemon'
	assert_eq "$(grep -cE '"(/etc/rportd|/run/rportd/conf.d|/usr/lib/rportd)' trace)" 0 'directories of files that were read'
	refused 1 '*no directory*' "$BUILD_DIR/rportctl/rportctl" --socket "$TEST_TMP/second" pair "$A" "$B" --persist
	pkill -TERM -P "$SPAWN_PID"
	wait "$SPAWN_PID" || fail 'exit status of the second daemon'
	RPORTD_PID=$first
	assert_eq "$(rportctl -j list | jq -c 'map(.name)')" '["up"]' 'links of the first'
	assert_eq "$(ports "$A")" rport0 'interfaces'
}

run_tests "$@"
