// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_heat.c - how latencies go over time: what the model keeps of it, and the map on the screen
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/view_heat.h"
#include "view_fixture.h"

/* Checked by eye when they change. */
#define GOLDEN_80x24 \
	"heat map of all containers  lost 0  until 03:06:10  1s a column\n" \
	" map_dma  [pin]\n" \
	"\n" \
	"\n" \
	"\n" \
	"      |                                                                        *\n" \
	"      |                                                                        *\n" \
	" 500us|                                                                        *\n" \
	"      |\n" \
	"      |\n" \
	" 200us|\n" \
	"      |\n" \
	"      |\n" \
	" 100us|\n" \
	"      |                                                       ..................\n" \
	"      |                                                       ..................\n" \
	"  50us|                                                       ..................\n" \
	"      |                                                     :::*****############\n" \
	"      |                                                     :::*****############\n" \
	"  20us|                                                     :::*****############\n" \
	"                                                       +--------------+---------\n" \
	"                                                       03:05:45       03:06:00\n" \
	"calls . 1+  : 2+  * 5+  # 10+  highest 20\n" \
	"Esc back  Up/Down operation  z all that is kept  ? help  Space freeze  q quit\n"

static void setup_heat(struct fixture *f)
{
	setup(f);
	model__keep_heat(f->model);
}

static void feed_pins(struct fixture *f, __u64 id, __u64 ts, int n, __u64 duration)
{
	for (int i = 0; i < n; i++)
		fake_event(&f->feed, PIN, id, ts, .group = 7, .npage = 1, .ret = 1,
			   .duration = duration);
}

/* Calls of @op of container @id (0: of all) in column @number, from edge @from_ns on. */
static __u64 calls_in(const struct fixture *f, __u64 id, enum vfio_obs_op op, __u32 number,
		      __u64 from_ns)
{
	const struct model_heat_cell *cells;
	const struct model_heat_track *track = model__heat_track(f->model, id);
	size_t n = model_heat__cells(track, &cells);
	__u64 calls = 0;

	for (size_t i = 0; i < n; i++)
		if (cells[i].op == op && hist_edge__ns(cells[i].edge) == from_ns &&
		    model_heat__column_of(model__heat(f->model), &cells[i]) == number)
			calls += cells[i].count;
	return calls;
}

static __u32 columns(const struct fixture *f)
{
	return model_heat__columns(model__heat(f->model));
}

static size_t cells_of(const struct fixture *f, __u64 id)
{
	const struct model_heat_cell *cells;

	return model_heat__cells(model__heat_track(f->model, id), &cells);
}

/* What is kept */

static void test_columns_are_differences(void **state)
{
	struct fixture f;

	setup_heat(&f);
	feed_pins(&f, 1, 100 * SEC, 3, 15000);
	feed_pins(&f, 2, 100 * SEC, 4, 15000);
	refresh(&f, 101 * SEC);
	feed_pins(&f, 1, 101 * SEC, 5, 15000);
	feed_pins(&f, 1, 101 * SEC, 1, 150000);
	refresh(&f, 102 * SEC);
	refresh(&f, 103 * SEC);
	assert_int_equal(columns(&f), 3);
	assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, 0, 10000), 3);
	assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, 1, 10000), 5);
	assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, 1, 100000), 1);
	assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, 2, 10000), 0);
	assert_int_equal(calls_in(&f, 0, VFIO_OP_PIN, 0, 10000), 7);
	assert_int_equal(calls_in(&f, 0, VFIO_OP_PIN, 1, 10000), 5);
	assert_int_equal(cells_of(&f, 1), 3);
	assert_int_equal(cells_of(&f, 2), 1);
	assert_int_equal(model_heat__column(model__heat(f.model), 1)->start_ns, 101 * SEC);
	assert_int_equal(model_heat__column(model__heat(f.model), 1)->end_ns, 102 * SEC);
	/* When no time has passed, nothing is lost: the next column has it. */
	feed_pins(&f, 1, 103 * SEC, 2, 15000);
	refresh(&f, 103 * SEC);
	refresh(&f, 104 * SEC);
	assert_int_equal(columns(&f), 4);
	assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, 3, 10000), 2);
	teardown(&f);
}

static void test_kernel_aggregates(void **state)
{
	struct vfio_op_stats *stats = calloc(1, sizeof(*stats));
	struct vfio_outcome outcome = { .op = VFIO_OP_MAP, .duration = 3000000 };
	struct fixture f;

	setup_heat(&f);
	f.sink = model__sink(f.model, true);
	stats->id = 9;
	stats->op = VFIO_OP_MAP;
	for (int i = 1; i <= 3; i++) {
		for (int k = 0; k < i; k++)
			vfio_op_stats_add(stats, &outcome);
		f.feed.stats(f.feed.ctx, stats);
		refresh(&f, (100 + i) * SEC);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(calls_in(&f, 9, VFIO_OP_MAP, i, 2000000), i + 1);
		assert_int_equal(calls_in(&f, 0, VFIO_OP_MAP, i, 2000000), i + 1);
	}
	free(stats);
	teardown(&f);
}

static void test_history_is_bounded(void **state)
{
	struct fixture f;
	__u64 now = 100;

	setup_heat(&f);
	for (int i = 0; i < 700; i++) {
		feed_pins(&f, 1, now * SEC, 1, 15000);
		refresh(&f, ++now * SEC);
	}
	assert_int_equal(columns(&f), 700);
	assert_null(model_heat__column(model__heat(f.model), 99));
	assert_int_equal(model_heat__column(model__heat(f.model), 100)->end_ns, 201 * SEC);
	assert_null(model_heat__column(model__heat(f.model), 700));
	assert_int_equal(cells_of(&f, 1), MODEL_HEAT_COLUMNS);
	assert_int_equal(cells_of(&f, 0), MODEL_HEAT_COLUMNS);
	assert_int_equal(model_heat__from(model__heat_track(f.model, 1)), 0);
	/* An idle one forgets what is too old, too, however long it takes. */
	for (int i = 0; i < 66000; i++)
		model__advance(f.model, ++now * SEC, 60 * SEC);
	assert_int_equal(cells_of(&f, 1), 0);
	teardown(&f);
}

/* Latencies all over the place: the oldest go early, whole columns of them, and that is known. */
static void test_cells_are_bounded(void **state)
{
	struct fixture f;
	const struct model_heat_cell *cells;
	__u32 from;

	setup_heat(&f);
	for (__u64 i = 0; i < 590; i++) {
		for (int bit = 5; bit < 38; bit++) /* no power of two */
			feed_pins(&f, 1, (100 + i) * SEC, 1, 1ULL << bit);
		refresh(&f, (101 + i) * SEC);
		assert_in_range(cells_of(&f, 1), 1, MODEL_HEAT_CELLS);
	}
	from = model_heat__from(model__heat_track(f.model, 1));
	assert_in_range(from, 10, 589);
	model_heat__cells(model__heat_track(f.model, 1), &cells);
	assert_int_equal(model_heat__column_of(model__heat(f.model), cells), from);
	/* All cells of that column are still there. */
	for (size_t edge = 0; edge < HIST_EDGES; edge++)
		assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, from, hist_edge__ns(edge)),
				 calls_in(&f, 1, VFIO_OP_PIN, 589, hist_edge__ns(edge)));
	teardown(&f);
}

static void test_only_so_many_containers(void **state)
{
	const __u64 last = MODEL_HEAT_CONTAINERS + 6;
	struct fixture f;
	__u64 now = 100;

	setup_heat(&f);
	for (__u64 id = 1; id <= last; id++)
		feed_pins(&f, id, now * SEC, id, 15000);
	refresh(&f, ++now * SEC);
	for (__u64 id = 1; id <= last; id++)
		assert_true(!!model__heat_track(f.model, id) == (id <= MODEL_HEAT_CONTAINERS));
	assert_int_equal(calls_in(&f, 0, VFIO_OP_PIN, 0, 10000), last * (last + 1) / 2);
	/* Who is looked at takes the place of the one that has been idle for longest. */
	for (__u64 id = 1; id <= last; id++)
		if (id != 17)
			feed_pins(&f, id, now * SEC, 1, 15000);
	refresh(&f, ++now * SEC);
	model__look_at(f.model, last);
	assert_null(model__heat_track(f.model, 17));
	feed_pins(&f, last, now * SEC, 2, 15000);
	refresh(&f, ++now * SEC);
	/* From then on: what this refresh saw was not told apart from before. */
	assert_int_equal(model_heat__from(model__heat_track(f.model, last)), 3);
	assert_int_equal(cells_of(&f, last), 0);
	feed_pins(&f, last, now * SEC, 2, 15000);
	refresh(&f, ++now * SEC);
	assert_int_equal(calls_in(&f, last, VFIO_OP_PIN, 3, 10000), 2);
	/* Who goes leaves its place. */
	fake_event(&f.feed, RELEASE, 1, now * SEC, .age = SEC);
	refresh(&f, (now += 100) * SEC);
	refresh(&f, (now += 100) * SEC);
	assert_null(model__heat_track(f.model, 1));
	feed_pins(&f, last - 1, now * SEC, 2, 15000);
	refresh(&f, ++now * SEC);
	assert_non_null(model__heat_track(f.model, last - 1));
	/* So does who has been idle for as long as anything is kept. */
	for (int i = 0; i < MODEL_HEAT_COLUMNS; i++) {
		assert_null(model__heat_track(f.model, last - 2));
		feed_pins(&f, 3, now * SEC, 1, 15000);
		refresh(&f, ++now * SEC);
	}
	feed_pins(&f, last - 2, now * SEC, 1, 15000);
	refresh(&f, ++now * SEC);
	assert_non_null(model__heat_track(f.model, last - 2));
	assert_non_null(model__heat_track(f.model, last));
	/* Whoever is looked at need not do anything. */
	assert_null(model__heat_track(f.model, last - 3));
	model__look_at(f.model, last - 3);
	refresh(&f, ++now * SEC);
	assert_non_null(model__heat_track(f.model, last - 3));
	teardown(&f);
}

static void test_snapshot_stands_still(void **state)
{
	struct fixture f, frozen;

	setup_heat(&f);
	feed_pins(&f, 1, 100 * SEC, 3, 15000);
	refresh(&f, 101 * SEC);
	frozen = f;
	frozen.model = model__snapshot(f.model);
	feed_pins(&f, 1, 101 * SEC, 5, 15000);
	refresh(&f, 102 * SEC);
	assert_int_equal(columns(&f), 2);
	assert_int_equal(columns(&frozen), 1);
	assert_int_equal(cells_of(&frozen, 1), 1);
	assert_int_equal(cells_of(&frozen, 0), 1);
	model__destroy(frozen.model);
	assert_int_equal(calls_in(&f, 1, VFIO_OP_PIN, 1, 10000), 5);
	teardown(&f);
}

/* The map */

/* Pins that become more, then some that take much longer: 25 refreshes. */
static struct view_screen *feed_story(struct fixture *f)
{
	struct view_screen *screen = view_screen__create();

	setup_heat(f);
	feed_map(f, 2, 100 * SEC, 4096, 0, 3000);
	for (int i = 0; i < 25; i++) {
		if (i >= 5)
			feed_pins(f, 1, (100 + i) * SEC, i < 15 ? i - 3 : 20, 25000);
		if (i >= 7)
			feed_pins(f, 1, (100 + i) * SEC, 1, 60000);
		if (i == 24)
			feed_pins(f, 1, 124 * SEC, 5, 700000);
		refresh(f, (101 + i) * SEC);
	}
	return screen;
}

static void end_story(struct fixture *f, struct view_screen *screen)
{
	view_screen__destroy(screen);
	teardown(f);
}

static void test_map(void **state)
{
	struct fixture f;
	struct view_screen *screen = feed_story(&f);
	char *text;

	view_screen__key(screen, 'H');
	text = screen_text(screen, &f.frame, 24, 80);
	check_text(text, GOLDEN_80x24);
	free(text);
	/* Narrow: all shades with their numbers; low: several latencies a row. */
	assert_true(screen_has(screen, &f.frame, 12, 40, "\n 500us|                                *\n"));
	assert_true(screen_has(screen, &f.frame, 12, 40, "\ncalls . 1+ : 2+ * 5+ # 10+ highest 20\n"));
	assert_true(screen_has(screen, &f.frame, 8, 40, "\n 100us|                                *\n"));
	/* Wide: with the calls of each latency. */
	assert_true(screen_has(screen, &f.frame, 40, 120, "     265\n"));
	assert_true(screen_has(screen, &f.frame, 40, 120, "   calls\n"));
	end_story(&f, screen);
}

static void test_operations(void **state)
{
	struct fixture f;
	struct view_screen *screen = feed_story(&f);

	press(screen, &f, 'H');
	press(screen, &f, VIEW_KEY_UP);
	check_has(screen, &f, "\n[map_dma]  pin");
	check_has(screen, &f, "\n   2us|");
	press(screen, &f, VIEW_KEY_DOWN);
	check_has(screen, &f, "\n map_dma  [pin]");
	press(screen, &f, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "\nq quit");
	end_story(&f, screen);
}

static void test_whose(void **state)
{
	struct fixture f;
	struct view_screen *screen = feed_story(&f);

	/* Keys may come in a burst: the cursor moves first. */
	view_screen__key(screen, VIEW_KEY_DOWN);
	press(screen, &f, 'H');
	check_has(screen, &f, "heat map of container 1 ");
	press(screen, &f, 'a');
	check_has(screen, &f, "heat map of all containers");
	press(screen, &f, 'a');
	check_has(screen, &f, "heat map of container 1 ");
	press(screen, &f, 'H');
	check_has(screen, &f, "\nq quit");
	/* From the page of one, with the operation that is chosen there, and back. */
	fake_event(&f.feed, UNPIN, 2, 125 * SEC, .npage = 1, .duration = 10);
	refresh(&f, 126 * SEC);
	press(screen, &f, VIEW_KEY_HOME);
	press(screen, &f, VIEW_KEY_ENTER);
	check_has(screen, &f, "\n>map_dma");
	press(screen, &f, VIEW_KEY_DOWN);
	press(screen, &f, 'H');
	check_has(screen, &f, "heat map of container 2 ");
	check_has(screen, &f, "\n map_dma  [unpin]");
	press(screen, &f, VIEW_KEY_UP);
	press(screen, &f, VIEW_KEY_BACKSPACE);
	check_has(screen, &f, "\n>map_dma");
	/* From the first page with the one that takes most time. */
	press(screen, &f, VIEW_KEY_DOWN);
	press(screen, &f, VIEW_KEY_ESCAPE);
	press(screen, &f, 'H');
	check_has(screen, &f, "\n[map_dma]  unpin");
	end_story(&f, screen);
}

/* 200 refreshes, of which the first has a call that takes longer than all others. */
static struct view_screen *feed_long_story(struct fixture *f)
{
	struct view_screen *screen = view_screen__create();

	setup_heat(f);
	feed_pins(f, 1, 100 * SEC, 1, 6000000);
	for (int i = 0; i < 200; i++) {
		feed_pins(f, 1, (100 + i) * SEC, 1, 25000);
		refresh(f, (101 + i) * SEC);
	}
	press(screen, f, 'H');
	return screen;
}

static void test_time(void **state)
{
	struct fixture f;
	struct view_screen *screen = feed_long_story(&f);

	check_has(screen, &f, "until 03:09:05  1s a column");
	check_has(screen, &f, "Left older");
	check_has(screen, &f, "\n   5ms|\n");
	press(screen, &f, VIEW_KEY_LEFT);
	check_has(screen, &f, "PAST, until 03:08:55");
	/* What is looked at stays while others come. */
	refresh(&f, 301 * SEC);
	check_has(screen, &f, "PAST, until 03:08:55");
	press(screen, &f, VIEW_KEY_HOME);
	check_has(screen, &f, "PAST, until 03:06:58");
	check_has(screen, &f, "\n   5ms|.\n");
	press(screen, &f, VIEW_KEY_PAGE_DOWN);
	check_has(screen, &f, "PAST, until 03:08:10");
	press(screen, &f, VIEW_KEY_END);
	check_has(screen, &f, " until 03:09:06");
	/* All at once: columns of three. */
	press(screen, &f, 'z');
	check_has(screen, &f, "until 03:09:06  3s a column");
	check_has(screen, &f, "\n   5ms|      .\n");
	check_has(screen, &f, "highest 3\n");
	press(screen, &f, 'z');
	check_has(screen, &f, "1s a column");
	end_story(&f, screen);
}

/* A refresh stays in its column, also when the oldest go. */
static void test_all_at_once(void **state)
{
	struct view_heat_want want = { .op = VFIO_OP_PIN, .rows = 9, .cols = 100, .all = true };
	struct view_heat heat;
	struct fixture f;

	setup_heat(&f);
	for (int i = 0; i < 650; i++) {
		feed_pins(&f, 1, (100 + i) * SEC, 1, 15000);
		refresh(&f, (101 + i) * SEC);
		if (i < 590)
			continue;
		want.track = model__heat_track(f.model, 0);
		view_heat__make(&heat, &f.frame, &want);
		assert_in_range(heat.n_cols, 86, 100);
		for (size_t c = 0; c < heat.n_cols; c++) {
			assert_int_equal(heat.cols[c].number % heat.per, 0);
			/* Those at the ends may be there in part. */
			if (c && c + 1 < heat.n_cols)
				assert_int_equal(heat.counts[c * heat.n_bins], heat.per);
		}
		view_heat__clear(&heat);
	}
	teardown(&f);
}

static void test_marks(void **state)
{
	struct source_loss loss = { .ring = 5 };
	struct fixture f;
	struct view_screen *screen = feed_story(&f);
	char *text;

	f.feed.loss(f.feed.ctx, &loss);
	refresh(&f, 126 * SEC);
	/* Of no loss that concerns latencies. */
	loss.stacks = 9;
	f.feed.loss(f.feed.ctx, &loss);
	refresh(&f, 127 * SEC);
	refresh(&f, 130 * SEC);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_DETACHED, 130 * SEC, "let go");
	refresh(&f, 131 * SEC);
	refresh(&f, 132 * SEC);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_ATTACHED, 132 * SEC, "attached again");
	refresh(&f, 133 * SEC);
	refresh(&f, 134 * SEC);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_THINNED, 134 * SEC, "too dear");
	refresh(&f, 135 * SEC);
	press(screen, &f, 'H');
	text = screen_text(screen, &f.frame, 24, 120);
	assert_non_null(strstr(text, "---------!-~xxx-<"));
	assert_non_null(strstr(text, "\nx not watched  ! events lost  < not all counted  ~ long refresh  Esc"));
	assert_non_null(strstr(text, "  LOST 14"));
	free(text);
	end_story(&f, screen);
}

static void test_unknown_is_not_0(void **state)
{
	struct fixture f;
	struct view_screen *screen;

	/* Nobody asked for it. */
	setup(&f);
	feed_pins(&f, 1, 100 * SEC, 3, 15000);
	refresh(&f, 101 * SEC);
	screen = view_screen__create();
	press(screen, &f, 'H');
	check_has(screen, &f, "no history of latencies is kept");
	end_story(&f, screen);
	/* Untimed calls are in no column. */
	setup_heat(&f);
	feed_pins(&f, 1, 100 * SEC, 3, VFIO_OBS_UNKNOWN);
	refresh(&f, 101 * SEC);
	screen = view_screen__create();
	press(screen, &f, 'H');
	check_has(screen, &f, "no operation of which the duration is known has returned yet");
	feed_pins(&f, 1, 101 * SEC, 1, 15000);
	refresh(&f, 102 * SEC);
	check_has(screen, &f, "UNTIMED 3");
	/* A container that had no place. */
	for (__u64 id = 2; id < 90; id++)
		feed_pins(&f, id, 102 * SEC, 1, 15000);
	refresh(&f, 103 * SEC);
	press(screen, &f, VIEW_KEY_ESCAPE);
	press(screen, &f, VIEW_KEY_END);
	press(screen, &f, VIEW_KEY_UP); /* the last is the first, which is idle */
	press(screen, &f, 'H');
	check_has(screen, &f, "heat map of container 89 ");
	check_has(screen, &f, "its history begins with the next refresh");
	model__look_at(f.model, view_screen__selected(screen));
	feed_pins(&f, 89, 103 * SEC, 1, 15000);
	refresh(&f, 104 * SEC);
	feed_pins(&f, 89, 104 * SEC, 7, 15000);
	refresh(&f, 105 * SEC);
	check_has(screen, &f, "????" "-\n");
	check_has(screen, &f, "? not kept");
	check_has(screen, &f, "highest 7");
	/* It goes while it is looked at. */
	fake_event(&f.feed, RELEASE, 89, 106 * SEC, .age = SEC);
	refresh(&f, 300 * SEC);
	refresh(&f, 500 * SEC);
	check_has(screen, &f, "It was freed some time ago");
	end_story(&f, screen);
}

static void test_shades(void **state)
{
	static const struct {
		__u64 most, from[VIEW_SHADES];
	} cases[] = {
		{ 1, { 1, 2, 5, 10 } }, { 99, { 1, 2, 5, 10 } }, { 100, { 1, 5, 20, 100 } },
		{ 999, { 1, 5, 20, 100 } }, { 1000, { 1, 10, 100, 1000 } },
		{ 9999, { 1, 10, 100, 1000 } }, { 4200000, { 1, 10000, 100000, 1000000 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_heat_want want = { .op = VFIO_OP_PIN, .rows = 9, .cols = 9 };
		struct view_heat heat;
		struct fixture f;
		struct vfio_op_stats *stats = calloc(1, sizeof(*stats));

		setup_heat(&f);
		f.sink = model__sink(f.model, true);
		stats->id = 1;
		stats->op = VFIO_OP_PIN;
		stats->count = cases[i].most;
		stats->hist[vfio_hist_index(15000)] = cases[i].most;
		f.feed.stats(f.feed.ctx, stats);
		refresh(&f, 101 * SEC);
		want.track = model__heat_track(f.model, 0);
		view_heat__make(&heat, &f.frame, &want);
		assert_int_equal(heat.most, cases[i].most);
		assert_memory_equal(heat.from, cases[i].from, sizeof(heat.from));
		assert_int_equal(view_heat__shade(&heat, 0), 0);
		for (int shade = 1; shade <= VIEW_SHADES; shade++) {
			assert_int_equal(view_heat__shade(&heat, heat.from[shade - 1]), shade);
			assert_int_equal(view_heat__shade(&heat, heat.from[shade - 1] - 1),
					 shade - 1);
		}
		view_heat__clear(&heat);
		free(stats);
		teardown(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_differences),
		cmocka_unit_test(test_kernel_aggregates),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_cells_are_bounded),
		cmocka_unit_test(test_only_so_many_containers),
		cmocka_unit_test(test_snapshot_stands_still),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_unknown_is_not_0),
		cmocka_unit_test(test_shades),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
