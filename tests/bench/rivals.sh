#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What is compared. Sourced by bench.sh. Each rival joins two namespaces of its own, ns_of RIVAL a and ns_of RIVAL b; with
# BENCH_LAYOUT=vrf two VRFs, vrf-a and vrf-b, of one namespace. The interface there is if_of a, if_of b. All are there at once: those
# that have nothing to do sleep.

ADDRESS_A=10.77.0.1
ADDRESS_B=10.77.0.2
BUSY_POLL=100 # microseconds
# Of every TUN, so that none loses what another one keeps; it is what rport gives its own.
QUEUE_LENGTH=2000

# the processes of each rival, whose CPU time is counted
declare -A PIDS

LAYOUT=${BENCH_LAYOUT:-netns}

# ns_of RIVAL END
ns_of() {
	case $LAYOUT in
	netns) echo "$TEST_PREFIX$1-$2" ;;
	vrf) echo "$TEST_PREFIX$1" ;;
	esac
}

# if_of END
if_of() {
	case $LAYOUT in
	netns) echo bench0 ;;
	vrf) echo "bench-$1" ;;
	esac
}

# sockets_of RIVAL END: where loadgen opens its sockets; domain_of RIVAL END: what rportctl calls it
sockets_of() {
	echo "$(ns_of "$1" "$2")$([ "$LAYOUT" = netns ] || echo "%vrf-$2")"
}
domain_of() {
	[ "$LAYOUT" = netns ] && ns_of "$1" "$2" || echo "vrf:vrf-$2"
}

# rivals_known: all that this tree and this machine can have, in the order of tables
rivals_known() {
	[ "$LAYOUT" = netns ] || { echo veth fast uring-batch && return; }
	echo veth poll
	! command -v socat >/dev/null || echo socat
	echo fast uring-batch
	echo uring-batch-q2 uring-batch-busy uring-pending epoll
}

# measured_with CASE RIVAL, as a condition: does it say anything? Busy polling is for who waits
measured_with() {
	[[ $2 != *-busy || $1 == rtt-* || $1 == load-* ]]
}

# dies_with_us COMMAND...: in the background; it ends also where nobody is left to end it, for we were killed
dies_with_us() {
	exec setpriv --pdeathsig KILL -- "$@"
}

# has_link RIVAL, as a condition
has_link() {
	ip -n "$(ns_of "$1" a)" link show "$(if_of a)" && ip -n "$(ns_of "$1" b)" link show "$(if_of b)"
}

setup_veth() {
	ip -n "$(ns_of veth a)" link add "$(if_of a)" type veth peer name "$(if_of b)" netns "$(ns_of veth b)"
	[ "$LAYOUT" = netns ] || for end in a b; do
		ip -n "$(ns_of veth a)" link set "$(if_of $end)" master vrf-$end
	done
}

# the one that is written for this purpose: pollshuttle.c
setup_poll() {
	dies_with_us "$TOOLS/pollshuttle" "$(ns_of poll a)" bench0 "$(ns_of poll b)" bench0 &
	PIDS[poll]=$!
}

# Both devices are made in one namespace, and one of them is moved: it stays with the process that made it.
setup_socat() {
	local options=tun-type=tun,iff-no-pi
	dies_with_us nsenter --net=/run/netns/"$(ns_of socat a)" socat -b 65600 TUN,tun-name=bench0,$options TUN,tun-name=bench1,$options &
	PIDS[socat]=$!
	poll "$STEP_MS" ip -n "$(ns_of socat a)" link show bench1 || return
	ip -n "$(ns_of socat a)" link set bench1 netns "$(ns_of socat b)" name bench0
}

# setup_rport RIVAL: the name of an engine, and -qN for so many queues, or -busy for busy polling; or fast, for the fast path
setup_rport() {
	local rival=$1 socket=$TEST_TMP/$1.socket engine=${1%-q[0-9]} queues=() busy=()
	[[ $rival != fast ]] || engine=auto queues=(--fast-path --mtu 9000)
	[[ $rival != *-q[0-9] ]] || queues=(--queues "${rival##*-q}")
	[[ $rival != *-busy ]] || busy=(--busy-poll "$BUSY_POLL")
	[ "$LAYOUT" = vrf ] || ns_create "$(ns_of "$rival" home)"
	dies_with_us nsenter --net=/run/netns/"$(ns_of "$rival" home)" "$RPORTD" --socket "$socket" --config-path "$TEST_TMP/none" \
		--datapath "${engine%-busy}" --log-level warning ${busy[@]+"${busy[@]}"} &
	PIDS[$rival]=$!
	poll "$STEP_MS" rport_answers_or_ended "${PIDS[$rival]}" "$socket" &&
		"$BUILD_DIR/rportctl/rportctl" --socket "$socket" pair "$(domain_of "$rival" a)" "$(domain_of "$rival" b)" \
			--name bench --a-name "$(if_of a)" --b-name "$(if_of b)" "${queues[@]}" >/dev/null
}

# rport_answers_or_ended PID SOCKET, as a condition
rport_answers_or_ended() {
	! kill -0 "$1" || "$BUILD_DIR/rportctl/rportctl" --socket "$2" list
}

# number_end RIVAL END ADDRESS
number_end() {
	local ns
	ns=$(ns_of "$1" "$2")
	ip -n "$ns" link set "$(if_of "$2")" up txqueuelen "$QUEUE_LENGTH"
	ip -n "$ns" address replace "$3/24" dev "$(if_of "$2")"
}

# rival_answers RIVAL, as a condition
rival_answers() {
	local vrf=()
	[ "$LAYOUT" = netns ] || vrf=(-I vrf-a)
	in_ns "$(ns_of "$1" a)" ping -n -q -c 1 -W 0.2 "${vrf[@]}" "$ADDRESS_B"
}

# setup_rival RIVAL: make it and see that it carries; fails when this machine cannot have it
setup_rival() {
	local rival=$1 end
	for end in a b; do
		[ -e "/run/netns/$(ns_of "$rival" $end)" ] || ns_create "$(ns_of "$rival" $end)"
		# what IPv6 says of its own is no part of a measurement
		in_ns "$(ns_of "$rival" $end)" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
		[ "$LAYOUT" = netns ] || add_vrf "$(ns_of "$rival" $end)" $end || return
	done
	PIDS[$rival]=
	case $rival in
	veth | poll | socat) "setup_$rival" || return ;;
	fast | uring-* | epoll) setup_rport "$rival" || return ;;
	*) return 1 ;;
	esac
	poll "$STEP_MS" has_link "$rival" &&
		number_end "$rival" a "$ADDRESS_A" && number_end "$rival" b "$ADDRESS_B" &&
		poll "$STEP_MS" rival_answers "$rival"
}

# add_vrf NAMESPACE END
add_vrf() {
	ip -n "$1" link add "vrf-$2" type vrf table "$([ "$2" = a ] && echo 1001 || echo 1002)" && ip -n "$1" link set "vrf-$2" up
}

# set_mtu RIVAL MTU; what the fast path does with it must be done before it is measured
set_mtu() {
	ip -n "$(ns_of "$1" a)" link set "$(if_of a)" mtu "$2" && ip -n "$(ns_of "$1" b)" link set "$(if_of b)" mtu "$2" || return
	[ "$1" != fast ] || [ "$2" -gt "$FAST_MTU" ] || poll "$STEP_MS" is_fast_now "$1"
}

# is_fast_now RIVAL, as a condition: both ways
is_fast_now() {
	"$BUILD_DIR/rportctl/rportctl" --socket "$TEST_TMP/$1.socket" -j show bench | jq -e '.ways.aToB.fast and .ways.bToA.fast'
}

end_rivals() {
	local rival
	for rival in "${!PIDS[@]}"; do
		[ -z "${PIDS[$rival]}" ] || kill "${PIDS[$rival]}"
	done
	wait
}
