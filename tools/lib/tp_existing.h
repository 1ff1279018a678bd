/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_existing.h - the containers that were there before the source attached
 *
 * live_kernel.c reads them behind attaching, source_live.c delivers them in the next poll.
 */
#ifndef VFIO_OBS_TP_EXISTING_H
#define VFIO_OBS_TP_EXISTING_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "source.h"
#include "vfio_obs/existing.h"

struct bpf_map;
struct kernel_types;
struct tp_iterator;
struct tp_existing;

/* The maps of bpf/known.bpf.h in which the attached programs keep ids of their own. */
struct tp_iterator_maps {
	const struct bpf_map *by_addr, *known, *free_slots, *identity;
};

/*
 * tp_iterator__load - load the program for the vfio module that is loaded now: the slow part, to
 * be done before events begin to fill the rings. Ids are those of @maps, or when that is NULL the
 * module's. NULL, and the reason in @why, when the kernel does not let us.
 */
struct tp_iterator *tp_iterator__load(struct kernel_types *types,
				      const struct tp_iterator_maps *maps, char *why,
				      size_t why_size);
void tp_iterator__destroy(struct tp_iterator *iterator);

/*
 * tp_iterator__read - go through the open files of all processes. The number of bytes of struct
 * vfio_existing in *@records, which is the caller's to free; or -errno, NULL and @why as above.
 */
ssize_t tp_iterator__read(struct tp_iterator *iterator, void **records, char *why,
			  size_t why_size);

/*
 * tp_existing__create - what @n records, which are copied, tell. Containers opened at @since_ns or
 * later are left out: their open events tell.
 */
struct tp_existing *tp_existing__create(const struct vfio_existing *records, size_t n,
					__u64 since_ns);
void tp_existing__destroy(struct tp_existing *existing);

/* tp_existing__deliver - each container once, by id. @id_bits are added to every id. */
void tp_existing__deliver(const struct tp_existing *existing, __u64 id_bits,
			  const struct source_sink *sink);

#endif
