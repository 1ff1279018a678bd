// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_tree.c - containers by whose they are
 *
 * Made anew for each drawing, so it costs what sorting the containers costs, and a hash of each.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "owner_text.h"
#include "view_rows.h"
#include "view_tree.h"
#include "xalloc.h"

#define FNV_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

/* Whose it is */

static bool is_process(const struct source_owner *owner)
{
	return !owner || owner->kind == VFIO_OWNER_UNKNOWN || owner->kind == VFIO_OWNER_PROCESS;
}

static const enum vfio_owner_text key_texts[] = {
	VFIO_OWNER_NAME_TEXT, VFIO_OWNER_UUID_TEXT, VFIO_OWNER_POD_TEXT, VFIO_OWNER_CONTAINER_TEXT,
};

/* People may give a name twice: then the process tells VMs apart. Pods and containers have ids. */
static bool process_counts(const struct source_owner *owner)
{
	if (is_process(owner))
		return true;
	for (size_t i = 1; i < ARRAY_SIZE(key_texts); i++)
		if (owner->text[key_texts[i]][0])
			return false;
	return owner->kind != VFIO_OWNER_POD && owner->kind != VFIO_OWNER_CONTAINER &&
	       owner->kind != VFIO_OWNER_KATA;
}

static __u64 hash_owner(const struct model_container *c)
{
	__u64 hash = FNV_BASIS;

	/* Thousands of VMs of one name must not meet here. */
	if (process_counts(c->owner))
		hash = (hash ^ c->tgid) * FNV_PRIME;
	if (is_process(c->owner))
		return hash;
	for (size_t i = 0; i < ARRAY_SIZE(key_texts); i++)
		for (const char *p = c->owner->text[key_texts[i]]; *p; p++)
			hash = (hash ^ (unsigned char)*p) * FNV_PRIME;
	return hash;
}

static bool same_owner(const struct model_container *a, const struct model_container *b)
{
	if (is_process(a->owner) != is_process(b->owner))
		return false;
	if (process_counts(a->owner) && a->tgid != b->tgid)
		return false;
	if (is_process(a->owner))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(key_texts); i++)
		if (strcmp(a->owner->text[key_texts[i]], b->owner->text[key_texts[i]]))
			return false;
	return a->owner->kind == b->owner->kind;
}

/* For each of @rows the number of its owner, in the order in which they come; returns how many. */
static size_t number_owners(const struct field_row *rows, size_t n, size_t *owner_of)
{
	size_t size = 16, n_owners = 0, *table;

	while (size < 2 * n)
		size *= 2;
	table = xcalloc(size, sizeof(*table)); /* the first row of an owner, from 1 */
	for (size_t i = 0; i < n; i++) {
		size_t at = hash_owner(rows[i].container) & (size - 1);

		while (table[at] &&
		       !same_owner(rows[table[at] - 1].container, rows[i].container))
			at = (at + 1) & (size - 1);
		if (!table[at]) {
			table[at] = i + 1;
			owner_of[i] = n_owners++;
		} else {
			owner_of[i] = owner_of[table[at] - 1];
		}
	}
	free(table);
	return n_owners;
}

/* Owners in order */

struct sort_owner {
	struct field_value value;
	size_t owner;
	int direction;
};

static int by_value(const void *a, const void *b)
{
	const struct sort_owner *x = a, *y = b;
	int order = view_rows__compare(&x->value, &y->value, x->direction);

	return order ? order : (x->owner > y->owner) - (x->owner < y->owner);
}

/* The rows of each owner, as they come in @flat; @first and @members of the tree are ready. */
static void gather(struct view_tree *tree, const struct field_row *flat, const size_t *owner_of)
{
	size_t *at = xmemdup(tree->first, tree->n_owners + 1, sizeof(*at));

	for (size_t i = 0; i < tree->n_rows; i++) {
		size_t to = at[owner_of[i]]++;

		tree->rows[to] = flat[i];
		tree->members[to] = flat[i].container;
	}
	free(at);
}

static void count_members(struct view_tree *tree, const size_t *owner_of)
{
	for (size_t i = 0; i < tree->n_rows; i++)
		tree->first[owner_of[i] + 1]++;
	for (size_t i = 0; i < tree->n_owners; i++)
		tree->first[i + 1] += tree->first[i];
}

static void make_owners(struct view_tree *tree)
{
	for (size_t i = 0; i < tree->n_owners; i++) {
		tree->owners[i] = tree->rows[tree->first[i]];
		tree->owners[i].members = &tree->members[tree->first[i]];
		tree->owners[i].n_members = tree->first[i + 1] - tree->first[i];
	}
}

/* Gives the owners new numbers in the order of their totals. */
static void sort_owners(struct view_tree *tree, const struct field *field, bool reverse,
			size_t *owner_of)
{
	struct sort_owner *sorted = xcalloc(tree->n_owners, sizeof(*sorted));
	size_t *number = xcalloc(tree->n_owners, sizeof(*number));

	for (size_t i = 0; i < tree->n_owners; i++) {
		const struct field_row *row = &tree->owners[i];

		sorted[i] = (struct sort_owner){
			.value = field->total ? field__get(field, row) :
						field->get(&tree->rows[tree->first[i]]),
			.owner = i,
			.direction = field->low_first == reverse ? -1 : 1,
		};
	}
	qsort(sorted, tree->n_owners, sizeof(*sorted), by_value);
	for (size_t i = 0; i < tree->n_owners; i++)
		number[sorted[i].owner] = i;
	for (size_t i = 0; i < tree->n_rows; i++)
		owner_of[i] = number[owner_of[i]];
	free(sorted);
	free(number);
}

/* Lines */

static __u32 devices_of(const struct view_frame *frame, const struct model_container *c, size_t i)
{
	const struct source_group_info *info = model__group(frame->model, c->groups[i].number);

	return info ? info->n_listed : 0;
}

static void add_line(struct view_tree *tree, enum view_tree_level level, size_t owner, size_t row,
		     size_t group, __u32 device)
{
	if (!(tree->n_lines & (tree->n_lines - 1))) /* grows at powers of two */
		tree->lines = xreallocarray(tree->lines, tree->n_lines ? 2 * tree->n_lines : 1,
					    sizeof(*tree->lines));
	tree->lines[tree->n_lines++] = (struct view_tree_line){
		.level = level, .owner = owner, .row = row, .group = group, .device = device,
	};
}

static void add_container(struct view_tree *tree, const struct view_frame *frame, size_t owner,
			  size_t row)
{
	const struct model_container *c = tree->rows[row].container;

	add_line(tree, VIEW_TREE_CONTAINER, owner, row, 0, 0);
	for (size_t i = 0; i < c->n_groups; i++) {
		__u32 n = devices_of(frame, c, i);

		/* One alone stands behind its group. */
		add_line(tree, VIEW_TREE_GROUP, owner, row, i, 0);
		for (__u32 d = 0; n > 1 && d < n; d++)
			add_line(tree, VIEW_TREE_DEVICE, owner, row, i, d);
	}
}

static void make_lines(struct view_tree *tree, const struct view_frame *frame)
{
	for (size_t owner = 0; owner < tree->n_owners; owner++) {
		add_line(tree, VIEW_TREE_OWNER, owner, tree->first[owner], 0, 0);
		for (size_t row = tree->first[owner]; row < tree->first[owner + 1]; row++)
			add_container(tree, frame, owner, row);
	}
}

void view_tree__make(struct view_tree *tree, const struct view_frame *frame,
		     const struct field *field, bool reverse, const struct view_filter *filter)
{
	struct field_row *flat;
	size_t n = view_rows__containers(frame, field, reverse, filter, &flat);
	size_t *owner_of = xcalloc(n, sizeof(*owner_of));

	*tree = (struct view_tree){ .n_rows = n };
	tree->n_owners = number_owners(flat, n, owner_of);
	tree->rows = xcalloc(n, sizeof(*tree->rows));
	tree->members = xcalloc(n, sizeof(*tree->members));
	tree->owners = xcalloc(tree->n_owners, sizeof(*tree->owners));
	/* Once to have their totals, and in the order of these. */
	for (int pass = 0; pass < 2; pass++) {
		free(tree->first);
		tree->first = xcalloc(tree->n_owners + 1, sizeof(*tree->first));
		count_members(tree, owner_of);
		gather(tree, flat, owner_of);
		make_owners(tree);
		if (!pass)
			sort_owners(tree, field, reverse, owner_of);
	}
	make_lines(tree, frame);
	free(owner_of);
	free(flat);
}

void view_tree__clear(struct view_tree *tree)
{
	free(tree->rows);
	free(tree->owners);
	free(tree->first);
	free(tree->members);
	free(tree->lines);
}

size_t view_tree__fields(const struct field *fields, size_t n, struct field to[VIEW_MAX_FIELDS])
{
	static const char *const inside[] = { "id", "pid", "command", "owner", "groups" };
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_inside = false;

		for (size_t k = 0; k < ARRAY_SIZE(inside); k++)
			is_inside |= !strcmp(fields[i].name, inside[k]);
		if (!is_inside)
			to[kept++] = fields[i];
	}
	return kept;
}

const struct field_row *view_tree__row(const struct view_tree *tree,
				       const struct view_tree_line *line)
{
	switch (line->level) {
	case VIEW_TREE_OWNER:
		return &tree->owners[line->owner];
	case VIEW_TREE_CONTAINER:
		return &tree->rows[line->row];
	default:
		return NULL;
	}
}

size_t view_tree__line_of(const struct view_tree *tree, size_t row)
{
	size_t lo = 0, hi = tree->n_lines;

	while (lo < hi) { /* the last line of an owner or container that has not passed @row */
		size_t mid = lo + (hi - lo) / 2;
		const struct view_tree_line *line = &tree->lines[mid];

		if (line->row < row || (line->row == row && line->level == VIEW_TREE_OWNER))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Text */

/* "comm (pid)", which says it all of a process. */
static void name_process(const struct model_container *c, char *buf, size_t size)
{
	if (c->tgid)
		snprintf(buf, size, "%.*s (%u)", VFIO_OBS_COMM_LEN, c->comm, c->tgid);
	else
		snprintf(buf, size, "process unknown");
}

static void name_owner(const struct view_tree *tree, const struct view_tree_line *line, char *buf,
		       size_t size)
{
	const struct field_row *row = &tree->owners[line->owner];
	const struct model_container *c = row->container;
	char name[VFIO_OBS_TEXT_MAX + 32] = "", more[48] = "";

	if (c->owner)
		owner_text__short(c->owner, name, sizeof(name));
	if (!name[0])
		name_process(c, name, sizeof(name));
	if (row->n_members > 1)
		snprintf(more, sizeof(more), ", %zu containers", row->n_members);
	snprintf(buf, size, "%s%s", name, more);
}

static void name_container(const struct model_container *c, char *buf, size_t size)
{
	char id[48], process[VFIO_OBS_COMM_LEN + 16];

	field__format_uint(UNIT_ID, c->id, id, sizeof(id));
	name_process(c, process, sizeof(process));
	snprintf(buf, size, "container %s%s%s%s", id, is_process(c->owner) ? "" : ", ",
		 is_process(c->owner) ? "" : process, c->groups_known ? "" : ", group ?");
}

static void name_group(const struct source_group_info *info, __u32 number, size_t room, char *buf,
		       size_t size)
{
	int n = snprintf(buf, size, "group %u%s", number, !info ? ", devices unknown" :
			 !info->n_devices ? ", no device" : "");

	if (info && info->n_listed == 1) {
		n += snprintf(buf + n, size - n, "  ");
		device_text__line(&info->devices[0], room > (size_t)n ? room - n : room,
				  buf + n, size - n);
	}
}

/* What is left of the branches, and what begins here. */
static const char *branch(bool last, bool here)
{
	if (here)
		return last ? "`- " : "|- ";
	return last ? "   " : "|  ";
}

char *view_tree__text(const struct view_tree *tree, const struct view_frame *frame,
		      const struct view_tree_line *line, size_t room, char buf[VIEW_TREE_SIZE])
{
	const struct model_container *c = tree->rows[line->row].container;
	const __u32 number = line->level >= VIEW_TREE_GROUP ? c->groups[line->group].number : 0;
	const struct source_group_info *info =
		line->level >= VIEW_TREE_GROUP ? model__group(frame->model, number) : NULL;
	const size_t branches = 3 * line->level;
	char name[VIEW_TREE_SIZE - 16];
	const bool last[] = {
		[VIEW_TREE_CONTAINER] = line->row + 1 == tree->first[line->owner + 1],
		[VIEW_TREE_GROUP] = line->group + 1 >= c->n_groups,
		[VIEW_TREE_DEVICE] = info && line->device + 1 == info->n_listed,
	};
	size_t used = 0;

	room = room > branches ? room - branches : room;
	if (line->level == VIEW_TREE_OWNER)
		name_owner(tree, line, name, sizeof(name));
	else if (line->level == VIEW_TREE_CONTAINER)
		name_container(c, name, sizeof(name));
	else if (line->level == VIEW_TREE_GROUP)
		name_group(info, number, room, name, sizeof(name));
	else
		device_text__line(&info->devices[line->device], room, name, sizeof(name));
	for (int level = VIEW_TREE_CONTAINER; level <= (int)line->level; level++)
		used += snprintf(buf + used, VIEW_TREE_SIZE - used, "%s",
				 branch(last[level], level == (int)line->level));
	field__format_text(name, buf + used, VIEW_TREE_SIZE - used);
	return buf;
}
