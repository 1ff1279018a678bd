# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# lib.sh - what the tests of the tools' command lines share
#
# Sourced by test-vfiotop and test-vfio-trace, which set $tool, the name before each test's, and $dir,
# a folder of their own, and exit with $status.

# shellcheck disable=SC2034 # $status is for who sources this
: "${tool:?}" "${dir:?}"
status=0

# check NAME COMMAND...: a test that passes when COMMAND does; with ONLY=TEXT those with TEXT in NAME
check()
{
	local name=$1
	shift
	[[ $name = *"${ONLY-}"* ]] || return 0
	if "$@"; then
		echo "ok - $tool: $name"
	else
		echo "not ok - $tool: $name"
		status=1
	fi
}

# ends RC PATTERN COMMAND...: COMMAND exits with RC, and PATTERN is in its one line of stderr
ends()
{
	local want=$1 pattern=$2 rc=0
	shift 2
	"$@" > "$dir/out" 2> "$dir/err" < /dev/null || rc=$?
	[ "$rc" = "$want" ] && [ "$(wc -l < "$dir/err")" = 1 ] && grep -qE -- "$pattern" "$dir/err" && return
	echo "# exit status $rc, wanted $want; stderr, wanted '$pattern':"
	sed 's/^/# /' "$dir/err"
	return 1
}
