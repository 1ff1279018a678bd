/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack.bpf.h - which call stacks lead to an operation, and what they cost
 *
 * An entry for each container, operation, process, kernel stack and user stack. Stacks are told
 * apart by a hash of their addresses. What user space needs to name the frames is taken once, when
 * an entry begins, and as the kernel knows it at that moment: its own functions by name, the
 * user's by build id and place in the file. So a process may end, a module may be unloaded and a
 * pid be reused before anybody looks.
 */
#ifndef VFIO_OBS_STACK_BPF_H
#define VFIO_OBS_STACK_BPF_H

#include "aggregate.bpf.h"

/* The sizes are set by user space: as many stacks as it wants to keep, 1 when none. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct vfio_stack_key);
	__type(value, __u32); /* in stacks */
} stack_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vfio_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, __u32);
} free_stacks SEC(".maps");

/* Too large for a program's own stack; a task is inside of one program at a time. */
struct stack_ips {
	__u64 kernel[VFIO_OBS_STACK_FRAMES];
	__u64 user[VFIO_OBS_STACK_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct stack_ips);
} stack_ips SEC(".maps");

static __always_inline bool stack_wanted(const struct vfio_outcome *o)
{
	if (knobs.stack_ops >> o->op & 1)
		return true;
	if (knobs.stack_failed && o->ret < 0)
		return true;
	return knobs.stack_slow_ns && o->duration != VFIO_OBS_UNKNOWN &&
	       o->duration >= knobs.stack_slow_ns;
}

/* Never 0, which says that there is no stack. */
static __always_inline __u64 stack_hash(const __u64 ips[VFIO_OBS_STACK_FRAMES])
{
	__u64 hash = VFIO_OBS_STACK_FRAMES;

	for (int i = 0; i < VFIO_OBS_STACK_FRAMES; i++) {
		hash = (hash ^ ips[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash | 1;
}

/* What is behind the last frame is 0 in both. */
static __always_inline void stack_describe(void *ctx, struct vfio_stack *stack,
					   const struct stack_ips *ips)
{
	long size = bpf_get_stack(ctx, stack->user, sizeof(stack->user),
				  BPF_F_USER_STACK | BPF_F_USER_BUILD_ID);

	/* The files of a task that is exiting are not to be found any more. */
	if (size < 0)
		__builtin_memset(stack->user, 0, sizeof(stack->user));
	bpf_get_current_comm(stack->comm, sizeof(stack->comm));
	for (int i = 0; i < VFIO_OBS_STACK_FRAMES; i++) {
		stack->kernel_ip[i] = ips->kernel[i];
		stack->user_ip[i] = ips->user[i];
		stack->kernel[i][0] = 0;
		if (ips->kernel[i])
			BPF_SNPRINTF(stack->kernel[i], VFIO_OBS_SYMBOL_LEN, "%pB",
				     ips->kernel[i]);
	}
}

/*
 * A new entry: described before anybody can find it. NULL, and counted: there is no room. Another
 * CPU may have been faster, then it is that one's.
 */
static __always_inline struct vfio_stack *stack_new(void *ctx, const struct vfio_stack_key *key,
						    const struct stack_ips *ips)
{
	struct vfio_stack *stack;
	__u32 index, *found;

	if (bpf_map_pop_elem(&free_stacks, &index))
		goto miss;
	stack = bpf_map_lookup_elem(&stacks, &index);
	if (!stack)
		goto miss;
	stack->key = *key;
	stack_describe(ctx, stack, ips);
	if (!bpf_map_update_elem(&stack_index, key, &index, BPF_NOEXIST))
		return stack;
	bpf_map_push_elem(&free_stacks, &index, BPF_ANY);
	found = bpf_map_lookup_elem(&stack_index, key);
	stack = found ? bpf_map_lookup_elem(&stacks, found) : NULL;
	if (stack)
		return stack;
miss:
	count_miss(stack_full);
	return NULL;
}

/* The count comes last: who sees an entry with one finds all of it. */
static __always_inline void stack_account(struct vfio_stack *stack, const struct vfio_outcome *o)
{
	if (o->ret < 0)
		vfio_obs_add(&stack->errors, 1);
	else
		vfio_obs_add(&stack->pages, o->pages);
	if (o->duration == VFIO_OBS_UNKNOWN) {
		vfio_obs_add(&stack->untimed, 1);
	} else {
		vfio_obs_add(&stack->sum_ns, o->duration);
		for (int i = 0; i < 8; i++) {
			__u64 max = read_once(stack->max_ns);

			if (o->duration <= max ||
			    __sync_val_compare_and_swap(&stack->max_ns, max, o->duration) == max)
				break;
		}
	}
	vfio_obs_add(&stack->count, 1);
}

/* The running task has done @o in a call of which the stack is what it is now. */
static __noinline int stack_add(void *ctx, __u64 id, const struct vfio_outcome *o)
{
	struct stack_ips *ips = bpf_task_storage_get(&stack_ips, bpf_get_current_task_btf(), NULL,
						     BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct vfio_stack_key key = { .id = id, .op = o->op };
	struct vfio_stack *stack;
	__u32 *index;

	if (!ips) {
		count_miss(stack_no_memory);
		return 0;
	}
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	/* On failure all frames are 0: the operation is counted without its stack. */
	if (bpf_get_stack(ctx, ips->kernel, sizeof(ips->kernel), 0) > 0)
		key.kernel = stack_hash(ips->kernel);
	else
		count_miss(stack_unread);
	/* A kernel thread has none, nor has a process that exits: that is no loss. */
	if (bpf_get_stack(ctx, ips->user, sizeof(ips->user), BPF_F_USER_STACK) > 0)
		key.user = stack_hash(ips->user);
	index = bpf_map_lookup_elem(&stack_index, &key);
	stack = index ? bpf_map_lookup_elem(&stacks, index) : stack_new(ctx, &key, ips);
	if (stack)
		stack_account(stack, o);
	return 0;
}

/* The event @type in @rec, if it completes an operation whose stack was asked for. */
static __always_inline void stack_event(void *ctx, __u32 type, const struct vfio_rec *rec)
{
	struct vfio_outcome outcome = vfio_outcome_of(type, rec);

	if (outcome.op < VFIO_OP_COUNT && stack_wanted(&outcome))
		stack_add(ctx, rec->id, &outcome);
}

#endif
