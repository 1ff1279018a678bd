/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * leaks.h - what never went away: the part of a report about leaks
 *
 * Printed by report_text.c, report_html.c and report_json.c. Found are containers that live on
 * behind the close of their file, pages that were pinned and never unpinned, and mappings that
 * nobody undid. What the recording cannot tell is said.
 */
#ifndef VFIO_TRACE_LEAKS_H
#define VFIO_TRACE_LEAKS_H

#include <jansson.h>

#include "report.h"

/* The section "Leaks" for people, without its title: a line each, behind @indent. */
void leaks__print(const struct report *report, const char *indent, FILE *out);

/* A new object; docs/report.md tells its keys. */
json_t *leaks__json(const struct report *report);

#endif
