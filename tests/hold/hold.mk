# SPDX-License-Identifier: GPL-2.0-only
# Builds vfio-hold, a MAP_DMA that does not return, for the guest's tests. Included by Makefile.

.PHONY: hold
hold: $(BUILD)/tests/vfio-hold ## Build vfio-hold, an operation in flight for the guest's tests

$(BUILD)/tests/vfio-hold: tests/hold/vfio-hold.c tests/hold/hold.mk
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pthread -o $@ $<
