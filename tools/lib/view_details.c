// SPDX-License-Identifier: GPL-2.0-only
/*
 * view_details.c - one container in lines of text: owner, mappings, groups and their devices
 */
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "fmt.h"
#include "owner_text.h"
#include "view_details.h"

/* Lines until they are full; what comes then is only counted. */
struct lines {
	char (*line)[VIEW_DETAIL_SIZE];
	size_t n, max, dropped;
};

static char *next(struct lines *lines)
{
	if (lines->n == lines->max) {
		lines->dropped++;
		return NULL;
	}
	return lines->line[lines->n++];
}

static void add_owner(struct lines *lines, const struct view_frame *frame,
		      const struct model_container *c)
{
	const struct source_owner *owner = c->owner;
	char text[VIEW_DETAIL_SIZE - 80], up[FMT_MAX], *at;
	const char *cgroup;

	at = next(lines);
	if (!at)
		return;
	if (!owner) {
		snprintf(at, VIEW_DETAIL_SIZE, "owner    unknown: " OWNER_TEXT_NOBODY);
		return;
	}
	owner_text__line(owner, text, sizeof(text));
	if (owner->started_ns && !c->freed && frame->now_ns > owner->started_ns)
		snprintf(at, VIEW_DETAIL_SIZE, "owner    up %s, %s",
			 fmt_age(up, sizeof(up), frame->now_ns - owner->started_ns), text);
	else
		snprintf(at, VIEW_DETAIL_SIZE, "owner    %s", text);
	cgroup = owner->text[VFIO_OWNER_CGROUP_TEXT];
	at = *cgroup ? next(lines) : NULL;
	if (at)
		snprintf(at, VIEW_DETAIL_SIZE, "cgroup   %s", cgroup);
}

void view_details__mappings(const struct model_container *c, char line[VIEW_DETAIL_SIZE])
{
	const struct model_table *table = &c->table;
	const char *trouble = model_table__trouble(table);
	char text[160] = "unknown: made before or left out, and not read";
	char bytes[FMT_MAX], largest[FMT_MAX], more[40] = "";
	struct vfio_mapping m;
	__u64 avail;

	if (model_table__avail(table, &avail))
		snprintf(more, sizeof(more), "; %llu more allowed", avail);
	if (model_table__largest(table, &m, 1))
		snprintf(text, sizeof(text), "%zu mapping%s, %s, largest %s at 0x%llx", table->n,
			 table->n == 1 ? "" : "s", fmt_bytes(bytes, sizeof(bytes), table->bytes),
			 fmt_bytes(largest, sizeof(largest), m.size), m.iova);
	else if (table->state != MODEL_TABLE_UNKNOWN)
		snprintf(text, sizeof(text), "nothing");
	snprintf(line, VIEW_DETAIL_SIZE, "%s%s%s%s%s", text, more,
		 *trouble ? " (not all: " : "", trouble, *trouble ? ")" : "");
}

static void add_mappings(struct lines *lines, const struct model_container *c)
{
	char text[VIEW_DETAIL_SIZE];

	view_details__mappings(c, text);
	snprintf(next(lines), VIEW_DETAIL_SIZE, "mapped   %.*s", VIEW_DETAIL_SIZE - 16, text);
}

void view_details__device(const struct source_group_info *info, __u32 device, size_t cols,
			  char line[VIEW_DETAIL_SIZE])
{
	char text[VIEW_DETAIL_SIZE - 32], group[24];
	int n = snprintf(group, sizeof(group), "group %-2u ", info->number);

	device_text__line(&info->devices[device], cols > (size_t)n ? cols - n : cols, text,
			  sizeof(text));
	snprintf(line, VIEW_DETAIL_SIZE, "%s%s", group, text);
}

static void add_group(struct lines *lines, const struct view_frame *frame, __u32 number,
		      size_t cols)
{
	const struct source_group_info *info = model__group(frame->model, number);
	char *at;

	if (!info || !info->n_listed) {
		at = next(lines);
		if (at)
			snprintf(at, VIEW_DETAIL_SIZE, "group %-2u %s", number,
				 info ? "has no device" : "devices unknown");
		return;
	}
	for (__u32 i = 0; i < info->n_listed; i++) {
		at = next(lines);
		if (at)
			view_details__device(info, i, cols, at);
	}
}

size_t view_details__lines(const struct view_frame *frame, const struct model_container *c,
			   size_t cols, char (*lines)[VIEW_DETAIL_SIZE], size_t max)
{
	struct lines all = { .line = lines, .max = max };

	add_owner(&all, frame, c);
	for (size_t i = 0; i < c->n_groups; i++)
		add_group(&all, frame, c->groups[i].number, cols);
	if (all.n < max && !c->freed)
		add_mappings(&all, c);
	if (all.dropped && max)
		snprintf(lines[max - 1], VIEW_DETAIL_SIZE, "         and %zu devices more",
			 all.dropped + 1);
	for (size_t i = 0; i < all.n; i++)
		field__format_text(lines[i], lines[i], VIEW_DETAIL_SIZE);
	return all.n;
}
