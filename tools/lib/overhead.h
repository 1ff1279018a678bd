/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * overhead.h - what a live tool costs the machine, and when that is too much
 *
 * Pure: clocks and counts are given to it, by source_live.c, which also does what it decides. The
 * BPF programs' time can be told only while the kernel keeps statistics of them, which costs each
 * run of every BPF program: so it is measured in short windows now and then, and what an event
 * took there is multiplied by the events in between.
 */
#ifndef VFIO_OBS_OVERHEAD_H
#define VFIO_OBS_OVERHEAD_H

#include <linux/types.h>
#include <stdbool.h>

#include "source.h"

/* A share is taken over this time, and so many in a row must be above the limit. */
#define OVERHEAD_INTERVAL_NS 1000000000ULL
#define OVERHEAD_TIMES 3

/* Length of a window, at least; between two: while nothing is known, else. */
#define OVERHEAD_WINDOW_NS 50000000ULL
#define OVERHEAD_SOON_NS 1000000000ULL
#define OVERHEAD_LATER_NS 5000000000ULL

/*
 * What only grows.
 * @now_ns: of CLOCK_MONOTONIC
 * @cpu_ns: CPU time of the tool and its loader
 * @events: that the programs were run for
 */
struct overhead_reading {
	__u64 now_ns, cpu_ns, events;
};

/*
 * @max, @n_cpus: the limit in percent of so many CPUs' time, 0: none
 * @first, @mark: readings at the start and at the end of the last interval
 * @window, @window_run_ns: at the begin of the window that is open
 * @next_ns:  when the next window is due
 * @run_ns, @events: of the windows that had events, newer ones weigh more
 * @idle:     part of the time that programs ran in the last window without events; < 0: unknown
 * @times:    intervals in a row above the limit
 */
struct overhead {
	double max;
	unsigned int n_cpus;
	struct overhead_reading first, mark, window;
	__u64 window_run_ns;
	__u64 next_ns;
	bool in_window;
	double run_ns, events;
	double idle;
	struct source_share last;
	double machine;
	bool over;
	unsigned int times;
};

/* overhead__parse - "1%", "0.5%" or "1"; false unless above 0 and at most 100. */
bool overhead__parse(const char *text, double *percent);

/* overhead__begin - the programs are attached; @n_cpus that are online. */
void overhead__begin(struct overhead *overhead, double max, unsigned int n_cpus,
		     const struct overhead_reading *reading);

/*
 * overhead__update - to be called at each poll. True once: the limit has been exceeded for
 * OVERHEAD_TIMES intervals.
 */
bool overhead__update(struct overhead *overhead, const struct overhead_reading *reading);

/*
 * Windows, in which the kernel keeps statistics. @run_ns: the programs' time as these tell it, all
 * windows together.
 */
bool overhead__window_is_due(const struct overhead *overhead, __u64 now_ns);
void overhead__window_begins(struct overhead *overhead, const struct overhead_reading *reading,
			     __u64 run_ns);
bool overhead__window_is_over(const struct overhead *overhead, __u64 now_ns);
void overhead__window_ends(struct overhead *overhead, const struct overhead_reading *reading,
			   __u64 run_ns);
/* It tells nothing: the programs were detached, or statistics ended before. */
void overhead__window_fails(struct overhead *overhead, __u64 now_ns);

/* overhead__cost - as it is known now; @reading: the newest. */
struct source_cost overhead__cost(const struct overhead *overhead,
				  const struct overhead_reading *reading);

#endif
