/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * filter_opts.h - the options by which script, export and cut choose events
 */
#ifndef VFIO_TRACE_FILTER_OPTS_H
#define VFIO_TRACE_FILTER_OPTS_H

#include <getopt.h>
#include <stdbool.h>

#include "lib/event_filter.h"
#include "lib/source.h"

/* @from, @to: as given, NULL: not. Only the recording tells what they mean. */
struct filter_opts {
	struct event_filter filter;
	const char *from, *to;
};

enum { FILTER_OPT_FAILED = 0x200, FILTER_OPT_SLOWER, FILTER_OPT_FROM, FILTER_OPT_TO };

/* For getopt_long(). */
#define FILTER_OPTS_SHORT "e:c:p:"
#define FILTER_OPTS_LONG                                                                           \
	{ "events", required_argument, NULL, 'e' },                                                \
	{ "container", required_argument, NULL, 'c' },                                             \
	{ "pid", required_argument, NULL, 'p' },                                                   \
	{ "failed", no_argument, NULL, FILTER_OPT_FAILED },                                        \
	{ "slower", required_argument, NULL, FILTER_OPT_SLOWER },                                  \
	{ "from", required_argument, NULL, FILTER_OPT_FROM },                                      \
	{ "to", required_argument, NULL, FILTER_OPT_TO }

#define FILTER_OPTS_HELP                                                                           \
	"  -e, --events EVENTS      names separated by commas, wildcards allowed: pin,unpin\n"     \
	"  -c, --container ID       of this container: 7, or 7@2 after vfio was loaded again\n"    \
	"  -p, --pid PID            by this process or task\n"                                     \
	"      --failed             that returned an error\n"                                      \
	"      --slower TIME        that took at least TIME: 10ms, 1.5s, 250us\n"                  \
	"      --from TIME, --to TIME   seconds since the recording's begin, or a time of day:\n"  \
	"                           12.5, 23:59, 23:59:01.5\n"

/*
 * filter_opts__take - the @option that getopt_long() has found, with optarg. False: it is none of
 * these; else *status is 0, or EXIT_USAGE and a sentence was printed.
 */
bool filter_opts__take(struct filter_opts *opts, const char *command, int option, int *status);

/* The filter for a recording, whose @info it is. False: a sentence was printed. */
bool filter_opts__resolve(const struct filter_opts *opts, const char *command,
			  const struct source_info *info, struct event_filter *filter);

#endif
