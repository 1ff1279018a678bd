// SPDX-License-Identifier: GPL-2.0-only
/*
 * filter_opts.c - the options by which script, export and cut choose events
 */
#include <stdlib.h>

#include "cmds.h"
#include "filter_opts.h"

static int parse_events(struct filter_opts *opts, const char *command, const char *list)
{
	char err[256];

	if (event__parse_mask(list, &opts->filter.events, err, sizeof(err)))
		return cmds__usage(command, err, "");
	return 0;
}

static int parse_pid(struct filter_opts *opts, const char *command, const char *text)
{
	char *end;
	unsigned long pid = strtoul(text, &end, 10);

	opts->filter.pid = pid;
	return pid && pid <= 1 << 22 && !*end ? 0 : cmds__usage(command, "not a process id: ", text);
}

static int parse_option(struct filter_opts *opts, const char *command, int option)
{
	switch (option) {
	case 'e':
		return parse_events(opts, command, optarg);
	case 'c':
		if (event_filter__parse_container(optarg, &opts->filter.container))
			return 0;
		return cmds__usage(command, "not a container's id: ", optarg);
	case 'p':
		return parse_pid(opts, command, optarg);
	case FILTER_OPT_FAILED:
		opts->filter.failed = true;
		return 0;
	case FILTER_OPT_SLOWER:
		if (event_filter__parse_duration(optarg, &opts->filter.slower_ns))
			return 0;
		return cmds__usage(command, "not a time with its unit, like 10ms: ", optarg);
	case FILTER_OPT_FROM:
		opts->from = optarg;
		return 0;
	case FILTER_OPT_TO:
		opts->to = optarg;
		return 0;
	}
	return -1;
}

bool filter_opts__take(struct filter_opts *opts, const char *command, int option, int *status)
{
	*status = parse_option(opts, command, option);
	return *status >= 0;
}

/* One end of the time that is wanted. */
static bool resolve(const char *text, const char *command, const struct source_info *info,
		    __u64 *ts_ns)
{
	if (!text ||
	    event_filter__parse_time(text, info->start_ns, info->realtime_offset_ns, ts_ns))
		return true;
	cmds__usage(command, "not seconds since the begin, nor a time of day: ", text);
	return false;
}

bool filter_opts__resolve(const struct filter_opts *opts, const char *command,
			  const struct source_info *info, struct event_filter *filter)
{
	*filter = opts->filter;
	return resolve(opts->from, command, info, &filter->from_ns) &&
	       resolve(opts->to, command, info, &filter->to_ns);
}
