/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - how a recording went over time, in as many columns whatever its length
 *
 * Fed by report.c for the pictures of report_html.c. model_heat.h keeps the last refreshes of a
 * live view; of a recording all of it is wanted, and how long it is shows only at its end: when the
 * columns are full, each two become one.
 */
#ifndef VFIO_TRACE_TIMELINE_H
#define VFIO_TRACE_TIMELINE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/hist_edge.h"
#include "vfio_obs/aggregate.h"

/* Even. */
#define TIMELINE_COLUMNS 240

/*
 * @calls:  that returned, by the edge of hist_edge.h that they took at least; @errors of them, and
 *          of those whose duration is unknown, below 0
 * @mapped: bytes, the most at a time, of all containers of which it is known; @pinned: the same of
 *          pages
 * @lost:   events are missing here
 */
struct timeline {
	__u64 from_ns, column_ns; /* CLOCK_BOOTTIME; 0: nothing came yet */
	size_t n; /* columns until now */
	__u64 calls[VFIO_OP_COUNT][HIST_EDGES][TIMELINE_COLUMNS];
	__u64 errors[VFIO_OP_COUNT][TIMELINE_COLUMNS];
	__u64 mapped[TIMELINE_COLUMNS], pinned[TIMELINE_COLUMNS];
	bool lost[TIMELINE_COLUMNS];
	__u64 now_mapped, now_pinned;
	__u8 edge_of[VFIO_HIST_BUCKETS]; /* hist_edge__of_bucket(), as it takes its time */
};

/* What a container did, as a picture tells it apart. */
enum timeline_kind {
	TIMELINE_ATTACH,
	TIMELINE_SET_IOMMU,
	TIMELINE_MAP,
	TIMELINE_UNMAP,
	TIMELINE_PIN, /* and unpin, dma_rw */
	TIMELINE_OTHER,
	TIMELINE_FAILED, /* the instant at which a call of any kind failed */
	TIMELINE_KINDS
};

/* @calls, so close to each other that they are one. */
struct timeline_span {
	__u64 begin_ns, end_ns, calls;
	enum timeline_kind kind;
};

/* More are made fewer: calls of a kind that are @grain_ns apart or less become one span. */
#define TIMELINE_SPANS 64

/* Of a container. Zeroed: nothing yet. @spans is freed by the owner. */
struct timeline_life {
	struct timeline_span *spans;
	size_t n;
	__u64 grain_ns;
};

/* The instant of what comes next, in the order of time. */
void timeline__advance(struct timeline *timeline, __u64 ts_ns);

/* A call that returned now. */
void timeline__call(struct timeline *timeline, const struct vfio_outcome *o);
void timeline__lost(struct timeline *timeline);

/* From now on so much is mapped and pinned. */
void timeline__memory(struct timeline *timeline, __u64 mapped_bytes, __u64 pinned_pages);

/* A call of a container. @failed: it returned, below 0 */
void timeline__life(struct timeline_life *life, enum vfio_obs_op op, __u64 begin_ns, __u64 end_ns,
		    bool failed);

#endif
