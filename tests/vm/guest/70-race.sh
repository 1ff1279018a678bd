# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Users of a container's backend against its withdrawal, by chance and with ioctls held up inside
# the backend; then calls at random with hostile arguments. Short: `make check-debug` runs the same
# for longer, in a kernel that looks closer.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

race=$PWD/build/tests/vfio-race
fuzz=$PWD/build/tests/vfio-fuzz

load_testdev 8
bind_vfio "$VM_E1000E"
group=/dev/vfio/$(group_of "$VM_E1000E")

# by_chance ARGUMENT...: for a few seconds, and for longer where a slow machine met nothing in them
by_chance()
{
	"$race" "$@" --seconds 4 > "$work/race" 2>&1 && return
	cat "$work/race"
	grep -q 'nothing was tested; run it longer' "$work/race" && "$race" "$@" --seconds 40
}

check "ioctls against detaching, without an IOMMU" by_chance ioctl --device 1
check "ioctls against detaching, with pinned pages" by_chance ioctl --group "$group"
check "held ioctls against detaching, without an IOMMU" "$race" ioctl --uffd --device 1 --seconds 2
check "held ioctls against detaching, with pinned pages" \
	"$race" ioctl --uffd --group "$group" --seconds 2
check "closing against detaching, without an IOMMU" by_chance close --device 1
check "closing against detaching, with pinned pages" by_chance close --group "$group"
check "held ioctls against closing, without an IOMMU" "$race" close --uffd --device 1 --seconds 2
check "held ioctls against closing, with pinned pages" \
	"$race" close --uffd --group "$group" --seconds 2
check "the kernel log is clean after the races" clean_log

# The seed is fixed, so that a failure can be had again; check-debug takes others.
check "calls at random, 20000 of them" "$fuzz" --calls 20000 --seed 1 --group "$VM_E1000E"
check "the kernel log is clean after them" clean_log

# Whoever still held something of vfio would keep its modules loaded.
unbind_vfio "$VM_E1000E"
all_unloads()
{
	unload_users && rmmod vfio
}
for module in vfio_testdev vfio_iommu_type1; do
	equal "references on $module" "$(cat "/sys/module/$module/refcnt")" 0
done
check "vfio and all that uses it unload" all_unloads

# On any other vfio the programs must not even begin.
file=$(find -L "/lib/modules/$VM_KVER/kernel/drivers/vfio" -name 'vfio.ko*')
case $file in
*.xz) xz -dc "$file" > "$work/vfio.ko" ;;
*) cp "$file" "$work/vfio.ko" ;;
esac
insmod "$work/vfio.ko"
refuses()
{
	"$@" > "$work/out" 2> "$work/err"
	[ $? = 1 ] && [ ! -s "$work/out" ] && grep -q "refuses to run.*not ours" "$work/err"
}
check "vfio-race refuses the distribution's vfio" refuses "$race" ioctl
check "vfio-fuzz refuses the distribution's vfio" refuses "$fuzz"
rmmod vfio
finish
