# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Where the time of a MAP_DMA goes: what two recordings of the same calls, one through each source,
# say of chunks and bytes must be what bpftrace saw; the times must lie around those of what is
# called inside and within that of the system call. With stock modules (tests/vm/run --stock)
# fentry is the only source.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

modprobe vfio_iommu_type1
bind_vfio "$VM_E1000E"
group=$(group_of "$VM_E1000E")

# Memory that nobody has touched; memory in the order of no page; maps that fail before anything
# is pinned and in the midst of it. 15 is MADV_NOHUGEPAGE, 23 MADV_POPULATE_WRITE.
cat > "$work/client" <<'PERL'
use Fcntl;
my ($group) = @ARGV;
use constant { PAGE => 4096, MMAP => 9, MPROTECT => 10, MADVISE => 28 };
sub memory { my $at = syscall(MMAP, 0, $_[0], 3, 0x22, -1, 0); $at > 0 or die; return $at }
sub scatter {
	my ($at, $n) = @_;
	syscall(MADVISE, $at, $n * PAGE, 15) == 0 or die;
	syscall(MADVISE, $at + ($_ * 37 % $n) * PAGE, PAGE, 23) == 0 or die for 0 .. $n - 1;
}
sysopen(my $container, "/dev/vfio/vfio", O_RDWR) or die;
sysopen(my $file, "/dev/vfio/$group", O_RDWR) or die;
my $fd = pack("i", fileno($container));
ioctl($file, 0x3b68, $fd) or die;
ioctl($container, 0x3b66, 3) or die;
sub map_dma { my $arg = pack("LLQQQ", 32, 3, @_); return ioctl($container, 0x3b71, $arg) }
map_dma(memory(16 << 20), 0, 16 << 20) or die;
my $pages = memory(256 * PAGE);
scatter($pages, 256);
map_dma($pages, 1 << 30, 256 * PAGE) or die;
map_dma($pages, 1 << 30, PAGE) and die; # something is there already
my $half = memory(64 * PAGE);
scatter($half, 32);
syscall(MPROTECT, $half + 32 * PAGE, 32 * PAGE, 1) == 0 or die;
map_dma($half, 2 << 30, 64 * PAGE) and die; # not writable from its middle on
PERL

cat > "$work/truth.bt" <<'BPFTRACE'
tracepoint:syscalls:sys_enter_ioctl /comm == "perl" && args->cmd == 0x3b71/ { @start = nsecs; @count = count(); }
tracepoint:syscalls:sys_exit_ioctl /comm == "perl" && @start/ { @total_ns = sum(nsecs - @start); @start = 0; }
tracepoint:syscalls:sys_exit_ioctl /comm == "perl" && args->ret == -14/ { @faults = count(); }
kretprobe:vfio_pin_pages_remote /comm == "perl" && @start && (int64)retval > 0/ { @chunks = count(); @pages = sum(retval); }
kprobe:pin_user_pages_remote /comm == "perl" && @start/ { @pin = nsecs; }
kretprobe:pin_user_pages_remote /comm == "perl" && @pin/ { @pin_ns = sum(nsecs - @pin); @pin = 0; }
kprobe:iommu_map /comm == "perl" && @start/ { @map = nsecs; }
kretprobe:iommu_map /comm == "perl" && @map/ { @iommu_ns = sum(nsecs - @map); @map = 0; }
tracepoint:iommu:map /comm == "perl" && @start/ { @iommu_maps = count(); @iommu_bytes = sum(args->size); }
BPFTRACE

truth()
{
	sed -nE "s/^@$1: ([0-9]+)\$/\\1/p" "$work/truth"
}

# said FIELD: of all containers of $source's recording
said()
{
	jq -r ".map_parts.$1" "$work/$source.json"
}

at_most()
{
	check "$source: $1 (${2:--}, ${3:--})" test "$2" -le "$3"
}

# The same calls are recorded through each source.
sources=fentry
[ ! -d /sys/kernel/tracing/events/vfio ] || sources="tp fentry"
command="perl $work/client $group"
for source in $sources; do
	command="$trace record --source=$source -o $work/$source.rec -- $command"
done
check "the calls are made" bpftrace -q -o "$work/truth" "$work/truth.bt" -c "$command"
equal "the kernel: a map failed in its midst" "$(truth faults)" 1

for source in $sources; do
	"$trace" report --json "$work/$source.rec" > "$work/$source.json"
	equal "$source: calls" "$(said count)" "$(truth count)"
	equal "$source: calls that failed" "$(said errors)" 2
	equal "$source: chunks that were pinned" "$(said chunks)" "$(truth chunks)"
	equal "$source: bytes in them" "$(said pin_bytes)" $(($(truth pages) * 4096))
	equal "$source: chunks that were mapped" "$(said iommu_maps)" "$(truth iommu_maps)"
	equal "$source: bytes in those" "$(said iommu_bytes)" "$(truth iommu_bytes)"
	at_most "pinning takes as long as what it calls, or longer" "$(truth pin_ns)" "$(said pin_ns)"
	at_most "mapping, too" "$(truth iommu_ns)" "$(said iommu_ns)"
	at_most "the call takes as long as its parts, or longer" \
		"$(said "pin_ns + .map_parts.iommu_ns")" "$(said total_ns)"
	at_most "and no longer than the system call" "$(said total_ns)" "$(truth total_ns)"
	check "$source: all of it is the one container's" jq -e \
		'(.containers | length) == 1 and .containers[0].map_parts == .map_parts' "$work/$source.json"
	check "$source: nothing lost, no hook is missing" jq -e \
		'.lost.total == 0 and (.source | test("no hook") | not)' "$work/$source.json"
	check "$source: the text has it" sh -c "'$trace' report '$work/$source.rec' |
		grep -E '^  of 4 map_dma [^ ]+: pin [^ ]+ in $(truth chunks) chunks .*, IOMMU [^ ]+ in $(truth iommu_maps) maps'"
done

# A live monitor counts the same, and what holds type1 does not keep it from being unloaded.
"$monitor" --json -d 0.5 > "$work/json" 2> "$work/monitor.err" &
monitor_pid=$!
check "the monitor runs" within 20 test -s "$work/json"
perl "$work/client" "$group"
check "the monitor has the chunks of the map" within 20 last_line \
	".totals.map_parts | .count == 4 and .errors == 2 and .chunks > 256 and .pin_bytes == .iommu_bytes"
echo "$VM_E1000E" > /sys/bus/pci/drivers/vfio-pci/unbind
check "users of vfio unloaded while the monitor runs" unload_users
check "and vfio" within 10 rmmod vfio
# type1 comes while the monitor's programs are loaded for vfio alone, which strace makes slow, and
# which modprobe would not load alone.
strace -qq -p "$(loader_of "$monitor_pid")" -e trace=bpf -e inject=bpf:delay_enter=50000 \
	-o "$work/bpf" &
slow=$!
check "the monitor is slow from now on" within 10 grep -q '^TracerPid:[[:space:]]*[1-9]' \
	"/proc/$(loader_of "$monitor_pid")/status"
insmod "$(modinfo -n vfio)"
check "the monitor comes back to vfio" within 20 grep -q BPF_PROG_LOAD "$work/bpf"
modprobe vfio_iommu_type1
bind_vfio "$VM_E1000E"
check "... and is not done when type1 is used" eval '! last_line ".gap.kind == \"attached\""'
kill "$slow"
wait "$slow"
# Attached to type1 again within a fifth of a second of its being used. The calls of that time may have
# begun before, and what only their begin told is lost.
looks_again()
{
	perl "$work/client" "$group" && last_line '.totals.map_parts.count > 4'
}
check "loaded again, its maps are looked into again" within 60 looks_again
sleep 2
last_line .
before=$(jq -c '[.totals.map_parts.count + 4, .lost.total]' "$work/matched")
perl "$work/client" "$group"
check "from then on all of them" within 20 last_line \
	"[.totals.map_parts.count, .lost.total] == $before"
kill -INT "$monitor_pid"
wait "$monitor_pid"
finish
