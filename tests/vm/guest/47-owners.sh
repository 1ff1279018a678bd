# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Whose a container is: a VM by its name, a pod by its cgroup, a process by its number in the
# initial pid namespace, also when it has ended and its number went to another; the devices of its
# groups. All of it live and in a recording that is replayed where none of it can be looked up.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh

load_testdev 4
bind_vfio "$VM_E1000E"

uid=0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e
container=3f2a4b1c5d6e7f8091a2b3c4d5e6f70813243546576879800a1b2c3d4e5f6071
pod=kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid//-/_}.slice
pod=$pod/cri-containerd-$container.scope
mkdir -p "/sys/fs/cgroup/$pod"

# in_pod COMMAND...: in the background it becomes a process of that pod
in_pod()
{
	exec bash -c 'echo $$ > "/sys/fs/cgroup/$0/cgroup.procs" && exec "$@"' "$pod" "$@"
}


"$trace" record -o "$work/recording" 2> "$work/record.err" &
record_pid=$!
check "vfio-trace attaches" within 30 attached

(exec qemu-system-x86_64 -M q35 -accel tcg -m 64 -nodefaults -display none -no-user-config -S \
	-name guest=web01,debug-threads=on -uuid $uid -device "vfio-pci,host=$VM_E1000E" \
	-monitor none > "$work/qemu.out" 2>&1) &
vm_pid=$!
in_pod "$load" pin -n 1000000000 --rate 100 -d 0 > "$work/pod.out" 2>&1 &
pod_pid=$!
unshare --pid --fork --mount-proc "$load" pin -n 1000000000 --rate 100 -d 1 > "$work/inner.out" 2>&1 &
outer_pid=$!
check "the loads pin" within 20 eval "pinning 0 && pinning 1"
# The truth: its only child as the initial namespace counts.
inner_pid=$(cat "/proc/$outer_pid/task/$outer_pid/children")
inner_pid=${inner_pid% }

# While vfio-trace looks away, a process opens a container and ends, and its number goes to another
# of the same name.
kill -STOP $record_pid
"$load" pin -n 5 -d 2 > "$work/ended.out" 2>&1 &
ended_pid=$!
wait $ended_pid
cp "$(command -v sleep)" "$work/testdev-load"
for _ in $(seq 50); do
	echo $((ended_pid - 1)) > /proc/sys/kernel/ns_last_pid
	"$work/testdev-load" 1000 &
	impostor_pid=$!
	[ $impostor_pid != $ended_pid ] || break
	kill $impostor_pid
done
equal "another process has got the number" "$impostor_pid" $ended_pid
# And one of the pod, whose cgroup is there when it is not.
in_pod "$load" pin -n 5 -d 3 > "$work/short.out" 2>&1 &
short_pid=$!
wait $short_pid
kill -CONT $record_pid

# of_pid FILE PID FILTER: of the owner of the containers of that process
of_pid()
{
	jq -r --argjson pid "$2" "[.containers[] | select(.pid == \$pid) | .owner | $3] | unique | join(\"; \")" "$1"
}
# The start of a process in ns, from its own file in /proc.
start_of()
{
	echo $(($(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20) * 10000000))
}
facts='"\(.kind) \(.name) \(.started_ns)"'
want_vm="qemu web01 $(start_of $vm_pid)"
want_pod="pod $uid $(start_of $pod_pid)"
want_inner="process testdev-load $(start_of "$inner_pid")"

mapped()
{
	"$monitor" --json -n 1 -d 0.1 2> "$work/err" > "$work/live" &&
		[ "$(jq '.totals.containers' "$work/live")" = 3 ]
}
check "vfiotop finds the three" within 30 mapped
equal "vfiotop: the VM" "$(of_pid "$work/live" $vm_pid "$facts")" "$want_vm"
equal "vfiotop: its uuid" "$(of_pid "$work/live" $vm_pid .uuid)" $uid
equal "vfiotop: the pod" "$(of_pid "$work/live" $pod_pid "$facts")" "$want_pod"
equal "vfiotop: its container" "$(of_pid "$work/live" $pod_pid '.runtime + " " + .container_id')" \
	"containerd $container"
equal "vfiotop: its cgroup" "$(of_pid "$work/live" $pod_pid .cgroup_path)" "/$pod"
equal "vfiotop: the process of another pid namespace" \
	"$(of_pid "$work/live" "$inner_pid" "$facts")" "$want_inner"

# The network card by lspci's word, the test device by sysfs'.
device='"\(.name) \(.vendor) \(.device) \(.driver)"'
group=$(group_of "$VM_E1000E")
equal "vfiotop: the VM's device" \
	"$(jq -r ".groups[] | select(.number == $group) | .devices[] | $device" "$work/live")" \
	"$(lspci -vmmk -D -s "$VM_E1000E" | awk -F '\t' '{ f[$1] = $2 }
		END { print f["Slot:"], f["Vendor:"], f["Device:"], f["Driver:"] }')"
group=$(group_of vfio-testdev.0)
equal "vfiotop: a test device" \
	"$(jq -r ".groups[] | select(.number == $group) | .devices[] | \"\(.name) \(.bus)\"" \
		"$work/live")" "vfio-testdev.0 platform"
check "vfiotop: the VM's name on the screen" eval "\"$monitor\" -b -n 1 -d 0.1 | grep -E '^ *[0-9]+ +$vm_pid .* web01 '"

# In a pid namespace of its own the tool cannot tell who is who, also of what is opened under its
# eyes.
unshare --pid --kill-child --mount-proc "$monitor" --json -d 0.5 2> "$work/err" > "$work/apart" &
apart_pid=$!
check "vfiotop starts in a pid namespace of its own" within 60 test -s "$work/apart"
in_pod "$load" pin -n 5 -d 2 > "$work/seen.out" 2>&1 &
seen_pid=$!
wait $seen_pid
says_why()
{
	# The last line may not be whole.
	jq -cR 'fromjson?' "$work/apart" > "$work/whole"
	jq -es "any(.[].containers[]; .pid == $seen_pid and
		(.owner.why | test(\"pid namespace of its own\")))" "$work/whole"
}
check "it says of a process why it does not know it" within 30 says_why
tool_pid=$(pgrep -P $apart_pid vfiotop)
kill -KILL $apart_pid # unshare ignores SIGTERM; it takes vfiotop along
wait $apart_pid 2> "$work/err"
check "its supervisor's end is its own" within 20 eval "! kill -0 $tool_pid"
equal "it knows nobody" "$(jq -r '.containers[].owner |
	"\(.kind) \(.name) \(.started_ns) \(.pod_uid)"' "$work/whole" | sort -u)" \
	"unknown null null null"

kill $vm_pid $pod_pid "$inner_pid" "$impostor_pid"
wait $vm_pid $pod_pid $outer_pid "$impostor_pid" 2> "$work/err"
kill -INT $record_pid
check "vfio-trace ends" wait $record_pid

# Nothing of it can be looked up any more.
[ -z "${VM_OUT-}" ] || cp "$work/recording" "$VM_OUT/owners-$VM_KVER"
unshare --pid --fork --mount-proc "$trace" report --json "$work/recording" > "$work/report"
equal "report: the VM" "$(of_pid "$work/report" $vm_pid "$facts")" "$want_vm"
equal "report: the pod" "$(of_pid "$work/report" $pod_pid "$facts")" "$want_pod"
equal "report: the process of another pid namespace" \
	"$(of_pid "$work/report" "$inner_pid" "$facts")" "$want_inner"
equal "report: the number that went to another" \
	"$(of_pid "$work/report" $ended_pid '"\(.kind) \(.name) \(.why)"')" \
	"unknown null process $ended_pid had ended, its number is another's now"
equal "report: a process that had ended, by its cgroup" \
	"$(of_pid "$work/report" $short_pid '"\(.kind) \(.name) \(.started_ns) \(.container_id)"')" \
	"pod $uid null $container"
equal "report: the VM's device" "$(jq -r '[.groups[].devices[].name] | sort | join(" ")' \
	"$work/report")" "$VM_E1000E vfio-testdev.0 vfio-testdev.1 vfio-testdev.2 vfio-testdev.3"
check "report: in words" eval "\"$trace\" report \"$work/recording\" | grep 'Owner     qemu web01, uuid $uid'"
"$monitor" --json --replay "$work/recording" > "$work/replay"
equal "replay: the VM" "$(jq -rs "[.[].containers[] | select(.pid == $vm_pid) | .owner | $facts] |
	unique | join(\"; \")" "$work/replay")" "$want_vm"
rmdir "/sys/fs/cgroup/$pod"
finish
