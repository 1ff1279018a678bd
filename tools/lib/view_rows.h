/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_rows.h - the rows of the tables: containers in order, operations that were called
 *
 * Used by the screen and by batch.
 */
#ifndef VFIO_OBS_VIEW_ROWS_H
#define VFIO_OBS_VIEW_ROWS_H

#include "field.h"
#include "view.h"
#include "view_filter.h"

/* What the screen begins with and batch keeps to: the hottest first. */
const struct field *view_rows__default_sort(void);

/* Order of two values, @direction 1 or -1; what is unknown comes last in either direction. */
int view_rows__compare(const struct field_value *a, const struct field_value *b, int direction);

/*
 * view_rows__containers - containers that @filter lets through (NULL: all) by @field, equal ones
 * the living first, then by id; @reverse turns the field's own direction around. The caller frees
 * *@rows (never NULL); they are valid as long as the model.
 */
size_t view_rows__containers(const struct view_frame *frame, const struct field *field,
			     bool reverse, const struct view_filter *filter,
			     struct field_row **rows);

/*
 * view_rows__ops - operations of @container that were called, of all containers when it is NULL.
 * Returns their number.
 */
size_t view_rows__ops(const struct view_frame *frame, const struct model_container *container,
		      struct field_row rows[VFIO_OP_COUNT]);

#endif
