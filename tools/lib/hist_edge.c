// SPDX-License-Identifier: GPL-2.0-only
/*
 * hist_edge.c - round edges of latencies: 1, 2 and 5 of each power of ten
 */
#include <stdbool.h>

#include "hist_edge.h"
#include "vfio_obs/aggregate.h"

__u64 hist_edge__ns(size_t k)
{
	static const __u64 steps[HIST_EDGE_STEPS] = { 1, 2, 5 };
	__u64 ns = steps[k % HIST_EDGE_STEPS];

	if (!k)
		return 0;
	for (size_t power = k / HIST_EDGE_STEPS; power; power--)
		ns *= 10;
	return ns;
}

/* As the quantiles do: a bucket is where its middle is. */
size_t hist_edge__of_bucket(__u32 index)
{
	__u64 from = vfio_hist_lower(index), to = vfio_hist_lower(index + 1);
	__u64 ns = from + (to - from) / 2;
	size_t k = 0;

	while (k + 1 < HIST_EDGES && hist_edge__ns(k + 1) <= ns)
		k++;
	return k;
}
