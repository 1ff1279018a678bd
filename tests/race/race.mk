# SPDX-License-Identifier: GPL-2.0-only
# Builds from tests/race/ vfio-race, which races the users of a backend against its withdrawal, and
# vfio-fuzz, which calls vfio with hostile arguments. Both run in the guest, on our module only.
# Included by Makefile.

RACE_OBJS := $(patsubst %,$(BUILD)/tests/race/%.o,vfio-race calls held free parker guard watch)
FUZZ_OBJS := $(patsubst %,$(BUILD)/tests/race/%.o,vfio-fuzz fuzz fuzz_calls fuzz_device fuzz_args \
	     guard watch)
RACE_PROGRAMS := $(BUILD)/tests/vfio-race $(BUILD)/tests/vfio-fuzz

.PHONY: race
race: $(RACE_PROGRAMS) ## Build vfio-race and vfio-fuzz, the lifetime tests for the guest

$(BUILD)/tests/vfio-race: $(RACE_OBJS) $(BUILD)/tests/load/client.o
$(BUILD)/tests/vfio-fuzz: $(FUZZ_OBJS) $(BUILD)/tests/load/client.o
$(RACE_PROGRAMS):
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

$(BUILD)/tests/race/%.o: tests/race/%.c tests/race/race.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -pthread -c -o $@ $<

-include $(patsubst %.o,%.d,$(sort $(RACE_OBJS) $(FUZZ_OBJS)))
