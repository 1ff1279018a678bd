// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_state.c - what a part of a recording must be told of what was before it
 */
#include <stdlib.h>
#include <string.h>

#include "record_state.h"
#include "source_pass.h"
#include "xalloc.h"

/* Freed containers are taken out of the model after so many. */
#define HARVEST_EVERY 512

struct record_state {
	struct source_pass to_model;
	struct model *model;
	size_t releases, next_harvest;
};

struct record_state *record_state__create(__u64 unseen)
{
	struct record_state *state = xcalloc(1, sizeof(*state));

	state->model = model__create();
	model__unseen(state->model, unseen);
	state->to_model.to = model__sink(state->model, false);
	state->next_harvest = HARVEST_EVERY;
	return state;
}

void record_state__destroy(struct record_state *state)
{
	if (!state)
		return;
	model__destroy(state->model);
	free(state);
}

const struct model *record_state__model(const struct record_state *state)
{
	return state->model;
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct record_state *state = ctx;
	const struct model_container *const *list;

	state->to_model.to.event(state->to_model.to.ctx, rec);
	if (rec->type != VFIO_EV_RELEASE || ++state->releases < state->next_harvest)
		return;
	model__advance(state->model, rec->ts_ns, 0);
	state->releases = 0;
	state->next_harvest = HARVEST_EVERY + model__containers(state->model, &list);
}

struct source_sink record_state__sink(struct record_state *state)
{
	struct source_sink sink = source_pass__sink(&state->to_model);

	sink.event = on_event;
	return sink;
}

/* Telling it */

static __u32 untold_of(const struct model_container *c)
{
	return (c->refs_known ? 0 : VFIO_UNTOLD_REFS) | (c->file_known ? 0 : VFIO_UNTOLD_FILE) |
	       (c->backend_known ? 0 : VFIO_UNTOLD_BACKEND) |
	       (c->groups_known ? 0 : VFIO_UNTOLD_GROUPS) |
	       (c->gauges_known ? 0 : VFIO_UNTOLD_GAUGES);
}

static void tell_existing(const struct model_container *c, __u64 read_ns,
			  const struct source_sink *to)
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
	to->existing(to->ctx, &existing);
	free(groups);
}

static void tell_table(const struct model_container *c, const struct source_sink *to)
{
	const struct model_table *table = &c->table;
	struct vfio_mapping *list;
	struct source_table told = {
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
	if (!told.no_limit)
		told.avail = table->limit - table->n;
	list = xcalloc(table->n, sizeof(*list));
	model_table__range(table, 0, list, table->n);
	told.list = list;
	to->table(to->ctx, &told);
	free(list);
}

void record_state__tell_container(const struct model_container *c, __u64 ts_ns,
				  const struct source_sink *to)
{
	tell_existing(c, ts_ns ? ts_ns - 1 : 0, to);
	if (c->owner)
		to->owner(to->ctx, c->id, c->owner);
	tell_table(c, to);
}

/* Two gaps still hold when the part begins. */
static void tell_detached(const struct model *model, const struct source_sink *to)
{
	__u64 ts_ns;
	const char *why = model__gap(model, &ts_ns);

	if (why && model__gap_kind(model) == SOURCE_GAP_DETACHED)
		to->gap(to->ctx, SOURCE_GAP_DETACHED, ts_ns, why);
}

static void tell_thinned(const struct model *model, const struct source_sink *to)
{
	__u64 ts_ns;
	const char *why = model__thinned(model, &ts_ns);

	if (why)
		to->gap(to->ctx, SOURCE_GAP_THINNED, ts_ns, why);
}

static void tell_containers(const struct record_state *state, __u64 ts_ns,
			    const struct record_state_choice *choice, const struct source_sink *to)
{
	const struct model_container *const *list;
	size_t n = model__containers(state->model, &list);

	for (size_t i = 0; i < n; i++)
		if (!list[i]->freed && (!choice || choice->container(choice->ctx, list[i]->id)))
			record_state__tell_container(list[i], ts_ns, to);
}

void record_state__tell(const struct record_state *state, __u64 ts_ns,
			const struct record_state_choice *choice, const struct source_sink *to)
{
	const struct source_group_info *const *groups;
	size_t n = model__groups(state->model, &groups);

	tell_detached(state->model, to); /* frees what comes before it */
	tell_containers(state, ts_ns, choice, to);
	tell_thinned(state->model, to); /* what was mapped until then was told */
	for (size_t i = 0; i < n; i++)
		if (!choice || choice->group(choice->ctx, groups[i]->number))
			to->group(to->ctx, groups[i]);
}

/* It only grows, but for recordings that lie. */
static __u64 since(__u64 lost, __u64 before)
{
	return lost > before ? lost - before : 0;
}

struct source_loss record_state__lost_since(const struct source_loss *loss,
					    const struct source_loss *before)
{
	return (struct source_loss){
		.ring = since(loss->ring, before->ring),
		.pool = since(loss->pool, before->pool),
		.recursion = since(loss->recursion, before->recursion),
		.damaged = since(loss->damaged, before->damaged),
	};
}

struct record_loss record_state__lost_before(const struct record_loss *earlier,
					     const struct source_loss *before)
{
	return (struct record_loss){
		.ring = earlier->ring + before->ring,
		.pool = earlier->pool + before->pool,
		.recursion = earlier->recursion + before->recursion,
		.damaged = earlier->damaged + before->damaged,
	};
}
