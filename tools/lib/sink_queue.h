/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink_queue.h - calls of a source kept for later, in their order
 *
 * Used by sources that hold back what they have (source_paced) or are told what to say
 * (source_fake), and by history, which has them again and again.
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

/*
 * sink_queue__bytes - all that is in it, in one piece of @size bytes, the queue's own until the
 * next call. sink_queue__play() delivers what a copy of such bytes, aligned as malloc() does it,
 * holds; they must have been made by this process.
 */
const void *sink_queue__bytes(const struct sink_queue *queue, size_t *size);
void sink_queue__play(const void *bytes, size_t size, const struct source_sink *sink);
void sink_queue__clear(struct sink_queue *queue);

#endif
