// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_begun.c - the list of what has begun, from the entries that the programs write
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/tp_begun.h"

#define BITS (3ULL << SOURCE_ID_LOAD_SHIFT)

struct fixture {
	struct vfio_begun map[VFIO_OBS_BEGUN];
	struct tp_begun *begun;
	struct source_sink sink;
	/* What was delivered last, and how often there was something. */
	struct source_begun list[VFIO_OBS_BEGUN];
	size_t n;
	unsigned int calls;
};

static void on_begun(void *ctx, const struct source_begun *list, size_t n)
{
	struct fixture *f = ctx;

	assert_true(n <= VFIO_OBS_BEGUN);
	memcpy(f->list, list, n * sizeof(*list));
	f->n = n;
	f->calls++;
}

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.begun = tp_begun__create(f.map);
	f.sink = (struct source_sink){ .ctx = &f, .begun = on_begun };
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	tp_begun__destroy(((struct fixture *)*state)->begun);
	return 0;
}

static void put(struct fixture *f, unsigned int index, __u32 pid, __u64 start_ns)
{
	f->map[index] = (struct vfio_begun){
		.state = VFIO_OBS_BEGUN_SET, .pid = pid, .tgid = 7, .op = VFIO_OP_MAP, .id = index,
		.start_ns = start_ns, .arg = { 4096, 8192 }, .comm = "qemu",
	};
}

static void deliver(struct fixture *f)
{
	tp_begun__deliver(f->begun, BITS, &f->sink);
}

static void oldest_first(void **state)
{
	struct fixture *f = *state;

	put(f, 5, 105, 2000);
	put(f, 900, 900, 1000);
	deliver(f);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->list[0].start_ns, 1000);
	assert_int_equal(f->list[1].id, 5 | BITS);
	assert_int_equal(f->list[1].pid, 105);
	assert_int_equal(f->list[1].tgid, 7);
	assert_int_equal(f->list[1].op, VFIO_OP_MAP);
	assert_int_equal(f->list[1].arg[0], 4096);
	assert_int_equal(f->list[1].arg[1], 8192);
	assert_string_equal(f->list[1].comm, "qemu");
}

static void told_when_it_changes(void **state)
{
	struct fixture *f = *state;

	deliver(f);
	assert_int_equal(f->calls, 0);
	put(f, 1, 1, 1000);
	deliver(f);
	deliver(f);
	assert_int_equal(f->calls, 1);
	f->map[1].state = VFIO_OBS_BEGUN_FREE;
	deliver(f);
	assert_int_equal(f->calls, 2);
	assert_int_equal(f->n, 0);
	put(f, 1, 1, 2000);
	deliver(f);
	assert_int_equal(f->n, 1);
	tp_begun__reset(f->begun, &f->sink);
	assert_int_equal(f->n, 0);
	deliver(f);
	assert_int_equal(f->calls, 4);
}

/* The tool may write to the map, and so may who has got hold of the tool. */
static void hostile_entries(void **state)
{
	struct fixture *f = *state;

	put(f, 1, 1, 1000);
	f->map[1].state = VFIO_OBS_BEGUN_BUSY;
	put(f, 2, 2, 1000);
	f->map[2].state = ~0U;
	put(f, 3, 3, 1000);
	f->map[3].op = VFIO_OP_COUNT;
	put(f, 4, 4, ~0ULL);
	memset(f->map[4].comm, 'x', sizeof(f->map[4].comm));
	deliver(f);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->list[0].pid, 4);
	assert_int_equal(strlen(f->list[0].comm), sizeof(f->list[0].comm) - 1);
	for (unsigned int i = 0; i < VFIO_OBS_BEGUN; i++)
		put(f, i, i, VFIO_OBS_BEGUN - i);
	deliver(f);
	assert_int_equal(f->n, VFIO_OBS_BEGUN);
	assert_int_equal(f->list[0].pid, VFIO_OBS_BEGUN - 1);
}

/* A task is inside of one at a time: of another one of its the end was skipped. */
static void one_of_each_task(void **state)
{
	struct fixture *f = *state;

	put(f, 8, 8, 1000);
	put(f, 9, 8, 3000);
	put(f, 10, 10, 2000);
	deliver(f);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->list[0].pid, 10);
	assert_int_equal(f->list[1].pid, 8);
	assert_int_equal(f->list[1].start_ns, 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(oldest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(told_when_it_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(one_of_each_task, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
