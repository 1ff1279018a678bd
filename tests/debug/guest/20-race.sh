#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The races for a backend's lifetime on a debug kernel: on the e1000e's group, where mappings pin,
# for RACE_SECONDS each, and on an emulated device for a tenth of that. Run by tests/debug/check.

. tests/debug/guest/lib.sh
race=build/tests/vfio-race
seconds=${RACE_SECONDS:?}
short=$((seconds < 50 ? 5 : seconds / 10))
e1000e=${VM_E1000E%% *}

# run_race NAME ARG...
run_race()
{
	local name=$1
	shift
	check "$name" eval "$race $* > $work/race"
	sed 's/^/# /' "$work/race"
	figures "$name:" <(grep -E '^ +(rounds|held|outlived|replaced|overlaps|orphans) ' "$work/race")
	check "the kernel log is clean after $name" clean_log
}

debug_begin
check "vfio-testdev with 2 devices" load_testdev 2
check "vfio-pci has the e1000e" bind_vfio "$e1000e"
group=/dev/vfio/$(group_of "$e1000e")
for scenario in ioctl close; do
	for held in "" --uffd; do
		name="race $scenario${held:+ with held ioctls}"
		run_race "$name, real group, $seconds s" "$scenario" $held --group "$group" --seconds "$seconds"
		run_race "$name, emulated device, $short s" "$scenario" $held --device 0 --seconds "$short"
	done
done
debug_end
