// SPDX-License-Identifier: GPL-2.0-only
/*
 * sink_queue.c - calls of a source kept for later, in their order
 *
 * One behind the other in one piece of memory, each as its structure and then what that points to,
 * which is found again when it is delivered.
 */
#include <string.h>

#include "sink_queue.h"
#include "xalloc.h"

enum item_kind {
	ITEM_EXISTING, ITEM_TABLE, ITEM_OWNER, ITEM_GROUP, ITEM_EVENT, ITEM_STATS, ITEM_GAUGES,
	ITEM_BEGUN, ITEM_STACK, ITEM_FINAL, ITEM_LOSS, ITEM_GAP
};

/* @size: of what follows, with what fills it up. All pieces begin at multiples of 8. */
struct item {
	__u32 kind;
	__u32 size;
};
#define FILLED(size) (((size) + 7) & ~(size_t)7)

/* @open: where the item begins that is written */
struct sink_queue {
	char *bytes;
	size_t first, end, capacity, open;
};

struct id_and_owner {
	__u64 id;
	struct source_owner owner;
};

struct id_and_gauges {
	__u64 id;
	struct vfio_gauges gauges;
	bool known;
};

struct gap {
	__u64 ts_ns;
	enum source_gap gap;
};

/* Of a histogram only what is not 0; the rest of the statistics stands before it. */
struct bucket {
	__u32 index, count;
};
#define BEFORE_HIST offsetof(struct vfio_op_stats, hist)

/* Their number follows from the size. */
_Static_assert(sizeof(struct source_begun) % 8 == 0, "a list of them is filled up with nothing");

struct sink_queue *sink_queue__create(void)
{
	struct sink_queue *queue = xcalloc(1, sizeof(*queue));

	queue->capacity = 4096;
	queue->bytes = xcalloc(1, queue->capacity);
	return queue;
}

void sink_queue__destroy(struct sink_queue *queue)
{
	if (!queue)
		return;
	free(queue->bytes);
	free(queue);
}

void sink_queue__clear(struct sink_queue *queue)
{
	queue->first = queue->end = 0;
}

/* Writing */

static void make_room(struct sink_queue *queue, size_t size)
{
	if (queue->end + size > queue->capacity && queue->first > queue->capacity / 2) {
		queue->end -= queue->first;
		queue->open -= queue->first;
		memmove(queue->bytes, queue->bytes + queue->first, queue->end);
		queue->first = 0;
	}
	if (queue->end + size <= queue->capacity)
		return;
	while (queue->end + size > queue->capacity)
		queue->capacity *= 2;
	queue->bytes = xreallocarray(queue->bytes, queue->capacity, 1);
}

static void put(struct sink_queue *queue, const void *data, size_t size)
{
	size_t filled = FILLED(size);

	make_room(queue, filled);
	if (size)
		memcpy(queue->bytes + queue->end, data, size);
	memset(queue->bytes + queue->end + size, 0, filled - size);
	queue->end += filled;
}

static void begin_item(struct sink_queue *queue, enum item_kind kind)
{
	const struct item item = { .kind = kind };

	make_room(queue, sizeof(item));
	queue->open = queue->end;
	put(queue, &item, sizeof(item));
}

static void end_item(struct sink_queue *queue)
{
	struct item *item = (struct item *)(queue->bytes + queue->open);

	item->size = queue->end - queue->open - sizeof(*item);
}

static void keep(struct sink_queue *queue, enum item_kind kind, const void *data, size_t size)
{
	begin_item(queue, kind);
	put(queue, data, size);
	end_item(queue);
}

static void put_texts(struct sink_queue *queue, const char *const *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(queue, text[i], strlen(text[i]) + 1);
}

static void keep_existing(void *ctx, const struct source_existing *existing)
{
	begin_item(ctx, ITEM_EXISTING);
	put(ctx, existing, sizeof(*existing));
	put(ctx, existing->groups, existing->n_listed * sizeof(*existing->groups));
	end_item(ctx);
}

static void keep_table(void *ctx, const struct source_table *table)
{
	begin_item(ctx, ITEM_TABLE);
	put(ctx, table, sizeof(*table));
	put(ctx, table->list, table->n * sizeof(*table->list));
	end_item(ctx);
}

static void keep_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	const struct id_and_owner item = { .id = id, .owner = *owner };

	begin_item(ctx, ITEM_OWNER);
	put(ctx, &item, sizeof(item));
	put_texts(ctx, owner->text, VFIO_OWNER_TEXTS);
	end_item(ctx);
}

static void keep_group(void *ctx, const struct source_group_info *group)
{
	begin_item(ctx, ITEM_GROUP);
	put(ctx, group, sizeof(*group));
	put(ctx, group->devices, group->n_listed * sizeof(*group->devices));
	for (__u32 i = 0; i < group->n_listed; i++)
		put_texts(ctx, group->devices[i].text, VFIO_DEVICE_TEXTS);
	end_item(ctx);
}

static void keep_event(void *ctx, const struct vfio_rec *rec)
{
	keep(ctx, ITEM_EVENT, rec, sizeof(*rec));
}

static void keep_stats(void *ctx, const struct vfio_op_stats *stats)
{
	begin_item(ctx, ITEM_STATS);
	put(ctx, stats, BEFORE_HIST);
	for (__u32 i = 0; i < VFIO_HIST_BUCKETS; i++) {
		const struct bucket bucket = { .index = i, .count = stats->hist[i] };

		if (bucket.count)
			put(ctx, &bucket, sizeof(bucket));
	}
	end_item(ctx);
}

static void keep_gauges(void *ctx, __u64 id, const struct vfio_gauges *gauges, bool known)
{
	const struct id_and_gauges item = { .id = id, .gauges = *gauges, .known = known };

	keep(ctx, ITEM_GAUGES, &item, sizeof(item));
}

static void keep_begun(void *ctx, const struct source_begun *list, size_t n)
{
	keep(ctx, ITEM_BEGUN, list, n * sizeof(*list));
}

static void keep_stack(void *ctx, const struct source_stack *stack)
{
	begin_item(ctx, ITEM_STACK);
	put(ctx, stack, sizeof(*stack));
	put(ctx, stack->frames, (stack->n_kernel + stack->n_user) * sizeof(*stack->frames));
	end_item(ctx);
}

static void keep_final(void *ctx, __u64 id)
{
	keep(ctx, ITEM_FINAL, &id, sizeof(id));
}

static void keep_loss(void *ctx, const struct source_loss *loss)
{
	keep(ctx, ITEM_LOSS, loss, sizeof(*loss));
}

static void keep_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	const struct gap item = { .ts_ns = ts_ns, .gap = gap };

	begin_item(ctx, ITEM_GAP);
	put(ctx, &item, sizeof(item));
	put(ctx, why, strlen(why) + 1);
	end_item(ctx);
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
		.stack = keep_stack,
		.final = keep_final,
		.loss = keep_loss,
		.gap = keep_gap,
	};
}

/* Reading */

/* What is left of an item. */
struct rest {
	const char *at, *end;
};

static struct rest rest_of(const struct item *item)
{
	const char *at = (const char *)(item + 1);

	return (struct rest){ .at = at, .end = at + item->size };
}

static const void *take(struct rest *rest, size_t size)
{
	const void *data = rest->at;

	rest->at += FILLED(size);
	return data;
}

static void take_texts(struct rest *rest, const char **text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = take(rest, strlen(rest->at) + 1);
}

static void play_existing(struct rest rest, const struct source_sink *sink)
{
	struct source_existing existing =
		*(const struct source_existing *)take(&rest, sizeof(existing));

	existing.groups = take(&rest, 0);
	sink->existing(sink->ctx, &existing);
}

static void play_table(struct rest rest, const struct source_sink *sink)
{
	struct source_table table = *(const struct source_table *)take(&rest, sizeof(table));

	table.list = take(&rest, 0);
	sink->table(sink->ctx, &table);
}

static void play_owner(struct rest rest, const struct source_sink *sink)
{
	struct id_and_owner item = *(const struct id_and_owner *)take(&rest, sizeof(item));

	take_texts(&rest, item.owner.text, VFIO_OWNER_TEXTS);
	sink->owner(sink->ctx, item.id, &item.owner);
}

static void play_group(struct rest rest, const struct source_sink *sink)
{
	struct source_group_info group =
		*(const struct source_group_info *)take(&rest, sizeof(group));
	const size_t size = group.n_listed * sizeof(*group.devices);
	struct source_device *devices = xmemdup(take(&rest, size), group.n_listed,
						sizeof(*devices));

	for (__u32 i = 0; i < group.n_listed; i++)
		take_texts(&rest, devices[i].text, VFIO_DEVICE_TEXTS);
	group.devices = devices;
	sink->group(sink->ctx, &group);
	free(devices);
}

static void play_stats(struct rest rest, const struct source_sink *sink)
{
	struct vfio_op_stats stats = { 0 };

	memcpy(&stats, take(&rest, BEFORE_HIST), BEFORE_HIST);
	while (rest.at < rest.end) {
		const struct bucket *bucket = take(&rest, sizeof(*bucket));

		stats.hist[bucket->index] = bucket->count;
	}
	sink->stats(sink->ctx, &stats);
}

static void play_gauges(struct rest rest, const struct source_sink *sink)
{
	const struct id_and_gauges *item = take(&rest, sizeof(*item));

	sink->gauges(sink->ctx, item->id, &item->gauges, item->known);
}

static void play_stack(struct rest rest, const struct source_sink *sink)
{
	struct source_stack stack = *(const struct source_stack *)take(&rest, sizeof(stack));

	stack.frames = take(&rest, 0);
	sink->stack(sink->ctx, &stack);
}

static void play_gap(struct rest rest, const struct source_sink *sink)
{
	const struct gap *item = take(&rest, sizeof(*item));

	sink->gap(sink->ctx, item->gap, item->ts_ns, rest.at);
}

static void deliver(const struct item *item, const struct source_sink *sink)
{
	struct rest rest = rest_of(item);

	if (item->kind == ITEM_EXISTING && sink->existing)
		play_existing(rest, sink);
	else if (item->kind == ITEM_TABLE && sink->table)
		play_table(rest, sink);
	else if (item->kind == ITEM_OWNER && sink->owner)
		play_owner(rest, sink);
	else if (item->kind == ITEM_GROUP && sink->group)
		play_group(rest, sink);
	else if (item->kind == ITEM_EVENT && sink->event)
		sink->event(sink->ctx, take(&rest, 0));
	else if (item->kind == ITEM_STATS && sink->stats)
		play_stats(rest, sink);
	else if (item->kind == ITEM_GAUGES && sink->gauges)
		play_gauges(rest, sink);
	else if (item->kind == ITEM_BEGUN && sink->begun)
		sink->begun(sink->ctx, take(&rest, 0),
			    item->size / sizeof(struct source_begun));
	else if (item->kind == ITEM_STACK && sink->stack)
		play_stack(rest, sink);
	else if (item->kind == ITEM_FINAL && sink->final)
		sink->final(sink->ctx, *(const __u64 *)take(&rest, sizeof(__u64)));
	else if (item->kind == ITEM_LOSS && sink->loss)
		sink->loss(sink->ctx, take(&rest, 0));
	else if (item->kind == ITEM_GAP && sink->gap)
		play_gap(rest, sink);
}

static const struct item *item_at(const void *bytes, size_t at)
{
	return (const struct item *)((const char *)bytes + at);
}

static size_t behind(const struct item *item, size_t at)
{
	return at + sizeof(*item) + item->size;
}

static bool item_time(const struct item *item, __u64 *ts_ns)
{
	struct rest rest = rest_of(item);

	if (item->kind == ITEM_EVENT)
		*ts_ns = ((const struct vfio_rec *)take(&rest, 0))->ts_ns;
	else if (item->kind == ITEM_GAP)
		*ts_ns = ((const struct gap *)take(&rest, 0))->ts_ns;
	else
		return false;
	return true;
}

void sink_queue__deliver(struct sink_queue *queue, const struct source_sink *sink, __u64 until_ns)
{
	while (queue->first < queue->end) {
		const struct item *item = item_at(queue->bytes, queue->first);
		__u64 ts_ns;

		if (item_time(item, &ts_ns) && ts_ns > until_ns)
			return;
		deliver(item, sink);
		queue->first = behind(item, queue->first);
	}
	sink_queue__clear(queue);
}

bool sink_queue__next(const struct sink_queue *queue, __u64 *ts_ns)
{
	size_t at = queue->first;

	while (at < queue->end) {
		const struct item *item = item_at(queue->bytes, at);

		if (item_time(item, ts_ns))
			return true;
		at = behind(item, at);
	}
	return false;
}

const void *sink_queue__bytes(const struct sink_queue *queue, size_t *size)
{
	*size = queue->end - queue->first;
	return queue->bytes + queue->first;
}

void sink_queue__play(const void *bytes, size_t size, const struct source_sink *sink)
{
	for (size_t at = 0; at < size;) {
		const struct item *item = item_at(bytes, at);

		deliver(item, sink);
		at = behind(item, at);
	}
}
