/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rewrite.h - reading recordings and writing another one
 *
 * What cut, anonymise and merge share: they differ in what stands between reader and writer.
 */
#ifndef VFIO_TRACE_REWRITE_H
#define VFIO_TRACE_REWRITE_H

#include <linux/types.h>
#include <stdbool.h>

#include "lib/record_writer.h"
#include "lib/source.h"
#include "vfio_obs/record.h"

/*
 * @out:    name of the new recording, "-" standard output
 * @sink:   what comes here is written; after rewrite__header()
 * @whole:  all that was wanted could be read and written until now
 */
struct rewrite {
	const char *out;
	struct record_writer *writer;
	struct source_sink sink;
	bool whole, interrupted;
};

/* Of --help. */
#define REWRITE_HELP_OUTPUT                                                                        \
	"  -o, --output OUT         write here, as OUT.part until it is whole; - is standard\n"    \
	"                           output\n"                                                      \
	"  -h, --help               this text\n"
#define REWRITE_HELP_EXIT                                                                          \
	"\n"                                                                                       \
	"Exit status: 0 when all that was wanted could be read and is written; 1 failed, or what is\n" \
	"read is cut off or damaged: OUT has what is left of it, and says so; 2 usage.\n"

/* Whether OUT was given, and is none of the @n files that are read. 0 or EXIT_USAGE, and said. */
int rewrite__check_out(const char *command, const char *out, char *const *files, int n);

/*
 * rewrite__parse - the command line of a subcommand that has -o, -h and, from optind on, one file
 * to read or, if @many, at least two. True: go on; else all is said, exit with *status.
 */
bool rewrite__parse(int argc, char **argv, const char *help, bool many, const char **out,
		    int *status);

/* The recording @path, to be closed, read without privileges. NULL: a sentence was printed. */
struct source *rewrite__open(const char *path);

/* Begin to write. False: a sentence was printed, and nothing is left. */
bool rewrite__start(struct rewrite *rewrite, const char *out);
/* The header, which comes first. @made: appended to what it says of how it was made. */
void rewrite__header(struct rewrite *rewrite, const struct record_header *header,
		     const char *made);

/*
 * rewrite__pump - all of @source, of the name @path, through @sink, or until *@enough (NULL: all).
 * False: no more is to be read, as writing failed or a signal came.
 */
bool rewrite__pump(struct rewrite *rewrite, struct source *source, const char *path,
		   const struct source_sink *sink, bool (*enough)(const void *ctx));

/* The end mark, the name, and one line of what was written. Frees the writer. The exit status. */
int rewrite__finish(struct rewrite *rewrite, __u64 end_ns);
/* It is not to be: removes what was written and frees the writer. */
void rewrite__abandon(struct rewrite *rewrite);

#endif
