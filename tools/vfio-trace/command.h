/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - running the COMMAND that is recorded
 *
 * Used by record.c.
 */
#ifndef VFIO_TRACE_COMMAND_H
#define VFIO_TRACE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

/* A process that waits to become COMMAND. */
struct command {
	pid_t pid;
	int go, report;
};

/*
 * command__prepare - begin the process that will be @argv, with the rights and the priority that
 * we have now; it waits. With @quiet_stdout its standard output is our standard error, because
 * ours carries the recording. 0 or -errno.
 */
int command__prepare(struct command *command, char **argv, bool quiet_stdout);

/* command__start - let it run. Its pid, or -errno when @argv cannot be run. */
pid_t command__start(struct command *command);

/* It is not needed after all. */
void command__cancel(struct command *command);

/* Whether @pid has ended, without waiting; then @status as from waitpid(). */
bool command__ended(pid_t pid, int *status);

#endif
