// SPDX-License-Identifier: GPL-2.0-only
/*
 * field_op.c - the fields of an operation, of one container or of all
 *
 * Read through field__ops() by every view. An operation that was never called has count 0 and
 * nothing to say about latency.
 */
#include "event.h"
#include "field.h"

enum measure { MEASURE_NONE, MEASURE_BYTES, MEASURE_PAGES };

static struct field_value none(void)
{
	return (struct field_value){ .type = FIELD_NONE };
}

static struct field_value number(__u64 value)
{
	return (struct field_value){ .type = FIELD_UINT, .uint = value };
}

/* What vfio_outcome_of() counts for an operation beside the calls. */
static enum measure measure_of(enum vfio_obs_op op)
{
	switch (op) {
	case VFIO_OP_MAP:
	case VFIO_OP_UNMAP:
	case VFIO_OP_DMA_RW:
		return MEASURE_BYTES;
	case VFIO_OP_PIN:
	case VFIO_OP_UNPIN:
		return MEASURE_PAGES;
	default:
		return MEASURE_NONE;
	}
}

static struct field_value get_operation(const struct field_row *row)
{
	return (struct field_value){ .type = FIELD_TEXT, .text = event__op(row->op)->key };
}

static struct field_value get_count(const struct field_row *row)
{
	return number(row->stats ? row->stats->count : 0);
}

static struct field_value get_rate(const struct field_row *row)
{
	double rate = row->stats ? row->stats->rate : 0;

	if (rate < 0)
		return (struct field_value){ .type = FIELD_UNKNOWN };
	return (struct field_value){ .type = FIELD_REAL, .real = rate };
}

static struct field_value get_busy(const struct field_row *row)
{
	double busy = row->stats ? row->stats->busy : 0;

	if (!event__op(row->op)->timed)
		return none();
	if (busy < 0)
		return (struct field_value){ .type = FIELD_UNKNOWN };
	return (struct field_value){ .type = FIELD_REAL, .real = busy };
}

static struct field_value get_errors(const struct field_row *row)
{
	return number(row->stats ? row->stats->errors : 0);
}

static struct field_value get_untimed(const struct field_row *row)
{
	if (!event__op(row->op)->timed)
		return none();
	return number(row->stats ? row->stats->unknown : 0);
}

/* The calls' latencies, when the operation is timed and any call was. */
static bool has_times(const struct field_row *row, struct field_value *instead)
{
	*instead = none();
	if (!event__op(row->op)->timed || !row->stats)
		return false;
	instead->type = FIELD_UNKNOWN;
	return row->stats->n_hist > 0;
}

static struct field_value quantile(const struct field_row *row, double q)
{
	struct field_value value;
	__u64 ns;

	if (has_times(row, &value) && model_op__quantile(row->stats, q, &ns))
		value = number(ns);
	return value;
}

static struct field_value get_p50(const struct field_row *row)
{
	return quantile(row, 0.5);
}

static struct field_value get_p90(const struct field_row *row)
{
	return quantile(row, 0.9);
}

static struct field_value get_p99(const struct field_row *row)
{
	return quantile(row, 0.99);
}

static struct field_value get_p999(const struct field_row *row)
{
	return quantile(row, 0.999);
}

static struct field_value get_max(const struct field_row *row)
{
	struct field_value value;

	return has_times(row, &value) ? number(row->stats->max_ns) : value;
}

static struct field_value get_mean(const struct field_row *row)
{
	struct field_value value;
	__u64 timed;

	if (!has_times(row, &value))
		return value;
	timed = row->stats->count - row->stats->unknown;
	/* A reading taken while the kernel counted: the histogram is ahead of the count. */
	return timed ? number(row->stats->sum_ns / timed) : value;
}

static struct field_value get_sum(const struct field_row *row)
{
	struct field_value value;

	return has_times(row, &value) ? number(row->stats->sum_ns) : value;
}

static struct field_value measured(const struct field_row *row, enum measure measure)
{
	if (measure_of(row->op) != measure)
		return none();
	if (!row->stats)
		return number(0);
	return number(measure == MEASURE_BYTES ? row->stats->bytes : row->stats->pages);
}

static struct field_value get_bytes(const struct field_row *row)
{
	return measured(row, MEASURE_BYTES);
}

static struct field_value get_pages(const struct field_row *row)
{
	return measured(row, MEASURE_PAGES);
}

static struct field_value get_speed(const struct field_row *row)
{
	struct field_value value;

	if (measure_of(row->op) != MEASURE_BYTES)
		return none();
	if (!has_times(row, &value))
		return value;
	if (row->stats->unknown || !row->stats->sum_ns)
		return (struct field_value){ .type = FIELD_UNKNOWN };
	return number((__u64)(row->stats->bytes * 1e9 / row->stats->sum_ns));
}

static struct field_value get_errnos(const struct field_row *row)
{
	if (!row->stats || !row->stats->errors)
		return none();
	return (struct field_value){ .type = FIELD_ERRNOS, .stats = row->stats };
}

static const struct field fields[] = {
	{ "operation", "OPERATION", UNIT_TEXT, 15, 0, 0, true,
	  "what was called; \"ioctl\" is every ioctl that has no line of its own",
	  get_operation, FIELD_TOTAL_NONE },
	{ "count", "COUNT", UNIT_COUNT, 5, 0, 1, false, "calls that returned",
	  get_count, FIELD_TOTAL_NONE },
	{ "ops_per_second", "OPS/S", UNIT_PER_S, 5, 0, 0, false,
	  "calls a second during the last interval", get_rate, FIELD_TOTAL_NONE },
	{ "busy_ratio", "BUSY", UNIT_PERCENT, 6, 0, 8, false,
	  "time inside calls that returned in the last interval, in % of it; above 100: several CPUs",
	  get_busy, FIELD_TOTAL_NONE },
	{ "errors", "ERRORS", UNIT_COUNT, 6, 0, 2, false, "calls that failed",
	  get_errors, FIELD_TOTAL_NONE },
	{ "p50_ns", "P50", UNIT_NS, 6, 0, 4, false, "median latency", get_p50, FIELD_TOTAL_NONE },
	{ "p90_ns", "P90", UNIT_NS, 6, 0, 10, false, "latency that 1 in 10 calls exceeds",
	  get_p90, FIELD_TOTAL_NONE },
	{ "p99_ns", "P99", UNIT_NS, 6, 0, 3, false, "latency that 1 in 100 calls exceeds",
	  get_p99, FIELD_TOTAL_NONE },
	{ "p999_ns", "P99.9", UNIT_NS, 6, 0, 11, false, "latency that 1 in 1000 calls exceeds",
	  get_p999, FIELD_TOTAL_NONE },
	{ "max_ns", "MAX", UNIT_NS, 6, 0, 5, false, "longest latency", get_max, FIELD_TOTAL_NONE },
	{ "mean_ns", "MEAN", UNIT_NS, 6, 0, 13, false, "average latency",
	  get_mean, FIELD_TOTAL_NONE },
	{ "sum_ns", "TIME", UNIT_NS, 6, 0, 14, false, "time spent inside these calls, all together",
	  get_sum, FIELD_TOTAL_NONE },
	{ "bytes", "BYTES", UNIT_BYTES, 5, 0, 6, false,
	  "bytes mapped, given back or copied by calls that succeeded",
	  get_bytes, FIELD_TOTAL_NONE },
	{ "pages", "PAGES", UNIT_PAGES, 5, 0, 7, false, "pages pinned or unpinned",
	  get_pages, FIELD_TOTAL_NONE },
	{ "bytes_per_second_inside", "SPEED", UNIT_BYTES_PER_S, 7, 0, 12, false,
	  "bytes a second of the time spent inside the calls", get_speed, FIELD_TOTAL_NONE },
	{ "untimed", "UNTIMED", UNIT_COUNT, 7, 0, 15, false,
	  "calls that began before the tool watched: counted, in no latency",
	  get_untimed, FIELD_TOTAL_NONE },
	{ "errnos", "FAILURES", UNIT_ERRNOS, 8, 40, 9, true,
	  "failures by errno; \"?\": of more kinds than are kept", get_errnos, FIELD_TOTAL_NONE },
};

size_t field__ops(const struct field **list)
{
	*list = fields;
	return sizeof(fields) / sizeof(fields[0]);
}
