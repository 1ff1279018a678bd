/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_cut.h - a part of a recording: the events that are wanted, and the containers they need
 *
 * Used by vfio-trace cut. Stands between a recording's source and the sink that takes the part.
 * What comes before the part is kept in a model; when the part begins, or a container's first event
 * is in it, the container is told as one from before, in the state that it has then.
 */
#ifndef VFIO_OBS_RECORD_CUT_H
#define VFIO_OBS_RECORD_CUT_H

#include <linux/types.h>
#include <stdbool.h>

#include "event_filter.h"
#include "source.h"

struct record_cut;

/*
 * record_cut__create
 * @filter: what is wanted. @to_ns: the first instant that is not, so that parts that are cut at one
 *          instant have each event once. Events that free a container which is in the part are
 *          always in it: it would look alive
 * @info:   of the recording
 * @begin:  called once with @ctx, before the first call of @to, with what was lost before
 * @to:     gets the part; copied
 */
struct record_cut *record_cut__create(const struct event_filter *filter,
				      const struct source_info *info,
				      void (*begin)(void *ctx, const struct source_loss *before),
				      void *ctx, const struct source_sink *to);
void record_cut__destroy(struct record_cut *cut);

/* What the recording is to be delivered to, and, when there is no more, the end of it. */
struct source_sink record_cut__sink(struct record_cut *cut);
void record_cut__finish(struct record_cut *cut);

/* The recording is behind what is wanted: the rest need not be read. */
bool record_cut__beyond(const struct record_cut *cut);

/* Bit per event that can be in a part of a recording with @events; some of them only: *some. */
__u64 record_cut__events(const struct event_filter *filter, __u64 events, bool *some);

#endif
