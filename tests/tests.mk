# SPDX-License-Identifier: GPL-2.0-only
#
# The tests, part of the top Makefile: `make check` is all of them, fast ones first. A suite is a
# command that prints TAP lines; tests/check runs them and adds up.

DEPS_check := clang-14 libclang-rt-14-dev shellcheck codespell libcmocka-dev perl git jq strace \
	      bpftrace trace-cmd linux-perf dpdk dpdk-dev tmux gcovr procps bsdutils util-linux gawk \
	      dkms initramfs-tools openssl protobuf-compiler babeltrace2 libxml2-utils \
	      python3-jsonschema

# What runs in the guest beside the tools.
GUEST_PROGRAMS := testdev-load race hold vfio-stress vfio-diff

# Both kernels; KVERS=6.1 narrows it to one.
KVERS ?= 6.1 6.12
# Suites of `make check` that run at a time.
JOBS ?= 2

SAN_FLAGS := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	     -fno-omit-frame-pointer
SAN_OBJS  := $(patsubst tools/%.c,$(BUILD)/tests/%.o,$(wildcard tools/lib/*.c) \
	     $(filter-out %/main.c,$(wildcard tools/vfio-trace/*.c))) $(PERFETTO_OBJ)
SAN_LIB   := $(BUILD)/tests/libvfioobs.a
UNIT      := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ      := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

RECORD_STORM := $(BUILD)/tests/record_storm

.PHONY: check check-unit check-fuzz check-vm check-dkms check-long lint demo sample
demo: ## See vfiotop live on DPDK and a pin storm in a guest (installs what is missing)
	$(Q)$(MAKE) deps
	$(Q)$(MAKE) tools testdev-load kmod kernel KVER=$(KVER)
	$(Q)tests/vm/demo $(KVER)

sample: ## Make the recording in tests/data anew, from a guest
	$(Q)$(MAKE) deps
	$(Q)$(MAKE) tools testdev-load kmod kernel KVER=$(KVER)
	$(Q)tests/vm/run --kver $(KVER) --devices e1000e --mem 3072 --out tests/data -- \
		bash tests/vm/guest/sample.sh

check: ## Run every test: lint, unit, fuzz corpus, and the guest on both kernels (45 minutes)
	$(Q)$(MAKE) deps
	$(Q)$(MAKE) $(UNIT) $(KMOD_TESTS) $(FUZZ) tools $(RECORD_STORM) $(GUEST_PROGRAMS) $(BUILD)/checkpatch.pl \
		$(BUILD)/events-table
	$(Q)for k in $(KVERS); do $(MAKE) kmod kernel KVER=$$k || exit 1; done
	$(Q)$(MAKE) deb
	$(Q)tests/check --jobs $(JOBS) $(SUITE_lint) $(SUITE_docs) $(SUITES_unit) $(SUITES_kmod) $(SUITES_fuzz) $(SUITES_cli) \
		$(SUITES_vm) $(SUITES_diff) $(SUITES_dkms)

check-unit: $(UNIT) ## Run the unit tests only (under a minute)
	$(Q)tests/check $(SUITES_unit)

check-fuzz: $(FUZZ) ## Run the fuzzers over their corpus
	$(Q)tests/check $(SUITES_fuzz)

check-vm: tools $(GUEST_PROGRAMS) ## Run the tests in the guest (KVERS=6.1 for one kernel)
	$(call need,$(DEPS_vm) $(DEPS_check))
	$(Q)for k in $(KVERS); do $(MAKE) kmod kernel KVER=$$k || exit 1; done
	$(Q)tests/check $(SUITES_vm)

check-dkms: deb tools ## Install, disable and remove the package in the guest (6.1, module not built there)
	$(call need,$(DEPS_vm) $(DEPS_check))
	$(Q)$(MAKE) kmod kernel KVER=6.1
	$(Q)tests/check $(SUITES_dkms)

check-long: deb tools $(FUZZ) ## Run the tests that take long (DKMS builds the module); writes docs/check-long.md
	$(Q)for k in $(KVERS); do $(MAKE) kmod kernel KVER=$$k || exit 1; done
	$(Q)tests/check --page docs/check-long.md $(SUITES_long)

lint: $(BUILD)/checkpatch.pl ## Style, spelling, shellcheck
	$(call need,shellcheck codespell perl git)
	$(Q)tests/check $(SUITE_lint)

SUITE_docs   = docs='diff docs/events.md <($(BUILD)/events-table) && echo ok - docs/events.md follows from the event list'
SUITE_lint   = lint='tests/lint $(BUILD)/checkpatch.pl'
SUITES_unit  = $(foreach t,$(UNIT),$(notdir $(t))='CMOCKA_MESSAGE_OUTPUT=TAP $(t)')
SUITES_fuzz  = $(foreach t,$(FUZZ),$(notdir $(t))='tests/fuzz/run-corpus $(t)')
SUITES_cli   = $(foreach t,$(wildcard tests/cli/test-*),$(notdir $(t))='$(t)')
SUITES_vm    = vm-harness='tests/vm/test-harness.sh' \
	       $(foreach k,$(KVERS),vm-$(k)='tests/vm/suite $(k)') \
	       $(foreach k,$(KVERS),vm-stock-$(k)='tests/vm/suite --stock $(k)')

SUITES_dkms  = lintian='$(MAKE) -s lintian && echo ok - lintian has nothing to say' \
	       dkms-6.1='tests/vm/dkms/suite 6.1 quick'
SUITES_long += $(foreach t,$(FUZZ),$(notdir $(t))-long='FUZZ_SECONDS=600 tests/fuzz/run-corpus $(t)') \
	       $(foreach k,$(KVERS),dkms-$(k)='tests/vm/dkms/suite $(k) long')

# The kernel's own style checker comes with its source package.
$(BUILD)/checkpatch.pl:
	$(Q)$(MAKE) $(BUILD)/kernels/$(KVER)/.source
	$(Q)cp $(BUILD)/kernels/$(KVER)/source/scripts/* $(BUILD)/

$(BUILD)/tests/%.o: tools/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) $(SAN_FLAGS) -DVFIO_OBS_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

$(SAN_LIB): $(SAN_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/unit/%: tests/unit/%.c $(SAN_LIB)
	$(call need,gcc libcmocka-dev)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) $(SAN_FLAGS) -DVFIO_OBS_VERSION='"$(VERSION)"' -MMD -MP -MF $@.d \
		$< -o $@ $(SAN_LIB) $(TOOLS_LIBS) -lcmocka

$(RECORD_STORM): tests/cli/record_storm.c $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -MMD -MP -MF $@.d $< -o $@ $(LIB) $(TOOLS_LIBS)

# libFuzzer needs clang, and the library's sources built with its instrumentation.
$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(wildcard tools/lib/*.c tools/lib/*.h include/vfio_obs/*.h) \
		| $(SKELETONS)
	$(call need,clang-14 libclang-rt-14-dev)
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(TOOLS_CFLAGS) -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -iquote $(BUILD)/bpf \
		-DVFIO_OBS_VERSION='"$(VERSION)"' $< $(wildcard tools/lib/*.c) -o $@ $(TOOLS_LIBS)

-include $(SAN_OBJS:.o=.d) $(UNIT:=.d) $(RECORD_STORM).d
