# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tools write of a running kernel where only their loader may: a recording in several files,
# a flight recorder's, vfiotop's configuration. Counts are compared with testdev-load's own.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 2
chmod 0755 "$work"
mkdir -m 0755 "$work/theirs"
chown 1000:1000 "$work/theirs"

# of_load NAME: how often testdev-load did that
of_load()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/out"
}

# in_files OPERATION FILE...: the sum of what each says
in_files()
{
	local file operation=$1
	shift
	for file in "$@"; do
		"$trace" report --json "$file" | jq ".operations.$operation.count"
	done | awk '{ n += $1 } END { print n }'
}

# A file after the other, in another user's folder.
check "a recording in several files" "$trace" record --max-time 1s -o "$work/theirs/parts.vfio" -- \
	sh -c "$load mix -d 0-1 -c 2 --seconds 5 --rate 40 > $work/out"
parts=("$work"/theirs/parts.*.vfio)
check "... has five or more" test "${#parts[@]}" -ge 5
check "... each is whole" "$trace" verify "${parts[@]}"
equal "... and root's alone" "$(stat -c '%u %a' "${parts[@]}" | sort -u)" "0 600"
for operation in open pin map_dma dma_rw; do
	equal "... together they have all of $operation" "$(in_files $operation "${parts[@]}")" "$(of_load $operation)"
done
"$trace" merge -o "$work/merged" "${parts[@]}"
equal "... as has what is made of them" "$(in_files pin "$work/merged")" "$(of_load pin)"

check "the last two of all" "$trace" record --max-time 1s --keep 2 -o "$work/theirs/parts.vfio" -- \
	"$load" lifecycle --seconds 3 --rate 20
equal "... are left" "$(find "$work/theirs" -name 'parts.*' | wc -l)" 2

# In memory until a pin fails; SIGUSR1 writes what came since.
"$trace" record --ring 1M --on error --on signal -o "$work/theirs/ring.vfio" 2> "$work/err" &
trace_pid=$!
check "a flight recorder attaches" within 60 attached "$trace_pid"
"$load" pin -n 90 --fail-every 50 > "$work/out"
check "a pin fails: there is a file" within 20 test -e "$work/theirs/ring.000001.vfio"
check "... whose last event that is" grep -qE ' pin .* ret=-E' <("$trace" script "$work/theirs/ring.000001.vfio" | tail -n 1)
check "... which it says" grep -qE 'pin failed: E[A-Z]+, container .*testdev-load' "$work/err"
kill -USR1 "$trace_pid"
check "SIGUSR1: there is another" within 20 test -e "$work/theirs/ring.000002.vfio"
kill -INT "$trace_pid"
wait "$trace_pid"
equal "... the recorder ends well" "$?" 0
check "... the files are whole" "$trace" verify "$work"/theirs/ring.00000[12].vfio
equal "... with each pin once" "$(in_files pin "$work"/theirs/ring.*)" "$(of_load pin)"

# vfiotop, which is nobody, has its loader write the configuration, where root without all rights may.
run_tmux()
{
	tmux -u -L files -f /dev/null "$@"
}

# on_screen PATTERN
on_screen()
{
	run_tmux capture-pane -p | grep -qE "$1"
}

# writes FILE PATTERN: so does W, and the screen says PATTERN
writes()
{
	run_tmux new-session -d -x 120 -y 24 "HOME=$work/home LC_ALL=C.UTF-8 $monitor -d 0.5 $1"
	within 60 on_screen '^ *ID ' && run_tmux send-keys W && within 10 on_screen "$2"
	local rc=$?
	run_tmux capture-pane -p
	run_tmux send-keys q
	within 10 eval '! run_tmux list-sessions 2> /dev/null'
	return "$rc"
}
mkdir -m 0700 "$work/home"
check "W writes the configuration" writes "" "^written: $work/home/.config/vfiotop/config"
equal "... which is root's, and whole" \
	"$(stat -c '%u %a' "$work/home/.config/vfiotop/config") $(grep -v '^#' "$work/home/.config/vfiotop/config" | tr '\n' ' ')" \
	"0 644 delay = 0.5 "
check "... but not in another user's folder" writes "--config $work/theirs/config" '^cannot write .*Permission denied'
equal "... where nothing is left" "$(find "$work/theirs" -name 'config*' | wc -l)" 0
finish
