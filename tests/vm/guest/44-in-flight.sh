# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Operations that have begun and not returned: a MAP_DMA is held in the kernel, where /proc shows
# its thread; the monitor must tell of it and of its age for as long, through tracepoints and
# through functions.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

hold=build/tests/vfio-hold
device=${VM_E1000E%% *}
mkfifo "$work/gate"

# hold_map: in the background: $hold_pid, its thread $hold_tid; its standard input is open as 8
hold_map()
{
	"$hold" "/dev/vfio/$(group_of "$device")" < "$work/gate" > "$work/held" &
	hold_job=$!
	exec 8> "$work/gate"
	within 30 grep -q . "$work/held" || return 1
	read -r hold_pid hold_tid < "$work/held"
	within 30 is_held
}

is_held()
{
	grep -q handle_userfault "/proc/$hold_pid/task/$hold_tid/stack"
}

# told SECONDS: it is in flight, for so long at least
told()
{
	last_line "(.in_flight | length) == 1 and (.in_flight[0] | .operation == \"map_dma\" and
		.pid == $hold_pid and .tid == $hold_tid and .command == \"vfio-hold\" and
		.age_ns >= $1 * 1000000000 and .group == null) and
		.containers[0].running_op == \"map_dma\" and .containers[0].id == .in_flight[0].container"
}

nothing_runs()
{
	last_line '.in_flight == [] and ([.containers[].running_op | values] | length) == 0'
}

# held_through SOURCE
held_through()
{
	local source=$1 monitor_pid
	"$monitor" --source="$source" --json -d 0.2 > "$work/json" 2> "$work/monitor.err" &
	monitor_pid=$!
	check "$source: the monitor is attached" within 120 attached
	check "$source: a MAP_DMA is held" hold_map
	check "$source: it is in flight" within 30 told 0
	sleep 3
	check "$source: and still is, three seconds older" within 30 told 3
	check "$source: its thread is still in the kernel" is_held
	exec 8>&-
	check "$source: it returns" wait "$hold_job"
	check "$source: then nothing is in flight" within 30 nothing_runs
	check "$source: another one is held" hold_map
	check "$source: it is in flight, too" within 30 told 0
	kill -KILL "$hold_pid"
	check "$source: nothing is in flight once it was killed" within 30 nothing_runs
	exec 8>&-
	check "$source: the monitor was there all the time" kill -INT $monitor_pid
	wait $monitor_pid
	tail -n 1 "$work/json" > "$work/last"
	check "$source: nothing is in the losses" jq -e '.lost.total == 0' "$work/last"
}

check "vfio-pci has the e1000e" bind_vfio "$device"
held_through tp
held_through fentry
finish
