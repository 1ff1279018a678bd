// SPDX-License-Identifier: GPL-2.0-only
/*
 * start_json.c - the start of a container as JSON; docs/report.md tells its keys
 */
#include "lib/event.h"
#include "lib/json_set.h"
#include "lib/map_json.h"
#include "report.h"
#include "start.h"

#define SENTENCE_MAX 1024

static json_t *sum_json(const struct start_sum *sum, enum start_part part)
{
	json_t *object = xalloc__check(json_object());

	json_set(object, "count", json_count(sum->count));
	json_set(object, "errors", json_count(sum->errors));
	json_set(object, "unknown_duration", json_count(sum->untimed));
	json_set(object, "under_way", json_count(sum->under_way));
	json_set(object, "self_ns", json_count(sum->self_ns));
	json_set(object, "sum_ns", json_count(sum->ns));
	json_set(object, "max_self_ns", json_count_if(sum->untimed < sum->count, sum->max_self_ns));
	if (part != START_MAP)
		return object;
	json_set(object, "bytes", json_count(sum->bytes));
	json_set(object, "unknown_bytes", json_count(sum->unread));
	json_set(object, "bytes_per_second_inside",
		 json_count_if(sum->moved_ns, start__speed(sum->moved_bytes, sum->moved_ns)));
	return object;
}

static json_t *call_json(const struct start *start, const struct start_call *call)
{
	json_t *object = xalloc__check(json_object());
	const char *type = event__value_name(event__values_iommu_type, call->type);
	bool is_map = call->part == START_MAP;

	json_set(object, "operation", json_string(start__part_key[call->part]));
	json_set(object, "at_ns", json_count(call->begin_ns - start->opened_ns));
	json_set(object, "duration_ns", json_count_if(call->ns != VFIO_OBS_UNKNOWN, call->ns));
	json_set(object, "returned", json_boolean(call->returned));
	json_set(object, "result", call->returned ? json_integer(call->ret) : json_null());
	json_set(object, "group", json_count_if(call->group != ~0U, call->group));
	json_set(object, "iommu_type",
		 call->part == START_SET_IOMMU ? json_text_or_null(type) : json_null());
	json_set(object, call->part == START_DEVICE_FD ? "device" : "backend",
		 json_text_or_null(call->name));
	json_set(object, "iova", json_count_if(is_map && call->bytes_known, call->iova));
	json_set(object, "bytes", json_count_if(is_map && call->bytes_known, call->bytes));
	json_set(object, "map_parts", map_json__parts(&call->map_parts));
	return object;
}

static json_t *calls_json(const struct start *start)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < start->n_calls; i++)
		json_append(array, call_json(start, &start->calls[i]));
	return array;
}

static json_t *gaps_json(const struct start *start)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < start->n_gaps; i++) {
		const struct start_gap *gap = &start->gaps[i];
		json_t *object = xalloc__check(json_object());

		json_set(object, "at_ns", json_count(gap->begin_ns - start->opened_ns));
		json_set(object, "duration_ns", json_count(gap->end_ns - gap->begin_ns));
		json_append(array, object);
	}
	return array;
}

json_t *start_json(const struct start *start)
{
	static const char *const ends[] = {
		[START_UNMAP] = "unmap_dma",
		[START_CLOSE] = "close",
		[START_DETACH] = "detach",
		[START_LIMIT] = "limit",
	};
	json_t *object, *operations;
	char text[SENTENCE_MAX];

	if (!start)
		return json_null();
	object = xalloc__check(json_object());
	operations = xalloc__check(json_object());
	json_set(object, "duration_ns", json_count(start__span(start)));
	json_set(object, "between_ns", json_count(start__between(start)));
	json_set(object, "before", json_text_or_null(ends[start->over]));
	json_set(object, "before_ns", json_count_if(start->over != START_GOES_ON,
						start->over_ns - start->opened_ns));
	json_set(object, "sentence", json_text_or_null(start__sentence(start, text, sizeof(text))));
	json_set(object, "advice", json_text_or_null(start__advice(start, text, sizeof(text))));
	for (unsigned int i = 0; i < START_PARTS; i++)
		json_set(operations, start__part_key[i], sum_json(&start->sum[i], i));
	json_set(object, "operations", operations);
	json_set(object, "map_parts", map_json__parts(&start->map_parts));
	json_set(object, "longest_calls", calls_json(start));
	json_set(object, "longest_gaps", gaps_json(start));
	return object;
}
