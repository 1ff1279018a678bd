// SPDX-License-Identifier: GPL-2.0-only
/*
 * html_tables.c - a recording in numbers: operations, of all, by owner and by container; failures,
 * devices, events
 */
#include <stdlib.h>
#include <string.h>

#include "html_parts.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/model_op.h"
#include "lib/owner_text.h"
#include "lib/xalloc.h"
#include "report_text.h"

#define MAX_OWNERS 30
#define MAX_GROUPS 200
/* Containers that are named of one kind of failure. */
#define MAX_NAMED 8

/* Operations */

#define OP_HEADS                                                                                   \
	"#Calls", "#Errors", "#In all", "#Mean", "#p50", "#p90", "#p99", "#p99.9", "#Max",         \
	"#Bytes", "#Pages"

static void count_cells(const struct html *html, __u64 calls, __u64 errors)
{
	html__cell_count(html, calls);
	fprintf(html->out, "<td class=\"n%s\">%llu</td>", errors ? " err" : "", errors);
}

static void op_cells(const struct html *html, const struct report_op *op)
{
	count_cells(html, op->count, op->errors);
	html__cell_ns(html, op->timed, op->sum_ns);
	html__cell_ns(html, op->timed, op->mean_ns);
	for (unsigned int q = 0; q < REPORT_QUANTILES; q++)
		html__cell_ns(html, op->timed, op->quantile_ns[q]);
	html__cell_ns(html, op->timed, op->max_ns);
	html__cell_bytes(html, op->bytes, op->bytes);
	if (op->pages)
		html__cell_count(html, op->pages);
	else
		html__cell_number(html, NULL);
	fputs("</tr>\n", html->out);
}

static void print_map_parts(const struct html *html, const struct model_map_parts *parts)
{
	if (!parts->count)
		return;
	fputs("<p class=\"soft\">", html->out);
	report_text__map_parts(parts, html->text);
	fputs("</p>\n", html->out);
}

static void print_totals(const struct page *page)
{
	static const char *const heads[] = { "Operation", OP_HEADS };
	const struct html *html = &page->html;

	html__table(html, "operations", "All containers", heads, ARRAY_SIZE(heads));
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!page->report->total[op].count)
			continue;
		fprintf(html->out, "<tr id=\"op-%s\">", event__op(op)->key);
		html__head_cell(html, event__op(op)->key);
		op_cells(html, &page->report->total[op]);
	}
	html__table_end(html);
	print_map_parts(html, &page->report->map_parts);
}

/* By owner */

/* A container and whose it is. */
struct owned {
	char *owner;
	const struct report_container *c;
};

/* @n containers from @first on have the same owner. */
struct owner {
	const struct owned *first;
	size_t n;
	__u64 sum_ns;
};

static int by_owner(const void *a, const void *b)
{
	return strcmp(((const struct owned *)a)->owner, ((const struct owned *)b)->owner);
}

static int longest_first(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->sum_ns != y->sum_ns)
		return x->sum_ns > y->sum_ns ? -1 : 1;
	return by_owner(x->first, y->first);
}

static struct owned *list_owned(const struct report *report)
{
	struct owned *list = xcalloc(report->n_containers, sizeof(*list));

	for (size_t i = 0; i < report->n_containers; i++) {
		const struct report_container *c = report->containers[i];
		char name[256];
		const char *owner = report__owner(c, name, sizeof(name));

		list[i] = (struct owned){ xmemdup(owner, strlen(owner) + 1, 1), c };
	}
	if (report->n_containers)
		qsort(list, report->n_containers, sizeof(*list), by_owner);
	return list;
}

/* To be freed. */
static struct owner *list_owners(const struct owned *list, size_t n, size_t *n_owners)
{
	struct owner *owners = xcalloc(n, sizeof(*owners));

	*n_owners = 0;
	for (size_t i = 0; i < n; i++) {
		if (!i || by_owner(&list[i], &list[i - 1]))
			owners[(*n_owners)++].first = &list[i];
		owners[*n_owners - 1].n++;
		owners[*n_owners - 1].sum_ns += html_parts__time(list[i].c);
	}
	if (*n_owners)
		qsort(owners, *n_owners, sizeof(*owners), longest_first);
	return owners;
}

/* Of all containers of @owner; NULL: never called. To be destroyed. */
static struct model_op *add_up(const struct owner *owner, unsigned int op)
{
	struct model_op *sum = NULL;

	for (size_t i = 0; i < owner->n; i++) {
		const struct report_op *one = owner->first[i].c->op[op];

		if (!one || !one->model)
			continue;
		if (!sum)
			sum = model_op__create();
		model_op__merge(sum, one->model);
	}
	return sum;
}

/* The owner's name stands beside its first operation, for all of them. */
static void print_owner(const struct html *html, const struct owner *owner)
{
	struct model_op *sums[VFIO_OP_COUNT];
	unsigned int n = 0, told = 0;

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		sums[op] = add_up(owner, op);
		n += sums[op] != NULL;
	}
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		struct report_op sum = { 0 };

		if (!sums[op])
			continue;
		fputs("<tr>", html->out);
		if (!told++) {
			fprintf(html->out, "<th scope=\"rowgroup\" rowspan=\"%u\">", n);
			fputs(owner->first->owner, html->text);
			fprintf(html->out, "</th><td class=\"n\" rowspan=\"%u\">%zu</td>", n,
				owner->n);
		}
		html__cell(html, event__op(op)->key);
		report__fill_op(&sum, sums[op]);
		op_cells(html, &sum);
		report__clear_op(&sum);
		model_op__destroy(sums[op]);
	}
}

static void print_owners(const struct page *page)
{
	static const char *const heads[] = { "Owner", "#Containers", "Operation", OP_HEADS };
	const struct report *report = page->report;
	struct owned *owned = list_owned(report);
	size_t n;
	struct owner *owners = list_owners(owned, report->n_containers, &n);
	char caption[200];

	snprintf(caption, sizeof(caption), n > MAX_OWNERS ?
		 "By owner: the %d with the most time in calls, of %zu" :
		 "By owner, the one with the most time in calls first", MAX_OWNERS, n);
	html__table(&page->html, "owners", caption, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < n && i < MAX_OWNERS; i++)
		print_owner(&page->html, &owners[i]);
	html__table_end(&page->html);
	for (size_t i = 0; i < report->n_containers; i++)
		free(owned[i].owner);
	free(owned);
	free(owners);
}

/* By container */

static void print_container_row(const struct page *page, const struct report_container *c)
{
	const struct start *start = starts__of(page->report->starts, c->id);
	const struct html *html = &page->html;
	__u64 calls = 0, errors = 0;
	char text[256];

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		calls += c->op[op] ? c->op[op]->count : 0;
		errors += c->op[op] ? c->op[op]->errors : 0;
	}
	fprintf(html->out, "<tr id=\"container-%s\">", fmt_container(text, sizeof(text), c->id));
	html__head_cell(html, html_parts__name(c, text, sizeof(text)));
	html__cell(html, report__owner(c, text, sizeof(text)));
	fputs("<td>", html->out);
	report_text__groups(c, html->text);
	fputs("</td>", html->out);
	html__cell(html, c->backend);
	fputs("<td>", html->out);
	if (c->opened_known)
		html__time(html, c->opened_ns);
	else
		fputs("before the recording", html->out);
	fputs("</td>", html->out);
	html__cell_ns(html, c->opened_known, c->age_ns);
	html__cell(html, c->freed ? "freed" : c->file_closed ? "file closed, not freed" : "open");
	count_cells(html, calls, errors);
	html__cell_ns(html, true, html_parts__time(c));
	html__cell_ns(html, start && start__span(start), start ? start__span(start) : 0);
	html__cell_bytes(html, c->mapped_known, c->mapped_bytes);
	html__cell_bytes(html, c->pinned_known, c->pinned_pages * REPORT_PAGE_BYTES);
	fputs("</tr>\n", html->out);
}

static void print_containers(const struct page *page)
{
	static const char *const heads[] = { "Container", "Owner", "Groups", "Backend", "Opened",
					     "#Lived", "At the end", "#Calls", "#Errors",
					     "#In calls", "#Start", "#Mapped", "#Pinned" };
	size_t n = page->report->n_containers;
	char caption[200];

	snprintf(caption, sizeof(caption), n > HTML_MAX_ROWS ?
		 "Containers: the %d with the most time in calls, of %zu; report --json has all" :
		 "Containers, the one with the most time in calls first", HTML_MAX_ROWS, n);
	html__table(&page->html, "container-list", caption, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < n && i < HTML_MAX_ROWS; i++)
		print_container_row(page, page->busiest[i]);
	html__table_end(&page->html);
}

static void print_details(const struct page *page, const struct report_container *c)
{
	static const char *const heads[] = { "Operation", OP_HEADS };
	const struct html *html = &page->html;
	char name[300], line[2048];

	html_parts__name(c, name, sizeof(name));
	fputs("<details>\n<summary>Operations of container ", html->out);
	fputs(name, html->text);
	fputs("</summary>\n", html->out);
	if (c->owner) {
		fputs("<p>Owner: ", html->out);
		fputs(owner_text__line(c->owner, line, sizeof(line)), html->text);
		fprintf(html->text, "; cgroup %s", c->owner->text[VFIO_OWNER_CGROUP_TEXT]);
		fputs("</p>\n", html->out);
	}
	snprintf(line, sizeof(line), "Container %s", name);
	html__table(html, NULL, line, heads, ARRAY_SIZE(heads));
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!c->op[op])
			continue;
		fputs("<tr>", html->out);
		html__head_cell(html, event__op(op)->key);
		op_cells(html, c->op[op]);
	}
	html__table_end(html);
	print_map_parts(html, &c->map_parts);
	fputs("</details>\n", html->out);
}

static void print_all_details(const struct page *page)
{
	size_t n = page->report->n_containers;

	if (n > HTML_MAX_DETAILS)
		fprintf(page->html.out, "<p class=\"soft\">Operations of the %d with the most time in "
			"calls:</p>\n", HTML_MAX_DETAILS);
	for (size_t i = 0; i < n && i < HTML_MAX_DETAILS; i++)
		print_details(page, page->busiest[i]);
}

/* Failures */

static bool failed_with(const struct report_op *op, __u32 err)
{
	for (__u32 i = 0; op && i < op->n_errnos; i++)
		if (op->errnos[i].err == err)
			return true;
	return false;
}

/* Containers in which it happened, by their ids. */
static void name_containers(const struct page *page, unsigned int op, __u32 err)
{
	const struct report *report = page->report;
	char text[FMT_MAX];
	size_t n = 0;

	fputs("<td class=\"wrap\">", page->html.out);
	for (size_t i = 0; i < report->n_containers; i++) {
		const struct report_container *c = report->containers[i];

		if (!failed_with(c->op[op], err))
			continue;
		if (++n <= MAX_NAMED)
			fprintf(page->html.text, "%s%s", n > 1 ? ", " : "container ",
				fmt_container(text, sizeof(text), c->id));
	}
	if (n > MAX_NAMED)
		fprintf(page->html.out, " and %zu more", n - MAX_NAMED);
	fputs("</td></tr>\n", page->html.out);
}

static void begin_failure(const struct html *html, const char *key,
			  const struct model_errno *errno_of)
{
	const char *name = event__errno_name(errno_of->err);

	fputs("<tr>", html->out);
	html__head_cell(html, key);
	fprintf(html->out, "<td class=\"err\">%s (%u)</td>", name ? name : "errno", errno_of->err);
	html__cell_count(html, errno_of->count);
}

static void print_group_failures(const struct page *page)
{
	const struct html *html = &page->html;

	for (size_t i = 0; i < page->report->n_group_calls; i++) {
		const struct report_group_call *call = &page->report->group_calls[i];
		char key[64];

		snprintf(key, sizeof(key), call->group == ~0U ? "%s of a group" : "%s of group %u",
			 model_group_call__key(call->kind), call->group);
		for (__u32 e = 0; e < call->op.n_errnos; e++) {
			begin_failure(html, key, &call->op.errnos[e]);
			fputs("<td class=\"wrap\">", html->out);
			if (e + 1 == call->op.n_errnos)
				fprintf(html->text, "last by %s (%u)%s%s", call->failed_comm,
					call->failed_tgid, *call->failed_device ? ", device " : "",
					call->failed_device);
			fputs("</td></tr>\n", html->out);
		}
	}
}

static bool any_failed(const struct report *report)
{
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		if (report->total[op].n_errnos)
			return true;
	for (size_t i = 0; i < report->n_group_calls; i++)
		if (report->group_calls[i].op.n_errnos)
			return true;
	return false;
}

static void print_failures(const struct page *page)
{
	static const char *const heads[] = { "Call", "Error", "#Times", "Where" };

	if (!any_failed(page->report))
		return;
	html__table(&page->html, "errors", "Failed calls", heads, ARRAY_SIZE(heads));
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		const struct report_op *total = &page->report->total[op];

		for (__u32 i = 0; i < total->n_errnos; i++) {
			begin_failure(&page->html, event__op(op)->key, &total->errnos[i]);
			name_containers(page, op, total->errnos[i].err);
		}
	}
	print_group_failures(page);
	html__table_end(&page->html);
}

/* Groups, devices, events */

static void print_device(const struct html *html, __u32 group, const char *device)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", group);
	fputs("<tr>", html->out);
	html__head_cell(html, number);
	html__cell(html, device);
	fputs("</tr>\n", html->out);
}

static void print_devices(const struct page *page)
{
	static const char *const heads[] = { "Group", "Device" };
	const struct report *report = page->report;
	char line[2048], caption[100];

	if (!report->n_groups)
		return;
	snprintf(caption, sizeof(caption), report->n_groups > MAX_GROUPS ?
		 "Groups and their devices: the first %d of %zu" : "Groups and their devices",
		 MAX_GROUPS, report->n_groups);
	html__table(&page->html, "groups", caption, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < report->n_groups && i < MAX_GROUPS; i++) {
		const struct source_group_info *group = report->groups[i];

		for (__u32 d = 0; d < group->n_listed; d++)
			print_device(&page->html, group->number,
				     device_text__line(&group->devices[d], 0, line, sizeof(line)));
		if (group->n_listed == group->n_devices)
			continue;
		snprintf(line, sizeof(line), "and %u devices more",
			 group->n_devices - group->n_listed);
		print_device(&page->html, group->number, line);
	}
	html__table_end(&page->html);
}

static void print_group_calls(const struct page *page)
{
	static const char *const heads[] = { "Group", "Call", "#Calls", "#Errors", "#Mean", "#Max" };
	const struct report *report = page->report;
	const struct html *html = &page->html;
	char number[32], caption[100];

	if (!report->n_group_calls)
		return;
	snprintf(caption, sizeof(caption), report->n_group_calls > MAX_GROUPS ?
		 "Calls on group and device files: the first %d of %zu kinds" :
		 "Calls on group and device files", MAX_GROUPS, report->n_group_calls);
	html__table(html, "group-calls", caption, heads, ARRAY_SIZE(heads));
	for (size_t i = 0; i < report->n_group_calls && i < MAX_GROUPS; i++) {
		const struct report_group_call *call = &report->group_calls[i];

		snprintf(number, sizeof(number), "%u", call->group);
		fputs("<tr>", html->out);
		html__head_cell(html, call->group == ~0U ? "?" : number);
		html__cell(html, model_group_call__key(call->kind));
		count_cells(html, call->op.count, call->op.errors);
		html__cell_ns(html, call->op.timed, call->op.mean_ns);
		html__cell_ns(html, call->op.timed, call->op.max_ns);
		fputs("</tr>\n", html->out);
	}
	html__table_end(html);
}

static void print_events(const struct page *page)
{
	static const char *const heads[] = { "Event", "#Times" };
	const struct html *html = &page->html;

	html__table(html, "events", "Events in the recording", heads, ARRAY_SIZE(heads));
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		if (!page->report->event_count[type])
			continue;
		fputs("<tr>", html->out);
		html__head_cell(html, event__desc(type)->tracepoint);
		html__cell_count(html, page->report->event_count[type]);
		fputs("</tr>\n", html->out);
	}
	html__table_end(html);
}

void html_tables__print(struct page *page)
{
	html__section(&page->html, "numbers", "Numbers");
	fputs("<p class=\"soft\">Hovering over a duration or a size tells the exact number.</p>\n",
	      page->html.out);
	print_totals(page);
	print_failures(page);
	print_owners(page);
	print_containers(page);
	print_all_details(page);
	print_devices(page);
	print_group_calls(page);
	print_events(page);
}
