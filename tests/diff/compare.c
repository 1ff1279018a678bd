// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the logs of two runs; called by vfio-diff.c.
 *
 * A log is lines: first what was run ("vfio-diff ..."), then for each sequence "= NUMBER" and a
 * line for each step.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* Sequences shown in full. */
#define SHOWN	5

struct log {
	const char *path;
	FILE *file;
	char *line;	/* NULL at the end */
	size_t room;
};

static void next_line(struct log *log)
{
	ssize_t length = getline(&log->line, &log->room, log->file);

	if (length < 0) {
		free(log->line);
		log->line = NULL;
		log->room = 0;
	} else if (length && log->line[length - 1] == '\n') {
		log->line[length - 1] = '\0';
	}
}

static int open_log(struct log *log, const char *path)
{
	*log = (struct log){ .path = path, .file = fopen(path, "re") };
	if (!log->file) {
		fprintf(stderr, "vfio-diff: cannot read the log %s: %s\n", path, strerror(errno));
		return -1;
	}
	next_line(log);
	return 0;
}

static void close_log(struct log *log)
{
	free(log->line);
	fclose(log->file);
}

static bool is_header(const struct log *log)
{
	return log->line && log->line[0] == '=';
}

static bool same_line(const struct log *a, const struct log *b)
{
	return a->line && b->line && !strcmp(a->line, b->line);
}

struct tally {
	unsigned long sequences;
	unsigned long steps;
	unsigned long different;	/* sequences */
};

static void show(const struct log *stock, const struct log *ours, const char *header,
		 unsigned int step, const char *rerun)
{
	printf("# sequence %s, step %u:\n", header, step);
	printf("#   stock: %s\n", stock->line ? stock->line : "(the log ends)");
	printf("#   ours:  %s\n", ours->line ? ours->line : "(the log ends)");
	printf("#   rerun: %s --only %s\n", rerun, header);
}

/* Both logs stand behind the same header; afterwards at the next ones, or at the end. */
static void compare_sequence(struct log *stock, struct log *ours, const char *header,
			     struct tally *tally, const char *rerun)
{
	unsigned int step = 0;
	bool equal = true;

	while (same_line(stock, ours) && !is_header(stock)) {
		tally->steps++;
		step++;
		next_line(stock);
		next_line(ours);
	}
	/* The steps are the same on both sides: where one ends, the other does. */
	equal = (is_header(stock) && is_header(ours)) || (!stock->line && !ours->line);
	if (!equal) {
		if (tally->different++ < SHOWN)
			show(stock, ours, header, step, rerun);
		while (stock->line && !is_header(stock))
			next_line(stock);
		while (ours->line && !is_header(ours))
			next_line(ours);
	}
	tally->sequences++;
}

/* The logs are of the same run, and both came to their end. */
static bool comparable(struct log *stock, struct log *ours)
{
	if (!same_line(stock, ours) || strncmp(stock->line, "vfio-diff ", 10)) {
		printf("not ok - the logs %s and %s are not of the same sequences\n", stock->path,
		       ours->path);
		return false;
	}
	next_line(stock);
	next_line(ours);
	return true;
}

static void compare_all(struct log *stock, struct log *ours, struct tally *tally,
			const char *rerun)
{
	char header[32];

	while (is_header(stock) && same_line(stock, ours)) {
		snprintf(header, sizeof(header), "%s", stock->line + 2);
		next_line(stock);
		next_line(ours);
		compare_sequence(stock, ours, header, tally, rerun);
	}
}

int compare_logs(const char *stock_path, const char *ours_path, const char *rerun)
{
	struct tally tally = { 0 };
	struct log stock, ours;
	int status = 1;

	if (open_log(&stock, stock_path) || open_log(&ours, ours_path))
		return 2;
	if (comparable(&stock, &ours)) {
		compare_all(&stock, &ours, &tally, rerun);
		if (stock.line || ours.line)
			printf("not ok - one log ends early, behind %lu sequences: stock has '%s', ours '%s'\n",
			       tally.sequences, stock.line ? stock.line : "",
			       ours.line ? ours.line : "");
		else if (tally.different || !tally.sequences)
			printf("not ok - %lu of %lu sequences differ\n", tally.different,
			       tally.sequences);
		else
			status = 0;
		if (!status)
			printf("ok - zero differences in %lu sequences, %lu steps\n",
			       tally.sequences, tally.steps);
	}
	close_log(&stock);
	close_log(&ours);
	return status;
}
