# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Why a VM took so long to start: QEMU with a passed-through e1000e, recorded, beside what strace
# saw of its ioctls. Its memory is mapped and pinned before it runs; its firmware then unmaps.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

modprobe vfio_iommu_type1
bind_vfio "$VM_E1000E"
memory=128

qemu()
{
	(sleep 15; echo quit) |
		timeout 200 strace -f -qq -T -e trace=ioctl -o "$1" qemu-system-x86_64 -M q35 -accel tcg \
			-m "$2" -name guest=web01 -nodefaults -display none -no-user-config \
			-device "vfio-pci,host=$VM_E1000E" -monitor stdio
}
export -f qemu
"$trace" record -o "$work/recording" -- bash -c "qemu $work/calls $memory" > "$work/out" 2>&1
"$trace" report --start --json "$work/recording" > "$work/report"
"$trace" report --start "$work/recording" > "$work/text"

# start FILTER: of the one container that there is
start()
{
	jq -c ".containers[0].start$1" "$work/report"
}

# The ioctls that strace saw begin before the first UNMAP_DMA: "CALLS SECONDS", which strace's own
# work is part of.
strace_maps()
{
	sed '/VFIO_IOMMU_UNMAP_DMA/,$d' "$work/calls" |
		awk '/VFIO_IOMMU_MAP_DMA/ { n++ } /VFIO_IOMMU_MAP_DMA.*<[0-9.]+>$/ { s += substr($NF, 2) }
			END { print n + 0, s + 0 }'
}

equal "one container" "$(jq '.containers | length' "$work/report")" 1
equal "whose VM it is" "$(jq -r '.containers[0].owner.name' "$work/report")" web01
equal "the start ends with the first unmap" "$(start .before)" '"unmap_dma"'
read -r calls seconds < <(strace_maps)
equal "calls of MAP_DMA that strace saw until then" "$(start .operations.map_dma.count)" "$calls"
check "they have the VM's memory" eval "[ $(start .operations.map_dma.bytes) -ge $((memory << 20)) ]"
check "their time is within strace's ($seconds s), and most of it" \
	awk "BEGIN { ours = $(start .operations.map_dma.sum_ns) / 1e9
		exit !(ours > 0 && ours <= $seconds && ours > 0.5 * $seconds) }"
equal "one attach, SET_IOMMU and GET_DEVICE_FD" \
	"$(start '.operations | [.attach.count, .set_iommu.count, .get_device_fd.count]')" "[1,1,1]"
check "what took the time is the first thing that is said" grep -qE \
	'^  [0-9.]+m?s of [0-9.]+m?s in map_dma, [0-9]+% of it faulting and pinning pages:' "$work/text"
check "and of what the start consists adds up" \
	eval "[ $(start ' | .between_ns + ([.operations[].self_ns] | add) - .duration_ns') = 0 ]"
finish
