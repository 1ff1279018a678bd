// SPDX-License-Identifier: GPL-2.0-only
/*
 * cut.c - vfio-trace cut: a part of a recording, as a recording
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmds.h"
#include "filter_opts.h"
#include "lib/fmt.h"
#include "lib/record_cut.h"
#include "lib/record_reader.h"
#include "lib/record_state.h"
#include "rewrite.h"

/* @made: the command's options, as the part will say */
struct options {
	const char *path, *out;
	struct filter_opts choice;
	char made[RECORD_MADE_LEN];
};

struct cutter {
	const struct options *opts;
	struct source *source;
	struct event_filter filter;
	struct rewrite rewrite;
};

static const char help[] =
	"Usage: vfio-trace cut -o OUT [OPTION...] IN\n"
	"\n"
	"Writes a recording with a part of the events of another. Containers that are open at --from\n"
	"are in it as ones that were there before, as they are then: groups, backend, references, owner\n"
	"and mappings. With --pid, --failed, --slower, or --events without open, the containers are\n"
	"those of the events that are left, and the events that free them are kept, too. What was lost\n"
	"within the time is in it. IN - is standard input.\n"
	"\n"
	FILTER_OPTS_HELP
	"                           what happens at --to is not in it\n"
	REWRITE_HELP_OUTPUT
	REWRITE_HELP_EXIT;

/* Adds an option to what the part says of how it was made. */
static void note(struct options *opts, const char *name, const char *arg)
{
	size_t used = strlen(opts->made);

	snprintf(opts->made + used, sizeof(opts->made) - used, " --%s%s%s", name, arg ? " " : "",
		 arg ? arg : "");
}

/* True: go on; else exit with *status. */
static bool parse(int argc, char **argv, struct options *opts, int *status)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		FILTER_OPTS_LONG,
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = 0;
	while (!*status &&
	       (option = getopt_long(argc, argv, "o:h" FILTER_OPTS_SHORT, longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return false;
		}
		if (option == 'o')
			opts->out = optarg;
		else if (!filter_opts__take(&opts->choice, "cut", option, status))
			*status = EXIT_USAGE; /* getopt has said why */
		for (size_t i = 0; longs[i].name; i++)
			if (longs[i].val == option && option != 'o')
				note(opts, longs[i].name, longs[i].has_arg ? optarg : NULL);
	}
	if (*status)
		return false;
	if (optind + 1 != argc)
		*status = cmds__usage("cut", "name one IN", "");
	else
		*status = rewrite__check_out("cut", opts->out, argv + optind, 1);
	opts->path = argv[optind];
	return !*status;
}

/* The header of the part, now that it is known what was lost before. */
static void begin(void *ctx, const struct source_loss *before)
{
	struct cutter *cutter = ctx;
	struct record_header header = *source_file__header(cutter->source);
	struct source_info info;
	bool some;

	source__info(cutter->source, &info);
	if (!header.origin_ns)
		header.origin_ns = header.start_ns;
	if (cutter->filter.from_ns > header.start_ns)
		header.start_ns = cutter->filter.from_ns;
	header.realtime_offset_ns = info.realtime_offset_ns;
	header.lost_before = record_state__lost_before(&header.lost_before, before);
	header.events = record_cut__events(&cutter->filter, header.events, &some);
	if (some)
		header.flags |= RECORD_SOME;
	rewrite__header(&cutter->rewrite, &header, cutter->opts->made);
}

static bool is_enough(const void *cut)
{
	return record_cut__beyond(cut);
}

/* Whether the recording, which was read, ends before the part begins; then that was said. */
static bool ends_before(const struct cutter *cutter)
{
	__u64 end_ns = source_file__end_ns(cutter->source);
	char text[FMT_MAX];

	if (end_ns >= cutter->filter.from_ns)
		return false;
	fprintf(stderr, "vfio-trace: nothing to cut: %s ends at %s, before --from\n",
		record_reader__name(cutter->opts->path),
		fmt_time(text, sizeof(text), end_ns + *source_file__clock(cutter->source)));
	return true;
}

static int cut(struct cutter *cutter)
{
	struct source_info info;
	struct record_cut *cut;
	struct source_sink sink;
	__u64 end_ns;
	int status = 1;

	source__info(cutter->source, &info);
	cut = record_cut__create(&cutter->filter, &info, begin, cutter, &cutter->rewrite.sink);
	sink = record_cut__sink(cut);
	if (rewrite__pump(&cutter->rewrite, cutter->source, cutter->opts->path, &sink, is_enough))
		record_cut__finish(cut);
	end_ns = source_file__end_ns(cutter->source);
	if (record_cut__beyond(cut) || end_ns > cutter->filter.to_ns)
		end_ns = cutter->filter.to_ns;
	if (!record_cut__beyond(cut) && !cutter->rewrite.interrupted && ends_before(cutter))
		rewrite__abandon(&cutter->rewrite);
	else
		status = rewrite__finish(&cutter->rewrite, end_ns);
	record_cut__destroy(cut);
	return status;
}

static int run(const struct options *opts)
{
	struct cutter cutter = { .opts = opts };
	struct source_info info;
	int status = 1;

	cutter.source = rewrite__open(opts->path);
	if (!cutter.source)
		return 1;
	source__info(cutter.source, &info);
	if (!filter_opts__resolve(&opts->choice, "cut", &info, &cutter.filter))
		status = EXIT_USAGE;
	else if (cutter.filter.from_ns >= cutter.filter.to_ns)
		status = cmds__usage("cut", "--from is not before --to", "");
	else if (rewrite__start(&cutter.rewrite, opts->out))
		status = cut(&cutter);
	source__close(cutter.source);
	return status;
}

int cmd_cut(int argc, char **argv)
{
	struct options opts = { .made = "cut" };
	int status;

	event_filter__init(&opts.choice.filter);
	return parse(argc, argv, &opts, &status) ? run(&opts) : status;
}
