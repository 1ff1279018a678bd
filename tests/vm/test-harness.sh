#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests tests/vm/run itself; called by 'make check'. Prints TAP lines and exits
# with 1 if a check failed. KVERS names the kernels (series or full versions);
# what does not depend on the kernel is checked on the first one only.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
read -ra kvers <<<"${KVERS:-6.1 6.12}"
vm=tests/vm/run
checks=0
failures=0

# A temporary directory of our own shows what the harness leaves behind.
work=$(mktemp -d "${TMPDIR:-/tmp}/vm-harness.XXXXXX")
scratch=''
trap 'rm -rf "$work" "$scratch"' EXIT
mkdir "$work/tmp"
export TMPDIR=$work/tmp

# check TEXT COMMAND...: one line of the result, with the guest's output if bad.
check() {
	local text=$1
	shift
	checks=$((checks + 1))
	if "$@"; then
		echo "ok $checks - $text"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $checks - $text"
	echo "# status $status"
	head -c 2000 "$work/out" | cat -v | awk '{ print "# stdout: " $0 }'
	head -c 2000 "$work/err" | cat -v | awk '{ print "# stderr: " $0 }'
}

# Runs the harness with the given arguments: $status, $work/out, $work/err.
guest() {
	status=0
	"$vm" --console "$work/console" "$@" >"$work/out" 2>"$work/err" || status=$?
	# A boot that was tried again is no failure of what is tested here.
	sed -i '/; trying again$/d' "$work/err"
}

status_is() { [ "$status" = "$1" ]; }
out_is() { [ "$(<"$work/out")" = "$1" ]; }
err_is() { [ "$(<"$work/err")" = "$1" ]; }
out_has() { grep -qxF -- "$1" "$work/out"; }
err_has() { grep -qF -- "$1" "$work/err" && [ "$(wc -l <"$work/err")" = 1 ]; }
log_has() { grep -q -- "$1" "$work/console"; }
log_lacks() { [ -s "$work/console" ] && ! grep -q -- "$1" "$work/console"; }
same_bytes() { cmp -s "$work/out" "$1"; }
absent() { [ ! -e "$1" ]; }
nothing_left() { ! pgrep -f "$TMPDIR/vm-" >/dev/null && [ -z "$(ls -A "$TMPDIR")" ]; }

test_streams() {
	guest --kver "$1" --stock -- bash -c 'echo to-out; echo to-err >&2; exit 3'
	check "$1: exit status 3 is passed on" status_is 3
	check "$1: stdout is the command's alone" out_is to-out
	check "$1: stderr is the command's alone" err_is to-err
	check "$1: the kernel's log is in the console file" log_has 'Linux version'
	check "$1: no process and no temporary file is left" nothing_left
}

test_binary() {
	head -c 3000000 /bin/bash >"$work/bytes"
	guest --kver "$1" --stock -- head -c 3000000 /bin/bash
	check "exit status 0 is passed on" status_is 0
	check "stdout is passed on byte by byte" same_bytes "$work/bytes"
}

test_no_command() {
	guest --kver "$1" --stock -- no-such-program
	check "a command that does not exist gives 127" status_is 127
	check "... and says so" err_has no-such-program
	guest --kver "$1" --stock
	check "no command and no terminal is a usage error" status_is 2
	guest --kver 1.2.3-none -- true
	check "an unknown kernel gives 1" status_is 1
	check "... and says what to do" err_has "make kernel KVER=1.2.3-none"
}

test_lost_guest() {
	guest --kver "$1" --stock --timeout 20 -- sleep 1000
	check "a guest that hangs gives 124" status_is 124
	check "... and a message of one line" err_has "did not end within 20 seconds"
	guest --kver "$1" --stock -- bash -c 'echo before; echo c >/proc/sysrq-trigger; sleep 60'
	check "a kernel panic gives 125" status_is 125
	check "... a message of one line" err_has "panicked while the command ran"
	check "... the output before it" out_is before
	check "... and the trace in the console file" log_has 'Call Trace'
	check "no process and no temporary file is left" nothing_left
}

test_host_is_safe() {
	# Under /tmp, the guest would have a file system of its own.
	local dir
	dir=$(mktemp -d "$PWD/build/vm/harness.XXXXXX")
	scratch=$dir
	echo host >"$dir/changed"
	echo host >"$dir/removed"
	guest --kver "$1" --stock --out "$work/results" -- bash -c "
		echo guest >'$dir/new' && echo guest >'$dir/changed' && rm '$dir/removed' && ls '$dir'
		echo result >\"\$VM_OUT/file\""
	check "the guest can write and remove anywhere" out_is $'changed\nnew'
	check "... which leaves the host's files alone" grep -qx host "$dir/changed"
	check "... adds none" absent "$dir/new"
	check "... and removes none" [ -e "$dir/removed" ]
	check "what it writes to VM_OUT is on the host" grep -qx result "$work/results/file"
}

test_terminal() {
	status=0
	: >"$work/err"
	script -qec "stty rows 33 cols 111; $vm --tty --kver $1 --stock -- sh -c 'stty size; true </dev/tty && echo controlled; exit 6'" \
		/dev/null </dev/null 2>&1 | tr -d '\r' >"$work/out" || status=$?
	check "--tty passes the exit status on" status_is 6
	check "... gives the terminal's size" out_has "33 111"
	check "... and a controlling terminal" out_has controlled
}

test_devices() {
	# shellcheck disable=SC2016 # for the guest
	guest --kver "$1" --stock --devices e1000e,nvme,virtio,edu -- bash -c '
		set -e
		. "$VM_GUEST"
		uname -r
		cat /proc/sys/kernel/panic_on_warn
		for bdf in $VM_E1000E $VM_NVME $VM_VIRTIO_NET $VM_VIRTIO_RNG $VM_EDU; do
			group=$(group_of "$bdf")
			members=(/sys/kernel/iommu_groups/"$group"/devices/*)
			echo "$bdf alone=${#members[@]}"
		done
		bind_vfio "$VM_E1000E"
		driver_of "$VM_E1000E"
		[ -c "/dev/vfio/$(group_of "$VM_E1000E")" ] && echo group-node
		modinfo -n vfio
		echo "$VM_MODULES"'
	check "$1: the guest script succeeds" status_is 0
	check "$1: it is the kernel that was asked for" grep -q "^${1//./\\.}[.-]" "$work/out"
	check "$1: a kernel warning is a panic" out_has 1
	local bdf
	for bdf in 10 12 14 16 18; do
		check "$1: 00:$bdf.0 is alone in an IOMMU group" out_has "0000:00:$bdf.0 alone=1"
	done
	check "$1: Debian's vfio-pci binds the e1000e" out_has vfio-pci
	check "$1: ... and its group has a node" out_has group-node
	check "$1: --stock leaves Debian's vfio" out_has stock
	check "$1: the kernel's log has no warning" log_lacks 'WARNING:\|BUG:\|Oops'
}

test_our_modules() {
	# shellcheck disable=SC2016 # for the guest
	guest --kver "$1" -- bash -c 'echo "$VM_MODULES"; modinfo -n vfio; modprobe vfio &&
		[ "$(modinfo -F srcversion vfio)" = "$(</sys/module/vfio/srcversion)" ] && echo loaded'
	check "$1: modprobe takes our vfio" grep -qx "/lib/modules/.*/updates/dkms/vfio.ko" "$work/out"
	check "$1: ... and loads it" out_has loaded
}

for kver in "${kvers[@]}"; do
	test_devices "$kver"
	test_our_modules "$kver"
	test_streams "$kver"
done
test_binary "${kvers[0]}"
test_no_command "${kvers[0]}"
test_lost_guest "${kvers[0]}"
test_host_is_safe "${kvers[0]}"
test_terminal "${kvers[0]}"

echo "1..$checks"
[ $failures = 0 ]
