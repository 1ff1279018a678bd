// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.c - containers, their state and their statistics, from the events of any source
 *
 * Fed through model__sink(), read by field_*.c and the views. A recording may claim anything:
 * whatever comes, the work for one event stays small, and what contradicts itself is unknown.
 */
#include <search.h>
#include <string.h>

#include "model.h"
#include "model_begun.h"
#include "model_op.h"
#include "source_copy.h"
#include "xalloc.h"

/* More than any host has in one container; beyond, the list is incomplete instead of slow. */
#define MAX_GROUPS 4096
/* Groups whose devices are remembered. */
#define MAX_GROUP_INFOS 65536
/* A gauge beyond this is nonsense, and sums of sane ones cannot overflow. */
#define GAUGE_LIMIT (1LL << 61)
/* How long the final totals of a freed container may be late. */
#define FINAL_GRACE_NS 10000000000ULL
#define PAGE_BYTES 4096 /* x86 */
/* Lost events may be so much newer than the newest that was told. */
#define LOSS_WINDOW_NS 1000000000ULL
#define TYPE_IOMMU 0	/* of VFIO_OBS_VALUES_group_type */
/* Gauges are counted from these. */
#define GAUGE_EVENTS (1ULL << VFIO_EV_IOCTL | 1ULL << VFIO_EV_PIN | 1ULL << VFIO_EV_UNPIN)

struct tracked {
	struct model_container c; /* first: the index and the list point to it */
	bool indexed;	   /* found by its id; no longer once another container has that id */
	bool seen_open;
	__u64 event_ns;	   /* its last event */
	bool final;	   /* no more statistics will come */
	bool gauges_reset; /* the last group left while we watched: gauges began at 0 then */
	struct model_heat_track *heat; /* NULL: not kept */
};

struct model {
	bool aggregates;
	void *index; /* tsearch() tree of entries by id */
	struct tracked *last_hit;
	struct model_container **list;
	size_t n_list;
	struct model_op *total[VFIO_OP_COUNT];
	struct model_op *shared[VFIO_OP_COUNT]; /* of containers that the source has no room for */
	__u64 event_counts[VFIO_EV_COUNT];
	struct model_group_calls group_calls;
	struct model_map_parts map_parts;
	struct model_begun begun;
	struct model_stacks stacks;
	struct model_log log;
	struct model_heat *heat; /* NULL: not asked for */
	__u64 looked_at;   /* id of the container that the user looks at, 0 none */
	__u64 heat_lost;   /* until the last refresh */
	bool unwatched;	   /* since then there was a gap, or still is */
	struct source_group_info **groups; /* by number */
	size_t n_groups;
	struct source_loss loss;
	__u64 unseen;	   /* bit per event */
	__u64 lost_ns;	   /* until then events may have been lost; 0: none were */
	char *gap;
	enum source_gap gap_kind;
	__u64 gap_ns;
	char *thinned; /* NULL: all events come */
	__u64 thinned_ns;
	__u32 untold_ops; /* bit per operation that is not counted any more either */
	__u64 now_ns;	   /* newest instant of all */
	__u64 advanced_ns; /* last model__advance(), 0 never */
};

/* The index and the list */

static int by_id(const void *a, const void *b)
{
	__u64 x = ((const struct model_container *)a)->id;
	__u64 y = ((const struct model_container *)b)->id;

	return x < y ? -1 : x > y;
}

/* Containers of one id, after a reload of the module, stay in the order in which they came. */
static int by_id_then_open(const void *a, const void *b)
{
	const struct model_container *x = *(struct model_container *const *)a;
	const struct model_container *y = *(struct model_container *const *)b;
	int order = by_id(x, y);

	return order ? order : x->opened_ns < y->opened_ns ? -1 : x->opened_ns > y->opened_ns;
}

static struct tracked *entry_find(struct model *model, __u64 id)
{
	struct model_container key = { .id = id };
	struct model_container **node;

	if (model->last_hit && model->last_hit->c.id == id)
		return model->last_hit;
	node = tfind(&key, &model->index, by_id);
	if (node)
		model->last_hit = (struct tracked *)*node;
	return node ? model->last_hit : NULL;
}

static void entry_unindex(struct model *model, struct tracked *entry)
{
	if (!entry->indexed)
		return;
	tdelete(&entry->c, &model->index, by_id);
	entry->indexed = false;
	if (model->last_hit == entry)
		model->last_hit = NULL;
}

static struct tracked *entry_get(struct model *model, __u64 id)
{
	struct tracked *entry = entry_find(model, id);

	if (entry)
		return entry;
	entry = xcalloc(1, sizeof(*entry));
	entry->c.id = id;
	entry->c.rate = -1;
	entry->indexed = true;
	xalloc__check(tsearch(&entry->c, &model->index, by_id));
	if (!(model->n_list & (model->n_list - 1))) /* grows at powers of two */
		model->list = xreallocarray(model->list, model->n_list ? 2 * model->n_list : 1,
					    sizeof(*model->list));
	model->list[model->n_list++] = &entry->c;
	model->last_hit = entry;
	return entry;
}

static void entry_destroy(struct tracked *entry)
{
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		model_op__destroy(entry->c.op[op]);
	model_table__forget(&entry->c.table);
	free(entry->c.groups);
	free((void *)entry->c.owner);
	free(entry);
}

static struct model_op *op_get(struct model_op **slot)
{
	if (!*slot)
		*slot = model_op__create();
	return *slot;
}

/* Groups */

static void groups_clear(struct model_container *c)
{
	free(c->groups);
	c->groups = NULL;
	c->n_groups = 0;
}

/* Position of @number, or where it belongs. */
static size_t group_position(const struct model_container *c, __u32 number)
{
	size_t lo = 0, hi = c->n_groups;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->groups[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool group_is_at(const struct model_container *c, size_t i, __u32 number)
{
	return i < c->n_groups && c->groups[i].number == number;
}

static void group_add(struct model_container *c, __u32 number, __u32 type)
{
	size_t i = group_position(c, number);

	if (group_is_at(c, i, number)) {
		if (type != MODEL_NO_TYPE)
			c->groups[i].type = type;
		return;
	}
	if (c->n_groups == MAX_GROUPS) {
		c->groups_known = false;
		return;
	}
	if (!(c->n_groups & (c->n_groups - 1)))
		c->groups = xreallocarray(c->groups, c->n_groups ? 2 * c->n_groups : 1,
					  sizeof(*c->groups));
	memmove(&c->groups[i + 1], &c->groups[i], (c->n_groups - i) * sizeof(*c->groups));
	c->n_groups++;
	c->groups[i] = (struct model_group){ .number = number, .type = type };
}

static void group_remove(struct model_container *c, __u32 number)
{
	size_t i = group_position(c, number);

	if (!group_is_at(c, i, number))
		return;
	c->n_groups--;
	memmove(&c->groups[i], &c->groups[i + 1], (c->n_groups - i) * sizeof(*c->groups));
}

/* Something named a group of a container whose beginning we missed. */
static void group_hint(struct model_container *c, __u32 number)
{
	if (!c->groups_known)
		group_add(c, number, MODEL_NO_TYPE);
}

/* Only attach and detach are ordered with the list; others may tell about a partial one. */
static void groups_hint_count(struct model_container *c, __u32 groups)
{
	if (!c->groups_known)
		c->groups_known = c->n_groups == groups;
}

/* Owners; devices of groups */

static void set_owner(struct model_container *c, const struct source_owner *owner)
{
	free((void *)c->owner);
	c->owner = source_copy__owner(owner);
}

/* Somebody else has it now, or had it: whoever was looked up is not the one. */
static void set_task(struct model_container *c, __u32 tgid, const char *comm, __u64 cgroup)
{
	c->tgid = tgid;
	memcpy(c->comm, comm, sizeof(c->comm));
	c->comm[sizeof(c->comm) - 1] = '\0';
	c->cgroup = cgroup;
	if (c->owner && c->owner->tgid != tgid)
		set_owner(c, NULL);
}

static void sink_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct tracked *entry = entry_find(ctx, id);

	if (entry && entry->c.tgid == owner->tgid)
		set_owner(&entry->c, owner);
}

/* Position of @number among the groups that were told, or where it belongs. */
static size_t info_position(const struct model *model, __u32 number)
{
	size_t lo = 0, hi = model->n_groups;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (model->groups[mid]->number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool info_is_at(const struct model *model, size_t i, __u32 number)
{
	return i < model->n_groups && model->groups[i]->number == number;
}

static void sink_group(void *ctx, const struct source_group_info *group)
{
	struct model *model = ctx;
	size_t i = info_position(model, group->number);

	if (info_is_at(model, i, group->number)) {
		free(model->groups[i]);
		model->groups[i] = source_copy__group(group);
		return;
	}
	if (model->n_groups == MAX_GROUP_INFOS)
		return;
	if (!(model->n_groups & (model->n_groups - 1)))
		model->groups = xreallocarray(model->groups,
					      model->n_groups ? 2 * model->n_groups : 1,
					      sizeof(*model->groups));
	memmove(&model->groups[i + 1], &model->groups[i],
		(model->n_groups - i) * sizeof(*model->groups));
	model->n_groups++;
	model->groups[i] = source_copy__group(group);
}

/* State of one container, event by event */

static void set_refs(struct model_container *c, __u64 refs)
{
	c->refs = refs;
	c->refs_known = true;
}

static void set_backend(struct model_container *c, const __u64 *words, __u32 iommu_type)
{
	memcpy(c->backend, words, sizeof(c->backend));
	c->backend[sizeof(c->backend) - 1] = '\0';
	c->backend_known = true;
	c->iommu_type = iommu_type;
}

static void set_no_backend(struct model_container *c)
{
	c->backend[0] = '\0';
	c->backend_known = true;
	c->iommu_type = 0;
}

/* Nothing is mapped at @ts_ns, and from then on the events tell. */
static void begin_table(const struct model *model, struct model_container *c, __u64 ts_ns)
{
	if (model->unseen >> VFIO_EV_IOCTL & 1) {
		model_table__forget(&c->table);
		return;
	}
	model_table__clear(&c->table);
	if (ts_ns < model->lost_ns)
		model_table__distrust(&c->table, MODEL_TABLE_LOST);
}

static void on_open(const struct model *model, struct tracked *entry, const struct vfio_rec *rec)
{
	struct model_container *c = &entry->c;

	entry->seen_open = true;
	c->opened_known = true;
	c->opened_ns = rec->ts_ns;
	c->file_known = true;
	c->left_known = true;
	set_owner(c, NULL);
	set_task(c, rec->tgid, rec->comm, rec->cgroup);
	c->holders = 0;
	c->groups_known = true;
	set_no_backend(c);
	begin_table(model, c, rec->ts_ns);
}

static void on_attach(struct model_container *c, const struct vfio_rec *rec)
{
	if ((__s64)vfio_w(rec, ATTACH, ret) >= 0) {
		group_add(c, vfio_w(rec, ATTACH, group), vfio_w(rec, ATTACH, type));
		set_refs(c, vfio_w(rec, ATTACH, refs));
	}
	c->groups_known = c->n_groups == vfio_w(rec, ATTACH, groups);
}

static bool gauge_is_sane(__s64 value)
{
	return value < GAUGE_LIMIT && value > -GAUGE_LIMIT;
}

static void add_left(__s64 *left, __s64 gauge)
{
	if (gauge > 0)
		*left += gauge;
}

/* The backend goes, with what it still has. */
static void note_left(const struct model *model, struct model_container *c)
{
	c->left_known &= c->gauges_known && !model->aggregates;
	if (!c->left_known)
		return;
	add_left(&c->left.mapped_bytes, c->gauges.mapped_bytes);
	add_left(&c->left.pinned_pages, c->gauges.pinned_pages);
	c->left_known = gauge_is_sane(c->left.mapped_bytes) && gauge_is_sane(c->left.pinned_pages);
}

static void on_detach(const struct model *model, struct tracked *entry, const struct vfio_rec *rec)
{
	struct model_container *c = &entry->c;

	set_refs(c, vfio_w(rec, DETACH, refs));
	group_remove(c, vfio_w(rec, DETACH, group));
	if (vfio_w(rec, DETACH, groups) == 0) {
		groups_clear(c);
		set_no_backend(c);
		if (rec->ts_ns > c->table.read_ns) /* else it is another backend that was read */
			begin_table(model, c, rec->ts_ns);
		entry->gauges_reset = true;
		note_left(model, c);
		c->gauges_known = true;
		/* The kernel's reading may be ahead of this event already. */
		if (!model->aggregates)
			c->gauges = (struct vfio_gauges){ 0 };
	}
	c->groups_known = c->n_groups == vfio_w(rec, DETACH, groups);
}

static void on_ioctl(struct model_container *c, const struct vfio_rec *rec)
{
	groups_hint_count(c, vfio_w(rec, IOCTL, groups));
	if (!c->backend_known && !vfio_w(rec, IOCTL, has_backend))
		set_no_backend(c);
	model_table__event(&c->table, rec);
}

static void on_release(const struct model *model, struct model_container *c,
		       const struct vfio_rec *rec)
{
	__u64 age = vfio_w(rec, RELEASE, age);

	note_left(model, c);
	c->freed = true;
	c->freed_ns = rec->ts_ns;
	model_table__forget(&c->table);
	set_refs(c, 0);
	if (!c->opened_known && age <= rec->ts_ns) {
		c->opened_known = true;
		c->opened_ns = rec->ts_ns - age;
	}
}

static void apply_state(const struct model *model, struct tracked *entry,
			const struct vfio_rec *rec)
{
	struct model_container *c = &entry->c;

	switch (rec->type) {
	case VFIO_EV_OPEN:
		on_open(model, entry, rec);
		break;
	case VFIO_EV_ATTACH:
		on_attach(c, rec);
		break;
	case VFIO_EV_DETACH:
		on_detach(model, entry, rec);
		break;
	case VFIO_EV_SET_IOMMU:
		groups_hint_count(c, vfio_w(rec, SET_IOMMU, groups));
		if ((__s64)vfio_w(rec, SET_IOMMU, ret) >= 0)
			set_backend(c, &vfio_w(rec, SET_IOMMU, backend),
				    vfio_w(rec, SET_IOMMU, type));
		break;
	case VFIO_EV_IOCTL:
		on_ioctl(c, rec);
		break;
	case VFIO_EV_GET:
		set_refs(c, vfio_w(rec, GET, refs));
		break;
	case VFIO_EV_PUT:
		set_refs(c, vfio_w(rec, PUT, refs));
		break;
	case VFIO_EV_ASSIGN:
		if ((__s64)vfio_w(rec, ASSIGN, ret) >= 0)
			group_hint(c, vfio_w(rec, ASSIGN, group));
		break;
	case VFIO_EV_PIN:
		group_hint(c, vfio_w(rec, PIN, group));
		break;
	case VFIO_EV_UNPIN:
		group_hint(c, vfio_w(rec, UNPIN, group));
		break;
	case VFIO_EV_DMA_RW:
		group_hint(c, vfio_w(rec, DMA_RW, group));
		break;
	case VFIO_EV_CLOSE:
		c->file_known = true;
		c->file_closed = true;
		c->closed_ns = rec->ts_ns;
		set_refs(c, vfio_w(rec, CLOSE, refs));
		break;
	case VFIO_EV_RELEASE:
		on_release(model, c, rec);
		break;
	case VFIO_EV_MAP_PARTS:
		model_map_parts__add(&c->map_parts, rec);
		break;
	}
}

/* Gauges from events; once they cannot be right they are unknown until the last group leaves. */
static void apply_gauges(struct model_container *c, const struct vfio_rec *rec,
			 const struct vfio_outcome *o)
{
	if (!c->gauges_known)
		return;
	if (o->ret < 0 || (o->bytes < GAUGE_LIMIT && o->pages < GAUGE_LIMIT))
		vfio_gauges_apply(&c->gauges, rec->type, rec, o);
	else
		c->gauges_known = false;
	if (!gauge_is_sane(c->gauges.mapped_bytes) || !gauge_is_sane(c->gauges.pinned_pages))
		c->gauges_known = false;
}

/* Counts for a container; without one (a failed open) only in the totals. */
static void apply_outcome(struct model *model, struct tracked *entry, const struct vfio_outcome *o)
{
	/* No aggregate has what belongs to no container. */
	if (o->op == VFIO_OP_NONE || (model->aggregates && entry))
		return;
	model_op__add(op_get(&model->total[o->op]), o);
	if (entry)
		model_op__add(op_get(&entry->c.op[o->op]), o);
}

/* What each container has of the list: once a refresh, as that is when it is looked at. */
static void share_begun(struct model *model)
{
	for (size_t i = 0; i < model->n_list; i++)
		model->list[i]->n_begun = 0;
	for (size_t i = 0; i < model->begun.n; i++) {
		struct tracked *entry = entry_find(model, model->begun.list[i].id);

		if (entry && !entry->c.n_begun++)
			entry->c.begun = model->begun.list[i];
	}
}

static void sink_begun(void *ctx, const struct source_begun *list, size_t n)
{
	struct model *model = ctx;

	model_begun__set(&model->begun, list, n);
}

static void sink_stack(void *ctx, const struct source_stack *stack)
{
	struct model *model = ctx;

	model_stacks__set(&model->stacks, stack);
}

static void sink_event(void *ctx, const struct vfio_rec *rec)
{
	struct model *model = ctx;
	struct vfio_outcome o;
	struct tracked *entry = NULL;

	if (rec->type >= VFIO_EV_COUNT)
		return;
	model->event_counts[rec->type]++;
	model_group_calls__add(&model->group_calls, rec);
	if (rec->type == VFIO_EV_MAP_PARTS)
		model_map_parts__add(&model->map_parts, rec);
	if (!model->aggregates)
		model_begun__event(&model->begun, rec);
	if (rec->ts_ns > model->now_ns)
		model->now_ns = rec->ts_ns;
	o = vfio_outcome_of(rec->type, rec);
	model_log__add(&model->log, rec, &o);
	if (rec->id && rec->type == VFIO_EV_OPEN && o.ret >= 0) {
		entry = entry_find(model, rec->id);
		/* The module was loaded anew: its ids start again. */
		if (entry && (entry->seen_open || entry->c.freed))
			entry_unindex(model, entry);
	}
	if (rec->id) {
		entry = entry_get(model, rec->id);
		entry->event_ns = rec->ts_ns;
		apply_state(model, entry, rec);
		if (!model->aggregates) {
			if (rec->type == VFIO_EV_OPEN)
				entry->c.gauges_known = !(model->unseen & GAUGE_EVENTS);
			apply_gauges(&entry->c, rec, &o);
			if (model->thinned)
				entry->c.gauges_known = false;
		}
	}
	apply_outcome(model, entry, &o);
}

/* Containers that existed before */

/* Without a backend nothing is mapped; with one somebody must read it. */
static void set_existing_table(const struct model *model, struct model_container *c,
			       __u64 read_ns)
{
	if (*c->backend || !c->backend_known) {
		model_table__forget(&c->table);
		return;
	}
	begin_table(model, c, read_ns);
	c->table.read_ns = read_ns;
	c->table.until_ns = read_ns;
}

/* What no reading tells, only events that were seen. */
static void set_carried(const struct model *model, struct model_container *c,
			const struct source_existing *e)
{
	c->iommu_type = e->carried.iommu_type;
	c->gauges.mapped_bytes = e->carried.mapped_bytes;
	c->gauges.pinned_pages = e->carried.pinned_pages;
	c->gauges_known = source_existing__tells(e, VFIO_UNTOLD_GAUGES) &&
			  !(model->unseen & GAUGE_EVENTS) && !model->aggregates &&
			  gauge_is_sane(c->gauges.mapped_bytes) &&
			  gauge_is_sane(c->gauges.pinned_pages);
}

static void set_existing(const struct model *model, struct model_container *c,
			 const struct source_existing *e)
{
	c->opened_known = e->opened_ns != 0;
	c->opened_ns = e->opened_ns;
	set_task(c, e->tgid, e->comm, e->cgroup);
	c->holders = e->holders;
	c->file_known = source_existing__tells(e, VFIO_UNTOLD_FILE);
	c->file_closed = e->file_closed;
	c->refs = e->refs;
	c->refs_known = source_existing__tells(e, VFIO_UNTOLD_REFS);
	memcpy(c->backend, e->backend, sizeof(c->backend));
	c->backend[sizeof(c->backend) - 1] = '\0';
	c->backend_known = source_existing__tells(e, VFIO_UNTOLD_BACKEND);
	groups_clear(c);
	for (__u32 i = 0; i < e->n_listed; i++)
		group_add(c, e->groups[i].number, e->groups[i].type);
	c->groups_known = c->n_groups == e->n_groups &&
			  source_existing__tells(e, VFIO_UNTOLD_GROUPS);
	if (e->is_carried)
		set_carried(model, c, e);
}

/* Whoever saw its open knows more, and events behind the reading are newer. */
static void sink_existing(void *ctx, const struct source_existing *existing)
{
	struct model *model = ctx;
	struct tracked *entry;

	if (!existing->id)
		return;
	if (existing->read_ns > model->now_ns)
		model->now_ns = existing->read_ns;
	entry = entry_get(model, existing->id);
	if (entry->seen_open || entry->c.freed || entry->event_ns > existing->read_ns)
		return;
	set_existing(model, &entry->c, existing);
	set_existing_table(model, &entry->c, existing->read_ns);
}

static void sink_table(void *ctx, const struct source_table *table)
{
	struct model *model = ctx;
	struct tracked *entry = entry_find(model, table->id);

	if (entry && !entry->seen_open && !entry->c.freed && entry->event_ns <= table->read_ns &&
	    !(model->unseen >> VFIO_EV_IOCTL & 1))
		model_table__read(&entry->c.table, table);
}

/* Aggregates from the kernel */

static void sink_stats(void *ctx, const struct vfio_op_stats *stats)
{
	struct model *model = ctx;
	struct model_op **op;

	if (stats->op >= VFIO_OP_COUNT)
		return;
	op = stats->id ? &entry_get(model, stats->id)->c.op[stats->op] : &model->shared[stats->op];
	model_op__read(op_get(op), op_get(&model->total[stats->op]), stats);
}

static void sink_gauges(void *ctx, __u64 id, const struct vfio_gauges *gauges, bool known)
{
	struct model *model = ctx;
	struct tracked *entry;

	if (!id)
		return;
	entry = entry_get(model, id);
	entry->c.gauges = *gauges;
	entry->c.gauges_known = known || entry->gauges_reset;
}

static void entry_mark_freed(struct model *model, struct tracked *entry, __u64 ts_ns)
{
	if (entry->c.freed)
		return;
	entry->c.freed = true;
	entry->c.freed_ns = ts_ns;
	model_table__forget(&entry->c.table);
	set_refs(&entry->c, 0);
}

static void clear_shared(struct model *model)
{
	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		model_op__destroy(model->shared[op]);
		model->shared[op] = NULL;
	}
}

static void sink_final(void *ctx, __u64 id)
{
	struct model *model = ctx;
	struct tracked *entry = entry_find(model, id);

	if (!id)
		clear_shared(model);
	if (!entry)
		return;
	entry->final = true;
	/* Its release event was lost. */
	entry_mark_freed(model, entry, model->now_ns);
}

static void sink_loss(void *ctx, const struct source_loss *loss)
{
	struct model *model = ctx;
	struct source_loss *had = &model->loss;
	bool more = loss->ring > had->ring || loss->recursion > had->recursion ||
		    loss->damaged > had->damaged;

	*had = *loss;
	if (!more)
		return;
	model->lost_ns = model->now_ns + LOSS_WINDOW_NS;
	for (size_t i = 0; i < model->n_list; i++)
		model_table__distrust(&model->list[i]->table, MODEL_TABLE_LOST);
}

static void thin(struct model *model, __u64 ts_ns, const char *why)
{
	free(model->thinned);
	model->thinned = xmemdup(why, strlen(why) + 1, 1);
	model->thinned_ns = ts_ns;
	model->unseen |= source__frequent_events();
	for (size_t i = 0; i < model->n_list; i++)
		model_table__distrust(&model->list[i]->table, MODEL_TABLE_THINNED);
	if (model->aggregates)
		return;
	model->untold_ops = source__ops_of(source__frequent_events());
	model_begun__forget(&model->begun, model->untold_ops);
	for (size_t i = 0; i < model->n_list; i++)
		model->list[i]->gauges_known = false;
}

static void sink_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct model *model = ctx;

	if (gap == SOURCE_GAP_THINNED) {
		thin(model, ts_ns, why);
		return;
	}
	free(model->gap);
	model->gap = xmemdup(why, strlen(why) + 1, 1);
	model->gap_kind = gap;
	model->gap_ns = ts_ns;
	model->unwatched |= gap != SOURCE_GAP_ATTACHED;
	if (gap != SOURCE_GAP_DETACHED)
		return;
	/* Nobody will see them return. */
	model_begun__set(&model->begun, NULL, 0);
	/* A source lets go only when no container is left, and ids may begin again after it. */
	for (size_t i = 0; i < model->n_list; i++) {
		struct tracked *entry = (struct tracked *)model->list[i];

		entry_mark_freed(model, entry, ts_ns);
		entry->final = true;
		entry_unindex(model, entry);
	}
}

/* Public functions */

struct model *model__create(void)
{
	return xcalloc(1, sizeof(struct model));
}

/* Frees @entry, which nothing points to any more, and its place in the history. */
static void entry_leave(struct model *model, struct tracked *entry)
{
	if (model->heat)
		model_heat__drop(model->heat, &entry->heat);
	entry_destroy(entry);
}

static void leave_node(void *node)
{
	/* Nodes of the index own nothing: the list does. */
}

void model__destroy(struct model *model)
{
	if (!model)
		return;
	tdestroy(model->index, leave_node);
	for (size_t i = 0; i < model->n_list; i++)
		entry_leave(model, (struct tracked *)model->list[i]);
	model_heat__destroy(model->heat);
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		model_op__destroy(model->total[op]);
	clear_shared(model);
	for (size_t i = 0; i < model->n_groups; i++)
		free(model->groups[i]);
	free(model->groups);
	model_group_calls__clear(&model->group_calls);
	model_begun__clear(&model->begun);
	model_stacks__clear(&model->stacks);
	model_log__clear(&model->log);
	free(model->list);
	free(model->gap);
	free(model->thinned);
	free(model);
}

static void copy_ops(struct model_op *to[VFIO_OP_COUNT], struct model_op *const from[VFIO_OP_COUNT])
{
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		to[op] = from[op] ? model_op__copy(from[op]) : NULL;
}

static char *copy_text(const char *text)
{
	return text ? xmemdup(text, strlen(text) + 1, 1) : NULL;
}

/* Without its heat. */
static struct tracked *entry_copy(const struct tracked *entry)
{
	struct tracked *copy = xmemdup(entry, 1, sizeof(*entry));

	copy->c.groups = xmemdup_grown(entry->c.groups, entry->c.n_groups,
				       sizeof(*entry->c.groups));
	copy->c.owner = source_copy__owner(entry->c.owner);
	copy->c.table = model_table__copy(&entry->c.table);
	copy_ops(copy->c.op, entry->c.op);
	copy->heat = NULL;
	return copy;
}

/* Without heat and index. */
static struct model *copy_model(const struct model *model)
{
	struct model *copy = xmemdup(model, 1, sizeof(*model));

	copy->index = NULL;
	copy->last_hit = NULL;
	copy->list = xmemdup_grown(model->list, model->n_list, sizeof(*model->list));
	for (size_t i = 0; i < model->n_list; i++)
		copy->list[i] = &entry_copy((const struct tracked *)model->list[i])->c;
	copy_ops(copy->total, model->total);
	copy_ops(copy->shared, model->shared);
	copy->groups = xmemdup_grown(model->groups, model->n_groups, sizeof(*model->groups));
	for (size_t i = 0; i < model->n_groups; i++)
		copy->groups[i] = source_copy__group(model->groups[i]);
	copy->group_calls = model_group_calls__copy(&model->group_calls);
	copy->begun = model_begun__copy(&model->begun);
	copy->stacks = model_stacks__copy(&model->stacks);
	copy->log = model_log__copy(&model->log);
	copy->heat = NULL;
	copy->gap = copy_text(model->gap);
	copy->thinned = copy_text(model->thinned);
	return copy;
}

struct model *model__snapshot(const struct model *model)
{
	struct model *copy = copy_model(model);

	if (!model->heat)
		return copy;
	copy->heat = model_heat__copy(model->heat);
	for (size_t i = 0; i < model->n_list; i++) {
		const struct tracked *entry = (const struct tracked *)model->list[i];

		if (entry->heat)
			((struct tracked *)copy->list[i])->heat =
				model_heat__copy_track(entry->heat);
	}
	return copy;
}

struct model *model__fork(const struct model *model)
{
	struct model *copy = copy_model(model);

	for (size_t i = 0; i < copy->n_list; i++)
		if (((const struct tracked *)copy->list[i])->indexed)
			xalloc__check(tsearch(copy->list[i], &copy->index, by_id));
	return copy;
}

struct source_sink model__sink(struct model *model, bool aggregates)
{
	model->aggregates = aggregates;
	return (struct source_sink){
		.ctx = model,
		.existing = sink_existing,
		.table = sink_table,
		.owner = sink_owner,
		.group = sink_group,
		.event = sink_event,
		.stats = sink_stats,
		.gauges = sink_gauges,
		.begun = sink_begun,
		.stack = sink_stack,
		.final = sink_final,
		.loss = sink_loss,
		.gap = sink_gap,
	};
}

void model__unseen(struct model *model, __u64 events)
{
	model->unseen = events;
}

static bool entry_is_over(const struct model *model, const struct tracked *entry, __u64 now_ns,
			  __u64 keep_ns)
{
	__u64 gone_ns;

	if (!entry->c.freed || now_ns <= entry->c.freed_ns)
		return false;
	gone_ns = now_ns - entry->c.freed_ns;
	if (gone_ns <= keep_ns)
		return false;
	return !model->aggregates || entry->final || gone_ns - keep_ns > FINAL_GRACE_NS;
}

/* Rates of one operation, unknown when its calls are not counted any more. */
static void op_advance(const struct model *model, struct model_op *stats, int op, double seconds)
{
	model_op__advance(stats, model->untold_ops >> op & 1 ? 0 : seconds);
}

static void container_advance(const struct model *model, struct model_container *c, double seconds)
{
	bool known = seconds > 0 && !model__counts_less(model);

	c->rate = known ? 0 : -1;
	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!c->op[op])
			continue;
		op_advance(model, c->op[op], op, seconds);
		if (known)
			c->rate += c->op[op]->rate;
	}
}

static void begin_column(struct model *model, __u64 now_ns)
{
	struct model_heat_column column = { .start_ns = model->advanced_ns, .end_ns = now_ns };
	/* Stacks that were left out are not missed here. */
	__u64 lost = source_loss__total(&model->loss) - model->loss.stacks;

	if (lost > model->heat_lost)
		column.marks |= MODEL_HEAT_LOST;
	model->heat_lost = lost;
	if (model->unwatched)
		column.marks |= MODEL_HEAT_GAP;
	model->unwatched = model->gap && model->gap_kind == SOURCE_GAP_DETACHED;
	if (model__counts_less(model))
		column.marks |= MODEL_HEAT_LESS;
	model_heat__begin(model->heat, &column);
	model_heat__feed_total(model->heat, model->total);
}

/* Most containers are idle or find no room: that must cost nothing. */
static void heat_advance(struct model *model, struct tracked *entry)
{
	bool wanted = entry->c.id == model->looked_at;

	if (entry->heat || wanted || entry->c.rate > 0)
		model_heat__feed(model->heat, &entry->heat, entry->c.op, wanted);
}

void model__advance(struct model *model, __u64 now_ns, __u64 keep_ns)
{
	double seconds = 0;
	bool new_column;
	size_t kept = 0;

	if (model->advanced_ns && now_ns > model->advanced_ns)
		seconds = (now_ns - model->advanced_ns) / 1e9;
	new_column = model->heat && seconds > 0;
	if (new_column)
		begin_column(model, now_ns);
	model->advanced_ns = now_ns;
	if (now_ns > model->now_ns)
		model->now_ns = now_ns;

	for (size_t i = 0; i < model->n_list; i++) {
		struct tracked *entry = (struct tracked *)model->list[i];

		if (entry_is_over(model, entry, now_ns, keep_ns)) {
			entry_unindex(model, entry);
			entry_leave(model, entry);
			continue;
		}
		container_advance(model, &entry->c, seconds);
		if (new_column)
			heat_advance(model, entry);
		model->list[kept++] = &entry->c;
	}
	model->n_list = kept;
	share_begun(model);
	model_stacks__advance(&model->stacks, seconds);
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		if (model->total[op])
			op_advance(model, model->total[op], op, seconds);
}

size_t model__containers(const struct model *model, const struct model_container *const **list)
{
	/* They come in order, but for CPUs racing and for hostile recordings. */
	for (size_t i = 1; i < model->n_list; i++) {
		if (by_id_then_open(&model->list[i - 1], &model->list[i]) > 0) {
			qsort(model->list, model->n_list, sizeof(*model->list), by_id_then_open);
			break;
		}
	}
	*list = (const struct model_container *const *)model->list;
	return model->n_list;
}

const struct model_container *model__container(const struct model *model, __u64 id)
{
	const struct model_container *const *list;
	size_t lo = 0, hi = model__containers(model, &list);

	while (lo < hi) { /* the first behind it */
		size_t mid = lo + (hi - lo) / 2;

		if (list[mid]->id <= id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && list[lo - 1]->id == id ? list[lo - 1] : NULL;
}

const struct model_container *model__current(const struct model *model, __u64 id)
{
	struct model_container key = { .id = id };
	struct model_container **node = tfind(&key, &model->index, by_id);

	return node ? *node : NULL;
}

const struct model_op *model__total(const struct model *model, enum vfio_obs_op op)
{
	return model->total[op];
}

const __u64 *model__event_counts(const struct model *model)
{
	return model->event_counts;
}

const struct source_group_info *model__group(const struct model *model, __u32 number)
{
	size_t i = info_position(model, number);

	return info_is_at(model, i, number) ? model->groups[i] : NULL;
}

size_t model__groups(const struct model *model, const struct source_group_info *const **list)
{
	*list = (const struct source_group_info *const *)model->groups;
	return model->n_groups;
}

bool model__begun(const struct model *model, const struct source_begun **list, size_t *n)
{
	*list = model->begun.list;
	*n = model->begun.n;
	return model->begun.known || model->aggregates;
}

const struct model_group_calls *model__group_calls(const struct model *model)
{
	return &model->group_calls;
}

const struct model_map_parts *model__map_parts(const struct model *model)
{
	return &model->map_parts;
}

const struct model_stacks *model__stacks(const struct model *model)
{
	return &model->stacks;
}

void model__keep_heat(struct model *model)
{
	if (!model->heat)
		model->heat = model_heat__create();
}

void model__look_at(struct model *model, __u64 id)
{
	const struct model_container *c = id ? model__container(model, id) : NULL;
	struct tracked *idlest = NULL;

	if (id == model->looked_at)
		return;
	model->looked_at = id;
	if (!c || !model->heat || ((const struct tracked *)c)->heat ||
	    !model_heat__is_full(model->heat))
		return;
	for (size_t i = 0; i < model->n_list; i++) {
		struct tracked *entry = (struct tracked *)model->list[i];

		if (entry->heat && (!idlest || model_heat__last(entry->heat) <
					       model_heat__last(idlest->heat)))
			idlest = entry;
	}
	if (idlest)
		model_heat__drop(model->heat, &idlest->heat);
}

const struct model_heat *model__heat(const struct model *model)
{
	return model->heat;
}

const struct model_heat_track *model__heat_track(const struct model *model, __u64 id)
{
	const struct model_container *c;

	if (!model->heat)
		return NULL;
	if (!id)
		return model_heat__total(model->heat);
	c = model__container(model, id);
	return c ? ((const struct tracked *)c)->heat : NULL;
}

const struct model_log *model__log(const struct model *model)
{
	return &model->log;
}

const struct source_loss *model__loss(const struct model *model)
{
	return &model->loss;
}

const char *model__gap(const struct model *model, __u64 *ts_ns)
{
	if (ts_ns)
		*ts_ns = model->gap_ns;
	return model->gap;
}

enum source_gap model__gap_kind(const struct model *model)
{
	return model->gap_kind;
}

const char *model__thinned(const struct model *model, __u64 *ts_ns)
{
	if (ts_ns)
		*ts_ns = model->thinned_ns;
	return model->thinned;
}

bool model__counts_less(const struct model *model)
{
	return model->thinned && !model->aggregates;
}

__u64 model__now(const struct model *model)
{
	return model->now_ns;
}

bool model_container__mapped_bytes(const struct model_container *c, __u64 *bytes)
{
	bool counted = c->gauges_known && c->gauges.mapped_bytes >= 0;

	if (!counted && !model_table__whole(&c->table))
		return false;
	*bytes = counted ? (__u64)c->gauges.mapped_bytes : c->table.bytes;
	return true;
}

bool model_container__pinned_pages(const struct model_container *c, __u64 *pages)
{
	if (!c->gauges_known || c->gauges.pinned_pages < 0 || c->gauges.mapped_bytes < 0)
		return false;
	*pages = c->gauges.pinned_pages;
	for (size_t i = 0; i < c->n_groups; i++) {
		if (c->groups[i].type == TYPE_IOMMU) {
			*pages += c->gauges.mapped_bytes / PAGE_BYTES;
			return true;
		}
	}
	/* One of the groups that we did not see attached could be IOMMU-backed. */
	if (!c->gauges.mapped_bytes)
		return true;
	if (!c->groups_known)
		return false;
	for (size_t i = 0; i < c->n_groups; i++)
		if (c->groups[i].type == MODEL_NO_TYPE)
			return false;
	return true;
}
