/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source_copy.h - copies of what a source tells with pointers in it
 *
 * Used by whoever keeps owners and groups longer than the call: model, queue, writer, enrich.
 */
#ifndef VFIO_OBS_SOURCE_COPY_H
#define VFIO_OBS_SOURCE_COPY_H

#include "source.h"

/* In one piece of memory: free() is all it takes. NULL of NULL. */
struct source_owner *source_copy__owner(const struct source_owner *owner);
struct source_group_info *source_copy__group(const struct source_group_info *group);

/* The same in every respect. Either may be NULL. */
bool source_copy__owner_equal(const struct source_owner *a, const struct source_owner *b);
bool source_copy__group_equal(const struct source_group_info *a,
			      const struct source_group_info *b);

#endif
