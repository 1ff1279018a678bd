# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# peers.sh - the pins of container-cost watched by tools that Debian ships
#
# Sourced by guest.sh. Each function prints container-cost's figures and what the peer said of the
# pins, "said.NAME.mean VALUE" and "said.NAME.median FROM-TO" where it has only buckets. It fails
# when the peer did not count every pin.

: "${work:?}" "${cost:?}" "${rounds:?}" "${load:?}" "${lifecycles-}"

# bpftrace's programs, also for its start.
by_process='kprobe:vfio_pin_pages { @start[tid] = nsecs; }
	kretprobe:vfio_pin_pages { @[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }'
by_container='kprobe:vfio_pin_pages { @start[tid] = nsecs;
		@container[tid] = ((struct vfio_device *)arg0)->group->container; }
	kretprobe:vfio_pin_pages { @[@container[tid]] = hist(nsecs - @start[tid]);
		delete(@start[tid]); delete(@container[tid]); }'
kfunc_by_process='kfunc:vfio_pin_pages { @start[tid] = nsecs; }
	kretfunc:vfio_pin_pages { @[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }'
kfunc_by_container='kfunc:vfio_pin_pages { @start[tid] = nsecs; }
	kretfunc:vfio_pin_pages { @[args->device->group->container] = hist(nsecs - @start[tid]);
		delete(@start[tid]); }'
by_tracepoint='tracepoint:vfio:vfio_container_pin { @[args->id] = hist(args->duration); }'

# peer NAME FUNCTION...: its figures, or on stderr why there are none
peer()
{
	local name=$1
	shift
	if "$@" > "$work/peer.out" 2> "$work/peer.err"; then
		figures "$work/peer.out"
	else
		echo "guest.sh: $name cannot be measured: $(grep -hm 3 . "$work/peer.err" "$work/peer.out")" >&2
	fi
}

# A printed histogram of powers of two, as "FROM-TO COUNT" a line.
buckets()
{
	sed -nE -e 's/^\[([0-9KM]+), ([0-9KM]+)\) +([0-9]+) \|.*/\1-\2 \3/p' \
		-e 's/^ *([0-9]+) -> ([0-9]+) +: ([0-9]+) .*/\1-\2 \3/p' "$1"
}

# read_histogram NAME FILE: the bucket of the median; every pin must be in the histogram
read_histogram()
{
	local where calls
	read -r where calls < <(buckets "$2" | awk '{ at[NR] = $1; n[NR] = $2; all += $2 }
		END { for (i = 1; i <= NR; i++) { sum += n[i]; if (sum * 2 >= all) break }
			print at[i], all }')
	echo "said.$1.median $where"
	counted "$1" "$calls"
}

# with_bpftrace NAME PROGRAM
with_bpftrace()
{
	bpftrace -q -e "$2" -c "$cost pins pin.$1 $rounds" > "$work/said" &&
		figures "$work/said" && read_histogram "$1" "$work/said"
}

# beside NAME READY COMMAND...: pins while COMMAND runs, once it has printed READY; then Ctrl-C
beside()
{
	local name=$1 ready=$2 pid
	shift 2
	env --default-signal=INT "$@" > "$work/said" 2>&1 &
	pid=$!
	until grep -q "$ready" "$work/said"; do
		kill -0 "$pid" || { cat "$work/said" >&2; return 1; }
		sleep 0.5
	done
	"$cost" pins "pin.$name" "$rounds" || return
	kill -INT "$pid"
	wait "$pid"
	read_histogram "$name" "$work/said"
}

with_libbpf_tools()
{
	beside libbpf_tools '^Tracing' stdbuf -oL funclatency vfio_pin_pages
}

# bcc compiles against the kernel's headers, where a host has them.
install_headers()
{
	local from=$PWD/build/kernels/$VM_KVER/headers/usr/src to=/lib/modules/$VM_KVER
	ln -sfn "$from/linux-headers-$VM_KVER" "$to/build"
	ln -sfn "$(echo "$from"/linux-headers-*-common)" "$to/source"
}

with_bcc()
{
	beside bcc '^Tracing 1 functions' python3 -u /usr/sbin/funclatency-bpfcc vfio_pin_pages &&
		sed -nE 's/^avg = ([0-9]+) nsecs,.*/said.bcc.mean \1/p' "$work/said"
}

# The two kprobes of perf and trace-cmd.
probes()
{
	echo 'p:bench/pin vfio:vfio_pin_pages' > /sys/kernel/tracing/kprobe_events
	echo 'r:bench/pinned vfio:vfio_pin_pages' >> /sys/kernel/tracing/kprobe_events
}

# pairs NAME: lines "SECONDS: pin|pinned" become the mean between the two, and a count
pairs()
{
	local mean calls
	read -r mean calls < <(awk '$2 == "pin" { begin = $1 }
		$2 == "pinned" { sum += $1 - begin; n++ }
		END { printf "%.0f %d\n", n ? sum / n * 1e9 : 0, n }')
	echo "said.$1.mean $mean"
	counted "$1" "$calls"
}

with_perf()
{
	perf record -q -a -e bench:pin -e bench:pinned -o "$work/perf" -- \
		"$cost" pins pin.perf "$rounds" > "$work/said" || return
	figures "$work/said"
	perf script -i "$work/perf" --ns -F time,event |
		sed -nE 's/^ *([0-9.]+): +bench:(pin|pinned): *$/\1 \2/p' | pairs perf
}

with_trace_cmd()
{
	trace-cmd record -q -e bench:pin -e bench:pinned -o "$work/dat" \
		"$cost" pins pin.trace_cmd "$rounds" > "$work/said" || return
	figures "$work/said"
	trace-cmd report -q -t -i "$work/dat" |
		sed -nE 's/.* ([0-9.]+): (pin|pinned): .*/\1 \2/p' | pairs trace_cmd
}

with_function_graph()
{
	local mean calls
	trace-cmd record -q -p function_graph -l vfio_pin_pages -o "$work/dat" \
		"$cost" pins pin.function_graph "$rounds" > "$work/said" || return
	figures "$work/said"
	read -r mean calls < <(trace-cmd report -q -i "$work/dat" |
		sed -nE 's/.* ([0-9.]+) us +\| +vfio_pin_pages\(\);.*/\1/p' |
		awk '{ sum += $1 } END { printf "%.0f %d\n", NR ? sum / NR * 1000 : 0, NR }')
	echo "said.function_graph.mean $mean"
	counted function_graph "$calls"
}

# A container is its address there.
keys_of_bpftrace()
{
	bpftrace -q -e 'kfunc:vfio_pin_pages { @[args->device->group->container] = count(); }' \
		-c "$load mix -n $lifecycles" > "$work/said" &&
		echo "keys.bpftrace $(grep -cE '^@\[' "$work/said")"
}

every_peer()
{
	[ "$VM_MODULES" = stock ] || peer bpftrace_tracepoint with_bpftrace bpftrace_tracepoint "$by_tracepoint"
	peer bpftrace_kfunc with_bpftrace bpftrace_kfunc "$kfunc_by_process"
	peer bpftrace_kfunc_container with_bpftrace bpftrace_kfunc_container "$kfunc_by_container"
	peer bpftrace_kprobe with_bpftrace bpftrace_kprobe "$by_process"
	peer bpftrace_kprobe_container with_bpftrace bpftrace_kprobe_container "$by_container"
	peer libbpf_tools with_libbpf_tools
	install_headers
	peer bcc with_bcc
	probes
	peer perf with_perf
	peer trace_cmd with_trace_cmd
	peer function_graph with_function_graph
}
