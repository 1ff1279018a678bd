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

/*
 * command__start - run @argv with the priority @nice_value. With @quiet_stdout its standard
 * output is our standard error, because ours carries the recording. Returns its pid, or -errno
 * when it cannot be run.
 */
pid_t command__start(char **argv, bool quiet_stdout, int nice_value);

/* Whether @pid has ended, without waiting; then @status as from waitpid(). */
bool command__ended(pid_t pid, int *status);

#endif
