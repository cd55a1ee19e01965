#!/bin/bash
# SPDX-License-Identifier: ISC
#
# rportd as a service: its units, as they are installed. systemd/run.sh runs this under systemd 257 and 252, in a root that may
# be spoiled.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/installed.sh"

index() {
	ip -n "$1" -j link show rport0 | jq '.[0].ifindex'
}

# as USER ARGUMENT...: rportctl, with the groups that this user has
as() {
	setpriv --reuid "$1" --regid "$1" --init-groups -- rportctl "${@:2}"
}

# --- traffic that goes on ----------------------------------------------------------------------------------------------

# chunks [PAUSE]: 120 MB, over some seconds
chunks() {
	local i
	for ((i = 0; i < 120; i++)); do
		"$TRAFFIC" pattern --bytes 1000000 --seed "$i"
		[ $# = 0 ] || sleep "$1"
	done
}

received_some() {
	[ "$(stat -c %s received)" -gt "$1" ]
}

# stream_through COMMAND...: what is done in the middle of a TCP stream from A to B must not be seen in what arrives
stream_through() {
	local sender receiver at
	listener "$B" received tcp-listen --timeout 40000 192.168.0.1 6000
	receiver=$SPAWN_PID
	chunks .02 | traffic "$A" tcp-send --timeout 40000 192.168.0.1 6000 &
	sender=$!
	eventually received_some 5000000
	"$@"
	at=$(stat -c %s received)
	[ "$at" -lt 100000000 ] || fail "most of the stream was over before '$*' was"
	eventually received_some "$((at + 5000000))"
	wait "$sender" || fail "sending went wrong after '$*'"
	wait "$receiver" || fail "receiving went wrong after '$*'"
	assert_eq "$(sha256sum <received)" "$(chunks | sha256sum)" 'SHA-256 of the stream'
	rm received
}

kill_it() {
	systemctl kill --kill-whom=main -s KILL rportd.service
	eventually property_is NRestarts 1
	eventually property_is ActiveState active
}

stop_and_start() {
	succeeds systemctl stop rportd.service
	property_is ActiveState inactive
	sleep .3
	succeeds systemctl start rportd.service
}

# --- starting and stopping ---------------------------------------------------------------------------------------------

test_start_and_stop() {
	setup
	succeeds systemctl stop rportd.socket
	succeeds systemctl start rportd.service
	property_is ActiveState active
	property_is Type notify
	succeeds systemctl is-active rportd.socket
	assert_eq "$(property StatusText)" '0 links' 'status'
	pair_both
	eventually property_is StatusText '1 link'
	succeeds rportctl unpair ab
	eventually property_is StatusText '0 links'
	succeeds systemctl stop rportd.service
	property_is Result success
	property_is ActiveState inactive
	[ -S "$SOCKET" ] || fail 'the socket went with the service'
	succeeds systemctl is-active rportd.socket
	assert_no_ports
}

test_enabled_it_comes_with_the_system() {
	setup
	succeeds systemctl enable rportd.service
	succeeds systemctl is-enabled rportd.socket
	assert_match "$(systemctl show -P Wants multi-user.target)" "*rportd.service*" 'multi-user.target'
	assert_match "$(systemctl show -P Before rportd.service)" '*network.target*' 'what it comes before'
	succeeds systemctl disable rportd.service
}

# who changes something starts it; who only looks does not
test_started_by_the_first_rportctl() {
	local command
	setup
	for command in list ports status monitor; do
		refused 4 '*rportd is stopped*systemctl start rportd*' rportctl "$command"
		refused 4 '*rportd is stopped*systemctl start rportd*' as rport-reader "$command"
	done
	succeeds rportctl complete -- show ''
	property_is ActiveState inactive
	succeeds rportctl reload
	property_is ActiveState active
	succeeds rportctl list
	# also one who may not change anything
	succeeds systemctl stop rportd.service
	refused 5 '*not permitted*' as rport-reader reload
	property_is ActiveState active
	succeeds as rport-reader list
}

test_no_second_one() {
	setup
	succeeds systemctl start rportd.service
	refused 2 '*another rportd serves*' /usr/local/sbin/rportd
	succeeds rportctl list
}

test_by_hand_without_the_unit() {
	local pid
	setup
	succeeds systemctl stop rportd.socket
	rm -f "$SOCKET"
	"$RPORTD" 2>rportd.log &
	pid=$!
	eventually rportctl list
	kill "$pid"
	wait "$pid"
	[ ! -e "$SOCKET" ] || fail 'rportd left its socket'
}

# --- what survives what -----------------------------------------------------------------------------------------------

test_restart_under_a_stream() {
	local before
	setup
	pair_both
	before="$(index "$A") $(index "$B")"
	stream_through systemctl restart rportd.service
	assert_eq "$(index "$A") $(index "$B")" "$before" 'the interfaces'
	property_is StatusText '1 link'
}

test_kill_under_a_stream() {
	local before
	setup
	pair_both
	before="$(index "$A") $(index "$B")"
	stream_through kill_it
	assert_eq "$(index "$A") $(index "$B")" "$before" 'the interfaces'
}

# however often it dies: a service manager that gave up would throw the devices away
test_many_crashes() {
	local before pid i
	setup
	pair_both
	before=$(index "$A")
	for ((i = 1; i <= 8; i++)); do
		eventually property_is ActiveState active
		pid=$(property MainPID)
		kill -SEGV "$pid"
		eventually property_is NRestarts "$i"
	done
	eventually property_is ActiveState active
	assert_eq "$(index "$A")" "$before" 'the interface'
	ping_ok "$A" 192.168.0.1
}

test_stop_and_start() {
	local before
	setup
	pair_both
	before=$(index "$A")
	if keeps_when_stopped; then
		stream_through stop_and_start
		assert_eq "$(index "$A")" "$before" 'the interface'
		# and this is how it is got rid of
		succeeds systemctl stop rportd.service
		succeeds systemctl clean --what=fdstore rportd.service
	else
		stop_and_start
	fi
	eventually gone_everywhere
	succeeds systemctl start rportd.service
	succeeds rportctl -j list
	assert_json "$OUT" 'length == 0'
}

gone_everywhere() {
	[ -z "$(ports "$A")$(ports "$B")" ]
}

# --- files ------------------------------------------------------------------------------------------------------------

# link_file NAME A B: with the addresses that pair_numbered gives
link_file() {
	printf '%s\n' '[A]' "Domain=$2" Address=192.168.0.0 PeerAddress=192.168.0.1 '[B]' "Domain=$3" Address=192.168.0.1 \
		PeerAddress=192.168.0.0 >"/etc/rportd/$1.rport"
}

test_reload() {
	local pid
	setup
	ns_add A B
	succeeds systemctl start rportd.service
	pid=$(property MainPID)
	link_file ab "netns:$A" "netns:$B"
	succeeds systemctl reload rportd.service
	property_is ActiveState active
	property_is Result success
	link_is ab up
	ping_ok "$A" 192.168.0.1
	rm /etc/rportd/ab.rport
	succeeds systemctl reload rportd.service
	assert_no_ports
	link_file ab "netns:$A" "netns:$B"
	systemctl kill --kill-whom=main -s HUP rportd.service
	eventually link_is ab up
	property_is ActiveState active
	property_is MainPID "$pid"
	property_is StatusText '1 link' || eventually property_is StatusText '1 link'
}

# files_of_many N: links between A and B
files_of_many() {
	local i
	for ((i = 1; i <= $1; i++)); do
		printf '%s\n' '[A]' "Domain=netns:$A" '[B]' "Domain=netns:$B" >"/etc/rportd/l$i.rport"
	done
}

# status_says GLOB, as a condition
status_says() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(property StatusText) == $1 ]]
}

# slow_down: rportd has a tenth of the time, so that what it does takes longer than it may also on a fast machine; until end_job
slow_down() {
	while true; do
		pkill -STOP -x rportd || true
		sleep 0.2
		pkill -CONT -x rportd || true
		sleep 0.02
	done
}

# begin_job COMMAND...: in the background, until the service says how far it is; JOB
begin_job() {
	slow_down &
	SLOW_DOWN=$!
	"$@" &
	JOB=$!
	eventually status_says '*, files: * of 300 done'
}

# end_job: it must succeed
end_job() {
	wait "$JOB" || fail 'the job failed'
	kill "$SLOW_DOWN"
	pkill -CONT -x rportd
}

# took_too_long SINCE: longer than the 3 s that it has, or nothing is proven
took_too_long() {
	[ $(($(now_ms) - $1)) -gt 3000 ] || fail "it took only $(($(now_ms) - $1)) ms"
}

# what takes longer than a start or a reload may take is given the time, as long as it goes on
test_time_limit_of_many_links() {
	local started
	setup
	drop_in TimeoutStartSec=3s
	ns_add A B
	succeeds systemctl start rportd.service
	files_of_many 300
	started=$(now_ms)
	begin_job systemctl reload rportd.service
	property_is ActiveState reloading || property_is ActiveState active
	end_job
	took_too_long "$started"
	echo "reloaded in $(($(now_ms) - started)) ms"
	property_is Result success
	eventually property_is StatusText '300 links'
	systemctl stop rportd.service
	! keeps_when_stopped || systemctl clean --what=fdstore rportd.service
	eventually no_ports_left
	started=$(now_ms)
	begin_job systemctl start rportd.service
	end_job
	took_too_long "$started"
	echo "started in $(($(now_ms) - started)) ms"
	assert_eq "$(rportctl -j list | jq length)" 300 "links when it has started"
	property_is NRestarts 0
}

no_ports_left() {
	(assert_no_ports) >/dev/null 2>&1
}

test_configured_before_the_domains() {
	setup
	link_file ab "netns:${TEST_PREFIX}a" "netns:${TEST_PREFIX}b"
	succeeds systemctl start rportd.service
	link_is ab pending
	eventually property_is StatusText '1 link, 2 ports pending'
	ns_add A
	eventually property_is StatusText '1 link, 1 port pending'
	ns_add B
	eventually link_is ab up
	eventually property_is StatusText '1 link'
	ping_ok "$A" 192.168.0.1
}

# as the user that it is it must be able to write there, and to read it after a boot
test_persistent_links() {
	setup
	pair_both
	succeeds rportctl unpair ab
	pair_numbered --persist
	assert_eq "$(stat -c '%U %a' /etc/rportd/ab.rport)" 'rportd 644' 'the file'
	succeeds systemctl stop rportd.service
	! keeps_when_stopped || systemctl clean --what=fdstore rportd.service
	eventually gone_everywhere
	succeeds systemctl start rportd.service
	link_is ab up
	ping_ok "$A" 192.168.0.1
}

# --- the watchdog -----------------------------------------------------------------------------------------------------

# worker_tid PID: of one of its threads that move packets
worker_tid() {
	grep -lx rportd-worker /proc/"$1"/task/*/comm | head -n 1 | cut -d/ -f5
}

# the process that moves packets is replaced, and rportd goes on
test_watchdog_of_a_stopped_worker() {
	local pid data tid holder
	setup
	drop_in WatchdogSec=1s
	pair_both
	pid=$(property MainPID)
	# one that lives is left alone, though nothing is to do
	sleep 3
	property_is MainPID "$pid"
	property_is NRestarts 0
	data=$(data_pid)
	tid=$(worker_tid "$data")
	[ "$tid" ] || fail 'rportd-data has no worker'
	"$BUILD_DIR/tests/tools/hold-thread" "$tid" >held &
	holder=$!
	eventually grep -q held held
	# the main thread does what it always does
	succeeds rportctl list
	eventually data_pid_other_than "$data"
	wait "$holder"
	property_is MainPID "$pid"
	property_is NRestarts 0
	journalctl --sync
	assert_match "$(journalctl -o cat -u rportd.service _PID="$pid")" '*worker [0-9]* does not answer: replacing*' 'log'
	link_is ab up
	ping_ok "$A" 192.168.0.1
	eventually property_is StatusText '1 link, rportd-data was started again 1 time'
}

test_data_process() {
	local pid data
	setup
	pair_both
	pid=$(property MainPID)
	for _ in 1 2 3; do
		data=$(data_pid)
		has_rights "$data" 0000000000000000
		kill -KILL "$data"
		eventually data_pid_other_than "$data"
		ping_ok "$A" 192.168.0.1
		sleep 1.1
	done
	property_is MainPID "$pid"
	property_is NRestarts 0
	data="$(starter_pid) $(data_pid) $(net_pid)"
	succeeds systemctl stop rportd.service
	property_is Result success
	for pid in $data; do
		process_over "$pid" || fail "process $pid is left"
	done
}

# it cannot be replaced: the service begins again
test_death_of_the_starter() {
	setup
	pair_both
	kill -KILL "$(starter_pid)"
	eventually has_restarted
	eventually property_is ActiveState active
	link_is ab up
	ping_ok "$A" 192.168.0.1
}

# processes_are PID..., as a condition: the processes of the service are these
processes_are() {
	[ "$(sort "/sys/fs/cgroup$(property ControlGroup)/cgroup.procs")" = "$(printf '%s\n' "$@" | sort)" ]
}

# are_over PID..., as a condition
are_over() {
	local pid
	for pid; do
		process_over "$pid" || return 1
	done
}

# systemd does not end them, nor wait for them (KillMode=process)
test_none_is_left() {
	local former i
	setup
	pair_both
	for i in 1 2 3; do
		mapfile -t former < <(processes_of "$(main_pid)")
		assert_eq "${#former[@]}" 4 'processes of rportd'
		eventually processes_are "${former[@]}"
		kill_rportd
		eventually other_main_pid "${former[0]}"
		eventually are_over "${former[@]}"
		ping_ok "$A" 192.168.0.1
	done
	mapfile -t former < <(processes_of "$(main_pid)")
	succeeds systemctl stop rportd.service
	eventually are_over "${former[@]}"
	eventually property_is ControlGroup ''
}

test_watchdog_of_a_stopped_process() {
	local pid
	setup
	drop_in WatchdogSec=1s
	pair_both
	pid=$(property MainPID)
	kill -STOP "$pid"
	eventually has_restarted
	eventually property_is ActiveState active
	ping_ok "$A" 192.168.0.1
}

test_watchdog_during_a_long_reload() {
	local pid started
	setup
	drop_in WatchdogSec=1s
	ns_add A B
	succeeds systemctl start rportd.service
	pid=$(property MainPID)
	files_of_many 120
	started=$(now_ms)
	succeeds systemctl reload rportd.service
	echo "120 links in $(($(now_ms) - started)) ms"
	property_is MainPID "$pid"
	property_is NRestarts 0
	eventually property_is StatusText '120 links'
}

# --- the journal ------------------------------------------------------------------------------------------------------

# entries MATCH...: of the journal, of this boot of the service
entries() {
	journalctl --sync
	journalctl -o json _SYSTEMD_INVOCATION_ID="$(property InvocationID)" "$@"
}

test_journal_fields() {
	setup
	ns_add A
	succeeds rportctl pair "$A" "netns:${TEST_PREFIX}b" --allow-pending --name ab
	ns_add B
	eventually link_is ab up
	OUT=$(entries RPORT_LINK=ab MESSAGE_ID=09afd19f1a45c0953d1c0cf0fc5e8750)
	assert_json "$OUT" '.MESSAGE == "link ab: made" and .PRIORITY == "6" and .SYSLOG_IDENTIFIER == "rportd"'
	OUT=$(entries RPORT_DOMAIN="netns:$B" MESSAGE_ID=e859a8524be8cbc1c1e28fb695437e67)
	assert_json "$OUT" '.MESSAGE == "port netns:'"$B"'/rport0: pending -> up: its domain is there" and .RPORT_LINK == "ab" and .RPORT_IFNAME == "rport0"'
	ip netns del "$B"
	eventually link_is ab pending
	OUT=$(entries RPORT_LINK=ab RPORT_IFNAME=rport0 MESSAGE_ID=8dcf2099e92fe0dd904912a4f77bd466)
	assert_json "$OUT" '.PRIORITY == "5"'
	succeeds rportctl unpair ab
	assert_json "$(entries MESSAGE_ID=14adc4d24416006d132ea44e34876502)" '.RPORT_LINK == "ab"'
	# who did it, and both domains
	OUT=$(entries RPORT_METHOD=Pair)
	assert_json "$OUT" '.RPORT_LINK == "ab" and .RPORT_UID == "0" and (.RPORT_PID | test("^[1-9][0-9]*$")) and .RPORT_PROGRAM == "rportctl"'
	assert_json "$OUT" '.RPORT_DOMAIN == ["netns:'"$A"'", "netns:'"$B"'"] and .MESSAGE_ID == "57e0452751ebc2401f182d1c6c57c656"'
	assert_match "$(jq -r .MESSAGE <<<"$OUT")" "Pair by uid 0, pid [1-9]* (rportctl): link ab, netns:$A/rport0 and *: created" 'message'
	assert_json "$(entries RPORT_UID=0 | jq -s 'map(.RPORT_METHOD)')" '. == ["Pair", "Unpair"]'
	# no priority in front, and no place in the source of the function that logs
	assert_json "$(entries | jq -s .)" 'all((.MESSAGE | test("^<") | not) and (has("CODE_FUNC") | not) and (has("CODE_FILE") | not))'
	# lines that are about no link have none
	assert_json "$(entries RPORT_LINK=ab | jq -s .)" 'all(.MESSAGE | test("serving") | not)'
}

# every id has an entry, and journalctl finds it
test_catalog() {
	local id
	setup
	succeeds journalctl --update-catalog
	succeeds grep -ohE '[0-9a-f]{32}' "$TOP_DIR/src/base/messages.h"
	for id in $OUT; do
		run journalctl --dump-catalog "$id"
		assert_match "$OUT" '*Subject: *Defined-By: rportd*' "catalog entry $id"
	done
	pair_both
	journalctl --sync
	assert_match "$(journalctl -x -u rportd.service)" '*Subject: Link ab was made*' 'journalctl -x'
}

# --- sandbox and permissions ------------------------------------------------------------------------------------------

status_of() {
	sed -n "s/^$2:\t*//p" "/proc/$1/status"
}

# has_rights PID CAPABILITIES
has_rights() {
	local set
	assert_eq "$(ps -o user= -p "$1")" rportd 'user'
	for set in CapPrm CapEff; do
		status_is "$set" "$2" "$1"
	done
	status_is CapAmb 0000000000000000 "$1"
	status_is NoNewPrivs 1 "$1"
	assert_match "$(status_of "$1" Seccomp)" 2 Seccomp
}

# without capset(2), which the unit does not allow
test_rights_of_the_processes() {
	local pid
	setup
	pair_both
	pid=$(property MainPID)
	has_rights "$pid" 0000000000000000
	has_rights "$(data_pid)" 0000000000000000
	# NET_BROADCAST (11), NET_ADMIN (12), NET_RAW (13) and SYS_ADMIN (21)
	has_rights "$(net_pid)" 0000000000203800
	has_rights "$(starter_pid)" 0000000000203800
	[ ! "/proc/$(data_pid)/ns/net" -ef "/proc/$pid/ns/net" ] || fail 'rportd-data is in the network of rportd'
	[ "/proc/$(net_pid)/ns/net" -ef "/proc/$pid/ns/net" ] || fail 'rportd-net is not in the network of rportd'
	assert_eq "$(ps -o comm= -p "$pid")" rportd 'what ps says'
	journalctl --sync
	assert_eq "$(journalctl -o cat -p warning _PID="$pid" _PID="$(data_pid)" _PID="$(net_pid)" _PID="$(starter_pid)")" '' 'warnings'
}

# no link is lost, and rportd goes on
test_death_of_the_network_process() {
	local pid net
	setup
	pair_both
	pid=$(property MainPID)
	for _ in 1 2; do
		net=$(net_pid)
		kill -KILL "$net"
		eventually net_pid_other_than "$net"
		succeeds rportctl reconcile ab
		ping_ok "$A" 192.168.0.1
		sleep 1.1
	done
	property_is MainPID "$pid"
	property_is NRestarts 0
	eventually property_is StatusText '1 link, rportd-net was started again 2 times'
}

# What systemd-analyze counts against the unit, and why it is so: rportd-net needs it. A probe of "rportctl check" costs 0.2 of the 1.7.
#
#	PrivateNetwork		the namespace that rportd is started in is a domain, too
#	PrivateUsers		capabilities must count outside of a user namespace
#	SYS_ADMIN, ~net		setns(2)
#	NET_ADMIN, NETLINK	devices, addresses, routes
#	BROADCAST		NETLINK_LISTEN_ALL_NSID
#	RAW, AF_PACKET		the probes of "rportctl check"
#	AmbientCapabilities	these four without being root; rportd gives them to rportd-net
#	DeviceAllow		/dev/net/tun
#	AF_UNIX			clients, the journal, notifications
#	RootDirectory		namespaces and configuration are found by their paths on the host
EXPOSED='AmbientCapabilities=
CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)
CapabilityBoundingSet=~CAP_NET_ADMIN
CapabilityBoundingSet=~CAP_SYS_ADMIN
DeviceAllow=
PrivateNetwork=
PrivateUsers=
RestrictAddressFamilies=~AF_NETLINK
RestrictAddressFamilies=~AF_PACKET
RestrictAddressFamilies=~AF_UNIX
RestrictNamespaces=~net
RootDirectory=/RootImage='

test_exposure() {
	setup
	succeeds systemd-analyze security --no-pager --threshold=17 rportd.service
	succeeds systemd-analyze security --no-pager --json=short rportd.service
	assert_eq "$(jq -r '.[] | select(.exposure != null).name' <<<"$OUT" | LC_ALL=C sort)" "$EXPOSED" 'what is exposed'
}

test_verify() {
	setup
	# 252 says what settings it does not know
	succeeds systemd-analyze verify --man=no rportd.service rportd.socket
	assert_eq "$(grep -vE "'(FileDescriptorStorePreserve|RestartSteps|RestartMaxDelaySec)'" <<<"$OUT$ERR")" '' 'complaints'
	keeps_when_stopped || return 0
	succeeds udevadm verify --no-summary /usr/local/lib/udev/rules.d/99-rportd.rules
}

test_namespaces_made_after_the_start() {
	setup
	succeeds systemctl start rportd.service
	pair_both
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" fd00:ab::a
	ip netns del "$B"
	eventually link_is ab pending
	ns_create "$B"
	eventually link_is ab up
	ping_ok "$A" 192.168.0.1
}

# /proc/PID/ns/net is closed to it, and the process hidden
test_process_of_another_user() {
	local pid
	setup
	ns_add A
	setpriv --reuid rport-reader --regid rport-reader --init-groups unshare -U -n sleep 100 &
	pid=$!
	eventually in_another_namespace "$pid"
	succeeds rportctl pair "$A" "pid:$pid" --name ab --addresses 192.168.0.0,192.168.0.1
	nsenter --net="/proc/$pid/ns/net" ip link set lo up
	ping_ok "$A" 192.168.0.1
	assert_eq "$(nsenter --net="/proc/$pid/ns/net" ip -j link show type tun | jq -r '.[].ifname')" rport0 'interfaces'
	kill "$pid"
	wait "$pid" || true
	eventually link_is ab pending
	refused 3 "*$pid*" rportctl pair "$A" "pid:$pid" --name xy
}

in_another_namespace() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

test_permissions() {
	local command
	setup
	pair_both
	# reading is for all
	succeeds as rport-reader list
	succeeds as rport-reader show ab
	succeeds as rport-reader ports
	# what is refused says what would be needed
	for command in "pair $A $B --name xy" 'unpair ab' reload "create wan5 in $A"; do
		# shellcheck disable=SC2086 # words
		refused 5 '*not permitted*root*group "rportd"*' as rport-reader $command
	done
	link_is ab up
	# changing for the group
	succeeds as rport-operator unpair ab
	succeeds as rport-operator pair "$A" "$B" --name xy --persist
	[ -e /etc/rportd/xy.rport ] || fail 'no file'
	succeeds as rport-operator reload
	succeeds as rport-operator unpair xy
}

# http_get PATH: from the exporter, without curl, which the image does not have
http_get() {
	exec 3<>/dev/tcp/127.0.0.1/9980
	printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
	cat <&3
	exec 3>&-
}

# the exporter is started by who asks, has no rights, and no network but its sockets
test_exporter() {
	local pid
	setup
	[ -e /usr/local/lib/systemd/system/rport-exporter.socket ] || skip cannot 'rport-exporter was not built'
	succeeds systemctl start rportd.service rport-exporter.socket
	pair_both
	assert_eq "$(systemctl is-active rport-exporter.service)" inactive 'before anybody asks'
	OUT=$(http_get /metrics)
	assert_match "$OUT" 'HTTP/1.* 200 *rport_up 1*rport_link_up{link="ab"} 1*' 'metrics'
	assert_match "$(http_get /healthz)" '*200*ok' 'health'
	pid=$(systemctl show -P MainPID rport-exporter.service)
	[ "$(ps -o uid= -p "$pid")" -ge 61184 ] || fail "not a user of its own: $(ps -o user= -p "$pid")"
	assert_eq "$(status_of "$pid" CapBnd)" 0000000000000000 CapBnd
	[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] || fail 'it has our network'
	succeeds systemd-analyze security --no-pager --threshold=10 rport-exporter.service
	succeeds systemd-analyze verify --man=no rport-exporter.service rport-exporter.socket
	# without rportd, which it does not start, as it only looks
	systemctl stop rportd.service
	assert_match "$(http_get /metrics)" '*rport_up 0*' 'while rportd is stopped'
	property_is ActiveState inactive
	systemctl stop rportd.socket
	assert_match "$(http_get /metrics)" '*rport_up 0*' 'without rportd'
	systemctl stop rport-exporter.socket rport-exporter.service
}

run_tests "$@"
