// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_reader.c - reading a recording block by block, trusting nothing in it
 *
 * Bytes are read forward into one buffer that holds at most a block. A place where no whole,
 * correct block begins is left one byte at a time until the next block's magic.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "error.h"
#include "record_pack.h"
#include "record_reader.h"
#include "xalloc.h"

#define READ_MIN 4096
#define CUT_IN_HEADER "it is cut off within its header; there are no events in it"

struct record_reader {
	FILE *in;
	char name[256];
	struct record_header header;
	__u8 *buf;
	size_t pos, len, size; /* unread bytes are buf[pos..len) */
	__u8 *payload;	       /* copy, aligned for structures */
	size_t payload_size;
	__u8 *raw;
	size_t raw_size;
	struct vfio_rec *recs;
	size_t max_recs;
	struct packer *packer;
	ZSTD_DCtx *zstd;
	__u64 events, next_index, missing, damages;
	bool lost_sync, ended;
	int io_error;
	char error[512];
};

/* Have @want unread bytes in the buffer if there are so many; how many there are. */
static size_t fill(struct record_reader *reader, size_t want)
{
	size_t have = reader->len - reader->pos;
	size_t n;

	if (have >= want)
		return have;
	if (have)
		memmove(reader->buf, reader->buf + reader->pos, have);
	reader->pos = 0;
	reader->len = have;
	if (reader->size < want + READ_MIN) {
		reader->size = want + READ_MIN;
		reader->buf = xreallocarray(reader->buf, reader->size, 1);
	}
	while (reader->len < want) {
		n = fread(reader->buf + reader->len, 1, want - reader->len, reader->in);
		reader->len += n;
		if (n)
			continue;
		if (ferror(reader->in))
			reader->io_error = errno ? -errno : -EIO;
		break;
	}
	return reader->len;
}

/* Room for at least @size bytes, kept for the next time. */
static __u8 *room(__u8 **buf, size_t *have, size_t size)
{
	if (*have < size || !*buf) {
		free(*buf);
		*buf = xcalloc(1, size);
		*have = size;
	}
	return *buf;
}

static int refuse(struct record_reader *reader, char *err, size_t err_size, const char *why)
{
	error__set(err, err_size, "cannot read %s: %s", reader->name,
		   reader->io_error ? strerror(-reader->io_error) : why);
	return -EINVAL;
}

/* CRC of a structure whose crc field, at @crc_at, counts as zero. */
static __u32 crc_without(const __u8 *data, size_t size, size_t crc_at)
{
	static const __u8 zero[4];
	__u32 crc = crc32(0, data, crc_at);

	crc = crc32(crc, zero, sizeof(zero));
	return crc32(crc, data + crc_at + sizeof(zero), size - crc_at - sizeof(zero));
}

static void terminate_strings(struct record_header *header)
{
	header->kernel[sizeof(header->kernel) - 1] = '\0';
	header->host[sizeof(header->host) - 1] = '\0';
	header->boot_id[sizeof(header->boot_id) - 1] = '\0';
	header->source[sizeof(header->source) - 1] = '\0';
	header->detail[sizeof(header->detail) - 1] = '\0';
	header->made[sizeof(header->made) - 1] = '\0';
}

static int read_header(struct record_reader *reader, char *err, size_t err_size)
{
	struct record_header *header = &reader->header;
	size_t have = fill(reader, RECORD_HEADER_MIN);
	size_t n = have < RECORD_HEADER_MIN ? have : RECORD_HEADER_MIN;
	char why[160];

	if (!have)
		return refuse(reader, err, err_size, "it is empty, no recording");
	memcpy(header, reader->buf + reader->pos, n);
	if (memcmp(header->magic, RECORD_MAGIC, n < RECORD_MAGIC_LEN ? n : RECORD_MAGIC_LEN))
		return refuse(reader, err, err_size, "it is no recording of vfio-trace");
	if (n < RECORD_HEADER_MIN)
		return refuse(reader, err, err_size, CUT_IN_HEADER);
	if (header->version != RECORD_VERSION || header->rec_size != sizeof(struct vfio_rec)) {
		snprintf(why, sizeof(why), "its format is version %u, this vfio-trace reads "
			 "version %u; use the vfio-trace that recorded it", header->version,
			 RECORD_VERSION);
		return refuse(reader, err, err_size, why);
	}
	n = header->header_size;
	if (n >= RECORD_HEADER_MIN && n <= RECORD_HEADER_MAX && fill(reader, n) < n)
		return refuse(reader, err, err_size, CUT_IN_HEADER);
	if (n < RECORD_HEADER_MIN || n > RECORD_HEADER_MAX ||
	    crc_without(reader->buf + reader->pos, n, offsetof(struct record_header, header_crc)) !=
		    header->header_crc)
		return refuse(reader, err, err_size, "its header is damaged");
	memcpy(header, reader->buf + reader->pos, n < sizeof(*header) ? n : sizeof(*header));
	terminate_strings(header);
	reader->pos += n;
	return 0;
}

struct record_reader *record_reader__open(FILE *in, const char *name, char *err, size_t err_size)
{
	struct record_reader *reader = xcalloc(1, sizeof(*reader));

	reader->in = in;
	snprintf(reader->name, sizeof(reader->name), "%s", name);
	if (read_header(reader, err, err_size)) {
		record_reader__close(reader);
		return NULL;
	}
	reader->packer = packer__create();
	reader->zstd = xalloc__check(ZSTD_createDCtx());
	return reader;
}

struct record_reader *record_reader__open_path(const char *path, char *err, size_t err_size)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (in)
		return record_reader__open(in, record_reader__name(path), err, err_size);
	error__set(err, err_size, "cannot read %s: %s; name a file that 'vfio-trace record' wrote",
		   path, strerror(errno));
	return NULL;
}

void record_reader__close(struct record_reader *reader)
{
	if (!reader)
		return;
	fclose(reader->in);
	packer__destroy(reader->packer);
	ZSTD_freeDCtx(reader->zstd);
	free(reader->buf);
	free(reader->payload);
	free(reader->raw);
	free(reader->recs);
	free(reader);
}

const struct record_header *record_reader__header(const struct record_reader *reader)
{
	return &reader->header;
}

/* Whether the header is one that a writer could have written. */
static bool plausible(const struct record_reader *reader, const struct record_block *head)
{
	if (memcmp(head->magic, RECORD_BLOCK_MAGIC, RECORD_MAGIC_LEN) ||
	    crc_without((const __u8 *)head, sizeof(*head),
			offsetof(struct record_block, header_crc)) != head->header_crc)
		return false;
	if (head->stored_size > RECORD_STORED_MAX || head->first_index < reader->next_index)
		return false;
	if (head->type == RECORD_BLOCK_EVENTS)
		return head->count && head->count <= RECORD_BLOCK_EVENTS_MAX &&
		       head->raw_size <= PACK_MAX(head->count);
	return !head->count && head->raw_size == head->stored_size;
}

static bool unpack_events(struct record_reader *reader, struct record_view *view)
{
	const struct record_block *head = &view->head;
	__u8 *raw = room(&reader->raw, &reader->raw_size, head->raw_size);
	size_t n = ZSTD_decompressDCtx(reader->zstd, raw, head->raw_size, reader->payload,
				       head->stored_size);

	if (ZSTD_isError(n) || n != head->raw_size)
		return false;
	if (reader->max_recs < head->count) {
		reader->recs = xreallocarray(reader->recs, head->count, sizeof(*reader->recs));
		reader->max_recs = head->count;
	}
	view->recs = reader->recs;
	return packer__unpack(reader->packer, raw, n, reader->recs, head->count);
}

static bool existing_fits(const struct record_existing *existing, size_t size)
{
	return size >= sizeof(*existing) && existing->n_listed <= RECORD_GROUPS_MAX &&
	       size == sizeof(*existing) + existing->n_listed * sizeof(*existing->group);
}

static bool table_fits(const struct record_table *table, size_t size)
{
	return size >= sizeof(*table) && table->n <= VFIO_OBS_MAPPINGS_MAX &&
	       size == sizeof(*table) + table->n * sizeof(*table->list);
}

static bool read_carried(struct record_view *view, const __u8 *payload)
{
	const struct record_carried *carried = (const void *)payload;
	size_t size = view->head.stored_size;

	view->carried = &carried->carried;
	view->existing = &carried->existing;
	return size >= sizeof(*carried) &&
	       existing_fits(view->existing, size - sizeof(carried->carried));
}

/* What is behind the fixed part of @used bytes must be texts that end. */
static bool texts_fit(struct record_view *view, const __u8 *payload, size_t used)
{
	size_t size = view->head.stored_size;

	if (size < used || (size > used && payload[size - 1]))
		return false;
	view->texts = (struct record_texts){ (const char *)payload + used,
					     (const char *)payload + size };
	return true;
}

static bool read_owner(struct record_view *view, const __u8 *payload)
{
	const struct record_owner *owner = (const void *)payload;

	view->owner = owner;
	return view->head.stored_size >= sizeof(*owner) && owner->n_ids <= RECORD_OWNED_MAX &&
	       texts_fit(view, payload, sizeof(*owner) + owner->n_ids * sizeof(*owner->ids));
}

static bool read_group(struct record_view *view, const __u8 *payload)
{
	const struct record_group_info *group = (const void *)payload;

	view->group = group;
	return view->head.stored_size >= sizeof(*group) &&
	       group->n_listed <= VFIO_OBS_DEVICES_MAX &&
	       texts_fit(view, payload, sizeof(*group) + group->n_listed * sizeof(*group->device));
}

/* Interpret the payload, whose checksum is right. False: it is not what the header says. */
static bool read_payload(struct record_reader *reader, struct record_view *view)
{
	const struct record_gap *gap = (const void *)reader->payload;

	switch (view->head.type) {
	case RECORD_BLOCK_EVENTS:
		return unpack_events(reader, view);
	case RECORD_BLOCK_GAP:
		view->gap = gap;
		return view->head.stored_size >= sizeof(*gap) && gap->text_len <= RECORD_TEXT_MAX &&
		       view->head.stored_size == sizeof(*gap) + gap->text_len;
	case RECORD_BLOCK_END:
		view->end = (const void *)reader->payload;
		return view->head.stored_size >= sizeof(struct record_end);
	case RECORD_BLOCK_EXISTING:
		view->existing = (const void *)reader->payload;
		return existing_fits(view->existing, view->head.stored_size);
	case RECORD_BLOCK_CARRIED:
		return read_carried(view, reader->payload);
	case RECORD_BLOCK_TABLE:
		view->table = (const void *)reader->payload;
		return table_fits(view->table, view->head.stored_size);
	case RECORD_BLOCK_OWNER:
		return read_owner(view, reader->payload);
	case RECORD_BLOCK_GROUP:
		return read_group(view, reader->payload);
	}
	return true; /* of a later version: nothing is set, the caller skips it */
}

/* A whole block at the unread position: 1; not one: 0; the file ends before it could be one: -1. */
static int try_block(struct record_reader *reader, struct record_view *view)
{
	struct record_block *head = &view->head;
	size_t size;

	memset(view, 0, sizeof(*view));
	if (fill(reader, sizeof(*head)) < sizeof(*head))
		return -1;
	memcpy(head, reader->buf + reader->pos, sizeof(*head));
	if (!plausible(reader, head))
		return 0;
	size = sizeof(*head) + head->stored_size;
	if (fill(reader, size) < size)
		return 0;
	memcpy(room(&reader->payload, &reader->payload_size, head->stored_size + 1),
	       reader->buf + reader->pos + sizeof(*head), head->stored_size);
	if (crc32(0, reader->payload, head->stored_size) != head->payload_crc ||
	    !read_payload(reader, view))
		return 0;
	reader->pos += size;
	return 1;
}

/* Leave the unread position for the next place where a block may begin. */
static void skip_to_magic(struct record_reader *reader)
{
	const __u8 *from, *found;

	if (!reader->lost_sync)
		reader->damages++;
	reader->lost_sync = true;
	reader->pos++;
	from = reader->buf + reader->pos;
	found = memmem(from, reader->len - reader->pos, RECORD_BLOCK_MAGIC, RECORD_MAGIC_LEN);
	if (found)
		reader->pos = found - reader->buf;
	else if (reader->len - reader->pos >= RECORD_MAGIC_LEN) /* it may begin at the end */
		reader->pos = reader->len - (RECORD_MAGIC_LEN - 1);
}

/* A block was read: what its position says about those before it. */
static void account(struct record_reader *reader, const struct record_view *view)
{
	reader->missing += view->head.first_index - reader->next_index;
	reader->next_index = view->head.first_index + view->head.count;
	reader->events += view->head.count;
	reader->lost_sync = false;
	reader->ended = view->head.type == RECORD_BLOCK_END;
}

int record_reader__next(struct record_reader *reader, struct record_view *view)
{
	int found;

	if (reader->ended)
		return 0;
	while (!(found = try_block(reader, view)) && !reader->io_error)
		skip_to_magic(reader);
	if (reader->io_error) {
		error__set(reader->error, sizeof(reader->error), "cannot read %s: %s", reader->name,
			   strerror(-reader->io_error));
		return reader->io_error;
	}
	if (found < 0) {
		reader->damages -= reader->lost_sync;
		reader->lost_sync = false;
		return -ENODATA;
	}
	account(reader, view);
	return 1;
}

const char *record_reader__error(const struct record_reader *reader)
{
	return reader->error;
}

__u64 record_reader__missing(const struct record_reader *reader)
{
	return reader->missing;
}

__u64 record_reader__damages(const struct record_reader *reader)
{
	return reader->damages;
}

__u64 record_reader__events(const struct record_reader *reader)
{
	return reader->events;
}

void record_reader__say_cut(const struct record_reader *reader, char *why, size_t size)
{
	snprintf(why, size, "the recording breaks off behind %llu events without its end mark: the "
		 "recorder was killed or its disk was full; what came later is missing",
		 reader->events);
}

void record_reader__say_damage(const struct record_reader *reader, char *why, size_t size)
{
	snprintf(why, size, "the recording is damaged in %llu place%s; %llu events are known to be "
		 "missing there", reader->damages, reader->damages == 1 ? "" : "s",
		 record_reader__missing(reader));
}
