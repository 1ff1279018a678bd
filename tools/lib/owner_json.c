// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner_json.c - owners and groups' devices as JSON, the same in vfiotop and in reports
 */
#include "json_set.h"
#include "owner_json.h"
#include "owner_text.h"
#include "xalloc.h"

static json_t *id_or_null(__u32 id)
{
	return id == VFIO_OBS_NO_PCI_ID ? json_null() : json_integer(id);
}

json_t *owner_json__owner(const struct source_owner *owner)
{
	enum vfio_owner_kind kind = owner ? owner->kind : VFIO_OWNER_UNKNOWN;
	__u64 started_ns = owner ? owner->started_ns : 0;
	json_t *object = xalloc__check(json_object());

	json_set(object, "kind", json_string(owner_text__kind(kind)));
	json_set(object, "pid", owner ? json_integer(owner->tgid) : json_null());
	json_set(object, "started_ns", started_ns ? json_integer(started_ns) : json_null());
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		json_set(object, owner_text__key(i), json_text_or_null(owner ? owner->text[i] : ""));
	if (!owner)
		json_set(object, owner_text__key(VFIO_OWNER_WHY_TEXT),
			 json_string(OWNER_TEXT_NOBODY));
	return object;
}

static json_t *device_json(const struct source_device *device)
{
	json_t *object = xalloc__check(json_object());

	for (int i = 0; i < VFIO_DEVICE_TEXTS; i++)
		json_set(object, device_text__key(i), json_text_or_null(device->text[i]));
	json_set(object, "vendor_id", id_or_null(device->vendor));
	json_set(object, "device_id", id_or_null(device->device));
	return object;
}

json_t *owner_json__groups(const struct source_group_info *const *list, size_t n)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < n; i++) {
		json_t *object = xalloc__check(json_object());
		json_t *devices = xalloc__check(json_array());

		for (__u32 d = 0; d < list[i]->n_listed; d++)
			json_append(devices, device_json(&list[i]->devices[d]));
		json_set(object, "number", json_integer(list[i]->number));
		json_set(object, "complete", json_boolean(list[i]->n_listed == list[i]->n_devices));
		json_set(object, "devices", devices);
		json_append(array, object);
	}
	return array;
}
