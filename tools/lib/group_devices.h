/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * group_devices.h - the devices of an IOMMU group, from sysfs, with the names of PCI's id list
 *
 * Used by enrich.c.
 */
#ifndef VFIO_OBS_GROUP_DEVICES_H
#define VFIO_OBS_GROUP_DEVICES_H

#include "source.h"

struct group_devices;

/*
 * @root: "" or the folder in which a test has made sys/. @ids: another list than the system's
 * pci.ids, NULL. The list is read when the first PCI device is named; without it there are ids
 * only.
 */
struct group_devices *group_devices__create(const char *root, const char *ids);
void group_devices__destroy(struct group_devices *devices);

/*
 * group_devices__read - the devices of group @number, by name; free() frees all of it. NULL: there
 * is no such group.
 */
struct source_group_info *group_devices__read(struct group_devices *devices, __u32 number);

#endif
