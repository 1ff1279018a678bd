// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_group_devices.c - devices of groups in a made sys/; what enrich adds to a stream
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/enrich.h"
#include "lib/event.h"
#include "lib/group_devices.h"
#include "lib/owner_text.h"
#include "lib/source_fake.h"

#define UUID "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"

/* A shell makes the tree: folders, files and links as sysfs has them. */
static const char tree[] =
	"cd \"$1\" && mkdir -p sys/kernel/iommu_groups/5/devices sys/kernel/iommu_groups/7/devices "
	"sys/kernel/iommu_groups/8/devices sys/bus/pci/drivers/vfio-pci sys/bus/mdev "
	"sys/bus/platform sys/devices/pci0000:00/0000:00:10.0 sys/devices/pci0000:00/0000:00:02.0/" UUID
	" sys/devices/types/i915-GVTg_V5_4 sys/devices/platform/vfio-testdev.3 && "
	"cd sys/devices/pci0000:00/0000:00:10.0 && echo 0x8086 > vendor && echo 0x10d3 > device && "
	"ln -s ../../../bus/pci/drivers/vfio-pci driver && ln -s ../../../bus/pci subsystem && "
	"cd ../0000:00:02.0/" UUID " && ln -s ../../../../bus/mdev subsystem && "
	"ln -s ../../../types/i915-GVTg_V5_4 mdev_type && "
	"cd ../../../platform/vfio-testdev.3 && ln -s ../../../bus/platform subsystem && "
	"cd ../../../kernel/iommu_groups && "
	"ln -s ../../../../devices/pci0000:00/0000:00:10.0 5/devices/ && "
	"ln -s ../../../../devices/pci0000:00/0000:00:02.0/" UUID " 7/devices/ && "
	"ln -s ../../../../devices/platform/vfio-testdev.3 7/devices/ && "
	"ln -s ../../../../devices/gone 7/devices/";

static char *make_tree(void)
{
	char *root = strdup("/tmp/test_group.XXXXXX"), command[4096];

	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof(command), "set -- '%s'; %s", root, tree);
	assert_int_equal(system(command), 0);
	return root;
}

static void remove_tree(char *root)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
	free(root);
}

static void check_line(const struct source_device *device, size_t room, const char *want)
{
	char line[2048];

	assert_string_equal(device_text__line(device, room, line, sizeof(line)), want);
}

static void pci_device(void **state)
{
	char *root = make_tree();
	struct group_devices *devices = group_devices__create(root, NULL);
	struct source_group_info *info = group_devices__read(devices, 5);
	const struct source_device *d;

	assert_non_null(info);
	assert_int_equal(info->number, 5);
	assert_int_equal(info->n_devices, 1);
	assert_int_equal(info->n_listed, 1);
	d = &info->devices[0];
	assert_string_equal(d->text[VFIO_DEVICE_NAME], "0000:00:10.0");
	assert_string_equal(d->text[VFIO_DEVICE_BUS], "pci");
	assert_string_equal(d->text[VFIO_DEVICE_DRIVER], "vfio-pci");
	assert_int_equal(d->vendor, 0x8086);
	assert_int_equal(d->device, 0x10d3);
	check_line(d, 0, "0000:00:10.0 Intel Corporation 82574L Gigabit Network Connection (vfio-pci)");
	check_line(d, 49, "0000:00:10.0 Intel Corporation 82574L+ (vfio-pci)");
	check_line(d, 30, "0000:00:10.0 (vfio-pci)");
	free(info);
	group_devices__destroy(devices);
	remove_tree(root);
}

static void without_names(void **state)
{
	char *root = make_tree(), broken[256], command[600];
	struct group_devices *devices;
	struct source_group_info *info;

	/* No list; one that is none. */
	snprintf(broken, sizeof(broken), "%s/pci.ids", root);
	for (int i = 0; i < 2; i++) {
		devices = group_devices__create(root, broken);
		info = group_devices__read(devices, 5);
		check_line(&info->devices[0], 0, "0000:00:10.0 8086:10d3 (vfio-pci)");
		free(info);
		group_devices__destroy(devices);
		snprintf(command, sizeof(command), "printf '8086 x\\n\\t\\t\\tnonsense\\nzz\\n' > %s",
			 broken);
		assert_int_equal(system(command), 0);
	}
	remove_tree(root);
}

static void other_devices(void **state)
{
	char *root = make_tree(), name[256];
	struct group_devices *devices = group_devices__create(root, NULL);
	struct source_group_info *info = group_devices__read(devices, 7);
	FILE *f;

	assert_non_null(info);
	assert_int_equal(info->n_devices, 3);
	assert_string_equal(info->devices[0].text[VFIO_DEVICE_NAME], UUID);
	assert_string_equal(info->devices[0].text[VFIO_DEVICE_BUS], "mdev");
	assert_string_equal(info->devices[0].text[VFIO_DEVICE_PARENT], "0000:00:02.0");
	check_line(&info->devices[0], 0, UUID " i915-GVTg_V5_4 on 0000:00:02.0 (no driver)");
	/* Leaving just now. */
	check_line(&info->devices[1], 0, "gone (no driver)");
	assert_string_equal(info->devices[2].text[VFIO_DEVICE_BUS], "platform");
	assert_int_equal(info->devices[2].vendor, VFIO_OBS_NO_PCI_ID);
	free(info);

	snprintf(name, sizeof(name), "%s/sys/devices/types/i915-GVTg_V5_4/name", root);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs("GVTg \033V5\n", f);
	fclose(f);
	info = group_devices__read(devices, 7);
	assert_string_equal(info->devices[0].text[VFIO_DEVICE_MDEV_TYPE], "GVTg ?V5");
	free(info);

	info = group_devices__read(devices, 8);
	assert_int_equal(info->n_devices, 0);
	free(info);
	assert_null(group_devices__read(devices, 9));
	group_devices__destroy(devices);
	remove_tree(root);
}

/* What enrich adds, in its order. */
static char told[1024];

static void note(const char *what, __u64 number)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%s %llu; ", what, number);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	note(event__key(event__desc(rec->type)), rec->id);
}

static void on_existing(void *ctx, const struct source_existing *existing)
{
	note("existing", existing->id);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	note(owner_text__kind(owner->kind), id);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	note("group", group->number);
}

static void enriched(void **state)
{
	const struct source_group groups[] = { { 7, 0 }, { 9, 0 } };
	const struct source_existing existing = {
		.id = 4, .tgid = 1, .groups = groups, .n_listed = 2, .n_groups = 2,
	};
	struct source_sink out = {
		.event = on_event, .existing = on_existing, .owner = on_owner, .group = on_group,
	};
	char *root = make_tree();
	struct enrich *enrich = enrich__create(root, &out);
	struct source_sink sink = enrich__sink(enrich);

	told[0] = '\0';
	sink.existing(sink.ctx, &existing);
	fake_event(&sink, OPEN, 5, 1, .ret = 0);
	fake_event(&sink, OPEN, 0, 1, .ret = -12);
	fake_event(&sink, ATTACH, 5, 2, .group = 5, .ret = -16);
	fake_event(&sink, ATTACH, 5, 3, .group = 5, .ret = 0);
	/* Told already, and just now. */
	fake_event(&sink, ATTACH, 5, 4, .group = 7, .ret = 0);
	assert_string_equal(told, "existing 4; unknown 4; group 7; open 5; unknown 5; open 0; "
				  "attach 5; attach 5; group 5; attach 5; ");
	enrich__destroy(enrich);
	remove_tree(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pci_device),
		cmocka_unit_test(without_names),
		cmocka_unit_test(other_devices),
		cmocka_unit_test(enriched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
