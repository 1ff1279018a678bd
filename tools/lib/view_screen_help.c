// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_help.c - the help screen, generated from the tables of keys and fields
 *
 * Called by view_screen.c.
 */
#include <stdio.h>
#include <string.h>

#include "view_heat.h"
#include "view_screen_priv.h"

struct help {
	struct view_canvas *canvas;
	int top, line; /* first line shown; next line */
};

static void help_line(struct help *help, enum view_attr attr, const char *left, const char *right)
{
	int row = help->line++ - help->top;
	int indent = right ? 21 : 0;

	/* The last row says how to leave. */
	if (row < 0 || row >= help->canvas->rows - 1)
		return;
	view_canvas__put(help->canvas, row, 0, right ? VIEW_BOLD : attr, left);
	if (right)
		view_canvas__put(help->canvas, row, indent, attr, right);
}

/* @text broken into lines at blanks. */
static void help_wrapped(struct help *help, const char *left, const char *text)
{
	int room = help->canvas->cols - 22;

	do {
		char line[256];
		int n = strlen(text);

		if (room > (int)sizeof(line) - 1)
			room = sizeof(line) - 1;
		if (n > room) {
			for (n = room; n > 0 && text[n] != ' '; n--)
				;
			n = n ? n : room;
		}
		snprintf(line, sizeof(line), "%.*s", n, text);
		help_line(help, VIEW_NORMAL, left, line);
		left = "";
		text += n;
		text += strspn(text, " ");
	} while (*text);
}

static void help_fields(struct help *help, const char *title, const struct field *fields, size_t n)
{
	help_line(help, VIEW_NORMAL, "", NULL);
	help_line(help, VIEW_BOLD, title, NULL);
	for (size_t i = 0; i < n; i++)
		if (fields[i].rank < FIELD_RANK_JSON_ONLY)
			help_wrapped(help, fields[i].title, fields[i].help);
}

/* Below the heat map. */
static void help_marks(struct help *help)
{
	for (int mark = 0; mark < VIEW_HEAT_MARKS; mark++)
		help_wrapped(help, view_heat__mark(mark)->sign, view_heat__mark(mark)->help);
}

static void help_all(struct view_screen *screen, const struct view_frame *frame, struct help *help)
{
	const struct field *ops;
	size_t n_ops = field__ops(&ops);
	struct view_notice notices[VIEW_NOTICES];
	size_t n = view__notices(frame, notices);
	const struct key *keys;
	size_t n_keys = view_screen__keys(&keys);

	help_line(help, VIEW_BOLD, "Keys", NULL);
	for (size_t i = 0; i < n_keys; i++)
		if (keys[i].label)
			help_wrapped(help, keys[i].label, keys[i].help);
	help_fields(help, "Containers", screen->fields, screen->n_fields);
	help_fields(help, "Operations", ops, n_ops);
	help_line(help, VIEW_NORMAL, "", NULL);
	help_line(help, VIEW_BOLD, "Signs", NULL);
	help_wrapped(help, "-", "cannot be known: mostly because it began before the tool did");
	help_wrapped(help, "(blank)", "does not apply");
	help_wrapped(help, "+", "at the end of a text: there was no room for all of it");
	help_wrapped(help, "+?", "behind a sum: of some containers the value is unknown");
	help_wrapped(help, "c  g", "before a row without STATE: its file is closed; it is gone");
	help_wrapped(help, "cost", "what the tool's BPF programs take for an event; then the CPU time of "
		     "these and of the tool, of one CPU");
	help_wrapped(help, "lost", "events that are in no figure here; always shown");
	help_marks(help);
	if (n) {
		help_line(help, VIEW_NORMAL, "", NULL);
		help_line(help, VIEW_BOLD, "Now", NULL);
	}
	for (size_t i = 0; i < n; i++)
		help_wrapped(help, i ? "" : "notices", notices[i].text);
}

void view_screen__draw_help(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas)
{
	struct help help = { .canvas = canvas, .top = VIEW_ALL };
	int last;

	/* Once above the screen, to know how long it is. */
	help_all(screen, frame, &help);
	last = view_screen__fit_page(screen, canvas->rows - 1, help.line);
	help = (struct help){ .canvas = canvas, .top = screen->page_top };
	help_all(screen, frame, &help);
	view_canvas__put(canvas, canvas->rows - 1, 0, VIEW_HEAD,
			 last ? "Up/Down/PgUp/PgDn scroll, any other key: back" : "any key: back");
}
