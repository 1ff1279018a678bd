/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_columns.h - lines of text from rows and fields, fitted to a width
 *
 * Used by the screen and by batch: both show the same columns in the same order.
 */
#ifndef VFIO_OBS_VIEW_COLUMNS_H
#define VFIO_OBS_VIEW_COLUMNS_H

#include "field.h"

enum { VIEW_MAX_FIELDS = 24, VIEW_CELL_SIZE = 128, VIEW_LINE_SIZE = 1024 };

struct view_column {
	const struct field *field;
	int at, width;
};

/*
 * Which columns of a table are shown, and where.
 * @seen: widest text of each field until now, so that columns do not jump about
 */
struct view_columns {
	const struct field *fields;
	size_t n_fields;
	int seen[VIEW_MAX_FIELDS];
	struct view_column shown[VIEW_MAX_FIELDS];
	size_t n_shown;
};

void view_columns__init(struct view_columns *columns, const struct field *fields, size_t n_fields);

/* Take a row's texts into account. */
void view_columns__measure(struct view_columns *columns, const struct field_row *row);

/*
 * view_columns__fit - choose columns for @width: the highest ranks leave first, what is left
 * over widens columns that have more to say. A @width of 0 has no limit.
 */
void view_columns__fit(struct view_columns *columns, int width);

/* The titles, and a row, as one line without a newline. */
void view_columns__head(const struct view_columns *columns, char line[VIEW_LINE_SIZE]);
void view_columns__line(const struct view_columns *columns, const struct field_row *row,
			char line[VIEW_LINE_SIZE]);

/* Where @field is shown; NULL: it is not. */
const struct view_column *view_columns__find(const struct view_columns *columns,
					     const struct field *field);

#endif
