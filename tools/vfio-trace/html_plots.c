// SPDX-License-Identifier: GPL-2.0-only
/*
 * html_plots.c - pictures of a recording: latencies, memory and containers over time
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html_parts.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/view_hist.h"
#include "lib/xalloc.h"

/* A picture's width, and where the map of latencies and its histogram are. */
#define WIDTH 960
#define MAP_X 52
#define MAP_WIDTH 590
#define HIST_X 656
#define HIST_WIDTH 112
#define QUANTILE_X 834
#define LINE_HEIGHT 13
#define SHADES 5
/* Marks closer to each other than this are one. */
#define MARK_WIDTH 7

/* Time */

static struct svg_time time_axis(const struct page *page, double x, double width)
{
	const struct report *report = page->report;

	return (struct svg_time){ x, width, report->first_ns, report->last_ns };
}

static double column_x(const struct timeline *timeline, const struct svg_time *axis, size_t column)
{
	return svg__x(axis, timeline->from_ns + column * timeline->column_ns);
}

/* Where something is missing in the recording: the text above it tells what. */
static void draw_gaps(const struct page *page, const struct svg_time *axis, double top,
		      double bottom)
{
	const struct report *report = page->report;
	const struct timeline *timeline = report->timeline;
	double last = -MARK_WIDTH;

	for (size_t i = 0; i < report->n_gaps; i++) {
		double x = svg__x(axis, report->gaps[i].ts_ns);

		if (x - last >= MARK_WIDTH || x < last)
			svg__line(&page->html, x, top, x, bottom, "gap");
		last = x;
	}
	last = -MARK_WIDTH;
	for (size_t i = 0; i < timeline->n; i++) {
		double x = column_x(timeline, axis, i);

		if (!timeline->lost[i] || x - last < MARK_WIDTH)
			continue;
		svg__text(&page->html, x, top - 3, "mid err", "!");
		last = x;
	}
}

/* Latencies */

/* @op: the rows are edges @first and @n - 1 behind it, from below */
struct map {
	enum vfio_obs_op op;
	size_t first, n;
	double top, row;
	__u64 max, hist[HIST_EDGES];
	__u64 from[SHADES]; /* calls from which a shade on begins */
	size_t n_shades;
};

static double row_y(const struct map *map, size_t row)
{
	return map->top + map->row * (double)(map->n - 1 - row);
}

static double bottom_of(const struct map *map)
{
	return map->top + map->row * (double)map->n;
}

/* The first shade is one call, the last the most; each is as many times more as the other. */
static void set_shades(struct map *map)
{
	map->from[0] = 1;
	map->n_shades = 1;
	for (unsigned int i = 1; i < SHADES; i++) {
		__u64 from = ceil(pow((double)map->max, (double)i / SHADES));

		if (from > map->from[map->n_shades - 1] && from <= map->max)
			map->from[map->n_shades++] = from;
	}
}

static void set_map(struct map *map, const struct timeline *timeline, enum vfio_obs_op op,
		    const struct model_op *model)
{
	*map = (struct map){ .op = op, .top = 36 };
	map->first = hist_edge__of_bucket(model->hist[0].index);
	map->n = hist_edge__of_bucket(model->hist[model->n_hist - 1].index) - map->first + 1;
	map->row = map->n < 6 ? 78.0 / (double)map->n : 13;
	for (__u32 i = 0; i < model->n_hist; i++)
		map->hist[hist_edge__of_bucket(model->hist[i].index)] += model->hist[i].count;
	for (size_t edge = 0; edge < HIST_EDGES; edge++)
		for (size_t i = 0; i < timeline->n; i++)
			if (timeline->calls[op][edge][i] > map->max)
				map->max = timeline->calls[op][edge][i];
	set_shades(map);
}

static size_t shade_of(const struct map *map, __u64 calls)
{
	size_t shade = 0;

	while (shade < map->n_shades && calls >= map->from[shade])
		shade++;
	return shade;
}

/* With few shades they are the strong ones. */
static const char *shade_class(const struct map *map, size_t shade)
{
	static const char *const classes[] = { "h1", "h2", "h3", "h4", "h5" };

	return classes[SHADES - map->n_shades + shade - 1];
}

/* All cells of a shade are one shape; neighbours in a row are joined. */
static void draw_shade(const struct page *page, const struct map *map,
		       const struct svg_time *axis, size_t shade)
{
	const struct timeline *timeline = page->report->timeline;
	FILE *out = page->html.out;

	fputs("<path d=\"", out);
	for (size_t row = 0; row < map->n; row++) {
		const __u64 *calls = timeline->calls[map->op][map->first + row];

		for (size_t i = 0; i < timeline->n; i++) {
			size_t from = i;
			double x = column_x(timeline, axis, i);

			while (i < timeline->n && shade_of(map, calls[i]) == shade)
				i++;
			if (i == from)
				continue;
			fprintf(out, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, row_y(map, row) + 0.5,
				fmax(column_x(timeline, axis, i) - x, 0.5), map->row - 1,
				fmax(column_x(timeline, axis, i) - x, 0.5));
		}
	}
	fprintf(out, "\" class=\"%s\"/>\n", shade_class(map, shade));
}

static void draw_failures(const struct page *page, const struct map *map,
			  const struct svg_time *axis)
{
	const struct timeline *timeline = page->report->timeline;
	double last = -MARK_WIDTH;

	for (size_t i = 0; i < timeline->n; i++) {
		double x = (column_x(timeline, axis, i) + column_x(timeline, axis, i + 1)) / 2;

		if (!timeline->errors[map->op][i] || x - last < MARK_WIDTH)
			continue;
		svg__text(&page->html, x, map->top - 3, "mid err", "x");
		last = x;
	}
}

static void draw_latency_axis(const struct page *page, const struct map *map)
{
	char label[VIEW_HIST_LABEL];

	for (size_t row = 0; row <= map->n; row++) {
		double y = bottom_of(map) - map->row * (double)row;

		svg__text(&page->html, MAP_X - 6, y + 4, "end", "%s",
			  view_hist__edge(hist_edge__ns(map->first + row), label));
		if ((map->first + row) % HIST_EDGE_STEPS)
			continue;
		svg__line(&page->html, MAP_X, y, MAP_X + MAP_WIDTH, y, "grid");
		svg__line(&page->html, HIST_X, y, HIST_X + HIST_WIDTH, y, "grid");
	}
}

static void draw_histogram(const struct page *page, const struct map *map)
{
	__u64 max = 1;
	char text[FMT_MAX];

	for (size_t i = 0; i < HIST_EDGES; i++)
		if (map->hist[i] > max)
			max = map->hist[i];
	for (size_t row = 0; row < map->n; row++) {
		__u64 calls = map->hist[map->first + row];
		double width = HIST_WIDTH * (double)calls / (double)max;

		if (!calls)
			continue;
		svg__rect(&page->html, HIST_X, row_y(map, row) + 1, fmax(width, 1), map->row - 2,
			  "bar");
		svg__text(&page->html, HIST_X + width + 4, row_y(map, row) + map->row / 2 + 4, "",
			  "%s", fmt_count(text, sizeof(text), calls));
	}
	svg__line(&page->html, HIST_X, map->top, HIST_X, bottom_of(map), "axis");
}

/* Where @ns is on the axis of latencies. */
static double latency_y(const struct map *map, __u64 ns)
{
	size_t row = 0;
	double low, high, share;

	while (row + 1 < map->n && ns >= hist_edge__ns(map->first + row + 1))
		row++;
	low = hist_edge__ns(map->first + row);
	high = hist_edge__ns(map->first + row + 1);
	share = low > 0 ? log((double)ns / low) / log(high / low) : (double)ns / high;
	return row_y(map, row) + map->row * (1 - fmin(fmax(share, 0), 1));
}

struct label {
	double y, text_y;
	char text[2 * FMT_MAX];
};

/* p50 to the maximum; those that are the same number share a label. */
static size_t label_quantiles(const struct map *map, const struct report_op *op,
			      struct label labels[REPORT_QUANTILES + 1])
{
	const char *from = NULL, *to = NULL;
	char was[FMT_MAX] = "", text[FMT_MAX];
	size_t n = 0;

	for (unsigned int q = 0; q <= REPORT_QUANTILES; q++) {
		__u64 ns = q < REPORT_QUANTILES ? op->quantile_ns[q] : op->max_ns;

		to = q < REPORT_QUANTILES ? report__quantile_key[q] : "max";
		fmt_latency(text, sizeof(text), ns);
		if (!n || strcmp(text, was)) {
			from = to;
			labels[n++].y = latency_y(map, ns);
		}
		snprintf(labels[n - 1].text, sizeof(labels->text), "%s%s%s  %s", from,
			 from == to ? "" : " to ", from == to ? "" : to, text);
		memcpy(was, text, sizeof(was));
	}
	return n;
}

static void draw_quantiles(const struct page *page, const struct map *map,
			   const struct report_op *op)
{
	struct label labels[REPORT_QUANTILES + 1] = { 0 };
	size_t n = label_quantiles(map, op, labels);
	double lowest = bottom_of(map) - 2;

	/* From below, none over another; then from above, so that none leaves the picture. */
	for (size_t i = 0; i < n; i++) {
		labels[i].text_y = fmin(labels[i].y, lowest);
		lowest = labels[i].text_y - LINE_HEIGHT;
	}
	for (size_t i = n; i--; )
		labels[i].text_y = fmax(labels[i].text_y,
					map->top + 4 + LINE_HEIGHT * (double)(n - 1 - i));
	for (size_t i = 0; i < n; i++) {
		fprintf(page->html.out, "<path d=\"M%d %.1fh10L%d %.1fh4\" class=\"lead\"/>\n",
			QUANTILE_X - 24, labels[i].y, QUANTILE_X - 7, labels[i].text_y);
		svg__text(&page->html, QUANTILE_X, labels[i].text_y + 4, "strong", "%s",
			  labels[i].text);
	}
}

static void draw_legend(const struct page *page, const struct map *map)
{
	double x = MAP_X, y = bottom_of(map) + 24;
	char from[FMT_MAX], to[FMT_MAX];

	svg__text(&page->html, x, y + 9, "", "calls in a cell");
	x += 80;
	for (size_t i = 0; i < map->n_shades; i++) {
		__u64 last = i + 1 < map->n_shades ? map->from[i + 1] - 1 : map->max;

		svg__rect(&page->html, x, y, 12, 11, shade_class(map, i + 1));
		fmt_count(from, sizeof(from), map->from[i]);
		fmt_count(to, sizeof(to), last);
		svg__text(&page->html, x + 16, y + 9, "", last > map->from[i] ? "%s to %s" : "%s", from,
			  to);
		x += 86;
	}
}

static void draw_operation(struct page *page, const struct map *map, const struct report_op *op)
{
	struct svg_time axis = time_axis(page, MAP_X, MAP_WIDTH);
	const char *key = event__op(map->op)->key;
	char title[128], desc[512], p50[FMT_MAX], p99[FMT_MAX], max[FMT_MAX];

	snprintf(title, sizeof(title), "Latency of %s", key);
	snprintf(desc, sizeof(desc),
		 "Left: when calls returned, from left to right, by how long they took, from below; "
		 "darker means more calls. Right: calls by how long they took. %llu calls, %llu "
		 "failed, p50 %s, p99 %s, longest %s.", op->count, op->errors,
		 fmt_latency(p50, sizeof(p50), op->quantile_ns[REPORT_P50]),
		 fmt_latency(p99, sizeof(p99), op->quantile_ns[REPORT_P99]),
		 fmt_latency(max, sizeof(max), op->max_ns));
	svg__begin(&page->html, WIDTH, bottom_of(map) + 38, title, desc);
	svg__text(&page->html, 0, 14, "big", "%s", key);
	svg__text(&page->html, MAP_X + MAP_WIDTH, 14, "end", "%llu call%s%s", op->count,
		  op->count == 1 ? "" : "s", op->unknown ? ", some of unknown duration" : "");
	if (op->errors)
		svg__text(&page->html, MAP_X + MAP_WIDTH / 2.0, 14, "mid err",
			  "x %llu failed", op->errors);
	svg__text(&page->html, HIST_X, 14, "", "calls by latency");
	svg__rect(&page->html, MAP_X, map->top, MAP_WIDTH, map->row * (double)map->n, "plate");
	draw_latency_axis(page, map);
	svg__time_axis(&page->html, &axis, map->top, bottom_of(map));
	for (size_t shade = 1; shade <= map->n_shades; shade++)
		draw_shade(page, map, &axis, shade);
	draw_failures(page, map, &axis);
	draw_gaps(page, &axis, map->top, bottom_of(map));
	draw_histogram(page, map);
	draw_quantiles(page, map, op);
	draw_legend(page, map);
	svg__end(&page->html);
}

/* What pictures of time begin with. */
static void say_zero(const struct page *page)
{
	fputs("<p class=\"soft\">Time goes from left to right; 0 is ", page->html.out);
	html__time(&page->html, page->report->first_ns);
	fputs(".", page->html.out);
}

static bool is_drawn(const struct report_op *op)
{
	return op->timed && op->model && op->model->n_hist;
}

/* Where most of the time went comes first; NULL behind the last. */
static const struct report_op *next_operation(const struct report *report,
					      const struct report_op *last)
{
	const struct report_op *next = NULL;

	for (const struct report_op *op = report->total; op < report->total + VFIO_OP_COUNT; op++) {
		if (!is_drawn(op) || (last && (op->sum_ns > last->sum_ns ||
					       (op->sum_ns == last->sum_ns && op <= last))))
			continue;
		if (!next || op->sum_ns > next->sum_ns)
			next = op;
	}
	return next;
}

void html_plots__latency(struct page *page)
{
	const struct report *report = page->report;
	const struct report_op *op = NULL;
	char text[FMT_MAX];
	struct map map;

	html__section(&page->html, "latency", "Latencies, over time and in all");
	say_zero(page);
	fprintf(page->html.out, " Each column of cells is %s wide, of all containers; an x marks "
		"failed calls. The operation that took most time in all comes first.</p>\n",
		fmt_latency(text, sizeof(text), report->timeline->column_ns));
	while ((op = next_operation(report, op))) {
		set_map(&map, report->timeline, op - report->total, op->model);
		draw_operation(page, &map, op);
	}
}

/* Memory */

#define MEMORY_TOP 34
#define MEMORY_HEIGHT 150

/* A power of two, at most 4 of which are @max. */
static __u64 byte_step(__u64 max)
{
	__u64 step = REPORT_PAGE_BYTES;

	while (max / step > 4 && step >> 62 == 0)
		step *= 2;
	return step;
}

static double memory_y(__u64 bytes, double top_bytes)
{
	return MEMORY_TOP + MEMORY_HEIGHT * (1 - fmin((double)bytes / top_bytes, 1));
}

static void draw_memory(const struct page *page, const struct svg_time *axis, const __u64 *values,
			__u64 unit, double top_bytes, const char *class)
{
	const struct timeline *timeline = page->report->timeline;
	double zero = memory_y(0, top_bytes);
	FILE *out = page->html.out;

	fprintf(out, "<path d=\"M%.1f %.1f", axis->x, zero);
	for (size_t i = 0; i < timeline->n; i++) {
		if (!i || values[i] != values[i - 1])
			fprintf(out, "V%.1f", memory_y(values[i] * unit, top_bytes));
		if (i + 1 == timeline->n || values[i + 1] != values[i])
			fprintf(out, "H%.1f", column_x(timeline, axis, i + 1));
	}
	fprintf(out, "V%.1f\" class=\"%s\"/>\n", zero, class);
}

static void draw_bytes_axis(const struct page *page, __u64 max, double top_bytes)
{
	__u64 step = byte_step(max);
	char text[FMT_MAX];

	for (__u64 i = 0; (double)(i * step) <= top_bytes && i <= 5; i++) {
		double y = memory_y(i * step, top_bytes);

		svg__line(&page->html, MAP_X, y, WIDTH - 10, y, "grid");
		svg__text(&page->html, MAP_X - 6, y + 4, "end", "%s",
			  fmt_bytes(text, sizeof(text), i * step));
	}
}

static void draw_memory_legend(const struct page *page, __u64 mapped, __u64 pinned)
{
	char text[FMT_MAX];

	svg__rect(&page->html, MAP_X, 8, 22, 10, "mapped");
	svg__text(&page->html, MAP_X + 28, 17, "strong", "mapped, at most %s",
		  fmt_bytes(text, sizeof(text), mapped));
	svg__line(&page->html, MAP_X + 190, 13, MAP_X + 214, 13, "pinned");
	svg__text(&page->html, MAP_X + 220, 17, "strong", "pinned, at most %s",
		  fmt_bytes(text, sizeof(text), pinned));
}

static void say_unknown_memory(const struct page *page)
{
	const struct report *report = page->report;
	size_t mapped = 0, pinned = 0;

	for (size_t i = 0; i < report->n_containers; i++) {
		mapped += !report->containers[i]->mapped_known;
		pinned += !report->containers[i]->pinned_known;
	}
	if (mapped || pinned)
		fprintf(page->html.out, "<p class=\"soft\">Not in it: what %zu containers map and %zu "
			"pin, of which the recording does not have all.</p>\n", mapped, pinned);
}

static __u64 max_of(const __u64 *list, size_t n)
{
	__u64 max = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i] > max)
			max = list[i];
	return max;
}

void html_plots__memory(struct page *page)
{
	const struct timeline *timeline = page->report->timeline;
	struct svg_time axis = time_axis(page, MAP_X, WIDTH - 10 - MAP_X);
	__u64 mapped = max_of(timeline->mapped, timeline->n);
	__u64 pinned = max_of(timeline->pinned, timeline->n) * REPORT_PAGE_BYTES;
	__u64 max = mapped > pinned ? mapped : pinned;
	double top_bytes = (double)(max ? max : REPORT_PAGE_BYTES) * 1.04;
	char desc[200], a[FMT_MAX], b[FMT_MAX];

	html__section(&page->html, "memory", "Memory that is mapped and pinned");
	if (!max) {
		fputs("<p>Nothing is known to have been mapped or pinned.</p>\n", page->html.out);
		say_unknown_memory(page);
		return;
	}
	say_zero(page);
	fputs(" Of all containers together; of each moment the most.</p>\n", page->html.out);
	snprintf(desc, sizeof(desc), "Bytes over time. At most %s were mapped and %s pinned.",
		 fmt_bytes(a, sizeof(a), mapped), fmt_bytes(b, sizeof(b), pinned));
	svg__begin(&page->html, WIDTH, MEMORY_TOP + MEMORY_HEIGHT + 22, "Memory over time", desc);
	draw_memory_legend(page, mapped, pinned);
	draw_bytes_axis(page, max, top_bytes);
	svg__time_axis(&page->html, &axis, MEMORY_TOP, MEMORY_TOP + MEMORY_HEIGHT);
	draw_memory(page, &axis, timeline->mapped, 1, top_bytes, "mapped");
	draw_memory(page, &axis, timeline->pinned, REPORT_PAGE_BYTES, top_bytes, "pinned");
	draw_gaps(page, &axis, MEMORY_TOP, MEMORY_TOP + MEMORY_HEIGHT);
	svg__end(&page->html);
	say_unknown_memory(page);
}

/* Containers */

#define NAME_WIDTH 190
#define BAR_HEIGHT 24
#define BAR_TOP 30

/* @from, @to: its place in the bar, of 20 */
static const struct {
	const char *title, *class;
	double from, to;
} kinds[TIMELINE_KINDS] = {
	[TIMELINE_ATTACH] = { "attach", "c-attach", 0, 20 },
	[TIMELINE_SET_IOMMU] = { "set_iommu", "c-set", 0, 20 },
	[TIMELINE_MAP] = { "map_dma", "c-map", 2, 10 },
	[TIMELINE_UNMAP] = { "unmap_dma", "c-unmap", 12, 18 },
	[TIMELINE_PIN] = { "pin, unpin, dma_rw", "c-device", 14, 18 },
	[TIMELINE_OTHER] = { "other ioctls, detach", "c-ioctl", 5, 15 },
	[TIMELINE_FAILED] = { "failed", "c-fail", 0, 0 },
};

/* Those that are drawn over others come last. */
static const enum timeline_kind drawing_order[] = {
	TIMELINE_OTHER, TIMELINE_PIN, TIMELINE_UNMAP, TIMELINE_MAP, TIMELINE_SET_IOMMU,
	TIMELINE_ATTACH, TIMELINE_FAILED,
};

static bool has_kind(const struct timeline_life *life, enum timeline_kind kind)
{
	for (size_t i = 0; i < life->n; i++)
		if (life->spans[i].kind == kind)
			return true;
	return false;
}

static void draw_kind(const struct page *page, const struct report_container *c,
		      const struct svg_time *axis, double y, enum timeline_kind kind)
{
	FILE *out = page->html.out;

	if (!has_kind(&c->life, kind))
		return;
	fprintf(out, "<path class=\"%s\" d=\"", kinds[kind].class);
	for (size_t i = 0; i < c->life.n; i++) {
		const struct timeline_span *span = &c->life.spans[i];
		double x = svg__x(axis, span->begin_ns);
		double width = fmax(svg__x(axis, span->end_ns) - x, 1);

		if (span->kind != kind)
			continue;
		if (kind == TIMELINE_FAILED)
			fprintf(out, "M%.1f %.1fl4 -7h-8z", svg__x(axis, span->end_ns), y + 6);
		else
			fprintf(out, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, y + kinds[kind].from, width,
				kinds[kind].to - kinds[kind].from, width);
	}
	fputs("\"/>\n", out);
}

/* From its open to its end; dashed from the close of its file, if something keeps it. */
static void draw_life(const struct page *page, const struct report_container *c,
		      const struct svg_time *axis, double y)
{
	__u64 end_ns = c->opened_known && c->freed ? c->opened_ns + c->age_ns : axis->to_ns;
	double from = svg__x(axis, c->opened_known ? c->opened_ns : axis->from_ns);
	double to, closed;

	if (c->freed && !c->opened_known && c->life.n)
		end_ns = c->life.spans[c->life.n - 1].end_ns;
	to = svg__x(axis, end_ns);
	svg__rect(&page->html, from, y + 9, fmax(to - from, 1), 3, "life");
	if (!c->file_closed || c->freed)
		return;
	closed = c->closed_ns ? svg__x(axis, c->closed_ns) : from;
	svg__line(&page->html, closed, y + 10, to, y + 10, "closed");
}

static __u64 errors_of(const struct report_container *c)
{
	__u64 errors = 0;

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		errors += c->op[op] ? c->op[op]->errors : 0;
	return errors;
}

/* Hovering tells it in words. */
static void describe(const struct page *page, const struct report_container *c)
{
	FILE *text = page->html.text;
	char buf[FMT_MAX];

	fputs("<title>", page->html.out);
	fprintf(text, "container %s, ", fmt_container(buf, sizeof(buf), c->id));
	fprintf(text, "%s (%u)", *c->comm ? c->comm : "opener unknown", c->tgid);
	if (c->opened_known)
		fprintf(text, ", %s %s", c->freed ? "lived" : "alive for",
			fmt_latency(buf, sizeof(buf), c->age_ns));
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!c->op[op])
			continue;
		fprintf(text, "\n%llu %s", c->op[op]->count, event__op(op)->key);
		if (c->op[op]->errors)
			fprintf(text, ", %llu failed", c->op[op]->errors);
		if (c->op[op]->timed)
			fprintf(text, ", longest %s", fmt_latency(buf, sizeof(buf), c->op[op]->max_ns));
	}
	fputs("</title>\n", page->html.out);
}

static void draw_container(const struct page *page, const struct report_container *c,
			   const struct svg_time *axis, double y)
{
	char name[64];

	fputs("<g>", page->html.out);
	describe(page, c);
	svg__text(&page->html, 0, y + 14, errors_of(c) ? "err" : "strong", "%s",
		  html_parts__name(c, name, 30));
	draw_life(page, c, axis, y);
	for (size_t i = 0; i < ARRAY_SIZE(drawing_order); i++)
		draw_kind(page, c, axis, y, drawing_order[i]);
	fputs("</g>\n", page->html.out);
}

static void draw_kinds_legend(const struct page *page)
{
	double x = 0;

	for (unsigned int kind = 0; kind < TIMELINE_KINDS; kind++) {
		if (kind == TIMELINE_FAILED)
			fprintf(page->html.out, "<path d=\"M%.1f 15l4 -7h-8z\" class=\"c-fail\"/>\n",
				x + 6);
		else
			svg__rect(&page->html, x, 2 + kinds[kind].from, 12,
				  kinds[kind].to - kinds[kind].from, kinds[kind].class);
		svg__text(&page->html, x + 17, 16, "strong", "%s", kinds[kind].title);
		x += 40 + 6.2 * (double)strlen(kinds[kind].title);
	}
	svg__line(&page->html, x, 12, x + 22, 12, "closed");
	svg__text(&page->html, x + 28, 16, "strong", "file closed, not freed");
}

static int by_opening(const void *a, const void *b)
{
	const struct report_container *x = *(const struct report_container *const *)a;
	const struct report_container *y = *(const struct report_container *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

void html_plots__containers(struct page *page)
{
	size_t all = page->report->n_containers, n = all < HTML_MAX_BARS ? all : HTML_MAX_BARS;
	const struct report_container **list = xmemdup(page->busiest, n, sizeof(*list));
	struct svg_time axis = time_axis(page, NAME_WIDTH, WIDTH - 10 - NAME_WIDTH);
	double bottom = BAR_TOP + BAR_HEIGHT * (double)n;

	html__section(&page->html, "containers", "What the containers did, and when");
	say_zero(page);
	if (n < all)
		fprintf(page->html.out, " Drawn are the %zu busiest of %zu containers.", n, all);
	fputs(" Calls that are close to each other are drawn as one; names of containers in which a "
	      "call failed are red and bold.</p>\n", page->html.out);
	if (n)
		qsort(list, n, sizeof(*list), by_opening);
	svg__begin(&page->html, WIDTH, bottom + 22, "Containers over time",
		   "A bar for each container, from its open to its end, with its calls in it. The "
		   "tables below have the numbers.");
	draw_kinds_legend(page);
	svg__time_axis(&page->html, &axis, BAR_TOP, bottom);
	for (size_t i = 0; i < n; i++)
		draw_container(page, list[i], &axis, BAR_TOP + 2 + BAR_HEIGHT * (double)i);
	draw_gaps(page, &axis, BAR_TOP, bottom);
	svg__end(&page->html);
	free(list);
}
