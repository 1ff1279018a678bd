// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_dest.c - what all destinations do with what is no event and no loss: write it, and keep
 * the state that a later file must begin with
 */
#include "record_dest.h"

static void on_existing(void *ctx, const struct source_existing *existing)
{
	const struct record_dest *dest = ctx;

	if (dest->closed)
		return;
	dest->out.existing(dest->out.ctx, existing);
	if (dest->to_state.existing)
		dest->to_state.existing(dest->to_state.ctx, existing);
}

static void on_table(void *ctx, const struct source_table *table)
{
	const struct record_dest *dest = ctx;

	if (dest->closed)
		return;
	dest->out.table(dest->out.ctx, table);
	if (dest->to_state.table)
		dest->to_state.table(dest->to_state.ctx, table);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	const struct record_dest *dest = ctx;

	if (dest->closed)
		return;
	dest->out.owner(dest->out.ctx, id, owner);
	if (dest->to_state.owner)
		dest->to_state.owner(dest->to_state.ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	const struct record_dest *dest = ctx;

	if (dest->closed)
		return;
	dest->out.group(dest->out.ctx, group);
	if (dest->to_state.group)
		dest->to_state.group(dest->to_state.ctx, group);
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	const struct record_dest *dest = ctx;

	if (dest->closed)
		return;
	dest->out.gap(dest->out.ctx, gap, ts_ns, why);
	if (dest->to_state.gap)
		dest->to_state.gap(dest->to_state.ctx, gap, ts_ns, why);
}

void record_dest__put(struct record_dest *dest, const struct vfio_rec *rec)
{
	if (dest->closed)
		return;
	dest->out.event(dest->out.ctx, rec);
	if (dest->to_state.event)
		dest->to_state.event(dest->to_state.ctx, rec);
}

void record_dest__lose(struct record_dest *dest, const struct source_loss *all,
		       const struct source_loss *here)
{
	if (dest->closed)
		return;
	dest->out.loss(dest->out.ctx, here);
	if (dest->to_state.loss)
		dest->to_state.loss(dest->to_state.ctx, all);
}

struct source_sink record_dest__sink(struct record_dest *dest)
{
	return (struct source_sink){
		.ctx = dest,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = dest->ops->event,
		.loss = dest->ops->loss,
		.gap = on_gap,
	};
}
