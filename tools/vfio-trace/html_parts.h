/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_parts.h - the parts of the page that report_html.c puts together
 */
#ifndef VFIO_TRACE_HTML_PARTS_H
#define VFIO_TRACE_HTML_PARTS_H

#include "html.h"
#include "report.h"
#include "start_text.h"

/* Containers, of the busiest, that get a bar or a row, and those whose operations are listed. */
#define HTML_MAX_BARS 60
#define HTML_MAX_ROWS 100
#define HTML_MAX_DETAILS 20

/* @busiest: all containers, the one that was longest in calls first */
struct page {
	struct html html;
	const struct report *report;
	const struct report_container **busiest;
	struct start_entry *starts; /* longest first */
	size_t n_starts, n_unseen;
};

/* "2: dpdk-testpmd (163)", what a container is called in pictures; returns @buf. */
char *html_parts__name(const struct report_container *c, char *buf, size_t size);
/* ns that its calls took, all together. */
__u64 html_parts__time(const struct report_container *c);

/* html_plots.c: for each operation how long it took and when; memory; what containers did when. */
void html_plots__latency(struct page *page);
void html_plots__memory(struct page *page);
void html_plots__containers(struct page *page);

/* html_starts.c: what took the time of the longest starts. */
void html_starts__print(struct page *page);

/* html_tables.c: numbers. */
void html_tables__print(struct page *page);

#endif
