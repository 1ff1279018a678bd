// SPDX-License-Identifier: GPL-2.0-only
/*
 * gen_record.c - writes the corpus of fuzz_record: `make corpus-record`
 *
 * gen_record DIRECTORY. Small recordings of every event, with containers from before, gaps and
 * losses, with an end and without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/record_writer.h"
#include "vfio_obs/record.h"

static void write_existing(const struct source_sink *sink)
{
	const struct source_group groups[] = { { 3, 0 }, { 12, 1 } };
	struct source_existing existing = {
		.read_ns = 900, .id = 1, .opened_ns = 500, .tgid = 99, .holders = 1, .refs = 3,
		.comm = "qemu", .backend = "vfio-iommu-type1", .groups = groups, .n_listed = 2,
		.n_groups = 2,
	};

	const struct vfio_mapping list[] = { { .iova = 0, .size = 4096 }, { 8192, 8192, 1, 3, 1 } };
	struct source_table table = {
		.id = 1, .read_ns = 900, .until_ns = 901, .avail = 9, .n = 2, .list = list,
	};

	sink->existing(sink->ctx, &existing);
	sink->table(sink->ctx, &table);
	existing.id = 2;
	existing.n_listed = 0;
	sink->existing(sink->ctx, &existing);
}

static void write_owner(const struct source_sink *sink, __u64 id)
{
	struct source_owner owner = { .started_ns = 450, .tgid = 99, .kind = VFIO_OWNER_LIBVIRT };

	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		owner.text[i] = i % 2 ? "text" : "";
	sink->owner(sink->ctx, id, &owner);
}

static void write_group(const struct source_sink *sink, __u32 number)
{
	struct source_device devices[2] = {
		{ .vendor = 0x8086, .device = 0x10d3 },
		{ .vendor = VFIO_OBS_NO_PCI_ID, .device = VFIO_OBS_NO_PCI_ID },
	};
	struct source_group_info group = {
		.number = number, .n_listed = 2, .n_devices = 2, .devices = devices,
	};

	for (int i = 0; i < VFIO_DEVICE_TEXTS; i++) {
		devices[0].text[i] = "0000:00:10.0";
		devices[1].text[i] = i ? "" : "vfio-testdev.0";
	}
	sink->group(sink->ctx, &group);
}

static void write_one(const char *dir, const char *name, unsigned int n, bool gap, bool cut)
{
	struct source_info info = { .name = "fake", .kernel = "6.1.0", .host = "host" };
	struct source_loss loss = { .ring = n, .recursion = 1 };
	char path[4096], err[512];
	struct record_writer *writer;
	struct source_sink sink;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	writer = record_writer__create(path, err, sizeof(err));
	if (!writer) {
		fprintf(stderr, "gen_record: %s\n", err);
		exit(1);
	}
	record_writer__start(writer, &info, ~0ULL, 1000);
	sink = record_writer__sink(writer);
	if (gap)
		write_existing(&sink);
	if (gap)
		write_owner(&sink, 2);
	for (unsigned int i = 0; i < n; i++) {
		struct vfio_rec rec = {
			.ts_ns = 2000 + i * 100, .seq = i, .id = 1 + i / 30, .tgid = 100,
			.pid = 101, .type = i % VFIO_EV_COUNT, .cpu = i % 2, .comm = "task",
		};

		for (int w = 0; w < VFIO_OBS_WORDS; w++)
			rec.w[w] = i % 7 ? i * w : ~0ULL;
		sink.event(sink.ctx, &rec);
		if (rec.type == VFIO_EV_OPEN)
			write_owner(&sink, rec.id);
		else if (rec.type == VFIO_EV_ATTACH)
			write_group(&sink, i);
		if (gap && i % 20 == 0)
			sink.gap(sink.ctx, i % 3, rec.ts_ns, "why it was so");
	}
	sink.loss(sink.ctx, &loss);
	if (record_writer__finish(writer, 1000000))
		exit(1);
	if (cut && truncate(path, record_writer__bytes(writer) - 130))
		exit(1);
	record_writer__destroy(writer);
}

/* A part, as 'vfio-trace cut' writes it. */
static void write_part(const char *dir)
{
	const struct source_group groups[] = { { 3, 0 } };
	struct source_existing existing = {
		.read_ns = 900, .id = 1, .opened_ns = 500, .tgid = 99, .refs = 3, .comm = "qemu",
		.groups = groups, .n_listed = 1, .n_groups = 1, .is_carried = true,
		.carried = { .mapped_bytes = 4096, .pinned_pages = 1, .iommu_type = 1 },
	};
	struct source_table table = { .id = 1, .no_limit = true };
	struct record_header header = {
		.magic = RECORD_MAGIC, .version = RECORD_VERSION,
		.rec_size = sizeof(struct vfio_rec), .n_events = VFIO_EV_COUNT, .events = ~0ULL,
		.flags = RECORD_SOME, .start_ns = 1000, .origin_ns = 10, .made = "cut --from 1",
	};
	char path[4096], err[512];
	struct record_writer *writer;
	struct source_sink sink;

	snprintf(path, sizeof(path), "%s/part", dir);
	writer = record_writer__create(path, err, sizeof(err));
	if (!writer || record_writer__begin(writer, &header))
		exit(1);
	sink = record_writer__sink(writer);
	sink.existing(sink.ctx, &existing);
	write_owner(&sink, 1);
	sink.table(sink.ctx, &table);
	sink.gap(sink.ctx, SOURCE_GAP_DAMAGED, 2000, "a hole");
	if (record_writer__finish(writer, 1000000))
		exit(1);
	record_writer__destroy(writer);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: gen_record DIRECTORY\n", stderr);
		return 2;
	}
	write_one(argv[1], "empty", 0, false, false);
	write_one(argv[1], "one", 1, false, false);
	write_one(argv[1], "every-event", VFIO_EV_COUNT, false, false);
	write_one(argv[1], "gaps", 60, true, false);
	write_one(argv[1], "cut", 60, true, true);
	write_part(argv[1]);
	return 0;
}
