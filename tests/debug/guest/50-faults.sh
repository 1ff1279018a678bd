#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations and copies that fail: each one of a container's life in turn, and at random under
# load. Run by tests/debug/check; FAULT_SECONDS is how long the random part lasts.

. tests/debug/guest/lib.sh
seconds=${FAULT_SECONDS:?}
faulty=build/tests/vfio-faults
e1000e=${VM_E1000E%% *}
nvme=${VM_NVME%% *}

# Every kind of fault, quietly: a report of each would look like a splat.
faults_on()
{
	local kind
	for kind in failslab fail_page_alloc fail_usercopy; do
		echo 0 > $faults/$kind/verbose
		echo Y > $faults/$kind/task-filter
		echo -1 > $faults/$kind/times
		echo 0 > $faults/$kind/probability
		[ ! -f $faults/$kind/ignore-gfp-wait ] || echo N > $faults/$kind/ignore-gfp-wait
	done
	echo N > $faults/fail_page_alloc/ignore-gfp-highmem
	echo 0 > $faults/fail_page_alloc/min-order
}

# each NAME DEVICE...: every allocation of every call
each()
{
	local name=$1 total
	shift
	check "each allocation of each call fails once: $name" \
		eval "$faulty nth $* > $work/each"
	sed 's/^/# /' "$work/each"
	total=$(awk '{ for (i = 2; i < NF; i++) if ($(i + 1) ~ /^faults/) sum += $i } END { print sum + 0 }' "$work/each")
	check "faults were injected: $name" [ "$total" -gt 100 ]
	figure "faults one by one, $name" "$total"
	check "a fault in SET_IOMMU was refused: $name" grep -qE 'set_iommu.*: [0-9]+ faults, [1-9]' "$work/each"
}

some_whole()
{
	awk '{ n[$1] = $2 } END { exit !(n["whole"] > 0 && n["lives"] > n["whole"]) }' "$work/random"
}

# at_random KIND PERCENT DEVICE...
at_random()
{
	local kind=$1 percent=$2
	shift 2
	echo "$percent" > "$faults/$kind/probability"
	check "$kind at $percent % for $seconds s" eval "$faulty random $seconds $* > $work/random"
	echo 0 > "$faults/$kind/probability"
	sed 's/^/# /' "$work/random"
	figures "$kind at $percent %:" "$work/random"
	check "$kind at $percent %: there were whole lives and others" some_whole
}

debug_begin
check "vfio-testdev with 8 devices" load_testdev 8
check "vfio-pci has the e1000e" bind_vfio "$e1000e"
check "vfio-pci has the nvme" bind_vfio "$nvme"
faults_on
each "two emulated devices" vfio-testdev.0 vfio-testdev.1
each "real devices" "$e1000e" "$nvme"
each "an emulated and a real device" vfio-testdev.0 "$e1000e"
check "the kernel log is clean after faults one by one" clean_log
all=(vfio-testdev.{0..3} "$e1000e" vfio-testdev.4 "$nvme" vfio-testdev.5)
at_random failslab 2 "${all[@]}"
at_random fail_page_alloc 20 "${all[@]}"
at_random fail_usercopy 5 "${all[@]}"
debug_end
