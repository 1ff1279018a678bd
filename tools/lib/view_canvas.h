/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_canvas.h - a screen full of characters, before any terminal is involved
 *
 * The screen is drawn here, so that tests can read it; vfiotop copies it to the terminal.
 */
#ifndef VFIO_OBS_VIEW_CANVAS_H
#define VFIO_OBS_VIEW_CANVAS_H

#include <stddef.h>

/* What a cell means; colour is only ever added to what text, bold or reverse say already. */
enum view_attr {
	VIEW_NORMAL,
	VIEW_BOLD,
	VIEW_DIM,
	VIEW_HEAD,     /* titles of a table: reverse */
	VIEW_SORTED,   /* the title that the table is sorted by: stands out from VIEW_HEAD */
	VIEW_SELECTED, /* the row under the cursor: reverse, and '>' before it */
	VIEW_ALERT,
	VIEW_SHADE_1, /* of a map; the character says the same */
	VIEW_SHADE_2,
	VIEW_SHADE_3,
	VIEW_SHADE_4,
	VIEW_N_ATTRS
};

/*
 * Characters below ' ': so many eighths of a cell are filled, from the left; above them, all of it
 * in one of the shades, of which 1 is the lightest.
 */
enum { VIEW_BAR_FULL = 8, VIEW_SHADES = 4 };

struct view_cell {
	char ch; /* printable ASCII, part of a bar, or a shade */
	unsigned char attr;
};

struct view_canvas {
	int rows, cols;
	struct view_cell *cells;
};

/* Cleared; @rows and @cols are at least 1. */
struct view_canvas *view_canvas__create(int rows, int cols);
void view_canvas__destroy(struct view_canvas *canvas);

/* Puts @text at @row and @col, cut at the right edge; rows and columns outside are ignored. */
void view_canvas__put(struct view_canvas *canvas, int row, int col, enum view_attr attr,
		      const char *text);
/* A bar of @eighths of cells from @col on, of which @cols are its room; 0 leaves all as it is. */
void view_canvas__bar(struct view_canvas *canvas, int row, int col, int cols, int eighths);
/* A cell in @shade; 0 leaves it as it is. */
void view_canvas__shade(struct view_canvas *canvas, int row, int col, int shade);
/* Gives @n cells from @col another attribute. */
void view_canvas__paint(struct view_canvas *canvas, int row, int col, int n, enum view_attr attr);

/*
 * What a part of a bar is where there is nothing but ASCII: ".:#"; a shade: ".:*#"; other characters
 * stay. view_canvas__shade_of(): which shade it is, 0 none.
 */
char view_canvas__ascii(char ch);
int view_canvas__shade_of(char ch);

/* Row @row as ASCII text without trailing blanks; @size is above cols. */
void view_canvas__text(const struct view_canvas *canvas, int row, char *buf, size_t size);

#endif
