/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handle.bpf.h - what becomes of one event that the fentry programs have found
 *
 * They find it once and then ask the knobs where it goes.
 */
#ifndef VFIO_OBS_HANDLE_BPF_H
#define VFIO_OBS_HANDLE_BPF_H

#include "vfio_obs/event.h"
#include "aggregate.bpf.h"
#include "ring.bpf.h"
#include "stack.bpf.h"

/* Events, bit per enum vfio_obs_event, that do not go into the rings any more; by user space. */
__u64 ring_off;

static __always_inline int handle_as(__u32 type, const struct vfio_rec *rec, __u32 sums)
{
	if (knobs.ring_events & (1ULL << type) && !(read_once(ring_off) >> type & 1))
		ring_write(type, rec);
	if (sums)
		aggregate(type, rec);
	return 0;
}

/* @type is a constant, so that what it does not need folds away. */
static __always_inline int handle(__u32 type, const struct vfio_rec *rec)
{
	return handle_as(type, rec, knobs.aggregate);
}

/* An event that completes an operation, while its caller is still there. */
static __always_inline int handle_end(void *ctx, __u32 type, const struct vfio_rec *rec)
{
	__u32 sums = knobs.aggregate;

	if (sums == VFIO_OBS_SUMS_STACKS)
		stack_event(ctx, type, rec);
	return handle_as(type, rec, sums);
}

#endif
