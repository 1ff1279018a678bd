/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * travel.h - which picture the screen shows: now, one that stands still, or one of those before
 *
 * Called by vfiotop's loop, which has the time and the source; knows no terminal.
 */
#ifndef VFIO_OBS_TRAVEL_H
#define VFIO_OBS_TRAVEL_H

#include "view.h"

struct travel;

/* @model, @aggregates, @slow_ns: as of history__create() */
struct travel *travel__create(const struct model *model, bool aggregates, __u64 slow_ns);
void travel__destroy(struct travel *travel); /* takes NULL */

/* As history__sink() and history__pass(). */
struct source_sink travel__sink(struct travel *travel);
void travel__pass(struct travel *travel, const struct source_sink *to);

/* A refresh that was done, with what it was shown; @keep_ns as of model__advance(). */
void travel__refresh(struct travel *travel, const struct view_frame *frame, __u64 keep_ns);

bool travel__is_frozen(const struct travel *travel);
/* The picture stands still as it is now. What was frozen before is not any more. */
void travel__freeze(struct travel *travel, const struct view_frame *now);
void travel__unfreeze(struct travel *travel);

/*
 * travel__reads_on - @how, a set of view_reaction, leads behind what a recording has shown, so that
 * it must be read on. Then the picture is frozen anew and travel__has_read() is called.
 * travel__found(): what VIEW_MARK looks for was in the last refresh, which is @found, too.
 */
bool travel__reads_on(const struct travel *travel, const struct view_frame *now,
		      unsigned int how);
bool travel__found(const struct travel *travel);
void travel__has_read(struct travel *travel, const struct view_frame *now, unsigned int how,
		      bool found);

/* Through what is kept; the picture is frozen. */
void travel__go(struct travel *travel, const struct view_frame *now, unsigned int how);

/* What the last key came to has been read. */
void travel__hush(struct travel *travel);

/* What is to be drawn, @now or another; valid until the next call that changes @travel. */
const struct view_frame *travel__shown(const struct travel *travel, const struct view_frame *now);

#endif
