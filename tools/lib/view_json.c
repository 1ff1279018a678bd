// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_json.c - refreshes as JSON lines; the schema is described in view_json.h
 */
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "event.h"
#include "field.h"
#include "fmt.h"
#include "json_set.h"
#include "map_json.h"
#include "owner_json.h"
#include "view_json.h"
#include "xalloc.h"

/* The hottest; a line of JSON has to end somewhere. */
#define MAX_STACKS 100

/* Names of processes may be any bytes; of what is no UTF-8 jansson makes nothing. */
static json_t *text(const char *value)
{
	json_t *json = json_string(value);
	char ascii[512];

	if (json)
		return json;
	field__format_text(value, ascii, sizeof(ascii));
	return json_string(ascii);
}

/* jansson's integers are signed: what only a broken recording has becomes a real number. */
static json_t *number(__u64 value)
{
	return value <= LLONG_MAX ? json_integer(value) : json_real(value);
}

static json_t *rate(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

static json_t *groups(const struct model_container *c)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < c->n_groups; i++)
		json_append(array, json_integer(c->groups[i].number));
	return array;
}

/* {"ENOMEM": 3}; failures that nobody saw one by one: "unknown". */
static json_t *errnos(const struct model_op *stats)
{
	json_t *object = xalloc__check(json_object());
	__u64 seen = 0;

	for (__u32 i = 0; i < stats->n_errnos; i++) {
		const struct model_errno *e = &stats->errnos[i];
		const char *name = event__errno_name(e->err);
		char fallback[16];

		snprintf(fallback, sizeof(fallback), "%u", e->err);
		json_set(object, name ? name : fallback, number(e->count));
		seen += e->count;
	}
	if (seen < stats->errors)
		json_set(object, "unknown", number(stats->errors - seen));
	return object;
}

static json_t *field_json(const struct field_value *value)
{
	switch (value->type) {
	case FIELD_NONE:
	case FIELD_UNKNOWN:
		break;
	case FIELD_UINT:
		return number(value->uint);
	case FIELD_REAL:
		return json_real(value->real);
	case FIELD_TEXT:
		return text(value->text);
	case FIELD_GROUPS:
		return groups(value->container);
	case FIELD_ERRNOS:
		return errnos(value->stats);
	case FIELD_OWNER:
		return owner_json__owner(value->container->owner);
	}
	return json_null();
}

static void set_fields(json_t *object, const struct field *fields, size_t n,
		       const struct field_row *row)
{
	for (size_t i = 0; i < n; i++) {
		struct field_value value = fields[i].get(row);

		json_set(object, fields[i].name, field_json(&value));
	}
}

/* Of one container, or of all when @c is NULL. */
static json_t *ops(const struct view_frame *frame, const struct model_container *c)
{
	json_t *object = xalloc__check(json_object());
	const struct field *fields;
	size_t n = field__ops(&fields);

	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		json_t *one = xalloc__check(json_object());
		struct field_row row = {
			.container = c,
			.op = op,
			.stats = c ? c->op[op] : model__total(frame->model, op),
			.now_ns = frame->now_ns,
		};

		set_fields(one, fields, n, &row);
		/* It is the key already. */
		json_object_del(one, "operation");
		json_set(object, event__op(op)->key, one);
	}
	return object;
}

static void set_mappings(json_t *object, const struct model_table *table)
{
	bool whole = model_table__whole(table);
	__u64 avail;

	json_set(object, "mappings", whole ? number(table->n) : json_null());
	json_set(object, "mappings_complete", json_boolean(whole));
	json_set(object, "largest_mappings", map_json__largest(table));
	json_set(object, "dma_avail",
		 model_table__avail(table, &avail) ? number(avail) : json_null());
}

static json_t *containers(const struct view_frame *frame)
{
	json_t *array = xalloc__check(json_array());
	const struct model_container *const *list;
	size_t n = model__containers(frame->model, &list);
	const struct field *fields;
	size_t n_fields = field__containers(&fields);

	for (size_t i = 0; i < n; i++) {
		json_t *one = xalloc__check(json_object());
		struct field_row row = {
			.container = list[i],
			.op = VFIO_OP_NONE,
			.now_ns = frame->now_ns,
		};

		set_fields(one, fields, n_fields, &row);
		/* Apart: together they need more bits than many readers of JSON have. */
		json_set(one, "id", number(SOURCE_ID_NUMBER(list[i]->id)));
		json_set(one, "load", number(SOURCE_ID_LOAD(list[i]->id)));
		if (list[i]->groups_known) /* none is an empty list here, not a blank */
			json_set(one, "groups", groups(list[i]));
		json_set(one, "groups_complete", json_boolean(list[i]->groups_known));
		/* The whole name, which the column shortens. */
		if (list[i]->backend_known && list[i]->backend[0])
			json_set(one, "backend", text(list[i]->backend));
		/* More than the column, which has no words for a mere process. */
		json_set(one, "owner", owner_json__owner(list[i]->owner));
		json_set(one, "holders", list[i]->holders ? number(list[i]->holders) : json_null());
		json_set(one, "ops", ops(frame, list[i]));
		set_mappings(one, &list[i]->table);
		json_set(one, "map_parts", map_json__parts(&list[i]->map_parts));
		json_append(array, one);
	}
	return array;
}

static json_t *known_text(const char *value)
{
	return value[0] ? text(value) : json_null();
}

static json_t *group_calls(const struct view_frame *frame)
{
	const struct model_group_calls *calls = model__group_calls(frame->model);
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < calls->n; i++) {
		const struct model_group_call *call = &calls->list[i];
		json_t *one = xalloc__check(json_object());

		json_set(one, "group", call->group == ~0U ? json_null() : number(call->group));
		json_set(one, "call", json_string(model_group_call__key(call->kind)));
		json_set(one, "count", number(call->op->count));
		json_set(one, "errors", number(call->op->errors));
		json_set(one, "errnos", errnos(call->op));
		json_set(one, "sum_ns", number(call->op->sum_ns));
		json_set(one, "max_ns", number(call->op->max_ns));
		json_set(one, "failed_pid", call->failed_tgid ? number(call->failed_tgid) : json_null());
		json_set(one, "failed_device", known_text(call->failed_device));
		json_append(array, one);
	}
	return array;
}

/* What has begun and not returned; null: nobody tells of begins. */
static json_t *in_flight(const struct view_frame *frame)
{
	const struct source_begun *list;
	json_t *array;
	size_t n;

	if (!model__begun(frame->model, &list, &n))
		return json_null();
	array = xalloc__check(json_array());
	for (size_t i = 0; i < n; i++) {
		const struct source_begun *begun = &list[i];
		bool has_range = begun->op == VFIO_OP_MAP || begun->op == VFIO_OP_UNMAP;
		json_t *one = xalloc__check(json_object());

		json_set(one, "operation", json_string(event__op(begun->op)->key));
		json_set(one, "container", number(SOURCE_ID_NUMBER(begun->id)));
		json_set(one, "load", number(SOURCE_ID_LOAD(begun->id)));
		json_set(one, "age_ns", number(view__age(frame, begun->start_ns)));
		json_set(one, "pid", number(begun->tgid));
		json_set(one, "tid", number(begun->pid));
		json_set(one, "command", text(begun->comm));
		json_set(one, "iova", has_range && begun->arg[1] ? number(begun->arg[0]) : json_null());
		json_set(one, "bytes", has_range && begun->arg[1] ? number(begun->arg[1]) : json_null());
		json_set(one, "group", begun->op == VFIO_OP_ATTACH ? number(begun->arg[0]) : json_null());
		json_append(array, one);
	}
	return array;
}

static json_t *stack_frames(const struct source_frame *frames, size_t n)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < n; i++) {
		json_t *one = xalloc__check(json_object());
		bool placed = *frames[i].function || *frames[i].module;

		json_set(one, "function", known_text(frames[i].function));
		json_set(one, "module", known_text(frames[i].module));
		json_set(one, "offset", placed ? number(frames[i].offset) : json_null());
		json_set(one, "address", number(frames[i].address));
		json_append(array, one);
	}
	return array;
}

static json_t *stack_json(const struct model_stack *s)
{
	const struct source_stack *stack = &s->stack;
	json_t *one = xalloc__check(json_object());

	json_set(one, "operation", json_string(event__op(stack->op)->key));
	json_set(one, "container", stack->id ? number(SOURCE_ID_NUMBER(stack->id)) : json_null());
	json_set(one, "load", stack->id ? number(SOURCE_ID_LOAD(stack->id)) : json_null());
	json_set(one, "pid", number(stack->tgid));
	json_set(one, "command", text(stack->comm));
	json_set(one, "count", number(stack->count));
	json_set(one, "errors", number(stack->errors));
	json_set(one, "untimed", number(stack->untimed));
	json_set(one, "sum_ns", number(stack->sum_ns));
	json_set(one, "max_ns", stack->untimed < stack->count ? number(stack->max_ns) : json_null());
	json_set(one, "busy_ratio", rate(s->busy));
	json_set(one, "pages", number(stack->pages));
	json_set(one, "kernel", stack->n_kernel ? stack_frames(stack->frames, stack->n_kernel) :
						  json_null());
	json_set(one, "kernel_complete", json_boolean(!stack->kernel_cut));
	json_set(one, "user", stack_frames(stack->frames + stack->n_kernel, stack->n_user));
	json_set(one, "user_complete", json_boolean(!stack->user_cut));
	return one;
}

/* null: nobody asked for them. */
static json_t *all_stacks(const struct view_frame *frame)
{
	const struct model_stacks *stacks = model__stacks(frame->model);
	json_t *array;

	if (!frame->info->stacks)
		return json_null();
	array = xalloc__check(json_array());
	for (size_t i = 0; i < stacks->n && i < MAX_STACKS; i++)
		json_append(array, stack_json(&stacks->list[i]));
	return array;
}

static json_t *all_groups(const struct view_frame *frame)
{
	const struct source_group_info *const *list;
	size_t n = model__groups(frame->model, &list);

	return owner_json__groups(list, n);
}

static json_t *totals(const struct view_frame *frame)
{
	json_t *object = xalloc__check(json_object());
	struct view_totals t;

	view__totals(frame, &t);
	json_set(object, "containers", number(t.containers));
	json_set(object, "gone", number(t.gone));
	json_set(object, "groups", number(t.groups));
	json_set(object, "mapped_bytes", number(t.mapped_bytes));
	json_set(object, "mapped_unknown", number(t.mapped_unknown));
	json_set(object, "pinned_pages", number(t.pinned_pages));
	json_set(object, "pinned_unknown", number(t.pinned_unknown));
	json_set(object, "ops_per_second", rate(t.rate));
	json_set(object, "ops", ops(frame, NULL));
	json_set(object, "map_parts", map_json__parts(model__map_parts(frame->model)));
	return object;
}

static json_t *lost(const struct view_frame *frame)
{
	const struct source_loss *loss = model__loss(frame->model);
	json_t *object = xalloc__check(json_object());
	struct view_totals t;

	view__totals(frame, &t);
	json_set(object, "total", number(t.lost));
	json_set(object, "ring", number(loss->ring));
	json_set(object, "pool", number(loss->pool));
	json_set(object, "recursion", number(loss->recursion));
	json_set(object, "damaged", number(loss->damaged));
	json_set(object, "stacks", number(loss->stacks));
	return object;
}

static json_t *gap(const struct view_frame *frame)
{
	__u64 ts_ns;
	const char *why = model__gap(frame->model, &ts_ns);
	json_t *object;

	if (!why)
		return json_null();
	object = xalloc__check(json_object());
	json_set(object, "kind", json_string(source_gap__key(model__gap_kind(frame->model))));
	json_set(object, "at_ns", number(ts_ns));
	json_set(object, "message", text(why));
	return object;
}

static json_t *thinned(const struct view_frame *frame)
{
	__u64 ts_ns;
	const char *why = model__thinned(frame->model, &ts_ns);
	json_t *object;

	if (!why)
		return json_null();
	object = xalloc__check(json_object());
	json_set(object, "at_ns", number(ts_ns));
	json_set(object, "message", text(why));
	return object;
}

static json_t *overhead(const struct source_cost *cost)
{
	const struct source_share *last = &cost->last;
	json_t *object = xalloc__check(json_object());

	json_set(object, "ns_per_event",
		 cost->event_known ? json_real(cost->ns_per_event) : json_null());
	json_set(object, "programs_cpu_percent",
		 last->programs_known ? json_real(last->programs) : json_null());
	json_set(object, "machine_percent", last->known ? json_real(cost->machine) : json_null());
	json_set(object, "max_percent", cost->max ? json_real(cost->max) : json_null());
	json_set(object, "exceeded", json_boolean(cost->over));
	return object;
}

static json_t *source(const struct source_info *info)
{
	json_t *object = xalloc__check(json_object());

	json_set(object, "name", text(info->name));
	json_set(object, "detail", text(info->detail));
	json_set(object, "live", json_boolean(info->live));
	json_set(object, "aggregates", json_boolean(info->aggregates));
	return object;
}

void view_json__print(FILE *out, const struct view_frame *frame)
{
	json_t *root = xalloc__check(json_object());
	char when[FMT_MAX];

	fmt_time_iso(when, sizeof(when), frame->now_ns + frame->info->realtime_offset_ns);
	json_set(root, "schema", json_string(VIEW_JSON_SCHEMA));
	json_set(root, "number", number(frame->number));
	json_set(root, "time", json_string(when));
	json_set(root, "now_ns", number(frame->now_ns));
	json_set(root, "interval_ns", number(frame->interval_ns));
	json_set(root, "host", known_text(frame->info->host));
	json_set(root, "kernel", known_text(frame->info->kernel));
	json_set(root, "source", source(frame->info));
	json_set(root, "cpu_percent", rate(frame->cpu_percent));
	json_set(root, "overhead", overhead(&frame->info->cost));
	json_set(root, "thinned", thinned(frame));
	json_set(root, "lost", lost(frame));
	json_set(root, "gap", gap(frame));
	json_set(root, "at_end", json_boolean(frame->at_end));
	json_set(root, "totals", totals(frame));
	json_set(root, "containers", containers(frame));
	json_set(root, "in_flight", in_flight(frame));
	json_set(root, "groups", all_groups(frame));
	json_set(root, "group_calls", group_calls(frame));
	json_set(root, "stacks", all_stacks(frame));
	json_set(root, "stacks_kept", frame->info->stacks ?
		 number(model__stacks(frame->model)->n) : json_null());
	json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
	fputc('\n', out);
	json_decref(root);
}
