# SPDX-License-Identifier: GPL-2.0-only
# Builds from tests/stress/ vfio-stress, which opens and closes containers in every order, from many
# processes and threads. Included by Makefile; run in the guest by tests/vm/guest/7*.sh.

STRESS_OBJS := $(patsubst tests/stress/%.c,$(BUILD)/tests/stress/%.o,$(wildcard tests/stress/*.c))

.PHONY: vfio-stress
vfio-stress: $(BUILD)/tests/vfio-stress ## Build the stress program of the guest's tests

$(BUILD)/tests/vfio-stress: $(STRESS_OBJS) $(BUILD)/tests/race/guard.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

$(BUILD)/tests/stress/%.o: tests/stress/%.c tests/stress/stress.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -iquote tests -MMD -MP -pthread -c -o $@ $<

-include $(STRESS_OBJS:.o=.d)
