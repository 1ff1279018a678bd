# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Reference events that add up, with many tasks on the same container: threads that attach and
# detach eight groups, set the backend, copy and close the container's file; and many processes with
# containers of their own. Read from the kernel's own trace text. The check itself must fail for
# each kind of broken chain.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/stress.sh
. tests/vm/guest/stress.sh

# A container with two groups: two tasks drop at once, and the first to drop tells of it last.
cat > "$work/good" <<'LOG'
 a-1 [000] ..... 1: vfio_container_open: id=7 slot=0 ret=0
 a-1 [000] ..... 2: vfio_container_get: id=7 slot=0 reason=file refs=1
 a-1 [000] ..... 3: vfio_container_attach: id=7 slot=0 group=3 type=iommu groups=1 refs=2 ret=0 duration=9
 a-1 [000] ..... 4: vfio_container_get: id=7 slot=0 reason=group refs=2
 a-1 [000] ..... 5: vfio_container_attach: id=7 slot=0 group=3 type=iommu groups=1 refs=2 ret=-22 duration=9
 b-2 [001] ..... 6: vfio_container_attach: id=7 slot=0 group=4 type=iommu groups=2 refs=3 ret=0 duration=9
 b-2 [001] ..... 7: vfio_container_get: id=7 slot=0 reason=group refs=3
 a-1 [000] ..... 8: vfio_container_close: id=7 slot=0 refs=2
 a-1 [000] ..... 9: vfio_container_put: id=7 slot=0 reason=file refs=2
 b-2 [001] ..... 10: vfio_container_detach: id=7 slot=0 group=4 groups=0 refs=0 reason=unset duration=9
 b-2 [001] ..... 11: vfio_container_put: id=7 slot=0 reason=group refs=0
 a-1 [000] ..... 12: vfio_container_detach: id=7 slot=0 group=3 groups=1 refs=1 reason=unset duration=9
 a-1 [000] ..... 13: vfio_container_put: id=7 slot=0 reason=group refs=1
 a-1 [000] ..... 14: vfio_container_release: id=7 slot=0 age=99
LOG

# broken NAME SED: the good log changed by SED must not pass
broken()
{
	sed -E "$2" "$work/good" > "$work/broken"
	if cmp -s "$work/good" "$work/broken"; then
		echo "not ok - the check finds $1: nothing was broken"
	elif chains "$work/broken" > "$work/found"; then
		echo "not ok - the check finds $1"
	else
		echo "ok - the check finds $1 ($(head -n 1 "$work/found"))"
	fi
}

check "the check passes a good chain" chains "$work/good"
broken "a put that is missing" '/ 9: /d'
broken "a get that is missing" '/ 4: /d'
broken "a put that is there twice" '/ 9: /p'
broken "a count read afterwards" '/ 1[23]: /s/refs=1/refs=0/'
broken "a level that nobody was at" '/ ([3467]|8|9|13|12): /s/refs=([123])/refs=\19/'
broken "a container that is never released" '/ 14: /d'
broken "an event after the release" '/ 13: /{h;d}; / 14: /G'
broken "an event before the open" '1{h;d}; 3G'
broken "a second life of an id" '/ 14: /{p;s/.*/ a-1 [000] ..... 15: vfio_container_open: id=7 slot=0 ret=0/}'
broken "an attach that tells another count" '/ 6: /s/refs=3/refs=2/'
broken "a detach that tells another count" '/ 10: /s/refs=0/refs=1/'
broken "a close that tells another count" '/ 8: /s/refs=2/refs=1/'
broken "a failed attach that took a reference" '/ 6: /s/ret=0/ret=-22/'
broken "a text without events" 's/vfio_container/nothing/'

load_testdev 8

# A field that is a pointer would print a kernel address; strings are arrays with a __data_loc.
no_pointer_fields()
{
	local formats=("$events"/vfio_*/format)
	[ "${#formats[@]}" -gt 20 ] && ! grep -E 'field:[^;]*\*' "${formats[@]}"
}
check "no event has a field that is a pointer" no_pointer_fields

bind_vfio "$VM_E1000E"

# shellcheck disable=SC2086
recorded "300 containers with ten tasks each" "$stress" tasks -n 300 $testdevs
equal "containers seen" "$(counted containers)" "$(said opens)"
equal "attaches seen" "$(counted attaches)" "$(said attaches)"
equal "as many detaches" "$(counted detaches)" "$(counted attaches)"
equal "attaches: 300 containers, 8 groups, 3 times" "$(counted attaches)" 7200

# Tasks met on one container if some count was above two: file and one group.
check "tasks met on a container" grep -qE 'vfio_container_get: .* refs=([3-9])$' "$work/events"
order_differs()
{
	awk '
		match($0, /vfio_container_(get|put): id=[0-9]+/) {
			split(substr($0, RSTART, RLENGTH), part, "=")
			id = part[2]
			refs = substr($0, index($0, "refs=") + 5) + 0
			if (id in last && refs - last[id] != (/_get:/ ? 1 : -1))
				differs++
			last[id] = refs
		}
		END { print differs + 0 }' "$work/events"
}
echo "# $(order_differs) events told in another order than that of their transitions"

recorded "10 containers with three tasks, one of them on a PCI function" \
	"$stress" tasks -n 10 vfio-testdev.0 "$VM_E1000E" vfio-testdev.1
equal "attaches: 10 containers, 3 groups, 3 times" "$(counted attaches)" 90

# shellcheck disable=SC2086
recorded "1000 lifecycles in 16 processes" "$stress" storm -n 1000 -p 16 $testdevs "$VM_E1000E"
equal "attaches of the processes seen" "$(counted attaches)" "$(said attaches)"
check "at least 1000 containers" test "$(counted containers)" -ge 1000
equal "no backend is left" "$(cat /sys/module/vfio_iommu_type1/refcnt)" 0

# Who comes next finds vfio unused.
unbind_vfio "$VM_E1000E"
check "all that uses vfio unloads" unload_users
finish
