# SPDX-License-Identifier: GPL-2.0-only
# vfio-trace: every tools/vfio-trace/*.c, linked with the library.

VFIO_TRACE      := $(BUILD)/tools/vfio-trace
VFIO_TRACE_OBJS := $(patsubst tools/vfio-trace/%.c,$(BUILD)/tools/obj-vfio-trace/%.o,$(wildcard \
	tools/vfio-trace/*.c))

# Perfetto's messages, as far as they are written.
PERFETTO        := $(BUILD)/proto/perfetto.pb-c
PERFETTO_OBJ    := $(PERFETTO).o
VFIO_TRACE_OBJS += $(PERFETTO_OBJ)

$(PERFETTO).c: tools/vfio-trace/perfetto.proto
	$(call need,libprotobuf-c-dev protobuf-c-compiler)
	$(call say,PROTOC,$@)
	@mkdir -p $(@D)
	$(Q)protoc-c -I $(<D) --c_out=$(@D) $<

$(PERFETTO).h: $(PERFETTO).c ;

$(PERFETTO_OBJ): $(PERFETTO).c
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# Here and in the tests' build.
SEE_PERFETTO := $(BUILD)/tools/obj-vfio-trace/export_perfetto.o $(BUILD)/tests/vfio-trace/export_perfetto.o \
	$(BUILD)/tests/unit/test_export
$(SEE_PERFETTO): ALL_CFLAGS += -iquote $(dir $(PERFETTO))
$(SEE_PERFETTO): | $(PERFETTO).h

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
