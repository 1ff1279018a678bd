/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_opts.h - the command line of vfio-trace record
 *
 * Used by record.c.
 */
#ifndef VFIO_TRACE_RECORD_OPTS_H
#define VFIO_TRACE_RECORD_OPTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/record_parts.h"
#include "lib/record_ring.h"
#include "lib/source.h"

/*
 * @path:   of the recording, "-" standard output
 * @input:  a recording that is the source; NULL: the kernel is
 * @events: bit per event that is recorded
 * @duration_ns: 0: no limit
 * @ring_bytes:  of the kernel's buffers; 0: default
 * @max_overhead: in percent of all CPUs' time; 0: no limit
 * @limits, @keep: of several files
 * @ring:   with .bytes: nothing is written until something happens
 * @command: NULL: none
 */
struct record_opts {
	const char *path, *input;
	__u64 events;
	__u64 duration_ns;
	size_t ring_bytes;
	double max_overhead;
	enum source_live_kind live;
	struct record_parts_limits limits;
	struct record_ring_opts ring;
	__u64 keep;
	char **command;
};

/* True: go on; else all is said, exit with *status. */
bool record_opts__parse(int argc, char **argv, struct record_opts *opts, int *status);

/* The recording is several files, each of which begins with what is open then. */
bool record_opts__is_several(const struct record_opts *opts);

#endif
