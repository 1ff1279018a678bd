// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_history.c - what is kept of a model's past, against what it was then
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/error.h"
#include "lib/history.h"
#include "lib/view_json.h"
#include "lib/xalloc.h"
#include "view_fixture.h"

#define KEEP (3 * SEC)

/* A model that is fed through a history, and what it looked like after each step. */
struct past {
	struct fixture f;
	struct history *history;
	struct source_sink to_history;
	char **then; /* JSON by step; NULL: not looked at */
	size_t n;
	unsigned int seed;
	struct vfio_op_stats stats[4];
};

static void begin(struct past *past, bool aggregates)
{
	*past = (struct past){ .seed = 1 };
	setup(&past->f);
	past->f.sink = model__sink(past->f.model, aggregates);
	past->history = history__create(past->f.model, aggregates, SEC / 10);
	past->to_history = history__sink(past->history);
}

static void end(struct past *past)
{
	for (size_t i = 0; i < past->n; i++)
		free(past->then[i]);
	free(past->then);
	history__destroy(past->history);
	teardown(&past->f);
}

static char *json_of(const struct past *past, const struct model *model, __u64 step)
{
	struct view_frame frame = past->f.frame;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	frame.model = model;
	frame.number = step;
	frame.now_ns = (101 + step) * SEC;
	view_json__print(out, &frame);
	fclose(out);
	return text;
}

/* A refresh of what was fed. */
static void step(struct past *past)
{
	const __u64 number = past->n++, now_ns = (101 + number) * SEC;

	assert_int_equal(source__poll(past->f.source, &past->to_history), 1);
	history__pass(past->history, &past->f.sink);
	model__advance(past->f.model, now_ns, KEEP);
	history__advance(past->history, past->f.model, now_ns, KEEP);
	past->then = xreallocarray(past->then, past->n, sizeof(*past->then));
	past->then[number] = json_of(past, past->f.model, number);
}

static void check_step(struct past *past, __u64 number)
{
	char *text = json_of(past, history__at(past->history, number), number);

	check_text(text, past->then[number]);
	free(text);
}

/* All that is kept, in the order of somebody who looks around. */
static void check_all(struct past *past)
{
	const __u64 first = history__first(past->history), n = history__end(past->history) - first;

	for (int i = 0; i < 20; i++)
		check_step(past, first + rand_r(&past->seed) % n);
	for (__u64 i = n; i-- > n - n / 4;)
		check_step(past, first + i);
	for (__u64 i = 0; i < n; i++)
		check_step(past, first + i);
	history__leave(past->history);
	check_step(past, first + n - 1);
}

static void feed_stats(struct past *past, __u64 ts)
{
	struct vfio_op_stats *stats = &past->stats[rand_r(&past->seed) % 4];

	for (int i = rand_r(&past->seed) % 20; i >= 0; i--) {
		const struct vfio_outcome o = {
			.op = VFIO_OP_PIN, .pages = 1, .ret = rand_r(&past->seed) % 50 ? 1 : -14,
			.duration = rand_r(&past->seed) % 1000000,
		};

		vfio_op_stats_add(stats, &o);
	}
	stats->op = VFIO_OP_PIN;
	stats->id = 1 + (stats - past->stats);
	past->f.feed.stats(past->f.feed.ctx, stats);
	if (rand_r(&past->seed) % 2) {
		const struct vfio_gauges gauges = { .mapped_bytes = ts % 77 * 4096 };

		past->f.feed.gauges(past->f.feed.ctx, stats->id, &gauges, true);
	}
}

static void feed_frames(struct past *past)
{
	const struct source_frame frames[3] = {
		{ .function = "vfio_pin_pages", .module = "vfio", .offset = 7 },
		{ .function = "ioctl", .module = "libc.so.6", .offset = 11 },
		{ .address = 4711 },
	};
	const struct source_stack stack = {
		.number = 1 + past->n / 3, .id = 1, .count = past->n + 1,
		.sum_ns = past->n * 1000, .op = VFIO_OP_PIN, .frames = frames, .n_kernel = 1,
		.n_user = 2, .comm = "fake-1",
	};

	past->f.feed.stack(past->f.feed.ctx, &stack);
}

/* Of everything that a source may tell, something. */
static void feed_any(struct past *past, bool aggregates)
{
	const struct source_sink *feed = &past->f.feed;
	const __u64 ts = (100 + past->n) * SEC, id = 1 + past->n / 7;
	const struct source_begun begun = { .id = id, .start_ns = ts, .tgid = 9, .pid = 10,
					    .op = VFIO_OP_MAP };
	const struct source_loss loss = { .ring = past->n / 100 };

	if (past->n % 7 == 0) {
		fake_event(feed, OPEN, id, ts, .ret = 0);
		fake_owner(feed, id, VFIO_OWNER_QEMU, .text[VFIO_OWNER_NAME_TEXT] = "web01");
		fake_event(feed, ATTACH, id, ts + 1, .group = id % 9, .groups = 1, .refs = 2);
		source_fake__group(feed, id % 9, "0000:01:00.0", "Intel", "82574L");
	}
	feed_map(&past->f, id, ts + 2, 4096 * (1 + past->n % 5),
		 rand_r(&past->seed) % 5 ? 0 : -12, 1000 + rand_r(&past->seed) % 100000);
	if (aggregates)
		feed_stats(past, ts);
	else
		fake_event(feed, PIN, id, ts + 3, .npage = 1, .ret = 1,
			   .duration = 1 + rand_r(&past->seed) % 5000);
	if (past->n % 7 == 6) {
		fake_event(feed, DETACH, id, ts + 4, .group = id % 9, .groups = 0, .refs = 1);
		fake_event(feed, CLOSE, id, ts + 5, .refs = 0);
		fake_event(feed, RELEASE, id, ts + 6, .age = 6 * SEC);
		if (aggregates)
			feed->final(feed->ctx, id);
	}
	if (past->n % 50 == 49)
		feed->loss(feed->ctx, &loss);
	if (past->n % 90 == 89)
		feed->gap(feed->ctx, SOURCE_GAP_ATTACHED, ts + 7, "attached again");
	if (aggregates && past->n % 3 == 0)
		feed->begun(feed->ctx, &begun, past->n % 2);
	feed_frames(past);
}

static void any_step_again(bool aggregates)
{
	struct past past;

	begin(&past, aggregates);
	for (int i = 0; i < HISTORY_STEPS + 75; i++) {
		feed_any(&past, aggregates);
		step(&past);
	}
	assert_int_equal(history__first(past.history), 75);
	assert_int_equal(history__end(past.history), HISTORY_STEPS + 75);
	check_all(&past);
	end(&past);
}

static void of_events(void **state)
{
	any_step_again(false);
}

static void of_aggregates(void **state)
{
	any_step_again(true);
}

/* Time goes on while somebody looks, until what is looked at is not kept any more. */
static void while_looking(void **state)
{
	struct past past;

	begin(&past, true);
	for (int i = 0; i < 300; i++) {
		feed_any(&past, true);
		step(&past);
	}
	for (int i = 0; i < HISTORY_STEPS; i++) {
		__u64 first = history__first(past.history);

		__u64 n = history__end(past.history) - first;

		if (i % 8 == 0)
			check_step(&past, first + n * (i % 3) / 3);
		feed_any(&past, true);
		step(&past);
	}
	check_all(&past);
	end(&past);
}

/* Nothing that could be compressed: fewer steps are kept, and these are right. */
static void bytes_are_bounded(void **state)
{
	static struct vfio_mapping list[VFIO_OBS_MAPPINGS_MAX];
	const struct source_existing existing = { .id = 1, .read_ns = 1, .comm = "fake-1" };
	struct source_table table = { .id = 1, .n = ARRAY_SIZE(list), .list = list };
	struct past past;
	__u64 kept;

	begin(&past, true);
	past.f.feed.existing(past.f.feed.ctx, &existing);
	for (int i = 0; i < 24; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(list); k++)
			list[k] = (struct vfio_mapping){
				.iova = k << 32 | (__u64)rand_r(&past.seed) << 12,
				.size = 4096,
				.vaddr = (__u64)rand_r(&past.seed) * rand_r(&past.seed),
			};
		table.read_ns = table.until_ns = 2 + past.n;
		past.f.feed.table(past.f.feed.ctx, &table);
		step(&past);
	}
	kept = history__end(past.history) - history__first(past.history);
	assert_int_equal(history__end(past.history), 24);
	assert_in_range(kept, 2, 23);
	check_step(&past, 23);
	check_step(&past, history__first(past.history));
	end(&past);
}

static void too_many(void **state)
{
	const __u64 n = HISTORY_CONTAINERS + 1;
	struct past past;

	begin(&past, false);
	step(&past);
	for (__u64 id = 1; id <= n; id++)
		fake_event(&past.f.feed, OPEN, id, 101 * SEC + id, .ret = 0);
	step(&past);
	assert_non_null(history__trouble(past.history));
	assert_int_equal(history__first(past.history), history__end(past.history));
	for (__u64 id = 1; id < n; id++)
		fake_event(&past.f.feed, RELEASE, id, 102 * SEC + id, .age = SEC);
	for (int i = 0; i < 8; i++)
		step(&past);
	assert_null(history__trouble(past.history));
	/* The first behind it began anew, with the model that there was by then. */
	assert_in_range(history__end(past.history) - history__first(past.history), 1, 5);
	end(&past);
}

static __u64 found(const struct past *past, __u64 from, bool backwards)
{
	return history__find(past->history, &from, backwards) ? from : ~0ULL;
}

static void failed_and_slow_are_found(void **state)
{
	struct past past;

	begin(&past, false);
	fake_event(&past.f.feed, OPEN, 1, 100 * SEC, .ret = 0);
	for (int i = 0; i < 20; i++) {
		feed_map(&past.f, 1, (100 + i) * SEC + 5, 4096, i == 3 ? -12 : 0,
			 i == 11 ? SEC / 4 : SEC / 20);
		if (i == 15)
			fake_event(&past.f.feed, GROUP_OPEN, 0, (100 + i) * SEC + 6, .group = 3,
				   .ret = -16);
		step(&past);
	}
	assert_int_equal(found(&past, 19, true), 15);
	assert_int_equal(found(&past, 15, true), 11);
	assert_int_equal(found(&past, 11, true), 3);
	assert_int_equal(found(&past, 3, true), ~0ULL);
	assert_int_equal(found(&past, 0, false), 3);
	assert_int_equal(found(&past, 3, false), 11);
	assert_int_equal(found(&past, 15, false), ~0ULL);
	assert_string_equal(history__mark(past.history, 3), "map_dma failed");
	assert_string_equal(history__mark(past.history, 11), "map_dma slow");
	assert_string_equal(history__mark(past.history, 15), "call on a group failed");
	assert_null(history__mark(past.history, 4));
	end(&past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_events),
		cmocka_unit_test(of_aggregates),
		cmocka_unit_test(while_looking),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(too_many),
		cmocka_unit_test(failed_and_slow_are_found),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
