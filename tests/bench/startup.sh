# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# startup.sh - instructions from a tool's exec until it is attached to all that it attaches to
#
# Sourced by guest.sh. Seen from outside, in the same way for each tool: ftrace, in an instance of
# its own, notes each exec, each switch of tasks and the system calls that attach a program. The
# end is the return of the last of these that succeeded; what the one CPU was idle in between is
# not counted. What any other task, kernel thread or interrupt does until then is.

# Set by guest.sh.
: "${work:?}"

instance=/sys/kernel/tracing/instances/startup

trace_attaches()
{
	mkdir -p "$instance"
	# A tick is an instruction.
	echo x86-tsc > "$instance/trace_clock"
	echo 16384 > "$instance/buffer_size_kb"
	# BPF_RAW_TRACEPOINT_OPEN and BPF_LINK_CREATE
	echo 'cmd == 17 || cmd == 28' > "$instance/events/syscalls/sys_enter_bpf/filter"
	# PERF_EVENT_IOC_SET_BPF and PERF_EVENT_IOC_ENABLE
	echo 'cmd == 0x40042408 || cmd == 0x2400' > "$instance/events/syscalls/sys_enter_ioctl/filter"
	local event
	for event in sched/sched_process_exec sched/sched_switch syscalls/sys_{enter,exit}_{bpf,ioctl}; do
		echo 1 > "$instance/events/$event/enable"
	done
}

# Of the trace: instructions from the first exec to the last attach, idle ones left out; fails when
# there is neither.
busy_until_attached()
{
	awk '
	{ match($0, /-[0-9]+ +\[/); task = substr($0, RSTART + 1) + 0
	  match($0, /[0-9]+: sys_|[0-9]+: sched_/); now = substr($0, RSTART) + 0 }
	/: sched_process_exec: / && !begin { begin = now }
	!begin { next }
	/: sched_switch: / {
		if (/ prev_pid=0 / && idle_since) idle += now - idle_since
		idle_since = / next_pid=0 / ? now : 0
	}
	/: sys_(bpf|ioctl)\(/ { attaching[task] = 1 }
	/: sys_(bpf|ioctl) -> / && attaching[task] {
		attaching[task] = 0
		if (!/-> 0xf/) { attached = now - idle - begin; attaches++ }
	}
	END { if (!attaches) exit 1; printf "%d %d\n", attached, attaches }' "$1"
}

# startup NAME COMMAND...: COMMAND attaches and ends by itself. Its files are in the page cache, as it
# has run before.
startup()
{
	local name=$1 busy attaches
	shift
	trace_attaches
	"$@" > "$work/started" 2>&1 || { cat "$work/started" >&2; return 1; }
	echo 0 > "$instance/tracing_on"
	cp "$instance/trace" "$work/attaches"
	rmdir "$instance"
	if ! read -r busy attaches < <(busy_until_attached "$work/attaches"); then
		echo "guest.sh: $name: nothing was attached: $(tail -n 3 "$work/started")" >&2
		return 1
	fi
	echo "$name $busy"
	echo "$name.attaches $attaches"
}
