# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The package on a host where nothing stands in its way: installed, loaded, upgraded, disabled,
# removed; then the same with make. Compared with what modprobe, the kernel and the initramfs say.
# shellcheck source=tests/vm/dkms/lib.sh
. tests/vm/dkms/lib.sh

reload()
{
	unload && modprobe vfio-pci
}

# --- installed ---

want_vfio_in_initramfs > "$work/said" 2>&1
equal "the initramfs has the distribution's" "$(in_initramfs)" "$stock"
run "installing the package" dpkg -i "$DKMS_FIRST"
sed 's/^/# /' "$work/said"
ours=$(next_load)
equal "it is in place in updates/dkms" "$(dirname "$(modinfo -F filename vfio)")" "$updates"
check "it is not the distribution's" test "$ours" != "$stock"
equal "the initramfs has ours" "$(in_initramfs)" "$ours"
modprobe vfio-pci
equal "modprobe vfio-pci loads ours" "$(loaded)" "$ours"
check "it has BTF" test -s /sys/kernel/btf/vfio
check "status: ours is loaded" status_says "^loaded +ours, srcversion $ours"
check "status: ours is next" says "^next load +ours, srcversion $ours"
check "status: ours is in the initramfs" says "^initramfs +ours, srcversion $ours"
check "status: a module uses it" says "^used by +module vfio_pci"
check "vfio-testdev is not there" test -z "$(find /usr/src/vfio-container-* "$updates" -name '*testdev*')"

# To make an initramfs takes long in the guest: a quick run looks at it only after installing and
# after removing. Without a file there is none to update.
[ "$DKMS_MODE" = long ] || mv "$initrd" "$work/initrd"

# --- upgraded while in use ---

exec 9< /dev/vfio/vfio
check "status: this process uses it" status_says "^used by +process $$ .*/dev/vfio/vfio"
run "an upgrade while vfio is in use" dpkg -i "$DKMS_NEXT"
newer=$(next_load)
check "it says that the loaded one stays until the next load" \
	says "loaded now, srcversion $ours, is ours; the next load takes ours, srcversion $newer. It stays until"
check "the new version is another module" test "$newer" != "$ours"
equal "the old one is still loaded" "$(loaded)" "$ours"
[ "$DKMS_MODE" = quick ] || equal "the initramfs has the new one" "$(in_initramfs)" "$newer"
exec 9<&-
reload
equal "the next load takes the new one" "$(loaded)" "$newer"

# --- disabled, enabled ---

run "disable" vfio-container disable
check "it says that ours is still loaded, and what to do" \
	says "loaded now, srcversion $newer, is ours; .*reboot, or, .*modprobe -r .* vfio && modprobe vfio-pci"
what_it_says=$(grep -o -m 1 'modprobe -r .* vfio && modprobe vfio-pci' "$work/said")
equal "the next load takes the distribution's" "$(next_load)" "$stock"
[ "$DKMS_MODE" = quick ] || equal "the initramfs has the distribution's" "$(in_initramfs)" "$stock"
check "status: disabled" status_says "^disabled +yes"
check "what it says can be done" bash -c "${what_it_says:-false}"
equal "the distribution's is loaded" "$(loaded)" "$stock"
check "status: the distribution's is loaded" status_says "^loaded +the distribution's, srcversion $stock"
run "enable" vfio-container enable
equal "the next load takes ours again" "$(next_load)" "$newer"
reload
equal "ours is loaded" "$(loaded)" "$newer"

# --- removed ---

[ "$DKMS_MODE" = long ] || mv "$work/initrd" "$initrd"
run "removing the package" dpkg --purge vfio-container-dkms
check "it says that the loaded one stays" says "loaded now, srcversion $newer, is ours; the next load takes the distribution's"
check "nothing of ours is left" nothing_of_ours
equal "the next load takes the distribution's" "$(next_load)" "$stock"
equal "the initramfs has the distribution's" "$(in_initramfs)" "$stock"
reload
equal "the distribution's is loaded" "$(loaded)" "$stock"

# --- without DKMS ---

[ "$DKMS_MODE" = long ] || rm "$initrd"
unload
run "make install" make install DESTDIR= PREFIX="$work/usr" KVER="$kver"
equal "make install: the next load takes ours" "$(next_load)" "$(modinfo -F srcversion "build/$kver/vfio.ko")"
run "make uninstall" make uninstall DESTDIR= PREFIX="$work/usr" KVER="$kver"
equal "make uninstall: the next load takes the distribution's" "$(next_load)" "$stock"
check "make uninstall: nothing is left" test -z "$(find "$work/usr" -type f)"

# --- a kernel whose symbols are others ---

if [ "$DKMS_MODE" = long ]; then
	sed -i 's/^0x[0-9a-f]*\tvfio_pin_pages\t/0x00000000\tvfio_pin_pages\t/' "$modules/build/Module.symvers"
	run "installing the package where a CRC differs" dpkg -i "$DKMS_FIRST"
	check "it names the symbol" says "vfio_pin_pages has CRC 0x[0-9a-f]*, the target kernel has 0x00000000"
	check "the package system has no complaint" configured
	check "nothing is in place" nothing_of_ours
	equal "the next load takes the distribution's" "$(next_load)" "$stock"
fi
finish
