#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's stress tests on a debug kernel (70-race.sh is covered by 20-race.sh). Run by
# tests/debug/check.

. tests/debug/guest/lib.sh

debug_begin
for script in tests/vm/guest/7[1-9]*.sh; do
	begin=$SECONDS
	echo "# $(basename "$script" .sh)"
	bash "$script" || echo "not ok - $(basename "$script" .sh): the script failed"
	figure "$(basename "$script" .sh)" "$((SECONDS - begin)) s"
done
debug_end
