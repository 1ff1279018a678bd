# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A live vfiotop, for which the kernel counts, and the replay of a recording made at the same time
# print the same JSON, but for the fields that docs/json.md lists. Through both live sources.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 4

# listed N: the first N lists of docs/json.md as arguments of jq's del. Commands are no list.
listed()
{
	awk -v n="$1" '/^```sh/ { command = 1; next } /^```/ { fence += !command; command = 0; next }
		!command && fence % 2 && fence < 2 * n { print }' docs/json.md |
		paste -sd,
}

# Calls that succeed and fail in several ways, and one container that lives on, at rest.
work_load()
{
	local before
	before=$(pins 2)
	"$load" pin -n 1000000000 -d 2 > "$work/rest.out" 2>&1 &
	resting=$!
	within 20 pinning 2 "$before"
	kill -STOP "$resting"
	"$load" mix -n 30 -d 0-1 -c 2
	"$load" pin -n 300 -d 0-1 --fail-every 7
	"$load" dma-rw -n 50 -d 0 -l 512 --per-call -w
	"$load" lifecycle -n 20 -d 0-1 --order rotate
	perl -e 'for (1 .. 3) {
		open(my $c, "+<", "/dev/vfio/vfio") or die;
		my $map = pack("Lx60", 32);
		ioctl($c, 0x3b66, $_);    # SET_IOMMU without a group
		ioctl($c, 0x3b71, $map);  # MAP_DMA without a backend
		ioctl($c, 0x3b6f + $_, 0);
	}'
}

# compare SOURCE LISTS
compare()
{
	local source=$1 unlike monitor_pid record_pid
	unlike=$(listed "$2")
	"$trace" record --source "$source" -o "$work/recording" 2> "$work/record.err" &
	record_pid=$!
	check "$source: vfio-trace attaches" within 60 attached "$record_pid"
	"$monitor" --source="$source" --json -d 3600 > "$work/live" 2> "$work/err" &
	monitor_pid=$!
	check "$source: vfiotop attaches" within 60 attached "$monitor_pid"
	work_load > "$work/out" 2>&1
	# No refresh comes before, so none of the containers that are gone has left the list.
	sleep 1
	kill -INT "$monitor_pid"
	check "$source: vfiotop ends" wait "$monitor_pid"
	kill -INT "$record_pid"
	check "$source: vfio-trace ends" wait "$record_pid"
	"$monitor" --replay "$work/recording" --json -n 1 -d 3600 > "$work/replayed"
	jq -S "del($unlike)" "$work/live" > "$work/live.json"
	jq -S "del($unlike)" "$work/replayed" > "$work/replayed.json"
	check "$source: containers, failures and every operation were there" jq -e \
		'(.containers | length) > 50 and .lost.total == 0 and
		([.totals.ops[] | select(.count > 0)] | length) == (.totals.ops | length) and
		.totals.ops.pin.errnos.EINVAL > 0 and .totals.ops.set_iommu.errnos.EINVAL == 3' "$work/live.json"
	equal "$source: nothing was lost to the recording" "$(jq .lost.total "$work/replayed.json")" 0
	check "$source: there is something to compare" test -s "$work/live.json"
	check "$source: live and replayed are the same" diff -U 3 "$work/live.json" "$work/replayed.json"
	kill -KILL "$resting"
	wait "$resting" 2> /dev/null
}

compare tp 1
compare fentry 2

says_how_far()
{
	script -qec "$trace record -o $work/shown -d 4" /dev/null > "$work/out" < /dev/null
	tr '\r' '\n' < "$work/out" |
		grep -E '^vfio-trace: [1-9]s, [0-9]+ events, [0-9.]+K?, 0 lost; Ctrl-C ends it +$' && return
	cat "$work/out"
	return 1
}
check "on a terminal the recorder says how far it is" says_how_far
check "... and nowhere else" eval "! grep -q 'Ctrl-C ends it' $work/record.err"
finish
