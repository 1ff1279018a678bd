/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_files.h - the files of one recorder: the one that is written, those that wait for their
 * disk, and those that are to be deleted
 *
 * Used by record_parts.c and record_ring.c. Nothing waits for a disk but record_files__finish().
 */
#ifndef VFIO_OBS_RECORD_FILES_H
#define VFIO_OBS_RECORD_FILES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "record_dest.h"
#include "record_writer.h"

struct record_files;

/*
 * record_files__create - @numbered: they have a number in their names (record_series.h), behind the
 * highest that there is. NULL with a sentence in @err.
 */
struct record_files *record_files__create(const struct record_dest_config *config, bool numbered,
					  char *err, size_t err_size);
void record_files__destroy(struct record_files *files);
void record_files__names(const struct record_files *files, struct loader_config *config);
void record_files__ask(struct record_files *files, struct loader *loader);

/* The next file, without its header. False: it cannot be created, see record_files__error(). */
bool record_files__open(struct record_files *files);
/* The file that is open; NULL none. */
struct record_writer *record_files__writer(const struct record_files *files);
/* Its name when it is complete; of the last one, if none is open. */
const char *record_files__name(const struct record_files *files);
/* Nothing comes any more: it gets its name as soon as it is on the disk. */
void record_files__end(struct record_files *files, __u64 end_ns);
void record_files__discard(struct record_files *files);

void record_files__tick(struct record_files *files, __u64 now_ns, __u64 realtime_offset_ns);
size_t record_files__waiting(const struct record_files *files);
const char *record_files__error(const struct record_files *files);
/* Waits until all that have ended have their names. 0 or -errno. */
int record_files__finish(struct record_files *files);

/* @bytes, @files and @deleted of @totals; the others stay. */
void record_files__totals(const struct record_files *files, struct record_totals *totals);
/*
 * Which were written and what went: "a.vfio", "a.000001.vfio to a.000003.vfio (3 files), --keep
 * deleted the oldest 2".
 */
void record_files__summary(const struct record_files *files, char *buf, size_t size);

#endif
