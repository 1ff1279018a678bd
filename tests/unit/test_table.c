// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_table.c - mappings of a container: what was read, merged with the events that came since
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/model_table.h"
#include "lib/source_fake.h"
#include "lib/tp_table.h"
#include "lib/xalloc.h"

#define SEC 1000000000ULL
#define MSEC 1000000ULL
#define KIB 1024ULL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* The reading of all tests: from here on, a millisecond long. */
#define READ (10 * SEC)

enum { FLAG_DIRTY = 1, FLAG_ALL = 2, FLAG_VADDR = 4 };

/* One call: MAP unless @unmap; @ret, and how long before @ts it began (0: 1 us, ~0 unknown). */
struct call {
	__u64 ts, iova, size, vaddr, took;
	__s64 ret;
	__u32 flags;
	bool unmap, unreadable;
};

static void tell(struct model_table *table, const struct call *call)
{
	struct vfio_rec rec = { .ts_ns = call->ts, .type = VFIO_EV_IOCTL };

	vfio_w(&rec, IOCTL, cmd) = call->unmap ? VFIO_CMD_UNMAP_DMA : VFIO_CMD_MAP_DMA;
	vfio_w(&rec, IOCTL, known) = !call->unreadable;
	vfio_w(&rec, IOCTL, flags) = call->flags ? call->flags : call->unmap ? 0 : 3;
	vfio_w(&rec, IOCTL, iova) = call->iova;
	vfio_w(&rec, IOCTL, size) = call->size;
	vfio_w(&rec, IOCTL, vaddr) = call->vaddr;
	vfio_w(&rec, IOCTL, ret) = call->ret;
	vfio_w(&rec, IOCTL, duration) = call->took ? call->took : 1000;
	model_table__event(table, &rec);
}

#define tell(table, ...) tell(table, &(const struct call){ __VA_ARGS__ })
#define tell_map(table, at, where, bytes, ...)                                                     \
	tell(table, .ts = (at), .iova = (where), .size = (bytes), __VA_ARGS__)
#define tell_unmap(table, at, where, bytes, ...)                                                   \
	tell(table, .unmap = true, .ts = (at), .iova = (where), .size = (bytes), __VA_ARGS__)

static struct model_table reading(const struct vfio_mapping *list, __u32 n)
{
	struct source_table read = {
		.id = 1, .read_ns = READ, .until_ns = READ + MSEC, .avail = 100, .n = n,
		.list = list,
	};
	struct model_table table = { 0 };

	model_table__read(&table, &read);
	return table;
}

/* Two mappings with a hole between them. */
static struct model_table two(void)
{
	const struct vfio_mapping list[] = {
		{ .iova = 16 * KIB, .size = 8 * KIB, .vaddr = 1000, .prot = 1 },
		{ .iova = 64 * KIB, .size = 4 * KIB, .vaddr = 2000, .prot = 3 },
	};

	return reading(list, ARRAY_SIZE(list));
}

static void holds(const struct model_table *table, size_t n, __u64 bytes)
{
	assert_int_equal(table->state, MODEL_TABLE_WHOLE);
	assert_int_equal(table->n, n);
	assert_int_equal(table->bytes, bytes);
}

static void a_reading(void **state)
{
	struct model_table table = two(), copy = model_table__copy(&table);
	struct vfio_mapping list[3];
	__u64 avail;

	holds(&table, 2, 12 * KIB);
	assert_true(model_table__avail(&table, &avail));
	assert_int_equal(avail, 100);
	assert_int_equal(model_table__largest(&table, list, 3), 2);
	assert_int_equal(list[0].iova, 16 * KIB);
	assert_int_equal(list[0].vaddr, 1000);
	assert_int_equal(list[0].prot, 1);
	assert_int_equal(list[1].size, 4 * KIB);
	assert_int_equal(model_table__largest(&table, list, 1), 1);
	assert_int_equal(list[0].size, 8 * KIB);
	model_table__forget(&table);
	assert_int_equal(table.state, MODEL_TABLE_UNKNOWN);
	assert_false(model_table__avail(&table, &avail));
	holds(&copy, 2, 12 * KIB);
	model_table__forget(&copy);
}

static void calls_after_it(void **state)
{
	struct model_table table = two();
	const __u64 later = READ + SEC;
	struct vfio_mapping m;
	__u64 avail;

	tell_map(&table, later, 32 * KIB, 16 * KIB, .vaddr = 7);
	holds(&table, 3, 28 * KIB);
	assert_int_equal(model_table__largest(&table, &m, 1), 1);
	assert_true(m.iova == 32 * KIB && m.vaddr == 7 && m.prot == 3);
	tell_map(&table, later, 0, 4 * KIB, .ret = -ENOMEM);
	tell_map(&table, later, 16 * KIB, 4 * KIB, .ret = -EEXIST);
	tell_unmap(&table, later, 0, 0, .ret = -EINVAL);
	tell_unmap(&table, later, 0, 0);
	holds(&table, 3, 28 * KIB);
	/* Asked for much, with holes: the event has what went. */
	tell_unmap(&table, later, 0, 24 * KIB);
	holds(&table, 1, 4 * KIB);
	assert_true(model_table__avail(&table, &avail));
	assert_int_equal(avail, 101);
	tell_unmap(&table, later, 0, 4 * KIB, .flags = FLAG_ALL);
	holds(&table, 0, 0);
	model_table__forget(&table);
}

/* What returned before the reading is in it, one way or the other. */
static void calls_before_it(void **state)
{
	struct model_table table = two();

	tell_map(&table, READ - 1, 16 * KIB, 8 * KIB);
	tell_map(&table, READ - 1, 1024 * KIB, 8 * KIB); /* unmapped again */
	tell_unmap(&table, READ, 16 * KIB, 8 * KIB); /* mapped again */
	tell_unmap(&table, READ, 0, 0, .flags = FLAG_ALL);
	holds(&table, 2, 12 * KIB);
	model_table__forget(&table);
}

/* Under way meanwhile: it may be in the reading or not, and is counted once. */
static void calls_around_it(void **state)
{
	struct model_table table = two();
	const __u64 soon = READ + 2 * MSEC;

	tell_map(&table, soon, 16 * KIB, 8 * KIB, .took = SEC);
	holds(&table, 2, 12 * KIB);
	tell_map(&table, soon, 32 * KIB, 8 * KIB, .took = SEC);
	holds(&table, 3, 20 * KIB);
	tell_unmap(&table, soon, 32 * KIB, 8 * KIB, .took = SEC);
	holds(&table, 2, 12 * KIB);
	/* Gone when it was read; what lies behind is not meant. */
	tell_unmap(&table, soon, 0, 8 * KIB, .took = SEC);
	holds(&table, 2, 12 * KIB);
	/* It began before anybody looked. */
	tell_unmap(&table, READ + 5 * SEC, 0, 4 * KIB, .took = VFIO_OBS_UNKNOWN);
	holds(&table, 2, 12 * KIB);
	/* Half of it is there: the other half was somewhere. */
	tell_unmap(&table, soon, 64 * KIB, 8 * KIB, .took = SEC);
	assert_int_equal(table.state, MODEL_TABLE_UNLIKE);
	model_table__forget(&table);
}

static void a_map_that_was_under_way(void **state)
{
	const struct vfio_mapping growing = {
		.iova = 16 * KIB, .size = 4 * KIB, .flags = VFIO_MAPPING_GROWING,
	};
	struct model_table table = reading(&growing, 1);

	assert_false(model_table__whole(&table));
	assert_string_not_equal(model_table__trouble(&table), "");
	tell_map(&table, READ + 50 * SEC, 16 * KIB, 64 * KIB, .took = 51 * SEC);
	assert_true(model_table__whole(&table));
	assert_string_equal(model_table__trouble(&table), "");
	holds(&table, 1, 64 * KIB);
	model_table__forget(&table);

	table = reading(&growing, 1);
	tell_map(&table, READ + SEC, 16 * KIB, 4 * KIB, .ret = -EEXIST); /* somebody else's */
	holds(&table, 1, 4 * KIB);
	tell_map(&table, READ + SEC, 16 * KIB, 64 * KIB, .took = 2 * SEC, .ret = -ENOMEM);
	holds(&table, 0, 0);
	assert_true(model_table__whole(&table));
	model_table__forget(&table);
}

static void vaddrs_change(void **state)
{
	struct model_table table = two();
	struct vfio_mapping m;

	tell_unmap(&table, READ + SEC, 16 * KIB, 8 * KIB, .flags = FLAG_VADDR);
	tell_map(&table, READ + SEC, 16 * KIB, 8 * KIB, .flags = FLAG_VADDR, .vaddr = 5);
	holds(&table, 2, 12 * KIB);
	assert_int_equal(model_table__largest(&table, &m, 1), 1);
	assert_true(m.vaddr == 5 && m.prot == 1);
	model_table__forget(&table);
}

/* Each on a list of its own: what it is then. */
static void what_is_not_known_is_said(void **state)
{
	static const struct {
		struct call call;
		enum model_table_state state;
	} tests[] = {
		{ { .unreadable = true }, MODEL_TABLE_UNREADABLE },
		{ { .unreadable = true, .ret = -EFAULT }, MODEL_TABLE_WHOLE },
		{ { .unmap = true, .unreadable = true }, MODEL_TABLE_UNREADABLE },
		{ { .unmap = true, .ret = -EFAULT }, MODEL_TABLE_UNREADABLE },
		{ { .unmap = true, .ret = -EINVAL, .flags = FLAG_DIRTY }, MODEL_TABLE_UNREADABLE },
		{ { .unmap = true, .ret = -EINVAL }, MODEL_TABLE_WHOLE },
		{ { .iova = 20 * KIB, .size = 4 * KIB }, MODEL_TABLE_UNLIKE },
		{ { .iova = 16 * KIB, .size = 8 * KIB }, MODEL_TABLE_UNLIKE },
		{ { .iova = ~0ULL - 4095, .size = 8 * KIB }, MODEL_TABLE_UNLIKE },
		{ { .iova = ~0ULL - 4095, .size = 4 * KIB }, MODEL_TABLE_WHOLE },
		{ { .unmap = true, .iova = 16 * KIB, .size = 4 * KIB }, MODEL_TABLE_UNLIKE },
		{ { .unmap = true, .iova = 64 * KIB, .size = 8 * KIB }, MODEL_TABLE_UNLIKE },
		{ { .unmap = true, .size = 8 * KIB, .flags = FLAG_ALL }, MODEL_TABLE_UNLIKE },
		{ { .iova = 1, .size = 2, .flags = FLAG_VADDR }, MODEL_TABLE_UNLIKE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		struct model_table table = two();
		struct call call = tests[i].call;
		__u64 avail;

		call.ts = READ + SEC;
		(tell)(&table, &call);
		assert_int_equal(table.state, tests[i].state);
		assert_int_equal(model_table__avail(&table, &avail),
				 table.state == MODEL_TABLE_WHOLE);
		assert_int_equal(!*model_table__trouble(&table), table.state == MODEL_TABLE_WHOLE);
		model_table__forget(&table);
	}
}

static void readings_that_are_not_whole(void **state)
{
	const struct vfio_mapping overlap[] = { { .size = 8 }, { .iova = 4, .size = 8 } };
	struct source_table read = { .read_ns = READ, .until_ns = READ, .n = 1, .list = overlap };
	struct model_table table = { 0 };
	__u64 avail;

	read.more = true;
	model_table__read(&table, &read);
	assert_int_equal(table.state, MODEL_TABLE_MORE);
	read.torn = true;
	model_table__read(&table, &read);
	assert_int_equal(table.state, MODEL_TABLE_TORN);
	read.more = read.torn = false;
	read.n = 2;
	model_table__read(&table, &read);
	assert_int_equal(table.state, MODEL_TABLE_TORN);
	assert_int_equal(table.n, 1);
	assert_false(model_table__avail(&table, &avail));
	/* Events do not make it whole. */
	tell_unmap(&table, READ + SEC, 0, 8, .flags = FLAG_ALL);
	assert_int_equal(table.state, MODEL_TABLE_TORN);
	model_table__distrust(&table, MODEL_TABLE_LOST);
	assert_int_equal(table.state, MODEL_TABLE_TORN);
	model_table__clear(&table);
	holds(&table, 0, 0);
	model_table__forget(&table);
}

static void unknown_stays_unknown(void **state)
{
	struct model_table table = { 0 };

	tell_map(&table, SEC, 0, 4 * KIB);
	model_table__distrust(&table, MODEL_TABLE_LOST);
	assert_int_equal(table.state, MODEL_TABLE_UNKNOWN);
	assert_int_equal(table.n, 0);
	assert_false(model_table__whole(&table));
}

#define PLACES 4000

/* Thousands of calls in any order, next to a list that is too simple to be wrong. */
static void many_calls(void **state)
{
	static bool is_mapped[PLACES];
	struct model_table table = { 0 };
	size_t n = 0;

	srandom(1);
	model_table__clear(&table);
	memset(is_mapped, 0, sizeof(is_mapped));
	for (unsigned int i = 0; i < 60000; i++) {
		size_t at = random() % PLACES, end = at + 1 + random() % 3, gone = 0;

		if (!is_mapped[at]) {
			tell_map(&table, SEC + i, at * 4096, 4096);
			is_mapped[at] = true;
			n++;
		} else if (random() % 4 == 0) {
			for (size_t j = at; j < end && j < PLACES; j++) {
				gone += is_mapped[j];
				is_mapped[j] = false;
			}
			tell_unmap(&table, SEC + i, at * 4096, gone * 4096);
			n -= gone;
		}
		assert_int_equal(table.n, n);
	}
	holds(&table, n, n * 4096);
	for (size_t at = 0; at < PLACES; at++) {
		if (!is_mapped[at])
			continue;
		tell_unmap(&table, 2 * SEC, at * 4096, 4096);
		assert_int_equal(table.n, --n);
	}
	holds(&table, 0, 0);
	model_table__forget(&table);
}

static void as_many_as_type1_allows(void **state)
{
	struct vfio_mapping largest[2];
	struct model_table table = { 0 };

	model_table__clear(&table);
	for (__u64 i = 0; i < VFIO_OBS_MAPPINGS_MAX; i++)
		tell_map(&table, SEC, i * 8192, i == 777 ? 8192 : 4096);
	holds(&table, VFIO_OBS_MAPPINGS_MAX, (VFIO_OBS_MAPPINGS_MAX + 1) * 4096ULL);
	assert_int_equal(model_table__largest(&table, largest, 2), 2);
	assert_int_equal(largest[0].iova, 777 * 8192);
	assert_int_equal(largest[1].iova, 0);
	tell_map(&table, SEC, ~0ULL << 32, 4096);
	assert_int_equal(table.state, MODEL_TABLE_MORE);
	assert_int_equal(table.n, VFIO_OBS_MAPPINGS_MAX);
	model_table__forget(&table);
}

/* What the loader hands over */

struct seen {
	unsigned int n;
	__u64 ids, mappings, sizes;
	struct source_table last;
};

static void on_table(void *ctx, const struct source_table *table)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->ids += SOURCE_ID_NUMBER(table->id);
	seen->mappings += table->n;
	for (__u32 i = 0; i < table->n; i++)
		seen->sizes += table->list[i].size;
	seen->last = *table;
}

static void the_stream_is_taken_apart(void **state)
{
	struct {
		struct vfio_table first;
		struct vfio_mapping of_first[2];
		struct vfio_table second;
		struct vfio_table third;
		struct vfio_mapping of_third;
	} stream = {
		.first = { .id = 1, .n = 2 },
		.of_first = { { .size = 1 }, { .size = 2 } },
		.second = { .id = 2, .flags = VFIO_TABLE_TORN },
		.third = { .id = 4, .n = 1, .avail = 5, .read_ns = 6, .until_ns = 7,
			   .flags = VFIO_TABLE_MORE },
		.of_third = { .size = 4 },
	};
	struct seen seen = { 0 };
	struct source_sink sink = { .ctx = &seen, .table = on_table };

	tp_tables__deliver(&stream, sizeof(stream), 3ULL << SOURCE_ID_LOAD_SHIFT, &sink);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.ids, 7);
	assert_int_equal(seen.mappings, 3);
	assert_int_equal(seen.sizes, 7);
	assert_int_equal(SOURCE_ID_LOAD(seen.last.id), 3);
	assert_true(seen.last.more && !seen.last.torn && seen.last.avail == 5);
	assert_true(seen.last.read_ns == 6 && seen.last.until_ns == 7);
	/* Cut off: what is whole comes. */
	memset(&seen, 0, sizeof(seen));
	tp_tables__deliver(&stream, sizeof(stream) - 1, 0, &sink);
	assert_int_equal(seen.n, 2);
	assert_true(seen.last.torn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reading),
		cmocka_unit_test(calls_after_it),
		cmocka_unit_test(calls_before_it),
		cmocka_unit_test(calls_around_it),
		cmocka_unit_test(a_map_that_was_under_way),
		cmocka_unit_test(vaddrs_change),
		cmocka_unit_test(what_is_not_known_is_said),
		cmocka_unit_test(readings_that_are_not_whole),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(many_calls),
		cmocka_unit_test(as_many_as_type1_allows),
		cmocka_unit_test(the_stream_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
