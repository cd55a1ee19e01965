#!/bin/bash
# SPDX-License-Identifier: ISC
#
# instructions.sh: how many instructions of the CPU a packet takes from one namespace to another, by a veth pair, by the fast path and
# by the shuttle, the kernel's and those of rportd. `make bench-instructions` runs it, in the virtual machine of tests/vm, whose one
# CPU is emulated and counts (-icount): so other work of this machine changes nothing, and the next run has the same result within a
# percent or two. What caches, several CPUs and waiting make of it is measured by bench.sh. Environment: see tests/vm/guest.sh;
# VM_KERNEL: vmlinuz (the default; it has netkit) or vmlinuz-6.1.

BENCH_DIR=$(realpath "${BASH_SOURCE[0]%/*}")
. "$BENCH_DIR/../vm/guest.sh"

NS_PER_INSTRUCTION=4 # -icount shift=2

# in_guest: runs there
in_guest() {
	cat <<-'END'
		set -u
		export PATH=$PWD/build:$PWD/build/rportctl:$PWD/build/tests/bench:$PATH RPORT_SOCKET=/tmp/socket
		for ns in {veth,fast,shuttle}-{a,b}; do ip netns add $ns; done
		ip -n veth-a link add p0 type veth peer name p0 netns veth-b
		rportd --socket $RPORT_SOCKET --config-path /tmp/none --log-level warning &
		until rportctl list >/dev/null 2>&1; do sleep 0.1; done
		rportctl pair fast-a fast-b --a-name p0 --b-name p0 --mtu 1500 --fast-path >/dev/null || exit
		rportctl pair shuttle-a shuttle-b --a-name p0 --b-name p0 --mtu 1500 >/dev/null || exit
		for way in veth fast shuttle; do
			for end in a b; do
				ip -n $way-$end link set p0 up
				ip -n $way-$end address add 10.77.0.$([ $end = a ] && echo 1 || echo 2)/24 dev p0
			done
			ip netns exec $way-a ping -q -c 3 -i 0.2 10.77.0.2 >/dev/null || exit
		done
		rportctl -j show fast-a-fast-b | jq -e '.ways.aToB.fast and .ways.bToA.fast' >/dev/null || exit
		echo "kernel $(uname -r), hidden pair: $(ip -n fast-a -j -d link | jq -r '.[] | select(.ifname | startswith("rportf")).linkinfo.info_kind')"
		for what in udp tcp rtt; do
			for way in veth fast shuttle; do
				echo "$what $way $(work $what $way-a $way-b 10.77.0.2)"
			done
		done
	END
}

guest_prepare bench-instructions qemu-system-x86_64
mkdir -p "$TREE/build/tests/bench" && cp "$BUILD_DIR/tests/bench/work" "$TREE/build/tests/bench" || exit
{ echo '#!/bin/bash' && in_guest; } >"$TREE/vmrun.sh"
chmod 755 "$TREE/vmrun.sh"
VM_LIMIT=${VM_LIMIT:-1800} VM_QEMU='-smp 1 -icount shift=2,sleep=off' "$TESTS_DIR/vm/vmrun" "$IMAGE" "$TREE" |
	awk -v ns="$NS_PER_INSTRUCTION" '
		BEGIN { unit["udp"] = "a datagram of 64 bytes"; unit["tcp"] = "64 KiB of TCP"; unit["rtt"] = "a round trip of 64 bytes" }
		!($1 in unit) { print; next }
		$2 == "veth" { base = $3; printf "%s: veth %d instructions", unit[$1], $3 / ns }
		$2 != "veth" { printf ", %s %d (%.2f)%s", $2, $3 / ns, $3 / base, $2 == "shuttle" ? "\n" : "" }'
exit "${PIPESTATUS[0]}"
