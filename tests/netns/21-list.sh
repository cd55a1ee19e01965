#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# Lists of links and ports: which, in which order, by which columns; several names at once; how they look on a terminal.
. "$(dirname "$0")/../lib.sh"

# three_links: link1, link2 and link10 between A and B
three_links() {
	local i
	ns_add A B
	start_rportd
	for i in 10 2 1; do
		succeeds rportctl pair "$A" "$B" --name "link$i"
	done
}

# firsts: the first column of OUT, on one line
firsts() {
	awk '{ print $1 }' <<<"$OUT" | xargs
}

# lists WANTED ARGUMENT...: what the first column of `rportctl ARGUMENT...` is
lists() {
	succeeds rportctl "${@:2}"
	assert_eq "$(firsts)" "$1" "first column of '${*:2}'"
}

# set_off: link2 drifts, and `waits` is pending
set_off() {
	ip -n "$A" link set "$(port link2 a .interface)" mtu 1400
	succeeds rportctl pair "$A" "$TEST_PREFIX"nowhere --name waits --allow-pending
	eventually port_is link2 a .drift[0] 'mtu is 1400, not 32768'
}

test_natural_order() {
	three_links
	lists 'link1 link2 link10' -br list
	lists 'LINK link1 link2 link10' list
	assert_eq "$(rportctl -j list | jq -c 'map(.name)')" '["link1","link2","link10"]' 'order in JSON'
	lists "netns:$A/rport0 netns:$A/rport1 netns:$A/rport2" -br ports "netns:$A/*"
}


test_which_links() {
	local word
	three_links
	set_off
	lists 'link1 link10' -br list 'link1*'
	lists 'link2 link10' -br list link10 link2
	lists 'link10' -br list "netns:$A/rport0"
	lists 'waits' -br list --state pending
	lists 'link1 link2 link10 waits' -br list --state up,pending
	lists 'link2' -br list --drift
	for word in "$A" "netns:$A" "$TEST_PREFIX"'[ab]'; do
		lists 'link1 link2 link10 waits' -br list --domain "$word"
	done
	lists 'link1 link2 link10' -br list --domain "$B"
	lists 'link10' -br list 'l*0' --domain "$B" --state up
	assert_eq "$(rportctl -j list 'link1*' | jq -c 'map(.name)')" '["link1","link10"]' 'JSON of some'
	assert_json "$(rportctl -j list --drift -o link)" 'length == 1 and (.[0] | has("ways") and .a.drift != [])'
	succeeds rportctl list --state degraded
	assert_eq "$OUT" 'no links' 'when there are none'
	assert_eq "$(rportctl -j list --state degraded)" '[]' 'when there are none'
	refused 3 '*nothing matches "nix"*' rportctl list nix
	run rportctl -br list nix link2
	assert_eq "$RC:$(firsts)" 3:link2 'one that is there and one that is not'
}

test_which_ports() {
	three_links
	set_off
	lists "netns:$A/rport1" -br ports --drift
	lists "${TEST_PREFIX}nowhere/-" -br ports --state pending
	lists "netns:$A/rport1 netns:$B/rport1" -br ports link2
	lists "netns:$A/rport1 netns:$B/rport1" -br ports rport1
	lists "netns:$B/rport0 netns:$B/rport1 netns:$B/rport2" -br ports --domain "$B"
	refused 1 '*no state "degraded"*' rportctl ports --state degraded
}

test_sorting_and_columns() {
	three_links
	set_off
	lists 'link1 link10 waits link2' -br list --sort mtu
	lists 'waits link1 link2 link10' -br list --sort state
	succeeds rportctl -br list link1 -o mtu,LINK,a-drops,configured
	assert_eq "$(xargs <<<"$OUT")" '32768 link1 0 no' 'chosen columns'
	succeeds rportctl list link1 -o mtu,link
	assert_eq "$(xargs <<<"$OUT")" 'MTU LINK 32768 link1' 'chosen columns'
	succeeds rportctl list link2 --output drift,warnings
	assert_eq "$(xargs <<<"$OUT")" 'DRIFT WARNINGS 1 1' 'chosen columns'
	# one that is about a direction makes two rows
	succeeds rportctl -br list link1 -o from,to,drops
	assert_eq "$(wc -l <<<"$OUT")" 2 rows
	refused 1 '*no column "colour"*link, state*' rportctl list -o link,colour
	refused 1 '*no column ""*' rportctl list -o link,
	refused 1 '*no column "colour"*' rportctl ports --sort colour
	refused 1 '*no state "gone"*' rportctl list --state up,gone
}

# the packets of both directions count
test_sorted_by_traffic() {
	ns_add A B
	start_rportd
	pair_numbered
	succeeds rportctl pair "$A" "$B" --name other
	ping_ok "$A" 192.168.0.1
	lists 'ab ab other other' -br list --sort packets -o link,packets
	assert_eq "$(rportctl -j list --sort packets | jq -c 'map(.name)')" '["ab","other"]' order
	assert_eq "$(rportctl -br ports --sort packets | head -n 2 | awk '{ print $6 }' | xargs)" 'ab ab' order
}

test_what_is_the_matter() {
	three_links
	succeeds rportctl list
	assert_no_match "$OUT" '*NOTE*' 'a list without a fault'
	assert_no_match "$OUT" '* '$'\n''*' 'blanks at the end of a line'
	set_off
	succeeds rportctl list
	assert_match "$OUT" '*NOTE*link2*drift: mtu is 1400, not 32768; warning: *differ*waits*no domain "*' 'notes'
	succeeds rportctl ports
	assert_match "$OUT" '*NOTE*drift: mtu is 1400, not 32768*no domain "*' 'notes'
	# for scripts the columns stay as they are
	succeeds rportctl -br list link2
	assert_eq "$(wc -w <<<"$OUT")" 5 columns
}

test_several_names() {
	three_links
	set_off
	succeeds rportctl show link10 link1
	assert_eq "$(grep -c '^link' <<<"$OUT") $(head -n 1 <<<"$OUT")" '2 link10: up' 'two links'
	assert_eq "$(rportctl -j show 'link1*' | jq -c 'map(.name)')" '["link1","link10"]' 'those of a pattern'
	assert_eq "$(rportctl -j show link1 link1 | jq -c 'map(.name)')" '["link1"]' 'one named twice'
	assert_eq "$(rportctl -j show link1 | jq .name)" '"link1"' 'one'
	run rportctl -j show link1 nix
	assert_eq "$RC $(jq -c 'map(.name)' <<<"$OUT")" '3 ["link1"]' 'one that is there and one that is not'
	assert_match "$ERR" '*"nix"*' 'message'
	refused 3 '*no link matches "ni\*"*' rportctl show 'ni*'
	succeeds rportctl reconcile 'link*'
	assert_eq "$(cut -d : -f 1-2 <<<"$OUT" | xargs)" 'link1: unchanged link2: put back link10: unchanged' reconcile
	ip -n "$A" link set rport1 mtu 1400
	eventually port_is link2 a .drift[0] 'mtu is 1400, not 32768'
	run rportctl reconcile --all
	assert_match "$OUT" '*link2: put back*' reconcile
	assert_eq "$RC" 3 'status with one that is pending'
	assert_match "$ERR" '*waits: no domain*' message
	refused 1 '*which link?*' rportctl reconcile
	refused 1 '*--all*' rportctl reconcile --all link1
}

test_brief_show() {
	three_links
	succeeds rportctl -br show link2
	assert_eq "$OUT" "$(rportctl -br list link2)" 'one line'
	succeeds rportctl -br show
	assert_eq "$OUT" "$(rportctl -br list)" 'a line each'
	assert_json "$(rportctl -j -br show link2)" '.name == "link2"'
}

# a character may be two columns wide
test_wide_characters() {
	local header row
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name ab --a-name wan0
	ip -n "$A" link set wan0 down
	ip -n "$A" link set wan0 name 漢字
	eventually port_has "netns:$A/漢字" .interface 漢字
	succeeds rportctl list -o a,state
	header=$(sed -n '/STATE/p' <<<"$OUT") row=$(sed -n '/漢字/p' <<<"$OUT")
	header=${header%%STATE*} row=${row%%degraded*}
	assert_eq ${#row} $((${#header} - 2)) "characters before the second column of '$OUT'"
	# nor does it depend on the locale
	LC_ALL=C succeeds rportctl list -o a,state
	assert_match "$OUT" "*netns:$A/漢字  degraded*" 'in the C locale'
}

# on_terminal COLUMNS COMMAND: screen, as a terminal of this width shows it, with the pager that the environment has
on_terminal() {
	RPORTCTL_LINE="'$RPORTCTL' --socket '$SOCKET' $2"
	TERM=xterm script -qec "stty cols $1 rows 20; $RPORTCTL_LINE" screen >/dev/null </dev/null || fail "status $?: $(<screen)"
	sed -i '/^Script /d; s/\r$//' screen
}

test_on_a_terminal() {
	local longest
	three_links
	set_off
	export SYSTEMD_PAGER=''
	on_terminal 60 list
	assert_match "$(<screen)" $'*\e[32mup*' colours
	longest=$(sed 's/\x1b\[[0-9;]*m//g' screen | awk '{ if (length > n) n = length } END { print n }')
	[ "$longest" -le 60 ] || fail "lines of $longest columns: $(<screen)"
	assert_match "$(sed 's/\x1b\[[0-9;]*m//g' screen)" '*link10*waits*pending*' 'names are whole'
	NO_COLOR=1 on_terminal 300 list
	assert_eq "$(<screen)" "$(rportctl list)" 'with room enough'
}

test_pager() {
	three_links
	export PAGER='sed s/^/paged:/' # not for what is no terminal
	succeeds rportctl list
	assert_no_match "$OUT" '*paged*' 'no terminal'
	on_terminal 80 list
	assert_match "$(<screen)" 'paged:*LINK*paged:*link10*' 'PAGER'
	assert_match "$(<screen)" $'*\e[32mup*' 'colours in the pager'
	on_terminal 80 show
	assert_match "$(<screen)" '*paged:*link10*' 'show'
	on_terminal 80 ports
	assert_match "$(<screen)" '*paged:*rport0*' 'ports'
	on_terminal 80 '--no-pager list'
	assert_no_match "$(<screen)" '*paged*' '--no-pager'
	SYSTEMD_PAGER='sed s/^/first:/' on_terminal 80 list
	assert_match "$(<screen)" 'first:*' 'SYSTEMD_PAGER'
	SYSTEMD_PAGER='cat' on_terminal 80 list
	assert_no_match "$(<screen)" '*paged*' 'cat'
	# one who leaves early has seen enough
	PAGER='head -n 1' on_terminal 80 list
	assert_no_match "$(<screen)" '*link10*' 'what was seen'
	# in JSON there is nothing to leaf through
	on_terminal 80 '-j list'
	assert_no_match "$(<screen)" '*paged*' '-j'
}

run_tests "$@"
