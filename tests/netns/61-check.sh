#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
#
# rportctl check: links, their ports and the data path, and its probes.

. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "${BASH_SOURCE[0]%/*}/../check.sh"

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

test_fast_path_kept_off() {
	start_rportd --fast-path=default-on
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.7.0,192.168.7.1 --mtu 1500
	eventually is_fast ab || skip cannot 'no fast path here'
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
	mend_in "$A" conntrack-zones
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
