/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_choice.h - what the user wants to see of the containers: which of them, which columns,
 * in which form
 *
 * Filled by the options, used by the screen and by batch.
 */
#ifndef VFIO_OBS_VIEW_CHOICE_H
#define VFIO_OBS_VIEW_CHOICE_H

#include "view_columns.h"
#include "view_filter.h"
#include "view_rows.h"

/* Zeroed: all containers, all columns. @fields must live as long as what uses them. */
struct view_choice {
	struct view_filter filter;
	struct field fields[VIEW_MAX_FIELDS];
	size_t n_fields;
	bool tree; /* by whose they are */
	const struct field *sort; /* NULL: the hottest first */
	bool reverse;		  /* than @sort does by itself */
};

static inline const struct field *view_choice__sort(const struct view_choice *choice)
{
	return choice->sort ? choice->sort : view_rows__default_sort();
}

/* The columns of the table of containers; returns their number. */
static inline size_t view_choice__fields(const struct view_choice *choice,
					 const struct field **fields)
{
	if (!choice->n_fields)
		return field__containers(fields);
	*fields = choice->fields;
	return choice->n_fields;
}

#endif
