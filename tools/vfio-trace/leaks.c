// SPDX-License-Identifier: GPL-2.0-only
/*
 * leaks.c - what never went away
 */
#include <stdlib.h>

#include "leaks.h"
#include "lib/error.h"
#include "lib/fmt.h"
#include "lib/json_set.h"
#include "lib/xalloc.h"

/* Listed one by one; --json has all. */
#define MAX_LINES 50
#define MAX_GROUPS 8

enum leak_kind {
	LEAK_CLOSED, /* its file is closed, and it is not freed */
	LEAK_PINNED, /* pages that were still pinned when its last group left */
	LEAK_MAPPED, /* the same of mappings: no harm, as the kernel unmaps them */
	LEAK_HELD,   /* pages that are pinned when the recording ends; it is open */
};

static const char *const kind_key[] = {
	[LEAK_CLOSED] = "closed",
	[LEAK_PINNED] = "pinned",
	[LEAK_MAPPED] = "mapped",
	[LEAK_HELD] = "held",
};

struct leak {
	enum leak_kind kind;
	const struct report_container *c;
};

/* @list: @n; @unknown: @n_unknown of which not all can be told */
struct leaks {
	struct leak *list;
	const struct report_container **unknown;
	size_t n, n_unknown;
};

/* Why nothing can be told of any container; NULL: it can. */
static const char *why_not(const struct report *report)
{
	const __u64 needed = 1ULL << VFIO_EV_OPEN | 1ULL << VFIO_EV_CLOSE |
			     1ULL << VFIO_EV_RELEASE | 1ULL << VFIO_EV_DETACH;

	if (source_loss__total(&report->loss))
		return "events were lost";
	for (size_t i = 0; i < report->n_gaps; i++)
		if (report->gaps[i].kind == SOURCE_GAP_TRUNCATED ||
		    report->gaps[i].kind == SOURCE_GAP_DAMAGED)
			return "the recording is not whole";
	if (report->info.unseen & needed)
		return "open, detach, close or release events are not recorded";
	return NULL;
}

static void add(struct leaks *leaks, enum leak_kind kind, const struct report_container *c)
{
	leaks->list[leaks->n++] = (struct leak){ kind, c };
}

static void look_at(struct leaks *leaks, const struct report_container *c)
{
	bool closed = c->file_closed && !c->freed;

	if (closed)
		add(leaks, LEAK_CLOSED, c);
	if (!c->left_known) {
		leaks->unknown[leaks->n_unknown++] = c;
		return;
	}
	if (c->left.pinned_pages > 0)
		add(leaks, LEAK_PINNED, c);
	if (c->left.mapped_bytes > 0)
		add(leaks, LEAK_MAPPED, c);
	if (!closed && !c->freed && c->held_known && c->held.pinned_pages > 0)
		add(leaks, LEAK_HELD, c);
}

/* The worst kind first. */
static int by_kind(const void *a, const void *b)
{
	const struct leak *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->c->id < y->c->id ? -1 : x->c->id > y->c->id;
}

static struct leaks find(const struct report *report)
{
	struct leaks leaks = {
		.list = xcalloc(report->n_containers, 4 * sizeof(*leaks.list)),
		.unknown = xcalloc(report->n_containers, sizeof(*leaks.unknown)),
	};

	for (size_t i = 0; i < report->n_containers; i++)
		look_at(&leaks, report->containers[i]);
	if (leaks.n)
		qsort(leaks.list, leaks.n, sizeof(*leaks.list), by_kind);
	return leaks;
}

static void clear(struct leaks *leaks)
{
	free(leaks->list);
	free(leaks->unknown);
}

/* For people */

static void print_pages(__s64 pages, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, "%s pages", fmt_count(text, sizeof(text), pages));
	fprintf(out, " (%s)", fmt_bytes(text, sizeof(text), (__u64)pages * REPORT_PAGE_BYTES));
}

static void print_closed(const struct report *report, const struct report_container *c, FILE *out)
{
	char text[FMT_MAX];

	if (c->closed_ns)
		fprintf(out, "not freed %s after the close of its file",
			fmt_latency(text, sizeof(text), report->last_ns - c->closed_ns));
	else
		fputs("not freed, though its file was closed before the recording", out);
	if (c->refs_known)
		fprintf(out, ": %u reference%s", c->refs, c->refs == 1 ? "" : "s");
	for (size_t i = 0; i < c->n_attached && i < MAX_GROUPS; i++)
		fprintf(out, "%s %u", i ? "," : ", held by group", c->attached[i].number);
	if (c->n_attached > MAX_GROUPS)
		fprintf(out, " and %zu more", c->n_attached - MAX_GROUPS);
	if (c->held_known && c->held.pinned_pages > 0) {
		fputs(", with ", out);
		print_pages(c->held.pinned_pages, out);
		fputs(" pinned", out);
	}
}

static void print_leak(const struct report *report, const struct leak *leak, const char *indent,
		       FILE *out)
{
	const struct report_container *c = leak->c;
	char text[FMT_MAX];

	fprintf(out, "%scontainer %s (%s): ", indent, fmt_container(text, sizeof(text), c->id),
		*c->comm ? c->comm : "?");
	switch (leak->kind) {
	case LEAK_CLOSED:
		print_closed(report, c, out);
		break;
	case LEAK_PINNED:
		print_pages(c->left.pinned_pages, out);
		fputs(" pinned and not unpinned when its last group left", out);
		break;
	case LEAK_MAPPED:
		fprintf(out, "%s mapped and not unmapped when its last group left; the kernel did it",
			fmt_bytes(text, sizeof(text), c->left.mapped_bytes));
		break;
	case LEAK_HELD:
		print_pages(c->held.pinned_pages, out);
		fputs(" pinned when the recording ended; it is open and may use them", out);
		break;
	}
	fputc('\n', out);
}

static void print_unknown(const struct leaks *leaks, const char *indent, FILE *out)
{
	char text[FMT_MAX];

	if (!leaks->n_unknown)
		return;
	fprintf(out, "%sunknown of %zu container%s whose pins and maps are not all recorded, from the open "
		"on:", indent, leaks->n_unknown, leaks->n_unknown == 1 ? "" : "s");
	for (size_t i = 0; i < leaks->n_unknown && i < MAX_GROUPS; i++)
		fprintf(out, " %s", fmt_container(text, sizeof(text), leaks->unknown[i]->id));
	fputs(leaks->n_unknown > MAX_GROUPS ? " ...\n" : "\n", out);
}

void leaks__print(const struct report *report, const char *indent, FILE *out)
{
	const char *why = why_not(report);
	struct leaks leaks;

	if (why) {
		fprintf(out, "%sunknown: %s\n", indent, why);
		return;
	}
	leaks = find(report);
	for (size_t i = 0; i < leaks.n && i < MAX_LINES; i++)
		print_leak(report, &leaks.list[i], indent, out);
	if (leaks.n > MAX_LINES)
		fprintf(out, "%s%zu more; --json lists all\n", indent, leaks.n - MAX_LINES);
	print_unknown(&leaks, indent, out);
	if (!leaks.n && !leaks.n_unknown)
		fprintf(out, "%snone\n", indent);
	clear(&leaks);
}

/* JSON */

static void set_container(json_t *object, const struct report_container *c)
{
	json_set(object, "container", json_count(SOURCE_ID_NUMBER(c->id)));
	json_set(object, "load", json_count(SOURCE_ID_LOAD(c->id)));
}

static json_t *attached_json(const struct report_container *c)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < c->n_attached; i++)
		json_append(array, json_count(c->attached[i].number));
	return array;
}

static json_t *leak_json(const struct report *report, const struct leak *leak)
{
	const struct report_container *c = leak->c;
	bool left = leak->kind == LEAK_PINNED || leak->kind == LEAK_MAPPED;
	bool closed = leak->kind == LEAK_CLOSED;
	const struct vfio_gauges *gauges = left ? &c->left : &c->held;
	bool known = left || c->held_known;
	json_t *object = xalloc__check(json_object());

	json_set(object, "kind", json_string(kind_key[leak->kind]));
	set_container(object, c);
	json_set(object, "since_ns", json_count_if(closed && c->closed_ns,
						   report->last_ns - c->closed_ns));
	json_set(object, "refs", json_count_if(closed && c->refs_known, c->refs));
	json_set(object, "attached_groups", closed ? attached_json(c) : json_null());
	json_set(object, "pinned_pages", json_count_if(known && leak->kind != LEAK_MAPPED,
						       gauges->pinned_pages));
	json_set(object, "mapped_bytes", json_count_if(known && leak->kind != LEAK_PINNED,
						       gauges->mapped_bytes));
	return object;
}

static json_t *found_json(const struct report *report, const struct leaks *leaks)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < leaks->n; i++)
		json_append(array, leak_json(report, &leaks->list[i]));
	return array;
}

static json_t *unknown_json(const struct leaks *leaks)
{
	json_t *array = xalloc__check(json_array());

	for (size_t i = 0; i < leaks->n_unknown; i++) {
		json_t *one = xalloc__check(json_object());

		set_container(one, leaks->unknown[i]);
		json_append(array, one);
	}
	return array;
}

json_t *leaks__json(const struct report *report)
{
	json_t *object = xalloc__check(json_object());
	const char *why = why_not(report);
	struct leaks leaks = find(report);

	json_set(object, "why_unknown", json_text_or_null(why));
	json_set(object, "found", why ? json_null() : found_json(report, &leaks));
	json_set(object, "not_known", why ? json_null() : unknown_json(&leaks));
	clear(&leaks);
	return object;
}
