#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# Namespaces by their path: netns:/PATH. To them all applies that does to those with a name in /run/netns.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../hung.sh"

# make_at PATH: a namespace, mounted on a file in the /run of rportd
make_at() {
	in_run mkdir -p "${1%/*}"
	in_run touch "$1"
	in_run unshare --net="$1" ip link set lo up
}

# at PATH COMMAND...: in the namespace there
at() {
	in_run nsenter --net="$1" "${@:2}"
}

# live_in NAME: a process, SPAWN_PID, in that namespace
live_in() {
	spawn "$1" /dev/null sleep 60
	eventually is_in "$1"
}

is_in() {
	[ "$(stat -L -c %i "/proc/$SPAWN_PID/ns/net")" = "$(namespace_inode "$1")" ]
}

end_spawned() {
	kill "$SPAWN_PID"
	wait "$SPAWN_PID" || true
} 2>/dev/null

# pair_at PATH [OPTION...]: the link box, from there to rportd's namespace
pair_at() {
	succeeds rportctl pair "netns:$1" default --name box --addresses 192.168.0.0,192.168.0.1 "${@:2}"
}

is_up() {
	port_is box a .state up
}

# waits_for REASON: end a of box is pending, soon, with a reason like this
waits_for() {
	eventually port_is box a .state pending
	eventually reason_is "$1"
}

reason_is() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(port box a .reason) == $1 ]]
}

domains() {
	rportctl -j show "$1" | jq -r '"\(.a.domain) \(.b.domain)"'
}

# --- what a path means -----------------------------------------------------------------------------------------------

test_bind_mount() {
	start_rportd_with_empty_run
	make_at /run/some/box
	pair_at /run/some/box
	assert_eq "$OUT" 'box: created, rport0 in netns:/run/some/box, rport0 in default' pair
	assert_eq "$(domains box)" 'netns:/run/some/box default' domains
	ping_ok "$HOME_NS" 192.168.0.0
	at /run/some/box ping -c 1 -W 2 192.168.0.1 >/dev/null || fail 'no answer the other way'
	# the same again, and as what it is found
	succeeds rportctl pair netns:/run//some/./box default --name box --addresses 192.168.0.0,192.168.0.1
	assert_match "$OUT" 'box: unchanged*' 'pair again'
	succeeds rportctl down netns:/run/some/box/rport0
	assert_match "$(rportctl ports)" '*netns:/run/some/box/rport0 *down*' ports
	# it is made there at once, and does not hold the namespace
	succeeds rportctl unpair box
	succeeds rportctl pair netns:/run/some/box netns:/run/some/box --name twice
	in_run umount /run/some/box
	eventually port_is twice a .state pending
}

test_default_name() {
	start_rportd_with_empty_run
	make_at /run/some/box
	succeeds rportctl pair netns:/run/some/box default
	assert_match "$OUT" 'box-default: created*' 'name of the link'
}

test_process() {
	start_rportd
	ns_add A
	live_in "$A"
	pair_at "/proc/$SPAWN_PID/ns/net"
	assert_eq "$(domains box)" "netns:/proc/$SPAWN_PID/ns/net default" domains
	ping_ok "$A" 192.168.0.1
	# the namespace lives on without the process: but it is not called so any more
	end_spawned
	poll 15000 port_is box a .state pending || fail 'the port outlives the process'
	assert_eq "$(ports "$A")" '' interfaces
	waits_for "no namespace /proc/$SPAWN_PID/ns/net: there is no such file"
}

test_process_and_namespace_end() {
	start_rportd
	ns_add A
	live_in "$A"
	pair_at "/proc/$SPAWN_PID/ns/net"
	ip netns del "$A"
	is_up || fail 'the process keeps the namespace alive'
	end_spawned
	eventually -t 1000 port_is box a .state pending
	eventually no_carrier "$HOME_NS" rport0
}

# There is one domain for a namespace of /run/netns, however it is called.
test_path_of_a_name() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "netns:/run/netns/$A" "netns:/var/run/netns/$B" --name ab
	assert_eq "$(domains ab)" "netns:$A netns:$B" domains
	succeeds rportctl pair "$A" "$B" --name ab
	assert_match "$OUT" 'ab: unchanged*' 'pair again'
	succeeds rportctl down "netns:/run/netns/$A/rport0"
	refused 1 "*the namespace with this path is netns:$A" rportctl pair "/run/netns/$A" "$B"
	refused 1 "*the namespace with this path is netns:/some/box" rportctl pair /some/box "$B"
}

test_symbolic_link() {
	start_rportd
	ns_add A B
	ln -s "/run/netns/$A" link
	pair_at "$TEST_TMP/link"
	ping_ok "$A" 192.168.0.1
	ln -sfn "/run/netns/$B" link
	eventually -t 1000 ports_are "$B" rport0
	assert_eq "$(ports "$A")" '' 'interfaces in the former one'
	ping_ok "$B" 192.168.0.1
}

# The way to it: each directory is watched.
test_directories() {
	start_rportd
	ns_add A B
	pair_at "$TEST_TMP/one/two/link" --allow-pending
	mkdir -p new/two
	ln -s "/run/netns/$A" new/two/link
	mv new one
	eventually -t 1000 ports_are "$A" rport0
	mv one/two one/three
	eventually -t 1000 port_is box a .state pending
	mkdir one/two
	ln -s "/run/netns/$B" one/two/link
	eventually -t 1000 ports_are "$B" rport0
	rm -r one
	eventually -t 1000 port_is box a .state pending
	assert_eq "$(ports "$A")$(ports "$B")" '' 'interfaces'
}

# The mount is there still, but elsewhere.
test_directory_of_a_mount_renamed() {
	start_rportd_with_empty_run
	make_at /run/some/box
	pair_at /run/some/box
	in_run mv /run/some /run/other
	eventually -t 1000 port_is box a .state pending
	assert_eq "$(at /run/other/box ip -br link show type tun)" '' interfaces
	in_run mv /run/other /run/some
	eventually -t 1000 is_up
	ping_ok "$HOME_NS" 192.168.0.0
}

# Below /proc/PID/root is the mount namespace of others, of which rportd hears nothing: it must not keep a namespace alive there,
# not even until it looks the next time. While it is frozen, it does not look.
test_mount_of_others() {
	local other
	start_rportd
	ns_add A
	ip -n "$A" link add witness type veth peer name witness netns "$HOME_NS"
	mkfifo go
	# whoever may see through /proc/PID/root may trace the process: one without capabilities
	# shellcheck disable=SC2016 # expanded there
	unshare --mount --propagation private sh -c 'mount -t tmpfs tmp /mnt && touch /mnt/box && mount --bind "/run/netns/$0" /mnt/box &&
		umount "/run/netns/$0" && { setpriv --inh-caps=-all --bounding-set=-all sleep 60 & } && echo $! >pid && mv pid ready
		read -r word <go; umount /mnt/box; exec sleep 60' "$A" &
	eventually test -e ready
	other=$(<ready)
	eventually is_up_at "/proc/$other/root/mnt/box"
	ping_ok "$A" 192.168.0.1
	ip netns del "$A"
	is_up || fail 'the other mount keeps the namespace alive'
	freeze_rportd
	echo now >go
	eventually -t 1000 witness_gone "$HOME_NS"
	thaw_rportd
	eventually -t 1000 port_is box a .state pending
}

# is_up_at PATH, as a condition: the link box can be made
is_up_at() {
	rportctl pair "netns:$1" default --name box --addresses 192.168.0.0,192.168.0.1
}

ports_are() {
	[ "$(ports "$1" | xargs)" = "${*:2}" ]
}

test_vrf_in_it() {
	start_rportd_with_empty_run
	make_at /run/some/box
	refused 3 '*no VRF "red" in netns:/run/some/box;*' rportctl pair netns:/run/some/box/vrf:red default
	at /run/some/box ip link add red type vrf table 7 || skip cannot 'this kernel has no VRF'
	at /run/some/box ip link set red up
	pair_at /run/some/box/vrf:red
	assert_eq "$(domains box)" 'netns:/run/some/box/vrf:red default' domains
	ping_ok "$HOME_NS" 192.168.0.0
}

# --- files and tools -------------------------------------------------------------------------------------------------

test_in_files() {
	start_rportd
	ns_add A B
	ln -s "/run/netns/$A" link
	pair_at "$TEST_TMP/link" --persist
	assert_match "$(<conf/box.rport)" "*Domain=netns:$TEST_TMP/link*" 'the file'
	succeeds rportctl apply --dry-run
	assert_eq "$OUT" 'nothing to do' 'what the file would change'
	# the same interface in the same namespace, however its path is written
	printf '%s\n' '[A]' "Domain=netns:/run/netns/$B" 'Name=wan0' '[B]' 'Domain=default' >conf/one.rport
	printf '%s\n' '[A]' "Domain=netns:$B" 'Name=wan0' '[B]' 'Domain=default' >conf/two.rport
	run "$RPORTD" --check --config-path conf
	assert_match "$RC $OUT $ERR" "2 *one.rport wants an interface wan0 in netns:$B, too*" 'the check of files'
	printf '%s\n' '[A]' 'Domain=netns:/a/../b' '[B]' 'Domain=default' >conf/two.rport
	run "$RPORTD" --check --config-path conf
	assert_match "$RC $OUT $ERR" '2 *the path of a namespace is without ".."*' 'the check of files'
}

test_capture() {
	local capture
	command -v tcpdump >/dev/null || skip could 'there is no tcpdump'
	start_rportd
	ns_add A
	ln -s "/run/netns/$A" link
	pair_at "$TEST_TMP/link"
	rportctl capture box -c 1 >captured 2>&1 &
	capture=$!
	eventually ping_and_ended "$capture"
	wait "$capture" || fail "capture: $(<captured)"
	assert_match "$(<captured)" '*192.168.0.0*' 'what was captured'
}

ping_and_ended() {
	in_ns "$A" ping -c 1 -W 1 192.168.0.1 >/dev/null
	! kill -0 "$1"
}

# --- it goes, and comes back -----------------------------------------------------------------------------------------

# The rules of a name: each step once with the port made there, and once with it held by a process.
goes_and_returns() {
	pair_at /run/some/box
	in_run umount /run/some/box
	eventually -t 1000 port_is box a .state pending
	waits_for '/run/some/box is no namespace: an ordinary file, *'
	eventually no_carrier "$HOME_NS" rport0
	in_run rm /run/some/box
	make_at /run/some/box
	eventually -t 1000 is_up
	ping_ok "$HOME_NS" 192.168.0.0
}

test_unmounted() {
	start_rportd_with_empty_run
	make_at /run/some/box
	goes_and_returns
}

test_unmounted_but_in_use() {
	start_rportd_with_empty_run
	make_at /run/some/box
	at /run/some/box sleep 60 &
	goes_and_returns
}

test_mounted_over() {
	start_rportd_with_empty_run
	make_at /run/some/box
	make_at /run/some/other
	pair_at /run/some/box
	in_run mount --bind /run/some/other /run/some/box
	eventually -t 2000 has_port /run/some/other
	at /run/some/other ping -c 1 -W 2 192.168.0.1 >/dev/null || fail 'no answer from the other namespace'
	in_run umount /run/some/box
	eventually -t 2000 has_port /run/some/box
	at /run/some/box ping -c 1 -W 2 192.168.0.1 >/dev/null || fail 'no answer from the first namespace'
	assert_eq "$(at /run/some/other ip -br link show type tun)" '' 'interfaces in the other one'
}

has_port() {
	at "$1" ip link show dev rport0
}

test_waits_for_it() {
	start_rportd_with_empty_run
	pair_at /run/some/box --allow-pending
	waits_for 'no namespace /run/some/box: there is no such file'
	make_at /run/some/box
	eventually -t 1000 is_up
	ping_ok "$HOME_NS" 192.168.0.0
}

# --- while no daemon runs --------------------------------------------------------------------------------------------

test_restart() {
	start_kept_rportd --delay never
	ns_add A
	live_in "$A"
	pair_at "/proc/$SPAWN_PID/ns/net"
	remember_world
	restart_rportd
	assert_same_world 'a restart'
	kill_rportd_only
	restart_rportd
	assert_same_world 'a kill'
	kill_rportd_only
	end_spawned
	restart_rportd
	waits_for "no namespace /proc/$SPAWN_PID/ns/net: there is no such file"
	assert_eq "$(ports "$A")" '' interfaces
}

# A mount that ends meanwhile: what the device kept alive goes.
test_unmounted_while_stopped() {
	trap 'umount -l "$TEST_TMP/box" 2>/dev/null || true; end_test' EXIT
	start_kept_rportd --delay never
	touch box
	unshare --net="$TEST_TMP/box" true
	nsenter --net="$TEST_TMP/box" ip link add witness type veth peer name witness netns "$HOME_NS"
	pair_at "$TEST_TMP/box"
	restart_rportd
	is_up || fail 'it is not there after a restart'
	kill_rportd_only
	umount box
	restart_rportd
	waits_for '*/box is no namespace: an ordinary file, *'
	eventually witness_gone "$HOME_NS"
}

# --- hostile paths ---------------------------------------------------------------------------------------------------

test_what_is_no_namespace() {
	local name start
	start_rportd_with_empty_run
	in_run mkdir -p /run/x/directory /run/netns
	in_run mkfifo /run/x/fifo
	in_run mknod /run/x/device c 10 200
	in_run touch /run/x/file /run/netns/stale
	in_run ln -s fifo /run/x/to-fifo
	in_run ln -s loop /run/x/loop
	in_run ln -s nowhere /run/x/dangling
	in_run touch /run/x/uts-namespace
	in_run unshare --uts=/run/x/uts-namespace true
	in_run sh -c ': >/run/x/fifo && touch /run/opened' &
	start=$(now_ms)
	refused 3 '*/run/x/directory is no namespace: a directory' rportctl pair netns:/run/x/directory default
	for name in fifo to-fifo device; do
		refused 3 "*/run/x/$name is no namespace: a FIFO, a socket, a device or a mount of something else" rportctl pair "netns:/run/x/$name" default
	done
	refused 3 '*/run/x/file is no namespace: an ordinary file, *' rportctl pair netns:/run/x/file default
	refused 3 '*no namespace /run/x/file/x: there is no such file' rportctl pair netns:/run/x/file/x default
	refused 3 '*no namespace /run/x/dangling: there is no such file' rportctl pair netns:/run/x/dangling default
	refused 3 '*/run/x/uts-namespace is a namespace, but not one of a network' rportctl pair netns:/run/x/uts-namespace default
	refused 2 '*cannot open the namespace /run/x/loop: Too many levels*' rportctl pair netns:/run/x/loop default
	refused 3 '*/run/netns/stale is no namespace: a stale file, *remove it*' rportctl pair netns:stale default
	refused 3 '*no namespace /run/netns/missing; "ip netns list"*' rportctl pair netns:missing default
	took_at_most 5000 "$start" || fail "all took $(($(now_ms) - start)) ms"
	in_run test ! -e /run/opened || fail 'the FIFO was opened'
}

test_malformed() {
	local path
	start_rportd
	for path in / // /. /x/ /x/.. /../x '/ x' /x/vrf: /run/netns /run/netns/ /proc/self/ns/net ./x ../x "/$(printf 'x%.0s' {1..255})"; do
		run rportctl pair "netns:$path" default --name bad
		[ "$RC" = 1 ] || fail "path '$path': status $RC, expected 1: $ERR"
		assert_match "$ERR" '*a domain is *netns:/PATH*' "path $path"
	done
	refused 1 '*longer than 255 bytes*' rportctl pair "netns:/$(printf 'x%.0s' {1..255})" default
	assert_no_ports
}

test_hangs() {
	local start i
	start_rportd_with_empty_run
	in_run mkdir /run/hang
	mount_hung /run/hang || skip cannot "no FUSE filesystem can be mounted here"
	make_at /run/some/box
	start=$(now_ms)
	refused 3 '*/run/hang/ns does not answer: *' rportctl pair netns:/run/hang/ns default --name h
	took_at_most 1000 "$start" || fail "what hangs took $(($(now_ms) - start)) ms"
	succeeds rportctl pair netns:/run/hang/ns default --name h --allow-pending
	assert_match "$(port h a .reason)" '/run/hang/ns does not answer: *' reason
	pair_at /run/some/box
	for ((i = 0; i < 10; i++)); do
		start=$(now_ms)
		succeeds rportctl list
		took_at_most 300 "$start" || fail "list took $(($(now_ms) - start)) ms"
	done
	eventually rportd_idle
	end_hung
	in_run umount -l /run/hang
	make_at /run/hang/ns
	poll 15000 port_is h a .state up || fail 'it is held for dead for ever'
}

run_tests "$@"
