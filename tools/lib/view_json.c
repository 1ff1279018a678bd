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
#include "json_schema.h"
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

static json_t *known_text(const char *value)
{
	return value[0] ? text(value) : json_null();
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

		/* Without the first: its name is the key already. */
		set_fields(one, fields + 1, n - 1, &row);
		json_set(object, event__op(op)->key, one);
	}
	return object;
}

#define MAPPINGS_KEYS(K)									\
	K(mappings, "count?", whole ? number(table->n) : json_null())				\
	K(mappings_complete, "boolean", json_boolean(whole))					\
	K(largest_mappings, "mapping[]?", map_json__largest(table))				\
	K(dma_avail, "count?", model_table__avail(table, &avail) ? number(avail) : json_null())

static void set_mappings(json_t *object, const struct model_table *table)
{
	bool whole = model_table__whole(table);
	__u64 avail;

	JSON_KEYS_SET(MAPPINGS_KEYS);
}

/* The column is blank when there are none; here that is an empty list. */
static json_t *container_groups(const struct model_container *c)
{
	return c->groups_known || c->n_groups ? groups(c) : json_null();
}

/*
 * Beside the columns, or instead: the id has its parts apart, as together they need more bits than
 * many readers of JSON have; the backend its whole name; the owner more than the column, which has
 * no words for a mere process.
 */
#define CONTAINER_KEYS(K)									\
	K(id, "count", number(SOURCE_ID_NUMBER(c->id)))						\
	K(load, "count", number(SOURCE_ID_LOAD(c->id)))						\
	K(groups, "count[]?", container_groups(c))						\
	K(groups_complete, "boolean", json_boolean(c->groups_known))				\
	K(backend, "text?", c->backend_known ? known_text(c->backend) : json_null())		\
	K(owner, "owner", owner_json__owner(c->owner))						\
	K(holders, "count?", c->holders ? number(c->holders) : json_null())			\
	K(ops, "ops", ops(frame, c))

#define CONTAINER_END_KEYS(K)									\
	K(map_parts, "map_parts?", map_json__parts(&c->map_parts))

static json_t *containers(const struct view_frame *frame)
{
	json_t *array = xalloc__check(json_array());
	const struct model_container *const *list;
	size_t n = model__containers(frame->model, &list);
	const struct field *fields;
	size_t n_fields = field__containers(&fields);

	for (size_t i = 0; i < n; i++) {
		const struct model_container *c = list[i];
		json_t *object = xalloc__check(json_object());
		struct field_row row = {
			.container = c,
			.op = VFIO_OP_NONE,
			.now_ns = frame->now_ns,
		};

		set_fields(object, fields, n_fields, &row);
		JSON_KEYS_SET(CONTAINER_KEYS);
		set_mappings(object, &c->table);
		JSON_KEYS_SET(CONTAINER_END_KEYS);
		json_append(array, object);
	}
	return array;
}

#define GROUP_CALL_KEYS(K)									\
	K(group, "count?", call->group == ~0U ? json_null() : number(call->group))		\
	K(call, "group_call_name", json_string(model_group_call__key(call->kind)))		\
	K(count, "count", number(call->op->count))						\
	K(errors, "count", number(call->op->errors))						\
	K(errnos, "errnos", errnos(call->op))							\
	K(sum_ns, "count", number(call->op->sum_ns))						\
	K(max_ns, "count", number(call->op->max_ns))						\
	K(failed_pid, "count?", call->failed_tgid ? number(call->failed_tgid) : json_null())	\
	K(failed_device, "text?", known_text(call->failed_device))

static json_t *group_calls(const struct view_frame *frame)
{
	const struct model_group_calls *calls = model__group_calls(frame->model);
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < calls->n; i++) {
		const struct model_group_call *call = &calls->list[i];
		json_t *object = xalloc__check(json_object());

		JSON_KEYS_SET(GROUP_CALL_KEYS);
		json_append(array, object);
	}
	return array;
}

#define IN_FLIGHT_KEYS(K)									\
	K(operation, "operation", json_string(event__op(begun->op)->key))			\
	K(container, "count", number(SOURCE_ID_NUMBER(begun->id)))				\
	K(load, "count", number(SOURCE_ID_LOAD(begun->id)))					\
	K(age_ns, "count", number(view__age(frame, begun->start_ns)))				\
	K(pid, "count", number(begun->tgid))							\
	K(tid, "count", number(begun->pid))							\
	K(command, "text", text(begun->comm))							\
	K(iova, "count?", has_range && begun->arg[1] ? number(begun->arg[0]) : json_null())	\
	K(bytes, "count?", has_range && begun->arg[1] ? number(begun->arg[1]) : json_null())	\
	K(group, "count?", begun->op == VFIO_OP_ATTACH ? number(begun->arg[0]) : json_null())

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
		json_t *object = xalloc__check(json_object());

		JSON_KEYS_SET(IN_FLIGHT_KEYS);
		json_append(array, object);
	}
	return array;
}

#define FRAME_KEYS(K)										\
	K(function, "text?", known_text(frames[i].function))					\
	K(module, "text?", known_text(frames[i].module))					\
	K(offset, "count?", placed ? number(frames[i].offset) : json_null())			\
	K(address, "count", number(frames[i].address))

static json_t *stack_frames(const struct source_frame *frames, size_t n)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < n; i++) {
		json_t *object = xalloc__check(json_object());
		bool placed = *frames[i].function || *frames[i].module;

		JSON_KEYS_SET(FRAME_KEYS);
		json_append(array, object);
	}
	return array;
}

/* null: they could not be read. */
static json_t *kernel_frames(const struct source_stack *stack)
{
	return stack->n_kernel ? stack_frames(stack->frames, stack->n_kernel) : json_null();
}

#define STACK_KEYS(K)										\
	K(operation, "operation", json_string(event__op(stack->op)->key))			\
	K(container, "count?", stack->id ? number(SOURCE_ID_NUMBER(stack->id)) : json_null())	\
	K(load, "count?", stack->id ? number(SOURCE_ID_LOAD(stack->id)) : json_null())		\
	K(pid, "count", number(stack->tgid))							\
	K(command, "text", text(stack->comm))							\
	K(count, "count", number(stack->count))							\
	K(errors, "count", number(stack->errors))						\
	K(untimed, "count", number(stack->untimed))						\
	K(sum_ns, "count", number(stack->sum_ns))						\
	K(max_ns, "count?", stack->untimed < stack->count ? number(stack->max_ns) : json_null()) \
	K(busy_ratio, "real?", rate(s->busy))							\
	K(pages, "count", number(stack->pages))							\
	K(kernel, "frame[]?", kernel_frames(stack))						\
	K(kernel_complete, "boolean", json_boolean(!stack->kernel_cut))				\
	K(user, "frame[]", stack_frames(stack->frames + stack->n_kernel, stack->n_user))	\
	K(user_complete, "boolean", json_boolean(!stack->user_cut))

static json_t *stack_json(const struct model_stack *s)
{
	const struct source_stack *stack = &s->stack;
	json_t *object = xalloc__check(json_object());

	JSON_KEYS_SET(STACK_KEYS);
	return object;
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

#define TOTALS_KEYS(K)										\
	K(containers, "count", number(t.containers))						\
	K(gone, "count", number(t.gone))							\
	K(groups, "count", number(t.groups))							\
	K(mapped_bytes, "count", number(t.mapped_bytes))					\
	K(mapped_unknown, "count", number(t.mapped_unknown))					\
	K(pinned_pages, "count", number(t.pinned_pages))					\
	K(pinned_unknown, "count", number(t.pinned_unknown))					\
	K(ops_per_second, "real?", rate(t.rate))						\
	K(ops, "ops", ops(frame, NULL))								\
	K(map_parts, "map_parts?", map_json__parts(model__map_parts(frame->model)))

static json_t *totals(const struct view_frame *frame)
{
	json_t *object = xalloc__check(json_object());
	struct view_totals t;

	view__totals(frame, &t);
	JSON_KEYS_SET(TOTALS_KEYS);
	return object;
}

#define LOST_KEYS(K)										\
	K(total, "count", number(t.lost))							\
	K(ring, "count", number(loss->ring))							\
	K(pool, "count", number(loss->pool))							\
	K(recursion, "count", number(loss->recursion))						\
	K(damaged, "count", number(loss->damaged))						\
	K(stacks, "count", number(loss->stacks))

static json_t *lost(const struct view_frame *frame)
{
	const struct source_loss *loss = model__loss(frame->model);
	json_t *object = xalloc__check(json_object());
	struct view_totals t;

	view__totals(frame, &t);
	JSON_KEYS_SET(LOST_KEYS);
	return object;
}

#define GAP_KEYS(K)										\
	K(kind, "gap_kind", json_string(source_gap__key(model__gap_kind(frame->model))))	\
	K(at_ns, "count", number(ts_ns))							\
	K(message, "text", text(why))

static json_t *gap(const struct view_frame *frame)
{
	__u64 ts_ns;
	const char *why = model__gap(frame->model, &ts_ns);
	json_t *object;

	if (!why)
		return json_null();
	object = xalloc__check(json_object());
	JSON_KEYS_SET(GAP_KEYS);
	return object;
}

#define THINNED_KEYS(K)										\
	K(at_ns, "count", number(ts_ns))							\
	K(message, "text", text(why))

static json_t *thinned(const struct view_frame *frame)
{
	__u64 ts_ns;
	const char *why = model__thinned(frame->model, &ts_ns);
	json_t *object;

	if (!why)
		return json_null();
	object = xalloc__check(json_object());
	JSON_KEYS_SET(THINNED_KEYS);
	return object;
}

#define OVERHEAD_KEYS(K)									\
	K(ns_per_event, "real?", cost->event_known ? json_real(cost->ns_per_event) : json_null()) \
	K(programs_cpu_percent, "real?",							\
	  last->programs_known ? json_real(last->programs) : json_null())			\
	K(machine_percent, "real?", last->known ? json_real(cost->machine) : json_null())	\
	K(max_percent, "real?", cost->max ? json_real(cost->max) : json_null())			\
	K(exceeded, "boolean", json_boolean(cost->over))

static json_t *overhead(const struct source_cost *cost)
{
	const struct source_share *last = &cost->last;
	json_t *object = xalloc__check(json_object());

	JSON_KEYS_SET(OVERHEAD_KEYS);
	return object;
}

#define SOURCE_KEYS(K)										\
	K(name, "text", text(info->name))							\
	K(detail, "text", text(info->detail))							\
	K(live, "boolean", json_boolean(info->live))						\
	K(aggregates, "boolean", json_boolean(info->aggregates))

static json_t *source(const struct source_info *info)
{
	json_t *object = xalloc__check(json_object());

	JSON_KEYS_SET(SOURCE_KEYS);
	return object;
}

#define ROOT_KEYS(K)										\
	K(schema, "schema_name", json_string(VIEW_JSON_SCHEMA))					\
	K(number, "count", number(frame->number))						\
	K(time, "time", json_string(when))							\
	K(now_ns, "count", number(frame->now_ns))						\
	K(interval_ns, "count", number(frame->interval_ns))					\
	K(host, "text?", known_text(frame->info->host))						\
	K(kernel, "text?", known_text(frame->info->kernel))					\
	K(source, "source", source(frame->info))						\
	K(cpu_percent, "real?", rate(frame->cpu_percent))					\
	K(overhead, "overhead", overhead(&frame->info->cost))					\
	K(thinned, "thinned?", thinned(frame))							\
	K(lost, "lost", lost(frame))								\
	K(gap, "gap?", gap(frame))								\
	K(at_end, "boolean", json_boolean(frame->at_end))					\
	K(totals, "totals", totals(frame))							\
	K(containers, "container[]", containers(frame))						\
	K(in_flight, "in_flight[]?", in_flight(frame))						\
	K(groups, "group[]", all_groups(frame))							\
	K(group_calls, "group_call[]", group_calls(frame))					\
	K(stacks, "stack[]?", all_stacks(frame))						\
	K(stacks_kept, "count?",								\
	  frame->info->stacks ? number(model__stacks(frame->model)->n) : json_null())

void view_json__print(FILE *out, const struct view_frame *frame)
{
	json_t *object = xalloc__check(json_object());
	char when[FMT_MAX];

	fmt_time_iso(when, sizeof(when), frame->now_ns + frame->info->realtime_offset_ns);
	JSON_KEYS_SET(ROOT_KEYS);
	json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
	fputc('\n', out);
	json_decref(object);
}

/* The schema */

static const char *gap_kind(unsigned int kind)
{
	return source_gap__key(kind);
}

static const char *group_call_name(unsigned int kind)
{
	return model_group_call__key(kind);
}

static const char *kind_of(const struct field *field)
{
	switch (field->unit) {
	case UNIT_PER_S:
	case UNIT_PERCENT:
		return "real?";
	case UNIT_TEXT:
		return "text?";
	case UNIT_ERRNOS:
		return "errnos?";
	default:
		return "count?";
	}
}

static void describe_fields(json_t *schema, const char *object, const struct field *fields,
			    size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_schema__key(schema, object, fields[i].name, kind_of(&fields[i]),
				 fields[i].help);
}

static void describe_rows(json_t *schema)
{
	const struct field *fields;
	size_t n = field__containers(&fields);

	describe_fields(schema, "container", fields, n);
	JSON_KEYS_DESCRIBE(schema, "container", CONTAINER_KEYS);
	JSON_KEYS_DESCRIBE(schema, "container", MAPPINGS_KEYS);
	JSON_KEYS_DESCRIBE(schema, "container", CONTAINER_END_KEYS);
	n = field__ops(&fields);
	describe_fields(schema, "operation_figures", fields + 1, n - 1);
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		json_schema__key(schema, "ops", event__op(op)->key, "operation_figures", NULL);
}

void view_json__schema(FILE *out)
{
	json_t *schema = json_schema__create("A refresh of vfiotop --json", "refresh");

	json_schema__const(schema, "schema_name", VIEW_JSON_SCHEMA);
	json_schema__define(schema, "time", json_pack("{s:s, s:s}", "type", "string", "format",
						      "date-time"));
	json_schema__enum(schema, "gap_kind", gap_kind, SOURCE_GAPS);
	json_schema__enum(schema, "group_call_name", group_call_name, MODEL_GROUP_CALL_KINDS);
	JSON_KEYS_DESCRIBE(schema, "refresh", ROOT_KEYS);
	JSON_KEYS_DESCRIBE(schema, "source", SOURCE_KEYS);
	JSON_KEYS_DESCRIBE(schema, "overhead", OVERHEAD_KEYS);
	JSON_KEYS_DESCRIBE(schema, "thinned", THINNED_KEYS);
	JSON_KEYS_DESCRIBE(schema, "lost", LOST_KEYS);
	JSON_KEYS_DESCRIBE(schema, "gap", GAP_KEYS);
	JSON_KEYS_DESCRIBE(schema, "totals", TOTALS_KEYS);
	describe_rows(schema);
	JSON_KEYS_DESCRIBE(schema, "in_flight", IN_FLIGHT_KEYS);
	JSON_KEYS_DESCRIBE(schema, "group_call", GROUP_CALL_KEYS);
	JSON_KEYS_DESCRIBE(schema, "stack", STACK_KEYS);
	JSON_KEYS_DESCRIBE(schema, "frame", FRAME_KEYS);
	owner_json__describe(schema);
	map_json__describe(schema);
	json_schema__print(schema, out);
}
