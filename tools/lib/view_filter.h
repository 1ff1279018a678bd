/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_filter.h - which rows are shown: those in which all words of a text are found
 *
 * Used by the screen, where it is typed, and by batch.
 */
#ifndef VFIO_OBS_VIEW_FILTER_H
#define VFIO_OBS_VIEW_FILTER_H

#include "view.h"

enum { VIEW_FILTER_MAX = 64, VIEW_FILTER_WORDS = 8 };

/* Zeroed lets everything through. */
struct view_filter {
	char text[VIEW_FILTER_MAX]; /* as it was typed */
	char words[VIEW_FILTER_MAX]; /* small letters, each word with its end */
	size_t n;
	unsigned char at[VIEW_FILTER_WORDS]; /* where in @words each begins */
};

/* False: @text is longer than VIEW_FILTER_MAX - 1 or has too many words; @filter is as it was. */
bool view_filter__set(struct view_filter *filter, const char *text);

static inline bool view_filter__is_on(const struct view_filter *filter)
{
	return filter->n > 0;
}

/*
 * view_filter__container - whether each word is part of the container's command, of its owner's
 * texts or of the name of a device; or begins its pid, a group's number or the name of an errno
 * that a call of it failed with; or is its id. Small and capital letters are the same.
 */
bool view_filter__container(const struct view_filter *filter, const struct view_frame *frame,
			    const struct model_container *c);

/*
 * view_filter__event - the same of an event: a word may be part of @line, begin @tgid or be found
 * in @c (NULL: unknown) as above, but for errnos: those are of this event.
 */
bool view_filter__event(const struct view_filter *filter, const struct view_frame *frame,
			const struct model_container *c, __u32 tgid, const char *line);

#endif
