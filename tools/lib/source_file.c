// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_file.c - a recording as a source
 *
 * Each poll delivers one block. What comes out is safe to show: times never go back, strings end
 * and hold printable characters only, unknown event numbers are counted, not delivered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "record_reader.h"
#include "source.h"
#include "source_copy.h"
#include "xalloc.h"

/* The owner of containers whose open events are in the next block of events. */
struct awaited {
	struct source_owner *owner;
	__u64 *ids;
	__u32 n_ids, next;
	struct awaited *following;
};

/* No writer has more: each has an event in the next block. */
#define AWAITED_MAX RECORD_BLOCK_EVENTS_MAX

struct source_file {
	struct source source;
	struct awaited *awaited, **awaited_end;
	__u32 n_awaited;
	struct record_reader *reader;
	struct source_info info;
	char path[256];
	__u64 last_ns, end_ns;
	__u64 unknown; /* events of types that this version does not know */
	struct source_loss loss;
	bool loss_told, done, cut;
};

static struct source_file *file_of(struct source *source)
{
	return (struct source_file *)source;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%.*s", (int)size - 1, from);
	event__make_text_printable(to, strlen(to));
}

static void deliver_loss(struct source_file *file, const struct source_sink *sink)
{
	struct source_loss loss = file->loss;

	loss.damaged = record_reader__missing(file->reader) + file->unknown;
	if (file->loss_told && !memcmp(&loss, &file->loss, sizeof(loss)))
		return;
	file->loss = loss;
	file->loss_told = true;
	if (sink->loss)
		sink->loss(sink->ctx, &loss);
}

static void owner_of_view(const struct record_view *view, struct source_owner *owner,
			  char text[VFIO_OWNER_TEXTS][VFIO_OBS_TEXT_MAX])
{
	struct record_texts texts = view->texts;

	owner->started_ns = view->owner->started_ns;
	owner->tgid = view->owner->tgid;
	owner->kind = view->owner->kind < VFIO_OWNER_KINDS ? view->owner->kind : VFIO_OWNER_UNKNOWN;
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++) {
		copy_text(text[i], sizeof(text[i]), record_texts__next(&texts));
		owner->text[i] = text[i];
	}
}

static void drop_first_awaited(struct source_file *file)
{
	struct awaited *first = file->awaited;

	file->awaited = first->following;
	if (!file->awaited)
		file->awaited_end = &file->awaited;
	file->n_awaited--;
	free(first->owner);
	free(first->ids);
	free(first);
}

static void await_open(struct source_file *file, const struct source_owner *owner,
		       const struct record_owner *from)
{
	struct awaited *awaited = xcalloc(1, sizeof(*awaited));

	awaited->owner = source_copy__owner(owner);
	awaited->ids = xmemdup(from->ids, from->n_ids, sizeof(*from->ids));
	awaited->n_ids = from->n_ids;
	if (file->n_awaited == AWAITED_MAX)
		drop_first_awaited(file);
	*file->awaited_end = awaited;
	file->awaited_end = &awaited->following;
	file->n_awaited++;
}

static void read_owner(struct source_file *file, const struct record_view *view,
		       const struct source_sink *sink)
{
	char text[VFIO_OWNER_TEXTS][VFIO_OBS_TEXT_MAX];
	struct source_owner owner;

	owner_of_view(view, &owner, text);
	if (view->owner->opened) {
		await_open(file, &owner, view->owner);
		return;
	}
	for (__u32 i = 0; sink->owner && i < view->owner->n_ids; i++)
		sink->owner(sink->ctx, view->owner->ids[i], &owner);
}

/* Owners come in the order of the open events that they belong to. */
static void deliver_awaited(struct source_file *file, __u64 id, const struct source_sink *sink)
{
	struct awaited *first;

	while ((first = file->awaited) && first->next == first->n_ids)
		drop_first_awaited(file);
	if (!first || first->ids[first->next] != id)
		return;
	first->next++;
	if (sink->owner)
		sink->owner(sink->ctx, id, first->owner);
}

static void deliver_group(const struct record_view *view, const struct source_sink *sink)
{
	const struct record_group_info *from = view->group;
	struct source_group_info to = {
		.number = from->number, .n_listed = from->n_listed, .n_devices = from->n_devices,
	};
	struct source_device *devices = xcalloc(from->n_listed, sizeof(*devices));
	char (*text)[VFIO_OBS_TEXT_MAX] =
		xcalloc((size_t)from->n_listed * VFIO_DEVICE_TEXTS, sizeof(*text));
	struct record_texts texts = view->texts;

	for (__u32 i = 0; i < from->n_listed; i++) {
		devices[i].vendor = from->device[i].vendor;
		devices[i].device = from->device[i].device;
		for (__u32 t = 0; t < VFIO_DEVICE_TEXTS; t++) {
			char *at = text[i * VFIO_DEVICE_TEXTS + t];

			if (t < from->texts)
				copy_text(at, sizeof(*text), record_texts__next(&texts));
			devices[i].text[t] = at;
		}
		/* Those of a later version; no more than there are bytes. */
		for (__u32 t = VFIO_DEVICE_TEXTS; t < from->texts && texts.at < texts.end; t++)
			record_texts__next(&texts);
	}
	to.devices = devices;
	if (sink->group)
		sink->group(sink->ctx, &to);
	free(devices);
	free(text);
}

static void deliver_events(struct source_file *file, struct record_view *view,
			   const struct source_sink *sink)
{
	for (__u32 i = 0; i < view->head.count; i++) {
		struct vfio_rec *rec = &view->recs[i];

		if (!event__desc(rec->type)) {
			file->unknown++;
			continue;
		}
		event__make_printable(rec);
		if (rec->ts_ns < file->last_ns)
			rec->ts_ns = file->last_ns;
		file->last_ns = rec->ts_ns;
		if (sink->event)
			sink->event(sink->ctx, rec);
		if (rec->type == VFIO_EV_OPEN && file->awaited)
			deliver_awaited(file, rec->id, sink);
	}
	while (file->awaited)
		drop_first_awaited(file);
}

static void deliver_gap(struct source_file *file, const struct record_gap *gap,
			const struct source_sink *sink)
{
	char why[RECORD_TEXT_MAX + 1];

	memcpy(why, gap->text, gap->text_len);
	why[gap->text_len] = '\0';
	event__make_text_printable(why, gap->text_len);
	/* A recording that was made from one that is damaged or cut off says so in a block, too. */
	if (sink->gap && gap->gap <= SOURCE_GAP_DAMAGED)
		sink->gap(sink->ctx, gap->gap, gap->ts_ns, why);
}

static void deliver_existing(const struct record_view *view, const struct source_sink *sink)
{
	const struct record_existing *from = view->existing;
	struct source_existing to = {
		.read_ns = from->read_ns,
		.id = from->id,
		.opened_ns = from->opened_ns,
		.cgroup = from->cgroup,
		.tgid = from->tgid,
		.holders = from->holders,
		.refs = from->refs,
		.file_closed = from->file_closed,
		.n_listed = from->n_listed,
		.n_groups = from->n_groups,
		.is_carried = view->carried,
	};
	struct source_group *groups = xcalloc(from->n_listed, sizeof(*groups));

	for (__u32 i = 0; i < from->n_listed; i++)
		groups[i] = (struct source_group){ from->group[i].number, from->group[i].type };
	to.groups = groups;
	if (view->carried)
		to.carried = *view->carried;
	copy_text(to.comm, sizeof(to.comm), from->comm);
	copy_text(to.backend, sizeof(to.backend), from->backend);
	if (sink->existing)
		sink->existing(sink->ctx, &to);
	free(groups);
}

static void deliver_table(const struct record_table *from, const struct source_sink *sink)
{
	struct source_table to = {
		.id = from->id,
		.read_ns = from->read_ns,
		.until_ns = from->until_ns,
		.avail = from->avail,
		.torn = from->flags & VFIO_TABLE_TORN,
		.more = from->flags & VFIO_TABLE_MORE,
		.no_limit = from->flags & VFIO_TABLE_NO_LIMIT,
		.n = from->n,
		.list = from->list,
	};

	if (sink->table)
		sink->table(sink->ctx, &to);
}

static void deliver_view(struct source_file *file, struct record_view *view,
			 const struct source_sink *sink)
{
	bool told = file->loss_told && view->head.lost_ring == file->loss.ring &&
		    view->head.lost_pool == file->loss.pool &&
		    view->head.lost_recursion == file->loss.recursion;

	file->info.realtime_offset_ns = view->head.realtime_offset_ns;
	file->loss.ring = view->head.lost_ring;
	file->loss.pool = view->head.lost_pool;
	file->loss.recursion = view->head.lost_recursion;
	file->loss_told = told;
	if (view->recs)
		deliver_events(file, view, sink);
	else if (view->gap)
		deliver_gap(file, view->gap, sink);
	else if (view->existing)
		deliver_existing(view, sink);
	else if (view->table)
		deliver_table(view->table, sink);
	else if (view->owner)
		read_owner(file, view, sink);
	else if (view->group)
		deliver_group(view, sink);
	else if (view->end)
		file->end_ns = view->end->end_ns;
	deliver_loss(file, sink);
}

bool source_file__cut(const struct source *source, char *why, size_t size)
{
	const struct source_file *file = (const struct source_file *)source;

	if (file->cut)
		record_reader__say_cut(file->reader, why, size);
	return file->cut;
}

/* The recording has no end mark: say so, once. */
static void deliver_cut(struct source_file *file, const struct source_sink *sink)
{
	char why[RECORD_WHY_MAX];

	if (sink->gap && source_file__cut(&file->source, why, sizeof(why)))
		sink->gap(sink->ctx, SOURCE_GAP_TRUNCATED, file->last_ns, why);
}

bool source_file__damage(const struct source *source, char *why, size_t size)
{
	const struct source_file *file = (const struct source_file *)source;

	if (!record_reader__damages(file->reader))
		return false;
	record_reader__say_damage(file->reader, why, size);
	return true;
}

/* Damage in the middle: what was lost there may be more than events. */
static void deliver_damage(struct source_file *file, const struct source_sink *sink)
{
	char why[RECORD_WHY_MAX];

	if (sink->gap && source_file__damage(&file->source, why, sizeof(why)))
		sink->gap(sink->ctx, SOURCE_GAP_DAMAGED, file->last_ns, why);
}

static int file_poll(struct source *source, const struct source_sink *sink)
{
	struct source_file *file = file_of(source);
	struct record_view view;
	int ret;

	if (file->done)
		return 0;
	ret = record_reader__next(file->reader, &view);
	if (ret > 0) {
		deliver_view(file, &view, sink);
		return 1;
	}
	file->done = true;
	deliver_loss(file, sink);
	deliver_damage(file, sink);
	file->cut = ret == -ENODATA;
	deliver_cut(file, sink);
	return file->cut ? 0 : ret;
}

void source_file__stop(struct source *source, const struct source_sink *sink)
{
	struct source_file *file = file_of(source);
	const char *error = source__error(source);

	if (!file->done)
		deliver_damage(file, sink);
	if (*error && sink->gap)
		sink->gap(sink->ctx, SOURCE_GAP_TRUNCATED, file->last_ns, error);
}

static void file_info(const struct source *source, struct source_info *info)
{
	*info = ((const struct source_file *)source)->info;
}

static const char *file_error(const struct source *source)
{
	return record_reader__error(((const struct source_file *)source)->reader);
}

static void file_close(struct source *source)
{
	struct source_file *file = file_of(source);

	while (file->awaited)
		drop_first_awaited(file);
	record_reader__close(file->reader);
	free(file);
}

static const struct source_ops file_ops = {
	.poll = file_poll,
	.info = file_info,
	.error = file_error,
	.close = file_close,
};

__u64 source_file__unseen(const struct record_header *header)
{
	/* Begins are left out unless somebody asks: nothing is counted from them. */
	__u64 unseen = source__all_events();

	return header->flags & RECORD_SOME ? unseen : unseen & ~header->events;
}

static void fill_info(struct source_file *file, const char *path)
{
	const struct record_header *header = record_reader__header(file->reader);
	struct source_info *info = &file->info;

	info->name = "file";
	info->described = true;
	info->realtime_offset_ns = header->realtime_offset_ns;
	info->unseen = source_file__unseen(header);
	if (*header->made)
		snprintf(info->detail, sizeof(info->detail), "%.60s (%.80s), recorded from %.90s",
			 path, header->made, header->detail);
	else
		snprintf(info->detail, sizeof(info->detail), "%.100s, recorded from %.130s", path,
			 header->detail);
	event__make_text_printable(info->detail, strlen(info->detail));
	copy_text(info->kernel, sizeof(info->kernel), header->kernel);
	copy_text(info->host, sizeof(info->host), header->host);
	info->start_ns = header->start_ns;
	file->last_ns = header->start_ns;
}

const struct record_header *source_file__header(const struct source *source)
{
	return record_reader__header(((const struct source_file *)source)->reader);
}

const __u64 *source_file__clock(const struct source *source)
{
	return &((const struct source_file *)source)->info.realtime_offset_ns;
}

__u64 source_file__end_ns(const struct source *source)
{
	const struct source_file *file = (const struct source_file *)source;

	return file->end_ns ? file->end_ns : file->last_ns;
}

static struct source *from_reader(struct record_reader *reader, const char *name)
{
	struct source_file *file;

	if (!reader)
		return NULL;
	file = xcalloc(1, sizeof(*file));
	file->source.ops = &file_ops;
	file->awaited_end = &file->awaited;
	file->reader = reader;
	fill_info(file, name);
	return &file->source;
}

struct source *source_file__from_stream(FILE *in, const char *name, char *err, size_t err_size)
{
	return from_reader(record_reader__open(in, name, err, err_size), name);
}

struct source *source_file__open(const char *path, char *err, size_t err_size)
{
	return from_reader(record_reader__open_path(path, err, err_size),
			   record_reader__name(path));
}
