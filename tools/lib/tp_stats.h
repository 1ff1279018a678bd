/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_stats.h - reading the aggregates that the BPF programs keep
 *
 * Used by source_live.c. Delivers what changed since the reading before: cost follows the
 * containers in use, not the size of the maps.
 */
#ifndef VFIO_OBS_TP_STATS_H
#define VFIO_OBS_TP_STATS_H

#include <linux/types.h>
#include <stdbool.h>

#include "source.h"
#include "vfio_obs/maps.h"

/* The mapped maps and the queues' file descriptors; all stay the caller's. */
struct tp_stats_maps {
	struct vfio_slot *slots; /* [VFIO_OBS_SLOTS] */
	const __u32 *slots_used;
	struct vfio_op_stats *pool; /* [n_blocks]; see VFIO_OBS_SHARED_BLOCK */
	__u32 n_blocks;
	int free_blocks_fd, finals_fd;
};

struct tp_stats;

/* Never NULL. The maps must stay mapped as long as it lives. */
struct tp_stats *tp_stats__create(const struct tp_stats_maps *maps);
void tp_stats__destroy(struct tp_stats *stats);

/* Take the freed containers off their queue; their events are all in the rings by @now_ns. */
void tp_stats__take_finals(struct tp_stats *stats, __u64 now_ns);

/*
 * tp_stats__deliver - the last statistics of containers freed before @horizon_ns, then, with
 * @live, what changed of the living. @id_bits are added to every container's id.
 */
void tp_stats__deliver(struct tp_stats *stats, __u64 horizon_ns, bool live, __u64 id_bits,
		       const struct source_sink *sink);

/* Calls counted since it was created, of operations in @ops (bit per enum vfio_obs_op). */
__u64 tp_stats__calls(const struct tp_stats *stats, __u32 ops);

/* Nothing is attached any more: give the containers that are left as freed, empty all slots. */
void tp_stats__reset(struct tp_stats *stats, __u64 id_bits, const struct source_sink *sink);

#endif
