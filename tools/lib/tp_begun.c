// SPDX-License-Identifier: GPL-2.0-only
/*
 * tp_begun.c - reading the operations that the BPF programs saw begin and not return
 */
#include <stdlib.h>
#include <string.h>

#include "tp_begun.h"
#include "xalloc.h"

#define read_once(x) (*(volatile __typeof__(x) *)&(x))

struct tp_begun {
	struct vfio_begun *map;
	struct source_begun last[VFIO_OBS_BEGUN];
	size_t n_last;
};

struct tp_begun *tp_begun__create(struct vfio_begun *map)
{
	struct tp_begun *begun = xcalloc(1, sizeof(*begun));

	begun->map = map;
	return begun;
}

void tp_begun__destroy(struct tp_begun *begun)
{
	free(begun);
}

/* False: it is free, or changed while it was read: then it has just begun or returned. */
static bool read_entry(const struct vfio_begun *entry, __u64 id_bits, struct source_begun *to)
{
	struct vfio_begun copy;

	if (read_once(entry->state) != VFIO_OBS_BEGUN_SET)
		return false;
	__asm__ volatile("" ::: "memory");
	copy = *entry;
	__asm__ volatile("" ::: "memory");
	if (read_once(entry->state) != VFIO_OBS_BEGUN_SET ||
	    read_once(entry->start_ns) != copy.start_ns || copy.op >= VFIO_OP_COUNT)
		return false;
	memset(to, 0, sizeof(*to)); /* they are compared as memory */
	to->id = copy.id | id_bits;
	to->start_ns = copy.start_ns;
	memcpy(to->arg, copy.arg, sizeof(to->arg));
	to->tgid = copy.tgid;
	to->pid = copy.pid;
	to->op = copy.op;
	memcpy(to->comm, copy.comm, sizeof(to->comm) - 1);
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct source_begun *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Sorted by start: of a task, which is inside of one at a time, the last; ends may be skipped. */
static size_t drop_stale(struct source_begun *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t later = i + 1;

		while (later < n && list[later].pid != list[i].pid)
			later++;
		if (later == n)
			list[kept++] = list[i];
	}
	return kept;
}

static void deliver(struct tp_begun *begun, const struct source_begun *list, size_t n,
		    const struct source_sink *sink)
{
	if (n == begun->n_last && !memcmp(list, begun->last, n * sizeof(*list)))
		return;
	memcpy(begun->last, list, n * sizeof(*list));
	begun->n_last = n;
	if (sink->begun)
		sink->begun(sink->ctx, list, n);
}

void tp_begun__deliver(struct tp_begun *begun, __u64 id_bits, const struct source_sink *sink)
{
	struct source_begun list[VFIO_OBS_BEGUN];
	size_t n = 0;

	for (size_t i = 0; i < VFIO_OBS_BEGUN; i++)
		n += read_entry(&begun->map[i], id_bits, &list[n]);
	qsort(list, n, sizeof(*list), by_start);
	deliver(begun, list, drop_stale(list, n), sink);
}

void tp_begun__reset(struct tp_begun *begun, const struct source_sink *sink)
{
	static const struct source_begun none;

	memset(begun->map, 0, VFIO_OBS_BEGUN * sizeof(*begun->map));
	deliver(begun, &none, 0, sink);
}
