#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain
# Entries of /run/netns that are no namespaces: those that do not answer hold up nobody, and nothing else is opened.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../hung.sh"

# hang PATH: in the /run of rportd, a filesystem that does not answer is mounted there
hang() {
	mount_hung "$1" || skip cannot "no FUSE filesystem can be mounted here"
}

# start_hung [ARGUMENT...]: rportd, whose /run/netns has a namespace "good", and "hung", which leads to a filesystem that does not answer
start_hung() {
	start_rportd_with_empty_run "$@"
	succeeds in_run ip netns add good
	in_run mkdir /run/hang
	hang /run/hang
	in_run ln -s /run/hang/ns /run/netns/hung
}

# answered_within MS COMMAND...: it succeeds, and takes no longer
answered_within() {
	local start
	start=$(now_ms)
	succeeds "${@:2}"
	took_at_most "$1" "$start" || fail "'${*:2}' took $(($(now_ms) - start)) ms, expected $1"
}

assert_less() {
	[ "$1" -lt "$2" ] || fail "$3: $1, expected less than $2"
}

n_threads() {
	find "/proc/$RPORTD_PID/task" -mindepth 1 -maxdepth 1 | wc -l
}

test_hung_name() {
	local start i
	start_hung --log-level debug
	start=$(now_ms)
	refused 3 '*/run/netns/hung does not answer: *' rportctl pair netns:hung default --name h
	refused 3 '*/run/netns/hung does not answer: *' rportctl pair hung default --name h
	refused 3 '*/run/netns/hung does not answer: *' rportctl create wan0 in netns:hung
	took_at_most 1000 "$start" || fail "what hangs took $(($(now_ms) - start)) ms"

	# the link waits, and says why; all others go on
	succeeds rportctl pair netns:hung default --name h --allow-pending
	assert_match "$OUT" 'h: created, pending: /run/netns/hung does not answer: *' pair
	assert_match "$(port h a .reason)" '/run/netns/hung does not answer: *' reason
	answered_within 1000 rportctl pair netns:good default --name g --addresses 192.168.0.0,192.168.0.1
	for ((i = 0; i < 20; i++)); do
		answered_within 300 rportctl list
	done
	eventually rportd_idle
	succeeds rportctl unpair g
	succeeds rportctl unpair h
	grep -q 'a turn of the event loop took [0-9]* ms: a client' "$RPORTD_LOG" || fail "the log says nothing of the wait"
}

# It is not held for dead for ever.
test_hung_name_returns() {
	start_hung
	succeeds rportctl pair netns:hung default --name h --allow-pending
	assert_eq "$(port h a .state)" pending state
	end_hung
	in_run rm /run/netns/hung
	succeeds in_run ip netns add hung
	eventually port_is h a .state up
	assert_eq "$(port h a .reason)" null reason
}

# It is mounted on the entry itself: that is seen without asking it.
test_hung_mount() {
	start_rportd_with_empty_run
	in_run mkdir /run/netns
	in_run touch /run/netns/over
	hang /run/netns/over
	refused 3 '*/run/netns/over is no namespace: * or a mount of something else' rportctl pair netns:over default --name h
	succeeds rportctl pair netns:over default --name h --allow-pending
	eventually rportd_idle
	answered_within 1000 rportctl list
}

# The directory itself, which is watched.
test_hung_directory() {
	local i
	start_rportd_with_empty_run
	in_run mkdir /run/hang
	hang /run/hang
	in_run ln -s /run/hang/names /run/netns
	succeeds rportctl pair netns:x default --name h --allow-pending
	for ((i = 0; i < 10; i++)); do
		answered_within 1000 rportctl list
		in_run touch /run/other # what happens beside it
		sleep 0.1
	done
	rportd_idle
	succeeds rportctl unpair h
}

# However many there are: the threads that wait for them are bounded, and ports that are there can be changed.
test_many_hung_names() {
	local i before
	start_hung
	succeeds rportctl pair netns:good default --name g
	before=$(n_threads)
	for ((i = 0; i < 20; i++)); do
		in_run ln -s "/run/hang/$i" "/run/netns/h$i"
		succeeds rportctl pair "netns:h$i" default --name "h$i" --allow-pending
		assert_match "$(port "h$i" a .reason)" "/run/netns/h$i does not answer: *" reason
	done
	assert_less "$(n_threads)" $((before + 18)) 'threads'
	answered_within 1000 rportctl list
	answered_within 1000 rportctl down netns:good/rport0
	answered_within 1000 rportctl set g mtu 9000
	eventually rportd_idle
}

# An open would wake the writer of a FIFO, and have the driver of a device do something.
test_nothing_else_is_opened() {
	local name start
	start_rportd_with_empty_run
	in_run mkdir -p /run/netns/directory
	in_run mkfifo /run/netns/fifo
	in_run mknod /run/netns/device c 10 200
	in_run touch /run/netns/file
	in_run ln -s fifo /run/netns/to-fifo
	in_run ln -s loop /run/netns/loop
	in_run ln -s nowhere /run/netns/dangling
	in_run ln -s /proc/self/ns/mnt /run/netns/mount-namespace
	in_run sh -c ': >/run/netns/fifo && touch /run/opened' &
	start=$(now_ms)
	for name in directory fifo device file to-fifo; do
		refused 3 "*/run/netns/$name is no namespace: *" rportctl pair "netns:$name" default --name x
	done
	refused 3 '*no namespace /run/netns/dangling;*' rportctl pair netns:dangling default --name x
	refused 3 '*/run/netns/mount-namespace is a namespace, but not one of a network' rportctl pair netns:mount-namespace default
	refused 2 '*cannot open the namespace /run/netns/loop: Too many levels*' rportctl pair netns:loop default --name x
	took_at_most 5000 "$start" || fail "all took $(($(now_ms) - start)) ms"
	in_run test ! -e /run/opened || fail 'the FIFO was opened'
}

test_many_entries() {
	start_rportd_with_empty_run
	succeeds in_run ip netns add good
	succeeds rportctl pair netns:good default --name g --addresses 192.168.0.0,192.168.0.1
	# shellcheck disable=SC2016 # expanded there
	in_run sh -c 'cd /run/netns && seq 100000 | xargs touch'
	answered_within 1000 rportctl list
	succeeds rportctl unpair g
	succeeds rportctl pair good default --name g
	answered_within 1000 rportctl list
	in_run sh -c 'cd /run/netns && seq 100000 | xargs rm'
	assert_eq "$(port g a .losses)" 0 losses
}

run_tests "$@"
