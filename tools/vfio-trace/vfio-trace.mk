# SPDX-License-Identifier: GPL-2.0-only
# vfio-trace: every tools/vfio-trace/*.c, linked with the library.

VFIO_TRACE      := $(BUILD)/tools/vfio-trace
VFIO_TRACE_OBJS := $(patsubst tools/vfio-trace/%.c,$(BUILD)/tools/obj-vfio-trace/%.o,$(wildcard \
	tools/vfio-trace/*.c))

tools: $(VFIO_TRACE)
TOOLS += $(VFIO_TRACE)

$(BUILD)/tools/obj-vfio-trace/%.o: tools/vfio-trace/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -DVFIO_OBS_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

$(VFIO_TRACE): $(VFIO_TRACE_OBJS) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(VFIO_TRACE_OBJS) $(LIB) -o $@ $(TOOLS_LIBS)

-include $(VFIO_TRACE_OBJS:.o=.d)
