#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# What shells offer: the command that tells them, and their scripts.
. "$(dirname "$0")/../lib.sh"

COMPLETIONS=$TOP_DIR/completions

# offered WORD...: what the last one could become, sorted, on one line
offered() {
	rportctl complete -- "$@" | cut -f 1 | LC_ALL=C sort | xargs
}

# offers WANTED WORD...
offers() {
	assert_eq "$(offered "${@:2}")" "$1" "candidates after '${*:2}'"
}

# ours WORD...: those candidates that are of this test; the machine may have other namespaces
ours() {
	offered "$@" | tr ' ' '\n' | grep -F "$TEST_PREFIX" | xargs
}

# no_daemon: nobody listens
no_daemon() {
	SOCKET=$TEST_TMP/nobody
}

commands() {
	rportctl help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p' | LC_ALL=C sort | xargs
}

# --- the command -----------------------------------------------------------------------------------------------------

test_commands() {
	no_daemon
	assert_match "$(commands)" '*complete*pair*version wait' 'commands in the help'
	offers "$(commands)" ''
	offers 'pair parent ports' p
	offers 'unpair unparent up' u
	offers pair pair
	offers '' nothing
	offers "$(commands)" help ''
	offers 'reconcile reload' help re
	offers '' help pair ''
	# after options, too
	offers 'list' -j -s li
	offers 'list' --socket /nowhere li
	offers 'list' --socket=/nowhere li
	# and nothing after what is none
	offers '' frobnicate ''
	offers '' frobnicate --js
}

test_every_option_of_the_help_is_offered() {
	local command options
	no_daemon
	for command in $(commands); do
		options=$({
			rportctl help "$command" | sed -n '/^Options:/,$p'
			rportctl help | sed -n '/^Options,/,$p'
		} | grep -oE '^  (-[a-zA-Z]+, )?--[a-z-]+' | grep -oE -e '--[a-z-]+' | LC_ALL=C sort -u | xargs)
		assert_match "$options" '*--json*' "options in the help of $command"
		offers "$options" "$command" --
	done
}

test_options() {
	no_daemon
	offers '--mtu' pair a b --mt
	offers '--a-address --a-name --a-route' pair --a-
	# aliases when one was begun
	assert_match " $(offered list -) " '* -br *' 'options of list'
	assert_match " $(offered list -) " '* --json *' 'options of list'
	# what can follow when all that must be said was said
	assert_match "$(offered pair a b '')" '--a-address *--allow-pending*--replace' 'options of pair'
	offers '--persist' unpair ab ''
	offers '--all' reconcile --al
	offers 'always auto' list --color a
	offers 'degraded pending removed up' wait ab --state ''
	offers '--domain --drift' ports --d
	offers 'down inherited pending up' ports --state ''
	offers 'up,degraded' list --state up,de
	offers '--state=up,pending' list --state=up,p
	offers 'packets peer port' ports --sort p
	offers 'link,mpls link,mtu' list -o link,m
	# no options after "--", and none in the place of a value
	offers '' pair -- --mt
	offers '' pair --mtu --mt
	offers '' pair --mtu ''
	offers '' pair --mtu=
	offers '' pair --nonsense=
	offers '' pair --allow-pending=
}

test_words_of_the_synopsis() {
	no_daemon
	offers in create ''
	offers in create port0 ''
	offers '--fast-path --mpls --mtu --no-offload --queues' create port0 in port ''
	offers '' create port0 in port p
	offers 'fast-path mtu name' set ab ''
	offers '' set ab mtu ''
	offers --persist set ab mtu 1500 ''
	offers '' set ab name ''
	offers default pair --a-route d
	offers --a-route=default pair a b --a-route=d
	offers metric pair a b --a-route 10.0.0.0/8 m
	offers via pair --a-route default v
	offers '' pair --a-route default via ''
	offers src pair --a-route=default via 10.0.0.1 s
}

test_descriptions() {
	no_daemon
	assert_eq "$(rportctl complete -- pai)" $'pair\tjoin two domains with a link' 'candidate'
	assert_eq "$(rportctl complete -- list --js)" $'--json\tJSON, with every key always there' 'candidate'
	assert_eq "$(rportctl complete -- create '')" in 'candidate'
}

test_domains() {
	no_daemon
	ns_add A B
	assert_eq "$(ours pair '')" "$A $B" 'first domain'
	assert_eq "$(ours pair "$A" "$B"x)" '' 'second domain'
	assert_eq "$(ours pair "$A" '')" "$A $B" 'second domain'
	assert_eq "$(ours create in '')" "$A $B" 'domain'
	assert_eq "$(ours create port0 in "$TEST_PREFIX")" "$A $B" 'domain'
	assert_eq "$(ours pair --allow-pending netns:)" "netns:$A netns:$B" 'with what it is'
	offers "netns:$A" pair "netns:$A"
	offers default pair defau
	offers '' pair "$A" "$B" "$TEST_PREFIX"
}

test_vrfs() {
	ns_add A
	no_daemon
	has_vrf "$A" || skip cannot 'this kernel has no VRFs'
	ip -n "$A" link add "${TEST_PREFIX}v" type vrf table 10
	ip -n "$A" link add "$A" type vrf table 20
	run nsenter --net="/run/netns/$A" "$BUILD_DIR/rportctl/rportctl" complete -- pair "$TEST_PREFIX"
	# a name that could be either is refused by rportd
	assert_no_match "$OUT" "*$A"$'\t'* 'bare name of both'
	assert_match "$OUT" "*${TEST_PREFIX}v*" 'VRF'
	run nsenter --net="/run/netns/$A" "$BUILD_DIR/rportctl/rportctl" complete -- pair vrf:
	assert_match "$OUT" "*vrf:$A*" 'VRF'
	run nsenter --net="/run/netns/$A" "$BUILD_DIR/rportctl/rportctl" complete -- pair ''
	assert_match "$OUT" "*netns:$A*" 'namespace that is a VRF as well'
}

test_links_and_ports() {
	local verb
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name one --a-name wan0
	succeeds rportctl pair "$A" "$B" --name two
	succeeds rportctl create free0 in "$A"
	# rport0 is in "one" as well as in "two"
	for verb in show exists unpair reconcile list; do
		offers 'one rport1 two wan0' "$verb" ''
	done
	# any number of them, and what else can be said
	offers 'two' show one tw
	assert_match " $(offered reconcile one '') " '* --all *two *' 'after one'
	offers 'one two' export ''
	offers 'one' export o
	offers 'one two' pair a b --name ''
	offers '--name=one --name=two' pair --name=
	offers "free0 netns:$A/free0 netns:$A/rport0 netns:$A/wan0 netns:$B/rport0 netns:$B/rport1 rport1 wan0" destroy ''
	for verb in up down unparent parent; do
		offers "netns:$B/rport0 netns:$B/rport1" "$verb" "netns:$B/"
	done
	offers free0 parent wan0 f
	assert_match " $(offered set '') " '* one *' 'of what an MTU is set'
	assert_match " $(offered set '') " '* wan0 *' 'of what an MTU is set'
	assert_eq "$(rportctl complete -- export o)" $'one\tup' 'description'
	# the socket of the line, not that of the shell
	offers 'one two' --socket "$SOCKET" export ''
	offers '' --socket /nowhere export ''
	assert_eq "$("$BUILD_DIR/rportctl/rportctl" complete -- --socket="$SOCKET" export o)" $'one\tup' 'candidates'
	assert_eq "$(rportctl complete -- export --socket /nowhere o)" '' 'candidates'
}

test_processes_as_domains() {
	local pid
	ns_add A B
	start_rportd
	nsenter --net="/run/netns/$B" sleep 60 &
	pid=$!
	succeeds rportctl pair "$A" "pid:$pid" --name ab
	offers "pid:$pid" pair pid
	kill "$pid"
}

test_files() {
	no_daemon
	mkdir 'sock*ets' sockets
	touch 'sock*ets/a' sockets/b
	offers 'sock*ets/ sockets/' --socket so
	offers 'sock*ets/a' --socket 'sock*ets/'
	offers '--socket=sockets/b' --socket=sockets/
}

test_without_a_daemon_it_is_quiet() {
	no_daemon
	for words in 'show ' 'export o' 'destroy ' 'set ' 'pair net'; do
		# shellcheck disable=SC2086 # words
		run rportctl complete -- ${words% *} "${words##* }"
		assert_eq "$RC$ERR" 0 "what comes of '$words'"
	done
}

test_usage() {
	no_daemon
	refused 1 '*which words?*' rportctl complete
	refused 1 '*which words?*' rportctl complete --
	refused 1 '*unknown option "--mtu"*' rportctl complete --mtu
	# shellcheck disable=SC2046 # words
	refused 1 '*one word too many*' rportctl complete -- $(seq 129)
	succeeds rportctl complete --help
	assert_match "$OUT" 'Usage: rportctl complete -- WORD...*' 'help'
}

# --- the shells ------------------------------------------------------------------------------------------------------

# for_shells: a link "one", and an rportctl in the path that finds the daemon
for_shells() {
	ns_add A B
	start_rportd
	succeeds rportctl pair "$A" "$B" --name one --a-name wan0
	export PATH=$BUILD_DIR/rportctl:$PATH RPORT_SOCKET=$SOCKET
}

WORDBREAKS=$' \t\n"\'><=;|&(:'

# in_bash LINE [WORDBREAKS]: what it offers instead of the last word, or of the piece of it that readline would replace
in_bash() {
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -uc '. "$1" && COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$3
		complete -p rportctl | grep -qx "complete -F _rportctl rportctl" &&
			_rportctl rportctl && printf "%s\n" "${COMPREPLY[@]}"' bash "$COMPLETIONS/bash/rportctl" "$1" \
		"${2-$WORDBREAKS}" | LC_ALL=C sort | xargs
}

test_bash() {
	for_shells
	assert_eq "$(in_bash 'rportctl pa')" 'pair parent' 'commands'
	assert_eq "$(in_bash 'rportctl ')" "$(commands)" 'commands'
	assert_eq "$(in_bash 'rportctl  -j   export ')" one 'links'
	assert_eq "$(in_bash 'rportctl unpair w')" wan0 'interfaces'
	assert_eq "$(in_bash "rportctl pair $A netns:$B")" "$B" 'domains'
	assert_eq "$(in_bash "rportctl pair $A netns:$B" $' \t\n')" "netns:$B" 'domains, colons being nothing special'
	assert_eq "$(in_bash 'rportctl pair --name=o')" one 'values'
	assert_eq "$(in_bash 'rportctl pair --name=o' $' \t\n')" --name=one 'values, "=" being nothing special'
	assert_eq "$(in_bash "rportctl up netns:$A/w")" "$A/wan0" 'ports'
	assert_eq "$(in_bash 'rportctl frobnicate ')" '' 'nothing'
	RPORT_SOCKET=/nowhere
	assert_eq "$(in_bash 'rportctl export ' 2>&1)" '' 'without a daemon'
}

# in_zsh WORD...: what it offers for the last one, with its description
in_zsh() {
	# shellcheck disable=SC2016 # for zsh
	zsh -fc '_describe() { [[ $1 == -t ]] && print -rl -- ${(P)4} ${(P)6} }
		completion=$1; shift
		words=(rportctl "$@") CURRENT=${#words} PREFIX=$words[-1]
		_rportctl() { . $completion }
		_rportctl' zsh "$COMPLETIONS/zsh/_rportctl" "$@" | grep . || true
}

test_zsh() {
	command -v zsh || skip could 'zsh is missing'
	for_shells
	assert_eq "$(head -n 1 "$COMPLETIONS/zsh/_rportctl")" '#compdef rportctl' 'first line'
	succeeds zsh -n "$COMPLETIONS/zsh/_rportctl"
	assert_eq "$(in_zsh pai)" 'pair:join two domains with a link' 'commands'
	assert_eq "$(in_zsh export '')" 'one:up' 'links'
	assert_eq "$(in_zsh pair "netns:$A")" "netns\\:$A" 'domains'
	assert_eq "$(in_zsh pair --name=o)" '--name=one:up' 'values'
	mkdir dir
	assert_eq "$(in_zsh --socket di)" 'dir/' 'directories'
	assert_eq "$(in_zsh frobnicate '')" '' 'nothing'
	# loaded as zsh does it
	# shellcheck disable=SC2016 # for zsh
	assert_eq "$(zsh -fc 'fpath=($1 $fpath); autoload -Uz compinit && compinit -u -D && print $_comps[rportctl]' zsh \
		"$COMPLETIONS/zsh")" _rportctl 'what completes rportctl'
}

# in_fish LINE: what it offers for the last word, with its description
in_fish() {
	# shellcheck disable=SC2016 # for fish
	HOME=$TEST_TMP fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$COMPLETIONS/fish/rportctl.fish" "$1"
}

test_fish() {
	command -v fish || skip could 'fish is missing'
	for_shells
	succeeds fish -n "$COMPLETIONS/fish/rportctl.fish"
	assert_eq "$(in_fish 'rportctl pai')" $'pair\tjoin two domains with a link' 'commands'
	assert_eq "$(in_fish 'rportctl -j export ')" $'one\tup' 'links'
	assert_eq "$(in_fish "rportctl pair $A netns:$B")" "netns:$B" 'domains'
	assert_eq "$(in_fish 'rportctl pair --name=o')" $'--name=one\tup' 'values'
	assert_eq "$(in_fish 'rportctl frobnicate ')" '' 'nothing, not even files'
}

# --- a name that would be a command ----------------------------------------------------------------------------------

# for_hostile_shells NAME: the port of A gets this name, and the shells an empty directory
for_hostile_shells() {
	for_shells
	ip -n "$A" link set dev wan0 down
	ip -n "$A" link set dev wan0 name "$1"
	eventually port_has "netns:$A/$1" .interface "$1"
	mkdir cwd
	cd cwd
}

# type_into SHELL-COMMAND SETUP LINE: in the real shell, on a terminal, LINE is typed with a TAB, and Enter
type_into() {
	local shell=$1 setup=$2 line=$3 pid
	rm -f ../keys ../screen
	mkfifo ../keys
	TERM=dumb PS1='ready> ' setsid script -qfc "$shell" ../screen <../keys >/dev/null 2>&1 &
	pid=$!
	exec 8>../keys
	printf '%s\n' "$setup; echo set\"\"up" >&8
	eventually grep -q '^setup' ../screen
	printf '%s\t' "$line" >&8
	eventually grep -qF "${line##* }" ../screen
	printf '\necho do""ne\nexit\n' >&8
	eventually grep -q 'done' ../screen
	exec 8>&-
	wait "$pid" || true
}

# shellcheck disable=SC2016 # as they are
HOSTILE=('$(id>pwn)' '`id>pwn`' 'a;id>pwn' 'a&id>pwn' "a'\"id>pwn" '*' '!!' '~root' 'a|id>pwn' '{a,b}<pwn' '#x' '$HOME')

# the line that a candidate makes is one word, which is the name
bash_takes_back() {
	local line=$1 name=$2
	eval "set -- $line"
	assert_eq "$#:$1" "1:$name" "words of $line"
}

test_bash_obeys_no_name() {
	local name before=x1 offered
	for_hostile_shells x1
	for name in "${HOSTILE[@]}"; do
		ip -n "$A" link set dev "$before" name "$name"
		before=$name
		eventually port_has "netns:$A/$name" .interface "$name"
		# shellcheck disable=SC2016 # for the inner shell
		offered=$(bash --norc -uc '. "$1" && COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$3
			_rportctl rportctl && printf "%s\n" "${COMPREPLY[@]}"' bash "$COMPLETIONS/bash/rportctl" \
			"rportctl up netns:$A/" "$WORDBREAKS" 2>&1)
		bash_takes_back "$offered" "$A/$name"
	done
	[ ! -e pwn ] || fail 'a name was obeyed'
}

test_bash_on_a_terminal() {
	for_hostile_shells "${HOSTILE[0]}"
	type_into 'bash --norc --noprofile -i' "source $COMPLETIONS/bash/rportctl; bind 'set bell-style none'" \
		"rportctl up netns:$A"
	[ ! -e pwn ] || fail "the name was obeyed: $(cat -v ../screen)"
	eventually port_has "netns:$A/\$(id>pwn)" .state up
}

test_zsh_on_a_terminal() {
	command -v zsh || skip could 'zsh is missing'
	for_hostile_shells "${HOSTILE[0]}"
	type_into 'zsh -f -i' "fpath=($COMPLETIONS/zsh \$fpath); autoload -Uz compinit; compinit -u -D; unsetopt beep" \
		"rportctl up netns:$A"
	[ ! -e pwn ] || fail "the name was obeyed: $(cat -v ../screen)"
	eventually port_has "netns:$A/\$(id>pwn)" .state up
}

test_zsh_completes_an_escaped_name() {
	command -v zsh || skip could 'zsh is missing'
	for_hostile_shells x1
	ip -n "$A" link set dev x1 name $'x\xff'
	eventually port_has "netns:$A/x\\xff" .interface 'x\xff'
	type_into 'zsh -f -i' "fpath=($COMPLETIONS/zsh \$fpath); autoload -Uz compinit; compinit -u -D; unsetopt beep" \
		"rportctl up netns:$A"
	eventually port_has "netns:$A/x\\xff" .state up
}

test_fish_obeys_no_name() {
	local name before=x1
	command -v fish || skip could 'fish is missing'
	for_hostile_shells x1
	for name in "${HOSTILE[@]}"; do
		ip -n "$A" link set dev "$before" name "$name"
		before=$name
		eventually port_has "netns:$A/$name" .interface "$name"
		# shellcheck disable=SC2016 # for fish
		run env HOME="$TEST_TMP" fish --no-config -c 'source $argv[1]
			set -l found (complete --escape -C $argv[2] | string split -f 1 \t)
			eval "set -l words $found"; count $words; string join \n -- $words' \
			"$COMPLETIONS/fish/rportctl.fish" "rportctl up netns:$A/"
		assert_eq "$OUT" "1
netns:$A/$name" "words that fish makes of $name"
	done
	[ ! -e pwn ] || fail 'a name was obeyed'
}

test_options_are_no_names() {
	for_shells
	ip -n "$A" link set dev wan0 down
	ip -n "$A" link set dev wan0 name --json
	eventually port_has "netns:$A/--json" .interface --json
	assert_no_match "$(rportctl complete -- up '')" '--json*' 'a name like an option'
	offers "netns:$A/--json" up "netns:$A/"
}

run_tests "$@"
