/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_screen_priv.h - the screen's state, shared by the view_screen*.c only
 */
#ifndef VFIO_OBS_VIEW_SCREEN_PRIV_H
#define VFIO_OBS_VIEW_SCREEN_PRIV_H

#include "view_columns.h"
#include "view_screen.h"

/* More rows than there are. */
#define VIEW_ALL 1000000

struct view_screen {
	bool help, stacks;	 /* a page instead of the main screen */
	int page_top, page_rows; /* of it: first line shown, lines that fit */
	const struct field *fields;
	size_t n_fields;
	const struct field *sort;
	bool reverse;
	bool has_selected;
	__u64 selected; /* id of the container under the cursor */
	int move;	/* of the cursor, pending until the rows are known */
	int page;	/* rows of the container table when it was drawn last */
	size_t top;	/* first row shown */
	int cols;	/* of the last drawing */
	struct view_columns containers, ops;
};

struct key {
	int key;
	unsigned int (*act)(struct view_screen *screen, int arg);
	int arg;
	const char *label, *help; /* NULL: as the row before */
};
size_t view_screen__keys(const struct key **list);

void view_screen__draw_main(struct view_screen *screen, const struct view_frame *frame, bool frozen,
			    struct view_canvas *canvas);
void view_screen__draw_stacks(struct view_screen *screen, const struct view_frame *frame,
			      bool frozen, struct view_canvas *canvas);
void view_screen__draw_help(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas);

#endif
