# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Containers that were opened before our tools began: owner, groups, backend and references must be
# the truth, known here from the processes' ids, sysfs and counting files. One container for each
# kind of file that can be the last one open.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/mappings.sh
. tests/vm/guest/mappings.sh

load_testdev 6

# hold CLOSE DEVICE...: a container with the devices' groups and type1, held open in the background
# until killed. CLOSE: none; container: closes its file; group: that and the group's file, with the
# device open; fork: a second process holds it too. Process in $holder.
cat > "$work/hold.pl" <<'EOF'
use strict;
my ($close, @devices) = @ARGV;
my ($ready, @groups) = (shift @devices);
open(my $container, '+<', '/dev/vfio/vfio') or die "container: $!";
for (@devices) {
	my $number = readlink("/sys/bus/platform/devices/vfio-testdev.$_/iommu_group");
	$number =~ s{.*/}{};
	open(my $group, '+<', "/dev/vfio/$number") or die "group $number: $!";
	ioctl($group, 0x3b68, pack('i', fileno($container))) or die "SET_CONTAINER: $!";
	push @groups, $group;
}
if (@groups) { ioctl($container, 0x3b66, 3) or die "SET_IOMMU: $!"; }
if ($close eq 'group') {
	ioctl($groups[0], 0x3b6a, "vfio-testdev.$devices[0]") or die "GET_DEVICE_FD: $!";
}
close($container) if $close eq 'container' or $close eq 'group';
if ($close eq 'group') { close($_) for @groups; }
if ($close eq 'fork') {
	my $parent = getppid() && $$;
	if (!fork) { sleep 1 while kill 0, $parent and getppid() == $parent; exit; }
}
open(my $done, '>', $ready);
close($done);
sleep 1000;
EOF
hold()
{
	local close=$1
	shift
	perl "$work/hold.pl" "$close" "$work/ready" "$@" 2> "$work/hold.err" &
	holder=$!
	within 20 test -e "$work/ready" || cat "$work/hold.err"
	rm -f "$work/ready"
}

before=$(cut -d" " -f1 /proc/uptime)
hold none; empty=$holder
after=$(cut -d" " -f1 /proc/uptime)
hold fork 2 3; forked=$holder
hold container 4; closed=$holder
hold group 5; device=$holder
"$load" pin -n 1000000000 -d 0-1 -c 2 > "$work/load.out" 2>&1 &
loader=$!
check "the load pins on both containers" within 20 eval "pinning 0 && pinning 1"

# of_pid FILE PID FILTER: what the filter says of each container of that process
facts='[(.groups | map(tostring) | join(",")), .backend, .refs, .state] | map(tostring) | join(" ")'
of_pid()
{
	jq -r --argjson pid "$2" "[.containers[] | select(.pid == \$pid) | $3] | sort | join(\"; \")" "$1"
}
pairs=$(printf '%s\n' "$(group_of vfio-testdev.0)" "$(group_of vfio-testdev.1)" |
	sed 's/$/ vfio-iommu-type1 2 open/' | LC_ALL=C sort | paste -sd';' | sed 's/;/; /')
two=$(printf '%s\n' "$(group_of vfio-testdev.2)" "$(group_of vfio-testdev.3)" | sort -n | paste -sd,)

"$monitor" --json -n 2 -d 0.5 2> "$work/err" | tail -n 1 > "$work/first"
equal "vfiotop: containers" "$(jq '.totals.containers' "$work/first")" 6
equal "vfiotop: the load's" "$(of_pid "$work/first" $loader "$facts")" "$pairs"
equal "vfiotop: its name" "$(of_pid "$work/first" $loader .command)" "testdev-load; testdev-load"
equal "vfiotop: without a group" "$(of_pid "$work/first" "$empty" "$facts")" " null 1 open"
equal "vfiotop: its groups are known to be none" \
	"$(of_pid "$work/first" "$empty" .groups_complete)" true
equal "vfiotop: two groups" "$(of_pid "$work/first" "$forked" "$facts")" \
	"$two vfio-iommu-type1 3 open"
equal "vfiotop: two holders" "$(of_pid "$work/first" "$forked" .holders)" 2
equal "vfiotop: only the group's file" "$(of_pid "$work/first" "$closed" "$facts")" \
	"$(group_of vfio-testdev.4) vfio-iommu-type1 1 closed"
equal "vfiotop: only the device's file" "$(of_pid "$work/first" "$device" "$facts")" \
	"$(group_of vfio-testdev.5) vfio-iommu-type1 1 closed"
equal "vfiotop: nothing is mapped, which is not unknown" \
	"$(of_pid "$work/first" "$forked" ".mapped_bytes")" 0
equal "vfiotop: nor without a backend" "$(of_pid "$work/first" "$empty" ".mappings")" 0
equal "vfiotop: the load's one mapping is known" \
	"$(of_pid "$work/first" $loader '"\(.mappings) \(.largest_mappings[0].bytes == .mapped_bytes)"')" \
	"1 true; 1 true"
equal "vfiotop: when it was opened" "$(jq --argjson pid "$empty" --argjson from "$before" \
	--argjson to "$after" '.now_ns as $now | .containers[] | select(.pid == $pid) |
	($now - .age_ns) / 1e9 | . >= $from and . <= $to' "$work/first")" true

# Without CAP_SYS_ADMIN no function of a module can be hooked: said, and the rest works.
setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
	"$monitor" --json -n 2 -d 0.5 2> "$work/err" | tail -n 1 > "$work/less"
check "vfiotop says what it may not hook" jq -e \
	'.source.detail | test("no hook on .*needs CAP_SYS_ADMIN")' "$work/less"
equal "and finds what was opened before" "$(jq '.totals.containers' "$work/less")" 6
equal "and goes on" "$(jq '.totals.ops.pin.count > 0' "$work/less")" true

# The load ends under both tools' eyes.
"$monitor" --json -d 0.5 > "$work/json" 2> "$work/monitor.err" &
monitor_pid=$!
"$trace" record -o "$work/recording" 2> "$work/record.err" &
record_pid=$!
check "vfiotop starts" within 30 test -s "$work/json"
check "vfio-trace starts" within 30 eval "[ \$(stat -c %s $work/recording.part) -gt 20000 ]"
kill -INT $loader
wait $loader
check "vfiotop sees its end" within 30 last_line \
	"[.containers[] | select(.pid == $loader and .state == \"gone\")] | length == 2"
kill -INT $monitor_pid $record_pid
check "vfiotop ends" wait $monitor_pid
check "vfio-trace ends" wait $record_pid
equal "vfiotop: the load's containers are gone" "$(jq -s --argjson pid "$loader" \
	'[.[].containers[] | select(.pid == $pid and .state == "gone") | .id] | unique | length' \
	"$work/json")" 2

"$trace" report --json "$work/recording" > "$work/report"
facts='[(.groups | map(.number) | sort | map(tostring) | join(",")), .backend, .refs, .freed, .file_closed] | map(tostring) | join(" ")'
equal "report: containers" "$(jq '.containers | length' "$work/report")" 6
equal "report: the load's, freed" "$(of_pid "$work/report" $loader "$facts")" \
	"${pairs//2 open/0 true true}"
equal "report: their name" "$(of_pid "$work/report" $loader .comm)" "testdev-load; testdev-load"
equal "report: two groups" "$(of_pid "$work/report" "$forked" "$facts")" \
	"$two vfio-iommu-type1 3 false false"
equal "report: only the group's file" "$(of_pid "$work/report" "$closed" "$facts")" \
	"$(group_of vfio-testdev.4) vfio-iommu-type1 1 false true"
equal "report: the type of a group" \
	"$(of_pid "$work/report" "$closed" '.groups[0].type')" emulated
equal "report: nothing lost" "$(jq .lost.total "$work/report")" 0

# Mappings that were made before, which an IOMMU has; of a group without, and through functions:
# 42-stock.sh.
bind_vfio "$VM_E1000E"
source=tp
mappings_are_true mappings "$(group_of "$VM_E1000E")" 300
unbind_vfio "$VM_E1000E"

# Once nobody uses vfio the tool lets go; a container that makes it come back was opened before.
kill "$empty" "$forked" "$closed" "$device"
wait "$empty" "$forked" "$closed" "$device" 2> "$work/err"
"$monitor" --json -d 0.5 > "$work/json" 2> "$work/monitor.err" &
monitor_pid=$!
for module in vfio_testdev vfio_pci vfio_pci_core vfio_iommu_type1; do
	# The second holder of a container looks once a second whether the first is there.
	# It may have attached before: of type1 it lets go when no driver is left.
	! grep -q "^$module " /proc/modules || within 30 rmmod "$module"
done
check "vfiotop lets go" within 20 last_line '.gap.kind == "detached"'
hold none
check "attached again, it knows who opened the container before" within 20 \
	last_line ".containers[] | select(.pid == $holder and .refs == 1 and .state == \"open\")"
kill -INT $monitor_pid
check "vfiotop ends after that" wait $monitor_pid
kill "$holder"
finish
