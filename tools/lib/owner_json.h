/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owner_json.h - owners and groups' devices as JSON, the same in vfiotop and in reports
 *
 * "owner": "kind" (see VFIO_OBS_OWNER_KINDS), "pid" (that was looked up, null: none was known),
 * "started_ns" (CLOCK_BOOTTIME, null: the process could not be told apart), and the texts of
 * VFIO_OBS_OWNER_TEXTS, null where there is none.
 * "groups": of each group that was seen "number", "complete" (all devices are listed), "devices":
 * "vendor_id" and "device_id" (PCI, null for others) and the texts of VFIO_OBS_DEVICE_TEXTS.
 */
#ifndef VFIO_OBS_OWNER_JSON_H
#define VFIO_OBS_OWNER_JSON_H

#include <jansson.h>

#include "source.h"

/* New references, never NULL. @owner may be NULL: nobody was looked up. */
json_t *owner_json__owner(const struct source_owner *owner);
json_t *owner_json__groups(const struct source_group_info *const *list, size_t n);

/* Defines "owner", "group" and "device" in a schema of json_schema.h. */
void owner_json__describe(json_t *schema);

#endif
