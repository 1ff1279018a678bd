// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_cut.c - a part of a recording: the events that are wanted, and the containers they need
 *
 * When all opens in the part's time are wanted, the containers that are there at its begin are told
 * then, and the model is no longer needed. Else a container is told before its first event that is
 * wanted, and the model goes on until the end.
 */
#include <string.h>

#include "id_set.h"
#include "model.h"
#include "record_cut.h"
#include "xalloc.h"

/* Freed containers are taken out of the model after so many. */
#define HARVEST_EVERY 512

struct record_cut {
	struct event_filter filter;
	__u64 start_ns;
	void (*begin)(void *ctx, const struct source_loss *before);
	void *ctx;
	struct source_sink to;
	struct model *model; /* NULL: what is not told yet is not needed */
	struct source_sink to_model;
	size_t releases, next_harvest;
	bool as_needed; /* containers are told before their first event */
	struct id_set told; /* with @as_needed only */
	struct id_set groups; /* that the container had that alone is wanted */
	bool begun, beyond;
	struct source_loss loss, before;
};

/* It is not known of each event of a type, from its type, whether it is wanted. */
static bool is_partial(const struct event_filter *filter)
{
	return filter->pid || filter->failed || filter->slower_ns;
}

__u64 record_cut__events(const struct event_filter *filter, __u64 events, bool *some)
{
	*some = is_partial(filter);
	return events & (filter->events | 1ULL << VFIO_EV_RELEASE);
}

struct record_cut *record_cut__create(const struct event_filter *filter,
				      const struct source_info *info,
				      void (*begin)(void *ctx, const struct source_loss *before),
				      void *ctx, const struct source_sink *to)
{
	struct record_cut *cut = xcalloc(1, sizeof(*cut));

	cut->filter = *filter;
	cut->start_ns = info->start_ns;
	cut->begin = begin;
	cut->ctx = ctx;
	cut->to = *to;
	cut->as_needed = is_partial(filter) || !(filter->events >> VFIO_EV_OPEN & 1);
	if (!cut->as_needed)
		cut->filter.events |= 1ULL << VFIO_EV_RELEASE;
	cut->model = model__create();
	model__unseen(cut->model, info->unseen);
	cut->to_model = model__sink(cut->model, false);
	cut->next_harvest = HARVEST_EVERY;
	return cut;
}

void record_cut__destroy(struct record_cut *cut)
{
	if (!cut)
		return;
	id_set__clear(&cut->told);
	id_set__clear(&cut->groups);
	model__destroy(cut->model);
	free(cut);
}

/* Containers that were told */

static bool is_told(const struct record_cut *cut, __u64 id)
{
	return !cut->as_needed || id_set__has(&cut->told, id);
}

static bool is_wanted(const struct record_cut *cut, __u64 id)
{
	return !cut->filter.container || cut->filter.container == id;
}

/* Of one container that is wanted only its groups are, too. */
static bool is_wanted_group(const struct record_cut *cut, __u32 number)
{
	return !cut->filter.container || id_set__has(&cut->groups, number);
}

static void want_group(struct record_cut *cut, __u64 id, __u32 number)
{
	if (cut->filter.container == id)
		id_set__add(&cut->groups, number);
}

/* Telling them */

static __u32 untold_of(const struct model_container *c)
{
	return (c->refs_known ? 0 : VFIO_UNTOLD_REFS) | (c->file_known ? 0 : VFIO_UNTOLD_FILE) |
	       (c->backend_known ? 0 : VFIO_UNTOLD_BACKEND) |
	       (c->groups_known ? 0 : VFIO_UNTOLD_GROUPS) |
	       (c->gauges_known ? 0 : VFIO_UNTOLD_GAUGES);
}

static void tell_existing(struct record_cut *cut, const struct model_container *c, __u64 read_ns)
{
	struct source_group *groups = xcalloc(c->n_groups, sizeof(*groups));
	struct source_existing existing = {
		.read_ns = read_ns,
		.id = c->id,
		.opened_ns = c->opened_known ? c->opened_ns : 0,
		.cgroup = c->cgroup,
		.tgid = c->tgid,
		.holders = c->holders,
		.refs = c->refs_known ? c->refs : 0,
		.file_closed = c->file_closed,
		.groups = groups,
		.n_listed = c->n_groups,
		.n_groups = c->n_groups,
		.is_carried = true,
		.carried = { .iommu_type = c->iommu_type, .untold = untold_of(c) },
	};

	for (size_t i = 0; i < c->n_groups; i++)
		groups[i] = (struct source_group){ c->groups[i].number, c->groups[i].type };
	memcpy(existing.comm, c->comm, sizeof(existing.comm));
	memcpy(existing.backend, c->backend, sizeof(existing.backend));
	if (c->gauges_known) {
		existing.carried.mapped_bytes = c->gauges.mapped_bytes;
		existing.carried.pinned_pages = c->gauges.pinned_pages;
	}
	cut->to.existing(cut->to.ctx, &existing);
	free(groups);
}

static void tell_table(struct record_cut *cut, const struct model_container *c)
{
	const struct model_table *table = &c->table;
	struct vfio_mapping *list;
	struct source_table to = {
		.id = c->id,
		/* As it was: which later events are in it already follows from that. */
		.read_ns = table->read_ns,
		.until_ns = table->until_ns,
		.more = table->state == MODEL_TABLE_MORE,
		.torn = table->state != MODEL_TABLE_WHOLE && table->state != MODEL_TABLE_MORE,
		.no_limit = !table->limit_known || table->limit < table->n,
		.n = table->n,
	};

	if (table->state == MODEL_TABLE_UNKNOWN)
		return;
	if (!to.no_limit)
		to.avail = table->limit - table->n;
	list = xcalloc(table->n, sizeof(*list));
	model_table__range(table, 0, list, table->n);
	to.list = list;
	cut->to.table(cut->to.ctx, &to);
	free(list);
}

/* The state behind all events before @ts_ns. */
static void tell_container(struct record_cut *cut, const struct model_container *c, __u64 ts_ns)
{
	tell_existing(cut, c, ts_ns ? ts_ns - 1 : 0);
	if (c->owner)
		cut->to.owner(cut->to.ctx, c->id, c->owner);
	tell_table(cut, c);
}

static void tell_all(struct record_cut *cut)
{
	const struct model_container *const *list;
	size_t n = model__containers(cut->model, &list);

	for (size_t i = 0; i < n; i++)
		if (!list[i]->freed && is_wanted(cut, list[i]->id))
			tell_container(cut, list[i], cut->filter.from_ns);
}

/* Two gaps still hold when the part begins. */
static void tell_detached(struct record_cut *cut)
{
	__u64 ts_ns;
	const char *why = model__gap(cut->model, &ts_ns);

	if (why && model__gap_kind(cut->model) == SOURCE_GAP_DETACHED)
		cut->to.gap(cut->to.ctx, SOURCE_GAP_DETACHED, ts_ns, why);
}

static void tell_thinned(struct record_cut *cut)
{
	__u64 ts_ns;
	const char *why = model__thinned(cut->model, &ts_ns);

	if (why)
		cut->to.gap(cut->to.ctx, SOURCE_GAP_THINNED, ts_ns, why);
}

static void begin(struct record_cut *cut)
{
	const struct source_group_info *const *groups;
	size_t n = model__groups(cut->model, &groups);

	cut->begun = true;
	cut->before = cut->loss;
	cut->begin(cut->ctx, &cut->before);
	tell_detached(cut); /* frees what comes before it */
	if (!cut->as_needed)
		tell_all(cut);
	tell_thinned(cut); /* what was mapped until then was told */
	for (size_t i = 0; i < n; i++)
		if (is_wanted_group(cut, groups[i]->number))
			cut->to.group(cut->to.ctx, groups[i]);
	if (cut->as_needed)
		return;
	model__destroy(cut->model);
	cut->model = NULL;
}

/* Whether the part has begun at @ts_ns; it has before anything comes when it has no begin. */
static bool has_begun(struct record_cut *cut, __u64 ts_ns)
{
	__u64 from_ns = cut->filter.from_ns;

	if (!cut->begun && (from_ns <= cut->start_ns || ts_ns >= from_ns))
		begin(cut);
	return cut->begun;
}

/* The sink */

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct record_cut *cut = ctx;

	for (__u32 i = 0; i < existing->n_listed; i++)
		want_group(cut, existing->id, existing->groups[i].number);
	if (has_begun(cut, 0) && is_wanted(cut, existing->id) && is_told(cut, existing->id))
		cut->to.existing(cut->to.ctx, existing);
	if (cut->model)
		cut->to_model.existing(cut->to_model.ctx, existing);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct record_cut *cut = ctx;

	if (has_begun(cut, 0) && is_wanted(cut, table->id) && is_told(cut, table->id))
		cut->to.table(cut->to.ctx, table);
	if (cut->model)
		cut->to_model.table(cut->to_model.ctx, table);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct record_cut *cut = ctx;

	if (has_begun(cut, 0) && is_wanted(cut, id) && is_told(cut, id))
		cut->to.owner(cut->to.ctx, id, owner);
	if (cut->model)
		cut->to_model.owner(cut->to_model.ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct record_cut *cut = ctx;

	if (!has_begun(cut, 0))
		cut->to_model.group(cut->to_model.ctx, group);
	else if (is_wanted_group(cut, group->number))
		cut->to.group(cut->to.ctx, group);
}

/* Tell the container of @rec, of which nothing was told yet. */
static void tell_needed(struct record_cut *cut, const struct vfio_rec *rec)
{
	const struct model_container *c;

	if (!rec->id || is_told(cut, rec->id))
		return;
	id_set__add(&cut->told, rec->id);
	c = rec->type == VFIO_EV_OPEN ? NULL : model__current(cut->model, rec->id);
	if (c && !c->freed)
		tell_container(cut, c, rec->ts_ns);
}

static void pass_event(struct record_cut *cut, const struct vfio_rec *rec)
{
	bool frees = rec->type == VFIO_EV_RELEASE && cut->as_needed && is_told(cut, rec->id);

	if (!frees && !event_filter__match(&cut->filter, rec))
		return;
	if (cut->as_needed)
		tell_needed(cut, rec);
	cut->to.event(cut->to.ctx, rec);
	if (rec->type == VFIO_EV_RELEASE)
		id_set__remove(&cut->told, rec->id);
}

static void feed_model(struct record_cut *cut, const struct vfio_rec *rec)
{
	const struct model_container *const *list;

	cut->to_model.event(cut->to_model.ctx, rec);
	if (rec->type != VFIO_EV_RELEASE || ++cut->releases < cut->next_harvest)
		return;
	model__advance(cut->model, rec->ts_ns, 0);
	cut->releases = 0;
	cut->next_harvest = HARVEST_EVERY + model__containers(cut->model, &list);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct record_cut *cut = ctx;

	if (rec->ts_ns >= cut->filter.to_ns) {
		cut->beyond = true;
		return;
	}
	if (rec->type == VFIO_EV_ATTACH)
		want_group(cut, rec->id, vfio_w(rec, ATTACH, group));
	if (has_begun(cut, rec->ts_ns))
		pass_event(cut, rec);
	if (cut->model)
		feed_model(cut, rec);
}

/* It only grows, but for recordings that lie. */
static __u64 since(__u64 lost, __u64 before)
{
	return lost > before ? lost - before : 0;
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct record_cut *cut = ctx;
	struct source_loss part = {
		.ring = since(loss->ring, cut->before.ring),
		.pool = since(loss->pool, cut->before.pool),
		.recursion = since(loss->recursion, cut->before.recursion),
		.damaged = since(loss->damaged, cut->before.damaged),
	};

	if (cut->model)
		cut->to_model.loss(cut->to_model.ctx, loss);
	cut->loss = *loss;
	if (has_begun(cut, 0))
		cut->to.loss(cut->to.ctx, &part);
}

/* That the recording breaks off or is damaged has no instant: it is of the part, too. */
static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct record_cut *cut = ctx;
	bool at_end = gap == SOURCE_GAP_TRUNCATED || gap == SOURCE_GAP_DAMAGED;

	if (at_end)
		record_cut__finish(cut);
	if (at_end || (ts_ns < cut->filter.to_ns && has_begun(cut, ts_ns)))
		cut->to.gap(cut->to.ctx, gap, ts_ns, why);
	if (cut->model)
		cut->to_model.gap(cut->to_model.ctx, gap, ts_ns, why);
}

struct source_sink record_cut__sink(struct record_cut *cut)
{
	return (struct source_sink){
		.ctx = cut,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
}

void record_cut__finish(struct record_cut *cut)
{
	if (!cut->begun)
		begin(cut);
}

bool record_cut__beyond(const struct record_cut *cut)
{
	return cut->beyond;
}
