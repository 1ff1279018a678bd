#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# ctf.pl - the events that babeltrace2 --clock-cycles --no-delta prints, as test-vfio-trace makes them
# of JSON lines: name, time and context, then each field, with tabs between
use strict;
use warnings;

my $value = qr/"(?:[^"\\]|\\.)*"|\( [^()]* \)|[^\s,]+/;

# pairs TEXT: [ name, value ] of each member, as JSON lines have it
sub pairs
{
	my $of = shift;
	my @pairs;

	while ($of =~ /(\w+) = ($value)/g) {
		my ($name, $text) = ($1, $2);
		if ($text =~ /^\( "(.*)" : container = \d+ \)$/) {
			$text = $1;
		} elsif ($text =~ /^\( <unknown> : container = (\d+) \)$/) {
			$text = sprintf '0x%x', $1;
		} elsif ($text =~ /^"(.*)"$/) {
			$text = $1;
		} else {
			$text = lc $text;
		}
		push @pairs, [ $name, $text ];
	}
	return @pairs;
}

while (<STDIN>) {
	/^\[0*(\d+)\] (?:\S+ )?(\w+): \{ (.*?) \}, \{ (.*) \}$/ or die "not understood: $_";
	my ($ts, $name, @context) = ($1, $2, pairs($3));
	my @fields = pairs($4);
	my $unknown = hex((pop @context)->[1]);
	for my $i (0 .. $#fields) {
		$fields[$i][1] = 'null' if $unknown >> $i & 1;
	}
	print join("\t", $name, $ts, map { "$_->[0]=$_->[1]" } @context, @fields), "\n";
}
