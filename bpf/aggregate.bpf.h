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

/*
 * The slot of the container that @rec is about, claimed when this is its first event. NULL, and
 * counted, when it cannot have one: no slot number, or the event is late and its container gone.
 */
static __always_inline struct vfio_slot *slot_of(__u32 type, const struct vfio_rec *rec)
{
	struct vfio_slot *slot;
	__u32 index = rec->slot;
	__u64 id = rec->id, was;

	slot = bpf_map_lookup_elem(&slots, &index);
	if (!slot)
		goto miss;
	was = read_once(slot->id);
	if (was == id)
		return slot;
	for (int i = 0; i < BUSY_TRIES && was == VFIO_OBS_SLOT_BUSY; i++)
		was = read_once(slot->id);
	if (was == id)
		return slot;
	if (was > id || id <= read_once(slot->freed_id))
		goto miss;
	if (__sync_val_compare_and_swap(&slot->id, was, VFIO_OBS_SLOT_BUSY) != was) {
		for (int i = 0; i < BUSY_TRIES; i++)
			if (read_once(slot->id) == id)
				return slot;
		goto miss;
	}
	if (was) /* its release was never seen */
		slot_finish(slot, was);
	slot_start(slot, index, id, type != VFIO_EV_OPEN);
	return slot;
miss:
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

/* The block of operation @op, taken from the pool at its first use, or a shared one. */
static __always_inline struct vfio_op_stats *block_of(struct vfio_slot *slot, __u64 id, __u32 op)
{
	struct vfio_op_stats *stats;
	__u32 block, fresh, was;

	if (op >= VFIO_OP_COUNT)
		return NULL;
	block = read_once(slot->block[op]);
	if (block != VFIO_OBS_NO_BLOCK)
		return bpf_map_lookup_elem(&pool, &block);
	if (bpf_map_pop_elem(&free_blocks, &fresh))
		goto miss;
	stats = bpf_map_lookup_elem(&pool, &fresh);
	if (!stats)
		goto miss;
	stats->id = id;
	stats->op = op;
	was = __sync_val_compare_and_swap(&slot->block[op], VFIO_OBS_NO_BLOCK, fresh);
	if (was == VFIO_OBS_NO_BLOCK)
		return stats;
	bpf_map_push_elem(&free_blocks, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&pool, &was);
miss:
	count_miss(pool_full);
	return shared_block(op);
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
	stats = slot ? block_of(slot, rec->id, outcome.op) : shared_block(outcome.op);
	if (slot)
		vfio_gauges_apply(&slot->gauges, type, rec, &outcome);
	if (stats)
		vfio_op_stats_add(stats, &outcome);
}

#endif
