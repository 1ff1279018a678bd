/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink_queue.h - calls of a source kept for later, in their order
 *
 * Used by sources that hold back what they have (source_paced) or are told what to say
 * (source_fake).
 */
#ifndef VFIO_OBS_SINK_QUEUE_H
#define VFIO_OBS_SINK_QUEUE_H

#include "source.h"

struct sink_queue;

struct sink_queue *sink_queue__create(void);
void sink_queue__destroy(struct sink_queue *queue);

/* What is delivered to this sink is appended, copied. */
struct source_sink sink_queue__sink(struct sink_queue *queue);

/*
 * sink_queue__deliver - hand on, and forget, what comes before the first event or gap later than
 * @until_ns.
 */
void sink_queue__deliver(struct sink_queue *queue, const struct source_sink *sink, __u64 until_ns);

/* The instant of the first event or gap in the queue; false: there is none. */
bool sink_queue__next(const struct sink_queue *queue, __u64 *ts_ns);

#endif
