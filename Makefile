# SPDX-License-Identifier: GPL-2.0-only
#
# The one Makefile: `make help` lists the targets. Each part adds its rules in a fragment
# (kmod/kmod.mk, bpf/bpf.mk, ...); everything is built under build/.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
SHELL := /bin/bash

BUILD  := build
V      ?= 0
ifeq ($(V),1)
Q      :=
say    =
else
Q      := @
say    = @printf '  %-9s %s\n' $(1) $(2)
endif

CC     := gcc
CLANG  := clang
PREFIX ?= /usr/local
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter -Werror
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -iquote include -I include
VERSION := 0.1

# $(call find_missing,PACKAGES): shell words that leave those not installed in $missing.
find_missing = missing=; for p in $(1); do \
	dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || \
	missing="$$missing $$p"; done

# $(call need,PACKAGES): a recipe line that names what is missing.
define need
@$(find_missing); [ -z "$$missing" ] || { \
	echo "make: cannot make '$@': Debian package(s) not installed:$$missing; run 'make deps'" >&2; \
	exit 1; }
endef

.PHONY: all help deps clean install uninstall

all: tools ## Build the tools (vfiotop, vfio-trace)

include kmod/kmod.mk
include bpf/bpf.mk
include tools/lib/lib.mk
include tools/vfio-trace/vfio-trace.mk
include tools/vfiotop/vfiotop.mk
include kmod/dkms/dkms.mk
include tests/load/load.mk
include tests/race/race.mk
include tests/hold/hold.mk
include tests/stress/stress.mk
include tests/diff/diff.mk
include tests/kmod/kmod-tests.mk
include tests/vm/vm.mk
include tests/debug/debug.mk
include tests/bench/bench.mk
include tests/tests.mk

DEPS = $(sort $(DEPS_kmod) $(DEPS_deb) $(DEPS_tools) $(DEPS_vm) $(DEPS_check) $(DEPS_debug))

deps: ## Install the Debian packages that are missing (sudo when not root)
	$(Q)$(call find_missing,$(DEPS)); \
	as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	if [ -n "$$missing" ] || ! apt-cache pkgnames linux-headers-6.1 | grep -q .; then \
		$$as_root apt-get update || exit 1; fi; \
	if [ -z "$$missing" ]; then echo "deps: nothing is missing"; else \
		$$as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends $$missing; fi

$(BUILD)/events-table: docs/events-table.c include/vfio_obs/event_list.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $< -o $@

docs/events.md: $(BUILD)/events-table
	$(call say,GEN,$@)
	$(Q)$< > $@

docs/vfiotop.schema.json: $(VFIOTOP)
	$(call say,GEN,$@)
	$(Q)$< --json-schema > $@

help: ## Show this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | \
		awk -F ':.*## ' '{ printf "  %-16s %s\n", $$1, $$2 }'
	@echo
	@echo "  Variables: KVER=6.1|6.12|full version   CMD='command for make vm'   V=1   PREFIX= DESTDIR="

clean: ## Remove what was built; downloaded kernels stay in build/kernels
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name kernels -exec rm -rf {} + 2>/dev/null || true
