// SPDX-License-Identifier: GPL-2.0-only
/*
 * id_set.c - a set of containers' ids
 */
#include <search.h>

#include "id_set.h"
#include "xalloc.h"

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

bool id_set__has(const struct id_set *set, __u64 id)
{
	return tfind(&id, &set->root, compare);
}

void id_set__add(struct id_set *set, __u64 id)
{
	if (!id_set__has(set, id))
		xalloc__check(tsearch(xmemdup(&id, 1, sizeof(id)), &set->root, compare));
}

void id_set__remove(struct id_set *set, __u64 id)
{
	__u64 **node = tfind(&id, &set->root, compare);
	__u64 *key = node ? *node : NULL;

	if (!key)
		return;
	tdelete(key, &set->root, compare);
	free(key);
}

void id_set__clear(struct id_set *set)
{
	tdestroy(set->root, free);
	set->root = NULL;
}
