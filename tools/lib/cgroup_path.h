/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_path.h - the folder of a cgroup that the kernel named by its id
 *
 * Used by the loader, as it needs CAP_DAC_READ_SEARCH, for owner.c.
 */
#ifndef VFIO_OBS_CGROUP_PATH_H
#define VFIO_OBS_CGROUP_PATH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct cgroups;

/* @root: "" or where a test has made sys/. Never NULL. */
struct cgroups *cgroups__open(const char *root);
void cgroups__close(struct cgroups *cgroups);

/* Where cgroup2 is mounted, with @root. */
const char *cgroups__mount(const struct cgroups *cgroups);

/* The path below the mount, whoever is or was in it. Ids are never reused. False: not found. */
bool cgroups__path(const struct cgroups *cgroups, __u64 id, char *path, size_t size);

#endif
