// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_op.c - statistics of one operation: counts, a sparse histogram, failures by errno
 *
 * Called by model.c and vfio-trace diff; views use model_op__quantile(). A container has a few
 * dozen distinct latencies, not 1152, so only buckets with calls in them exist.
 */
#include <string.h>

#include "model_op.h"
#include "xalloc.h"

#define MAX_ERRNO 4095 /* as in the kernel */

struct model_op *model_op__create(void)
{
	struct model_op *op = xcalloc(1, sizeof(*op));

	op->rate = op->busy = -1;
	return op;
}

void model_op__destroy(struct model_op *op)
{
	if (!op)
		return;
	free(op->hist);
	free(op->errnos);
	free(op);
}

struct model_op *model_op__copy(const struct model_op *op)
{
	struct model_op *copy = xmemdup(op, 1, sizeof(*op));

	copy->hist = xmemdup_grown(op->hist, op->n_hist, sizeof(*op->hist));
	copy->errnos = xmemdup_grown(op->errnos, op->n_errnos, sizeof(*op->errnos));
	return copy;
}

/* Capacities are not stored: an array grows when its length reaches a power of two. */
static void *make_room(void *array, __u32 n, size_t size)
{
	if (n & (n - 1))
		return array;
	return xreallocarray(array, n ? 2 * (size_t)n : 1, size);
}

static struct model_bucket *bucket_of(struct model_op *op, __u32 index)
{
	__u32 lo = 0, hi = op->n_hist;

	while (lo < hi) {
		__u32 mid = lo + (hi - lo) / 2;

		if (op->hist[mid].index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < op->n_hist && op->hist[lo].index == index)
		return &op->hist[lo];
	op->hist = make_room(op->hist, op->n_hist, sizeof(*op->hist));
	memmove(&op->hist[lo + 1], &op->hist[lo], (op->n_hist - lo) * sizeof(*op->hist));
	op->n_hist++;
	op->hist[lo] = (struct model_bucket){ .index = index };
	return &op->hist[lo];
}

/* The count of @err, which is in 1 to MAX_ERRNO. */
static __u64 *count_of(struct model_op *op, __u32 err)
{
	__u32 i;

	for (i = 0; i < op->n_errnos && op->errnos[i].err < err; i++)
		;
	if (i == op->n_errnos || op->errnos[i].err != err) {
		op->errnos = make_room(op->errnos, op->n_errnos, sizeof(*op->errnos));
		memmove(&op->errnos[i + 1], &op->errnos[i],
			(op->n_errnos - i) * sizeof(*op->errnos));
		op->n_errnos++;
		op->errnos[i] = (struct model_errno){ .err = err };
	}
	return &op->errnos[i].count;
}

void model_op__add(struct model_op *op, const struct vfio_outcome *o)
{
	op->count++;
	if (o->ret < 0) {
		op->errors++;
		/* A recording may claim any number; beyond the kernel's range they share one. */
		++*count_of(op, o->ret < -MAX_ERRNO ? MAX_ERRNO : -o->ret);
	} else {
		op->bytes += o->bytes;
		op->pages += o->pages;
	}
	if (o->duration == VFIO_OBS_UNKNOWN) {
		op->unknown++;
		return;
	}
	op->sum_ns += o->duration;
	bucket_of(op, vfio_hist_index(o->duration))->count++;
	if (o->duration > op->max_ns)
		op->max_ns = o->duration;
}

void model_op__merge(struct model_op *op, const struct model_op *from)
{
	op->count += from->count;
	op->errors += from->errors;
	op->unknown += from->unknown;
	op->sum_ns += from->sum_ns;
	op->bytes += from->bytes;
	op->pages += from->pages;
	if (from->max_ns > op->max_ns)
		op->max_ns = from->max_ns;
	for (__u32 i = 0; i < from->n_hist; i++)
		bucket_of(op, from->hist[i].index)->count += from->hist[i].count;
	for (__u32 i = 0; i < from->n_errnos; i++)
		*count_of(op, from->errnos[i].err) += from->errnos[i].count;
}

static void raise_to(__u64 *value, __u64 *total, __u64 reading)
{
	if (reading <= *value)
		return;
	*total += reading - *value;
	*value = reading;
}

void model_op__read(struct model_op *op, struct model_op *total, const struct vfio_op_stats *stats)
{
	/* A reading older than the one we have says nothing about buckets that wrap. */
	bool forward = stats->count >= op->count;

	raise_to(&op->count, &total->count, stats->count);
	raise_to(&op->errors, &total->errors, stats->errors);
	raise_to(&op->unknown, &total->unknown, stats->unknown);
	raise_to(&op->sum_ns, &total->sum_ns, stats->sum_ns);
	raise_to(&op->bytes, &total->bytes, stats->bytes);
	raise_to(&op->pages, &total->pages, stats->pages);
	for (int i = 0; i < VFIO_OBS_ERRNOS && stats->errnos[i].err; i++)
		if (stats->errnos[i].err <= MAX_ERRNO)
			raise_to(count_of(op, stats->errnos[i].err),
				 count_of(total, stats->errnos[i].err), stats->errnos[i].count);
	if (stats->max_ns > op->max_ns)
		op->max_ns = stats->max_ns;
	if (op->max_ns > total->max_ns)
		total->max_ns = op->max_ns;
	if (!forward)
		return;

	for (__u32 i = 0, b = 0; i < VFIO_HIST_BUCKETS; i++) {
		bool have;
		__u32 added;

		while (b < op->n_hist && op->hist[b].index < i)
			b++;
		have = b < op->n_hist && op->hist[b].index == i;
		added = stats->hist[i] - (have ? op->hist[b].raw : 0);
		if (!added)
			continue;
		if (!have)
			bucket_of(op, i);
		op->hist[b].count += added;
		op->hist[b].raw = stats->hist[i];
		bucket_of(total, i)->count += added;
	}
}

void model_op__advance(struct model_op *op, double seconds)
{
	op->rate = seconds > 0 ? (op->count - op->prev_count) / seconds : -1;
	op->busy = seconds > 0 ? (op->sum_ns - op->prev_sum_ns) / (seconds * 1e9) : -1;
	op->prev_count = op->count;
	op->prev_sum_ns = op->sum_ns;
}

bool model_op__quantile(const struct model_op *op, double q, __u64 *ns)
{
	__u64 total = 0, below = 0, rank;
	double at;
	__u32 i;

	for (i = 0; i < op->n_hist; i++)
		total += op->hist[i].count;
	if (!total)
		return false;
	/* Nearest rank: the smallest value that at least q of all calls do not exceed. */
	at = q > 0 ? q * total : 0; /* not-a-number: the smallest */
	rank = at < total ? at : total;
	if (rank < at)
		rank++;
	if (rank < 1)
		rank = 1;
	if (rank > total) /* a double has fewer digits than a count */
		rank = total;
	for (i = 0; i < op->n_hist - 1; i++) {
		below += op->hist[i].count;
		if (below >= rank)
			break;
	}

	__u64 low = vfio_hist_lower(op->hist[i].index);
	__u64 high = vfio_hist_lower(op->hist[i].index + 1);

	/* The last bucket holds all that is longer, too; and nothing is above the maximum. */
	*ns = low + (high - low) / 2;
	if (*ns > op->max_ns || (op->hist[i].index == VFIO_HIST_BUCKETS - 1 && op->max_ns > high))
		*ns = op->max_ns;
	return true;
}
