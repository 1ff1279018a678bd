# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# record.sh - what the tests of vfio-trace record's destinations share
#
# Sourced by test-record and test-ring behind lib.sh, which set $trace, too.

: "${trace:?}" "${dir:?}"

# equal NAME GOT WANT
equal()
{
	[ "$2" = "$3" ] || { printf '# got '; head -c 300 <<< "$2"; printf '# wanted '; head -c 300 <<< "$3"; }
	check "$1" [ "$2" = "$3" ]
}

# ends_well COMMAND...: what it says is shown when it fails
ends_well()
{
	"$@" > "$dir/out" 2>&1 && return
	sed 's/^/# /' "$dir/out"
	return 1
}

# record ARGUMENT...: what it says is in $dir/said, and shown when it fails
record()
{
	"$trace" record "$@" 2> "$dir/said" && return
	sed 's/^/# /' "$dir/said"
	return 1
}

# said FILE...: what these recordings say, without their names
said()
{
	local file
	for file in "$@"; do
		"$trace" report --json "$file" 2> "$dir/err" | jq -S 'del(.source)'
	done
}

# events FILE...: each event, with the wall clock
events()
{
	local file
	for file in "$@"; do
		"$trace" export -f csv "$file" | tail -n +2
	done
}

# numbers FILE...: first, last and number of a storm's events, whose iovas are numbers, when they
# follow each other
numbers()
{
	local file
	for file in "$@"; do
		"$trace" export -f csv "$file" 2> "$dir/err"
	done | awk -F, '{ for (i = 1; i <= NF; i++) if ($i == "iova") { at = i; next } }
		{ iova = strtonum($at); if (!n++) first = iova; else if (iova != last + 1) bad = 1; last = iova }
		END { if (!bad && n) print first, last, n }'
}
