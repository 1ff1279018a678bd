// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner_text.c - owners and devices in words: JSON keys, a column, a line
 */
#include <stdio.h>
#include <string.h>

#include "owner_text.h"

/* Digits of a container's id that people are shown, as container runtimes do. */
#define SHORT_ID 12

const char *owner_text__kind(enum vfio_owner_kind kind)
{
	static const char *const keys[] = {
#define K(number, ENUM, key) [number] = key,
		VFIO_OBS_OWNER_KINDS(K)
#undef K
	};

	return keys[kind < VFIO_OWNER_KINDS ? kind : VFIO_OWNER_UNKNOWN];
}

const char *owner_text__key(enum vfio_owner_text text)
{
	static const char *const keys[] = {
#define T(ENUM, key) key,
		VFIO_OBS_OWNER_TEXTS(T)
#undef T
	};

	return keys[text];
}

const char *device_text__key(enum vfio_device_text text)
{
	static const char *const keys[] = {
#define T(ENUM, key) key,
		VFIO_OBS_DEVICE_TEXTS(T)
#undef T
	};

	return keys[text];
}

static const char *runtime_of(const struct source_owner *owner)
{
	const char *runtime = owner->text[VFIO_OWNER_RUNTIME_TEXT];

	return *runtime ? runtime : "container";
}

char *owner_text__short(const struct source_owner *owner, char *buf, size_t size)
{
	const char *name = owner->text[VFIO_OWNER_NAME_TEXT];

	switch (owner->kind) {
	case VFIO_OWNER_UNKNOWN:
	case VFIO_OWNER_PROCESS:
		snprintf(buf, size, "%s", owner->text[VFIO_OWNER_UNIT_TEXT]);
		break;
	case VFIO_OWNER_POD:
		snprintf(buf, size, "pod %s", name);
		break;
	case VFIO_OWNER_CONTAINER:
		snprintf(buf, size, "%s %.*s", runtime_of(owner),
			 strlen(name) == 64 ? SHORT_ID : 64, name);
		break;
	case VFIO_OWNER_KATA:
		snprintf(buf, size, "kata %.*s", strlen(name) == 64 ? SHORT_ID : 64, name);
		break;
	default: /* VMs */
		snprintf(buf, size, "%s", *name ? name : owner_text__kind(owner->kind));
	}
	return buf;
}

/* Appends ", WHAT VALUE" at *@used when there is a value and room. */
static void add(char *buf, size_t size, size_t *used, const char *what, const char *value)
{
	int n;

	if (!*value || *used + 1 >= size)
		return;
	n = snprintf(buf + *used, size - *used, "%s%s%s", *used ? ", " : "", what, value);
	if (n > 0)
		*used += (size_t)n < size - *used ? (size_t)n : size - *used - 1;
}

char *owner_text__line(const struct source_owner *owner, char *buf, size_t size)
{
	const char *const *text = owner->text;
	char what[48], head[VFIO_OBS_TEXT_MAX + 32];
	size_t used = 0;

	*buf = '\0';
	snprintf(head, sizeof(head), "%s%s%s", owner_text__kind(owner->kind),
		 *text[VFIO_OWNER_NAME_TEXT] ? " " : "", text[VFIO_OWNER_NAME_TEXT]);
	add(buf, size, &used, "", head);
	add(buf, size, &used, "uuid ", text[VFIO_OWNER_UUID_TEXT]);
	if (owner->kind != VFIO_OWNER_POD)
		add(buf, size, &used, "pod ", text[VFIO_OWNER_POD_TEXT]);
	if (owner->kind != VFIO_OWNER_CONTAINER) {
		snprintf(what, sizeof(what), "%s ", runtime_of(owner));
		add(buf, size, &used, what, text[VFIO_OWNER_CONTAINER_TEXT]);
	}
	add(buf, size, &used, "", text[VFIO_OWNER_UNIT_TEXT]);
	add(buf, size, &used, "", text[VFIO_OWNER_WHY_TEXT]);
	return buf;
}

/* What the device is, between its name and its driver. */
static void describe(const struct source_device *device, char *buf, size_t size)
{
	const char *const *text = device->text;
	bool ids = device->vendor != VFIO_OBS_NO_PCI_ID && device->device != VFIO_OBS_NO_PCI_ID;

	if (*text[VFIO_DEVICE_VENDOR] && *text[VFIO_DEVICE_MODEL])
		snprintf(buf, size, "%s %s", text[VFIO_DEVICE_VENDOR], text[VFIO_DEVICE_MODEL]);
	else if (ids)
		snprintf(buf, size, "%s%s%04x:%04x", text[VFIO_DEVICE_VENDOR],
			 *text[VFIO_DEVICE_VENDOR] ? " " : "", device->vendor, device->device);
	else if (*text[VFIO_DEVICE_PARENT])
		snprintf(buf, size, "%s on %s",
			 *text[VFIO_DEVICE_MDEV_TYPE] ? text[VFIO_DEVICE_MDEV_TYPE] : "part",
			 text[VFIO_DEVICE_PARENT]);
	else
		*buf = '\0';
}

char *device_text__line(const struct source_device *device, size_t room, char *buf, size_t size)
{
	const char *name = device->text[VFIO_DEVICE_NAME];
	const char *driver = device->text[VFIO_DEVICE_DRIVER];
	char what[2 * VFIO_OBS_TEXT_MAX + 8], end[VFIO_OBS_TEXT_MAX + 16];
	size_t others, length;

	describe(device, what, sizeof(what));
	snprintf(end, sizeof(end), *driver ? " (%s)" : " (no driver)", driver);
	others = strlen(name) + 1 + strlen(end);
	length = strlen(what);
	if (room && length && others + length > room) {
		/* Too little of it says nothing. */
		length = room > others + 8 ? room - others : 0;
		what[length] = '\0';
		if (length)
			what[length - 1] = '+';
	}
	snprintf(buf, size, "%s%s%s%s", name, length ? " " : "", what, end);
	return buf;
}
