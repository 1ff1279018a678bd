/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view.h - what every view is given, and the sentences that all of them say
 *
 * A view only reads: the model, and the facts about this refresh. Built by vfiotop's loop.
 */
#ifndef VFIO_OBS_VIEW_H
#define VFIO_OBS_VIEW_H

#include "model.h"

/* One refresh. */
struct view_frame {
	const struct model *model;
	const struct source_info *info;
	__u64 now_ns;	    /* CLOCK_BOOTTIME of what is shown */
	__u64 interval_ns;  /* between refreshes */
	__u64 number;	    /* of this refresh, from 1 */
	double cpu_percent; /* the tool's own, of one CPU; < 0: unknown; the programs': @info */
	bool at_end;	    /* the recording has no more */
	/* Of the screen only */
	bool frozen;	    /* the picture stands still */
	bool past;	    /* it is one of those that were kept, */
	__u64 behind_ns;    /* so much older than the newest */
	const char *remark; /* what came of the last key; NULL: nothing to say */
	const struct model *heat; /* whose heat is shown; NULL: that of @model */
};

/* Sums over the containers that are alive. */
struct view_totals {
	size_t containers, gone; /* alive; freed and still listed */
	size_t groups;
	__u64 mapped_bytes, pinned_pages;
	size_t mapped_unknown, pinned_unknown; /* containers that are not in the sums */
	double rate;			       /* of all operations; < 0: unknown */
	__u64 lost;			       /* of every kind */
};

/* Since @start_ns until what is shown; 0 when it began only behind that. */
__u64 view__age(const struct view_frame *frame, __u64 start_ns);

/* Where the heat is that goes with it. NULL: none is kept. */
static inline const struct model *view__heat_of(const struct view_frame *frame)
{
	return frame->heat ? frame->heat : frame->model;
}

static inline const struct model_heat *view__heat(const struct view_frame *frame)
{
	return model__heat(view__heat_of(frame));
}

void view__totals(const struct view_frame *frame, struct view_totals *totals);

/* A piece of the two lines at the top; @alert: the reader must see it. */
struct view_segment {
	char text[96];
	bool alert;
};

enum { VIEW_SUMMARY_LINES = 2, VIEW_SEGMENTS = 10, VIEW_NOTICES = 5 };

/*
 * view__summary - segments of line @line, the most important first.
 * Returns their number, at most VIEW_SEGMENTS.
 */
size_t view__summary(const struct view_frame *frame, int line,
		     struct view_segment segments[VIEW_SEGMENTS]);

/* Sentences under the summary: gaps, losses, what the source cannot see. */
enum view_level { VIEW_LEVEL_INFO, VIEW_LEVEL_NOTE, VIEW_LEVEL_ALERT };

struct view_notice {
	char text[320];
	enum view_level level;
};
size_t view__notices(const struct view_frame *frame, struct view_notice notices[VIEW_NOTICES]);

/* Of a frame that stands still: "FROZEN", or which of those that were kept it is. */
void view__frozen(const struct view_frame *frame, char *to, size_t size);

/* What to say instead of an empty table. */
const char *view__nothing(const struct view_frame *frame);

#endif
