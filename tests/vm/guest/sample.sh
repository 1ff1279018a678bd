# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The guest's part of `make sample`: a short recording of the demo's workload, with a few failures,
# which stands in the repository as tests/data/demo.vftrace.
# shellcheck source=tests/vm/guest.sh
. "$VM_GUEST"
set -uo pipefail

load=$PWD/build/tests/testdev-load
modprobe vfio_iommu_type1 && modprobe vfio-testdev count=2 && bind_vfio "$VM_E1000E" || exit 1
group=$(group_of "$VM_E1000E")

workload()
{
	testpmd 32 > /dev/null 2>&1 &
	"$load" pin --seconds 28 --rate 100 --pages 8 --random --per-call > /dev/null 2>&1 &
	sleep 22
	"$load" lifecycle -n 5 -d 1 > /dev/null
	# testpmd has it: busy. A container without a group has no backend to map with.
	perl -e 'open(my $f, "+<", "/dev/vfio/'"$group"'")'
	perl -e 'open(my $f, "+<", "/dev/vfio/vfio"); ioctl($f, 0x3b66, 3); ioctl($f, 0x3b71, my $arg = "\0" x 32)'
	wait
}
export -f workload
export load group
"$PWD/build/tools/vfio-trace" record -o "$VM_OUT/demo.vftrace" -- bash -c workload
