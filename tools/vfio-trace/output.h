/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output.h - where a command's -o OUT leads: a file or standard output
 *
 * For export.c and report_cmd.c, which write text; recordings are written by record_writer.h.
 */
#ifndef VFIO_TRACE_OUTPUT_H
#define VFIO_TRACE_OUTPUT_H

#include <stdio.h>

/*
 * output__open - to write to @path, NULL or "-" is standard output. What is made from the recording
 * @from is as private as that, and never overwrites it. NULL: a sentence is on stderr. To be closed
 * unless it is stdout.
 */
FILE *output__open(const char *path, const char *from);

#endif
