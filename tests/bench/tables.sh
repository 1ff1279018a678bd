# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# tables.sh - the figures of one run as Markdown tables, and as objects for bench.json on fd 3
#
# Sourced by bench; the figures are in value[KVER,MODULES,NAME], the kernels in kvers, the one in
# hand is kver. A limit of "-" is none; what was not measured is "-" and does not hold its limit.

: "${build:?}" "${out:?}" "${containers:?}" "${active:?}" "${kvers-}"

# Most instructions that ours may cost more than stock, or percent of stock.
compared='pin 5 one pin of one page, every event off
unpin 5 its unpin, every event off
lifecycle 2% a lifecycle: container and group opened, attached, SET_IOMMU, detached, closed
lifecycle_device 2% the same with a device opened and closed
lifecycle_full 2% the same with CHECK_EXTENSION, and a page mapped and unmapped'
# Most instructions that a watched pin may cost more than an unwatched one: on stock, on ours.
watched='pin.empty - 200 our tracepoint with an empty BPF program
pin.aggregated 900 300 vfiotop: histogram and counts by container
pin.recorded 900 300 vfio-trace record: every event
pin.bpftrace_tracepoint - - bpftrace, our tracepoint: histogram by container
pin.bpftrace_kfunc - - bpftrace, kfunc and kretfunc: histogram by process
pin.bpftrace_kfunc_container - - bpftrace, kfunc and kretfunc: histogram by container
pin.bpftrace_kprobe - - bpftrace, kprobe and kretprobe: histogram by process
pin.bpftrace_kprobe_container - - bpftrace, kprobe and kretprobe: histogram by container
pin.bcc - - bcc funclatency: one histogram
pin.libbpf_tools - - libbpf-tools funclatency: one histogram
pin.perf - - perf record of two kprobes
pin.trace_cmd - - trace-cmd record of two kprobes
pin.function_graph - - trace-cmd record, function_graph'
# What is told of the pins, and by whom.
observers='vfiotop vfiotop
bpftrace_tracepoint bpftrace, our tracepoint
bpftrace_kfunc bpftrace, kfunc and kretfunc
bpftrace_kprobe bpftrace, kprobe and kretprobe
bcc bcc funclatency
libbpf_tools libbpf-tools funclatency
perf perf record of two kprobes
trace_cmd trace-cmd record of two kprobes
function_graph trace-cmd record, function_graph'
# How far off the truth vfiotop may be with our module, in percent.
truth_limit=3
identities='keys.vfiotop 20 20 vfiotop: containers
keys.recording 20 20 vfio-trace record: containers
keys.bpftrace - - bpftrace, kfunc: addresses of containers'
# Most instructions until a tool is attached: on stock, on ours.
started='startup.vfiotop 240000000 80000000 vfiotop
startup.record 240000000 80000000 vfio-trace record
startup.libbpf_tools - - libbpf-tools funclatency
startup.bpftrace - - bpftrace, kprobe and kretprobe
startup.bcc - - bcc funclatency'
floor='rename nobody watches
rename.empty an empty BPF program (raw_tp)
rename.clocks one that reads the clock twice'
# Most microseconds of CPU, or bytes.
model='model.refresh 10000 microseconds of CPU, one refresh of the model
model.screen - microseconds of CPU, one drawing of the screen, 200x50
model.key 50000 microseconds of CPU, from a cursor key to its drawing
model.filter 50000 microseconds of CPU, the same of a letter of a filter that matches nothing
model.open 50000 microseconds of CPU, the same of Enter, which opens a container
model.tree 50000 microseconds of CPU, the same of t, the tree of owners, of which each has one container
model.map 50000 microseconds of CPU, the same of a, the heat map of all
model.heap - bytes of heap that the model holds'
memory_limit=67108864

# get MODULES NAME
get()
{
	echo "${value[$kver,$1,$2]:--}"
}

# verdict GOT LIMIT: "yes", "NO"; empty when there is none to give
verdict()
{
	[ "$2" != - ] || return 0
	if [ "$1" = - ] || [ "$1" -gt "$2" ]; then
		echo NO
	else
		echo yes
	fi
}

# minus A B: "-" when one of them was not measured
minus()
{
	if [ "$1" = - ] || [ "$2" = - ]; then echo -; else echo $(($1 - $2)); fi
}

# tell FIGURE MODULES VALUE [LIMIT HELD]: the object for bench.json
tell()
{
	jq -nc --arg k "$kver" --arg f "$1" --arg m "$2" --arg v "$3" --arg l "${4--}" --arg ok "${5-}" \
		'{ kernel: $k, figure: $f, modules: $m, value: ($v | tonumber? // null) }
		+ if $ok == "" then {} else { limit: $l, held: ($ok == "yes") } end' >&3
}

# compare NAME LIMIT WHAT
compare()
{
	local stock ours more max=$2 ok percent=-
	stock=$(get stock "$1")
	ours=$(get ours "$1")
	more=$(minus "$ours" "$stock")
	if [ "$more" != - ]; then
		percent=$(awk "BEGIN { printf \"%+.2f %%\", $more * 100 / $stock }")
		[ "${2%\%}" = "$2" ] || max=$((stock * ${2%\%} / 100))
	fi
	ok=$(verdict "$more" "$max")
	echo "| $3 | $stock | $ours | $more | $percent | ${2/%\%/ %} | $ok |"
	tell "$1" stock "$stock"
	tell "$1" ours "$ours" "$2 more" "$ok"
}

# on_both NAME LIMIT_STOCK LIMIT_OURS WHAT STOCK OURS: one row
on_both()
{
	local ok_stock ok_ours
	ok_stock=$(verdict "$5" "$2")
	ok_ours=$(verdict "$6" "$3")
	echo "| $4 | $5 | $2 | $ok_stock | $6 | $3 | $ok_ours |"
	tell "$1" stock "$5" "$2" "$ok_stock"
	tell "$1" ours "$6" "$3" "$ok_ours"
}

# watch NAME LIMIT_STOCK LIMIT_OURS WHAT: what is added to a pin
watch()
{
	on_both "$@" "$(minus "$(get stock "$1")" "$(get stock pin)")" \
		"$(minus "$(get ours "$1")" "$(get ours pin)")"
}

start()
{
	on_both "$@" "$(get stock "$1")" "$(get ours "$1")"
}

# identity NAME WANTED WANTED WHAT: must be equal
identity()
{
	local modules got row="| $4" ok
	for modules in stock ours; do
		got=$(get $modules "$1")
		ok=
		[ "$2" = - ] || { ok=NO; [ "$got" != "$2" ] || ok=yes; }
		row+=" | $got | $2 | $ok"
		tell "$1" $modules "$got" "$2" "$ok"
	done
	echo "$row |"
}

# off GOT TRUE [OF]: by how many percent; empty when GOT is no number
off()
{
	[[ $1$2 =~ ^[0-9]+$ ]] || return 0
	awk "BEGIN { printf \" (%+.1f %%%s)\", ($1 - $2) * 100 / $2, \"${3-}\" }"
}

# true_mean MODULES NAME: what the pins that NAME saw took without what seeing them took: the median
# with nobody watching, and by how much the mean of that very run was above its median
true_mean()
{
	local pin=pin.$2 over
	[ "$2" != vfiotop ] || pin=pin.aggregated
	over=$(get "$1" "$pin.over_median")
	[ "$over" != - ] || over=$(minus "$(get "$1" "$pin.mean")" "$(get "$1" "$pin.p50")")
	[ "$over" = - ] || echo $(($(get "$1" pin.p50) + over))
}

# within_percent GOT TRUE
within_percent()
{
	[[ $1$2 =~ ^[0-9]+$ ]] && [ $((($1 > $2 ? $1 - $2 : $2 - $1) * 100)) -le $(($2 * truth_limit)) ]
}

# truth_row MODULES NAME WHO: what NAME says, and for ours whether it is true
truth_row()
{
	local kind said real row="| $3" ok=yes of
	for kind in mean p50 p90 p99; do
		real=$(get "$1" "pin.$kind")
		of=
		[ $kind != mean ] || { real=$(true_mean "$1" "$2"); of=" of $real"; }
		said=$(get "$1" "said.$2.$kind")
		[ $kind != p50 ] || [ "$said" != - ] || said=$(get "$1" "said.$2.median")
		row+=" | $said$(off "$said" "$real" "$of")"
		within_percent "$said" "$real" || ok=NO
		[ "$said" = - ] || [ "$2" != vfiotop ] || tell "said.$2.$kind" "$1" "$said"
	done
	[ "$1.$2" = ours.vfiotop ] || ok=
	echo "$row | $ok |"
	[ -z "$ok" ] || tell "said.vfiotop" ours - "$truth_limit %" "$ok"
}

truth_table()
{
	local name who
	echo "| ns, $1 | mean | median | p90 | p99 | held |"
	echo "| --- | --: | --: | --: | --: | --- |"
	echo "| true: what the pins take with nobody watching | $(get "$1" pin.mean) | $(get "$1" pin.p50) |" \
		"$(get "$1" pin.p90) | $(get "$1" pin.p99) | |"
	while read -r name who; do
		truth_row "$1" "$name" "$who"
	done <<< "$observers"
}

floor_row()
{
	local stock
	stock=$(get stock "$1")
	echo "| $2 | $stock | $(minus "$stock" "$(get stock rename)") |"
	tell "$1" stock "$stock"
}

# Each line of the list $2, split into words as the function $1 has arguments ($3).
rows()
{
	local a b c d
	while read -r a b c d; do
		case $3 in
		2) "$1" "$a" "$b${c:+ $c}${d:+ $d}" ;;
		3) "$1" "$a" "$b" "$c${d:+ $d}" ;;
		4) "$1" "$a" "$b" "$c" "$d" ;;
		esac
	done <<< "$2"
}

# What each step of the longest lifecycle costs.
steps()
{
	local name stock ours
	while read -r name _; do
		[[ $name = lifecycle_full.* ]] || continue
		stock=$(get stock "$name")
		ours=$(get ours "$name")
		echo "| ${name#*.} | $stock | $ours | $(minus "$ours" "$stock") |"
	done < "$out/$kver.ours"
}

kernel_tables()
{
	local both="on stock | limit | held | on ours | limit | held |" right="| --- | --: | --: | --- | --: | --: | --- |"
	cat <<-END

		## $kver

		Debian's linux $(cat "$build/kernels/$kver/version"); vfio.ko: stock $(get stock srcversion), ours $(get ours srcversion).

		| instructions | stock | ours | difference | | limit | held |
		| --- | --: | --: | --: | --: | --: | --- |
		$(rows compare "$compared" 3)

		| added to one pin by | $both
		$right
		$(rows watch "$watched" 4)

		| task_rename, the kernel's own tracepoint | instructions of the system call | added |
		| --- | --: | --: |
		$(rows floor_row "$floor" 2)

		$(truth_table ours)

		$(truth_table stock)

		| 20 lifecycles, one after the other, are | $both
		$right
		$(rows identity "$identities" 4)

		| instructions from exec until attached | $both
		$right
		$(rows start "$started" 4)

		| step of the longest lifecycle | stock | ours | difference |
		| --- | --: | --: | --: |
		$(steps)
	END
}

model_row()
{
	local got ok
	got=$(get model "$1")
	ok=$(verdict "$got" "$2")
	echo "| $3 | $got | $2 | $ok |"
	tell "$1" model "$got" "$2" "$ok"
}

# The largest maps of any guest, with the model's heap.
memory_row()
{
	local k m maps=0 all ok
	for k in "${kvers[@]}"; do
		for m in stock ours; do
			[ "${value[$k,$m,maps.vfiotop]:-0}" -le "$maps" ] || maps=${value[$k,$m,maps.vfiotop]}
		done
	done
	all=-
	[ "$maps" = 0 ] || all=$(($(get model model.heap) + maps))
	ok=$(verdict "$all" "$memory_limit")
	echo "| bytes of vfiotop's BPF maps, in the guest where they are most | $maps | - | |"
	echo "| bytes of both together | $all | $memory_limit | $ok |"
	tell model.memory model "$all" "$memory_limit" "$ok"
}

model_table()
{
	local kver=-
	cat <<-END

		## $containers containers, $active of them active

		On the machine that ran it: $(uname -sr), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1).

		| | measured | limit | held |
		| --- | --: | --: | --- |
		$(rows model_row "$model" 3)
		$(memory_row)
	END
}
