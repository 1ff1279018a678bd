# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Our vfio.ko in place of the distribution's: what loads on it and what it shows.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

stock_depends_on_ours()
{
	local module
	for module in vfio_iommu_type1 vfio_pci mdev; do
		modinfo -F filename "$module" | grep -q "^/lib/modules/.*/kernel/" || return 1
		modprobe "$module" || return 1
		grep -q "^$module " /proc/modules || return 1
	done
}

# Of them those that are the module's; the others come from hooks beside it.
events_of_the_list()
{
	sed -nE 's/^[[:space:]]*EV\([A-Z_]+, (vfio_[a-z_]+), (CONTAINER|MODULE),.*/\1/p' include/vfio_obs/event_list.h | sort
}

# The positional arguments that BPF programs rely on, from the module's BTF: name and type of each
# parameter behind the tracepoint's private one, against the rows of the list.
prototypes_match()
{
	events_of_the_list > "$work/list"
	[ -s "$work/list" ] || return 1
	find /sys/kernel/tracing/events/vfio -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort |
		diff - "$work/list"
}

modprobe vfio
equal "modprobe vfio takes ours" "$(cat /sys/module/vfio/srcversion)" \
	"$(modinfo -F srcversion "build/$VM_KVER/vfio.ko")"
check "stock vfio_iommu_type1, vfio_pci and mdev load on it" stock_depends_on_ours
check "/dev/vfio/vfio is there, mode 0666" test "$(stat -c %a /dev/vfio/vfio)" = 666
check "it has BTF" test -s /sys/kernel/btf/vfio
check "its tracepoints are those of the event list" prototypes_match
for field in alias softdep depends import_ns parm; do
	equal "modinfo $field is stock's" \
		"$field: $(modinfo -F "$field" "build/$VM_KVER/vfio.ko" | sort | tr '\n' ' ')" \
		"$field: $(modinfo -F "$field" "$(find -L "/lib/modules/$VM_KVER/kernel/drivers/vfio" -name 'vfio.ko*')" | sort | tr '\n' ' ')"
done
finish
