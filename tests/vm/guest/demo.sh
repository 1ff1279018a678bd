# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The guest's part of `make demo`: DPDK's testpmd sends through an e1000e that vfio-pci holds, a
# pin storm runs on vfio-testdev beside it, and our tools look at both.
# shellcheck source=tests/vm/guest.sh
. "$VM_GUEST"
set -uo pipefail

mode=${1:-print}
tools=$PWD/build/tools
load=$PWD/build/tests/testdev-load
logs=$(mktemp -d)

modprobe vfio_iommu_type1 && modprobe vfio-testdev count=2 && bind_vfio "$VM_E1000E" || exit 1

# testpmd forwards until its stdin says Enter; the pipe stays open as long as the guest lives.
workload()
{
	local refs=/sys/module/vfio/refcnt holders before
	holders=$(find /sys/module/vfio/holders -type l | wc -l)
	# First the tool, until it has attached to all: it then sees the containers from their open on.
	until before=$(cat $refs) && [ "$before" -gt "$holders" ] && sleep 1 && [ "$(cat $refs)" = "$before" ]; do
		sleep 0.2
	done
	(sleep infinity | dpdk-testpmd -l 0-1 --no-huge -m 256 -a "$VM_E1000E" -- \
		--total-num-mbufs=2048 --nb-cores=1 --forward-mode=txonly > "$logs/testpmd" 2>&1) &
	"$load" pin --seconds 36000 --rate 2000 --pages 8 --random --per-call > "$logs/load" 2>&1
}
workload &

if [ "$mode" = live ]; then
	exec "$tools/vfiotop"
fi

echo "Three refreshes, eight seconds apart:"
echo
"$tools/vfiotop" -b -n 3 -d 8 || exit 1
echo
echo "A recording of the pin storm, and of five short-lived containers beside it:"
"$tools/vfio-trace" record -o "$logs/demo.vftrace" -- \
	sh -c "$load lifecycle -n 5 -d 1 > /dev/null; sleep 2" || exit 1
"$tools/vfio-trace" report "$logs/demo.vftrace"
