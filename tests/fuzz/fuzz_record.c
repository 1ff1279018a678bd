// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_record.c - the recording reader on hostile files
 *
 * libFuzzer entry points. Checksums would stop every mutation at the door, so the mutator puts
 * them right again in most inputs. What is read is also written as text, as a report would, and
 * goes through what makes other recordings.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/anonymise.h"
#include "lib/event.h"
#include "lib/model_table.h"
#include "lib/owner_text.h"
#include "lib/record_cut.h"
#include "lib/record_pack.h"
#include "lib/record_writer.h"
#include "lib/source.h"
#include "vfio_obs/record.h"

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

static void begin(void *ctx, const struct source_loss *before)
{
	struct record_writer *writer = ctx;
	struct record_header header = { .version = RECORD_VERSION };

	anonymise__header(&header);
	record_writer__begin(writer, &header);
}

/* A part of it, anonymised, to nowhere. */
static void read_as_part(const uint8_t *data, size_t size, struct event_filter *filter)
{
	FILE *in = fmemopen((void *)data, size, "r");
	char err[300];
	struct source *source = in ? source_file__from_stream(in, "fuzz", err, sizeof(err)) : NULL;
	struct source_sink sink;
	struct source_info info;
	struct record_writer *writer;
	struct anonymise *anonymise;
	struct record_cut *cut;

	if (!source)
		return;
	writer = record_writer__create("/dev/null", err, sizeof(err));
	sink = record_writer__sink(writer);
	anonymise = anonymise__create(5 * ANONYMISE_ALIGN, ANONYMISE_ALIGN, &sink);
	sink = anonymise__sink(anonymise);
	source__info(source, &info);
	filter->from_ns += info.start_ns;
	cut = record_cut__create(filter, &info, begin, writer, &sink);
	sink = record_cut__sink(cut);
	while (source__poll(source, &sink) > 0 && !record_cut__beyond(cut))
		record_writer__flush(writer);
	source_file__stop(source, &sink);
	record_cut__finish(cut);
	if (record_writer__finish(writer, source_file__end_ns(source)))
		abort();
	record_cut__destroy(cut);
	anonymise__destroy(anonymise);
	record_writer__destroy(writer);
	source__close(source);
}

static void read_as_parts(const uint8_t *data, size_t size)
{
	struct event_filter later, chosen;

	event_filter__init(&later);
	later.from_ns = size ? data[size / 2] * 1000000ULL : 0;
	read_as_part(data, size, &later);
	event_filter__init(&chosen);
	chosen.events = ~(1ULL << VFIO_EV_OPEN);
	read_as_part(data, size, &chosen);
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
	if (size % 3 == 0) /* it takes longer than all else */
		read_as_parts(data, size);
	read_as_packed(data, size);
	return 0;
}

/* Its size: that of this version, or of one whose headers ended earlier. */
static size_t fix_header(uint8_t *data, size_t size)
{
	__u32 crc = 0, header_size;

	memcpy(&header_size, data + offsetof(struct record_header, header_size),
	       sizeof(header_size));
	if (header_size != sizeof(struct record_header) || header_size > size)
		header_size = RECORD_HEADER_MIN;
	memcpy(data + offsetof(struct record_header, header_crc), &crc, sizeof(crc));
	crc = crc32(0, data, header_size);
	memcpy(data + offsetof(struct record_header, header_crc), &crc, sizeof(crc));
	return header_size;
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
	if (size < RECORD_HEADER_MIN || seed % 8 == 0)
		return size;
	for (left = size - fix_header(data, size); left;)
		left = fix_block(data + size - left, left);
	return size;
}
