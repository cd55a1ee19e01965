#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What the tests of the fast path share, beside lib.sh.

# pair_fast [OPTION...]
pair_fast() {
	ns_add A B
	pair_numbered --fast-path --mtu 9000 "$@"
	can_be_fast ab
	eventually fast_is true true
}

# fast_is A-TO-B B-TO-A, as a condition
fast_is() {
	[ "$(rportctl -j show ab | jq -r '"\(.ways.aToB.fast) \(.ways.bToA.fast)"')" = "$1 $2" ]
}

# reason_is DIRECTION GLOB, as a condition
reason_is() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(rportctl -j show ab | jq -r ".ways.$1.reason") == $2 ]]
}

# through_device NAMESPACE: packets that left by its port, and not by the fast path
through_device() {
	ip -n "$1" -s -j link show dev rport0 | jq '.[0].stats64.tx.packets'
}

sent() {
	port ab "$1" .statistics.packets
}

# has_sent END BEFORE N, as a condition: N packets more than BEFORE, and perhaps some that the kernel sends of itself, such as
# router solicitations
has_sent() {
	local more=$(($(sent "$1") - $2))
	[ "$more" -ge "$3" ] && [ "$more" -le $(($3 + 8)) ]
}

# hidden NAMESPACE: the hidden interfaces there
hidden() {
	ip -n "$1" -j link | jq -r '.[].ifname | select(startswith("rportf"))'
}

no_hidden() {
	[ -z "$(hidden "$1")" ]
}

filters() {
	tc -n "$1" filter show dev rport0 egress
}

no_trace() {
	[ -z "$(hidden "$A")$(hidden "$B")" ] && [ -z "$(filters "$A")$(filters "$B")" ]
}

# no_links NAMESPACE, as a condition: nothing of ours is left there
no_links() {
	[ "$(ip -n "$1" -j link | jq -c 'map(.ifname)')" = '["lo"]' ]
}
