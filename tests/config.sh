#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests of links as files share, beside lib.sh and ports.sh. Files without a directory are in conf/, where the
# daemon of start_rportd looks.

# link_file FILE A B [LINE...]: a file of a link between these domains. A LINE such as MTU=1500 is one of [Link],
# a:Name=wan0 one of [A], and b:Name=wan0 one of [B].
link_file() {
	local file=$1 a=$2 b=$3 line link='' end_a='' end_b=''
	shift 3
	[[ $file = */* ]] || file=conf/$file
	for line; do
		case $line in
		a:*) end_a+=${line#a:}$'\n' ;;
		b:*) end_b+=${line#b:}$'\n' ;;
		*) link+=$line$'\n' ;;
		esac
	done
	mkdir -p "${file%/*}"
	printf '[Link]\n%s[A]\nDomain=%s\n%s[B]\nDomain=%s\n%s' "$link" "$a" "$end_a" "$b" "$end_b" >"$file"
}

# numbered_file [LINE...]: ab.rport, which says what pair_numbered makes
numbered_file() {
	link_file ab.rport "netns:$A" "netns:$B" a:Address=192.168.0.0 a:PeerAddress=192.168.0.1 \
		a:Address=fd00:ab::a a:PeerAddress=fd00:ab::b b:Address=192.168.0.1 b:PeerAddress=192.168.0.0 \
		b:Address=fd00:ab::b b:PeerAddress=fd00:ab::a "$@"
}

# of_link LINK FILTER: what the jq filter makes of it
of_link() {
	rportctl -j show "$1" | jq -r "$2"
}

# link_is LINK FILTER VALUE, as a condition
link_is() {
	[ "$(of_link "$1" "$2")" = "$3" ]
}

# links: the names of all
links() {
	rportctl -j list | jq -r '.[].name' | xargs
}

# links_are NAME...: as a condition
links_are() {
	[ "$(links)" = "$*" ]
}

# indexes LINK: of its interfaces; other ones are other interfaces
indexes() {
	of_link "$1" '"\(.a.index) \(.b.index)"'
}

# reloads STATUS OUT ERR: what reload prints
reloads() {
	run rportctl reload
	assert_eq "$RC" "$1" "exit status of reload"
	assert_eq "$OUT" "$2" "stdout of reload"
	assert_match "$ERR" "$3" "stderr of reload"
}

# applies STATUS OUT ERR [OPTION...]
applies() {
	run rportctl apply "${@:4}"
	assert_eq "$RC" "$1" "exit status of apply ${*:4}"
	assert_eq "$OUT" "$2" "stdout of apply ${*:4}"
	assert_match "$ERR" "$3" "stderr of apply ${*:4}"
}

# checks STATUS LINE...: what rportd --check-config prints of $CHECKED, or of conf
checks() {
	local status=$1
	shift
	run "$RPORTD" --check-config --config-path "${CHECKED:-conf}"
	assert_eq "$RC" "$status" "exit status of --check-config"
	assert_eq "$OUT" "$(printf '%s\n' "$@")" "what --check-config prints"
}

# logged GLOB, as a condition: a line of the daemon's log is like this
logged() {
	local line
	while read -r line; do
		# shellcheck disable=SC2053 # a pattern
		[[ $line != $1 ]] || return 0
	done <"$RPORTD_LOG"
	return 1
}

assert_logged() {
	logged "$1" || fail "not in the log: $1"
}

# files [DIRECTORY]: all that is there, hidden ones, too
files() {
	find "${1:-conf}" -mindepth 1 -printf '%P\n' | sort | xargs
}
