// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_filter.c - which events of a recording are wanted, from what the user says
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "event_filter.h"
#include "source.h"

#define SEC 1000000000ULL
/* Of a time; what is more is a slip of the keyboard. */
#define SECONDS_MAX 1e9

void event_filter__init(struct event_filter *filter)
{
	*filter = (struct event_filter){ .events = ~0ULL, .to_ns = ~0ULL };
}

static bool is_slower(const struct vfio_rec *rec, __u64 ns)
{
	__u64 duration = event__duration(rec);

	return duration != VFIO_OBS_UNKNOWN && duration >= ns;
}

bool event_filter__match(const struct event_filter *filter, const struct vfio_rec *rec)
{
	if (!(filter->events >> rec->type & 1))
		return false;
	if (rec->ts_ns < filter->from_ns || rec->ts_ns > filter->to_ns)
		return false;
	if (filter->container && rec->id != filter->container)
		return false;
	if (filter->pid && rec->tgid != filter->pid && rec->pid != filter->pid)
		return false;
	if (filter->failed && event__ret(rec) >= 0)
		return false;
	return !filter->slower_ns || is_slower(rec, filter->slower_ns);
}

/* A number of digits only, from 1 to @max, that ends at *@end. */
static bool parse_digits(const char *text, __u64 max, __u64 *number, char **end)
{
	errno = 0;
	*number = isdigit((unsigned char)*text) ? strtoull(text, end, 10) : 0;
	return *number && !errno && *number <= max;
}

bool event_filter__parse_container(const char *text, __u64 *id)
{
	__u64 load = 1;
	char *end;

	if (!parse_digits(text, (1ULL << SOURCE_ID_LOAD_SHIFT) - 1, id, &end))
		return false;
	if (*end == '@' &&
	    !parse_digits(end + 1, 1ULL << (64 - SOURCE_ID_LOAD_SHIFT), &load, &end))
		return false;
	*id |= (load - 1) << SOURCE_ID_LOAD_SHIFT;
	return !*end;
}

bool event_filter__parse_duration(const char *text, __u64 *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
		    { "m", 6e10 }, { "h", 3.6e12 } };
	char *end;
	double value = strtod(text, &end);

	if (end == text || !(value > 0) || value > SECONDS_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcmp(end, units[i].name)) {
			if (value * units[i].ns > SECONDS_MAX * SEC)
				return false;
			*ns = value * units[i].ns + 0.5;
			return *ns;
		}
	}
	return false;
}

/* "H:MM" or "H:MM:SS[.fraction]" as seconds of a day; below 0: it is not one. */
static double parse_clock(const char *text)
{
	int hours, minutes, used = 0;
	double seconds = 0;

	if (sscanf(text, "%2d:%2d%n", &hours, &minutes, &used) != 2)
		return -1;
	text += used;
	if (*text == ':' && isdigit((unsigned char)text[1])) {
		char *end;

		seconds = strtod(text + 1, &end);
		text = end;
	}
	if (*text || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 ||
	    !(seconds >= 0 && seconds < 61))
		return -1;
	return (hours * 60 + minutes) * 60 + seconds;
}

/* The first such time of the day at or behind @start, in CLOCK_REALTIME ns. */
static __u64 first_behind(double clock, __u64 start)
{
	time_t begin = start / SEC;
	struct tm day, tm;
	__u64 found = 0;

	localtime_r(&begin, &day);
	/* The next day's is another distance away where the clock is put forward or back. */
	for (int days = 0; days <= 1 && (!days || found < start); days++) {
		tm = day;
		tm.tm_mday += days;
		tm.tm_hour = (int)clock / 3600;
		tm.tm_min = (int)clock / 60 % 60;
		tm.tm_sec = (int)clock % 60;
		tm.tm_isdst = -1;
		found = mktime(&tm) * SEC + (__u64)((clock - (int)clock) * SEC + 0.5);
	}
	return found;
}

bool event_filter__parse_time(const char *text, __u64 start_ns, __u64 realtime_offset_ns,
			      __u64 *ts_ns)
{
	char *end;
	double value;

	if (strchr(text, ':')) {
		value = parse_clock(text);
		if (value < 0)
			return false;
		*ts_ns = first_behind(value, start_ns + realtime_offset_ns) - realtime_offset_ns;
		return true;
	}
	value = strtod(text, &end);
	if (end == text || *end || !(value >= 0) || value > SECONDS_MAX)
		return false;
	*ts_ns = start_ns + (__u64)(value * SEC + 0.5);
	return true;
}
