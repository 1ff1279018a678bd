/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_state.h - what a part of a recording must be told of what was before it
 *
 * Used by who begins a recording in the middle of another: record_cut, and the recorder when it
 * goes on in a new file. What comes before is kept in a model; containers that are open are told
 * from it as ones that were there before, in the state that they have then.
 */
#ifndef VFIO_OBS_RECORD_STATE_H
#define VFIO_OBS_RECORD_STATE_H

#include <linux/types.h>
#include <stdbool.h>

#include "model.h"
#include "source.h"
#include "vfio_obs/record.h"

struct record_state;

/* @unseen: as in source_info, of the recording. */
struct record_state *record_state__create(__u64 unseen);
void record_state__destroy(struct record_state *state);

/* What the recording is to be delivered to. */
struct source_sink record_state__sink(struct record_state *state);

/* As it is now; valid until more is delivered. */
const struct model *record_state__model(const struct record_state *state);

/* Which containers and groups are told; NULL: all. */
struct record_state_choice {
	bool (*container)(const void *ctx, __u64 id);
	bool (*group)(const void *ctx, __u32 number);
	const void *ctx;
};

/* Tell @to what a part that begins at @ts_ns needs, behind all events before. */
void record_state__tell(const struct record_state *state, __u64 ts_ns,
			const struct record_state_choice *choice, const struct source_sink *to);
/* Of it one container, in the state behind all events before @ts_ns. */
void record_state__tell_container(const struct model_container *c, __u64 ts_ns,
				  const struct source_sink *to);

/* What was lost within a part until @loss, of @before its begin. */
struct source_loss record_state__lost_since(const struct source_loss *loss,
					    const struct source_loss *before);
/* What its header says was lost before, of a recording whose own header says @earlier. */
struct record_loss record_state__lost_before(const struct record_loss *earlier,
					     const struct source_loss *before);

#endif
