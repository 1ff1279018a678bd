// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen.c - the interactive screen: its state, its keys, how it is drawn on a canvas
 *
 * From the top: summary, notices, containers, operations of the selected container or of all,
 * keys. Called by vfiotop's loop.
 */
#include <stdio.h>
#include <string.h>

#include "view_columns.h"
#include "view_rows.h"
#include "view_screen.h"
#include "xalloc.h"

#define MARK_COLS 1 /* before each row: the cursor */

struct view_screen {
	bool help;
	int help_top, help_page;
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

/* Where the parts are, in rows of the canvas. */
struct layout {
	int notices, n_notices;
	int containers, n_containers; /* rows below their head */
	int ops, n_ops;		      /* rows below their title and head */
	int footer;
};

/* State */

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
	screen->help_top = 0;
	return VIEW_REDRAW;
}

static unsigned int do_freeze(struct view_screen *screen, int arg)
{
	return VIEW_FREEZE | VIEW_REDRAW;
}

/* @arg: rows, or pages of them when it is a thousand and more, or everything. */
#define PAGE 1000
#define ALL 1000000
static unsigned int do_move(struct view_screen *screen, int arg)
{
	if (arg == PAGE || arg == -PAGE)
		arg = arg / PAGE * (screen->page > 1 ? screen->page - 1 : 1);
	if (screen->move > -ALL && screen->move < ALL)
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
static const struct key {
	int key;
	unsigned int (*act)(struct view_screen *screen, int arg);
	int arg;
	const char *label, *help;
} keys[] = {
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
	{ VIEW_KEY_HOME, do_move, -ALL, NULL, NULL },
	{ VIEW_KEY_END, do_move, ALL, NULL, NULL },
	{ 'a', do_all, 0, "a  Esc", "operations of all containers" },
	{ VIEW_KEY_ESCAPE, do_all, 0, NULL, NULL },
	{ '<', do_sort, -1, "<", "sort by the column to the left" },
	{ '>', do_sort, 1, ">  s", "sort by the column to the right" },
	{ 's', do_sort, 1, NULL, NULL },
	{ 'r', do_reverse, 0, "r", "turn the order around" },
	{ ' ', do_freeze, 0, "Space  p", "freeze the picture, and go on (nothing is lost meanwhile)" },
	{ 'p', do_freeze, 0, NULL, NULL },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static unsigned int help_key(struct view_screen *screen, int key)
{
	int page = screen->help_page > 1 ? screen->help_page - 1 : 1;

	switch (key) {
	case VIEW_KEY_DOWN:
	case 'j':
		screen->help_top++;
		break;
	case VIEW_KEY_UP:
	case 'k':
		screen->help_top--;
		break;
	case VIEW_KEY_PAGE_DOWN:
	case ' ':
		screen->help_top += page;
		break;
	case VIEW_KEY_PAGE_UP:
		screen->help_top -= page;
		break;
	case VIEW_KEY_HOME:
		screen->help_top = 0;
		break;
	case VIEW_KEY_END:
		screen->help_top = ALL;
		break;
	case VIEW_KEY_RESIZE:
		break;
	default:
		screen->help = false;
	}
	return VIEW_REDRAW;
}

unsigned int view_screen__key(struct view_screen *screen, int key)
{
	if (key == VIEW_KEY_RESIZE) {
		reset_columns(screen);
		return VIEW_REDRAW;
	}
	if (screen->help && key != 'q' && key != VIEW_KEY_QUIT)
		return help_key(screen, key);
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].key == key)
			return keys[i].act(screen, keys[i].arg);
	return VIEW_IGNORED;
}

/* Drawing */

/* As many segments as fit, two blanks apart; returns the column after the last. */
static int draw_segments(struct view_canvas *canvas, int row, int room,
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

static void draw_summary(const struct view_frame *frame, bool frozen, struct view_canvas *canvas)
{
	static const char word[] = "FROZEN";
	struct view_segment segments[VIEW_SEGMENTS];

	for (int line = 0; line < VIEW_SUMMARY_LINES; line++) {
		size_t n = view__summary(frame, line, segments);
		int room = canvas->cols;

		if (line == 0 && frozen) {
			room -= sizeof(word) + 1;
			view_canvas__put(canvas, 0, canvas->cols - (int)sizeof(word) + 1, VIEW_ALERT,
					 word);
		}
		draw_segments(canvas, line, room, segments, n);
	}
}

static void draw_notices(const struct layout *layout, const struct view_notice *notices,
			 struct view_canvas *canvas)
{
	for (int i = 0; i < layout->n_notices; i++) {
		view_canvas__put(canvas, layout->notices + i, 0,
				 notices[i].alert ? VIEW_ALERT : VIEW_DIM, notices[i].text);
		if ((int)strlen(notices[i].text) > canvas->cols)
			view_canvas__put(canvas, layout->notices + i, canvas->cols - 3, VIEW_NORMAL,
					 "...");
	}
}

static void draw_head(const struct view_columns *columns, const struct field *sort, int row,
		      struct view_canvas *canvas)
{
	const struct view_column *column = sort ? view_columns__find(columns, sort) : NULL;
	char line[VIEW_LINE_SIZE];

	view_columns__head(columns, line);
	view_canvas__put(canvas, row, MARK_COLS, VIEW_HEAD, line);
	view_canvas__paint(canvas, row, 0, canvas->cols, VIEW_HEAD);
	if (column)
		view_canvas__paint(canvas, row, MARK_COLS + column->at, column->width, VIEW_SORTED);
}

/* Failures stand out in their own column. */
static void draw_errors(const struct view_columns *columns, const struct field_row *row, int at,
			struct view_canvas *canvas)
{
	const struct field *field = field__find(columns->fields, columns->n_fields, "errors");
	const struct view_column *column = view_columns__find(columns, field);

	if (column && field->get(row).uint)
		view_canvas__paint(canvas, at, MARK_COLS + column->at, column->width, VIEW_ALERT);
}

static void draw_row(const struct view_columns *columns, const struct field_row *row, int at,
		     enum view_attr attr, struct view_canvas *canvas)
{
	char line[VIEW_LINE_SIZE];

	view_columns__line(columns, row, line);
	view_canvas__put(canvas, at, MARK_COLS, attr, line);
	if (attr == VIEW_SELECTED) {
		view_canvas__put(canvas, at, 0, attr, ">");
		view_canvas__paint(canvas, at, 0, canvas->cols, attr);
	} else {
		draw_errors(columns, row, at, canvas);
	}
}

/* Where there is no room for the state, a letter before the row says what is not just open. */
static void draw_state(const struct view_columns *columns, const struct model_container *c, int at,
		       struct view_canvas *canvas)
{
	const struct field *field = field__find(columns->fields, columns->n_fields, "state");

	if (view_columns__find(columns, field))
		return;
	if (c->freed)
		view_canvas__put(canvas, at, 0, VIEW_DIM, "g");
	else if (c->file_closed)
		view_canvas__put(canvas, at, 0, VIEW_BOLD, "c");
}

/*
 * Operations get what they need, containers the rest; when both cannot have what they need,
 * each gets half. The height of the operations follows from all containers, so that nothing
 * moves when the selection does.
 */
static struct layout make_layout(const struct view_canvas *canvas, int n_notices, int containers,
				 int ops)
{
	struct layout l = { .notices = VIEW_SUMMARY_LINES, .footer = canvas->rows - 1 };
	int room;

	l.n_notices = n_notices;
	if (l.n_notices > canvas->rows / 6)
		l.n_notices = canvas->rows / 6;
	/* Both heads, the operations' title, the footer. */
	room = canvas->rows - VIEW_SUMMARY_LINES - l.n_notices - 4;
	if (containers < 1)
		containers = 1;
	if (ops < 1)
		ops = 1;
	l.n_ops = room - containers > room / 2 ? room - containers : room / 2;
	if (l.n_ops > ops)
		l.n_ops = ops;
	l.n_containers = containers > room / 3 ? containers : room / 3;
	if (l.n_containers > room - l.n_ops)
		l.n_containers = room - l.n_ops;
	l.containers = l.notices + l.n_notices + 1;
	l.ops = l.containers + l.n_containers + 2;
	return l;
}

/* Moves the cursor as the keys said; returns its row, -1 without one. */
static int place_cursor(struct view_screen *screen, const struct field_row *rows, size_t n)
{
	long long at = -1;

	for (size_t i = 0; i < n && screen->has_selected; i++) {
		if (rows[i].container->id == screen->selected) {
			at = i;
			break;
		}
	}
	if (screen->move && n) {
		/* From nowhere, down comes to the first and up to the last row. */
		at = at < 0 ? (screen->move > 0 ? screen->move - 1 : (long long)n + screen->move) :
			      at + screen->move;
		at = at < 0 ? 0 : at >= (long long)n ? (long long)n - 1 : at;
	}
	screen->move = 0;
	screen->has_selected = at >= 0;
	if (at >= 0)
		screen->selected = rows[at].container->id;
	return at;
}

static void scroll_to(struct view_screen *screen, int cursor, int page, size_t n)
{
	screen->page = page;
	if (cursor >= 0 && (size_t)cursor < screen->top)
		screen->top = cursor;
	if (cursor >= 0 && cursor >= (int)screen->top + page)
		screen->top = cursor - page + 1;
	if (screen->top + page > n)
		screen->top = n > (size_t)page ? n - page : 0;
}

static void draw_containers(struct view_screen *screen, const struct view_frame *frame,
			    const struct layout *l, const struct field_row *rows, size_t n,
			    int cursor, struct view_canvas *canvas)
{
	size_t end;

	scroll_to(screen, cursor, l->n_containers, n);
	end = screen->top + l->n_containers < n ? screen->top + l->n_containers : n;
	for (size_t i = screen->top; i < end; i++)
		view_columns__measure(&screen->containers, &rows[i]);
	view_columns__fit(&screen->containers, canvas->cols - MARK_COLS);
	draw_head(&screen->containers, screen->sort, l->containers - 1, canvas);
	if (!n)
		view_canvas__put(canvas, l->containers, MARK_COLS, VIEW_NORMAL,
				 view__nothing(frame));
	for (size_t i = screen->top; i < end; i++) {
		int at = l->containers + (int)(i - screen->top);
		bool freed = rows[i].container->freed;

		if ((int)i != cursor)
			draw_state(&screen->containers, rows[i].container, at, canvas);
		draw_row(&screen->containers, &rows[i], at,
			 (int)i == cursor ? VIEW_SELECTED :
			 freed		  ? VIEW_DIM :
					    VIEW_NORMAL,
			 canvas);
	}
}

/* "container 3 (qemu-system-x86)", or all of them. */
static void ops_title(const struct field_row *selected, size_t shown, size_t n, char *buf,
		      size_t size)
{
	char command[VFIO_OBS_COMM_LEN] = "", more[80] = "";

	if (shown < n)
		snprintf(more, sizeof(more), ", the %zu of %zu that took longest", shown, n);
	if (!selected) {
		snprintf(buf, size, "operations of all containers, gone ones too%s", more);
		return;
	}
	field__format_text(selected->container->comm, command, sizeof(command));
	snprintf(buf, size, "operations of container %llu (%s)%s", selected->container->id,
		 command[0] ? command : "opened before the tool began", more);
}

/* Keeps the @room rows in which most time was spent, in the order of the table. */
static size_t drop_idle_ops(struct field_row *rows, size_t n, int room)
{
	while (n > (size_t)room) {
		size_t least = 0;

		for (size_t i = 1; i < n; i++)
			if (rows[i].stats->sum_ns < rows[least].stats->sum_ns)
				least = i;
		n--;
		memmove(&rows[least], &rows[least + 1], (n - least) * sizeof(*rows));
	}
	return n;
}

static void draw_ops(struct view_screen *screen, const struct view_frame *frame,
		     const struct layout *l, const struct field_row *selected,
		     struct view_canvas *canvas)
{
	struct field_row rows[VFIO_OP_COUNT];
	size_t all = view_rows__ops(frame, selected ? selected->container : NULL, rows);
	size_t n = drop_idle_ops(rows, all, l->n_ops);
	char title[160];

	ops_title(selected, n, all, title, sizeof(title));
	view_canvas__put(canvas, l->ops - 2, MARK_COLS, VIEW_BOLD, title);
	for (size_t i = 0; i < n; i++)
		view_columns__measure(&screen->ops, &rows[i]);
	view_columns__fit(&screen->ops, canvas->cols - MARK_COLS);
	draw_head(&screen->ops, NULL, l->ops - 1, canvas);
	if (!n)
		view_canvas__put(canvas, l->ops, MARK_COLS, VIEW_NORMAL, "none yet");
	for (size_t i = 0; i < n; i++)
		draw_row(&screen->ops, &rows[i], l->ops + (int)i, VIEW_NORMAL, canvas);
}

static void draw_footer(const struct view_screen *screen, int row, size_t n,
			struct view_canvas *canvas)
{
	size_t first = screen->top, end = first + screen->page;
	bool high_first = screen->sort->low_first == screen->reverse;
	struct view_segment segments[VIEW_SEGMENTS] = {
		{ .text = "q quit" }, { .text = "? help" },
	};
	size_t k = 2;

	if ((size_t)screen->page < n)
		snprintf(segments[k++].text, sizeof(segments->text), "%zu-%zu of %zu", first + 1,
			 end < n ? end : n, n);
	snprintf(segments[k++].text, sizeof(segments->text), "< > sort: %s, %s first",
		 screen->sort->title, high_first ? "high" : "low");
	snprintf(segments[k++].text, sizeof(segments->text), "Up/Down select");
	snprintf(segments[k++].text, sizeof(segments->text), "Space freeze");
	draw_segments(canvas, row, canvas->cols, segments, k);
}

static void draw_main(struct view_screen *screen, const struct view_frame *frame, bool frozen,
		      struct view_canvas *canvas)
{
	struct view_notice notices[VIEW_NOTICES];
	struct field_row op_rows[VFIO_OP_COUNT], *rows;
	size_t n = view_rows__containers(frame, screen->sort, screen->reverse, &rows);
	int cursor = place_cursor(screen, rows, n);
	struct layout l =
		make_layout(canvas, view__notices(frame, notices), n > 1000000 ? 1000000 : (int)n,
			    view_rows__ops(frame, NULL, op_rows));

	draw_summary(frame, frozen, canvas);
	draw_notices(&l, notices, canvas);
	draw_containers(screen, frame, &l, rows, n, cursor, canvas);
	draw_ops(screen, frame, &l, cursor >= 0 ? &rows[cursor] : NULL, canvas);
	draw_footer(screen, l.footer, n, canvas);
	free(rows);
}

/* Help: generated from the tables of keys and fields */

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

static void help_all(struct view_screen *screen, const struct view_frame *frame, struct help *help)
{
	const struct field *ops;
	size_t n_ops = field__ops(&ops);
	struct view_notice notices[VIEW_NOTICES];
	size_t n = view__notices(frame, notices);

	help_line(help, VIEW_BOLD, "Keys", NULL);
	for (size_t i = 0; i < N_KEYS; i++)
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
	help_wrapped(help, "lost", "events that are in no figure here; always shown");
	if (n) {
		help_line(help, VIEW_NORMAL, "", NULL);
		help_line(help, VIEW_BOLD, "Now", NULL);
	}
	for (size_t i = 0; i < n; i++)
		help_wrapped(help, i ? "" : "notices", notices[i].text);
}

static void draw_help(struct view_screen *screen, const struct view_frame *frame,
		      struct view_canvas *canvas)
{
	struct help help = { .canvas = canvas, .top = ALL };
	int last;

	/* Once above the screen, to know how long it is. */
	help_all(screen, frame, &help);
	screen->help_page = canvas->rows - 1;
	last = help.line > screen->help_page ? help.line - screen->help_page : 0;
	if (screen->help_top > last)
		screen->help_top = last;
	if (screen->help_top < 0)
		screen->help_top = 0;
	help = (struct help){ .canvas = canvas, .top = screen->help_top };
	help_all(screen, frame, &help);
	view_canvas__put(canvas, canvas->rows - 1, 0, VIEW_HEAD,
			 last ? "Up/Down/PgUp/PgDn scroll, any other key: back" : "any key: back");
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
		draw_help(screen, frame, canvas);
	else
		draw_main(screen, frame, frozen, canvas);
}
