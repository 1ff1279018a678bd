// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_cut.c - a part of a recording: the events that are wanted, and the containers they need
 *
 * When all opens in the part's time are wanted, the containers that are there at its begin are
 * told then, and their state is no longer needed. Else a container is told before its first event
 * that is wanted, and it goes on until the end.
 */
#include <string.h>

#include "id_set.h"
#include "record_cut.h"
#include "record_state.h"
#include "xalloc.h"

struct record_cut {
	struct event_filter filter;
	__u64 start_ns;
	void (*begin)(void *ctx, const struct source_loss *before);
	void *ctx;
	struct source_sink to;
	struct record_state *state; /* NULL: what is not told yet is not needed */
	struct source_sink to_state;
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
	cut->state = record_state__create(info->unseen);
	cut->to_state = record_state__sink(cut->state);
	return cut;
}

void record_cut__destroy(struct record_cut *cut)
{
	if (!cut)
		return;
	id_set__clear(&cut->told);
	id_set__clear(&cut->groups);
	record_state__destroy(cut->state);
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

/* What is told at the begin: nothing that is told when it is needed. */
static bool is_told_at_begin(const void *ctx, __u64 id)
{
	const struct record_cut *cut = ctx;

	return !cut->as_needed && is_wanted(cut, id);
}

static bool is_group_told(const void *ctx, __u32 number)
{
	return is_wanted_group(ctx, number);
}

static void begin(struct record_cut *cut)
{
	const struct record_state_choice choice = { is_told_at_begin, is_group_told, cut };

	cut->begun = true;
	cut->before = cut->loss;
	cut->begin(cut->ctx, &cut->before);
	record_state__tell(cut->state, cut->filter.from_ns, &choice, &cut->to);
	if (cut->as_needed)
		return;
	record_state__destroy(cut->state);
	cut->state = NULL;
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
	if (cut->state)
		cut->to_state.existing(cut->to_state.ctx, existing);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct record_cut *cut = ctx;

	if (has_begun(cut, 0) && is_wanted(cut, table->id) && is_told(cut, table->id))
		cut->to.table(cut->to.ctx, table);
	if (cut->state)
		cut->to_state.table(cut->to_state.ctx, table);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct record_cut *cut = ctx;

	if (has_begun(cut, 0) && is_wanted(cut, id) && is_told(cut, id))
		cut->to.owner(cut->to.ctx, id, owner);
	if (cut->state)
		cut->to_state.owner(cut->to_state.ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct record_cut *cut = ctx;

	if (!has_begun(cut, 0))
		cut->to_state.group(cut->to_state.ctx, group);
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
	c = rec->type == VFIO_EV_OPEN ? NULL :
					model__current(record_state__model(cut->state), rec->id);
	if (c && !c->freed)
		record_state__tell_container(c, rec->ts_ns, &cut->to);
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
	if (cut->state)
		cut->to_state.event(cut->to_state.ctx, rec);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct record_cut *cut = ctx;
	struct source_loss part = record_state__lost_since(loss, &cut->before);

	if (cut->state)
		cut->to_state.loss(cut->to_state.ctx, loss);
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
	if (cut->state)
		cut->to_state.gap(cut->to_state.ctx, gap, ts_ns, why);
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
