// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen.c - the interactive screen: its state and its keys
 *
 * Drawing is in the other view_screen_*.c, a page each. Called by vfiotop's loop.
 */
#include <stdio.h>
#include <string.h>

#include "view_rows.h"
#include "view_screen_priv.h"
#include "view_tree.h"
#include "xalloc.h"

static void reset_columns(struct view_screen *screen)
{
	const struct field *fields;
	size_t n = field__ops(&fields);

	view_columns__init(&screen->containers, screen->fields, screen->n_fields);
	view_columns__init(&screen->tree_columns, screen->beside,
			   view_tree__fields(screen->fields, screen->n_fields, screen->beside));
	screen->tree_width = 0;
	view_columns__init(&screen->ops, fields, n);
}

struct view_screen *view_screen__create(void)
{
	struct view_screen *screen = xcalloc(1, sizeof(*screen));

	screen->n_fields = field__containers(&screen->fields);
	screen->sort = view_rows__default_sort();
	reset_columns(screen);
	return screen;
}

void view_screen__choose(struct view_screen *screen, const struct view_choice *choice)
{
	screen->filter = choice->filter;
	screen->tree = choice->tree;
	screen->sort = view_choice__sort(choice);
	screen->reverse = choice->reverse;
	screen->n_fields = view_choice__fields(choice, &screen->fields);
	reset_columns(screen);
}

void view_screen__chosen(const struct view_screen *screen, struct view_choice *choice)
{
	choice->tree = screen->tree;
	choice->sort = screen->sort;
	choice->reverse = screen->reverse;
}

void view_screen__say(struct view_screen *screen, const char *message)
{
	snprintf(screen->message, sizeof(screen->message), "%s", message);
}

void view_screen__destroy(struct view_screen *screen)
{
	free(screen);
}

__u64 view_screen__selected(const struct view_screen *screen)
{
	return screen->has_selected ? screen->selected : 0;
}

/* Pages */

static void go_to(struct view_screen *screen, enum view_page page)
{
	/* A page that is behind this one comes to the front: there is no way around in circles. */
	for (int i = 0; i < screen->n_back; i++)
		if (screen->back[i] == page)
			screen->n_back = i;
	if (screen->page != page)
		screen->back[screen->n_back++] = screen->page;
	screen->page = page;
	screen->page_top = 0;
	screen->move = 0;
	screen->typing = false;
}

static unsigned int do_back(struct view_screen *screen, int arg)
{
	screen->page = screen->n_back ? screen->back[--screen->n_back] : VIEW_PAGE_MAIN;
	screen->page_top = 0;
	screen->move = 0;
	screen->typing = false;
	screen->opening = false;
	return VIEW_REDRAW;
}

/* Keys */

static unsigned int do_quit(struct view_screen *screen, int arg)
{
	return VIEW_QUIT;
}

static unsigned int do_page(struct view_screen *screen, int page)
{
	go_to(screen, page);
	return VIEW_REDRAW;
}

/* Of the selected container, or of the first; which one that is shows when it is drawn. */
static unsigned int do_open(struct view_screen *screen, int arg)
{
	screen->opening = true;
	screen->open_move = screen->move;
	go_to(screen, VIEW_PAGE_CONTAINER);
	screen->part = VIEW_PART_OPS;
	screen->op = VFIO_OP_NONE;
	screen->op_alone = false;
	memset(screen->part_top, 0, sizeof(screen->part_top));
	return VIEW_REDRAW;
}

static unsigned int do_op_alone(struct view_screen *screen, int arg)
{
	if (screen->part == VIEW_PART_OPS)
		screen->op_alone = !screen->op_alone;
	return VIEW_REDRAW;
}

/* From the page of a container, of that one. */
static unsigned int do_log(struct view_screen *screen, int arg)
{
	screen->log_one = screen->page == VIEW_PAGE_CONTAINER;
	screen->log_top = 0;
	go_to(screen, VIEW_PAGE_LOG);
	return VIEW_REDRAW;
}

/* Of the selected container, if one is; from the page of a container, of that one. */
static unsigned int do_heat(struct view_screen *screen, int arg)
{
	bool on_main = screen->page == VIEW_PAGE_MAIN;

	screen->heat_one = !on_main || screen->has_selected || screen->move;
	if (on_main)
		screen->op = VFIO_OP_NONE;
	if (on_main && screen->move) {
		screen->opening = true;
		screen->open_move = screen->move;
	}
	screen->heat_end = 0;
	screen->time_move = 0;
	go_to(screen, VIEW_PAGE_HEAT);
	return VIEW_REDRAW;
}

static unsigned int do_heat_whose(struct view_screen *screen, int arg)
{
	screen->heat_one = !screen->heat_one;
	return VIEW_REDRAW;
}

static unsigned int do_heat_all(struct view_screen *screen, int arg)
{
	screen->heat_all = !screen->heat_all;
	screen->heat_end = 0;
	return VIEW_REDRAW;
}

static unsigned int do_part(struct view_screen *screen, int part)
{
	screen->part = part;
	screen->move = 0;
	return VIEW_REDRAW;
}

static unsigned int do_next_part(struct view_screen *screen, int step)
{
	return do_part(screen, (screen->part + VIEW_N_PARTS + step) % VIEW_N_PARTS);
}

static unsigned int do_freeze(struct view_screen *screen, int arg)
{
	return VIEW_FREEZE | VIEW_REDRAW;
}

/* @arg: how, of view_reaction */
static unsigned int do_step(struct view_screen *screen, int arg)
{
	return arg | VIEW_REDRAW;
}

/* In a picture that stands still, through time; else as the arrows lead through pages. */
static unsigned int do_left(struct view_screen *screen, int arg)
{
	if (screen->frozen || screen->page == VIEW_PAGE_MAIN)
		return do_step(screen, VIEW_STEP);
	return do_back(screen, arg);
}

static unsigned int do_right(struct view_screen *screen, int arg)
{
	if (screen->frozen)
		return do_step(screen, VIEW_STEP | VIEW_FORTH);
	return screen->page == VIEW_PAGE_MAIN ? do_open(screen, arg) : VIEW_IGNORED;
}

/* @arg: rows, or pages of them when it is a thousand and more, or everything. */
#define PAGE 1000
static unsigned int pend(int *move, int arg, int page)
{
	if (arg == PAGE || arg == -PAGE)
		arg = arg / PAGE * (page > 1 ? page - 1 : 1);
	if (*move > -VIEW_ALL && *move < VIEW_ALL)
		*move += arg;
	return VIEW_REDRAW;
}

static unsigned int do_move(struct view_screen *screen, int arg)
{
	return pend(&screen->move, arg, screen->rows);
}

/* The same through time, in columns. */
static unsigned int do_time(struct view_screen *screen, int arg)
{
	return pend(&screen->time_move, arg, screen->heat_cols);
}

static unsigned int do_all(struct view_screen *screen, int arg)
{
	screen->has_selected = false;
	screen->top = 0;
	return VIEW_REDRAW;
}

static unsigned int do_tree(struct view_screen *screen, int arg)
{
	screen->tree = !screen->tree;
	screen->top = 0;
	return VIEW_REDRAW;
}

/* It is for view_screen__click(), which knows where. */
static unsigned int do_nothing(struct view_screen *screen, int arg)
{
	return VIEW_IGNORED;
}

static unsigned int do_save(struct view_screen *screen, int arg)
{
	return VIEW_SAVE | VIEW_REDRAW;
}

static unsigned int do_filter(struct view_screen *screen, int arg)
{
	screen->typing = true;
	return VIEW_REDRAW;
}

/* One thing at a time: the selection, then the filter. */
static unsigned int do_escape(struct view_screen *screen, int arg)
{
	if (!screen->has_selected)
		view_filter__set(&screen->filter, "");
	return do_all(screen, arg);
}

/* The next column that is on the screen, in direction @arg. */
static unsigned int do_sort(struct view_screen *screen, int arg)
{
	const struct field *now =
		field__find(screen->fields, screen->n_fields, screen->sort->name);
	/* By a column that is not among those chosen it is sorted only until now. */
	size_t at = now ? (size_t)(now - screen->fields) : arg > 0 ? screen->n_fields - 1 : 0;

	for (size_t i = 0; i < screen->n_fields; i++) {
		at = (at + screen->n_fields + arg) % screen->n_fields;
		if (view_screen__shows(screen, &screen->fields[at]))
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

#define MAIN (1U << VIEW_PAGE_MAIN)
#define ONE (1U << VIEW_PAGE_CONTAINER)
#define LOG (1U << VIEW_PAGE_LOG)
#define HEAT (1U << VIEW_PAGE_HEAT)
#define TABLES (MAIN | ONE | LOG)
#define EVERYWHERE (TABLES | HEAT | 1U << VIEW_PAGE_STACKS | 1U << VIEW_PAGE_HELP)

/* Rows with the same help follow each other; the first names them all. */
static const struct key keys[] = {
	{ 'q', EVERYWHERE, do_quit, 0, "q  F10", "quit" },
	{ VIEW_KEY_QUIT, EVERYWHERE, do_quit, 0, NULL, NULL },
	{ '?', TABLES | HEAT, do_page, VIEW_PAGE_HELP, "?  h  F1", "this help, and back" },
	{ 'h', TABLES | HEAT, do_page, VIEW_PAGE_HELP, NULL, NULL },
	{ VIEW_KEY_HELP, TABLES | HEAT, do_page, VIEW_PAGE_HELP, NULL, NULL },
	{ VIEW_KEY_UP, TABLES | HEAT, do_move, -1, "Up Down  k j",
	  "select a container: its operations are below" },
	{ VIEW_KEY_DOWN, TABLES | HEAT, do_move, 1, NULL, NULL },
	{ 'k', TABLES | HEAT, do_move, -1, NULL, NULL },
	{ 'j', TABLES | HEAT, do_move, 1, NULL, NULL },
	{ VIEW_KEY_PAGE_UP, TABLES, do_move, -PAGE, "PgUp PgDn Home End",
	  "the same in larger steps" },
	{ VIEW_KEY_PAGE_DOWN, TABLES, do_move, PAGE, NULL, NULL },
	{ VIEW_KEY_HOME, TABLES, do_move, -VIEW_ALL, NULL, NULL },
	{ VIEW_KEY_END, TABLES, do_move, VIEW_ALL, NULL, NULL },
	{ VIEW_KEY_ENTER, MAIN, do_open, 0, "Enter  Right",
	  "all about the selected container, or the first" },
	{ VIEW_KEY_TAB, ONE, do_next_part, 1, "Tab  1 2 3 4",
	  "there: operations and how long they take, mappings, what is in flight, owner and devices" },
	{ VIEW_KEY_BACK_TAB, ONE, do_next_part, -1, NULL, NULL },
	{ '1', ONE, do_part, VIEW_PART_OPS, NULL, NULL },
	{ '2', ONE, do_part, VIEW_PART_MAPPINGS, NULL, NULL },
	{ '3', ONE, do_part, VIEW_PART_BEGUN, NULL, NULL },
	{ '4', ONE, do_part, VIEW_PART_OWNER, NULL, NULL },
	{ VIEW_KEY_ENTER, ONE, do_op_alone, 0, "Enter",
	  "there: the selected operation's histogram gets all rows, and back" },
	{ VIEW_KEY_ESCAPE, ONE, do_back, 0, "Esc  BkSp  Left", "back from there" },
	{ VIEW_KEY_BACKSPACE, ONE, do_back, 0, NULL, NULL },
	{ 'l', MAIN | ONE, do_log, 0, "l",
	  "log: open, attach, set_iommu, detach, close, release, and calls that failed, as they come; "
	  "on the page of a container of that one. Esc leads back" },
	{ 'l', LOG, do_back, 0, NULL, NULL },
	{ VIEW_KEY_ESCAPE, LOG, do_back, 0, NULL, NULL },
	{ VIEW_KEY_BACKSPACE, LOG, do_back, 0, NULL, NULL },
	{ 'H', MAIN | ONE, do_heat, 0, "H",
	  "heat map: how the latencies of an operation went over time, of the selected container or "
	  "of all; the shade says how many calls. Esc leads back" },
	{ 'H', HEAT, do_back, 0, NULL, NULL },
	{ VIEW_KEY_ESCAPE, HEAT, do_back, 0, NULL, NULL },
	{ VIEW_KEY_BACKSPACE, HEAT, do_back, 0, NULL, NULL },
	{ VIEW_KEY_LEFT, HEAT, do_time, -10, "Left Right",
	  "there: back and forth in time; PgUp, PgDn, Home, End in larger steps. Up and Down choose "
	  "the operation" },
	{ VIEW_KEY_RIGHT, HEAT, do_time, 10, NULL, NULL },
	{ VIEW_KEY_PAGE_UP, HEAT, do_time, -PAGE, NULL, NULL },
	{ VIEW_KEY_PAGE_DOWN, HEAT, do_time, PAGE, NULL, NULL },
	{ VIEW_KEY_HOME, HEAT, do_time, -VIEW_ALL, NULL, NULL },
	{ VIEW_KEY_END, HEAT, do_time, VIEW_ALL, NULL, NULL },
	{ 'z', HEAT, do_heat_all, 0, "z",
	  "there: all that is kept at once, the last 600 refreshes, or a column for each refresh" },
	{ 'a', HEAT, do_heat_whose, 0, "a", "there: of all containers, and of the selected one" },
	{ 'a', MAIN, do_all, 0, "a  Esc",
	  "operations of all containers; Esc once more clears the filter" },
	{ VIEW_KEY_ESCAPE, MAIN, do_escape, 0, NULL, NULL },
	{ '/', MAIN | LOG, do_filter, 0, "/  \\  F4",
	  "type a filter: rows in which each of its words is found. A word is part of the command, of "
	  "the owner (VM, pod, cgroup) or of a device's name or BDF, or begins a pid, a group's number "
	  "or an errno (enomem: whose calls failed so). Enter keeps it, Esc clears it" },
	{ '\\', MAIN | LOG, do_filter, 0, NULL, NULL },
	{ VIEW_KEY_FILTER, MAIN | LOG, do_filter, 0, NULL, NULL },
	{ 'S', MAIN | ONE, do_page, VIEW_PAGE_STACKS, "S",
	  "call stacks that lead to the selected container, or to all (option --stacks), and back" },
	{ 't', MAIN, do_tree, 0, "t",
	  "tree, and back: VM, pod or process, with the totals of its containers that are shown; its "
	  "containers; their groups; the devices of these. Sorting sorts by the totals. What is gone "
	  "holds nothing, but what it did counts as long as it is shown" },
	{ '<', MAIN, do_sort, -1, "<", "sort by the column to the left" },
	{ '>', MAIN, do_sort, 1, ">  s", "sort by the column to the right" },
	{ 's', MAIN, do_sort, 1, NULL, NULL },
	{ 'r', MAIN, do_reverse, 0, "r", "turn the order around" },
	{ 'W', TABLES | HEAT, do_save, 0, "W",
	  "write the columns, order, tree and options in use to the configuration file, which the "
	  "next vfiotop begins with; the last line says which file that is" },
	{ ' ', TABLES | HEAT, do_freeze, 0, "Space  p",
	  "freeze the picture, and go on (nothing is lost meanwhile)" },
	{ 'p', TABLES | HEAT, do_freeze, 0, NULL, NULL },
	{ VIEW_KEY_CLICK, EVERYWHERE, do_nothing, 0, "Mouse",
	  "a click on a title sorts, on a row selects it, once more opens it, on a key in the last row "
	  "presses it; the wheel is Up and Down. With Shift the terminal selects text; option "
	  "--mouse=no leaves that to it always" },
	{ VIEW_KEY_LEFT, TABLES, do_left, 0, "Left Right",
	  "in a frozen picture: the refresh before, or behind it, of the last ten minutes; Left on the "
	  "first page freezes it" },
	{ VIEW_KEY_RIGHT, TABLES, do_right, 0, NULL, NULL },
	{ '[', TABLES, do_step, VIEW_STEP | VIEW_FAR, "[ ]", "ten refreshes back, or forth" },
	{ ']', TABLES, do_step, VIEW_STEP | VIEW_FORTH | VIEW_FAR, NULL, NULL },
	{ 'N', TABLES, do_step, VIEW_STEP | VIEW_MARK, "N n",
	  "to the refresh before, or behind it, in which a call failed or was slow (option --slow)" },
	{ 'n', TABLES, do_step, VIEW_STEP | VIEW_FORTH | VIEW_MARK, NULL, NULL },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

size_t view_screen__keys(const struct key **list)
{
	*list = keys;
	return N_KEYS;
}

/* A page of text scrolls, and any other key leaves it. */
static unsigned int text_key(struct view_screen *screen, int key)
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
	default:
		return do_back(screen, 0);
	}
	return VIEW_REDRAW;
}

/* Keys while the filter is typed. False: it is one that does what it does at other times. */
static bool type_key(struct view_screen *screen, int key)
{
	char text[VIEW_FILTER_MAX + 1];
	size_t n = strlen(screen->filter.text);

	strcpy(text, screen->filter.text);
	if (key == VIEW_KEY_ENTER || key == VIEW_KEY_ESCAPE) {
		screen->typing = false;
		text[key == VIEW_KEY_ESCAPE ? 0 : n] = '\0';
	} else if (key == VIEW_KEY_BACKSPACE) {
		text[n ? n - 1 : 0] = '\0';
	} else if (key >= ' ' && key <= '~') {
		text[n] = key;
		text[n + 1] = '\0';
	} else {
		return false;
	}
	view_filter__set(&screen->filter, text); /* too long: as it was */
	return true;
}

unsigned int view_screen__key(struct view_screen *screen, int key)
{
	if (key == VIEW_KEY_RESIZE) {
		reset_columns(screen);
		return VIEW_REDRAW;
	}
	if (screen->message[0]) {
		screen->message[0] = '\0';
		return VIEW_REDRAW | view_screen__key(screen, key);
	}
	if (screen->typing && type_key(screen, key))
		return VIEW_REDRAW;
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].key == key && keys[i].pages >> screen->page & 1)
			return keys[i].act(screen, keys[i].arg);
	if (screen->page == VIEW_PAGE_STACKS || screen->page == VIEW_PAGE_HELP)
		return text_key(screen, key);
	return VIEW_IGNORED;
}

static void draw_message(const struct view_screen *screen, struct view_canvas *canvas)
{
	int row = canvas->rows - 1;

	if (!screen->message[0])
		return;
	for (int col = 0; col < canvas->cols; col++)
		view_canvas__put(canvas, row, col, VIEW_NORMAL, " ");
	view_screen__long(canvas, row, VIEW_ALERT, screen->message);
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

void view_screen__draw(struct view_screen *screen, const struct view_frame *frame,
		       struct view_canvas *canvas)
{
	if (canvas->cols != screen->cols)
		reset_columns(screen);
	screen->cols = canvas->cols;
	screen->n_spots = 0;
	screen->footer[0] = '\0';
	screen->frozen = frame->frozen;
	if (canvas->rows < VIEW_MIN_ROWS || canvas->cols < VIEW_MIN_COLS) {
		draw_too_small(canvas);
		return;
	}
	if (screen->opening && !view_screen__select(screen, frame))
		while (screen->page != VIEW_PAGE_MAIN)
			do_back(screen, 0);
	switch (screen->page) {
	case VIEW_PAGE_HELP:
		view_screen__draw_help(screen, frame, canvas);
		break;
	case VIEW_PAGE_LOG:
		view_screen__draw_log(screen, frame, canvas);
		break;
	case VIEW_PAGE_STACKS:
		view_screen__draw_stacks(screen, frame, canvas);
		break;
	case VIEW_PAGE_HEAT:
		view_screen__draw_heat(screen, frame, canvas);
		break;
	case VIEW_PAGE_CONTAINER:
		view_screen__draw_container(screen, frame, canvas);
		break;
	default:
		view_screen__draw_main(screen, frame, canvas);
	}
	view_screen__keep_footer(screen, canvas);
	draw_message(screen, canvas);
}
