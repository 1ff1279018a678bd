// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tree.c - containers by whose they are: who is one owner, totals, order, the lines drawn
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/view_batch.h"
#include "lib/view_rows.h"
#include "lib/view_tree.h"
#include "view_fixture.h"

#define UID2 "11111111-77aa-4c0e-9d5b-3a1f0c2b4d5e"

/* Checked by eye when they change. */
#define GOLDEN_TREE \
	" OWNER, CONTAINER, GROUP, DEVICE            AGE REFS MAPPED PINNED OPS/S ERRORS\n" \
	" process unknown                                          -      -   200      0\n" \
	" `- container 2, group ?                      -    -      -      -   200      0\n" \
	"    `- group 7, devices unknown\n" \
	" web01, 2 containers                                   1.5G   393k    10      1\n" \
	" |- container 1, fake-1 (1001)            1m01s    3   1.0G   262k   6.0      1\n" \
	" |  |- group 12  0000:00:10.0 Intel Corporation 82574L Gigabit Netwo+ (vfio-pci)\n" \
	" |  `- group 13, devices unknown\n" \
	" `- container 5, fake-5 (1005)               6s    2   512M   131k   4.0      0\n" \
	"    `- group 30\n" \
	"       |- 0000:01:00.0 A B (vfio-pci)\n" \
	"       `- 0000:01:00.1 A C (vfio-pci)\n" \
	" pod 0f6a2b1e-77aa-4c0e-9d5b-3a1f0c2b4d5e                 0      0   2.0      0\n" \
	"c`- container 3, fake-3 (1003)              11s    1      0      0   2.0      0\n" \
	"    `- group 20, devices unknown\n" \
	" fake-4 (1004)                                            0      0   1.0      0\n" \
	"g`- container 4                              4s    0      0      0   1.0      0\n"

static void feed_device_pair(struct fixture *f, __u32 number)
{
	const struct source_device devices[] = {
		{ .vendor = 1, .device = 2, .text = { [VFIO_DEVICE_NAME] = "0000:01:00.0",
		  [VFIO_DEVICE_BUS] = "pci", [VFIO_DEVICE_DRIVER] = "vfio-pci",
		  [VFIO_DEVICE_VENDOR] = "A", [VFIO_DEVICE_MODEL] = "B",
		  [VFIO_DEVICE_PARENT] = "", [VFIO_DEVICE_MDEV_TYPE] = "" } },
		{ .vendor = 1, .device = 3, .text = { [VFIO_DEVICE_NAME] = "0000:01:00.1",
		  [VFIO_DEVICE_BUS] = "pci", [VFIO_DEVICE_DRIVER] = "vfio-pci",
		  [VFIO_DEVICE_VENDOR] = "A", [VFIO_DEVICE_MODEL] = "C",
		  [VFIO_DEVICE_PARENT] = "", [VFIO_DEVICE_MDEV_TYPE] = "" } },
	};
	const struct source_group_info group = {
		.number = number, .n_listed = 2, .n_devices = 2, .devices = devices,
	};

	f->feed.group(f->feed.ctx, &group);
}

/* The scene, and a second container of web01 with two devices in one group. */
static void feed_all(struct fixture *f)
{
	setup(f);
	feed_scene(f);
	fake_event(&f->feed, OPEN, 5, 95 * SEC, .ret = 0);
	fake_owner(&f->feed, 5, VFIO_OWNER_LIBVIRT, .started_ns = 30 * SEC,
		   .text[VFIO_OWNER_NAME_TEXT] = "web01", .text[VFIO_OWNER_UUID_TEXT] = UID,
		   .text[VFIO_OWNER_CGROUP_TEXT] = "/machine.slice/m.scope");
	fake_event(&f->feed, ATTACH, 5, 95 * SEC, .group = 30, .type = 0, .groups = 1, .refs = 2,
		   .duration = 300000);
	fake_event(&f->feed, SET_IOMMU, 5, 95 * SEC, .type = 3, .backend = "vfio-iommu-type1",
		   .groups = 1, .duration = 1000000);
	feed_device_pair(f, 30);
	feed_map(f, 5, 96 * SEC, 512 << 20, 0, 900);
	refresh(f, 101 * SEC);
}

static void make(struct view_tree *tree, const struct fixture *f, const char *sort, bool reverse,
		 const char *filter_text)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	struct view_filter filter = { 0 };

	assert_true(view_filter__set(&filter, filter_text));
	view_tree__make(tree, &f->frame, field__find(fields, n, sort), reverse, &filter);
}

/* "web01 1,5;" of each owner, in order. */
static void check_owners(const struct fixture *f, const char *sort, bool reverse,
			 const char *filter, const char *wanted)
{
	char text[512], *at = text;
	struct view_tree tree;

	make(&tree, f, sort, reverse, filter);
	for (size_t i = 0; i < tree.n_owners; i++)
		for (size_t row = tree.first[i]; row < tree.first[i + 1]; row++) {
			assert_ptr_equal(tree.members[row], tree.rows[row].container);
			at += sprintf(at, "%llu%s", tree.rows[row].container->id,
				      row + 1 < tree.first[i + 1] ? "," : ";");
		}
	*at = '\0';
	assert_string_equal(text, wanted);
	view_tree__clear(&tree);
}

/* Text of column @name of owner @i. */
static void check_total(const struct view_tree *tree, size_t i, const char *name,
			const char *wanted)
{
	const struct field *fields;
	size_t n = field__containers(&fields);
	const struct field *field = field__find(fields, n, name);
	struct field_value value = field__get(field, &tree->owners[i]);
	char text[VIEW_CELL_SIZE];

	field__format(field, &value, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void test_totals(void **state)
{
	struct view_tree tree;
	struct fixture f;

	feed_all(&f);
	make(&tree, &f, "mapped_bytes", false, "");
	check_total(&tree, 0, "mapped_bytes", "1.5G");
	check_total(&tree, 0, "pinned_pages", "393k");
	check_total(&tree, 0, "ops_per_second", "10");
	check_total(&tree, 0, "errors", "1");
	/* What is the same is said, what has no total is not. */
	check_total(&tree, 0, "backend", "type1");
	check_total(&tree, 0, "owner", "web01");
	check_total(&tree, 0, "pid", "");
	check_total(&tree, 0, "age_ns", "");
	/* One that is unknown makes the sum unknown: it is no 0. */
	check_total(&tree, tree.n_owners - 1, "mapped_bytes", "-");
	check_total(&tree, tree.n_owners - 1, "errors", "0");
	view_tree__clear(&tree);
	/* Who is gone holds nothing any more; what it did stays. */
	feed_map(&f, 5, 101 * SEC, 4096, -17, 2000);
	fake_event(&f.feed, RELEASE, 5, 101 * SEC, .age = SEC);
	refresh(&f, 102 * SEC);
	make(&tree, &f, "mapped_bytes", false, "web01");
	assert_int_equal(tree.n_rows, 2);
	check_total(&tree, 0, "mapped_bytes", "1.0G");
	check_total(&tree, 0, "errors", "2");
	check_total(&tree, 0, "ops_per_second", "1.0");
	view_tree__clear(&tree);
	teardown(&f);
}

static void test_order(void **state)
{
	struct fixture f;

	feed_all(&f);
	check_owners(&f, "ops_per_second", false, "", "2;1,5;3;4;");
	check_owners(&f, "ops_per_second", true, "", "4;3;5,1;2;");
	/* Unknown comes last in both directions. */
	check_owners(&f, "mapped_bytes", false, "", "1,5;3;4;2;");
	check_owners(&f, "mapped_bytes", true, "", "3;4;5,1;2;");
	check_owners(&f, "errors", false, "", "1,5;2;3;4;");
	/* Without a total by what comes first. */
	check_owners(&f, "age_ns", false, "", "1,5;3;4;2;");
	check_owners(&f, "ops_per_second", false, "web01", "1,5;");
	check_owners(&f, "ops_per_second", false, "30", "5;");
	check_owners(&f, "ops_per_second", false, "none", "");
	teardown(&f);
}

/* The totals decide, not the largest container: two of 60 are more than one of 100. */
static void test_order_by_totals(void **state)
{
	struct fixture f;

	setup(&f);
	for (__u64 id = 1; id <= 3; id++) {
		fake_event(&f.feed, OPEN, id, 100 * SEC, .ret = 0);
		fake_owner(&f.feed, id, VFIO_OWNER_POD,
			   .text[VFIO_OWNER_NAME_TEXT] = id == 1 ? UID : UID2);
		for (int i = 0; i < (id == 1 ? 100 : 60); i++)
			fake_event(&f.feed, PIN, id, 100 * SEC, .npage = 1, .ret = 1,
				   .duration = 10);
	}
	refresh(&f, 101 * SEC);
	check_owners(&f, "ops_per_second", false, "", "2,3;1;");
	check_owners(&f, "ops_per_second", true, "", "1;2,3;");
	teardown(&f);
}

static void open_as(struct fixture *f, __u64 id, __u32 tgid, enum vfio_owner_kind kind,
		    const char *name, const char *uuid)
{
	struct vfio_rec rec = source_fake__rec(VFIO_EV_OPEN, id, 100 * SEC);

	rec.tgid = tgid;
	f->feed.event(f->feed.ctx, &rec);
	fake_owner(&f->feed, id, kind, .tgid = tgid, .text[VFIO_OWNER_NAME_TEXT] = name,
		   .text[VFIO_OWNER_UUID_TEXT] = uuid);
}

static void test_who_is_one(void **state)
{
	struct fixture f;

	setup(&f);
	open_as(&f, 1, 50, VFIO_OWNER_LIBVIRT, "web01", UID);
	open_as(&f, 2, 51, VFIO_OWNER_LIBVIRT, "web01", UID);  /* the same */
	open_as(&f, 3, 52, VFIO_OWNER_LIBVIRT, "web01", UID2); /* of the same name */
	open_as(&f, 4, 53, VFIO_OWNER_QEMU, "vm", "");
	open_as(&f, 5, 54, VFIO_OWNER_QEMU, "vm", ""); /* of the same name */
	open_as(&f, 6, 54, VFIO_OWNER_QEMU, "vm", "");
	open_as(&f, 7, 55, VFIO_OWNER_POD, UID, "");
	open_as(&f, 8, 56, VFIO_OWNER_POD, UID, ""); /* another process of the pod */
	open_as(&f, 9, 57, VFIO_OWNER_PROCESS, "dpdk", "");
	open_as(&f, 10, 57, VFIO_OWNER_PROCESS, "dpdk", "");
	open_as(&f, 11, 58, VFIO_OWNER_PROCESS, "dpdk", ""); /* another process */
	open_as(&f, 12, 57, VFIO_OWNER_UNKNOWN, "", "");
	open_as(&f, 13, 57, VFIO_OWNER_CONTAINER, UID, ""); /* of another kind */
	refresh(&f, 101 * SEC);
	check_owners(&f, "id", false, "", "1,2;3;4;5,6;7,8;9,10,12;11;13;");
	teardown(&f);
}

/* So many that their hashes meet. */
static void test_many_owners(void **state)
{
	struct view_tree tree;
	struct fixture f;
	char name[16];

	setup(&f);
	for (__u64 id = 1; id <= 600; id++) {
		snprintf(name, sizeof(name), "vm%llu", id % 200);
		open_as(&f, id, id, VFIO_OWNER_LIBVIRT, name, UID);
		open_as(&f, 1000 + id, id % 300, VFIO_OWNER_PROCESS, "dpdk", "");
	}
	for (__u64 id = 2001; id <= 2020; id++)
		open_as(&f, id, id << 16, VFIO_OWNER_QEMU, "vm", "");
	refresh(&f, 101 * SEC);
	make(&tree, &f, "id", false, "");
	assert_int_equal(tree.n_rows, 1220);
	assert_int_equal(tree.n_owners, 520);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(tree.owners[i].n_members, i < 200 ? 3 : 2);
	view_tree__clear(&tree);
	teardown(&f);
}

static void test_screen(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;
	int sorted = 0;

	feed_all(&f);
	press(screen, &f, 't');
	check_rows_have(screen, &f, 40, GOLDEN_TREE);
	check_has(screen, &f, "  t flat  ");
	/* The cursor goes from container to container. */
	press(screen, &f, VIEW_KEY_DOWN);
	check_has(screen, &f, "\n>`- container 2, group ?");
	press(screen, &f, VIEW_KEY_DOWN);
	press(screen, &f, VIEW_KEY_DOWN);
	check_has(screen, &f, "\n>`- container 5, fake-5");
	check_has(screen, &f, "\n operations of container 5 (fake-5)");
	/* All of it is seen on a low screen, too. */
	check_rows_have(screen, &f, 16, "\n       `- 0000:01:00.1 A C (vfio-pci)");
	check_rows_have(screen, &f, 10, "\n>`- container 5, fake-5");
	press(screen, &f, VIEW_KEY_ENTER);
	check_has(screen, &f, "container 5  fake-5, pid 1005");
	press(screen, &f, VIEW_KEY_ESCAPE);
	press(screen, &f, 't');
	check_has(screen, &f, "\n> 5 1005");
	/* Sorted by the columns that the tree has. */
	press(screen, &f, 't');
	for (int i = 0; i < 30; i++) {
		press(screen, &f, '>');
		assert_false(screen_has(screen, &f.frame, 40, 80, "sort: OWNER"));
		sorted += screen_has(screen, &f.frame, 40, 80, "sort: MAPPED");
	}
	assert_int_equal(sorted, 5); /* of six */
	view_screen__destroy(screen);
	teardown(&f);
}

/* Keys in a burst, before the tree was drawn: its order counts. */
static void test_burst(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	feed_all(&f);
	view_screen__key(screen, 't');
	for (int i = 0; i < 3; i++)
		view_screen__key(screen, VIEW_KEY_DOWN);
	view_screen__key(screen, VIEW_KEY_ENTER);
	check_has(screen, &f, "container 5  fake-5, pid 1005");
	view_screen__destroy(screen);
	teardown(&f);
}

/* Also with more containers and lines than the screen has rows. */
static void test_long(void **state)
{
	struct view_screen *screen = view_screen__create();
	struct fixture f;

	setup(&f);
	for (__u64 id = 1; id <= 50; id++) {
		open_as(&f, id, 100 + (id - 1) / 5, VFIO_OWNER_QEMU, "vm", "");
		fake_event(&f.feed, ATTACH, id, 100 * SEC, .group = id, .groups = 1, .refs = 2);
		feed_device_pair(&f, id);
	}
	refresh(&f, 101 * SEC);
	press(screen, &f, 't');
	for (int i = 0; i < 60; i++) {
		char what[48];

		press(screen, &f, VIEW_KEY_DOWN);
		snprintf(what, sizeof(what), "- container %d, fake-%d", i < 50 ? i + 1 : 50,
			 i < 50 ? i + 1 : 50);
		check_has(screen, &f, what);
		check_has(screen, &f, "\n>");
	}
	check_has(screen, &f, "\n       `- 0000:01:00.1 A C (vfio-pci)\n operations");
	press(screen, &f, VIEW_KEY_HOME);
	check_has(screen, &f, "\n vm, 5 containers ");
	check_has(screen, &f, "\n>|- container 1, fake-1 (100)");
	view_screen__destroy(screen);
	teardown(&f);
}

static void test_batch(void **state)
{
	struct view_choice choice = { .tree = true };
	struct fixture f;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	feed_all(&f);
	view_batch__print(out, &f.frame, &choice);
	fclose(out);
	assert_non_null(strstr(text, "\nOWNER, CONTAINER, GROUP, DEVICE "));
	assert_non_null(strstr(text, "\nweb01, 2 containers "));
	assert_non_null(strstr(text, "\n|  |- group 12  0000:00:10.0 Intel Corporation 82574L Gigabit "
			       "Network Connection (vfio-pci)\n"));
	assert_non_null(strstr(text, "\n      `- 0000:01:00.1 A C (vfio-pci)\n"));
	/* Once is enough. */
	assert_null(strstr(text, "\ngroup 12"));
	free(text);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_by_totals),
		cmocka_unit_test(test_who_is_one),
		cmocka_unit_test(test_many_owners),
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
