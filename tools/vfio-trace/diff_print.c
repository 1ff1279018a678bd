// SPDX-License-Identifier: GPL-2.0-only
/*
 * diff_print.c - two recordings side by side, for people and as JSON
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "diff.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/json_set.h"

/* Listed one by one; --json has all. */
#define MAX_OWNERS 20
/* Quantiles that are compared, of report__quantile: p99.9 needs too many calls. */
#define QUANTILES (REPORT_P99 + 1)

static const char *const verdict_key[] = {
	[DIFF_TOO_FEW] = "too_few",
	[DIFF_NOISE] = "noise",
	[DIFF_SLOWER] = "slower",
	[DIFF_FASTER] = "faster",
};

/* Text */

static void print_side(const struct report *report, const char *name, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, "%s  %s\n   %s, kernel %s: %llu events", name, report->path, report->info.host,
		report->info.kernel, report->events);
	if (report->events)
		fprintf(out, " from %s", fmt_time(text, sizeof(text), report->first_ns +
						  report->info.realtime_offset_ns));
	fprintf(out, " for %s", fmt_latency(text, sizeof(text), report->last_ns - report->first_ns));
	fprintf(out, ", %llu lost%s\n", source_loss__total(&report->loss),
		report->truncated ? ", cut off" : "");
}

/* "+12%", "x3.1" */
static char *fmt_change(char *buf, size_t size, double a, double b)
{
	if (a <= 0)
		snprintf(buf, size, "%s", b > 0 ? "new" : "");
	else if (b / a < 10)
		snprintf(buf, size, "%+.0f%%", (b / a - 1) * 100);
	else
		snprintf(buf, size, b / a < 1e4 ? "x%.0f" : "x%.0e", b / a);
	return buf;
}

/* Calls whose duration is known. */
static __u64 timed(const struct model_op *op)
{
	return op ? op->count - op->unknown : 0;
}

static double mean_of(const struct model_op *op)
{
	return timed(op) ? (double)op->sum_ns / (double)timed(op) : 0;
}

static bool quantile(const struct model_op *op, unsigned int q, __u64 *ns)
{
	return op && model_op__quantile(op, report__quantile[q], ns);
}

static const char *of_owner(const struct diff_owner *owner)
{
	return *owner->name ? owner->name : "all";
}

/* One line for each quantile that changed; how many. */
static size_t print_changes(const struct diff_owner *owner, FILE *out)
{
	char from[FMT_MAX], to[FMT_MAX], change[FMT_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < VFIO_OP_COUNT * QUANTILES; i++) {
		unsigned int op = i / QUANTILES, q = i % QUANTILES;
		const struct model_op *a = owner->op[DIFF_A][op], *b = owner->op[DIFF_B][op];
		enum diff_verdict verdict = diff__verdict(a, b, report__quantile[q]);
		__u64 x, y;

		if (verdict < DIFF_SLOWER || !quantile(a, q, &x) ||
		    !quantile(b, q, &y))
			continue;
		fprintf(out, "  %-16s %-4s %s: %s -> %s (%s), %s\n", event__op(op)->key,
			report__quantile_key[q], verdict_key[verdict],
			fmt_latency(from, sizeof(from), x), fmt_latency(to, sizeof(to), y),
			fmt_change(change, sizeof(change), x, y), of_owner(owner));
		n++;
	}
	return n;
}

static void print_all_changes(const struct diff *diff, FILE *out)
{
	size_t n = 0;

	fputs("\nMore than noise, in B\n", out);
	for (size_t i = 0; i < diff->n && i <= MAX_OWNERS; i++)
		n += print_changes(diff->owners[i], out);
	if (!n)
		fputs("  nothing\n", out);
}

static void print_cell(bool known, __u64 ns, const char *change, FILE *out)
{
	char text[FMT_MAX];

	fprintf(out, " %7s %6s", known ? fmt_latency(text, sizeof(text), ns) : "-", change);
}

/* The line of @side; that of B has how it differs. */
static void print_op_side(const struct diff_owner *owner, unsigned int op, unsigned int side,
			  FILE *out)
{
	static const char mark[] = {
		[DIFF_TOO_FEW] = '?', [DIFF_NOISE] = '~', [DIFF_SLOWER] = '!', [DIFF_FASTER] = '!',
	};
	const struct model_op *a = owner->op[DIFF_A][op], *b = owner->op[DIFF_B][op];
	const struct model_op *this = owner->op[side][op];
	char change[FMT_MAX + 2] = "";
	__u64 x, y, ns = 0;

	fprintf(out, "  %-16s %c %9llu %7llu", side == DIFF_A ? event__op(op)->key : "", "AB"[side],
		this ? this->count : 0, this ? this->errors : 0);
	if (side == DIFF_B && timed(a) && timed(b))
		fmt_change(change, sizeof(change), mean_of(a), mean_of(b));
	print_cell(timed(this), mean_of(this), change, out);
	for (unsigned int q = 0; q < QUANTILES; q++) {
		bool known = quantile(this, q, &ns);

		*change = '\0';
		if (side == DIFF_B && quantile(a, q, &x) &&
		    quantile(b, q, &y)) {
			fmt_change(change, sizeof(change) - 2, x, y);
			snprintf(change + strlen(change), 2, "%c",
				 mark[diff__verdict(a, b, report__quantile[q])]);
		}
		print_cell(known, ns, change, out);
	}
	fputc('\n', out);
}

static void print_owner(const struct diff_owner *owner, FILE *out)
{
	fprintf(out, "\n%s\n  %-16s   %9s %7s %7s %6s", *owner->name ? owner->name : "All containers",
		"OPERATION", "CALLS", "ERRORS", "MEAN", "");
	for (unsigned int q = 0; q < QUANTILES; q++)
		fprintf(out, " %7s %6s", report__quantile_key[q], "");
	fputc('\n', out);
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		if (!owner->op[DIFF_A][op] && !owner->op[DIFF_B][op])
			continue;
		print_op_side(owner, op, DIFF_A, out);
		print_op_side(owner, op, DIFF_B, out);
	}
}

bool diff__print_text(const struct diff *diff, FILE *out)
{
	size_t alone[DIFF_SIDES] = { 0 }, shown = 0, both = 0;

	print_side(diff->report[DIFF_A], "A", out);
	print_side(diff->report[DIFF_B], "B", out);
	print_all_changes(diff, out);
	for (size_t i = 0; i < diff->n; i++) {
		const struct diff_owner *owner = diff->owners[i];

		if (!owner->seen[DIFF_A] || !owner->seen[DIFF_B])
			alone[owner->seen[DIFF_A] ? DIFF_A : DIFF_B]++;
		else if (++both && i <= MAX_OWNERS && ++shown)
			print_owner(owner, out);
	}
	fputs("\n! more than noise, ~ not more than noise, ? too few calls to tell\n", out);
	if (both > shown)
		fprintf(out, "%zu more owners; --json lists all\n", both - shown);
	if (alone[DIFF_A] || alone[DIFF_B])
		fprintf(out, "%zu owners only in A, %zu only in B; --json has them\n", alone[DIFF_A],
			alone[DIFF_B]);
	return !ferror(out);
}

/* JSON */

static json_t *side_json(const struct report *report)
{
	json_t *object = xalloc__check(json_object());

	json_set(object, "path", json_string(report->path));
	json_set(object, "host", json_text_or_null(report->info.host));
	json_set(object, "kernel", json_text_or_null(report->info.kernel));
	json_set(object, "events", json_count(report->events));
	json_set(object, "duration_ns", json_count(report->last_ns - report->first_ns));
	json_set(object, "lost", json_count(source_loss__total(&report->loss)));
	json_set(object, "truncated", json_boolean(report->truncated));
	return object;
}

static json_t *op_side_json(const struct model_op *op)
{
	json_t *object = xalloc__check(json_object());

	json_set(object, "count", json_count(op ? op->count : 0));
	json_set(object, "errors", json_count(op ? op->errors : 0));
	json_set(object, "unknown_duration", json_count(op ? op->unknown : 0));
	json_set(object, "mean_ns", json_count_if(timed(op), mean_of(op)));
	for (unsigned int q = 0; q < QUANTILES; q++) {
		struct diff_interval interval = diff__interval(op, report__quantile[q]);
		json_t *one = xalloc__check(json_object());
		__u64 ns = 0;
		bool known = quantile(op, q, &ns);

		json_set(one, "ns", json_count_if(known, ns));
		json_set(one, "at_least_ns", json_count_if(interval.has_low, interval.low_ns));
		json_set(one, "below_ns", json_count_if(interval.has_high, interval.high_ns));
		json_set(object, report__quantile_key[q], one);
	}
	return object;
}

static json_t *verdict_json(const struct model_op *a, const struct model_op *b, unsigned int q)
{
	return json_string(verdict_key[diff__verdict(a, b, report__quantile[q])]);
}

static json_t *ops_json(const struct diff_owner *owner)
{
	json_t *object = xalloc__check(json_object());

	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
		const struct model_op *a = owner->op[DIFF_A][op], *b = owner->op[DIFF_B][op];
		json_t *one, *verdicts;

		if (!a && !b)
			continue;
		one = xalloc__check(json_object());
		verdicts = xalloc__check(json_object());
		json_set(one, "a", op_side_json(a));
		json_set(one, "b", op_side_json(b));
		for (unsigned int q = 0; q < QUANTILES; q++)
			json_set(verdicts, report__quantile_key[q], verdict_json(a, b, q));
		json_set(one, "b_is", verdicts);
		json_set(object, event__op(op)->key, one);
	}
	return object;
}

bool diff__print_json(const struct diff *diff, FILE *out)
{
	json_t *root = xalloc__check(json_object()), *owners = xalloc__check(json_array());
	bool ok;

	json_set(root, "schema", json_string("vfio-trace-diff/1"));
	json_set(root, "a", side_json(diff->report[DIFF_A]));
	json_set(root, "b", side_json(diff->report[DIFF_B]));
	json_set(root, "operations", ops_json(diff->owners[0]));
	for (size_t i = 1; i < diff->n; i++) {
		json_t *one = xalloc__check(json_object());

		json_set(one, "owner", json_string(diff->owners[i]->name));
		json_set(one, "in_a", json_boolean(diff->owners[i]->seen[DIFF_A]));
		json_set(one, "in_b", json_boolean(diff->owners[i]->seen[DIFF_B]));
		json_set(one, "operations", ops_json(diff->owners[i]));
		json_append(owners, one);
	}
	json_set(root, "owners", owners);
	ok = !json_dumpf(root, out, JSON_INDENT(2)) && fputc('\n', out) != EOF;
	json_decref(root);
	return ok;
}
