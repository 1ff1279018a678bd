// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - what a recording says: gathered for vfio-trace report and diff
 *
 * Feeds the recording to the model and takes out of it each container that was freed, as numbers,
 * so that a recording of a million containers needs no million histograms.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/model_op.h"
#include "lib/owner_text.h"
#include "lib/source_copy.h"
#include "lib/xalloc.h"
#include "report.h"

const double report__quantile[REPORT_QUANTILES] = { 0.5, 0.9, 0.99, 0.999 };
const char *const report__quantile_key[REPORT_QUANTILES] = { "p50", "p90", "p99", "p99.9" };

/* Freed containers are taken out of the model after so many, and so long after their end. */
#define HARVEST_EVERY 512
#define KEEP_NS 100000000ULL

/* @report: first, report__free() relies on it; @keep_hist: the histograms are wanted */
struct gather {
	struct report report;
	bool keep_hist;
	struct model *model;
	struct source_sink to_model;
	struct starts *starts;
	struct timeline *timeline; /* NULL: not wanted */
	void *index; /* tsearch() tree of struct report_container, by id */
	size_t max_containers;
	size_t releases, next_harvest; /* since the last one, and when the next is due */
};

static int compare_ids(const void *a, const void *b)
{
	const struct report_container *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_entries(const void *a, const void *b)
{
	return compare_ids(*(struct report_container *const *)a,
			   *(struct report_container *const *)b);
}

/* The entry of container @id, made when it is new. */
static struct report_container *entry_of(struct gather *gather, __u64 id)
{
	struct report *report = &gather->report;
	struct report_container key = { .id = id }, **found, *entry;

	found = tfind(&key, &gather->index, compare_ids);
	if (found)
		return *found;
	entry = xcalloc(1, sizeof(*entry));
	entry->id = id;
	xalloc__check(tsearch(entry, &gather->index, compare_ids));
	if (report->n_containers == gather->max_containers) {
		gather->max_containers = gather->max_containers ? 2 * gather->max_containers : 64;
		report->containers = xreallocarray(report->containers, gather->max_containers,
						   sizeof(*report->containers));
	}
	report->containers[report->n_containers++] = entry;
	return entry;
}

/* More than a container ever has; a hostile recording must not make the search below slow. */
#define MAX_GROUPS 256

/* The model knows the groups of the moment, the report wants all there were. */
static void remember_group(struct report_container *entry, __u32 number, __u32 type)
{
	for (size_t i = 0; i < entry->n_groups; i++)
		if (entry->groups[i].number == number)
			return;
	if (entry->n_groups == MAX_GROUPS) {
		entry->more_groups = true;
		return;
	}
	entry->groups = xreallocarray(entry->groups, entry->n_groups + 1, sizeof(*entry->groups));
	entry->groups[entry->n_groups++] = (struct model_group){ number, type };
}

/* What the model forgets with the last detach. */
static void remember(struct gather *gather, const struct vfio_rec *rec)
{
	struct report_container *entry;

	if (rec->type == VFIO_EV_ATTACH && (__s64)vfio_w(rec, ATTACH, ret) >= 0)
		remember_group(entry_of(gather, rec->id), vfio_w(rec, ATTACH, group),
			       vfio_w(rec, ATTACH, type));
	else if (rec->type == VFIO_EV_DETACH)
		remember_group(entry_of(gather, rec->id), vfio_w(rec, DETACH, group),
			       MODEL_NO_TYPE);
	else if (rec->type == VFIO_EV_SET_IOMMU && (__s64)vfio_w(rec, SET_IOMMU, ret) >= 0) {
		entry = entry_of(gather, rec->id);
		entry->iommu_type = vfio_w(rec, SET_IOMMU, type);
		memcpy(entry->backend, &vfio_w(rec, SET_IOMMU, backend), VFIO_OBS_STR_LEN);
		entry->backend[VFIO_OBS_STR_LEN - 1] = '\0';
	}
}

void report__clear_op(struct report_op *op)
{
	free(op->errnos);
	model_op__destroy(op->model);
	memset(op, 0, sizeof(*op));
}

void report__fill_op(struct report_op *to, const struct model_op *op)
{
	__u64 timed = op->count - op->unknown;

	report__clear_op(to);
	to->count = op->count;
	to->errors = op->errors;
	to->unknown = op->unknown;
	to->bytes = op->bytes;
	to->pages = op->pages;
	to->sum_ns = op->sum_ns;
	to->max_ns = op->max_ns;
	to->mean_ns = timed ? op->sum_ns / timed : 0;
	to->timed = timed;
	for (unsigned int q = 0; q < REPORT_QUANTILES; q++)
		to->timed &= model_op__quantile(op, report__quantile[q], &to->quantile_ns[q]);
	to->n_errnos = op->n_errnos;
	to->errnos = xmemdup(op->errnos, op->n_errnos, sizeof(*op->errnos));
}

static void fill_op(const struct gather *gather, struct report_op *to, const struct model_op *op)
{
	report__fill_op(to, op);
	to->model = gather->keep_hist ? model_op__copy(op) : NULL;
}

static void fill_ops(const struct gather *gather, struct report_container *entry,
		     const struct model_container *c)
{
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!c->op[op])
			continue;
		if (!entry->op[op])
			entry->op[op] = xcalloc(1, sizeof(*entry->op[op]));
		fill_op(gather, entry->op[op], c->op[op]);
	}
}

/* Who holds it, of a container whose file is closed. */
static void fill_attached(struct report_container *entry, const struct model_container *c)
{
	free(entry->attached);
	entry->n_attached = c->file_closed && !c->freed ? c->n_groups : 0;
	entry->attached = xmemdup(c->groups, entry->n_attached, sizeof(*c->groups));
}

static void fill_container(struct gather *gather, const struct model_container *c)
{
	struct report_container *entry = entry_of(gather, c->id);
	__u64 end = c->freed ? c->freed_ns : model__now(gather->model);

	entry->opened_known = c->opened_known;
	entry->opened_ns = c->opened_ns;
	entry->age_ns = end > c->opened_ns ? end - c->opened_ns : 0;
	entry->tgid = c->tgid;
	memcpy(entry->comm, c->comm, sizeof(entry->comm));
	entry->cgroup = c->cgroup;
	free(entry->owner);
	entry->owner = source_copy__owner(c->owner);
	entry->file_closed = c->file_closed;
	entry->freed = c->freed;
	entry->closed_ns = c->closed_ns;
	entry->left_known = c->left_known;
	entry->left = c->left;
	entry->held_known = c->gauges_known && c->left_known;
	entry->held = c->gauges;
	fill_attached(entry, c);
	entry->refs_known = c->refs_known;
	entry->refs = c->refs;
	entry->mapped_known = model_container__mapped_bytes(c, &entry->mapped_bytes);
	entry->mappings_known = model_table__whole(&c->table);
	entry->mappings = c->table.n;
	entry->avail_known = model_table__avail(&c->table, &entry->avail);
	entry->pinned_known = model_container__pinned_pages(c, &entry->pinned_pages);
	for (size_t i = 0; i < c->n_groups; i++)
		remember_group(entry, c->groups[i].number, c->groups[i].type);
	fill_ops(gather, entry, c);
	entry->map_parts = c->map_parts;
}

/* Take the freed containers, at the end all, out of the model. */
static void harvest(struct gather *gather, bool all)
{
	const struct model_container *const *list;
	size_t n = model__containers(gather->model, &list);

	for (size_t i = 0; i < n; i++)
		if (all || list[i]->freed)
			fill_container(gather, list[i]);
	model__advance(gather->model, gather->report.last_ns, KEEP_NS);
	/* Those that stay are looked at again, so there should be as many new ones by then. */
	gather->releases = 0;
	gather->next_harvest = HARVEST_EVERY + model__containers(gather->model, &list);
}

/* Over time, with report_opts.html */

/* What the model knows to be mapped and pinned in container @id. */
struct held {
	__u64 bytes, pages;
};

static struct held held_by(const struct model_container *c)
{
	struct held held = { 0 };

	if (!c || c->freed)
		return held;
	if (!model_container__mapped_bytes(c, &held.bytes))
		held.bytes = 0;
	if (!model_container__pinned_pages(c, &held.pages))
		held.pages = 0;
	return held;
}

static struct held held_now(const struct gather *gather, __u64 id)
{
	return held_by(gather->timeline ? model__current(gather->model, id) : NULL);
}

/* Container @id held @before. */
static void follow_memory(const struct gather *gather, __u64 id, const struct held *before)
{
	struct timeline *timeline = gather->timeline;
	struct held now = held_now(gather, id);

	if (timeline)
		timeline__memory(timeline, timeline->now_mapped + now.bytes - before->bytes,
				 timeline->now_pinned + now.pages - before->pages);
}

/* Of any container something else may be known now. */
static void count_memory_anew(const struct gather *gather)
{
	const struct model_container *const *list;
	size_t n = model__containers(gather->model, &list);
	struct held sum = { 0 };

	if (!gather->timeline)
		return;
	for (size_t i = 0; i < n; i++) {
		struct held held = held_by(list[i]);

		sum.bytes += held.bytes;
		sum.pages += held.pages;
	}
	timeline__memory(gather->timeline, sum.bytes, sum.pages);
}

static void follow_call(struct gather *gather, const struct vfio_rec *rec)
{
	struct vfio_outcome o = vfio_outcome_of(rec->type, rec);
	__u64 ns = o.duration == VFIO_OBS_UNKNOWN ? 0 : o.duration;

	if (!gather->timeline || o.op == VFIO_OP_NONE)
		return;
	timeline__call(gather->timeline, &o);
	if (model__current(gather->model, rec->id))
		timeline__life(&entry_of(gather, rec->id)->life, o.op,
			       ns < rec->ts_ns ? rec->ts_ns - ns : 0, rec->ts_ns, o.ret < 0);
}

/* Calls that had not returned when the recording ended. */
static void follow_begun(struct gather *gather, const struct source_begun *begun, size_t n)
{
	__u64 now_ns = gather->report.last_ns;

	for (size_t i = 0; gather->timeline && i < n; i++)
		if (begun[i].start_ns <= now_ns && model__current(gather->model, begun[i].id))
			timeline__life(&entry_of(gather, begun[i].id)->life, begun[i].op,
				       begun[i].start_ns, now_ns, false);
}

/* What the source tells */

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct gather *gather = ctx;
	struct report_container *entry;
	struct held before;

	if (!existing->id)
		return;
	before = held_now(gather, existing->id);
	gather->to_model.existing(gather->to_model.ctx, existing);
	follow_memory(gather, existing->id, &before);
	entry = entry_of(gather, existing->id);
	memcpy(entry->backend, existing->backend, sizeof(entry->backend));
	entry->iommu_type = existing->carried.iommu_type;
	for (__u32 i = 0; i < existing->n_listed; i++)
		remember_group(entry, existing->groups[i].number, existing->groups[i].type);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct gather *gather = ctx;
	struct held before = held_now(gather, table->id);

	gather->to_model.table(gather->to_model.ctx, table);
	follow_memory(gather, table->id, &before);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct gather *gather = ctx;

	gather->to_model.owner(gather->to_model.ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct gather *gather = ctx;

	gather->to_model.group(gather->to_model.ctx, group);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct gather *gather = ctx;
	struct held before = held_now(gather, rec->id);

	if (!gather->report.events++)
		gather->report.first_ns = rec->ts_ns;
	gather->report.last_ns = rec->ts_ns;
	if (gather->timeline)
		timeline__advance(gather->timeline, rec->ts_ns);
	gather->to_model.event(gather->to_model.ctx, rec);
	follow_memory(gather, rec->id, &before);
	follow_call(gather, rec);
	remember(gather, rec);
	starts__event(gather->starts, rec);
	gather->releases += rec->type == VFIO_EV_RELEASE;
	if (gather->releases >= gather->next_harvest)
		harvest(gather, false);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct gather *gather = ctx;

	if (gather->timeline && source_loss__total(loss) > source_loss__total(&gather->report.loss))
		timeline__lost(gather->timeline);
	gather->report.loss = *loss;
}

static void on_gap(void *ctx, enum source_gap kind, __u64 ts_ns, const char *why)
{
	struct gather *gather = ctx;
	struct report *report = &gather->report;
	struct report_gap *gap;

	report->gaps = xreallocarray(report->gaps, report->n_gaps + 1, sizeof(*report->gaps));
	gap = &report->gaps[report->n_gaps++];
	gap->kind = kind;
	gap->ts_ns = ts_ns;
	gap->why = xmemdup(why, strlen(why) + 1, 1);
	if (kind == SOURCE_GAP_TRUNCATED)
		report->truncated = gap->why;
	if (gather->to_model.gap)
		gather->to_model.gap(gather->to_model.ctx, kind, ts_ns, why);
	count_memory_anew(gather);
}

static void fill_group_calls(struct gather *gather)
{
	const struct model_group_calls *calls = model__group_calls(gather->model);
	struct report *report = &gather->report;

	report->group_calls = xcalloc(calls->n, sizeof(*report->group_calls));
	report->n_group_calls = calls->n;
	for (size_t i = 0; i < calls->n; i++) {
		const struct model_group_call *call = &calls->list[i];
		struct report_group_call *to = &report->group_calls[i];

		to->group = call->group;
		to->kind = call->kind;
		to->failed_tgid = call->failed_tgid;
		memcpy(to->failed_comm, call->failed_comm, sizeof(to->failed_comm));
		memcpy(to->failed_device, call->failed_device, sizeof(to->failed_device));
		fill_op(gather, &to->op, call->op);
	}
}

static void complete(struct gather *gather)
{
	struct report *report = &gather->report;
	const struct source_begun *begun;
	const struct model_op *op;
	size_t n;

	model__begun(gather->model, &begun, &n);
	starts__end(gather->starts, begun, n, report->last_ns);
	follow_begun(gather, begun, n);
	report->starts = gather->starts;
	report->timeline = gather->timeline;
	harvest(gather, true);
	for (unsigned int i = 0; i < VFIO_OP_COUNT; i++) {
		op = model__total(gather->model, i);
		if (op)
			fill_op(gather, &report->total[i], op);
	}
	report->n_groups = model__groups(gather->model, &report->groups);
	fill_group_calls(gather);
	report->map_parts = *model__map_parts(gather->model);
	memcpy(report->event_count, model__event_counts(gather->model),
	       sizeof(report->event_count));
	if (report->n_containers)
		qsort(report->containers, report->n_containers, sizeof(*report->containers),
		      compare_entries);
}

static void keep(void *entry)
{
}

void report__free(const struct report *const_report)
{
	struct gather *gather = (struct gather *)const_report;
	struct report *report = &gather->report;

	if (!gather)
		return;
	tdestroy(gather->index, keep); /* the list frees the entries */
	for (size_t i = 0; i < report->n_containers; i++) {
		struct report_container *entry = report->containers[i];

		for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
			if (entry->op[op])
				report__clear_op(entry->op[op]);
			free(entry->op[op]);
		}
		free(entry->groups);
		free(entry->attached);
		free(entry->owner);
		free(entry->life.spans);
		free(entry);
	}
	free(report->containers);
	for (size_t i = 0; i < report->n_gaps; i++)
		free(report->gaps[i].why);
	free(report->gaps);
	for (unsigned int i = 0; i < VFIO_OP_COUNT; i++)
		report__clear_op(&report->total[i]);
	for (size_t i = 0; i < report->n_group_calls; i++)
		report__clear_op(&report->group_calls[i].op);
	free(report->group_calls);
	starts__destroy(gather->starts);
	free(gather->timeline);
	model__destroy(gather->model);
	free(gather);
}

/* Scripts must see that a report is of a part only: one line, and the status of an error. */
static int tell_what_is_missing(const struct report *report)
{
	int status = 0;

	for (size_t i = 0; i < report->n_gaps; i++) {
		const struct report_gap *gap = &report->gaps[i];

		if (gap->kind != SOURCE_GAP_TRUNCATED && gap->kind != SOURCE_GAP_DAMAGED)
			continue;
		fprintf(stderr, "vfio-trace: %s: %s; the report is of what could be read\n",
			report->path, gap->why);
		status = 1;
	}
	return status;
}

const struct report *report__read(struct source *source, const char *path,
				  const struct report_opts *opts, int *status)
{
	struct gather *gather = xcalloc(1, sizeof(*gather));
	struct source_sink sink = {
		.ctx = gather,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
	int ret;

	gather->report.path = path;
	gather->next_harvest = HARVEST_EVERY;
	gather->keep_hist = opts->hist || opts->html;
	gather->timeline = opts->html ? xcalloc(1, sizeof(*gather->timeline)) : NULL;
	gather->model = model__create();
	gather->starts = starts__create(opts->limit_ns);
	gather->to_model = model__sink(gather->model, false);
	source__info(source, &gather->report.info);
	model__unseen(gather->model, gather->report.info.unseen);
	do {
		ret = source__poll(source, &sink);
	} while (ret > 0);
	source__info(source, &gather->report.info);
	complete(gather);
	*status = tell_what_is_missing(&gather->report);
	if (ret < 0) {
		fprintf(stderr, "vfio-trace: %s; the report is of what was read before\n",
			source__error(source));
		*status = 1;
	}
	return &gather->report;
}

const struct report *report__read_file(const char *path, const struct report_opts *opts,
				       int *status)
{
	const struct report *report;
	struct source *source;
	char err[1024];

	*status = 1;
	source = source_file__open(path, err, sizeof(err));
	if (!source) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return NULL;
	}
	report = report__read(source, path, opts, status);
	source__close(source);
	return report;
}

const char *report__owner(const struct report_container *c, char *buf, size_t size)
{
	if (c->owner && *owner_text__short(c->owner, buf, size))
		return buf;
	return *c->comm ? c->comm : "unknown";
}

int report__print(const struct report *report, const struct report_opts *opts, FILE *out,
		  const char *name)
{
	bool ok = opts->json	? report__print_json(report, out) :
		  opts->html	? report__print_html(report, opts->start, out) :
		  opts->start	? report__print_starts(report, out) :
				  report__print_text(report, out);

	return report__written(ok, out, name);
}

int report__written(bool ok, FILE *out, const char *name)
{
	if (ok && !fflush(out) && !ferror(out))
		return 0;
	fprintf(stderr, "vfio-trace: cannot write the report to %s: %s; what is there is a part\n",
		name, strerror(errno));
	return 1;
}
