/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * maps.h - layout of what BPF programs and the live source share through mapped BPF maps
 *
 * Used by bpf/ and tools/lib/source_*.c only: nothing above a source knows BPF.
 */
#ifndef VFIO_OBS_MAPS_H
#define VFIO_OBS_MAPS_H

#include <linux/bpf.h>

#include "aggregate.h"

/* No block of the pool. */
#define VFIO_OBS_NO_BLOCK 0
/*
 * Blocks that are never given to a container: by operation, the sums over those containers that
 * found no other. Of no container (id 0), so that the totals are whole all the same.
 */
#define VFIO_OBS_SHARED_BLOCK(op) (1 + (op))
#define VFIO_OBS_FIRST_FREE_BLOCK VFIO_OBS_SHARED_BLOCK(VFIO_OP_COUNT)

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
	struct vfio_gauges gauges;
	__u32 partial;
	__u32 block[VFIO_OP_COUNT];
};

/*
 * One operation that has begun: a task is inside of one at a time. Entry pid % VFIO_OBS_BEGUN or
 * one of the VFIO_OBS_BEGUN_TRIES behind it. Readers take an entry that is BEGUN_SET before and
 * after they copied it, with the same time.
 * @arg: iova and size of MAP and UNMAP (0, 0: not known), else the group of ATTACH
 */
struct vfio_begun {
	__u32 state;
	__u32 pid;
	__u32 tgid;
	__u32 op; /* enum vfio_obs_op */
	__u64 id; /* of the container */
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 arg[2];
	char comm[VFIO_OBS_COMM_LEN];
};
enum { VFIO_OBS_BEGUN_FREE, VFIO_OBS_BEGUN_BUSY, VFIO_OBS_BEGUN_SET };
#define VFIO_OBS_BEGUN 1024
#define VFIO_OBS_BEGUN_TRIES 8

/* What did not fit; sums over all CPUs, never reset. In the programs' .bss. */
struct vfio_misses {
	__u64 pool_full;    /* operations in a shared block: no free one */
	__u64 no_slot;      /* operations in a shared block: container without a usable slot */
	__u64 finals_full;  /* containers whose final totals were lost with their blocks */
	__u64 no_container; /* fentry: events lost, no identity was left for their container */
	__u64 no_begin;     /* fentry: events lost, as only the call's begin knew the container */
	__u64 begun_full;   /* operations not shown while they ran: too many at a time */
	__u64 stack_full;   /* operations whose stack is not kept: there are too many stacks */
	__u64 stack_unread; /* operations kept without their kernel stack: it could not be read */
	__u64 stack_no_memory; /* operations whose stack is not kept: no memory to read it into */
};

/*
 * Whose stack it is, and which: hashes of the addresses, 0 when there is none. With it an entry is
 * found in the map "stack_index".
 */
struct vfio_stack_key {
	__u64 id; /* of the container, 0 none */
	__u64 kernel, user;
	__u32 tgid;
	__u32 op; /* enum vfio_obs_op */
};

/* Of a stack are kept the innermost frames. */
#define VFIO_OBS_STACK_FRAMES 32
/* "function+0x12/0x345 [module]" */
#define VFIO_OBS_SYMBOL_LEN 80

/*
 * One entry of the map "stacks": how often and how long an operation was called from there. All
 * but the sums stays as it is from the moment on in which @count is above 0. Frames begin with the
 * innermost and end before the first whose address is 0.
 * @untimed: calls whose duration is unknown
 * @pages:   of PIN and UNPIN
 * @kernel:  "" where the kernel had no room to say it
 * @user:    at the same index as @user_ip; the file's build id and the offset in it, or a status
 *           that says that there is none
 */
struct vfio_stack {
	struct vfio_stack_key key;
	__u64 count, errors, untimed;
	__u64 sum_ns, max_ns;
	__u64 pages;
	char comm[VFIO_OBS_COMM_LEN]; /* of the first that came from there */
	__u64 kernel_ip[VFIO_OBS_STACK_FRAMES];
	__u64 user_ip[VFIO_OBS_STACK_FRAMES];
	struct bpf_stack_build_id user[VFIO_OBS_STACK_FRAMES];
	char kernel[VFIO_OBS_STACK_FRAMES][VFIO_OBS_SYMBOL_LEN];
};

/* What is aggregated: statistics, or these and call stacks. One value, read once an event. */
enum { VFIO_OBS_SUMS = 1, VFIO_OBS_SUMS_STACKS };

/* Knobs of the programs, frozen at load, so that the verifier drops what is off. */
struct vfio_knobs {
	__u64 ring_events;   /* bit per enum vfio_obs_event */
	__u32 ring_capacity; /* records a CPU, a power of two */
	__u32 aggregate;     /* VFIO_OBS_SUMS..., 0: nothing */
	/* With VFIO_OBS_SUMS_STACKS, whose stacks are kept: those, those failed, those as long. */
	__u32 stack_ops;     /* bit per enum vfio_obs_op */
	__u32 stack_failed;  /* bool */
	__u64 stack_slow_ns; /* 0: none for that */
};

/* In the type of a record in a ring. */
#define VFIO_OBS_SAME_TASK 0x8000

/*
 * Control words of one CPU's ring of records; the records of all CPUs are one mmap-able array,
 * record n of CPU c at index c * capacity + (n & (capacity - 1)). @head and @tail count records and
 * only grow. The reader clears ts_ns of what it has read and frees by storing @tail. Each side's
 * words have a cache line of their own.
 *
 * Words behind the fields of a record's event hold anything. With VFIO_OBS_SAME_TASK in its type a
 * record has neither task nor CPU: they are those of the record before it in the ring that is of a
 * tracepoint (scope HOOK comes from other programs, at any time).
 *
 * raw_tp programs run with preemption off and the events come from task context only, so a ring
 * has one such writer, which publishes a record by storing @head. fentry programs can be preempted
 * by those and by others of the same CPU: there @head is moved first, to reserve the record, and a
 * record is complete when its ts_ns is not 0. Both may write to one ring; a record's number is
 * head + lost as it was when the record was reserved.
 */
struct vfio_ring {
	__u64 head;
	__u64 lost; /* records not written because the ring was full */
	__u64 task; /* bpf_get_current_pid_tgid() of the last record */
	__u64 pad[5];
	__u64 tail;
	__u64 pad2[7];
};

/*
 * One container as the fentry programs know it, at index slot: a stock module gives it neither id
 * nor slot. Its address leads here through a hash while somebody can still name the container;
 * an address is given to the next container as soon as it is free, an id never.
 * @id:        counted by the programs, from 1; 0: the slot is free
 * @opened_ns: CLOCK_BOOTTIME, 0: it was there before
 * @refs:      the references that its events have told, the module's own count in the end
 * @holders:   references that nobody has begun to drop; at 0 the address is given up
 * @alive:     references, also those that are dropped but whose events are not out yet: who brings
 *             it to 0 tells the release
 * @groups:    attached groups
 */
struct vfio_known {
	__u64 id;
	__u64 addr;
	__u64 opened_ns;
	__u32 refs;
	__u32 holders;
	__u32 alive;
	__u32 groups;
};

/* Where the next identity comes from: the one entry of the map "identity". */
struct vfio_identity {
	__u64 last_id;
	__u32 fresh_slots; /* slots up to here have been in use */
	__u32 pad;
};

#endif
