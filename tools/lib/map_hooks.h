/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map_hooks.h - hooks inside MAP_DMA: what of its time is pinning, what the IOMMU's
 *
 * Part of hooks.c. Their event is MAP_PARTS.
 */
#ifndef VFIO_OBS_MAP_HOOKS_H
#define VFIO_OBS_MAP_HOOKS_H

#include <linux/types.h>
#include <stddef.h>

#include "hooks.h"

struct map_hooks;

/*
 * map_hooks__attach - load and attach all of them, or none.
 * @types: of what is loaded now; NULL: they are read
 * @why: "" or what could not be hooked, with the reason.
 * Returns NULL when nothing is attached. They hold vfio and vfio_iommu_type1 until
 * map_hooks__detach(), which takes NULL.
 */
struct map_hooks *map_hooks__attach(const struct hooks_maps *maps, struct kernel_types *types,
				    char *why, size_t size);
void map_hooks__detach(struct map_hooks *hooks);
/* References on vfio that they take beside those of the source; 0 for NULL. */
unsigned int map_hooks__refs(const struct map_hooks *hooks);
/* The programs. */
const struct bpf_object *map_hooks__object(const struct map_hooks *hooks);

#endif
