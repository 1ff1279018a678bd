// SPDX-License-Identifier: GPL-2.0-only
/*
 * html.c - writing a page: tags, tables, pictures
 */
#include <stdarg.h>

#include "html.h"
#include "html_style.h"
#include "lib/fmt.h"
#include "lib/xalloc.h"

#define NSEC 1000000000ULL
#define DASH "\342\200\223" /* in UTF-8 */

/* Text */

static const char *escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

/* The source has made it printable; what is not all the same must not break the page. */
static ssize_t write_escaped(void *cookie, const char *text, size_t len)
{
	FILE *out = cookie;

	for (size_t i = 0; i < len; i++) {
		const char *escape = escape_of(text[i]);
		bool plain = (text[i] >= ' ' && text[i] <= '~') || text[i] == '\n';

		if (escape)
			fputs(escape, out);
		else
			fputc(plain ? text[i] : '?', out);
	}
	return len;
}

/* The page */

/* Nothing is loaded and no script runs, even if something were not escaped. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

void html__begin(struct html *html, FILE *out, __u64 offset, const char *title)
{
	const cookie_io_functions_t escaped = { .write = write_escaped };

	*html = (struct html){ .out = out, .offset = offset };
	html->text = xalloc__check(fopencookie(out, "w", escaped));
	setvbuf(html->text, NULL, _IONBF, 0); /* in order with @out */
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	      "<meta name=\"generator\" content=\"vfio-trace " VFIO_OBS_VERSION "\"/>\n<title>", out);
	fputs(title, html->text);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", html_style);
}

void html__end(struct html *html)
{
	fputs("</body>\n</html>\n", html->out);
	fclose(html->text);
}

void html__section(const struct html *html, const char *id, const char *title)
{
	fprintf(html->out, "<h2 id=\"%s\">%s</h2>\n", id, title);
}

/* Tables */

/* Wider than a narrow window, a table is scrolled in its box: by keyboard, too. */
void html__table(const struct html *html, const char *id, const char *caption,
		 const char *const *heads, size_t n)
{
	fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", html->out);
	fputs(caption, html->text);
	fputs("\">\n<table", html->out);
	if (id)
		fprintf(html->out, " id=\"%s\"", id);
	fputs(">\n<caption>", html->out);
	fputs(caption, html->text);
	fputs("</caption>\n<thead><tr>", html->out);
	for (size_t i = 0; i < n; i++) {
		bool number = *heads[i] == '#';

		fprintf(html->out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"n\"" : "",
			heads[i] + number);
	}
	fputs("</tr></thead>\n<tbody>\n", html->out);
}

void html__table_end(const struct html *html)
{
	fputs("</tbody>\n</table>\n</div>\n", html->out);
}

void html__head_cell(const struct html *html, const char *text)
{
	fputs("<th scope=\"row\">", html->out);
	fputs(text, html->text);
	fputs("</th>", html->out);
}

void html__cell(const struct html *html, const char *text)
{
	fputs("<td>", html->out);
	fputs(text, html->text);
	fputs("</td>", html->out);
}

void html__cell_count(const struct html *html, __u64 count)
{
	fprintf(html->out, "<td class=\"n\">%llu</td>", count);
}

void html__cell_number(const struct html *html, const char *text)
{
	fprintf(html->out, "<td class=\"n\">%s</td>", text ? text : DASH);
}

static void exact_cell(const struct html *html, __u64 exact, const char *unit, const char *text)
{
	fprintf(html->out, "<td class=\"n\" title=\"%llu %s\">%s</td>", exact, unit, text);
}

void html__cell_ns(const struct html *html, bool known, __u64 ns)
{
	char text[FMT_MAX];

	if (known)
		exact_cell(html, ns, "ns", fmt_latency(text, sizeof(text), ns));
	else
		html__cell_number(html, NULL);
}

void html__cell_bytes(const struct html *html, bool known, __u64 bytes)
{
	char text[FMT_MAX];

	if (known)
		exact_cell(html, bytes, "bytes", fmt_bytes(text, sizeof(text), bytes));
	else
		html__cell_number(html, NULL);
}

void html__time(const struct html *html, __u64 ts_ns)
{
	char iso[FMT_MAX], text[FMT_MAX];

	if (html->offset)
		fprintf(html->out, "<time datetime=\"%s\">%s</time>",
			fmt_time_iso(iso, sizeof(iso), ts_ns + html->offset),
			fmt_time_utc(text, sizeof(text), ts_ns + html->offset));
	else
		fprintf(html->out, "%.6f s since boot", (double)ts_ns / NSEC);
}

/* Pictures */

void svg__begin(struct html *html, double width, double height, const char *title,
		const char *desc)
{
	unsigned int id = html->ids++;

	fprintf(html->out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	fputs(title, html->text);
	fprintf(html->out, "\">\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" "
		"role=\"img\" aria-labelledby=\"t%u d%u\">\n<title id=\"t%u\">", width, height, id,
		id, id);
	fputs(title, html->text);
	fprintf(html->out, "</title>\n<desc id=\"d%u\">", id);
	fputs(desc, html->text);
	fputs("</desc>\n", html->out);
}

void svg__end(const struct html *html)
{
	fputs("</svg>\n</div>\n", html->out);
}

void svg__text(const struct html *html, double x, double y, const char *class,
	       const char *format, ...)
{
	va_list args;

	fprintf(html->out, "<text x=\"%.4g\" y=\"%.4g\" class=\"%s\">", x, y, class);
	va_start(args, format);
	vfprintf(html->text, format, args);
	va_end(args);
	fputs("</text>\n", html->out);
}

void svg__rect(const struct html *html, double x, double y, double width, double height,
	       const char *class)
{
	fprintf(html->out, "<rect x=\"%.5g\" y=\"%.5g\" width=\"%.4g\" height=\"%.4g\" class=\"%s\"/>\n",
		x, y, width, height, class);
}

void svg__line(const struct html *html, double x1, double y1, double x2, double y2,
	       const char *class)
{
	fprintf(html->out, "<path d=\"M%.5g %.5gL%.5g %.5g\" class=\"%s\"/>\n", x1, y1, x2, y2,
		class);
}

double svg__x(const struct svg_time *axis, __u64 ts_ns)
{
	__u64 span = axis->to_ns > axis->from_ns ? axis->to_ns - axis->from_ns : 1;

	if (ts_ns <= axis->from_ns)
		return axis->x;
	if (ts_ns >= axis->to_ns)
		return axis->x + axis->width;
	return axis->x + axis->width * (double)(ts_ns - axis->from_ns) / (double)span;
}

/* At most 8 of them in @span. */
static __u64 tick_step(__u64 span)
{
	static const __u64 long_steps[] = { 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800,
					    3600, 7200, 10800, 21600, 43200, 86400 };
	static const __u64 steps[] = { 1, 2, 5 };

	for (__u64 power = 1; power < NSEC; power *= 10)
		for (size_t i = 0; i < 3; i++)
			if (span / (steps[i] * power) <= 8)
				return steps[i] * power;
	for (size_t i = 0; i < sizeof(long_steps) / sizeof(*long_steps); i++)
		if (span / (long_steps[i] * NSEC) <= 8)
			return long_steps[i] * NSEC;
	return (span / (8 * 86400 * NSEC) + 1) * 86400 * NSEC;
}

/* All ticks of an axis in the unit of its end. */
static char *tick_label(char *buf, size_t size, __u64 ns, __u64 span)
{
	if (!ns)
		snprintf(buf, size, "0");
	else if (span >= 120 * NSEC)
		fmt_age(buf, size, ns);
	else if (span >= NSEC)
		snprintf(buf, size, "%gs", (double)ns / 1e9);
	else if (span >= 1000000)
		snprintf(buf, size, "%gms", (double)ns / 1e6);
	else
		snprintf(buf, size, "%gus", (double)ns / 1e3);
	return buf;
}

void svg__time_axis(const struct html *html, const struct svg_time *axis, double top,
		    double bottom)
{
	__u64 span = axis->to_ns > axis->from_ns ? axis->to_ns - axis->from_ns : 1;
	__u64 step = tick_step(span);
	char text[FMT_MAX];

	for (__u64 i = 0; i <= span / step; i++) {
		double x = svg__x(axis, axis->from_ns + i * step);

		svg__line(html, x, top, x, bottom + 4, "grid");
		svg__text(html, x, bottom + 16, "mid", "%s",
			  tick_label(text, sizeof(text), i * step, span));
	}
	svg__line(html, axis->x, bottom, axis->x + axis->width, bottom, "axis");
}
