// SPDX-License-Identifier: GPL-2.0-only
/*
 * tp_stats.c - reading the aggregates that the BPF programs keep
 *
 * The programs go on writing while this reads: a block's numbers may be of slightly different
 * moments. The reading behind the container's release is exact, as nobody writes any more.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tp_stats.h"
#include "xalloc.h"

/* A freed container whose last events may still wait in the rings. */
struct pending_final {
	struct vfio_final final;
	__u64 taken_ns;
};

/* Gauges as delivered last, to see what changed. */
struct last_gauges {
	__u64 id;
	struct vfio_gauges gauges;
};

struct tp_stats {
	struct tp_stats_maps maps;
	__u64 *last_count; /* [n_blocks]: calls at the last delivery */
	struct last_gauges *last_gauges; /* [VFIO_OBS_SLOTS] */
	struct pending_final *pending;
	size_t n_pending, max_pending;
	__u64 calls[VFIO_OP_COUNT]; /* delivered */
	struct vfio_op_stats copy; /* what is being delivered */
};

#define read_once(x) (*(const volatile __typeof__(x) *)&(x))

struct tp_stats *tp_stats__create(const struct tp_stats_maps *maps)
{
	struct tp_stats *stats = xcalloc(1, sizeof(*stats));

	stats->maps = *maps;
	stats->last_count = xcalloc(maps->n_blocks, sizeof(*stats->last_count));
	stats->last_gauges = xcalloc(VFIO_OBS_SLOTS, sizeof(*stats->last_gauges));
	return stats;
}

void tp_stats__destroy(struct tp_stats *stats)
{
	if (!stats)
		return;
	free(stats->last_count);
	free(stats->last_gauges);
	free(stats->pending);
	free(stats);
}

static struct pending_final *add_pending(struct tp_stats *stats, __u64 now_ns)
{
	struct pending_final *p;

	if (stats->n_pending == stats->max_pending) {
		stats->max_pending = stats->max_pending ? 2 * stats->max_pending : 64;
		stats->pending = xreallocarray(stats->pending, stats->max_pending,
					       sizeof(*stats->pending));
	}
	p = &stats->pending[stats->n_pending++];
	p->taken_ns = now_ns;
	return p;
}

void tp_stats__take_finals(struct tp_stats *stats, __u64 now_ns)
{
	struct vfio_final final;

	while (!bpf_map_lookup_and_delete_elem(stats->maps.finals_fd, NULL, &final))
		add_pending(stats, now_ns)->final = final;
}

/* Only the touched parts of the histogram: @to is clear, as clear_stats() leaves it. */
static void copy_stats(struct vfio_op_stats *to, const struct vfio_op_stats *from)
{
	memcpy(to, from, offsetof(struct vfio_op_stats, hist));
	for (__u64 left = to->touched; left; left &= left - 1) {
		size_t at = (size_t)__builtin_ctzll(left) * VFIO_HIST_CHUNK;

		memcpy(&to->hist[at], &from->hist[at], VFIO_HIST_CHUNK * sizeof(*to->hist));
	}
}

static void clear_stats(struct vfio_op_stats *stats)
{
	for (__u64 left = stats->touched; left; left &= left - 1)
		memset(&stats->hist[(size_t)__builtin_ctzll(left) * VFIO_HIST_CHUNK], 0,
		       VFIO_HIST_CHUNK * sizeof(*stats->hist));
	memset(stats, 0, offsetof(struct vfio_op_stats, hist));
}

static void deliver_block(struct tp_stats *stats, __u32 block, __u64 id_bits,
			  const struct source_sink *sink)
{
	const struct vfio_op_stats *from = &stats->maps.pool[block];
	/* The programs change it last, so what is read behind it belongs to it or is newer. */
	__u64 count = __atomic_load_n(&from->count, __ATOMIC_ACQUIRE);

	if (!count || count == stats->last_count[block])
		return;
	if (from->op < VFIO_OP_COUNT)
		stats->calls[from->op] += count - stats->last_count[block];
	stats->last_count[block] = count;
	copy_stats(&stats->copy, from);
	stats->copy.id |= id_bits;
	if (sink->stats)
		sink->stats(sink->ctx, &stats->copy);
	clear_stats(&stats->copy);
}

/* The container has all its statistics out: its blocks are free again. */
static void finish(struct tp_stats *stats, const struct vfio_final *final, __u64 id_bits,
		   const struct source_sink *sink)
{
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		__u32 block = final->block[op];

		if (block == VFIO_OBS_NO_BLOCK || block >= stats->maps.n_blocks)
			continue;
		deliver_block(stats, block, id_bits, sink);
		clear_stats(&stats->maps.pool[block]);
		stats->last_count[block] = 0;
		bpf_map_update_elem(stats->maps.free_blocks_fd, NULL, &block, BPF_ANY);
	}
	/* Those of the last moment: it may have lived between two readings. */
	if (sink->gauges)
		sink->gauges(sink->ctx, final->id | id_bits, &final->gauges, !final->partial);
	if (sink->final)
		sink->final(sink->ctx, final->id | id_bits);
}

/* Pending finals are in the order of their taking. */
static void deliver_finals(struct tp_stats *stats, __u64 horizon_ns, __u64 id_bits,
			   const struct source_sink *sink)
{
	size_t n = 0;

	while (n < stats->n_pending && stats->pending[n].taken_ns <= horizon_ns)
		finish(stats, &stats->pending[n++].final, id_bits, sink);
	if (!n)
		return;
	stats->n_pending -= n;
	memmove(stats->pending, stats->pending + n, stats->n_pending * sizeof(*stats->pending));
}

static void deliver_gauges(struct tp_stats *stats, __u32 index, __u64 id, __u64 id_bits,
			   const struct source_sink *sink)
{
	const struct vfio_slot *slot = &stats->maps.slots[index];
	struct last_gauges *last = &stats->last_gauges[index];
	struct vfio_gauges gauges = {
		.mapped_bytes = read_once(slot->gauges.mapped_bytes),
		.pinned_pages = read_once(slot->gauges.pinned_pages),
	};
	bool known = !read_once(slot->partial);

	if (read_once(slot->id) != id) /* another container took the slot meanwhile */
		return;
	if (last->id == id && !memcmp(&last->gauges, &gauges, sizeof(gauges)))
		return;
	last->id = id;
	last->gauges = gauges;
	if (sink->gauges)
		sink->gauges(sink->ctx, id | id_bits, &gauges, known);
}

static void deliver_live(struct tp_stats *stats, __u64 id_bits, const struct source_sink *sink)
{
	__u32 used = read_once(*stats->maps.slots_used);

	for (__u32 i = 0; i < used && i < VFIO_OBS_SLOTS; i++) {
		const struct vfio_slot *slot = &stats->maps.slots[i];
		__u64 id = read_once(slot->id);

		if (!id || id == VFIO_OBS_SLOT_BUSY)
			continue;
		deliver_gauges(stats, i, id, id_bits, sink);
		for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
			__u32 block = read_once(slot->block[op]);

			if (block != VFIO_OBS_NO_BLOCK && block < stats->maps.n_blocks)
				deliver_block(stats, block, id_bits, sink);
		}
	}
}

/* Of containers that found no room, told apart by nothing: id 0. */
static void deliver_shared(struct tp_stats *stats, const struct source_sink *sink)
{
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		deliver_block(stats, VFIO_OBS_SHARED_BLOCK(op), 0, sink);
}

static void reset_shared(struct tp_stats *stats, const struct source_sink *sink)
{
	deliver_shared(stats, sink);
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		clear_stats(&stats->maps.pool[VFIO_OBS_SHARED_BLOCK(op)]);
		stats->last_count[VFIO_OBS_SHARED_BLOCK(op)] = 0;
	}
	if (sink->final)
		sink->final(sink->ctx, 0);
}

void tp_stats__deliver(struct tp_stats *stats, __u64 horizon_ns, bool live, __u64 id_bits,
		       const struct source_sink *sink)
{
	deliver_finals(stats, horizon_ns, id_bits, sink);
	if (!live)
		return;
	deliver_live(stats, id_bits, sink);
	deliver_shared(stats, sink);
}

/* Not delivered yet. */
static __u64 new_calls(const struct tp_stats *stats, const __u32 *blocks, __u32 ops)
{
	__u64 sum = 0;

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		__u32 block = read_once(blocks[op]);

		if (ops >> op & 1 && block != VFIO_OBS_NO_BLOCK && block < stats->maps.n_blocks)
			sum += read_once(stats->maps.pool[block].count) - stats->last_count[block];
	}
	return sum;
}

__u64 tp_stats__calls(const struct tp_stats *stats, __u32 ops)
{
	__u32 used = read_once(*stats->maps.slots_used);
	__u64 sum = 0;

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		sum += ops >> op & 1 ? stats->calls[op] : 0;
	for (__u32 i = 0; i < used && i < VFIO_OBS_SLOTS; i++)
		sum += new_calls(stats, stats->maps.slots[i].block, ops);
	for (size_t i = 0; i < stats->n_pending; i++)
		sum += new_calls(stats, stats->pending[i].final.block, ops);
	return sum;
}

void tp_stats__reset(struct tp_stats *stats, __u64 id_bits, const struct source_sink *sink)
{
	__u32 used = *stats->maps.slots_used;

	tp_stats__take_finals(stats, 0);
	deliver_finals(stats, ~0ULL, id_bits, sink);
	for (__u32 i = 0; i < used && i < VFIO_OBS_SLOTS; i++) {
		struct vfio_slot *slot = &stats->maps.slots[i];
		struct vfio_final final = {
			.id = slot->id, .gauges = slot->gauges, .partial = slot->partial,
		};

		if (final.id) {
			memcpy(final.block, slot->block, sizeof(final.block));
			finish(stats, &final, id_bits, sink);
		}
		memset(slot, 0, sizeof(*slot));
		memset(&stats->last_gauges[i], 0, sizeof(*stats->last_gauges));
	}
	reset_shared(stats, sink);
}
