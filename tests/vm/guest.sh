# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Functions for scripts that run in the guest: source "$VM_GUEST". BDF is a full
# PCI address, such as the one in VM_E1000E.

# group_of DEVICE: its IOMMU group; a PCI address or another bus's name for it, vfio-testdev.0
group_of() {
	local link
	link=$(readlink /sys/bus/*/devices/"$1"/iommu_group) || {
		echo "group_of: $1 has no IOMMU group" >&2
		return 1
	}
	echo "${link##*/}"
}

# Prints the driver bound to BDF, or nothing.
driver_of() {
	local link
	link=$(readlink "/sys/bus/pci/devices/$1/driver") || return 0
	echo "${link##*/}"
}

# Takes BDF from its driver, if any.
unbind_driver() {
	local device=/sys/bus/pci/devices/$1
	[ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind"
}

# Binds BDF to the driver $2 whatever its ids are; 0 when it is bound afterwards.
bind_driver() {
	local bdf=$1 driver=$2 device=/sys/bus/pci/devices/$1
	if [ ! -d "$device" ]; then
		echo "bind_driver: no PCI device $bdf" >&2
		return 1
	fi
	[ "$(driver_of "$bdf")" != "$driver" ] || return 0
	modprobe "$driver" || return
	unbind_driver "$bdf" || return
	echo "$driver" >"$device/driver_override" || return
	echo "$bdf" >"/sys/bus/pci/drivers/$driver/bind" || return
	[ "$(driver_of "$bdf")" = "$driver" ]
}

# Binds BDF to vfio-pci, so that its group can be opened in /dev/vfio.
bind_vfio() {
	bind_driver "$1" vfio-pci
}

# Gives BDF back to nobody: unbinds it and removes the override.
unbind_vfio() {
	unbind_driver "$1" && echo >"/sys/bus/pci/devices/$1/driver_override"
}

# testpmd SECONDS: DPDK sends through the e1000e that vfio-pci holds; also for child shells
testpmd() {
	(sleep "$1"; echo) | timeout 200 dpdk-testpmd -l 0-1 --no-huge -m 256 -a "$VM_E1000E" -- \
		--total-num-mbufs=2048 --nb-cores=1 --forward-mode=txonly
}
export -f testpmd
