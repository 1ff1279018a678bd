# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Who has which rights while the tools run, as /proc tells, and what is left in the kernel when one
# of their processes is killed, as bpftool and vfio's reference count tell: nothing.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 2

# What BPF has, of anybody, and vfio's references.
in_kernel()
{
	bpftool link list | grep -c '^[0-9]*:'
	bpftool prog list | grep -c '^[0-9]*:'
	bpftool map list | grep -c '^[0-9]*:'
	cat /sys/module/vfio/refcnt
	pgrep -c vfio-loader
}

# as_it_was STATE: what is in the kernel is what was there then
as_it_was()
{
	local now
	now=$(in_kernel)
	[ "$now" = "$1" ] || { echo "now, before:" "$now" "$1"; return 1; }
}

# rights PID: uid, capabilities that it has or could get, no_new_privs
rights()
{
	awk '/^(Uid|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs):/ { printf "%s%s", sep, $2; sep = " " }' \
		"/proc/$1/status"
}

own_rights()
{
	grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' "$1" | tr '\t\n' '  '
}

none="0000000000000000 0000000000000000 0000000000000000 0000000000000000 1"
# CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF; with a recording CAP_DAC_OVERRIDE too
watch=000000c000200004
record=000000c000200006

# start_monitor SOURCE: in the background, $monitor_pid, showing the pins of $load_pid
start_monitor()
{
	"$monitor" --source="$1" --json -d 0.2 > "$work/json" 2> "$work/monitor.err" &
	monitor_pid=$!
	kill -CONT "$load_pid"
	# Verifying the programs takes its time in an emulated guest.
	within 120 last_line ".containers[] | select(.pid == $load_pid and .owner.kind == \"process\")" &&
		within 30 last_line '.totals.ops.pin.count > 0 and .lost.total == 0' || return 1
	# It would keep the only CPU from everything else.
	kill -STOP "$load_pid"
}

goes_on()
{
	local was
	was=$(tail -n 2 "$work/json" | head -n 1 | jq .totals.ops.pin.count)
	kill -CONT "$load_pid"
	within 30 last_line ".totals.ops.pin.count > $was and .lost.total == 0" || return 1
	kill -STOP "$load_pid"
}

# ends_with PID STATUS: soon, by itself
ends_with()
{
	within 30 eval "! kill -0 $1 2> /dev/null" || { kill -KILL "$1"; return 1; }
	wait "$1"
	local status=$?
	cat "$work/monitor.err"
	[ "$status" = "$2" ]
}

"$load" pin -n 1000000000 -d 0 > "$work/load.out" 2>&1 &
load_pid=$!
pins=/sys/bus/platform/devices/vfio-testdev.0/stats/pin
within 20 eval "[ \"\$(cat $pins)\" -gt 10 ]"
kill -STOP "$load_pid"
before=$(in_kernel)

for source in tp fentry; do
	check "$source: vfiotop sees owner and pins" start_monitor $source
	equal "$source: it is nobody, without capabilities" "$(rights "$monitor_pid")" "65534 $none"
	equal "$source: its loader has four capabilities" "$(rights "$(loader_of "$monitor_pid")")" \
		"0 0000000000000000 $watch $watch 0000000000000000 1"

	beside=$(in_kernel)
	"$trace" record --source=$source -e lifecycle -o "$work/recording.$source" 2> "$work/trace.err" &
	trace_pid=$!
	check "$source: a recorder beside it has its own programs" within 120 eval \
		"[ \"\$(bpftool link list | grep -c '^[0-9]*:')\" -gt ${beside%%$'\n'*} ]"
	equal "$source: the recorder has no capabilities" "$(rights "$trace_pid")" "0 $none"
	equal "$source: its loader may also name the recording" "$(rights "$(loader_of "$trace_pid")")" \
		"0 0000000000000000 $record $record 0000000000000000 1"
	kill -KILL "$trace_pid"
	wait "$trace_pid" 2> /dev/null
	check "$source: the recorder killed, nothing of it is left" within 20 as_it_was "$beside"
	check "$source: vfiotop goes on" goes_on

	kill -KILL "$(loader_of "$monitor_pid")"
	check "$source: its loader killed, vfiotop ends with status 1" ends_with "$monitor_pid" 1
	check "$source: ... saying why" grep -q "vfio-loader) has ended" "$work/monitor.err"
	check "$source: ... and nothing is left" within 20 as_it_was "$before"
done

check "another vfiotop starts" start_monitor tp
kill -KILL "$monitor_pid"
wait "$monitor_pid" 2> /dev/null
check "killed, nothing of it is left" within 20 as_it_was "$before"
kill -CONT "$load_pid"
kill -INT "$load_pid"
wait "$load_pid" 2> /dev/null

# A recorder whose loader is killed keeps what it has.
"$trace" record -o "$work/kept" 2> "$work/monitor.err" &
trace_pid=$!
check "a recorder attaches" within 60 attached
"$load" lifecycle -n 5 > "$work/out"
kill -KILL "$(loader_of "$trace_pid")"
check "its loader killed, the recorder ends with status 1" ends_with "$trace_pid" 1
check "... and what it had is kept" jq -e '.containers | length == 5' \
	<("$trace" report --json "$work/kept")

# Another user's folder: root without capabilities may not name a file in it, its loader may.
mkdir -m 0755 "$work/theirs"
chown 1000:1000 "$work/theirs"
chmod 0755 "$work"
"$trace" record -o "$work/theirs/recording" -- \
	sh -c "grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/self/status; exec $load lifecycle -n 5" \
	> "$work/out" 2> "$work/err"
check "a recording in another user's folder gets its name" jq -e '.containers | length == 5' \
	<("$trace" report --json "$work/theirs/recording")
equal "... COMMAND had the user's rights" "$(own_rights "$work/out")" "$(own_rights /proc/self/status)"

# Only capabilities let root read another user's 0600 file: so these are gone when it is opened.
cp "$work/theirs/recording" "$work/mine"
chmod 0600 "$work/theirs/recording"
chown 1000:1000 "$work/theirs/recording"
refused()
{
	! "$@" > "$work/out" 2> "$work/err" && grep -q "Permission denied" "$work/err"
}
check "a replay opens its file without capabilities" refused "$monitor" -b --replay "$work/theirs/recording"
check "a report opens its file without capabilities" refused "$trace" report "$work/theirs/recording"
check "what root owns, it can replay" "$monitor" -b --replay "$work/mine"
rmmod vfio_testdev
finish
