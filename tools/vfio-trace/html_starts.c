// SPDX-License-Identifier: GPL-2.0-only
/*
 * html_starts.c - the longest starts of containers: a bar for each, and what is in it
 */
#include <stdlib.h>
#include <string.h>

#include "html_parts.h"
#include "lib/error.h"
#include "lib/fmt.h"
#include "report_text.h"

#define WIDTH 960
#define NAME_WIDTH 190
#define BAR_WIDTH 690
#define BAR_HEIGHT 30
#define BAR_TOP 52
/* Of a letter; shorter bars have no text in them. */
#define LETTER 6.9

enum segment {
	SEG_PIN, SEG_IOMMU, SEG_REST, SEG_MAP, SEG_SET_IOMMU, SEG_ATTACH, SEG_DEVICE_FD, SEG_GROUP,
	SEG_IOCTL, SEG_BETWEEN, SEGMENTS
};

static const struct {
	const char *title, *class, *text_class;
} segments[SEGMENTS] = {
	[SEG_PIN] = { "map_dma: fault and pin", "c-pin", "on-dark" },
	[SEG_IOMMU] = { "map_dma: map in IOMMU", "c-iommu", "on-light" },
	[SEG_REST] = { "map_dma: rest", "c-rest", "on-light" },
	[SEG_MAP] = { "map_dma: not known", "c-map", "on-dark" },
	[SEG_SET_IOMMU] = { "set_iommu", "c-set", "on-dark" },
	[SEG_ATTACH] = { "attach", "c-attach", "on-light" },
	[SEG_DEVICE_FD] = { "get_device_fd", "c-device", "on-light" },
	[SEG_GROUP] = { "group_ioctl", "c-group", "on-light" },
	[SEG_IOCTL] = { "ioctl", "c-ioctl", "on-light" },
	[SEG_BETWEEN] = { "between calls", "c-between", "on-card" },
};

/* Of several tasks at once the clock has less than all calls together: shares of it. */
static void split_map(const struct start *start, double ns[SEGMENTS])
{
	const struct model_map_parts *parts = &start->map_parts;
	double self = (double)start->sum[START_MAP].self_ns;
	double total = (double)model_map_sum(parts, total_ns), scale;

	if (!parts->count || total <= 0) {
		ns[SEG_MAP] = self;
		return;
	}
	scale = total > self ? self / total : 1;
	ns[SEG_PIN] = scale * (double)model_map_sum(parts, pin_ns);
	ns[SEG_IOMMU] = scale * (double)model_map_sum(parts, iommu_ns);
	ns[SEG_REST] = scale * (double)model_map_parts__rest(parts);
	if (parts->count < start->sum[START_MAP].count)
		ns[SEG_MAP] = self - scale * total;
	else
		ns[SEG_REST] += self - scale * total;
}

static void split(const struct start *start, double ns[SEGMENTS])
{
	memset(ns, 0, SEGMENTS * sizeof(*ns));
	split_map(start, ns);
	ns[SEG_SET_IOMMU] = (double)start->sum[START_SET_IOMMU].self_ns;
	ns[SEG_ATTACH] = (double)start->sum[START_ATTACH].self_ns;
	ns[SEG_DEVICE_FD] = (double)start->sum[START_DEVICE_FD].self_ns;
	ns[SEG_GROUP] = (double)start->sum[START_GROUP].self_ns;
	ns[SEG_IOCTL] = (double)start->sum[START_IOCTL].self_ns;
	ns[SEG_BETWEEN] = (double)start__between(start);
}

/* With what is free around it. */
static double label_width(const char *label)
{
	return LETTER * (double)strlen(label) + 10;
}

static void draw_segment(const struct page *page, double x, double y, double width,
			 enum segment segment, double ns, double span)
{
	const char *title = segments[segment].title;
	char text[FMT_MAX], label[64];

	fprintf(page->html.out, "<g><title>%s: %s, %.1f%%</title>", title,
		fmt_latency(text, sizeof(text), (__u64)ns), ns / span * 100);
	svg__rect(&page->html, x, y, width > 1.5 ? width - 1 : width, BAR_HEIGHT - 9,
		  segments[segment].class);
	snprintf(label, sizeof(label), "%.0f%% %s", ns / span * 100, title);
	if (width < label_width(label))
		snprintf(label, sizeof(label), "%.0f%%", ns / span * 100);
	if (width >= label_width(label))
		svg__text(&page->html, x + 6, y + 15, segments[segment].text_class, "%s", label);
	fputs("</g>\n", page->html.out);
}

static void draw_start(const struct page *page, const struct start_entry *entry, double y)
{
	double longest = (double)start__span(page->starts[0].start);
	double span = (double)start__span(entry->start), x = NAME_WIDTH, ns[SEGMENTS];
	char text[64];

	svg__text(&page->html, 0, y + 15, "strong", "%s",
		  html_parts__name(entry->c, text, 30));
	split(entry->start, ns);
	for (unsigned int i = 0; i < SEGMENTS; i++) {
		double width = BAR_WIDTH * ns[i] / longest;

		if (ns[i] < 1)
			continue;
		draw_segment(page, x, y, width, i, ns[i], span);
		x += width;
	}
	svg__text(&page->html, x + 6, y + 15, "strong", "%s",
		  fmt_latency(text, sizeof(text), start__span(entry->start)));
}

static void draw_legend(const struct page *page, size_t n)
{
	double x = 0, y = 4;

	for (unsigned int i = 0; i < SEGMENTS; i++) {
		double ns[SEGMENTS], width = 30 + LETTER * (double)strlen(segments[i].title);
		bool any = false;

		for (size_t s = 0; s < n && !any; s++) {
			split(page->starts[s].start, ns);
			any = ns[i] >= 1;
		}
		if (!any)
			continue;
		if (x + width > WIDTH) {
			x = 0;
			y += 18;
		}
		svg__rect(&page->html, x, y, 12, 12, segments[i].class);
		svg__text(&page->html, x + 17, y + 10, "strong", "%s", segments[i].title);
		x += width;
	}
}

static void draw_starts(struct page *page, size_t n)
{
	double bottom = BAR_TOP + BAR_HEIGHT * (double)n;
	struct svg_time axis = { NAME_WIDTH, BAR_WIDTH, 0, start__span(page->starts[0].start) };

	svg__begin(&page->html, WIDTH, bottom + 22, "What took the time of each start",
		   "A bar for each start, as long as it took, with the share of each kind of call. The "
		   "tables below have the same as numbers.");
	draw_legend(page, n);
	svg__time_axis(&page->html, &axis, BAR_TOP - 6, bottom);
	for (size_t i = 0; i < n; i++)
		draw_start(page, &page->starts[i], BAR_TOP + BAR_HEIGHT * (double)i);
	svg__end(&page->html);
}

/* Numbers of one start */

static void share_cell(const struct page *page, __u64 ns, __u64 span)
{
	fprintf(page->html.out, "<td class=\"n\">%.1f%%</td>",
		span ? (double)ns / (double)span * 100 : 0);
}

static void print_sum(const struct page *page, const struct start_sum *sum, enum start_part part,
		      __u64 span)
{
	const struct html *html = &page->html;
	char text[FMT_MAX];

	fputs("<tr>", html->out);
	html__head_cell(html, start__part_key[part]);
	html__cell_ns(html, true, sum->self_ns);
	share_cell(page, sum->self_ns, span);
	html__cell_count(html, sum->count);
	html__cell_count(html, sum->errors);
	html__cell_ns(html, sum->untimed < sum->count, sum->max_self_ns);
	html__cell_bytes(html, sum->bytes, sum->bytes);
	if (sum->moved_ns)
		start_text__speed(text, sizeof(text), sum->moved_bytes, sum->moved_ns);
	html__cell_number(html, sum->moved_ns ? text : NULL);
	fputs("</tr>\n", html->out);
}

static void print_part(const struct page *page, const char *title, __u64 ns, __u64 span, __u64 n,
		       const char *of, __u64 bytes)
{
	const struct html *html = &page->html;

	fputs("<tr class=\"sub\">", html->out);
	html__head_cell(html, title);
	html__cell_ns(html, true, ns);
	share_cell(page, ns, span);
	fputs("<td colspan=\"5\">", html->out);
	if (n)
		report_text__chunks(n, of, bytes, html->text);
	fputs("</td></tr>\n", html->out);
}

static void print_map_parts(const struct page *page, const struct start *start)
{
	const struct model_map_parts *parts = &start->map_parts;
	__u64 span = start__span(start);

	if (!parts->count || !start_text__pins(parts)) {
		fprintf(page->html.out, "<tr class=\"sub\"><th scope=\"row\">inside</th>"
			"<td colspan=\"7\">%s</td></tr>\n", parts->count ? "pinned no page" :
			"unknown: no vfio_map_parts is recorded");
		return;
	}
	print_part(page, "fault and pin", model_map_sum(parts, pin_ns), span,
		   model_map_sum(parts, chunks), "chunk", model_map_sum(parts, pin_bytes));
	print_part(page, "map in IOMMU", model_map_sum(parts, iommu_ns), span,
		   model_map_known(parts, iommu_maps) ? model_map_sum(parts, iommu_maps) : 0, "map",
		   model_map_sum(parts, iommu_bytes));
	print_part(page, "rest", model_map_parts__rest(parts), span, 0, "", 0);
	if (parts->count < start->sum[START_MAP].count)
		fprintf(page->html.out, "<tr class=\"sub\"><td colspan=\"8\">is known of %llu of the "
			"%llu calls</td></tr>\n", parts->count, start->sum[START_MAP].count);
}

static void say_unknown(const struct page *page, const struct start *start)
{
	__u64 untimed = 0, unread = 0;

	for (unsigned int i = 0; i < START_PARTS; i++) {
		untimed += start->sum[i].untimed;
		unread += start->sum[i].unread;
	}
	if (untimed)
		fprintf(page->html.out, "<p class=\"soft\">%llu calls whose duration is unknown are in "
			"no time.</p>\n", untimed);
	if (unread)
		fprintf(page->html.out, "<p class=\"soft\">%llu map_dma whose size is unknown are not in "
			"the bytes.</p>\n", unread);
}

static void print_sums(const struct page *page, const struct start *start, const char *caption)
{
	static const char *const heads[] = { "In", "#Time", "#Share", "#Calls", "#Errors",
					     "#Longest", "#Bytes", "#Speed" };
	const struct html *html = &page->html;
	__u64 span = start__span(start);

	html__table(html, NULL, caption, heads, ARRAY_SIZE(heads));
	for (unsigned int i = 0; i < START_PARTS; i++) {
		if (!start->sum[i].count)
			continue;
		print_sum(page, &start->sum[i], i, span);
		if (i == START_MAP)
			print_map_parts(page, start);
	}
	fputs("<tr>", html->out);
	html__head_cell(html, "between calls");
	html__cell_ns(html, true, start__between(start));
	share_cell(page, start__between(start), span);
	fputs("<td colspan=\"5\"></td></tr>\n", html->out);
	html__table_end(html);
	say_unknown(page, start);
}

static void begin_row(const struct page *page, const char *key, __u64 since_ns, bool known,
		      __u64 ns)
{
	fputs("<tr>", page->html.out);
	html__head_cell(&page->html, key);
	fprintf(page->html.out, "<td class=\"n\">+%.6fs</td>", (double)since_ns / 1e9);
	html__cell_ns(&page->html, known, ns);
	fputs("<td class=\"wrap\">", page->html.out);
}

static void print_call(const struct page *page, const struct start *start,
		       const struct start_call *call)
{
	FILE *out = page->html.out, *text = page->html.text;

	begin_row(page, start__part_key[call->part], call->begin_ns - start->opened_ns,
		  call->ns != VFIO_OBS_UNKNOWN, call->ns);
	start_text__what(page->report, call, text);
	start_text__inside(call, "; ", text);
	fputs(" <span class=\"err\">", out);
	start_text__result(call, "", text);
	fputs("</span></td></tr>\n", out);
}

static void print_more(const struct page *page, const struct start *start)
{
	for (unsigned int part = 0; part < START_PARTS; part++) {
		char what[200] = "";
		FILE *line = fmemopen(what, sizeof(what), "w");
		__u64 ns;
		bool any = line && start_text__more(start, part, &ns, line);

		if (line)
			fclose(line);
		if (!any)
			continue;
		fputs("<tr>", page->html.out);
		html__head_cell(&page->html, start__part_key[part]);
		fputs("<td></td>", page->html.out);
		html__cell_ns(&page->html, true, ns);
		html__cell(&page->html, what);
		fputs("</tr>\n", page->html.out);
	}
}

static void print_calls(const struct page *page, const struct start *start, const char *caption)
{
	static const char *const heads[] = { "Call", "#Since open", "#Took", "What" };
	const struct start_gap *gap = start_text__next_gap(start, 0);

	html__table(&page->html, NULL, caption, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < start->n_calls; i++) {
		for (; gap && gap->begin_ns <= start->calls[i].begin_ns;
		     gap = start_text__next_gap(start, gap->begin_ns + 1)) {
			begin_row(page, "between calls", gap->begin_ns - start->opened_ns, true,
				  gap->end_ns - gap->begin_ns);
			fputs("</td></tr>\n", page->html.out);
		}
		print_call(page, start, &start->calls[i]);
	}
	print_more(page, start);
	html__table_end(&page->html);
}

static void print_start(const struct page *page, const struct start_entry *entry, bool open)
{
	const struct html *html = &page->html;
	char name[300], caption[400], sentence[1024];

	html_parts__name(entry->c, name, sizeof(name));
	start__sentence(entry->start, sentence, sizeof(sentence));
	fprintf(html->out, "<details%s>\n<summary>", open ? " open=\"open\"" : "");
	fprintf(html->text, "Container %s: %s", name, sentence);
	fputs("</summary>\n<p>Opened ", html->out);
	html__time(html, entry->c->opened_ns);
	fputs(". ", html->out);
	start_text__end(entry->start, html->text);
	fputs(" ", html->out);
	fputs(start__advice(entry->start, sentence, sizeof(sentence)), html->text);
	fputs(*sentence ? ".</p>\n" : "</p>\n", html->out);
	snprintf(caption, sizeof(caption), "What took the time of the start of container %s", name);
	print_sums(page, entry->start, caption);
	snprintf(caption, sizeof(caption), "The longest calls in the start of container %s", name);
	print_calls(page, entry->start, caption);
	fputs("</details>\n", html->out);
}

void html_starts__print(struct page *page)
{
	size_t n = page->n_starts < START_MAX_SHOWN ? page->n_starts : START_MAX_SHOWN;
	const char *doubt = start_text__doubt(page->report);
	FILE *out = page->html.out;

	html__section(&page->html, "starts", "Starts: what took their time");
	fputs("<p class=\"soft\">A start goes from the open of a container to the last attach, set_iommu, "
	      "map_dma or get_device_fd before its first unmap_dma or its close.", out);
	if (n < page->n_starts)
		fprintf(out, " Shown are the %zu longest of %zu starts.", n, page->n_starts);
	if (page->n_unseen)
		fprintf(out, " Nothing is known of the starts of %zu containers, whose open is not in the "
			"recording.", page->n_unseen);
	fputs("</p>\n", out);
	if (doubt)
		fprintf(out, "<p class=\"err\">%s</p>\n", doubt);
	if (!n) {
		fputs("<p>No container was opened and used in the recording.</p>\n", out);
		return;
	}
	draw_starts(page, n);
	for (size_t i = 0; i < n; i++)
		if (!start_text__is_short(page->starts[i].start, page->starts[0].start))
			print_start(page, &page->starts[i], !i);
}
