// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_json.c - where the time of MAP_DMAs went, as JSON
 */
#include "event.h"
#include "json_set.h"
#include "map_json.h"
#include "xalloc.h"

json_t *map_json__parts(const struct model_map_parts *parts)
{
	const struct event_desc *desc = event__desc(VFIO_EV_MAP_PARTS);
	json_t *object;

	if (!parts->count)
		return json_null();
	object = xalloc__check(json_object());
	json_set(object, "count", json_count(parts->count));
	json_set(object, "errors", json_count(parts->errors));
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct event_field *field = &desc->fields[i];

		if (field->show != EVENT_SHOW_RET)
			json_set(object, field->name, parts->unknown >> field->word & 1 ?
			    json_null() : json_count(parts->sum[field->word]));
	}
	return object;
}
