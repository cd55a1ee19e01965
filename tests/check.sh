#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What the tests of "rportctl check" share, beside lib.sh: what it finds of the link ab, and doing what it advises.

# finding ID: the first one of the link ab, as JSON
finding() {
	jq -c --arg id "$1" '[.[0].findings[] | select(.id == $id)] | first // empty' <<<"$OUT"
}

# checked [OPTION...]: OUT is what check says of ab, in JSON
checked() {
	run rportctl -j check "$@" ab
	assert_json "$OUT" 'length == 1 and .[0].name == "ab"'
}

# finds ID SEVERITY GLOB
finds() {
	local found
	checked
	assert_eq "$RC" 2 "exit status of check"
	found=$(finding "$1")
	[ -n "$found" ] || fail "check did not find $1: $OUT"
	assert_eq "$(jq -r .severity <<<"$found")" "$2" "severity of $1"
	assert_match "$(jq -r .message <<<"$found")" "$3" "message of $1"
}

# mend ID: do what check advises, at both ends if need be
mend() {
	local line
	mend_once "$1"
	[ -z "$(finding "$1")" ] || mend_once "$1"
	assert_eq "$(finding "$1")" '' "$1 after what check advised"
}

mend_once() {
	local line
	while IFS= read -r line; do
		echo "mend: $line"
		# shellcheck disable=SC2086 # the words of a command
		case $line in
		'rportctl '*) rportctl ${line#rportctl } ;;
		*) bash -c "$line" ;;
		esac || fail "the advice does not work: $line"
	done < <(finding "$1" | jq -r '.remedy[]')
	checked
}

# mend_in NAMESPACE ID: do what check advises, in this namespace
mend_in() {
	local line
	while IFS= read -r line; do
		in_ns "$1" bash -c "$line" || fail "the advice does not work: $line"
	done < <(finding "$2" | jq -r '.remedy[]')
}

# the kernel sets routes of IPv6 addresses up in the background, a moment after there is a carrier
numbered() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1 --addresses fd00:7::a,fd00:7::b "$@"
	eventually has_route6 "$A" fd00:7::b
	eventually has_route6 "$B" fd00:7::a
}

# has_route6 NAMESPACE ADDRESS, as a condition
has_route6() {
	ip -n "$1" route get "$2"
}
