/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_parts.h - a recorder's destination: one file, or several one after the other
 *
 * Used by vfio-trace record. Where one file ends the next begins: each event is in one of them, and
 * each stands alone, as it begins with what is open then (record_state.h). `vfio-trace merge` makes
 * one of them.
 */
#ifndef VFIO_OBS_RECORD_PARTS_H
#define VFIO_OBS_RECORD_PARTS_H

#include "record_dest.h"

/*
 * A file ends when it has @max_bytes, or some more, and when it has lasted for @max_ns; 0: not for
 * that. With neither there is one file of the name itself.
 */
struct record_parts_limits {
	__u64 max_bytes, max_ns;
};

/* Opens the first file. NULL with a sentence in @err. */
struct record_dest *record_parts__create(const struct record_dest_config *config,
					 const struct record_parts_limits *limits, char *err,
					 size_t err_size);

#endif
