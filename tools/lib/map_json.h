/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map_json.h - mappings, and where the time of MAP_DMAs went, as JSON: of vfiotop and of reports
 */
#ifndef VFIO_OBS_MAP_JSON_H
#define VFIO_OBS_MAP_JSON_H

#include <jansson.h>

#include "model_map.h"
#include "model_table.h"

/* So many mappings are listed. */
#define MAP_JSON_LARGEST 64

/* An object, null while no call was seen; its keys are the fields of the event MAP_PARTS. */
json_t *map_json__parts(const struct model_map_parts *parts);

/* An array of the largest, null when nothing is known of any. */
json_t *map_json__largest(const struct model_table *table);

/* Defines "map_parts" and "mapping" in a schema of json_schema.h. */
void map_json__describe(json_t *schema);

#endif
