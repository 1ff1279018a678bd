/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_stacks.h - reading the call stacks that the BPF programs keep
 *
 * Used by source_live.c. Frames are named when a stack is seen first.
 */
#ifndef VFIO_OBS_TP_STACKS_H
#define VFIO_OBS_TP_STACKS_H

#include <linux/types.h>

#include "source.h"
#include "symbols.h"
#include "vfio_obs/maps.h"

/* The mapped map and the descriptors of the others; all stay the caller's. */
struct tp_stacks_maps {
	struct vfio_stack *stacks; /* [n] */
	__u32 n;
	int index_fd, free_fd;
};

struct tp_stacks;

/* @symbols and @next_number, which goes on from one to the next, stay the caller's. */
struct tp_stacks *tp_stacks__create(const struct tp_stacks_maps *maps, struct symbols *symbols,
				    __u64 *next_number);
void tp_stacks__destroy(struct tp_stacks *stacks);

/* tp_stacks__deliver - what changed. @id_bits are added to every container's id. */
void tp_stacks__deliver(struct tp_stacks *stacks, __u64 id_bits, const struct source_sink *sink);

/* The container @id, without its bits, was freed: deliver its stacks, and their room is free. */
void tp_stacks__forget(struct tp_stacks *stacks, __u64 id, __u64 id_bits,
		       const struct source_sink *sink);

#endif
