/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pairing.bpf.h - joining the end of a call to its begin
 *
 * A task's calls nest (UNMAP_DMA's callback unpins), sleep and move to other CPUs, so each task
 * has a stack of those it is inside of. An end that finds no begin has an unknown duration; a
 * begin whose end never came is dropped when a call below it ends or the stack is full.
 */
#ifndef VFIO_OBS_PAIRING_BPF_H
#define VFIO_OBS_PAIRING_BPF_H

#include "vfio_obs/maps.h"

/* Deeper nesting does not occur; a power of two. */
#define CALL_DEPTH 8

/*
 * One call that has begun. @arg: its first argument, with @op what tells it from others of the
 * same task; @slot, @id: its container, @id of 32 bits, 0 none
 */
struct call {
	__u64 start_ns;
	__u64 arg;
	__u32 op;
	__u32 slot;
	__u32 id;
	__u32 pad;
};

struct calls {
	__u32 depth;
	__u32 pad;
	struct call call[CALL_DEPTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct calls);
} tasks SEC(".maps");

/* False: there is no memory, the end will not find it. */
static __always_inline bool call_begin(__u32 op, __u64 arg, __u32 slot, __u64 id)
{
	struct calls *calls = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL,
						   BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct call *call;
	__u32 depth;

	if (!calls)
		return false;
	depth = calls->depth;
	if (depth >= CALL_DEPTH)
		depth = 0;
	call = &calls->call[depth & (CALL_DEPTH - 1)];
	calls->depth = depth + 1;
	call->arg = arg;
	call->op = op;
	call->slot = slot;
	call->id = id;
	call->start_ns = bpf_ktime_get_ns();
	return true;
}

/* The last begin of @op on @arg that the task has, and with it what was begun later, is off. */
static __always_inline struct call *call_find(struct calls *calls, __u32 op, __u64 arg)
{
	__u32 depth = calls->depth;

	for (int i = 0; i < CALL_DEPTH && depth; i++) {
		struct call *call;

		depth--;
		call = &calls->call[depth & (CALL_DEPTH - 1)];
		if (call->op == op && call->arg == arg) {
			calls->depth = depth;
			return call;
		}
	}
	return NULL;
}

/* The call that ends now: valid until the program ends. NULL: its begin is not known. */
static __always_inline struct call *call_end(__u32 op, __u64 arg)
{
	struct calls *calls = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL, 0);

	return calls ? call_find(calls, op, arg) : NULL;
}

static __always_inline __u64 call_duration(const struct call *call, __u64 now_ns)
{
	return call ? now_ns - call->start_ns : VFIO_OBS_UNKNOWN;
}

#endif
