# SPDX-License-Identifier: GPL-2.0-only
#
# `make bench`, part of the top Makefile: what our module costs beside the distribution's and our
# tools beside others, counted in instructions, on each of KVERS. Writes docs/bench.md and
# build/bench/bench.json. The peers are big; only who runs it installs them.

DEPS_bench := bpftrace bpfcc-tools libbpf-tools linux-perf trace-cmd bpftool jq gawk libbpf-dev
BENCH_PROGRAMS := $(BUILD)/bench/container-cost $(BUILD)/bench/model-cost

.PHONY: bench
bench: ## Count what the module and the tools cost, beside the distribution's and other tools
	$(Q)$(MAKE) deps DEPS='$(sort $(DEPS) $(DEPS_bench))'
	$(Q)$(MAKE) $(BENCH_PROGRAMS) tools testdev-load
	$(Q)for k in $(KVERS); do $(MAKE) kmod kernel KVER=$$k || exit 1; done
	$(Q)tests/bench/bench $(BUILD) docs/bench.md $(KVERS)

$(BUILD)/bench/container-cost: tests/bench/container-cost.c tests/load/client.c \
		tests/load/client.h include/vfio_obs/testdev_uapi.h
	$(call need,gcc libbpf-dev)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(filter %.c,$^) -o $@ -iquote . -lbpf

$(BUILD)/bench/model-cost: tests/bench/model-cost.c $(LIB)
	$(call need,gcc)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) $< $(LIB) -o $@ $(TOOLS_LIBS)
