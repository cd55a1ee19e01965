#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain pending fast quiet
# What is sent to a port that is down, removed or has no peer is purged and counted, never delivered later; the other end
# has no carrier meanwhile, and at once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"

# the other end must know within so many ms: of an optimized rportd on a machine that is not emulated
CARRIER_MS=${CARRIER_MS:-100}
if grep -qa __asan_init "$RPORTD"; then
	CARRIER_MS=$((CARRIER_MS * 10))
fi

# how soon the carrier follows is the same with the fast path
SHUTTLE_ONLY='carrier_rportctl carrier_ip carrier_unparent carrier_destroy carrier_removal carrier_netns_del'

# refused_at_b: what the fast path brought to B's port, though that was down: until rportd knows, the kernel counts at the receiver
refused_at_b() {
	local n=
	[ -z "${FAST_PATH:-}" ] || n=$(ip -n "$B" -s -j link show dev rport0 2>/dev/null | jq '.[0].stats64.rx.dropped')
	echo "${n:-0}"
}

# purged: what was sent into A's port and counted as gone astray for want of a peer
purged() {
	echo $(($(of_port "netns:$A/rport0" '.statistics | .drops.peerDown + .interfaceDropped') + $(refused_at_b)))
}

purged_at_least() {
	[ "$(purged)" -ge "$1" ]
}

crossed() {
	echo $(($(of_port "netns:$A/rport0" .statistics.packets) - $(refused_at_b)))
}

# --- how B's port goes, and comes back -------------------------------------------------------------------------------

go_by_rportctl() { succeeds rportctl down "netns:$B/rport0"; }
return_by_rportctl() { succeeds rportctl up "netns:$B/rport0"; }

go_by_ip() { ip -n "$B" link set rport0 down; }
return_by_ip() { ip -n "$B" link set rport0 up; }

go_by_unparent() { succeeds rportctl unparent "netns:$B/rport0"; }
return_by_unparent() { succeeds rportctl parent "netns:$A/rport0" "netns:$B/rport0"; }

go_by_destroy() { succeeds rportctl destroy "netns:$B/rport0"; }
return_by_destroy() {
	make_another
	return_by_unparent
}
make_another() {
	succeeds rportctl create rport0 in "$B"
	succeeds rportctl up "netns:$B/rport0"
	ip -n "$B" addr add 192.168.0.1 peer 192.168.0.0 dev rport0
	ip -n "$B" addr add fd00:ab::b peer fd00:ab::a dev rport0 nodad
}

# by itself it would be there again at once
go_by_removal() {
	displace_port "$B" rport0
	eventually port_has "netns:$B/rport0" .state pending
}
return_by_removal() { ip -n "$B" link del rport0; }

# --- nothing is delivered late ---------------------------------------------------------------------------------------

# nothing_old HOW: what is sent for a second while B's port is away neither crosses nor arrives when it is back
nothing_old() {
	local before crossed_before now listeners family
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	before=$(purged)
	crossed_before=$(crossed)
	# sent at once, without a look at A's port: that would make the kernel hurry with what it knows of the carrier
	"go_$1"
	succeeds traffic "$A" udp-send --count 1000 --rate 1000 192.168.0.1 5000
	assert_match "$OUT" 'sent=1000 errors=0 *' "sender"
	succeeds traffic "$A" udp-send --count 100 fd00:ab::b 5001
	assert_eq "$(crossed)" "$crossed_before" "packets that crossed"
	eventually no_carrier "$A" rport0
	# what is sent from now on must arrive, and nothing before it: there is only one way, and it keeps the order
	listener "$B" out.4 udp-listen --count 1000 --idle 200 --timeout 9000 0.0.0.0 5000
	listeners=$SPAWN_PID
	listener "$B" out.6 udp-listen --count 1000 --idle 200 --timeout 9000 :: 5001
	listeners+=" $SPAWN_PID"
	"return_$1"
	eventually both_carry
	[ -z "${FAST_PATH:-}" ] || eventually all_fast # or one datagram may overtake another
	succeeds traffic "$A" udp-send --count 5 192.168.0.1 5000
	succeeds traffic "$A" udp-send --count 5 fd00:ab::b 5001
	# shellcheck disable=SC2086 # two
	wait $listeners || true
	for family in 4 6; do
		assert_eq "$(<"out.$family")" 'received=5 lost=995 reordered=0 duplicated=0 corrupt=0 bytes=320' "IPv$family that arrived"
	done
	if counts_without_carrier; then
		eventually purged_at_least $((before + 1100))
		now=$(purged)
		[ "$now" -le $((before + 1120)) ] || fail "of 1100 packets $((now - before)) were counted" # IPv6 says a little, too
	fi
	ping_ok "$A" 192.168.0.1
	ping_ok "$B" 192.168.0.0
	ping_ok "$A" fd00:ab::b
}

test_nothing_old_after_rportctl_down() { nothing_old by_rportctl; }
test_nothing_old_after_ip_down() { nothing_old by_ip; }
test_nothing_old_after_unparent() { nothing_old by_unparent; }
test_nothing_old_after_destroy() { nothing_old by_destroy; }
test_nothing_old_after_removal() { nothing_old by_removal; }

# all_fast, as a condition
all_fast() {
	rportctl -j show | jq -e 'all(.[]; .ways.aToB.fast and .ways.bToA.fast)'
}

# away_amid_traffic HOW: a stream, during the middle part of which B's port is away: that part is lost, and accounted for
away_amid_traffic() {
	local before received purged listener_pid
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	before=$(purged)
	listener "$B" out udp-listen --count 1600 --idle 600 --timeout 9000 0.0.0.0 5000
	listener_pid=$SPAWN_PID
	spawn "$A" sent "$TRAFFIC" udp-send --count 1600 --rate 2000 --ignore-errors 192.168.0.1 5000
	sleep 0.2
	"go_$1"
	sleep 0.3
	"return_$1"
	wait "$SPAWN_PID" || fail "sender: $(<sent)"
	wait "$listener_pid" || true
	assert_match "$(<sent)" 'sent=1600 errors=0 *' "sender"
	received=$(value out received)
	# where the fast path begins a few may overtake others
	assert_match "$(<out)" "* reordered=$([ -n "${FAST_PATH:-}" ] && echo '[0-9]' || echo 0) duplicated=0 corrupt=0 *" "receiver"
	[ "$received" -ge 200 ] || fail "only $received of 1600 arrived"
	[ "$received" -le 1100 ] || fail "$received of 1600 arrived, though the port was away for 600 of them"
	if counts_without_carrier; then
		# a few may be on their way in B as it goes
		eventually purged_at_least $((before + 1600 - received - 20))
		purged=$(($(purged) - before))
		[ $((received + purged)) -le 1620 ] || fail "$received arrived and $purged were purged, of 1600"
	fi
	ping_ok "$A" 192.168.0.1
}

test_away_amid_traffic_rportctl() { away_amid_traffic by_rportctl; }
test_away_amid_traffic_ip() { away_amid_traffic by_ip; }
test_away_amid_traffic_unparent() { away_amid_traffic by_unparent; }

# a port that never had a peer
test_never_a_peer() {
	start_rportd
	ns_add A B
	succeeds rportctl create in "$A"
	ip -n "$A" addr add 192.168.0.0 peer 192.168.0.1 dev rport0
	succeeds rportctl up rport0
	no_carrier "$A" rport0
	succeeds traffic "$A" udp-send --count 500 192.168.0.1 5000
	if counts_without_carrier; then
		eventually purged_at_least 500
	fi
	assert_eq "$(crossed)" 0 "packets that crossed"
	listener "$B" out udp-listen --count 1000 --idle 300 --timeout 9000 0.0.0.0 5000
	return_by_destroy
	eventually both_carry
	succeeds traffic "$A" udp-send --count 5 192.168.0.1 5000
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=5 lost=995 reordered=0 duplicated=0 *' "what arrived"
}

# down from the beginning, on both sides: the first parent and the first up deliver nothing old either
test_down_from_the_beginning() {
	start_rportd
	ns_add A B
	succeeds rportctl create in "$A"
	succeeds rportctl create in "$B"
	ip -n "$A" addr add 192.168.0.0 peer 192.168.0.1 dev rport0
	ip -n "$B" addr add 192.168.0.1 peer 192.168.0.0 dev rport0
	return_by_unparent
	succeeds rportctl up "netns:$A/rport0"
	no_carrier "$A" rport0
	succeeds traffic "$A" udp-send --count 500 192.168.0.1 5000
	listener "$B" out udp-listen --count 1000 --idle 300 --timeout 9000 0.0.0.0 5000
	return_by_rportctl
	eventually both_carry
	succeeds traffic "$A" udp-send --count 5 192.168.0.1 5000
	wait "$SPAWN_PID" || true
	assert_match "$(<out)" 'received=5 lost=995 reordered=0 duplicated=0 *' "what arrived"
}

# --- a port that is down refuses output ------------------------------------------------------------------------------

# refuses_output: to whom sends by A's port, by whatever way
refuses_output() {
	local before
	before=$(of_port "netns:$A/rport0" '.statistics | del(.interfaceDropped)')
	run traffic "$A" udp-send --count 3 192.168.0.1 5000
	assert_match "$OUT" 'sent=3 errors=3 error=ENET@(DOWN|UNREACH) *' "IPv4"
	run traffic "$A" udp-send --count 3 fd00:ab::b 5000
	assert_match "$OUT" 'sent=3 errors=3 error=ENET@(DOWN|UNREACH) *' "IPv6"
	run in_ns "$A" ping -n -c 1 -W 1 192.168.0.1
	[ "$RC" != 0 ] || fail "a ping by a port that is down"
	assert_match "$OUT$ERR" '*Network is @(down|unreachable)*' ping
	# without a route in between it is rport(4)'s very errno
	run traffic "$A" frame rport0 0800 45
	[ "$RC" != 0 ] || fail "a frame by a port that is down: $OUT"
	assert_match "$OUT$ERR" '*@(ENETDOWN|Network is down)*' "packet socket"
	assert_eq "$(of_port "netns:$A/rport0" '.statistics | del(.interfaceDropped)')" "$before" "what was counted"
}

test_output_while_down() {
	start_rportd
	ns_add A B
	pair_numbered
	ping_ok "$A" 192.168.0.1
	succeeds rportctl down "netns:$A/rport0"
	refuses_output
	succeeds rportctl up "netns:$A/rport0"
	eventually both_carry
	ping_ok "$A" 192.168.0.1
	ip -n "$A" link set rport0 down
	eventually no_carrier "$B" rport0
	refuses_output
	# and with the peer down as well
	ip -n "$B" link set rport0 down
	eventually port_has "netns:$B/rport0" .state down
	refuses_output
	succeeds rportctl unparent "netns:$A/rport0"
	refuses_output
}

# --- carrier ---------------------------------------------------------------------------------------------------------

now_us() {
	echo "${EPOCHREALTIME/./}"
}

# carrier_told WHAT FROM: has the kernel told so of A's port, to whom listens as a routing daemon does, after that byte?
carrier_told() {
	local told
	told=$(tail -c "+$(($2 + 1))" monitor.out)
	case $1 in
	off) [[ $told == *NO-CARRIER* ]] ;;
	on) [[ $told == *LOWER_UP* ]] ;;
	esac
}

monitor_links() {
	spawn "$A" monitor.out stdbuf -oL ip monitor link dev rport0
	MONITOR_PID=$SPAWN_PID
	sleep 0.2
}

# takes_ms WHAT COMMAND...: how long until A's carrier is off or on, and all have been told; in TOOK
takes_ms() {
	local what=$1 size started
	shift
	size=$(stat -c %s monitor.out)
	started=$(now_us)
	"$@"
	while ! carrier_told "$what" "$size"; do
		[ $(($(now_us) - started)) -lt 3000000 ] || fail "nobody was told that the carrier is $what after '$*'"
	done
	TOOK=$((($(now_us) - started) / 1000))
	if [ "$what" = on ]; then
		has_carrier "$A" rport0
	else
		assert_match "$(ip -n "$A" link show dev rport0)" '*NO-CARRIER*' "A's port after '$*'"
	fi
}

# soon_enough WHAT TIMES...: the median of them: the best may be luck, as the kernel holds back only what follows another
# change within a second, and in the worst others may have had the processor
soon_enough() {
	local median
	median=$(printf '%s\n' "${@:2}" | sort -n | sed -n "$(($# / 2))p")
	echo "$1: ${*:2} ms"
	[ "$median" -le "$(limit "$CARRIER_MS")" ] || fail "$1: the median of ${*:2} ms is more than $CARRIER_MS"
}

# carrier_follows HOW [PREPARE RETURN]: PREPARE is what a return needs, and no part of what is timed
carrier_follows() {
	local prepare=${2:-true} return=${3:-return_$1} off=() on=() _
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	monitor_links
	for _ in 1 2 3 4 5; do
		takes_ms off "go_$1"
		off+=("$TOOK")
		"$prepare"
		takes_ms on "$return"
		on+=("$TOOK")
	done
	kill "$MONITOR_PID"
	soon_enough "$1, carrier off" "${off[@]}"
	soon_enough "$1, carrier on" "${on[@]}"
	ping_ok "$A" 192.168.0.1
}

test_carrier_rportctl() { carrier_follows by_rportctl; }
test_carrier_ip() { carrier_follows by_ip; }
test_carrier_unparent() { carrier_follows by_unparent; }
test_carrier_destroy() { carrier_follows by_destroy make_another return_by_unparent; }

# it is there again by itself: who listens is told of both, in that order
test_carrier_removal() {
	local took=() _
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	monitor_links
	for _ in 1 2 3 4 5; do
		lost_and_back
		took+=("$TOOK")
		eventually both_carry
	done
	kill "$MONITOR_PID"
	soon_enough "removal, carrier off and on again" "${took[@]}"
	ping_ok "$A" 192.168.0.1
}

# lost_and_back: remove B's interface; in TOOK how long until A's carrier was off, and on again, and all have been told
lost_and_back() {
	local size started
	size=$(stat -c %s monitor.out)
	started=$(now_us)
	ip -n "$B" link del rport0
	until [[ $(tail -c "+$((size + 1))" monitor.out) == *NO-CARRIER*LOWER_UP* ]]; do
		[ $(($(now_us) - started)) -lt 3000000 ] || fail "nobody was told that the carrier went and came"
	done
	TOOK=$((($(now_us) - started) / 1000))
}

test_carrier_netns_del() {
	local off=() _
	start_rportd
	ns_add A B
	pair_numbered
	for _ in 1 2 3; do
		eventually both_carry
		monitor_links
		takes_ms off ip netns del "$B"
		off+=("$TOOK")
		kill "$MONITOR_PID"
		ns_create "$B"
	done
	soon_enough "netns del, carrier off" "${off[@]}"
}

# both are down; each comes up by itself
test_carrier_of_both() {
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	succeeds rportctl down "netns:$A/rport0"
	succeeds rportctl down "netns:$B/rport0"
	succeeds rportctl up "netns:$A/rport0"
	eventually -t 1000 no_carrier "$A" rport0
	assert_json "$(rportctl -j show ab)" '.state == "degraded" and .a.state == "up" and (.a.carrier | not) and .b.state == "down"'
	assert_match "$(rportctl show ab)" '*up, NO-CARRIER*down, *' show
	succeeds rportctl up "netns:$B/rport0"
	eventually -t 1000 both_carry
	assert_json "$(rportctl -j show ab)" '.state == "up" and .a.carrier and .b.carrier'
	ping_ok "$B" 192.168.0.0
}

# --- what it had comes back ------------------------------------------------------------------------------------------

configured() {
	local ns
	for ns in "$A" "$B"; do
		ip -n "$ns" -br addr show dev rport0 | awk '{ $2 = ""; print }' # without UP or UNKNOWN
		ip -n "$ns" route show proto 114
		ip -n "$ns" -6 route show proto 114
		ip -n "$ns" -6 route show dev rport0 | grep -v '^fe80\|proto 114' | sort
	done
}

# configured_is TEXT: as a condition
configured_is() {
	[ "$(configured)" = "$1" ]
}

# everything_back TEXT
everything_back() {
	eventually -t 2000 both_carry
	within 3000 configured_is "$1" || fail "it is not as it was:
$(diff <(echo "$1") <(configured) || true)"
	pings "$A" 192.168.0.1
	pings "$A" fd00:ab::b
	pings "$B" fd00:ab::a
	pings "$A" "$(of_port "netns:$B/rport0" .linkLocal)%rport0"
	pings "$B" "$(of_port "netns:$A/rport0" .linkLocal)%rport0"
	pings "$A" 10.60.0.1
	pings "$A" 2001:db8:60::1
}

# pings NAMESPACE ADDRESS: once, and soon
pings() {
	succeeds in_ns "$1" ping -n -q -c 1 -W 2 "$2"
}

pair_with_routes() {
	pair_numbered --a-route 10.60.0.0/16 --a-route 2001:db8:60::/48 --b-address fd03::3/64 --a-address fd03::2/64
	ip -n "$B" addr add 10.60.0.1/32 dev lo
	ip -n "$B" addr add 2001:db8:60::1/128 dev lo
}

test_all_comes_back() {
	local before how
	start_rportd
	ns_add A B
	pair_with_routes
	eventually both_carry
	everything_back "$(configured)"
	before=$(configured)
	assert_match "$before" '*fd00:ab::a*fe80::*10.60.0.0/16*2001:db8:60::/48*' "what is configured"
	for how in 'rportctl ip' 'ip rportctl' 'rportctl rportctl' 'ip ip'; do
		port_by "${how% *}" "$A" down
		port_by "${how#* }" "$A" up
		everything_back "$before"
		port_by "${how% *}" "$B" down
		port_by "${how% *}" "$A" down
		port_by "${how#* }" "$A" up
		port_by "${how#* }" "$B" up
		everything_back "$before"
	done
}

# port_by WHAT NAMESPACE up|down
port_by() {
	case $1 in
	rportctl) succeeds rportctl "$3" "netns:$2/rport0" ;;
	ip) ip -n "$2" link set rport0 "$3" ;;
	esac
}

# --- flapping --------------------------------------------------------------------------------------------------------

# flap_under_traffic NAMESPACE TIMES: in turn by rportctl and by ip, with traffic both ways
flap_under_traffic() {
	local before fds i how sent
	start_rportd
	ns_add A B
	pair_with_routes
	eventually both_carry
	before=$(configured)
	fds=$(rportd_fds)
	spawn "$A" sent.a "$TRAFFIC" udp-send --count 1000000 --rate 5000 --size 300 --timeout 30000 --ignore-errors 192.168.0.1 5000
	sent=$SPAWN_PID
	spawn "$B" sent.b "$TRAFFIC" udp-send --count 1000000 --rate 5000 --size 300 --timeout 30000 --ignore-errors fd00:ab::a 5000
	for ((i = 0; i < $2; i++)); do
		[ $((i % 2)) = 0 ] && how=rportctl || how=ip
		port_by "$how" "${!1}" down
		[ $((i % 5)) != 0 ] || sleep 0.02
		[ $((i % 3)) = 0 ] && how=rportctl || how=ip
		port_by "$how" "${!1}" up
		[ $((i % 7)) != 0 ] || sleep 0.02
	done
	everything_back "$before"
	kill "$sent" "$SPAWN_PID"
	wait "$sent" "$SPAWN_PID" || true
	assert_json "$(rportctl -j show ab)" '.state == "up" and .a.carrier and .b.carrier and .a.state == "up" and .b.state == "up"'
	assert_json "$(rportctl -j ports)" 'length == 2'
	eventually fds_at_most "$fds"
	eventually rportd_idle
	# it still purges and still shows it
	go_by_ip
	eventually -t 2000 no_carrier "$A" rport0
	return_by_ip
	everything_back "$before"
}

test_flapping_receiver() { flap_under_traffic B 50; }
test_flapping_sender() { flap_under_traffic A 25; }

# every datagram of a bounded stream is either received or counted, however often the peer flapped
test_flapping_accounts() {
	local before received listener_pid
	start_rportd
	ns_add A B
	pair_numbered
	eventually both_carry
	before=$(purged)
	listener "$B" out udp-listen --count 3000 --idle 500 --timeout 20000 0.0.0.0 5000
	listener_pid=$SPAWN_PID
	spawn "$A" sent "$TRAFFIC" udp-send --count 3000 --rate 4000 --ignore-errors 192.168.0.1 5000
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		go_by_ip
		sleep 0.03
		return_by_ip
		sleep 0.03
	done
	wait "$SPAWN_PID" || fail "sender: $(<sent)"
	wait "$listener_pid" || true
	assert_match "$(<sent)" 'sent=3000 errors=0 *' "sender"
	assert_match "$(<out)" '* duplicated=0 corrupt=0 *' "receiver"
	# each time A's carrier returns, its kernel puts the port's queue in place anew: one packet may overtake another there
	# where the fast path begins, too, a handful may overtake what the device still has
	[ "$(value out reordered)" -le "$([ -n "${FAST_PATH:-}" ] && echo 80 || echo 10)" ] || fail "out of order more often than the carrier changed: $(<out)"
	received=$(value out received)
	if counts_without_carrier; then
		within 1000 purged_at_least $((before + 3000 - received - 50)) ||
			fail "of 3000 packets $received were received and $(($(purged) - before)) purged"
	fi
}

run_tests "$@"
