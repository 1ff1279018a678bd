# SPDX-License-Identifier: GPL-2.0-only
# libvfioobs.a, what the tools share: every tools/lib/*.c. Also installing the tools: a tool's
# fragment adds its binary to TOOLS and hangs it on the target `tools`.

DEPS_tools += gcc libc6-dev make libbpf-dev libelf-dev libzstd-dev zlib1g-dev libjansson-dev \
	libcap-ng-dev libpci-dev pci.ids libprotobuf-c-dev protobuf-c-compiler

# For everything that includes the library's headers ("lib/model.h") or links with it.
TOOLS_CFLAGS = $(ALL_CFLAGS) -iquote tools
TOOLS_LIBS   := -lbpf -lelf -lzstd -lz -ljansson -lcap-ng -lpci -lprotobuf-c -lm

LIB_OBJS := $(patsubst tools/lib/%.c,$(BUILD)/tools/lib/%.o,$(wildcard tools/lib/*.c))
LIB      := $(BUILD)/tools/libvfioobs.a

.PHONY: tools
tools:

$(BUILD)/tools/lib/%.o: tools/lib/%.c
	$(call need,gcc libbpf-dev libzstd-dev zlib1g-dev libjansson-dev libcap-ng-dev libpci-dev)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -DVFIO_OBS_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

# The only files that see BPF's skeletons, here and in the tests' build of the library.
SEE_SKELETONS := source_tp source_fentry tp_existing tp_table hooks map_hooks
see_skeleton = $(foreach build,tools tests,$(BUILD)/$(build)/lib/$(1).o)
$(foreach file,$(SEE_SKELETONS),$(call see_skeleton,$(file))): ALL_CFLAGS += -iquote $(BUILD)/bpf
$(call see_skeleton,source_tp): | $(BUILD)/bpf/vfio_tp.skel.h
$(call see_skeleton,source_fentry): | $(BUILD)/bpf/vfio_fentry.skel.h
$(call see_skeleton,hooks): | $(BUILD)/bpf/vfio_hooks.skel.h
$(call see_skeleton,map_hooks): | $(BUILD)/bpf/vfio_map.skel.h
$(call see_skeleton,tp_existing): | $(BUILD)/bpf/vfio_iter.skel.h
$(call see_skeleton,tp_table): | $(BUILD)/bpf/vfio_table.skel.h

$(LIB): $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OBJS)

-include $(LIB_OBJS:.o=.d)

install: ## Install the tools (DESTDIR, PREFIX), and the module for KVER if built
install: tools
	$(Q)for t in $(TOOLS); do \
		install -D -m 0755 "$$t" "$(DESTDIR)$(PREFIX)/sbin/$${t##*/}" || exit 1; \
		echo "  INSTALL   $(DESTDIR)$(PREFIX)/sbin/$${t##*/}"; done

uninstall: ## Remove what install put there
	$(Q)for t in $(TOOLS); do rm -fv "$(DESTDIR)$(PREFIX)/sbin/$${t##*/}"; done

# The corpus of tests/fuzz/fuzz_record.c is committed; this writes it again after a format change.
$(BUILD)/tests/gen_record: tests/fuzz/gen_record.c $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) $< $(LIB) -o $@ $(TOOLS_LIBS)

.PHONY: corpus-record
corpus-record: $(BUILD)/tests/gen_record ## Write the recording fuzzer's corpus again
	$(Q)mkdir -p tests/fuzz/corpus/record && rm -f tests/fuzz/corpus/record/*
	$(Q)$(BUILD)/tests/gen_record tests/fuzz/corpus/record
