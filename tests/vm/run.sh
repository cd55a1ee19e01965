#!/bin/bash
# SPDX-License-Identifier: ISC
#
# run.sh: boot a Debian 13 on two kernels, which have VRFs and different data paths, and run vrf.sh there. For the
# environment see guest.sh.

# shellcheck source-path=SCRIPTDIR source=guest.sh
. "${0%/*}/guest.sh"

guest_prepare vm qemu-system-x86_64
export VM_LIMIT=${VM_LIMIT:-150}
for kernel in vmlinuz:6.12 vmlinuz-6.1:6.1; do
	label=vm-${kernel#*:}
	guest_tree "$label" vm/vrf.sh vmrun.sh
	VM_KERNEL=${kernel%:*} guest_run "$label" "$tests/vm/vmrun" "$image" "$tree"
done
exit "$failed"
