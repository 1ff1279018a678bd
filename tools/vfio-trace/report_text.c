// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_text.c - vfio-trace report for people
 */
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/owner_text.h"
#include "leaks.h"
#include "report_text.h"

/* Listed one by one; --json has all. */
#define MAX_CONTAINERS 50
#define MAX_GAPS 8

static void print_gaps(const struct report *report, FILE *out)
{
	__u64 offset = report->info.realtime_offset_ns;
	char text[FMT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < report->n_gaps; i++) {
		if (report->gaps[i].kind == SOURCE_GAP_TRUNCATED)
			continue;
		if (++n <= MAX_GAPS)
			fprintf(out, "Gap         %s: %s\n",
				fmt_time(text, sizeof(text), report->gaps[i].ts_ns + offset),
				report->gaps[i].why);
	}
	if (n > MAX_GAPS)
		fprintf(out, "Gaps        %zu more; --json lists all\n", n - MAX_GAPS);
}

void report_text__lost(const struct report *report, FILE *out)
{
	__u64 lost = source_loss__total(&report->loss);

	fprintf(out, "%llu", lost);
	if (lost)
		fprintf(out, " (%llu buffer full, %llu skipped by the kernel, %llu in damaged parts)",
			report->loss.ring, report->loss.recursion, report->loss.damaged);
}

void report_text__head(const struct report *report, FILE *out)
{
	__u64 offset = report->info.realtime_offset_ns;
	char text[FMT_MAX];

	fprintf(out, "Recording   %s\n", report->info.detail);
	fprintf(out, "Host        %s, kernel %s\n", report->info.host, report->info.kernel);
	if (report->events) {
		fprintf(out, "Events      %llu from %s", report->events,
			fmt_time(text, sizeof(text), report->first_ns + offset));
		fprintf(out, " for %s\n", fmt_latency(text, sizeof(text),
						      report->last_ns - report->first_ns));
	} else {
		fputs("Events      0\n", out);
	}
	fputs("Lost        ", out);
	report_text__lost(report, out);
	fprintf(out, "\nComplete    %s%s\n", report->truncated ? "no, " : "yes",
		report->truncated ? report->truncated : "");
	print_gaps(report, out);
}

static void print_latency(bool known, __u64 ns, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, " %7s", known ? fmt_latency(text, sizeof(text), ns) : "-");
}

static void print_op(const char *name, const struct report_op *op, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, "  %-16s %9llu %7llu", name, op->count, op->errors);
	print_latency(op->timed, op->mean_ns, out);
	for (unsigned int q = 0; q < REPORT_QUANTILES; q++)
		print_latency(op->timed, op->quantile_ns[q], out);
	print_latency(op->timed, op->max_ns, out);
	fprintf(out, " %6s", op->bytes ? fmt_bytes(text, sizeof(text), op->bytes) : "-");
	fprintf(out, " %6s\n", op->pages ? fmt_count(text, sizeof(text), op->pages) : "-");
}

static void print_op_head(FILE *out)
{
	fprintf(out, "  %-16s %9s %7s %7s", "OPERATION", "CALLS", "ERRORS", "MEAN");
	for (unsigned int q = 0; q < REPORT_QUANTILES; q++)
		fprintf(out, " %7s", report__quantile_key[q]);
	fprintf(out, " %7s %6s %6s\n", "MAX", "BYTES", "PAGES");
}

void report_text__chunks(__u64 n, const char *of, __u64 bytes, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, " in %llu %s%s", n, of, n == 1 ? "" : "s");
	if (n)
		fprintf(out, " (mean %s)", fmt_bytes(text, sizeof(text), bytes / n));
}

void report_text__map_parts(const struct model_map_parts *parts, FILE *out)
{
	__u64 total = model_map_sum(parts, total_ns), pin = model_map_sum(parts, pin_ns);
	__u64 iommu = model_map_sum(parts, iommu_ns);
	char text[FMT_MAX];

	fprintf(out, "of %llu map_dma %s:", parts->count, fmt_latency(text, sizeof(text), total));
	fprintf(out, " pin %s", fmt_latency(text, sizeof(text), pin));
	report_text__chunks(model_map_sum(parts, chunks), "chunk",
		     model_map_sum(parts, pin_bytes), out);
	fprintf(out, ", IOMMU %s", fmt_latency(text, sizeof(text), iommu));
	if (model_map_known(parts, iommu_maps))
		report_text__chunks(model_map_sum(parts, iommu_maps), "map",
			     model_map_sum(parts, iommu_bytes), out);
	fprintf(out, ", rest %s", fmt_latency(text, sizeof(text), model_map_parts__rest(parts)));
}

/* Below the operations, where any MAP_DMA was looked into. */
static void print_map_parts(const struct model_map_parts *parts, FILE *out)
{
	if (!parts->count)
		return;
	fputs("  ", out);
	report_text__map_parts(parts, out);
	fputc('\n', out);
}

static void print_totals(const struct report *report, FILE *out)
{
	fputs("\nAll containers\n", out);
	print_op_head(out);
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		print_op(event__op(op)->key, &report->total[op], out);
	print_map_parts(&report->map_parts, out);
}

static void print_errors(const struct report *report, FILE *out)
{
	bool any = false;

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		const struct report_op *total = &report->total[op];

		for (__u32 i = 0; i < total->n_errnos; i++) {
			const char *name = event__errno_name(total->errnos[i].err);

			fprintf(out, "%s  %-16s %9llu  %s (%u)\n", any ? "" : "\nErrors\n",
				event__op(op)->key, total->errnos[i].count, name ? name : "errno",
				total->errnos[i].err);
			any = true;
		}
	}
}

void report_text__groups(const struct report_container *c, FILE *out)
{
	fputs("groups", out);
	for (size_t i = 0; i < c->n_groups; i++)
		fprintf(out, "%c%u", i ? ',' : ' ', c->groups[i].number);
	if (c->more_groups)
		fputs(" and more", out);
	if (!c->n_groups)
		fputs(" none", out);
}

static void print_owner(const struct report_container *c, FILE *out)
{
	char line[2048];

	if (!c->owner)
		return;
	fprintf(out, "  Owner     %s\n", owner_text__line(c->owner, line, sizeof(line)));
	if (*c->owner->text[VFIO_OWNER_CGROUP_TEXT])
		fprintf(out, "  Cgroup    %s\n", c->owner->text[VFIO_OWNER_CGROUP_TEXT]);
}

static void print_devices(const struct report *report, FILE *out)
{
	char line[2048];

	if (report->n_groups)
		fputs("\nGroups\n", out);
	for (size_t i = 0; i < report->n_groups; i++) {
		const struct source_group_info *group = report->groups[i];

		for (__u32 d = 0; d < group->n_listed; d++)
			fprintf(out, "  %-5u %s\n", group->number,
				device_text__line(&group->devices[d], 0, line, sizeof(line)));
		if (group->n_listed < group->n_devices)
			fprintf(out, "  %-5u and %u devices more\n", group->number,
				group->n_devices - group->n_listed);
	}
}

static void print_failed(const struct report_group_call *call, FILE *out)
{
	for (__u32 i = 0; i < call->op.n_errnos; i++) {
		const char *name = event__errno_name(call->op.errnos[i].err);

		fprintf(out, "  %-5s %-16s %9llu  %s (%u)", "", "", call->op.errnos[i].count,
			name ? name : "errno", call->op.errnos[i].err);
		if (i + 1 < call->op.n_errnos) {
			fputc('\n', out);
			continue;
		}
		fprintf(out, ", last by %s (%u)", call->failed_comm, call->failed_tgid);
		fprintf(out, "%s%s\n", *call->failed_device ? ", device " : "",
			call->failed_device);
	}
}

static void print_group_calls(const struct report *report, FILE *out)
{
	char number[FMT_MAX];

	if (!report->n_group_calls)
		return;
	fprintf(out, "\nGroup and device files\n  %-5s %-16s %9s %7s %7s %7s\n", "GROUP", "CALL",
		"CALLS", "ERRORS", "MEAN", "MAX");
	for (size_t i = 0; i < report->n_group_calls; i++) {
		const struct report_group_call *call = &report->group_calls[i];

		snprintf(number, sizeof(number), "%u", call->group);
		fprintf(out, "  %-5s %-16s %9llu %7llu", call->group == ~0U ? "?" : number,
			model_group_call__key(call->kind), call->op.count, call->op.errors);
		print_latency(call->op.timed, call->op.mean_ns, out);
		print_latency(call->op.timed, call->op.max_ns, out);
		fputc('\n', out);
		print_failed(call, out);
	}
}

void report_text__container(const struct report *report, const struct report_container *c,
			    const char *title, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, "\n%s %s: ", title, fmt_container(text, sizeof(text), c->id));
	if (c->tgid)
		fprintf(out, "%s (%u), ", c->comm, c->tgid);
	else
		fputs("opener unknown, ", out);
	report_text__groups(c, out);
	fprintf(out, ", %s, ", *c->backend ? c->backend : "no backend seen");
	if (c->opened_known) {
		fprintf(out, "opened %s",
			fmt_time(text, sizeof(text),
				 c->opened_ns + report->info.realtime_offset_ns));
		fprintf(out, ", %s %s\n", c->freed ? "lived" : "alive for",
			fmt_latency(text, sizeof(text), c->age_ns));
	} else {
		fprintf(out, "opened before the recording%s\n", c->freed ? ", freed" : "");
	}
	print_owner(c, out);
}

/* What took the longest while it mapped its memory for the first time. */
static void print_start(const struct report *report, const struct report_container *c, FILE *out)
{
	const struct start *start = starts__of(report->starts, c->id);
	char line[1024];

	if (start && start->sum[START_MAP].bytes)
		fprintf(out, "  Start     %s\n", start__sentence(start, line, sizeof(line)));
}

static void print_container(const struct report *report, const struct report_container *c,
			    FILE *out)
{
	report_text__container(report, c, "Container", out);
	print_start(report, c, out);
	print_op_head(out);
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		if (c->op[op])
			print_op(event__op(op)->key, c->op[op], out);
	print_map_parts(&c->map_parts, out);
}

static void print_events(const struct report *report, FILE *out)
{
	fputs("\nEvents\n", out);
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (report->event_count[type])
			fprintf(out, "  %-32s %9llu\n", event__desc(type)->tracepoint,
				report->event_count[type]);
}

bool report__print_text(const struct report *report, FILE *out)
{
	size_t shown = report->n_containers < MAX_CONTAINERS ? report->n_containers :
							       MAX_CONTAINERS;

	report_text__head(report, out);
	print_totals(report, out);
	print_errors(report, out);
	print_events(report, out);
	print_devices(report, out);
	print_group_calls(report, out);
	fputs("\nLeaks\n", out);
	leaks__print(report, "  ", out);
	for (size_t i = 0; i < shown; i++)
		print_container(report, report->containers[i], out);
	if (shown < report->n_containers)
		fprintf(out, "\n%zu more containers; --json lists all\n",
			report->n_containers - shown);
	return !ferror(out);
}
