# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the guest's test scripts share; sourced by each of them. Output is TAP-like. A script exits
# with finish, 0 whether its tests passed or not: the lines count.

set -uo pipefail
# shellcheck source=tests/vm/guest.sh
. "$VM_GUEST"

work=$(mktemp -d /tmp/test.XXXXXX)
# For the scripts that source this file.
export trace=$PWD/build/tools/vfio-trace
export monitor=$PWD/build/tools/vfiotop
export load=$PWD/build/tests/testdev-load

# check NAME COMMAND...: a test that passes when COMMAND does; its output is shown when it fails
check()
{
	local name=$1
	shift
	if "$@" > "$work/check.out" 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/#   /' "$work/check.out" | tail -n 40
	fi
}

# equal NAME GOT WANT; two empty strings are no match, they mean that nothing was measured
equal()
{
	if [ "$2" = "$3" ] && [ -n "$2" ]; then
		echo "ok - $1 ($2)"
	else
		echo "not ok - $1: got '$2', expected '$3'"
	fi
}

# within SECONDS COMMAND...: retry until it succeeds
within()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# last_line FILTER: the last whole line of $work/json, a live vfiotop's output, is as the jq FILTER
# wants it. Of no input at all jq -e says that it is true.
last_line()
{
	local line
	line=$(tail -n 2 "$work/json" | head -n 1)
	[ -n "$line" ] || return 1
	jq -e "$1" <<< "$line" > "$work/matched" && return
	jq -c '{ gap, lost, containers: .containers[:3] }' <<< "$line" | cut -c 1-2000
	return 1
}

# The process that has a tool's links.
loader_of()
{
	pgrep -P "$1" vfio-loader
}

# links [PID]: that tool's; else the references on vfio that are no module's: all tools' links, while
# nobody has vfio's files open
links()
{
	[ $# = 0 ] || { find "/proc/$(loader_of "$1")/fd" -lname '*bpf*link*' | wc -l; return; }
	echo $(($(cat /sys/module/vfio/refcnt) - $(find /sys/module/vfio/holders -type l | wc -l)))
}

# attached [PID]: it has attached to the last of its events: there are links, and they become no more
attached()
{
	local before
	before=$(links "$@")
	[ "$before" -gt 0 ] && sleep 1 && [ "$(links "$@")" = "$before" ]
}

# load_testdev COUNT: vfio-testdev with that many devices, whatever an earlier script left
load_testdev()
{
	! grep -q '^vfio_testdev ' /proc/modules || rmmod vfio_testdev || return 1
	modprobe vfio_iommu_type1 || return 1
	if [ "$VM_MODULES" = stock ]; then
		insmod "build/$VM_KVER/vfio-testdev.ko" "count=$1"
	else
		modprobe vfio-testdev "count=$1"
	fi
}

# pins DEVICE: how often that test device has pinned, by its own count
pins()
{
	cat "/sys/bus/platform/devices/vfio-testdev.$1/stats/pin"
}

# pinning DEVICE [BEFORE]: it has pinned more than ten times since its count was BEFORE, or 0
pinning()
{
	[ "$(pins "$1")" -gt "$((${2:-0} + 10))" ]
}

# unload_users: every module that uses vfio, so that only vfio itself is left. Our tools let go of
# type1 when it is the last.
unload_users()
{
	local module
	# 6.1 has virqfd in a module of its own.
	for module in vfio_testdev vfio_pci vfio_pci_core vfio_iommu_type1 mdev vfio_virqfd; do
		! grep -q "^$module " /proc/modules || within 5 rmmod "$module" || return 1
	done
}

# The kernel log since the last call holds no warning.
log_mark=0
clean_log()
{
	local lines
	lines=$(dmesg | wc -l)
	dmesg | tail -n +$((log_mark + 1)) |
		grep -E 'WARNING|BUG:|Oops|Call Trace|general protection|refcount_t|INFO: (task|rcu)' && return 1
	log_mark=$lines
	return 0
}

finish()
{
	check "the kernel log is clean" clean_log
	rm -rf "$work"
	exit 0
}
