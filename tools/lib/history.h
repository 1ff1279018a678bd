/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * history.h - the last ten minutes of a model, to look at again
 *
 * Stands between a source and the model: vfiotop's loop has the source deliver to history__sink(),
 * passes that on to the model and tells of each refresh. Kept is what was delivered, compressed,
 * and the model as it was before the oldest of that; a model of any refresh between is made by
 * delivering it again.
 */
#ifndef VFIO_OBS_HISTORY_H
#define VFIO_OBS_HISTORY_H

#include "model.h"

/* Refreshes that are kept, fewer when they take more than HISTORY_BYTES. */
#define HISTORY_STEPS 600
#define HISTORY_BYTES (16 << 20)
/* With more containers than this nothing is kept: every one costs memory twice. */
#define HISTORY_CONTAINERS 1000

struct history;

/*
 * history__create - of @model, which has not been fed yet; @aggregates as of model__sink().
 * @slow_ns: a call that takes as long is worth to be found; to the width of a histogram's bucket
 */
struct history *history__create(const struct model *model, bool aggregates, __u64 slow_ns);
void history__destroy(struct history *history); /* takes NULL */

/* What a source delivers to this is kept until history__pass(), which hands it on to @to. */
struct source_sink history__sink(struct history *history);
void history__pass(struct history *history, const struct source_sink *to);

/*
 * history__advance - the refresh of model__advance(@model, @now_ns, @keep_ns), which was just
 * done and is one more step. @model has been passed all.
 */
void history__advance(struct history *history, const struct model *model, __u64 now_ns,
		      __u64 keep_ns);

/* Steps, numbered from 0 as they came: from history__first() on, below history__end(), are kept. */
__u64 history__first(const struct history *history);
__u64 history__end(const struct history *history);

/*
 * history__at - the model as it was after step @step, which is kept; its heat is not. Valid until
 * the next call of this or of history__leave(), which gives back the memory that looking takes.
 */
const struct model *history__at(struct history *history, __u64 step);
void history__leave(struct history *history);

/*
 * history__find - the next step behind @step, or before it, in which a call failed or was slow.
 * False: there is none among those that are kept.
 */
bool history__find(const struct history *history, __u64 *step, bool backwards);

/* What failed or was slow in step @step: "map_dma failed, pin slow". NULL: nothing, or not kept. */
const char *history__mark(const struct history *history, __u64 step);

/* Why nothing is kept, a sentence for the user; NULL: it is. */
const char *history__trouble(const struct history *history);

#endif
