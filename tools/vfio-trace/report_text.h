/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_text.h - what the reports for people have in common
 *
 * Of report_text.c, for start_text.c and report_html.c.
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

/* What was lost, and how: "12 (12 buffer full, ...)" */
void report_text__lost(const struct report *report, FILE *out);

/* Where the time of MAP_DMAs went; @parts has some: "of 3 map_dma 3.66s: pin 3.63s in ..." */
void report_text__map_parts(const struct model_map_parts *parts, FILE *out);

/* "groups 4,5", "groups none" */
void report_text__groups(const struct report_container *c, FILE *out);

#endif
