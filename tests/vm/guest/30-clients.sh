# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Real clients reach a real PCI function through our container: DPDK's testpmd and QEMU. What they
# say and what our tracepoints say about it, read with trace-cmd.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

modprobe vfio_iommu_type1
bind_vfio "$VM_E1000E"

traced()
{
	trace-cmd record -q -e vfio -o "$work/dat" "$@" > "$work/out" 2>&1
	trace-cmd report -q -i "$work/dat" > "$work/events" 2> /dev/null
}

# Each reference transition of each container follows the one before; the last leaves 0 and the
# release comes right behind it.
chain_adds_up()
{
	awk '
		{ id = reason = refs = "" }
		match($0, /id=[0-9]+/) { id = substr($0, RSTART + 3, RLENGTH - 3) }
		match($0, /refs=[0-9]+/) { refs = substr($0, RSTART + 5, RLENGTH - 5) }
		/vfio_container_get:/ { if (refs != last[id] + 1) bad = bad "\n" $0; last[id] = refs; n++ }
		/vfio_container_put:/ { if (refs != last[id] - 1) bad = bad "\n" $0; last[id] = refs; n++ }
		/vfio_container_release:/ { if (last[id] != 0) bad = bad "\n" $0; released[id] = 1 }
		END {
			for (id in last)
				if (!released[id])
					bad = bad "\ncontainer " id " was not released"
			if (!n || bad) { print n + 0 " transitions" bad; exit 1 }
		}' "$work/events"
}

traced bash -c "testpmd 5"
check "testpmd sends through the e1000e" grep -qE 'TX-packets: [1-9]' "$work/out"
check "testpmd: MAP_DMA of 256 MiB succeeded" grep -qE \
	'vfio_container_ioctl: .*cmd=MAP_DMA .*known=1 .*size=268435456 .*ret=0 duration=[0-9]+$' "$work/events"
check "testpmd: SET_IOMMU chose vfio-iommu-type1" grep -qE \
	'vfio_container_set_iommu: .*backend=vfio-iommu-type1 groups=1 ret=0' "$work/events"
check "testpmd: the references form one chain down to 0" chain_adds_up

qemu()
{
	(sleep 4; echo info pci; sleep 1; echo quit) |
		timeout 200 qemu-system-x86_64 -M q35 -accel tcg -m 256 -nodefaults -display none \
			-no-user-config -S -device "vfio-pci,host=$VM_E1000E" -monitor stdio
}
export -f qemu
traced bash -c qemu
check "QEMU shows the e1000e to its guest" grep -qi '8086:10d3' "$work/out"
check "QEMU maps its memory" grep -qE 'vfio_container_ioctl: .*cmd=MAP_DMA .*ret=0' "$work/events"
check "QEMU: the references form one chain down to 0" chain_adds_up
equal "nothing is left of them" "$(cat /sys/module/vfio_iommu_type1/refcnt)" 0
finish
