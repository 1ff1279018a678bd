/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * begun.bpf.h - operations that have begun and not returned
 *
 * For those that can take long and are rare enough to pay for: attach, SET_IOMMU, the backend's
 * ioctls. Called with the aggregates by vfio_tp.bpf.c and vfio_fentry.bpf.c. An entry belongs to
 * the task that took it, so only the taking is a race.
 */
#ifndef VFIO_OBS_BEGUN_BPF_H
#define VFIO_OBS_BEGUN_BPF_H

#include "aggregate.bpf.h"

static __always_inline struct vfio_begun *begun_at(__u32 pid, __u32 try)
{
	__u32 index = (pid + try) % VFIO_OBS_BEGUN;

	return bpf_map_lookup_elem(&begun, &index);
}

/* Not static, nor is begun_end(): see slot_claim(). */
__noinline int begun_begin(__u32 op, __u64 id, __u64 arg0, __u64 arg1)
{
	__u64 task = bpf_get_current_pid_tgid();

	for (int i = 0; i < VFIO_OBS_BEGUN_TRIES; i++) {
		struct vfio_begun *b = begun_at(task, i);

		if (!b)
			return 0;
		if (__sync_val_compare_and_swap(&b->state, VFIO_OBS_BEGUN_FREE,
						VFIO_OBS_BEGUN_BUSY) != VFIO_OBS_BEGUN_FREE)
			continue;
		b->pid = task;
		b->tgid = task >> 32;
		b->op = op;
		b->id = id;
		b->start_ns = bpf_ktime_get_boot_ns();
		b->arg[0] = arg0;
		b->arg[1] = arg1;
		bpf_get_current_comm(b->comm, sizeof(b->comm));
		__sync_lock_test_and_set(&b->state, VFIO_OBS_BEGUN_SET);
		return 0;
	}
	count_miss(begun_full);
	return 0;
}

/* The running task's operation returns; it may have begun before we were there. */
__noinline int begun_end(void)
{
	__u32 pid = bpf_get_current_pid_tgid();

	for (int i = 0; i < VFIO_OBS_BEGUN_TRIES; i++) {
		struct vfio_begun *b = begun_at(pid, i);

		if (!b)
			return 0;
		if (read_once(b->state) != VFIO_OBS_BEGUN_SET || b->pid != pid)
			continue;
		__sync_lock_test_and_set(&b->state, VFIO_OBS_BEGUN_FREE);
		return 0;
	}
	return 0;
}

#endif
