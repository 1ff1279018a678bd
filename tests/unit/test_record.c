// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_record.c - recordings: written and read back, cut off anywhere, damaged anywhere
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "lib/record_pack.h"
#include "lib/record_writer.h"
#include "lib/source.h"
#include "lib/source_copy.h"
#include "lib/source_fake.h"

/* What a recording delivers. */
struct seen {
	__u64 events, damaged, ring;
	__u64 ring_behind; /* events before the first loss */
	__u64 last_ns;
	__u64 sum; /* of ids, to see that the right ones come */
	unsigned int gaps, existing, tables;
	struct source_existing last_existing;
	__u32 groups; /* sum of the numbers of its groups */
	bool truncated, damage_told, thinned;
	int ret;
};

struct fixture {
	char dir[64];
	char path[PATH_MAX];
	unsigned char *data; /* a recording of a few blocks */
	size_t size;
	__u64 events, sum;
};

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct seen *seen = ctx;

	assert_true(rec->ts_ns >= seen->last_ns);
	seen->last_ns = rec->ts_ns;
	seen->events++;
	seen->sum += rec->id;
}

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct seen *seen = ctx;

	assert_int_equal(seen->events, 0);
	seen->existing++;
	seen->last_existing = *existing;
	seen->groups = 0;
	for (__u32 i = 0; i < existing->n_listed; i++)
		seen->groups += existing->groups[i].number;
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct seen *seen = ctx;

	assert_int_equal(seen->events, 0);
	/* A recording that is damaged may have lost the other. */
	if (table->id == 3) {
		assert_true(table->read_ns == 960000 && table->until_ns == 961000);
		assert_true(table->avail == 55 && table->more && !table->torn && table->n == 2);
		assert_true(table->list[0].vaddr == 77 && table->list[0].prot == 3);
		assert_int_equal(table->list[1].iova, ~0ULL - 4095);
		assert_int_equal(table->list[1].flags, VFIO_MAPPING_GROWING);
	} else {
		assert_true(table->id == 4 && table->torn && !table->more && !table->n);
	}
	seen->tables++;
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct seen *seen = ctx;

	if (loss->ring && !seen->ring)
		seen->ring_behind = seen->events;
	seen->damaged = loss->damaged;
	seen->ring = loss->ring;
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct seen *seen = ctx;

	assert_non_null(why);
	seen->gaps++;
	seen->truncated |= gap == SOURCE_GAP_TRUNCATED;
	seen->damage_told |= gap == SOURCE_GAP_DAMAGED;
	seen->thinned |= gap == SOURCE_GAP_THINNED;
}

/* Read @size bytes to the end. False: refused at open. */
static bool read_all(const void *data, size_t size, struct seen *seen)
{
	struct source_sink sink = {
		.ctx = seen,
		.existing = on_existing,
		.table = on_table,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};
	struct source *source;
	char err[512] = "";

	memset(seen, 0, sizeof(*seen));
	source = source_file__from_stream(fmemopen((void *)data, size, "r"), "test", err,
					  sizeof(err));
	if (!source) {
		assert_true(strlen(err) > 10);
		return false;
	}
	do {
		seen->ret = source__poll(source, &sink);
	} while (seen->ret > 0);
	source__close(source);
	return true;
}

static struct vfio_rec make_event(__u64 i)
{
	struct vfio_rec rec = {
		.ts_ns = 1000000 + i * 700 + random() % 100,
		.seq = i,
		.id = 1 + i / 100,
		.tgid = 4242,
		.pid = 4242,
		.type = i % 2 ? VFIO_EV_PIN : VFIO_EV_UNPIN,
		.cpu = i % 3,
		.comm = "test",
	};

	for (int w = 0; w < 4; w++)
		rec.w[w] = random() % 1000;
	return rec;
}

static void write_events(struct fixture *f, struct record_writer *writer, __u64 n)
{
	struct source_sink sink = record_writer__sink(writer);

	for (__u64 i = 0; i < n; i++) {
		struct vfio_rec rec = make_event(f->events++);

		sink.event(sink.ctx, &rec);
		f->sum += rec.id;
	}
}

static struct record_writer *start_writer(const char *path)
{
	struct source_info info = { .name = "fake", .kernel = "6.1", .host = "h" };
	char err[512];
	struct record_writer *writer = record_writer__create(path, err, sizeof(err));

	assert_non_null(writer);
	record_writer__start(writer, &info, source__all_events(), 900000);
	return writer;
}

static unsigned char *slurp(const char *path, size_t *size)
{
	FILE *in = fopen(path, "r");
	unsigned char *data = malloc(1 << 22);

	assert_non_null(in);
	*size = fread(data, 1, 1 << 22, in);
	fclose(in);
	return data;
}

static void write_table(struct record_writer *writer)
{
	struct source_sink sink = record_writer__sink(writer);
	const struct vfio_mapping list[] = {
		{ .iova = 4096, .size = 8192, .vaddr = 77, .prot = 3 },
		{ .iova = ~0ULL - 4095, .size = 4096, .prot = 1, .flags = VFIO_MAPPING_GROWING },
	};
	struct source_table table = {
		.id = 3, .read_ns = 960000, .until_ns = 961000, .avail = 55, .more = true,
		.n = 2, .list = list,
	};

	sink.table(sink.ctx, &table);
	table.id = 4;
	table.more = false;
	table.torn = true;
	table.n = 0;
	table.list = NULL;
	sink.table(sink.ctx, &table);
}

static void write_existing(struct record_writer *writer)
{
	struct source_sink sink = record_writer__sink(writer);
	const struct source_group groups[] = { { 3, 1 }, { 70000, 0 } };
	struct source_existing e = {
		.read_ns = 950000, .id = 1, .opened_ns = 800000, .cgroup = 5, .tgid = 12,
		.holders = 2, .refs = 9, .file_closed = true, .comm = "with\033escape",
		.backend = "vfio-iommu-type1", .groups = groups, .n_listed = 2, .n_groups = 8,
	};

	sink.existing(sink.ctx, &e);
	e.id = 2;
	e.n_listed = 0;
	e.groups = NULL;
	sink.existing(sink.ctx, &e);
	e.id = 3;
	e.n_listed = 2;
	e.groups = groups;
	sink.existing(sink.ctx, &e);
}

/* Containers from before, three blocks of events, a gap and a loss between them, and the end. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct source_loss loss = { .ring = 7 };
	struct record_writer *writer;
	struct source_sink sink;

	srandom(1);
	strcpy(f->dir, "/tmp/test_record.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/rec", f->dir);
	writer = start_writer(f->path);
	sink = record_writer__sink(writer);
	write_existing(writer);
	write_table(writer);
	write_events(f, writer, 50);
	sink.gap(sink.ctx, SOURCE_GAP_DETACHED, 1050000, "a test's gap");
	write_events(f, writer, 30);
	sink.loss(sink.ctx, &loss);
	record_writer__tick(writer, 5000000000ULL, 123);
	sink.gap(sink.ctx, SOURCE_GAP_THINNED, 1050001, "another gap");
	write_events(f, writer, 20);
	assert_int_equal(record_writer__finish(writer, 2000000), 0);
	record_writer__destroy(writer);
	f->data = slurp(f->path, &f->size);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0); /* nothing else was left */
	free(f->data);
	free(f);
	return 0;
}

static void a_whole_recording_comes_back(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	struct stat st;

	assert_true(read_all(f->data, f->size, &seen));
	assert_int_equal(seen.ret, 0);
	assert_int_equal(seen.events, f->events);
	assert_int_equal(seen.sum, f->sum);
	assert_int_equal(seen.gaps, 2);
	assert_true(seen.thinned);
	assert_int_equal(seen.existing, 3);
	assert_int_equal(seen.tables, 2);
	assert_false(seen.truncated || seen.damage_told);
	assert_int_equal(seen.ring, 7);
	assert_int_equal(seen.damaged, 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Losses are told behind the last event of a block, also of one that is full. */
static void a_full_block_has_its_losses(void **state)
{
	struct fixture *f = *state;
	struct source_loss loss = { .ring = 3 };
	struct record_writer *writer;
	struct source_sink sink;
	unsigned char *data;
	struct seen seen;
	char path[PATH_MAX];
	size_t size;

	snprintf(path, sizeof(path), "%s/full", f->dir);
	writer = start_writer(path);
	sink = record_writer__sink(writer);
	write_events(f, writer, 8192);
	sink.loss(sink.ctx, &loss);
	write_events(f, writer, 1);
	assert_int_equal(record_writer__finish(writer, 999000000), 0);
	record_writer__destroy(writer);
	data = slurp(path, &size);
	assert_true(read_all(data, size, &seen));
	assert_int_equal(seen.events, 8193);
	assert_int_equal(seen.ring, 3);
	assert_int_equal(seen.ring_behind, 8192);
	free(data);
	unlink(path);
}

static void an_existing_container_comes_back(void **state)
{
	struct fixture *f = *state;
	struct source_existing *e;
	struct seen seen;

	assert_true(read_all(f->data, f->size, &seen));
	e = &seen.last_existing;
	assert_int_equal(e->read_ns, 950000);
	assert_int_equal(e->id, 3);
	assert_int_equal(e->opened_ns, 800000);
	assert_int_equal(e->cgroup, 5);
	assert_int_equal(e->tgid, 12);
	assert_int_equal(e->holders, 2);
	assert_int_equal(e->refs, 9);
	assert_true(e->file_closed);
	assert_string_equal(e->comm, "with?escape");
	assert_string_equal(e->backend, "vfio-iommu-type1");
	assert_int_equal(e->n_listed, 2);
	assert_int_equal(e->n_groups, 8);
	assert_int_equal(seen.groups, 70003);
}

static void packing_is_exact(void **state)
{
	struct vfio_rec recs[500], back[500];
	struct packer *packer = packer__create();
	__u8 *packed = malloc(PACK_MAX(500));
	size_t size;

	for (int i = 0; i < 500; i++) {
		recs[i] = make_event(i);
		recs[i].cpu = random();
		recs[i].type = random();
		recs[i].slot = random();
		recs[i].ts_ns = random() * 12345678901ULL;
		for (int w = 0; w < VFIO_OBS_WORDS; w++)
			recs[i].w[w] = random() % 3 ? 0 : random() * 0x123456789abULL;
	}
	for (__u32 n = 1; n <= 500; n += 83) {
		size = packer__pack(packer, recs, n, packed);
		assert_true(size <= PACK_MAX(n));
		assert_true(packer__unpack(packer, packed, size, back, n));
		assert_memory_equal(recs, back, n * sizeof(*recs));
		assert_false(packer__unpack(packer, packed, size - 1, back, n));
		assert_false(packer__unpack(packer, packed, size, back, n + 1));
	}
	free(packed);
	packer__destroy(packer);
}

static void a_cut_recording_is_read_to_its_last_block(void **state)
{
	struct fixture *f = *state;
	__u64 events_before = 0;
	unsigned int steps = 0;

	for (size_t size = 0; size < f->size; size++) {
		/* Of its own size, so that the sanitizer sees a read beyond it. */
		unsigned char *cut = malloc(size ? size : 1);
		struct seen seen;
		bool opened;

		memcpy(cut, f->data, size);
		opened = size && read_all(cut, size, &seen);
		free(cut);
		assert_int_equal(opened, size >= sizeof(struct record_header));
		if (!opened)
			continue;
		assert_int_equal(seen.ret, 0);
		assert_true(seen.truncated);
		assert_true(seen.events >= events_before);
		steps += seen.events > events_before;
		events_before = seen.events;
	}
	assert_int_equal(steps, 3);
	assert_int_equal(events_before, f->events);
}

/* With one byte changed either nothing is missing or it is said that something is. */
/* Checksums are right, but there are not as many mappings as it says. */
static void a_table_that_lies_is_damage(void **state)
{
	struct fixture *f = *state;
	struct record_block head;
	struct record_table table;
	unsigned char *at = f->data + sizeof(struct record_header);
	struct seen seen;

	for (;; at += sizeof(head) + head.stored_size) {
		memcpy(&head, at, sizeof(head));
		if (head.type == RECORD_BLOCK_TABLE)
			break;
	}
	memcpy(&table, at + sizeof(head), sizeof(table));
	table.n = 3;
	memcpy(at + sizeof(head), &table, sizeof(table));
	head.payload_crc = crc32(0, at + sizeof(head), head.stored_size);
	head.header_crc = 0;
	head.header_crc = crc32(0, (const void *)&head, sizeof(head));
	memcpy(at, &head, sizeof(head));
	assert_true(read_all(f->data, f->size, &seen));
	assert_true(seen.damage_told);
	assert_int_equal(seen.tables, 1);
	assert_int_equal(seen.events, f->events);
}

static void damage_is_never_silent(void **state)
{
	struct fixture *f = *state;
	unsigned char *data = malloc(f->size);

	for (size_t at = 0; at < f->size; at++) {
		struct seen seen;

		memcpy(data, f->data, f->size);
		data[at] ^= 1 + random() % 255;
		if (!read_all(data, f->size, &seen)) {
			assert_true(at < sizeof(struct record_header));
			continue;
		}
		assert_int_equal(seen.ret, 0);
		assert_true(at >= sizeof(struct record_header));
		assert_true(seen.truncated || seen.damage_told);
		if (!seen.truncated)
			assert_int_equal(seen.events + seen.damaged, f->events);
	}
	free(data);
}

static void what_is_no_recording_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "root:x:0:0:root:/root:/bin/bash\n";
	unsigned char newer[sizeof(struct record_header)];
	struct seen seen;

	assert_false(read_all(text, sizeof(text) - 1, &seen));
	memcpy(newer, f->data, sizeof(newer));
	newer[RECORD_MAGIC_LEN] = 2;
	assert_false(read_all(newer, sizeof(newer), &seen));
}

static void nothing_is_overwritten_by_accident(void **state)
{
	struct fixture *f = *state;
	char part[PATH_MAX + 8], err[512] = "";
	struct record_writer *writer = start_writer(f->path);
	size_t size;
	unsigned char *data;

	/* While it goes on, the old recording is still there, and no second one can begin. */
	assert_null(record_writer__create(f->path, err, sizeof(err)));
	assert_non_null(strstr(err, ".part"));
	data = slurp(f->path, &size);
	assert_int_equal(size, f->size);
	free(data);
	record_writer__discard(writer);
	record_writer__destroy(writer);
	snprintf(part, sizeof(part), "%s.part", f->path);
	assert_int_equal(access(part, F_OK), -1);
}

static void a_full_disk_is_said(void **state)
{
	struct fixture *f = *state;
	struct record_writer *writer = start_writer("/dev/full");

	assert_non_null(strstr(record_writer__error(writer), "No space left"));
	write_events(f, writer, 10);
	assert_int_equal(record_writer__finish(writer, 1), -ENOSPC);
	assert_int_equal(record_writer__events(writer), 10);
	record_writer__destroy(writer);
}

static void unwritable_places_are_named(void **state)
{
	char err[512] = "";

	assert_null(record_writer__create("/nonexistent/dir/file", err, sizeof(err)));
	assert_non_null(strstr(err, "/nonexistent/dir/file"));
	assert_non_null(strstr(err, "No such file"));
	assert_null(record_writer__create("/tmp", err, sizeof(err)));
}

#define record_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Owners and groups: what comes out, in its order. */

struct told {
	char order[4096];
	struct source_owner *owner; /* the last */
	struct source_group_info *group;
};

static void tell(void *ctx, char what, __u64 number)
{
	struct told *told = ctx;
	size_t used = strlen(told->order);

	snprintf(told->order + used, sizeof(told->order) - used, "%c%llu ", what, number);
}

static void tell_event(void *ctx, const struct vfio_rec *rec)
{
	tell(ctx, rec->type == VFIO_EV_OPEN ? 'o' : 'e', rec->id);
}

static void tell_existing(void *ctx, const struct source_existing *existing)
{
	tell(ctx, 'x', existing->id);
}

static void tell_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct told *told = ctx;

	tell(ctx, 'w', id);
	free(told->owner);
	told->owner = source_copy__owner(owner);
}

static void tell_group(void *ctx, const struct source_group_info *group)
{
	struct told *told = ctx;

	tell(ctx, 'g', group->number);
	free(told->group);
	told->group = source_copy__group(group);
}

static void read_told(const char *path, struct told *told)
{
	struct source_sink sink = {
		.ctx = told, .event = tell_event, .existing = tell_existing, .owner = tell_owner,
		.group = tell_group,
	};
	char err[512];
	struct source *source = source_file__open(path, err, sizeof(err));
	struct source_info info;

	assert_non_null(source);
	source__info(source, &info);
	/* Nobody is to look for these processes here. */
	assert_true(info.described);
	assert_false(info.live);
	while (source__poll(source, &sink) > 0)
		;
	source__close(source);
}

static void owners_come_back(void **state)
{
	struct fixture *f = *state;
	struct told told = { .order = "" };
	struct source_existing e = { .id = 3, .tgid = 1003 };
	struct record_writer *writer;
	struct source_sink sink;
	char path[PATH_MAX], expected[] =
		"x3 w3 x4 o5 w5 e5 o6 w6 e6 o7 w7 e7 g12 o8 w8 e8 e8 ";

	snprintf(path, sizeof(path), "%s/owners", f->dir);
	writer = start_writer(path);
	sink = record_writer__sink(writer);
	sink.existing(sink.ctx, &e);
	fake_owner(&sink, 3, VFIO_OWNER_QEMU, .text[VFIO_OWNER_NAME_TEXT] = "old");
	e.id = 4;
	sink.existing(sink.ctx, &e);
	for (int id = 5; id <= 7; id++) {
		fake_event(&sink, OPEN, id, 2000000 + id, .ret = 0);
		/* Two of the same process, and another's. */
		fake_owner(&sink, id, VFIO_OWNER_QEMU, .tgid = 1 + id / 7, .started_ns = 99,
			   .text[VFIO_OWNER_NAME_TEXT] = "a\033b",
			   .text[VFIO_OWNER_WHY_TEXT] = "because");
		fake_event(&sink, ATTACH, id, 2000010 + id, .group = 12);
	}
	source_fake__group(&sink, 12, "0000:00:10.0", "Vendor\n", "Model");
	fake_event(&sink, OPEN, 8, 2000030, .ret = 0);
	fake_owner(&sink, 8, VFIO_OWNER_LIBVIRT, .tgid = 77, .started_ns = 99,
		   .text[VFIO_OWNER_NAME_TEXT] = "a\033b", .text[VFIO_OWNER_WHY_TEXT] = "because");
	record_writer__tick(writer, 5000000000ULL, 123);
	fake_event(&sink, ATTACH, 8, 5000000001ULL, .group = 12);
	fake_event(&sink, ATTACH, 8, 5000000002ULL, .group = 12);
	assert_int_equal(record_writer__finish(writer, 6000000000ULL), 0);
	record_writer__destroy(writer);

	read_told(path, &told);
	assert_string_equal(told.order, expected);
	assert_int_equal(told.owner->tgid, 77);
	assert_int_equal(told.owner->kind, VFIO_OWNER_LIBVIRT);
	assert_int_equal(told.owner->started_ns, 99);
	assert_string_equal(told.owner->text[VFIO_OWNER_NAME_TEXT], "a?b");
	assert_string_equal(told.owner->text[VFIO_OWNER_UUID_TEXT], "");
	assert_string_equal(told.owner->text[VFIO_OWNER_WHY_TEXT], "because");
	assert_int_equal(told.group->number, 12);
	assert_int_equal(told.group->n_devices, 1);
	assert_int_equal(told.group->devices[0].device, 0x10d3);
	assert_string_equal(told.group->devices[0].text[VFIO_DEVICE_VENDOR], "Vendor?");
	assert_string_equal(told.group->devices[0].text[VFIO_DEVICE_MODEL], "Model");
	free(told.owner);
	free(told.group);
	unlink(path);
}

/* One process that opens containers by the thousand: its description is not in each. */
static void owners_are_shared(void **state)
{
	struct fixture *f = *state;
	struct told told = { .order = "" };
	struct record_writer *writer;
	struct source_sink sink;
	char path[PATH_MAX], name[400];
	__u64 before;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/shared", f->dir);
	writer = start_writer(path);
	sink = record_writer__sink(writer);
	before = record_writer__bytes(writer);
	for (int id = 1; id <= 20000; id++) {
		fake_event(&sink, OPEN, id, 2000000 + id, .ret = 0);
		fake_owner(&sink, id, VFIO_OWNER_QEMU, .tgid = 7,
			   .text[VFIO_OWNER_NAME_TEXT] = name);
	}
	assert_int_equal(record_writer__finish(writer, 6000000000ULL), 0);
	assert_true(record_writer__bytes(writer) - before < 20000 * 40);
	record_writer__destroy(writer);
	read_told(path, &told);
	/* Only its beginning fits. */
	assert_memory_equal(told.order, "o1 w1 o2 w2 o3 w3 ", 18);
	assert_string_equal(told.owner->text[VFIO_OWNER_NAME_TEXT], name);
	free(told.owner);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		record_test(a_whole_recording_comes_back),
		record_test(a_full_block_has_its_losses),
		record_test(an_existing_container_comes_back),
		record_test(owners_come_back),
		record_test(owners_are_shared),
		cmocka_unit_test(packing_is_exact),
		record_test(a_cut_recording_is_read_to_its_last_block),
		record_test(a_table_that_lies_is_damage),
		record_test(damage_is_never_silent),
		record_test(what_is_no_recording_is_refused),
		record_test(nothing_is_overwritten_by_accident),
		record_test(a_full_disk_is_said),
		cmocka_unit_test(unwritable_places_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
