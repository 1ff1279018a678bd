/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_heat.h - how latencies went over time: for each refresh, the calls that returned since the
 * one before, by operation and latency
 *
 * Part of the model: fed by model.c, read by views through model__heat(). Kept are the last
 * MODEL_HEAT_COLUMNS refreshes, of all containers together and of up to MODEL_HEAT_CONTAINERS:
 * those that called something first, and always the one that the user looks at. Latencies are
 * kept as coarse as edges of hist_edge.h. Not kept is what other containers did, and of a container
 * what it did before it got its place, but for one that had done nothing until then.
 */
#ifndef VFIO_OBS_MODEL_HEAT_H
#define VFIO_OBS_MODEL_HEAT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio_obs/aggregate.h"

/*
 * Cells of one container, of all together: some 27 and 109 a refresh, before the oldest go early.
 * With 8 bytes each, everything is below 9 MiB, as much again while the picture is frozen.
 */
enum {
	MODEL_HEAT_COLUMNS = 600,
	MODEL_HEAT_CONTAINERS = 64,
	MODEL_HEAT_CELLS = 1 << 14,
	MODEL_HEAT_TOTAL_CELLS = 1 << 16,
};

/* What is wrong with a column. */
enum model_heat_mark {
	MODEL_HEAT_LOST = 1, /* calls may be missing: something was lost */
	MODEL_HEAT_GAP = 2,  /* nobody watched, or nothing can be read, for a part of it */
	MODEL_HEAT_LESS = 4, /* some operations are not counted any more (SOURCE_GAP_THINNED) */
};

/* One refresh. CLOCK_BOOTTIME. */
struct model_heat_column {
	__u64 start_ns, end_ns;
	unsigned int marks;
};

/* Calls of one operation that returned in one column and took from edge @edge on. */
struct model_heat_cell {
	__u32 count;
	__u16 column; /* the low bits of its number */
	__u8 op, edge;
};

struct model_heat;
struct model_heat_track; /* of one container, or of all */
struct model_op;

/* For model.c */

struct model_heat *model_heat__create(void);
struct model_heat *model_heat__copy(const struct model_heat *heat);
void model_heat__destroy(struct model_heat *heat);

/* A refresh: the tracks are to be fed once behind it. */
void model_heat__begin(struct model_heat *heat, const struct model_heat_column *column);
/* @ops: of all containers, [VFIO_OP_COUNT], cumulative. */
void model_heat__feed_total(struct model_heat *heat, struct model_op *const *ops);
/*
 * The same of one container, whose track is *@track; NULL: it gets one if there is room. @wanted:
 * the user looks at it. The operations' rates are those of this refresh.
 */
void model_heat__feed(struct model_heat *heat, struct model_heat_track **track,
		      struct model_op *const *ops, bool wanted);
/* Whether the next that needs a track gets none, as there are MODEL_HEAT_CONTAINERS. */
bool model_heat__is_full(const struct model_heat *heat);
/* Number of the column in which @track was fed last with calls, or began. */
__u32 model_heat__last(const struct model_heat_track *track);
/* Frees *@track, if there is one, and its place. */
void model_heat__drop(struct model_heat *heat, struct model_heat_track **track);
struct model_heat_track *model_heat__copy_track(const struct model_heat_track *track);

/* For views */

/* Columns that there ever were; they are numbered from 0. */
__u32 model_heat__columns(const struct model_heat *heat);
/* NULL: not kept any more, or not there yet. */
const struct model_heat_column *model_heat__column(const struct model_heat *heat, __u32 number);
const struct model_heat_track *model_heat__total(const struct model_heat *heat);
/* Of @track nothing is known before this column. */
__u32 model_heat__from(const struct model_heat_track *track);
/* The cells of @track in the order of their columns; valid until the next refresh. */
size_t model_heat__cells(const struct model_heat_track *track, const struct model_heat_cell **list);
/* Number of the column that @cell is of. */
__u32 model_heat__column_of(const struct model_heat *heat, const struct model_heat_cell *cell);

#endif
