#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# Bad input to every verb of ports, and domains that vanish between check and use.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# --- bad input -------------------------------------------------------------------------------------------------------

test_bad_input() {
	local verb no_port='(rportctl ports shows all)'
	start_rportd
	ns_add A B
	pair_numbered
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	succeeds rportctl up wan1
	ip -n "$A" link add v0 type veth peer name v1 netns "$B"
	remember_world

	# create
	refuses 1 $'which port, and where?\nUsage: rportctl create \\[NAME\\] in DOMAIN \\[OPTION\\]...' rportctl create
	refuses 1 $'which port, and where?\nUsage: *' rportctl create in
	refuses 1 $'which port, and where?\nUsage: *' rportctl create wan2 "$A"
	refuses 1 $'which port, and where?\nUsage: *' rportctl create wan2 at "$A"
	refuses 1 '*one word too many*' rportctl create wan2 in "$A" "$B"
	refuses 1 '*--frob*' rportctl create wan2 in "$A" --frob
	refuses 1 '*--mtu*' rportctl create wan2 in "$A" --mtu
	refuses 3 'no domain "nowhere": *' rportctl create wan2 in nowhere
	refuses 3 '*nowhere*' rportctl create wan2 in netns:nowhere
	refuses 3 '*nowhere*' rportctl create wan2 in vrf:nowhere
	refuses 1 'invalid domain "netns:": *' rportctl create wan2 in netns:
	refuses 1 'invalid domain "": *' rportctl create wan2 in ''
	refuses 1 'invalid domain "pid:x": *' rportctl create wan2 in pid:x
	for name in '' a/b 'a b' a:b a%d . .. abcdefghijklmnop; do
		refuses 1 "\"$name\" is not an interface name: use 1 to 15 characters, *" rportctl create "$name" in "$A"
	done
	refuses 2 "there is an interface v0 in netns:$A already: choose another name" rportctl create v0 in "$A"
	refuses 2 "there is an interface lo in netns:$B already: choose another name" rportctl create lo in "$B"
	call_refused InterfaceExists 17 "*v0*$A*" CreatePort "{\"port\":{\"domain\":\"$A\",\"interface\":\"v0\"}}"
	call_refused DomainNotFound 2 '*nowhere*' CreatePort '{"port":{"domain":"nowhere"}}'
	call_refused InvalidArgument 22 '*peer address fd00::1*family*' CreatePort \
		"{\"port\":{\"domain\":\"$A\",\"addresses\":[{\"address\":\"10.0.0.1\",\"peer\":\"fd00::1\"}]}}"
	assert_same_world "CreatePort"

	# destroy, up, down, unparent, parent, set: which port
	for verb in destroy up down unparent parent; do
		refuses 1 "*rportctl $verb *" rportctl "$verb"
		refuses 1 '*one word too many*' rportctl "$verb" wan0 wan1 lo
		refuses 1 '*--frob*' rportctl "$verb" wan0 --frob
		refuses 3 "there is no port \"nix\" $no_port" rportctl "$verb" nix
		refuses 3 "there is no port \"\" $no_port" rportctl "$verb" ''
		refuses 3 "there is no port \"netns:$A/nix\" $no_port; did you mean \"netns:$A/wan0\"\?" rportctl "$verb" "netns:$A/nix"
		refuses 3 "there is no port \"netns:nowhere/wan0\" $no_port" rportctl "$verb" netns:nowhere/wan0
		refuses 3 "there is no port \"abcdefghijklmnopq\" $no_port" rportctl "$verb" abcdefghijklmnopq
		refuses 2 "the interface lo is not a port of rportd's" rportctl "$verb" lo
		refuses 2 "the interface netns:$A/v0 is not a port of rportd's" rportctl "$verb" "netns:$A/v0"
		refuses 2 "several ports have an interface rport0: say netns:$A/rport0 or netns:$B/rport0" rportctl "$verb" rport0
	done
	refuses 1 '*one word too many*' rportctl destroy wan0 wan1
	refuses 3 'nothing matches "nix"*' rportctl ports nix

	refuses 1 '*rportctl set PORT|LINK mtu|name|fast-path VALUE*' rportctl set
	refuses 1 '*rportctl set PORT|LINK mtu|name|fast-path VALUE*' rportctl set wan0 mtu
	refuses 1 '*one word too many*' rportctl set wan0 mtu 1500 1500
	refuses 1 '"color" cannot be set, only mtu|name|fast-path can' rportctl set wan0 color 3
	refuses 3 "there is no port \"nix\" $no_port" rportctl set nix mtu 1500
	refuses 2 "the interface lo is not a port of rportd's" rportctl set lo mtu 1500
	refuses 2 "the interface netns:$A/v0 is not a port of rportd's" rportctl set "netns:$A/v0" mtu 1500
	refuses 2 'several ports have an interface rport0: *' rportctl set rport0 mtu 1500

	# parent
	refuses 3 "cannot set the parent: there is no port \"nix\" $no_port" rportctl parent wan0 nix
	refuses 2 "netns:$A/wan0 cannot be its own parent" rportctl parent wan0 wan0
	refuses 2 "netns:$A/rport0 is taken: its parent is netns:$B/rport0 (*)" rportctl parent wan0 "netns:$A/rport0"
	refuses 2 "netns:$B/rport0 is taken: its parent is netns:$A/rport0 (*)" rportctl parent "netns:$B/rport0" wan1

	# pair, unpair
	refuses 1 'the peer address fd00::1 is of another family than the address' \
		rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,fd00::1
	refuses 1 'the peer address 10.0.0.1 is of another family than the address' \
		rportctl pair "$A" "$B" --name cd --addresses fd00::1,10.0.0.1
	refuses 1 '0.0.0.0 cannot be the address of a port: it stands for no address; *' \
		rportctl pair "$A" "$B" --name cd --addresses 0.0.0.0,10.0.0.1
	refuses 1 '0.0.0.0 cannot be the address of a peer: *' rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,0.0.0.0
	refuses 1 '10.0.0.1 cannot be the address of both ends: *' rportctl pair "$A" "$B" --name cd --addresses 10.0.0.1,10.0.0.1
	refuses 1 'fd00::1 cannot be the address of both ends: *' \
		rportctl pair "$A" "$B" --name cd --a-address fd00::1/64 --b-address fd00::1
	refuses 1 'ff02::1 cannot be the address of a port: it is a multicast address; *' \
		rportctl pair "$A" "$B" --name cd --b-address ff02::1
	refuses 1 'the address 10.0.0.1 is given twice: *' rportctl pair "$A" "$B" --name cd --a-address 10.0.0.1 --a-address 10.0.0.1
	call_refused InvalidArgument 22 '::ffff:10.0.0.1 cannot be *; use the IPv4 address' CreatePort \
		"{\"port\":{\"domain\":\"$A\",\"addresses\":[{\"address\":\"::ffff:10.0.0.1\"}]}}"
	refuses 1 'no interface can be named "all": *' rportctl pair "$A" "$B" --name cd --a-name all
	refuses 1 'no interface can be named "default": *' rportctl create default in "$A"
	refuses 1 '"abcdefghijklmnop" is not an interface name: *' rportctl pair "$A" "$B" --name cd --a-name abcdefghijklmnop
	refuses 1 '"abcdefghijklmnop" is not an interface name: *' rportctl pair "$A" "$B" --name cd --b-name abcdefghijklmnop
	refuses 2 "*there is an interface v0 in netns:$A already: *" rportctl pair "$A" "$B" --name cd --a-name v0
	refuses 2 "*there is an interface v1 in netns:$B already: *" rportctl pair "$A" "$B" --name cd --b-name v1
	refuses 2 "*there is an interface wan1 in netns:$B already: *" rportctl pair "$A" "$B" --name cd --b-name wan1
	refuses 3 'no domain "nowhere": *' rportctl pair "$A" nowhere
	refuses 3 'no domain "nowhere": *' rportctl pair nowhere "$A"
	refuses 3 'there is no link "nix", *' rportctl unpair nix
	refuses 3 'there is no link "wan0", *' rportctl unpair wan0
	refuses 3 'there is no link "lo", *' rportctl unpair lo
	call_refused LinkNotFound 2 '*nix*' Unpair '{"name":"nix"}'
	assert_same_world "Unpair"
	rportd_alive
}

test_not_permitted() {
	local verb
	start_rportd
	ns_add A B
	succeeds rportctl create wan0 in "$A"
	succeeds rportctl create wan1 in "$B"
	remember_world
	for verb in 'create wan2 in default' 'destroy wan0' 'up wan0' 'down wan0' 'set wan0 mtu 1500' 'parent wan0 wan1' \
		'unparent wan0' 'destroy nix'; do
		# shellcheck disable=SC2086 # words
		refuses 5 '*not permitted*' as_nobody $verb
	done
	succeeds as_nobody ports
	assert_match "$OUT" '*wan0*wan1*' "what nobody sees"
	refuses 3 "netns:$A/wan0 has no parent" as_nobody parent wan0
}


test_no_daemon() {
	local verb
	SOCKET=$TEST_TMP/no-such-socket
	for verb in 'create in default' 'destroy a' 'up a' 'down a' 'set a mtu 1500' 'parent a b' 'parent a' 'unparent a' ports; do
		# shellcheck disable=SC2086 # words
		refused 4 '*no-such-socket*' rportctl $verb
	done
}

# --- a domain that vanishes between check and use --------------------------------------------------------------------

# come_and_go NAMESPACE FILE: until the file is there
come_and_go() {
	while [ ! -e "$2" ]; do
		ip netns add "$1"
		sleep "0.00$((RANDOM % 10))"
		ip netns del "$1"
	done
}

# one_of STATUSES COMMAND...: 0 if it exits with the first of them
one_of() {
	run "${@:2}"
	[[ " $1 " == *" $RC "* ]] || fail "'${*:2}': exit status $RC, expected one of $1: $ERR"
	if [ "$RC" != 0 ]; then
		assert_match "$ERR" 'rportctl: *' message
		assert_no_match "$ERR" '*
*' message
	fi
	return "$RC"
}

test_vanishing_domain() {
	local fds i created=0 failed=0 vanishing
	start_rportd
	ns_add A
	vanishing=${TEST_PREFIX}van
	pair_home
	ping_ok "$A" 192.168.0.1
	eventually ports_count 2
	fds=$(rportd_fds)
	come_and_go "$vanishing" stop >/dev/null 2>&1 &
	for ((i = 0; i < 12; i++)); do
		if one_of '0 2 3' rportctl create "p$i" in "$vanishing"; then
			created=$((created + 1))
			one_of '0 2 3' rportctl up "netns:$vanishing/p$i" || true
			succeeds rportctl destroy "netns:$vanishing/p$i"
		else
			failed=$((failed + 1))
		fi
		ports_count 2 || fail "ports are left: $(rportctl -br ports)"
		if one_of '0 2 3' rportctl pair "$A" "$vanishing" --name "l$i" --b-route "10.77.0.0/16"; then
			created=$((created + 1))
			succeeds rportctl unpair "l$i"
		else
			failed=$((failed + 1))
			refused 3 '*' rportctl show "l$i"
		fi
		ports_count 2 || fail "ports are left: $(rportctl -br ports)"
		assert_eq "$(ports "$A")" rport0 "interfaces in A"
	done
	touch stop
	wait $!
	ip netns del "$vanishing" 2>/dev/null || true
	echo "created $created, failed $failed"
	if [ "$created" = 0 ] || [ "$failed" = 0 ]; then
		fail "this did not race: $created created, $failed failed"
	fi
	eventually fds_at_most "$fds"
	ping_ok "$A" 192.168.0.1
	eventually rportd_idle
}

# pair_home: a link that must not be disturbed
pair_home() {
	succeeds rportctl pair "$A" default --name home --addresses 192.168.0.0,192.168.0.1
}

run_tests "$@"
