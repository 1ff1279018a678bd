/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html.h - writing a page: tags, tables, pictures
 *
 * For report_html.c and its parts. A page is well-formed XML, too, so that any tool can read it.
 * What comes from a recording is written to @text and nowhere else: there all that means something
 * in HTML is escaped. Errors of writing stay in @out, for ferror().
 */
#ifndef VFIO_TRACE_HTML_H
#define VFIO_TRACE_HTML_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * @out:    tags
 * @text:   text between tags and values of attributes, in the same order as @out
 * @offset: CLOCK_REALTIME - CLOCK_BOOTTIME of the recording, 0 unknown
 * @ids:    given to pictures until now
 */
struct html {
	FILE *out, *text;
	__u64 offset;
	unsigned int ids;
};

/* A page that is called @title, until its <body>. @html is to be closed; @out stays open. */
void html__begin(struct html *html, FILE *out, __u64 offset, const char *title);
void html__end(struct html *html);

/* "<h2 id="@id">@title</h2>" */
void html__section(const struct html *html, const char *id, const char *title);

/*
 * html__table - a table until its first row. @heads: @n titles of columns; those that begin with #
 * are of numbers. @id: NULL none. html__table_end().
 */
void html__table(const struct html *html, const char *id, const char *caption,
		 const char *const *heads, size_t n);
void html__table_end(const struct html *html);

/* Cells; hovering tells the exact number. Of an unknown one there is a dash. */
void html__head_cell(const struct html *html, const char *text);
void html__cell(const struct html *html, const char *text);
void html__cell_count(const struct html *html, __u64 count);
/* @text of a number, NULL: unknown. */
void html__cell_number(const struct html *html, const char *text);
void html__cell_ns(const struct html *html, bool known, __u64 ns);
void html__cell_bytes(const struct html *html, bool known, __u64 bytes);
/* An instant, CLOCK_BOOTTIME, in UTC if that is known, else since boot; outside of a cell, too. */
void html__time(const struct html *html, __u64 ts_ns);

/*
 * svg__begin - a picture of @width and @height, in which a unit is about a pixel. @title says what
 * it is, @desc what it shows, for who cannot see it. svg__end().
 */
void svg__begin(struct html *html, double width, double height, const char *title,
		const char *desc);
void svg__end(const struct html *html);

/* @class: of the style sheet, may be several. @x is its begin, middle or end, as @class says. */
void svg__text(const struct html *html, double x, double y, const char *class,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
void svg__rect(const struct html *html, double x, double y, double width, double height,
	       const char *class);
void svg__line(const struct html *html, double x1, double y1, double x2, double y2,
	       const char *class);

/* Where an instant is. */
struct svg_time {
	double x, width;
	__u64 from_ns, to_ns;
};
double svg__x(const struct svg_time *axis, __u64 ts_ns);
/* Lines from @top to @bottom and what they mean, below, in time since axis->from_ns. */
void svg__time_axis(const struct html *html, const struct svg_time *axis, double top,
		    double bottom);

#endif
