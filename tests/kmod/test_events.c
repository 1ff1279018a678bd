// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_events.c - the tracepoints: every event of a container's life, references that add up,
 * durations, ids and slots
 */
#include "test.h"

static struct test_group g7, g8;
static struct page *pages[1];

/* 6.1 tells the backend of the close first. */
#if SHIM_OLD_CORE
#define NOTIFIED "c.notify(0)",
#else
#define NOTIFIED
#endif

static void every_event_of_a_lifecycle(void **state)
{
	struct file *file;

	shim_trace(NULL, true);
	file = open_container(NULL);
	expect_log("vfio_container_open id=* slot=0 ret=0",
		   "vfio_container_get id=* slot=0 reason=file refs=1");
	vfio_register_iommu_driver(&mock_c.ops);
	expect_log("vfio_iommu_driver_register backend=c ret=0");
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, file);
	expect_log("vfio_container_attach_start id=* slot=0 group=7 type=emulated",
		   "vfio_container_attach id=* slot=0 group=7 type=emulated groups=1 refs=2 ret=0 duration=100",
		   "vfio_container_get id=* slot=0 reason=group refs=2");
	container_ioctl(file, VFIO_CHECK_EXTENSION, MOCK_TYPE);
	expect_log("get c", "c.check(1)", "put c",
		   "vfio_container_check_extension id=* slot=0 extension=1 ret=1");
	set_iommu(file, MOCK_TYPE);
	expect_log("vfio_container_set_iommu_start id=* slot=0 type=type1 groups=1", "get c",
		   "c.check(1)", "c.open(1)", "c.attach(7, 1)",
		   "vfio_container_set_iommu id=* slot=0 type=type1 backend=c groups=1 ret=0 duration=100");
	device_open(&g7);
	expect_log("vfio_device_assign id=* slot=0 group=7 users=2 ret=0", "c.register(7)");
	container_ioctl(file, 0x3b70, 0);
	expect_log("vfio_container_ioctl_start id=* slot=0 cmd=GET_INFO groups=1 has_backend=1 known=0 flags=0x0 iova=0x0 size=0 vaddr=0x0",
		   "c.ioctl(3b70, 0)",
		   "vfio_container_ioctl id=* slot=0 cmd=GET_INFO groups=1 has_backend=1 known=0 flags=0x0 iova=0x0 size=0 vaddr=0x0 ret=16216 duration=100");
	close_file(file);
	expect_log(NOTIFIED "vfio_container_close id=* slot=0 refs=1",
		   "vfio_container_put id=* slot=0 reason=file refs=1");
	device_close(&g7);
	expect_log("c.unregister(7)", "vfio_device_unassign id=* slot=0 group=7 users=1 ret=0");
	group_close(&g7);
	expect_log("c.detach(7)", "c.release", "put c",
		   "vfio_container_detach id=* slot=0 group=7 groups=0 refs=0 reason=group_close duration=100",
		   "vfio_container_put id=* slot=0 reason=group refs=0",
		   "vfio_container_release id=* slot=0 age=*", "free slot 0");
	vfio_unregister_iommu_driver(&mock_c.ops);
	expect_log("vfio_iommu_driver_unregister backend=c ret=0");
}

static void no_event_while_off(void **state)
{
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	container_ioctl(container, VFIO_CHECK_EXTENSION, 1);
	set_iommu(container, MOCK_TYPE);
	device_open(&g7);
	pin(&g7, 0, 1, pages);
	unpin(&g7, 0, 1);
	container_ioctl(container, 0x3b70, 0);
	device_close(&g7);
	group_close(&g7);
	assert_null(strstr(shim_take_log(), "vfio_"));
}

static void failed_calls_say_so(void **state)
{
	shim_trace(NULL, true);
	shim_fail_nth(1);
	assert_null(open_container(NULL));
	expect_log("vfio_container_open id=0 slot=-1 ret=-12");

	assert_int_equal(vfio_register_iommu_driver(&mock_c.ops), -EINVAL);
	expect_log("vfio_iommu_driver_register backend=c ret=-22");
	vfio_unregister_iommu_driver(&mock_b.ops);
	vfio_unregister_iommu_driver(&mock_b.ops);
	expect_log("vfio_iommu_driver_unregister backend=b ret=0",
		   "vfio_iommu_driver_unregister backend=b ret=-2");

	assert_int_equal(set_iommu(container, VFIO_TYPE1v2_IOMMU), -EINVAL);
	expect_log("vfio_container_set_iommu_start id=* slot=0 type=type1v2 groups=0",
		   "vfio_container_set_iommu id=* slot=0 type=type1v2 backend= groups=0 ret=-22 duration=100");

	group_init(&g7, 7, VFIO_NO_IOMMU);
	shim_capable = false;
	assert_int_equal(set_container(&g7, container), -EPERM);
	expect_log("vfio_container_attach_start id=* slot=0 group=7 type=noiommu",
		   "vfio_container_attach id=* slot=0 group=7 type=noiommu groups=0 refs=1 ret=-1 duration=100");
	g7.vfio.type = VFIO_IOMMU;
	shim_fail_nth(1);
	assert_int_equal(set_container(&g7, container), -EBUSY);
	expect_log("vfio_container_attach_start id=* slot=0 group=7 type=iommu",
		   "vfio_container_attach id=* slot=0 group=7 type=iommu groups=0 refs=1 ret=-16 duration=100");
	set_container(&g7, container);
	forget_log();
	assert_int_equal(device_open(&g7), -EINVAL);
	expect_log("vfio_device_assign id=* slot=0 group=7 users=1 ret=-22");
	group_close(&g7);
}

static void each_detach_has_its_reason(void **state)
{
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	shim_trace("vfio_container_detach", true);
	unset_container(&g7);
	expect_log("vfio_container_detach * reason=unset *");
	set_container(&g7, container);
	group_close(&g7);
	expect_log("vfio_container_detach * reason=group_close *");
	group_open(&g7);
	set_container(&g7, container);
	remove_device(&g7);
	expect_log("vfio_container_detach * reason=device_removal *");
	group_close(&g7);
}

/* What MAP_DMA and UNMAP_DMA ask for */

static void map_dma_arguments_are_told(void **state)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = 3, .vaddr = 0x7000, .iova = 0x100000, .size = 8192,
	};

	shim_trace("vfio_container_ioctl_start", true);
	shim_trace("vfio_container_ioctl", true);
	container_ioctl(container, VFIO_IOMMU_MAP_DMA, (unsigned long)&map);
	expect_log("vfio_container_ioctl_start id=* slot=0 cmd=MAP_DMA groups=0 has_backend=0 known=1 flags=0x3 iova=0x100000 size=8192 vaddr=0x7000",
		   "vfio_container_ioctl id=* slot=0 cmd=MAP_DMA groups=0 has_backend=0 known=1 flags=0x3 iova=0x100000 size=8192 vaddr=0x7000 ret=-22 duration=100");
}

/* Of UNMAP_DMA only the fixed part is read, here at the very end of its memory. */
static struct vfio_iommu_type1_dma_unmap *user_unmap;

static void give_size_back(void)
{
	user_unmap->size = 4096;
}

static void unmap_dma_gives_its_size_back(void **state)
{
	size_t size = offsetofend(struct vfio_iommu_type1_dma_unmap, size);

	user_unmap = calloc(1, size);
	user_unmap->flags = 1;
	user_unmap->iova = 0x2000;
	user_unmap->size = 16384;
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	shim_trace("vfio_container_ioctl_start", true);
	shim_trace("vfio_container_ioctl", true);
	mock_c.inside = give_size_back;
	container_ioctl(container, VFIO_IOMMU_UNMAP_DMA, (unsigned long)user_unmap);
	expect_log("vfio_container_ioctl_start id=* cmd=UNMAP_DMA groups=1 has_backend=1 known=1 flags=0x1 iova=0x2000 size=16384 vaddr=0x0",
		   "c.ioctl(3b72, *)",
		   "vfio_container_ioctl id=* cmd=UNMAP_DMA groups=1 has_backend=1 known=1 flags=0x1 iova=0x2000 size=4096 vaddr=0x0 ret=16218 duration=100");
	free(user_unmap);
	group_close(&g7);
}

static void unreadable_arguments_are_unknown(void **state)
{
	struct vfio_iommu_type1_dma_map map = { .flags = 3, .iova = 5, .size = 6, .vaddr = 7 };
	struct vfio_iommu_type1_dma_unmap unmap = { .flags = 3, .iova = 5, .size = 6 };
	const char *unknown = "* known=0 flags=0x0 iova=0x0 size=0 vaddr=0x0*";

	shim_trace("vfio_container_ioctl_start", true);
	shim_trace("vfio_container_ioctl", true);
	container_ioctl(container, VFIO_IOMMU_MAP_DMA, 0);
	expect_log(unknown, unknown);
	shim_user_hole = (char *)&map.size;
	container_ioctl(container, VFIO_IOMMU_MAP_DMA, (unsigned long)&map);
	expect_log(unknown, unknown);
	shim_user_hole = (char *)&unmap.size;
	container_ioctl(container, VFIO_IOMMU_UNMAP_DMA, (unsigned long)&unmap);
	expect_log(unknown, unknown);
	shim_user_hole = NULL;
	container_ioctl(container, VFIO_IOMMU_ENABLE, (unsigned long)&map);
	expect_log(unknown, unknown);
}

/* The name of the backend */

static void backend_without_a_name_is_empty(void **state)
{
	mock_c.ops.name = NULL;
	vfio_unregister_iommu_driver(&mock_c.ops);
	shim_trace("vfio_iommu_driver_register", true);
	shim_trace("vfio_iommu_driver_unregister", true);
	shim_trace("vfio_container_set_iommu", true);
	vfio_register_iommu_driver(&mock_c.ops);
	expect_log("vfio_iommu_driver_register backend= ret=0");
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_non_null(strstr(shim_take_log(), " backend= groups=1 ret=0"));
	group_close(&g7);
	forget_log();
	vfio_unregister_iommu_driver(&mock_c.ops);
	expect_log("vfio_iommu_driver_unregister backend= ret=0");
}

static void unset_g7(void)
{
	unset_container(&g7);
}

/* A detach between SET_IOMMU's unlock and its event. */
static void backend_gone_before_the_event_is_empty(void **state)
{
	struct vfio_backend *backend;

	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	shim_trace("vfio_container_set_iommu", true);
	shim_on_up_write = unset_g7;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_non_null(strstr(shim_take_log(), " backend= groups=0 ret=0"));
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	/* The event's own use of the backend has ended. */
	backend = container_of_file(container)->backend;
	assert_int_equal(refcount_read(&backend->users), 1);
	group_close(&g7);
}

/* Durations: unknown when the event came on in the middle, no event when it went off */

static bool on_in_the_middle;

static void switch_events(void)
{
	shim_trace(NULL, on_in_the_middle);
}

static void arm(bool on)
{
	forget_log();
	on_in_the_middle = on;
	shim_trace(NULL, !on);
	mock_c.inside = switch_events;
}

/* The one event NAME since arm(), with its duration, -1 unknown; or no event when switched off. */
static void check_told(const char *name, long duration)
{
	const char *line = strstr(shim_take_log(), name);

	assert_null(mock_c.inside);
	shim_trace(NULL, false);
	if (on_in_the_middle) {
		assert_non_null(line);
		assert_int_equal(event_value(line, "duration"), duration);
		assert_null(strstr(line + 1, name));
	} else {
		assert_null(line);
	}
}

static void check_switched(const char *name)
{
	check_told(name, -1);
}

/* A pin or unpin that nobody watched when it began is not told at all: nothing follows it. */
static void check_not_told(const char *name)
{
	assert_null(strstr(shim_take_log(), name));
	assert_null(mock_c.inside);
	shim_trace(NULL, false);
}

static void each_operation_switched(bool on)
{
	char buffer[8];

	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	group_init(&g8, 8, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	arm(on);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	check_switched("vfio_container_set_iommu ");
	arm(on);
	assert_int_equal(set_container(&g8, container), 0);
	check_switched("vfio_container_attach ");
	arm(on);
	container_ioctl(container, 0x3b70, 0);
	check_switched("vfio_container_ioctl ");
	device_open(&g7);
	arm(on);
	pin(&g7, 0, 1, pages);
	check_not_told("vfio_container_pin ");
	arm(on);
	dma_rw(&g7, 0, buffer, 8, true);
	check_switched("vfio_container_dma_rw ");
	arm(on);
	unpin(&g7, 0, 1);
	check_not_told("vfio_container_unpin ");
	device_close(&g7);
	arm(on);
	unset_container(&g8);
	check_switched("vfio_container_detach ");
	group_close(&g7);
	group_close(&g8);
}

static void duration_is_unknown_when_switched_on_in_the_middle(void **state)
{
	each_operation_switched(true);
}

/* Whichever of its two events is on: a watched pin or unpin is timed. */
static void pin_and_unpin_watched_from_their_start_have_a_duration(void **state)
{
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	device_open(&g7);
	arm(true);
	shim_trace("vfio_container_pin_start", true);
	pin(&g7, 0, 1, pages);
	check_told("vfio_container_pin ", SHIM_CLOCK_STEP);
	arm(true);
	shim_trace("vfio_container_unpin_start", true);
	unpin(&g7, 0, 1);
	check_told("vfio_container_unpin ", SHIM_CLOCK_STEP);
	device_close(&g7);
	group_close(&g7);
}

static void no_event_when_switched_off_in_the_middle(void **state)
{
	each_operation_switched(false);
}

/* Only the end events on, and only the start events on: either works alone. */
static void start_and_end_are_switched_apart(void **state)
{
	char buffer[8];

	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	device_open(&g7);
	shim_trace("vfio_container_pin", true);
	shim_trace("vfio_container_unpin", true);
	shim_trace("vfio_container_dma_rw", true);
	forget_log();
	pin(&g7, 0, 1, pages);
	unpin(&g7, 0, 1);
	dma_rw(&g7, 0, buffer, 8, false);
	expect_log("c.pin*", "vfio_container_pin * duration=100", "c.unpin*",
		   "vfio_container_unpin * duration=100", "c.dma_rw*",
		   "vfio_container_dma_rw * duration=100");
	shim_trace(NULL, false);
	shim_trace("vfio_container_pin_start", true);
	shim_trace("vfio_container_unpin_start", true);
	shim_trace("vfio_container_dma_rw_start", true);
	shim_trace("vfio_container_ioctl_start", true);
	pin(&g7, 0, 1, pages);
	unpin(&g7, 0, 1);
	dma_rw(&g7, 0, buffer, 8, false);
	container_ioctl(container, 0x3b70, 0);
	expect_log("vfio_container_pin_start *", "c.pin*", "vfio_container_unpin_start *",
		   "c.unpin*", "vfio_container_dma_rw_start *", "c.dma_rw*",
		   "vfio_container_ioctl_start *", "c.ioctl*");
	shim_trace(NULL, false);
	device_close(&g7);
	group_close(&g7);
}

/* Ids and slots */

static void ids_are_never_reused_and_slots_are_dense(void **state)
{
	struct file *files[5], *again;
	u64 last;
	int i;

	for (i = 0; i < 5; i++) {
		files[i] = open_container(NULL);
		assert_int_equal(container_of_file(files[i])->slot, i);
		if (i)
			assert_true(container_of_file(files[i])->id >
				    container_of_file(files[i - 1])->id);
	}
	last = container_of_file(files[4])->id;
	close_file(files[1]);
	close_file(files[3]);
	again = open_container(NULL);
	assert_int_equal(container_of_file(again)->slot, 1);
	assert_int_equal(container_of_file(again)->id, last + 1);
	close_file(files[4]);
	close_file(again);
	close_file(files[0]);
	close_file(files[2]);
	again = open_container(NULL);
	assert_int_equal(container_of_file(again)->slot, 0);
	assert_int_equal(container_of_file(again)->id, last + 2);
	close_file(again);
}

/* A slot is used as long as the container lives, not only its file. */
static void slot_is_free_only_after_release(void **state)
{
	struct file *second;

	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	close_file(container);
	container = open_container(NULL);
	assert_int_equal(container_of_file(container)->slot, 1);
	group_close(&g7);
	second = open_container(NULL);
	assert_int_equal(container_of_file(second)->slot, 0);
	close_file(second);
}

static void opening_time_and_age_are_of_one_clock(void **state)
{
	struct file *file = open_container(NULL);
	u64 opened = container_of_file(file)->opened_ns;

	assert_true(opened >= 1000000000);
	shim_trace("vfio_container_release", true);
	forget_log();
	close_file(file);
	assert_int_equal(event_value(shim_take_log(), "age"), SHIM_CLOCK_STEP);
}

/* References in every closing order of container, two groups and a device */

enum { CLOSE_CONTAINER, CLOSE_G7, CLOSE_G8, CLOSE_DEVICE, CLOSES };

static void close_one(int what)
{
	switch (what) {
	case CLOSE_CONTAINER:
		close_file(container);
		container = NULL;
		break;
	case CLOSE_G7:
		group_close(&g7);
		break;
	case CLOSE_G8:
		group_close(&g8);
		break;
	case CLOSE_DEVICE:
		device_close(&g7);
		break;
	}
}

/* Each get is one more, each put one less; release comes once, right after 0, and last. */
static void check_chain(char *log)
{
	unsigned int refs = 0;
	bool released = false;
	char *line, *rest;

	for (line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "vfio_", 5))
			continue;
		assert_false(released);
		if (strstr(line, "_get "))
			assert_int_equal(event_value(line, "refs"), ++refs);
		else if (strstr(line, "_put "))
			assert_int_equal(event_value(line, "refs"), --refs);
		else if (strstr(line, "_close "))
			assert_int_equal(event_value(line, "refs"), refs - 1);
		else if (strstr(line, "_detach "))
			assert_int_equal(event_value(line, "refs"), refs - 1);
		else if (strstr(line, "_attach ") && !event_value(line, "ret"))
			assert_int_equal(event_value(line, "refs"), refs + 1);
		else if (strstr(line, "_release ")) {
			assert_int_equal(refs, 0);
			released = true;
		}
	}
	assert_true(released);
	assert_int_equal(refs, 0);
}

static void live_and_close(const int *order)
{
	char *log;
	int i;

	shim_trace(NULL, true);
	forget_log();
	container = open_container(NULL);
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_EMULATED_IOMMU);
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_container(&g8, container), 0);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_int_equal(device_open(&g7), 0);
	for (i = 0; i < CLOSES; i++)
		close_one(order[i]);
	shim_trace(NULL, false);
	log = strdup(shim_take_log());
	check_chain(log);
	free(log);
	assert_int_equal(mock_c.module.refs, 0);
	assert_int_equal(mock_c.live, 0);
	assert_null(g7.iommu.owner);
}

static void references_end_at_zero_in_every_closing_order(void **state)
{
	int order[CLOSES], i, n, orders = 0;

	close_file(container);
	container = NULL;
	for (n = 0; n < CLOSES * CLOSES * CLOSES * CLOSES; n++) {
		unsigned int seen = 0, rest = n;

		for (i = 0; i < CLOSES; i++, rest /= CLOSES) {
			order[i] = rest % CLOSES;
			seen |= 1 << order[i];
		}
		if (seen != (1 << CLOSES) - 1)
			continue;
		live_and_close(order);
		orders++;
	}
	assert_int_equal(orders, 24);
}

static struct file *closed_meanwhile;

static void close_at_detach(const char *name)
{
	if (strcmp(name, "vfio_container_detach"))
		return;
	shim_event_hook = NULL;
	close_file(closed_meanwhile);
}

/* Another task drops the last reference while this one has yet to tell of its own drop. */
static void release_is_the_last_event(void **state)
{
	closed_meanwhile = open_container(NULL);
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, closed_meanwhile);
	shim_trace(NULL, true);
	forget_log();
	shim_event_hook = close_at_detach;
	group_close(&g7);
	expect_log("vfio_container_detach id=* slot=0 group=7 groups=0 refs=1 *",
		   "vfio_container_close id=* slot=0 refs=0",
		   "vfio_container_put id=* slot=0 reason=file refs=0",
		   "vfio_container_put id=* slot=0 reason=group refs=1",
		   "vfio_container_release id=* slot=0 age=*", "free slot 0");
}

static void close_at_drop(void)
{
	shim_drop_hook = NULL;
	close_file(closed_meanwhile);
}

/* Another task drops between this one's drop and its event. */
static void references_are_those_of_the_transition(void **state)
{
	closed_meanwhile = open_container(NULL);
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, closed_meanwhile);
	shim_trace(NULL, true);
	forget_log();
	shim_drop_hook = close_at_drop;
	group_close(&g7);
	expect_log("vfio_container_close id=* slot=0 refs=0",
		   "vfio_container_put id=* slot=0 reason=file refs=0",
		   "vfio_container_detach id=* slot=0 group=7 groups=0 refs=1 *",
		   "vfio_container_put id=* slot=0 reason=group refs=1",
		   "vfio_container_release id=* slot=0 age=*", "free slot 0");
}

int run_event_tests(void)
{
	const struct CMUnitTest tests[] = {
		T(every_event_of_a_lifecycle),
		TC(no_event_while_off),
		TC(failed_calls_say_so),
		TC(each_detach_has_its_reason),
		TC(map_dma_arguments_are_told),
		TC(unmap_dma_gives_its_size_back),
		TC(unreadable_arguments_are_unknown),
		TC(backend_without_a_name_is_empty),
		TC(backend_gone_before_the_event_is_empty),
		TC(duration_is_unknown_when_switched_on_in_the_middle),
		TC(pin_and_unpin_watched_from_their_start_have_a_duration),
		TC(no_event_when_switched_off_in_the_middle),
		TC(start_and_end_are_switched_apart),
		T(ids_are_never_reused_and_slots_are_dense),
		TC(slot_is_free_only_after_release),
		T(opening_time_and_age_are_of_one_clock),
		T(release_is_the_last_event),
		T(references_are_those_of_the_transition),
		TC(references_end_at_zero_in_every_closing_order),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
