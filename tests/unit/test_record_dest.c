// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_record_dest.c - destinations of several files: in which file a loss is, and what is left of
 * the time between two of them
 *
 * The files' events and states are compared with what vfio-trace cut makes by tests/cli/test-record
 * and test-ring; of losses there is no recording that they could be given.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/event.h"
#include "lib/record_parts.h"
#include "lib/record_ring.h"
#include "lib/record_writer.h"
#include "lib/source.h"

#define MSEC 1000000ULL
#define SEC (1000 * MSEC)
#define STEP (10 * MSEC)
#define N_EVENTS 400
/* Behind each fiftieth event, from the 25th on, so many more are lost. */
#define LOST 3

struct fixture {
	char dir[64], path[PATH_MAX];
	unsigned int said;
};

static void on_said(void *ctx, const char *sentence)
{
	struct fixture *f = ctx;

	f->said++;
}

static struct record_dest_config config_of(struct fixture *f)
{
	return (struct record_dest_config){ .path = f->path, .say = on_said, .ctx = f };
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/test_record_dest.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/rec", f->dir);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rmdir(f->dir), 0); /* nothing was left that no test has read */
	free(f);
	return 0;
}

/* Event @i is at @i steps; those of @failed have. */
static void put(const struct source_sink *sink, __u64 i, const __u64 failed[2])
{
	struct vfio_rec rec = { .ts_ns = i * STEP, .id = 1, .seq = i, .type = VFIO_EV_PIN };

	vfio_w(&rec, PIN, iova) = i;
	vfio_w(&rec, PIN, npage) = 1;
	vfio_w(&rec, PIN, ret) = i == failed[0] || i == failed[1] ? -12 : 1;
	sink->event(sink->ctx, &rec);
}

/* Events up to @n, with the time that they take. */
static void begin(struct record_dest *dest, __u64 n, const __u64 failed[2])
{
	struct source_info info = { .name = "fake", .kernel = "6.1", .host = "h" };
	struct source_loss loss = { 0 };
	struct record_header header;
	struct source_sink sink;

	record_writer__header(&header, &info, source__all_events(), 0);
	header.lost_before.ring = 100;
	assert_int_equal(record_dest__start(dest, &header, NULL), 0);
	sink = record_dest__sink(dest);
	for (__u64 i = 1; i <= n; i++) {
		put(&sink, i, failed);
		if (i % 50 == 25) {
			loss.ring += LOST;
			sink.loss(sink.ctx, &loss);
		}
		record_dest__tick(dest, i * STEP, 0);
	}
}

/* All events; then nothing happens until @end_ns. */
static void run(struct record_dest *dest, const __u64 failed[2], __u64 end_ns)
{
	begin(dest, N_EVENTS, failed);
	for (__u64 now_ns = N_EVENTS * STEP; now_ns < end_ns; now_ns += STEP)
		record_dest__tick(dest, now_ns, 0);
	assert_null(record_dest__error(dest));
	assert_int_equal(record_dest__finish(dest, end_ns), 0);
}

struct seen {
	__u64 first, last, n, lost, gaps;
};

static void see_event(void *ctx, const struct vfio_rec *rec)
{
	struct seen *seen = ctx;
	__u64 i = vfio_w(rec, PIN, iova);

	if (!seen->n++)
		seen->first = i;
	else
		assert_int_equal(i, seen->last + 1);
	seen->last = i;
}

static void see_loss(void *ctx, const struct source_loss *loss)
{
	struct seen *seen = ctx;

	assert_int_equal(loss->damaged, 0);
	seen->lost = loss->ring;
}

static void see_existing(void *ctx, const struct source_existing *existing)
{
}

static void see_table(void *ctx, const struct source_table *table)
{
}

static void see_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
}

static void see_group(void *ctx, const struct source_group_info *group)
{
}

static void see_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	((struct seen *)ctx)->gaps++;
}

/*
 * File @number has events @first to @last, none when the first is behind the last, and the losses
 * behind those; it is removed.
 */
static void expect(struct fixture *f, unsigned int number, __u64 first, __u64 last)
{
	struct seen seen = { 0 };
	const struct source_sink sink = {
		.ctx = &seen, .existing = see_existing, .table = see_table, .owner = see_owner,
		.group = see_group, .event = see_event, .loss = see_loss, .gap = see_gap,
	};
	char path[PATH_MAX + 16], err[512];
	struct source *source;
	__u64 before = (first + 24) / 50 * LOST, behind = (last + 25) / 50 * LOST;

	snprintf(path, sizeof(path), "%s.%06u", f->path, number);
	source = source_file__open(path, err, sizeof(err));
	assert_non_null(source);
	while (source__poll(source, &sink) > 0)
		;
	assert_int_equal(seen.gaps, 0); /* it is whole */
	assert_int_equal(seen.n, last + 1 - first);
	if (seen.n)
		assert_int_equal(seen.first, first);
	assert_int_equal(source_file__header(source)->lost_before.ring, 100 + before);
	assert_int_equal(seen.lost, behind - before);
	source__close(source);
	assert_int_equal(unlink(path), 0);
}

static struct record_totals totals_of(struct record_dest *dest)
{
	struct record_totals totals;

	record_dest__totals(dest, &totals);
	return totals;
}

static void parts_say_what_was_lost_in_their_time(void **state)
{
	struct fixture *f = *state;
	const struct record_dest_config config = config_of(f);
	const struct record_parts_limits limits = { .max_ns = SEC };
	const __u64 none[2] = { 0 };
	char err[512];
	struct record_dest *dest = record_parts__create(&config, &limits, err, sizeof(err));

	assert_non_null(dest);
	run(dest, none, N_EVENTS * STEP);
	assert_int_equal(totals_of(dest).files, 5);
	assert_int_equal(totals_of(dest).loss.ring, N_EVENTS / 50 * LOST);
	record_dest__destroy(dest);
	/* What is at the last instant of one is in the next. */
	expect(f, 1, 1, 99);
	for (unsigned int i = 1; i < 4; i++)
		expect(f, i + 1, i * 100, i * 100 + 99);
	expect(f, 5, 400, 400);
}

static struct record_dest *create_ring(struct fixture *f, const struct record_ring_opts *opts)
{
	const struct record_dest_config config = config_of(f);
	char err[512];
	struct record_dest *dest = record_ring__create(&config, opts, err, sizeof(err));

	assert_non_null(dest);
	return dest;
}

static void a_ring_says_what_was_lost_in_a_files_time(void **state)
{
	struct fixture *f = *state;
	const struct record_ring_opts opts = {
		.bytes = 1 << 20, .after_ns = 500 * MSEC, .distance_ns = 1,
		.trigger = { .failed = true },
	};
	const __u64 failed[2] = { 120, 280 };
	struct record_dest *dest = create_ring(f, &opts);

	run(dest, failed, N_EVENTS * STEP);
	assert_int_equal(totals_of(dest).fired, 2);
	assert_int_equal(totals_of(dest).files, 2);
	assert_int_equal(f->said, 2);
	record_dest__destroy(dest);
	expect(f, 1, 1, 170);
	expect(f, 2, 171, 330);
}

/* A file ends although nothing comes any more, and a trigger behind it has its own. */
static void a_rings_file_ends_with_its_time(void **state)
{
	struct fixture *f = *state;
	const struct record_ring_opts opts = {
		.bytes = 1 << 20, .after_ns = 500 * MSEC, .distance_ns = 10 * SEC,
		.trigger = { .failed = true, .signal = true },
	};
	const __u64 failed[2] = { 150, 400 };
	struct record_dest *dest = create_ring(f, &opts);

	run(dest, failed, N_EVENTS * STEP + 3 * SEC);
	/* The second came within the distance of the first. */
	assert_int_equal(totals_of(dest).fired, 2);
	assert_int_equal(totals_of(dest).files, 1);
	record_dest__destroy(dest);
	expect(f, 1, 1, 200);
}

/* What the user asks for need not keep a distance. */
static void a_signal_always_gets_its_file(void **state)
{
	struct fixture *f = *state;
	const struct record_ring_opts opts = {
		.bytes = 1 << 20, .distance_ns = 3600 * SEC,
		.trigger = { .failed = true, .signal = true },
	};
	const __u64 failed[2] = { 150, 0 };
	struct record_dest *dest = create_ring(f, &opts);

	begin(dest, 200, failed);
	record_dest__signalled(dest);
	record_dest__tick(dest, 200 * STEP + 2 * SEC, 0);
	record_dest__signalled(dest); /* nothing has come since */
	assert_int_equal(record_dest__finish(dest, 200 * STEP + 4 * SEC), 0);
	assert_int_equal(totals_of(dest).files, 3);
	record_dest__destroy(dest);
	expect(f, 1, 1, 150);
	expect(f, 2, 151, 200);
	expect(f, 3, 201, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_say_what_was_lost_in_their_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_ring_says_what_was_lost_in_a_files_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_rings_file_ends_with_its_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signal_always_gets_its_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
