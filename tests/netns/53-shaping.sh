#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain quiet
# What rport(7) says of shaping and policing at ports, and of flowtables over them. That a rate holds is told by the least time that
# a transfer takes, and by what the kernel has held back or dropped: a busy machine may be slower yet. tests/vm runs this on kernels
# that have more disciplines than this one may.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fast.sh"

RATE=4mbit       # 500 kB/s, which an emulated machine can do, too
TRANSFER=1500000 # takes three seconds
LEAST=1500       # ms, less what a burst lets pass at once
MOST=20000       # ms

# needs WORDS...: a queueing discipline or an action, tried in a namespace that nobody uses
needs() {
	ns_add D
	ip -n "$D" tuntap add dev t0 mode tun
	tc -n "$D" qdisc add dev t0 clsact
	tc -n "$D" "$@" 2>/dev/null || skip cannot "this kernel cannot do: tc $*"
	ip netns del "$D"
}

# takes_its_time FROM TO ADDRESS SEED: a transfer is as slow as RATE, and arrives
takes_its_time() {
	local before
	before=$(now_ms)
	tcp_transfer "$1" "$2" "$3" "$TRANSFER" "$4"
	[ $(($(now_ms) - before)) -ge "$LEAST" ] || fail "$TRANSFER bytes took $(($(now_ms) - before)) ms only"
	took_at_most "$MOST" "$before" || fail "$TRANSFER bytes took $(($(now_ms) - before)) ms"
}

# shape NAMESPACE: what leaves by its port
shape() {
	succeeds tc -n "$1" qdisc add dev rport0 root handle 1: htb default 1
	succeeds tc -n "$1" class add dev rport0 parent 1: classid 1:1 htb rate "$RATE"
}

# held_back NAMESPACE: what leaves by its port had to wait
held_back() {
	succeeds tc -n "$1" -s -j qdisc show dev rport0
	assert_json "$OUT" 'map(select(.kind == "htb"))[0].overlimits > 0' 'what htb has done'
}

test_htb() {
	needs qdisc add dev t0 root htb
	start_rportd
	ns_add A B
	pair_numbered
	shape "$A"
	takes_its_time "$A" "$B" 192.168.0.1 1
	takes_its_time "$A" "$B" fd00:ab::b 2
	held_back "$A"
}

test_htb_turns_the_fast_path_off() {
	needs qdisc add dev t0 root htb
	start_rportd
	pair_fast
	shape "$A"
	eventually fast_is false true
	reason_is aToB 'a has a queueing discipline' || fail "the reason: $(rportctl show ab)"
	takes_its_time "$A" "$B" 192.168.0.1 1
	held_back "$A"
	succeeds tc -n "$A" qdisc del dev rport0 root
	eventually fast_is true true
}

# below a shaper; by itself it has nothing to queue at a port
test_fq_codel() {
	needs qdisc add dev t0 root fq_codel
	start_rportd
	ns_add A B
	pair_numbered
	shape "$A"
	succeeds tc -n "$A" qdisc add dev rport0 parent 1:1 fq_codel
	takes_its_time "$A" "$B" 192.168.0.1 1
	held_back "$A"
	assert_json "$OUT" "map(select(.kind == \"fq_codel\"))[0].bytes > $TRANSFER" 'what fq_codel has passed on'
}

# police [WORD...]: what comes in by the port of B
police() {
	tc -n "$B" filter del dev rport0 ingress 2>/dev/null || true
	succeeds tc -n "$B" filter add dev rport0 ingress matchall action police rate "$RATE" "$@" conform-exceed drop
}

# has_policed: some of it was too much
has_policed() {
	succeeds tc -n "$B" -s -j filter show dev rport0 ingress
	assert_json "$OUT" '[.[].options?.actions[]?.stats.drops] | add > 0' 'what the policer has dropped'
}

test_police() {
	needs filter add dev t0 ingress matchall action police rate 1mbit burst 100k
	start_rportd
	ns_add A B
	pair_numbered
	succeeds tc -n "$B" qdisc add dev rport0 clsact
	# without mtu whatever is longer than 2040 bytes is dropped
	police burst 256k
	ping_ok "$A" 192.168.0.1 -s 2000
	ping_fails "$A" 192.168.0.1 -s 2020
	ping_fails "$A" 192.168.0.1 -s 20000
	# and with a smaller burst, what is longer than that
	police burst 10k mtu 65535
	ping_ok "$A" 192.168.0.1
	ping_fails "$A" 192.168.0.1 -s 20000
	police burst 256k mtu 65535
	ping_ok "$A" 192.168.0.1 -s 20000
	takes_its_time "$A" "$B" 192.168.0.1 1
	has_policed
}

# what the kernel moves by itself has come in by the port, too
test_police_on_the_fast_path() {
	needs filter add dev t0 ingress matchall action police rate 1mbit burst 100k
	start_rportd
	pair_fast
	police burst 256k mtu 65535
	takes_its_time "$A" "$B" 192.168.0.1 1
	has_policed
	fast_is true true || fail "a policer turns it off: $(rportctl show ab)"
}

# it counts bytes, and passes on at once what it did not for a second
test_nft_limit() {
	start_rportd
	ns_add A B
	in_ns "$B" nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }
		add rule inet t in iifname rport0 limit rate over 500 kbytes/second counter drop' || skip cannot 'no nftables here'
	pair_numbered
	takes_its_time "$A" "$B" 192.168.0.1 1
	ping_ok "$A" 192.168.0.1 -s 20000
	[ "$(counted "$B" in)" -gt 0 ] || fail 'nothing was dropped'
}

# counted NAMESPACE CHAIN: packets, by the counter of its first rule that has one
counted() {
	in_ns "$1" nft -j list chain inet t "$2" | jq '[.nftables[].rule? | values | .expr[].counter? | values | .packets] | first'
}

# router [OPTION...]: A and B behind C, which forwards, by ports a and b
router() {
	ns_add A B C
	in_ns "$C" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$C" nft 'add table inet t; add chain inet t f { type filter hook forward priority 0; }
		add rule inet t f meta l4proto tcp counter' || skip cannot 'no nftables here'
	start_rportd
	succeeds rportctl pair "$A" "$C" --name a --b-name a --addresses 10.1.0.2,10.1.0.1 --a-route default "$@"
	succeeds rportctl pair "$B" "$C" --name b --b-name b --addresses 10.2.0.2,10.2.0.1 --a-route default "$@"
}

# flowtable: connections that C has seen take a short cut there
flowtable() {
	in_ns "$C" nft 'add flowtable inet t ft { hook ingress priority 0; devices = { a, b }; }
		add rule inet t f meta l4proto tcp flow add @ft' || skip cannot 'this kernel has no flowtables'
}

MANY=6000000 # a hundred segments

test_flowtable() {
	local without
	router
	tcp_transfer "$A" "$B" 10.2.0.2 "$MANY" 1
	without=$(counted "$C" f)
	[ "$without" -ge 100 ] || fail "$without packets were forwarded"
	flowtable
	tcp_transfer "$A" "$B" 10.2.0.2 "$MANY" 2
	[ $(($(counted "$C" f) - without)) -le $((without / 4)) ] ||
		fail "with a flowtable $(($(counted "$C" f) - without)) packets were forwarded, and $without without"
}

test_flowtable_on_the_fast_path() {
	local without
	router --mtu 9000 --fast-path
	can_be_fast a
	eventually is_fast a
	eventually is_fast b
	tcp_transfer "$A" "$B" 10.2.0.2 "$MANY" 1
	without=$(counted "$C" f)
	flowtable
	tcp_transfer "$A" "$B" 10.2.0.2 "$MANY" 2
	[ $(($(counted "$C" f) - without)) -le $((without / 4)) ] ||
		fail "with a flowtable $(($(counted "$C" f) - without)) packets were forwarded, and $without without"
	is_fast a || fail 'a is not on the fast path any more'
}

run_tests "$@"
