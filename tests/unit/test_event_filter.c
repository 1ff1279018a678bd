// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_event_filter.c - which events of a recording are wanted
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "lib/event_filter.h"
#include "lib/source.h"

#define SEC 1000000000ULL

static struct vfio_rec pin(__u64 ts_ns)
{
	struct vfio_rec rec = {
		.ts_ns = ts_ns, .type = VFIO_EV_PIN, .id = 7, .tgid = 100, .pid = 101,
	};

	vfio_w(&rec, PIN, ret) = 1;
	vfio_w(&rec, PIN, duration) = 2000;
	return rec;
}

static struct event_filter any(void)
{
	struct event_filter filter;

	event_filter__init(&filter);
	return filter;
}

static void everything_passes_at_first(void **state)
{
	struct event_filter filter = any();
	struct vfio_rec rec = pin(5);

	assert_true(event_filter__match(&filter, &rec));
	rec = (struct vfio_rec){ .type = VFIO_EV_COUNT - 1 };
	assert_true(event_filter__match(&filter, &rec));
}

static void each_condition_counts(void **state)
{
	struct vfio_rec rec = pin(5);
	struct event_filter filter;

	filter = any(), filter.events = ~(1ULL << VFIO_EV_PIN);
	assert_false(event_filter__match(&filter, &rec));
	filter = any(), filter.container = 7;
	assert_true(event_filter__match(&filter, &rec));
	filter.container = 7 | 1ULL << SOURCE_ID_LOAD_SHIFT;
	assert_false(event_filter__match(&filter, &rec));
	filter = any(), filter.pid = 100;
	assert_true(event_filter__match(&filter, &rec));
	filter.pid = 101;
	assert_true(event_filter__match(&filter, &rec));
	filter.pid = 102;
	assert_false(event_filter__match(&filter, &rec));
	filter = any(), filter.from_ns = filter.to_ns = 5;
	assert_true(event_filter__match(&filter, &rec));
	filter.from_ns = 6, filter.to_ns = 7;
	assert_false(event_filter__match(&filter, &rec));
	filter.from_ns = 3, filter.to_ns = 4;
	assert_false(event_filter__match(&filter, &rec));
}

static void failures_are_negative_results(void **state)
{
	struct event_filter filter = any();
	struct vfio_rec rec = pin(5);

	filter.failed = true;
	assert_false(event_filter__match(&filter, &rec));
	vfio_w(&rec, PIN, ret) = -12;
	assert_true(event_filter__match(&filter, &rec));
	/* No result, no failure: word 0 of a put is something else. */
	rec = (struct vfio_rec){ .type = VFIO_EV_PUT, .w = { -1ULL, -1ULL } };
	assert_false(event_filter__match(&filter, &rec));
}

static void slow_needs_a_known_duration(void **state)
{
	struct event_filter filter = any();
	struct vfio_rec rec = pin(5);

	filter.slower_ns = 2000;
	assert_true(event_filter__match(&filter, &rec));
	filter.slower_ns = 2001;
	assert_false(event_filter__match(&filter, &rec));
	vfio_w(&rec, PIN, duration) = VFIO_OBS_UNKNOWN;
	assert_false(event_filter__match(&filter, &rec));
	rec = (struct vfio_rec){ .type = VFIO_EV_RELEASE, .w = { 5000 } };
	assert_false(event_filter__match(&filter, &rec));
	rec = (struct vfio_rec){ .type = VFIO_EV_MAP_PARTS };
	vfio_w(&rec, MAP_PARTS, total_ns) = 2001;
	assert_true(event_filter__match(&filter, &rec));
}

static void containers_have_a_load(void **state)
{
	static const char *const wrong[] = { "", "0", "x", "7x", "7@", "7@0", "-7", " 7", "7@2x",
					     "281474976710656", "99999999999999999999", "7@65537" };
	__u64 id;

	assert_true(event_filter__parse_container("7", &id) && id == 7);
	assert_true(event_filter__parse_container("7@1", &id) && id == 7);
	assert_true(event_filter__parse_container("7@2", &id));
	assert_true(id == (7 | 1ULL << SOURCE_ID_LOAD_SHIFT));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(event_filter__parse_container(wrong[i], &id));
}

static void durations_have_a_unit(void **state)
{
	static const char *const wrong[] = { "", "10", "ms", "0ms", "-1s", "1d", "1e99s", "nans",
					     "0.1ns", "10msx" };
	__u64 ns;

	assert_true(event_filter__parse_duration("10ms", &ns) && ns == 10000000);
	assert_true(event_filter__parse_duration("1.5s", &ns) && ns == 1500000000);
	assert_true(event_filter__parse_duration("250us", &ns) && ns == 250000);
	assert_true(event_filter__parse_duration("7ns", &ns) && ns == 7);
	assert_true(event_filter__parse_duration("10m", &ns) && ns == 600000000000);
	assert_true(event_filter__parse_duration("1h", &ns) && ns == 3600000000000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(event_filter__parse_duration(wrong[i], &ns));
}

static void seconds_count_from_the_begin(void **state)
{
	static const char *const wrong[] = { "", "x", "-1", "1x", "1e99", "nan", "24:00", "1:60",
					     "12:", ":30", "1:2:61", "1:2:", "1:2:3x", "1:2:-3" };
	__u64 ts;

	assert_true(event_filter__parse_time("12.5", 1000, 0, &ts) && ts == 12 * SEC + SEC / 2 + 1000);
	assert_true(event_filter__parse_time("0", 1000, 0, &ts) && ts == 1000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(event_filter__parse_time(wrong[i], 1000, 0, &ts));
}

/* A recording that began at 23:59:30 UTC, ten seconds behind the boot. */
static void clocks_go_on_over_midnight(void **state)
{
	const __u64 start = 10 * SEC, offset = (1795603170ULL / 86400 * 86400 + 86370 - 10) * SEC;
	__u64 ts;

	setenv("TZ", "UTC", 1);
	tzset();
	assert_true(event_filter__parse_time("23:59:30", start, offset, &ts) && ts == start);
	assert_true(event_filter__parse_time("23:59:45.25", start, offset, &ts));
	assert_true(ts == start + 15 * SEC + SEC / 4);
	assert_true(event_filter__parse_time("0:01", start, offset, &ts));
	assert_true(ts == start + 90 * SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_passes_at_first),
		cmocka_unit_test(each_condition_counts),
		cmocka_unit_test(failures_are_negative_results),
		cmocka_unit_test(slow_needs_a_known_duration),
		cmocka_unit_test(containers_have_a_load),
		cmocka_unit_test(durations_have_a_unit),
		cmocka_unit_test(seconds_count_from_the_begin),
		cmocka_unit_test(clocks_go_on_over_midnight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
