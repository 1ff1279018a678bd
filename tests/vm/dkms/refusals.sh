# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The package where ours cannot be used: it is installed and says why, nothing is put in place, and
# neither apt nor a kernel's installation fails.
# shellcheck source=tests/vm/dkms/lib.sh
. tests/vm/dkms/lib.sh

fake_sys()
{
	mkdir -p "$work/sys/$1"
	VFIO_CONTAINER_SYS=$work/sys vfio-container check "$kver"
}

fake_lockdown()
{
	mkdir -p "$work/locked/kernel/security"
	echo 'none [integrity] confidentiality' > "$work/locked/kernel/security/lockdown"
	VFIO_CONTAINER_SYS=$work/locked vfio-container check "$kver"
}

autoinstall_says()
{
	sh /etc/kernel/postinst.d/dkms "$kver" > "$work/said" 2>&1 && says "$1"
}

stand_in "linux-source-${series}_$version+other.deb" > /dev/null
run "installing the package where the sources are of another version" dpkg -i "$DKMS_FIRST"
check "it says which version is wanted" says "linux-source-$series is of version .*\+other, the kernel of $version; run 'apt install linux-source-$series=$version'"
check "the package system has no complaint" configured
check "nothing is in place" nothing_of_ours
equal "the next load takes the distribution's" "$(next_load)" "$stock"
check "an autoinstall for a new kernel skips it, and does not fail" \
	autoinstall_says "linux-source-$series is of version"
dpkg -r --force-depends "linux-source-$series" > /dev/null
refused "without sources" "its sources are missing; run 'apt install linux-source-$series=$version'" vfio-container check "$kver"
stand_in "linux-source-${series}_$version.deb" > /dev/null
mv "$modules/build" "$work/build"
refused "without headers" "its headers are missing; run 'apt install linux-headers-${kver//+/\\+}'" vfio-container check "$kver"
mv "$work/build" "$modules/build"
mkdir -p /lib/modules/6.1.99-own
refused "a kernel that is not Debian's" "its name is not that of one of Debian's kernels" vfio-container check 6.1.99-own
rmdir /lib/modules/6.1.99-own
refused "a livepatch for vfio (feigned)" "the livepatch 'kpatch_x' is loaded and patches vfio" \
	fake_sys kernel/livepatch/kpatch_x/vfio
refused "a locked-down kernel (feigned)" "enforced \(lockdown integrity\), and the certificate .* is not enrolled" fake_lockdown
run "nothing in the way" vfio-container check "$kver"
run "DKMS installs it once nothing is in the way" dkms install "vfio-container/$(dpkg-deb -f "$DKMS_FIRST" Version)"
check "the next load takes ours" test "$(next_load)" != "$stock"
check "the package can be removed" dpkg --purge vfio-container-dkms
finish
