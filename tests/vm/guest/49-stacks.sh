# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Call stacks: of every pin and of what fails there must be one, named as bpftrace names the same
# kernel frames and as the symbols of the load say; counts are those that the load tells. A table
# that is full is a loss to the number. The source is our module's tracepoints, with stock modules
# (tests/vm/run --stock) fentry; bpftrace, which takes long to start, looks at the first only.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 1

# start WHAT: a monitor in the background that keeps those stacks. Verifying its programs takes its
# time in an emulated guest.
start()
{
	rm -f "$work/json"
	"$monitor" --source="$source" --stacks="$1" --json -d 0.3 > "$work/json" 2> "$work/monitor.err" &
	monitor_pid=$!
	within 120 test -s "$work/json"
}

# It ends with a last line, in which all that was done is counted.
stop()
{
	kill -INT "$monitor_pid"
	wait "$monitor_pid" || { cat "$work/monitor.err"; return 1; }
	tail -n 1 "$work/json" > "$work/last"
}

# Slow enough for its files to be found while it lives.
pins=("$load" pin -n 50 --rate 60 --per-call --fail-every 10 -d 0)
load_says()
{
	sed -n "s/^$1 //p" "$work/load.out"
}

# sum FIELD OPERATION: over its stacks
sum()
{
	jq "[.stacks[] | select(.operation == \"$2\") | .$1] | add" "$work/last"
}

# has FILTER: a stack of a pin, as the filter says
has()
{
	jq -e "[.stacks[] | select(.operation == \"pin\") | select($1)] | length > 0" "$work/last" && return
	jq -c .stacks "$work/last" | cut -c 1-3000
	return 1
}

# The frames outside of vfio's own, innermost first: of a JSON line of ours, of bpftrace's output.
our_frames()
{
	jq -r '[.stacks[] | select(.operation == "pin")][0].kernel[] | "\(.function)+\(.offset)"' "$work/last" |
		sed -n '/^testdev_/,$p' | paste -sd' '
}
its_frames()
{
	sed -nE '/^ *testdev_/,/^\]/s/^ +([^ ]+\+[0-9]+)$/\1/p' "$work/truth" | paste -sd' '
}

source=fentry
[ ! -d /sys/kernel/tracing/events/vfio ] || source=tp
check "the monitor starts" start pin,failed
if [ $source = tp ]; then
	# shellcheck disable=SC2016
	bpftrace -q -o "$work/truth" -e 'kprobe:vfio_pin_pages { @[kstack] = count(); }' \
		-c "${pins[*]}" > "$work/load.out"
else
	"${pins[@]}" > "$work/load.out"
fi
check "the monitor ends" stop
equal "pins" "$(sum count pin)" "$(load_says pin)"
equal "of these failed" "$(sum errors pin)" 5
equal "pages" "$(sum pages pin)" "$(load_says pin_pages)"
equal "maps" "$(sum count map_dma)" "$(load_says map_dma)"
check "the kernel's pin is in the stack" has \
	'.kernel | any(.module == "vfio" and (.function | test("^vfio_(device_container_)?pin_pages")))'
check "... and how it came there from the load's ioctl" has \
	'[.kernel[].function] | any(. == "testdev_ioctl") and any(. == "__x64_sys_ioctl")'
check "... and no frame of the tracing" has \
	'.kernel | all(.function | test("^(bpf_|__bpf_|__traceiter_)") | not)'
check "... and who called it in the load" has \
	'.user | any(.module == "testdev-load" and .function == "worker_main")'
check "... and how it came into the kernel" has \
	'.user[0].module == "libc.so.6" and .user[0].function == "ioctl"'
[ $source != tp ] ||
	equal "the frames of its callers are those that bpftrace saw" "$(our_frames)" "$(its_frames)"
equal "nothing lost" "$(jq .lost.total "$work/last")" 0

# What fails first, perl's own look whether the file is a terminal, has the only room as long as its
# container is there.
cat > "$work/fails" <<'PERL'
sysopen(my $container, '/dev/vfio/vfio', 2) or die "container: $!";
for (1 .. 3) { ioctl($container, 0x3b66, 3) and die "SET_IOMMU of no group"; }
open(my $ready, '>', $ARGV[0]);
sleep 1000;
PERL
check "a monitor with room for one stack starts" start failed,limit=1
# What 52-privilege.sh says of it otherwise, and CAP_SYS_PTRACE.
equal "its loader may look at others' files, for this" \
	"$(awk '/^CapEff:/ { print $2 }' "/proc/$(loader_of "$monitor_pid")/status")" 000000c000280004
perl "$work/fails" "$work/ready" &
holder=$!
check "calls fail" within 20 test -e "$work/ready"
"${pins[@]}" > "$work/load.out"
kept='.stacks | map([.operation, .count, .errors, .command])'
check "what failed first has its stack, the others are counted as lost" within 20 last_line \
	"($kept) == [[\"ioctl\", 1, 1, \"perl\"]] and .lost.stacks == 8 and .lost.total == 8"
room() { bpftool map peek name free_stacks | grep -q '^value:'; }
check "there is no room" eval '! room'
kill "$holder"
wait "$holder" 2> /dev/null
check "its container is freed" within 20 last_line '.totals.containers == 0'
# Its stack goes with a later reading of the statistics, which no view shows; bpftool does.
check "its stack makes room" within 20 room
"${pins[@]}" > "$work/load.out"
check "it ends" stop
equal "then there is room again, and what was seen stays" "$(jq -c "$kept | sort" "$work/last")" \
	'[["ioctl",1,1,"perl"],["pin",5,5,"testdev-load"]]'
equal "nothing else was lost" "$(jq .lost.total "$work/last")" 8
finish
