#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
#
# rportctl check: for each thing that stops packets, traffic fails, check says why, and what it says mends it.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

# finding ID: the first one of the link ab, as JSON
finding() {
	jq -c --arg id "$1" '[.[0].findings[] | select(.id == $id)] | first // empty' <<<"$OUT"
}

# checked [OPTION...]: OUT is what check says of ab, in JSON
checked() {
	run rportctl -j check "$@" ab
	assert_json "$OUT" 'length == 1 and .[0].name == "ab"'
}

# finds ID SEVERITY GLOB
finds() {
	local found
	checked
	assert_eq "$RC" 2 "exit status of check"
	found=$(finding "$1")
	[ -n "$found" ] || fail "check did not find $1: $OUT"
	assert_eq "$(jq -r .severity <<<"$found")" "$2" "severity of $1"
	assert_match "$(jq -r .message <<<"$found")" "$3" "message of $1"
}

# mend ID: do what check advises, at both ends if need be
mend() {
	local line
	mend_once "$1"
	[ -z "$(finding "$1")" ] || mend_once "$1"
	assert_eq "$(finding "$1")" '' "$1 after what check advised"
}

mend_once() {
	local line
	while IFS= read -r line; do
		echo "mend: $line"
		# shellcheck disable=SC2086 # the words of a command
		case $line in
		'rportctl '*) rportctl ${line#rportctl } ;;
		*) bash -c "$line" ;;
		esac || fail "the advice does not work: $line"
	done < <(finding "$1" | jq -r '.remedy[]')
	checked
}

# the kernel sets routes of IPv6 addresses up in the background, a moment after there is a carrier
numbered() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1 --addresses fd00:7::a,fd00:7::b "$@"
	eventually has_route6 "$A" fd00:7::b
	eventually has_route6 "$B" fd00:7::a
}

# has_route6 NAMESPACE ADDRESS, as a condition
has_route6() {
	ip -n "$1" route get "$2"
}

test_well() {
	numbered
	succeeds rportctl check ab
	assert_match "$OUT" '*ab: well*' "of a good link"
	assert_match "$OUT" '*probe a->b ipv4: arrived*probe b->a ipv6: arrived*' "probes"
	checked
	assert_eq "$RC" 0 "exit status"
	assert_json "$OUT" '.[0].findings == [] and (.[0].probes | length == 4 and all(.arrived and .microseconds >= 0))'
	# without names: all links
	succeeds rportctl pair "$A" "$B" --name cd --addresses 192.168.8.0,192.168.8.1
	run rportctl -j check
	assert_json "$OUT" 'map(.name) == ["ab", "cd"]'
	refused 3 '*nolink*' rportctl check nolink
}

test_unprivileged() {
	numbered
	succeeds as_nobody check ab
	assert_match "$ERR" '*no probe*root*' "what nobody is told"
	assert_no_match "$OUT" '*probe*' "probes of nobody"
	succeeds as_nobody -j check ab --no-probe
	assert_json "$OUT" '.[0].probes == []'
	in_ns "$A" sysctl -qw net.ipv4.conf.all.rp_filter=0
	ip -n "$B" addr del 192.168.7.1/32 dev rport0 2>/dev/null || ip -n "$B" addr flush dev rport0
	run as_nobody check ab
	assert_eq "$RC" 2 "exit status for nobody of a link that is not well"
}

test_pending_and_down() {
	numbered
	succeeds rportctl down "$A/rport0"
	ping_fails "$B" 192.168.7.0
	finds down error "*$A/rport0 is down*"
	assert_json "$OUT" '.[0].probes | any(.arrived | not)'
	mend down
	ping_ok "$B" 192.168.7.0
	ip netns del "$B"
	B=
	eventually -t 5000 link_pending
	finds pending error '*pending*'
}

link_pending() {
	rportctl -j show ab | jq -e '.state == "pending"'
}

test_forwarding_off() {
	numbered --a-route 10.77.0.0/16
	ns_add C
	ip -n "$B" link add to-c type veth peer name to-b netns "$C"
	ip -n "$B" addr add 10.77.0.1/24 dev to-c
	ip -n "$C" addr add 10.77.0.2/24 dev to-b
	ip -n "$B" link set to-c up
	ip -n "$C" link set to-b up
	ip -n "$C" route add default via 10.77.0.1
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=0
	ping_fails "$A" 10.77.0.2
	finds forwarding-off error "*$B/rport0 does not forward*"
	mend forwarding-off
	ping_ok "$A" 10.77.0.2
	checked
	# the way out has a smaller MTU: a hint, which is no failure
	assert_eq "$(finding mtu-onward | jq -r .severity)" hint "of the MTU"
	assert_eq "$RC" 0 "exit status with hints only"
	succeeds rportctl set ab mtu 1500
	checked
	assert_eq "$(finding mtu-onward)" '' "after what check advised"
}

test_forwarding_off_ipv6() {
	numbered --a-route 2001:db8:77::/48
	ns_add C
	ip -n "$B" link add to-c type veth peer name to-b netns "$C"
	ip -n "$B" addr add 2001:db8:77::1/64 dev to-c nodad
	ip -n "$C" addr add 2001:db8:77::2/64 dev to-b nodad
	ip -n "$B" link set to-c up
	ip -n "$C" link set to-b up
	ip -n "$C" route add default via 2001:db8:77::1
	in_ns "$B" sysctl -qw net.ipv6.conf.all.forwarding=0
	ping_fails "$A" 2001:db8:77::2
	finds forwarding-off error "*$B/rport0 does not forward*"
	mend forwarding-off
	ping_ok "$A" 2001:db8:77::2
}

# other_interface NAMESPACE: one that leads nowhere
other_interface() {
	ip -n "$1" link add other type veth peer name nowhere
	ip -n "$1" link set other up
	ip -n "$1" link set nowhere up
}

# an unnumbered port whose peer knows its address by another way
test_strict_rp_filter() {
	numbered
	ip -n "$A" addr add 10.5.0.1/32 dev lo
	ip -n "$A" route change 192.168.7.1/32 dev rport0 src 10.5.0.1 2>/dev/null ||
		ip -n "$A" route replace 192.168.7.1/32 dev rport0 src 10.5.0.1 metric 0
	other_interface "$B"
	ip -n "$B" route add 10.5.0.1/32 dev other
	in_ns "$B" sysctl -qw net.ipv4.conf.all.rp_filter=1
	ping_fails "$A" 192.168.7.1
	finds strict-rp-filter error '*10.5.0.1*rp_filter*other*'
	mend strict-rp-filter
	# what is left is that the answers do not come back
	assert_match "$(finding asymmetric)" '*10.5.0.1*other*' "after that"
	ip -n "$B" route del 10.5.0.1/32 dev other
	finds no-route-back error '*no route back to 10.5.0.1*'
	mend no-route-back
	ping_ok "$A" 192.168.7.1
}

test_no_route() {
	start_rportd
	ns_add A B
	# different networks at the ends
	succeeds rportctl pair "$A" "$B" --name ab --a-address 10.1.0.1/32 --b-address 10.2.0.1/32
	ping_fails "$A" 10.2.0.1
	finds no-route error "*no route to 10.2.0.1 (an address of*"
	mend no-route
	ping_ok "$A" 10.2.0.1
}

test_same_domain_and_twin() {
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$A" --name ab --addresses 10.1.0.0,10.1.0.1
	assert_match "$ERR" '*with itself*' "what pair says"
	finds same-domain warning "*netns:$A with itself*"
	succeeds rportctl unpair ab
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.1.0.0,10.1.0.1
	succeeds rportctl pair "$B" "$A" --name other --addresses 10.2.0.0,10.2.0.1
	finds joined-twice warning '*other joins the same*'
	succeeds rportctl unpair other
	checked
	assert_eq "$RC" 0 "exit status afterwards"
}

test_routing_loop() {
	numbered --a-route 10.99.0.0/16 --b-route 10.99.0.0/16
	in_ns "$A" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	finds routing-loop error '*10.99.0.0/16 back*'
	ping_fails "$A" 10.99.0.1
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1 --addresses fd00:7::a,fd00:7::b \
		--a-route 10.99.0.0/16 --replace
	checked
	assert_eq "$(finding routing-loop)" '' "the loop, afterwards"
	# then there is no route at all
	assert_match "$(finding no-route-onward)" '*10.99.0.0/16*' "after the loop"
}

test_another_way() {
	numbered
	other_interface "$A"
	ip -n "$A" route flush 192.168.7.1/32
	ip -n "$A" route flush 192.168.7.0/31
	ip -n "$A" route add 192.168.7.1/32 dev other
	ping_fails "$A" 192.168.7.1
	finds another-way warning '*192.168.7.1*through other*'
}

test_lo_down() {
	numbered
	ip -n "$B" link set lo down
	run in_ns "$B" ping -n -q -c 1 -W 0.3 192.168.7.1
	[ "$RC" != 0 ] || fail "the address can be reached"
	checked
	assert_match "$(finding lo-down)" "*lo is down*$B/rport0*\"hint\"*" 'lo'
	mend lo-down
	succeeds in_ns "$B" ping -n -q -c 1 -W 3 192.168.7.1
}

test_mtus_and_drift() {
	numbered
	ip -n "$B" link set rport0 mtu 1500
	eventually_differs
	finds mtus-differ warning '*32768 at end a, 1500 at end b*'
	[ -n "$(finding drift)" ] || fail "check did not find the drift: $OUT"
	mend drift
	checked
	assert_eq "$RC" 0 "exit status afterwards"
}

eventually_differs() {
	eventually has_mtu_warning
}

has_mtu_warning() {
	rportctl -j show ab | jq -e '.warnings != [] and .b.drift != []'
}

test_drops() {
	numbered
	succeeds rportctl down "$B/rport0"
	ping_fails "$A" 192.168.7.1
	succeeds rportctl up "$B/rport0"
	checked
	assert_eq "$(finding drops | jq -r .severity)" hint "of drops"
	# since when, of which cause, and when the last one was
	assert_match "$(finding drops | jq -r .message)" \
		"of what was sent into netns:$A/rport0 since $(date -u +%Y)-*UTC, these were dropped: *" "since when"
	# a packet that is neither IPv4 nor IPv6 gets as far as rportd, which knows when that was
	in_ns "$A" "$TRAFFIC" frame rport0 88b5 ff00
	eventually drop_is_told
}

# drops_found: what check says of drops
drops_found() {
	checked >/dev/null
	finding drops | jq -r .message
}

drop_is_told() {
	[[ $(drops_found) == *'1 (neither IPv4 nor IPv6)'*'; the last one at '*' UTC' ]]
}

# an address of one end that the other namespace has, too, on whatever interface
test_duplicate_address() {
	refused_for_both
	ip -n "$B" addr add 192.168.7.0/32 dev lo
	ping_fails "$A" 192.168.7.1
	finds duplicate-address error '*both namespaces have the address 192.168.7.0:*'
	ip -n "$B" addr del 192.168.7.0/32 dev lo
	checked
	assert_eq "$RC" 0 "exit status without it"
	ping_ok "$A" 192.168.7.1
	# the other way round
	ip -n "$A" addr add 192.168.7.1/32 dev lo
	finds duplicate-address error '*both namespaces have the address 192.168.7.1:*'
	assert_eq "$(finding another-way)" '' "another name for it"
}

# two ends that are given one address
refused_for_both() {
	start_rportd
	ns_add A B
	refused 1 '*10.1.0.1 cannot be the address of both ends*' \
		rportctl pair "$A" "$B" --name ab --a-address 10.1.0.1/32 --b-address 10.1.0.1/32
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1
}

# A namespace whose both ends of a link are its own, and which forwards by policy: packets come in with an address of their own
# host as source, which the kernel takes for forged.
test_martian_source() {
	start_rportd
	ns_add A C
	succeeds rportctl pair "$A" "$A" --name ab --addresses 10.1.0.0,10.1.0.1 --a-route 10.9.0.0/24
	ip -n "$A" link add to-c type veth peer name to-a netns "$C"
	ip -n "$A" addr add 10.50.0.1/24 dev to-c
	ip -n "$A" link set to-c up
	ip -n "$A" rule add iif rport1 lookup 77
	ip -n "$A" route add 10.9.0.0/24 via 10.50.0.2 table 77
	ip -n "$C" addr add 10.50.0.2/24 dev to-a
	ip -n "$C" addr add 10.9.0.2/32 dev lo
	ip -n "$C" link set to-a up
	ip -n "$C" route add default via 10.50.0.1
	in_ns "$A" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.rport1.rp_filter=0
	ping_fails "$A" 10.9.0.2 -I 10.1.0.0
	finds martian-source error "*$A/rport1 drops packets from 10.1.0.0, which is an address of its own host*"
	mend martian-source
	ping_ok "$A" 10.9.0.2 -I 10.1.0.0
}

# A network behind B that only small packets reach, while nobody may say so: a stream stops, unless the MSS is clamped.
test_mtu_of_the_way_out() {
	numbered --a-route 10.77.0.0/16
	ns_add C D
	veth "$B" 10.77.1.1 "$C" 10.77.1.2 1400
	veth "$C" 10.77.2.1 "$D" 10.77.2.2 9000
	ip -n "$B" route add 10.77.0.0/16 via 10.77.1.2
	ip -n "$C" route add default via 10.77.1.1
	ip -n "$D" route add default via 10.77.2.1
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$C" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$A" nft 'add table ip t; add chain ip t in { type filter hook input priority 0; }
		add rule ip t in icmp type destination-unreachable drop'
	ping_ok "$A" 10.77.2.2
	! streams || fail "a stream passes, though its packets are too big"
	checked
	assert_eq "$RC" 0 "exit status: a hint is no fault"
	assert_match "$(finding mtu-onward | jq -r .message)" \
		'packets to 10.77.0.0/16 go on from *rport0 through *, whose MTU is 1400, not 32768: * MSS is clamped *' "the hint"
	# as it says
	in_ns "$B" nft 'add table inet f; add chain inet f forward { type filter hook forward priority 0; }
		add rule inet f forward tcp flags syn tcp option maxseg size set rt mtu'
	streams || fail "no stream passes with the MSS clamped"
	in_ns "$B" nft flush ruleset
	mend mtu-onward
	streams || fail "no stream passes with the MTU of the way out"
}

# veth NAMESPACE ADDRESS NAMESPACE ADDRESS MTU: of /24 networks
veth() {
	ip -n "$1" link add "to-$3" mtu "$5" type veth peer name "to-$1" mtu "$5" netns "$3"
	ip -n "$1" addr add "$2/24" dev "to-$3"
	ip -n "$3" addr add "$4/24" dev "to-$1"
	ip -n "$1" link set "to-$3" up
	ip -n "$3" link set "to-$1" up
}

# streams, as a condition: 200 kB of TCP from A reach D
streams() {
	local pid
	rm -f ready
	nsenter --net=/run/netns/"$D" "$TRAFFIC" tcp-listen --timeout 4000 --ready ready 10.77.2.2 5000 </dev/null >streamed 2>/dev/null &
	pid=$!
	eventually test -e ready
	"$TRAFFIC" pattern --bytes 200000 | in_ns "$A" "$TRAFFIC" tcp-send --timeout 4000 10.77.2.2 5000 >/dev/null 2>&1 || true
	wait "$pid" || true
	[ "$(wc -c <streamed)" = 200000 ]
}

test_fast_path_kept_off() {
	start_rportd --fast-path=default-on
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1 --mtu 1500
	eventually is_fast || skip cannot 'no fast path here'
	# probes do not count as captures, and take the fast path
	checked
	assert_eq "$RC" 0 "exit status"
	assert_json "$OUT" '.[0].probes | all(.arrived)'
	assert_json "$(rportctl -j show ab)" '.ways.aToB.fast and .ways.bToA.fast'
	tc -n "$A" qdisc replace dev rport0 root tbf rate 10mbit burst 32k latency 50ms
	eventually is_not_fast
	checked
	assert_match "$(finding no-fast-path)" '*does not take the fast path*' "with a shaper"
}

is_fast() {
	rportctl -j show ab | jq -e '.ways.aToB.fast and .ways.bToA.fast'
}

is_not_fast() {
	rportctl -j show ab | jq -e '.ways.aToB.fast | not'
}

# where a probe is lost
test_probe_lost() {
	numbered
	# at the ingress of the other end: traffic fails as well
	in_ns "$B" nft -f - <<-END
		table netdev t {
			chain c { type filter hook ingress device rport0 priority 0; drop; }
		}
	END
	ping_fails "$A" 192.168.7.1
	checked
	assert_eq "$RC" 2 "exit status"
	assert_json "$OUT" '.[0].probes | map(select(.from == "a")) | length == 2 and
		all((.arrived | not) and .sent and (.lost | contains("ingress")))'
	assert_json "$OUT" '.[0].probes | map(select(.from == "b")) | all(.arrived)'
	in_ns "$B" nft flush ruleset
	checked
	assert_json "$OUT" '.[0].probes | all(.arrived)'
	# at the egress of the first one
	in_ns "$A" nft -f - <<-END
		table netdev t {
			chain c { type filter hook egress device rport0 priority 0; drop; }
		}
	END
	checked
	assert_json "$OUT" '.[0].probes | map(select(.from == "a")) | all((.arrived | not) and (.lost | contains("egress")))'
	in_ns "$A" nft flush ruleset
	# its peer is down: the interface has no carrier
	ip -n "$B" link set rport0 down
	eventually no_carrier "$A" rport0
	checked
	assert_json "$OUT" '.[0].probes | any(.from == "a" and (.arrived | not) and (.lost | length > 0))'
}

# the probe has no consequences: nobody answers it
test_probe_is_quiet() {
	numbered
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	before=$(in_ns "$B" cat /proc/net/snmp | awk '/^Icmp:/ { print $15 }' | tail -1)
	checked
	assert_eq "$(in_ns "$B" cat /proc/net/snmp | awk '/^Icmp:/ { print $15 }' | tail -1)" "$before" "ICMP messages sent"
	assert_json "$OUT" '.[0].probes | all(.arrived)'
}

test_conntrack_zones() {
	start_rportd
	ns_add A
	in_ns "$A" nft -f - <<-'END' || skip cannot 'no connection tracking here'
		table inet t {
			chain c { type filter hook prerouting priority 0; ct state invalid counter; }
			chain o { type filter hook output priority 0; ct state invalid counter; }
		}
	END
	succeeds rportctl pair "$A" "$A" --name ab --addresses 10.1.0.0,10.1.0.1
	in_ns "$A" ping -n -q -c 1 127.0.0.1
	checked
	[ -n "$(finding conntrack-zones)" ] || skip cannot 'this kernel does not tell how many connections it tracks'
	assert_match "$(finding conntrack-zones)" '*one zone*"hint"*' "zones"
	mend_works conntrack-zones
}

# mend_works ID: what is advised can be done
mend_works() {
	local line
	while IFS= read -r line; do
		in_ns "$A" bash -c "$line" || fail "the advice does not work: $line"
	done < <(finding "$1" | jq -r '.remedy[]')
}

# a manager of interfaces in rportd's own namespace
test_managed() {
	local index
	start_rportd_with_empty_run
	in_run mkdir -p /run/netns
	succeeds rportctl pair default "pid:$RPORTD_PID" --name ab --addresses 10.1.0.0,10.1.0.1
	index=$(port ab a .index)
	# shellcheck disable=SC2016 # expanded there
	in_run sh -c 'mkdir -p /run/systemd/netif/links && echo "ADMIN_STATE=configured" >/run/systemd/netif/links/"$1"' - "$index"
	finds managed warning '*systemd-networkd manages*'
	# shellcheck disable=SC2016 # expanded there
	in_run sh -c 'echo "ADMIN_STATE=unmanaged" >/run/systemd/netif/links/"$1"' - "$index"
	checked
	assert_eq "$(finding managed)" '' "an interface that is not managed"
	# shellcheck disable=SC2016 # expanded there
	in_run sh -c 'mkdir -p /run/NetworkManager/devices && printf "[device]\nmanaged=true\n" >/run/NetworkManager/devices/"$1"' - "$index"
	finds managed warning '*NetworkManager manages*'
	# its administrator has given it to it
	# shellcheck disable=SC2016 # expanded there
	in_run sh -c 'mkdir -p /run/udev/data && echo "E:RPORT_MANAGED=1" >/run/udev/data/n"$1"' - "$index"
	run rportctl -j check ab
	assert_eq "$(finding managed)" '' "an interface that was given away"
}

test_no_uring() {
	DATAPATH=auto
	start_rportd --datapath epoll
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.1.0.0,10.1.0.1
	checked
	# it was chosen, not refused
	assert_eq "$(finding no-io-uring)" '' "epoll that was asked for"
}

test_uring_refused() {
	DATAPATH=auto
	printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "${TRAFFIC%/*}/without-uring" "$RPORTD" >"$TEST_TMP/rportd-without-uring"
	chmod +x "$TEST_TMP/rportd-without-uring"
	RPORTD=$TEST_TMP/rportd-without-uring
	numbered
	ping_ok "$A" 192.168.7.1
	checked
	assert_eq "$RC" 0 "exit status: a hint is no fault"
	assert_match "$(finding no-io-uring)" '*io_uring is refused (Operation not permitted)*"hint"*' "the hint"
	assert_match "$(finding no-io-uring | jq -r '.remedy[]')" '*kernel.io_uring_disabled=0*' "advice"
}

run_tests "$@"
