/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.h - reading the per-CPU rings of records and merging them in time order
 *
 * Used by source_tp.c. Knows memory only, no BPF, so that tests can write rings themselves.
 */
#ifndef VFIO_OBS_RING_H
#define VFIO_OBS_RING_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio_obs/maps.h"

struct ring_reader;

/* The record may be changed: it is given back to the writer as soon as the call returns. */
typedef void (*ring_event_fn)(void *ctx, struct vfio_rec *rec);

/*
 * ring_reader__create - a reader of @n_cpus rings. @rings and @records stay the caller's and must
 * outlive the reader; @capacity is in records a CPU, a power of two.
 */
struct ring_reader *ring_reader__create(struct vfio_ring *rings, struct vfio_rec *records,
					unsigned int n_cpus, __u32 capacity);
void ring_reader__destroy(struct ring_reader *reader);

/*
 * ring_reader__merge - call @event for what the rings hold up to @horizon_ns (CLOCK_BOOTTIME),
 * in time order; later records stay. A record that comes out later than the horizon of an earlier
 * call allowed gets the time of the record before it, so that times never go back.
 * Returns the number of records.
 */
size_t ring_reader__merge(struct ring_reader *reader, __u64 horizon_ns, ring_event_fn event,
			  void *ctx);

/* Some ring is more than half full: time to wait less for late records. */
bool ring_reader__pressed(const struct ring_reader *reader);
/* Records that the programs have written or lost until now, over all CPUs. */
__u64 ring_reader__written(const struct ring_reader *reader);
/* Records lost until now, over all CPUs. */
__u64 ring_reader__lost(const struct ring_reader *reader);

#endif
