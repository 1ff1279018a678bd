# SPDX-License-Identifier: GPL-2.0-only
# The BPF objects and their skeletons, under build/bpf/. Built without the build machine's BTF.

DEPS_tools += clang bpftool libbpf-dev linux-libc-dev

BPF_ARCH   := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_CFLAGS := -target bpf -mcpu=v3 -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror \
	-D__TARGET_ARCH_$(BPF_ARCH) -iquote include -iquote bpf \
	-idirafter /usr/include/$(shell uname -m)-linux-gnu
BPFTOOL    := PATH=$$PATH:/usr/sbin bpftool

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call need,clang libbpf-dev linux-libc-dev)
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call need,bpftool)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< > $@

SKELETONS := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
.SECONDARY: $(SKELETONS:.skel.h=.bpf.o)
-include $(wildcard $(BUILD)/bpf/*.d)
