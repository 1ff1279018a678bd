# SPDX-License-Identifier: GPL-2.0-only
# vfiotop, the monitor.

DEPS_tools += libncurses-dev

VFIOTOP      := $(BUILD)/tools/vfiotop
VFIOTOP_OBJS := $(patsubst tools/vfiotop/%.c,$(BUILD)/tools/obj-vfiotop/%.o,$(wildcard tools/vfiotop/*.c))
VFIOTOP_LIBS := -lncursesw -ltinfo
TOOLS += $(VFIOTOP)

tools: $(VFIOTOP)

$(BUILD)/tools/obj-vfiotop/%.o: tools/vfiotop/%.c
	$(call need,gcc libncurses-dev)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -DVFIO_OBS_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

$(VFIOTOP): $(VFIOTOP_OBJS) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ $(VFIOTOP_LIBS) $(TOOLS_LIBS) -o $@

# The same screen over invented containers: for developers and tests, never installed.
VFIOTOP_DEMO := $(BUILD)/tests/vfiotop-demo

$(VFIOTOP_DEMO): tests/tui/vfiotop_demo.c $(filter-out %/main.o,$(VFIOTOP_OBJS)) $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -MMD -MP -MF $@.d $(filter %.c %.o %.a,$^) $(VFIOTOP_LIBS) \
		$(TOOLS_LIBS) -o $@

-include $(VFIOTOP_OBJS:.o=.d) $(VFIOTOP_DEMO).d
