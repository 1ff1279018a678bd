// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_hist.c - a histogram of latencies in a few bins with round edges
 */
#include <stdio.h>

#include "hist_edge.h"
#include "view_hist.h"

/* How many edges are one bin, so that @first to @last are at most @max bins. */
static size_t edges_per_bin(size_t first, size_t last, size_t max)
{
	size_t per = 1;

	while (last / per - first / per + 1 > max)
		per = per == 1 ? HIST_EDGE_STEPS : per + HIST_EDGE_STEPS;
	return per;
}

size_t view_hist__axis(size_t first, size_t last, size_t max,
		       struct view_hist_bin bins[VIEW_HIST_MAX])
{
	size_t per = edges_per_bin(first, last, max), n = last / per - first / per + 1;

	for (size_t i = 0; i < n; i++)
		bins[i] = (struct view_hist_bin){
			.from_ns = hist_edge__ns((first / per + i) * per),
			.to_ns = hist_edge__ns((first / per + i + 1) * per),
		};
	return n;
}

size_t view_hist__bins(const struct model_op *op, size_t max,
		       struct view_hist_bin bins[VIEW_HIST_MAX])
{
	size_t first, last, n;

	if (!op->n_hist || !max)
		return 0;
	first = hist_edge__of_bucket(op->hist[0].index);
	last = hist_edge__of_bucket(op->hist[op->n_hist - 1].index);
	n = view_hist__axis(first, last, max, bins);
	for (__u32 i = 0; i < op->n_hist; i++) {
		__u64 ns = hist_edge__ns(hist_edge__of_bucket(op->hist[i].index));

		bins[view_hist__find(bins, n, ns)].count += op->hist[i].count;
	}
	return n;
}

size_t view_hist__find(const struct view_hist_bin *bins, size_t n, __u64 ns)
{
	size_t i = 0;

	while (i < n && ns >= bins[i].to_ns)
		i++;
	return i;
}

char *view_hist__edge(__u64 ns, char buf[VIEW_HIST_LABEL])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t unit = 0;

	while (ns && ns % 1000 == 0 && unit < 3) {
		ns /= 1000;
		unit++;
	}
	snprintf(buf, VIEW_HIST_LABEL, "%llu%s", ns, ns ? units[unit] : "");
	return buf;
}
