/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start_text.h - what is said about starts, the same in text and on the page
 *
 * Of start_text.c, for report_html.c and start_html.c. What is printed to @out is without an end of
 * line.
 */
#ifndef VFIO_TRACE_START_TEXT_H
#define VFIO_TRACE_START_TEXT_H

#include "report.h"

/* The longest starts; --json has all. */
#define START_MAX_SHOWN 20

struct start_entry {
	const struct report_container *c;
	const struct start *start;
};

/*
 * start_text__longest - all starts that have a call, the longest first, to be freed. @unseen:
 * containers of whose starts nothing is known. start_text__is_short(): below 1% of @longest.
 */
struct start_entry *start_text__longest(const struct report *report, size_t *n, size_t *unseen);
bool start_text__is_short(const struct start *start, const struct start *longest);

/* A sentence, NULL: there is no reason to doubt. */
const char *start_text__doubt(const struct report *report);

/* "70M/s"; returns @buf. */
char *start_text__speed(char *buf, size_t size, __u64 bytes, __u64 ns);

/* Whether any page was pinned. */
bool start_text__pins(const struct model_map_parts *parts);

/* "256M at iova 0x100338000, 70M/s"; "group 4: 0000:00:10.0 (vfio-pci)" */
void start_text__what(const struct report *report, const struct start_call *call, FILE *out);
/* Behind @before, where there is something to say: "pin 3.63s in 260 chunks ..." */
void start_text__inside(const struct start_call *call, const char *before, FILE *out);
/* The same: "failed: EINVAL" */
void start_text__result(const struct start_call *call, const char *before, FILE *out);

/* "12 shorter calls, 1.5M, ...", which took @ns; false: all calls of @part are listed. */
bool start_text__more(const struct start *start, enum start_part part, __u64 *ns, FILE *out);

/* The first gap that begins at @from_ns or later and is worth a line; NULL: none. */
const struct start_gap *start_text__next_gap(const struct start *start, __u64 from_ns);

/* Where the line between the start and what came later was drawn, as a sentence. */
void start_text__end(const struct start *start, FILE *out);

#endif
