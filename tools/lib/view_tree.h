/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_tree.h - containers by whose they are: VM, pod or process, its containers, their groups, and
 * the devices of these
 *
 * Used by the screen and by batch, on request.
 */
#ifndef VFIO_OBS_VIEW_TREE_H
#define VFIO_OBS_VIEW_TREE_H

#include "field.h"
#include "view.h"
#include "view_columns.h"
#include "view_filter.h"

enum view_tree_level {
	VIEW_TREE_OWNER,
	VIEW_TREE_CONTAINER,
	VIEW_TREE_GROUP,
	VIEW_TREE_DEVICE,
};

/*
 * @owner:  of view_tree.owners
 * @row:    of view_tree.rows, the container that it is or belongs to; of an owner the first
 * @group:  of the container's; @device: of those that are listed for the group. From 0
 */
struct view_tree_line {
	enum view_tree_level level;
	size_t owner, row;
	__u32 group, device;
};

/*
 * @rows:   the containers that are shown, those of an owner behind each other
 * @owners: rows about several containers, of those that are shown
 * @first:  the first row of each owner, and the number of all behind the last
 */
struct view_tree {
	struct field_row *rows, *owners;
	size_t n_rows, n_owners;
	size_t *first;
	const struct model_container **members;
	struct view_tree_line *lines;
	size_t n_lines;
};

/*
 * view_tree__make - owners in the order of their totals of @field, where it has none in that of
 * their first container; containers of each as view_rows__containers(). To be cleared.
 */
void view_tree__make(struct view_tree *tree, const struct view_frame *frame,
		     const struct field *field, bool reverse, const struct view_filter *filter);
void view_tree__clear(struct view_tree *tree);

/* Those of @fields that are no part of the tree itself, for the columns beside it. */
size_t view_tree__fields(const struct field *fields, size_t n,
			 struct field to[VIEW_MAX_FIELDS]);
/* Head of the tree's own column. */
#define VIEW_TREE_TITLE "OWNER, CONTAINER, GROUP, DEVICE"
/* What is in the columns of a line; NULL: it has none, and all the room is its text's. */
const struct field_row *view_tree__row(const struct view_tree *tree,
				       const struct view_tree_line *line);
/* "`- container 3"; @room: columns that a device has, 0: no limit. Returns @buf. */
enum { VIEW_TREE_SIZE = VIEW_LINE_SIZE };
char *view_tree__text(const struct view_tree *tree, const struct view_frame *frame,
		      const struct view_tree_line *line, size_t room, char buf[VIEW_TREE_SIZE]);
/* The line of row @row. */
size_t view_tree__line_of(const struct view_tree *tree, size_t row);

#endif
