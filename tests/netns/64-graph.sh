#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
#
# rportctl graph and rportctl top: what there is, and what passes.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

setup() {
	start_rportd
	ns_add A B C
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.9.0.0,10.9.0.1
	succeeds rportctl pair "$B" "$C" --name bc --addresses 10.9.1.0,10.9.1.1
	succeeds rportctl pair "$C" nowhere --name waiting --wait
}

# traffic_on ab: for some seconds
start_traffic() {
	in_ns "$A" ping -n -q -i 0.01 -s 1000 -w 20 10.9.0.1 >/dev/null &
}

test_dot() {
	setup
	succeeds rportctl graph
	assert_match "$OUT" "graph rport {*label=\"netns:$A\"*label=\"netns:$B\"*label=\"netns:$C\"*" 'domains'
	assert_match "$OUT" '*label="ab"*style=solid*label="bc"*label="waiting\\npending"*style=dashed*}' 'links'
	if command -v dot >/dev/null; then
		dot -Tsvg <<<"$OUT" >/dev/null || fail 'dot does not read it'
	fi
	# by name and by domain
	succeeds rportctl graph 'a*'
	assert_no_match "$OUT" '*"bc"*' 'only some links'
	assert_no_match "$OUT" "*netns:$C*" 'only their domains'
	succeeds rportctl graph --domain "$A"
	assert_match "$OUT" '*"ab"*' 'links of a domain'
	assert_no_match "$OUT" '*"bc"*' 'not of others'
	succeeds rportctl down "$A/rport0"
	succeeds rportctl graph ab
	assert_match "$OUT" '*degraded*color="#c0392b"*' 'one end is down'
	refused 1 '*--format*' rportctl graph --format png
}

test_mermaid() {
	setup
	succeeds rportctl graph --format mermaid
	assert_match "$OUT" "graph LR*\"netns:$A\"*---|\"ab\"|*-.-|\"waiting<br/>pending\"|*linkStyle 0 stroke:*" 'mermaid'
}

test_svg() {
	setup
	command -v dot >/dev/null || skip could 'graphviz is missing'
	succeeds rportctl graph --format svg
	assert_match "$OUT" '*<svg*waiting*</svg>*' 'svg'
	# without graphviz it is said what to do
	mkdir "$TEST_TMP/bin"
	ln -s "$(command -v sh)" "$TEST_TMP/bin/sh"
	run env PATH="$TEST_TMP/bin" "$RPORTCTL" --socket "$SOCKET" graph --format svg
	assert_eq "$RC" 2 'without dot'
	assert_match "$ERR" '*graphviz*' 'what is said'
}

test_rates() {
	setup
	start_traffic
	succeeds rportctl graph --rates 2
	assert_match "$OUT" '*"ab\\n*bit/s there, *k back"*' 'rates'
	assert_match "$OUT" '*"bc\\n0bit/s there, 0 back"*' 'a link without traffic'
	kill $!
}

test_top_batch() {
	setup
	start_traffic
	succeeds rportctl top -b -n 2 -d 1
	kill $!
	assert_match "$OUT" 'rportd *: 2 of 3 links up, 1 ports pending, workers *' 'head'
	# twice, and the busy link first
	assert_eq "$(grep -c '^LINK ' <<<"$OUT")" 2 'tables'
	assert_match "$(sed -n 4p <<<"$OUT")" 'ab *up *k *' 'the first link'
	assert_match "$(sed -n 4,6p <<<"$OUT")" '*waiting *pending *C*' 'the link that waits'
	succeeds rportctl top -b -n 1 -d 0.1 --sort name 'b*'
	assert_match "$(sed -n 4p <<<"$OUT")" 'bc *' 'a pattern'
	assert_eq "$(wc -l <<<"$OUT")" 4 'only that'
	refused 1 '*--sort*' rportctl top -b --sort colour
	refused 1 '*-d*' rportctl top -b -d 0
	refused 1 '*terminal*' rportctl top
	SOCKET=$TEST_TMP/nowhere
	refused 4 '*nowhere*' rportctl top -b -n 1
}

# --- in a real terminal ----------------------------------------------------------------------------------------------

tmux_() {
	tmux -f /dev/null -S "$TEST_TMP/tmux" "$@"
}

screen_has() {
	tmux_ capture-pane -p -t top | grep -q -- "$1"
}

screen_lacks() {
	! screen_has "$1"
}

# no line is longer than the terminal is wide, and none is wrapped
fits() {
	[ "$(tmux_ capture-pane -p -t top | awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }')" -le "$1" ]
}

test_top_screen() {
	command -v tmux >/dev/null || skip could 'tmux is missing'
	setup
	start_traffic
	tmux_ new-session -d -s top -x 80 -y 24 "$RPORTCTL --socket $SOCKET top -d 0.3; echo ended \$?; sleep 30"
	eventually screen_has '^ab .* up '
	grep -q 'not built\|without ncurses' <<<"$(tmux_ capture-pane -p -t top)" && skip cannot 'rportctl was built without ncurses'
	eventually screen_has 'LINK .*STATE .*bit/s'
	eventually screen_has '^ab *up .*k '
	fits 80 || fail "wider than 80 columns: $(tmux_ capture-pane -p -t top)"
	# order
	tmux_ send-keys -t top n
	eventually screen_has 'by name'
	# filter
	tmux_ send-keys -t top / 'w' '*' Enter
	eventually screen_lacks '^ab '
	eventually screen_has '^waiting '
	tmux_ send-keys -t top / Escape
	eventually screen_has '^ab '
	# details of the selected link, and back
	tmux_ send-keys -t top Home Down Enter
	eventually screen_has '^bc: up, MTU'
	eventually screen_has "a: rport1 in netns:$B"
	tmux_ send-keys -t top Escape
	eventually screen_has '^LINK '
	# another size
	tmux_ resize-window -t top -x 120 -y 12
	eventually screen_has "netns:$A/rport0"
	fits 120 || fail 'wider than the terminal'
	tmux_ resize-window -t top -x 60 -y 8
	eventually screen_lacks "netns:$A/rport0"
	eventually screen_has '^ab '
	fits 60 || fail 'wider than the terminal'
	tmux_ resize-window -t top -x 80 -y 24
	tmux_ send-keys -t top h
	eventually screen_has 'sort by bits'
	tmux_ send-keys -t top h
	# a change is seen
	succeeds rportctl down "$B/rport1"
	eventually screen_has '^bc *degraded'
	# the daemon goes, and top says so
	kill -TERM "$RPORTD_PID"
	rportd_wait
	eventually screen_has 'cannot\|No such\|refused'
	tmux_ send-keys -t top q
	eventually screen_has 'ended 0'
	tmux_ kill-server
	kill %1 2>/dev/null || true
}

run_tests "$@"
