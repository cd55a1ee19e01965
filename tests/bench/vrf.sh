#!/bin/bash
# SPDX-License-Identifier: ISC
#
# vrf.sh: bench.sh between two VRFs of one namespace, in the virtual machine of tests/vm, as most kernels of containers have no VRFs.
# `make bench-vrf` runs it. The processor is emulated, so that only ratios say anything, and those roughly. Environment: see bench.sh
# and tests/vm/guest.sh; VM_KERNEL: vmlinuz (the default) or vmlinuz-6.1.

BENCH_DIR=$(realpath "${BASH_SOURCE[0]%/*}")
. "$BENCH_DIR/../vm/guest.sh"

OUT=${BENCH_OUT:-$BUILD_DIR/bench}
CASES=${BENCH_CASES:-tcp-1-1500 tcp-4-1500 tcp-1-9000 udp-64 rtt-64}

# guest_bench: the script of the guest, which prints the table, and results.json as one line, which is cut out here
guest_bench() {
	cat >"$TREE/vmrun.sh" <<-END
		#!/bin/sh
		export BUILD_DIR=\$PWD/build BENCH_OUT=/tmp/bench BENCH_LAYOUT=vrf BENCH=quick BENCH_BUDGET=3000 STEP_MS=60000
		export BENCH_ROUNDS=${BENCH_ROUNDS:-5} BENCH_CASES="$CASES"
		bash tests/bench/bench.sh || exit
		echo "results: \$(jq -c . /tmp/bench/results.json)"
	END
	chmod 755 "$TREE/vmrun.sh"
}

guest_prepare bench-vrf qemu-system-x86_64
mkdir -p "$TREE"/{tests,build/tests}/bench "$OUT" &&
	cp "$BENCH_DIR"/*.{sh,jq} "$TREE/tests/bench" &&
	cp "$BUILD_DIR"/tests/bench/{loadgen,limits} "$TREE/build/tests/bench" || exit
guest_bench
VM_LIMIT=${VM_LIMIT:-3600} "$TESTS_DIR/vm/vmrun" "$IMAGE" "$TREE" >"$OUT/vrf.log" 2>&1 || {
	tail -n 20 "$OUT/vrf.log"
	exit 1
}
sed -n 's/^results: //p' "$OUT/vrf.log" >"$OUT/vrf.json"
# what costs CPU time is compared with a rival that is not here
jq -c '.summary |= map(select(.base == "veth"))' "$OUT/vrf.json" | jq -r -f "$BENCH_DIR/markdown.jq" |
	sed '/two-copy limit/,$d' | tee "$OUT/vrf.md"
echo "vrf.json and vrf.md are in $OUT" >&2
