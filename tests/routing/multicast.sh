#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Multicast through a router between two links: smcroute, and PIM with IGMP of FRR.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

GROUP=239.1.2.3
SOURCE=10.0.1.1

# three_hosts: A - B - C, B forwards
three_hosts() {
	ns_add A B C
	succeeds rportctl pair "$A" "$B" --name ab --addresses "$SOURCE,10.0.1.2" --b-name in0
	succeeds rportctl pair "$B" "$C" --name bc --addresses 10.0.2.1,10.0.2.2 --a-name out0
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$A" ip route add 10.0.0.0/16 dev rport0
	in_ns "$C" ip route add 10.0.0.0/16 dev rport0
	in_ns "$A" ip route add "$GROUP" dev rport0
}

# receive N: in the background at C, which joins the group; SPAWN_PID
receive() {
	listener "$C" received udp-listen --count "$1" --timeout 30000 --idle 3000 --multicast rport0 "$GROUP" 5000
}

# passes N: so many datagrams from A to the group arrive at C
passes() {
	local status=0
	receive "$1"
	succeeds traffic "$A" udp-send --count "$1" --rate 1000 --ttl 8 --multicast rport0 "$GROUP" 5000
	wait "$SPAWN_PID" || status=$?
	[ "$status" = 0 ]
}

test_smcroute() {
	local pid
	start_kept_rportd --delay 1
	three_hosts
	printf '%s\n' 'phyint in0 enable' 'phyint out0 enable' "mroute from in0 group $GROUP to out0" >smcroute.conf
	nsenter --net=/run/netns/"$B" smcrouted -n -N -f "$TEST_TMP/smcroute.conf" -u "$TEST_TMP/smcroute.sock" \
		-P "$TEST_TMP/smcroute.pid" >smcroute.log 2>&1 </dev/null &
	eventually test -S smcroute.sock
	passes 1000 || fail "multicast is not forwarded: $(<received) $(<smcroute.log)"
	kill_rportd
	passes 1000 || fail "multicast is not forwarded after a kill of rportd: $(<received)"
	measured "$(smcrouted -v 2>&1 | sed -n '1s/ *$//p'): all of 1000 datagrams, also after a kill of rportd"
}

joined() {
	ip -n "$B" mroute show | grep -q "($SOURCE,$GROUP).*Oifs:.*out0"
}

start_pim() {
	cat >"$B.conf" <<-END
		ip pim rp 10.0.1.2
		interface in0
		 ip pim
		interface out0
		 ip pim
		 ip igmp
	END
	frr "$B" pimd
}

test_pim() {
	start_kept_rportd --delay 1
	three_hosts
	start_pim
	eventually vty "$B" 'show ip pim interface'
	sleep 2
	receive 100000
	spawn "$A" sent "$TRAFFIC" udp-send --count 100000 --rate 1000 --timeout 100000 --ttl 8 --multicast rport0 "$GROUP" 5000
	takes "$(version_of "$FRR/pimd"), PIM and IGMP: the group is forwarded" joined
	kill_rportd
	sleep 5
	kill "$SPAWN_PID"
	eventually test -s received
	[ "$(value received received)" -ge 3000 ] || fail "few datagrams arrive: $(<received)"
	joined || fail 'the group is not forwarded after a kill of rportd'
}

run_tests "$@"
