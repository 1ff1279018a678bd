# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The tools measure what they cost, stay within --max-overhead by leaving frequent events out, and
# never leave the kernel's statistics of BPF programs on.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 2

# Descriptors, of anybody, that make the kernel keep statistics.
statistics()
{
	find /proc/[0-9]*/fd -lname 'anon_inode:bpf-stats' 2> /dev/null | wc -l
}

statistics_are_off()
{
	[ "$(statistics)" = 0 ] && [ "$(cat /proc/sys/kernel/bpf_stats_enabled)" = 0 ]
}

# Runs of BPF programs that the kernel has counted.
counted_runs()
{
	bpftool -j prog list | jq '[.[].run_cnt // 0] | add'
}

# stopped_in_window PID: that tool is stopped just while its loader has the kernel keep statistics.
# They are on for less time than a command takes to start here: the shell alone counts descriptors.
mkfifo "$work/never"
exec 9<> "$work/never"
stopped_in_window()
{
	local loader fds now
	loader=$(loader_of "$1")
	kill -CONT "$1"
	fds=(/proc/"$loader"/fd/*)
	for _ in {1..1000}; do
		now=(/proc/"$loader"/fd/*)
		if [ ${#now[@]} -gt ${#fds[@]} ]; then
			kill -STOP "$1"
			[ "$(statistics)" = 0 ] || return 0
			kill -CONT "$1"
		fi
		fds=("${now[@]}")
		read -rt 0.01 -u 9
	done
	return 1
}

# Statistics that are on count the pins that go on.
counts_nothing()
{
	local before
	before=$(counted_runs)
	sleep 0.5
	[ "$before" -gt 0 ] && [ "$(counted_runs)" = "$before" ]
}

"$load" pin --seconds 600 --rate 500 -d 0 > "$work/load.out" 2>&1 &
load_pid=$!
check "pins go on" within 20 pinning 0

"$monitor" --source=tp --json -d 0.5 --max-overhead 0.001% > "$work/json" 2> "$work/monitor.err" &
monitor_pid=$!
check "vfiotop says that it is above the limit" within 180 last_line '.overhead.exceeded and
	.overhead.max_percent == 0.001 and (.thinned.message | test("more than --max-overhead 0.001%.*map_parts"))'
check "... what an event and its programs cost" within 30 last_line '.overhead.ns_per_event > 10 and
	.overhead.ns_per_event < 200000 and .overhead.programs_cpu_percent > 0 and
	.overhead.machine_percent > 0.001'
"$load" pin -n 700 -d 1 > "$work/out" &
counted_pid=$!
wait "$counted_pid"
check "... and counts all the same, but looks into no MAP_DMA" within 10 last_line ".lost.total == 0 and
	(.containers[] | select(.pid == $counted_pid) | .ops.pin.count == 700 and .ops.unpin.count == 700 and
	.ops.map_dma.count > 0 and .map_parts == null)"
check "statistics are on for a short time" stopped_in_window "$monitor_pid"
check "... also when the tool is stopped meanwhile" within 5 statistics_are_off
check "... nothing is counted then" counts_nothing
check "they are on again" stopped_in_window "$monitor_pid"
kill -KILL "$monitor_pid"
wait "$monitor_pid" 2> /dev/null
check "... not behind SIGKILL" within 5 statistics_are_off

# has_thinned FILTER: the report is as wanted, and says from when on events are missing
has_thinned()
{
	jq -e "(.gaps | map(select(.kind == \"thinned\")) | length == 1) and .lost.total == 0 and $1" "$work/report"
}

declare -A recorder
for source in tp fentry; do
	"$trace" record --source=$source -e open,release,ioctl,pin,unpin -o "$work/$source" \
		--max-overhead 0.001% 2> "$work/$source.err" &
	recorder[$source]=$!
done
for source in tp fentry; do
	check "$source: the recorder says what it leaves out" within 180 grep -q \
		'more than --max-overhead 0.001%: events no longer recorded: .*pin, unpin' "$work/$source.err"
done
before=$(pins 0)
"$load" lifecycle -n 3 -d 1 > "$work/out"
"$load" mix -n 3 -d 1 > "$work/out"
check "pins go on" within 20 pinning 0 "$before"
for source in tp fentry; do
	kill -INT "${recorder[$source]}"
	check "$source: it ends" wait "${recorder[$source]}"
	check "$source: ... saying what it has cost" grep -Eq \
		'own cost: recorder [0-9.]+% of a CPU, BPF programs [0-9.]+%, an event [0-9]' "$work/$source.err"
	sed 's/^/# /' "$work/$source.err"
	"$trace" report --json "$work/$source" > "$work/report"
	check "$source: pins were recorded until then, lifecycles all" has_thinned \
		".operations.pin.count > 0 and .operations.pin.count <= $before and
		.operations.map_dma.count == 0 and .events.vfio_container_release == 6"
	"$monitor" --replay "$work/$source" --json -n 1 -d 3600 > "$work/replayed"
	check "$source: a replay says so, and knows no rates and gauges" jq -e \
		'(.thinned.message | test("no longer recorded")) and .totals.ops_per_second == null and
		.totals.ops.pin.ops_per_second == null and .totals.ops.open.count == 6 and
		([.containers[] | .pinned_pages == null and .mapped_bytes == null] | all)' "$work/replayed"
done
check "statistics are off" statistics_are_off

kill -INT "$load_pid"
wait "$load_pid" 2> /dev/null
rmmod vfio_testdev
finish
