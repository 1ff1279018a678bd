/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_text.h - lines that the report for people and its breakdown of starts have in common
 *
 * Used by report_text.c and start_text.c.
 */
#ifndef VFIO_TRACE_REPORT_TEXT_H
#define VFIO_TRACE_REPORT_TEXT_H

#include "report.h"

/* Of what recording it is, and what is missing in it. */
void report_text__head(const struct report *report, FILE *out);

/* "@title 2: dpdk-testpmd (163), groups 4, ..., opened ..." behind an empty line, and whose it is. */
void report_text__container(const struct report *report, const struct report_container *c,
			    const char *title, FILE *out);

/* " in 412 chunks (mean 1.2M)"; @of: "chunk" */
void report_text__chunks(__u64 n, const char *of, __u64 bytes, FILE *out);

#endif
