/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owner_text.h - owners and devices in words: JSON keys, a column, a line
 *
 * Used by views and reports. Each function that fills @buf returns it.
 */
#ifndef VFIO_OBS_OWNER_TEXT_H
#define VFIO_OBS_OWNER_TEXT_H

#include "source.h"

/* Why nothing is known about a container whose owner nobody told. */
#define OWNER_TEXT_NOBODY "no process is known that opened it or has it open"

/* Keys of owner.h's lists. */
const char *owner_text__kind(enum vfio_owner_kind kind);
const char *owner_text__key(enum vfio_owner_text text);
const char *device_text__key(enum vfio_device_text text);

/*
 * owner_text__short - for a column: the VM's name, "pod 1f0c7b3a-...", "docker 3f2a4b1c5d6e", the
 * service of a process; "" for a process of no service and for unknown ones.
 */
char *owner_text__short(const struct source_owner *owner, char *buf, size_t size);

/* owner_text__line - "libvirt web01, uuid ..., pod ...", all but the cgroup's path. */
char *owner_text__line(const struct source_owner *owner, char *buf, size_t size);

/*
 * device_text__line - "0000:00:10.0 Intel Corporation 82574L Gigabit Network Connection
 * (vfio-pci)". Longer than @room, the name in the middle is cut, with a '+'. @room 0: no limit.
 */
char *device_text__line(const struct source_device *device, size_t room, char *buf, size_t size);

#endif
