/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - what the user asked vfiotop for
 */
#ifndef VFIOTOP_OPTIONS_H
#define VFIOTOP_OPTIONS_H

#include <linux/types.h>
#include <stdbool.h>

#include "config.h"
#include "lib/source.h"
#include "lib/view_choice.h"
#include "lib/view_folded.h"
#include "tui.h"

enum { OPTIONS_MAX = 32 };

struct options {
	__u64 interval_ns;
	__u64 refreshes;  /* 0: until the user or the recording ends it */
	bool batch;	  /* plain text instead of the screen */
	bool json;	  /* JSON lines instead of the screen */
	bool folded;	  /* folded call stacks at the end instead of the screen */
	enum view_weight weight; /* of these */
	const char *file; /* recording, "-" standard input; NULL: live */
	enum source_live_kind live;
	double max_overhead; /* in percent of all CPUs' time; 0: no limit */
	struct source_stack_opts stacks;
	__u64 slow_ns;	  /* a call that takes as long is one to be found */
	bool paused;	  /* a recording begins with a picture that stands still */
	double speed;	  /* of a recording's clock on the screen */
	const char *from; /* where it begins, for event_filter__parse_time(); NULL: at its begin */
	__u64 from_ns;	  /* that, once the recording is open */
	struct tui_options tui;
	struct view_choice choice;
	struct config config;
	/* By row of the table in options.c: what it was set to, NULL not at all. */
	char *given[OPTIONS_MAX];
};

/* What main() does with the command line. */
enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_DONE,  /* help or version was printed */
	OPTIONS_USAGE, /* the error was printed */
};

/* Drawn is a screen, not text printed. */
static inline bool options__is_screen(const struct options *options)
{
	return !options->batch && !options->json && !options->folded;
}

/*
 * options__parse - the command line, and what the configuration has beside it. What is wrong with
 * the latter has been printed, but is left to options__problem() when there is to be a screen.
 */
enum options_verdict options__parse(struct options *options, int argc, char **argv);
void options__clear(struct options *options);

/* False: there is nothing to say; else a sentence about the first problem, and how many more. */
bool options__problem(const struct options *options, char message[CONFIG_MESSAGE]);

/*
 * options__save - writes to the configuration what is in use: @choice, and else what was given.
 * False when that failed; @message says which file it is, or what failed.
 */
bool options__save(const struct options *options, const struct view_choice *choice,
		   struct loader *loader, char message[CONFIG_MESSAGE]);

/* options__locate - what --from means in the recording of @info. False: nothing, as was printed. */
bool options__locate(struct options *options, const struct source_info *info);

#endif
