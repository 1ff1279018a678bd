#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# testdev-load's workloads on a debug kernel, while tracepoints go on and off. Run by
# tests/debug/check; LOAD_SECONDS is how long each workload lasts.

. tests/debug/guest/lib.sh
seconds=${LOAD_SECONDS:?}

# Until the file `stop` is there.
switch_tracepoints()
{
	local events=/sys/kernel/tracing/events/vfio
	until [ -e "$work/stop" ]; do
		echo 1 > $events/enable
		sleep 0.3
		echo 0 > $events/enable
		sleep 0.2
	done
}

workload()
{
	"$load" "$@" --seconds "$seconds" > "$work/counts"
}

debug_begin
check "vfio-testdev with 8 devices" load_testdev 8
switch_tracepoints &
for args in "lifecycle -d 0-7 -c 4" "pin -d 0-3 -c 2 -t 4 -p 16 -r --per-call" \
	"pin -d 0-1 -t 2 -p 64 --unpin close -r -m 64" "map -d 0-3 -c 2 -t 4 -s 64K" \
	"dma-rw -d 0-1 -t 2 -w --per-call" "mix -d 0-7 -c 4 -p 100"; do
	read -ra words <<< "$args"
	check "testdev-load $args, $seconds s" workload "${words[@]}"
	figures "$args" <(grep -E '^(open|attach|pin|pin_pages|map_dma|unmap_dma|dma_rw|release) ' "$work/counts" |
		awk '$2 > 0')
done
touch "$work/stop"
wait
check "the kernel log is clean after the workloads" clean_log
debug_end
