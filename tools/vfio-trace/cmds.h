/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds.h - the subcommands of vfio-trace, one file each
 *
 * Each takes argv with its own name first and returns the exit status: 0 done, 1 failed (a
 * sentence is on stderr), 2 wrong usage.
 */
#ifndef VFIO_TRACE_CMDS_H
#define VFIO_TRACE_CMDS_H

#include <stdbool.h>

#define EXIT_USAGE 2

int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_script(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_cut(int argc, char **argv);
int cmd_anonymise(int argc, char **argv);
int cmd_merge(int argc, char **argv);

/* cmds__usage - says what is wrong with the command line of @command, @arg for one. EXIT_USAGE. */
int cmds__usage(const char *command, const char *what, const char *arg);

/* The command line of a subcommand that has --json, --help and one FILE, or @two. */
struct cmds_line {
	const char *help;
	bool two;
	bool json;
	const char *path, *other;
};

/* Returns true with @line filled, or false with the exit @status: all is said then. */
bool cmds__one_file(int argc, char **argv, struct cmds_line *line, int *status);

#endif
