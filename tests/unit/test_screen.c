// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_screen.c - vfiotop's screen behind the first page: a container, its histograms, filter, log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "lib/model_op.h"
#include "lib/view_choice.h"
#include "lib/view_hist.h"
#include "view_fixture.h"

/* Checked by eye when they change. */
#define GOLDEN_CONTAINER_80x24 \
	"container 1  fake-1, pid 1001\n" \
	"STATE open  ERRORS 1  MAPPED 1.0G  PINNED 262k  OPS/S 6.0  AGE 1m01s  REFS 3\n" \
	"owner    up 1m11s, libvirt web01, uuid 0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e\n" \
	"cgroup   /machine.slice/m.scope\n" \
	"         and 2 devices more\n" \
	"[1 Operations]  2 Mappings   3 In flight   4 Owner, devices\n" \
	" OPERATION COUNT OPS/S  BUSY ERRORS    P50    P99    MAX BYTES PAGES FAILURES\n" \
	" open          1   1.0            0\n" \
	" attach        2   2.0  0.1%      0  299us  299us  300us\n" \
	" set_iommu     1   1.0  0.1%      0 1.00ms 1.00ms 1.00ms\n" \
	">map_dma       2   2.0 25.0%      1 2.00us  250ms  250ms  1.0G       EEXIST 1\n" \
	" map_dma: MAP_DMA\n" \
	"COUNT 2  ERRORS 1  FAILURES EEXIST 1  BYTES 1.0G  SPEED 4.0G/s  UNTIMED 0\n" \
	"P50 2.00us  P90 250ms  P99 250ms  P99.9 250ms  MAX 250ms  MEAN 125ms  TIME 250ms\n" \
	"   1us to  10us      1  50.0% ############################ p50\n" \
	"  10us to 100us      0   0.0%\n" \
	" 100us to   1ms      0   0.0%\n" \
	"   1ms to  10ms      0   0.0%\n" \
	"  10ms to 100ms      0   0.0%\n" \
	" 100ms to    1s      1  50.0% ############################ p90 p99 p99.9\n" \
	"\n" \
	"\n" \
	"\n" \
	"Esc back  Enter histogram  1-4 part  Up/Down operation  H heat  l log  ? help\n"
#define GOLDEN_CONTAINER_40x12 \
	"container 1  fake-1, pid 1001\n" \
	"STATE open  ERRORS 1  MAPPED 1.0G\n" \
	"[1 Ops] 2 Maps  3 Flying  4 Owner\n" \
	" OPERATION COUNT OPS/S ERRORS    P99\n" \
	" open          1   1.0      0\n" \
	" attach        2   2.0      0  299us\n" \
	" set_iommu     1   1.0      0 1.00ms\n" \
	">map_dma       2   2.0      1  250ms\n" \
	"\n" \
	"\n" \
	"\n" \
	"Esc back  Enter histogram  1-4 part\n"

/* The scene with the container @downs rows down opened. */
static struct view_screen *open_container(struct fixture *f, int downs)
{
	struct view_screen *screen = view_screen__create();

	setup(f);
	feed_scene(f);
	refresh(f, 101 * SEC);
	for (int i = 0; i < downs; i++) {
		view_screen__key(screen, VIEW_KEY_DOWN);
		free(screen_text(screen, &f->frame, 24, 80));
	}
	view_screen__key(screen, VIEW_KEY_ENTER);
	return screen;
}

static void close_container(struct fixture *f, struct view_screen *screen)
{
	view_screen__destroy(screen);
	teardown(f);
}

static void check_screen(struct view_screen *screen, const struct fixture *f, int rows, int cols,
			 const char *wanted)
{
	char *text = screen_text(screen, &f->frame, rows, cols);

	check_text(text, wanted);
	free(text);
}

static void check_wide(struct view_screen *screen, const struct fixture *f, const char *what)
{
	if (!screen_has(screen, &f->frame, 24, 120, what))
		fail_msg("no '%s'", what);
}

static void check_has_not(struct view_screen *screen, const struct fixture *f, const char *what)
{
	assert_false(screen_has(screen, &f->frame, 24, 80, what));
}

/* One container */

static void test_container(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_container(&f, 2);

	check_screen(screen, &f, 24, 80, GOLDEN_CONTAINER_80x24);
	check_screen(screen, &f, 12, 40, GOLDEN_CONTAINER_40x12);
	close_container(&f, screen);
}

static void test_container_operations(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_container(&f, 2);

	/* The busiest is chosen, until the user does. */
	check_has(screen, &f, "\n map_dma: MAP_DMA\n");
	view_screen__key(screen, 'k');
	check_has(screen, &f, "\n set_iommu: SET_IOMMU\n");
	check_has(screen, &f, "\n>set_iommu ");
	view_screen__key(screen, VIEW_KEY_HOME);
	check_has(screen, &f, "\n no latencies: this operation is not timed\n");
	/* It stays when others come. */
	feed_map(&f, 1, 102 * SEC, 4096, 0, 900 * SEC);
	refresh(&f, 103 * SEC);
	check_has(screen, &f, "\n>open ");
	/* A histogram of its own, also where there was no room for it. */
	view_screen__key(screen, VIEW_KEY_END);
	assert_false(screen_has(screen, &f.frame, 12, 40, "map_dma: MAP_DMA"));
	view_screen__key(screen, VIEW_KEY_ENTER);
	assert_true(screen_has(screen, &f.frame, 12, 40, "map_dma: MAP_DMA"));
	check_has(screen, &f, "\n  100s to 1000s      1  33.3% ##");
	view_screen__key(screen, VIEW_KEY_ENTER);
	check_has(screen, &f, "\n>map_dma ");
	close_container(&f, screen);
}

static void test_container_parts(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_container(&f, 2);

	view_screen__key(screen, VIEW_KEY_TAB);
	check_has(screen, &f, " [2 Mappings] ");
	check_has(screen, &f, "\n 1 mapping, 1.0G, largest 1.0G at 0x0\n");
	check_has(screen, &f, "\n                0x0   1.0G                0x0  rw\n");
	view_screen__key(screen, '3');
	check_has(screen, &f, "\n map_dma              1s    1001    1001 fake-1          "
			      "iova 0x100000 8.0K\n");
	view_screen__key(screen, '4');
	check_has(screen, &f, "[4 Owner, devices]");
	check_has(screen, &f, "\n group 13 devices unknown\n");
	view_screen__key(screen, VIEW_KEY_TAB);
	check_has(screen, &f, "[1 Operations]");
	view_screen__key(screen, VIEW_KEY_BACK_TAB);
	check_has(screen, &f, "[4 Owner, devices]");
	close_container(&f, screen);
}

/* What nobody told is not there as a zero. */
static void test_container_unknown(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_container(&f, 1);

	check_has(screen, &f, "container 2  process unknown\n"
			      "STATE -  ERRORS 0  MAPPED -  PINNED -  OPS/S 200  AGE -  BACKEND -  REFS -\n");
	view_screen__key(screen, '2');
	check_has(screen, &f, "\n unknown: made before or left out, and not read\n");
	view_screen__key(screen, '3');
	check_has(screen, &f, "\n nothing: no attach, set_iommu or ioctl has begun");
	close_container(&f, screen);
}

static void test_container_without_begins(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	fake_event(&f.feed, OPEN, 1, 40 * SEC, .ret = 0);
	fake_event(&f.feed, ATTACH, 1, 41 * SEC, .group = 3, .groups = 1,
		   .duration = VFIO_OBS_UNKNOWN);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_ENTER);
	check_has(screen, &f, "\n>open ");
	view_screen__key(screen, VIEW_KEY_END);
	check_has(screen, &f, "\n no latencies: all calls began before the tool watched\n");
	view_screen__key(screen, '3');
	check_has(screen, &f, "\n unknown: the recording tells when operations end");
	close_container(&f, screen);
}

/* Enter without a choice takes the first; every way back leads back. */
static void test_container_back(void **state)
{
	static const int backs[] = { VIEW_KEY_ESCAPE, VIEW_KEY_BACKSPACE, VIEW_KEY_LEFT };
	struct fixture f;
	struct view_screen *screen = open_container(&f, 0);

	for (size_t i = 0; i < sizeof(backs) / sizeof(backs[0]); i++) {
		check_has(screen, &f, "container 2  ");
		assert_int_equal(view_screen__key(screen, backs[i]), VIEW_REDRAW);
		check_has(screen, &f, "\n> 2 ");
		view_screen__key(screen, i ? VIEW_KEY_RIGHT : VIEW_KEY_ENTER);
	}
	/* Help on top of it, stacks on top of it, and back to it. */
	view_screen__key(screen, '?');
	check_has(screen, &f, "Keys\n");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "container 2  ");
	view_screen__key(screen, 'S');
	check_has(screen, &f, "no call stacks are kept");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "container 2  ");
	assert_int_equal(view_screen__key(screen, 'q'), VIEW_QUIT);
	close_container(&f, screen);
}

static void test_container_goes(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_container(&f, 4);

	check_has(screen, &f, "container 4  fake-4, pid 1004  GONE\n");
	view_screen__key(screen, '2');
	check_has(screen, &f, "\n all went with the container\n");
	model__advance(f.model, 500 * SEC, 0);
	check_has(screen, &f, "container 4\n\nIt was freed some time ago");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "operations of all containers");
	close_container(&f, screen);
	/* None at all: Enter changes nothing. */
	screen = view_screen__create();
	setup(&f);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_ENTER);
	check_has(screen, &f, "no VFIO container is open");
	close_container(&f, screen);
}

static void test_mappings_scroll(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	fake_event(&f.feed, OPEN, 1, 40 * SEC, .ret = 0);
	for (__u64 i = 0; i < 1000; i++)
		fake_event(&f.feed, IOCTL, 1, 41 * SEC, .cmd = VFIO_CMD_MAP_DMA, .known = true,
			   .flags = 1, .iova = i << 12, .size = 4096, .vaddr = 0x7f0000000000 + i);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_ENTER);
	view_screen__key(screen, '2');
	check_has(screen, &f, "\n                0x0   4.0K     0x7f0000000000  r-\n");
	check_has(screen, &f, "1-15 of 1000");
	view_screen__key(screen, VIEW_KEY_PAGE_DOWN);
	check_has(screen, &f, "15-29 of 1000");
	view_screen__key(screen, VIEW_KEY_END);
	check_has(screen, &f, "\n           0x3e7000   4.0K     0x7f00000003e7  r-\n");
	check_has(screen, &f, "986-1000 of 1000");
	view_screen__key(screen, VIEW_KEY_UP);
	check_has(screen, &f, "985-999 of 1000");
	check_has_not(screen, &f, "0x3e7000");
	/* Most of them go: the list does not end above the screen. */
	fake_event(&f.feed, IOCTL, 1, 102 * SEC, .cmd = VFIO_CMD_UNMAP_DMA, .known = true,
		   .iova = 5 << 12, .size = 995 << 12);
	refresh(&f, 103 * SEC);
	check_has(screen, &f, "\n                0x0   4.0K");
	close_container(&f, screen);
}

/* The filter */

/* Types "/" and @text, and @end if it is a key. */
static void type(struct view_screen *screen, const char *text, int end)
{
	view_screen__key(screen, '/');
	for (; *text; text++)
		assert_int_equal(view_screen__key(screen, *text), VIEW_REDRAW);
	if (end)
		view_screen__key(screen, end);
}

/* Which containers @text lets through, bit per id. */
static unsigned int filtered(const struct fixture *f, const char *text)
{
	const struct model_container *const *list;
	size_t n = model__containers(f->model, &list);
	struct view_filter filter = { 0 };
	unsigned int ids = 0;

	assert_true(view_filter__set(&filter, text));
	for (size_t i = 0; i < n; i++)
		if (view_filter__container(&filter, &f->frame, list[i]))
			ids |= 1U << list[i]->id;
	return ids;
}

static void test_filter_matches(void **state)
{
	static const struct {
		const char *text;
		unsigned int ids;
	} cases[] = {
		{ "", 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 },
		{ "  ", 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 },
		{ "Fake-", 1 << 1 | 1 << 3 | 1 << 4 },	 /* command */
		{ "EB01", 1 << 1 },			 /* owner, any case */
		{ "machine.slice", 1 << 1 },		 /* its cgroup */
		{ UID, 1 << 1 | 1 << 3 },		 /* UUID of a VM, pod */
		{ "100", 1 << 1 | 1 << 3 | 1 << 4 },	 /* begin of a pid */
		{ "1004", 1 << 4 },
		{ "13", 1 << 1 },			 /* group */
		{ "0000:00:10.0", 1 << 1 },		 /* BDF */
		{ "82574l", 1 << 1 },
		{ "eexist", 1 << 1 },			 /* what failed */
		{ "EEX", 1 << 1 },
		{ "exist", 0 },
		{ "2", 1 << 1 | 1 << 2 | 1 << 3 },	 /* 82574L, id 2, group 20 */
		{ "4", 1 << 1 | 1 << 4 },		 /* not in the UUIDs, nor inside of 1004 */
		{ "6a2", 1 << 1 | 1 << 3 },
		{ "01", 1 << 1 },			 /* web01 */
		{ "fake eexist", 1 << 1 },		 /* both */
		{ " eexist  fake-3 ", 0 },
		{ "nothing", 0 },
	};
	struct view_filter filter = { .n = 77 };
	struct fixture f;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (filtered(&f, cases[i].text) != cases[i].ids)
			fail_msg("'%s' lets %#x through, not %#x", cases[i].text,
				 filtered(&f, cases[i].text), cases[i].ids);
	assert_false(view_filter__set(&filter, "a b c d e f g h i"));
	assert_false(view_filter__set(&filter, "0123456789012345678901234567890123456789"
					       "012345678901234567890123456789"));
	assert_int_equal(filter.n, 77);
	teardown(&f);
}

static void test_filter_is_typed(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	/* Each letter narrows the table; letters are no commands meanwhile. */
	type(screen, "q", 0);
	check_has(screen, &f, "\nFilter: q_  hides 4 of 4  Enter keep  Esc clear\n");
	check_has(screen, &f, "\n the filter hides all: Esc clears it\n");
	view_screen__key(screen, VIEW_KEY_BACKSPACE);
	check_has(screen, &f, "\nFilter: _  hides 0 of 4  ");
	type(screen, "fake-3", 0); /* another / is a letter */
	check_has(screen, &f, "\nFilter: /fake-3_  hides 4 of 4  ");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "\nq quit");
	check_has(screen, &f, " fake-1 ");
	type(screen, "fake", VIEW_KEY_ENTER);
	check_has(screen, &f, "\nfilter 'fake' hides 1  q quit");
	check_has(screen, &f, "\n  1 1001 fake-1 ");
	check_has_not(screen, &f, "\n  2 ");

	/* Enter then opens what is left; the filter stays. */
	view_screen__key(screen, VIEW_KEY_ENTER);
	check_has(screen, &f, "container 1  ");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "\nfilter 'fake' hides 1  ");
	/* The selection goes first, then the filter. */
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "\nfilter 'fake' hides 1  ");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has_not(screen, &f, "filter '");
	check_has(screen, &f, "\n  2 ");
	close_container(&f, screen);
}

/* The cursor moves while it is typed, and what is selected and hidden is not selected. */
static void test_filter_and_cursor(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;
	char text[80];

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	type(screen, "fake", VIEW_KEY_DOWN);
	check_has(screen, &f, "\n> 1 ");
	view_screen__key(screen, '-');
	view_screen__key(screen, '3');
	check_has(screen, &f, "operations of all containers");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	/* Longer than the screen and than there is room. */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	type(screen, text, 0);
	assert_true(screen_has(screen, &f.frame, 12, 40,
			       "\nFilter: xxxxxxxxxxxxxxxxxxxxxxxx_\n"));
	view_screen__key(screen, VIEW_KEY_ENTER);
	assert_true(screen_has(screen, &f.frame, 12, 40, "\nfilter 'xxxxxxxxxxxx+' hides 4"));
	close_container(&f, screen);
}

/* Keys that come faster than drawings mean what they would have meant one by one. */
static void test_keys_in_a_burst(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, VIEW_KEY_DOWN);
	view_screen__key(screen, VIEW_KEY_DOWN);
	view_screen__key(screen, VIEW_KEY_ENTER);
	view_screen__key(screen, VIEW_KEY_UP);
	check_has(screen, &f, "container 1  ");
	check_has(screen, &f, "\n>set_iommu ");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	view_screen__key(screen, VIEW_KEY_DOWN);
	view_screen__key(screen, VIEW_KEY_ENTER);
	view_screen__key(screen, 'l');
	check_has(screen, &f, "log of container 3  ");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	/* What was selected is hidden by then. */
	type(screen, "fake-4", VIEW_KEY_ENTER);
	view_screen__key(screen, VIEW_KEY_ENTER);
	check_has(screen, &f, "container 4  ");
	/* Back while it is typed ends the typing. */
	view_screen__key(screen, 'l');
	type(screen, "x", VIEW_KEY_LEFT);
	check_has(screen, &f, "container 4  ");
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has_not(screen, &f, "Filter: ");
	close_container(&f, screen);
}

/* Columns that were chosen */

static void choose(struct view_choice *choice, const char *list)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	char err[640];

	choice->n_fields = field__choose(fields, n, list, choice->fields, err, sizeof(err));
	assert_true(choice->n_fields > 0);
}

static void test_columns_chosen(void **state)
{
	struct view_screen *screen = view_screen__create();
	static struct view_choice choice;
	struct fixture f;

	setup(&f);
	feed_scene(&f);
	refresh(&f, 101 * SEC);
	choose(&choice, "owner,ID,mapped_bytes,State");
	view_screen__choose(screen, &choice);
	/* In this order; sorted by what is not there until the user sorts by what is. */
	check_has(screen, &f, "\n OWNER                                    ID MAPPED STATE\n"
			      " -                                         2      - -\n"
			      " web01                                     1   1.0G open\n");
	check_has(screen, &f, "sort: OPS/S, high first");
	view_screen__key(screen, '>');
	check_has(screen, &f, "sort: OWNER, low first");
	view_screen__key(screen, '<');
	check_has(screen, &f, "sort: STATE, low first");
	/* The last leaves first where there is no room. */
	assert_true(screen_has(screen, &f.frame, 24, 40, "  ID MAPPED STATE\n"));
	choose(&choice, "age,command,owner,groups,backend,state,cgroup,refs");
	view_screen__choose(screen, &choice);
	check_has(screen, &f, " BACKEND STATE  CGROUP REFS\n");
	assert_true(screen_has(screen, &f.frame, 24, 40, " GROUPS\n"));
	close_container(&f, screen);
}

static void test_columns_refused(void **state)
{
	static const struct {
		const char *list, *why;
	} cases[] = {
		{ "id,x,pid", "there is no column 'x'; columns are id, pid, command, owner, groups, " },
		{ "", "there is no column ''; " },
		{ "id,", "there is no column ''; " },
		{ "i", "there is no column 'i'; " },
		{ "ops/s,id,OPS/S", "column 'OPS/S' is named twice" },
		{ "errors,ops_per_second,ops/s", "column 'ops/s' is named twice" },
	};
	struct field to[VIEW_MAX_FIELDS];
	const struct field *fields;
	size_t n = field__containers(&fields);
	char err[640];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(field__choose(fields, n, cases[i].list, to, err, sizeof(err)), 0);
		if (strncmp(err, cases[i].why, strlen(cases[i].why)))
			fail_msg("'%s': %s", cases[i].list, err);
	}
}

/* The log */

#define GOLDEN_LOG_80x24 \
	"log  newest first  lost 0  0 older gone\n" \
	"\n" \
	" TIME        ID     PID COMMAND         RESULT     WHAT\n" \
	" 03:05:44     4    1004 fake-4                     release: freed after 4s\n" \
	" 03:05:44     4    1004 fake-4                     file closed\n" \
	" 03:05:40     4    1004 fake-4          ok         open\n" \
	" 03:05:36     3    1003 fake-3                     file closed, 1 reference left\n" \
	" 03:05:35     3    1003 fake-3          ok         attach group 20 (emulated)\n" \
	" 03:05:35     3    1003 fake-3          ok         open\n" \
	" 03:04:46     1    1001 fake-1          EEXIST     MAP_DMA iova 0x0 4.0K\n" \
	" 03:04:45     1    1001 fake-1          1.00ms     set_iommu type1v2\n" \
	" 03:04:45     1    1001 fake-1          300us      attach group 13 (iommu)\n" \
	" 03:04:45     1    1001 fake-1          300us      attach group 12 (iommu)\n" \
	" 03:04:45     1    1001 fake-1          ok         open\n" \
	"\n\n\n\n\n\n\n\n\n" \
	"Esc back  Up/Down scroll  / filter  ? help  Space freeze  q quit\n"
#define GOLDEN_LOG_40x8 \
	"log  newest first  lost 0  0 older gone\n" \
	"\n" \
	" TIME      ID RESULT     WHAT\n" \
	" 03:04:46   1 EEXIST     MAP_DMA iova...\n" \
	" 03:04:45   1 1.00ms     set_iommu ty...\n" \
	" 03:04:45   1 300us      attach group...\n" \
	" 03:04:45   1 300us      attach group...\n" \
	"filter 'fake-1' hides 6  Esc back\n"

static struct view_screen *open_log(struct fixture *f)
{
	struct view_screen *screen = view_screen__create();

	setup(f);
	feed_scene(f);
	refresh(f, 101 * SEC);
	view_screen__key(screen, 'l');
	return screen;
}

static void test_log(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_log(&f);

	check_screen(screen, &f, 24, 80, GOLDEN_LOG_80x24);
	type(screen, "fake-1", VIEW_KEY_ENTER);
	check_screen(screen, &f, 8, 40, GOLDEN_LOG_40x8);
	view_screen__key(screen, VIEW_KEY_ESCAPE);
	check_has(screen, &f, "\nfilter 'fake-1' hides 3  q quit");
	close_container(&f, screen);
}

/* Owner, device and pid as of containers; but an errno is the event's own. */
static void test_log_filter(void **state)
{
	static const struct {
		const char *text;
		const char *hides;
	} cases[] = {
		{ "web01", "hides 6" }, { "0000:00:10.0", "hides 6" }, { "1003", "hides 8" },
		{ "eexist", "hides 10" }, { "map_dma web01", "hides 10" }, { "attach", "hides 8" },
		{ "attach eexist", "hides 11" },
	};
	struct fixture f;
	struct view_screen *screen = open_log(&f);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		type(screen, cases[i].text, 0);
		check_has(screen, &f, cases[i].hides);
		view_screen__key(screen, VIEW_KEY_ESCAPE);
	}
	close_container(&f, screen);
}

static void test_log_of_one(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_container(&f, 3);

	view_screen__key(screen, 'l');
	check_has(screen, &f, "log of container 3  newest first");
	check_has(screen, &f, " ok         attach group 20 (emulated)\n");
	check_has_not(screen, &f, "fake-1");
	view_screen__key(screen, 'l');
	check_has(screen, &f, "container 3  fake-3");
	close_container(&f, screen);
}

/* What each event is called, and what others say that are known by their fields only. */
static void test_log_texts(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_log(&f);
	const __u64 ts = 102 * SEC;

	fake_event(&f.feed, OPEN, 0, ts, .ret = -12);
	fake_event(&f.feed, ATTACH, 1, ts, .group = 9, .type = 77, .ret = -16, .duration = 5000);
	fake_event(&f.feed, DETACH, 1, ts, .group = 12, .groups = 1, .reason = 1, .duration = 5000);
	fake_event(&f.feed, IOCTL, 1, ts, .cmd = VFIO_CMD_UNMAP_DMA, .known = false, .ret = -14);
	fake_event(&f.feed, IOCTL, 1, ts, .cmd = VFIO_CMD_MAP_DMA, .known = true, .iova = 0x100000,
		   .size = 2 << 20, .ret = -12);
	fake_event(&f.feed, IOCTL, 1, ts, .cmd = 0x5401, .ret = -22);
	fake_event(&f.feed, PIN, 1, ts, .group = 12, .iova = 0x5000, .npage = 3, .ret = -14);
	fake_event(&f.feed, DMA_RW, 1, ts, .group = 12, .iova = 1, .len = 4096, .ret = -4000);
	fake_event(&f.feed, GROUP_OPEN, 0, ts, .group = 4, .ret = -16);
	fake_event(&f.feed, GROUP_IOCTL, 0, ts, .group = 4, .cmd = VFIO_CMD_GROUP_GET_DEVICE_FD,
		   .ret = -19, .device = "0000:00:1f.0");
	fake_event(&f.feed, CLAIM_DMA_OWNER, 0, ts, .group = 4, .ret = -1);
	fake_event(&f.feed, RELEASE, 1, ts, .age = 3000000);
	/* None of these is worth a line. */
	fake_event(&f.feed, PIN, 1, ts, .group = 12, .ret = 1);
	fake_event(&f.feed, GET, 1, ts, .refs = 1);
	fake_event(&f.feed, MAP_PARTS, 1, ts, .ret = -12);
	fake_event(&f.feed, GROUP_OPEN, 0, ts, .group = 5);
	refresh(&f, 103 * SEC);
	check_wide(screen, &f, " none    1000 fake-0          ENOMEM     open\n");
	check_wide(screen, &f, " EBUSY      attach group 9 (type unknown)\n");
	check_wide(screen, &f, " 5.00us     detach group 12 (group_close), 1 left\n");
	check_wide(screen, &f, " EFAULT     UNMAP_DMA, arguments unreadable\n");
	check_wide(screen, &f, " ENOMEM     MAP_DMA iova 0x100000 2.0M\n");
	check_wide(screen, &f, " EINVAL     ioctl 0x5401\n");
	check_wide(screen, &f, " EFAULT     pin 3 pages at 0x5000, group 12\n");
	check_wide(screen, &f, " -4000      dma_rw group=12 iova=0x1 len=4.0K write=0 ret=");
	check_wide(screen, &f, " EBUSY      open of group 4\n");
	check_wide(screen, &f, " ENODEV     GROUP_GET_DEVICE_FD 0000:00:1f.0 of group 4\n");
	check_wide(screen, &f, " EPERM      claim of group 4 for user space\n");
	check_wide(screen, &f, " WHAT\n 03:05:47.000     1    1001 fake-1                     "
			      "release: freed after 3.00ms\n");
	close_container(&f, screen);
}

/* The same failure again is one line, with how often; another result is another. */
static void test_log_counts_repeats(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_log(&f);

	for (int i = 0; i < 1000; i++) {
		feed_map(&f, 1, 102 * SEC + i, 4096, -12, 10);
		feed_map(&f, 3, 102 * SEC + i, 4096, -12, 10);
	}
	feed_map(&f, 1, 103 * SEC, 4096, -1, 10);
	fake_event(&f.feed, PIN, 1, 103 * SEC, .group = 1, .ret = -12);
	fake_event(&f.feed, PIN, 1, 103 * SEC, .group = 2, .ret = -12);
	fake_event(&f.feed, OPEN, 7, 103 * SEC, .ret = 0);
	fake_event(&f.feed, OPEN, 8, 103 * SEC, .ret = 0);
	refresh(&f, 104 * SEC);
	assert_true(screen_has(screen, &f.frame, 24, 120, "ENOMEM     MAP_DMA iova 0x0 4.0K "
			       "(1000 times since 03:05:47)\n"));
	check_has(screen, &f, " EPERM      MAP_DMA iova 0x0 4.0K\n");
	close_container(&f, screen);
}

/* Bounded: the oldest go, are counted, and a frozen picture keeps its own. */
static void test_log_is_bounded(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_log(&f);
	struct model *frozen = NULL;

	for (__u64 id = 5; id < 5 + 3 * MODEL_LOG_MAX; id++) {
		fake_event(&f.feed, OPEN, id, 102 * SEC, .ret = 0);
		if (id % 1000 == 0)
			refresh(&f, 102 * SEC);
		if (id == 3000)
			frozen = model__snapshot(f.model);
	}
	refresh(&f, 103 * SEC);
	assert_int_equal(model__log(f.model)->n, MODEL_LOG_MAX);
	assert_int_equal(model__log(f.model)->dropped, 2 * MODEL_LOG_MAX + 11);
	assert_int_equal(model_log__entry(model__log(f.model), 0)->rec.id, 4 + 3 * MODEL_LOG_MAX);
	assert_int_equal(model_log__entry(model__log(f.model), MODEL_LOG_MAX - 1)->rec.id,
			 5 + 2 * MODEL_LOG_MAX);
	assert_int_equal(model_log__entry(model__log(frozen), 0)->rec.id, 3000);
	check_has(screen, &f, "4107 older gone");
	check_has(screen, &f, "1-20 of 2048");
	model__destroy(frozen);

	/* Who has scrolled keeps what is looked at while others come. */
	view_screen__key(screen, VIEW_KEY_DOWN);
	check_has(screen, &f, "2-21 of 2048");
	for (__u64 id = 1; id < 4; id++)
		fake_event(&f.feed, OPEN, 10000 + id, 104 * SEC, .ret = 0);
	refresh(&f, 104 * SEC);
	check_has(screen, &f, "5-24 of 2048");
	close_container(&f, screen);
}

static void test_log_says_what_is_missing(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_log(&f);

	f.info.aggregates = true;
	check_has(screen, &f, "\nfailed pins and DMA accesses are only counted, in ERRORS\n");
	f.info.aggregates = false;
	f.info.unseen = 1ULL << VFIO_EV_PIN | 1ULL << VFIO_EV_CLOSE | 1ULL << VFIO_EV_GET;
	check_has(screen, &f, "\nnot seen: close; failed pins were not recorded\n");
	close_container(&f, screen);
	screen = view_screen__create();
	setup(&f);
	refresh(&f, 101 * SEC);
	view_screen__key(screen, 'l');
	check_has(screen, &f, "\n nothing has happened yet\n");
	close_container(&f, screen);
}

/* Histograms */

static struct model_op *op_of(const __u64 *ns, size_t n)
{
	struct model_op *op = model_op__create();

	for (size_t i = 0; i < n; i++)
		model_op__add(op, &(struct vfio_outcome){ .op = VFIO_OP_PIN, .duration = ns[i] });
	return op;
}

/* Whatever the room: no more bins, edges that touch each other, and no call is left out. */
static void test_histogram_bins(void **state)
{
	static const __u64 ns[] = { 0, 1, 700, 15000, 15000, 999999, 4000000000, 1ULL << 50 };
	struct model_op *op = op_of(ns, 8);
	struct view_hist_bin bins[VIEW_HIST_MAX];

	for (size_t max = 1; max <= VIEW_HIST_MAX; max++) {
		size_t n = view_hist__bins(op, max, bins);
		__u64 count = 0;

		assert_in_range(n, 1, max);
		for (size_t i = 0; i < n; i++) {
			count += bins[i].count;
			assert_true(bins[i].from_ns < bins[i].to_ns);
			assert_true(!i || bins[i].from_ns == bins[i - 1].to_ns);
		}
		assert_int_equal(count, 8);
		assert_true(bins[0].count && bins[n - 1].count);
	}
	assert_int_equal(view_hist__bins(op, 0, bins), 0);
	model_op__destroy(op);
}

static void test_histogram_edges(void **state)
{
	static const __u64 ns[] = { 15000, 15000, 60000, 150000 };
	struct model_op *op = op_of(ns, 4);
	struct view_hist_bin bins[VIEW_HIST_MAX];
	char text[VIEW_HIST_LABEL];

	assert_int_equal(view_hist__bins(op, 10, bins), 4); /* from 10, 20, 50 and 100 us */
	assert_int_equal(bins[0].from_ns, 10000);
	assert_int_equal(bins[0].count, 2);
	assert_int_equal(bins[1].count, 0);
	assert_int_equal(bins[2].count, 1);
	assert_int_equal(bins[3].to_ns, 200000);
	assert_int_equal(view_hist__bins(op, 3, bins), 2); /* powers of ten */
	assert_int_equal(bins[0].count, 3);
	assert_int_equal(bins[1].to_ns, 1000000);
	assert_int_equal(view_hist__find(bins, 2, 99999), 0);
	assert_int_equal(view_hist__find(bins, 2, 100000), 1);
	assert_int_equal(view_hist__find(bins, 2, 1000000), 2);
	assert_string_equal(view_hist__edge(0, text), "0");
	assert_string_equal(view_hist__edge(500, text), "500ns");
	assert_string_equal(view_hist__edge(20000, text), "20us");
	assert_string_equal(view_hist__edge(1000000000, text), "1s");
	assert_string_equal(view_hist__edge(5000000000000, text), "5000s");
	model_op__destroy(op);
}

static void test_bars(void **state)
{
	struct view_canvas *canvas = view_canvas__create(1, 10);
	char text[16];

	view_canvas__bar(canvas, 0, 1, 5, 3 * VIEW_BAR_FULL + 1);
	view_canvas__text(canvas, 0, text, sizeof(text));
	assert_string_equal(text, " ###.");
	assert_int_equal(canvas->cells[4].ch, 1);
	view_canvas__bar(canvas, 0, 1, 5, 1000);
	view_canvas__text(canvas, 0, text, sizeof(text));
	assert_string_equal(text, " #####");
	view_canvas__destroy(canvas);
}

/* Any key at any size on any page: the sanitizers watch. */
static void test_random_keys_and_sizes(void **state)
{
	static const int keys[] = {
		VIEW_KEY_UP, VIEW_KEY_DOWN, VIEW_KEY_PAGE_UP, VIEW_KEY_PAGE_DOWN, VIEW_KEY_HOME,
		VIEW_KEY_END, VIEW_KEY_LEFT, VIEW_KEY_ENTER, VIEW_KEY_ENTER, VIEW_KEY_TAB,
		VIEW_KEY_BACK_TAB, VIEW_KEY_ESCAPE, VIEW_KEY_RESIZE, VIEW_KEY_FILTER,
		VIEW_KEY_BACKSPACE, 'x', '1', '2', '3', '4', 'S', '?', 'l',
		VIEW_KEY_RIGHT, 'H', 'H', 'z', 'a', 't', '>',
	};
	struct view_screen *screen = view_screen__create();
	unsigned int seed = 7;
	struct fixture f;

	setup(&f);
	model__keep_heat(f.model);
	feed_scene(&f);
	for (__u64 id = 5; id < 30; id++)
		for (__u64 i = 0; i < id; i++)
			feed_map(&f, id, id * SEC, 4096, id % 5 ? 0 : -12, (i << id) + i);
	for (int i = 1; i < 150; i++)
		refresh(&f, (100 + i) * SEC);
	for (int i = 0; i < 4000; i++) {
		view_screen__key(screen, keys[rand_r(&seed) % (sizeof(keys) / sizeof(keys[0]))]);
		f.frame.frozen = i % 2;
		free(screen_text(screen, &f.frame, 1 + rand_r(&seed) % 60,
				 1 + rand_r(&seed) % 250));
	}
	close_container(&f, screen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_container_operations),
		cmocka_unit_test(test_container_parts),
		cmocka_unit_test(test_container_unknown),
		cmocka_unit_test(test_container_without_begins),
		cmocka_unit_test(test_container_back),
		cmocka_unit_test(test_keys_in_a_burst),
		cmocka_unit_test(test_container_goes),
		cmocka_unit_test(test_mappings_scroll),
		cmocka_unit_test(test_filter_matches),
		cmocka_unit_test(test_filter_is_typed),
		cmocka_unit_test(test_filter_and_cursor),
		cmocka_unit_test(test_columns_chosen),
		cmocka_unit_test(test_columns_refused),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_filter),
		cmocka_unit_test(test_log_of_one),
		cmocka_unit_test(test_log_texts),
		cmocka_unit_test(test_log_counts_repeats),
		cmocka_unit_test(test_log_is_bounded),
		cmocka_unit_test(test_log_says_what_is_missing),
		cmocka_unit_test(test_histogram_bins),
		cmocka_unit_test(test_histogram_edges),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_random_keys_and_sizes),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
