/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_heat.h - the history of one operation's latencies as a map: time by latency, shades by calls
 *
 * Used by the screen.
 */
#ifndef VFIO_OBS_VIEW_HEAT_H
#define VFIO_OBS_VIEW_HEAT_H

#include "view.h"
#include "view_canvas.h"
#include "view_hist.h"

/*
 * What is asked for.
 * @track: of model__heat_track()
 * @rows, @cols: room, above 0
 * @all:   everything that is kept at once, several refreshes a column; else one refresh a column
 * @end:   then: the refresh behind the last column; 0, or too far: the newest is the last
 */
struct view_heat_want {
	const struct model_heat_track *track;
	enum vfio_obs_op op;
	int rows, cols;
	bool all;
	__u32 end;
};

/* A column, from the oldest; @marks: of enum view_heat_mark. */
struct view_heat_column {
	__u64 start_ns, end_ns;
	__u32 number; /* of its first refresh; that of the next column is per behind it */
	unsigned int marks;
};

enum view_heat_mark {
	VIEW_HEAT_UNKNOWN, /* not kept of this container */
	VIEW_HEAT_GAP,
	VIEW_HEAT_LOST,
	VIEW_HEAT_LESS,
	VIEW_HEAT_LONG, /* it took much longer than a refresh should */
	VIEW_HEAT_MARKS
};

/*
 * @bins:   the rows, the shortest latency first, with the calls of all columns that are shown; the
 *          same for whatever part of the history is shown
 * @first:  the oldest refresh that is kept; @end: as wanted, put right
 * @per:    refreshes a column
 * @counts: calls, [column * n_bins + bin]
 * @most:   the highest count, of all that is kept
 * @from:   calls from which each shade on begins, the first is 1
 */
struct view_heat {
	struct view_hist_bin bins[VIEW_HIST_MAX];
	size_t n_bins, n_cols;
	struct view_heat_column *cols;
	__u64 *counts;
	__u32 first, end, per;
	__u64 most;
	__u64 from[VIEW_SHADES];
};

/* Needs model__heat(). To be cleared. */
void view_heat__make(struct view_heat *heat, const struct view_frame *frame,
		     const struct view_heat_want *want);
void view_heat__clear(struct view_heat *heat);

/* Shade of @count calls, from 1; 0: there are none. */
int view_heat__shade(const struct view_heat *heat, __u64 count);
/* @sign: the character below the column; @reason: for a footer; @help: for the help page */
struct view_heat_sign {
	const char *sign, *reason, *help;
};
const struct view_heat_sign *view_heat__mark(enum view_heat_mark mark);

#endif
