#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests vfio-testdev and testdev-load. Run as root inside the guest (tests/vm/run), with nothing
# else using vfio, on the distribution's vfio.ko or on ours:
#   tests/load/test-load.sh [PATH OF vfio-testdev.ko]
# Without a path, modprobe has to find the module. Prints "ok - ..." and "not ok - ..." lines; exit
# status 0 when all are ok.
#
# The truth that testdev-load's numbers are held against: kprobes of ftrace on the functions that
# the operations lead to, and the kernel's own count of pages pinned for DMA in /proc/vmstat.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD:-$root/build}
load=$build/tests/testdev-load
module=${1:-}
tracing=/sys/kernel/tracing
devices=/sys/bus/platform/devices
work=$(mktemp -d)
# The events that need a histogram, and what it is over.
declare -A keys=([pin]=ret [unpin]=npage [dma_rw]=len [ioctl]=cmd)
failed=0

ok() {
	echo "ok - $1"
}

not_ok() {
	echo "not ok - $1"
	failed=1
}

# check NAME COMMAND...: ok when COMMAND succeeds.
check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# check_equal NAME GOT WANT
check_equal() {
	[ "$2" = "$3" ] || echo "# got '$2', wanted '$3'"
	check "$1" [ "$2" = "$3" ]
}

count_devices() {
	find $devices -name 'vfio-testdev.*' | wc -l
}

load_module() {
	if [ -n "$module" ]; then
		insmod "$module" "$@"
	else
		modprobe vfio-testdev "$@"
	fi
}

unload_module() {
	rmmod vfio_testdev
}

probes_on() {
	local event
	# shellcheck disable=SC2016 # the dollars are for the kernel
	echo 'r:testdev/pin vfio_pin_pages ret=$retval:s32
		p:testdev/unpin vfio_unpin_pages npage=$arg3:s32
		p:testdev/dma_rw vfio_dma_rw len=$arg4:u64
		p:testdev/ioctl vfio_iommu_type1_ioctl cmd=$arg2:u32
		p:testdev/attach vfio_iommu_type1_attach_group
		p:testdev/detach vfio_iommu_type1_detach_group
		p:testdev/backend_open vfio_iommu_type1_open
		p:testdev/backend_release vfio_iommu_type1_release' >$tracing/kprobe_events
	for event in "${!keys[@]}"; do
		echo "hist:keys=${keys[$event]}" >"$tracing/events/testdev/$event/trigger"
	done
	echo 1 >$tracing/events/testdev/enable
}

probes_off() {
	local event
	[ -d $tracing/events/testdev ] || return 0
	echo 0 >$tracing/events/testdev/enable
	for event in "${!keys[@]}"; do
		echo "!hist:keys=${keys[$event]}" >"$tracing/events/testdev/$event/trigger"
	done
	: >$tracing/kprobe_events
}

# profile COLUMN EVENT: 2 is hits, 3 is misses.
profile() {
	awk -v column="$1" -v event="$2" '$1 == event { print $column }' $tracing/kprobe_profile
}

# Prints "KEY HITS" lines of the histogram of event $1.
histogram() {
	sed -n 's/^{ *[a-z]*: *\([0-9]*\) *} hitcount: *\([0-9]*\).*/\1 \2/p' \
		"$tracing/events/testdev/$1/hist"
}

# Prints the sum of hits, the sum of keys, and the hits with a negative key (shown as a huge one).
sums() {
	histogram "$1" | awk '{ hits += $2; if ($1 < 2^63) sum += $1 * $2; else bad += $2 }
		END { printf "%d %d %d\n", hits, sum, bad }'
}

ioctls() {
	histogram ioctl | awk -v cmd="$1" '$1 == cmd { print $2; found = 1 } END { if (!found) print 0 }'
}

# What the probes have seen so far, in the words of testdev-load.
observed() {
	local hits sum bad
	# Of CHECK_EXTENSION the backend sees one for each SET_IOMMU too.
	echo "check_extension+set_iommu $(ioctls $((0x3b65)))"
	echo "set_iommu $(profile 2 backend_open)"
	echo "attach $(profile 2 attach)"
	echo "map_dma $(ioctls $((0x3b71)))"
	echo "unmap_dma $(ioctls $((0x3b72)))"
	read -r hits sum bad < <(sums pin)
	echo "pin $hits"
	echo "pin_pages $sum"
	echo "errors $bad"
	read -r hits sum bad < <(sums unpin)
	echo "unpin $hits"
	echo "unpin_pages $sum"
	read -r hits sum bad < <(sums dma_rw)
	echo "dma_rw $hits"
	echo "dma_rw_bytes $sum"
	echo "detach $(profile 2 detach)"
	echo "release $(profile 2 backend_release)"
	echo "missed $(awk '{ sum += $3 } END { print sum + 0 }' $tracing/kprobe_profile)"
}

# The same numbers as testdev-load printed them into file $1.
printed() {
	awk '{ value[$1] = $2 }
		END {
			value["check_extension+set_iommu"] = value["check_extension"] + value["set_iommu"]
			value["missed"] = 0
			count = split("check_extension+set_iommu set_iommu attach map_dma unmap_dma " \
				"pin pin_pages errors unpin unpin_pages dma_rw dma_rw_bytes " \
				"detach release missed", names, " ")
			for (i = 1; i <= count; i++)
				print names[i], value[names[i]]
		}' "$1"
}

# exact 'NAME VALUE ...' WORKLOAD...: the printed numbers are those of the kernel and those given.
exact() {
	local want=$1 name
	shift
	name="$*"
	observed >"$work/before"
	if "$load" "$@" >"$work/printed"; then
		ok "testdev-load $name"
	else
		not_ok "testdev-load $name"
	fi
	observed | awk 'NR == FNR { before[$1] = $2; next } { print $1, $2 - before[$1] }' \
		"$work/before" - >"$work/observed"
	if printed "$work/printed" | diff "$work/observed" - >"$work/diff"; then
		ok "$name: the printed numbers are those that the kernel saw"
	else
		sed 's/^/# /' "$work/diff"
		not_ok "$name: the printed numbers are those that the kernel saw"
	fi
	# shellcheck disable=SC2086 # words on purpose
	set -- $want
	while [ $# -gt 1 ]; do
		check_equal "$name: $1 $2" "$(awk -v name="$1" '$1 == name { print $2 }' "$work/printed")" "$2"
		shift 2
	done
}

# The kernel adds its per-CPU counts up once a second; stat_refresh makes it do so now.
pinned_for_dma() {
	cat /proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { sum += $2 } $1 == "nr_foll_pin_released" { sum -= $2 }
		END { print sum }' /proc/vmstat
}

sum_stat() {
	cat $devices/vfio-testdev.*/stats/"$1" | awk '{ sum += $1 } END { print sum }'
}

# killed SIGNAL WORKLOAD...: nothing stays pinned when the program dies in the middle.
killed() {
	local signal=$1 pid status=0 before
	shift
	before=$(sum_stat pin)
	"$load" "$@" --seconds 60 >/dev/null &
	pid=$!
	until [ $(($(sum_stat pin) - before)) -gt 1000 ]; do
		kill -0 $pid || break
		sleep 0.1
	done
	kill -"$signal" $pid
	{ wait $pid || status=$?; } 2>/dev/null
	if [ "$signal" = KILL ]; then
		check_equal "$*: killed in the middle" "$status" 137
	else
		check_equal "$*: ended by SIG$signal" "$status" 0
	fi
	check_equal "$*, SIG$signal: the devices hold no page" "$(sum_stat pinned_pages)" 0
	check_equal "$*, SIG$signal: as many pages unpinned as pinned" "$(sum_stat unpin_pages)" \
		"$(sum_stat pin_pages)"
	check_equal "$*, SIG$signal: no page is pinned for DMA" "$(pinned_for_dma)" 0
}

# refused STATUS TEXT WORKLOAD...: ends with STATUS and one line on stderr that holds TEXT.
refused() {
	local status=0 want=$1 text=$2
	shift 2
	"$load" "$@" >"$work/out" 2>"$work/err" || status=$?
	check_equal "testdev-load $*: exit status" "$status" "$want"
	check_equal "testdev-load $*: one line" "$(wc -l <"$work/err")" 1
	check "testdev-load $*: says '$text'" grep -qF -- "$text" "$work/err"
	[ "$want" != 2 ] || check "testdev-load $*: no numbers" [ ! -s "$work/out" ]
}

test_parameters() {
	local bad
	for bad in 0 1025; do
		check "count=$bad is refused" eval "! load_module count=$bad 2>/dev/null"
		check "count=$bad: the log says why" \
			eval "dmesg | tail -n 3 | grep -q 'count=$bad is out of range: use 1..1024'"
	done
	load_module
	check_equal "without count: one device" "$(count_devices)" 1
	unload_module
	load_module count=1024
	check_equal "count=1024: as many devices" "$(count_devices)" 1024
	check "the last one of 1024 works" eval "'$load' mix -n 4 -d 1023 >/dev/null"
	unload_module
	check_equal "no device is left after unloading" "$(count_devices)" 0
}

test_exact() {
	probes_on
	exact "open 24 release 24 attach 72 detach 72 device_open 72 set_iommu 24 other_ioctl 24" \
		lifecycle -n 24 -d 0-2
	exact "open 10 release 10 attach 40 detach 40" lifecycle -n 10 -d 0-7 -c 2 --order gcd
	exact "pin 2000 pin_pages 32000 unpin 2000 unpin_pages 32000 unpin_forced 0" pin -n 2000 -p 16
	exact "pin 1500 unpin 1500 open 2 unmap_dma 2" pin -n 1500 -d 0-3 -c 2 -t 8 -r --per-call
	exact "pin 100 pin_pages 51200 unpin_pages 51200" pin -n 100 -p 512 -t 3 --unpin unmap
	exact "pin 301 pin_pages 2107 unpin_pages 2107 unmap_dma 0" pin -n 301 -p 7 -r --unpin close
	exact "pin 100 errors 14 pin_pages 86 unpin 86" pin -n 100 --fail-every 7
	exact "map_dma 500 unmap_dma 500" map -n 500 -s 64K -t 4 -d 0-1 -c 2
	exact "dma_rw 300 dma_rw_bytes 1228800" dma-rw -n 300 -w
	exact "dma_rw 70 dma_rw_bytes 4480000" dma-rw -n 70 -l 64000 --per-call -r
	exact "open 32 attach 64 pin 256 dma_rw 128 map_dma 32 unmap_dma 16" mix -n 32 -d 0-3 -c 2 -p 20
	probes_off
}

# duration ARG...: ns that testdev-load takes
duration() {
	local begin
	begin=$(date +%s%N)
	"$load" "$@" >/dev/null
	echo $(($(date +%s%N) - begin))
}

test_options() {
	local fast slow
	check_equal "--json has the same names" \
		"$("$load" map -n 3 --json | tr -d '{},":' | tr ' ' '\n' | awk 'NR % 2' | xargs)" \
		"$("$load" map -n 3 | cut -d' ' -f1 | xargs)"
	fast=$(duration pin -n 100 --rate 50)
	slow=$(duration pin -n 20 --rate 5)
	check "--rate 50 makes 100 pins last 2 seconds" [ "$fast" -ge 1900000000 ]
	# Of the clock alone a slow machine would make a failure.
	check "--rate 50 makes 100 pins last 2 seconds and not the 4 of 20 at --rate 5" [ "$fast" -lt "$slow" ]
	check "--help" eval "'$load' --help | grep -q '^Usage: testdev-load'"
	refused 2 "no workload given"
	refused 2 "'pinn' is no workload" pinn
	refused 2 "--pages does not apply to map" map --pages 3
	refused 2 "--pages needs a number from 1 to 512, not '513'" pin --pages 513
	refused 2 "--size must be a multiple of the page size" map -s 5000
	refused 2 "--devices needs numbers" pin -d 0-3-4
	refused 2 "2 containers need as many devices" pin -c 2
	refused 2 "unknown option '--nonsense'" pin --nonsense
	refused 1 "cannot find device vfio-testdev.77" pin -d 77
}

test_in_use() {
	local pid
	"$load" pin --rate 10 --seconds 60 >/dev/null &
	pid=$!
	until [ "$(sum_stat pin)" -gt 0 ]; do sleep 0.1; done
	refused 1 "another process has the group open" pin
	check "the module cannot be unloaded while a device is open" \
		eval "! rmmod vfio_testdev 2>/dev/null"
	kill -TERM $pid
	wait $pid
}

# Root alone may use a device: by the node's mode, and by CAP_SYS_ADMIN if somebody changes that.
test_rights() {
	local node
	node=/dev/vfio/$(basename "$(readlink $devices/vfio-testdev.0/iommu_group)")
	check_equal "the mode of the group's node" "$(stat -c %a "$node")" 600
	setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$load" pin >"$work/out" \
		2>"$work/err" || true
	check "without CAP_SYS_ADMIN the device cannot be opened" \
		grep -q 'cannot open device .*: Operation not permitted' "$work/err"
}

test_killed() {
	killed KILL pin -p 64 -t 2 -d 0-1 -c 2
	killed KILL pin -p 3 -t 4 --unpin close -r -m 64
	killed KILL pin -p 17 -t 2 -d 0-1 --per-call --unpin unmap
	killed KILL mix -d 0-3 -c 4 -p 100
	killed TERM pin -p 8 -t 2 -r
}

main() {
	[ -x "$load" ] || {
		echo "test-load.sh: $load is missing; run 'make testdev-load'" >&2
		exit 1
	}
	trap 'probes_off; rm -rf "$work"' EXIT
	modprobe -a vfio vfio_iommu_type1
	check_equal "no page is pinned for DMA before" "$(pinned_for_dma)" 0

	test_parameters
	load_module count=8
	"$build/tests/testdev-uapi-check" || failed=1
	test_exact
	test_options
	test_in_use
	test_rights
	test_killed
	check_equal "no page is pinned for DMA at the end" "$(pinned_for_dma)" 0
	check "the module can be unloaded" unload_module
	check "so can vfio" modprobe -r vfio_iommu_type1 vfio
	if dmesg | grep -E 'WARNING:|BUG:|Oops|general protection|refcount_t:|blocked for more'; then
		not_ok "the kernel's log is clean"
	else
		ok "the kernel's log is clean"
	fi
	exit $failed
}

main
