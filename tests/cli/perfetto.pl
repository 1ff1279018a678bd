#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# perfetto.pl - what a Perfetto trace shows, as lines for test-vfio-trace
#
# Reads what protoc --decode prints of it. Lines are: slice PROCESS NAME BEGIN_NS DURATION;
# instant TRACK NAME TIME_NS; counter PROCESS NAME LAST MAX, with tabs between. A slice that
# overlaps another of its track, an end without a begin, or a reference to nothing is an error.
use strict;
use warnings;

my (%track, %event_name, %note_name, %open, %counter, @events, %packet, @path);

sub finish_packet
{
	my $p = shift;
	$track{$p->{'track_descriptor/uuid'}} = {
		parent => $p->{'track_descriptor/parent_uuid'} // 0,
		name => $p->{'track_descriptor/process/process_name'} // $p->{'track_descriptor/name'},
		is_counter => exists $p->{'track_descriptor/counter/unit'},
	} if exists $p->{'track_descriptor/uuid'};
	my $names = 'interned_data/event_names';
	$event_name{$p->{"$names/iid"}} = $p->{"$names/name"} if exists $p->{"$names/iid"};
	$names = 'interned_data/debug_annotation_names';
	$note_name{$p->{"$names/iid"}} = $p->{"$names/name"} if exists $p->{"$names/iid"};
	push @events, $p if exists $p->{'track_event/type'};
}

while (<STDIN>) {
	if (/^\s*(\w+) \{/) {
		%packet = () unless @path;
		push @path, $1;
	} elsif (/^\s*\}/) {
		pop @path;
		finish_packet({ %packet }) unless @path;
	} elsif (/^\s*(\w+): "?(.*?)"?$/) {
		my $key = join '/', @path[1 .. $#path], $1;
		die "no name for $2\n" if $key eq 'track_event/debug_annotations/name_iid' && !$note_name{$2};
		$packet{$key} = $2;
	}
}

# As a reader does: by time, and in the order of the file at one time.
@events = sort { $a->{timestamp} <=> $b->{timestamp} } @events;
for my $p (@events) {
	my $type = $p->{'track_event/type'} =~ s/^TYPE_//r;
	my $uuid = $p->{'track_event/track_uuid'};
	my $on = $track{$uuid} or die "no track $uuid\n";
	my $process = $on->{parent} ? $track{$on->{parent}}{name} // die "no process of $uuid\n" : '';
	my $name = $p->{'track_event/name'} // $event_name{$p->{'track_event/name_iid'} // 0};
	if ($type eq 'SLICE_BEGIN') {
		die "$name overlaps on $uuid\n" if $open{$uuid};
		die "$name on a track for $on->{name}\n" if $name ne $on->{name};
		$open{$uuid} = [ $name, $p->{timestamp} ];
	} elsif ($type eq 'SLICE_END') {
		my ($begun, $at) = @{delete $open{$uuid} // die "nothing to end on $uuid\n"};
		print join("\t", 'slice', $process, $begun, $at, $p->{timestamp} - $at), "\n";
	} elsif ($type eq 'COUNTER') {
		die "$uuid is no counter\n" unless $on->{is_counter};
		my $of = $counter{"$process\t$on->{name}"} //= { max => 0 };
		$of->{last} = $p->{'track_event/counter_value'};
		$of->{max} = $of->{last} if $of->{last} > $of->{max};
	} else {
		print join("\t", 'instant', $on->{name}, $name, $p->{timestamp}), "\n";
	}
}
die "slices without an end\n" if %open;
print join("\t", 'counter', $_, $counter{$_}{last}, $counter{$_}{max}), "\n" for sort keys %counter;
