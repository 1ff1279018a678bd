// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_stacks.c - the page of call stacks
 *
 * Of the selected container, or of all. Called by view_screen.c.
 */
#include <stdio.h>

#include "view_screen_priv.h"
#include "view_stacks.h"

/* More than anybody scrolls through. */
#define SHOWN 100

struct page {
	struct view_canvas *canvas;
	int top, line; /* first line shown; next line */
};

static void put_line(void *ctx, bool head, const char *text)
{
	struct page *page = ctx;
	int row = page->line++ - page->top + 1;

	/* The first row is the title, the last says how to leave. */
	if (row >= 1 && row < page->canvas->rows - 1)
		view_canvas__put(page->canvas, row, 0, head ? VIEW_BOLD : VIEW_NORMAL, text);
}

void view_screen__draw_stacks(struct view_screen *screen, const struct view_frame *frame,
			      struct view_canvas *canvas)
{
	__u64 id = screen->has_selected ? screen->selected : 0;
	struct page page = { .canvas = canvas, .top = VIEW_ALL };
	char title[160];
	int last;

	/* Once above the screen, to know how long it is. */
	view_stacks__lines(frame, id, SHOWN, put_line, &page);
	last = view_screen__fit_page(screen, canvas->rows - 2, page.line);
	page = (struct page){ .canvas = canvas, .top = screen->page_top };
	view_stacks__lines(frame, id, SHOWN, put_line, &page);
	view_stacks__title(frame, id, SHOWN, title, sizeof(title));
	view_canvas__put(canvas, 0, 0, VIEW_HEAD, title);
	view_screen__frozen(canvas, frame);
	view_canvas__put(canvas, canvas->rows - 1, 0, VIEW_HEAD,
			 last ? "Up/Down/PgUp/PgDn scroll, any other key: back" : "any key: back");
}
