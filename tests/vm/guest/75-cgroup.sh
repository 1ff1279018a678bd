# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A container is charged to the memory cgroup of who opens it, and the charge goes with it.
#
# Decided like this: in a new cgroup, one process opens 10,000 files of /dev/vfio/vfio, in another
# one as many of /dev/null; its table of files is there before. What slab memory is charged for the
# first more than for the second is at least 10,000 times the size of a container. When all are
# closed, less than a twentieth of that size is left. The kernel adds charges up now and then
# (per-CPU batches of pages, every 2 seconds): each value is read until it is there, 20 seconds at
# most.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/stress.sh
. tests/vm/guest/stress.sh

files=10000
group=/sys/fs/cgroup/charge

slab()
{
	awk '$1 == "slab" { print $2 }' "$group/memory.stat"
}

slab_at_least()
{
	[ "$(slab)" -ge "$1" ]
}

slab_below()
{
	[ "$(slab)" -lt "$1" ]
}

# Bytes of a container, from the module's BTF; a kernel without it: no more than it must be.
size_of_container()
{
	local size
	size=$(bpftool -B /sys/kernel/btf/vmlinux btf dump file /sys/kernel/btf/vfio 2> /dev/null |
		sed -nE "s/.* STRUCT 'vfio_obs_container' size=([0-9]+) .*/\\1/p")
	echo "${size:-128}"
}

# told WORD: the process in the cgroup has come there
told()
{
	local line
	read -r line <&"$from" && [ "$line" = "$1" ]
}

# hold FILE MIN: opens FILE many times in a new cgroup. $charge is what that added, once it is at
# least MIN; $left what stays of it when they are closed, once it is below $small
hold()
{
	local base status=0
	mkdir "$group" || return
	mkfifo "$work/from" "$work/to"
	# shellcheck disable=SC2016 # for the inner shell
	bash -c 'echo $$ > "$1/cgroup.procs" && exec "$2" open -n "$3" "$4"' - \
		"$group" "$stress" "$files" "$1" > "$work/from" < "$work/to" &
	exec {from}< "$work/from" {to}> "$work/to"
	told ready || status=1
	sleep 3
	base=$(slab)
	echo >&"$to"
	told open && within 20 slab_at_least $((base + $2)) || status=1
	# Let what is batched arrive, for the difference of two.
	sleep 3
	charge=$(($(slab) - base))
	echo >&"$to"
	told closed && within 20 slab_below $((base + small)) || status=1
	left=$(($(slab) - base))
	echo >&"$to"
	wait "$!" || status=1
	exec {to}>&- {from}<&-
	rm -f "$work/from" "$work/to"
	# It is busy until its last process has quite gone.
	within 20 rmdir "$group" 2> /dev/null || status=1
	return "$status"
}

if ! grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	skip "the memory cgroup's charge" "no memory controller"
	finish
fi
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
modprobe vfio
size=$(size_of_container)
small=$((files * size / 20))

hold /dev/null 1 || echo "not ok - $files files of /dev/null are charged, and the charge goes"
nulls=$charge
echo "# a container has $size bytes; $files files of /dev/null: $nulls bytes, then $left"
if hold /dev/vfio/vfio $((nulls + files * size)); then
	echo "ok - $files containers are charged, and the charge goes"
else
	echo "not ok - $files containers are charged, and the charge goes"
fi
echo "# $files containers: $charge bytes, then $left"
check "a container's charge is its size or more ($(((charge - nulls) / files)) of $size)" \
	test $((charge - nulls)) -ge $((files * size))
check "what is left is below a twentieth of it ($left)" test "$left" -lt "$small"
finish
