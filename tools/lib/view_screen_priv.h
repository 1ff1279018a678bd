/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_screen_priv.h - the screen's state, shared by the view_screen*.c only
 */
#ifndef VFIO_OBS_VIEW_SCREEN_PRIV_H
#define VFIO_OBS_VIEW_SCREEN_PRIV_H

#include "view_choice.h"
#include "view_screen.h"

/* More rows than there are. */
#define VIEW_ALL 1000000
#define VIEW_MARK_COLS 1 /* before each row of a table: the cursor */

enum view_page {
	VIEW_PAGE_MAIN,
	VIEW_PAGE_CONTAINER, /* one of them */
	VIEW_PAGE_LOG,
	VIEW_PAGE_STACKS,
	VIEW_PAGE_HEAT,
	VIEW_PAGE_HELP,
	VIEW_N_PAGES
};

/* Parts of the page of one container. */
enum view_part {
	VIEW_PART_OPS,
	VIEW_PART_MAPPINGS,
	VIEW_PART_BEGUN,
	VIEW_PART_OWNER,
	VIEW_N_PARTS
};

/* What a click at some place of the last drawing does. */
enum view_spot_kind {
	VIEW_SPOT_TITLE,     /* sorts by the field @title */
	VIEW_SPOT_CONTAINER, /* selects @id, or opens its page when it is selected */
	VIEW_SPOT_OP,	     /* the same with an operation's histogram */
	VIEW_SPOT_KEY,	     /* is key @id */
};

struct view_spot {
	enum view_spot_kind kind;
	int row, col, width;
	const char *title;
	__u64 id;
};

enum { VIEW_MAX_SPOTS = 512 };

struct view_screen {
	enum view_page page;
	enum view_page back[VIEW_N_PAGES]; /* what comes back when this page is left */
	int n_back;
	int page_top, page_rows; /* of a page of text: first line shown, lines that fit */
	const struct field *fields;
	size_t n_fields;
	const struct field *sort;
	bool reverse;
	bool has_selected;
	__u64 selected; /* id of the container under the cursor */
	struct view_filter filter;
	bool typing;	/* the filter is being typed */
	char message[512]; /* instead of the last line until the next key; "" none */
	int move;	/* of the cursor, pending until the rows are known */
	int rows;	/* of the table when it was drawn last */
	size_t top;	/* first row shown */
	int cols;	/* of the last drawing */
	struct view_spot spots[VIEW_MAX_SPOTS];
	size_t n_spots;
	char footer[VIEW_LINE_SIZE]; /* its last row, which names keys */
	int footer_row;
	bool frozen;	/* the picture stands still */
	struct view_columns containers, ops;
	/* The tree */
	bool tree;	/* containers by whose they are */
	struct field beside[VIEW_MAX_FIELDS]; /* the columns beside it */
	struct view_columns tree_columns;
	int tree_width; /* of its own column until now, so that it does not jump about */
	/* The page of one container */
	bool opening;	/* until it is drawn first: which one it is must be found out */
	int open_move;	/* @move of the main screen by then */
	enum view_part part;
	size_t part_top[VIEW_N_PARTS];
	enum vfio_obs_op op; /* under the cursor; VFIO_OP_NONE: not chosen yet; the map's too */
	bool op_alone;	     /* its histogram without the table */
	/* The log */
	bool log_one;	 /* of the selected container only */
	__u64 log_added; /* entries that there ever were, at the last drawing */
	size_t log_top;
	/* The heat map */
	bool heat_one;	 /* of the selected container only */
	bool heat_all;	 /* all that is kept at once */
	__u32 heat_end;	 /* refresh behind the last column, 0: the newest is the last */
	int heat_cols;	 /* of the map when it was drawn last */
	int time_move;	 /* in columns, pending until they are known */
};

/* @pages: where it works, bit per enum view_page. */
struct key {
	int key;
	unsigned int pages;
	unsigned int (*act)(struct view_screen *screen, int arg);
	int arg;
	const char *label, *help; /* NULL: as the row before */
};
size_t view_screen__keys(const struct key **list);

void view_screen__draw_main(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas);
void view_screen__draw_container(struct view_screen *screen, const struct view_frame *frame,
				 struct view_canvas *canvas);
void view_screen__draw_log(struct view_screen *screen, const struct view_frame *frame,
			   struct view_canvas *canvas);
void view_screen__draw_stacks(struct view_screen *screen, const struct view_frame *frame,
			      struct view_canvas *canvas);
void view_screen__draw_heat(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas);
void view_screen__draw_help(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas);

/*
 * Several keys may come before the screen is drawn: finds out which container of the main screen is
 * to be opened, the first if none is selected or that one is hidden. False: there is none.
 */
bool view_screen__select(struct view_screen *screen, const struct view_frame *frame);

/* While drawing: what a click there does. Of more than VIEW_MAX_SPOTS the last do nothing. */
void view_screen__spot(struct view_screen *screen, const struct view_spot *spot);
/* The titles of @columns, drawn at @row from @col on, sort by them. */
void view_screen__title_spots(struct view_screen *screen, const struct view_columns *columns,
			      int row, int col);
/* Behind the drawing: the last row of @canvas names keys, which may be clicked. */
void view_screen__keep_footer(struct view_screen *screen, const struct view_canvas *canvas);

/* As many segments as fit into @room columns, two blanks apart; returns the column after them. */
int view_screen__segments(struct view_canvas *canvas, int row, int room,
			  const struct view_segment *segments, size_t n);
/* What must be seen wherever figures are, if it is so: losses, the recording's end; how many. */
size_t view_screen__warnings(const struct view_frame *frame, struct view_segment to[2]);
/* For the last row: what the last key came to, and while the picture stands still what moves it. */
enum { VIEW_TIME_KEYS = 5 };
size_t view_screen__time_keys(const struct view_frame *frame,
			      struct view_segment to[VIEW_TIME_KEYS]);
/* view__frozen() at the right end of the first row, if it is so; the columns that are left. */
int view_screen__frozen(struct view_canvas *canvas, const struct view_frame *frame);
/*
 * The titles of a table at @row, and one row of it; @col: where its columns begin; @sort: name of a
 * field, or NULL.
 */
void view_screen__head(const struct view_columns *columns, const char *sort, int row, int col,
		       struct view_canvas *canvas);
void view_screen__row(const struct view_columns *columns, const struct field_row *row, int at,
		      int col, enum view_attr attr, struct view_canvas *canvas);
/* Text that ends with "..." when it is longer than the row. */
void view_screen__long(struct view_canvas *canvas, int row, enum view_attr attr, const char *text);
/* Rows that the filter hides of the containers, of which @shown are shown. */
size_t view_screen__hidden(const struct view_screen *screen, const struct view_frame *frame,
			   size_t shown);
/* What a footer says about the filter, which hides @hidden of @all rows; returns the segments. */
size_t view_screen__filter(const struct view_screen *screen, size_t hidden, size_t all,
			   struct view_segment *to);
/* Where @field is shown in the table of containers; NULL: it is not. */
const struct view_column *view_screen__shows(const struct view_screen *screen,
					     const struct field *field);
/* Keeps a page of text within its @lines, of which @rows fit; returns the last first line. */
int view_screen__fit_page(struct view_screen *screen, int rows, int lines);
/* Moves @top so that it is a good first row: @cursor (-1 none) and as much as possible is seen. */
size_t view_screen__scroll(size_t top, long long cursor, int rows, size_t n);
/* Takes the pending move of a cursor that is at @at of @n rows, -1: nowhere; where it is now. */
long long view_screen__move(struct view_screen *screen, long long at, size_t n);
/*
 * Which of the operations is chosen, as the keys said; the one in which most time was spent, before
 * the user has chosen. @n is above 0.
 */
size_t view_screen__place_op(struct view_screen *screen, const struct field_row *rows, size_t n);

#endif
