// SPDX-License-Identifier: GPL-2.0-only
/*
 * travel.c - which picture the screen shows: now, one that stands still, or one of those before
 *
 * Called by vfiotop's loop.
 */
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "travel.h"
#include "view_screen.h"
#include "xalloc.h"

/* What a refresh was shown with. */
struct moment {
	struct view_frame frame;
	struct source_info info;
};

/*
 * @moments:    of the steps of @history, by number
 * @frozen:     what it was when the picture was stopped; NULL: it was not
 * @frozen_end: of @history by then
 * @step:       that is shown, unless @past.model is NULL: then @frozen is, which came behind
 */
struct travel {
	struct history *history;
	struct moment moments[HISTORY_STEPS];
	struct model *frozen;
	struct view_frame frozen_frame;
	__u64 frozen_end;
	__u64 step;
	struct view_frame past;
	char remark[80];
};

struct travel *travel__create(const struct model *model, bool aggregates, __u64 slow_ns)
{
	struct travel *travel = xcalloc(1, sizeof(*travel));

	travel->history = history__create(model, aggregates, slow_ns);
	return travel;
}

void travel__destroy(struct travel *travel)
{
	if (!travel)
		return;
	travel__unfreeze(travel);
	history__destroy(travel->history);
	free(travel);
}

struct source_sink travel__sink(struct travel *travel)
{
	return history__sink(travel->history);
}

void travel__pass(struct travel *travel, const struct source_sink *to)
{
	history__pass(travel->history, to);
}

static __u64 newest_step(const struct travel *travel)
{
	return history__end(travel->history) - 1;
}

static bool is_empty(const struct travel *travel)
{
	return history__first(travel->history) == history__end(travel->history);
}

void travel__refresh(struct travel *travel, const struct view_frame *frame, __u64 keep_ns)
{
	struct moment *moment;

	history__advance(travel->history, frame->model, frame->now_ns, keep_ns);
	if (is_empty(travel))
		return;
	moment = &travel->moments[newest_step(travel) % HISTORY_STEPS];
	*moment = (struct moment){ *frame, *frame->info };
}

bool travel__is_frozen(const struct travel *travel)
{
	return travel->frozen;
}

void travel__unfreeze(struct travel *travel)
{
	model__destroy(travel->frozen);
	travel->frozen = NULL;
	travel->past.model = NULL;
	history__leave(travel->history);
}

void travel__freeze(struct travel *travel, const struct view_frame *now)
{
	travel__unfreeze(travel);
	travel->frozen = model__snapshot(now->model);
	travel->frozen_frame = *now;
	travel->frozen_frame.model = travel->frozen;
	travel->frozen_frame.frozen = true;
	travel->frozen_end = history__end(travel->history);
	travel->step = travel->frozen_end ? travel->frozen_end - 1 : 0;
}

void travel__hush(struct travel *travel)
{
	travel->past.remark = travel->frozen_frame.remark = NULL;
}

static void say(struct travel *travel, const char *remark)
{
	travel__hush(travel);
	if (!remark)
		return;
	snprintf(travel->remark, sizeof(travel->remark), "%s", remark);
	travel->past.remark = travel->frozen_frame.remark = travel->remark;
}

/* A recording */

bool travel__reads_on(const struct travel *travel, const struct view_frame *now,
		      unsigned int how)
{
	__u64 step = travel->step;

	if (now->info->live || now->at_end || !(how & VIEW_FORTH))
		return false;
	if (how & VIEW_MARK)
		return !history__find(travel->history, &step, false);
	return !travel->past.model || step == newest_step(travel);
}

bool travel__found(const struct travel *travel)
{
	return !is_empty(travel) && history__mark(travel->history, newest_step(travel));
}

void travel__has_read(struct travel *travel, const struct view_frame *now, unsigned int how,
		      bool found)
{
	if (found)
		say(travel, history__mark(travel->history, newest_step(travel)));
	else if (now->at_end)
		say(travel, "the recording's end");
	else if (how & VIEW_MARK)
		say(travel, "none until here; n looks on");
}

/* What is kept */

/* The step that @how leads to, from the one that is shown, and what there is to say of it. */
static __u64 step_to(const struct travel *travel, unsigned int how, const char **remark)
{
	const __u64 first = history__first(travel->history), last = newest_step(travel);
	const __u64 n = how & VIEW_FAR ? 10 : 1;
	bool back = !(how & VIEW_FORTH);
	__u64 step = travel->step;

	*remark = NULL;
	if (how & VIEW_MARK) {
		if (history__find(travel->history, &step, back))
			*remark = history__mark(travel->history, step);
		else
			*remark = back ? "no failed or slow call before" :
					 "no failed or slow call after";
	} else if (back) {
		*remark = step < first + n ? "the oldest that is kept" : NULL;
		step = *remark ? first : step - n;
	} else {
		*remark = step + n > last ? "the newest" : NULL;
		step = *remark ? last : step + n;
	}
	return step < first ? first : step; /* time went on, and what was shown is not kept now */
}

static void show_step(struct travel *travel, const struct view_frame *now, __u64 step)
{
	const struct moment *moment = &travel->moments[step % HISTORY_STEPS];

	travel->step = step;
	travel->past = moment->frame;
	travel->past.model = history__at(travel->history, step);
	travel->past.info = &moment->info;
	travel->past.heat = travel->frozen;
	travel->past.frozen = travel->past.past = true;
	travel->past.behind_ns = view__age(now, moment->frame.now_ns);
}

void travel__go(struct travel *travel, const struct view_frame *now, unsigned int how)
{
	const char *remark = history__trouble(travel->history);
	__u64 step;

	if (!remark && is_empty(travel))
		remark = "nothing is kept yet";
	if (remark) {
		say(travel, remark);
		return;
	}
	step = step_to(travel, how, &remark);
	/* Where nothing is found the picture stays. */
	if (travel->past.model || !(how & VIEW_MARK) || step != travel->step)
		show_step(travel, now, step);
	/* The picture that was frozen also has what came behind the last refresh by then. */
	if (how & VIEW_FORTH && !(how & VIEW_MARK) && remark && step + 1 == travel->frozen_end)
		travel->past.model = NULL;
	say(travel, remark);
}

const struct view_frame *travel__shown(const struct travel *travel, const struct view_frame *now)
{
	if (!travel->frozen)
		return now;
	return travel->past.model ? &travel->past : &travel->frozen_frame;
}
