/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * id_set.h - a set of containers' ids
 *
 * Used by those who have to know what they have told: record_cut.c and vfio-trace merge.
 */
#ifndef VFIO_OBS_ID_SET_H
#define VFIO_OBS_ID_SET_H

#include <linux/types.h>
#include <stdbool.h>

/* Zeroed is empty. */
struct id_set {
	void *root; /* of a tsearch() tree */
};

bool id_set__has(const struct id_set *set, __u64 id);
void id_set__add(struct id_set *set, __u64 id);
void id_set__remove(struct id_set *set, __u64 id);
void id_set__clear(struct id_set *set);

#endif
