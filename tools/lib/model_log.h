/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_log.h - the last events of containers' lives, and the last calls that failed
 *
 * Part of the model: fed by model.c, shown by the views. Bounded: what has no room any more is
 * counted.
 */
#ifndef VFIO_OBS_MODEL_LOG_H
#define VFIO_OBS_MODEL_LOG_H

#include <linux/types.h>
#include <stddef.h>

#include "vfio_obs/aggregate.h"

#define MODEL_LOG_MAX 2048

/*
 * @rec:      the event; of several equal failures the last
 * @first_ns: the first of them
 * @count:    how many they are, 1 of what did not fail
 */
struct model_log_entry {
	struct vfio_rec rec;
	__u64 first_ns;
	__u64 count;
};

/*
 * Zeroed memory is an empty one.
 * @n:       entries that are kept
 * @dropped: entries that are not any more
 */
struct model_log {
	struct model_log_entry *list;
	size_t n, first; /* @first: of the oldest in @list */
	__u64 dropped;
};

/*
 * model_log__add - @rec, if it is open, attach, set_iommu, detach, close or release, or a call that
 * failed. What one process tries again and again on one container with one result is one entry, as
 * long as little else happens meanwhile. @o: what @rec means, vfio_outcome_of().
 */
void model_log__add(struct model_log *log, const struct vfio_rec *rec,
		    const struct vfio_outcome *o);

/* The entry that @back others came after: 0 the newest; @back is below @log->n. */
const struct model_log_entry *model_log__entry(const struct model_log *log, size_t back);

struct model_log model_log__copy(const struct model_log *log);
void model_log__clear(struct model_log *log);

#endif
