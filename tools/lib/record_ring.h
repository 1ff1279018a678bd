/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_ring.h - a recorder's destination: memory, and a file when something happens
 *
 * Used by vfio-trace record. The last blocks are held as they would be written; when a trigger
 * fires a file is written with what led to it. What is in one file is not in the next.
 */
#ifndef VFIO_OBS_RECORD_RING_H
#define VFIO_OBS_RECORD_RING_H

#include "record_dest.h"
#include "record_trigger.h"

/*
 * @bytes:    that are held at most, but for what is open if that takes more
 * @after_ns: so long what comes behind a trigger is in its file
 * @distance_ns: between the triggers of two files
 */
struct record_ring_opts {
	__u64 bytes, after_ns, distance_ns;
	struct record_trigger trigger;
};

/* NULL with a sentence in @err. */
struct record_dest *record_ring__create(const struct record_dest_config *config,
					const struct record_ring_opts *opts, char *err,
					size_t err_size);

#endif
