/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_op.h - how the statistics of one operation grow
 *
 * For model.c, for vfio-trace diff, which adds up by owner, and for tests.
 */
#ifndef VFIO_OBS_MODEL_OP_H
#define VFIO_OBS_MODEL_OP_H

#include "model.h"

struct model_op *model_op__create(void);
void model_op__destroy(struct model_op *op);
struct model_op *model_op__copy(const struct model_op *op);

/* One completed call; the same rules as vfio_op_stats_add(), which fills a flat histogram. */
void model_op__add(struct model_op *op, const struct vfio_outcome *o);

/* Add the calls of @from; rates stay. */
void model_op__merge(struct model_op *op, const struct model_op *from);

/*
 * model_op__read - take over a newer cumulative reading; what it added is added to @total too.
 * Counters that went backwards keep their value.
 */
void model_op__read(struct model_op *op, struct model_op *total, const struct vfio_op_stats *stats);

/* Rate and share of time since the last call, over @seconds; unknown when that is not above 0. */
void model_op__advance(struct model_op *op, double seconds);

#endif
