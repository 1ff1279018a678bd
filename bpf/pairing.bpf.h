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
#include "once.bpf.h"

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

/* For tasks that find no desk. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct calls);
} tasks SEC(".maps");

/*
 * Where a task usually has its calls, by its number: a tenth of what task storage costs. It is the
 * task's from the begin of the first until the end of the last. A power of two.
 */
#define CALL_DESKS 1024

struct desk {
	__u64 task; /* bpf_get_current_pid_tgid(), 0 free */
	struct calls calls;
};

static struct desk desks[CALL_DESKS];

static __always_inline struct desk *desk_of(__u64 task)
{
	return &desks[task & (CALL_DESKS - 1)];
}

/* The calls of the running @task, where the next one belongs; NULL: there is no memory. */
static __always_inline struct calls *calls_get(__u64 task)
{
	struct desk *desk = desk_of(task);

	/* An idle task's number is 0. */
	if (task && (read_once(desk->task) == task ||
		     !__sync_val_compare_and_swap(&desk->task, 0, task)))
		return &desk->calls;
	return bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* False: there is no memory, the end will not find it. */
static __always_inline bool call_begin(__u64 task, __u32 op, __u64 arg, __u32 slot, __u64 id)
{
	struct calls *calls = calls_get(task);
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

static __always_inline bool call_is(const struct call *call, __u32 op, __u64 arg)
{
	return call->op == op && call->arg == arg;
}

/* The last begin of @op on @arg that is there, and with it what was begun later, is off. */
static __noinline bool call_take(struct calls *calls, __u32 op, __u64 arg, struct call *to)
{
	__u32 depth = calls->depth;

	for (int i = 0; i < CALL_DEPTH && depth; i++) {
		struct call *call;

		depth--;
		call = &calls->call[depth & (CALL_DEPTH - 1)];
		if (call_is(call, op, arg)) {
			calls->depth = depth;
			*to = *call;
			return true;
		}
	}
	return false;
}

/* Of a task that has no desk, or had none when the call began. */
static __noinline bool call_take_stored(__u32 op, __u64 arg, struct call *to)
{
	struct calls *calls = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL, 0);

	return calls && call_take(calls, op, arg, to);
}

/* Of the desk of @task, if it has one. */
static __always_inline bool call_take_desk(__u64 task, __u32 op, __u64 arg, struct call *to)
{
	struct desk *desk = desk_of(task);
	struct calls *calls = &desk->calls;
	__u32 top = calls->depth - 1;
	bool found;

	if (read_once(desk->task) != task)
		return false;
	/* Nearly always it is the one that was begun last. */
	found = call_is(&calls->call[top & (CALL_DEPTH - 1)], op, arg);
	if (found && top < CALL_DEPTH) {
		*to = calls->call[top & (CALL_DEPTH - 1)];
		calls->depth = top;
	} else {
		found = call_take(calls, op, arg, to);
	}
	/* From here on it may be another's. */
	if (!calls->depth)
		write_once(desk->task, 0);
	return found;
}

/* The running task's call that ends now, a copy in @to; NULL: its begin is not known. */
static __always_inline struct call *call_end(__u32 op, __u64 arg, struct call *to)
{
	__u64 task = bpf_get_current_pid_tgid();

	return call_take_desk(task, op, arg, to) || call_take_stored(op, arg, to) ? to : NULL;
}

static __always_inline __u64 call_duration(const struct call *call, __u64 now_ns)
{
	return call ? now_ns - call->start_ns : VFIO_OBS_UNKNOWN;
}

#endif
