# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a container had mapped before the tools began, and what became of it under their eyes.
# Functions for the scripts that ask it, sourced by them behind lib.sh. The truth is the list that
# the mapping process itself writes. The caller sets $source, as for --source.

: "${work:?}" "${monitor:?}" "${trace:?}"

# mapper.pl DIRECTORY GROUP N: maps N ranges of the group, with holes, each of another size. SIGUSR1:
# unmaps all but 40, some of them together, in one call with holes, tries what must fail, and maps 3
# more. Writes what is mapped then to DIRECTORY/mapped, a line each: iova size vaddr read write.
cat > "$work/mapper.pl" <<'EOF'
use strict;
my ($dir, $number, $n) = @ARGV;
my %mapped;
open(my $container, '+<', '/dev/vfio/vfio') or die "container: $!";
open(my $group, '+<', "/dev/vfio/$number") or die "group $number: $!";
ioctl($group, 0x3b68, pack('i', fileno($container))) or die "SET_CONTAINER: $!";
ioctl($container, 0x3b66, 3) or die "SET_IOMMU: $!";
my $memory = 'x' x (4096 * 1100); # more than the largest, and aligned
my $vaddr = (unpack('J', pack('p', $memory)) + 4095) & ~4095;
# With room for the largest between two.
sub iova_of { return 0x10000000 + $_[0] * 0x1000000 }
sub add
{
	my ($i, $size, $flags) = @_;
	my $at = $vaddr + 4096 * ($i % 8);
	my $map = pack('LLQQQ', 32, $flags, $at, iova_of($i), $size);
	ioctl($container, 0x3b71, $map) or return 0;
	$mapped{$i} = [iova_of($i), $size, $at, $flags & 1, $flags >> 1];
	return 1;
}
# The bytes that UNMAP_DMA gives back.
sub remove
{
	my ($iova, $size) = @_;
	my $unmap = pack('LLQQ', 24, 0, $iova, $size);
	ioctl($container, 0x3b72, $unmap) or return -1;
	for (keys %mapped) {
		delete $mapped{$_} if $mapped{$_}[0] >= $iova and $mapped{$_}[0] < $iova + $size;
	}
	return (unpack('LLQQ', $unmap))[3];
}
sub write_list
{
	open(my $out, '>', "$dir/mapped.new") or die;
	print $out join(' ', @$_), "\n" for map { $mapped{$_} } sort { $a <=> $b } keys %mapped;
	close($out);
	rename("$dir/mapped.new", "$dir/mapped");
}
# In an order that is no order.
my @all = map { $_ * 7 % $n } 0 .. $n - 1;
add($_, 4096 * ($_ + 1), 1 + $_ % 3) or die "MAP_DMA $_: $!" for @all;
write_list();
my $again = 0;
$SIG{USR1} = sub { $again = 1 };
sleep 1 until $again;
remove(iova_of($_), 4096 * ($_ + 1)) == 4096 * ($_ + 1) or die "UNMAP_DMA $_: $!" for 30 .. $n - 31;
remove(iova_of($n - 30), iova_of($n - 21) - iova_of($n - 30)) > 0 or die "UNMAP_DMA of many: $!";
remove(iova_of($n - 21) - 4096, 8192) == -1 or die "half a mapping was unmapped";
remove(0, 4096) == 0 or die "nothing was unmapped";
add(0, 8192, 3) and die "mapped twice";
remove(iova_of($n - 21), iova_of($n - 10) - iova_of($n - 21) - 4096) > 0 or die "UNMAP_DMA: $!";
add($n + $_, 4096 * (1000 + $_), 3) or die "MAP_DMA: $!" for 0 .. 2;
write_list();
sleep 1000;
EOF

# map_before GROUP N: starts it; process in $mapper, its list in $work/mapped-GROUP/mapped
map_before()
{
	mkdir -p "$work/mapped-$1"
	rm -f "$work/mapped-$1/mapped"
	perl "$work/mapper.pl" "$work/mapped-$1" "$1" "$2" 2> "$work/mapped-$1/err" &
	mapper=$!
	within 20 test -e "$work/mapped-$1/mapped" || cat "$work/mapped-$1/err"
}

# true_mappings GROUP: as mappings_of prints them
true_mappings()
{
	local limit
	limit=$(cat /sys/module/vfio_iommu_type1/parameters/dma_entry_limit)
	sort -k2,2nr -k1,1n "$work/mapped-$1/mapped" | awk -v limit="$limit" '
		{ bytes += $2; if (NR <= 64) list = list " " $1 ":" $2 ":" $3 ":" $4 $5 }
		END { print NR, bytes, limit - NR, "true" list }'
}

# mappings_of JSON PID: number, bytes, how many more are allowed, whether that is all; the largest
mappings_of()
{
	jq -r --argjson pid "$2" '.containers[] | select(.pid == $pid) |
		"\(.mappings) \(.mapped_bytes) \(.dma_avail) \(.mappings_complete)" +
		([.largest_mappings[] | " \(.iova):\(.bytes):\(.vaddr):" +
			(if .read then "1" else "0" end) + (if .write then "1" else "0" end)] | add // "")' "$1"
}

# same_mappings FILE GROUP PID; of a long list the begin is shown
same_mappings()
{
	local got want
	tail -n 2 "$1" | head -n 1 > "$work/line"
	got=$(mappings_of "$work/line" "$3")
	want=$(true_mappings "$2")
	[ -n "$got" ] && [ "$got" = "$want" ] && return
	printf 'got %s\nwant %s\n' "$got" "$want" | cut -c 1-300
	return 1
}

# shellcheck disable=SC2154 # $source
# mappings_are_true NAME GROUP N
mappings_are_true()
{
	local monitor_pid record_pid
	map_before "$2" "$3"
	rm -f "$work/json" # of the last one, not empty
	"$trace" record --source "$source" -o "$work/recording" 2> "$work/record.err" &
	record_pid=$!
	"$monitor" --source="$source" --json -d 0.3 > "$work/json" 2> "$work/monitor.err" &
	monitor_pid=$!
	check "$1: vfiotop starts" within 60 test -s "$work/json"
	check "$1: the mappings from before" within 20 same_mappings "$work/json" "$2" "$mapper"
	check "$1: vfio-trace attaches" within 60 eval "[ -s $work/recording.part ] && attached $record_pid"
	mv "$work/mapped-$2/mapped" "$work/mapped-$2/before"
	kill -USR1 "$mapper"
	check "$1: some are unmapped, some mapped" within 20 eval \
		"test -e $work/mapped-$2/mapped || ! cat $work/mapped-$2/err"
	check "$1: the monitor follows" within 20 same_mappings "$work/json" "$2" "$mapper"
	kill -INT "$monitor_pid" "$record_pid"
	check "$1: the monitor ends" wait "$monitor_pid"
	check "$1: the recorder ends" wait "$record_pid"
	"$monitor" --replay "$work/recording" --json -n 1 -d 3600 > "$work/replayed"
	check "$1: the replay has the same" same_mappings "$work/replayed" "$2" "$mapper"
	kill "$mapper"
	wait "$mapper" 2> "$work/err"
	rm -f "$work/recording"
}
