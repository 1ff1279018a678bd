/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_stacks.h - call stacks as lines of text: in batch and on a page of the screen
 */
#ifndef VFIO_OBS_VIEW_STACKS_H
#define VFIO_OBS_VIEW_STACKS_H

#include "view.h"

/* Lines of printable ASCII; @head: the first of a stack. */
typedef void view_stacks_line_fn(void *ctx, bool head, const char *line);

/*
 * view_stacks__lines - of at most @max stacks, the hottest first, or a line that says why there are
 * none. @id: of that container only; 0: of all.
 */
void view_stacks__lines(const struct view_frame *frame, __u64 id, size_t max,
			view_stacks_line_fn *line, void *ctx);

/* "3 of 12 stacks, the hottest first": a title. */
void view_stacks__title(const struct view_frame *frame, __u64 id, size_t max, char *buf,
			size_t size);

/* "vfio_pin_pages+0x9c [vfio]", "libc.so.6+0x1234", "0x7f00": in @buf, which is returned. */
char *view_stacks__frame(const struct source_frame *frame, char *buf, size_t size);

#endif
