/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_map.h - where the time of MAP_DMAs went, added up from the events MAP_PARTS
 *
 * Part of the model: fed by model.c, for each container and for all; printed by views and reports.
 */
#ifndef VFIO_OBS_MODEL_MAP_H
#define VFIO_OBS_MODEL_MAP_H

#include <linux/types.h>
#include <stdbool.h>

#include "vfio_obs/event.h"

/*
 * @count:   MAP_DMAs that returned, @errors of them below 0
 * @sum:     of each field of the event, by its word
 * @unknown: bit per word: of some call it could not be known, so the sum is none
 */
struct model_map_parts {
	__u64 count, errors;
	__u64 sum[VFIO_OBS_WORDS];
	__u64 unknown;
};

/* model_map_sum(parts, pin_ns): a sum, an lvalue */
#define model_map_sum(parts, field)                                                                \
	((parts)->sum[__builtin_offsetof(struct vfio_words_MAP_PARTS, field)])
#define model_map_known(parts, field)                                                              \
	(!((parts)->unknown >> __builtin_offsetof(struct vfio_words_MAP_PARTS, field) & 1))

/* Count @rec, which is a MAP_PARTS. */
void model_map_parts__add(struct model_map_parts *parts, const struct vfio_rec *rec);

/* ns of the calls that are neither pinning nor mapping in the IOMMU. */
__u64 model_map_parts__rest(const struct model_map_parts *parts);

#endif
