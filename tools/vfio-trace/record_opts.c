// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_opts.c - the command line of vfio-trace record
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmds.h"
#include "lib/event.h"
#include "lib/event_filter.h"
#include "lib/overhead.h"
#include "record_opts.h"
#include "rewrite.h"

#define SEC 1000000000ULL

/* Of a file of several: below, what is carried over would be most of it. */
#define MIN_SIZE (64 << 10)
#define MIN_TIME SEC

/* Of a flight recorder, unless the user says otherwise. */
#define RING_PATH "vfio-trace.vfio"
#define RING_DISTANCE (10 * SEC)
#define RING_KEEP 20

enum { OPT_SOURCE = 0x100, OPT_OVERHEAD, OPT_MAX_SIZE, OPT_MAX_TIME, OPT_KEEP, OPT_RING, OPT_ON,
       OPT_AFTER, OPT_DISTANCE };

static const char help[] =
	"Usage: vfio-trace record -o FILE [OPTION...] [-- COMMAND [ARG...]]\n"
	"       vfio-trace record --ring SIZE --on TRIGGER [-o FILE] [OPTION...] [-- COMMAND [ARG...]]\n"
	"\n"
	"Records every VFIO container event of the whole system, until COMMAND ends or Ctrl-C.\n"
	"While it goes on the recording is called FILE.part. With --max-size or --max-time it goes on in\n"
	"file after file, for night.vfio night.000001.vfio and so on. Each stands alone; 'vfio-trace\n"
	"merge' makes one of them.\n"
	"\n"
	"With --ring it is a flight recorder: only memory has the last events, until a trigger of --on\n"
	"fires. Then such a file is written with what led to it, and it goes on.\n"
	"\n"
	"  -o, --output FILE     write here; - is standard output\n"
	"  -e, --events EVENTS   names separated by commas, wildcards allowed: pin,unpin or '*_start';\n"
	"                        all (every completed event, the default) or lifecycle;\n"
	"                        'help' lists them\n"
	"  -d, --duration SECONDS   end after this time; a COMMAND goes on\n"
	"      --max-size SIZE   end a file that has so many bytes, such as 100M, and begin the next\n"
	"      --max-time TIME   the same when it is so old, such as 90s, 10m or 1h\n"
	"      --keep N          of these files, earlier ones included, the last N are left; with\n"
	"                        --ring 20 unless given, else all\n"
	"      --ring SIZE       hold the last SIZE bytes as they would be in a file, such as 64M\n"
	"      --on TRIGGER      error: a call fails; slow=10ms: one takes as long; signal: SIGUSR1\n"
	"                        comes; may be given several times\n"
	"      --after TIME      what comes so long behind a trigger is in its file, too, such as 5s\n"
	"      --distance TIME   between the triggers of two files, but for signal (default 10s); those\n"
	"                        that come sooner are counted\n"
	"      --source SOURCE   tp: tracepoints of this project's vfio.ko; fentry: functions of any\n"
	"                        vfio.ko; auto: which of them works (default); file:IN: a recording,\n"
	"                        as fast as it can be read\n"
	"  -m, --buffer MIB      memory for events not written yet (default 40)\n"
	"      --max-overhead PERCENT   of all CPUs' time, such as 1%; when recorder and BPF programs\n"
	"                        take more for 3 s, pin, unpin, dma_rw, check_extension, ioctl and\n"
	"                        map_parts are no longer recorded, which the recording says; the\n"
	"                        others go on\n"
	"  -h, --help            this text\n"
	"\n"
	"Exit status: 0 when the recording is complete, whatever COMMAND's own; 1 failed; 2 usage.\n";

static int usage_error(const char *what, const char *arg)
{
	return cmds__usage("record", what, arg);
}

static void list_events(void)
{
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		const struct event_desc *desc = event__desc(type);

		printf("%-24s %-32s %s\n", event__key(desc), desc->tracepoint, desc->help);
	}
}

bool record_opts__is_several(const struct record_opts *opts)
{
	return opts->limits.max_bytes || opts->limits.max_ns || opts->ring.bytes;
}

/* A positive number, with a fraction; 0 when @text is none or above @max. */
static double parse_number(const char *text, double max)
{
	char *end;
	double value = strtod(text, &end);

	return end == text || *end || !(value > 0) || value > max ? 0 : value;
}

/* "100M", "1.5G", "65536"; false: it is no such size. */
static bool parse_size(const char *text, __u64 *bytes)
{
	static const char units[] = "KMGT";
	char *end;
	double value = strtod(text, &end);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (end == text || (*end && (!unit || end[1])))
		return false;
	if (unit)
		value *= 1ULL << 10 * (unit - units + 1);
	if (!(value >= 1) || value > 1e15)
		return false;
	*bytes = value;
	return true;
}

static int parse_ring(struct record_opts *opts, int option)
{
	struct record_ring_opts *ring = &opts->ring;

	switch (option) {
	case OPT_RING:
		return parse_size(optarg, &ring->bytes) && ring->bytes >= MIN_SIZE ? 0 :
			       usage_error("--ring is a number of bytes from 64K on, such as 64M, not ",
					   optarg);
	case OPT_ON:
		return record_trigger__parse(optarg, &ring->trigger) ? 0 :
			       usage_error("--on is " RECORD_TRIGGER_NAMES ", not ", optarg);
	case OPT_AFTER:
		return event_filter__parse_duration(optarg, &ring->after_ns) ? 0 :
			       usage_error("--after is a time such as 5s, not ", optarg);
	case OPT_DISTANCE:
		return event_filter__parse_duration(optarg, &ring->distance_ns) ? 0 :
			       usage_error("--distance is a time such as 10s, not ", optarg);
	}
	return usage_error("wrong option", "");
}

static int parse_limit(struct record_opts *opts, int option)
{
	if (option == OPT_MAX_SIZE)
		return parse_size(optarg, &opts->limits.max_bytes) &&
				       opts->limits.max_bytes >= MIN_SIZE ? 0 :
			       usage_error("--max-size is a number of bytes from 64K on, such as "
					   "100M or 1G, not ", optarg);
	if (option == OPT_MAX_TIME)
		return event_filter__parse_duration(optarg, &opts->limits.max_ns) &&
				       opts->limits.max_ns >= MIN_TIME ? 0 :
			       usage_error("--max-time is a time from 1s on, such as 90s, 10m or 1h, "
					   "not ", optarg);
	if (option != OPT_KEEP)
		return parse_ring(opts, option);
	opts->keep = parse_number(optarg, 1e6);
	return opts->keep ? 0 : usage_error("--keep is a number of files from 1 on, not ", optarg);
}

static int parse_source(struct record_opts *opts)
{
	if (!strncmp(optarg, "file:", 5) && optarg[5]) {
		opts->input = optarg + 5;
		return 0;
	}
	return source_live__parse(optarg, &opts->live) ? 0 :
		       usage_error("the source is auto, tp, fentry or file:IN, not ", optarg);
}

static int parse_option(struct record_opts *opts, int option)
{
	char err[256];
	double value;

	switch (option) {
	case 'o':
		opts->path = optarg;
		return 0;
	case 'e':
		if (!event__parse_mask(optarg, &opts->events, err, sizeof(err)))
			return 0;
		return usage_error(err, "");
	case 'd':
		value = parse_number(optarg, 1e9);
		opts->duration_ns = value * SEC;
		return opts->duration_ns ? 0 : usage_error("not a number of seconds: ", optarg);
	case 'm':
		value = parse_number(optarg, 16384);
		opts->ring_bytes = value * (1 << 20);
		return opts->ring_bytes ? 0 : usage_error("not a number of MiB up to 16384: ", optarg);
	case OPT_SOURCE:
		return parse_source(opts);
	case OPT_OVERHEAD:
		return overhead__parse(optarg, &opts->max_overhead) ? 0 :
			       usage_error("--max-overhead is above 0 and at most 100, as in 1%, not ",
					   optarg);
	}
	return parse_limit(opts, option);
}

/*
 * Of a recording all that it has. What is open is told at the begin of each of several files, and
 * must not stay for ever.
 */
static void choose_events(struct record_opts *opts)
{
	if (!opts->events)
		opts->events = opts->input ? ~0ULL : source__all_events();
	if (record_opts__is_several(opts))
		opts->events |= 1ULL << VFIO_EV_OPEN | 1ULL << VFIO_EV_RELEASE;
}

static void complete_ring(struct record_opts *opts)
{
	if (!opts->ring.bytes)
		return;
	if (!opts->path)
		opts->path = RING_PATH;
	if (!opts->ring.distance_ns)
		opts->ring.distance_ns = RING_DISTANCE;
	if (!opts->keep)
		opts->keep = RING_KEEP;
}

static int check_ring(const struct record_opts *opts)
{
	const struct record_ring_opts *ring = &opts->ring;
	bool any = record_trigger__any(&ring->trigger);

	if (ring->bytes && !any)
		return usage_error("--ring writes nothing without --on: give " RECORD_TRIGGER_NAMES,
				   "");
	if (!ring->bytes && (any || ring->after_ns || ring->distance_ns))
		return usage_error("--on, --after and --distance are for --ring: give its size, such as "
				   "--ring 64M", "");
	if (ring->bytes && (opts->limits.max_bytes || opts->limits.max_ns))
		return usage_error("--ring goes neither with --max-size nor with --max-time", "");
	return 0;
}

/* What does not go together. 0 or EXIT_USAGE. */
static int check(const struct record_opts *opts)
{
	if (opts->keep && !record_opts__is_several(opts))
		return usage_error("--keep is for several files: give --max-size, --max-time or --ring",
				   "");
	if (check_ring(opts))
		return EXIT_USAGE;
	if (opts->input && opts->command)
		return usage_error("a recording is the source, so no COMMAND can be run: ",
				   opts->command[0]);
	if (record_opts__is_several(opts) && !strcmp(opts->path, "-"))
		return usage_error("several files need a name: give -o FILE", "");
	return rewrite__check_out("record", opts->path, (char *const *)&opts->input,
				  opts->input ? 1 : 0);
}

bool record_opts__parse(int argc, char **argv, struct record_opts *opts, int *status)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "events", required_argument, NULL, 'e' },
		{ "duration", required_argument, NULL, 'd' },
		{ "buffer", required_argument, NULL, 'm' },
		{ "source", required_argument, NULL, OPT_SOURCE },
		{ "max-overhead", required_argument, NULL, OPT_OVERHEAD },
		{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
		{ "max-time", required_argument, NULL, OPT_MAX_TIME },
		{ "keep", required_argument, NULL, OPT_KEEP },
		{ "ring", required_argument, NULL, OPT_RING },
		{ "on", required_argument, NULL, OPT_ON },
		{ "after", required_argument, NULL, OPT_AFTER },
		{ "distance", required_argument, NULL, OPT_DISTANCE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = 0;
	while (!*status && (option = getopt_long(argc, argv, "+o:e:d:m:h", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return false;
		}
		if (option == 'e' && !strcmp(optarg, "help")) {
			list_events();
			return false;
		}
		*status = option == '?' ? EXIT_USAGE : parse_option(opts, option);
	}
	if (*status)
		return false;
	if (optind < argc)
		opts->command = argv + optind;
	complete_ring(opts);
	if (!opts->path)
		*status = usage_error("no output file: give -o FILE", "");
	else
		*status = check(opts);
	choose_events(opts);
	return !*status;
}
