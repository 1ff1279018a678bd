/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_begun.h - operations that have begun and not returned
 *
 * Used by model.c: a list from the source, or kept from begins and ends that come as events.
 */
#ifndef VFIO_OBS_MODEL_BEGUN_H
#define VFIO_OBS_MODEL_BEGUN_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

/* In the order of their begin; zeroed is empty. @known: there were events that begin something. */
struct model_begun {
	struct source_begun *list;
	size_t n;
	bool known;
};

void model_begun__set(struct model_begun *begun, const struct source_begun *list, size_t n);

/* model_begun__event - takes notice of a begin or an end. */
void model_begun__event(struct model_begun *begun, const struct vfio_rec *rec);

/* model_begun__forget - those of @ops (bit per enum vfio_obs_op), whose end nobody will tell. */
void model_begun__forget(struct model_begun *begun, __u32 ops);

struct model_begun model_begun__copy(const struct model_begun *begun);
void model_begun__clear(struct model_begun *begun);

#endif
