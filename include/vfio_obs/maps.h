/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * maps.h - layout of what BPF programs and the live source share through mapped BPF maps
 *
 * Used by bpf/ and tools/lib/source_*.c only: nothing above a source knows BPF.
 */
#ifndef VFIO_OBS_MAPS_H
#define VFIO_OBS_MAPS_H

#include "aggregate.h"

/* No block of the pool. */
#define VFIO_OBS_NO_BLOCK 0

/*
 * One container while it lives, at index slot. Every user compares @id first: a slot is given
 * to the next container as soon as its container is freed.
 * @id: 0 when free, VFIO_OBS_SLOT_BUSY for the moment in which a program sets the slot up
 * @freed_id: the last container freed here; ids only grow, so an event of this or an earlier
 *            container comes late and must not claim the slot again
 * @block: for each operation the index of its vfio_op_stats in the pool, VFIO_OBS_NO_BLOCK none
 * @partial: first seen by something else than its open, so the gauges miss what was before
 */
struct vfio_slot {
	__u64 id;
	__u64 freed_id;
	struct vfio_gauges gauges;
	__u32 partial;
	__u32 block[VFIO_OP_COUNT];
};
#define VFIO_OBS_SLOT_BUSY (~0ULL)

/*
 * Pushed to the queue "finals" when a container is freed. The blocks are then the reader's: it
 * takes the totals, clears the blocks and gives the indices back through the queue "free_blocks".
 */
struct vfio_final {
	__u64 id;
	__u32 partial;
	__u32 block[VFIO_OP_COUNT];
};

/* What did not fit; sums over all CPUs, never reset. In the programs' .bss. */
struct vfio_misses {
	__u64 pool_full;   /* operations not aggregated: no free block */
	__u64 no_slot;     /* operations not aggregated: container without a usable slot */
	__u64 finals_full; /* containers whose final totals were lost with their blocks */
};

/*
 * Control words of one CPU's ring of records; the records of all CPUs are one mmap-able array,
 * record n of CPU c at index c * capacity + (n & (capacity - 1)). raw_tp programs run with
 * preemption off and the events come from task context only, so a ring has one writer. @head and
 * @tail count records and only grow. The writer publishes a record by storing @head; the reader
 * frees by storing @tail. Each side's words have a cache line of their own.
 */
struct vfio_ring {
	__u64 head;
	__u64 seq;  /* records attempted, = head + lost */
	__u64 lost; /* records not written because the ring was full */
	__u64 pad[5];
	__u64 tail;
	__u64 pad2[7];
};

#endif
