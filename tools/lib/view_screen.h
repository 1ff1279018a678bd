/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_screen.h - the interactive screen: its state, its keys, how it is drawn on a canvas
 *
 * Knows nothing of terminals: vfiotop turns key presses into view_key and canvases into output.
 */
#ifndef VFIO_OBS_VIEW_SCREEN_H
#define VFIO_OBS_VIEW_SCREEN_H

#include "view.h"
#include "view_canvas.h"

enum { VIEW_MIN_ROWS = 8, VIEW_MIN_COLS = 40 };

/* Keys that are no character; characters stand for themselves. */
enum view_key {
	VIEW_KEY_NONE = -1,
	VIEW_KEY_UP = 0x100,
	VIEW_KEY_DOWN,
	VIEW_KEY_PAGE_UP,
	VIEW_KEY_PAGE_DOWN,
	VIEW_KEY_HOME,
	VIEW_KEY_END,
	VIEW_KEY_LEFT,
	VIEW_KEY_RIGHT,
	VIEW_KEY_ENTER,
	VIEW_KEY_TAB,
	VIEW_KEY_BACK_TAB,
	VIEW_KEY_BACKSPACE,
	VIEW_KEY_HELP,
	VIEW_KEY_FILTER,
	VIEW_KEY_QUIT,
	VIEW_KEY_ESCAPE,
	VIEW_KEY_RESIZE, /* only asks for a new drawing */
	VIEW_KEY_CLICK,	 /* of the mouse: view_screen__click() */
	VIEW_KEY_OTHER,
};

/* What the loop has to do after a key. */
enum view_reaction {
	VIEW_IGNORED = 0,
	VIEW_REDRAW = 1,
	VIEW_FREEZE = 2, /* stop or go on: the loop knows which */
	VIEW_QUIT = 4,
	/* Through what was kept, for which the picture stops if it did not stand still: */
	VIEW_STEP = 8,	 /* to the refresh before, */
	VIEW_FORTH = 16, /* with one of the others: behind this one, */
	VIEW_FAR = 32,	 /* ten of them, */
	VIEW_MARK = 64,	 /* to one with a failed or slow call */
	VIEW_SAVE = 128, /* write what is chosen to the configuration */
};

struct view_choice;
struct view_screen;

struct view_screen *view_screen__create(void);
void view_screen__destroy(struct view_screen *screen);

/* What it begins with; the columns of @choice must live as long as @screen. */
void view_screen__choose(struct view_screen *screen, const struct view_choice *choice);

/* Into @choice what keys have changed since: the tree, and by what it is sorted. */
void view_screen__chosen(const struct view_screen *screen, struct view_choice *choice);
/* The last line says @message until the next key. */
void view_screen__say(struct view_screen *screen, const char *message);

/* Returns a set of view_reaction. */
unsigned int view_screen__key(struct view_screen *screen, int key);

/* The same for a click of the mouse at that place of the last drawing. */
unsigned int view_screen__click(struct view_screen *screen, int row, int col);

/* Draws @frame on the cleared @canvas. */
void view_screen__draw(struct view_screen *screen, const struct view_frame *frame,
		       struct view_canvas *canvas);

/* Id of the container that the user looks at, 0: at none in particular. */
__u64 view_screen__selected(const struct view_screen *screen);

#endif
