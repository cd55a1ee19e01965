#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# A command line that helps: what was meant, how it is used, a summary; both programs exit alike.
. "$(dirname "$0")/../lib.sh"

commands() {
	rportctl help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'
}

# fits_80 TEXT WHAT
fits_80() {
	local longest
	longest=$(awk '{ if (length > n) { n = length; line = $0 } } END { print n, line }' <<<"$1")
	[ "${longest%% *}" -le 80 ] || fail "$2: a line of ${longest%% *} columns: ${longest#* }"
}

test_help_fits_80_columns() {
	local command
	SOCKET=nobody
	fits_80 "$(rportctl help)" help
	for command in $(commands); do
		succeeds rportctl "$command" --help
		assert_match "$OUT" "Usage: rportctl $command*" "help of $command"
		fits_80 "$OUT" "help of $command"
	done
	succeeds "$RPORTD" --help
	assert_match "$OUT" 'Usage: rportd *' 'help of rportd'
	fits_80 "$OUT" 'help of rportd'
}

test_what_was_meant() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name red-blue --a-name wan0
	refused 1 '*"lst" (did you mean list?)*' rportctl lst
	refused 1 '*"--mut" (did you mean --mtu?); "rportctl pair --help"*' rportctl pair "$A" "$B" --mut 1500
	refused 1 '*"--jsno" (did you mean --json?)*' rportctl --jsno list
	refused 1 '*"--drft" (did you mean --drift?)*' rportctl list --drft
	refused 1 '*unknown option "--frobnicate"; *' rportctl list --frobnicate
	refused 3 '*did you mean "red-blue"?' rportctl show red-bleu
	refused 3 '*did you mean "wan0"?' rportctl unpair wan1
	refused 3 '*did you mean "wan0"?' rportctl up wan2
	refused 3 "*did you mean \"netns:$A/wan0\"?" rportctl down "netns:$A/wn0"
	refused 3 '*did you mean "red-blue"?' rportctl reconcile red-bleu
	run rportctl show frobnicate
	assert_no_match "$ERR" '*did you mean*' 'nothing like it'
	run "$RPORTD" --sokcet x
	assert_match "$RC $ERR" '1 *did you mean --socket?*Usage: rportd*' 'message of rportd'
}

test_domain_by_its_path() {
	ns_add A B
	start_rportd
	refused 1 "*netns:$A" rportctl pair "/run/netns/$A" "$B"
	refused 1 "*netns:$A" rportctl pair "$B" "/var/run/netns/$A"
	refused 1 '*invalid domain "/tmp/ns": *netns:/tmp/ns' rportctl pair "$B" /tmp/ns
}

test_usage() {
	local line
	start_rportd
	for line in pair unpair show/x/--mtu reconcile create/x parent 'set/x' 'up' 'destroy' exists export; do
		# shellcheck disable=SC2086 # words
		run rportctl ${line//\// }
		assert_eq "$RC$OUT" 1 "status of '$line'"
		assert_match "$ERR" "*rportctl ${line%%/*} *" "message of '$line'"
	done
	refused 1 $'*which link?\nUsage: rportctl unpair *' rportctl unpair
	refused 1 $'*which two domains?\nUsage: rportctl pair A B *' rportctl pair x
}

# wrong usage is 1 in both programs, and so is a value, whatever is wrong with it
test_exit_status() {
	local value
	ns_add A B
	start_rportd
	for value in big -5 1279 99999 99999999999; do
		refused 1 '*mtu*' rportctl pair "$A" "$B" --mtu "$value"
	done
	succeeds rportctl pair "$A" "$B" --name ab
	for value in big 1279; do
		refused 1 '*' rportctl set ab mtu "$value"
	done
	refused 1 '*' rportctl set ab fast-path maybe
	refused 1 '*--color*' rportctl --color sometimes list
	# it is another thing that something is in the way
	refused 2 '*' rportctl pair "$A" "$B" --name ab --mtu 1500
	for value in --frobnicate word --workers=99 --datapath=none; do
		run "$RPORTD" "$value"
		assert_eq "$RC" 1 "exit status of rportd $value"
	done
	run "$RPORTD" --socket "$TEST_TMP/no/such/directory"
	assert_eq "$RC" 2 'exit status of an rportd that cannot start'
}

test_summary() {
	ns_add A B
	start_rportd
	succeeds rportctl
	assert_match "$OUT" 'rportd *links *0*ports *0*"rportctl help"*' 'without links'
	succeeds rportctl pair "$A" "$B" --name ab
	succeeds rportctl pair "$A" "$TEST_PREFIX"no --name cd --allow-pending
	succeeds rportctl create in "$B"
	ip -n "$A" link set rport0 mtu 1400
	eventually port_is ab a .drift[0] 'mtu is 1400, not 32768'
	succeeds rportctl
	assert_match "$OUT" '*links *2: 1 up, 1 pending*ports *5: 3 up, 1 down, 1 pending*drift *1 link; *warnings *1 link;*' summary
	assert_eq "$(rportctl status)" "$OUT" 'the command status'
	assert_json "$(rportctl -j)" '.links.total == 2 and .links.up == 1 and .links.drift == 1 and .ports.total == 5'
	SOCKET=nobody refused 4 '*cannot connect*' rportctl
}

test_color() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name ab
	assert_match "$(rportctl --color=always show ab)" $'*\e[32mup*' always
	assert_match "$(rportctl --color always list)" $'*\e[32mup*' always
	assert_match "$(NO_COLOR=1 rportctl list --color=always)" $'*\e[32mup*' 'always, whatever the environment says'
	assert_no_match "$(rportctl --color=auto list)" $'*\e[*' auto
	TERM=xterm script -qec "'$RPORTCTL' --socket '$SOCKET' --no-pager --color=never list" screen >/dev/null </dev/null
	assert_no_match "$(<screen)" $'*\e[3*' never
}

test_programs_of_the_tree_say_what_they_do() {
	local program
	for program in quickstart run-tests; do
		[ -e "$TOP_DIR/$program" ] || skip cannot "there is no $program"
		(
			cd /
			PATH=/nowhere:/usr/bin:/bin timeout 10 "$TOP_DIR/$program" --help >"$TEST_TMP/out"
		) || fail "$program --help fails"
		assert_match "$(<out)" "Usage: ./$program*" "$program --help"
	done
}

# --- files -----------------------------------------------------------------------------------------------------------

# file NAME LINE...
file() {
	mkdir -p conf
	printf '%s\n' "${@:2}" >"conf/$1.rport"
}

test_check_config() {
	file good '[A]' Domain=red Name=wan0 '[B]' Domain=blue
	file other '[Link]' Mtu=1500 '[A]' Domain=red '[B]' domain=green Domain=green
	run "$RPORTD" --check-config conf/good.rport
	assert_eq "$RC $OUT" '0 1 link, 0 errors' 'one file'
	run "$RPORTD" --check-config conf
	assert_match "$RC $OUT" '0 *"Mtu" in \[Link\]; did you mean MTU?*"domain" in \[B\]; did you mean Domain?*2 links, 0 errors' 'a directory'
	(cd conf && "$RPORTD" --check-config other.rport good.rport) >out
	assert_match "$(<out)" './other.rport:2: warning*2 links, 0 errors' 'files'
	run "$RPORTD" --check-config conf/missing.rport conf/good.rport
	assert_eq "$RC $OUT" $'2 conf/missing.rport: error: No such file or directory\n1 link, 1 error' 'one that is missing'
	run "$RPORTD" --check-config --config-path conf:nowhere
	assert_match "$RC $OUT" '2 nowhere: error: there is no such directory*2 links, 1 error' 'a directory that is missing'
	run "$RPORTD" --check-config /etc/passwd
	assert_match "$RC $OUT" '2 */etc/passwd: error: *.rport*' 'no file of a link'
	mkdir conf/good.rport.d
	printf '[Link]\nMTU=1\n' >conf/good.rport.d/10.conf
	run "$RPORTD" --check-config conf/good.rport
	assert_match "$RC $OUT" '2 conf/good.rport.d/10.conf:2: error: MTU*' 'its drop-in'
}

test_files_that_clash() {
	ns_add A B C
	file one '[A]' "Domain=$A" Name=wan0 '[B]' "Domain=$B" Name=wan0 Address=10.0.0.1/24
	file two '[A]' "Domain=$C" Name=wan0 '[B]' "Domain=netns:$A" Name=wan0
	file six '[A]' "Domain=$B" Name=lan0 '[B]' "Domain=$A" Name=lan0 Address=10.0.0.1/24
	run "$RPORTD" --check-config conf
	assert_match "$RC $OUT" "2 *conf/six.rport: warning: conf/one.rport joins the same domains, with the same address*" 'domains joined twice'
	assert_match "$OUT" "*conf/two.rport: error: conf/one.rport wants an interface wan0 in netns:$A, too*3 links, 1 error" 'a name wanted twice'
	mv conf later
	start_rportd
	mv later conf
	run rportctl apply --dry-run
	assert_eq "$RC" 2 'exit status of apply --dry-run'
	assert_match "$ERR" "*six.rport: warning: */conf/one.rport joins the same domains, with the same address*two.rport: error: */conf/one.rport wants an interface wan0 in netns:$A, too*" 'apply --dry-run'
	assert_no_ports
	# one file after the other
	run "$RPORTD" --check-config conf/two.rport conf/one.rport
	assert_match "$RC $OUT" "2 conf/one.rport: error: conf/two.rport wants an interface wan0 in $A, too*" 'files that are named'
}

run_tests "$@"
