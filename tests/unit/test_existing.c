// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_existing.c - one container made of the records of all its open files
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/tp_existing.h"

#define LATER 1000
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct seen {
	struct source_existing list[8];
	struct source_group groups[8][VFIO_EXISTING_GROUPS];
	unsigned int n;
};

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct seen *seen = ctx;

	memcpy(seen->groups[seen->n], existing->groups,
	       existing->n_listed * sizeof(*existing->groups));
	seen->list[seen->n++] = *existing;
}

static void deliver(const struct vfio_existing *records, size_t n, struct seen *seen)
{
	struct source_sink sink = { .ctx = seen, .existing = on_existing };
	struct tp_existing *existing = tp_existing__create(records, n, LATER);

	memset(seen, 0, sizeof(*seen));
	tp_existing__deliver(existing, 7ULL << SOURCE_ID_LOAD_SHIFT, &sink);
	tp_existing__destroy(existing);
}

static void nothing(void **state)
{
	struct seen seen;

	deliver(NULL, 0, &seen);
	assert_int_equal(seen.n, 0);
}

static void owners_and_holders(void **state)
{
	const struct vfio_existing records[] = {
		{ .id = 2, .tgid = 30, .via = VFIO_VIA_CONTAINER, .refs = 2, .groups = 1,
		  .comm = "thirty" },
		{ .id = 1, .tgid = 50, .via = VFIO_VIA_CONTAINER, .refs = 2, .groups = 1 },
		{ .id = 1, .tgid = 40, .via = VFIO_VIA_CONTAINER, .refs = 2, .groups = 1,
		  .comm = "forty", .cgroup = 4 },
		/* The same process twice: dup(). */
		{ .id = 1, .tgid = 50, .via = VFIO_VIA_CONTAINER, .refs = 2, .groups = 1 },
		/* Lower, but it has only the group. */
		{ .id = 1, .tgid = 10, .via = VFIO_VIA_GROUP, .refs = 2, .groups = 1 },
	};
	struct seen seen;

	deliver(records, ARRAY_SIZE(records), &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.list[0].id, 7ULL << SOURCE_ID_LOAD_SHIFT | 1);
	assert_int_equal(seen.list[0].tgid, 40);
	assert_string_equal(seen.list[0].comm, "forty");
	assert_int_equal(seen.list[0].cgroup, 4);
	assert_int_equal(seen.list[0].holders, 2);
	assert_false(seen.list[0].file_closed);
	assert_int_equal(seen.list[1].tgid, 30);
	assert_int_equal(seen.list[1].holders, 1);
}

static void the_newest_reading_counts(void **state)
{
	const struct vfio_existing records[] = {
		{ .id = 1, .tgid = 1, .via = VFIO_VIA_GROUP, .read_ns = 5, .refs = 2, .groups = 2,
		  .n_listed = 2, .group = { { 8, 0 }, { 9, 0 } } },
		{ .id = 1, .tgid = 2, .via = VFIO_VIA_DEVICE, .read_ns = 6, .refs = 1, .groups = 1,
		  .n_listed = 1, .group = { { 9, 1 } }, .backend = "b" },
	};
	struct seen seen;

	deliver(records, ARRAY_SIZE(records), &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.list[0].tgid, 1);
	assert_int_equal(seen.list[0].read_ns, 6);
	assert_int_equal(seen.list[0].n_groups, 1);
	assert_int_equal(seen.list[0].n_listed, 1);
	assert_int_equal(seen.groups[0][0].number, 9);
	assert_int_equal(seen.groups[0][0].type, 1);
	assert_string_equal(seen.list[0].backend, "b");
	/* Two references, two groups: the file has none. */
	assert_true(seen.list[0].file_closed);
}

static void who_has_the_file_keeps_it_open(void **state)
{
	struct vfio_existing records[] = {
		/* Attached between the reading of one and the other. */
		{ .id = 1, .tgid = 1, .via = VFIO_VIA_CONTAINER, .refs = 1, .groups = 1 },
		/* Its file is on its way through a socket. */
		{ .id = 2, .tgid = 1, .via = VFIO_VIA_GROUP, .refs = 2, .groups = 1 },
	};
	struct seen seen;

	deliver(records, ARRAY_SIZE(records), &seen);
	assert_int_equal(seen.n, 2);
	assert_false(seen.list[0].file_closed);
	assert_false(seen.list[1].file_closed);
}

static void what_came_later_is_left_out(void **state)
{
	const struct vfio_existing records[] = {
		{ .id = 1, .tgid = 1, .opened_ns = LATER, .refs = 1 },
		{ .id = 2, .tgid = 1, .opened_ns = LATER - 1, .refs = 1 },
		{ .id = 0, .tgid = 1, .refs = 1 },
	};
	struct seen seen;

	deliver(records, ARRAY_SIZE(records), &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.list[0].opened_ns, LATER - 1);
}

static void names_are_printable(void **state)
{
	struct vfio_existing record = { .id = 1, .tgid = 1, .refs = 1, .comm = "a\033b" };
	struct seen seen;

	memset(record.backend, 'x', sizeof(record.backend));
	deliver(&record, 1, &seen);
	assert_string_equal(seen.list[0].comm, "a?b");
	assert_int_equal(strlen(seen.list[0].backend), sizeof(record.backend) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(owners_and_holders),
		cmocka_unit_test(the_newest_reading_counts),
		cmocka_unit_test(who_has_the_file_keeps_it_open),
		cmocka_unit_test(what_came_later_is_left_out),
		cmocka_unit_test(names_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
