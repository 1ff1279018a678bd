# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# SIGKILL at any moment: processes that open, attach, map and pin, killed by hundreds, in each step
# and at random. Afterwards module references, pinned pages and groups are back, and each device
# works; the references of each container form one chain although nobody closed a file.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/stress.sh
. tests/vm/guest/stress.sh

load_testdev 8
bind_vfio "$VM_E1000E"

# shellcheck disable=SC2086
recorded "500 processes killed" "$stress" kill -n 500 -p 12 $testdevs "$VM_E1000E"
equal "killed" "$(said kills)" 500
for step in open attach set_iommu device_open map pin close; do
	check "killed in $step ($(said at_$step) times)" test "$(said at_$step)" -gt 0
done
check "each group was attached more than once" test "$(counted attaches)" -gt 100
equal "as many detaches" "$(counted detaches)" "$(counted attaches)"
equal "no backend is left" "$(cat /sys/module/vfio_iommu_type1/refcnt)" 0
check "the devices' module can be unloaded" rmmod vfio_testdev
finish
