# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the stress tests (7*.sh) share; sourced by each of them after lib.sh, whose $work it uses.
: "${work:?source lib.sh first}"

# For the scripts that source this file.
export stress=$PWD/build/tests/vfio-stress
export events=/sys/kernel/tracing/events/vfio
export testdevs=''
for n in {0..7}; do
	testdevs+="${testdevs:+ }vfio-testdev.$n"
done

# No tool of ours reads these events: the kernel's own text does.
instance=/sys/kernel/tracing/instances/stress

# skip NAME WHY: for kernels other than the distribution's, which may lack things
skip()
{
	if [[ $VM_KVER == *-amd64 ]]; then
		echo "not ok - $1: $2, and $VM_KVER must have it"
	else
		echo "ok - $1 # skip $2"
	fi
}

# said NAME: a number that the last stress or record printed
said()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/out"
}

# succeeds COMMAND...: its output goes to $work/out, all of it is shown when it fails
succeeds()
{
	"$@" > "$work/out" || { cat "$work/out"; return 1; }
}

# record COMMAND...: the same with the events of containers and references recorded by ftrace, in
# $work/events and $work/lost. The clock is a counter, the same for all CPUs: no two events at once,
# and their order is that in which they happened.
record()
{
	local status name
	mkdir -p "$instance" || return
	echo counter > "$instance/trace_clock"
	echo 16384 > "$instance/buffer_size_kb"
	for name in open close release get put attach detach; do
		echo 1 > "$instance/events/vfio/vfio_container_$name/enable"
	done
	succeeds "$@"
	status=$?
	echo 0 > "$instance/events/enable"
	awk '/overrun:|dropped events:/ { lost += $NF } END { print lost }' \
		"$instance"/per_cpu/cpu*/stats > "$work/lost"
	cat "$instance/trace" > "$work/events"
	rmdir "$instance"
	return "$status"
}

# chains [FILE]: each container's references form one chain; totals go to $work/chains
chains()
{
	awk -f tests/vm/guest/chain.awk "${1:-$work/events}" > "$work/chains" ||
		{ head -n 20 "$work/chains"; return 1; }
}

# counted NAME: a number that the last chains printed
counted()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/chains"
}

# recorded NAME COMMAND...: runs it, then three tests of what was recorded of it
recorded()
{
	local name=$1 begin=$SECONDS
	shift
	check "$name" record "$@"
	echo "# $((SECONDS - begin)) s, $(wc -l < "$work/events") events"
	check "$name: the references of each container form one chain" chains
	equal "$name: no event was lost" "$(cat "$work/lost")" 0
}
