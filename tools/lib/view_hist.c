// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_hist.c - a histogram of latencies in a few bins with round edges
 */
#include <stdio.h>

#include "view_hist.h"

#define STEPS 3 /* edges in a power of ten: 1, 2, 5 */

/* Edge number @k in ns; what takes no time belongs to the first bin. */
static __u64 edge(size_t k)
{
	static const __u64 steps[STEPS] = { 1, 2, 5 };
	__u64 ns = steps[k % STEPS];

	if (!k)
		return 0;
	for (size_t power = k / STEPS; power; power--)
		ns *= 10;
	return ns;
}

/* The last edge that @ns reaches. */
static size_t edge_of(__u64 ns)
{
	size_t k = 0;

	while (k + 1 < VIEW_HIST_MAX && edge(k + 1) <= ns)
		k++;
	return k;
}

/* As the quantiles do: a bucket is where its middle is. */
static size_t edge_of_bucket(const struct model_bucket *bucket)
{
	__u64 from = vfio_hist_lower(bucket->index), to = vfio_hist_lower(bucket->index + 1);

	return edge_of(from + (to - from) / 2);
}

/* How many edges are one bin, so that @first to @last are at most @max bins. */
static size_t edges_per_bin(size_t first, size_t last, size_t max)
{
	size_t per = 1;

	while (last / per - first / per + 1 > max)
		per = per == 1 ? STEPS : per + STEPS;
	return per;
}

size_t view_hist__bins(const struct model_op *op, size_t max,
		       struct view_hist_bin bins[VIEW_HIST_MAX])
{
	size_t first, per, n;

	if (!op->n_hist || !max)
		return 0;
	first = edge_of_bucket(&op->hist[0]);
	per = edges_per_bin(first, edge_of_bucket(&op->hist[op->n_hist - 1]), max);
	first /= per;
	n = edge_of_bucket(&op->hist[op->n_hist - 1]) / per - first + 1;
	for (size_t i = 0; i < n; i++)
		bins[i] = (struct view_hist_bin){
			.from_ns = edge((first + i) * per), .to_ns = edge((first + i + 1) * per),
		};
	for (__u32 i = 0; i < op->n_hist; i++)
		bins[edge_of_bucket(&op->hist[i]) / per - first].count += op->hist[i].count;
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
