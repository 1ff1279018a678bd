/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_reader.h - reading a recording block by block, trusting nothing in it
 *
 * Used by source_file.c and the fuzzer. Works on anything that can be read forward, pipes too.
 * Damaged blocks are skipped up to the next whole one; how many events they had is known as soon
 * as a later block is found.
 */
#ifndef VFIO_OBS_RECORD_READER_H
#define VFIO_OBS_RECORD_READER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "vfio_obs/record.h"

struct record_reader;

/* Texts of a payload, of which @at is the next; what ends is never behind @end. */
struct record_texts {
	const char *at, *end;
};

/* The next text, "" when there are no more. */
static inline const char *record_texts__next(struct record_texts *texts)
{
	const char *text = texts->at;

	if (text == texts->end)
		return "";
	texts->at += strlen(text) + 1;
	return text;
}

/*
 * One block. At most one of the pointers is set, as head.type says; @existing also with @carried,
 * then it is what a part of a recording carries over.
 */
struct record_view {
	struct record_block head;
	struct vfio_rec *recs; /* head.count of them; the caller may change them */
	const struct record_gap *gap;
	const struct record_end *end;
	const struct record_existing *existing;
	const struct vfio_carried *carried;
	const struct record_table *table;
	const struct record_owner *owner;
	const struct record_group_info *group;
	struct record_texts texts; /* of @owner or @group */
};

/*
 * record_reader__open - check the header of @in. Takes over @in, also on failure; @name is for
 * sentences. NULL with a sentence in @err when it is no recording that this version can read.
 */
struct record_reader *record_reader__open(FILE *in, const char *name, char *err, size_t err_size);
/* record_reader__open_path - the same for the file @path, "-" for standard input. */
struct record_reader *record_reader__open_path(const char *path, char *err, size_t err_size);
void record_reader__close(struct record_reader *reader);

/* What sentences call the file @path. */
static inline const char *record_reader__name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

const struct record_header *record_reader__header(const struct record_reader *reader);

/*
 * record_reader__next - the next whole block, valid until the next call.
 * Returns 1, or 0 behind the end mark, -ENODATA when the file ends without one, another -errno
 * when it cannot be read (record_reader__error()).
 */
int record_reader__next(struct record_reader *reader, struct record_view *view);
const char *record_reader__error(const struct record_reader *reader);

/*
 * Events known to be missing because their blocks are damaged, and the number of damaged places;
 * a last block that is cut off is none.
 */
__u64 record_reader__missing(const struct record_reader *reader);
__u64 record_reader__damages(const struct record_reader *reader);
/* Events in the blocks read until now. */
__u64 record_reader__events(const struct record_reader *reader);

/* Sentences about a recording that ended with -ENODATA, and about one that has damages. */
#define RECORD_WHY_MAX 160
void record_reader__say_cut(const struct record_reader *reader, char *why, size_t size);
void record_reader__say_damage(const struct record_reader *reader, char *why, size_t size);

#endif
