// SPDX-License-Identifier: GPL-2.0-only
/*
 * overhead.c - what a live tool costs the machine, and when that is too much
 */
#include <stdlib.h>
#include <string.h>

#include "overhead.h"

bool overhead__parse(const char *text, double *percent)
{
	char *end;

	/* strtod() would take blanks, signs, "inf" and "0x1" too. */
	if (!*text || text[strspn(text, "0123456789.")] != (strchr(text, '%') ? '%' : '\0'))
		return false;
	*percent = strtod(text, &end);
	if (end == text || strcmp(end, *end == '%' ? "%" : ""))
		return false;
	return *percent > 0 && *percent <= 100;
}

void overhead__begin(struct overhead *overhead, double max, unsigned int n_cpus,
		     const struct overhead_reading *reading)
{
	*overhead = (struct overhead){
		.max = max,
		.n_cpus = n_cpus ? n_cpus : 1,
		.first = *reading,
		.mark = *reading,
		.idle = -1,
		.next_ns = reading->now_ns,
	};
}

/* A count that is behind an earlier one, as that of a loader that is gone, has not grown. */
static __u64 grown(__u64 from, __u64 to)
{
	return to > from ? to - from : 0;
}

/* What the programs took for @events in @wall_ns; false: unknown. */
static bool programs_ns(const struct overhead *overhead, __u64 events, __u64 wall_ns, double *ns)
{
	double idle_ns = overhead->idle > 0 ? overhead->idle * wall_ns : 0;

	*ns = idle_ns;
	if (!events)
		return overhead->idle >= 0;
	if (!overhead->events)
		return false;
	/* Those that run for others' work, too, such as a hook on iommu:map, run all the time. */
	*ns = events * overhead->run_ns / overhead->events;
	if (*ns < idle_ns)
		*ns = idle_ns;
	return true;
}

static struct source_share share(const struct overhead *overhead,
				 const struct overhead_reading *from,
				 const struct overhead_reading *to)
{
	__u64 wall_ns = grown(from->now_ns, to->now_ns);
	struct source_share share = { .known = wall_ns > 0 };
	double ns;

	if (!share.known)
		return share;
	share.tool = 100.0 * grown(from->cpu_ns, to->cpu_ns) / wall_ns;
	share.programs_known = programs_ns(overhead, grown(from->events, to->events), wall_ns, &ns);
	if (share.programs_known)
		share.programs = 100.0 * ns / wall_ns;
	return share;
}

bool overhead__update(struct overhead *overhead, const struct overhead_reading *reading)
{
	if (grown(overhead->mark.now_ns, reading->now_ns) < OVERHEAD_INTERVAL_NS)
		return false;
	overhead->last = share(overhead, &overhead->mark, reading);
	overhead->machine = (overhead->last.tool + overhead->last.programs) / overhead->n_cpus;
	overhead->mark = *reading;
	if (!overhead->max || overhead->over)
		return false;
	overhead->times = overhead->machine > overhead->max ? overhead->times + 1 : 0;
	overhead->over = overhead->times >= OVERHEAD_TIMES;
	return overhead->over;
}

bool overhead__window_is_due(const struct overhead *overhead, __u64 now_ns)
{
	return !overhead->in_window && now_ns >= overhead->next_ns;
}

void overhead__window_begins(struct overhead *overhead, const struct overhead_reading *reading,
			     __u64 run_ns)
{
	overhead->in_window = true;
	overhead->window = *reading;
	overhead->window_run_ns = run_ns;
}

bool overhead__window_is_over(const struct overhead *overhead, __u64 now_ns)
{
	return overhead->in_window &&
	       grown(overhead->window.now_ns, now_ns) >= OVERHEAD_WINDOW_NS;
}

void overhead__window_fails(struct overhead *overhead, __u64 now_ns)
{
	overhead->in_window = false;
	overhead->next_ns = now_ns + (overhead->events ? OVERHEAD_LATER_NS : OVERHEAD_SOON_NS);
}

void overhead__window_ends(struct overhead *overhead, const struct overhead_reading *reading,
			   __u64 run_ns)
{
	__u64 wall_ns = grown(overhead->window.now_ns, reading->now_ns);
	__u64 events = grown(overhead->window.events, reading->events);
	__u64 ran_ns = grown(overhead->window_run_ns, run_ns);

	if (events) {
		overhead->run_ns = overhead->run_ns / 2 + ran_ns;
		overhead->events = overhead->events / 2 + events;
	} else if (wall_ns) {
		overhead->idle = (double)ran_ns / wall_ns;
	}
	overhead__window_fails(overhead, reading->now_ns);
}

struct source_cost overhead__cost(const struct overhead *overhead,
				  const struct overhead_reading *reading)
{
	struct source_cost cost = {
		.event_known = overhead->events > 0,
		.last = overhead->last,
		.all = share(overhead, &overhead->first, reading),
		.machine = overhead->machine,
		.max = overhead->max,
		.over = overhead->over,
	};

	if (cost.event_known)
		cost.ns_per_event = overhead->run_ns / overhead->events;
	return cost;
}
