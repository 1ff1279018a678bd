// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_json.c - where the time of MAP_DMAs went, as JSON
 */
#include <limits.h>
#include <string.h>

#include "event.h"
#include "map_json.h"
#include "xalloc.h"

static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, xalloc__check(value)))
		xalloc__check(NULL);
}

/* jansson's integers are signed; only a broken recording has more. */
static json_t *number(__u64 value)
{
	return json_integer(value > LLONG_MAX ? LLONG_MAX : (json_int_t)value);
}

json_t *map_json__parts(const struct model_map_parts *parts)
{
	const struct event_desc *desc = event__desc(VFIO_EV_MAP_PARTS);
	json_t *object;

	if (!parts->count)
		return json_null();
	object = xalloc__check(json_object());
	set(object, "count", number(parts->count));
	set(object, "errors", number(parts->errors));
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct event_field *field = &desc->fields[i];

		if (field->show != EVENT_SHOW_RET)
			set(object, field->name, parts->unknown >> field->word & 1 ?
			    json_null() : number(parts->sum[field->word]));
	}
	return object;
}
