// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_json.c - mappings, and where the time of MAP_DMAs went, as JSON
 */
#include "event.h"
#include "json_schema.h"
#include "json_set.h"
#include "map_json.h"
#include "xalloc.h"

#define PARTS_KEYS(K)							\
	K(count, "count", json_count(parts->count))			\
	K(errors, "count", json_count(parts->errors))

json_t *map_json__parts(const struct model_map_parts *parts)
{
	const struct event_desc *desc = event__desc(VFIO_EV_MAP_PARTS);
	json_t *object;

	if (!parts->count)
		return json_null();
	object = xalloc__check(json_object());
	JSON_KEYS_SET(PARTS_KEYS);
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct event_field *field = &desc->fields[i];

		if (field->show != EVENT_SHOW_RET)
			json_set(object, field->name, parts->unknown >> field->word & 1 ?
			    json_null() : json_count(parts->sum[field->word]));
	}
	return object;
}

#define MAPPING_KEYS(K)							\
	K(iova, "count", json_count(m->iova))				\
	K(bytes, "count", json_count(m->size))				\
	K(vaddr, "count", json_count(m->vaddr))				\
	K(read, "boolean", json_boolean(m->prot & VFIO_OBS_PROT_READ))	\
	K(write, "boolean", json_boolean(m->prot & VFIO_OBS_PROT_WRITE))

static json_t *mapping(const struct vfio_mapping *m)
{
	json_t *object = xalloc__check(json_object());

	JSON_KEYS_SET(MAPPING_KEYS);
	return object;
}

json_t *map_json__largest(const struct model_table *table)
{
	struct vfio_mapping list[MAP_JSON_LARGEST];
	size_t n = model_table__largest(table, list, MAP_JSON_LARGEST);
	json_t *array;

	if (table->state == MODEL_TABLE_UNKNOWN)
		return json_null();
	array = xalloc__check(json_array());
	for (size_t i = 0; i < n; i++)
		json_append(array, mapping(&list[i]));
	return array;
}

void map_json__describe(json_t *schema)
{
	const struct event_desc *desc = event__desc(VFIO_EV_MAP_PARTS);

	JSON_KEYS_DESCRIBE(schema, "map_parts", PARTS_KEYS);
	for (unsigned int i = 0; i < desc->n_fields; i++)
		if (desc->fields[i].show != EVENT_SHOW_RET)
			json_schema__key(schema, "map_parts", desc->fields[i].name, "count?",
					 desc->fields[i].help);
	JSON_KEYS_DESCRIBE(schema, "mapping", MAPPING_KEYS);
}
