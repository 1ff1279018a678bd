# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Unloading and loading vfio while nothing uses it, ten times in a row, also under our tools: they
# let go of it, say so, and come back.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

# reload SECONDS: vfio can be unloaded before so many have passed
reload()
{
	unload_users || return 1
	within "$1" rmmod vfio || return 1
	! grep -q '^vfio ' /proc/modules || return 1
	load_testdev 2 || return 1
	"$load" lifecycle -n 3 > /dev/null
}

ten_times()
{
	local i
	for i in $(seq 10); do
		reload "$1" || { echo "round $i failed; lsmod:"; cat /proc/modules; return 1; }
	done
}

load_testdev 2
check "ten reloads with nobody watching" ten_times 0
check "the kernel log is clean after them" clean_log

"$monitor" --json -d 0.5 > "$work/json" 2> "$work/monitor.err" &
pid=$!
check "vfiotop starts" within 20 test -s "$work/json"
check "ten reloads under vfiotop, each let go of" ten_times 30
check "vfiotop is still there" kill -0 "$pid"
check "it says that it let go" grep -q '"gap":{' "$work/json"
check "it attaches again" within 20 attached
"$load" lifecycle -n 4 > /dev/null
# The lifecycles during which it was attached are counted; the last four ran long after a reload.
check "it is attached again and counts" within 30 last_line '.totals.ops.open.count >= 4'
check "it lost nothing while attached" last_line '.lost.total == 0'
kill -INT "$pid"
check "it ends cleanly" wait "$pid"

# A recording across a reload: marked, complete before and after.
"$trace" record -o "$work/recording" 2> "$work/record.err" &
pid=$!
check "vfio-trace attaches" within 20 attached
"$load" lifecycle -n 5 > /dev/null
check "vfio can be reloaded under vfio-trace" reload 30
check "vfio-trace attaches again" within 20 attached
"$load" lifecycle -n 7 > /dev/null
kill -INT "$pid"
check "the recording ends cleanly" wait "$pid"
"$trace" report --json "$work/recording" > "$work/report"
equal "containers before and after the reload are in it" \
	"$(jq '[.containers[] | select(.freed)] | length >= 12' "$work/report")" true
equal "the gap is in it" "$(jq '.gaps | length > 0' "$work/report")" true
finish
