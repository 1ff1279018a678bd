# SPDX-License-Identifier: GPL-2.0-only
#
# The test guest, part of the top Makefile:
#   make vm                                   interactive root shell
#   make vm CMD='uname -r' KVER=6.12... DEVICES=e1000e,nvme
# VMFLAGS takes any other option of tests/vm/run, e.g. VMFLAGS='--mem 4096'.
# CMD is run by a shell in the guest; its exit status decides over make's.

CMD ?=
DEVICES ?=
VMFLAGS ?=

DEPS_vm := qemu-system-x86 busybox-static cpio kmod xz-utils zstd

.PHONY: vm
vm: kernel $(if $(findstring --stock,$(VMFLAGS)),,kmod) ## Boot a guest; CMD='...' runs a command there, else a shell
	$(call need,$(DEPS_vm))
	$(Q)tests/vm/run --kver $(KVER) $(if $(DEVICES),--devices $(DEVICES)) $(VMFLAGS) \
		$(if $(value CMD),-- bash -c '$(subst ','\'',$(value CMD))')
