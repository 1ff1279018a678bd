#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - the guest's part of `make bench`, on the vfio.ko that modprobe finds
#
# Called by tests/bench/bench in the guest, whose time counts instructions: guest.sh ROUNDS
# Prints "NAME MINIMUM MEDIAN" or "NAME VALUE" for each figure. Ends at the first error of ours; a
# peer that cannot be measured is named on stderr with the reason, and has no figure.
set -euo pipefail

rounds=$1
# container-cost has 200 rounds before those that count for a figure: an observer sees them, too.
pins=$((rounds + 200))
cost=build/bench/container-cost
load=build/tests/testdev-load
monitor=build/tools/vfiotop
trace=build/tools/vfio-trace
work=$(mktemp -d /tmp/bench.XXXXXX)

# shellcheck source=tests/bench/peers.sh
. tests/bench/peers.sh
# shellcheck source=tests/bench/startup.sh
. tests/bench/startup.sh

# Lines that are no figures are somebody else's output.
figures()
{
	grep -E '^[a-z0-9_.]+ [0-9]+( [0-9]+)?$|^said\.[a-z_]+\.[a-z0-9]+ [0-9KM-]+$' "$1" ||
		{ cat "$1" >&2; return 1; }
}

# counted WHO GOT: WHO has seen every pin
counted()
{
	[ "$2" = "$pins" ] || { echo "guest.sh: $1 counted ${2:-none} of $pins pins" >&2; return 1; }
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

# Leaves vfiotop's process in $pid, its output in $work/json.
start_vfiotop()
{
	local try
	"$monitor" --json -d 1 > "$work/json" 2> "$work/err" &
	pid=$!
	for try in $(seq 60); do
		attached && break
		if ! kill -0 "$pid" || [ "$try" = 60 ]; then
			echo "guest.sh: vfiotop did not attach: $(cat "$work/err")" >&2
			return 1
		fi
		sleep 1
	done
}

stop_vfiotop()
{
	sleep 3
	kill -INT "$pid"
	wait "$pid"
}

# twice NAME: the cheaper of two runs. Now and then our tools measure for 50 ms what their programs
# cost, at some 80 instructions a program more; not both runs are in such a time. NAME.over_median is
# by how much the mean of both is above their medians: what interrupts and other tasks took.
twice()
{
	{
		"$cost" pins "$1" "$rounds"
		sleep 0.3
		"$cost" pins "$1" "$rounds"
	} | awk '!($1 in least) { name[++n] = $1 }
		!($1 in least) || $2 < least[$1] { least[$1] = $2; line[$1] = $0 }
		$1 ~ /[.]mean$/ { over += $2 / 2 }
		$1 ~ /[.]p50$/ { over -= $2 / 2 }
		END {
			for (i = 1; i <= n; i++)
				print line[name[i]]
			printf("%s.over_median %d\n", base, over)
		}' base="$1"
}
export -f twice
export cost rounds

# What it says of the pins is printed, too. An unpaired begin or end would be an unknown duration.
with_vfiotop()
{
	local pid
	start_vfiotop
	# Nobody else has maps in this guest.
	echo "maps.vfiotop $(bpftool -j map | jq '[.[].bytes_memlock] | add')"
	twice pin.aggregated
	stop_vfiotop
	counted vfiotop "$(jq -s '.[-1].totals.ops.pin.count / 2' "$work/json")"
	jq -se '.[-1] | .lost.total == 0 and .totals.ops.pin.untimed == 0' "$work/json" > /dev/null ||
		{ echo "guest.sh: vfiotop lost some: $(tail -n 1 "$work/json")" >&2; return 1; }
	jq -sr '.[-1].totals.ops.pin | to_entries[] | select(.key | test("^(mean|p50|p90|p99)_ns$")) |
		"said.vfiotop." + (.key | rtrimstr("_ns")) + " " + (.value | round | tostring)' "$work/json"
}

with_recording()
{
	"$trace" record -o "$work/recording" -- bash -c "twice pin.recorded" \
		> "$work/out" 2> "$work/err" || { cat "$work/err" >&2; return 1; }
	figures "$work/out"
	"$trace" report --json "$work/recording" > "$work/report"
	jq -e --argjson n $((2 * pins)) '.lost.total == 0 and .events.vfio_container_pin == $n' \
		"$work/report" > /dev/null ||
		{ echo "guest.sh: the recording is not complete: $(jq -c '.lost, .events' "$work/report")" >&2; return 1; }
}

# Containers that live one after the other, by each observer's own count.
lifecycles=20
identities()
{
	local pid
	start_vfiotop
	"$load" mix -n "$lifecycles" > "$work/out"
	stop_vfiotop
	echo "keys.vfiotop $(jq -s '[.[].containers[].id] | unique | length' "$work/json")"
	"$trace" record -o "$work/recording" -- "$load" mix -n "$lifecycles" > "$work/out" 2> "$work/err" ||
		{ cat "$work/err" >&2; return 1; }
	echo "keys.recording $("$trace" report --json "$work/recording" | jq '.containers | length')"
	peer keys.bpftrace keys_of_bpftrace
}

# The kernel's own tracepoint with nobody, nothing and two readings of the clock on it.
floor()
{
	"$cost" renames rename "$rounds"
	"$cost" renames-empty rename.empty "$rounds"
	"$cost" renames-clocks rename.clocks "$rounds"
}

# The peers' start does not depend on the module: the distribution's is enough.
startups()
{
	startup startup.vfiotop "$monitor" --json -n 1
	startup startup.record "$trace" record -o "$work/recording" -- true
	[ "$VM_MODULES" = stock ] || return 0
	peer startup.libbpf_tools startup startup.libbpf_tools funclatency -d 1 vfio_pin_pages
	peer startup.bpftrace startup startup.bpftrace bpftrace -q -e "$by_process" -c /bin/true
	peer startup.bcc startup startup.bcc funclatency-bpfcc -d 1 vfio_pin_pages
}

modprobe vfio_iommu_type1
# Ours also beside the distribution's vfio.ko, where modprobe does not find it.
insmod "build/$VM_KVER/vfio-testdev.ko"
echo "srcversion $(cat /sys/module/vfio/srcversion)"

"$cost" pins pin "$rounds"
"$cost" lifecycles - "$rounds"
floor
[ "$VM_MODULES" = stock ] || "$cost" pins-empty pin.empty "$rounds"
with_vfiotop
with_recording
identities
every_peer
startups
rm -rf "$work"
