#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
# Names of any bytes, which the owner of a namespace gives his port: what every verb, the monitor, the log and files make of them.
# SEED=N repeats the random ones.
. "$(dirname "$0")/../lib.sh"

# escaped NAME: as rportd writes it, for names without characters that are printable beyond ASCII
escaped() {
	local LC_ALL=C i c text=$1
	for ((i = 0; i < ${#text}; i++)); do
		c=${text:i:1}
		if [[ $c == [[:graph:]] && $c != \\ ]]; then
			printf '%s' "$c"
		else
			printf '\\x%02x' "$(($(printf '%d' "'$c") & 255))"
		fi
	done
}

# random_name: 1 to 15 bytes that the kernel takes, none of which is part of a UTF-8 character
random_name() {
	local left=$((1 + RANDOM % 15)) name='' byte
	while [ "$left" -gt 0 ]; do
		byte=$((1 + RANDOM % 192))
		case $byte in
		9 | 10 | 11 | 12 | 13 | 32 | 37 | 47 | 58 | 160) ;; # white space, % / :
		*)
			printf -v name '%s\\x%02x' "$name" "$byte"
			left=$((left - 1))
			;;
		esac
	done
	printf '%b' "$name"
}

# call_it NAMESPACE OLD NEW: what the owner of the namespace does; 6.1 renames only what is down
call_it() {
	ip -n "$1" link set dev "$2" down
	ip -n "$1" link set dev "$2" name "$3"
	ip -n "$1" link set dev "$3" up
}

# is_called TEXT, as a condition: end a of the link is shown under this name
is_called() {
	[ "$(rportctl -j show ab | jq -r .a.interface)" = "$1" ]
}

# no_bytes FILE WHAT: nothing in it that commands a terminal or is not UTF-8
no_bytes() {
	! LC_ALL=C grep -qaP '[\x01-\x08\x0b-\x1f\x7f]' "$1" || fail "control characters in $2: $(cat -v "$1")"
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || fail "$2 is not UTF-8: $(cat -v "$1")"
}

# every_verb NAME TEXT: the port of A, called NAME now
every_verb() {
	local text=$2 port="netns:$A/$2" command names_of
	eventually is_called "$text"
	for command in list 'list -br' 'show ab' ports '-s ports' '-j list' '-j -p show ab' '-j ports' 'export ab'; do
		# shellcheck disable=SC2086 # words
		rportctl $command >verb.out 2>&1 || fail "$command: $(cat -v verb.out)"
		no_bytes verb.out "the output of $command"
	done
	assert_eq "$(rportctl -j ports | jq length)" 2 'ports that are listed'
	# by the name that is shown, and by the bytes themselves
	names_of=("$port")
	[[ $1 == *\\* ]] || names_of+=("netns:$A/$1") # else it is taken for an escape
	for command in "${names_of[@]}"; do
		succeeds rportctl parent "$command"
		assert_match "$OUT" "*rport0*" "parent of $text"
		succeeds rportctl show "$command"
		succeeds rportctl set "$command" mtu 1400
		succeeds rportctl down "$command"
		succeeds rportctl up "$command"
		succeeds rportctl set "$command" mtu 1500
	done
	refused 3 '*no port*' rportctl up "$port-none"
	rportctl complete -- up "netns:$A/" >verb.out
	no_bytes verb.out 'the candidates'
	grep -qF "$port" verb.out || fail "$port is not offered: $(<verb.out)"
}

test_any_bytes() {
	local name text before=rport0 i names
	RANDOM=${SEED:=$RANDOM}
	echo "SEED=$SEED"
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name ab
	rportctl -j monitor >monitor.out 2>monitor.err &
	eventually grep -q snapshot monitor.out
	# shellcheck disable=SC2016 # as it is
	names=($'x\xff' $'\e[31m' '$(id>x)' $'a\\x41\\' "$(random_name)" "$(random_name)")
	for name in "${names[@]}"; do
		text=$(escaped "$name")
		call_it "$A" "$before" "$name"
		every_verb "$name" "$text"
		before=$name
	done
	# all of it was told, as changes and not as ends
	eventually grep -qF "$(jq -n --arg t "$text" '$t')" monitor.out
	! grep -q '"link\?[a-z]*Removed"' monitor.out || fail "something was removed: $(<monitor.out)"
	no_bytes monitor.out 'the stream of changes'
	no_bytes "$RPORTD_LOG" 'the log'
	# put back
	succeeds rportctl reconcile ab
	eventually is_called rport0
	for i in A B; do
		assert_eq "$(ports "${!i}")" rport0 "ports in $i"
	done
}

test_made_and_kept_with_such_a_name() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "netns:$A" "netns:$B" --name ab --a-name $'w\xff\\' --persist
	grep -qxF 'Name=w\xff\x5c' "$TEST_TMP/conf/ab.rport" || fail "the file: $(cat -v "$TEST_TMP/conf/ab.rport")"
	succeeds rportctl unpair ab
	succeeds rportctl apply
	eventually is_called 'w\xff\x5c'
	succeeds rportctl pair "netns:$A" "netns:$B" --name ab --a-name 'w\xff\x5c'
	assert_match "$OUT" '*unchanged*' 'the same link again, by the name that is shown'
	assert_match "$(in_ns "$A" cat -v /proc/net/dev)" '* wM-^?\\:*' 'the name of the interface'
}

test_namespaces_of_any_bytes() {
	local odd=${TEST_PREFIX:?}$'o\e\xffd'
	ns_add A
	start_rportd
	ip netns add "$odd"
	rportctl complete -- pair "netns:$TEST_PREFIX" >verb.out
	no_bytes verb.out 'the candidates'
	succeeds rportctl pair "netns:$A" "netns:${TEST_PREFIX}o\\x1b\\xffd" --name ab --persist
	assert_eq "$(rportctl -j show ab | jq -r .b.domain)" "netns:${TEST_PREFIX}o\\x1b\\xffd" 'domain'
	succeeds rportctl unpair ab
	succeeds rportctl apply
	# rejects and messages
	refused 3 '*no namespace*' rportctl pair "$A" $'netns:a\e\xff' --name x
	printf '%s\n' "$ERR" >verb.out
	no_bytes verb.out 'a message'
	no_bytes "$RPORTD_LOG" 'the log'
}

test_files_forge_no_lines() {
	ns_add A B
	mkdir -p "$TEST_TMP/conf"
	printf '[A]\nDomain=x\n' >"$TEST_TMP/conf/"$'a\e]0;x\a\n<0>forged: \xff.rport'
	run "$RPORTD" --check-config --config-path "$TEST_TMP/conf"
	printf '%s\n' "$OUT" >verb.out
	no_bytes verb.out 'the output of --check-config'
	assert_eq "$(wc -l <verb.out)" 2 'lines of --check-config'
	start_rportd
	eventually grep -qF '\x0a<0>forged: \xff.rport' "$RPORTD_LOG"
	no_bytes "$RPORTD_LOG" 'the log'
	! grep -q '^<0>' "$RPORTD_LOG" || fail 'a line is forged'
	run rportctl -j apply
	printf '%s\n' "$OUT" >verb.out
	no_bytes verb.out 'the output of apply'
	assert_json "$OUT" '.problems[0].file | contains("\\x0a<0>forged")' 'the file that is to blame'
}

run_tests "$@"
