/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.bpf.h - writing one event into the ring of the running CPU
 *
 * Called by handle() with preemption off, so the CPU's ring has no second writer. Nothing wakes
 * the reader: it polls.
 */
#ifndef VFIO_OBS_RING_BPF_H
#define VFIO_OBS_RING_BPF_H

#include "maps.bpf.h"

/* Stores of the record must be seen before the new head. x86 keeps the order of stores. */
#ifdef __TARGET_ARCH_x86
#define publish(ptr, val)                                                                          \
	do {                                                                                       \
		asm volatile("" ::: "memory");                                                     \
		*(volatile __u64 *)(ptr) = (val);                                                  \
	} while (0)
#else
#define publish(ptr, val) ((void)__sync_lock_test_and_set((ptr), (val)))
#endif

/* Fill what every record has; @to is already in the ring. */
static __always_inline void ring_stamp(struct vfio_rec *to, __u32 type, const struct vfio_rec *rec,
				       __u64 seq, __u32 cpu)
{
	__u64 task = bpf_get_current_pid_tgid();

	to->ts_ns = bpf_ktime_get_boot_ns();
	to->seq = seq;
	to->id = rec->id;
	to->cgroup = bpf_get_current_cgroup_id();
	to->tgid = task >> 32;
	to->pid = task;
	to->slot = rec->slot;
	to->type = type;
	to->cpu = cpu;
	bpf_get_current_comm(to->comm, sizeof(to->comm));
}

static __always_inline void ring_write(__u32 type, const struct vfio_rec *rec)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct vfio_ring *ring = bpf_map_lookup_elem(&rings, &cpu);
	struct vfio_rec *to;
	__u64 head, seq;
	__u32 index;

	if (!ring)
		return;
	head = ring->head;
	seq = ring->seq++;
	if (head - *(volatile __u64 *)&ring->tail >= knob_ring_capacity) {
		ring->lost++;
		return;
	}
	index = cpu * knob_ring_capacity + (head & (knob_ring_capacity - 1));
	to = bpf_map_lookup_elem(&records, &index);
	if (!to)
		return;
	ring_stamp(to, type, rec, seq, cpu);
#pragma unroll
	for (int i = 0; i < VFIO_OBS_WORDS; i++)
		to->w[i] = rec->w[i];
	publish(&ring->head, head + 1);
}

#endif
