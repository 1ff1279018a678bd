// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_mouse.c - clicks on the interactive screen: what is under the cursor of the mouse happens
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "view_fixture.h"

/* The row and column of @what, a newline is before them, on a screen of 24x80; fails without it. */
static void find(struct view_screen *screen, const struct fixture *f, const char *what, int *row,
		 int *col)
{
	char *text = screen_text(screen, &f->frame, 24, 80), *at = strstr(text, what);

	if (!at) {
		fprintf(stderr, "no '%s' in:\n%s", what, text);
		fail();
	}
	at += *what == '\n';
	*row = 0;
	*col = at - text;
	for (char *c = text; c < at; c++) {
		if (*c != '\n')
			continue;
		++*row;
		*col = at - c - 1;
	}
	free(text);
}

/* A click on the character @offset of @what; the screen is drawn before. */
static unsigned int click(struct view_screen *screen, const struct fixture *f, const char *what,
			  int offset)
{
	int row, col;

	find(screen, f, what, &row, &col);
	return view_screen__click(screen, row, col + offset);
}

static struct view_screen *open_scene(struct fixture *f)
{
	setup(f);
	feed_scene(f);
	refresh(f, 101 * SEC);
	return view_screen__create();
}

static void close_scene(struct fixture *f, struct view_screen *screen)
{
	view_screen__destroy(screen);
	teardown(f);
}

static void test_titles_sort(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);

	check_has(screen, &f, "sort: OPS/S, high first");
	assert_int_equal(click(screen, &f, " PID ", 2), VIEW_REDRAW);
	check_has(screen, &f, "sort: PID, low first");
	click(screen, &f, " PID ", 2);
	check_has(screen, &f, "sort: PID, high first");
	click(screen, &f, " PID ", 2);
	check_has(screen, &f, "sort: PID, low first");
	/* In a tree, too. */
	press(screen, &f, 't');
	click(screen, &f, "OPS/S", 0);
	check_has(screen, &f, "sort: OPS/S, high first");
	close_scene(&f, screen);
}

static void test_rows_are_selected_and_opened(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);

	click(screen, &f, "web01", 1);
	check_has(screen, &f, "\n> 1 ");
	check_has(screen, &f, " of container 1 ");
	click(screen, &f, "\n  2 ", 2);
	check_has(screen, &f, " of container 2 ");
	/* Keys go on from there. */
	click(screen, &f, "web01", 1);
	click(screen, &f, "web01", 1);
	check_has(screen, &f, "container 1  fake-1");
	close_scene(&f, screen);
}

/* Of a tree only lines of containers. */
static void test_lines_of_a_tree(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);
	int row, col;

	press(screen, &f, 't');
	find(screen, &f, "\n web01", &row, &col);
	assert_int_equal(view_screen__click(screen, row, col), VIEW_IGNORED);
	assert_int_equal(view_screen__selected(screen), 0);
	assert_int_equal(view_screen__click(screen, row + 1, col), VIEW_REDRAW);
	assert_int_equal(view_screen__selected(screen), 1);
	close_scene(&f, screen);
}

static void test_keys_of_the_last_row(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);

	assert_int_equal(click(screen, &f, "q quit", 0), VIEW_QUIT);
	assert_int_equal(click(screen, &f, "q quit", 4), VIEW_QUIT);
	/* Between two of them is nothing. */
	assert_int_equal(click(screen, &f, "q quit", 6), VIEW_IGNORED);
	assert_int_equal(click(screen, &f, "q quit", 7), VIEW_IGNORED);
	click(screen, &f, "t tree", 2);
	check_has(screen, &f, "t flat");
	click(screen, &f, "? help", 2);
	check_has(screen, &f, "q  F10 ");
	press(screen, &f, VIEW_KEY_ESCAPE);
	/* "< > sort": the one that is meant; what they do is the first. */
	click(screen, &f, "< > sort", 2);
	check_has(screen, &f, "sort: ERRORS, high first");
	click(screen, &f, "< > sort", 0);
	check_has(screen, &f, "sort: OPS/S, high first");
	/* Nothing outside. */
	assert_int_equal(view_screen__click(screen, 23, 79), VIEW_IGNORED);
	assert_int_equal(view_screen__click(screen, 24, 0), VIEW_IGNORED);
	assert_int_equal(view_screen__click(screen, -1, -1), VIEW_IGNORED);
	assert_int_equal(view_screen__click(screen, 1000, 1000), VIEW_IGNORED);
	close_scene(&f, screen);
}

static void test_keys_of_time(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);

	f.frame.frozen = true;
	assert_int_equal(click(screen, &f, "Left Right step", 1), VIEW_STEP | VIEW_REDRAW);
	assert_int_equal(click(screen, &f, "Left Right step", 6),
			 VIEW_STEP | VIEW_FORTH | VIEW_REDRAW);
	assert_int_equal(click(screen, &f, "N n failed", 2),
			 VIEW_STEP | VIEW_FORTH | VIEW_MARK | VIEW_REDRAW);
	assert_int_equal(click(screen, &f, "N n failed", 4),
			 VIEW_STEP | VIEW_MARK | VIEW_REDRAW);
	assert_int_equal(click(screen, &f, "Space go on", 7), VIEW_FREEZE | VIEW_REDRAW);
	close_scene(&f, screen);
}

static void test_a_container(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);

	click(screen, &f, "web01", 1);
	press(screen, &f, VIEW_KEY_ENTER);
	click(screen, &f, "2 Mappings", 3);
	check_has(screen, &f, "[2 Mappings]");
	click(screen, &f, "1 Operations", 3);
	check_has(screen, &f, "[1 Operations]");
	click(screen, &f, "\n set_iommu ", 3);
	check_has(screen, &f, "\n>set_iommu ");
	click(screen, &f, "\n>set_iommu ", 3);
	check_has(screen, &f, "Enter table");
	click(screen, &f, "Enter table", 1);
	check_has(screen, &f, "\n>set_iommu ");
	click(screen, &f, "Esc back", 5);
	check_has(screen, &f, "q quit");
	close_scene(&f, screen);
}

/* A message is in place of the last row: it goes, and no key that cannot be seen is pressed. */
static void test_a_message_goes(void **state)
{
	struct fixture f;
	struct view_screen *screen = open_scene(&f);

	view_screen__say(screen, "t tree");
	assert_int_equal(click(screen, &f, "t tree", 0), VIEW_REDRAW);
	check_has(screen, &f, "t tree");
	close_scene(&f, screen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_titles_sort),
		cmocka_unit_test(test_rows_are_selected_and_opened),
		cmocka_unit_test(test_lines_of_a_tree),
		cmocka_unit_test(test_keys_of_the_last_row),
		cmocka_unit_test(test_keys_of_time),
		cmocka_unit_test(test_a_container),
		cmocka_unit_test(test_a_message_goes),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
