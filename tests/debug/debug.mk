# SPDX-License-Identifier: GPL-2.0-only
#
# Debug kernels, part of the top Makefile: kernels of Debian's sources with KASAN, lockdep, kmemleak
# and fault injection under build/debug/kernels, the modules for them beside it, and
# `make check-debug`, which runs races, fuzzer, stress and loads on them. They stand apart from
# Debian's kernels, whose newest is what KVER=6.1 means elsewhere. To boot one:
#   tests/debug/vm 6.1 -- COMMAND...

DEPS_debug := flex bison bc libssl-dev

DEBUG_KERNELS = $(BUILD)/debug/kernels
debug_kver = $(patsubst %-amd64,%-vfiodebug,$(1))

.PHONY: debug-kernel check-debug check-debug-mutants check-debug-ready
debug-kernel: ## Build the debug kernel of KVER (KASAN, lockdep, kmemleak...) and our modules for it
	$(call need,$(DEPS_kmod) $(DEPS_debug))
	$(Q)$(MAKE) $(BUILD)/debug/$(call debug_kver,$(KVER))/.kmod

# RACE_SECONDS, FUZZ_CALLS, FAULT_SECONDS, LOAD_SECONDS and PARTS make it shorter, for a trial. Parts
# that passed are kept for the next run; FRESH=1 runs them all.
check-debug: check-debug-ready ## Races, fuzzer, stress, faults on debug kernels (hours; KVERS=6.1 for one)
	$(Q)tests/check debug='tests/debug/check $(KVERS)'

check-debug-mutants: check-debug-ready ## Break kmod/ on purpose: KASAN, lockdep, kmemleak... must tell (15 minutes each kernel)
	$(Q)tests/check $(foreach k,$(KVERS),debug-mutants-$(k)='tests/debug/mutants $(k)')

check-debug-ready: testdev-load race vfio-stress $(BUILD)/tests/vfio-faults
	$(call need,$(DEPS_kmod) $(DEPS_debug) $(DEPS_vm))
	$(Q)for k in $(KVERS); do $(MAKE) debug-kernel KVER=$$k || exit 1; done

$(DEBUG_KERNELS)/%-vfiodebug/.tree:
	$(call say,FETCH,'linux tree $*')
	$(Q)kmod/fetch-kernel tree $*-amd64 $(@D)
	$(Q)touch $@

# nice: it takes both CPUs for minutes.
$(DEBUG_KERNELS)/%-vfiodebug/.image: tests/debug/build-kernel $(wildcard tests/debug/*.config) \
		| $(DEBUG_KERNELS)/%-vfiodebug/.tree
	$(call say,KERNEL,$*-vfiodebug)
	$(Q)nice -n 5 tests/debug/build-kernel $*-vfiodebug $(@D)
	$(Q)touch $@

$(BUILD)/debug/%/.kmod: $(KMOD_SRC) $(DEBUG_KERNELS)/%/.image
	$(call say,KMOD,$*)
	$(Q)kmod/build $* $(DEBUG_KERNELS)/$* $(@D)
	$(Q)touch $@

.PRECIOUS: $(DEBUG_KERNELS)/%-vfiodebug/.tree $(DEBUG_KERNELS)/%-vfiodebug/.image

FAULTS_OBJS := $(patsubst tests/debug/%.c,$(BUILD)/tests/debug/%.o,$(wildcard tests/debug/*.c))

$(BUILD)/tests/vfio-faults: $(FAULTS_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/debug/%.o: tests/debug/%.c tests/debug/debug.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(FAULTS_OBJS:.o=.d)
