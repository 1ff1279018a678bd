// SPDX-License-Identifier: GPL-2.0-only
/*
 * start_text.c - vfio-trace report --start for people: what took the time of a start
 */
#include <stdlib.h>
#include <string.h>

#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/owner_text.h"
#include "lib/xalloc.h"
#include "report_text.h"
#include "start_text.h"

#define HUGE_PAGE (2ULL << 20)
#define MAX_ERRNO 4095 /* as in the kernel */
/* Of sentences. */
#define WIDTH 76
/* Shorter than this share of the longest start, one is told in a line. */
#define SHORT_SHARE 0.01
/* Shorter than this share of the start, a gap gets no line. */
#define GAP_SHARE 0.01

/* In words */

static double share(__u64 part, __u64 whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* Rounded down: 100 only when it is all, or in a recording that claims nonsense. */
static unsigned int percent(__u64 part, __u64 whole)
{
	return part < whole ? (unsigned int)(share(part, whole) * 100) : 100;
}

char *start_text__speed(char *buf, size_t size, __u64 bytes, __u64 ns)
{
	fmt_bytes(buf, size - 2, start__speed(bytes, ns));
	return strcat(buf, "/s");
}

static enum start_part largest_part(const struct start *start)
{
	enum start_part largest = 0;

	for (unsigned int i = 1; i < START_PARTS; i++)
		if (start->sum[i].self_ns > start->sum[largest].self_ns)
			largest = i;
	return largest;
}

static bool is_between(const struct start *start)
{
	return start__between(start) > start->sum[largest_part(start)].self_ns;
}

/* What takes the largest share. */
static const char *most_of(const struct start *start)
{
	return is_between(start) ? "time between calls" : start__part_key[largest_part(start)];
}

static const struct start_call *longest_call(const struct start *start, enum start_part part)
{
	const struct start_call *longest = NULL;

	for (size_t i = 0; i < start->n_calls; i++) {
		const struct start_call *call = &start->calls[i];

		if (call->part == part && call->ns != VFIO_OBS_UNKNOWN &&
		    (!longest || call->ns > longest->ns))
			longest = call;
	}
	return longest;
}

/* The call that ended a gap. */
static const struct start_call *call_behind(const struct start *start, const struct start_gap *gap)
{
	for (size_t i = 0; i < start->n_calls; i++)
		if (start->calls[i].begin_ns == gap->end_ns)
			return &start->calls[i];
	return NULL;
}

static void say_between(const struct start *start, FILE *out)
{
	const struct start_call *next;
	char text[FMT_MAX];

	fputs("between the calls, in the program or in what is not recorded", out);
	if (!start->n_gaps)
		return;
	next = call_behind(start, &start->gaps[0]);
	fprintf(out, "; the longest %s", fmt_latency(text, sizeof(text), start->gaps[0].end_ns -
							   start->gaps[0].begin_ns));
	if (next)
		fprintf(out, ", before %s", start__part_key[next->part]);
}

static bool pins_most(const struct model_map_parts *parts)
{
	return model_map_sum(parts, pin_ns) >= model_map_sum(parts, iommu_ns) &&
	       model_map_sum(parts, pin_ns) >= model_map_parts__rest(parts);
}

static void say_parts(const struct start_sum *sum, const struct model_map_parts *parts, FILE *out)
{
	__u64 total = model_map_sum(parts, total_ns), iommu = model_map_sum(parts, iommu_ns);
	__u64 rest = model_map_parts__rest(parts);

	if (!parts->count) {
		fputs("; what it did inside is unknown, no vfio_map_parts is recorded", out);
		return;
	}
	if (pins_most(parts))
		fprintf(out, ", %u%% of it faulting and pinning pages",
			percent(model_map_sum(parts, pin_ns), total));
	else if (iommu >= rest)
		fprintf(out, ", %u%% of it mapping in the IOMMU", percent(iommu, total));
	else
		fprintf(out, ", %u%% of it neither pinning nor mapping in the IOMMU",
			percent(rest, total));
	if (parts->count < sum->count)
		fprintf(out, " (known of %llu of %llu calls)", parts->count, sum->count);
}

static void say_map(const struct start *start, FILE *out)
{
	const struct start_sum *sum = &start->sum[START_MAP];
	__u64 chunks = model_map_sum(&start->map_parts, chunks);
	char text[FMT_MAX];

	say_parts(sum, &start->map_parts, out);
	if (sum->moved_bytes) {
		fprintf(out, ": %s", fmt_bytes(text, sizeof(text), sum->moved_bytes));
		fprintf(out, " at %s",
			start_text__speed(text, sizeof(text), sum->moved_bytes, sum->moved_ns));
	}
	if (chunks)
		fprintf(out, ", in chunks of %s",
			fmt_bytes(text, sizeof(text),
				  model_map_sum(&start->map_parts, pin_bytes) / chunks));
	if (sum->under_way)
		fprintf(out, "; %llu had not returned when the recording ended", sum->under_way);
}

static void say_longest(const struct start *start, enum start_part part, FILE *out)
{
	const struct start_call *call = longest_call(start, part);
	char text[FMT_MAX];

	if (!call)
		return;
	fprintf(out, ": %llu call%s, the longest %s", start->sum[part].count,
		start->sum[part].count == 1 ? "" : "s", fmt_latency(text, sizeof(text), call->ns));
	if (call->group != ~0U)
		fprintf(out, " of group %u", call->group);
	if (!call->returned)
		fputs(", which had not returned when the recording ended", out);
	else if (call->ret < 0)
		fputs(", which failed", out);
}

char *start__sentence(const struct start *start, char *buf, size_t size)
{
	enum start_part part = largest_part(start);
	__u64 largest_ns = is_between(start) ? start__between(start) : start->sum[part].self_ns;
	__u64 span = start__span(start);
	char text[FMT_MAX];
	FILE *out;

	*buf = '\0';
	if (!span)
		return buf;
	out = xalloc__check(fmemopen(buf, size, "w"));
	fprintf(out, "%s", fmt_latency(text, sizeof(text), largest_ns));
	fprintf(out, " of %s ", fmt_latency(text, sizeof(text), span));
	if (is_between(start)) {
		say_between(start, out);
	} else {
		fprintf(out, "in %s", start__part_key[part]);
		if (part == START_MAP)
			say_map(start, out);
		else
			say_longest(start, part, out);
	}
	fclose(out);
	buf[size - 1] = '\0';
	return buf;
}

char *start__advice(const struct start *start, char *buf, size_t size)
{
	const struct model_map_parts *parts = &start->map_parts;
	__u64 chunks = model_map_sum(parts, chunks), bytes = model_map_sum(parts, pin_bytes);
	char text[FMT_MAX];

	*buf = '\0';
	/* In huge pages each call has at most these and the pieces at its two ends. */
	if (largest_part(start) != START_MAP || is_between(start) || !pins_most(parts) ||
	    chunks <= bytes / HUGE_PAGE + 2 * parts->count)
		return buf;
	snprintf(buf, size,
		 "Chunks of %s on average: not all of this memory is in huge pages%s. A huge page is "
		 "one fault, and 2M in one chunk",
		 fmt_bytes(text, sizeof(text), bytes / chunks),
		 bytes / chunks == REPORT_PAGE_BYTES ? ", or the parameter disable_hugepages of "
						"vfio_iommu_type1 is set" : "");
	return buf;
}

bool start_text__pins(const struct model_map_parts *parts)
{
	return model_map_sum(parts, pin_ns) || model_map_sum(parts, chunks);
}

/* What took the time */

static void print_row(const char *name, __u64 ns, __u64 span, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, "  %-18s %7s %5.1f%%", name, fmt_latency(text, sizeof(text), ns),
		share(ns, span) * 100);
}

static void print_sum(const char *name, const struct start_sum *sum, __u64 span, FILE *out)
{
	char text[FMT_MAX];

	print_row(name, sum->self_ns, span, out);
	fprintf(out, " %6llu %6llu %7s", sum->count, sum->errors,
		sum->untimed < sum->count ? fmt_latency(text, sizeof(text), sum->max_self_ns) : "-");
	fprintf(out, " %6s", sum->bytes ? fmt_bytes(text, sizeof(text), sum->bytes) : "-");
	fprintf(out, " %8s",
		sum->moved_ns ? start_text__speed(text, sizeof(text), sum->moved_bytes, sum->moved_ns) : "-");
	fprintf(out, " %6s\n",
		sum->bytes ? fmt_count(text, sizeof(text), sum->bytes / REPORT_PAGE_BYTES) : "-");
}

static void print_part(const char *name, __u64 ns, __u64 span, __u64 n, const char *of, __u64 bytes,
		       FILE *out)
{
	print_row(name, ns, span, out);
	if (n)
		report_text__chunks(n, of, bytes, out);
	fputc('\n', out);
}

static void print_map_parts(const struct start *start, FILE *out)
{
	const struct model_map_parts *parts = &start->map_parts;
	bool maps_known = model_map_known(parts, iommu_maps);
	__u64 span = start__span(start);

	if (!start->sum[START_MAP].count)
		return;
	if (!parts->count) {
		fputs("    what took it inside is unknown: no vfio_map_parts is recorded\n", out);
		return;
	}
	if (!start_text__pins(parts)) {
		fputs("    pinned no page\n", out);
		return;
	}
	print_part("  fault and pin", model_map_sum(parts, pin_ns), span,
		   model_map_sum(parts, chunks), "chunk", model_map_sum(parts, pin_bytes), out);
	print_part("  map in IOMMU", model_map_sum(parts, iommu_ns), span,
		   maps_known ? model_map_sum(parts, iommu_maps) : 0, "map",
		   model_map_sum(parts, iommu_bytes), out);
	print_part("  rest", model_map_parts__rest(parts), span, 0, "", 0, out);
	if (parts->count < start->sum[START_MAP].count)
		fprintf(out, "    is known of %llu of the %llu calls\n", parts->count,
			start->sum[START_MAP].count);
}

static void print_sums(const struct start *start, FILE *out)
{
	__u64 span = start__span(start), untimed = 0, unread = 0;

	fprintf(out, "\n  %-18s %7s %6s %6s %6s %7s %6s %8s %6s\n", "IN", "TIME", "SHARE", "CALLS",
		"ERRORS", "LONGEST", "BYTES", "SPEED", "PAGES");
	for (unsigned int i = 0; i < START_PARTS; i++) {
		const struct start_sum *sum = &start->sum[i];

		untimed += sum->untimed;
		unread += sum->unread;
		if (sum->count)
			print_sum(start__part_key[i], sum, span, out);
		if (i == START_MAP)
			print_map_parts(start, out);
	}
	print_row("between calls", start__between(start), span, out);
	fputc('\n', out);
	if (untimed)
		fprintf(out, "  %llu calls whose duration is unknown are in no time\n", untimed);
	if (unread)
		fprintf(out, "  %llu map_dma whose size is unknown are not in the bytes\n", unread);
}

/* One after another */

static void print_device(const struct report *report, const struct start_call *call, FILE *out)
{
	char line[1024];

	fprintf(out, "group %u", call->group);
	for (size_t i = 0; i < report->n_groups; i++) {
		const struct source_group_info *group = report->groups[i];

		for (__u32 d = 0; group->number == call->group && d < group->n_listed; d++)
			fprintf(out, "%s %s", d ? "," : ":",
				device_text__line(&group->devices[d], 30, line, sizeof(line)));
	}
}

void start_text__inside(const struct start_call *call, const char *before, FILE *out)
{
	const struct model_map_parts *parts = &call->map_parts;
	char text[FMT_MAX];

	if (!start_text__pins(parts))
		return;
	fprintf(out, "%spin %s", before, fmt_latency(text, sizeof(text), model_map_sum(parts, pin_ns)));
	report_text__chunks(model_map_sum(parts, chunks), "chunk", model_map_sum(parts, pin_bytes),
			    out);
	fprintf(out, ", IOMMU %s", fmt_latency(text, sizeof(text), model_map_sum(parts, iommu_ns)));
	fprintf(out, ", rest %s", fmt_latency(text, sizeof(text), model_map_parts__rest(parts)));
}

static void print_map(const struct start_call *call, FILE *out)
{
	char text[FMT_MAX];

	if (!call->bytes_known) {
		fputs("size unknown", out);
	} else {
		fprintf(out, "%s", fmt_bytes(text, sizeof(text), call->bytes));
		fprintf(out, " at iova 0x%llx", call->iova);
		if (call->ret >= 0 && call->returned && call->ns != VFIO_OBS_UNKNOWN && call->bytes)
			fprintf(out, ", %s", start_text__speed(text, sizeof(text), call->bytes, call->ns));
	}
}

void start_text__result(const struct start_call *call, const char *before, FILE *out)
{
	bool is_errno = call->ret < 0 && call->ret >= -MAX_ERRNO;
	const char *name = is_errno ? event__errno_name((int)-call->ret) : NULL;

	if (!call->returned)
		fprintf(out, "%snot returned when the recording ended", before);
	else if (call->ret < 0 && name)
		fprintf(out, "%sfailed: %s", before, name);
	else if (call->ret < 0)
		fprintf(out, "%sfailed: %lld", before, call->ret);
}

void start_text__what(const struct report *report, const struct start_call *call, FILE *out)
{
	const char *type = event__value_name(event__values_iommu_type, call->type);

	if (call->part == START_MAP)
		print_map(call, out);
	else if (call->part == START_SET_IOMMU)
		fprintf(out, "%s%s%s", type ? type : "type unknown", *call->name ? ", " : "",
			call->name);
	else
		print_device(report, call, out);
}

static void print_call(const struct report *report, const struct start *start,
		       const struct start_call *call, FILE *out)
{
	char text[FMT_MAX], before[20];

	snprintf(before, sizeof(before), "\n%17s", "");

	fprintf(out, "  %+11.6fs %7s  %-13s  ",
		(double)(call->begin_ns - start->opened_ns) / 1e9,
		call->ns == VFIO_OBS_UNKNOWN ? "-" : fmt_latency(text, sizeof(text), call->ns),
		start__part_key[call->part]);
	start_text__what(report, call, out);
	start_text__inside(call, before, out);
	start_text__result(call, "  ", out);
	fputc('\n', out);
}

bool start_text__more(const struct start *start, enum start_part part, __u64 *ns, FILE *out)
{
	const struct start_sum *sum = &start->sum[part];
	__u64 count = sum->count, bytes = sum->bytes;
	char text[FMT_MAX];

	*ns = sum->ns;
	for (size_t i = 0; i < start->n_calls; i++) {
		const struct start_call *call = &start->calls[i];

		if (call->part != part)
			continue;
		count--;
		*ns -= call->ns == VFIO_OBS_UNKNOWN ? 0 : call->ns;
		bytes -= call->ret >= 0 && call->returned ? call->bytes : 0;
	}
	if (!count || part >= START_GROUP)
		return false;
	fprintf(out, "%llu shorter calls", count);
	if (bytes)
		fprintf(out, ", %s", fmt_bytes(text, sizeof(text), bytes));
	fprintf(out, ", all %s by %+.3fs", start__part_key[part],
		(double)(sum->last_ns - start->opened_ns) / 1e9);
	return true;
}

/* The calls of a kind that are no longer listed one by one. */
static void print_more(const struct start *start, enum start_part part, FILE *out)
{
	char text[FMT_MAX], what[200] = "";
	FILE *line = xalloc__check(fmemopen(what, sizeof(what), "w"));
	__u64 ns;
	bool any = start_text__more(start, part, &ns, line);

	fclose(line);
	if (any)
		fprintf(out, "  %12s %7s  %-13s  %s\n", "", fmt_latency(text, sizeof(text), ns),
			start__part_key[part], what);
}

static void print_gap(const struct start *start, const struct start_gap *gap, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, "  %+11.6fs %7s  (between calls)\n",
		(double)(gap->begin_ns - start->opened_ns) / 1e9,
		fmt_latency(text, sizeof(text), gap->end_ns - gap->begin_ns));
}

const struct start_gap *start_text__next_gap(const struct start *start, __u64 from_ns)
{
	const struct start_gap *next = NULL;

	for (size_t i = 0; i < start->n_gaps; i++) {
		const struct start_gap *gap = &start->gaps[i];

		if (gap->begin_ns >= from_ns && (!next || gap->begin_ns < next->begin_ns) &&
		    share(gap->end_ns - gap->begin_ns, start__span(start)) >= GAP_SHARE)
			next = gap;
	}
	return next;
}

static void print_calls(const struct report *report, const struct start *start, FILE *out)
{
	const struct start_gap *gap = start_text__next_gap(start, 0);

	fprintf(out, "\n  %12s %7s  %s\n", "SINCE OPEN", "TOOK", "CALL");
	for (size_t i = 0; i < start->n_calls; i++) {
		while (gap && gap->begin_ns <= start->calls[i].begin_ns) {
			print_gap(start, gap, out);
			gap = start_text__next_gap(start, gap->begin_ns + 1);
		}
		print_call(report, start, &start->calls[i], out);
	}
	for (unsigned int i = 0; i < START_PARTS; i++)
		print_more(start, i, out);
}

void start_text__end(const struct start *start, FILE *out)
{
	static const char *const what[] = {
		[START_UNMAP] = "the first unmap_dma",
		[START_CLOSE] = "the close of its file",
		[START_DETACH] = "the detach of its last group",
		[START_LIMIT] = "the limit of --start",
	};
	char text[FMT_MAX];

	if (start->over == START_GOES_ON) {
		fputs("Calls are counted until the recording ended; the start may not be over.", out);
		return;
	}
	fprintf(out, "Calls are counted until %s, %s after the open.", what[start->over],
		fmt_latency(text, sizeof(text), start->over_ns - start->opened_ns));
}

/* @text in lines that fit a terminal. */
static void print_wrapped(const char *text, FILE *out)
{
	while (*text) {
		int len = strlen(text), cut = len;

		if (len > WIDTH)
			for (cut = WIDTH; cut && text[cut] != ' '; cut--)
				;
		cut = cut ? cut : len;
		fprintf(out, "  %.*s%s\n", cut, text, cut == len ? "." : "");
		text += cut;
		text += strspn(text, " ");
	}
}

static void print_start(const struct report *report, const struct report_container *c,
			const struct start *start, FILE *out)
{
	char line[1024];

	report_text__container(report, c, "Start of container", out);
	fputc('\n', out);
	print_wrapped(start__sentence(start, line, sizeof(line)), out);
	print_wrapped(start__advice(start, line, sizeof(line)), out);
	print_sums(start, out);
	print_calls(report, start, out);
	fputs("  ", out);
	start_text__end(start, out);
	fputc('\n', out);
}

static void print_short(const struct report_container *c, const struct start *start, size_t nth,
			FILE *out)
{
	char text[FMT_MAX];

	if (!nth)
		fputs("\nStarts that took less than 1% of that; --json has all of them\n", out);
	fprintf(out, "  %7s", fmt_latency(text, sizeof(text), start__span(start)));
	fprintf(out, "  container %s: %s (%u)", fmt_container(text, sizeof(text), c->id), c->comm,
		c->tgid);
	fprintf(out, ", most in %s\n", most_of(start));
}

/* Those that have a call, the longest first */

static int longest_first(const void *a, const void *b)
{
	const struct start_entry *x = a, *y = b;
	__u64 nx = start__span(x->start), ny = start__span(y->start);

	return nx > ny ? -1 : nx < ny;
}

struct start_entry *start_text__longest(const struct report *report, size_t *n, size_t *unseen)
{
	struct start_entry *list = xcalloc(report->n_containers, sizeof(*list));

	*n = *unseen = 0;
	for (size_t i = 0; i < report->n_containers; i++) {
		const struct report_container *c = report->containers[i];
		const struct start *start = starts__of(report->starts, c->id);

		if (!start)
			++*unseen;
		else if (start__span(start))
			list[(*n)++] = (struct start_entry){ c, start };
	}
	if (*n)
		qsort(list, *n, sizeof(*list), longest_first);
	return list;
}

bool start_text__is_short(const struct start *start, const struct start *longest)
{
	return share(start__span(start), start__span(longest)) < SHORT_SHARE;
}

const char *start_text__doubt(const struct report *report)
{
	bool thinned = false;

	for (size_t i = 0; i < report->n_gaps; i++)
		thinned |= report->gaps[i].kind == SOURCE_GAP_THINNED;
	if (!thinned && !source_loss__total(&report->loss))
		return NULL;
	return "Calls may be missing below: events were lost or left out. What they took is between "
	       "calls then.";
}

bool report__print_starts(const struct report *report, FILE *out)
{
	const char *doubt = start_text__doubt(report);
	size_t n, unseen, short_ones = 0;
	struct start_entry *list = start_text__longest(report, &n, &unseen);
	char text[FMT_MAX];

	report_text__head(report, out);
	if (doubt)
		fprintf(out, "\n%s\n", doubt);
	for (size_t i = 0; i < n && i < START_MAX_SHOWN; i++) {
		if (!start_text__is_short(list[i].start, list[0].start))
			print_start(report, list[i].c, list[i].start, out);
		else
			print_short(list[i].c, list[i].start, short_ones++, out);
	}
	if (n > START_MAX_SHOWN)
		fprintf(out, "\n%zu more starts, none longer than %s; --json has all\n", n - START_MAX_SHOWN,
			fmt_latency(text, sizeof(text), start__span(list[START_MAX_SHOWN].start)));
	if (!n)
		fputs("\nNo container was opened and used in the recording.\n", out);
	if (unseen)
		fprintf(out, "\n%zu containers whose open is not in the recording: nothing is known of their "
			"starts\n", unseen);
	free(list);
	return !ferror(out);
}
