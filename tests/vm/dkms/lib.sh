# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the package share; sourced by them in a guest that was booted with the
# distribution's modules only. Makes the guest a Debian host with that kernel installed.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

kver=$VM_KVER
version=$(cat "build/kernels/$kver/version")
series=$(sed -E 's/^([0-9]+\.[0-9]+).*/\1/' <<< "$kver")
packages=$PWD/build/deb/host-$kver
modules=/lib/modules/$kver
# shellcheck disable=SC2034 # for the scripts that source this file
updates=$modules/updates/dkms
initrd=/boot/initrd.img-$kver
export DEBIAN_FRONTEND=noninteractive

# The initramfs has VFIO's modules, as on a host that binds devices before the root is mounted, and
# little else: whatever the hooks of other packages copy takes minutes in the guest.
want_vfio_in_initramfs()
{
	find /usr/share/initramfs-tools/hooks -type f ! -name kmod ! -name klibc-utils -delete
	echo MODULES=list > /etc/initramfs-tools/conf.d/vfio-test
	echo COMPRESS=gzip >> /etc/initramfs-tools/conf.d/vfio-test
	printf '%s\n' vfio vfio_iommu_type1 vfio_pci > /etc/initramfs-tools/modules
	update-initramfs -c -k "$kver"
}

stand_in()
{
	dpkg -i --force-depends "$packages/$1"
}

become_debian_host()
{
	# An earlier script has done it.
	[ ! -e "$modules/build" ] || return 0
	! mountpoint -q "$modules/kernel" || umount "$modules/kernel" || return 1
	stand_in "linux-image-${kver}_$version.deb" &&
		depmod "$kver" &&
		stand_in "linux-headers-${kver}_$version.deb" &&
		stand_in "linux-source-${series}_$version.deb"
}

check "the guest is a Debian host of this kernel" become_debian_host
# shellcheck disable=SC2034
stock=$(modinfo -k "$kver" -F srcversion vfio)

# unload: nothing in these tests uses VFIO
unload()
{
	modprobe -r vfio_pci vfio_iommu_type1 vfio
}

# The srcversion of the vfio in the initramfs.
in_initramfs()
{
	rm -rf "$work/initramfs"
	unmkinitramfs "$initrd" "$work/initramfs" &&
		modinfo -F srcversion "$(find "$work/initramfs" -name 'vfio.ko*')"
}

loaded()
{
	cat /sys/module/vfio/srcversion
}

next_load()
{
	modinfo -k "$kver" -F srcversion vfio
}

# says PATTERN: in what the last of run printed
says()
{
	grep -qE "$1" "$work/said" || { cat "$work/said"; return 1; }
}

# run NAME COMMAND...: a test that passes when COMMAND does; says looks at its output
run()
{
	local name=$1
	shift
	if "$@" > "$work/said" 2>&1 < /dev/null; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/#   /' "$work/said"
	fi
}

# refused NAME PATTERN COMMAND...: a test that passes when COMMAND fails and says PATTERN
refused()
{
	local name=$1 pattern=$2
	shift 2
	if ! "$@" > "$work/said" 2>&1 < /dev/null && says "$pattern" > /dev/null; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/#   /' "$work/said"
	fi
}

# The package system finds nothing to complain about.
configured()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' vfio-container-dkms)" = installed ]
}

status_says()
{
	vfio-container status > "$work/said" 2>&1 && says "$1"
}

nothing_of_ours()
{
	! find "$modules/updates" 2> /dev/null | grep .
}
