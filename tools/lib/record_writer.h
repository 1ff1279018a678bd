/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_writer.h - writing a recording
 *
 * Used by vfio-trace record, cut, anonymise and merge. A regular file is written as FILE.part and
 * gets its name FILE only when it is complete; FILE.part is readable too, up to its last whole
 * block. What is not a regular file (a pipe, a device; "-" is standard output) is written directly.
 */
#ifndef VFIO_OBS_RECORD_WRITER_H
#define VFIO_OBS_RECORD_WRITER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "source.h"

struct loader;
struct record_header;
struct record_writer;

/*
 * record_writer__create - open @path for writing; nothing is in it until the header is.
 * Returns NULL with a sentence in @err: not writable, or FILE.part is there already.
 */
struct record_writer *record_writer__create(const char *path, char *err, size_t err_size);
/* The same as file @number of a series, for which @loader is asked where we may not. */
struct record_writer *record_writer__create_file(const char *path, __u64 number,
						 struct loader *loader, char *err, size_t err_size);

/*
 * record_writer__create_held - instead of to a file each block goes to @put, while it is called; it
 * is neither begun nor finished. Its blocks may be passed to another writer.
 */
struct record_writer *record_writer__create_held(void (*put)(void *ctx, const void *block,
							     size_t size), void *ctx);

/* What is counted in all blocks before. */
struct record_base {
	__u64 index;
	struct source_loss loss;
};

/* Behind record_writer__flush(), what the next block counts from. */
struct record_base record_writer__base(const struct record_writer *writer);

/*
 * record_writer__pass - a block as another writer made it, in a recording that begins with @base of
 * that one. So that it does not wait, record_writer__room() lets @room bytes more wait for the
 * disk; before record_writer__begin().
 */
void record_writer__pass(struct record_writer *writer, const void *block, size_t size,
			 const struct record_base *base);
void record_writer__room(struct record_writer *writer, size_t room);

/* What sentences call the file @path. */
static inline const char *record_writer__name(const char *path)
{
	return strcmp(path, "-") ? path : "standard output";
}

/* FILE.part and FILE of a regular file, "" else; valid as long as the writer. */
const char *record_writer__part(const struct record_writer *writer);
const char *record_writer__final(const struct record_writer *writer);

/*
 * Without capabilities root may not rename in another user's folder: then @loader, which was
 * started with these names, is asked. It stays the caller's.
 */
void record_writer__ask(struct record_writer *writer, struct loader *loader);

/*
 * record_writer__start - write the header, and start the thread that writes, with the caller's
 * rights: nobody forks behind it. @events: bit per event that will come. 0 or -errno.
 */
int record_writer__start(struct record_writer *writer, const struct source_info *info,
			 __u64 events, __u64 now_ns);

/*
 * record_writer__begin - the same with all that @header says, but its size and checksum: of a
 * recording that is made from another one.
 */
int record_writer__begin(struct record_writer *writer, const struct record_header *header);

/* The header that record_writer__start() writes. */
void record_writer__header(struct record_header *header, const struct source_info *info,
			   __u64 events, __u64 now_ns);

/* The offset to the real time is at @clock from now on, whenever a block is written. */
void record_writer__follow(struct record_writer *writer, const __u64 *clock);

/*
 * The sink that records events, losses and gaps. Errors are kept: record_writer__error(). Behind
 * one, events are only counted.
 */
struct source_sink record_writer__sink(struct record_writer *writer);

/*
 * Write out what has waited for half a second, and look whether the disk took what was written
 * before: a recorder that is killed, or a machine without power, loses a second.
 */
void record_writer__tick(struct record_writer *writer, __u64 now_ns, __u64 realtime_offset_ns);

/*
 * Bytes that wait for the disk. From RECORD_WRITER_FULL on the caller had better give nothing more:
 * with twice as many the sink waits for the disk, deaf to signals.
 */
#define RECORD_WRITER_FULL (32 << 20)
size_t record_writer__waiting(const struct record_writer *writer);

/* Write out what has waited, however short. */
void record_writer__flush(struct record_writer *writer);

/* NULL or a sentence: what failed, what was kept and where. */
const char *record_writer__error(struct record_writer *writer);

/*
 * record_writer__finish - write the end mark, wait for the disk and give FILE its name. 0 or
 * -errno, then see record_writer__error(). record_writer__discard - remove what was written.
 * Neither frees.
 */
int record_writer__finish(struct record_writer *writer, __u64 now_ns);
void record_writer__discard(struct record_writer *writer);

/*
 * record_writer__end - of finishing what does not wait: nothing comes any more.
 * record_writer__is_on_disk - true: record_writer__finish() does not wait either, or it failed.
 */
void record_writer__end(struct record_writer *writer, __u64 now_ns);
bool record_writer__is_on_disk(struct record_writer *writer);
void record_writer__destroy(struct record_writer *writer);

/* Events given to the sink, and bytes of their blocks, which may wait for the disk. */
__u64 record_writer__events(const struct record_writer *writer);
__u64 record_writer__bytes(const struct record_writer *writer);
const struct source_loss *record_writer__loss(const struct record_writer *writer);

#endif
