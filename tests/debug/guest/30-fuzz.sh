#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The ioctl fuzzer on a debug kernel, FUZZ_CALLS calls in all. Run by tests/debug/check.

. tests/debug/guest/lib.sh
fuzz=build/tests/vfio-fuzz
calls=${FUZZ_CALLS:?}

debug_begin
check "vfio-testdev with 8 devices" load_testdev 8
groups=()
for device in $VM_E1000E $VM_NVME; do
	check "vfio-pci has $device" bind_vfio "$device"
	groups+=(--group "$device")
done
check "the fuzzer makes $calls calls" eval "$fuzz --calls $calls ${groups[*]} > $work/fuzz"
sed 's/^/# /' "$work/fuzz"
figures "" <(grep -E "^ +(calls|succeeded) " "$work/fuzz")
debug_end
