#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - the guest's part of `make bench`, on the vfio.ko that modprobe finds
#
# Called by tests/bench/bench in the guest, whose time counts instructions: guest.sh ROUNDS
# Prints "NAME MINIMUM MEDIAN" for each figure and "srcversion VALUE"; ends at the first error.
set -euo pipefail

rounds=$1
cost=build/bench/container-cost
work=$(mktemp -d /tmp/bench.XXXXXX)

# Lines that are no figures are somebody else's output.
figures()
{
	grep -E '^[a-z_.]+ [0-9]+ [0-9]+$' "$1" || { cat "$1" >&2; return 1; }
}

# with_bpftrace NAME PROGRAM: pins while PROGRAM runs
with_bpftrace()
{
	if bpftrace -q -e "$2" -c "$cost pins $1 $rounds" > "$work/out" 2>&1; then
		figures "$work/out"
	else
		echo "guest.sh: bpftrace cannot run '$2': $(head -n 1 "$work/out")" >&2
	fi
}

# The references on vfio that are no module's: what a tool has attached.
links()
{
	echo $(($(cat /sys/module/vfio/refcnt) - $(find /sys/module/vfio/holders -type l | wc -l)))
}

# A tool has attached to the last of its events.
attached()
{
	local before
	before=$(links)
	[ "$before" -gt 0 ] && sleep 1 && [ "$(links)" = "$before" ]
}

with_vfiotop()
{
	local pid try counted
	build/tools/vfiotop --json -d 1 > "$work/json" 2> "$work/err" &
	pid=$!
	for try in $(seq 60); do
		attached && break
		if ! kill -0 "$pid" || [ "$try" = 60 ]; then
			echo "guest.sh: vfiotop did not attach: $(cat "$work/err")" >&2
			return 1
		fi
		sleep 1
	done
	"$cost" pins pin.aggregated "$rounds"
	sleep 3
	kill -INT "$pid"
	wait "$pid"
	counted=$(jq -s '.[-1].totals.ops.pin.count' "$work/json")
	[ "$counted" -ge "$rounds" ] ||
		{ echo "guest.sh: vfiotop counted only $counted of $rounds pins" >&2; return 1; }
}

with_recording()
{
	build/tools/vfio-trace record -o "$work/recording" -- \
		"$cost" pins pin.recorded "$rounds" > "$work/out" 2> "$work/err" ||
		{ cat "$work/err" >&2; return 1; }
	figures "$work/out"
	build/tools/vfio-trace report --json "$work/recording" > "$work/report"
	jq -e --argjson n "$rounds" '.lost.total == 0 and .events.vfio_container_pin >= $n' "$work/report" > /dev/null ||
		{ echo "guest.sh: the recording is not complete: $(jq -c '.lost, .events' "$work/report")" >&2; return 1; }
}

modprobe vfio_iommu_type1
# Ours also beside the distribution's vfio.ko, where modprobe does not find it.
insmod "build/$VM_KVER/vfio-testdev.ko"
echo "srcversion $(cat /sys/module/vfio/srcversion)"

"$cost" pins pin "$rounds"
"$cost" lifecycles - "$rounds"
if [ "$VM_MODULES" = ours ]; then
	"$cost" pins-empty pin.empty "$rounds"
	with_vfiotop
	with_recording
	with_bpftrace pin.bpftrace_tracepoint \
		'tracepoint:vfio:vfio_container_pin { @[args->id] = hist(args->duration); }'
fi
with_bpftrace pin.bpftrace_kfunc 'kfunc:vfio_pin_pages { @start[tid] = nsecs; }
	kretfunc:vfio_pin_pages { @[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }'
with_bpftrace pin.bpftrace_kprobe 'kprobe:vfio_pin_pages { @start[tid] = nsecs; }
	kretprobe:vfio_pin_pages { @[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }'
rm -rf "$work"
