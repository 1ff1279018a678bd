// SPDX-License-Identifier: GPL-2.0-only
/*
 * history.c - the last ten minutes of a model, to look at again
 *
 * Called by vfiotop's loop.
 */
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "event.h"
#include "history.h"
#include "sink_queue.h"
#include "xalloc.h"

#define LEVEL 1 /* of zstd: the fastest */
/* While somebody looks, so often a model is kept from which the steps behind it are made. */
#define KEY_EVERY 64
#define MAX_KEYS (HISTORY_STEPS / KEY_EVERY + 2)

/*
 * What was delivered since the step before, and the refresh.
 * @bytes: of a sink_queue, compressed from @raw to @size bytes; NULL: nothing came
 * @mark: what failed or was slow, "" nothing
 */
struct step {
	void *bytes;
	size_t size, raw;
	__u64 now_ns, keep_ns;
	char mark[64];
};

/* Calls that failed, calls that were slow, until some instant. */
struct marks {
	__u64 failed[VFIO_OP_COUNT], slow[VFIO_OP_COUNT];
	__u64 failed_groups, slow_groups; /* on group and device files */
};

/* A model as it was after @step, which may be the one before the first. */
struct state {
	struct model *model;
	__u64 step;
};

/* @n_passed: bytes of @queue that history__pass() has handed on */
struct history {
	bool aggregates;
	__u64 slow_ns;
	struct sink_queue *queue;
	size_t n_passed;
	struct step steps[HISTORY_STEPS]; /* by number */
	__u64 first, end;
	size_t bytes;
	struct model *base; /* before @first; NULL: nothing is kept */
	struct marks marks; /* until the last step */
	ZSTD_CCtx *compress;
	ZSTD_DCtx *decompress;
	/* While somebody looks */
	struct state past;
	struct state keys[MAX_KEYS];
	size_t n_keys;
};

struct history *history__create(const struct model *model, bool aggregates, __u64 slow_ns)
{
	struct history *history = xcalloc(1, sizeof(*history));

	history->aggregates = aggregates;
	history->slow_ns = slow_ns;
	history->queue = sink_queue__create();
	history->base = model__fork(model);
	history->compress = xalloc__check(ZSTD_createCCtx());
	history->decompress = xalloc__check(ZSTD_createDCtx());
	return history;
}

static struct step *step_of(struct history *history, __u64 number)
{
	return &history->steps[number % HISTORY_STEPS];
}

static void drop_first(struct history *history)
{
	struct step *step = step_of(history, history->first++);

	history->bytes -= step->size;
	free(step->bytes);
	step->bytes = NULL;
	step->size = 0;
}

static void drop_all(struct history *history)
{
	while (history->first < history->end)
		drop_first(history);
	model__destroy(history->base);
	history->base = NULL;
}

void history__leave(struct history *history)
{
	model__destroy(history->past.model);
	history->past.model = NULL;
	while (history->n_keys)
		model__destroy(history->keys[--history->n_keys].model);
}

void history__destroy(struct history *history)
{
	if (!history)
		return;
	history__leave(history);
	drop_all(history);
	sink_queue__destroy(history->queue);
	ZSTD_freeCCtx(history->compress);
	ZSTD_freeDCtx(history->decompress);
	free(history);
}

struct source_sink history__sink(struct history *history)
{
	return sink_queue__sink(history->queue);
}

void history__pass(struct history *history, const struct source_sink *to)
{
	size_t size;
	const char *bytes = sink_queue__bytes(history->queue, &size);

	sink_queue__play(bytes + history->n_passed, size - history->n_passed, to);
	history->n_passed = size;
}

/* Keeping */

static void compress(struct history *history, struct step *step)
{
	const void *raw = sink_queue__bytes(history->queue, &step->raw);
	size_t room = ZSTD_compressBound(step->raw);

	if (!step->raw)
		return;
	step->bytes = xreallocarray(NULL, room, 1);
	step->size = ZSTD_compressCCtx(history->compress, step->bytes, room, raw, step->raw, LEVEL);
	/* There is room enough, and nothing else can go wrong but memory. */
	if (ZSTD_isError(step->size))
		xalloc__check(NULL);
	step->bytes = xreallocarray(step->bytes, step->size, 1);
}

/* The step @model has not seen yet. */
static void play(struct history *history, const struct step *step, struct model *model)
{
	struct source_sink sink = model__sink(model, history->aggregates);
	void *raw;

	if (step->bytes) {
		raw = xreallocarray(NULL, step->raw, 1);
		if (ZSTD_decompressDCtx(history->decompress, raw, step->raw, step->bytes,
					step->size) != step->raw)
			xalloc__check(NULL);
		sink_queue__play(raw, step->raw, &sink);
		free(raw);
	}
	model__advance(model, step->now_ns, step->keep_ns);
}

static __u64 count_slow(const struct model_op *op, __u64 slow_ns)
{
	__u64 n = 0;

	for (__u32 i = op->n_hist; i-- > 0 && vfio_hist_lower(op->hist[i].index) >= slow_ns;)
		n += op->hist[i].count;
	return n;
}

static struct marks count_marks(const struct history *history, const struct model *model)
{
	const struct model_group_calls *calls = model__group_calls(model);
	struct marks marks = { 0 };

	for (int op = 0; op < VFIO_OP_COUNT; op++) {
		const struct model_op *total = model__total(model, op);

		if (!total)
			continue;
		marks.failed[op] = total->errors;
		marks.slow[op] = count_slow(total, history->slow_ns);
	}
	for (size_t i = 0; i < calls->n; i++) {
		marks.failed_groups += calls->list[i].op->errors;
		marks.slow_groups += count_slow(calls->list[i].op, history->slow_ns);
	}
	return marks;
}

/* As much as there is room for. */
static void add_mark(struct step *step, bool is, const char *what, const char *how)
{
	size_t used = strlen(step->mark);

	if (is)
		snprintf(step->mark + used, sizeof(step->mark) - used, "%s%s %s",
			 used ? ", " : "", what, how);
}

static void set_mark(struct step *step, const struct marks *before, const struct marks *now)
{
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		add_mark(step, now->failed[op] > before->failed[op], event__op(op)->key, "failed");
	add_mark(step, now->failed_groups > before->failed_groups, "call on a group", "failed");
	for (int op = 0; op < VFIO_OP_COUNT; op++)
		add_mark(step, now->slow[op] > before->slow[op], event__op(op)->key, "slow");
	add_mark(step, now->slow_groups > before->slow_groups, "call on a group", "slow");
}

static void add_step(struct history *history, const struct model *model, __u64 now_ns,
		     __u64 keep_ns)
{
	struct step *step = step_of(history, history->end);
	struct marks marks = count_marks(history, model);

	*step = (struct step){ .now_ns = now_ns, .keep_ns = keep_ns };
	set_mark(step, &history->marks, &marks);
	history->marks = marks;
	compress(history, step);
	history->bytes += step->size;
	history->end++;
}

static void forget_oldest(struct history *history)
{
	play(history, step_of(history, history->first), history->base);
	drop_first(history);
}

void history__advance(struct history *history, const struct model *model, __u64 now_ns,
		      __u64 keep_ns)
{
	const struct model_container *const *list;
	size_t n = model__containers(model, &list);

	if (n > HISTORY_CONTAINERS) {
		drop_all(history);
	} else if (!history->base) {
		history->base = model__fork(model);
		history->marks = count_marks(history, model);
		history->first = ++history->end; /* no step is given twice */
	} else {
		if (history->end - history->first == HISTORY_STEPS)
			forget_oldest(history);
		add_step(history, model, now_ns, keep_ns);
		while (history->bytes > HISTORY_BYTES && history->first + 1 < history->end)
			forget_oldest(history);
	}
	sink_queue__clear(history->queue);
	history->n_passed = 0;
}

/* Looking */

__u64 history__first(const struct history *history)
{
	return history->first;
}

__u64 history__end(const struct history *history)
{
	return history->end;
}

const char *history__trouble(const struct history *history)
{
	return history->base ? NULL : "nothing is kept: there are more than 1,000 containers";
}

static bool has_key(const struct history *history, __u64 step)
{
	for (size_t i = 0; i < history->n_keys; i++)
		if (history->keys[i].step == step)
			return true;
	return false;
}

static void keep_key(struct history *history)
{
	const struct state *past = &history->past;

	if (past->step % KEY_EVERY || has_key(history, past->step) || history->n_keys == MAX_KEYS)
		return;
	history->keys[history->n_keys++] = (struct state){ model__fork(past->model), past->step };
}

/* The latest of what is kept that is not behind @step; as steps are numbered from 0, 1 is added. */
static const struct model *nearest(const struct history *history, __u64 step, __u64 *behind)
{
	const struct model *model = history->base;

	*behind = history->first;
	for (size_t i = 0; i < history->n_keys; i++) {
		const struct state *key = &history->keys[i];

		if (key->step <= step && key->step + 1 > *behind) {
			model = key->model;
			*behind = key->step + 1;
		}
	}
	return model;
}

const struct model *history__at(struct history *history, __u64 step)
{
	struct state *past = &history->past;
	__u64 next;
	const struct model *from = nearest(history, step, &next);

	if (!past->model || past->step > step || past->step + 1 < next) {
		model__destroy(past->model);
		past->model = model__fork(from);
	} else {
		next = past->step + 1;
	}
	for (; next <= step; next++) {
		play(history, step_of(history, next), past->model);
		past->step = next;
		keep_key(history);
	}
	past->step = step;
	return past->model;
}

const char *history__mark(const struct history *history, __u64 step)
{
	const struct step *at = &history->steps[step % HISTORY_STEPS];

	return step >= history->first && step < history->end && *at->mark ? at->mark : NULL;
}

bool history__find(const struct history *history, __u64 *step, bool backwards)
{
	__u64 at = *step;

	while (backwards ? at > history->first : at + 1 < history->end) {
		at = backwards ? at - 1 : at + 1;
		if (history__mark(history, at)) {
			*step = at;
			return true;
		}
	}
	return false;
}
