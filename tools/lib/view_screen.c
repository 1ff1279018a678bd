// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen.c - the interactive screen: its state and its keys
 *
 * Drawing is in view_screen_main.c, view_screen_help.c and view_screen_stacks.c. Called by
 * vfiotop's loop.
 */
#include <stdio.h>

#include "view_rows.h"
#include "view_screen_priv.h"
#include "xalloc.h"

static void reset_columns(struct view_screen *screen)
{
	const struct field *fields;
	size_t n = field__ops(&fields);

	view_columns__init(&screen->containers, screen->fields, screen->n_fields);
	view_columns__init(&screen->ops, fields, n);
}

struct view_screen *view_screen__create(void)
{
	struct view_screen *screen = xcalloc(1, sizeof(*screen));

	screen->n_fields = field__containers(&screen->fields);
	screen->sort = field__find(screen->fields, screen->n_fields, VIEW_DEFAULT_SORT);
	reset_columns(screen);
	return screen;
}

void view_screen__destroy(struct view_screen *screen)
{
	free(screen);
}

/* Keys */

static unsigned int do_quit(struct view_screen *screen, int arg)
{
	return VIEW_QUIT;
}

static unsigned int do_help(struct view_screen *screen, int arg)
{
	screen->help = !screen->help;
	screen->page_top = 0;
	return VIEW_REDRAW;
}

static unsigned int do_stacks(struct view_screen *screen, int arg)
{
	screen->stacks = true;
	screen->page_top = 0;
	return VIEW_REDRAW;
}

static unsigned int do_freeze(struct view_screen *screen, int arg)
{
	return VIEW_FREEZE | VIEW_REDRAW;
}

/* @arg: rows, or pages of them when it is a thousand and more, or everything. */
#define PAGE 1000
static unsigned int do_move(struct view_screen *screen, int arg)
{
	if (arg == PAGE || arg == -PAGE)
		arg = arg / PAGE * (screen->page > 1 ? screen->page - 1 : 1);
	if (screen->move > -VIEW_ALL && screen->move < VIEW_ALL)
		screen->move += arg;
	return VIEW_REDRAW;
}

static unsigned int do_all(struct view_screen *screen, int arg)
{
	screen->has_selected = false;
	screen->top = 0;
	return VIEW_REDRAW;
}

/* The next column that is on the screen, in direction @arg. */
static unsigned int do_sort(struct view_screen *screen, int arg)
{
	size_t at = screen->sort - screen->fields;

	for (size_t i = 0; i < screen->n_fields; i++) {
		at = (at + screen->n_fields + arg) % screen->n_fields;
		if (view_columns__find(&screen->containers, &screen->fields[at]))
			break;
	}
	screen->sort = &screen->fields[at];
	screen->reverse = false;
	return VIEW_REDRAW;
}

static unsigned int do_reverse(struct view_screen *screen, int arg)
{
	screen->reverse = !screen->reverse;
	return VIEW_REDRAW;
}

/* Rows with the same help follow each other; the first names them all. */
static const struct key keys[] = {
	{ 'q', do_quit, 0, "q  F10", "quit" },
	{ VIEW_KEY_QUIT, do_quit, 0, NULL, NULL },
	{ '?', do_help, 0, "?  h  F1", "this help, and back" },
	{ 'h', do_help, 0, NULL, NULL },
	{ VIEW_KEY_HELP, do_help, 0, NULL, NULL },
	{ VIEW_KEY_UP, do_move, -1, "Up Down  k j", "select a container: its operations are below" },
	{ VIEW_KEY_DOWN, do_move, 1, NULL, NULL },
	{ 'k', do_move, -1, NULL, NULL },
	{ 'j', do_move, 1, NULL, NULL },
	{ VIEW_KEY_PAGE_UP, do_move, -PAGE, "PgUp PgDn Home End", "the same in larger steps" },
	{ VIEW_KEY_PAGE_DOWN, do_move, PAGE, NULL, NULL },
	{ VIEW_KEY_HOME, do_move, -VIEW_ALL, NULL, NULL },
	{ VIEW_KEY_END, do_move, VIEW_ALL, NULL, NULL },
	{ 'a', do_all, 0, "a  Esc", "operations of all containers" },
	{ VIEW_KEY_ESCAPE, do_all, 0, NULL, NULL },
	{ 'S', do_stacks, 0, "S",
	  "call stacks that lead to the selected container, or to all (option --stacks), and back" },
	{ '<', do_sort, -1, "<", "sort by the column to the left" },
	{ '>', do_sort, 1, ">  s", "sort by the column to the right" },
	{ 's', do_sort, 1, NULL, NULL },
	{ 'r', do_reverse, 0, "r", "turn the order around" },
	{ ' ', do_freeze, 0, "Space  p", "freeze the picture, and go on (nothing is lost meanwhile)" },
	{ 'p', do_freeze, 0, NULL, NULL },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

size_t view_screen__keys(const struct key **list)
{
	*list = keys;
	return N_KEYS;
}

static unsigned int page_key(struct view_screen *screen, int key)
{
	int page = screen->page_rows > 1 ? screen->page_rows - 1 : 1;

	switch (key) {
	case VIEW_KEY_DOWN:
	case 'j':
		screen->page_top++;
		break;
	case VIEW_KEY_UP:
	case 'k':
		screen->page_top--;
		break;
	case VIEW_KEY_PAGE_DOWN:
	case ' ':
		screen->page_top += page;
		break;
	case VIEW_KEY_PAGE_UP:
		screen->page_top -= page;
		break;
	case VIEW_KEY_HOME:
		screen->page_top = 0;
		break;
	case VIEW_KEY_END:
		screen->page_top = VIEW_ALL;
		break;
	case VIEW_KEY_RESIZE:
		break;
	default:
		screen->help = false;
		screen->stacks = false;
	}
	return VIEW_REDRAW;
}

unsigned int view_screen__key(struct view_screen *screen, int key)
{
	if (key == VIEW_KEY_RESIZE) {
		reset_columns(screen);
		return VIEW_REDRAW;
	}
	if ((screen->help || screen->stacks) && key != 'q' && key != VIEW_KEY_QUIT)
		return page_key(screen, key);
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].key == key)
			return keys[i].act(screen, keys[i].arg);
	return VIEW_IGNORED;
}

static void draw_too_small(struct view_canvas *canvas)
{
	char text[80];

	snprintf(text, sizeof(text), "terminal is %dx%d", canvas->cols, canvas->rows);
	view_canvas__put(canvas, 0, 0, VIEW_ALERT, text);
	snprintf(text, sizeof(text), "vfiotop needs %dx%d", VIEW_MIN_COLS, VIEW_MIN_ROWS);
	view_canvas__put(canvas, 1, 0, VIEW_NORMAL, text);
	view_canvas__put(canvas, 2, 0, VIEW_NORMAL, "enlarge it, or q: quit");
}

void view_screen__draw(struct view_screen *screen, const struct view_frame *frame, bool frozen,
		       struct view_canvas *canvas)
{
	if (canvas->cols != screen->cols)
		reset_columns(screen);
	screen->cols = canvas->cols;
	if (canvas->rows < VIEW_MIN_ROWS || canvas->cols < VIEW_MIN_COLS)
		draw_too_small(canvas);
	else if (screen->help)
		view_screen__draw_help(screen, frame, canvas);
	else if (screen->stacks)
		view_screen__draw_stacks(screen, frame, frozen, canvas);
	else
		view_screen__draw_main(screen, frame, frozen, canvas);
}
