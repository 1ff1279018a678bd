/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hist_edge.h - round edges of latencies, for people to look at: 1, 2 and 5 of each power of ten
 *
 * Used where histograms are made coarser: by the heat map of the model, by the views.
 */
#ifndef VFIO_OBS_HIST_EDGE_H
#define VFIO_OBS_HIST_EDGE_H

#include <linux/types.h>
#include <stddef.h>

enum {
	HIST_EDGE_STEPS = 3, /* in a power of ten */
	HIST_EDGES = 48,     /* more than the longest latency of a histogram needs */
};

/* Edge number @k in ns; edge 0 is 0: what takes no time belongs there. */
__u64 hist_edge__ns(size_t k);

/* The last edge, below HIST_EDGES, that bucket @index reaches: it is where its middle is. */
size_t hist_edge__of_bucket(__u32 index);

#endif
