/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_filter.h - which events of a recording are wanted, from what the user says
 *
 * Used by vfio-trace script and export.
 */
#ifndef VFIO_OBS_EVENT_FILTER_H
#define VFIO_OBS_EVENT_FILTER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "event.h"

/*
 * @events:    bit per enum vfio_obs_event
 * @container: a container's id, with its load of the module; 0: any
 * @pid:       process or task; 0: any
 * @failed:    only what returned an error
 * @slower_ns: only what took at least so long, by a duration that is known
 * @from_ns, @to_ns: CLOCK_BOOTTIME, both inclusive
 */
struct event_filter {
	__u64 events;
	__u64 container;
	__u32 pid;
	bool failed;
	__u64 slower_ns;
	__u64 from_ns, to_ns;
};

/* Everything passes. */
void event_filter__init(struct event_filter *filter);
bool event_filter__match(const struct event_filter *filter, const struct vfio_rec *rec);

/* "7", or "7@2" of the module's second load: as fmt_container() writes it. False: it is neither. */
bool event_filter__parse_container(const char *text, __u64 *id);

/* "10ms", "1.5s", "250us", "800ns", "10m", "1h". False: it is no such time, or not above 0. */
bool event_filter__parse_duration(const char *text, __u64 *ns);

/*
 * event_filter__parse_time - a moment of a recording that began at @start_ns (CLOCK_BOOTTIME):
 * "12.5" seconds behind its begin, or "23:59:01.5" of the wall clock where we are, its first
 * one behind the begin. @realtime_offset_ns: CLOCK_REALTIME - CLOCK_BOOTTIME there. False: it is
 * neither.
 */
bool event_filter__parse_time(const char *text, __u64 start_ns, __u64 realtime_offset_ns,
			      __u64 *ts_ns);

#endif
