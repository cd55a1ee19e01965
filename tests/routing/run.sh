#!/bin/bash
# SPDX-License-Identifier: ISC
#
# run.sh [host|257|vm]: routing protocols over links, by the daemons that people run: in namespaces of this machine, with what this Debian
# has; under systemd 257, with FRR 10; and in a virtual machine, with VRFs and MPLS. Environment: that of lib.sh. Figures are printed; what is asked for leaves
# room for a busy machine.

. "${0%/*}/../vm/guest.sh"

# on_host FILE...: with what they print in one piece
on_host() {
	local file out
	out=$(mktemp) || exit
	for file; do
		TEST_SECONDS=170 TEST_LABEL=routing bash "$TESTS_DIR/routing/$file.sh" >"$out" 2>&1 </dev/null || FAILED=1
		cat "$out"
	done
	rm -f "$out"
	return $FAILED
}

# Milliseconds matter to BFD: those have the machine for themselves, as far as that is possible.
all_on_host() {
	local file pids=() pid
	for file in babel vrrp multicast isis; do
		on_host "$file" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || FAILED=1
	done
	on_host bfd bgp ospf || FAILED=1
}

# FRR 10, on the kernel of this machine
under_systemd() {
	local root=$1 name=$2
	guest_install
	guest_script nsrun.sh "$name"
	shift 2
	while [ $# -gt 0 ]; do
		guest_test "routing/$1"
		shift
	done
	NS_LIMIT=900 guest_run "$name" "$TESTS_DIR/systemd/nsboot" "$root" "$TREE"
}

in_vm() {
	guest_script vmrun.sh routing-vm
	guest_test routing/vm.sh
	VM_LIMIT=${VM_LIMIT:-1800} guest_run routing-vm nice "$TESTS_DIR/vm/vmrun" "$IMAGE" "$TREE"
}

case ${1:-} in
'')
	"$0" vm &
	"$0" host || FAILED=1
	"$0" 257 || FAILED=1
	wait $! || FAILED=1
	;;
host) all_on_host ;;
257)
	guest_prepare routing-257 unshare
	under_systemd "$IMAGE/rootfs" routing-257 unit.sh 'bfd.sh test_frr' bgp.sh isis.sh 'babel.sh test_frr'
	;;
vm)
	guest_prepare routing-vm qemu-system-x86_64
	in_vm
	;;
esac
exit $FAILED
