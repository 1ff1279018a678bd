# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of kmod/ in user space, part of the top Makefile: kmod's own files, unchanged, against the
# kernel shim of tests/kmod/shim, once for each kernel and configuration.

KMOD_FLAVOURS    := 6.1 6.1-noiommu 6.12 6.12-noiommu
KMOD_DEF_6.1     := -DLINUX_VERSION_CODE=0x060100
KMOD_DEF_6.12    := -DLINUX_VERSION_CODE=0x060c00
KMOD_DEF_6.1-noiommu  := $(KMOD_DEF_6.1) -DCONFIG_VFIO_NOIOMMU
KMOD_DEF_6.12-noiommu := $(KMOD_DEF_6.12) -DCONFIG_VFIO_NOIOMMU

KMOD_SAN_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		 -fno-omit-frame-pointer
KMOD_SAN_tsan := -O1 -g -fsanitize=thread
KMOD_SAN_gcov := -O0 -g --coverage -fprofile-update=atomic

# kmod's files are the kernel's to judge: it compares int with unsigned int without a warning.
KMOD_CFLAGS := -std=gnu11 $(WARN) -Wno-sign-compare -D_GNU_SOURCE -iquote tests/kmod \
	       -iquote tests/kmod/shim -I tests/kmod/shim/include -iquote kmod -iquote include
KMOD_MODULE := container backend pin slot trace
KMOD_SHIM   := core mock shim/shim
KMOD_UNIT   := $(KMOD_SHIM) main $(patsubst tests/kmod/%.c,%,$(wildcard tests/kmod/test_*.c))
KMOD_STRESS := $(KMOD_SHIM) threads

KMOD_OUT   := $(BUILD)/tests/kmod
KMOD_TESTS := $(foreach f,$(KMOD_FLAVOURS),$(KMOD_OUT)/asan-$(f)/test) \
	      $(foreach s,asan tsan,$(foreach f,6.1 6.12,$(KMOD_OUT)/$(s)-$(f)/threads))

SUITES_kmod = $(foreach f,$(KMOD_FLAVOURS),kmod-$(f)='CMOCKA_MESSAGE_OUTPUT=TAP \
		$(KMOD_OUT)/asan-$(f)/test') \
	      $(foreach s,asan tsan,$(foreach f,6.1 6.12,kmod-threads-$(s)-$(f)='CMOCKA_MESSAGE_OUTPUT=TAP \
		$(KMOD_OUT)/$(s)-$(f)/threads'))

.PHONY: check-kmod check-kmod-coverage check-mutants
check-kmod: $(KMOD_TESTS) ## Run the module's tests in user space (under a minute)
	$(Q)tests/check $(SUITES_kmod)

# One set of rules for each sanitizer and flavour; a mutant is linked from the same objects.
define kmod_rules
$(KMOD_OUT)/$(1)-$(2)/module/%.o: kmod/%.c
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(KMOD_CFLAGS) $$(KMOD_SAN_$(1)) $$(KMOD_DEF_$(2)) -MMD -MP -c $$< -o $$@

$(KMOD_OUT)/$(1)-$(2)/%.o: tests/kmod/%.c
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(KMOD_CFLAGS) $$(KMOD_SAN_$(1)) $$(KMOD_DEF_$(2)) -MMD -MP -c $$< -o $$@

$(KMOD_OUT)/$(1)-$(2)/test: $(KMOD_MODULE:%=$(KMOD_OUT)/$(1)-$(2)/module/%.o) \
		$(KMOD_UNIT:%=$(KMOD_OUT)/$(1)-$(2)/%.o)
	$$(call need,gcc libcmocka-dev)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(KMOD_SAN_$(1)) $$^ -o $$@ -lcmocka -lpthread
	@echo '$$(KMOD_CFLAGS) $$(KMOD_SAN_$(1)) $$(KMOD_DEF_$(2))' > $$(@D)/flags

$(KMOD_OUT)/$(1)-$(2)/threads: $(KMOD_MODULE:%=$(KMOD_OUT)/$(1)-$(2)/module/%.o) \
		$(KMOD_STRESS:%=$(KMOD_OUT)/$(1)-$(2)/%.o)
	$$(call need,gcc libcmocka-dev)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(KMOD_SAN_$(1)) $$^ -o $$@ -lcmocka -lpthread
	@echo '$$(KMOD_CFLAGS) $$(KMOD_SAN_$(1)) $$(KMOD_DEF_$(2))' > $$(@D)/flags

-include $(KMOD_OUT)/$(1)-$(2)/*.d $(KMOD_OUT)/$(1)-$(2)/*/*.d
endef
$(foreach s,asan tsan gcov,$(foreach f,$(KMOD_FLAVOURS),$(eval $(call kmod_rules,$(s),$(f)))))

KMOD_GCOV := $(foreach f,$(KMOD_FLAVOURS),$(KMOD_OUT)/gcov-$(f)/test)
check-kmod-coverage: $(KMOD_GCOV) ## Print which statements of kmod/ its tests reach (95 % or more)
	$(call need,gcovr)
	$(Q)find $(KMOD_GCOV:%/test=%) -name '*.gcda' -delete
	$(Q)for t in $(KMOD_GCOV); do $$t > $$t.log 2>&1 || { cat $$t.log; exit 1; }; done
	$(Q)gcovr --root . --filter 'kmod/' --fail-under-line 95 $(KMOD_GCOV:%/test=%)

check-mutants: ## Break kmod/ on purpose, one way at a time; its tests must see each (minutes)
	$(Q)$(MAKE) $(foreach f,$(KMOD_FLAVOURS),$(KMOD_OUT)/asan-$(f)/test) \
		$(foreach f,6.1 6.12,$(KMOD_OUT)/tsan-$(f)/threads)
	$(Q)tests/kmod/mutants $(CC) $(KMOD_OUT)
