// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_canvas.c - a screen full of characters, before any terminal is involved
 */
#include "view_canvas.h"
#include "xalloc.h"

struct view_canvas *view_canvas__create(int rows, int cols)
{
	struct view_canvas *canvas = xcalloc(1, sizeof(*canvas));

	canvas->rows = rows;
	canvas->cols = cols;
	canvas->cells = xcalloc((size_t)rows * cols, sizeof(*canvas->cells));
	for (size_t i = 0; i < (size_t)rows * cols; i++)
		canvas->cells[i].ch = ' ';
	return canvas;
}

void view_canvas__destroy(struct view_canvas *canvas)
{
	if (!canvas)
		return;
	free(canvas->cells);
	free(canvas);
}

static struct view_cell *cell_at(struct view_canvas *canvas, int row, int col)
{
	if (row < 0 || row >= canvas->rows || col < 0 || col >= canvas->cols)
		return NULL;
	return &canvas->cells[(size_t)row * canvas->cols + col];
}

void view_canvas__put(struct view_canvas *canvas, int row, int col, enum view_attr attr,
		      const char *text)
{
	for (; *text; text++, col++) {
		struct view_cell *cell = cell_at(canvas, row, col);

		if (cell)
			*cell = (struct view_cell){ .ch = *text, .attr = attr };
	}
}

void view_canvas__bar(struct view_canvas *canvas, int row, int col, int cols, int eighths)
{
	for (int i = 0; i < cols && eighths > 0; i++, eighths -= VIEW_BAR_FULL) {
		struct view_cell *cell = cell_at(canvas, row, col + i);

		if (cell)
			cell->ch = eighths < VIEW_BAR_FULL ? eighths : VIEW_BAR_FULL;
	}
}

void view_canvas__shade(struct view_canvas *canvas, int row, int col, int shade)
{
	struct view_cell *cell = cell_at(canvas, row, col);

	if (cell && shade)
		*cell = (struct view_cell){ .ch = VIEW_BAR_FULL + shade,
					    .attr = VIEW_SHADE_1 + shade - 1 };
}

void view_canvas__paint(struct view_canvas *canvas, int row, int col, int n, enum view_attr attr)
{
	for (int i = 0; i < n; i++) {
		struct view_cell *cell = cell_at(canvas, row, col + i);

		if (cell)
			cell->attr = attr;
	}
}

int view_canvas__shade_of(char ch)
{
	return ch > VIEW_BAR_FULL && ch <= VIEW_BAR_FULL + VIEW_SHADES ? ch - VIEW_BAR_FULL : 0;
}

char view_canvas__ascii(char ch)
{
	static const char part[] = "....:::##", shade[] = " .:*#";

	if (view_canvas__shade_of(ch))
		return shade[view_canvas__shade_of(ch)];
	return ch > 0 && ch <= VIEW_BAR_FULL ? part[(int)ch] : ch;
}

void view_canvas__text(const struct view_canvas *canvas, int row, char *buf, size_t size)
{
	const struct view_cell *cells = &canvas->cells[(size_t)row * canvas->cols];
	size_t n = 0;

	for (int col = 0; col < canvas->cols && (size_t)col + 1 < size; col++) {
		buf[col] = view_canvas__ascii(cells[col].ch);
		if (cells[col].ch != ' ')
			n = col + 1;
	}
	buf[n] = '\0';
}
