// SPDX-License-Identifier: GPL-2.0-only
/*
 * diff.c - vfio-trace diff: two recordings side by side, and what of the difference is no noise
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmds.h"
#include "diff.h"
#include "lib/model_op.h"
#include "lib/privilege.h"
#include "lib/xalloc.h"

/* Standard deviations: 99.9 % lie within. */
#define Z 3.29

static void add_op(struct model_op **to, const struct report_op *op)
{
	if (!op || !op->model)
		return;
	if (!*to)
		*to = model_op__create();
	model_op__merge(*to, op->model);
}

static struct diff_owner *add_owner(struct diff *diff, size_t at, const char *name)
{
	struct diff_owner *owner = xcalloc(1, sizeof(*owner));

	owner->name = xmemdup(name, strlen(name) + 1, 1);
	diff->owners = xreallocarray(diff->owners, diff->n + 1, sizeof(*diff->owners));
	memmove(&diff->owners[at + 1], &diff->owners[at], (diff->n - at) * sizeof(*diff->owners));
	diff->owners[at] = owner;
	diff->n++;
	return owner;
}

/* The owner of that name; "" is the first, all. */
static struct diff_owner *owner_of(struct diff *diff, const char *name)
{
	size_t lo = 0, hi = diff->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(diff->owners[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < diff->n && !strcmp(diff->owners[lo]->name, name))
		return diff->owners[lo];
	return add_owner(diff, lo, name);
}

static void add_side(struct diff *diff, unsigned int side, const struct report *report)
{
	struct diff_owner *owner = owner_of(diff, "");
	char name[256];

	diff->report[side] = report;
	owner->seen[side] = true;
	for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
		add_op(&owner->op[side][op], &report->total[op]);
	for (size_t i = 0; i < report->n_containers; i++) {
		const struct report_container *c = report->containers[i];

		owner = owner_of(diff, report__owner(c, name, sizeof(name)));
		owner->seen[side] = true;
		for (unsigned int op = 0; op < VFIO_OP_COUNT; op++)
			add_op(&owner->op[side][op], c->op[op]);
	}
}

struct diff *diff__create(const struct report *a, const struct report *b)
{
	struct diff *diff = xcalloc(1, sizeof(*diff));

	add_side(diff, DIFF_A, a);
	add_side(diff, DIFF_B, b);
	return diff;
}

void diff__destroy(struct diff *diff)
{
	if (!diff)
		return;
	for (size_t i = 0; i < diff->n; i++) {
		for (unsigned int op = 0; op < VFIO_OP_COUNT; op++) {
			model_op__destroy(diff->owners[i]->op[DIFF_A][op]);
			model_op__destroy(diff->owners[i]->op[DIFF_B][op]);
		}
		free(diff->owners[i]->name);
		free(diff->owners[i]);
	}
	free(diff->owners);
	free(diff);
}

/* Bucket of the call with @rank, from 1; @op has that many. */
static __u32 bucket_of(const struct model_op *op, double rank)
{
	__u64 below = 0;
	__u32 i;

	for (i = 0; i < op->n_hist - 1; i++) {
		below += op->hist[i].count;
		if ((double)below >= rank)
			break;
	}
	return op->hist[i].index;
}

/* How many of the calls lie below the quantile is binomial; these ranks are Z deviations away. */
struct diff_interval diff__interval(const struct model_op *op, double q)
{
	double n = op ? op->count - op->unknown : 0, away = Z * sqrt(n * q * (1 - q));
	double low = floor(n * q - away), high = ceil(n * q + away) + 1;
	struct diff_interval interval = { .has_low = low >= 1, .has_high = high <= n };

	if (interval.has_low)
		interval.low_ns = vfio_hist_lower(bucket_of(op, low));
	if (interval.has_high)
		interval.high_ns = vfio_hist_lower(bucket_of(op, high) + 1);
	return interval;
}

/* Apart by more than a bucket's width, which is as exact as a latency is known. */
static bool is_apart(const struct diff_interval *lower, const struct diff_interval *upper)
{
	return lower->has_high && upper->has_low && lower->high_ns < upper->low_ns;
}

enum diff_verdict diff__verdict(const struct model_op *a, const struct model_op *b, double q)
{
	struct diff_interval x = diff__interval(a, q), y = diff__interval(b, q);

	if (is_apart(&x, &y))
		return DIFF_SLOWER;
	if (is_apart(&y, &x))
		return DIFF_FASTER;
	return x.has_low && x.has_high && y.has_low && y.has_high ? DIFF_NOISE : DIFF_TOO_FEW;
}

/* The command */

static const char help[] =
	"Usage: vfio-trace diff [OPTION...] A B\n"
	"\n"
	"Says what is slower or faster in recording B than in A: calls, errors and latencies of each\n"
	"operation side by side, of all containers and of each owner. A quantile is said to be slower\n"
	"or faster when the intervals in which it lies in A and in B, with 99.9 % and by the order of\n"
	"the calls, are apart; that needs some 15 calls for p50, 120 for p90, 1300 for p99. It takes\n"
	"calls to be independent of each other: what happened to disturb one of the recordings for a\n"
	"while is a difference, too. A or B can be -, standard input.\n"
	"\n"
	"      --json    one JSON object\n"
	"  -h, --help    this text\n"
	"\n"
	"Exit status: 0 whatever the difference; 1 failed, or A or B is cut off or damaged; 2 usage.\n";

static int diff_reports(const struct report *a, const struct report *b, bool json)
{
	struct diff *diff = diff__create(a, b);
	bool ok = json ? diff__print_json(diff, stdout) : diff__print_text(diff, stdout);

	diff__destroy(diff);
	return report__written(ok, stdout, "standard output");
}

int cmd_diff(int argc, char **argv)
{
	const struct report_opts opts = { .hist = true, .limit_ns = START_LIMIT_NS };
	struct cmds_line line = { .help = help, .two = true };
	const struct report *a, *b = NULL;
	int status, status_a, status_b = 1;
	char err[1024];

	if (!cmds__one_file(argc, argv, &line, &status))
		return status;
	if (privilege__drop(err, sizeof(err))) {
		fprintf(stderr, "vfio-trace: %s\n", err);
		return 1;
	}
	a = report__read_file(line.path, &opts, &status_a);
	if (a)
		b = report__read_file(line.other, &opts, &status_b);
	status = a && b ? diff_reports(a, b, line.json) : 1;
	report__free(a);
	report__free(b);
	return status || status_a || status_b;
}
