// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_pass.c - a sink that passes on what it takes
 *
 * Called by a recorder and by what keeps its state.
 */
#include "source_pass.h"

static void on_existing(void *ctx, const struct source_existing *existing)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->existing(to->ctx, existing);
}

static void on_table(void *ctx, const struct source_table *table)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->table(to->ctx, table);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->owner(to->ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->group(to->ctx, group);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->event(to->ctx, rec);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->loss(to->ctx, loss);
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	const struct source_sink *to = &((struct source_pass *)ctx)->to;

	to->gap(to->ctx, gap, ts_ns, why);
}

struct source_sink source_pass__sink(struct source_pass *pass)
{
	return (struct source_sink){
		.ctx = pass,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
}
