# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Container, group and device files closed in every order: of emulated groups, a real PCI function
# and both in one container, with UNSET_CONTAINER in between, with copies of the files in another
# process, with some left to the exit. vfio-stress checks modules and pins after each step; the
# references as the kernel told them must add up for each container.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/stress.sh
. tests/vm/guest/stress.sh

load_testdev 2
bind_vfio "$VM_E1000E"

# orders NAME NUMBER OPTIONS...: NUMBER of orders there must be
orders()
{
	local name=$1 number=$2
	shift 2
	recorded "$name" "$stress" "$@"
	equal "$name: orders tried" "$(said orders)" "$number"
	equal "$name: containers seen" "$(counted containers)" "$(said opens)"
	equal "$name: attaches seen" "$(counted attaches)" "$(said attaches)"
	equal "$name: as many detaches" "$(counted detaches)" "$(counted attaches)"
}

# With u before g of the same group: 4!/2 + 7!/2 with the copies, 7!/2/2 for two groups, 4!/2, 5!.
orders "one emulated group" 2532 orders vfio-testdev.0
orders "two emulated groups" 1260 orders vfio-testdev.0 vfio-testdev.1
orders "a PCI function" 12 orders --alone "$VM_E1000E"
orders "a PCI function and an emulated group" 120 orders --no-unset "$VM_E1000E" vfio-testdev.0
# Each beginning of each order (1+3+6+6, 1+5+20+60+120+120), and again the whole ones.
orders "exits with one emulated group" 22 exits vfio-testdev.0
orders "exits with two emulated groups" 446 exits vfio-testdev.0 vfio-testdev.1
orders "exits with a PCI function" 22 exits "$VM_E1000E"
equal "no backend is left" "$(cat /sys/module/vfio_iommu_type1/refcnt)" 0
finish
