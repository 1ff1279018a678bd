# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A container is charged to the memory cgroup of who opens it, and the charge goes with it.
#
# Decided like this: in a new cgroup, one process opens 10,000 files of /dev/vfio/vfio, in another
# one as many of /dev/null. What the first is charged for slab memory more than the second is at
# least 10,000 times the size of a container. When all are closed, less than a twentieth of that
# size is left. The kernel adds charges up now and then (per-CPU batches of pages, every 2 seconds):
# each value is read until it is there, 20 seconds at most.
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
	size=$(bpftool btf dump file /sys/kernel/btf/vfio -B /sys/kernel/btf/vmlinux 2> /dev/null |
		sed -nE "s/.* STRUCT 'vfio_obs_container' size=([0-9]+) .*/\\1/p")
	echo "${size:-128}"
}

# hold FILE MIN: opens FILE many times in a new cgroup; $opened is the charge then, once it is at
# least MIN; the charge must go below $small when they are closed, which becomes $closed
hold()
{
	local line status=0
	mkdir "$group" || return
	mkfifo "$work/from" "$work/to"
	bash -c 'echo $$ > "$1/cgroup.procs" && exec "$2" open -n "$3" "$4"' - \
		"$group" "$stress" "$files" "$1" > "$work/from" < "$work/to" &
	exec {from}< "$work/from" {to}> "$work/to"
	read -r line <&"$from"
	[ "$line" = open ] && within 20 slab_at_least "$2" || status=1
	# Let what is batched arrive, for the difference of two.
	sleep 3
	opened=$(slab)
	echo >&"$to"
	read -r line <&"$from"
	[ "$line" = closed ] && within 20 slab_below "$small" || status=1
	closed=$(slab)
	echo >&"$to"
	wait "$!" || status=1
	exec {to}>&- {from}<&-
	rm -f "$work/from" "$work/to"
	# Its pages of slab may still be charged to it; it goes when they have been given back.
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

hold /dev/null 1 || echo "not ok - cannot measure $files files of /dev/null"
nulls=$opened
echo "# a container has $size bytes; $files files of /dev/null: $nulls bytes, then $closed"
containers()
{
	hold /dev/vfio/vfio $((nulls + files * size))
}
if containers; then
	echo "ok - $files containers are charged, and the charge goes"
else
	echo "not ok - $files containers are charged, and the charge goes"
fi
echo "# $files containers: $opened bytes, then $closed"
check "a container's charge is its size or more ($(((opened - nulls) / files)) of $size)" \
	test $((opened - nulls)) -ge $((files * size))
check "what is left is below a twentieth of it ($closed)" test "$closed" -lt "$small"
finish
