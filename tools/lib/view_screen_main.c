// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_main.c - drawing the main screen
 *
 * From the top: summary, notices, containers, operations of the selected container or of all,
 * keys. Called by view_screen.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view_details.h"
#include "view_rows.h"
#include "view_screen_priv.h"
#include "view_tree.h"

#define MIN_ROOM 4  /* rows for containers and operations together */
#define DETAILS_PART 6 /* of the rows, for what is known about the selected container */
#define MAX_DETAILS 16
#define TREE_PART 50 /* percent of the columns that the tree's own takes at most */

/* Where the parts are, in rows of the canvas. */
struct layout {
	int notices, n_notices;
	int containers, n_containers; /* rows below their head */
	int ops, n_ops;		      /* rows below their title and head; 0: left out */
	int details, n_details;	      /* rows above the footer */
	int footer;
};

static void draw_summary(const struct view_frame *frame, struct view_canvas *canvas)
{
	struct view_segment segments[VIEW_SEGMENTS];

	for (int line = 0; line < VIEW_SUMMARY_LINES; line++) {
		size_t n = view__summary(frame, line, segments);

		view_screen__segments(canvas, line, line ? canvas->cols :
				      view_screen__frozen(canvas, frame), segments, n);
	}
}

static void draw_notices(const struct layout *layout, const struct view_notice *notices,
			 struct view_canvas *canvas)
{
	static const enum view_attr attrs[] = {
		[VIEW_LEVEL_INFO] = VIEW_DIM,
		[VIEW_LEVEL_NOTE] = VIEW_BOLD,
		[VIEW_LEVEL_ALERT] = VIEW_ALERT,
	};

	for (int i = 0; i < layout->n_notices; i++)
		view_screen__long(canvas, layout->notices + i, attrs[notices[i].level],
				  notices[i].text);
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
static struct layout make_layout(const struct view_canvas *canvas, bool details, int n_notices,
				 int containers, int ops)
{
	struct layout l = { .notices = VIEW_SUMMARY_LINES, .footer = canvas->rows - 1 };
	int room;

	l.n_notices = n_notices;
	if (l.n_notices > canvas->rows / 6)
		l.n_notices = canvas->rows / 6;
	l.containers = l.notices + l.n_notices + 1;
	/* As many whatever is selected: nothing moves with the selection. */
	l.n_details = details ? canvas->rows / DETAILS_PART : 0;
	if (l.n_details > MAX_DETAILS)
		l.n_details = MAX_DETAILS;
	/* Both heads, the operations' title, the details, the footer. */
	room = l.footer - l.containers - 2 - l.n_details;
	if (room < MIN_ROOM) { /* no operations and details then */
		l.n_details = 0;
		l.n_containers = l.footer - l.containers;
		return l;
	}
	l.details = l.footer - l.n_details;
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
	at = view_screen__move(screen, at, n);
	screen->has_selected = at >= 0;
	if (at >= 0)
		screen->selected = rows[at].container->id;
	return at;
}

/* What is listed: containers, and in a tree the lines around them. */
struct list {
	struct view_tree tree; /* else only its rows */
	size_t n;	       /* lines */
	int cursor;	       /* row of the selected container, -1 none */
};

static void make_list(struct list *list, struct view_screen *screen, const struct view_frame *frame)
{
	*list = (struct list){ .cursor = -1 };
	if (screen->tree)
		view_tree__make(&list->tree, frame, screen->sort, screen->reverse,
				&screen->filter);
	else
		list->tree.n_rows = view_rows__containers(frame, screen->sort, screen->reverse,
							  &screen->filter, &list->tree.rows);
	list->n = screen->tree ? list->tree.n_lines : list->tree.n_rows;
	list->cursor = place_cursor(screen, list->tree.rows, list->tree.n_rows);
}

static const struct field_row *selected_of(const struct list *list)
{
	return list->cursor >= 0 ? &list->tree.rows[list->cursor] : NULL;
}

bool view_screen__select(struct view_screen *screen, const struct view_frame *frame)
{
	int later = screen->move; /* by keys behind the one that opens it */
	struct list list;
	size_t n;

	screen->opening = false;
	screen->move = screen->open_move;
	make_list(&list, screen, frame);
	n = list.tree.n_rows;
	if (list.cursor < 0 && n) {
		screen->has_selected = true;
		screen->selected = list.tree.rows[0].container->id;
	}
	screen->move = later;
	view_tree__clear(&list.tree);
	return n > 0;
}

const struct view_column *view_screen__shows(const struct view_screen *screen,
					     const struct field *field)
{
	const struct view_columns *columns =
		screen->tree ? &screen->tree_columns : &screen->containers;

	return view_columns__find(columns, field__find(columns->fields, columns->n_fields,
						       field->name));
}

static void draw_row(const struct view_columns *columns, const struct field_row *row, int at,
		     int col, bool selected, struct view_canvas *canvas)
{
	bool one = !row->n_members;

	if (!selected && one)
		draw_state(columns, row->container, at, canvas);
	view_screen__row(columns, row, at, col, selected ? VIEW_SELECTED :
			 !one ? VIEW_BOLD :
			 row->container->freed ? VIEW_DIM : VIEW_NORMAL, canvas);
}

static void container_spot(struct view_screen *screen, int at, __u64 id)
{
	view_screen__spot(screen, &(struct view_spot){
		.kind = VIEW_SPOT_CONTAINER, .row = at, .width = screen->cols, .id = id,
	});
}

static void draw_flat(struct view_screen *screen, const struct layout *l, const struct list *list,
		      size_t end, struct view_canvas *canvas)
{
	const struct field_row *rows = list->tree.rows;

	for (size_t i = screen->top; i < end; i++)
		view_columns__measure(&screen->containers, &rows[i]);
	view_columns__fit(&screen->containers, canvas->cols - VIEW_MARK_COLS);
	view_screen__head(&screen->containers, screen->sort->name, l->containers - 1,
			  VIEW_MARK_COLS, canvas);
	view_screen__title_spots(screen, &screen->containers, l->containers - 1, VIEW_MARK_COLS);
	for (size_t i = screen->top; i < end; i++) {
		int at = l->containers + (int)(i - screen->top);

		draw_row(&screen->containers, &rows[i], at, VIEW_MARK_COLS, (int)i == list->cursor,
			 canvas);
		container_spot(screen, at, rows[i].container->id);
	}
}

/* The tree's own column gets what it needs, but not more than its part of the screen. */
static void fit_tree(struct view_screen *screen, const struct view_frame *frame,
		     const struct view_tree *tree, size_t end, int cols)
{
	char text[VIEW_TREE_SIZE];

	if (!screen->tree_width)
		screen->tree_width = strlen(VIEW_TREE_TITLE);
	for (size_t i = screen->top; i < end; i++) {
		const struct field_row *row = view_tree__row(tree, &tree->lines[i]);
		int width;

		if (!row)
			continue;
		view_columns__measure(&screen->tree_columns, row);
		width = strlen(view_tree__text(tree, frame, &tree->lines[i], 0, text));
		if (width > screen->tree_width)
			screen->tree_width = width;
	}
	if (screen->tree_width > cols * TREE_PART / 100)
		screen->tree_width = cols * TREE_PART / 100;
	view_columns__fit(&screen->tree_columns, cols - VIEW_MARK_COLS - screen->tree_width - 1);
}

/* One line; what does not fit into the tree's column ends with a '+'. */
static void draw_line(const struct view_screen *screen, const struct view_frame *frame, int at,
		      const struct list *list, const struct view_tree_line *line,
		      struct view_canvas *canvas)
{
	const struct field_row *row = view_tree__row(&list->tree, line);
	bool selected = line->level == VIEW_TREE_CONTAINER && (int)line->row == list->cursor;
	int room = canvas->cols - VIEW_MARK_COLS, width = screen->tree_width;
	enum view_attr attr = line->level == VIEW_TREE_OWNER ? VIEW_BOLD : VIEW_NORMAL;
	char text[VIEW_TREE_SIZE];

	view_tree__text(&list->tree, frame, line, room, text);
	if (row) {
		draw_row(&screen->tree_columns, row, at, VIEW_MARK_COLS + width + 1, selected,
			 canvas);
		if ((int)strlen(text) > width)
			snprintf(text + width - 1, 2, "+");
	}
	view_canvas__put(canvas, at, VIEW_MARK_COLS, selected ? VIEW_SELECTED : attr, text);
}

static void draw_tree(struct view_screen *screen, const struct view_frame *frame,
		      const struct layout *l, const struct list *list, size_t end,
		      struct view_canvas *canvas)
{
	char title[] = VIEW_TREE_TITLE;

	fit_tree(screen, frame, &list->tree, end, canvas->cols);
	if ((int)strlen(title) > screen->tree_width)
		title[screen->tree_width] = '\0';
	view_screen__head(&screen->tree_columns, screen->sort->name, l->containers - 1,
			  VIEW_MARK_COLS + screen->tree_width + 1, canvas);
	view_canvas__put(canvas, l->containers - 1, VIEW_MARK_COLS, VIEW_HEAD, title);
	view_screen__title_spots(screen, &screen->tree_columns, l->containers - 1,
				 VIEW_MARK_COLS + screen->tree_width + 1);
	for (size_t i = screen->top; i < end; i++) {
		const struct view_tree_line *line = &list->tree.lines[i];
		int at = l->containers + (int)(i - screen->top);

		draw_line(screen, frame, at, list, line, canvas);
		if (line->level == VIEW_TREE_CONTAINER)
			container_spot(screen, at, list->tree.rows[line->row].container->id);
	}
}

/* The first line shown: the selected container is seen, and as much as possible of its part. */
static void scroll_list(struct view_screen *screen, const struct list *list)
{
	size_t row = list->cursor, line, next;

	if (!screen->tree || list->cursor < 0) {
		screen->top = view_screen__scroll(screen->top, list->cursor, screen->rows, list->n);
		return;
	}
	line = view_tree__line_of(&list->tree, row);
	next = row + 1 < list->tree.n_rows ? view_tree__line_of(&list->tree, row + 1) : list->n;
	while (next > line + 1 && list->tree.lines[next - 1].level == VIEW_TREE_OWNER)
		next--;
	screen->top = view_screen__scroll(screen->top, next - 1, screen->rows, list->n);
	/* With its owner's line, when it is the first of it. */
	if (line && list->tree.lines[line - 1].level == VIEW_TREE_OWNER && screen->rows > 1)
		line--;
	screen->top = view_screen__scroll(screen->top, line, screen->rows, list->n);
}

static void draw_containers(struct view_screen *screen, const struct view_frame *frame,
			    const struct layout *l, const struct list *list,
			    struct view_canvas *canvas)
{
	size_t end;

	screen->rows = l->n_containers;
	scroll_list(screen, list);
	end = screen->top + l->n_containers < list->n ? screen->top + l->n_containers : list->n;
	if (screen->tree)
		draw_tree(screen, frame, l, list, end, canvas);
	else
		draw_flat(screen, l, list, end, canvas);
	if (!list->n)
		view_canvas__put(canvas, l->containers, VIEW_MARK_COLS, VIEW_NORMAL,
				 view_screen__hidden(screen, frame, 0) ?
				 "the filter hides all: Esc clears it" : view__nothing(frame));
}

/* "operations (3 of 7) of container 3 (qemu-system-x86)", or of all of them. */
static void ops_title(const struct field_row *selected, size_t shown, size_t n, char *buf,
		      size_t size)
{
	char command[VFIO_OBS_COMM_LEN] = "", part[64] = "", id[48];

	if (shown < n)
		snprintf(part, sizeof(part), " (%zu of %zu)", shown, n);
	if (!selected) {
		snprintf(buf, size, "operations%s of all containers, gone ones too", part);
		return;
	}
	field__format_text(selected->container->comm, command, sizeof(command));
	field__format_uint(UNIT_ID, selected->container->id, id, sizeof(id));
	snprintf(buf, size, "operations%s of container %s (%s)", part, id,
		 command[0] ? command : "opened before the tool began");
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
	char title[224];

	ops_title(selected, n, all, title, sizeof(title));
	view_canvas__put(canvas, l->ops - 2, VIEW_MARK_COLS, VIEW_BOLD, title);
	for (size_t i = 0; i < n; i++)
		view_columns__measure(&screen->ops, &rows[i]);
	view_columns__fit(&screen->ops, canvas->cols - VIEW_MARK_COLS);
	view_screen__head(&screen->ops, NULL, l->ops - 1, VIEW_MARK_COLS, canvas);
	if (!n)
		view_canvas__put(canvas, l->ops, VIEW_MARK_COLS, VIEW_NORMAL, "none yet");
	for (size_t i = 0; i < n; i++)
		view_screen__row(&screen->ops, &rows[i], l->ops + (int)i, VIEW_MARK_COLS,
				 VIEW_NORMAL, canvas);
}

static void draw_details(const struct view_frame *frame, const struct layout *l,
			 const struct model_container *c, struct view_canvas *canvas)
{
	char lines[MAX_DETAILS][VIEW_DETAIL_SIZE];
	size_t n = view_details__lines(frame, c, canvas->cols - VIEW_MARK_COLS, lines,
				       l->n_details);

	for (size_t i = 0; i < n; i++)
		view_canvas__put(canvas, l->details + (int)i, VIEW_MARK_COLS, VIEW_NORMAL,
				 lines[i]);
}

static void draw_footer(const struct view_screen *screen, const struct view_frame *frame, int row,
			const struct list *list, struct view_canvas *canvas)
{
	size_t hidden = view_screen__hidden(screen, frame, list->tree.n_rows);
	size_t first = screen->top, end = first + screen->rows, n = list->n;
	bool high_first = screen->sort->low_first == screen->reverse;
	struct view_segment segments[VIEW_SEGMENTS + VIEW_TIME_KEYS + 2] = { 0 };
	size_t k = view_screen__filter(screen, hidden, list->tree.n_rows + hidden, segments);

	if (screen->typing) {
		view_screen__segments(canvas, row, canvas->cols, segments, k);
		return;
	}
	k += view_screen__time_keys(frame, segments + k);
	snprintf(segments[k++].text, sizeof(segments->text), "q quit");
	snprintf(segments[k++].text, sizeof(segments->text), "? help");
	snprintf(segments[k++].text, sizeof(segments->text), "/ filter");
	snprintf(segments[k++].text, sizeof(segments->text), "l log");
	snprintf(segments[k++].text, sizeof(segments->text), "H heat");
	snprintf(segments[k++].text, sizeof(segments->text), screen->tree ? "t flat" : "t tree");
	if ((size_t)screen->rows < n)
		snprintf(segments[k++].text, sizeof(segments->text), "%zu-%zu of %zu", first + 1,
			 end < n ? end : n, n);
	snprintf(segments[k++].text, sizeof(segments->text), "< > sort: %s, %s first",
		 screen->sort->title, high_first ? "high" : "low");
	snprintf(segments[k++].text, sizeof(segments->text), "Enter more");
	snprintf(segments[k++].text, sizeof(segments->text), "Up/Down select");
	if (!frame->frozen)
		snprintf(segments[k++].text, sizeof(segments->text), "Space freeze");
	view_screen__segments(canvas, row, canvas->cols, segments, k);
}

void view_screen__draw_main(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas)
{
	struct view_notice notices[VIEW_NOTICES];
	struct field_row op_rows[VFIO_OP_COUNT];
	const struct field_row *selected;
	struct list list;
	struct layout l;

	make_list(&list, screen, frame);
	selected = selected_of(&list);
	l = make_layout(canvas, selected, view__notices(frame, notices),
			list.n > VIEW_ALL ? VIEW_ALL : (int)list.n,
			view_rows__ops(frame, NULL, op_rows));
	draw_summary(frame, canvas);
	draw_notices(&l, notices, canvas);
	draw_containers(screen, frame, &l, &list, canvas);
	if (l.n_ops)
		draw_ops(screen, frame, &l, selected, canvas);
	if (l.n_details && selected)
		draw_details(frame, &l, selected->container, canvas);
	draw_footer(screen, frame, l.footer, &list, canvas);
	view_tree__clear(&list.tree);
}
