/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds.h - the subcommands of vfio-trace, one file each
 *
 * Each takes argv with its own name first and returns the exit status: 0 done, 1 failed (a
 * sentence is on stderr), 2 wrong usage.
 */
#ifndef VFIO_TRACE_CMDS_H
#define VFIO_TRACE_CMDS_H

#define EXIT_USAGE 2

int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_script(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);

#endif
