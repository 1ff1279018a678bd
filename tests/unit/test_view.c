// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view.c - batch text, JSON and the screen over a scripted source; the pace of a replay
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/source_fake.h"
#include "lib/source_paced.h"
#include "lib/view.h"
#include "lib/view_columns.h"
#include "lib/view_json.h"
#include "lib/view_rows.h"
#include "lib/view_screen.h"
#include "batch_text.h"
#include "view_fixture.h"

/* What the scene below looks like; checked by eye when it changes. */
#define GOLDEN_BATCH \
	"vfiotop  2026-01-02 03:05:46  source fake  cost 312ns/event  1.5% CPU  box  6.1.0-test  every 1s\n" \
	"3 containers  209 ops/s  lost 0  mapped 1.0G+?  pinned 262k+? pages  4 groups  1 gone\n" \
	"\n" \
	"ID  PID COMMAND OWNER                                    GROUPS BACKEND STATE    AGE REFS MAPPED PINNED OPS/S ERRORS RUNNING FOR BUSIEST    P50    P99    MAX CGROUP\n" \
	" 2    - -       -                                        7,?    -       -          -    -      -      -   200      0             pin     2.00us 2.98us 2.99us      -\n" \
	" 1 1001 fake-1  web01                                    12,13  type1   open   1m01s    3   1.0G   262k   6.0      1 map_dma  1s map_dma 2.00us  250ms  250ms      -\n" \
	" 3 1003 fake-3  pod 0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e 20             closed   11s    1      0      0   2.0      0                                               -\n" \
	" 4 1004 fake-4                                                          gone      4s    0      0      0   1.0      0                                               -\n" \
	"\n" \
	"group 12 0000:00:10.0 Intel Corporation 82574L Gigabit Network Connection (vfio-pci)\n" \
	"\n" \
	"   ID OPERATION COUNT OPS/S  BUSY ERRORS    P50    P90    P99  P99.9    MAX   MEAN   TIME BYTES PAGES  SPEED UNTIMED FAILURES\n" \
	"    2 pin         200   200  0.0%      0 2.00us 2.78us 2.98us 2.98us 2.99us 2.00us  399us         800              0\n" \
	"    1 open          1   1.0            0\n" \
	"    1 attach        2   2.0  0.1%      0  299us  299us  299us  299us  300us  300us  600us                          0\n" \
	"    1 set_iommu     1   1.0  0.1%      0 1.00ms 1.00ms 1.00ms 1.00ms 1.00ms 1.00ms 1.00ms                          0\n" \
	"    1 map_dma       2   2.0 25.0%      1 2.00us  250ms  250ms  250ms  250ms  125ms  250ms  1.0G       4.0G/s       0 EEXIST 1\n" \
	"    3 open          1   1.0            0\n" \
	"    3 attach        1   1.0  0.0%      0      -      -      -      -      -      -      -                          1\n" \
	"    4 open          1   1.0            0\n" \
	"  all open          3   3.0            0\n" \
	"  all attach        3   3.0  0.1%      0  299us  299us  299us  299us  300us  300us  600us                          1\n" \
	"  all set_iommu     1   1.0  0.1%      0 1.00ms 1.00ms 1.00ms 1.00ms 1.00ms 1.00ms 1.00ms                          0\n" \
	"  all map_dma       2   2.0 25.0%      1 2.00us  250ms  250ms  250ms  250ms  125ms  250ms  1.0G       4.0G/s       0 EEXIST 1\n" \
	"  all pin         200   200  0.0%      0 2.00us 2.78us 2.98us 2.98us 2.99us 2.00us  399us         800              0\n" \
	"\n"
#define GOLDEN_80x24 \
	"vfiotop  2026-01-02 03:05:46  source fake  cost 312ns/event  1.5% CPU  box\n" \
	"3 containers  209 ops/s  lost 0  mapped 1.0G+?  pinned 262k+? pages  4 groups\n" \
	" ID  PID COMMAND OWNER              GROUPS   AGE REFS MAPPED PINNED OPS/S ERRORS\n" \
	"  2    - -       -                  7,?        -    -      -      -   200      0\n" \
	"  1 1001 fake-1  web01              12,13  1m01s    3   1.0G   262k   6.0      1\n" \
	"c 3 1003 fake-3  pod 0f6a2b1e-77aa+ 20       11s    1      0      0   2.0      0\n" \
	"g 4 1004 fake-4                               4s    0      0      0   1.0      0\n" \
	"\n" \
	"\n" \
	" operations of all containers, gone ones too\n" \
	" OPERATION COUNT OPS/S  BUSY ERRORS    P50    P99    MAX BYTES PAGES FAILURES\n" \
	" open          3   3.0            0\n" \
	" attach        3   3.0  0.1%      0  299us  299us  300us\n" \
	" set_iommu     1   1.0  0.1%      0 1.00ms 1.00ms 1.00ms\n" \
	" map_dma       2   2.0 25.0%      1 2.00us  250ms  250ms  1.0G       EEXIST 1\n" \
	" pin         200   200  0.0%      0 2.00us 2.98us 2.99us         800\n" \
	"\n" \
	"\n" \
	"\n" \
	"\n" \
	"\n" \
	"\n" \
	"\n" \
	"q quit  ? help  / filter  l log  H heat  t tree  < > sort: OPS/S, high first\n"
#define GOLDEN_200x16 \
	"vfiotop  2026-01-02 03:05:46  source fake  cost 312ns/event  1.5% CPU  box  6.1.0-test  every 1s                                                                                                  FROZEN\n" \
	"3 containers  209 ops/s  lost 0  mapped 1.0G+?  pinned 262k+? pages  4 groups  1 gone\n" \
	" ID  PID COMMAND OWNER                                    GROUPS BACKEND STATE    AGE REFS MAPPED PINNED OPS/S ERRORS RUNNING FOR BUSIEST    P50    P99    MAX CGROUP\n" \
	"> 2    - -       -                                        7,?    -       -          -    -      -      -   200      0             pin     2.00us 2.98us 2.99us      -\n" \
	"  1 1001 fake-1  web01                                    12,13  type1   open   1m01s    3   1.0G   262k   6.0      1 map_dma  1s map_dma 2.00us  250ms  250ms      -\n" \
	"  3 1003 fake-3  pod 0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e 20             closed   11s    1      0      0   2.0      0                                               -\n" \
	"  4 1004 fake-4                                                          gone      4s    0      0      0   1.0      0                                               -\n" \
	" operations of container 2 (opened before the tool began)\n" \
	" OPERATION COUNT OPS/S BUSY ERRORS    P50    P90    P99  P99.9    MAX   MEAN  TIME BYTES PAGES SPEED UNTIMED FAILURES\n" \
	" pin         200   200 0.0%      0 2.00us 2.78us 2.98us 2.98us 2.99us 2.00us 399us         800             0\n" \
	"\n" \
	"\n" \
	"\n" \
	" owner    unknown: no process is known that opened it or has it open\n" \
	" group 7  devices unknown\n" \
	"Left Right step  N n failed or slow  Space go on  [ ] ten steps  q quit  ? help  / filter  l log  H heat  t tree  < > sort: OPS/S, high first  Enter more  Up/Down select\n"

static void test_batch(void **state)
{
	struct fixture f;
	char *text;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	text = batch_text(&f.frame);
	check_text(text, GOLDEN_BATCH);
	free(text);
	teardown(&f);
}

static void test_batch_without_containers(void **state)
{
	struct fixture f;
	char *text;

	setup(&f);
	refresh(&f, 101 * SEC);
	text = batch_text(&f.frame);
	check_text(text,
		   "vfiotop  2026-01-02 03:05:46  source fake  cost 312ns/event  1.5% CPU  box  "
		   "6.1.0-test  every 1s\n"
		   "0 containers  0 ops/s  lost 0  mapped 0  pinned 0 pages  0 groups\n"
		   "\n"
		   "no VFIO container is open\n"
		   "\n");
	free(text);
	teardown(&f);
}

static void test_loss_and_gaps_are_said(void **state)
{
	struct source_loss loss = { .ring = 3, .damaged = 2 };
	struct fixture f;
	char *text;

	setup(&f);
	f.feed.loss(f.feed.ctx, &loss);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_TRUNCATED, 90 * SEC, "it \033breaks off");
	refresh(&f, 101 * SEC);
	text = batch_text(&f.frame);
	assert_non_null(strstr(text, "  LOST 5  "));
	assert_non_null(strstr(text, "! lost, so figures are too low: 3 events (ring full), "
				     "2 events (damaged blocks)\n"));
	assert_non_null(strstr(text, "! 03:05:35: it ?breaks off\n"));
	free(text);

	/* That the source is attached again is news for a minute only. */
	f.feed.gap(f.feed.ctx, SOURCE_GAP_ATTACHED, 102 * SEC, "attached again");
	refresh(&f, 110 * SEC);
	text = batch_text(&f.frame);
	assert_non_null(strstr(text, "\n03:05:47: attached again\n"));
	free(text);
	refresh(&f, 163 * SEC);
	text = batch_text(&f.frame);
	assert_null(strstr(text, "attached again"));
	free(text);
	teardown(&f);
}

/* The line at the top. */
static void check_about(const struct fixture *f, const char *wanted)
{
	char *text = batch_text(&f->frame);

	if (strncmp(text, wanted, strlen(wanted)))
		fail_msg("got '%.*s', wanted '%s'", (int)strcspn(text, "\n"), text, wanted);
	free(text);
}

static void test_unknown_cost_is_said(void **state)
{
	struct fixture f;

	setup(&f);
	refresh(&f, 101 * SEC);
	f.info.cost = (struct source_cost){ 0 };
	check_about(&f, "vfiotop  2026-01-02 03:05:46  source fake  cost unknown/event  1.2%+? CPU  box");
	f.frame.cpu_percent = -1;
	check_about(&f, "vfiotop  2026-01-02 03:05:46  source fake  cost unknown/event  box");
	/* A replay has no programs. */
	f.frame.cpu_percent = 1.25;
	f.info.live = false;
	check_about(&f, "vfiotop  2026-01-02 03:05:46  box  6.1.0-test  source fake  every 1s  "
			"tool 1.2% CPU\n");
	teardown(&f);
}

static void test_thinned_events_are_said(void **state)
{
	struct fixture f;
	char *text;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_THINNED, 101 * SEC, "no pins from here on");
	/* It stays, whatever comes later. */
	f.feed.gap(f.feed.ctx, SOURCE_GAP_ATTACHED, 102 * SEC, "attached again");
	refresh(&f, 900 * SEC);
	text = batch_text(&f.frame);
	assert_non_null(strstr(text, "\n! 03:05:46: no pins from here on\n"));
	assert_non_null(strstr(text, "  - ops/s  "));
	free(text);
	teardown(&f);
}

/* JSON */

static json_t *json_of(const struct view_frame *frame)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_error_t error;
	json_t *json;

	view_json__print(out, frame);
	fclose(out);
	assert_true(size > 0);
	assert_int_equal(text[size - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* one line */
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("no JSON: %s at column %d", error.text, error.column);
	free(text);
	return json;
}

static json_t *container_json(json_t *root, size_t i)
{
	return json_array_get(json_object_get(root, "containers"), i);
}

static json_int_t int_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void check_null(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_null(value))
		fail_msg("%s is no null", key);
}

/* The one that runs in the scene. */
static void check_begun(json_t *begun)
{
	assert_string_equal(json_string_value(json_object_get(begun, "operation")), "map_dma");
	assert_int_equal(int_of(begun, "container"), 1);
	assert_int_equal(int_of(begun, "load"), 0);
	assert_int_equal(int_of(begun, "age_ns"), SEC);
	assert_int_equal(int_of(begun, "tid"), 1001);
	assert_string_equal(json_string_value(json_object_get(begun, "command")), "fake-1");
	assert_int_equal(int_of(begun, "iova"), 0x100000);
	assert_int_equal(int_of(begun, "bytes"), 8192);
	check_null(begun, "group");
}

static void test_json_cost(void **state)
{
	json_t *root, *overhead;
	struct fixture f;

	setup(&f);
	f.info.cost.machine = 0.75;
	f.info.cost.max = 0.5;
	f.info.cost.over = true;
	f.feed.gap(f.feed.ctx, SOURCE_GAP_THINNED, 100 * SEC, "no pins from here on");
	refresh(&f, 101 * SEC);
	root = json_of(&f.frame);
	overhead = json_object_get(root, "overhead");
	assert_true(json_real_value(json_object_get(overhead, "ns_per_event")) == 312);
	assert_true(json_real_value(json_object_get(overhead, "programs_cpu_percent")) == 0.25);
	assert_true(json_real_value(json_object_get(overhead, "machine_percent")) == 0.75);
	assert_true(json_real_value(json_object_get(overhead, "max_percent")) == 0.5);
	assert_true(json_is_true(json_object_get(overhead, "exceeded")));
	assert_int_equal(int_of(json_object_get(root, "thinned"), "at_ns"), 100 * SEC);
	check_null(root, "gap");
	json_decref(root);

	f.info.cost = (struct source_cost){ 0 };
	root = json_of(&f.frame);
	overhead = json_object_get(root, "overhead");
	check_null(overhead, "ns_per_event");
	check_null(overhead, "programs_cpu_percent");
	check_null(overhead, "machine_percent");
	check_null(overhead, "max_percent");
	assert_true(json_is_false(json_object_get(overhead, "exceeded")));
	json_decref(root);
	teardown(&f);
}

static void test_json(void **state)
{
	struct fixture f;
	json_t *root, *c, *map, *totals, *owner, *group;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	root = json_of(&f.frame);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "vfiotop/1");
	assert_string_equal(json_string_value(json_object_get(root, "time")),
			    "2026-01-02T03:05:46.000000000Z");
	assert_int_equal(int_of(root, "now_ns"), 101 * SEC);
	assert_int_equal(int_of(json_object_get(root, "lost"), "total"), 0);
	check_null(root, "gap");
	assert_int_equal(json_array_size(json_object_get(root, "containers")), 4);
	assert_int_equal(json_array_size(json_object_get(root, "in_flight")), 1);
	check_begun(json_array_get(json_object_get(root, "in_flight"), 0));

	/* By id, not by heat. */
	c = container_json(root, 0);
	assert_int_equal(int_of(c, "id"), 1);
	assert_int_equal(int_of(c, "pid"), 1001);
	assert_string_equal(json_string_value(json_object_get(c, "backend")), "vfio-iommu-type1");
	assert_int_equal(json_array_size(json_object_get(c, "groups")), 2);
	owner = json_object_get(c, "owner");
	assert_string_equal(json_string_value(json_object_get(owner, "kind")), "libvirt");
	assert_string_equal(json_string_value(json_object_get(owner, "name")), "web01");
	assert_int_equal(int_of(owner, "pid"), 1001);
	assert_int_equal(int_of(owner, "started_ns"), 30 * SEC);
	check_null(owner, "pod_uid");
	check_null(owner, "why");
	assert_int_equal(int_of(c, "age_ns"), 61 * SEC);
	assert_int_equal(int_of(c, "mapped_bytes"), 1 << 30);
	assert_int_equal(int_of(c, "pinned_pages"), 1 << 18);
	map = json_object_get(json_object_get(c, "ops"), "map_dma");
	assert_int_equal(int_of(map, "count"), 2);
	assert_int_equal(int_of(map, "errors"), 1);
	assert_int_equal(int_of(map, "max_ns"), 250000000);
	assert_int_equal(int_of(json_object_get(map, "errnos"), "EEXIST"), 1);
	check_null(map, "pages");
	/* Every operation is there, called or not. */
	assert_int_equal(json_object_size(json_object_get(c, "ops")), VFIO_OP_COUNT);
	map = json_object_get(json_object_get(c, "ops"), "dma_rw");
	assert_int_equal(int_of(map, "count"), 0);
	check_null(map, "p50_ns");

	c = container_json(root, 1); /* partial */
	check_null(c, "pid");
	check_null(c, "age_ns");
	check_null(c, "refs");
	check_null(c, "mapped_bytes");
	check_null(c, "state");
	check_null(c, "backend");
	assert_false(json_boolean_value(json_object_get(c, "groups_complete")));
	assert_int_equal(json_array_size(json_object_get(c, "groups")), 1);

	owner = json_object_get(c, "owner");
	assert_string_equal(json_string_value(json_object_get(owner, "kind")), "unknown");
	check_null(owner, "pid");
	assert_non_null(json_string_value(json_object_get(owner, "why")));

	group = json_array_get(json_object_get(root, "groups"), 0);
	assert_int_equal(int_of(group, "number"), 12);
	assert_true(json_boolean_value(json_object_get(group, "complete")));
	group = json_array_get(json_object_get(group, "devices"), 0);
	assert_string_equal(json_string_value(json_object_get(group, "name")), "0000:00:10.0");
	assert_int_equal(int_of(group, "device_id"), 0x10d3);
	check_null(group, "mdev_type");

	totals = json_object_get(root, "totals");
	assert_int_equal(int_of(totals, "containers"), 3);
	assert_int_equal(int_of(totals, "gone"), 1);
	assert_int_equal(int_of(totals, "mapped_unknown"), 1);
	assert_int_equal(int_of(json_object_get(json_object_get(totals, "ops"), "pin"), "pages"),
			 800);
	json_decref(root);
	teardown(&f);
}

/* Without a begin among the events nobody knows; what has returned is gone; what hangs is said. */
static void test_in_flight(void **state)
{
	struct view_notice notices[VIEW_NOTICES];
	struct fixture f;
	json_t *root;

	setup(&f);
	fake_event(&f.feed, OPEN, 1, 40 * SEC, .ret = 0);
	refresh(&f, 101 * SEC);
	root = json_of(&f.frame);
	check_null(root, "in_flight");
	json_decref(root);
	assert_int_equal(view__notices(&f.frame, notices), 0);

	fake_event(&f.feed, ATTACH_START, 1, 101 * SEC, .group = 7);
	refresh(&f, 102 * SEC);
	assert_int_equal(view__notices(&f.frame, notices), 0);
	refresh(&f, 231 * SEC);
	assert_int_equal(view__notices(&f.frame, notices), 1);
	assert_string_equal(notices[0].text, "attach of container 1 has not returned for 2m10s: "
			    "fake-1 (pid 1001, thread 1001)");
	assert_int_equal(notices[0].level, VIEW_LEVEL_NOTE);

	fake_event(&f.feed, ATTACH, 1, 231 * SEC, .group = 7, .ret = -12, .duration = 130 * SEC);
	refresh(&f, 232 * SEC);
	assert_int_equal(view__notices(&f.frame, notices), 0);
	root = json_of(&f.frame);
	assert_int_equal(json_array_size(json_object_get(root, "in_flight")), 0);
	assert_true(json_is_array(json_object_get(root, "in_flight")));
	json_decref(root);
	teardown(&f);
}

/* Bytes that are no UTF-8, numbers that are no signed 64 bits: still JSON. */
static void test_json_of_hostile_values(void **state)
{
	struct fixture f;
	struct vfio_rec rec = source_fake__rec(VFIO_EV_OPEN, ~0ULL, 50 * SEC);
	json_t *root;

	setup(&f);
	memcpy(rec.comm, "\xff\xfe\"\\\n\x01", 7);
	rec.cgroup = ~0ULL;
	f.feed.event(f.feed.ctx, &rec);
	feed_map(&f, ~0ULL, 51 * SEC, 1, -4000, ~0ULL - 1);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_ATTACHED, 60 * SEC, "\xc3\x28");
	refresh(&f, 101 * SEC);
	root = json_of(&f.frame);
	/* An id of all ones: no number in it is larger than what JSON readers can hold. */
	assert_int_equal(int_of(container_json(root, 0), "id"), (1LL << 48) - 1);
	assert_int_equal(int_of(container_json(root, 0), "load"), 0xffff);
	assert_string_equal(json_string_value(json_object_get(container_json(root, 0), "command")),
			    "??\"\\??");
	json_decref(root);
	teardown(&f);
}

/* Counted in the kernel, which had no room for the errno of two of them. */
static void test_json_of_aggregated_failures(void **state)
{
	struct vfio_op_stats *stats = calloc(1, sizeof(*stats));
	struct fixture f;
	json_t *root, *attach;

	setup(&f);
	f.sink = model__sink(f.model, true);
	stats->id = 1;
	stats->op = VFIO_OP_ATTACH;
	stats->count = 9;
	stats->errors = 3;
	stats->errnos[0] = (struct vfio_errno_count){ .err = 16, .count = 1 };
	f.feed.stats(f.feed.ctx, stats);
	/* It is in the statistics already. */
	fake_event(&f.feed, ATTACH, 1, 100 * SEC, .group = 3, .ret = -16);
	refresh(&f, 101 * SEC);
	root = json_of(&f.frame);
	attach = json_object_get(json_object_get(container_json(root, 0), "ops"), "attach");
	assert_int_equal(int_of(json_object_get(attach, "errnos"), "EBUSY"), 1);
	assert_int_equal(int_of(json_object_get(attach, "errnos"), "unknown"), 2);
	json_decref(root);
	free(stats);
	teardown(&f);
}

/* The screen */

static void test_screen_80x24(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;
	char *text;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	text = screen_text(screen, &f.frame, 24, 80);
	check_text(text, GOLDEN_80x24);
	free(text);
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_screen_200_columns(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;
	char *text;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_DOWN);
	f.frame.frozen = true;
	text = screen_text(screen, &f.frame, 16, 200);
	check_text(text, GOLDEN_200x16);
	free(text);
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_keys_select(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	assert_true(screen_has(screen, &f.frame, 24, 80, "operations of all containers"));
	assert_int_equal(view_screen__key(screen, 'j'), VIEW_REDRAW);
	assert_true(screen_has(screen, &f.frame, 24, 80, "operations of container 2 (opened bef"));
	view_screen__key(screen, VIEW_KEY_DOWN);
	assert_true(screen_has(screen, &f.frame, 24, 80, "operations of container 1 (fake-1)"));

	/* The cursor stays with its container when the order changes. */
	view_screen__key(screen, 'r');
	assert_true(screen_has(screen, &f.frame, 24, 80, "operations of container 1 (fake-1)"));
	view_screen__key(screen, 'r');
	view_screen__key(screen, VIEW_KEY_END);
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n> 4 "));
	view_screen__key(screen, VIEW_KEY_DOWN); /* there is nothing below */
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n> 4 "));
	view_screen__key(screen, VIEW_KEY_HOME);
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n> 2 "));
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	assert_true(screen_has(screen, &f.frame, 24, 80, "operations of all containers"));

	/* From nowhere, up comes to the last. */
	view_screen__key(screen, VIEW_KEY_UP);
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n> 4 "));
	/* It leaves the model: nothing is selected any more. */
	model__advance(f.model, 500 * SEC, 0);
	assert_true(screen_has(screen, &f.frame, 24, 80, "operations of all containers"));
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_keys_sort(void **state)
{
	struct view_screen *screen = view_screen__create();
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct fixture f;
	int seen = 0;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	assert_true(screen_has(screen, &f.frame, 24, 200, "sort: OPS/S, high first"));
	view_screen__key(screen, '<');
	assert_true(screen_has(screen, &f.frame, 24, 200, "sort: PINNED, high first"));
	view_screen__key(screen, 'r');
	assert_true(screen_has(screen, &f.frame, 24, 200, "sort: PINNED, low first"));
	/* Around once, over every column that is shown. */
	for (size_t i = 0; i < n; i++) {
		view_screen__key(screen, '>');
		seen += screen_has(screen, &f.frame, 24, 200, "sort: PINNED");
	}
	assert_int_equal(seen, 1);
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_keys_reactions(void **state)
{
	struct view_screen *screen = view_screen__create();

	assert_int_equal(view_screen__key(screen, 'q'), VIEW_QUIT);
	assert_int_equal(view_screen__key(screen, VIEW_KEY_QUIT), VIEW_QUIT);
	assert_true(view_screen__key(screen, ' ') & VIEW_FREEZE);
	assert_true(view_screen__key(screen, 'p') & VIEW_FREEZE);
	assert_int_equal(view_screen__key(screen, 'z'), VIEW_IGNORED);
	/* In the help, space pages and does not freeze; q still quits. */
	assert_int_equal(view_screen__key(screen, '?'), VIEW_REDRAW);
	assert_int_equal(view_screen__key(screen, ' '), VIEW_REDRAW);
	assert_int_equal(view_screen__key(screen, 'q'), VIEW_QUIT);
	view_screen__destroy(screen);
}

static void test_help_names_everything(void **state)
{
	struct view_screen *screen = view_screen__create();
	const struct field *fields;
	struct fixture f;
	size_t n;

	setup(&f);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, 'h');
	n = field__containers(&fields);
	for (size_t i = 0; i < n; i++)
		assert_true(screen_has(screen, &f.frame, 120, 200, fields[i].help));
	n = field__ops(&fields);
	for (size_t i = 0; i < n; i++)
		assert_true(screen_has(screen, &f.frame, 120, 200, fields[i].help));
	assert_true(screen_has(screen, &f.frame, 120, 200, "Space  p"));
	/* Small: it scrolls, and ends. */
	assert_false(screen_has(screen, &f.frame, 24, 80, "always shown"));
	view_screen__key(screen, VIEW_KEY_END);
	assert_true(screen_has(screen, &f.frame, 24, 80, "always shown"));
	view_screen__key(screen, 'x');
	assert_true(screen_has(screen, &f.frame, 24, 80, "no VFIO container is open"));
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_too_small(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	refresh(&f, 101 * SEC);
	assert_true(screen_has(screen, &f.frame, 7, 80, "vfiotop needs 40x8"));
	assert_true(screen_has(screen, &f.frame, 24, 39, "terminal is 39x24"));
	assert_false(screen_has(screen, &f.frame, 8, 40, "needs"));
	view_screen__destroy(screen);
	teardown(&f);
}

/* What is unknown comes last in either order. */
static void test_unknown_sorts_last(void **state)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct field_row *rows;
	struct fixture f;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	for (int reverse = 0; reverse < 2; reverse++) {
		assert_int_equal(view_rows__containers(&f.frame, field__find(fields, n, "refs"),
						       reverse, NULL, &rows), 4);
		assert_int_equal(rows[3].container->id, 2);
		assert_int_equal(rows[0].container->id, reverse ? 4 : 1);
		free(rows);
	}
	teardown(&f);
}

/* Scrolled to the end of a long list that then becomes short. */
/* Two mappings from before and one since, as the screen and JSON have them. */
static void test_mappings(void **state)
{
	const struct vfio_mapping list[] = { { 0, 4096, 1, 1, 0 }, { 1 << 30, 8 << 20, 2, 3, 0 } };
	struct source_table table = {
		.id = 1, .read_ns = 9 * SEC, .until_ns = 9 * SEC, .avail = 7, .n = 2, .list = list,
	};
	struct source_existing existing = {
		.read_ns = 9 * SEC, .id = 1, .tgid = 9, .refs = 1, .backend = "vfio-iommu-type1",
	};
	struct view_screen *screen = view_screen__create();
	json_t *root, *one, *largest;
	struct fixture f;

	setup(&f);
	f.feed.existing(f.feed.ctx, &existing);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_DOWN);
	assert_true(screen_has(screen, &f.frame, 30, 80, "mapped   unknown: made before"));
	root = json_of(&f.frame);
	one = container_json(root, 0);
	check_null(one, "mappings");
	check_null(one, "dma_avail");
	check_null(one, "largest_mappings");
	assert_true(json_is_false(json_object_get(one, "mappings_complete")));
	json_decref(root);

	f.feed.table(f.feed.ctx, &table);
	fake_event(&f.feed, IOCTL, 1, 101 * SEC, .cmd = VFIO_CMD_MAP_DMA, .known = true,
		   .flags = 2, .iova = 1 << 20, .size = 8192, .vaddr = 3);
	refresh(&f, 102 * SEC);
	assert_true(screen_has(screen, &f.frame, 30, 80,
			       "mapped   3 mappings, 8.0M, largest 8.0M at 0x40000000; 6 more allowed\n"));
	root = json_of(&f.frame);
	one = container_json(root, 0);
	assert_int_equal(int_of(one, "mappings"), 3);
	assert_int_equal(int_of(one, "dma_avail"), 6);
	assert_int_equal(int_of(one, "mapped_bytes"), (8 << 20) + 12288);
	assert_true(json_is_true(json_object_get(one, "mappings_complete")));
	largest = json_object_get(one, "largest_mappings");
	assert_int_equal(json_array_size(largest), 3);
	assert_int_equal(int_of(json_array_get(largest, 0), "iova"), 1 << 30);
	assert_int_equal(int_of(json_array_get(largest, 1), "bytes"), 8192);
	assert_int_equal(int_of(json_array_get(largest, 1), "vaddr"), 3);
	assert_true(json_is_false(json_object_get(json_array_get(largest, 1), "read")));
	assert_true(json_is_true(json_object_get(json_array_get(largest, 1), "write")));
	json_decref(root);

	fake_event(&f.feed, IOCTL, 1, 102 * SEC, .cmd = VFIO_CMD_UNMAP_DMA, .known = true,
		   .iova = 5 << 20, .size = 12288);
	refresh(&f, 103 * SEC);
	assert_true(screen_has(screen, &f.frame, 30, 120, "(not all: a call contradicts them)\n"));
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_list_becomes_short(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	for (__u64 id = 1; id <= 100; id++) {
		fake_event(&f.feed, OPEN, id, id * SEC, .ret = 0);
		if (id > 3)
			fake_event(&f.feed, RELEASE, id, 100 * SEC, .age = SEC);
	}
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_END);
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n>100 "));
	assert_true(screen_has(screen, &f.frame, 24, 80, " of 100  "));
	model__advance(f.model, 200 * SEC, 0);
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n   1 "));
	assert_true(screen_has(screen, &f.frame, 24, 80, "\n   3 "));
	view_screen__destroy(screen);
	teardown(&f);
}

/* Any key at any size: the sanitizers watch. */
static void test_random_keys_and_sizes(void **state)
{
	static const int keys[] = { VIEW_KEY_UP, VIEW_KEY_DOWN, VIEW_KEY_PAGE_UP,
				    VIEW_KEY_PAGE_DOWN, VIEW_KEY_HOME, VIEW_KEY_END,
				    VIEW_KEY_HELP, VIEW_KEY_ESCAPE, VIEW_KEY_RESIZE,
				    VIEW_KEY_OTHER, '<', '>', 'r', 'a', ' ', 'k', 'q' };
	struct view_screen *screen = view_screen__create();
	unsigned int seed = 5;
	struct fixture f;

	setup(&f);
	for (__u64 id = 1; id < 60; id++) {
		fake_event(&f.feed, OPEN, id, id * SEC, .ret = 0);
		feed_map(&f, id, id * SEC, id << 20, id % 5 ? 0 : -12, id * 1000);
	}
	refresh(&f, 101 * SEC);
	for (int i = 0; i < 5000; i++) {
		view_screen__key(screen, keys[rand_r(&seed) % (sizeof(keys) / sizeof(keys[0]))]);
		f.frame.frozen = i % 2;
		free(screen_text(screen, &f.frame, 1 + rand_r(&seed) % 60,
				 1 + rand_r(&seed) % 250));
	}
	view_screen__destroy(screen);
	teardown(&f);
}

/* Columns */

static void test_columns_fit_any_width(void **state)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct model_group groups[] = { { 1000, 0 }, { 1001, 0 }, { 1002, 0 }, { 1003, 0 } };
	struct model_container c = {
		.id = ~0ULL,
		.tgid = 4194304,
		.comm = "qemu-system-x86",
		.backend_known = true,
		.backend = "iommu-vfio-powerpc",
		.groups = groups,
		.n_groups = 4,
		.cgroup = 123456789012,
	};
	struct field_row row = { .container = &c };
	struct view_columns columns;
	size_t before = 0;

	view_columns__init(&columns, fields, n);
	view_columns__measure(&columns, &row);
	for (int width = 40; width < 300; width++) {
		char line[VIEW_LINE_SIZE];

		view_columns__fit(&columns, width);
		view_columns__head(&columns, line);
		assert_true(strlen(line) <= (size_t)width);
		view_columns__line(&columns, &row, line);
		assert_true(strlen(line) <= (size_t)width);
		assert_true(columns.n_shown >= before); /* more room never shows less */
		before = columns.n_shown;
	}
	assert_int_equal(before, n);
}

/* The pace of a replay */

static void test_paced(void **state)
{
	struct fixture f;
	struct source *paced;
	struct source_loss loss = { .ring = 1 };
	__u64 next;

	setup(&f);
	paced = source_paced__open(f.source);
	f.feed.loss(f.feed.ctx, &loss);
	fake_event(&f.feed, OPEN, 1, 10 * SEC, .ret = 0);
	fake_event(&f.feed, OPEN, 2, 11 * SEC, .ret = 0);
	fake_event(&f.feed, OPEN, 3, 12 * SEC, .ret = 0);
	loss.ring = 2;
	f.feed.loss(f.feed.ctx, &loss);
	source_fake__end(f.source);

	assert_int_equal(source_paced__next(paced, &next), 1);
	assert_int_equal(next, 10 * SEC);
	source_paced__until(paced, 11 * SEC);
	assert_int_equal(source__poll(paced, &f.sink), 1);
	assert_int_equal(model__event_counts(f.model)[VFIO_EV_OPEN], 2);
	assert_int_equal(model__loss(f.model)->ring, 1);
	assert_int_equal(source_paced__next(paced, &next), 1);
	assert_int_equal(next, 12 * SEC);
	source_paced__until(paced, 13 * SEC);
	assert_int_equal(source__poll(paced, &f.sink), 0);
	assert_int_equal(model__event_counts(f.model)[VFIO_EV_OPEN], 3);
	assert_int_equal(model__loss(f.model)->ring, 2);
	assert_int_equal(source_paced__next(paced, &next), 0);
	model__destroy(f.model);
	source__close(paced);
}

static void test_paced_passes_errors_on(void **state)
{
	struct fixture f;
	struct source *paced;
	__u64 next;

	setup(&f);
	paced = source_paced__open(f.source);
	source_fake__break(f.source, -5, "the recording is broken");
	assert_int_equal(source_paced__next(paced, &next), -5);
	assert_int_equal(source__poll(paced, &f.sink), -5);
	assert_string_equal(source__error(paced), "the recording is broken");
	model__destroy(f.model);
	source__close(paced);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_without_containers),
		cmocka_unit_test(test_loss_and_gaps_are_said),
		cmocka_unit_test(test_unknown_cost_is_said),
		cmocka_unit_test(test_thinned_events_are_said),
		cmocka_unit_test(test_json_cost),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_json_of_hostile_values),
		cmocka_unit_test(test_json_of_aggregated_failures),
		cmocka_unit_test(test_screen_80x24),
		cmocka_unit_test(test_screen_200_columns),
		cmocka_unit_test(test_keys_select),
		cmocka_unit_test(test_keys_sort),
		cmocka_unit_test(test_keys_reactions),
		cmocka_unit_test(test_help_names_everything),
		cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_unknown_sorts_last),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_list_becomes_short),
		cmocka_unit_test(test_random_keys_and_sizes),
		cmocka_unit_test(test_columns_fit_any_width),
		cmocka_unit_test(test_paced),
		cmocka_unit_test(test_paced_passes_errors_on),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
