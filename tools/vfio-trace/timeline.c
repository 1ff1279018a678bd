// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeline.c - how a recording went over time
 */
#include <string.h>

#include "lib/xalloc.h"
#include "timeline.h"

/* Of a column of a recording that has just begun. */
#define FIRST_COLUMN_NS 1000000ULL

/* Columns */

static void halve(__u64 *list)
{
	for (size_t i = 0; i < TIMELINE_COLUMNS / 2; i++)
		list[i] = list[2 * i] + list[2 * i + 1];
	memset(list + TIMELINE_COLUMNS / 2, 0, TIMELINE_COLUMNS / 2 * sizeof(*list));
}

static void halve_max(__u64 *list)
{
	for (size_t i = 0; i < TIMELINE_COLUMNS / 2; i++)
		list[i] = list[2 * i] > list[2 * i + 1] ? list[2 * i] : list[2 * i + 1];
	memset(list + TIMELINE_COLUMNS / 2, 0, TIMELINE_COLUMNS / 2 * sizeof(*list));
}

static void widen(struct timeline *timeline)
{
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		for (size_t edge = 0; edge < HIST_EDGES; edge++)
			halve(timeline->calls[op][edge]);
		halve(timeline->errors[op]);
	}
	halve_max(timeline->mapped);
	halve_max(timeline->pinned);
	for (size_t i = 0; i < TIMELINE_COLUMNS / 2; i++)
		timeline->lost[i] = timeline->lost[2 * i] || timeline->lost[2 * i + 1];
	memset(timeline->lost + TIMELINE_COLUMNS / 2, 0, sizeof(timeline->lost) / 2);
	timeline->n = (timeline->n + 1) / 2;
	timeline->column_ns *= 2;
}

static void begin(struct timeline *timeline, __u64 ts_ns)
{
	timeline->from_ns = ts_ns;
	timeline->column_ns = FIRST_COLUMN_NS;
	for (__u32 i = 0; i < VFIO_HIST_BUCKETS; i++)
		timeline->edge_of[i] = hist_edge__of_bucket(i);
}

void timeline__advance(struct timeline *timeline, __u64 ts_ns)
{
	size_t wanted;

	if (!timeline->column_ns)
		begin(timeline, ts_ns);
	if (ts_ns < timeline->from_ns) /* hostile */
		return;
	/* Room doubles each time, so that this ends whatever a recording claims. */
	while ((ts_ns - timeline->from_ns) / timeline->column_ns >= TIMELINE_COLUMNS)
		widen(timeline);
	wanted = (ts_ns - timeline->from_ns) / timeline->column_ns + 1;
	for (; timeline->n < wanted; timeline->n++) {
		timeline->mapped[timeline->n] = timeline->now_mapped;
		timeline->pinned[timeline->n] = timeline->now_pinned;
	}
}

void timeline__call(struct timeline *timeline, const struct vfio_outcome *o)
{
	size_t now = timeline->n - 1, edge;

	if (!timeline->n || o->op >= VFIO_OP_COUNT)
		return;
	timeline->errors[o->op][now] += o->ret < 0;
	if (o->duration == VFIO_OBS_UNKNOWN)
		return;
	edge = timeline->edge_of[vfio_hist_index(o->duration)];
	timeline->calls[o->op][edge][now]++;
}

void timeline__lost(struct timeline *timeline)
{
	if (timeline->n)
		timeline->lost[timeline->n - 1] = true;
}

void timeline__memory(struct timeline *timeline, __u64 mapped_bytes, __u64 pinned_pages)
{
	size_t now = timeline->n - 1;

	timeline->now_mapped = mapped_bytes;
	timeline->now_pinned = pinned_pages;
	if (!timeline->n)
		return;
	if (mapped_bytes > timeline->mapped[now])
		timeline->mapped[now] = mapped_bytes;
	if (pinned_pages > timeline->pinned[now])
		timeline->pinned[now] = pinned_pages;
}

/* Containers */

static enum timeline_kind kind_of(enum vfio_obs_op op)
{
	switch (op) {
	case VFIO_OP_ATTACH:
		return TIMELINE_ATTACH;
	case VFIO_OP_SET_IOMMU:
		return TIMELINE_SET_IOMMU;
	case VFIO_OP_MAP:
		return TIMELINE_MAP;
	case VFIO_OP_UNMAP:
		return TIMELINE_UNMAP;
	case VFIO_OP_PIN:
	case VFIO_OP_UNPIN:
	case VFIO_OP_DMA_RW:
		return TIMELINE_PIN;
	default:
		return TIMELINE_OTHER;
	}
}

/* Into the last of its kind, if that is near. */
static bool join(struct timeline_life *life, const struct timeline_span *span)
{
	for (size_t i = life->n; i--; ) {
		struct timeline_span *last = &life->spans[i];

		if (last->kind != span->kind)
			continue;
		if (span->begin_ns > last->end_ns &&
		    span->begin_ns - last->end_ns > life->grain_ns)
			return false;
		if (span->begin_ns < last->begin_ns)
			last->begin_ns = span->begin_ns;
		if (span->end_ns > last->end_ns)
			last->end_ns = span->end_ns;
		last->calls += span->calls;
		return true;
	}
	return false;
}

static void append(struct timeline_life *life, const struct timeline_span *span)
{
	if (!join(life, span))
		life->spans[life->n++] = *span;
}

static __u64 coarser(const struct timeline_life *life)
{
	__u64 length = life->spans[life->n - 1].end_ns - life->spans[0].begin_ns;

	if (!life->grain_ns)
		return 1 + length / 1024;
	return life->grain_ns >> 63 ? ~0ULL : 2 * life->grain_ns;
}

/* Ends: at last there is one span of each kind. */
static void make_room(struct timeline_life *life)
{
	while (life->n > TIMELINE_SPANS / 2) {
		size_t n = life->n;

		life->grain_ns = coarser(life);
		life->n = 0;
		for (size_t i = 0; i < n; i++) {
			struct timeline_span span = life->spans[i];

			append(life, &span);
		}
	}
}

static void add(struct timeline_life *life, enum timeline_kind kind, __u64 begin_ns, __u64 end_ns)
{
	struct timeline_span span = { begin_ns, end_ns, 1, kind };

	if (join(life, &span))
		return;
	if (life->n == TIMELINE_SPANS)
		make_room(life);
	/* Most containers have few. */
	if (!(life->n & (life->n - 1)))
		life->spans = xreallocarray(life->spans, life->n ? 2 * life->n : 1,
					    sizeof(*life->spans));
	append(life, &span);
}

void timeline__life(struct timeline_life *life, enum vfio_obs_op op, __u64 begin_ns, __u64 end_ns,
		    bool failed)
{
	add(life, kind_of(op), begin_ns, end_ns);
	if (failed)
		add(life, TIMELINE_FAILED, end_ns, end_ns);
}
