#!/bin/bash
# SPDX-License-Identifier: ISC
#
# run.sh [6.12|6.1|instructions]: boot a Debian 13 with this kernel, and run tests there: they have VRFs and different data paths; or
# count what a packet takes on the fast path; or all of them, two at the same time. Environment: see guest.sh.

. "${0%/*}/guest.sh"

# boot KERNEL LABEL: with the tests of guest_script
boot() {
	VM_KERNEL=$1 VM_LIMIT=${VM_LIMIT:-2400} guest_run "$2" "$TESTS_DIR/vm/vmrun" "$IMAGE" "$TREE"
}

# few_instructions FILE, as a condition: the fast path takes hardly more of them than veth. They are counted by the emulator, so that other
# work of this machine changes nothing.
few_instructions() {
	awk '/: veth [0-9]+ instructions, fast / { n++; sub(/.*, fast [0-9]+ \(/, ""); if ($0 + 0 > 1.25 || $0 + 0 < 0.5) bad++ }
		END { exit !(n == 3 && !bad) }' "$1"
}

guest_prepare vm qemu-system-x86_64

case ${1:-} in
'')
	"$0" 6.12 &
	"$0" 6.1 || FAILED=1
	"$0" instructions || FAILED=1
	wait $! || FAILED=1
	;;
6.12)
	guest_script vmrun.sh vm-6.12
	guest_test vm/vrf.sh
	guest_test vm/firewall.sh
	guest_test vm/route-leaking.sh
	guest_test netns/66-cni.sh test_vrf
	guest_test vm/podman.sh
	guest_test readme.sh
	guest_test vm/hold.sh
	guest_unit test_intruder
	guest_test netns/25-paths.sh test_vrf_in_it test_mounted_over test_directory_of_a_mount_renamed
	guest_test netns/46-intruder.sh test_queue_is_opened test_header_is_changed test_short_tagged_frames
	guest_test vm/mpls.sh
	guest_test netns/53-shaping.sh
	guest_test netns/91-drift.sh test_routes_in_a_vrf
	guest_test netns/91-drift.sh test_put_into_a_vrf
	guest_test netns/91-drift-more.sh test_vrf_deleted_when_events_were_lost
	guest_test netns/96-completion.sh test_vrfs
	guest_test netns/21-direct.sh test_is_made_directly test_name_is_deleted test_name_is_replaced_meanwhile test_restart
	guest_test netns/48-fast-path.sh test_traffic test_captures test_filters_of_others test_switching_under_tcp \
		test_hidden_pair_is_netkit test_hidden_interface_is_quiet test_deleted_hidden_interface_returns test_unpair_leaves_nothing
	guest_test netns/48-fast-restarts.sh test_no_daemon test_restarts_do_not_touch_it test_orphans_go
	guest_test netns/49-data-process.sh test_is_confined
	guest_test netns/49-network-process.sh test_are_confined
	guest_test netns/49-data-death.sh test_its_death_changes_nothing test_tcp_goes_on_over_its_death
	guest_test vm/uring.sh
	# the last: it installs
	guest_install
	guest_test systemd/managers.sh
	boot vmlinuz vm-6.12
	;;
6.1)
	# what goes away under reads that the kernel holds
	guest_script vmrun.sh vm-6.1
	guest_test vm/vrf.sh
	guest_test vm/hold.sh
	guest_unit test_intruder
	guest_test netns/25-paths.sh test_vrf_in_it test_mounted_over test_directory_of_a_mount_renamed
	guest_test netns/46-intruder.sh test_queue_is_opened test_header_is_changed test_short_tagged_frames
	guest_test netns/21-direct.sh test_is_made_directly test_name_is_deleted test_name_is_replaced_meanwhile test_restart
	guest_test netns/48-fast-path.sh test_traffic test_switching_under_tcp
	guest_test netns/53-shaping.sh
	guest_test netns/70-down.sh test_link_del_under_traffic test_netns_del_under_traffic test_unpair_under_traffic
	guest_test netns/49-data-process.sh test_is_confined
	guest_test netns/49-network-process.sh test_are_confined
	guest_test netns/49-data-death.sh test_its_death_changes_nothing
	guest_test vm/route-leaking.sh test_by_device test_by_rport
	boot vmlinuz-6.1 vm-6.1
	;;
instructions)
	if "$TESTS_DIR/bench/instructions.sh" >"$TREE/instructions" 2>&1 && few_instructions "$TREE/instructions"; then
		result ok vm-6.12.instructions ""
	else
		result 'not ok' vm-6.12.instructions ""
		FAILED=1
	fi
	sed 's/^/  | /' "$TREE/instructions"
	;;
esac
exit $FAILED
