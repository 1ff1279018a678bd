// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner_json.c - owners and groups' devices as JSON, the same in vfiotop and in reports
 */
#include "json_schema.h"
#include "json_set.h"
#include "owner_json.h"
#include "owner_text.h"
#include "xalloc.h"

static json_t *id_or_null(__u32 id)
{
	return id == VFIO_OBS_NO_PCI_ID ? json_null() : json_integer(id);
}

#define OWNER_KEYS(K)								\
	K(kind, "owner_kind", json_string(owner_text__kind(kind)))		\
	K(pid, "count?", owner ? json_integer(owner->tgid) : json_null())	\
	K(started_ns, "count?", started_ns ? json_integer(started_ns) : json_null())

json_t *owner_json__owner(const struct source_owner *owner)
{
	enum vfio_owner_kind kind = owner ? owner->kind : VFIO_OWNER_UNKNOWN;
	__u64 started_ns = owner ? owner->started_ns : 0;
	json_t *object = xalloc__check(json_object());

	JSON_KEYS_SET(OWNER_KEYS);
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		json_set(object, owner_text__key(i), json_text_or_null(owner ? owner->text[i] : ""));
	if (!owner)
		json_set(object, owner_text__key(VFIO_OWNER_WHY_TEXT),
			 json_string(OWNER_TEXT_NOBODY));
	return object;
}

#define DEVICE_KEYS(K)						\
	K(vendor_id, "count?", id_or_null(device->vendor))	\
	K(device_id, "count?", id_or_null(device->device))

static json_t *device_json(const struct source_device *device)
{
	json_t *object = xalloc__check(json_object());

	for (int i = 0; i < VFIO_DEVICE_TEXTS; i++)
		json_set(object, device_text__key(i), json_text_or_null(device->text[i]));
	JSON_KEYS_SET(DEVICE_KEYS);
	return object;
}

#define GROUP_KEYS(K)									\
	K(number, "count", json_integer(list[i]->number))				\
	K(complete, "boolean", json_boolean(list[i]->n_listed == list[i]->n_devices))	\
	K(devices, "device[]", devices)

json_t *owner_json__groups(const struct source_group_info *const *list, size_t n)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < n; i++) {
		json_t *object = xalloc__check(json_object());
		json_t *devices = xalloc__check(json_array());

		for (__u32 d = 0; d < list[i]->n_listed; d++)
			json_append(devices, device_json(&list[i]->devices[d]));
		JSON_KEYS_SET(GROUP_KEYS);
		json_append(array, object);
	}
	return array;
}

static const char *kind_name(unsigned int kind)
{
	return owner_text__kind(kind);
}

void owner_json__describe(json_t *schema)
{
	json_schema__enum(schema, "owner_kind", kind_name, VFIO_OWNER_KINDS);
	JSON_KEYS_DESCRIBE(schema, "owner", OWNER_KEYS);
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		json_schema__key(schema, "owner", owner_text__key(i), "text?", NULL);
	for (int i = 0; i < VFIO_DEVICE_TEXTS; i++)
		json_schema__key(schema, "device", device_text__key(i), "text?", NULL);
	JSON_KEYS_DESCRIBE(schema, "device", DEVICE_KEYS);
	JSON_KEYS_DESCRIBE(schema, "group", GROUP_KEYS);
}
