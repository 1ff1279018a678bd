# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Thousands of container lifecycles in 16 processes that fight for eight emulated groups and a PCI
# function, while tracepoints go on and off, CPUs leave and come back, and programs attach.
# Afterwards all module references and pinned pages are back.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/stress.sh
. tests/vm/guest/stress.sh

load_testdev 8
bind_vfio "$VM_E1000E"
cpu=/sys/devices/system/cpu/cpu1/online
total=0

# storm COUNT COMMAND...: at least COUNT lifecycles, and as many more as COMMAND takes. Its processes
# leave the CPU to COMMAND, which would else wait for each of them at every turn.
storm()
{
	local count=$1 pid status
	shift
	# shellcheck disable=SC2086
	nice -n 19 "$stress" storm -n "$count" -p 16 --seed "$count" --until-term $testdevs "$VM_E1000E" \
		> "$work/out" &
	pid=$!
	"$@"
	status=$?
	kill -TERM "$pid"
	if ! wait "$pid" || [ "$status" != 0 ]; then
		cat "$work/out"
		return 1
	fi
}

# storm_test NAME COUNT COMMAND...
storm_test()
{
	local name=$1 begin=$SECONDS
	shift
	check "$name" storm "$@"
	echo "# $((SECONDS - begin)) s, $(said lifecycles) lifecycles, up to $(said at_once) at once, $(said busy) times busy"
	check "$name: at least $1 lifecycles" test "$(said lifecycles)" -ge "$1"
	check "$name: several at once" test "$(said at_once)" -gt 1
	total=$((total + $(said lifecycles)))
}

switch_all()
{
	echo 1 > "$events/enable" && sleep 0.02 && echo 0 > "$events/enable" && sleep 0.02
}

# Each by itself, and all together now and then.
switch_tracepoints()
{
	local event n=0
	for event in "$events"/vfio_*/enable; do
		echo 1 > "$event" && sleep 0.01 && echo 0 > "$event" || return
		((n++ % 8)) || switch_all || return
	done
}

switch_cpu()
{
	local n
	for ((n = 0; n < 6; n++)); do
		echo 0 > "$cpu" || return
		grep -qx 0 "$cpu" || return
		sleep 0.1
		echo 1 > "$cpu" || return
		grep -qx 1 "$cpu" || return
		sleep 0.1
	done
}

# bpftrace opens a buffer on each CPU that it has found, and gives up when one has left meanwhile:
# then, and only then, it is asked again.
run_bpftrace()
{
	local try
	for ((try = 0; try < 5; try++)); do
		bpftrace -q -e '
			tracepoint:vfio:vfio_container_get { @get = count(); }
			tracepoint:vfio:vfio_container_pin { @pin = count(); }
			interval:ms:500 { exit(); }' > "$work/bpftrace" 2> "$work/bpftrace.err" && return
		grep -q 'perf_event_open: No such device' "$work/bpftrace.err" || break
	done
	cat "$work/bpftrace.err"
	return 1
}

# Programs attach and go, and see what happens meanwhile: bpftrace through perf events, vfio-trace
# through raw tracepoints.
attach_programs()
{
	run_bpftrace || return
	grep -q '^@get: [1-9]' "$work/bpftrace" && grep -q '^@pin: [1-9]' "$work/bpftrace" || return
	"$trace" record -o "$work/recording" -- sleep 0.5 > "$work/recorded" 2>&1 ||
		{ cat "$work/recorded"; return 1; }
	"$trace" report --json "$work/recording" | jq -e '.operations.pin.count > 0' > /dev/null
}

programs_and_cpus()
{
	local pid
	attach_programs &
	pid=$!
	while switch_cpu; do
		kill -0 "$pid" 2> /dev/null || { wait "$pid"; return; }
	done
	wait "$pid"
	return 1
}

storm_test "tracepoints on and off" 2000 switch_tracepoints
if [ -e "$cpu" ]; then
	storm_test "CPUs off and on" 2000 switch_cpu
else
	skip "CPUs off and on" "no $cpu"
fi
if [ -e "$cpu" ] && [ -e /sys/kernel/btf/vmlinux ]; then
	storm_test "programs attached, CPUs off and on" 2000 programs_and_cpus
	equal "every CPU is back" "$(cat "$cpu")" 1
else
	storm_test "tracepoints on and off again" 2000 switch_tracepoints
fi
check "at least 5000 lifecycles in all ($total)" test "$total" -ge 5000
equal "every tracepoint is off" "$(cat "$events/enable")" 0
equal "no backend is left" "$(cat /sys/module/vfio_iommu_type1/refcnt)" 0
check "the devices' module can be unloaded" rmmod vfio_testdev
finish
