# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What goes wrong in the guest is one line that says what, why and what to do, with status 1, and
# leaves no file behind.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

# refuses STATUS PATTERN COMMAND...: exactly one line on stderr, matching, and that exit status
refuses()
{
	local want=$1 pattern=$2 status lines
	shift 2
	"$@" > "$work/out" 2> "$work/err"
	status=$?
	lines=$(wc -l < "$work/err")
	cat "$work/err"
	[ "$status" = "$want" ] || { echo "exit status $status"; return 1; }
	[ "$lines" = 1 ] || { echo "$lines lines"; return 1; }
	grep -qE "$pattern" "$work/err"
}

nothing_written()
{
	! ls "$work"/recording* > /dev/null 2>&1
}

! grep -q '^vfio ' /proc/modules || { rmmod vfio_testdev vfio_pci vfio_pci_core vfio_virqfd mdev vfio_iommu_type1; rmmod vfio; } 2> /dev/null
check "no vfio: vfiotop says modprobe" refuses 1 "vfio.*not loaded.*modprobe vfio" \
	"$monitor" -b -n 1
check "no vfio: vfio-trace says modprobe" refuses 1 "vfio.*not loaded.*modprobe vfio" \
	"$trace" record -o "$work/recording" -d 1
check "no vfio: no file is left" nothing_written

# plain MODULE.ko[.xz]: an uncompressed copy
plain()
{
	case $1 in
	*.xz) xz -dc "$1" > "$work/vfio.ko" ;;
	*) cp "$1" "$work/vfio.ko" ;;
	esac
}

plain "$(find -L "/lib/modules/$VM_KVER/kernel/drivers/vfio" -name 'vfio.ko*')"
insmod "$work/vfio.ko"
check "the distribution's vfio has no tracepoints: said so" refuses 1 \
	"distribution's own.*no tracepoints.*--source=fentry" "$monitor" --source=tp -b -n 1
check "the distribution's vfio: its functions are taken" grep -q '"name":"fentry"' \
	<("$monitor" --json -n 1 -d 0.2)
within 30 rmmod vfio
objcopy -R .BTF "build/$VM_KVER/vfio.ko" "$work/vfio.ko"
insmod "$work/vfio.ko"
check "our vfio without BTF: said so" refuses 1 "BTF" "$trace" record -o "$work/recording" -d 1
rmmod vfio
check "... leaves no file" nothing_written

load_testdev 1
check "a COMMAND that does not exist" refuses 1 "/nonexistent.*No such file" \
	"$trace" record -o "$work/recording" -- /nonexistent
check "... leaves no file" nothing_written
check "an output folder that does not exist" refuses 1 "/nonexistent/recording.*No such file" \
	"$trace" record -o /nonexistent/recording -d 1
check "no root: vfiotop" refuses 1 "CAP_BPF and CAP_PERFMON are missing; run as root" \
	setpriv --reuid 65534 --regid 65534 --clear-groups "$monitor" -b -n 1
check "no root: vfio-trace" refuses 1 "CAP_BPF and CAP_PERFMON are missing; run as root" \
	setpriv --reuid 65534 --regid 65534 --clear-groups "$trace" record -o /tmp/recording.65534 -d 1
check "... leaves no file" test ! -e /tmp/recording.65534
# without CAPABILITY COMMAND...: root, but for that one (setpriv's name for it) and CAP_SYS_ADMIN
without()
{
	local less=-sys_admin,-$1
	shift
	setpriv --bounding-set "$less" --inh-caps "$less" "$@"
}
check "without CAP_BPF: said so" refuses 1 ", CAP_BPF is missing; " without bpf "$monitor" -b -n 1
check "without CAP_PERFMON: said so" refuses 1 ", CAP_PERFMON is missing; " \
	without perfmon "$trace" record -o "$work/recording" -d 1
check "functions without CAP_SYS_ADMIN: said so" refuses 1 ", CAP_SYS_ADMIN is missing; " \
	without sys_admin "$monitor" --source=fentry -b -n 1
check "... leave no file" nothing_written

mkdir "$work/small"
mount -t tmpfs -o size=64k none "$work/small"
disk_full()
{
	"$trace" record -o "$work/small/recording" -- "$load" pin -n 60000 -r --per-call \
		> "$work/out" 2> "$work/err"
	local status=$?
	cat "$work/err"
	[ "$status" = 1 ] && grep -qE "No space left" "$work/err"
}
check "a full disk is an error" disk_full
if [ -e "$work/small/recording" ]; then
	check "... and what was kept can be read, marked as cut off" \
		jq -e '.truncated' <("$trace" report --json "$work/small/recording" 2> /dev/null)
fi
umount "$work/small"

# Rings of 4 MiB hold a quarter of this only.
mkfifo "$work/fifo"
slow_reader()
{
	{ sleep 15; cat; } < "$work/fifo" > "$work/late" &
	local reader=$!
	"$trace" record -m 4 -o "$work/fifo" -- "$load" pin -n 60000 -r --per-call \
		> "$work/load.out" 2> "$work/err" || { cat "$work/err"; return 1; }
	wait "$reader"
	"$trace" report --json "$work/late" > "$work/report" &&
		jq -e '.truncated == false and .lost.total == 0' "$work/report" && return
	jq -c .lost "$work/report"
	return 1
}
check "a reader that takes nothing for seconds is no loss" slow_reader
equal "... of 60000 pins" "$(jq .events.vfio_container_pin "$work/report")" "$(sed -n 's/^pin //p' "$work/load.out")"
# The reader never comes: the recorder says for what it waits, and a second Ctrl-C is the end.
never_read()
{
	{ exec sleep 1000; } < "$work/fifo" &
	local reader=$! recorder status=0
	# Behind a shell's "&" SIGINT is ignored.
	env --default-signal=INT "$trace" record -o "$work/fifo" 2> "$work/err" &
	recorder=$!
	within 60 attached || return 1
	"$load" pin -n 30000 -r --per-call > "$work/load.out"
	sleep 2
	kill -INT "$recorder"
	within 20 grep -q 'has not taken the last [0-9]* bytes yet' "$work/err" && kill -INT "$recorder"
	within 20 eval "! kill -0 $recorder 2> /dev/null" || kill -KILL "$recorder"
	wait "$recorder" || status=$?
	kill "$reader"
	cat "$work/err"
	[ "$status" = $((128 + 2)) ]
}
check "a reader that never takes anything is waited for until a second Ctrl-C" never_read

"$trace" record -o "$work/recording" -- "$load" mix -n 50 > /dev/null 2>&1
head -c $(($(stat -c %s "$work/recording") * 2 / 3)) "$work/recording" > "$work/cut"
head -c 3 "$work/recording" > "$work/stump"
echo "this is no recording of ours, but long enough to be taken for one" > "$work/foreign"
check "a recording cut off is reported as such" jq -e '.truncated' \
	<("$trace" report --json "$work/cut" 2> /dev/null)
check "... in one line and the exit status too" refuses 1 \
	"$work/cut: the recording breaks off behind [0-9]+ events.*what could be read" \
	"$trace" report "$work/cut"
check "a stump of three bytes" refuses 1 "$work/stump.*" "$trace" report "$work/stump"
check "a foreign file" refuses 1 "$work/foreign.*" "$trace" report "$work/foreign"
# usage COMMAND...: exit status 2, with words on stderr
usage()
{
	"$@" > "$work/out" 2> "$work/err" < /dev/null
	[ $? = 2 ] && [ -s "$work/err" ]
}

check "a wrong option is usage" usage "$trace" record --nonsense
check "no command at all is usage" usage "$trace"
check "vfiotop: a wrong option is usage" usage "$monitor" --nonsense
check "vfiotop: no terminal, no -b" refuses 2 "terminal.*-b" "$monitor"
rmmod vfio_testdev
finish
