# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Our tracepoints under perf, trace-cmd and bpftrace as Debian ships them: each sees the same
# known number of events.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 1
pins=23

perf_counts()
{
	perf stat -x , -e vfio:vfio_container_pin -e vfio:vfio_container_open -a -o "$work/perf" \
		"$load" pin -n "$pins" --per-call > "$work/load" || return 1
	awk -F , '/vfio:/ { print $3, $1 }' "$work/perf"
}

trace_cmd_counts()
{
	trace-cmd record -q -e vfio:vfio_container_pin -e vfio:vfio_container_open \
		-o "$work/dat" "$load" pin -n "$pins" --per-call > "$work/load" || return 1
	trace-cmd report -q -i "$work/dat" 2> /dev/null | awk '/: +id=/ { sub(":", "", $4); n[$4]++ }
		END { for (e in n) print "vfio:" e, n[e] }' | sort -r
}

bpftrace_counts()
{
	bpftrace -q -e 'tracepoint:vfio:vfio_container_pin { @pin = count(); }
		tracepoint:vfio:vfio_container_open { @open = count(); }' \
		-c "$load pin -n $pins --per-call" > "$work/bpftrace" || return 1
	sed -nE 's/^@(pin|open): /vfio:vfio_container_\1 /p' "$work/bpftrace" | sort -r
}

want="vfio:vfio_container_pin $pins
vfio:vfio_container_open 1"
equal "perf counts $pins pins and 1 open" "$(perf_counts)" "$want"
equal "trace-cmd records $pins pins and 1 open" "$(trace_cmd_counts)" "$want"
equal "bpftrace counts $pins pins and 1 open" "$(bpftrace_counts)" "$want"
check "trace-cmd decodes an event's values" grep -qE \
	'vfio_container_pin: +id=[0-9]+ slot=[0-9]+ group=[0-9]+ iova=0x[0-9a-f]+ npage=1 prot=0x[0-9a-f]+ ret=1 duration=[0-9]+' \
	<(trace-cmd report -q -i "$work/dat" 2> /dev/null)
finish
