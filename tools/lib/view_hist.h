/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_hist.h - a histogram of latencies in a few bins with round edges, for people to look at
 *
 * Used by the screen of one container and by the heat map.
 */
#ifndef VFIO_OBS_VIEW_HIST_H
#define VFIO_OBS_VIEW_HIST_H

#include "hist_edge.h"
#include "model.h"

enum { VIEW_HIST_MAX = HIST_EDGES, VIEW_HIST_LABEL = 16 };

/* Calls that took from @from_ns to below @to_ns, but for what a bucket of the model spans. */
struct view_hist_bin {
	__u64 from_ns, to_ns;
	__u64 count;
};

/*
 * view_hist__bins - from the shortest to the longest call of @op, bins without calls between them
 * included: edges at 1, 2 and 5 of each power of ten where these are at most @max bins, else at
 * every power, or at every so many. Returns their number: 0 when nothing was timed or @max is 0.
 */
size_t view_hist__bins(const struct model_op *op, size_t max,
		       struct view_hist_bin bins[VIEW_HIST_MAX]);

/*
 * view_hist__axis - the same bins without calls, from edge @first to edge @last of hist_edge.h, of
 * which @max, above 0, are at most; returns their number.
 */
size_t view_hist__axis(size_t first, size_t last, size_t max,
		       struct view_hist_bin bins[VIEW_HIST_MAX]);

/* The bin that has @ns; @n when it lies behind the last. */
size_t view_hist__find(const struct view_hist_bin *bins, size_t n, __u64 ns);

/* "500us": an edge; returns @buf. */
char *view_hist__edge(__u64 ns, char buf[VIEW_HIST_LABEL]);

#endif
