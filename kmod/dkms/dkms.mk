# SPDX-License-Identifier: GPL-2.0-only
#
# Installing the module, part of the top Makefile: the package vfio-container-dkms, and what
# `make install` does with a module built here. Both use kmod/dkms/vfio-container.

DEPS_deb := debhelper dpkg-dev lintian scdoc

DEB_MAINTAINER ?= vfiotop maintainers <maintainers@vfiotop.invalid>
DEB_VERSION    ?= $(VERSION)
DEB_TREE       := $(BUILD)/deb/vfio-container-dkms-$(DEB_VERSION)
DEB            := $(BUILD)/deb/vfio-container-dkms_$(DEB_VERSION)_all.deb
# Of a commit, so that the package is the same whenever it is built; else that of the Makefile.
DEB_DATE        = $(shell git log -1 --format=%cD 2>/dev/null || date -R -r Makefile)

# Not kmod/testdev: vfio-testdev is in no production package.
DEB_KMOD := $(wildcard kmod/*.[ch]) kmod/Kbuild kmod/build kmod/check-symbols \
	    kmod/extract-vmlinux kmod/host-kernel
DEB_SRC  := $(DEB_KMOD) include/vfio_obs/event_list.h kmod/dkms/vfio-container kmod/dkms/dkms.conf \
	    kmod/dkms/vfio-container.8.scd $(wildcard kmod/dkms/debian/*)

.PHONY: deb lintian
deb: ## Build the package vfio-container-dkms under build/deb
	$(call need,$(DEPS_deb))
	$(Q)$(MAKE) $(DEB)

lintian: deb ## Check that package with lintian
	$(Q)lintian --fail-on error,warning,info --tag-display-limit 0 $(DEB)

$(DEB): $(DEB_SRC) $(BUILD)/vfio-container.8
	$(call say,DEB,$@)
	$(Q)rm -rf $(DEB_TREE) && mkdir -p $(DEB_TREE)/kmod $(DEB_TREE)/include/vfio_obs \
		$(DEB_TREE)/sbin $(DEB_TREE)/modules_to_force_install
	$(Q)cp -p $(DEB_KMOD) $(DEB_TREE)/kmod/
	$(Q)cp -p include/vfio_obs/event_list.h $(DEB_TREE)/include/vfio_obs/
	$(Q)cp -p kmod/dkms/vfio-container $(DEB_TREE)/sbin/
	$(Q)cp -p $(BUILD)/vfio-container.8 $(DEB_TREE)/
	$(Q)cp -rp kmod/dkms/debian kmod/dkms/dkms.conf $(DEB_TREE)/
	$(Q)mkdir $(DEB_TREE)/debian/source && echo '3.0 (native)' > $(DEB_TREE)/debian/source/format
	@# Ours has the module version of the distribution's, so DKMS would call it no newer.
	$(Q)echo vfio-container_version-override > $(DEB_TREE)/modules_to_force_install/vfio-container
	$(Q)find $(DEB_TREE)/debian $(DEB_TREE)/dkms.conf -type f -exec sed -i \
		-e 's/@VERSION@/$(DEB_VERSION)/g' -e 's/@MAINTAINER@/$(DEB_MAINTAINER)/g' \
		-e 's/@DATE@/$(DEB_DATE)/' {} +
	$(Q)cd $(DEB_TREE) && dpkg-buildpackage -b -us -uc -d > ../build.log 2>&1 || \
		{ tail -n 20 ../build.log >&2; exit 1; }

$(BUILD)/%.8: kmod/dkms/%.8.scd
	$(call need,scdoc)
	$(call say,MAN,$@)
	@mkdir -p $(@D)
	$(Q)scdoc < $< > $@

# The module of the kernel asked for, or else of the running one where that is built. DESTDIR is
# for packagers: nothing of this host is touched then.
INSTALL_KVER  = $(if $(KVER_GIVEN),$(KVER),$(shell uname -r))
VFIO_CONTAINER := kmod/dkms/vfio-container
INSTALL_MODULE = $(if $(DESTDIR),install -D -m 0644 $(BUILD)/$(INSTALL_KVER)/vfio.ko \
	$(DESTDIR)/lib/modules/$(INSTALL_KVER)/updates/dkms/vfio.ko,\
	$(VFIO_CONTAINER) install $(BUILD)/$(INSTALL_KVER)/vfio.ko $(INSTALL_KVER))

.PHONY: install-module uninstall-module
install: install-module
install-module: $(BUILD)/vfio-container.8
	$(Q)install -D -m 0755 $(VFIO_CONTAINER) $(DESTDIR)$(PREFIX)/sbin/vfio-container
	$(Q)install -D -m 0644 $(BUILD)/vfio-container.8 $(DESTDIR)$(PREFIX)/share/man/man8/vfio-container.8
	$(Q)if [ -f $(BUILD)/$(INSTALL_KVER)/vfio.ko ]; then \
		$(INSTALL_MODULE) && \
		echo "  INSTALL   $(DESTDIR)/lib/modules/$(INSTALL_KVER)/updates/dkms/vfio.ko"; \
	elif [ -n '$(KVER_GIVEN)' ]; then \
		echo "make: no vfio.ko is built for $(INSTALL_KVER); run 'make kmod KVER=$(INSTALL_KVER)' first" >&2; \
		exit 1; \
	else \
		echo "  no vfio.ko is built for the running kernel, so none is installed; see 'make kmod' and KVER"; \
	fi

uninstall: uninstall-module
uninstall-module:
	$(Q)$(if $(DESTDIR),rm -fv $(DESTDIR)/lib/modules/$(INSTALL_KVER)/updates/dkms/vfio.ko,\
		$(VFIO_CONTAINER) uninstall $(if $(KVER_GIVEN),$(KVER)))
	$(Q)rm -fv $(DESTDIR)$(PREFIX)/sbin/vfio-container \
		$(DESTDIR)$(PREFIX)/share/man/man8/vfio-container.8
