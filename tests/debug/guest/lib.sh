# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts that run on a debug kernel share, on top of the guest's tests; sourced by each.
# A script begins with debug_begin and ends with debug_end, which is what a debug kernel is for.

# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

# For the script that injects them.
export faults=/sys/kernel/debug
kmemleak=/sys/kernel/debug/kmemleak
vfio_modules=(vfio_testdev vfio_pci vfio_pci_core vfio_virqfd vfio_iommu_type1 vfio)

# figure NAME VALUE: for the page in docs/
figure()
{
	echo "# figure $1: $2"
}

# figures PREFIX FILE: "name value" lines
figures()
{
	local name value
	while read -r name value; do
		figure "${1:+$1 }$name" "$value"
	done < "$2"
}

pinned_for_dma()
{
	cat /proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { sum += $2 } $1 == "nr_foll_pin_released" { sum -= $2 }
		END { print sum }' /proc/vmstat
}

# Two scans: an object is a leak when it was unreferenced for five seconds at the first, and the
# second has seen what the first still took for a pointer on some stack.
leaks()
{
	echo scan > $kmemleak && sleep 6 && echo scan > $kmemleak && cat $kmemleak
}

# Prints what leaked, and fails then.
no_leak()
{
	leaks > "$work/leaks" || { echo "kmemleak is not at work: $(dmesg | grep kmemleak)"; return 1; }
	cat "$work/leaks"
	[ ! -s "$work/leaks" ]
}

lockdep_works()
{
	grep -E '^ *debug_locks: +1$' /proc/lockdep_stats
}

# The booted kernel and the loaded vfio are those that are to be tested.
debug_begin()
{
	local option
	modprobe -a vfio vfio_iommu_type1
	for option in KASAN PROVE_LOCKING PROVE_RCU DEBUG_ATOMIC_SLEEP DEBUG_KMEMLEAK DEBUG_LIST FAILSLAB; do
		zcat /proc/config.gz | grep -qx "CONFIG_$option=y" ||
			echo "not ok - the kernel has CONFIG_$option"
	done
	check "vfio is ours" [ -d /sys/kernel/tracing/events/vfio/vfio_container_open ]
	check "lockdep is at work at the beginning" lockdep_works
	# What the kernel's own boot leaked, if anything, is not ours.
	check "kmemleak is at work" leaks
	echo clear > $kmemleak
	equal "no page is pinned at the beginning" "$(pinned_for_dma)" 0
}

# Unloads all of vfio; prints what is still referenced.
unload_all()
{
	local module device
	for device in ${VM_E1000E-} ${VM_NVME-} ${VM_EDU-}; do
		[ "$(driver_of "$device")" != vfio-pci ] || unbind_vfio "$device"
	done
	for module in "${vfio_modules[@]}"; do
		[ -d "/sys/module/$module" ] || continue
		if [ "$(cat "/sys/module/$module/refcnt")" != 0 ]; then
			echo "$module has $(cat "/sys/module/$module/refcnt") references"
			return 1
		fi
		rmmod "$module" || return 1
	done
}

debug_end()
{
	equal "no page is pinned at the end" "$(pinned_for_dma)" 0
	check "kmemleak finds nothing" no_leak
	check "all references are back and vfio's modules can be unloaded" unload_all
	check "kmemleak finds nothing after the unloading" no_leak
	check "lockdep is still at work" lockdep_works
	finish
}
