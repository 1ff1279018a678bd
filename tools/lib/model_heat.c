// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_heat.c - how latencies went over time
 *
 * Called by model.c at each refresh. Most latencies of an operation lie in a few cells, so only
 * those with calls in them exist. Cells are in the order of their columns, in an array whose front
 * gets old.
 */
#include <string.h>

#include "hist_edge.h"
#include "model.h"
#include "model_heat.h"
#include "xalloc.h"

#define FIRST_CELLS 64
#define MAX_COUNT 0xffffffffULL

struct model_heat_track {
	struct model_heat_cell *cells;
	size_t first, end, capacity, max; /* cells from @first to below @end are there */
	__u32 from; /* number of the column from which on all is known */
	__u32 last; /* of the last that has cells, or in which it began */
	/* The operations at the last refresh. */
	__u64 *had[VFIO_OP_COUNT]; /* calls by edge; NULL: it was never called */
	__u64 had_count[VFIO_OP_COUNT];
};

struct model_heat {
	struct model_heat_column columns[MODEL_HEAT_COLUMNS]; /* each at its number's remainder */
	__u32 n_columns;
	struct model_heat_track *total;
	size_t n_tracks; /* of containers */
	__u8 edge_of[VFIO_HIST_BUCKETS];
};

_Static_assert(MODEL_HEAT_COLUMNS < 1 << 16, "a cell finds its column");
_Static_assert((MODEL_HEAT_CONTAINERS * (__u64)MODEL_HEAT_CELLS + MODEL_HEAT_TOTAL_CELLS) *
	       sizeof(struct model_heat_cell) < 9 << 20, "what model_heat.h promises");

/* Tracks */

static struct model_heat_track *track_create(size_t max)
{
	struct model_heat_track *track = xcalloc(1, sizeof(*track));

	track->max = max;
	return track;
}

static void track_destroy(struct model_heat_track *track)
{
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		free(track->had[op]);
	free(track->cells);
	free(track);
}

struct model_heat_track *model_heat__copy_track(const struct model_heat_track *track)
{
	struct model_heat_track *copy = xmemdup(track, 1, sizeof(*track));

	copy->end = copy->capacity = track->end - track->first;
	copy->first = 0;
	copy->cells = copy->end ? xmemdup(track->cells + track->first, copy->end,
					  sizeof(*track->cells)) : NULL;
	/* Nobody feeds it. */
	memset(copy->had, 0, sizeof(copy->had));
	return copy;
}

/* Before the oldest cells are left out for others, whole columns of them. */
static void leave_out(const struct model_heat *heat, struct model_heat_track *track)
{
	size_t first = track->max / 4;

	while (first < track->end && track->cells[first].column == track->cells[first - 1].column)
		first++;
	track->first = first;
	track->from = first < track->end ?
		model_heat__column_of(heat, &track->cells[first]) : heat->n_columns;
}

static void make_room(const struct model_heat *heat, struct model_heat_track *track)
{
	if (track->end < track->capacity)
		return;
	if (track->first <= track->capacity / 4 && track->capacity < track->max) {
		track->capacity = track->capacity ? 2 * track->capacity : FIRST_CELLS;
		track->cells = xreallocarray(track->cells, track->capacity, sizeof(*track->cells));
		return;
	}
	if (track->first < track->capacity / 4)
		leave_out(heat, track);
	track->end -= track->first;
	memmove(track->cells, track->cells + track->first, track->end * sizeof(*track->cells));
	track->first = 0;
}

static void add_cell(const struct model_heat *heat, struct model_heat_track *track, int op,
		     size_t edge, __u64 count)
{
	__u32 column = heat->n_columns - 1;

	make_room(heat, track);
	track->cells[track->end++] = (struct model_heat_cell){
		.count = count < MAX_COUNT ? count : MAX_COUNT,
		.column = column, .op = op, .edge = edge,
	};
	track->last = column;
}

/* Calls by edge, until now. */
static void sum_up(const struct model_heat *heat, const struct model_op *stats,
		   __u64 calls[HIST_EDGES])
{
	memset(calls, 0, HIST_EDGES * sizeof(*calls));
	for (__u32 i = 0; i < stats->n_hist; i++)
		calls[heat->edge_of[stats->hist[i].index]] += stats->hist[i].count;
}

static void feed_op(const struct model_heat *heat, struct model_heat_track *track, int op,
		    const struct model_op *stats)
{
	__u64 calls[HIST_EDGES];

	if (!track->had[op])
		track->had[op] = xcalloc(HIST_EDGES, sizeof(*track->had[op]));
	sum_up(heat, stats, calls);
	for (size_t i = 0; i < HIST_EDGES; i++)
		if (calls[i] > track->had[op][i])
			add_cell(heat, track, op, i, calls[i] - track->had[op][i]);
	memcpy(track->had[op], calls, sizeof(calls));
	track->had_count[op] = stats->count;
}

static void feed_track(const struct model_heat *heat, struct model_heat_track *track,
		       struct model_op *const *ops)
{
	while (track->first < track->end &&
	       !model_heat__column(heat, model_heat__column_of(heat, &track->cells[track->first])))
		track->first++;
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		if (ops[op] && ops[op]->count != track->had_count[op])
			feed_op(heat, track, op, ops[op]);
}

/* Public functions */

struct model_heat *model_heat__create(void)
{
	struct model_heat *heat = xcalloc(1, sizeof(*heat));

	heat->total = track_create(MODEL_HEAT_TOTAL_CELLS);
	for (__u32 i = 0; i < VFIO_HIST_BUCKETS; i++)
		heat->edge_of[i] = hist_edge__of_bucket(i);
	return heat;
}

struct model_heat *model_heat__copy(const struct model_heat *heat)
{
	struct model_heat *copy = xmemdup(heat, 1, sizeof(*heat));

	copy->total = model_heat__copy_track(heat->total);
	return copy;
}

void model_heat__destroy(struct model_heat *heat)
{
	if (!heat)
		return;
	track_destroy(heat->total);
	free(heat);
}

void model_heat__begin(struct model_heat *heat, const struct model_heat_column *column)
{
	heat->columns[heat->n_columns % MODEL_HEAT_COLUMNS] = *column;
	heat->n_columns++;
}

void model_heat__feed_total(struct model_heat *heat, struct model_op *const *ops)
{
	feed_track(heat, heat->total, ops);
}

/* Whether it had calls before this refresh. */
static bool was_called(const struct model_heat *heat, struct model_op *const *ops)
{
	const struct model_heat_column *now = model_heat__column(heat, heat->n_columns - 1);
	double seconds = (now->end_ns - now->start_ns) / 1e9;

	for (int op = 0; op < VFIO_OP_COUNT; op++)
		if (ops[op] && (ops[op]->rate < 0 ||
				(__u64)(ops[op]->rate * seconds + 0.5) != ops[op]->count))
			return true;
	return false;
}

/* What it did before it gets its place is not told apart by column. */
static struct model_heat_track *begin_track(struct model_heat *heat, struct model_op *const *ops)
{
	struct model_heat_track *track = track_create(MODEL_HEAT_CELLS);

	heat->n_tracks++;
	track->last = heat->n_columns - 1;
	if (!was_called(heat, ops))
		return track;
	track->from = heat->n_columns;
	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!ops[op])
			continue;
		track->had[op] = xcalloc(HIST_EDGES, sizeof(*track->had[op]));
		sum_up(heat, ops[op], track->had[op]);
		track->had_count[op] = ops[op]->count;
	}
	return track;
}

void model_heat__feed(struct model_heat *heat, struct model_heat_track **track,
		      struct model_op *const *ops, bool wanted)
{
	if (!*track && model_heat__is_full(heat))
		return;
	if (!*track)
		*track = begin_track(heat, ops);
	feed_track(heat, *track, ops);
	/* It has nothing to show: others need its place more. */
	if (!wanted && model_heat__is_full(heat) &&
	    heat->n_columns - (*track)->last > MODEL_HEAT_COLUMNS)
		model_heat__drop(heat, track);
}

bool model_heat__is_full(const struct model_heat *heat)
{
	return heat->n_tracks >= MODEL_HEAT_CONTAINERS;
}

__u32 model_heat__last(const struct model_heat_track *track)
{
	return track->last;
}

void model_heat__drop(struct model_heat *heat, struct model_heat_track **track)
{
	if (!*track)
		return;
	track_destroy(*track);
	*track = NULL;
	heat->n_tracks--;
}

__u32 model_heat__columns(const struct model_heat *heat)
{
	return heat->n_columns;
}

const struct model_heat_column *model_heat__column(const struct model_heat *heat, __u32 number)
{
	if (number >= heat->n_columns || heat->n_columns - number > MODEL_HEAT_COLUMNS)
		return NULL;
	return &heat->columns[number % MODEL_HEAT_COLUMNS];
}

const struct model_heat_track *model_heat__total(const struct model_heat *heat)
{
	return heat->total;
}

__u32 model_heat__from(const struct model_heat_track *track)
{
	return track->from;
}

size_t model_heat__cells(const struct model_heat_track *track, const struct model_heat_cell **list)
{
	*list = track->cells ? track->cells + track->first : NULL;
	return track->end - track->first;
}

__u32 model_heat__column_of(const struct model_heat *heat, const struct model_heat_cell *cell)
{
	__u32 newest = heat->n_columns - 1;

	return newest - (__u16)(newest - cell->column);
}
