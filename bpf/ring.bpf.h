/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.bpf.h - writing one event into the ring of the running CPU
 *
 * With VFIO_OBS_PREEMPTIBLE several programs of one CPU may be in here at a time, each at another
 * record; ring_write(), called by handle(), is told a finished event. Without it the programs run
 * with preemption off, so the CPU's ring has no second writer in between: they fill the record in
 * its place, between ring_begin() and ring_end(). Both may share a ring: these only interrupt those
 * of the first kind, which see it by the head. Nothing wakes the reader: it polls.
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

static __always_inline struct vfio_rec *ring_at(__u32 cpu, __u64 n)
{
	__u32 index = cpu * knobs.ring_capacity + (n & (knobs.ring_capacity - 1));

	return bpf_map_lookup_elem(&records, &index);
}

/*
 * The frequent events leave out what the record before them in the ring says as well. Now and then
 * they say it all the same, as a task's name and cgroup can change.
 */
#define FREQUENT                                                                                   \
	(1ULL << VFIO_EV_PIN_START | 1ULL << VFIO_EV_PIN | 1ULL << VFIO_EV_UNPIN_START |           \
	 1ULL << VFIO_EV_UNPIN | 1ULL << VFIO_EV_DMA_RW_START | 1ULL << VFIO_EV_DMA_RW)
#define SAY_EVERY 256

#define IS_CONTAINER 0ULL
#define IS_MODULE 0ULL
#define IS_HOOK 1ULL
#define HOOK_BIT(ENUM, name, SCOPE, op, help) | IS_##SCOPE << VFIO_EV_##ENUM
#define HOOKS (0 VFIO_OBS_EVENTS(HOOK_BIT))

static __always_inline void ring_set_task(struct vfio_rec *to, __u32 type, __u64 task, __u32 cpu)
{
	to->type = type;
	to->cpu = cpu;
	to->tgid = task >> 32;
	to->pid = task;
	to->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(to->comm, sizeof(to->comm));
}

#ifdef VFIO_OBS_PREEMPTIBLE
/* Each failed try means that another program got in between and reserved a record. */
#define RESERVE_TRIES 16

/* Number, and type unless the task is to be said, of a record that was reserved. */
struct reserved {
	__u64 head, seq;
	bool same_task;
};

/*
 * Reserve the next record for @task. ring->task is whose the record before is, if nobody is in here
 * at a time. It is set before the record is reserved, so whoever else is in here then has this
 * one's reservation fail or finds a task that is not its own. A second try takes no word for it.
 * False: there is no room, and nobody can tell any more whose the last record is.
 */
static __always_inline bool ring_reserve(struct vfio_ring *ring, __u32 type, __u64 task,
					 struct reserved *to)
{
	for (int i = 0; i < RESERVE_TRIES; i++) {
		/* In this order: numbers then grow from record to record. */
		__u64 lost = read_once(ring->lost);
		__u64 head = read_once(ring->head);

		if (head - read_once(ring->tail) >= knobs.ring_capacity)
			break;
		to->head = head;
		to->seq = head + lost;
		to->same_task = FREQUENT >> type & 1 && !i && read_once(ring->task) == task &&
				head % SAY_EVERY;
		/* Nobody leaves out what a hook's record says. */
		if (!to->same_task && !(HOOKS >> type & 1))
			write_once(ring->task, task);
		if (__sync_val_compare_and_swap(&ring->head, head, head + 1) == head)
			return true;
	}
	if (!(HOOKS >> type & 1))
		write_once(ring->task, 0);
	__sync_fetch_and_add(&ring->lost, 1);
	return false;
}

static __always_inline void ring_write(__u32 type, const struct vfio_rec *rec)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct vfio_ring *ring = bpf_map_lookup_elem(&rings, &cpu);
	__u64 task = bpf_get_current_pid_tgid();
	struct reserved reserved;
	struct vfio_rec *to;

	if (!ring || !ring_reserve(ring, type, task, &reserved))
		return;
	to = ring_at(cpu, reserved.head);
	if (!to)
		return;
	to->seq = reserved.seq;
	to->id = rec->id;
	to->slot = rec->slot;
	if (reserved.same_task)
		to->type = type | VFIO_OBS_SAME_TASK;
	else
		ring_set_task(to, type, task, cpu);
#pragma unroll
	for (int i = 0; i < VFIO_OBS_WORDS; i++)
		to->w[i] = rec->w[i];
	publish(&to->ts_ns, bpf_ktime_get_boot_ns());
}
#else
/* Room for the next record, its time and number set; NULL, and counted, when the ring is full. */
static __always_inline struct vfio_rec *ring_next(struct vfio_ring *ring, __u32 cpu)
{
	__u64 head = ring->head;
	__u64 seq = head + ring->lost;
	struct vfio_rec *to;

	if (head - read_once(ring->tail) >= knobs.ring_capacity) {
		ring->lost++;
		return NULL;
	}
	to = ring_at(cpu, head);
	if (!to)
		return NULL;
	to->seq = seq;
	to->ts_ns = bpf_ktime_get_boot_ns();
	return to;
}

/* As ring_set_task(), or a note that the record before says it. */
static __always_inline void ring_say_task(struct vfio_rec *to, __u32 type, struct vfio_ring *ring,
					  __u32 cpu)
{
	__u64 task = bpf_get_current_pid_tgid();

	if (FREQUENT >> type & 1 && ring->task == task && ring->head % SAY_EVERY) {
		to->type = type | VFIO_OBS_SAME_TASK;
		return;
	}
	ring->task = task;
	ring_set_task(to, type, task, cpu);
}

/* A record of the event @type in the ring, all but id, slot and words; NULL: there is no room. */
static __always_inline struct vfio_rec *ring_begin(__u32 type, struct vfio_ring **ring)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct vfio_rec *to;

	*ring = bpf_map_lookup_elem(&rings, &cpu);
	if (!*ring)
		return NULL;
	to = ring_next(*ring, cpu);
	if (to)
		ring_say_task(to, type, *ring, cpu);
	return to;
}

static __always_inline void ring_end(struct vfio_ring *ring)
{
	publish(&ring->head, ring->head + 1);
}
#endif

#endif
