// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_copy.c - copies of what a source tells with pointers in it
 */
#include <string.h>

#include "source_copy.h"
#include "xalloc.h"

static size_t texts_size(const char *const *text, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += strlen(text[i]) + 1;
	return size;
}

/* Copies @n texts to @at and points to them; what is behind them. */
static char *copy_texts(const char **to, const char *const *from, size_t n, char *at)
{
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(from[i]) + 1;

		to[i] = memcpy(at, from[i], size);
		at += size;
	}
	return at;
}

static bool texts_equal(const char *const *a, const char *const *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(a[i], b[i]))
			return false;
	return true;
}

struct source_owner *source_copy__owner(const struct source_owner *owner)
{
	struct source_owner *copy;

	if (!owner)
		return NULL;
	copy = xcalloc(1, sizeof(*copy) + texts_size(owner->text, VFIO_OWNER_TEXTS));
	*copy = *owner;
	copy_texts(copy->text, owner->text, VFIO_OWNER_TEXTS, (char *)(copy + 1));
	return copy;
}

struct source_group_info *source_copy__group(const struct source_group_info *group)
{
	struct source_group_info *copy;
	struct source_device *devices;
	size_t size = 0;
	char *at;

	if (!group)
		return NULL;
	for (__u32 i = 0; i < group->n_listed; i++)
		size += texts_size(group->devices[i].text, VFIO_DEVICE_TEXTS);
	copy = xcalloc(1, sizeof(*copy) + group->n_listed * sizeof(*devices) + size);
	*copy = *group;
	devices = (struct source_device *)(copy + 1);
	copy->devices = devices;
	at = (char *)(devices + group->n_listed);
	for (__u32 i = 0; i < group->n_listed; i++) {
		devices[i] = group->devices[i];
		at = copy_texts(devices[i].text, group->devices[i].text, VFIO_DEVICE_TEXTS, at);
	}
	return copy;
}

bool source_copy__owner_equal(const struct source_owner *a, const struct source_owner *b)
{
	if (!a || !b)
		return a == b;
	return a->started_ns == b->started_ns && a->tgid == b->tgid && a->kind == b->kind &&
	       texts_equal(a->text, b->text, VFIO_OWNER_TEXTS);
}

bool source_copy__group_equal(const struct source_group_info *a, const struct source_group_info *b)
{
	if (!a || !b)
		return a == b;
	if (a->number != b->number || a->n_devices != b->n_devices || a->n_listed != b->n_listed)
		return false;
	for (__u32 i = 0; i < a->n_listed; i++)
		if (a->devices[i].vendor != b->devices[i].vendor ||
		    a->devices[i].device != b->devices[i].device ||
		    !texts_equal(a->devices[i].text, b->devices[i].text, VFIO_DEVICE_TEXTS))
			return false;
	return true;
}
