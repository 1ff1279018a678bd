// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_rows.c - the rows of the tables: containers in order, operations that were called
 */
#include "view_rows.h"
#include "xalloc.h"

/* A value is got once for each row, not once for each comparison. */
struct sort_row {
	struct field_row row;
	struct field_value value;
	int direction;
};

int view_rows__compare(const struct field_value *a, const struct field_value *b, int direction)
{
	int order = field__compare(a, b);

	return a->type != b->type ? -order : order * direction;
}

static int by_value(const void *a, const void *b)
{
	const struct sort_row *x = a, *y = b;
	int order = view_rows__compare(&x->value, &y->value, x->direction);

	if (order)
		return order;
	if (x->row.container->freed != y->row.container->freed)
		return x->row.container->freed ? 1 : -1;
	return (x->row.container->id > y->row.container->id) -
	       (x->row.container->id < y->row.container->id);
}

const struct field *view_rows__default_sort(void)
{
	const struct field *fields;
	size_t n = field__containers(&fields);

	return field__find(fields, n, "ops_per_second");
}

size_t view_rows__containers(const struct view_frame *frame, const struct field *field,
			     bool reverse, const struct view_filter *filter,
			     struct field_row **rows)
{
	const struct model_container *const *list;
	size_t all = model__containers(frame->model, &list), n = 0;
	struct sort_row *sorted = xcalloc(all, sizeof(*sorted));

	for (size_t i = 0; i < all; i++) {
		struct sort_row *one = &sorted[n];

		if (filter && !view_filter__container(filter, frame, list[i]))
			continue;
		one->row = (struct field_row){
			.container = list[i],
			.op = VFIO_OP_NONE,
			.now_ns = frame->now_ns,
		};
		one->value = field->get(&one->row);
		one->direction = field->low_first == reverse ? -1 : 1;
		n++;
	}
	qsort(sorted, n, sizeof(*sorted), by_value);
	*rows = xcalloc(n, sizeof(**rows));
	for (size_t i = 0; i < n; i++)
		(*rows)[i] = sorted[i].row;
	free(sorted);
	return n;
}

size_t view_rows__ops(const struct view_frame *frame, const struct model_container *container,
		      struct field_row rows[VFIO_OP_COUNT])
{
	size_t n = 0;

	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		const struct model_op *stats =
			container ? container->op[op] : model__total(frame->model, op);

		if (!stats || !stats->count)
			continue;
		rows[n++] = (struct field_row){
			.container = container,
			.op = op,
			.stats = stats,
			.now_ns = frame->now_ns,
		};
	}
	return n;
}
