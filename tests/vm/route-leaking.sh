#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What works between two VRFs that are joined by routes, or by a link: the table in docs/route-leaking.md is what this finds. Two
# hosts, C behind vrf-a and S behind vrf-b, and four ways to join the VRFs:
#
#	device		routes to the networks of the other VRF by its device, as FRR makes them for networks that this is connected to
#	interface	routes to the same networks by the interface that they are at, as FRR makes them for others
#	rport		a link, and routes by its ports
#	veth		a pair of veth interfaces, with a subnet, and routes by its addresses
#
# A row of the table is a function that is true where it works; each is tried with a rule set of its own.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../vrfs.sh"

PAGE=$TOP_DIR/docs/route-leaking.md

# text of the page, then what is called
ROWS='ping, host to host, IPv4|pings C 10.2.0.2
ping, host to host, IPv6|pings C fd02::2
ping of 20,000 bytes, in fragments, IPv4|pings C 10.2.0.2 -s 20000
ping of 20,000 bytes, in fragments, IPv6|pings C fd02::2 -s 20000
TCP, host to host, IPv4|reaches C S 10.2.0.2 80
TCP, host to host, IPv6|reaches C S fd02::2 80
ping from the router, by a socket of A, to a host of B, IPv4|pings A 10.2.0.2
ping from the router, by a socket of A, to a host of B, IPv6|pings A fd02::2
ping from a host of A to the address that the router has in B, IPv4|pings C 10.2.0.1
ping from a host of A to the address that the router has in B, IPv6|pings C fd02::1
ping from the router to itself, A to B, IPv4|pings A 10.2.0.1
ping from the router to itself, A to B, IPv6|pings A fd02::1
TCP from a host of A to a service of the router in B, IPv4|reaches C B 10.2.0.1 80
TCP from a host of A to a service of the router in B, IPv6|reaches C B fd02::1 80
TCP from the router, by a socket of A, to a host of B, IPv4|reaches A S 10.2.0.2 80
TCP from the router, by a socket of A, to a host of B, IPv6|reaches A S fd02::2 80
TCP from a service of the router in A to one in B, IPv4|reaches A B 10.2.0.1 80
port unreachable, from the host, IPv4|error_is ECONNREFUSED 10.2.0.2 10.2.0.2
port unreachable, from the host, IPv6|error_is ECONNREFUSED fd02::2 fd02::2
host unreachable, from the router, IPv4|error_is EHOSTUNREACH * 10.2.0.99
time exceeded, from the router, IPv4|error_is EHOSTUNREACH * 10.2.0.2 --ttl 1
time exceeded, from the router, IPv6|error_is EHOSTUNREACH * fd02::2 --ttl 1
packet too big, from the router, IPv4|too_big * 10.2.0.2
packet too big, from the router, IPv6|too_big * fd02::2
stateful filter: connections from A only|stateful
masquerade, B has a route back to A|masquerade back
masquerade, B knows nothing of the networks of A|masquerade no-way-back
masquerade, B has a network of the same addresses as A|masquerade same-network
NAT of a destination|dnat
an interface that counts what crosses, and nothing else|counted
a hop of its own for each VRF in a traceroute|two_hops'

# --- the ways --------------------------------------------------------------------------------------------------------

# leak TABLE-OF DEVICE NETWORK...
leak() {
	local vrf=$1 device=$2 network
	shift 2
	for network; do
		succeeds ip -n "$HOME_NS" route add "$network" vrf "$vrf" dev "$device"
	done
}

join_by_device() {
	leak vrf-a vrf-b 10.2.0.0/24 fd02::/64
	leak vrf-b vrf-a 10.1.0.0/24 fd01::/64
}

join_by_interface() {
	leak vrf-a sb 10.2.0.0/24 fd02::/64
	leak vrf-b ca 10.1.0.0/24 fd01::/64
}

join_by_rport() {
	start_rportd
	succeeds rportctl pair vrf-a vrf-b --name ab --a-name pa --b-name pb --addresses 192.168.0.0,192.168.0.1 \
		--addresses fd00::a,fd00::b --a-route 10.2.0.0/24 --a-route fd02::/64 --b-route 10.1.0.0/24 --b-route fd01::/64
}

join_by_veth() {
	ip -n "$HOME_NS" link add pa type veth peer name pb
	ip -n "$HOME_NS" link set pa up master vrf-a
	ip -n "$HOME_NS" link set pb up master vrf-b
	ip -n "$HOME_NS" addr add 192.168.0.0/31 dev pa
	ip -n "$HOME_NS" addr add 192.168.0.1/31 dev pb
	ip -n "$HOME_NS" addr add fd00::a/64 dev pa nodad
	ip -n "$HOME_NS" addr add fd00::b/64 dev pb nodad
	ip -n "$HOME_NS" route add 10.2.0.0/24 vrf vrf-a via 192.168.0.1
	ip -n "$HOME_NS" route add fd02::/64 vrf vrf-a via fd00::b
	ip -n "$HOME_NS" route add 10.1.0.0/24 vrf vrf-b via 192.168.0.0
	ip -n "$HOME_NS" route add fd01::/64 vrf vrf-b via fd00::a
}

# setup WAY
setup() {
	WAY=$1
	two_vrfs
	ns_add C S
	in_ns "$HOME_NS" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	host "$C" vrf-a ca 10.1.0 fd01
	host "$S" vrf-b sb 10.2.0 fd02
	for vrf in vrf-a vrf-b; do # as ip-vrf(8) advises
		ip -n "$HOME_NS" route add unreachable default metric 4278198272 vrf "$vrf"
		ip -n "$HOME_NS" -6 route add unreachable default metric 4278198272 vrf "$vrf"
	done
	"join_by_$WAY"
	eventually settled
	pings C 10.1.0.1 || fail 'C does not reach its router'
	in_ns "$S" ping -n -q -c 1 -W 3 fd02::1 || fail 'S does not reach its router'
}

# --- the rows --------------------------------------------------------------------------------------------------------

# by_interfaces, as a condition: the way is one by interfaces pa and pb
by_interfaces() {
	[ "$WAY" = rport ] || [ "$WAY" = veth ]
}

# must COMMAND...: what has to be so before a row can be tried
must() {
	"$@" || exit 99
}

# settled, as a condition: all IPv6 addresses can be used, those of the link, too
settled() {
	local ns
	for ns in "$HOME_NS" "$C" "$S"; do
		[ -z "$(ip -n "$ns" -6 address show tentative)" ] || return
	done
}

# pings FROM ADDRESS [OPTION...]: FROM is a host, or a VRF of the router
pings() {
	case $1 in
	A) in_ns "$HOME_NS" ping -I vrf-a -n -q -c 1 -i 0.1 -W 1 "${@:3}" "$2" ;;
	*) in_ns "${!1}" ping -n -q -c 1 -i 0.1 -W 1 "${@:3}" "$2" ;;
	esac
}

# place WORD: for reaches
place() {
	case $1 in
	A) echo "$HOME_NS,vrf-a" ;;
	B) echo "$HOME_NS,vrf-b" ;;
	*) echo "${!1}" ;;
	esac
}

row_reaches() {
	reaches "$(place "$1")" "$(place "$2")" "${@:3}"
}

# probe ADDRESS OPTION...: what a datagram of C makes come
probe() {
	OUT=$(traffic "$C" probe --timeout 5000 "${@:2}" "$1" 5000)
}

# error_is ERRNO FROM ADDRESS [OPTION...]; FROM may be any address of the router
error_is() {
	probe "${@:3}" && [[ $OUT == "error=$1 "*" from="$2 ]]
}

# too_big FROM ADDRESS: a datagram that is too large for the way to S
too_big() {
	local works=0
	must ip -n "$HOME_NS" link set sb mtu 1400
	probe "$2" --discover probe --size 1450 && [[ $OUT == 'error=EMSGSIZE origin=icmp'*" mtu=1400 from="$1 ]] || works=1
	must ip -n "$HOME_NS" link set sb mtu 1500
	must in_ns "$C" ip route flush cache
	return "$works"
}

nat() {
	must rule 'add table inet t'
	must rule "add chain inet t nat { type nat hook $1; }"
	must rule "add rule inet t nat $2"
}

stateful() {
	must rule 'add table inet t'
	must rule 'add chain inet t forwarding { type filter hook forward priority 0; policy drop; }'
	must rule 'add rule inet t forwarding ct state established,related accept'
	must rule 'add rule inet t forwarding meta sdifname ca accept'
	! by_interfaces || must rule 'add rule inet t forwarding meta sdifname pb accept'
	reaches "$C" "$S" 10.2.0.2 80 && ! reaches "$S" "$C" 10.1.0.2 80
}

# masquerade HOW: what is known in B of the networks of A
masquerade() {
	local works=0 out=sb
	! by_interfaces || out=pa
	nat 'postrouting priority srcnat' "oifname $out ip saddr 10.1.0.0/24 masquerade"
	case $1 in
	no-way-back) without_way_back ;;
	same-network)
		without_way_back
		must ip -n "$HOME_NS" link add same type dummy
		must ip -n "$HOME_NS" link set same up master vrf-b
		must ip -n "$HOME_NS" addr add 10.1.0.1/24 dev same
		;;
	esac
	reaches "$C" "$S" 10.2.0.2 80 || works=1
	if [ "$1" != back ]; then
		ip -n "$HOME_NS" link del same 2>/dev/null || true
		with_way_back
	fi
	return "$works"
}

without_way_back() {
	BACK=$(ip -n "$HOME_NS" route show table 1002 10.1.0.0/24)
	# shellcheck disable=SC2086 # words of a route
	must ip -n "$HOME_NS" route del table 1002 $BACK
}

with_way_back() {
	# shellcheck disable=SC2086 # words of a route
	must ip -n "$HOME_NS" route add table 1002 $BACK
}

dnat() {
	nat 'prerouting priority dstnat' 'ip daddr 10.1.0.1 tcp dport 8080 dnat ip to 10.2.0.2:80'
	reaches "$C" "$S" 10.1.0.1 8080 80
}

# packets: INTERFACE and how many have passed it, sorted
packets() {
	ip -n "$HOME_NS" -s -j link | jq -r '.[] | "\(.ifname) \(.stats64.rx.packets + .stats64.tx.packets)"' | sort
}

# grown BEFORE AFTER: interfaces that have counted five packets and more; some multicast comes by itself
grown() {
	join <(echo "$1") <(echo "$2") | awk '$3 - $2 >= 5 { print $1 }'
}

counted() {
	local before within after
	before=$(packets)
	pings C 10.1.0.1 -c 10 && in_ns "$S" ping -n -q -c 10 -i 0.1 -W 1 10.2.0.1 || return
	within=$(packets)
	pings C 10.2.0.2 -c 10 || return
	after=$(packets)
	comm -13 <(grown "$before" "$within") <(grown "$within" "$after") | grep -q .
}

two_hops() {
	error_is EHOSTUNREACH '*' 10.2.0.2 --ttl 2
}

# --- the table -------------------------------------------------------------------------------------------------------

# column WAY: the table as the page has it, with this way only
column() {
	local field
	case $1 in
	device) field=3 ;;
	interface) field=4 ;;
	rport) field=5 ;;
	veth) field=6 ;;
	esac
	awk -F ' *[|] *' -v field="$field" '/^[|] [a-zNT]/ { print $2 ": " $field }' "$PAGE"
}

# measure WAY: compare what works with the page
measure() {
	local text call rc
	setup "$1"
	while IFS='|' read -r text call; do
		read -ra call <<<"$call"
		[ "${call[0]}" != reaches ] || call[0]=row_reaches
		rc=0
		("${call[@]}") >row.log 2>&1 || rc=$?
		echo "--- $text: status $rc"
		sed 's/^/    /' row.log
		[ "$rc" != 99 ] || fail "could not be tried: $text"
		echo "$text: $([ "$rc" = 0 ] && echo yes || echo no)" >>measured
		rule flush ruleset
	done <<<"$ROWS"
	column "$1" >page
	diff page measured >differences || fail "docs/route-leaking.md is not so here, by $1 (>: measured): $(<differences)"
}

# What FRR does with `import vrf`: where it is connected to a network, the next hop is the VRF, else the interface of the other VRF.
test_frr() {
	local daemon
	[ -x /usr/lib/frr/bgpd ] || skip could 'FRR is missing'
	two_vrfs
	ns_add S
	host "$S" vrf-b sb 10.2.0
	ip -n "$HOME_NS" route add 10.3.0.0/24 via 10.2.0.2 vrf vrf-b
	cat >frr.conf <<-END
		router bgp 65001
		 bgp router-id 10.9.9.9
		router bgp 65001 vrf vrf-a
		 bgp router-id 10.1.0.1
		 address-family ipv4 unicast
		  import vrf vrf-b
		router bgp 65001 vrf vrf-b
		 bgp router-id 10.2.0.1
		 address-family ipv4 unicast
		  redistribute connected
		  redistribute kernel
	END
	chmod 755 . && chmod 644 frr.conf
	install -d -o frr -g frr "/run/frr/$HOME_NS"
	for daemon in zebra bgpd; do
		spawn "$HOME_NS" "$daemon.log" "/usr/lib/frr/$daemon" -N "$HOME_NS" -f "$PWD/frr.conf" --log stdout
	done
	eventually leaked_by 10.2.0.0/24 'dev vrf-b'
	eventually leaked_by 10.3.0.0/24 'via 10.2.0.2 dev sb'
}

# leaked_by NETWORK WORDS: as a condition, in vrf-a
leaked_by() {
	ip -n "$HOME_NS" route show "$1" table 1001 proto bgp | grep -q "$2"
}

test_by_device() {
	measure device
}

test_by_interface() {
	measure interface
}

test_by_rport() {
	measure rport
}

test_by_veth() {
	measure veth
}

run_tests "$@"
