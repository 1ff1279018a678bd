# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Is what vfio-trace reports through our tracepoints true? See truth.sh.
# shellcheck source=tests/vm/guest/lib.sh
. tests/vm/guest/lib.sh
# shellcheck source=tests/vm/guest/truth.sh
. tests/vm/guest/truth.sh

load_testdev 4
bind_vfio "$VM_E1000E"
source=tp

equals_under_dpdk
equals_under_loads \
	"lifecycle -n 24 -d 0-1 --order rotate" \
	"pin -n 2000 -d 0-1 -t 2 -r --per-call" \
	"pin -n 300 --fail-every 7" \
	"map -n 50 -s 64K" \
	"mix -n 30 -d 0-3 -c 2" \
	"dma-rw -n 100 -l 512 --per-call -w"
equals_at_full_speed
equals_with_many_short_lives
finish
