#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests of drift share, beside lib.sh and ports.sh.

# --- what is seen ----------------------------------------------------------------------------------------------------

# drift_listed DOMAIN/IFNAME JSON, as a condition: what `ports` and `list` say, neither of which looks by itself
drift_listed() {
	[ "$(of_port "$1" '.drift | tojson')" = "$2" ] &&
		[ "$(rportctl -j list | jq -c --arg port "$1" \
			'[.[] | .a, .b | select("\(.domain)/\(.interface)" == $port).drift] | .[0]')" = "$2" ]
}

# drift_of END: as `show LINK` has it
drift_of() {
	rportctl -j show ab | jq -c ".$1.drift"
}

# drift_is END JSON, as a condition
drift_is() {
	[ "$(drift_of "$1")" = "$2" ]
}

# sees [-b] [-n IFNAME] LINE...: within a second, exactly this is said to be wrong with the port in A (-b: in B), everywhere
sees() {
	local end=a other=b ns=$A ifname=rport0 want lines line
	local OPTIND option
	while getopts bn: option; do
		case $option in
		b) end=b other=a ns=$B ;;
		n) ifname=$OPTARG ;;
		*) fail "sees -$option" ;;
		esac
	done
	shift $((OPTIND - 1))
	want=$(jq -cn '$ARGS.positional' --args -- "$@")
	within 1000 drift_listed "netns:$ns/$ifname" "$want" ||
		fail "not seen within a second: $want, but: $(rportctl -j ports | jq -c 'map([.domain, .interface, .drift])')"
	assert_eq "$(drift_of "$end")" "$want" "drift of end $end"
	assert_eq "$(drift_of "$other")" '[]' "drift of the other end"
	succeeds rportctl show ab
	lines=$(sed -n 's/^        drift  *//p' <<<"$OUT")
	assert_eq "$lines" "$(for line; do echo "$line"; done)" "drift in the text of show"
}

# sees_nothing: for a while longer than it takes to see something
sees_nothing() {
	sleep 0.3
	succeeds rportctl -j ports
	assert_json "$OUT" 'all(.[]; .drift == [])' "no drift"
	succeeds rportctl -j show ab
	assert_json "$OUT" '.a.drift == [] and .b.drift == []' "no drift"
	succeeds rportctl show ab
	assert_no_match "$OUT" '*drift*' "text of show"
}

# --- what there really is --------------------------------------------------------------------------------------------

# kernel_state NAMESPACE [IFNAME]: all that the kernel knows of a port, but for its number
kernel_state() {
	local ifname=${2:-rport0}
	ip -n "$1" -j -d addr show dev "$ifname" | jq -S '.[0] |
		{ ifname, mtu, flags, master, ifalias, addresses: [.addr_info[] | del(.label)] | sort }'
	ip -n "$1" route show table all dev "$ifname" | sort
	ip -n "$1" -6 route show table all dev "$ifname" | sort | uniq
}

kernel_state_is() {
	[ "$(kernel_state "$1")" = "$2" ]
}

# as_before: A and B are what they were when pair_both had made them
as_before() {
	within 1000 kernel_state_is "$A" "$STATE_A" || fail "A is not as before:
$(diff <(echo "$STATE_A") <(kernel_state "$A"))"
	within 1000 kernel_state_is "$B" "$STATE_B" || fail "B is not as before:
$(diff <(echo "$STATE_B") <(kernel_state "$B"))"
}

# pair_both [OPTION...]: link ab with all that a port can be given, at both ends, and what came of it
pair_both() {
	ns_add A B
	ip -n "$A" addr add 10.60.0.1 dev lo
	ip -n "$B" addr add 10.50.0.1 dev lo
	pair_numbered --a-route 10.50.0.0/16 --a-route 2001:db8::/32 --b-route 10.60.0.0/16 --b-route default "$@"
	eventually both_carry
	STATE_A=$(kernel_state "$A")
	STATE_B=$(kernel_state "$B")
	LL_A=$(port ab a .linkLocal)
}

flows() {
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	ping_ok "$A" 10.50.0.1
	ping_ok "$A" fd00:ab::b
	ping_ok "$B" "$LL_A%rport0"
}

# restored LINE...: what `reconcile` prints about a port in A
restored() {
	local line
	for line; do
		echo "ab: put back: netns:$A/rport0: $line"
	done
}

# puts_back LINE...: reconcile says these, has done them, and then has nothing more to do
puts_back() {
	succeeds rportctl reconcile ab
	assert_eq "$OUT$ERR" "$(restored "$@")" "what reconcile says"
	is_whole
}

is_whole() {
	assert_eq "$(drift_of a) $(drift_of b)" '[] []' "drift afterwards"
	as_before
	flows
	succeeds rportctl reconcile ab
	assert_eq "$OUT$ERR" "ab: unchanged" "the second reconcile"
	assert_eq "$(of_port "netns:$A/rport0" .drift)" '[]' "drift in ports"
}

# sees_and_puts_back LINE...: both
sees_and_puts_back() {
	sees "$@"
	puts_back "$@"
}

# stopped COMMAND...: while rportd cannot look
stopped() {
	kill -STOP "$RPORTD_PID"
	"$@"
	kill -CONT "$RPORTD_PID"
}
