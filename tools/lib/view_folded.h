/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_folded.h - call stacks as folded lines, which flamegraph.pl, inferno and speedscope read
 *
 * Used by vfiotop --folded.
 */
#ifndef VFIO_OBS_VIEW_FOLDED_H
#define VFIO_OBS_VIEW_FOLDED_H

#include <stdio.h>

#include "view.h"

/* What the number of a line counts: calls, ns inside them, pages of PIN and UNPIN. */
enum view_weight { VIEW_WEIGHT_COUNT, VIEW_WEIGHT_TIME, VIEW_WEIGHT_PAGES };

/* "count", NULL too, "time" or "pages"; false: something else. */
bool view_weight__parse(const char *name, enum view_weight *weight);

/*
 * view_folded__print - "command;outermost;...;innermost_[k] 12" for each stack: since it was seen
 * first, of all containers and processes of that name together, in the order of the text. What
 * weighs nothing is left out. Returns the number of lines; errors stay in @out for ferror().
 */
size_t view_folded__print(FILE *out, const struct view_frame *frame, enum view_weight weight);

#endif
