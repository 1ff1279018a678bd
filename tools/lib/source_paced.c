// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_paced.c - a recording played at the viewer's pace
 */
#include "sink_queue.h"
#include "source_paced.h"
#include "xalloc.h"

struct source_paced {
	struct source source;
	struct source *inner;
	struct sink_queue *queue;
	__u64 until_ns;
	int state; /* of @inner: 1 goes on, 0 at its end, -errno broken */
};

/* Reads on until something with a time is in the queue or there is nothing more. */
static bool fill(struct source_paced *paced, __u64 *ts_ns)
{
	struct source_sink sink = sink_queue__sink(paced->queue);

	while (!sink_queue__next(paced->queue, ts_ns)) {
		if (paced->state <= 0)
			return false;
		paced->state = source__poll(paced->inner, &sink);
	}
	return true;
}

static int paced_poll(struct source *source, const struct source_sink *sink)
{
	struct source_paced *paced = (struct source_paced *)source;
	__u64 ts_ns;

	while (fill(paced, &ts_ns)) {
		if (ts_ns > paced->until_ns)
			return 1;
		sink_queue__deliver(paced->queue, sink, paced->until_ns);
	}
	/* Only what has no time of its own is left. */
	sink_queue__deliver(paced->queue, sink, paced->until_ns);
	return paced->state;
}

static void paced_info(const struct source *source, struct source_info *info)
{
	source__info(((const struct source_paced *)source)->inner, info);
}

static const char *paced_error(const struct source *source)
{
	return source__error(((const struct source_paced *)source)->inner);
}

static void paced_close(struct source *source)
{
	struct source_paced *paced = (struct source_paced *)source;

	source__close(paced->inner);
	sink_queue__destroy(paced->queue);
	free(paced);
}

struct source *source_paced__open(struct source *inner)
{
	static const struct source_ops ops = {
		.poll = paced_poll,
		.info = paced_info,
		.error = paced_error,
		.close = paced_close,
	};
	struct source_paced *paced = xcalloc(1, sizeof(*paced));

	paced->source.ops = &ops;
	paced->inner = inner;
	paced->queue = sink_queue__create();
	paced->state = 1;
	return &paced->source;
}

void source_paced__until(struct source *source, __u64 ts_ns)
{
	((struct source_paced *)source)->until_ns = ts_ns;
}

int source_paced__next(struct source *source, __u64 *ts_ns)
{
	struct source_paced *paced = (struct source_paced *)source;

	return fill(paced, ts_ns) ? 1 : paced->state;
}
