/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json_set.h - building JSON: out of memory ends the program, as everywhere in the tools
 *
 * Used by view_json.c, report_json.c and what they share: owner_json.c, map_json.c.
 */
#ifndef VFIO_OBS_JSON_SET_H
#define VFIO_OBS_JSON_SET_H

#include <jansson.h>
#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>

#include "xalloc.h"

/* Takes over @value. */
static inline void json_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, xalloc__check(value)))
		xalloc__check(NULL);
}

/* The same at the end of @array. */
static inline void json_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, xalloc__check(value)))
		xalloc__check(NULL);
}

/* jansson's integers are signed; only a broken recording has more. */
static inline json_t *json_count(__u64 value)
{
	return json_integer(value > LLONG_MAX ? LLONG_MAX : (json_int_t)value);
}

/* What is not known is null: a number, and a text that is NULL or "". */
static inline json_t *json_count_if(bool known, __u64 value)
{
	return known ? json_count(value) : json_null();
}

static inline json_t *json_text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

#endif
