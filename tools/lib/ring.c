// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - reading the per-CPU rings of records and merging them in time order
 *
 * Each ring is in time order by itself. Those with something to read form a binary heap by the
 * time of their next record; an empty ring is complete, as the horizon lies in the past. A record
 * without a time is reserved and not complete yet: its ring is read up to there. What a record
 * leaves out (maps.h) is filled in.
 */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "ring.h"
#include "xalloc.h"

/* Records read before the writer is told that their room is free. */
#define FREE_EVERY 256

/* Words that the fields of an event take. */
static const unsigned char n_words[VFIO_EV_COUNT] = {
#define EV(ENUM, name, scope, op, help) [VFIO_EV_##ENUM] = sizeof(struct vfio_words_##ENUM),
	VFIO_OBS_EVENTS(EV)
#undef EV
};

/* Who acts, in the last record of a ring that said it. */
struct task {
	__u64 cgroup;
	__u32 tgid, pid;
	char comm[VFIO_OBS_COMM_LEN];
};

/* One ring while it is being merged: records from @next to @head are to be read. */
struct cursor {
	unsigned int cpu;
	__u64 next, head;
	__u64 ts_ns; /* of the record at @next */
};

struct ring_reader {
	struct vfio_ring *rings;
	struct vfio_rec *records;
	unsigned int n_cpus;
	__u32 capacity;
	__u64 last_ns;	  /* time of the last record given out */
	__u64 gaps;	  /* records missing according to their numbers */
	__u64 *next_seq;  /* [n_cpus] */
	struct task *task; /* [n_cpus] */
	struct cursor *heap;
	unsigned int n_heap;
};

struct ring_reader *ring_reader__create(struct vfio_ring *rings, struct vfio_rec *records,
					unsigned int n_cpus, __u32 capacity)
{
	struct ring_reader *reader = xcalloc(1, sizeof(*reader));

	reader->rings = rings;
	reader->records = records;
	reader->n_cpus = n_cpus;
	reader->capacity = capacity;
	reader->next_seq = xcalloc(n_cpus, sizeof(*reader->next_seq));
	reader->task = xcalloc(n_cpus, sizeof(*reader->task));
	reader->heap = xcalloc(n_cpus, sizeof(*reader->heap));
	return reader;
}

void ring_reader__destroy(struct ring_reader *reader)
{
	if (!reader)
		return;
	free(reader->next_seq);
	free(reader->task);
	free(reader->heap);
	free(reader);
}

static struct vfio_rec *record_at(const struct ring_reader *reader, unsigned int cpu, __u64 n)
{
	return &reader->records[(size_t)cpu * reader->capacity + (n & (reader->capacity - 1))];
}

/* Whether there is a record to read at the cursor; then its time is there, too. */
static bool look(const struct ring_reader *reader, struct cursor *c)
{
	if (c->next == c->head)
		return false;
	c->ts_ns = __atomic_load_n(&record_at(reader, c->cpu, c->next)->ts_ns, __ATOMIC_ACQUIRE);
	if (!c->ts_ns)
		c->head = c->next;
	return c->ts_ns;
}

static void sift_down(struct cursor *heap, unsigned int n, unsigned int i)
{
	struct cursor moving = heap[i];
	unsigned int child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && heap[child + 1].ts_ns < heap[child].ts_ns)
			child++;
		if (moving.ts_ns <= heap[child].ts_ns)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moving;
}

/* The rings that have something up to the horizon, as a heap. */
static void fill_heap(struct ring_reader *reader, __u64 horizon_ns)
{
	reader->n_heap = 0;
	for (unsigned int cpu = 0; cpu < reader->n_cpus; cpu++) {
		struct vfio_ring *ring = &reader->rings[cpu];
		struct cursor c = { .cpu = cpu, .next = ring->tail };

		c.head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
		if (look(reader, &c) && c.ts_ns <= horizon_ns)
			reader->heap[reader->n_heap++] = c;
	}
	for (unsigned int i = reader->n_heap / 2; i-- > 0;)
		sift_down(reader->heap, reader->n_heap, i);
}

static void free_up_to(struct ring_reader *reader, const struct cursor *c)
{
	__atomic_store_n(&reader->rings[c->cpu].tail, c->next, __ATOMIC_RELEASE);
}

static void complete(struct vfio_rec *rec, struct task *task, unsigned int cpu)
{
	if (rec->type & VFIO_OBS_SAME_TASK) {
		rec->type &= ~VFIO_OBS_SAME_TASK;
		rec->cpu = cpu;
		rec->cgroup = task->cgroup;
		rec->tgid = task->tgid;
		rec->pid = task->pid;
		memcpy(rec->comm, task->comm, sizeof(rec->comm));
	} else if (rec->type >= VFIO_EV_COUNT || !event__desc(rec->type)->hook) {
		/* Hooks never leave their task out, nor is it anybody else's. */
		*task = (struct task){ .cgroup = rec->cgroup, .tgid = rec->tgid, .pid = rec->pid };
		memcpy(task->comm, rec->comm, sizeof(task->comm));
	}
	if (rec->type < VFIO_EV_COUNT)
		memset(&rec->w[n_words[rec->type]], 0,
		       (VFIO_OBS_WORDS - n_words[rec->type]) * sizeof(*rec->w));
}

static void give_out(struct ring_reader *reader, struct cursor *c, ring_event_fn event, void *ctx)
{
	struct vfio_rec *rec = record_at(reader, c->cpu, c->next);

	reader->gaps += rec->seq - reader->next_seq[c->cpu];
	reader->next_seq[c->cpu] = rec->seq + 1;
	if (rec->ts_ns < reader->last_ns)
		rec->ts_ns = reader->last_ns;
	reader->last_ns = rec->ts_ns;
	complete(rec, &reader->task[c->cpu], c->cpu);
	event(ctx, rec);
	rec->ts_ns = 0;
	c->next++;
	if (c->next % FREE_EVERY == 0)
		free_up_to(reader, c);
}

/* Give out the earliest ring's records until another ring's come first. */
static size_t drain_first(struct ring_reader *reader, __u64 horizon_ns, ring_event_fn event,
			  void *ctx)
{
	struct cursor *c = &reader->heap[0];
	__u64 until = horizon_ns;
	__u64 start = c->next;

	for (unsigned int i = 1; i < 3 && i < reader->n_heap; i++)
		if (reader->heap[i].ts_ns < until)
			until = reader->heap[i].ts_ns;
	do {
		give_out(reader, c, event, ctx);
	} while (look(reader, c) && c->ts_ns <= until);
	return c->next - start;
}

size_t ring_reader__merge(struct ring_reader *reader, __u64 horizon_ns, ring_event_fn event,
			  void *ctx)
{
	size_t n = 0;

	fill_heap(reader, horizon_ns);
	while (reader->n_heap) {
		struct cursor *c = &reader->heap[0];

		n += drain_first(reader, horizon_ns, event, ctx);
		if (c->next == c->head || c->ts_ns > horizon_ns) {
			free_up_to(reader, c);
			*c = reader->heap[--reader->n_heap];
		}
		if (reader->n_heap)
			sift_down(reader->heap, reader->n_heap, 0);
	}
	return n;
}

bool ring_reader__pressed(const struct ring_reader *reader)
{
	for (unsigned int cpu = 0; cpu < reader->n_cpus; cpu++) {
		const struct vfio_ring *ring = &reader->rings[cpu];
		__u64 head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);

		if (head - ring->tail > reader->capacity / 2)
			return true;
	}
	return false;
}

__u64 ring_reader__lost(const struct ring_reader *reader)
{
	__u64 lost = 0;

	for (unsigned int cpu = 0; cpu < reader->n_cpus; cpu++)
		lost += __atomic_load_n(&reader->rings[cpu].lost, __ATOMIC_RELAXED);
	return lost > reader->gaps ? lost : reader->gaps;
}

__u64 ring_reader__written(const struct ring_reader *reader)
{
	__u64 written = 0;

	for (unsigned int cpu = 0; cpu < reader->n_cpus; cpu++)
		written += __atomic_load_n(&reader->rings[cpu].head, __ATOMIC_RELAXED) +
			   __atomic_load_n(&reader->rings[cpu].lost, __ATOMIC_RELAXED);
	return written;
}
