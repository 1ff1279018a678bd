/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * write_queue.h - a thread that writes to a file, so that a slow disk does not hold up who records
 *
 * Used by record_writer.c. Chunks are written in their order, each whole or not at all as far as
 * anybody is told. A regular file is brought to its disk within half a second.
 */
#ifndef VFIO_OBS_WRITE_QUEUE_H
#define VFIO_OBS_WRITE_QUEUE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct write_queue;

/*
 * What is in the file, whole chunks only.
 * @error: 0, or -errno of the write or fdatasync() that failed: nothing is written any more
 * @tag:   of the last chunk in it
 * @waiting: bytes that are not in it yet
 * @synced: a regular file: all that is in it is on its disk
 */
struct write_done {
	int error;
	__u64 bytes;
	__u64 tag;
	size_t waiting;
	bool synced;
};

/*
 * write_queue__create - start the thread, which has the rights of the caller and takes no signals.
 * @fd stays the caller's and open. @sync: it is a regular file. @limit: bytes that may wait. NULL:
 * the thread cannot be started, -errno is in *err.
 */
struct write_queue *write_queue__create(int fd, bool sync, size_t limit, int *err);

/* Waits until all is written, or has failed. NULL is fine. */
void write_queue__destroy(struct write_queue *queue);

/* Copies @size bytes. Waits while there is no room; forgets them behind an error. */
void write_queue__put(struct write_queue *queue, const void *data, size_t size, __u64 tag);

struct write_done write_queue__done(struct write_queue *queue);

/* The same when all is written, or has failed. */
struct write_done write_queue__drain(struct write_queue *queue);

#endif
