#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests share. A test file defines functions test_* and ends in `run_tests "$@"`. Each test runs as a process of
# its own, with errexit, in a temporary directory, with namespaces and a daemon of its own; whatever happens, they are gone
# afterwards. A result is a line: `ok NAME (1.2s)`, `not ok NAME (1.2s)` with the log, `skip NAME # reason`.
#
#   tests/netns/20-pair.sh                  all tests of the file
#   tests/netns/20-pair.sh test_mtu ...     some of them
#
# Environment: BUILD_DIR, where rportd was built (default: build/); RPORTCTL, if another than the one there; TRAFFIC, the tool, if another than the one there;
# DATAPATH, WORKERS, SECCOMP and FAST_PATH, others than rportd would choose; RESULTS, a file that results are appended to; TEST_LABEL, put before names; LOGS, a
# directory in which all files of failed tests are kept (failed/NAME); VERBOSE=1 prints logs of good tests too.

TESTS_DIR=$(realpath "${BASH_SOURCE[0]%/*}")
TOP_DIR=${TESTS_DIR%/*}
BUILD_DIR=$(realpath "${BUILD_DIR:-$TOP_DIR/build}")
RPORTD=$BUILD_DIR/rportd
RPORTCTL=$(realpath "${RPORTCTL:-$BUILD_DIR/rportctl/rportctl}")
TRAFFIC=${TRAFFIC:-$BUILD_DIR/tests/tools/traffic}
TEST_SECONDS=${TEST_SECONDS:-60} # one test may take so long
DATAPATH=${DATAPATH:-auto}       # of rportd
SECCOMP=${SECCOMP:-kill}         # of rportd: a system call that its filter does not have ends it, and so the test
LIMIT_FACTOR=${LIMIT_FACTOR:-1}  # of times that are promised: more than 1 where the machine, or the build, is slow
STEP_MS=${STEP_MS:-10000}        # what is expected to happen "soon" may take so long
FAST_MTU=16000                    # the largest with which the fast path is taken between namespaces
SKIPPED=77
export BUILD_DIR TRAFFIC RPORTCTL
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export LC_ALL=C.UTF-8

# set by ns_add
A='' B='' C='' D='' HOME_NS=''
# set by start_rportd
RPORTD_PID='' RPORTD_LOG='' SOCKET=''
# set by start_kept_rportd of keeper.sh
KEEPER_PID=''
# set by run
RC='' OUT='' ERR=''

# jq [OPTION...] FILTER [FILE...]: jq 1.6 compiles its library whenever it starts, for 35 ms of CPU time, and gojq in no time.
# It has no -S, as it sorts keys anyway.
if command -v gojq >/dev/null; then
	jq() {
		case " $* " in
		*' -S '* | *' -cS '*) command jq "$@" ;;
		*) gojq "$@" ;;
		esac
	}
fi

# --- saying what went wrong ------------------------------------------------------------------------------------------

# fail MESSAGE...: end the test
fail() {
	local i
	echo "FAILED: $*"
	for ((i = 1; i < ${#FUNCNAME[@]} - 1; i++)); do
		echo "  in ${FUNCNAME[i]}, ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}"
	done
	exit 1
} >&2

# skip CLASS REASON...: end the test without a result. CLASS: `cannot`, this machine has no way to run it (its kernel, its
# hardware); `could`, something is missing that can be installed or done, which with CI=true is a failure.
skip() {
	local class=$1
	shift
	if [ "$class" = could ] && [ "${CI:-}" = true ]; then
		fail "this test must run under CI: $*"
	fi
	echo "$*" >"$TEST_TMP/skip"
	exit $SKIPPED
}

# assert_eq GOT WANT WHAT
assert_eq() {
	[ "$1" = "$2" ] || fail "$3: got '$1', expected '$2'"
}

# assert_match GOT GLOB WHAT
assert_match() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 == $2 ]] || fail "$3: got '$1', expected something like '$2'"
}

# assert_no_match GOT GLOB WHAT
assert_no_match() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 != $2 ]] || fail "$3: got '$1', which is like '$2'"
}

# assert_json JSON FILTER [WHAT]: the jq filter must give true
assert_json() {
	if [ -z "$1" ] || ! jq -e "$2" <<<"$1" >/dev/null; then # jq 1.6 finds nothing to be true
		fail "${3:-JSON}: not so: $2
$1"
	fi
}

# run COMMAND...: sets RC, OUT and ERR, and never fails
run() {
	RC=0
	"$@" >"$TEST_TMP/run.out" 2>"$TEST_TMP/run.err" || RC=$?
	OUT=$(<"$TEST_TMP/run.out")
	ERR=$(<"$TEST_TMP/run.err")
	echo "run: $* -> $RC${OUT:+, out: $OUT}${ERR:+, err: $ERR}"
}

# succeeds COMMAND...
succeeds() {
	run "$@"
	[ "$RC" = 0 ] || fail "'$*' failed with status $RC: $ERR"
}

# refused STATUS GLOB COMMAND...: must exit with this status, say such a thing on stderr, and nothing on stdout
refused() {
	local status=$1 glob=$2
	shift 2
	run "$@"
	[ "$RC" = "$status" ] || fail "'$*': exit status $RC, expected $status: $OUT $ERR"
	assert_match "$ERR" "$glob" "message of '$*'"
	assert_eq "$OUT" '' "stdout of '$*'"
}

# eventually [-t MS] COMMAND...: poll until the command succeeds; end the test when it does not in time. MS as for within
eventually() {
	if [ "$1" = -t ]; then
		within "${@:2}" || fail "after $2 ms, and what is added on a slow machine, still not: ${*:3}"
	else
		poll "$STEP_MS" "$@" || fail "after $STEP_MS ms still not: $*"
	fi
}

# within MS COMMAND...: the same, as a condition. MS as for limit
within() {
	poll $(($1 * LIMIT_FACTOR)) "${@:2}" || poll $(($(limit "$1") - $1 * LIMIT_FACTOR)) "${@:2}"
}

# limit MS: the time that is promised, in ms, or longer where LIMIT_FACTOR says that this is no machine to measure on, and where
# it has other work at present: as much longer as starting 20 processes, one after the other, takes more than 60 ms, for which
# an idle machine of two CPUs needs 35; or as there was more to run, in the minute that is over, than it has CPUs; and ten times at
# most
limit() {
	local took load
	took=$(now_ms)
	for _ in {1..20}; do
		(exec true)
	done
	took=$(($(now_ms) - took))
	read -r load _ </proc/loadavg
	load=$((10#${load/./} * 60 / 100 / $(nproc)))
	took=$((took < load ? load : took))
	took=$((took < 60 ? 60 : took > 600 ? 600 : took))
	echo $(($1 * LIMIT_FACTOR * took / 60))
}

# took_at_most MS SINCE, as a condition: since then (of now_ms) no more than this time has passed. MS as for limit
took_at_most() {
	local took=$(($(now_ms) - $2))
	[ "$took" -le $(($1 * LIMIT_FACTOR)) ] || [ "$took" -le "$(limit "$1")" ]
}

# poll MS COMMAND...: the same as within, with no more than this time
poll() {
	local end=$(($(now_ms) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.02
	done
}

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/./} / 1000))
}

# --- namespaces ------------------------------------------------------------------------------------------------------

# ns_add VARIABLE...: a new namespace for each, its unique name in the variable of that name
ns_add() {
	local variable
	for variable; do
		printf -v "$variable" '%s%s' "$TEST_PREFIX" "${variable,,}"
		ns_create "${!variable}"
	done
}

# ns_create NAME
ns_create() {
	ip netns add "$1"
	ip -n "$1" link set lo up
	# BBR, where it is the default, paces; which others a namespace may take is the machine's to say
	in_ns "$1" sysctl -qw net.ipv4.tcp_congestion_control=cubic 2>/dev/null ||
		in_ns "$1" sysctl -qw net.ipv4.tcp_congestion_control=reno 2>/dev/null || true
}

# ns_list: the namespaces of this test
ns_list() {
	find /run/netns -maxdepth 1 -name "$TEST_PREFIX*" -printf '%f\n'
}

# witness_gone NAMESPACE, as a condition: its interface "witness", the other end of one in a namespace that was deleted, which
# goes only when that is really gone
witness_gone() {
	! ip -n "$1" link show dev witness
}

# in_ns NAMESPACE COMMAND...: unlike `ip netns exec`, in the same mount namespace, and without a process between. A function
# in front would cost a process for `&`: use in_ns_args there.
in_ns() {
	nsenter --net=/run/netns/"$1" -- "${@:2}"
}

# ports NAMESPACE: the TUN devices there
ports() {
	ip -n "$1" -j link show type tun | jq -r '.[].ifname'
}

assert_no_ports() {
	local ns left
	for ns in $(ns_list); do
		left=$(ports "$ns")
		assert_eq "$left" '' "interfaces left in $ns"
	done
}

# carrier NAMESPACE INTERFACE: 1 or 0
carrier() {
	ip -n "$1" -j link show dev "$2" | jq 'if .[0].flags | index("LOWER_UP") then 1 else 0 end'
}

has_carrier() {
	[ "$(carrier "$1" "$2")" = 1 ]
}

no_carrier() {
	[ "$(carrier "$1" "$2")" = 0 ]
}

# ping_ok NAMESPACE ADDRESS [PING-OPTION...]
ping_ok() {
	succeeds in_ns "$1" ping -n -q -c 3 -i 0.05 -W 3 "${@:3}" "$2"
}

# ping_fails NAMESPACE ADDRESS [PING-OPTION...]
ping_fails() {
	run in_ns "$1" ping -n -q -c 2 -i 0.05 -W 0.3 "${@:3}" "$2"
	[ "$RC" != 0 ] || fail "ping of $2 from $1 should have failed"
}

has_vrf() {
	if ip -n "$1" link add rp-vrf-probe type vrf table 999 2>/dev/null; then
		ip -n "$1" link del rp-vrf-probe
	else
		return 1
	fi
}

# --- the daemon ------------------------------------------------------------------------------------------------------

# start_rportd [ARGUMENT...]: in a namespace of its own, HOME_NS, so that `default` is none of the machine's; with OWN_MOUNTS=1 it
# does not hear of what others mount, nor of their namespaces that go
start_rportd() {
	local -a wrap=()
	# shellcheck disable=SC2016 # expanded there
	[ -z "${OWN_MOUNTS:-}" ] || wrap=(unshare --mount --propagation private sh -c '
		for name in /run/netns/*; do
			case $name in /run/netns/"$0"*) ;; *) umount "$name" ;; esac
		done 2>/dev/null
		exec "$@"' "$TEST_PREFIX")
	[ -n "$HOME_NS" ] || ns_add HOME_NS
	SOCKET=$TEST_TMP/socket
	RPORTD_LOG=$TEST_TMP/rportd.log
	nsenter --net=/run/netns/"$HOME_NS" "${wrap[@]}" "$RPORTD" --socket "$SOCKET" --datapath "$DATAPATH" \
		${WORKERS:+--workers "$WORKERS"} ${FAST_PATH:+--fast-path "$FAST_PATH"} --config-path "$TEST_TMP/conf" \
		--seccomp "$SECCOMP" "$@" >>"$RPORTD_LOG" 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportd_answers_or_ended || fail "rportd does not answer"
	rportd_alive || fail "rportd ended while starting"
	await_files
}

# await_files: a reload waits until the one before it is done, which is the start
await_files() {
	rportctl apply --dry-run >/dev/null 2>&1 || true
}

# start_rportd_with_empty_run [ARGUMENT...]: it sees an empty /run, which is its own: see in_run
start_rportd_with_empty_run() {
	ns_add HOME_NS
	SOCKET=$TEST_TMP/socket
	RPORTD_LOG=$TEST_TMP/rportd.log
	# shellcheck disable=SC2016 # expanded there
	nsenter --net=/run/netns/"$HOME_NS" unshare --mount --propagation slave sh -c 'mount -t tmpfs run /run && exec "$@"' - \
		"$RPORTD" --socket "$SOCKET" --datapath "$DATAPATH" --config-path "$TEST_TMP/conf" --seccomp "$SECCOMP" "$@" \
		>>"$RPORTD_LOG" 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportd_answers_or_ended || fail "rportd does not answer"
	rportd_alive || fail "rportd ended while starting"
}

# in_run COMMAND...: with the /run of start_rportd_with_empty_run
in_run() {
	nsenter --mount --target "$RPORTD_PID" -- "$@"
}

rportd_answers_or_ended() {
	! rportd_alive || rportctl list
}

rportd_alive() {
	kill -0 "$RPORTD_PID"
}

# starter_pid, data_pid, net_pid: the processes that the daemon has beside itself; fails while there is none
starter_pid() {
	pgrep -x -P "$RPORTD_PID" rportd-starter
}

data_pid() {
	pgrep -x -P "$(starter_pid)" rportd-data
}

net_pid() {
	pgrep -x -P "$(starter_pid)" rportd-net
}

# processes_of PID: a daemon, and what it has beside itself; or any other process; of none, none
processes_of() {
	local starter
	[ -n "$1" ] || return 0
	echo "$1"
	starter=$(pgrep -x -P "$1" rportd-starter) || return 0
	echo "$starter"
	pgrep -P "$starter" || true
}

# status_is KEY VALUE PID: of all threads
status_is() {
	local task
	for task in /proc/"$3"/task/*; do
		assert_eq "$(sed -n "s/^$1:\t//p" "$task/status")" "$2" "$1 of $task"
	done
}

# data_pid_other_than PID, net_pid_other_than PID, as a condition: there is another one
data_pid_other_than() {
	local pid
	pid=$(data_pid) && [ "$pid" != "$1" ]
}

net_pid_other_than() {
	local pid
	pid=$(net_pid) && [ "$pid" != "$1" ]
}

# freeze_rportd, thaw_rportd: nobody answers, and no packet is moved
freeze_rportd() {
	kill -STOP "$RPORTD_PID" "$(data_pid)"
}

thaw_rportd() {
	kill -CONT "$RPORTD_PID" "$(data_pid)"
}

# as_nobody ARGUMENT...: rportctl, called by a user who may not change anything
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$RPORTCTL" --socket "$SOCKET" "$@"
}

# both_carry, as a condition: the ports of A and B
both_carry() {
	has_carrier "$A" rport0 && has_carrier "$B" rport0
}

# of_port DOMAIN/IFNAME FILTER: what the jq filter makes of this port
of_port() {
	rportctl -j ports | jq -r --arg port "$1" ".[] | select(\"\(.domain)/\(.interface)\" == \$port) | $2"
}

# port_has DOMAIN/IFNAME FILTER VALUE, as a condition
port_has() {
	[ "$(of_port "$1" "$2")" = "$3" ]
}

# counts_without_carrier: does this kernel count what it drops because an interface has no carrier? 6.1 does not
counts_without_carrier() {
	local dropped
	# a TUN device that nobody has open has none
	ip -n "$A" tuntap add dev counts mode tun
	ip -n "$A" link set counts up
	succeeds traffic "$A" frame --count 3 --ignore-errors counts 0800 45
	dropped=$(ip -n "$A" -s -j link show dev counts | jq '.[0].stats64.tx.dropped')
	ip -n "$A" link del counts
	[ "$dropped" -ge 3 ]
}

# namespace_inode NAME
namespace_inode() {
	stat -L -c %i "/run/netns/$1"
}

# held_by_rportd INODE: how it keeps this namespace. Only the daemon is asked: the number may soon be somebody else's
held_by_rportd() {
	local entry pid
	for pid in $(processes_of "$RPORTD_PID"); do
		for entry in "/proc/$pid"/task/*/ns/net "/proc/$pid"/fd/*; do
			[ "$(readlink "$entry" 2>/dev/null)" != "net:[$1]" ] || echo "$entry"
		done
	done
}

# rportd_fds: how many descriptors its processes have open
rportd_fds() {
	local pid
	for pid in $(processes_of "$RPORTD_PID"); do
		find "/proc/$pid/fd" -mindepth 1
	done | wc -l
}

# fds_at_most N: as a condition; a connection may just be closing
fds_at_most() {
	[ "$(rportd_fds)" -le "$1" ]
}

# rportd_idle: it burns no CPU time while nothing is to do
rportd_idle() {
	local before after
	before=$(rportd_ticks)
	sleep 0.5
	after=$(rportd_ticks)
	[ $((after - before)) -le 5 ]
}

# rportd_ticks: CPU time of its processes, in ticks of 10 ms
rportd_ticks() {
	local pid
	for pid in $(processes_of "$RPORTD_PID"); do
		cat "/proc/$pid/stat"
	done | awk '{ n += $14 + $15 } END { print n }'
}

# rportd_wait: the daemon's exit status, when it ends in time
rportd_wait() {
	local status=0 pid=$RPORTD_PID
	RPORTD_PID=
	poll "$STEP_MS" process_over "$pid" || fail "rportd does not end"
	wait "$pid" || status=$?
	return $status
}

# process_over PID: gone, or a zombie that waits for us
process_over() {
	local state
	state=$(ps -o state= -p "$1") || return 0
	[ "$state" = Z ]
}

# stop_rportd: by SIGTERM; its exit status must be 0, and nothing may be left
stop_rportd() {
	local status=0
	if [ -n "$KEEPER_PID" ]; then
		stop_keeper
		return
	fi
	[ -n "$RPORTD_PID" ] || return 0
	kill -TERM "$RPORTD_PID" || fail "rportd is not running any more"
	rportd_wait || status=$?
	assert_eq "$status" 0 "exit status of rportd"
	[ ! -e "$SOCKET" ] || fail "rportd left its socket behind"
	assert_no_ports
}

# rportctl ARGUMENT...: the real one, with the test's daemon
rportctl() {
	[ -z "${FAST_PATH:-}" ] || with_fast_path "$@"
	"$RPORTCTL" --socket "$SOCKET" "$@" "${WITH_MTU[@]}"
}

# with_fast_path ARGUMENT...: WITH_MTU is the option without which the link or port would be too large for the fast path
with_fast_path() {
	WITH_MTU=()
	case $1,$* in
	*--mtu*) ;;
	pair,* | create,*) WITH_MTU=(--mtu "$FAST_MTU") ;;
	esac
}
WITH_MTU=()

# can_be_fast LINK: skip the test where this kernel or this build has no fast path
can_be_fast() {
	local reason
	reason=$(rportctl -j show "$1" | jq -r '.ways.aToB.reason')
	case $reason in
	*'bpf(2)'* | *lacks*) skip cannot "$reason" ;;
	esac
}

# is_fast LINK: as a condition, both ends send by the fast path
is_fast() {
	rportctl -j show "$1" | jq -e '.ways.aToB.fast and .ways.bToA.fast'
}

# port LINK SIDE FILTER: something of `rportctl show`, such as: port link a .statistics.packets
port() {
	rportctl -j -s show "$1" | jq -r ".$2 | $3"
}

# port_is LINK SIDE FILTER VALUE: as a condition, for eventually
port_is() {
	[ "$(port "$1" "$2" "$3")" = "$4" ]
}

# pair_numbered [OPTION...]: A and B, with 192.168.0.0, 192.168.0.1, fd00:ab::a and fd00:ab::b, as link "ab"
pair_numbered() {
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00:ab::a,fd00:ab::b "$@"
	case ${FAST_PATH:-},$* in
	,* | *--no-offload* | *--mpls* | *--mtu\ 32768*) ;;
	*)
		can_be_fast ab
		eventually is_fast ab # or the pass would not test it
		;;
	esac
}

# varlink CALL...: JSON calls sent at once; one reply a line
varlink() {
	printf '%s\0' "$@" | "$TRAFFIC" unix-send --timeout "$STEP_MS" "$SOCKET" | tr '\0' '\n'
}

# --- traffic ---------------------------------------------------------------------------------------------------------

# spawn NAMESPACE OUTPUT COMMAND...: in the background; SPAWN_PID
spawn() {
	nsenter --net=/run/netns/"$1" "${@:3}" >"$2" 2>&1 </dev/null &
	SPAWN_PID=$!
}

# listener NAMESPACE OUTPUT SUBCOMMAND ARGUMENT...: start a receiver and wait until it is there; SPAWN_PID
listener() {
	local ready
	ready=$(mktemp -u "$TEST_TMP/ready.XXXXXX")
	spawn "$1" "$2" "$TRAFFIC" "$3" --ready "$ready" "${@:4}"
	eventually test -e "$ready"
}

# traffic NAMESPACE SUBCOMMAND ARGUMENT...
traffic() {
	in_ns "$1" "$TRAFFIC" "${@:2}"
}

# udp_exchange FROM TO ADDRESS OPTION...: datagrams from one namespace to an address in another, all of which must arrive, in
# order and as they were
udp_exchange() {
	local status=0
	listener "$2" listener.out udp-listen "${@:4}" "$3" 5000
	succeeds traffic "$1" udp-send "${@:4}" "$3" 5000
	wait "$SPAWN_PID" || status=$?
	[ "$status" = 0 ] || fail "datagrams to $3 (${*:4}): $(<listener.out)"
}

# tcp_transfer FROM TO ADDRESS BYTES SEED: a stream whose SHA-256 must match
tcp_transfer() {
	local status=0 tag=$5
	listener "$2" "received.$tag" tcp-listen --timeout 50000 "$3" $((6000 + $5))
	"$TRAFFIC" pattern --bytes "$4" --seed "$5" | traffic "$1" tcp-send --timeout 50000 "$3" $((6000 + $5)) ||
		fail "sending to $3"
	wait "$SPAWN_PID" || status=$?
	assert_eq "$status" 0 "status of the receiver"
	assert_eq "$(sha256sum <"received.$tag")" "$("$TRAFFIC" pattern --bytes "$4" --seed "$5" | sha256sum)" \
		"SHA-256 of $4 bytes to $3"
	rm -f "received.$tag"
}

# measured TEXT...: what a test has found, and nobody can promise; printed with its result
measured() {
	echo "$*" >>"$TEST_TMP/measured"
}

# value FILE KEY: of a line KEY=VALUE KEY=VALUE ...
value() {
	sed -n "s/.*\\b$2=\\([^ ]*\\).*/\\1/p" "$1"
}

# --- running tests ---------------------------------------------------------------------------------------------------

delete_namespaces() {
	local ns
	for ns in $(ns_list); do
		ip netns del "$ns"
	done
}

# Everything that the test began ends, however it ends. A file may have a function end_more for what it has besides.
end_test() {
	local pid
	trap - EXIT
	! declare -F end_more || end_more
	for pid in $(jobs -p); do
		kill -KILL "$pid" || true # one that has ended is no failure
	done
	wait
	delete_namespaces
} >/dev/null 2>&1

# one_test NAME: the test process itself
one_test() {
	set -Eeuo pipefail
	trap end_test EXIT
	trap 'echo "FAILED: ended by the time limit or by hand"; exit 124' TERM INT HUP
	trap 'echo "FAILED: status $? at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
	cd "$TEST_TMP"
	"$1"
	stop_rportd
}

# Did a sanitizer complain anywhere in this test?
sanitizer_complaint() {
	grep -lE 'ERROR: AddressSanitizer|LeakSanitizer|runtime error:' "$1"/*.log "$1"/run.err "$1"/log 2>/dev/null
}

# result WORD NAME TEXT: print it and note it
result() {
	echo "$1 ${TEST_LABEL:+$TEST_LABEL.}$2$3"
	[ -z "${RESULTS:-}" ] || echo "$1 ${TEST_LABEL:+$TEST_LABEL.}$2" >>"$RESULTS"
}

seconds_since() {
	local ms=$(($(now_ms) - $1))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

print_log() {
	local file
	for file in log rportd.log; do
		[ -s "$1/$file" ] || continue
		echo "  --- $file"
		tail -n 60 "$1/$file" | cut -c 1-500 | sed 's/^/  | /'
	done
}

# failure LOG LINES: what went wrong, and by which chance
failure() {
	sed -n '/^SEED=/p; /^FAILED:/,$p' "$1" | head -n "$2" | cut -c 1-2000 | sed 's/^/  | /'
}

# print_failure DIRECTORY: once more what may have been cut away from the log above
print_failure() {
	if [ "$(wc -l <"$1/log")" -gt 60 ] || grep -qE '^.{501}' "$1/log"; then
		echo "  --- what failed"
		failure "$1/log" 60
	fi
}

# keep_all DIRECTORY TITLE: all that the test left, for who looks into it, where run-tests has its logs
keep_all() {
	local to=${LOGS:-}/failed/${TEST_LABEL:+$TEST_LABEL.}$2
	[ -n "${LOGS:-}" ] || return 0
	rm -rf "$to"
	mkdir -p "${to%/*}" && cp -r "$1" "$to" && echo "  --- all of it: $to"
}

# run_test FILE NAME: one test in a process of its own; 0 unless it failed
run_test() {
	local file=$1 name=$2 title status=0 started word
	title=$(basename "$file" .sh).${name#test_}
	started=$(now_ms)
	TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rport-test.XXXXXX")
	chmod 755 "$TEST_TMP"
	# short, unique to this test on this machine, and no prefix of another one's
	TEST_PREFIX=rt${TEST_TMP##*.}-
	export TEST_TMP TEST_PREFIX
	# timeout's process group is the test's: at the limit all of it is told. In the background, so that we can be told too
	timeout -k 10 "$TEST_SECONDS" bash "$file" --one "$name" >"$TEST_TMP/log" 2>&1 </dev/null &
	TEST_PID=$!
	wait "$TEST_PID" || status=$?
	TEST_PID=
	delete_namespaces >/dev/null 2>&1 # of one that was killed
	word='not ok'
	if [ -n "$(sanitizer_complaint "$TEST_TMP")" ]; then
		echo "FAILED: a sanitizer complained" >>"$TEST_TMP/log"
	elif [ "$status" = 0 ]; then
		word=ok
	elif [ $status = $SKIPPED ] && [ -e "$TEST_TMP/skip" ]; then
		word=skip
	fi
	case $word in
	skip) result skip "$title" " # $(<"$TEST_TMP/skip")" ;;
	*) result "$word" "$title" " ($(seconds_since "$started")s)" ;;
	esac
	[ ! -e "$TEST_TMP/measured" ] || sed 's/^/  | /' "$TEST_TMP/measured"
	if [ "$word" = 'not ok' ] || [ "${VERBOSE:-}" = 1 ]; then
		print_log "$TEST_TMP"
	fi
	if [ "$word" = 'not ok' ]; then
		print_failure "$TEST_TMP"
		keep_all "$TEST_TMP" "$title"
	fi
	rm -rf "$TEST_TMP"
	[ "$word" != 'not ok' ]
}

interrupted() {
	if [ -n "${TEST_PID:-}" ]; then
		kill -TERM "$TEST_PID"
		wait "$TEST_PID"
		delete_namespaces
		rm -rf "$TEST_TMP"
	fi
	exit 130
}

# in_this_pass: of the names of tests those that hold with the fast path, if that is the pass: see SHUTTLE_ONLY in the files
in_this_pass() {
	local words=" ${SHUTTLE_ONLY:-} "
	while read -r name; do
		[ -n "${FAST_PATH:-}" ] && [[ $words == *" ${name#test_} "* ]] || echo "$name"
	done
}

# run_tests [NAME...]: all tests of this file, or those named
run_tests() {
	local name failed=0
	if [ "${1:-}" = --one ]; then
		one_test "$2"
		exit
	fi
	[ "$(id -u)" = 0 ] || {
		echo "${0##*/}: tests with namespaces need root" >&2
		exit 1
	}
	trap interrupted INT TERM HUP
	local names=("$@")
	[ $# -gt 0 ] || mapfile -t names < <(compgen -A function test_ | in_this_pass)
	for name in "${names[@]}"; do
		run_test "$0" "$name" || failed=1
	done
	exit $failed
}
