// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_ring.c - merging per-CPU rings: order, horizon, wrap, loss
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/ring.h"

#define CPUS 5
#define CAPACITY 16
#define ALL (~0ULL)

/* Rings that the test writes as the BPF programs would, and what came out of them. */
struct fixture {
	struct vfio_ring rings[CPUS];
	struct vfio_rec records[CPUS * CAPACITY];
	struct ring_reader *reader;
	__u64 skipped; /* numbers */
	__u64 out_ts[4096], out_id[4096];
	struct vfio_rec out; /* the last one */
	size_t n_out;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->reader = ring_reader__create(f->rings, f->records, CPUS, CAPACITY);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ring_reader__destroy(f->reader);
	free(f);
	return 0;
}

static void put(struct fixture *f, unsigned int cpu, __u64 ts_ns, __u64 id)
{
	struct vfio_ring *ring = &f->rings[cpu];
	__u64 seq = ring->head + ring->lost + f->skipped;

	if (ring->head - ring->tail >= CAPACITY) {
		ring->lost++;
		return;
	}
	f->records[cpu * CAPACITY + ring->head % CAPACITY] = (struct vfio_rec){
		.ts_ns = ts_ns, .seq = seq, .id = id, .cpu = cpu,
	};
	ring->head++;
}

static void on_event(void *ctx, struct vfio_rec *rec)
{
	struct fixture *f = ctx;

	f->out = *rec;
	f->out_ts[f->n_out] = rec->ts_ns;
	f->out_id[f->n_out++] = rec->id;
}

static size_t merge(struct fixture *f, __u64 horizon_ns)
{
	return ring_reader__merge(f->reader, horizon_ns, on_event, f);
}

static void nothing_gives_nothing(void **state)
{
	assert_int_equal(merge(*state, ALL), 0);
}

static void cpus_are_merged_in_time_order(void **state)
{
	struct fixture *f = *state;

	put(f, 0, 10, 1);
	put(f, 0, 40, 4);
	put(f, 0, 50, 5);
	put(f, 3, 20, 2);
	put(f, 4, 30, 3);
	put(f, 4, 60, 6);
	assert_int_equal(merge(f, ALL), 6);
	for (__u64 i = 0; i < 6; i++)
		assert_int_equal(f->out_id[i], i + 1);
}

static void young_events_wait(void **state)
{
	struct fixture *f = *state;

	put(f, 0, 10, 1);
	put(f, 0, 30, 3);
	put(f, 1, 31, 4);
	assert_int_equal(merge(f, 29), 1);
	put(f, 2, 20, 2); /* late, but within the bound */
	assert_int_equal(merge(f, 30), 2);
	assert_int_equal(f->out_id[1], 2);
	assert_int_equal(f->out_id[2], 3);
	assert_int_equal(merge(f, ALL), 1);
}

static void times_never_go_back(void **state)
{
	struct fixture *f = *state;

	put(f, 0, 100, 1);
	assert_int_equal(merge(f, ALL), 1);
	put(f, 1, 50, 2); /* later than the bound allows */
	put(f, 1, 120, 3);
	assert_int_equal(merge(f, ALL), 2);
	assert_int_equal(f->out_ts[1], 100);
	assert_int_equal(f->out_ts[2], 120);
}

static void room_is_given_back_and_wraps(void **state)
{
	struct fixture *f = *state;
	__u64 ts = 0;

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 11; i++) {
			ts++;
			put(f, 1, ts, ts);
		}
		assert_int_equal(merge(f, ALL), 11);
	}
	assert_int_equal(f->n_out, 550);
	for (size_t i = 0; i < f->n_out; i++)
		assert_int_equal(f->out_id[i], i + 1);
	assert_int_equal(ring_reader__lost(f->reader), 0);
}

static void loss_is_counted_at_once(void **state)
{
	struct fixture *f = *state;

	for (__u64 i = 1; i <= CAPACITY + 5; i++)
		put(f, 2, i, i);
	assert_int_equal(ring_reader__lost(f->reader), 5);
	assert_true(ring_reader__pressed(f->reader));
	assert_int_equal(merge(f, ALL), CAPACITY);
	assert_false(ring_reader__pressed(f->reader));
	put(f, 2, 100, 100);
	assert_int_equal(merge(f, ALL), 1);
	assert_int_equal(ring_reader__lost(f->reader), 5);
}

static void unexplained_gaps_are_loss(void **state)
{
	struct fixture *f = *state;

	put(f, 0, 1, 1);
	f->skipped = 3;
	put(f, 0, 2, 2);
	assert_int_equal(merge(f, ALL), 2);
	assert_int_equal(ring_reader__lost(f->reader), 3);
}

/* As preempted programs leave them: the place is taken, the time comes last. */
static void reserved_records_hold_back_their_ring(void **state)
{
	struct fixture *f = *state;

	put(f, 0, 10, 1);
	put(f, 0, 0, 2);
	put(f, 0, 30, 4);
	put(f, 1, 25, 3);
	assert_int_equal(merge(f, ALL), 2);
	assert_int_equal(f->out_id[1], 3);
	assert_int_equal(merge(f, ALL), 0);
	f->records[1].ts_ns = 20;
	assert_int_equal(merge(f, ALL), 2);
	assert_int_equal(f->out_id[2], 2);
	assert_int_equal(f->out_ts[2], 25);
	assert_int_equal(f->out_id[3], 4);
	assert_int_equal(f->rings[0].tail, f->rings[0].head);
	assert_int_equal(ring_reader__lost(f->reader), 0);
}

/* A record of the lap before must not pass for one that is only reserved. */
static void read_records_are_not_taken_twice(void **state)
{
	struct fixture *f = *state;

	for (__u64 i = 1; i <= CAPACITY; i++)
		put(f, 2, i, i);
	assert_int_equal(merge(f, ALL), CAPACITY);
	f->rings[2].head++;
	assert_int_equal(merge(f, ALL), 0);
}

static void random_streams_come_out_sorted(void **state)
{
	struct fixture *f = *state;
	__u64 ts[CPUS] = { 1, 1, 1, 1, 1 }, in = 0;

	srandom(1);
	for (int round = 0; round < 40; round++) {
		__u64 horizon = ALL;

		for (int i = 0; i < 40; i++) {
			unsigned int cpu = random() % CPUS;

			if (f->rings[cpu].head - f->rings[cpu].tail == CAPACITY)
				continue;
			ts[cpu] += random() % 50;
			put(f, cpu, ts[cpu], ++in);
		}
		/* What may still come on any CPU is younger than the oldest clock. */
		for (int cpu = 0; cpu < CPUS; cpu++)
			if (ts[cpu] < horizon)
				horizon = ts[cpu];
		merge(f, horizon);
	}
	merge(f, ALL);
	assert_int_equal(f->n_out, in);
	for (size_t i = 1; i < f->n_out; i++)
		assert_true(f->out_ts[i] >= f->out_ts[i - 1]);
}

static struct vfio_rec *last_put(struct fixture *f, unsigned int cpu)
{
	return &f->records[cpu * CAPACITY + (f->rings[cpu].head - 1) % CAPACITY];
}

/* A record that leaves out its task, with what an older one left in its place. */
static void put_same_task(struct fixture *f, unsigned int cpu, __u64 ts_ns)
{
	put(f, cpu, ts_ns, 1);
	memset(last_put(f, cpu)->comm, 'x', VFIO_OBS_COMM_LEN);
	last_put(f, cpu)->pid = 99;
	last_put(f, cpu)->cpu = 99;
	last_put(f, cpu)->type = VFIO_EV_PIN | VFIO_OBS_SAME_TASK;
}

static void put_task(struct fixture *f, unsigned int cpu, __u64 ts_ns, __u32 pid, const char *comm)
{
	put(f, cpu, ts_ns, 1);
	last_put(f, cpu)->type = VFIO_EV_PIN;
	last_put(f, cpu)->tgid = pid - 1;
	last_put(f, cpu)->pid = pid;
	last_put(f, cpu)->cgroup = pid + 1;
	strcpy(last_put(f, cpu)->comm, comm);
}

static void check_task(const struct fixture *f, unsigned int cpu, __u32 pid, const char *comm)
{
	assert_int_equal(f->out.type, VFIO_EV_PIN);
	assert_int_equal(f->out.cpu, cpu);
	assert_int_equal(f->out.tgid, pid - 1);
	assert_int_equal(f->out.pid, pid);
	assert_int_equal(f->out.cgroup, pid + 1);
	assert_string_equal(f->out.comm, comm);
}

/* Each ring by itself, also when nothing is left of the record that named the task. */
static void a_task_left_out_is_that_of_the_record_before(void **state)
{
	struct fixture *f = *state;

	put_task(f, 0, 1, 10, "ten");
	put_task(f, 2, 2, 20, "twenty");
	assert_int_equal(merge(f, ALL), 2);
	for (int i = 0; i < 3 * CAPACITY; i++) {
		put_same_task(f, 0, 10 + i);
		assert_int_equal(merge(f, ALL), 1);
		check_task(f, 0, 10, "ten");
	}
	put_same_task(f, 2, 100);
	assert_int_equal(merge(f, ALL), 1);
	check_task(f, 2, 20, "twenty");
	put_task(f, 0, 101, 30, "thirty");
	put_same_task(f, 0, 102);
	assert_int_equal(merge(f, ALL), 2);
	check_task(f, 0, 30, "thirty");
}

/* Hooks' programs write into the ring at any time, and are not who the next record means. */
static void hooks_do_not_name_the_task_of_others(void **state)
{
	struct fixture *f = *state;

	put_task(f, 0, 1, 10, "ten");
	put_task(f, 0, 2, 20, "hook");
	last_put(f, 0)->type = VFIO_EV_GROUP_OPEN;
	put_same_task(f, 0, 3);
	assert_int_equal(merge(f, 2), 2);
	assert_int_equal(f->out.pid, 20);
	assert_string_equal(f->out.comm, "hook");
	assert_int_equal(merge(f, ALL), 1);
	check_task(f, 0, 10, "ten");
}

static void words_behind_the_fields_are_cleared(void **state)
{
	struct fixture *f = *state;

	put(f, 0, 1, 1);
	last_put(f, 0)->type = VFIO_EV_UNPIN;
	memset(last_put(f, 0)->w, 0xff, sizeof(last_put(f, 0)->w));
	assert_int_equal(merge(f, ALL), 1);
	for (size_t i = 0; i < VFIO_OBS_WORDS; i++)
		assert_int_equal(f->out.w[i], i < sizeof(struct vfio_words_UNPIN) ? ~0ULL : 0);
	/* Nor does a type that does not exist do harm. */
	put(f, 0, 2, 1);
	last_put(f, 0)->type = 0x7fff;
	assert_int_equal(merge(f, ALL), 1);
}

#define ring_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ring_test(nothing_gives_nothing),
		ring_test(cpus_are_merged_in_time_order),
		ring_test(young_events_wait),
		ring_test(times_never_go_back),
		ring_test(room_is_given_back_and_wraps),
		ring_test(loss_is_counted_at_once),
		ring_test(unexplained_gaps_are_loss),
		ring_test(reserved_records_hold_back_their_ring),
		ring_test(read_records_are_not_taken_twice),
		ring_test(random_streams_come_out_sorted),
		ring_test(a_task_left_out_is_that_of_the_record_before),
		ring_test(hooks_do_not_name_the_task_of_others),
		ring_test(words_behind_the_fields_are_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
