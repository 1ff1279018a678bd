// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_container.c - the page of one container
 *
 * From the top: which it is and how it is doing, whose, its groups and devices where there is room;
 * then the one of its parts that was chosen. Called by view_screen.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "fmt.h"
#include "view_details.h"
#include "view_hist.h"
#include "view_rows.h"
#include "view_screen_priv.h"
#include "xalloc.h"

/* A screen this high has room for the owner and the devices above the parts. */
#define ROWS_FOR_OWNER 18
#define OWNER_PART 8 /* of the rows */
#define MAX_OWNER 6
#define MIN_HISTOGRAM 4 /* rows, with those of the figures */
#define BAR_AT 30

struct page {
	struct view_screen *screen;
	const struct view_frame *frame;
	const struct model_container *c; /* NULL: gone from the model */
	struct view_canvas *canvas;
	int top, rows;	 /* where the part is drawn */
	size_t first, n; /* its first row shown and how many it has; for the footer */
	int shown;
};

__attribute__((format(printf, 4, 5))) static void put(const struct page *page, int row,
						      enum view_attr attr, const char *format, ...)
{
	char raw[VIEW_LINE_SIZE], text[VIEW_LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	field__format_text(raw, text, sizeof(text));
	if (row < page->top + page->rows)
		view_screen__long(page->canvas, row, attr, text);
}

/* The head */

/* "REFS 2"; what does not apply is left out. Returns whether it did. */
static bool name_value(const struct field *fields, size_t n_fields, const char *name,
		       const struct field_row *row, struct view_segment *to)
{
	const struct field *field = field__find(fields, n_fields, name);
	struct field_value value = field->get(row);
	char text[80];

	if (value.type == FIELD_NONE)
		return false;
	field__format(field, &value, text, sizeof(text));
	snprintf(to->text, sizeof(to->text), "%s %s", field->title, text);
	to->alert = !strcmp(name, "errors") && value.uint;
	return true;
}

static size_t name_values(const struct field *fields, size_t n_fields, const char *const *names,
			  size_t n, const struct field_row *row, struct view_segment *to)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		used += name_value(fields, n_fields, names[i], row, &to[used]);
	return used;
}

static void draw_title(const struct page *page)
{
	struct view_segment segments[VIEW_SEGMENTS] = { 0 };
	char id[FMT_MAX], text[80];
	size_t n = 0;

	field__format_uint(UNIT_ID, page->screen->selected, id, sizeof(id));
	snprintf(segments[n++].text, sizeof(segments->text), "container %s", id);
	if (page->c) {
		field__format_text(page->c->comm, text, sizeof(text));
		if (page->c->tgid)
			snprintf(segments[n++].text, sizeof(segments->text), "%s, pid %u", text,
				 page->c->tgid);
		else
			snprintf(segments[n++].text, sizeof(segments->text), "process unknown");
		if (page->c->freed)
			snprintf(segments[n++].text, sizeof(segments->text), "GONE");
		else if (page->c->file_closed)
			snprintf(segments[n++].text, sizeof(segments->text), "FILE CLOSED");
	}
	n += view_screen__warnings(page->frame, &segments[n]);
	view_screen__segments(page->canvas, 0, view_screen__frozen(page->canvas, page->frame),
			      segments, n);
}

static void draw_state(const struct page *page)
{
	static const char *const names[] = {
		"state", "errors", "mapped_bytes", "pinned_pages", "ops_per_second", "age_ns",
		"backend", "refs", "groups",
	};
	const struct field_row row = {
		.container = page->c, .op = VFIO_OP_NONE, .now_ns = page->frame->now_ns,
	};
	struct view_segment segments[ARRAY_SIZE(names)];
	const struct field *fields;
	size_t n_fields = field__containers(&fields);
	size_t n = name_values(fields, n_fields, names, ARRAY_SIZE(names), &row, segments);

	view_screen__segments(page->canvas, 1, page->canvas->cols, segments, n);
}

/* Owner, groups and devices; returns the rows used, as many whatever the container. */
static int draw_owner(const struct page *page, int at)
{
	char lines[MAX_OWNER][VIEW_DETAIL_SIZE];
	int max = page->canvas->rows / OWNER_PART;
	size_t n;

	if (page->canvas->rows < ROWS_FOR_OWNER)
		return 0;
	if (max > MAX_OWNER)
		max = MAX_OWNER;
	n = view_details__lines(page->frame, page->c, page->canvas->cols, lines, max);
	for (size_t i = 0; i < n; i++)
		view_screen__long(page->canvas, at + (int)i, VIEW_NORMAL, lines[i]);
	return max;
}

/* "[1 Operations]  2 Mappings": brackets say which, not only the attribute. */
static void draw_parts(const struct page *page, int at)
{
	static const char *const names[][2] = {
		[VIEW_PART_OPS] = { "Operations", "Ops" },
		[VIEW_PART_MAPPINGS] = { "Mappings", "Maps" },
		[VIEW_PART_BEGUN] = { "In flight", "Flying" },
		[VIEW_PART_OWNER] = { "Owner, devices", "Owner" },
	};
	bool narrow = page->canvas->cols < 64;
	int col = 0;

	view_canvas__paint(page->canvas, at, 0, page->canvas->cols, VIEW_HEAD);
	for (int part = 0; part < VIEW_N_PARTS; part++) {
		bool chosen = part == (int)page->screen->part;
		char text[48];

		snprintf(text, sizeof(text), "%c%d %s%c", chosen ? '[' : ' ', part + 1,
			 names[part][narrow], chosen ? ']' : ' ');
		view_canvas__put(page->canvas, at, col, chosen ? VIEW_SORTED : VIEW_HEAD, text);
		view_screen__spot(page->screen, &(struct view_spot){
			.kind = VIEW_SPOT_KEY, .row = at, .col = col, .width = (int)strlen(text),
			.id = '1' + part,
		});
		col += (int)strlen(text) + !narrow;
	}
}

/* Operations */

/* The quantiles that lie in bin @i: " p50 p90". */
static void name_quantiles(const struct model_op *stats, const struct view_hist_bin *bins, size_t n,
			   size_t i, char *buf, size_t size)
{
	static const struct {
		double q;
		const char *name;
	} quantiles[] = { { 0.5, "p50" }, { 0.9, "p90" }, { 0.99, "p99" }, { 0.999, "p99.9" } };
	size_t used = 0;

	buf[0] = '\0';
	for (size_t k = 0; k < ARRAY_SIZE(quantiles); k++) {
		__u64 ns;

		if (model_op__quantile(stats, quantiles[k].q, &ns) &&
		    view_hist__find(bins, n, ns) == i)
			used += snprintf(buf + used, size - used, " %s", quantiles[k].name);
	}
}

/* "  10us to  20us  1234  41.2% ####### p50" */
static void draw_bin(const struct page *page, int at, const struct model_op *stats,
		     const struct view_hist_bin *bins, size_t n, size_t i, __u64 most, __u64 all)
{
	const struct view_hist_bin *bin = &bins[i];
	char from[VIEW_HIST_LABEL], to[VIEW_HIST_LABEL], count[FMT_MAX], names[48];
	int room = page->canvas->cols - BAR_AT, eighths;

	put(page, at, VIEW_NORMAL, " %5s to %5s %6s %5.1f%%", view_hist__edge(bin->from_ns, from),
	    view_hist__edge(bin->to_ns, to), fmt_count(count, sizeof(count), bin->count),
	    100.0 * bin->count / all);
	name_quantiles(stats, bins, n, i, names, sizeof(names));
	if (room > 40)
		room -= 22; /* for all the names */
	eighths = (double)bin->count / most * room * VIEW_BAR_FULL + 0.5;
	if (bin->count && !eighths)
		eighths = 1; /* few are not none */
	view_canvas__bar(page->canvas, at, BAR_AT, room, eighths);
	if (room > 18)
		view_canvas__put(page->canvas, at,
				 BAR_AT + (eighths + VIEW_BAR_FULL - 1) / VIEW_BAR_FULL, VIEW_BOLD,
				 names);
}

static void draw_histogram(const struct page *page, int at, int room, const struct field_row *row)
{
	struct view_hist_bin bins[VIEW_HIST_MAX];
	size_t n = room > 0 ? view_hist__bins(row->stats, room, bins) : 0;
	__u64 most = 1, all = 0;

	if (!n && room > 0)
		put(page, at, VIEW_NORMAL, " no latencies: %s", event__op(row->op)->timed ?
		    "all calls began before the tool watched" : "this operation is not timed");
	for (size_t i = 0; i < n; i++) {
		all += bins[i].count;
		if (bins[i].count > most)
			most = bins[i].count;
	}
	for (size_t i = 0; i < n; i++)
		draw_bin(page, at + (int)i, row->stats, bins, n, i, most, all ? all : 1);
}

/* All that is known about the operation under the cursor: three rows and its histogram. */
static void draw_op(const struct page *page, int at, const struct field_row *row)
{
	static const char *const counts[] = { "count", "errors", "errnos", "bytes", "pages",
					      "bytes_per_second_inside", "untimed" };
	static const char *const times[] = { "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns",
					     "mean_ns", "sum_ns" };
	struct view_segment segments[VIEW_SEGMENTS];
	const struct field *fields;
	size_t n_fields = field__ops(&fields), n;
	int end = page->top + page->rows;

	put(page, at++, VIEW_BOLD, " %s: %s", event__op(row->op)->key, event__op(row->op)->help);
	n = name_values(fields, n_fields, counts, ARRAY_SIZE(counts), row, segments);
	view_screen__segments(page->canvas, at++, page->canvas->cols, segments, n);
	n = name_values(fields, n_fields, times, ARRAY_SIZE(times), row, segments);
	if (n)
		view_screen__segments(page->canvas, at++, page->canvas->cols, segments, n);
	draw_histogram(page, at, end - at, row);
}

static void draw_ops(struct page *page)
{
	struct view_screen *screen = page->screen;
	struct field_row rows[VFIO_OP_COUNT];
	size_t n = view_rows__ops(page->frame, page->c, rows), cursor;
	size_t *top = &screen->part_top[VIEW_PART_OPS];
	int room = page->rows - 1;

	if (!n) {
		put(page, page->top, VIEW_NORMAL, " no operation has returned yet");
		return;
	}
	cursor = view_screen__place_op(screen, rows, n);
	if (screen->op_alone) {
		draw_op(page, page->top, &rows[cursor]);
		return;
	}
	/* The table gets what it needs, but half at most where there is a histogram. */
	if (room - (int)n < MIN_HISTOGRAM + 3 && room >= 2 * (MIN_HISTOGRAM + 1))
		room = room / 2;
	if (room > (int)n)
		room = (int)n;
	for (size_t i = 0; i < n; i++)
		view_columns__measure(&screen->ops, &rows[i]);
	view_columns__fit(&screen->ops, page->canvas->cols - VIEW_MARK_COLS);
	view_screen__head(&screen->ops, NULL, page->top, VIEW_MARK_COLS, page->canvas);
	*top = view_screen__scroll(*top, cursor, room, n);
	for (int i = 0; i < room && *top + i < n; i++) {
		view_screen__row(&screen->ops, &rows[*top + i], page->top + 1 + i, VIEW_MARK_COLS,
				 *top + i == cursor ? VIEW_SELECTED : VIEW_NORMAL, page->canvas);
		view_screen__spot(screen, &(struct view_spot){
			.kind = VIEW_SPOT_OP, .row = page->top + 1 + i,
			.width = page->canvas->cols, .id = rows[*top + i].op,
		});
	}
	page->first = *top;
	page->n = n;
	page->shown = room;
	if (page->rows - 1 - room >= MIN_HISTOGRAM)
		draw_op(page, page->top + 1 + room, &rows[cursor]);
}

/* Parts that are lists without a cursor */

/* Scrolls as the keys said; @rows: of @n that are seen at a time. */
static size_t scroll_part(struct page *page, int rows, size_t n)
{
	struct view_screen *screen = page->screen;
	size_t *top = &screen->part_top[screen->part];

	if (rows < 1)
		rows = 1;
	if (screen->move)
		*top = view_screen__move(screen, *top, n);
	*top = view_screen__scroll(*top, -1, rows, n);
	page->first = *top;
	page->n = n;
	page->shown = rows;
	return *top;
}

static void draw_mapping(const struct page *page, int at, const struct vfio_mapping *m)
{
	char iova[24], vaddr[24], size[FMT_MAX];

	snprintf(iova, sizeof(iova), "0x%llx", m->iova);
	snprintf(vaddr, sizeof(vaddr), "0x%llx", m->vaddr);
	put(page, at, VIEW_NORMAL, " %18s %6s %18s  %c%c%s", iova,
	    fmt_bytes(size, sizeof(size), m->size), vaddr,
	    m->prot & VFIO_OBS_PROT_READ ? 'r' : '-', m->prot & VFIO_OBS_PROT_WRITE ? 'w' : '-',
	    m->flags & VFIO_MAPPING_GROWING ? "  being mapped" : "");
}

static void draw_mappings(struct page *page)
{
	const int rows = page->rows - 2;
	char text[VIEW_DETAIL_SIZE];
	struct vfio_mapping *list;
	size_t n;

	view_details__mappings(page->c, text);
	put(page, page->top, VIEW_NORMAL, " %s", page->c->freed ? "all went with the container" : text);
	if (!page->c->table.n || rows < 1)
		return;
	put(page, page->top + 1, VIEW_BOLD, " %18s %6s %18s  %s", "IOVA", "SIZE", "VADDR", "ACCESS");
	list = xcalloc(rows, sizeof(*list));
	n = model_table__range(&page->c->table, scroll_part(page, rows, page->c->table.n), list,
			       rows);
	for (size_t i = 0; i < n; i++)
		draw_mapping(page, page->top + 2 + (int)i, &list[i]);
	free(list);
}

/* "iova 0x1000 4.0K", "group 5", "" */
static void describe_begun(const struct source_begun *b, char *buf, size_t size)
{
	char bytes[FMT_MAX];

	buf[0] = '\0';
	if (b->op == VFIO_OP_ATTACH)
		snprintf(buf, size, "group %llu", b->arg[0]);
	else if ((b->op == VFIO_OP_MAP || b->op == VFIO_OP_UNMAP) && b->arg[1])
		snprintf(buf, size, "iova 0x%llx %s", b->arg[0],
			 fmt_bytes(bytes, sizeof(bytes), b->arg[1]));
	else if (b->op == VFIO_OP_MAP || b->op == VFIO_OP_UNMAP)
		snprintf(buf, size, "iova unknown");
}

static void draw_begun_row(struct page *page, int at, const struct source_begun *b)
{
	char age[FMT_MAX], what[64];

	describe_begun(b, what, sizeof(what));
	put(page, at, VIEW_NORMAL, " %-15s %7s %7u %7u %-15.15s %s", event__op(b->op)->key,
	    fmt_age(age, sizeof(age), view__age(page->frame, b->start_ns)), b->tgid, b->pid,
	    b->comm, what);
}

static void draw_begun(struct page *page)
{
	const struct source_begun *list;
	size_t n, of = 0, first, k = 0;
	const int rows = page->rows - 1;
	bool known = model__begun(page->frame->model, &list, &n);

	for (size_t i = 0; i < n; i++)
		of += list[i].id == page->c->id;
	if (!of) {
		put(page, page->top, VIEW_NORMAL, known ?
		    " nothing: no attach, set_iommu or ioctl has begun and not returned" :
		    " unknown: the recording tells when operations end, not when they begin");
		return;
	}
	put(page, page->top, VIEW_BOLD, " %-15s %7s %7s %7s %-15s %s", "OPERATION", "FOR", "PID",
	    "THREAD", "COMMAND", "WHAT");
	first = scroll_part(page, rows, of);
	for (size_t i = 0; i < n; i++) {
		if (list[i].id != page->c->id)
			continue;
		if (k >= first)
			draw_begun_row(page, page->top + 1 + (int)(k - first), &list[i]);
		k++;
	}
}

/* Lines that all about the owner and the devices needs, and some. */
static size_t owner_lines(const struct page *page)
{
	size_t n = 8;

	for (size_t i = 0; i < page->c->n_groups; i++) {
		const struct source_group_info *info =
			model__group(page->frame->model, page->c->groups[i].number);

		n += info && info->n_listed ? info->n_listed : 1;
	}
	return n;
}

static void draw_all_of_owner(struct page *page)
{
	size_t max = owner_lines(page), n, first;
	char (*lines)[VIEW_DETAIL_SIZE] = xcalloc(max, sizeof(*lines));

	n = view_details__lines(page->frame, page->c, page->canvas->cols - VIEW_MARK_COLS, lines,
				max - 1);
	/* Who held it is more than one process only when it was passed on. */
	if (page->c->holders > 1)
		snprintf(lines[n++], sizeof(*lines), "held by  %u processes when the tool began",
			 page->c->holders);
	first = scroll_part(page, page->rows, n);
	for (int i = 0; i < page->rows && first + i < n; i++)
		put(page, page->top + i, VIEW_NORMAL, " %s", lines[first + i]);
	free(lines);
}

/* The page */

static void draw_footer(const struct page *page)
{
	struct view_segment segments[VIEW_SEGMENTS + VIEW_TIME_KEYS] = { { .text = "Esc back" } };
	size_t k = 1 + view_screen__time_keys(page->frame, segments + 1);

	if (page->n > (size_t)page->shown)
		snprintf(segments[k++].text, sizeof(segments->text), "%zu-%zu of %zu",
			 page->first + 1, page->first + page->shown, page->n);
	if (page->screen->part == VIEW_PART_OPS)
		snprintf(segments[k++].text, sizeof(segments->text), "Enter %s",
			 page->screen->op_alone ? "table" : "histogram");
	snprintf(segments[k++].text, sizeof(segments->text), "1-4 part");
	snprintf(segments[k++].text, sizeof(segments->text), "Up/Down %s",
		 page->screen->part == VIEW_PART_OPS ? "operation" : "scroll");
	snprintf(segments[k++].text, sizeof(segments->text), "H heat");
	snprintf(segments[k++].text, sizeof(segments->text), "l log");
	snprintf(segments[k++].text, sizeof(segments->text), "? help");
	if (!page->frame->frozen)
		snprintf(segments[k++].text, sizeof(segments->text), "Space freeze");
	snprintf(segments[k++].text, sizeof(segments->text), "q quit");
	view_screen__segments(page->canvas, page->canvas->rows - 1, page->canvas->cols, segments,
			      k);
}

static void draw_part(struct page *page)
{
	switch (page->screen->part) {
	case VIEW_PART_MAPPINGS:
		draw_mappings(page);
		break;
	case VIEW_PART_BEGUN:
		draw_begun(page);
		break;
	case VIEW_PART_OWNER:
		draw_all_of_owner(page);
		break;
	default:
		draw_ops(page);
	}
}

void view_screen__draw_container(struct view_screen *screen, const struct view_frame *frame,
				 struct view_canvas *canvas)
{
	struct page page = {
		.screen = screen, .frame = frame, .canvas = canvas,
		.c = model__container(frame->model, screen->selected),
		.rows = canvas->rows - 1,
	};

	draw_title(&page);
	if (page.c) {
		draw_state(&page);
		page.top = 2 + draw_owner(&page, 2);
		draw_parts(&page, page.top++);
		page.rows = canvas->rows - 1 - page.top;
		draw_part(&page);
		screen->rows = page.shown;
	} else {
		put(&page, 2, VIEW_NORMAL, "It was freed some time ago and is no longer kept.");
	}
	screen->move = 0;
	draw_footer(&page);
}
