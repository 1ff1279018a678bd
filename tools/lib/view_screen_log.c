// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_screen_log.c - the page that lists what happened, the newest first
 *
 * Of all containers, or of the one whose page was open. Called by view_screen.c.
 */
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "field.h"
#include "fmt.h"
#include "view_log.h"
#include "view_screen_priv.h"
#include "xalloc.h"

#define HEAD_ROWS 3 /* title, what is missing, the columns */
/* Narrower, who it was is left out; wider, there are milliseconds. */
#define COLS_FOR_TASK 64
#define COLS_FOR_MS 100

struct page {
	struct view_screen *screen;
	const struct view_frame *frame;
	struct view_canvas *canvas;
	const struct model_log *log;
	size_t *shown; /* entries that are not hidden, the newest first, as numbers for the log */
	size_t n, hidden;
	__u64 id; /* of this container only; 0: of all */
};

static void format_id(const struct vfio_rec *rec, char *buf, size_t size)
{
	if (rec->id)
		field__format_uint(UNIT_ID, rec->id, buf, size);
	else
		snprintf(buf, size, "none");
}

static bool is_shown(const struct page *page, const struct model_log_entry *entry)
{
	const struct model_container *c;
	char line[VIEW_LOG_SIZE + 96], text[VIEW_LOG_SIZE], result[FMT_MAX];

	if (!view_filter__is_on(&page->screen->filter))
		return true;
	c = entry->rec.id ? model__container(page->frame->model, entry->rec.id) : NULL;
	view_log__what(page->frame, entry, text);
	snprintf(line, sizeof(line), "%.*s %s %s", VFIO_OBS_COMM_LEN, entry->rec.comm,
		 view_log__result(entry, result, sizeof(result)), text);
	return view_filter__event(&page->screen->filter, page->frame, c, entry->rec.tgid, line);
}

/* Entries that came since the last drawing push down what is looked at: it stays where it was. */
static size_t find_shown(struct page *page)
{
	__u64 added = page->log->dropped + page->log->n;
	__u64 since = added - page->screen->log_added;
	size_t newer = 0;

	page->shown = xcalloc(page->log->n, sizeof(*page->shown));
	for (size_t back = 0; back < page->log->n; back++) {
		const struct model_log_entry *entry = model_log__entry(page->log, back);

		if (page->id && entry->rec.id != page->id)
			continue;
		if (!is_shown(page, entry)) {
			page->hidden++;
			continue;
		}
		newer += back < since;
		page->shown[page->n++] = back;
	}
	page->screen->log_added = added;
	return newer;
}

static void draw_title(const struct page *page)
{
	const struct source_loss *loss = model__loss(page->frame->model);
	struct view_segment segments[VIEW_SEGMENTS] = { 0 };
	char id[FMT_MAX];
	size_t n = 0;

	if (page->id) {
		field__format_uint(UNIT_ID, page->id, id, sizeof(id));
		snprintf(segments[n++].text, sizeof(segments->text), "log of container %s", id);
	} else {
		snprintf(segments[n++].text, sizeof(segments->text), "log");
	}
	snprintf(segments[n++].text, sizeof(segments->text), "newest first");
	segments[n].alert = source_loss__total(loss) > 0;
	snprintf(segments[n++].text, sizeof(segments->text), "%s %llu",
		 source_loss__total(loss) ? "LOST" : "lost", source_loss__total(loss));
	if (page->frame->at_end) {
		segments[n].alert = true;
		snprintf(segments[n++].text, sizeof(segments->text), "END OF RECORDING");
	}
	/* There is an end to what is kept. */
	segments[n].alert = page->log->dropped > 0;
	snprintf(segments[n++].text, sizeof(segments->text), "%llu older gone",
		 page->log->dropped);
	view_screen__segments(page->canvas, 0, view_screen__frozen(page->canvas, page->frame),
			      segments, n);
}

static void draw_head(const struct page *page)
{
	const int cols = page->canvas->cols;
	char line[VIEW_LOG_SIZE];

	if (view_log__missing(page->frame, line))
		view_screen__long(page->canvas, 1, VIEW_DIM, line);
	if (cols < COLS_FOR_TASK)
		snprintf(line, sizeof(line), " %-8s %3s %-10s %s", "TIME", "ID", "RESULT",
			 "WHAT");
	else
		snprintf(line, sizeof(line), " %-*s %5s %7s %-15s %-10s %s",
			 cols < COLS_FOR_MS ? 8 : 12, "TIME", "ID", "PID", "COMMAND", "RESULT",
			 "WHAT");
	view_canvas__put(page->canvas, 2, 0, VIEW_HEAD, line);
	view_canvas__paint(page->canvas, 2, 0, cols, VIEW_HEAD);
}

static void draw_entry(const struct page *page, int at, const struct model_log_entry *entry)
{
	const int cols = page->canvas->cols;
	char when[FMT_MAX], id[FMT_MAX], text[VIEW_LOG_SIZE], raw[VIEW_LOG_SIZE + 160];
	char line[sizeof(raw)], result[FMT_MAX];
	bool ms = cols >= COLS_FOR_MS;

	fmt_clock(when, sizeof(when), entry->rec.ts_ns + page->frame->info->realtime_offset_ns,
		  ms);
	format_id(&entry->rec, id, sizeof(id));
	view_log__what(page->frame, entry, text);
	view_log__result(entry, result, sizeof(result));
	if (cols < COLS_FOR_TASK)
		snprintf(raw, sizeof(raw), " %-8s %3s %-10s %s", when, id, result, text);
	else
		snprintf(raw, sizeof(raw), " %-*s %5s %7u %-15.15s %-10s %s", ms ? 12 : 8, when, id,
			 entry->rec.tgid, entry->rec.comm, result, text);
	field__format_text(raw, line, sizeof(line));
	view_screen__long(page->canvas, at, event__ret(&entry->rec) < 0 ? VIEW_ALERT : VIEW_NORMAL,
			  line);
}

static void draw_footer(const struct page *page, int rows)
{
	size_t top = page->screen->log_top;
	struct view_segment segments[VIEW_SEGMENTS + VIEW_TIME_KEYS] = { 0 };
	size_t k = view_screen__filter(page->screen, page->hidden, page->n + page->hidden,
				       segments);

	if (!page->screen->typing) {
		snprintf(segments[k++].text, sizeof(segments->text), "Esc back");
		k += view_screen__time_keys(page->frame, segments + k);
		if (page->n > (size_t)rows)
			snprintf(segments[k++].text, sizeof(segments->text), "%zu-%zu of %zu",
				 top + 1, top + rows, page->n);
		snprintf(segments[k++].text, sizeof(segments->text), "Up/Down scroll");
		snprintf(segments[k++].text, sizeof(segments->text), "/ filter");
		snprintf(segments[k++].text, sizeof(segments->text), "? help");
		if (!page->frame->frozen)
			snprintf(segments[k++].text, sizeof(segments->text), "Space freeze");
		snprintf(segments[k++].text, sizeof(segments->text), "q quit");
	}
	view_screen__segments(page->canvas, page->canvas->rows - 1, page->canvas->cols, segments,
			      k);
}

void view_screen__draw_log(struct view_screen *screen, const struct view_frame *frame,
			   struct view_canvas *canvas)
{
	struct page page = {
		.screen = screen, .frame = frame, .canvas = canvas,
		.log = model__log(frame->model),
		.id = screen->log_one ? screen->selected : 0,
	};
	const int rows = canvas->rows - HEAD_ROWS - 1;
	size_t newer = find_shown(&page);

	if (screen->log_top)
		screen->log_top += newer;
	if (screen->move)
		screen->log_top = view_screen__move(screen, screen->log_top, page.n);
	screen->log_top = view_screen__scroll(screen->log_top, -1, rows, page.n);
	screen->rows = rows;
	draw_title(&page);
	draw_head(&page);
	if (!page.n)
		view_canvas__put(canvas, HEAD_ROWS, 1, VIEW_NORMAL, page.hidden ?
				 "the filter hides all: / and Esc clear it" :
				 "nothing has happened yet");
	for (int i = 0; i < rows && screen->log_top + i < page.n; i++)
		draw_entry(&page, HEAD_ROWS + i,
			   model_log__entry(page.log, page.shown[screen->log_top + i]));
	draw_footer(&page, rows);
	free(page.shown);
}
