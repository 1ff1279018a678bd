# SPDX-License-Identifier: GPL-2.0-only
#
# `make bench`, part of the top Makefile: what our module costs beside the distribution's, counted
# in instructions, on each of KVERS. Writes docs/bench.md and build/bench/bench.json.

DEPS_bench := bpftrace jq libbpf-dev

.PHONY: bench
bench: $(BUILD)/bench/container-cost tools ## Count what the module costs beside the distribution's, in instructions
	$(call need,$(DEPS_vm) $(DEPS_bench))
	$(Q)for k in $(KVERS); do $(MAKE) kmod kernel KVER=$$k || exit 1; done
	$(Q)tests/bench/bench $(BUILD) docs/bench.md $(KVERS)

$(BUILD)/bench/container-cost: tests/bench/container-cost.c tests/load/client.c \
		tests/load/client.h include/vfio_obs/testdev_uapi.h
	$(call need,gcc libbpf-dev)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(filter %.c,$^) -o $@ -iquote . -lbpf
