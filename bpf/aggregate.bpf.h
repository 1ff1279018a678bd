/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * aggregate.bpf.h - adding one event to the statistics of its container
 *
 * A container's slot is claimed by its first event and handed over to the reader by its release.
 * Blocks of statistics come from a pool and are taken at the first use of an operation. Several
 * CPUs work on one container at a time: every step is a compare-and-swap or an atomic add. What
 * finds no room goes to a block that all such containers share, and is counted in misses.
 */
#ifndef VFIO_OBS_AGGREGATE_BPF_H
#define VFIO_OBS_AGGREGATE_BPF_H

#include "maps.bpf.h"

#define count_miss(what) ((void)__sync_fetch_and_add(&misses.what, 1))

/* Tries to see another CPU finish with a busy slot: it needs well below a microsecond. */
#define BUSY_TRIES 128

/* Give the totals of the container @id, which had this slot, to the reader. */
static __always_inline void slot_finish(struct vfio_slot *slot, __u64 id)
{
	struct vfio_final final = {
		.id = id, .gauges = slot->gauges, .partial = slot->partial,
	};

#pragma unroll
	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		final.block[op] = slot->block[op];
		slot->block[op] = VFIO_OBS_NO_BLOCK;
	}
	if (bpf_map_push_elem(&finals, &final, BPF_ANY))
		count_miss(finals_full);
}

/* The slot is busy, hence this program's: make it the one of container @id. */
static __always_inline void slot_start(struct vfio_slot *slot, __u32 index, __u64 id, bool partial)
{
	slot->gauges.mapped_bytes = 0;
	slot->gauges.pinned_pages = 0;
	slot->partial = partial;
	if (read_once(slots_used) <= index)
		slots_used = index + 1; /* a lost race is repaired by the next container */
	__sync_lock_test_and_set(&slot->id, id);
}

struct slot_wait {
	struct vfio_slot *slot;
	__u64 id; /* last seen */
};

static long slot_look(__u32 i, void *ctx)
{
	struct slot_wait *wait = ctx;

	wait->id = read_once(wait->slot->id);
	return wait->id != VFIO_OBS_SLOT_BUSY;
}

/*
 * Whose the slot is once the CPU that sets it up is done. A plain loop costs the verifier as many
 * rounds as it may have, in each program.
 */
static __always_inline __u64 slot_owner(struct vfio_slot *slot)
{
	struct slot_wait wait = { .slot = slot, .id = VFIO_OBS_SLOT_BUSY };

	bpf_loop(BUSY_TRIES, slot_look, &wait, 0);
	return wait.id;
}

/*
 * Make the slot that of container @id. 0, or -1 when the event is late and the container gone, or
 * another one is quicker. Not static, as is block_take(): so the verifier looks into it once in
 * each program, not once for each way that leads there, and the ways are one again behind it.
 */
__noinline int slot_claim(__u32 index, __u64 id, __u32 partial)
{
	struct vfio_slot *slot = bpf_map_lookup_elem(&slots, &index);
	__u64 was;

	if (!slot)
		return -1;
	was = read_once(slot->id);
	if (was == VFIO_OBS_SLOT_BUSY)
		was = slot_owner(slot);
	if (was == id)
		return 0;
	if (was > id || id <= read_once(slot->freed_id))
		return -1;
	if (__sync_val_compare_and_swap(&slot->id, was, VFIO_OBS_SLOT_BUSY) != was)
		return slot_owner(slot) == id ? 0 : -1;
	if (was) /* its release was never seen */
		slot_finish(slot, was);
	slot_start(slot, index, id, partial);
	return 0;
}

/*
 * The slot of the container that @rec is about, claimed when this is its first event. NULL, and
 * counted, when it cannot have one: no slot number, or slot_claim() fails.
 */
static __always_inline struct vfio_slot *slot_of(__u32 type, const struct vfio_rec *rec)
{
	__u32 index = rec->slot;
	struct vfio_slot *slot = bpf_map_lookup_elem(&slots, &index);

	if (slot && (read_once(slot->id) == rec->id ||
		     !slot_claim(index, rec->id, type != VFIO_EV_OPEN)))
		return slot;
	count_miss(no_slot);
	return NULL;
}

static __always_inline struct vfio_op_stats *shared_block(__u32 op)
{
	__u32 block = VFIO_OBS_SHARED_BLOCK(op);
	struct vfio_op_stats *stats = bpf_map_lookup_elem(&pool, &block);

	if (stats)
		stats->op = op;
	return stats;
}

/* From the pool, for operation @op of container @id: the number of its block, or a shared one's. */
__noinline __u32 block_take(__u32 index, __u64 id, __u32 op)
{
	struct vfio_slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct vfio_op_stats *stats;
	__u32 fresh, was;

	if (!slot || op >= VFIO_OP_COUNT)
		return ~0U; /* no such block */
	if (bpf_map_pop_elem(&free_blocks, &fresh))
		goto miss;
	stats = bpf_map_lookup_elem(&pool, &fresh);
	if (!stats)
		goto miss;
	stats->id = id;
	stats->op = op;
	was = __sync_val_compare_and_swap(&slot->block[op], VFIO_OBS_NO_BLOCK, fresh);
	if (was == VFIO_OBS_NO_BLOCK)
		return fresh;
	bpf_map_push_elem(&free_blocks, &fresh, BPF_ANY);
	return was;
miss:
	count_miss(pool_full);
	shared_block(op);
	return VFIO_OBS_SHARED_BLOCK(op);
}

/* The block of operation @op, taken from the pool at its first use, or a shared one. */
static __always_inline struct vfio_op_stats *block_of(struct vfio_slot *slot, __u32 index, __u64 id,
						      __u32 op)
{
	__u32 block;

	if (op >= VFIO_OP_COUNT)
		return NULL;
	block = read_once(slot->block[op]);
	if (block == VFIO_OBS_NO_BLOCK)
		block = block_take(index, id, op);
	return bpf_map_lookup_elem(&pool, &block);
}

static __always_inline void aggregate_release(const struct vfio_rec *rec)
{
	__u32 index = rec->slot;
	struct vfio_slot *slot = bpf_map_lookup_elem(&slots, &index);

	if (!slot)
		return;
	if (__sync_val_compare_and_swap(&slot->id, rec->id, VFIO_OBS_SLOT_BUSY) != rec->id)
		return; /* nothing of it was aggregated */
	slot_finish(slot, rec->id);
	slot->freed_id = rec->id;
	__sync_lock_test_and_set(&slot->id, 0);
}

/* Failed opens have no container; events that complete no operation change no statistics. */
static __always_inline void aggregate(__u32 type, const struct vfio_rec *rec)
{
	struct vfio_outcome outcome = vfio_outcome_of(type, rec);
	struct vfio_op_stats *stats;
	struct vfio_slot *slot;

	if (type == VFIO_EV_RELEASE) {
		aggregate_release(rec);
		return;
	}
	if (outcome.op >= VFIO_OP_COUNT || (type == VFIO_EV_OPEN && !rec->id))
		return;
	slot = slot_of(type, rec);
	stats = slot ? block_of(slot, rec->slot, rec->id, outcome.op) : shared_block(outcome.op);
	if (slot)
		vfio_gauges_apply(&slot->gauges, type, rec, &outcome);
	if (stats)
		vfio_op_stats_add(stats, &outcome);
}

#endif
