// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_overhead.c - what the tool costs, from invented clocks, and when that is too much
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/overhead.h"

#define MS 1000000ULL
#define SEC 1000000000ULL

/* A tool that has run for a while already. */
static const struct overhead_reading start = { 7000 * SEC, 3 * SEC, 123456 };

static struct overhead_reading after(__u64 ns, __u64 cpu_ns, __u64 events)
{
	return (struct overhead_reading){
		start.now_ns + ns, start.cpu_ns + cpu_ns, start.events + events,
	};
}

static struct overhead begin(double max, unsigned int n_cpus)
{
	struct overhead overhead;

	overhead__begin(&overhead, max, n_cpus, &start);
	return overhead;
}

static bool update(struct overhead *overhead, __u64 ns, __u64 cpu_ns, __u64 events)
{
	struct overhead_reading reading = after(ns, cpu_ns, events);

	return overhead__update(overhead, &reading);
}

static struct source_cost cost_at(const struct overhead *overhead, __u64 ns, __u64 cpu_ns,
				  __u64 events)
{
	struct overhead_reading reading = after(ns, cpu_ns, events);

	return overhead__cost(overhead, &reading);
}

/* A window of 100 ms from @ns on with so many events, in which the programs ran for @run_ns. */
static void window(struct overhead *overhead, __u64 ns, __u64 events, __u64 run_ns)
{
	struct overhead_reading from = after(ns, 0, 0), to = after(ns + 100 * MS, 0, events);

	overhead__window_begins(overhead, &from, 5000);
	overhead__window_ends(overhead, &to, 5000 + run_ns);
}

static void limits(void **state)
{
	static const char *const bad[] = {
		"", "%", "0", "0%", "0.0%", "100.1", "101%", "-1", "+1", " 1", "1 ", "1 %", "1%%", "1%x", "1x",
		"x", ".", "..", "1.2.3", "nan", "inf", "1e1", "0x1", "1,5%",
	};
	static const struct {
		const char *text;
		double percent;
	} good[] = {
		{ "1%", 1 }, { "1", 1 }, { "0.5%", 0.5 }, { ".5", 0.5 }, { "0.001%", 0.001 }, { "100%", 100 },
		{ "1.%", 1 },
	};
	double percent;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (overhead__parse(bad[i], &percent))
			fail_msg("takes '%s'", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(overhead__parse(good[i].text, &percent));
		assert_true(percent > good[i].percent * 0.999 && percent < good[i].percent * 1.001);
	}
}

static void nothing_is_known_at_first(void **state)
{
	struct overhead overhead = begin(1, 2);
	struct source_cost cost = cost_at(&overhead, 0, 0, 0);

	assert_false(cost.event_known || cost.last.known || cost.all.known || cost.over);
	assert_false(update(&overhead, SEC - 1, SEC, 0));
	assert_false(cost_at(&overhead, SEC - 1, SEC, 0).last.known);
	/* The tool's own is known then, what its programs cost is not. */
	assert_false(update(&overhead, SEC, SEC / 4, 1000));
	cost = cost_at(&overhead, SEC, SEC / 4, 1000);
	assert_true(cost.last.known && cost.all.known);
	assert_false(cost.last.programs_known || cost.all.programs_known || cost.event_known);
	assert_int_equal(cost.last.tool * 100, 2500);
	assert_int_equal(cost.machine * 100, 1250);
}

static void windows_have_their_time(void **state)
{
	struct overhead overhead = begin(0, 1);
	struct overhead_reading reading = start;

	assert_true(overhead__window_is_due(&overhead, start.now_ns));
	assert_false(overhead__window_is_over(&overhead, start.now_ns + SEC));
	overhead__window_begins(&overhead, &reading, 0);
	assert_false(overhead__window_is_due(&overhead, start.now_ns + 60 * SEC));
	assert_false(overhead__window_is_over(&overhead, start.now_ns + OVERHEAD_WINDOW_NS - 1));
	assert_true(overhead__window_is_over(&overhead, start.now_ns + OVERHEAD_WINDOW_NS));
	/* Nothing happened in it: the next is soon. */
	reading = after(50 * MS, 0, 0);
	overhead__window_ends(&overhead, &reading, 0);
	assert_false(overhead__window_is_due(&overhead, reading.now_ns + OVERHEAD_SOON_NS - 1));
	assert_true(overhead__window_is_due(&overhead, reading.now_ns + OVERHEAD_SOON_NS));
	window(&overhead, SEC, 10, 1000);
	assert_false(overhead__window_is_due(&overhead, start.now_ns + SEC + OVERHEAD_LATER_NS));
	assert_true(overhead__window_is_due(&overhead,
					    start.now_ns + SEC + 100 * MS + OVERHEAD_LATER_NS));
}

/* A window that failed says nothing, least of all that there was nothing. */
static void failed_windows_tell_nothing(void **state)
{
	struct overhead overhead = begin(0, 1);

	overhead__window_begins(&overhead, &start, 5000);
	overhead__window_fails(&overhead, start.now_ns + 100 * MS);
	assert_false(overhead__window_is_over(&overhead, start.now_ns + SEC));
	update(&overhead, SEC, 0, 0);
	assert_false(cost_at(&overhead, SEC, 0, 0).last.programs_known);
	assert_true(overhead__window_is_due(&overhead, start.now_ns + 100 * MS + OVERHEAD_SOON_NS));
}

/* 400 ns an event in the window; 250,000 events in the second behind it: 10 % of a CPU. */
static void events_cost_what_they_did_in_the_window(void **state)
{
	struct overhead overhead = begin(0, 4);
	struct source_cost cost;

	window(&overhead, 0, 1000, 400000);
	update(&overhead, SEC, 20 * MS, 250000);
	cost = cost_at(&overhead, 2 * SEC, 20 * MS, 250000);
	assert_true(cost.event_known && cost.last.programs_known);
	assert_int_equal(cost.ns_per_event, 400);
	assert_int_equal(cost.last.programs * 1000 + 0.5, 10000);
	assert_int_equal(cost.last.tool * 1000 + 0.5, 2000);
	assert_int_equal(cost.machine * 1000 + 0.5, 3000);
	/* Over all, half as much: nothing came since. */
	assert_int_equal(cost.all.programs * 1000 + 0.5, 5000);
	/* A newer window weighs more. */
	window(&overhead, 5 * SEC, 1000, 700000);
	assert_int_equal(cost_at(&overhead, 6 * SEC, 0, 0).ns_per_event, 600);
}

/* Programs that also run for others' work cost without any event. */
static void idle_hooks_cost_too(void **state)
{
	struct overhead overhead = begin(0, 1);
	struct source_cost cost;

	window(&overhead, 0, 0, 2 * MS);
	update(&overhead, SEC, 0, 0);
	cost = cost_at(&overhead, SEC, 0, 0);
	assert_true(cost.last.programs_known);
	assert_false(cost.event_known);
	assert_int_equal(cost.last.programs * 1000 + 0.5, 2000);
	/* Of events, the cost is not known yet; then they are not cheaper than nothing. */
	update(&overhead, 2 * SEC, 0, 10);
	assert_false(cost_at(&overhead, 2 * SEC, 0, 10).last.programs_known);
	window(&overhead, 2 * SEC, 10, 1000);
	update(&overhead, 3 * SEC, 0, 20);
	assert_int_equal(cost_at(&overhead, 3 * SEC, 0, 20).last.programs * 1000 + 0.5, 2000);
}

/* Events whose idle cost nobody saw: without events their programs' share is unknown. */
static void no_events_no_guess(void **state)
{
	struct overhead overhead = begin(0, 1);

	window(&overhead, 0, 1000, 400000);
	update(&overhead, SEC, 0, 1000);
	update(&overhead, 2 * SEC, 0, 1000);
	assert_false(cost_at(&overhead, 2 * SEC, 0, 1000).last.programs_known);
}

/* 3 % of one CPU are above 1 % of two, and stay below 2 % of them. */
static void the_limit_is_of_all_cpus(void **state)
{
	struct overhead low = begin(1, 2), high = begin(2, 2), none = begin(0, 2);

	for (unsigned int i = 1; i < 10; i++) {
		assert_int_equal(update(&low, i * SEC, i * 30 * MS, 0), i == OVERHEAD_TIMES);
		assert_false(update(&high, i * SEC, i * 30 * MS, 0));
		assert_false(update(&none, i * SEC, i * SEC, 0));
		assert_int_equal(cost_at(&low, i * SEC, i * 30 * MS, 0).over, i >= OVERHEAD_TIMES);
	}
}

static void programs_count_for_the_limit(void **state)
{
	struct overhead overhead = begin(1, 1);

	window(&overhead, 0, 100, 100000);
	for (unsigned int i = 1; i <= OVERHEAD_TIMES; i++)
		assert_int_equal(update(&overhead, i * SEC, 0, i * 11000), i == OVERHEAD_TIMES);
}

/* Loading programs takes a second or two of CPU time. */
static void a_peak_is_let_pass(void **state)
{
	struct overhead overhead = begin(1, 1);
	__u64 cpu_ns = 0;

	for (unsigned int i = 1; i < 30; i++) {
		cpu_ns += i % OVERHEAD_TIMES ? SEC / 2 : 0;
		assert_false(update(&overhead, i * SEC, cpu_ns, 0));
	}
}

/* The loader ended, and its CPU time is not there any more. */
static void counts_that_shrink_are_no_cost(void **state)
{
	struct overhead overhead = begin(1, 1);
	struct overhead_reading less = { start.now_ns + SEC, start.cpu_ns - SEC, start.events - 5 };

	assert_false(overhead__update(&overhead, &less));
	assert_true(overhead.last.known);
	assert_true(overhead.last.tool == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(windows_have_their_time),
		cmocka_unit_test(failed_windows_tell_nothing),
		cmocka_unit_test(events_cost_what_they_did_in_the_window),
		cmocka_unit_test(idle_hooks_cost_too),
		cmocka_unit_test(no_events_no_guess),
		cmocka_unit_test(the_limit_is_of_all_cpus),
		cmocka_unit_test(programs_count_for_the_limit),
		cmocka_unit_test(a_peak_is_let_pass),
		cmocka_unit_test(counts_that_shrink_are_no_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
