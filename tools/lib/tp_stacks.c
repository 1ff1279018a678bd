// SPDX-License-Identifier: GPL-2.0-only
/*
 * tp_stacks.c - reading the call stacks that the BPF programs keep
 *
 * The programs go on writing while this reads: the sums of one stack may be of slightly different
 * moments, and at rest they are exact.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "tp_stacks.h"
#include "xalloc.h"

/* An entry as it was delivered last; its frames are named. */
struct known {
	struct source_stack stack; /* number 0: the entry is free */
	struct source_frame *frames;
};

struct tp_stacks {
	struct tp_stacks_maps maps;
	struct symbols *symbols;
	__u64 *next_number;
	struct known *known; /* [n] */
};

struct tp_stacks *tp_stacks__create(const struct tp_stacks_maps *maps, struct symbols *symbols,
				    __u64 *next_number)
{
	struct tp_stacks *stacks = xcalloc(1, sizeof(*stacks));

	stacks->maps = *maps;
	stacks->symbols = symbols;
	stacks->next_number = next_number;
	stacks->known = xcalloc(maps->n, sizeof(*stacks->known));
	return stacks;
}

void tp_stacks__destroy(struct tp_stacks *stacks)
{
	if (!stacks)
		return;
	for (__u32 i = 0; i < stacks->maps.n; i++)
		free(stacks->known[i].frames);
	free(stacks->known);
	free(stacks);
}

/* What stays of an entry, and its frames. False: it is none. */
static bool begin(struct tp_stacks *stacks, struct known *known, const struct vfio_stack *from,
		  __u64 id_bits)
{
	struct source_frame frames[2 * VFIO_OBS_STACK_FRAMES];
	struct source_stack *to = &known->stack;

	if (from->key.op >= VFIO_OP_COUNT)
		return false;
	*to = (struct source_stack){
		.number = ++*stacks->next_number,
		.id = from->key.id ? from->key.id | id_bits : 0,
		.tgid = from->key.tgid,
		.op = from->key.op,
	};
	memcpy(to->comm, from->comm, sizeof(to->comm) - 1);
	to->n_kernel = symbols__kernel(from, frames);
	to->n_user = symbols__user(stacks->symbols, from, frames + to->n_kernel);
	to->kernel_cut = from->kernel_ip[VFIO_OBS_STACK_FRAMES - 1];
	to->user_cut = from->user_ip[VFIO_OBS_STACK_FRAMES - 1];
	known->frames = xmemdup(frames, to->n_kernel + to->n_user, sizeof(*frames));
	to->frames = known->frames;
	return true;
}

static void deliver_one(struct tp_stacks *stacks, __u32 i, __u64 id_bits,
			const struct source_sink *sink)
{
	const struct vfio_stack *from = &stacks->maps.stacks[i];
	struct known *known = &stacks->known[i];
	/* The programs change it last, so what is read behind it belongs to it or is newer. */
	__u64 count = __atomic_load_n(&from->count, __ATOMIC_ACQUIRE);

	if (!count || count == known->stack.count)
		return;
	if (!known->stack.number && !begin(stacks, known, from, id_bits))
		return;
	known->stack.count = count;
	known->stack.errors = from->errors;
	known->stack.untimed = from->untimed;
	known->stack.sum_ns = from->sum_ns;
	known->stack.max_ns = from->max_ns;
	known->stack.pages = from->pages;
	if (sink->stack)
		sink->stack(sink->ctx, &known->stack);
}

void tp_stacks__deliver(struct tp_stacks *stacks, __u64 id_bits, const struct source_sink *sink)
{
	for (__u32 i = 0; i < stacks->maps.n; i++)
		deliver_one(stacks, i, id_bits, sink);
}

void tp_stacks__forget(struct tp_stacks *stacks, __u64 id, __u64 id_bits,
		       const struct source_sink *sink)
{
	for (__u32 i = 0; i < stacks->maps.n; i++) {
		struct vfio_stack *entry = &stacks->maps.stacks[i];

		if (!entry->count || entry->key.id != id)
			continue;
		deliver_one(stacks, i, id_bits, sink);
		free(stacks->known[i].frames);
		stacks->known[i] = (struct known){ 0 };
		bpf_map_delete_elem(stacks->maps.index_fd, &entry->key);
		memset(entry, 0, sizeof(*entry));
		bpf_map_update_elem(stacks->maps.free_fd, NULL, &i, BPF_ANY);
	}
}
