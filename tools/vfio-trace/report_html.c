// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_html.c - vfio-trace report --html: a page to give away
 *
 * One file that needs nothing else: pictures are drawn here, nothing is loaded and no script runs.
 * What it says comes from the same places as what the text says.
 */
#include <stdlib.h>
#include <string.h>

#include "html_parts.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/xalloc.h"
#include "leaks.h"
#include "report_text.h"

#define MAX_GAPS 8
#define MAX_ANSWERED 8

char *html_parts__name(const struct report_container *c, char *buf, size_t size)
{
	char id[FMT_MAX], pid[16] = "";
	int room;

	fmt_container(id, sizeof(id), c->id);
	if (c->tgid)
		snprintf(pid, sizeof(pid), " (%u)", c->tgid);
	room = (int)size - (int)strlen(id) - (int)strlen(pid) - 3;
	snprintf(buf, size, "%s: %.*s%s", id, room > 0 ? room : 0, *c->comm ? c->comm : "?", pid);
	return buf;
}

/* What the recording is */

static void begin_fact(const struct page *page, const char *title)
{
	fprintf(page->html.out, "<dt>%s</dt><dd>", title);
}

static void end_fact(const struct page *page)
{
	fputs("</dd>\n", page->html.out);
}

static void print_time_facts(const struct page *page)
{
	const struct report *report = page->report;
	char text[FMT_MAX];

	begin_fact(page, "Events");
	fprintf(page->html.out, "%llu", report->events);
	end_fact(page);
	if (!report->events)
		return;
	begin_fact(page, "From");
	html__time(&page->html, report->first_ns);
	end_fact(page);
	begin_fact(page, "To");
	html__time(&page->html, report->last_ns);
	fprintf(page->html.out, ", %s later",
		fmt_latency(text, sizeof(text), report->last_ns - report->first_ns));
	end_fact(page);
}

static void print_facts(const struct page *page)
{
	const struct report *report = page->report;
	FILE *out = page->html.out, *text = page->html.text;

	fputs("<dl class=\"card\">\n", out);
	begin_fact(page, "Recording");
	fputs(report->info.detail, text);
	end_fact(page);
	begin_fact(page, "Host");
	fprintf(text, "%s, kernel %s", report->info.host, report->info.kernel);
	end_fact(page);
	print_time_facts(page);
	begin_fact(page, "Containers");
	fprintf(out, "%zu", report->n_containers);
	end_fact(page);
	begin_fact(page, "Lost events");
	fputs(source_loss__total(&report->loss) ? "<span class=\"err\">" : "<span>", out);
	report_text__lost(report, text);
	fputs("</span>", out);
	end_fact(page);
	begin_fact(page, "Complete");
	fputs(report->truncated ? "no, " : "yes", out);
	fputs(report->truncated ? report->truncated : "", text);
	end_fact(page);
	fputs("</dl>\n", out);
}

static void print_gaps(const struct page *page)
{
	const struct report *report = page->report;
	size_t n = report->n_gaps < MAX_GAPS ? report->n_gaps : MAX_GAPS;

	for (size_t i = 0; i < n; i++) {
		fputs("<li>", page->html.out);
		html__time(&page->html, report->gaps[i].ts_ns);
		fputs(": ", page->html.out);
		fputs(report->gaps[i].why, page->html.text);
		fputs("</li>\n", page->html.out);
	}
	if (n < report->n_gaps)
		fprintf(page->html.out, "<li>%zu more; report --json lists all</li>\n",
			report->n_gaps - n);
}

/* Whether all that follows can be believed. */
static void print_banner(const struct page *page)
{
	const struct report *report = page->report;
	FILE *out = page->html.out;

	if (!source_loss__total(&report->loss) && !report->n_gaps) {
		fputs("<div class=\"banner good\">The recording is whole, and no event was lost.</div>\n",
		      out);
		return;
	}
	fputs("<div class=\"banner bad\" role=\"note\">Not all is in this recording; numbers may be "
	      "too low.\n<ul>\n", out);
	if (source_loss__total(&report->loss)) {
		fputs("<li>Events lost: ", out);
		report_text__lost(report, page->html.text);
		fputs("</li>\n", out);
	}
	print_gaps(page);
	fputs("</ul></div>\n", out);
}

/* Answers */

static void answer_start(const struct page *page)
{
	const struct start_entry *longest = page->starts;
	FILE *out = page->html.out, *text = page->html.text;
	char line[1024], name[300];

	fputs("<div class=\"card\">\n<h3>Why did the VM start slowly?</h3>\n", out);
	if (page->n_starts) {
		fputs("<p>The longest start is of container ", out);
		fputs(html_parts__name(longest->c, name, sizeof(name)), text);
		fputs(": <strong>", out);
		fputs(start__sentence(longest->start, line, sizeof(line)), text);
		fputs("</strong>.</p>\n<p>", out);
		fputs(start__advice(longest->start, line, sizeof(line)), text);
		fprintf(out, "%s <a href=\"#starts\">All starts</a></p>\n", *line ? "." : "");
	} else {
		fputs("<p>No container was opened and used in the recording.</p>\n", out);
	}
	fputs("</div>\n", out);
}

static size_t answer_errors_of(const struct page *page, const char *key, const struct report_op *op,
			       size_t told)
{
	for (__u32 i = 0; i < op->n_errnos; i++) {
		const char *name = event__errno_name(op->errnos[i].err);

		if (told++ >= MAX_ANSWERED)
			continue;
		fputs("<li>", page->html.out);
		fprintf(page->html.text, "%s: %llu of %llu calls failed with %s (%u)", key,
			op->errnos[i].count, op->count, name ? name : "errno", op->errnos[i].err);
		fputs("</li>\n", page->html.out);
	}
	return told;
}

static void answer_errors(const struct page *page)
{
	const struct report *report = page->report;
	FILE *out = page->html.out;
	size_t told = 0;

	fputs("<div class=\"card\">\n<h3>What failed?</h3>\n<ul>\n", out);
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		told = answer_errors_of(page, event__op(op)->key, &report->total[op], told);
	for (size_t i = 0; i < report->n_group_calls; i++) {
		const struct report_group_call *call = &report->group_calls[i];
		char key[64];

		snprintf(key, sizeof(key), call->group == ~0U ? "%s of a group" : "%s of group %u",
			 model_group_call__key(call->kind), call->group);
		told = answer_errors_of(page, key, &call->op, told);
	}
	if (told > MAX_ANSWERED)
		fprintf(out, "<li>%zu more kinds</li>\n", told - MAX_ANSWERED);
	if (told)
		fputs("</ul>\n<p><a href=\"#errors\">All of them, and where</a></p>\n</div>\n", out);
	else
		fputs("<li>nothing</li>\n</ul>\n</div>\n", out);
}

/* Those that are more than an answer should have are folded. */
static void print_lines(const struct page *page, char *text)
{
	FILE *out = page->html.out;
	char *rest = text, *line;
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		if (n++ == MAX_ANSWERED)
			fputs("</ul>\n<details><summary>more of them</summary>\n<ul>\n", out);
		fputs("<li>", out);
		fputs(line, page->html.text);
		fputs("</li>\n", out);
	}
	fputs(n > MAX_ANSWERED ? "</ul>\n</details>\n" : "</ul>\n", out);
}

static void answer_leaks(const struct page *page)
{
	FILE *out = page->html.out, *lines;
	char *text;
	size_t size;

	lines = xalloc__check(open_memstream(&text, &size));
	leaks__print(page->report, "", lines);
	fclose(lines);
	fputs("<div class=\"card\">\n<h3>What never went away?</h3>\n<ul>\n", out);
	print_lines(page, text);
	fputs("</div>\n", out);
	free(text);
}

/* The page */

__u64 html_parts__time(const struct report_container *c)
{
	__u64 ns = 0;

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		ns += c->op[op] ? c->op[op]->sum_ns : 0;
	return ns;
}

static int busiest_first(const void *a, const void *b)
{
	const struct report_container *x = *(const struct report_container *const *)a;
	const struct report_container *y = *(const struct report_container *const *)b;
	__u64 nx = html_parts__time(x), ny = html_parts__time(y);

	if (nx != ny)
		return nx > ny ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void print_links(const struct page *page)
{
	fputs("<nav aria-label=\"Sections\"><a href=\"#answers\">Answers</a> "
	      "<a href=\"#starts\">Starts</a> <a href=\"#containers\">Containers over time</a> "
	      "<a href=\"#latency\">Latencies</a> <a href=\"#memory\">Memory</a> "
	      "<a href=\"#numbers\">Numbers</a></nav>\n", page->html.out);
}

static void print_all(struct page *page)
{
	html__section(&page->html, "answers", "Answers");
	answer_start(page);
	answer_errors(page);
	answer_leaks(page);
	html_starts__print(page);
	if (page->report->events) {
		html_plots__containers(page);
		html_plots__latency(page);
		html_plots__memory(page);
	}
	html_tables__print(page);
}

bool report__print_html(const struct report *report, bool only_starts, FILE *out)
{
	struct page page = { .report = report };
	char title[200];

	snprintf(title, sizeof(title), "VFIO on %s", *report->info.host ? report->info.host : "a host");
	page.busiest = xmemdup(report->containers, report->n_containers, sizeof(*page.busiest));
	if (report->n_containers)
		qsort(page.busiest, report->n_containers, sizeof(*page.busiest), busiest_first);
	page.starts = start_text__longest(report, &page.n_starts, &page.n_unseen);
	html__begin(&page.html, out, report->info.realtime_offset_ns, title);
	fputs("<header>\n<h1>", out);
	fputs(title, page.html.text);
	fputs("</h1>\n", out);
	print_banner(&page);
	print_facts(&page);
	if (!only_starts)
		print_links(&page);
	fputs("</header>\n<main>\n", out);
	if (only_starts)
		html_starts__print(&page);
	else
		print_all(&page);
	fputs("</main>\n<footer>Made by vfio-trace " VFIO_OBS_VERSION " report --html. Times are UTC; K, M "
	      "and G of bytes are powers of 1024.</footer>\n", out);
	html__end(&page.html);
	free(page.busiest);
	free(page.starts);
	return !ferror(out);
}
