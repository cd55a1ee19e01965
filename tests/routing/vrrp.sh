#!/bin/bash
# SPDX-License-Identifier: ISC
#
# VRRP by keepalived between two routers that are joined by a link: its end is seen at both sides at once, since an interface whose
# peer is down has no carrier. So keepalived, which does not take over on an interface that is itself at fault, must be told not
# to watch it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/daemons.sh"

ADDRESS=10.9.9.9

# start_in NAMESPACE PRIORITY SETTING...
start_in() {
	cat >"$1.conf" <<-END
		global_defs { vrrp_version 3; }
		vrrp_instance V {
			interface rport0
			virtual_router_id 7
			priority $2
			advert_int 0.1
			$3
			virtual_ipaddress { $ADDRESS/32 dev lo }
		}
	END
	nsenter --net=/run/netns/"$1" keepalived -n -l -P -f "$TEST_TMP/$1.conf" -p "$TEST_TMP/$1.pid" -r "$TEST_TMP/$1.vrrp" \
		>"$1.keepalived.log" 2>&1 </dev/null &
	echo $! >>"$1.pids"
}

# has_address NAMESPACE, as a condition
has_address() {
	ip -n "$1" -j address show dev lo | jq -e --arg a "$ADDRESS" 'any(.[].addr_info[]; .local == $a)' >/dev/null
}

one_master() {
	has_address "$A" && ! has_address "$B"
}

taken_over() {
	has_address "$B"
}

start_both() {
	start_kept_rportd --delay 1
	ns_add A B
	pair_numbered
	start_in "$A" 200 "$1"
	start_in "$B" 100 "$1"
	takes "keepalived $(keepalived --version 2>&1 | sed -nE '1s/.* v([0-9.]+).*/\1/p'), VRRP: one master" one_master
	sleep 1
	one_master || fail 'both are masters'
}

test_failover() {
	start_both 'dont_track_primary'
	for how in restart_rportd kill_rportd; do
		"$how"
		sleep 1
		one_master || fail "another master after $how"
	done
	succeeds rportctl down "netns:$A/rport0"
	takes 'the other takes over, with dont_track_primary' taken_over
	succeeds rportctl up "netns:$A/rport0"
	takes 'the first is master again' one_master
	end_daemons "$A"
	ip -n "$A" address flush dev lo
	takes 'the other takes over when keepalived is killed' taken_over
}

# not_by_itself WHERE: what says that nobody takes over, though the master is gone
not_by_itself() {
	eventually no_carrier "$B" rport0
	eventually grep -q 'FAULT' "$B.keepalived.log"
	sleep 1
	! taken_over || fail "it is taken over on $1 after all: docs/routing.md says otherwise"
	measured "on $1 nobody takes over without dont_track_primary: the other interface has no carrier either"
}

# whose fault it is that nobody takes over: both interfaces are without a carrier, and keepalived is in the state FAULT on both sides
test_without_it() {
	start_both ''
	succeeds rportctl down "netns:$A/rport0"
	not_by_itself 'a link'
	# nor is there another way: that of FRR's vrrpd needs a MAC address
	! ip -n "$A" link add link rport0 name vrrp type macvlan 2>/dev/null || fail 'a port can have macvlan interfaces'
}

test_without_it_on_veth() {
	ns_add A B
	veth_pair
	ip -n "$A" address add 192.168.0.0/31 dev rport0
	ip -n "$B" address add 192.168.0.1/31 dev rport0
	start_in "$A" 200 ''
	start_in "$B" 100 ''
	poll "$COME_UP_MS" one_master || fail 'no master'
	ip -n "$A" link set rport0 down
	not_by_itself 'a veth pair'
}

run_tests "$@"
