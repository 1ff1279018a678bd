# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The package on a kernel that enforces module signatures (module.sig_enforce=1): ours, signed by a
# key of the host's own that is not enrolled, is not put in place, and guests still start.
# shellcheck source=tests/vm/dkms/lib.sh
. tests/vm/dkms/lib.sh

equal "the kernel enforces signatures" "$(cat /sys/module/module/parameters/sig_enforce)" Y
refused "the kernel rejects ours" "Key was rejected by service" insmod "build/$kver/vfio.ko"
run "installing the package" dpkg -i "$DKMS_FIRST"
check "it says that signatures are enforced and what to do" \
	says "signatures are enforced \(module.sig_enforce\), and the certificate .* is not enrolled\. Enrol"
check "the package system has no complaint" configured
check "nothing is in place" nothing_of_ours
check "DKMS has made the key that can be enrolled" test -s /var/lib/dkms/mok.pub
refused "nor by hand" "it is not signed" kmod/dkms/vfio-container install "build/$kver/vfio.ko"
cp "build/$kver/vfio.ko" "$work/vfio.ko"
"$modules/build/scripts/sign-file" sha256 /var/lib/dkms/mok.key /var/lib/dkms/mok.pub "$work/vfio.ko"
refused "nor signed with that key" "it is signed with /var/lib/dkms/mok.pub, which is not enrolled" \
	kmod/dkms/vfio-container install "$work/vfio.ko"
refused "the kernel rejects that one" "Key was rejected by service" insmod "$work/vfio.ko"
check "nothing is in place" nothing_of_ours
check "modprobe vfio-pci still works" modprobe vfio-pci
equal "the distribution's is loaded" "$(loaded)" "$stock"
check "status: enforced" status_says "^enforced +module signatures are enforced"

# Enforcement that came after ours was in place.
unload
mkdir -p "$updates"
cp "$work/vfio.ko" "$updates/"
depmod "$kver"
refused "ours in place stops modprobe, which does not fall back" "Key was rejected by service" modprobe vfio-pci
check "status: the next load fails" status_says "THE NEXT LOAD FAILS; run 'vfio-container disable'"
run "disable" vfio-container disable
check "the distribution's loads again" modprobe vfio-pci
equal "the distribution's is loaded" "$(loaded)" "$stock"
refused "enable refuses" "which is not enrolled" vfio-container enable
finish
