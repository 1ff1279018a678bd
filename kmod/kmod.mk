# SPDX-License-Identifier: GPL-2.0-only
#
# The module, part of the top Makefile. Kernels are unpacked from Debian's packages under
# build/kernels/KVER, modules built into build/KVER.

DEPS_kmod := gcc-12 make pahole binutils libelf-dev xz-utils zstd lz4 kmod

# KVER may be 6.1, 6.12 or a full version; asking apt takes a second, so only who needs it does.
KVER_GIVEN := $(KVER)
KVER_ASKED := $(or $(KVER),6.1)
override KVER = $(eval override KVER := $$(call resolve_kver,$(KVER_ASKED)))$(KVER)
resolve_kver = $(if $(wildcard $(BUILD)/kernels/$(1)/version),$(1),$(call \
	or_error,$(shell kmod/fetch-kernel resolve '$(1)' 2>&1)))
or_error = $(if $(filter fetch-kernel:,$(1)),$(error $(1)),$(1))

KMOD_SRC := $(wildcard kmod/*.[ch] kmod/testdev/*.[ch] include/vfio_obs/*.h) kmod/Kbuild \
	    kmod/testdev/Kbuild kmod/build kmod/check-symbols

.PHONY: kmod kernel
kmod: ## Build vfio.ko and vfio-testdev.ko for KVER (6.1, 6.12 or a full version)
	$(call need,$(DEPS_kmod))
	$(Q)$(MAKE) $(BUILD)/$(KVER)/.kmod

kernel: ## Unpack the kernel KVER for the test guest under build/kernels
	$(Q)$(MAKE) $(BUILD)/kernels/$(KVER)/.image

# A pattern rule with several targets would run once for all of them.
define fetch_rule
$(BUILD)/kernels/%/.$(1):
	$$(call say,FETCH,'linux $(1) $$*')
	$$(Q)kmod/fetch-kernel $(1) $$* $$(@D)
	$$(Q)touch $$@
endef
$(foreach what,headers source image,$(eval $(call fetch_rule,$(what))))

$(BUILD)/%/.kmod: $(KMOD_SRC) | $(BUILD)/kernels/%/.headers $(BUILD)/kernels/%/.source \
		$(BUILD)/kernels/%/.image
	$(call say,KMOD,$*)
	$(Q)kmod/build $* $(BUILD)/kernels/$* $(@D)
	$(Q)touch $@

.PRECIOUS: $(BUILD)/kernels/%/.headers $(BUILD)/kernels/%/.source $(BUILD)/kernels/%/.image
