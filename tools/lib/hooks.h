/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks.h - hooks beside the container: group files, claims of DMA ownership, device files, and
 * inside MAP_DMA
 *
 * Used by live_kernel.c with either live source. Their events have scope HOOK in event_list.h. A
 * hook that the kernel does not offer is named, and the others are attached.
 */
#ifndef VFIO_OBS_HOOKS_H
#define VFIO_OBS_HOOKS_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stddef.h>

#include "vfio_obs/maps.h"

struct hooks;
struct kernel_types;

/*
 * What the kernel tells of BPF programs; sums.
 * @misses: runs that it skipped
 * @run_ns: time of the runs, while it kept statistics
 */
struct prog_runs {
	__u64 misses, run_ns;
};

/*
 * What the programs share with those of the source: its loaded maps and its knobs.
 * @by_addr, @known: of bpf/known.bpf.h, where the source's programs give the ids; else NULL
 * @events: those wanted, some of knobs->ring_events
 */
struct hooks_maps {
	const struct bpf_map *rings, *records;
	const struct bpf_map *by_addr, *known;
	const struct vfio_knobs *knobs;
	__u64 events;
};

/*
 * hooks__attach - load and attach those whose events are wanted.
 * @maps: what it points to must live until hooks__detach().
 * @types: of what is loaded now
 * @missing: "" or the functions that could not be hooked, and why.
 * Returns NULL when there are none. They hold vfio until hooks__detach(), which takes NULL.
 */
struct hooks *hooks__attach(const struct hooks_maps *maps, struct kernel_types *types,
			    char *missing, size_t size);
/*
 * hooks__follow - to be called now and then: those that hold vfio_iommu_type1 come and go with its
 * use. Adds to @missing. Takes NULL.
 */
void hooks__follow(struct hooks *hooks, char *missing, size_t size);
/* hooks__thin - of @events those inside MAP_DMA end, and do not come again. Takes NULL. */
void hooks__thin(struct hooks *hooks, __u64 events);
void hooks__detach(struct hooks *hooks);
/* References on vfio that they take; 0 for NULL. */
unsigned int hooks__refs(const struct hooks *hooks);
/*
 * hooks__share_maps - in an open object of hooks: the rings are the source's, and of the others
 * only those that its programs use are made. 0 or -errno.
 */
int hooks__share_maps(const struct bpf_object *obj, const struct hooks_maps *maps);
/* Add the runs since they were attached; of NULL none. */
void hooks__add_runs(const struct hooks *hooks, struct prog_runs *runs);
/* The same of all loaded programs of an object. */
void hooks__add_runs_of(const struct bpf_object *obj, struct prog_runs *runs);

#endif
