/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diff.h - two recordings side by side, for vfio-trace diff and its two ways of printing
 *
 * Made by diff.c from two reports; read by diff_print.c.
 */
#ifndef VFIO_TRACE_DIFF_H
#define VFIO_TRACE_DIFF_H

#include "report.h"

enum { DIFF_A, DIFF_B, DIFF_SIDES };

/*
 * Whether a quantile changed. It did when the intervals in which it lies in A and in B are apart;
 * NOISE: they are not; TOO_FEW: because the calls are so few that an interval has an end only.
 */
enum diff_verdict { DIFF_TOO_FEW, DIFF_NOISE, DIFF_SLOWER, DIFF_FASTER };

/* Where a quantile lies with 99.9 %, by the calls' order: at least @low_ns, below @high_ns. */
struct diff_interval {
	bool has_low, has_high;
	__u64 low_ns, high_ns;
};

/* The operations that somebody called, "" all, on the @seen sides. @op: NULL: never called */
struct diff_owner {
	char *name;
	bool seen[DIFF_SIDES];
	struct model_op *op[DIFF_SIDES][VFIO_OP_COUNT];
};

/* @owners: @n, the first is all, others by name */
struct diff {
	const struct report *report[DIFF_SIDES];
	struct diff_owner **owners;
	size_t n;
};

/* Either report must have been read with its histograms and live as long. */
struct diff *diff__create(const struct report *a, const struct report *b);
void diff__destroy(struct diff *diff);

/* @op, @a and @b may be NULL. */
struct diff_interval diff__interval(const struct model_op *op, double q);
enum diff_verdict diff__verdict(const struct model_op *a, const struct model_op *b, double q);

/* Both return false when @out cannot be written (errno). */
bool diff__print_text(const struct diff *diff, FILE *out);
bool diff__print_json(const struct diff *diff, FILE *out);

#endif
