# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Hooks beside the container: what a recording says of group and device files must be what strace
# saw, errors included, and each claim of DMA ownership what a kretprobe saw; through either source.
# With stock modules (tests/vm/run --stock) fentry is the only one.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 2
bind_vfio "$VM_E1000E"
group=$(group_of "$VM_E1000E")
probes=/sys/kernel/tracing

# A container, the group of $1, that is tried to be opened twice more and attached twice, and its
# device $2. perl is in every Debian; what must succeed is fatal.
cat > "$work/client" <<'PERL'
use Fcntl;
my ($group, $name) = @ARGV;
sub opened { my ($path) = @_; sysopen(my $f, $path, O_RDWR) or return; return $f }
my $container = opened("/dev/vfio/vfio") or die;
my $file = opened("/dev/vfio/$group") or die;
opened("/dev/vfio/$group") and die for 1 .. 2;
my $fd = pack("i", fileno($container));
my $nothing = pack("i", 0);
ioctl($file, 0x3b69, $nothing) and die;
ioctl($file, 0x3b68, $fd) or die;
ioctl($file, 0x3b68, $fd) and die;
ioctl($container, 0x3b66, 1) or die;
my $missing = "0000:ff:1f.7\0"; ioctl($file, 0x3b6a, $missing) and die;
$name .= "\0"; my $device = ioctl($file, 0x3b6a, $name) or die;
ioctl($file, 0x3b69, $nothing) and die;
open(my $dev, "+<&=", $device + 0) or die;
close($dev);
ioctl($file, 0x3b69, $nothing) or die;
PERL

# strace's lines of the calls of the recorded client that match $1
straced()
{
	grep -cE "$1" "$work/strace"
}

# of the call $1 of the group the field $2 of the report, "null" where there is no such call
said()
{
	jq -r "[.group_calls[] | select(.group == $group and .call == \"$1\")] | .[0] | $2" "$work/report"
}

# call_equals NAME STRACE-PATTERN: counts and errnos of one call
call_equals()
{
	local errno
	equal "$source: $1 counted" "$(said "$1" .count)" "$(straced "$2")"
	equal "$source: $1 failed" "$(said "$1" .errors)" "$(straced "$2.* = -1 ")"
	while read -r errno; do
		equal "$source: $1 with $errno" "$(said "$1" ".errnos.$errno")" \
			"$(straced "$2.* = -1 $errno ")"
	done < <(sed -nE "s#.*$2.* = -1 (E[A-Z0-9]+) .*#\1#p" "$work/strace" | sort -u)
}

claims()
{
	awk '$1 == "claim" { print $2 }' "$probes/kprobe_profile"
}

hooks_equal()
{
	local claimed
	source=$1
	claimed=$(claims)
	check "$source: recorded" "$trace" record --source="$source" -o "$work/recording" -- \
		strace -f -o "$work/strace" -e trace=openat,ioctl perl "$work/client" "$group" "$VM_E1000E"
	claimed=$(($(claims) - claimed))
	"$trace" report --json "$work/recording" > "$work/report"
	call_equals open "openat\(.*\"/dev/vfio/$group\""
	call_equals set_container "VFIO_GROUP_SET_CONTAINER"
	call_equals unset_container "VFIO_GROUP_UNSET_CONTAINER"
	call_equals get_device_fd "VFIO_GROUP_GET_DEVICE_FD"
	equal "$source: EBUSY was among them" "$(said open .errnos.EBUSY)" 2
	equal "$source: who failed is named" "$(said open .failed_comm)" perl
	equal "$source: the device that there was not" "$(said get_device_fd .failed_device)" 0000:ff:1f.7
	equal "$source: claims as the kretprobe saw them" "$(said claim_dma_owner .count)" "$claimed"
	equal "$source: device closed" "$(said device_close .count)" 1
	equal "$source: group closed" "$(said close .count)" 1
	equal "$source: no event lost" "$(jq .lost.total "$work/report")" 0
	check "$source: every call has its duration" jq -e '[.group_calls[] |
		select(.call != "open" and .call != "close") | .latency_ns.mean] | all(. > 0)' "$work/report"
	check "$source: no hook is missing" jq -e '.source | test("no hook") | not' "$work/report"
	check "$source: the text has them" \
		sh -c "'$trace' report '$work/recording' | grep -E '^  $group +open +3 +2 '"
}

echo 'r:claim iommu_group_claim_dma_owner' > "$probes/kprobe_events"
echo 1 > "$probes/events/kprobes/claim/enable"
[ ! -d "$probes/events/vfio" ] || hooks_equal tp
hooks_equal fentry
echo 0 > "$probes/events/kprobes/claim/enable"
echo > "$probes/kprobe_events"

# The hooks do not keep vfio from being unloaded.
"$monitor" --json -d 0.5 > "$work/json" 2> "$work/monitor.err" &
monitor_pid=$!
live_group()
{
	last_line "[.group_calls[] | select(.group == $group and .call == \"open\")][0].errnos.EBUSY == 2"
}
check "the monitor runs" within 20 test -s "$work/json"
perl "$work/client" "$group" "$VM_E1000E"
check "the monitor tells the EBUSY of the group" within 20 live_group
echo "$VM_E1000E" > /sys/bus/pci/drivers/vfio-pci/unbind
check "users of vfio unloaded while the monitor runs" unload_users
check "and vfio" within 30 rmmod vfio
kill -INT "$monitor_pid"
wait "$monitor_pid"
finish
