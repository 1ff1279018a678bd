# SPDX-License-Identifier: GPL-2.0-only
# Builds from tests/diff/ vfio-diff, which compares one vfio module with another by experiment, and
# names the suite that does so in two guests. Included by Makefile.

VFIO_DIFF      := $(BUILD)/tests/vfio-diff
VFIO_DIFF_OBJS := $(patsubst tests/diff/%.c,$(BUILD)/tests/diff/%.o,$(wildcard tests/diff/*.c))

.PHONY: vfio-diff check-diff check-diff-mutants
vfio-diff: $(VFIO_DIFF)

check-diff: $(VFIO_DIFF) ## Compare our vfio with the distribution's by experiment (KVERS=6.1 for one kernel)
	$(call need,$(DEPS_vm) $(DEPS_check))
	$(Q)for k in $(KVERS); do $(MAKE) kmod kernel KVER=$$k || exit 1; done
	$(Q)tests/check $(SUITES_diff)

check-diff-mutants: $(VFIO_DIFF) ## Break kmod/ on purpose; check-diff's comparison must notice (half an hour)
	$(call need,$(DEPS_vm) $(DEPS_check) $(DEPS_kmod))
	$(Q)$(MAKE) kmod kernel KVER=$(KVER)
	$(Q)tests/check diff-mutants='tests/diff/mutants $(KVER)'

SUITES_diff = $(foreach k,$(KVERS),diff-$(k)='tests/diff/run $(k)')

$(VFIO_DIFF): $(VFIO_DIFF_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/diff/%.o: tests/diff/%.c tests/diff/diff.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(VFIO_DIFF_OBJS:.o=.d)
