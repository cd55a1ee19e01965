#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What is compared. Sourced by bench.sh. Each rival joins two namespaces of its own, ns_of RIVAL a and ns_of RIVAL b, in each of
# which the interface is called bench0. All are there at once: those that have nothing to do sleep.

ADDRESS_A=10.77.0.1
ADDRESS_B=10.77.0.2
BUSY_POLL=100 # microseconds
# Of every TUN, so that none loses what another one keeps; it is what rport gives its own.
QUEUE_LENGTH=2000

# the processes of each rival, whose CPU time is counted
declare -A PIDS

# ns_of RIVAL END
ns_of() {
	echo "$TEST_PREFIX$1-$2"
}

# rivals_known: all that this tree and this machine can have, in the order of tables
rivals_known() {
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
	ip -n "$(ns_of "$1" a)" link show bench0 && ip -n "$(ns_of "$1" b)" link show bench0
}

setup_veth() {
	ip -n "$(ns_of veth a)" link add bench0 type veth peer name bench0 netns "$(ns_of veth b)"
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
	ns_create "$(ns_of "$rival" home)"
	dies_with_us nsenter --net=/run/netns/"$(ns_of "$rival" home)" "$RPORTD" --socket "$socket" --config-path "$TEST_TMP/none" \
		--datapath "${engine%-busy}" --log-level warning ${busy[@]+"${busy[@]}"} &
	PIDS[$rival]=$!
	poll "$STEP_MS" rport_answers_or_ended "${PIDS[$rival]}" "$socket" &&
		"$BUILD_DIR/rportctl/rportctl" --socket "$socket" pair "$(ns_of "$rival" a)" "$(ns_of "$rival" b)" --name bench \
			--a-name bench0 --b-name bench0 "${queues[@]}" >/dev/null
}

# rport_answers_or_ended PID SOCKET, as a condition
rport_answers_or_ended() {
	! kill -0 "$1" || "$BUILD_DIR/rportctl/rportctl" --socket "$2" list
}

# number_end RIVAL END ADDRESS
number_end() {
	local ns
	ns=$(ns_of "$1" "$2")
	ip -n "$ns" link set bench0 up txqueuelen "$QUEUE_LENGTH"
	ip -n "$ns" address replace "$3/24" dev bench0
}

# rival_answers RIVAL, as a condition
rival_answers() {
	in_ns "$(ns_of "$1" a)" ping -n -q -c 1 -W 0.2 "$ADDRESS_B"
}

# setup_rival RIVAL: make it and see that it carries; fails when this machine cannot have it
setup_rival() {
	local rival=$1 end
	for end in a b; do
		ns_create "$(ns_of "$rival" $end)"
		# what IPv6 says of its own is no part of a measurement
		in_ns "$(ns_of "$rival" $end)" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
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

# set_mtu RIVAL MTU
set_mtu() {
	ip -n "$(ns_of "$1" a)" link set bench0 mtu "$2" && ip -n "$(ns_of "$1" b)" link set bench0 mtu "$2"
}

end_rivals() {
	local rival
	for rival in "${!PIDS[@]}"; do
		[ -z "${PIDS[$rival]}" ] || kill "${PIDS[$rival]}"
	done
	wait
}
