// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_batch.c - refreshes as plain text
 */
#include <stdlib.h>
#include <string.h>

#include "view_batch.h"
#include "view_columns.h"
#include "view_details.h"
#include "view_rows.h"
#include "view_stacks.h"
#include "view_tree.h"

#define STACKS_SHOWN 10

static void print_summary(FILE *out, const struct view_frame *frame)
{
	struct view_segment segments[VIEW_SEGMENTS];
	struct view_notice notices[VIEW_NOTICES];
	size_t n;

	for (int line = 0; line < VIEW_SUMMARY_LINES; line++) {
		n = view__summary(frame, line, segments);
		for (size_t i = 0; i < n; i++)
			fprintf(out, "%s%s", i ? "  " : "", segments[i].text);
		fputc('\n', out);
	}
	n = view__notices(frame, notices);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s\n", notices[i].level == VIEW_LEVEL_ALERT ? "! " : "", notices[i].text);
}

static void print_rows(FILE *out, struct view_columns *columns, const struct field_row *rows,
		       size_t n)
{
	char line[VIEW_LINE_SIZE];

	for (size_t i = 0; i < n; i++)
		view_columns__measure(columns, &rows[i]);
	view_columns__fit(columns, 0);
	view_columns__head(columns, line);
	fprintf(out, "%s\n", line);
	for (size_t i = 0; i < n; i++) {
		view_columns__line(columns, &rows[i], line);
		fprintf(out, "%s\n", line);
	}
}

/* The text of a line, then its columns. */
static void print_tree(FILE *out, const struct view_frame *frame, const struct view_tree *tree,
		       const struct field *fields, size_t n_fields)
{
	struct field beside[VIEW_MAX_FIELDS];
	struct view_columns columns;
	char line[VIEW_LINE_SIZE], text[VIEW_TREE_SIZE];
	int width = strlen(VIEW_TREE_TITLE);

	view_columns__init(&columns, beside, view_tree__fields(fields, n_fields, beside));
	for (size_t i = 0; i < tree->n_lines; i++) {
		const struct field_row *row = view_tree__row(tree, &tree->lines[i]);
		int length = strlen(view_tree__text(tree, frame, &tree->lines[i], 0, text));

		if (!row)
			continue;
		view_columns__measure(&columns, row);
		width = length > width ? length : width;
	}
	view_columns__fit(&columns, 0);
	view_columns__head(&columns, line);
	fprintf(out, "%-*s %s\n", width, VIEW_TREE_TITLE, line);
	for (size_t i = 0; i < tree->n_lines; i++) {
		const struct field_row *row = view_tree__row(tree, &tree->lines[i]);

		view_tree__text(tree, frame, &tree->lines[i], 0, text);
		if (row)
			view_columns__line(&columns, row, line);
		fprintf(out, "%-*s%s%s\n", row ? width : 0, text, row ? " " : "", row ? line : "");
	}
}

/* "ID" before the operations' own fields: which container a line belongs to. */
static void print_op_rows(FILE *out, struct view_columns *columns, const struct field_row *rows,
			  size_t n)
{
	char line[VIEW_LINE_SIZE], id[48] = "all";

	for (size_t i = 0; i < n; i++) {
		if (rows[i].container)
			field__format_uint(UNIT_ID, rows[i].container->id, id, sizeof(id));
		view_columns__line(columns, &rows[i], line);
		fprintf(out, "%5s %s\n", id, line);
	}
}

static void print_ops(FILE *out, const struct view_frame *frame, const struct field_row *containers,
		      size_t n_containers)
{
	struct field_row rows[VFIO_OP_COUNT];
	struct view_columns columns;
	const struct field *fields;
	size_t n_fields = field__ops(&fields);
	char line[VIEW_LINE_SIZE];
	size_t n = view_rows__ops(frame, NULL, rows);

	if (!n)
		return;
	view_columns__init(&columns, fields, n_fields);
	for (size_t i = 0; i < n; i++)
		view_columns__measure(&columns, &rows[i]);
	for (size_t c = 0; c < n_containers; c++) {
		n = view_rows__ops(frame, containers[c].container, rows);
		for (size_t i = 0; i < n; i++)
			view_columns__measure(&columns, &rows[i]);
	}
	view_columns__fit(&columns, 0);

	view_columns__head(&columns, line);
	fprintf(out, "\n%5s %s\n", "ID", line);
	for (size_t c = 0; c < n_containers; c++) {
		n = view_rows__ops(frame, containers[c].container, rows);
		print_op_rows(out, &columns, rows, n);
	}
	n = view_rows__ops(frame, NULL, rows);
	print_op_rows(out, &columns, rows, n);
}

/* The devices of all groups that containers have now. */
static void print_groups(FILE *out, const struct view_frame *frame, const struct field_row *rows,
			 size_t n)
{
	char line[VIEW_DETAIL_SIZE], text[VIEW_DETAIL_SIZE];
	bool any = false;

	for (size_t c = 0; c < n; c++) {
		for (size_t i = 0; i < rows[c].container->n_groups; i++) {
			const struct source_group_info *info = model__group(
				frame->model, rows[c].container->groups[i].number);

			for (__u32 d = 0; info && d < info->n_listed; d++) {
				view_details__device(info, d, 0, line);
				field__format_text(line, text, sizeof(text));
				fprintf(out, "%s%s\n", any ? "" : "\n", text);
				any = true;
			}
		}
	}
}

static void print_line(void *ctx, bool head, const char *line)
{
	fprintf(ctx, "%s\n", line);
}

static void print_stacks(FILE *out, const struct view_frame *frame)
{
	char title[160];

	if (!frame->info->stacks)
		return;
	view_stacks__title(frame, 0, STACKS_SHOWN, title, sizeof(title));
	fprintf(out, "\n%s\n", title);
	view_stacks__lines(frame, 0, STACKS_SHOWN, print_line, out);
}

/* What is not there for no other reason than the filter. */
static void print_hidden(FILE *out, const struct view_frame *frame,
			 const struct view_filter *filter, size_t n)
{
	const struct model_container *const *list;
	size_t all = model__containers(frame->model, &list);

	if (view_filter__is_on(filter))
		fprintf(out, "filter '%s' hides %zu of %zu\n", filter->text, all - n, all);
}

void view_batch__print(FILE *out, const struct view_frame *frame, const struct view_choice *choice)
{
	struct view_columns columns;
	const struct field *fields;
	size_t n_fields = view_choice__fields(choice, &fields);
	const struct field *sort = view_choice__sort(choice);
	struct view_tree tree = { 0 };

	if (choice->tree)
		view_tree__make(&tree, frame, sort, choice->reverse, &choice->filter);
	else
		tree.n_rows = view_rows__containers(frame, sort, choice->reverse, &choice->filter,
						    &tree.rows);
	print_summary(out, frame);
	fputc('\n', out);
	print_hidden(out, frame, &choice->filter, tree.n_rows);
	if (tree.n_lines) {
		print_tree(out, frame, &tree, fields, n_fields);
	} else if (tree.n_rows) {
		view_columns__init(&columns, fields, n_fields);
		print_rows(out, &columns, tree.rows, tree.n_rows);
	} else if (!view_filter__is_on(&choice->filter)) {
		fprintf(out, "%s\n", view__nothing(frame));
	}
	if (!choice->tree)
		print_groups(out, frame, tree.rows, tree.n_rows);
	print_ops(out, frame, tree.rows, tree.n_rows);
	print_stacks(out, frame);
	fputc('\n', out);
	view_tree__clear(&tree);
}
