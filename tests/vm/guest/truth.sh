# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Is what vfio-trace reports true? Functions for the scripts that ask it, sourced by them behind
# lib.sh. Its counts are held against observers that share nothing with it: strace for the system
# calls, kprobe counters on type1 for what happens at exit, the load's own printed numbers for the
# pins. All must be equal, with nothing lost. The caller sets $source, as for --source.

: "${work:?}" "${trace:?}" "${load:?}" "${monitor:?}"

# Each number of the report by its path, each that the load has printed by its name. Asking jq and awk
# for one at a time would take longer than the load.
declare -A fact said
read_figures()
{
	local name number
	fact=() said=()
	while read -r name number; do
		fact[$name]=$number
	done < <(jq -r 'paths(numbers) as $p | "\($p | map(tostring) | join(".")) \(getpath($p))"' "$work/report")
	while read -r name number; do
		[[ $name != [a-z]* ]] || said[$name]=$number
	done < "$work/out"
}

# shellcheck disable=SC2154 # $source
# observe COMMAND...: run it under our recorder, strace and kprobes; leaves $work/report (JSON),
# $work/strace, $work/kprobes, $work/out, and $fact and $said
observe()
{
	rm -f "$work"/{report,strace,kprobes,out,err}
	{
		printf '%q ' "$trace" record --source "$source" -o "$work/recording" -- strace -f -y -X raw \
			-e trace=openat,ioctl -o "$work/strace" "$@"
		printf '> %q 2> %q\n' "$work/out" "$work/err"
	} > "$work/observed"
	bpftrace -q -e '
		kprobe:vfio_iommu_type1_attach_group { @attach = count(); }
		kprobe:vfio_iommu_type1_detach_group { @detach = count(); }
		kprobe:vfio_iommu_type1_release { @release = count(); }' \
		-c "/bin/bash $work/observed" > "$work/kprobes"
	"$trace" report --json "$work/recording" > "$work/report"
	rm -f "$work/recording"
	read_figures
}

# syscalls PATH NUMBER: ioctls with that number on files of that path, as strace saw them begin
syscalls()
{
	grep -cE "ioctl\([0-9]+<$1>, $2[ ,)]" "$work/strace"
}

kprobes()
{
	sed -nE "s/^@$1: ([0-9]+)\$/\\1/p" "$work/kprobes" | grep . || echo 0
}

reported()
{
	jq -r "$1" "$work/report"
}

container_ioctls()
{
	local all
	all=$(syscalls /dev/vfio/vfio 0x3b[0-9a-f]+)
	echo $((all - $(syscalls /dev/vfio/vfio '0x3b(65|66|71|72)')))
}

# Every number of the report that strace or a kprobe knows.
equals_the_kernel()
{
	local c=/dev/vfio/vfio
	equal "$1: nothing lost" "${fact[lost.total]:-}" 0
	equal "$1: open" "${fact[operations.open.count]:-}" \
		"$(grep -cE 'openat\(.*"/dev/vfio/vfio"' "$work/strace")"
	equal "$1: attach" "${fact[operations.attach.count]:-}" \
		"$(syscalls '/dev/vfio/[0-9]+' 0x3b68)"
	equal "$1: set_iommu" "${fact[operations.set_iommu.count]:-}" "$(syscalls $c 0x3b66)"
	equal "$1: check_extension" "${fact[operations.check_extension.count]:-}" \
		"$(syscalls $c 0x3b65)"
	equal "$1: MAP_DMA" "${fact[operations.map_dma.count]:-}" "$(syscalls $c 0x3b71)"
	equal "$1: UNMAP_DMA" "${fact[operations.unmap_dma.count]:-}" "$(syscalls $c 0x3b72)"
	equal "$1: other ioctls" "${fact[operations.ioctl.count]:-}" "$(container_ioctls)"
	equal "$1: detach" "${fact[operations.detach.count]:-}" "$(kprobes detach)"
	equal "$1: attach by type1's count" "${fact[operations.attach.count]:-}" "$(kprobes attach)"
	equal "$1: release" "${fact[events.vfio_container_release]:-}" "$(kprobes release)"
	check "$1: at least one container was seen" test "$(kprobes release)" -gt 0
}

printed()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/out"
}

# Every number that testdev-load prints.
equals_the_load()
{
	local op
	for op in open attach set_iommu map_dma unmap_dma pin unpin dma_rw detach check_extension; do
		equal "$1: $op as printed" "${fact[operations.$op.count]:-}" "${said[$op]:-}"
	done
	equal "$1: release as printed" "${fact[events.vfio_container_release]:-}" "${said[release]:-}"
	equal "$1: other ioctls as printed" "${fact[operations.ioctl.count]:-}" "${said[other_ioctl]:-}"
	equal "$1: device opens as printed" "${fact[events.vfio_device_assign]:-}" \
		"${said[device_open]:-}"
	equal "$1: pages pinned as printed" "${fact[operations.pin.pages]:-}" "${said[pin_pages]:-}"
	equal "$1: pages unpinned as printed" "${fact[operations.unpin.pages]:-}" \
		"${said[unpin_pages]:-}"
	equal "$1: dma_rw bytes as printed" "${fact[operations.dma_rw.bytes]:-}" \
		"${said[dma_rw_bytes]:-}"
}

# equals_under_dpdk: DPDK's testpmd on the e1000e
equals_under_dpdk()
{
	observe bash -c "testpmd 8"
	check "DPDK: testpmd ran" grep -q 'TX-packets: [1-9]' "$work/out"
	equals_the_kernel DPDK
	equal "DPDK: bytes mapped" "$(reported .operations.map_dma.bytes)" 268435456
}

# equals_under_loads "ARGUMENTS"...: testdev-load with each
equals_under_loads()
{
	local args
	for args; do
		# shellcheck disable=SC2086
		observe "$load" $args
		equals_the_kernel "testdev-load $args"
		equals_the_load "testdev-load $args"
	done
}

# Without strace in the way: pins at full speed from two CPUs, in the kernel's own loop.
equals_at_full_speed()
{
	"$trace" record --source "$source" -o "$work/recording" -- \
		"$load" pin -n 200000 -t 2 -d 0-1 > "$work/out" 2> "$work/err"
	"$trace" report --json "$work/recording" > "$work/report"
	read_figures
	equal "200,000 pins at full speed: nothing lost" "$(reported .lost.total)" 0
	equal "200,000 pins at full speed: events" "$(reported .events.vfio_container_pin)" 200000
	equals_the_load "200,000 pins"
}

# More containers come and go than the statistics have room for, while nobody empties them: what is
# of no container any more is still in the totals.
equals_with_many_short_lives()
{
	local op whole=true
	"$monitor" --source "$source" --json -d 0.5 > "$work/json" 2> "$work/err" &
	monitor_pid=$!
	check "vfiotop starts" within 60 last_line '.lost.total == 0'
	kill -STOP "$monitor_pid"
	"$load" lifecycle -n 1200 -d 0 > "$work/out"
	kill -CONT "$monitor_pid"
	for op in open attach set_iommu detach check_extension; do
		whole+=" and .totals.ops.$op.count == $(printed $op)"
	done
	check "1,200 containers unread: the totals are whole" within 60 last_line "$whole"
	check "and what no container has is told" last_line '.lost.pool > 0'
	kill -INT "$monitor_pid"
	check "vfiotop ends" wait "$monitor_pid"
}
