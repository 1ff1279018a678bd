// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_parts.c - what more than one page draws: segments of a line, heads and rows of tables
 *
 * Called by the other view_screen*.c.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "fmt.h"
#include "view_screen_priv.h"

int view_screen__segments(struct view_canvas *canvas, int row, int room,
			  const struct view_segment *segments, size_t n)
{
	int col = 0;

	for (size_t i = 0; i < n; i++) {
		int width = strlen(segments[i].text);

		if (col + width > room)
			continue;
		view_canvas__put(canvas, row, col,
				 segments[i].alert ? VIEW_ALERT :
				 row == 0 && i == 0 ? VIEW_BOLD :
						      VIEW_NORMAL,
				 segments[i].text);
		col += width + 2;
	}
	return col;
}

size_t view_screen__warnings(const struct view_frame *frame, struct view_segment to[2])
{
	__u64 lost = source_loss__total(model__loss(frame->model));
	size_t n = 0;

	if (lost)
		snprintf(to[n++].text, sizeof(to->text), "LOST %llu", lost);
	if (frame->at_end)
		snprintf(to[n++].text, sizeof(to->text), "END OF RECORDING");
	for (size_t i = 0; i < n; i++)
		to[i].alert = true;
	return n;
}

int view_screen__frozen(struct view_canvas *canvas, const struct view_frame *frame)
{
	char text[2 * FMT_MAX + 4];
	int room;

	if (!frame->frozen)
		return canvas->cols;
	view__frozen(frame, text, sizeof(text));
	room = canvas->cols - (int)strlen(text) - 2;
	view_canvas__put(canvas, 0, room + 2, VIEW_ALERT, text);
	return room;
}

size_t view_screen__time_keys(const struct view_frame *frame,
			      struct view_segment to[VIEW_TIME_KEYS])
{
	static const char *const keys[] = {
		"Left Right step", "N n failed or slow", "Space go on", "[ ] ten steps",
	};
	size_t n = 0;

	if (frame->remark) {
		to[n].alert = true;
		snprintf(to[n++].text, sizeof(to->text), "%s", frame->remark);
	}
	for (size_t i = 0; frame->frozen && i < ARRAY_SIZE(keys); i++)
		snprintf(to[n++].text, sizeof(to->text), "%s", keys[i]);
	return n;
}

int view_screen__fit_page(struct view_screen *screen, int rows, int lines)
{
	int last = lines > rows ? lines - rows : 0;

	screen->page_rows = rows;
	if (screen->page_top > last)
		screen->page_top = last;
	if (screen->page_top < 0)
		screen->page_top = 0;
	return last;
}

void view_screen__long(struct view_canvas *canvas, int row, enum view_attr attr, const char *text)
{
	view_canvas__put(canvas, row, 0, attr, text);
	if ((int)strlen(text) > canvas->cols)
		view_canvas__put(canvas, row, canvas->cols - 3, VIEW_NORMAL, "...");
}

size_t view_screen__hidden(const struct view_screen *screen, const struct view_frame *frame,
			   size_t shown)
{
	const struct model_container *const *list;

	if (!view_filter__is_on(&screen->filter))
		return 0;
	return model__containers(frame->model, &list) - shown;
}

size_t view_screen__filter(const struct view_screen *screen, size_t hidden, size_t all,
			   struct view_segment *to)
{
	const char *text = screen->filter.text;
	int length = strlen(text), room = screen->cols - 16;

	if (screen->typing) {
		/* The end is where it is typed. */
		snprintf(to[0].text, sizeof(to->text), "Filter: %s_",
			 text + (length > room ? length - room : 0));
		snprintf(to[1].text, sizeof(to->text), "hides %zu of %zu", hidden, all);
		snprintf(to[2].text, sizeof(to->text), "Enter keep");
		snprintf(to[3].text, sizeof(to->text), "Esc clear");
		to[0].alert = to[1].alert = true;
		return 4;
	}
	if (!view_filter__is_on(&screen->filter))
		return 0;
	room -= 12;
	snprintf(to[0].text, sizeof(to->text), "filter '%.*s%s' hides %zu", room, text,
		 length > room ? "+" : "", hidden);
	to[0].alert = true;
	return 1;
}

size_t view_screen__scroll(size_t top, long long cursor, int rows, size_t n)
{
	if (cursor >= 0 && (size_t)cursor < top)
		top = cursor;
	if (cursor >= 0 && cursor >= (long long)top + rows)
		top = cursor - rows + 1;
	if (top + rows > n)
		top = n > (size_t)rows ? n - rows : 0;
	return top;
}

long long view_screen__move(struct view_screen *screen, long long at, size_t n)
{
	/* From nowhere, down comes to the first and up to the last row. */
	if (screen->move && n) {
		at = at < 0 ? (screen->move > 0 ? screen->move - 1 : (long long)n + screen->move) :
			      at + screen->move;
		at = at < 0 ? 0 : at >= (long long)n ? (long long)n - 1 : at;
	}
	screen->move = 0;
	return at;
}

size_t view_screen__place_op(struct view_screen *screen, const struct field_row *rows, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].stats->sum_ns > rows[at].stats->sum_ns)
			at = i;
	for (size_t i = 0; i < n; i++)
		if (rows[i].op == screen->op)
			at = i;
	if (screen->move) {
		at = view_screen__move(screen, at, n);
		screen->op = rows[at].op;
	}
	return at;
}

void view_screen__head(const struct view_columns *columns, const char *sort, int row, int col,
		       struct view_canvas *canvas)
{
	const struct field *field =
		sort ? field__find(columns->fields, columns->n_fields, sort) : NULL;
	const struct view_column *column = view_columns__find(columns, field);
	char line[VIEW_LINE_SIZE];

	view_columns__head(columns, line);
	view_canvas__put(canvas, row, col, VIEW_HEAD, line);
	view_canvas__paint(canvas, row, 0, canvas->cols, VIEW_HEAD);
	if (column)
		view_canvas__paint(canvas, row, col + column->at, column->width, VIEW_SORTED);
}

/* Failures stand out in their own column. */
static void draw_errors(const struct view_columns *columns, const struct field_row *row, int at,
			int col, struct view_canvas *canvas)
{
	const struct field *field = field__find(columns->fields, columns->n_fields, "errors");
	const struct view_column *column = view_columns__find(columns, field);

	if (column && field__get(field, row).uint)
		view_canvas__paint(canvas, at, col + column->at, column->width, VIEW_ALERT);
}

void view_screen__row(const struct view_columns *columns, const struct field_row *row, int at,
		      int col, enum view_attr attr, struct view_canvas *canvas)
{
	char line[VIEW_LINE_SIZE];

	view_columns__line(columns, row, line);
	view_canvas__put(canvas, at, col, attr, line);
	if (attr == VIEW_SELECTED) {
		view_canvas__put(canvas, at, 0, attr, ">");
		view_canvas__paint(canvas, at, 0, canvas->cols, attr);
	} else {
		draw_errors(columns, row, at, col, canvas);
	}
}
