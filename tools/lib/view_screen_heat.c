// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_heat.c - the page that shows how the latencies of an operation went over time
 *
 * From the top: of what and until when, the operations, the map with the longest latencies at its
 * top and the newest refresh at its right, its axis with marks for what is missing, times, what
 * the shades mean. Of the selected container, or of all. Called by view_screen.c.
 */
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "fmt.h"
#include "view_heat.h"
#include "view_rows.h"
#include "view_screen_priv.h"

#define MAP_TOP 2     /* rows above the map */
#define BELOW_MAP 4   /* axis, times, shades, footer */
#define MAP_AT 7      /* columns before the map: a latency and the axis */
#define COUNTS_COLS 8 /* behind it, where there is room: calls of each row */
#define COLS_FOR_COUNTS 100
#define MAX_HIGH 3    /* rows of a latency */
#define TICK 15	      /* columns from a time to the next */
#define CLOCK_COLS 8

struct page {
	struct view_screen *screen;
	const struct view_frame *frame;
	struct view_canvas *canvas;
	__u64 id;			 /* 0: of all containers */
	const struct model_container *c; /* of @id; NULL: it is gone */
	struct view_heat heat;
	int at; /* column of the canvas where the oldest one is */
	unsigned int marks;		 /* of all columns that are shown */
};

/* Operations whose latencies are known; returns their number. */
static size_t find_ops(const struct page *page, struct field_row rows[VFIO_OP_COUNT])
{
	size_t all = view_rows__ops(page->frame, page->c, rows), n = 0;

	for (size_t i = 0; i < all; i++)
		if (rows[i].stats->n_hist)
			rows[n++] = rows[i];
	return n;
}

static void make_map(struct page *page, enum vfio_obs_op op)
{
	struct view_screen *screen = page->screen;
	const __u32 n = model_heat__columns(view__heat(page->frame));
	struct view_heat_want want = {
		.track = model__heat_track(view__heat_of(page->frame), page->id),
		.op = op,
		.rows = page->canvas->rows - MAP_TOP - BELOW_MAP,
		.cols = page->canvas->cols - MAP_AT -
			(page->canvas->cols >= COLS_FOR_COUNTS ? COUNTS_COLS : 0),
		.all = screen->heat_all,
	};
	long long end = (screen->heat_end ? screen->heat_end : n) + (long long)screen->time_move;

	want.end = end < 1 ? 1 : end >= n ? 0 : end;
	view_heat__make(&page->heat, page->frame, &want);
	screen->heat_end = page->heat.end < n ? page->heat.end : 0;
	screen->heat_cols = want.cols;
	page->at = MAP_AT + want.cols - (int)page->heat.n_cols;
}

/* Until when, of the clock where it was measured. */
static char *clock_of(const struct page *page, __u64 ts_ns, char buf[FMT_MAX])
{
	return fmt_clock(buf, FMT_MAX, ts_ns + page->frame->info->realtime_offset_ns, false);
}

static size_t name_whose(const struct page *page, struct view_segment *to)
{
	char id[FMT_MAX], comm[VFIO_OBS_COMM_LEN];

	if (!page->id) {
		snprintf(to->text, sizeof(to->text), "heat map of all containers");
		return 1;
	}
	field__format_uint(UNIT_ID, page->id, id, sizeof(id));
	field__format_text(page->c ? page->c->comm : "", comm, sizeof(comm));
	snprintf(to->text, sizeof(to->text), "heat map of container %s%s%s", id,
		 comm[0] ? "  " : "", comm);
	return 1;
}

static void draw_title(const struct page *page, const struct field_row *op)
{
	const struct view_heat *heat = &page->heat;
	struct view_segment segments[VIEW_SEGMENTS] = { 0 };
	size_t n = name_whose(page, segments);
	char when[FMT_MAX];

	/* Losses are shown always. */
	if (!source_loss__total(model__loss(page->frame->model)))
		snprintf(segments[n++].text, sizeof(segments->text), "lost 0");
	n += view_screen__warnings(page->frame, &segments[n]);
	if (heat->n_cols) {
		segments[n].alert = page->screen->heat_end != 0;
		snprintf(segments[n++].text, sizeof(segments->text), "%s%s",
			 page->screen->heat_end ? "PAST, until " : "until ",
			 clock_of(page, heat->cols[heat->n_cols - 1].end_ns, when));
		snprintf(segments[n++].text, sizeof(segments->text), "%gs a column",
			 heat->per * (double)page->frame->interval_ns / 1e9);
	}
	if (op && op->stats->unknown)
		snprintf(segments[n++].text, sizeof(segments->text), "UNTIMED %llu",
			 op->stats->unknown);
	view_screen__segments(page->canvas, 0, view_screen__frozen(page->canvas, page->frame),
			      segments, n);
}

/* "attach  [pin]  unpin", from where the chosen one is seen. */
static void draw_ops(const struct page *page, const struct field_row *rows, size_t n, size_t cursor)
{
	int width = 0, col = 0;
	size_t first;

	for (first = cursor + 1; first > 0; first--) {
		width += (int)strlen(event__op(rows[first - 1].op)->key) + 3;
		if (width > page->canvas->cols && first <= cursor)
			break;
	}
	view_canvas__paint(page->canvas, 1, 0, page->canvas->cols, VIEW_HEAD);
	for (size_t i = first; i < n; i++) {
		char text[48];

		snprintf(text, sizeof(text), "%c%s%c", i == cursor ? '[' : ' ',
			 event__op(rows[i].op)->key, i == cursor ? ']' : ' ');
		if (col + (int)strlen(text) > page->canvas->cols)
			break;
		view_canvas__put(page->canvas, 1, col, i == cursor ? VIEW_SORTED : VIEW_HEAD, text);
		col += (int)strlen(text) + 1;
	}
}

/* One row of the canvas; @label: with its latency and calls. */
static void draw_row(const struct page *page, int row, size_t bin, bool label)
{
	const struct view_heat *heat = &page->heat;
	const int cols = page->canvas->cols;
	char edge[VIEW_HIST_LABEL], text[FMT_MAX + VIEW_HIST_LABEL], count[FMT_MAX];

	snprintf(text, sizeof(text), "%*s|", MAP_AT - 1,
		 label ? view_hist__edge(heat->bins[bin].from_ns, edge) : "");
	view_canvas__put(page->canvas, row, 0, VIEW_NORMAL, text);
	for (size_t i = 0; i < heat->n_cols; i++)
		view_canvas__shade(page->canvas, row, page->at + (int)i,
				   view_heat__shade(heat, heat->counts[i * heat->n_bins + bin]));
	if (!label || cols < COLS_FOR_COUNTS)
		return;
	fmt_count(count, sizeof(count), heat->bins[bin].count);
	snprintf(text, sizeof(text), "%*s", COUNTS_COLS - 1, count);
	view_canvas__put(page->canvas, row, cols - COUNTS_COLS + 1, VIEW_NORMAL, text);
}

/* Where there is room latencies are several rows high; a label is at the lower edge. */
static void draw_rows(const struct page *page)
{
	const int bottom = page->canvas->rows - BELOW_MAP - 1, n = page->heat.n_bins;
	int high = n ? (bottom - MAP_TOP + 1) / n : 1;

	if (high > MAX_HIGH)
		high = MAX_HIGH;
	for (int i = 0; i < n * high; i++)
		draw_row(page, bottom - i, i / high, i % high == 0);
	if (page->canvas->cols >= COLS_FOR_COUNTS)
		view_canvas__put(page->canvas, bottom + 1, page->canvas->cols - 5, VIEW_NORMAL,
				 "calls");
}

/* Where the axis is drawn somebody watched; a mark says what is wrong with the column above. */
static void draw_axis(struct page *page)
{
	const struct view_heat *heat = &page->heat;
	const int row = page->canvas->rows - BELOW_MAP;

	for (size_t i = 0; i < heat->n_cols; i++) {
		const struct view_heat_column *col = &heat->cols[i];
		bool tick = col->number / heat->per % TICK == 0;
		const char *sign = tick ? "+" : "-";
		char text[FMT_MAX];

		for (int mark = VIEW_HEAT_MARKS - 1; mark >= 0; mark--)
			if (col->marks >> mark & 1)
				sign = view_heat__mark(mark)->sign;
		view_canvas__put(page->canvas, row, page->at + (int)i,
				 col->marks ? VIEW_ALERT : VIEW_NORMAL, sign);
		page->marks |= col->marks;
		if (tick && page->at + (int)i + CLOCK_COLS <= page->canvas->cols)
			view_canvas__put(page->canvas, row + 1, page->at + (int)i, VIEW_NORMAL,
					 clock_of(page, col->start_ns, text));
	}
}

/* "calls  . 1+  : 5+  * 20+  # 100+  highest 57" */
static void draw_shades(const struct page *page)
{
	const int row = page->canvas->rows - BELOW_MAP + 2, cols = page->canvas->cols;
	const char *gap = cols < 64 ? " " : "  ";
	char text[FMT_MAX + 16], count[FMT_MAX];
	int col = 6;

	view_canvas__put(page->canvas, row, 0, VIEW_NORMAL, "calls");
	for (int shade = 1; shade <= VIEW_SHADES; shade++) {
		snprintf(text, sizeof(text), " %s+%s",
			 fmt_count(count, sizeof(count), page->heat.from[shade - 1]), gap);
		view_canvas__shade(page->canvas, row, col++, shade);
		view_canvas__put(page->canvas, row, col, VIEW_NORMAL, text);
		col += (int)strlen(text);
	}
	snprintf(text, sizeof(text), "highest %s",
		 fmt_count(count, sizeof(count), page->heat.most));
	if (col + (int)strlen(text) <= cols)
		view_canvas__put(page->canvas, row, col, VIEW_NORMAL, text);
}

/* The marks that are seen come first. */
static void draw_footer(const struct page *page)
{
	const struct view_screen *screen = page->screen;
	struct view_segment segments[VIEW_HEAT_MARKS + VIEW_SEGMENTS] = { 0 };
	size_t n = 0;

	for (int mark = 0; mark < VIEW_HEAT_MARKS; mark++) {
		if (!(page->marks >> mark & 1))
			continue;
		segments[n].alert = true;
		snprintf(segments[n++].text, sizeof(segments->text), "%s %s",
			 view_heat__mark(mark)->sign, view_heat__mark(mark)->reason);
	}
	snprintf(segments[n++].text, sizeof(segments->text), "Esc back");
	snprintf(segments[n++].text, sizeof(segments->text), "Up/Down operation");
	if (page->heat.n_cols && page->heat.cols[0].number > page->heat.first)
		snprintf(segments[n++].text, sizeof(segments->text), "Left older");
	if (screen->heat_end)
		snprintf(segments[n++].text, sizeof(segments->text), "End newest");
	snprintf(segments[n++].text, sizeof(segments->text), "z %s",
		 screen->heat_all ? "each refresh" : "all that is kept");
	if (screen->has_selected)
		snprintf(segments[n++].text, sizeof(segments->text), "a %s",
			 screen->heat_one ? "of all" : "of the selected");
	snprintf(segments[n++].text, sizeof(segments->text), "? help");
	snprintf(segments[n++].text, sizeof(segments->text), "Space freeze");
	snprintf(segments[n++].text, sizeof(segments->text), "q quit");
	view_screen__segments(page->canvas, page->canvas->rows - 1, page->canvas->cols, segments,
			      n);
}

/* Why there is no map; NULL: there can be one. */
static const char *why_none(const struct page *page, size_t n_ops)
{
	if (!view__heat(page->frame))
		return "no history of latencies is kept";
	if (page->id && !page->c)
		return "It was freed some time ago and is no longer kept.";
	if (!n_ops)
		return "no operation of which the duration is known has returned yet";
	if (!model__heat_track(view__heat_of(page->frame), page->id))
		return "its history begins with the next refresh: too many others had one";
	return NULL;
}

void view_screen__draw_heat(struct view_screen *screen, const struct view_frame *frame,
			    struct view_canvas *canvas)
{
	__u64 id = screen->heat_one && screen->has_selected ? screen->selected : 0;
	struct page page = {
		.screen = screen, .frame = frame, .canvas = canvas, .id = id,
		.c = id ? model__container(frame->model, id) : NULL,
	};
	struct field_row rows[VFIO_OP_COUNT];
	size_t n = id && !page.c ? 0 : find_ops(&page, rows), cursor = 0;
	const char *none = why_none(&page, n);

	if (n) {
		cursor = view_screen__place_op(screen, rows, n);
		draw_ops(&page, rows, n, cursor);
	}
	screen->move = 0;
	if (none) {
		view_screen__long(canvas, MAP_TOP, VIEW_NORMAL, none);
	} else {
		make_map(&page, rows[cursor].op);
		draw_rows(&page);
		draw_axis(&page);
		draw_shades(&page);
		if (!page.heat.n_bins)
			view_canvas__put(canvas, MAP_TOP, MAP_AT, VIEW_NORMAL,
					 "no such call in what is kept");
	}
	screen->time_move = 0;
	draw_title(&page, n ? &rows[cursor] : NULL);
	draw_footer(&page);
	view_heat__clear(&page.heat);
}
