// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_json.c - vfio-trace report --json
 *
 * Every event and every operation has its key in the totals, also when it never happened, so that
 * scripts need no defaults. What is not known is null. Times are ns.
 */
#include <jansson.h>

#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/json_set.h"
#include "lib/map_json.h"
#include "lib/owner_json.h"
#include "leaks.h"
#include "report.h"

#define SCHEMA "vfio-trace-report/1"

static json_t *time_of(const struct report *report, __u64 ts_ns)
{
	char text[FMT_MAX];

	return json_string(fmt_time_iso(text, sizeof(text),
					ts_ns + report->info.realtime_offset_ns));
}

static json_t *errnos_json(const struct report_op *op)
{
	json_t *object = json_object();
	char unnamed[24];

	for (__u32 i = 0; i < op->n_errnos; i++) {
		const char *name = event__errno_name(op->errnos[i].err);

		snprintf(unnamed, sizeof(unnamed), "%u", op->errnos[i].err);
		json_object_set_new(object, name ? name : unnamed, json_count(op->errnos[i].count));
	}
	return object;
}

static json_t *latency_json(const struct report_op *op)
{
	json_t *object;

	if (!op->timed)
		return json_null();
	object = json_object();
	json_object_set_new(object, "mean", json_count(op->mean_ns));
	for (unsigned int q = 0; q < REPORT_QUANTILES; q++)
		json_object_set_new(object, report__quantile_key[q],
				    json_count(op->quantile_ns[q]));
	json_object_set_new(object, "max", json_count(op->max_ns));
	return object;
}

static json_t *op_json(const struct report_op *op)
{
	json_t *object = json_object();

	json_object_set_new(object, "count", json_count(op->count));
	json_object_set_new(object, "errors", json_count(op->errors));
	json_object_set_new(object, "errnos", errnos_json(op));
	json_object_set_new(object, "bytes", json_count(op->bytes));
	json_object_set_new(object, "pages", json_count(op->pages));
	json_object_set_new(object, "unknown_duration", json_count(op->unknown));
	json_object_set_new(object, "latency_ns", latency_json(op));
	return object;
}

static json_t *groups_json(const struct report_container *c)
{
	json_t *array = json_array();

	for (size_t i = 0; i < c->n_groups; i++) {
		json_t *group = json_object();

		json_object_set_new(group, "number", json_count(c->groups[i].number));
		json_object_set_new(group, "type",
				    json_text_or_null(event__value_name(event__values_group_type,
								   c->groups[i].type)));
		json_append(array, group);
	}
	return array;
}

static json_t *container_json(const struct report *report, const struct report_container *c)
{
	const char *type = event__value_name(event__values_iommu_type, c->iommu_type);
	json_t *object = json_object(), *ops = json_object();

	json_object_set_new(object, "id", json_count(SOURCE_ID_NUMBER(c->id)));
	json_object_set_new(object, "load", json_count(SOURCE_ID_LOAD(c->id)));
	json_object_set_new(object, "pid", json_count_if(c->tgid, c->tgid));
	json_object_set_new(object, "comm", json_text_or_null(c->comm));
	json_object_set_new(object, "cgroup", json_count_if(c->cgroup, c->cgroup));
	json_object_set_new(object, "owner", owner_json__owner(c->owner));
	json_object_set_new(object, "groups", groups_json(c));
	json_object_set_new(object, "more_groups", json_boolean(c->more_groups));
	json_object_set_new(object, "backend", json_text_or_null(c->backend));
	json_object_set_new(object, "iommu_type", json_text_or_null(*c->backend ? type : NULL));
	json_object_set_new(object, "opened",
			    c->opened_known ? time_of(report, c->opened_ns) : json_null());
	json_object_set_new(object, "opened_ns", json_count_if(c->opened_known, c->opened_ns));
	json_object_set_new(object, "age_ns", json_count_if(c->opened_known, c->age_ns));
	json_object_set_new(object, "file_closed", json_boolean(c->file_closed));
	json_object_set_new(object, "freed", json_boolean(c->freed));
	json_object_set_new(object, "refs", json_count_if(c->refs_known, c->refs));
	json_object_set_new(object, "mapped_bytes", json_count_if(c->mapped_known, c->mapped_bytes));
	json_object_set_new(object, "mappings", json_count_if(c->mappings_known, c->mappings));
	json_object_set_new(object, "dma_avail", json_count_if(c->avail_known, c->avail));
	json_object_set_new(object, "pinned_pages", json_count_if(c->pinned_known, c->pinned_pages));
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		if (c->op[op])
			json_object_set_new(ops, event__op(op)->key, op_json(c->op[op]));
	json_object_set_new(object, "operations", ops);
	json_object_set_new(object, "map_parts", map_json__parts(&c->map_parts));
	json_object_set_new(object, "start", start_json(starts__of(report->starts, c->id)));
	return object;
}

static json_t *lost_json(const struct report *report)
{
	json_t *object = json_object();

	json_object_set_new(object, "total", json_count(source_loss__total(&report->loss)));
	json_object_set_new(object, "ring", json_count(report->loss.ring));
	json_object_set_new(object, "pool", json_count(report->loss.pool));
	json_object_set_new(object, "recursion", json_count(report->loss.recursion));
	json_object_set_new(object, "damaged", json_count(report->loss.damaged));
	return object;
}

static json_t *gaps_json(const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->n_gaps; i++) {
		json_t *gap = json_object();

		json_object_set_new(gap, "kind", json_string(source_gap__key(report->gaps[i].kind)));
		json_object_set_new(gap, "time", time_of(report, report->gaps[i].ts_ns));
		json_object_set_new(gap, "why", json_string(report->gaps[i].why));
		json_append(array, gap);
	}
	return array;
}

static json_t *events_json(const struct report *report)
{
	json_t *object = json_object();

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		json_object_set_new(object, event__desc(type)->tracepoint,
				    json_count(report->event_count[type]));
	return object;
}

static json_t *group_calls_json(const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->n_group_calls; i++) {
		const struct report_group_call *call = &report->group_calls[i];
		json_t *one = json_object();

		json_object_set_new(one, "group", json_count_if(call->group != ~0U, call->group));
		json_object_set_new(one, "call", json_string(model_group_call__key(call->kind)));
		json_object_set_new(one, "count", json_count(call->op.count));
		json_object_set_new(one, "errors", json_count(call->op.errors));
		json_object_set_new(one, "errnos", errnos_json(&call->op));
		json_object_set_new(one, "latency_ns", latency_json(&call->op));
		json_object_set_new(one, "failed_pid", json_count_if(call->failed_tgid, call->failed_tgid));
		json_object_set_new(one, "failed_comm", json_text_or_null(call->failed_comm));
		json_object_set_new(one, "failed_device", json_text_or_null(call->failed_device));
		json_append(array, one);
	}
	return array;
}

static void add_ops_and_containers(const struct report *report, json_t *root)
{
	json_t *ops = json_object(), *containers = json_array();

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		json_object_set_new(ops, event__op(op)->key, op_json(&report->total[op]));
	json_object_set_new(root, "operations", ops);
	json_object_set_new(root, "map_parts", map_json__parts(&report->map_parts));
	for (size_t i = 0; i < report->n_containers; i++)
		json_append(containers, container_json(report, report->containers[i]));
	json_object_set_new(root, "containers", containers);
	json_object_set_new(root, "groups", owner_json__groups(report->groups, report->n_groups));
	json_object_set_new(root, "group_calls", group_calls_json(report));
	json_object_set_new(root, "leaks", leaks__json(report));
}

bool report__print_json(const struct report *report, FILE *out)
{
	json_t *root = json_object();
	bool ok;

	json_object_set_new(root, "schema", json_string(SCHEMA));
	json_object_set_new(root, "source", json_string(report->info.detail));
	json_object_set_new(root, "kernel", json_text_or_null(report->info.kernel));
	json_object_set_new(root, "host", json_text_or_null(report->info.host));
	json_object_set_new(root, "first_event",
			    report->events ? time_of(report, report->first_ns) : json_null());
	json_object_set_new(root, "duration_ns", json_count(report->last_ns - report->first_ns));
	json_object_set_new(root, "truncated", json_boolean(report->truncated));
	json_object_set_new(root, "lost", lost_json(report));
	json_object_set_new(root, "gaps", gaps_json(report));
	json_object_set_new(root, "events_total", json_count(report->events));
	json_object_set_new(root, "events", events_json(report));
	add_ops_and_containers(report, root);
	ok = !json_dumpf(root, out, JSON_INDENT(2)) && fputc('\n', out) != EOF;
	json_decref(root);
	return ok;
}
