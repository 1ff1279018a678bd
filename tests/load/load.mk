# SPDX-License-Identifier: GPL-2.0-only
# Builds from tests/load/ testdev-load, the program that puts a known load on vfio, and
# testdev-uapi-check, which checks what vfio-testdev answers. Included by Makefile.

LOAD_OBJS := $(patsubst %,$(BUILD)/tests/load/%.o,testdev-load work client counts)
UAPI_CHECK_OBJS := $(patsubst %,$(BUILD)/tests/load/%.o,uapi-check client)

# So that a tracer can follow its calls: tests look at the stacks that it leads to.
LOAD_FLAGS := -fno-omit-frame-pointer -fno-optimize-sibling-calls

.PHONY: testdev-load
testdev-load: $(BUILD)/tests/testdev-load $(BUILD)/tests/testdev-uapi-check ## Build the vfio-testdev load

$(BUILD)/tests/testdev-load: $(LOAD_OBJS)
$(BUILD)/tests/testdev-uapi-check: $(UAPI_CHECK_OBJS)
$(BUILD)/tests/testdev-load $(BUILD)/tests/testdev-uapi-check:
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

$(BUILD)/tests/load/%.o: tests/load/%.c tests/load/load.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LOAD_FLAGS) -MMD -MP -pthread -c -o $@ $<

-include $(patsubst %.o,%.d,$(sort $(LOAD_OBJS) $(UAPI_CHECK_OBJS)))
