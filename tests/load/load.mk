# SPDX-License-Identifier: GPL-2.0-only
# Builds tests/load/testdev-load, the program that puts a known load on vfio. Included by Makefile.

LOAD_OBJS := $(patsubst %.c,$(BUILD)/tests/load/%.o,testdev-load.c work.c client.c counts.c)

.PHONY: testdev-load
testdev-load: $(BUILD)/tests/testdev-load ## Build the load generator for vfio-testdev

$(BUILD)/tests/testdev-load: $(LOAD_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

$(BUILD)/tests/load/%.o: tests/load/%.c tests/load/load.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -pthread -c -o $@ $<

-include $(LOAD_OBJS:.o=.d)
