/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_json.h - refreshes as JSON lines, schema "vfiotop/1"
 *
 * One object on one line for each refresh:
 *   schema, number, time (ISO 8601, UTC), now_ns (CLOCK_BOOTTIME), interval_ns
 *   host, kernel, source {name, detail, live, aggregates}, cpu_percent
 *   overhead {ns_per_event, programs_cpu_percent, machine_percent, max_percent, exceeded}
 *   thinned null or {at_ns, message}
 *   lost {total, ring, pool, recursion, damaged}
 *   gap null or {kind, at_ns, message}; at_end (of a recording)
 *   totals {containers, gone, groups, mapped_bytes, mapped_unknown, pinned_pages,
 *           pinned_unknown, ops_per_second, ops}
 *   containers [{every field of field_container.c, groups_complete, holders, ops}]; holders: how
 *     many processes had it open when vfiotop began, null when it was opened later;
 *     owner {kind, pid, started_ns, texts}: see owner_json.h
 *   groups [{number, complete, devices}] of all containers, gone ones too: see owner_json.h
 *   ops {one key for each operation: {every field of field_op.c but "operation"}}
 * Unknown values and those that do not apply are null. The sums in totals are over containers
 * whose value is known; *_unknown counts the others. totals.ops has the containers that are gone
 * in it as well. New keys may come; a key never changes its meaning within one schema number.
 */
#ifndef VFIO_OBS_VIEW_JSON_H
#define VFIO_OBS_VIEW_JSON_H

#include <stdio.h>

#include "view.h"

#define VIEW_JSON_SCHEMA "vfiotop/1"

/* Errors stay in @out for ferror(). */
void view_json__print(FILE *out, const struct view_frame *frame);

/* The JSON Schema of such a line, which is docs/vfiotop.schema.json. */
void view_json__schema(FILE *out);

#endif
