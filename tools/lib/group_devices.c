// SPDX-License-Identifier: GPL-2.0-only
/*
 * group_devices.c - the devices of an IOMMU group, from sysfs, with the names of PCI's id list
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "group_devices.h"
#include "source_copy.h"
#include "xalloc.h"

struct group_devices {
	char root[PATH_MAX];
	struct pci_access *pci;
	bool no_names; /* the list is broken */
};

/* A device while it is read. */
struct device {
	struct source_device info;
	char text[VFIO_DEVICE_TEXTS][VFIO_OBS_TEXT_MAX];
};

/*
 * libpci wants its errors not to return, and gives them no context; a broken list of names is no
 * reason to end. The only state outside of structures, and set during a call only.
 */
static _Thread_local sigjmp_buf *pci_way_out;

static void __attribute__((noreturn)) pci_failed(char *format, ...)
{
	siglongjmp(*pci_way_out, 1);
}

static void pci_quiet(char *format, ...)
{
}

struct group_devices *group_devices__create(const char *root, const char *ids)
{
	struct group_devices *devices = xcalloc(1, sizeof(*devices));

	snprintf(devices->root, sizeof(devices->root), "%s", root);
	/* Names only: without pci_init() it looks at no device. */
	devices->pci = pci_alloc();
	devices->pci->error = pci_failed;
	devices->pci->warning = pci_quiet;
	devices->pci->debug = pci_quiet;
	if (ids) {
		pci_set_name_list_path(devices->pci, strdup(ids), 1);
		pci_set_param(devices->pci, "hwdb.disable", "1");
	}
	return devices;
}

void group_devices__destroy(struct group_devices *devices)
{
	if (!devices)
		return;
	pci_free_name_list(devices->pci);
	pci_cleanup(devices->pci);
	free(devices);
}

static void copy_text(char *to, const char *from)
{
	snprintf(to, VFIO_OBS_TEXT_MAX, "%.*s", VFIO_OBS_TEXT_MAX - 1, from);
	event__make_text_printable(to, strlen(to));
}

/* A file's first line; false: it cannot be read. */
static bool read_line(int dir, const char *name, char *line, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, line, size - 1);
	close(fd);
	if (n < 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static __u32 read_id(int dir, const char *name)
{
	char line[32], *end;
	unsigned long id;

	if (!read_line(dir, name, line, sizeof(line)))
		return VFIO_OBS_NO_PCI_ID;
	id = strtoul(line, &end, 16);
	return end == line || *end || id > 0xffff ? VFIO_OBS_NO_PCI_ID : id;
}

/* The component of the link's target that is @back before the last, or "". */
static void read_link(int dir, const char *name, int back, char *text)
{
	char target[PATH_MAX], *slash;
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	*text = '\0';
	if (n < 0)
		return;
	target[n] = '\0';
	while (back-- > 0) {
		slash = strrchr(target, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
	slash = strrchr(target, '/');
	copy_text(text, slash ? slash + 1 : target);
}

static void look_up(struct group_devices *devices, struct device *device, int flag,
		    enum vfio_device_text text)
{
	char name[VFIO_OBS_TEXT_MAX];
	const char *found = pci_lookup_name(devices->pci, name, sizeof(name),
					    flag | PCI_LOOKUP_NO_NUMBERS, device->info.vendor,
					    device->info.device);

	copy_text(device->text[text], found ? found : "");
}

static void name_pci(struct group_devices *devices, struct device *device)
{
	sigjmp_buf way_out;

	if (devices->no_names || device->info.vendor == VFIO_OBS_NO_PCI_ID ||
	    device->info.device == VFIO_OBS_NO_PCI_ID)
		return;
	pci_way_out = &way_out;
	if (sigsetjmp(way_out, 0)) {
		devices->no_names = true;
	} else {
		look_up(devices, device, PCI_LOOKUP_VENDOR, VFIO_DEVICE_VENDOR);
		look_up(devices, device, PCI_LOOKUP_DEVICE, VFIO_DEVICE_MODEL);
	}
	pci_way_out = NULL;
}

/* @name in @group, which is an open folder of links to devices. */
static void read_device(struct group_devices *devices, int group, const char *name,
			struct device *device)
{
	int dir = openat(group, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char line[VFIO_OBS_TEXT_MAX];

	memset(device, 0, sizeof(*device));
	device->info.vendor = device->info.device = VFIO_OBS_NO_PCI_ID;
	copy_text(device->text[VFIO_DEVICE_NAME], name);
	if (dir < 0) /* it is just leaving */
		return;
	read_link(dir, "subsystem", 0, device->text[VFIO_DEVICE_BUS]);
	read_link(dir, "driver", 0, device->text[VFIO_DEVICE_DRIVER]);
	if (!strcmp(device->text[VFIO_DEVICE_BUS], "pci")) {
		device->info.vendor = read_id(dir, "vendor");
		device->info.device = read_id(dir, "device");
		name_pci(devices, device);
	} else if (!strcmp(device->text[VFIO_DEVICE_BUS], "mdev")) {
		read_link(group, name, 1, device->text[VFIO_DEVICE_PARENT]);
		/* Its name for people; the folder's when it has none. */
		if (read_line(dir, "mdev_type/name", line, sizeof(line)))
			copy_text(device->text[VFIO_DEVICE_MDEV_TYPE], line);
		else
			read_link(dir, "mdev_type", 0, device->text[VFIO_DEVICE_MDEV_TYPE]);
	}
	close(dir);
}

static int is_device(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static struct source_group_info *read_all(struct group_devices *devices, __u32 number, int group,
					  struct dirent **names, size_t n)
{
	struct source_group_info info = { .number = number, .n_devices = n };
	struct source_group_info *copy;
	struct source_device *list;
	struct device *read;

	info.n_listed = n < VFIO_OBS_DEVICES_MAX ? n : VFIO_OBS_DEVICES_MAX;
	read = xcalloc(info.n_listed, sizeof(*read));
	list = xcalloc(info.n_listed, sizeof(*list));
	for (__u32 i = 0; i < info.n_listed; i++) {
		read_device(devices, group, names[i]->d_name, &read[i]);
		list[i] = read[i].info;
		for (int t = 0; t < VFIO_DEVICE_TEXTS; t++)
			list[i].text[t] = read[i].text[t];
	}
	info.devices = list;
	copy = source_copy__group(&info);
	free(read);
	free(list);
	return copy;
}

struct source_group_info *group_devices__read(struct group_devices *devices, __u32 number)
{
	char path[PATH_MAX + 64];
	struct source_group_info *info = NULL;
	struct dirent **names;
	int group, n;

	snprintf(path, sizeof(path), "%s/sys/kernel/iommu_groups/%u/devices", devices->root, number);
	group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0)
		return NULL;
	n = scandirat(group, ".", &names, is_device, alphasort);
	if (n >= 0) {
		info = read_all(devices, number, group, names, n);
		for (int i = 0; i < n; i++)
			free(names[i]);
		free(names);
	}
	close(group);
	return info;
}
