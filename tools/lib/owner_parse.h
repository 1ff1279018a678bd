/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owner_parse.h - what command lines, cgroup paths and files of /proc say about an owner
 *
 * Used by owner.c and tests: pure functions over text that any user of the machine may have
 * chosen. Whatever they give out is printable ASCII and ends.
 */
#ifndef VFIO_OBS_OWNER_PARSE_H
#define VFIO_OBS_OWNER_PARSE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio_obs/owner.h"

/*
 * From a command line.
 * @kind: QEMU, LIBVIRT, KUBEVIRT, KATA, CLOUD_HYPERVISOR, FIRECRACKER or PROCESS; UNKNOWN when
 *        it is empty. KUBEVIRT is a claim that only a pod's cgroup confirms
 * @name: the VM's or sandbox's, "" when it has none; of a process its program
 */
struct owner_cmdline {
	enum vfio_owner_kind kind;
	char name[VFIO_OBS_TEXT_MAX];
	char uuid[VFIO_OBS_TEXT_MAX];
};

/*
 * From a cgroup path; "" what it does not say.
 * @libvirt: name of the libvirt domain, cut by libvirt when it is long
 * @kata:    id of the Kata sandbox
 * @unit:    the innermost systemd service
 */
struct owner_cgroup {
	char pod[VFIO_OBS_TEXT_MAX];
	char container[VFIO_OBS_TEXT_MAX];
	char runtime[16];
	char libvirt[VFIO_OBS_TEXT_MAX];
	char kata[VFIO_OBS_TEXT_MAX];
	char unit[VFIO_OBS_TEXT_MAX];
};

/* @args: @size bytes of /proc/PID/cmdline, arguments that each end with NUL. */
void owner_parse__cmdline(const char *args, size_t size, struct owner_cmdline *out);

void owner_parse__cgroup(const char *path, struct owner_cgroup *out);

/*
 * owner_parse__own_cgroup - the path in the text of /proc/PID/cgroup that tells most: version 2's
 * unless that is the root, else systemd's or the longest of version 1. @unified, may be NULL:
 * whether it is version 2's. False: none.
 */
bool owner_parse__own_cgroup(const char *text, char *path, size_t size, bool *unified);

/* Start of the process in clock ticks since boot, from the text of /proc/PID/stat. */
bool owner_parse__stat(const char *text, __u64 *start_ticks);

#endif
