# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The distribution's vfio.ko, nothing reloaded: what our tools tell of it through its functions must
# be as true as through our tracepoints. Needs a guest with stock modules: tests/vm/suite --stock.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/truth.sh
. tests/vm/guest/truth.sh
# shellcheck source=tests/vm/guest/mappings.sh
. tests/vm/guest/mappings.sh

load_testdev 4
bind_vfio "$VM_E1000E"
equal "vfio is the distribution's" "$(cat /sys/module/vfio/srcversion)" \
	"$(modinfo -F srcversion "$(find -L "/lib/modules/$VM_KVER/kernel/drivers/vfio" -name 'vfio.ko*')")"

# Which source is taken, and what is said of it.
"$monitor" --json -n 1 -d 0.2 2> "$work/err" > "$work/json"
equal "vfiotop takes fentry by itself" "$(jq -r .source.name "$work/json")" fentry
check "and says what it cannot see" jq -e '.source.detail | test("not seen: ")' "$work/json"
says()
{
	local pattern=$1
	shift
	! "$@" > "$work/out" 2> "$work/err" || return 1
	cat "$work/err"
	[ "$(wc -l < "$work/err")" = 1 ] && grep -qE "$pattern" "$work/err"
}
check "--source=tp names the reason" says "distribution's own.*no tracepoints.*--source=fentry" \
	"$monitor" --source=tp -b -n 1

source=fentry
equals_under_dpdk
equals_under_loads \
	"lifecycle -n 24 -d 0-1 --order rotate" \
	"pin -n 2000 -d 0-1 -t 2 -r --per-call" \
	"pin -n 300 --fail-every 7" \
	"map -n 50 -s 64K" \
	"mix -n 30 -d 0-3 -c 2" \
	"dma-rw -n 100 -l 512 --per-call -w"
equals_at_full_speed

# The kernel gives a container's address to the next one at once; each must be its own.
"$trace" record -o "$work/recording" -- "$load" mix -n 40 -d 0-3 -c 2 > "$work/out" 2> "$work/err"
"$trace" report --json "$work/recording" > "$work/report"
equal "containers told apart" "$(reported '[.containers[] | select(.freed)] | length')" "$(printed open)"
equal "each opened once" \
	"$(reported '[.containers[].operations.open.count] | unique | map(tostring) | join(" ")')" 1
equal "every call that takes time has its duration, nested ones too" \
	"$(reported '[.operations | del(.open, .check_extension)[].unknown_duration] | add')" 0
check "there were UNMAPs that unpin inside" test "$(printed unpin_forced)" -gt 0

# Of tasks whose numbers are the same modulo 1024 only one at a time has its calls at hand, the others
# elsewhere (bpf/pairing.bpf.h).
cat > "$work/mates" <<'EOF'
load=$1 out=$2
# Numbers of the threads of process $1: the first, the one that pins.
threads() { find "/proc/$1/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n; }
"$load" pin -n 1000000000 --per-call -d 0 > "$out.0" &
first=$!
until [ "$(threads $first | wc -l)" = 2 ]; do sleep 0.1; done
wanted=$(($(threads $first | tail -n 1) + 1024))
for try in 1 2 3 4 5 6 7 8 9; do
	echo $((wanted - 2)) > /proc/sys/kernel/ns_last_pid
	"$load" pin -n 1000000000 --per-call -d 1 > "$out.1" &
	second=$!
	for ((i = 0; i < 300000; i++)); do :; done # nobody else shall take the next number
	until [ "$(threads $second | wc -l)" = 2 ]; do sleep 0.1; done
	[ "$(threads $second | tail -n 1)" != $wanted ] || break
	kill $second
	wait $second
	second=
done
sleep 1
kill $first $second
wait
echo "$second" > "$out.mates"
EOF
"$trace" record -e pin -o "$work/recording" -- bash "$work/mates" "$load" "$work/out" 2> "$work/err"
"$trace" report --json "$work/recording" > "$work/report"
check "two tasks share a place in the table" grep -q . "$work/out.mates"
equal "... and each of their pins has its duration" "$(reported .operations.pin.unknown_duration)" 0
equal "... and none is missing" "$(reported '.operations.pin.count, .lost.total' | paste -sd' ')" \
	"$(awk '$1 == "pin" { n += $2 } END { print n, 0 }' "$work/out.0" "$work/out.1")"

# Containers that were opened before the tool.
before=$(pins 0)
"$load" pin -n 1000000000 -d 0 > "$work/load.out" 2>&1 &
loader=$!
check "the load pins" within 20 pinning 0 "$before"
"$monitor" --json -d 0.5 > "$work/json" 2> "$work/monitor.err" &
monitor_pid=$!
check "its container is known, with group, backend and references" within 30 last_line \
	".containers[] | select(.pid == $loader and .groups == [$(group_of vfio-testdev.0)] and
	.backend == \"vfio-iommu-type1\" and .refs == 2 and .state == \"open\")"
check "when it was opened is not made up" last_line ".containers[] | select(.pid == $loader) |
	.age_ns == null"
check "its pins are counted" within 20 last_line '.totals.ops.pin.count > 0'
kill -INT "$loader"
wait "$loader"
check "its end is seen" within 20 last_line ".containers[] | select(.pid == $loader and .state == \"gone\")"
"$load" lifecycle -n 100 -d 1 > "$work/out" 2>&1
check "and containers that came later are counted" within 20 last_line \
	".totals.ops.open.count == $(printed open) and .lost.total == 0"

kill -STOP "$monitor_pid"
mv "$work/json" "$work/kept"
mappings_are_true "stock" "$(group_of vfio-testdev.1)" 100
mv "$work/kept" "$work/json"
kill -CONT "$monitor_pid"

# The programs do not keep vfio from being unloaded, and come back with it.
for module in vfio_testdev vfio_pci vfio_pci_core vfio_iommu_type1 mdev vfio_virqfd; do
	! grep -q "^$module " /proc/modules || within 30 rmmod "$module"
done
check "vfio can be unloaded under vfiotop" within 30 rmmod vfio
load_testdev 2
check "vfiotop attaches again" within 30 last_line '.gap.kind == "attached"'
# Attaching is told before the first refresh behind it; on a busy machine four lives fit in between.
counts_on()
{
	"$load" lifecycle -n 4 > "$work/out" 2>&1 &&
		last_line '.totals.ops.open.count >= 104 and .lost.total == 0'
}
check "and counts on" within 20 counts_on
kill -INT "$monitor_pid"
check "vfiotop ends" wait "$monitor_pid"
finish
