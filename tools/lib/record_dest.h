/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_dest.h - where a recorder's events go: one file, several one after the other, or memory
 *
 * vfio-trace record creates one (record_parts.h, record_ring.h) and joins it to its source. As with
 * a writer, errors are kept and behind one nothing is written any more. A destination never prints:
 * what is to be said at once it gives to config.say.
 */
#ifndef VFIO_OBS_RECORD_DEST_H
#define VFIO_OBS_RECORD_DEST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "loader.h"
#include "source.h"
#include "vfio_obs/record.h"

struct record_dest;

/*
 * @path: of the recording, "-" standard output; stays the caller's
 * @keep: files that are left of several, the oldest are deleted; 0: all
 * @say:  a sentence for the user, without end of line
 */
struct record_dest_config {
	const char *path;
	__u64 keep;
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
};

/*
 * All since the start.
 * @events: that were given to it
 * @bytes:  of the files, what waits for the disk included; @held: bytes in memory for a later file
 * @files, @deleted: that were begun, of these and older ones
 * @fired:  triggers of files
 */
struct record_totals {
	__u64 events, bytes, held, files, deleted, fired;
	struct source_loss loss;
};

struct record_dest_ops {
	int (*start)(struct record_dest *dest, const struct record_header *header,
		     const __u64 *clock);
	/* Of its sink; @ctx is the destination. */
	void (*event)(void *ctx, const struct vfio_rec *rec);
	void (*loss)(void *ctx, const struct source_loss *loss);
	void (*tick)(struct record_dest *dest, __u64 now_ns, __u64 realtime_offset_ns);
	void (*signalled)(struct record_dest *dest);
	size_t (*waiting)(const struct record_dest *dest);
	bool (*is_full)(const struct record_dest *dest);
	const char *(*error)(const struct record_dest *dest);
	int (*finish)(struct record_dest *dest, __u64 now_ns);
	void (*discard)(struct record_dest *dest);
	void (*totals)(const struct record_dest *dest, struct record_totals *totals);
	void (*summary)(const struct record_dest *dest, char *buf, size_t size);
	void (*names)(const struct record_dest *dest, struct loader_config *config);
	void (*ask)(struct record_dest *dest, struct loader *loader);
	void (*destroy)(struct record_dest *dest);
};

/*
 * The first member of every destination's own structure.
 * @out:      what comes is written there
 * @to_state: and kept there, for a later file to begin with (record_state.h); zeroed: there is none
 * @closed:   something failed: nothing is written any more
 */
struct record_dest {
	const struct record_dest_ops *ops;
	struct source_sink out, to_state;
	bool closed;
};

/* For destinations: write and keep one event; or what was lost, in all and in what is written. */
void record_dest__put(struct record_dest *dest, const struct vfio_rec *rec);
void record_dest__lose(struct record_dest *dest, const struct source_loss *all,
		       const struct source_loss *here);

/*
 * record_dest__names - what a loader must know to act for this one; pointers are valid as long as
 * it. record_dest__ask - @loader, which was started with them, is asked where the tool, without
 * capabilities, may not name, create or delete a file. It stays the caller's.
 */
static inline void record_dest__names(const struct record_dest *dest, struct loader_config *config)
{
	dest->ops->names(dest, config);
}

static inline void record_dest__ask(struct record_dest *dest, struct loader *loader)
{
	dest->ops->ask(dest, loader);
}

/*
 * The recording begins, with all that @header says but its size and checksum. 0 or -errno.
 * @clock: where the offset to the real time is read for each block, which then ends at each tick;
 *         NULL: it is told
 */
static inline int record_dest__start(struct record_dest *dest, const struct record_header *header,
				     const __u64 *clock)
{
	return dest->ops->start(dest, header, clock);
}

/* Takes existing, table, owner, group, event, loss, gap; after the start. */
struct source_sink record_dest__sink(struct record_dest *dest);

/*
 * Behind each poll of the source: all that happened a second before @now_ns has come. Writes what
 * has waited, and does what time alone demands.
 */
static inline void record_dest__tick(struct record_dest *dest, __u64 now_ns,
				     __u64 realtime_offset_ns)
{
	dest->ops->tick(dest, now_ns, realtime_offset_ns);
}

/* The user sent SIGUSR1. */
static inline void record_dest__signalled(struct record_dest *dest)
{
	if (dest->ops->signalled)
		dest->ops->signalled(dest);
}

/* Bytes that wait for the disk; so many that nothing more had better come: see record_writer.h. */
static inline size_t record_dest__waiting(const struct record_dest *dest)
{
	return dest->ops->waiting(dest);
}

static inline bool record_dest__is_full(const struct record_dest *dest)
{
	return dest->ops->is_full(dest);
}

/* NULL or a sentence: what failed, what was kept and where. */
static inline const char *record_dest__error(const struct record_dest *dest)
{
	return dest->ops->error(dest);
}

/* Ends the recording and waits for the disk; 0 or -errno. Discard: removes what was begun. */
static inline int record_dest__finish(struct record_dest *dest, __u64 now_ns)
{
	return dest->ops->finish(dest, now_ns);
}

static inline void record_dest__discard(struct record_dest *dest)
{
	dest->ops->discard(dest);
}

static inline void record_dest__totals(const struct record_dest *dest,
				       struct record_totals *totals)
{
	dest->ops->totals(dest, totals);
}

/* What became of it, behind record_dest__finish(): "9 events in 800 bytes to FILE". */
static inline void record_dest__summary(const struct record_dest *dest, char *buf, size_t size)
{
	dest->ops->summary(dest, buf, size);
}

static inline void record_dest__destroy(struct record_dest *dest)
{
	if (dest)
		dest->ops->destroy(dest);
}

#endif
