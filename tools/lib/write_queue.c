// SPDX-License-Identifier: GPL-2.0-only
/*
 * write_queue.c - a thread that writes to a file, so that a slow disk does not hold up who records
 *
 * Used by record_writer.c.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "write_queue.h"
#include "xalloc.h"

/* With the half second that a block waits, a machine without power loses a second. */
#define SYNC_MS 400

struct chunk {
	struct chunk *next;
	__u64 tag;
	size_t size;
	unsigned char data[];
};

/* Everything behind @lock belongs to it. */
struct write_queue {
	int fd;
	bool sync;
	size_t limit;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct chunk *first, **last; /* the first stays in the list while it is written */
	size_t waiting;		     /* bytes of the list */
	bool stop;
	struct write_done written;
	__u64 synced_bytes;
	struct timespec sync_due; /* of what is written and not synced */
};

static void after_ms(struct timespec *ts, long ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_nsec += ms * 1000000;
	ts->tv_sec += ts->tv_nsec / 1000000000;
	ts->tv_nsec %= 1000000000;
}

static int write_chunk(int fd, const struct chunk *chunk)
{
	size_t at = 0;

	while (at < chunk->size) {
		ssize_t n = write(fd, chunk->data + at, chunk->size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
	}
	return 0;
}

static bool is_dirty(const struct write_queue *queue)
{
	return queue->sync && !queue->written.error &&
	       queue->written.bytes != queue->synced_bytes;
}

/* Locked, and so when it returns. */
static void sync_file(struct write_queue *queue)
{
	__u64 bytes = queue->written.bytes;
	int ret;

	pthread_mutex_unlock(&queue->lock);
	ret = fdatasync(queue->fd) ? -errno : 0;
	pthread_mutex_lock(&queue->lock);
	/* What the kernel could not bring there may be lost: a reader's checksums will tell. */
	queue->written.error = ret;
	queue->synced_bytes = bytes;
}

static void drop_first(struct write_queue *queue)
{
	struct chunk *chunk = queue->first;

	queue->first = chunk->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->waiting -= chunk->size;
	free(chunk);
}

/* Locked, and so when it returns. */
static void write_first(struct write_queue *queue)
{
	struct chunk *chunk = queue->first;
	int ret = 0;

	if (!queue->written.error) {
		pthread_mutex_unlock(&queue->lock);
		ret = write_chunk(queue->fd, chunk);
		pthread_mutex_lock(&queue->lock);
		if (!ret) {
			if (!is_dirty(queue))
				after_ms(&queue->sync_due, SYNC_MS);
			queue->written.bytes += chunk->size;
			queue->written.tag = chunk->tag;
		}
		queue->written.error = ret;
	}
	drop_first(queue);
	pthread_cond_broadcast(&queue->changed);
}

static bool sync_is_due(const struct write_queue *queue)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return is_dirty(queue) && (now.tv_sec > queue->sync_due.tv_sec ||
				   (now.tv_sec == queue->sync_due.tv_sec &&
				    now.tv_nsec >= queue->sync_due.tv_nsec));
}

static void *run(void *arg)
{
	struct write_queue *queue = arg;

	pthread_mutex_lock(&queue->lock);
	while (queue->first || !queue->stop) {
		if (sync_is_due(queue))
			sync_file(queue);
		else if (queue->first)
			write_first(queue);
		else if (is_dirty(queue))
			pthread_cond_timedwait(&queue->changed, &queue->lock, &queue->sync_due);
		else
			pthread_cond_wait(&queue->changed, &queue->lock);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

/* Signals are for who called, who may wait for them: none is the thread's, or it would take one. */
static int start_thread(struct write_queue *queue)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&queue->thread, NULL, run, queue);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

struct write_queue *write_queue__create(int fd, bool sync, size_t limit, int *err)
{
	struct write_queue *queue = xcalloc(1, sizeof(*queue));
	pthread_condattr_t attr;

	queue->fd = fd;
	queue->sync = sync;
	queue->limit = limit;
	queue->last = &queue->first;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &attr);
	pthread_condattr_destroy(&attr);
	*err = start_thread(queue);
	if (!*err)
		return queue;
	free(queue);
	return NULL;
}

void write_queue__destroy(struct write_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	queue->stop = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->thread, NULL);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

void write_queue__put(struct write_queue *queue, const void *data, size_t size, __u64 tag)
{
	struct chunk *chunk = xcalloc(1, sizeof(*chunk) + size);

	chunk->tag = tag;
	chunk->size = size;
	memcpy(chunk->data, data, size);
	pthread_mutex_lock(&queue->lock);
	while (queue->waiting && queue->waiting + size > queue->limit && !queue->written.error)
		pthread_cond_wait(&queue->changed, &queue->lock);
	*queue->last = chunk;
	queue->last = &chunk->next;
	queue->waiting += size;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

struct write_done write_queue__done(struct write_queue *queue)
{
	struct write_done done;

	pthread_mutex_lock(&queue->lock);
	done = queue->written;
	done.waiting = queue->waiting;
	done.synced = !is_dirty(queue);
	pthread_mutex_unlock(&queue->lock);
	return done;
}

struct write_done write_queue__drain(struct write_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->first)
		pthread_cond_wait(&queue->changed, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
	return write_queue__done(queue);
}
