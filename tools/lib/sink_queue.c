// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_queue.c - calls of a source kept for later, in their order
 */
#include <string.h>

#include "sink_queue.h"
#include "source_copy.h"
#include "xalloc.h"

enum item_kind {
	ITEM_EXISTING, ITEM_TABLE, ITEM_OWNER, ITEM_GROUP, ITEM_EVENT, ITEM_STATS, ITEM_GAUGES,
	ITEM_BEGUN, ITEM_FINAL, ITEM_LOSS, ITEM_GAP
};

struct item {
	enum item_kind kind;
	union {
		struct {
			struct source_existing *state;
			struct source_group *groups;
		} existing;
		struct {
			struct source_table *state;
			struct vfio_mapping *list;
		} table;
		struct {
			__u64 id;
			struct source_owner *owner;
		} owner;
		struct source_group_info *group;
		struct vfio_rec rec;
		struct vfio_op_stats *stats;
		struct {
			__u64 id;
			struct vfio_gauges gauges;
			bool known;
		} gauges;
		struct {
			struct source_begun *list;
			size_t n;
		} begun;
		__u64 final;
		struct source_loss loss;
		struct {
			enum source_gap gap;
			__u64 ts_ns;
			char *why;
		} gap;
	};
};

struct sink_queue {
	struct item *items;
	size_t first, end, capacity;
};

struct sink_queue *sink_queue__create(void)
{
	return xcalloc(1, sizeof(struct sink_queue));
}

static void item_destroy(struct item *item)
{
	if (item->kind == ITEM_STATS)
		free(item->stats);
	else if (item->kind == ITEM_GAP)
		free(item->gap.why);
	else if (item->kind == ITEM_OWNER)
		free(item->owner.owner);
	else if (item->kind == ITEM_GROUP)
		free(item->group);
	else if (item->kind == ITEM_BEGUN)
		free(item->begun.list);
	if (item->kind == ITEM_TABLE) {
		free(item->table.state);
		free(item->table.list);
	}
	if (item->kind != ITEM_EXISTING)
		return;
	free(item->existing.state);
	free(item->existing.groups);
}

void sink_queue__destroy(struct sink_queue *queue)
{
	if (!queue)
		return;
	while (queue->first < queue->end)
		item_destroy(&queue->items[queue->first++]);
	free(queue->items);
	free(queue);
}

static struct item *item_append(struct sink_queue *queue, enum item_kind kind)
{
	if (queue->end == queue->capacity) {
		if (queue->first > queue->capacity / 2) {
			queue->end -= queue->first;
			memmove(queue->items, queue->items + queue->first,
				queue->end * sizeof(*queue->items));
			queue->first = 0;
		} else {
			queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
			queue->items = xreallocarray(queue->items, queue->capacity,
						     sizeof(*queue->items));
		}
	}
	queue->items[queue->end].kind = kind;
	return &queue->items[queue->end++];
}

static void keep_existing(void *ctx, const struct source_existing *existing)
{
	struct item *item = item_append(ctx, ITEM_EXISTING);

	item->existing.state = xmemdup(existing, 1, sizeof(*existing));
	item->existing.groups = xmemdup(existing->groups, existing->n_listed,
					sizeof(*existing->groups));
	item->existing.state->groups = item->existing.groups;
}

static void keep_table(void *ctx, const struct source_table *table)
{
	struct item *item = item_append(ctx, ITEM_TABLE);

	item->table.state = xmemdup(table, 1, sizeof(*table));
	item->table.list = xmemdup(table->list, table->n, sizeof(*table->list));
	item->table.state->list = item->table.list;
}

static void keep_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct item *item = item_append(ctx, ITEM_OWNER);

	item->owner.id = id;
	item->owner.owner = source_copy__owner(owner);
}

static void keep_group(void *ctx, const struct source_group_info *group)
{
	item_append(ctx, ITEM_GROUP)->group = source_copy__group(group);
}

static void keep_event(void *ctx, const struct vfio_rec *rec)
{
	item_append(ctx, ITEM_EVENT)->rec = *rec;
}

static void keep_stats(void *ctx, const struct vfio_op_stats *stats)
{
	item_append(ctx, ITEM_STATS)->stats = xmemdup(stats, 1, sizeof(*stats));
}

static void keep_gauges(void *ctx, __u64 id, const struct vfio_gauges *gauges, bool known)
{
	struct item *item = item_append(ctx, ITEM_GAUGES);

	item->gauges.id = id;
	item->gauges.gauges = *gauges;
	item->gauges.known = known;
}

static void keep_begun(void *ctx, const struct source_begun *list, size_t n)
{
	struct item *item = item_append(ctx, ITEM_BEGUN);

	item->begun.list = xmemdup(list, n, sizeof(*list));
	item->begun.n = n;
}

static void keep_final(void *ctx, __u64 id)
{
	item_append(ctx, ITEM_FINAL)->final = id;
}

static void keep_loss(void *ctx, const struct source_loss *loss)
{
	item_append(ctx, ITEM_LOSS)->loss = *loss;
}

static void keep_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct item *item = item_append(ctx, ITEM_GAP);

	item->gap.gap = gap;
	item->gap.ts_ns = ts_ns;
	item->gap.why = xmemdup(why, strlen(why) + 1, 1);
}

struct source_sink sink_queue__sink(struct sink_queue *queue)
{
	return (struct source_sink){
		.ctx = queue,
		.existing = keep_existing,
		.table = keep_table,
		.owner = keep_owner,
		.group = keep_group,
		.event = keep_event,
		.stats = keep_stats,
		.gauges = keep_gauges,
		.begun = keep_begun,
		.final = keep_final,
		.loss = keep_loss,
		.gap = keep_gap,
	};
}

static bool item_time(const struct item *item, __u64 *ts_ns)
{
	if (item->kind == ITEM_EVENT)
		*ts_ns = item->rec.ts_ns;
	else if (item->kind == ITEM_GAP)
		*ts_ns = item->gap.ts_ns;
	else
		return false;
	return true;
}

static void item_deliver(const struct item *item, const struct source_sink *sink)
{
	switch (item->kind) {
	case ITEM_EXISTING:
		if (sink->existing)
			sink->existing(sink->ctx, item->existing.state);
		break;
	case ITEM_TABLE:
		if (sink->table)
			sink->table(sink->ctx, item->table.state);
		break;
	case ITEM_OWNER:
		if (sink->owner)
			sink->owner(sink->ctx, item->owner.id, item->owner.owner);
		break;
	case ITEM_GROUP:
		if (sink->group)
			sink->group(sink->ctx, item->group);
		break;
	case ITEM_EVENT:
		if (sink->event)
			sink->event(sink->ctx, &item->rec);
		break;
	case ITEM_STATS:
		if (sink->stats)
			sink->stats(sink->ctx, item->stats);
		break;
	case ITEM_GAUGES:
		if (sink->gauges)
			sink->gauges(sink->ctx, item->gauges.id, &item->gauges.gauges,
				     item->gauges.known);
		break;
	case ITEM_BEGUN:
		if (sink->begun)
			sink->begun(sink->ctx, item->begun.list, item->begun.n);
		break;
	case ITEM_FINAL:
		if (sink->final)
			sink->final(sink->ctx, item->final);
		break;
	case ITEM_LOSS:
		if (sink->loss)
			sink->loss(sink->ctx, &item->loss);
		break;
	case ITEM_GAP:
		if (sink->gap)
			sink->gap(sink->ctx, item->gap.gap, item->gap.ts_ns, item->gap.why);
		break;
	}
}

void sink_queue__deliver(struct sink_queue *queue, const struct source_sink *sink, __u64 until_ns)
{
	while (queue->first < queue->end) {
		struct item *item = &queue->items[queue->first];
		__u64 ts_ns;

		if (item_time(item, &ts_ns) && ts_ns > until_ns)
			return;
		item_deliver(item, sink);
		item_destroy(item);
		queue->first++;
	}
	queue->first = queue->end = 0;
}

bool sink_queue__next(const struct sink_queue *queue, __u64 *ts_ns)
{
	for (size_t i = queue->first; i < queue->end; i++)
		if (item_time(&queue->items[i], ts_ns))
			return true;
	return false;
}
