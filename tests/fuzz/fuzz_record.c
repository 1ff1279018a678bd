// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_record.c - the recording reader on hostile files
 *
 * libFuzzer entry points. Checksums would stop every mutation at the door, so the mutator puts
 * them right again in most inputs. What is read is also written as text, as a report would.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/event.h"
#include "lib/model_table.h"
#include "lib/owner_text.h"
#include "lib/record_pack.h"
#include "lib/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

struct seen {
	__u64 last_ns;
	size_t text;
};

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct seen *seen = ctx;
	char text[200];

	if (rec->ts_ns < seen->last_ns || !event__desc(rec->type) ||
	    memchr(rec->comm, '\0', sizeof(rec->comm)) == NULL)
		abort();
	seen->last_ns = rec->ts_ns;
	seen->text += strlen(event__format(rec, text, sizeof(text)));
}

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct seen *seen = ctx;

	if (!memchr(existing->comm, '\0', sizeof(existing->comm)) ||
	    !memchr(existing->backend, '\0', sizeof(existing->backend)))
		abort();
	for (__u32 i = 0; i < existing->n_listed; i++)
		seen->text += existing->groups[i].number;
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct model_table list = { 0 };
	struct vfio_mapping largest[4];

	if (table->n > VFIO_OBS_MAPPINGS_MAX)
		abort();
	model_table__read(&list, table);
	if (list.n > table->n || model_table__largest(&list, largest, 4) > list.n)
		abort();
	((struct seen *)ctx)->text += list.n;
	model_table__forget(&list);
}

static void check_text(struct seen *seen, const char *text)
{
	size_t length = strlen(text);

	if (length >= VFIO_OBS_TEXT_MAX)
		abort();
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			abort();
	seen->text += length;
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	char line[2048];

	if (owner->kind >= VFIO_OWNER_KINDS)
		abort();
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		check_text(ctx, owner->text[i]);
	((struct seen *)ctx)->text += strlen(owner_text__line(owner, line, sizeof(line)));
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	char line[2048];

	for (__u32 i = 0; i < group->n_listed; i++) {
		for (int t = 0; t < VFIO_DEVICE_TEXTS; t++)
			check_text(ctx, group->devices[i].text[t]);
		device_text__line(&group->devices[i], 60, line, sizeof(line));
		((struct seen *)ctx)->text += strlen(line);
	}
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct seen *seen = ctx;

	seen->text += strlen(why);
}

static void read_as_file(const uint8_t *data, size_t size)
{
	struct seen seen = { 0 };
	struct source_sink sink = {
		.ctx = &seen, .existing = on_existing, .table = on_table, .owner = on_owner,
		.group = on_group, .event = on_event, .gap = on_gap,
	};
	FILE *in = fmemopen((void *)data, size, "r");
	struct source *source;
	char err[300];

	if (!in)
		return;
	source = source_file__from_stream(in, "fuzz", err, sizeof(err));
	if (!source)
		return;
	while (source__poll(source, &sink) > 0)
		;
	source__close(source);
}

/* The packing by itself: behind zstd and a checksum mutations hardly reach it. */
static void read_as_packed(const uint8_t *data, size_t size)
{
	struct vfio_rec recs[64];
	struct packer *packer;

	if (size < 1)
		return;
	packer = packer__create();
	packer__unpack(packer, data + 1, size - 1, recs, data[0] % 64);
	packer__destroy(packer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as_file(data, size);
	read_as_packed(data, size);
	return 0;
}

static void fix_header(uint8_t *data, size_t size)
{
	struct record_header head;

	memcpy(&head, data, sizeof(head));
	if (head.header_size != sizeof(head))
		return;
	head.header_crc = 0;
	head.header_crc = crc32(0, (const void *)&head, sizeof(head));
	memcpy(data, &head, sizeof(head));
}

/* Put a block's checksums right; the size of what follows, 0 when it does not fit. */
static size_t fix_block(uint8_t *data, size_t size)
{
	struct record_block block;

	if (size < sizeof(block))
		return 0;
	memcpy(&block, data, sizeof(block));
	if (block.stored_size > size - sizeof(block))
		return 0;
	block.payload_crc = crc32(0, data + sizeof(block), block.stored_size);
	block.header_crc = 0;
	block.header_crc = crc32(0, (const void *)&block, sizeof(block));
	memcpy(data, &block, sizeof(block));
	return size - sizeof(block) - block.stored_size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t left;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < sizeof(struct record_header) || seed % 8 == 0)
		return size;
	fix_header(data, size);
	for (left = size - sizeof(struct record_header); left;)
		left = fix_block(data + size - left, left);
	return size;
}
