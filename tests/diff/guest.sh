#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - one side of the comparison: makes the groups and runs vfio-diff on them
#
# Called by tests/diff/run in the guest: guest.sh stock|ours OPTION-OF-VFIO-DIFF-RUN...
# Both sides load the same vfio-testdev.ko; only vfio.ko differs.
set -uo pipefail
# shellcheck source=tests/vm/guest.sh
. "$VM_GUEST"

side=$1
shift
modprobe vfio_iommu_type1 && modprobe vfio-pci &&
	insmod "build/$VM_KVER/vfio-testdev.ko" count=4 || exit 1
for bdf in $VM_EDU $VM_E1000E $VM_NVME; do
	bind_vfio "$bdf" || exit 1
done

loaded=$(cat /sys/module/vfio/srcversion)
ours=$(modinfo -F srcversion "$VM_OURS")
if { [ "$side" = ours ] && [ "$loaded" = "$ours" ]; } ||
	{ [ "$side" = stock ] && [ "$loaded" != "$ours" ]; }; then
	echo "ok - $side: this vfio is loaded (srcversion $loaded)"
else
	echo "not ok - $side: the wrong vfio is loaded (srcversion $loaded, ours is $ours)"
	exit 1
fi
# Addresses are not compared; random ones could still meet a random argument.
setarch -R build/tests/vfio-diff run "$@"
