// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_columns.c - lines of text from rows and fields, fitted to a width
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "view_columns.h"

#define NO_LIMIT (VIEW_LINE_SIZE - 1)

static int max_of(int a, int b)
{
	return a > b ? a : b;
}

static int min_of(int a, int b)
{
	return a < b ? a : b;
}

void view_columns__init(struct view_columns *columns, const struct field *fields, size_t n_fields)
{
	assert(n_fields <= VIEW_MAX_FIELDS);
	*columns = (struct view_columns){ .fields = fields, .n_fields = n_fields };
}

void view_columns__measure(struct view_columns *columns, const struct field_row *row)
{
	for (size_t i = 0; i < columns->n_fields; i++) {
		struct field_value value = field__get(&columns->fields[i], row);
		char cell[VIEW_CELL_SIZE];

		field__format(&columns->fields[i], &value, cell, sizeof(cell));
		columns->seen[i] = max_of(columns->seen[i], strlen(cell));
	}
}

/* The least that a column is shown with: its title, or what its texts need if that is more. */
static int least(const struct view_columns *columns, size_t i)
{
	const struct field *field = &columns->fields[i];

	return max_of(strlen(field->title), min_of(columns->seen[i], field->width));
}

static int most(const struct view_columns *columns, size_t i)
{
	const struct field *field = &columns->fields[i];

	return max_of(least(columns, i),
		      min_of(columns->seen[i], max_of(field->width, field->max_width)));
}

/* Width of all fields up to @rank, each with a space before it but the first. */
static int width_to_rank(const struct view_columns *columns, int rank)
{
	int width = -1;

	for (size_t i = 0; i < columns->n_fields; i++)
		if (columns->fields[i].rank <= rank)
			width += 1 + least(columns, i);
	return width;
}

/* The highest rank whose fields all fit; rank 0 is shown, and cut, whatever the width. */
static int last_rank(const struct view_columns *columns, int width)
{
	int rank = 0;

	while (rank + 1 < FIELD_RANK_JSON_ONLY && width_to_rank(columns, rank + 1) <= width)
		rank++;
	return rank;
}

void view_columns__fit(struct view_columns *columns, int width)
{
	int rank, spare, at = 0;

	if (!width || width > NO_LIMIT)
		width = NO_LIMIT;
	rank = last_rank(columns, width);
	spare = width - width_to_rank(columns, rank);
	columns->n_shown = 0;
	for (size_t i = 0; i < columns->n_fields; i++) {
		struct view_column *column = &columns->shown[columns->n_shown];
		int more;

		if (columns->fields[i].rank > rank)
			continue;
		more = max_of(0, min_of(spare, most(columns, i) - least(columns, i)));
		spare -= more;
		column->field = &columns->fields[i];
		column->at = at;
		column->width = least(columns, i) + more;
		at += column->width + 1;
		columns->n_shown++;
	}
}

/* Puts @text into its column; a '+' says that it was cut. */
static void put(const struct view_column *column, const char *text, char line[VIEW_LINE_SIZE])
{
	int length = strlen(text);
	int shown = min_of(length, column->width);
	int at = column->at;

	if (!field__is_left(column->field))
		at += column->width - shown;
	if (at + shown >= VIEW_LINE_SIZE)
		return;
	memcpy(line + at, text, shown);
	if (shown < length && shown > 0)
		line[at + shown - 1] = '+';
}

static void begin(char line[VIEW_LINE_SIZE])
{
	memset(line, ' ', VIEW_LINE_SIZE - 1);
	line[VIEW_LINE_SIZE - 1] = '\0';
}

static void end(char line[VIEW_LINE_SIZE])
{
	size_t n = strlen(line);

	while (n && line[n - 1] == ' ')
		n--;
	line[n] = '\0';
}

void view_columns__head(const struct view_columns *columns, char line[VIEW_LINE_SIZE])
{
	begin(line);
	for (size_t i = 0; i < columns->n_shown; i++)
		put(&columns->shown[i], columns->shown[i].field->title, line);
	end(line);
}

void view_columns__line(const struct view_columns *columns, const struct field_row *row,
			char line[VIEW_LINE_SIZE])
{
	begin(line);
	for (size_t i = 0; i < columns->n_shown; i++) {
		const struct view_column *column = &columns->shown[i];
		struct field_value value = field__get(column->field, row);
		char cell[VIEW_CELL_SIZE];

		field__format(column->field, &value, cell, sizeof(cell));
		put(column, cell, line);
	}
	end(line);
}

const struct view_column *view_columns__find(const struct view_columns *columns,
					     const struct field *field)
{
	for (size_t i = 0; i < columns->n_shown; i++)
		if (columns->shown[i].field == field)
			return &columns->shown[i];
	return NULL;
}
