// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pin.c - pin, unpin and dma_rw of mediated devices, traced and not
 */
#include "test.h"

#define MAX VFIO_PIN_PAGES_MAX_ENTRIES

static struct test_group g7;
static struct page *pages[1];

static void open_device(bool traced)
{
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_int_equal(device_open(&g7), 0);
	forget_log();
	if (traced)
		shim_trace(NULL, true);
}

static void close_device(void)
{
	shim_trace(NULL, false);
	device_close(&g7);
	group_close(&g7);
}

static void pin_gives_the_backends_answer(void **state)
{
	open_device(false);
	assert_int_equal(pin(&g7, 0x1000, 3, pages), 3);
	expect_log("c.pin(7, 1000, 3, 3, pages)");
	mock_c.pin_ret = 2;
	assert_int_equal(pin(&g7, 0x1000, 3, pages), 2);
	mock_c.pin_ret = -EFAULT;
	assert_int_equal(pin(&g7, 0x1000, 3, pages), -EFAULT);
	close_device();
}

static void pin_traced_gives_the_backends_answer(void **state)
{
	open_device(true);
	mock_c.pin_ret = 2;
	assert_int_equal(pin(&g7, 0x1000, 3, pages), 2);
	expect_log("vfio_container_pin_start id=* slot=0 group=7 iova=0x1000 npage=3 prot=0x3",
		   "c.pin(7, 1000, 3, 3, pages)",
		   "vfio_container_pin id=* slot=0 group=7 iova=0x1000 npage=3 prot=0x3 ret=2 duration=100");
	close_device();
}

/* Both limits, on either path. */
static void pin_of_too_many_is_e2big(void **state)
{
	int traced;

	for (traced = 0; traced < 2; traced++) {
		open_device(traced);
		assert_int_equal(pin(&g7, 0, MAX + 1, pages), -E2BIG);
		assert_int_equal(pin(&g7, 0, MAX, pages), MAX);
		close_device();
	}
}

static void pin_without_pin_pages_is_enotty(void **state)
{
	open_device(false);
	mock_c.ops.pin_pages = NULL;
	assert_int_equal(pin(&g7, 0, 1, pages), -ENOTTY);
	/* Too many comes first. */
	assert_int_equal(pin(&g7, 0, MAX + 1, pages), -E2BIG);
	expect_no_log();
	close_device();
}

static void calls_without_a_backend_are_enotty(void **state)
{
	char buffer[8];

	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	g7.device.open_count = 1;
	assert_int_equal(pin(&g7, 0, 1, pages), -ENOTTY);
	assert_int_equal(dma_rw(&g7, 0, buffer, 8, true), -ENOTTY);
	group_close(&g7);
}

#if SHIM_OLD_CORE
static void check_pins_arguments(bool traced)
{
	open_device(traced);
	assert_int_equal(pin(&g7, 0, 1, NULL), -EINVAL);
	assert_int_equal(pin(&g7, 0, 0, pages), -EINVAL);
	assert_int_equal(pin(&g7, 0, MAX + 1, NULL), -EINVAL);
	g7.device.open_count = 0;
	assert_int_equal(pin(&g7, 0, 1, pages), -EINVAL);
	assert_int_equal(pin(&g7, 0, MAX + 1, pages), -EINVAL);
	expect_no_log();
	g7.device.open_count = 1;
	close_device();
}

static void pin_checks_its_arguments_in_6_1(void **state)
{
	check_pins_arguments(false);
	check_pins_arguments(true);
}
#endif

static void unpin_passes_on(void **state)
{
	open_device(false);
	unpin(&g7, 0x2000, 1);
	unpin(&g7, 0x3000, MAX);
	expect_log("c.unpin(2000, 1)", "c.unpin(3000, 512)");
	close_device();
}

static void unpin_traced_passes_on(void **state)
{
	open_device(true);
	unpin(&g7, 0x2000, 4);
	expect_log("vfio_container_unpin_start id=* slot=0 group=7 iova=0x2000 npage=4",
		   "c.unpin(2000, 4)",
		   "vfio_container_unpin id=* slot=0 group=7 iova=0x2000 npage=4 duration=100");
	close_device();
}

static void unpin_of_a_bad_count(bool traced)
{
	open_device(traced);
	unpin(&g7, 0, 0);
	expect_warnings(1);
	unpin(&g7, 0, -1);
	expect_warnings(1);
	unpin(&g7, 0, MAX + 1);
	expect_warnings(1);
	expect_no_log();
	close_device();
}

static void unpin_of_a_bad_count_warns(void **state)
{
	unpin_of_a_bad_count(false);
	unpin_of_a_bad_count(true);
}

#if SHIM_OLD_CORE
static void unpin_of_a_closed_device(bool traced)
{
	open_device(traced);
	g7.device.open_count = 0;
	unpin(&g7, 0, 1);
	expect_warnings(1);
	expect_no_log();
	g7.device.open_count = 1;
	close_device();
}

static void unpin_of_a_closed_device_warns_in_6_1(void **state)
{
	unpin_of_a_closed_device(false);
	unpin_of_a_closed_device(true);
}
#endif

static void dma_rw_gives_the_backends_answer(void **state)
{
	char buffer[8];

	open_device(false);
	assert_int_equal(dma_rw(&g7, 0x4000, buffer, 8, true), 0);
	assert_int_equal(dma_rw(&g7, 0x4000, buffer, 4, false), 0);
	expect_log("c.dma_rw(4000, buffer, 8, 1)", "c.dma_rw(4000, buffer, 4, 0)");
	shim_fail_nth(1);
	assert_int_equal(dma_rw(&g7, 0x4000, buffer, 8, true), -EFAULT);
	forget_log();
	shim_trace(NULL, true);
	shim_fail_nth(1);
	assert_int_equal(dma_rw(&g7, 0x4000, buffer, 8, true), -EFAULT);
	expect_log("vfio_container_dma_rw_start id=* slot=0 group=7 iova=0x4000 len=8 write=1",
		   "c.dma_rw(4000, buffer, 8, 1)",
		   "vfio_container_dma_rw id=* slot=0 group=7 iova=0x4000 len=8 write=1 ret=-14 duration=100");
	close_device();
}

static void dma_rw_without_dma_rw_is_enotty(void **state)
{
	char buffer[8];

	open_device(false);
	mock_c.ops.dma_rw = NULL;
	assert_int_equal(dma_rw(&g7, 0, buffer, 8, true), -ENOTTY);
	close_device();
}

#if SHIM_OLD_CORE
static void dma_rw_checks_its_arguments_in_6_1(void **state)
{
	char buffer[8];

	open_device(true);
	assert_int_equal(dma_rw(&g7, 0, NULL, 8, true), -EINVAL);
	assert_int_equal(dma_rw(&g7, 0, buffer, 0, true), -EINVAL);
	g7.device.open_count = 0;
	assert_int_equal(dma_rw(&g7, 0, buffer, 8, true), -EINVAL);
	expect_no_log();
	g7.device.open_count = 1;
	close_device();
}
#endif

/* The hot path takes no lock. */
static void look_for_locks(void)
{
	assert_int_equal(shim_holds(SHIM_CONTAINER), 0);
	assert_int_equal(shim_holds(SHIM_BACKENDS), 0);
}

static void no_lock_is_taken(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);
	char buffer[8];

	open_device(false);
	mock_c.inside = look_for_locks;
	pin(&g7, 0, 1, pages);
	mock_c.inside = look_for_locks;
	unpin(&g7, 0, 1);
	mock_c.inside = look_for_locks;
	dma_rw(&g7, 0, buffer, 8, true);
	assert_null(mock_c.inside);
	assert_int_equal(refcount_read(&c->backend->users), 1);
	close_device();
}

int run_pin_tests(void)
{
	const struct CMUnitTest tests[] = {
		TC(pin_gives_the_backends_answer),
		TC(pin_traced_gives_the_backends_answer),
		TC(pin_of_too_many_is_e2big),
		TC(pin_without_pin_pages_is_enotty),
		TC(calls_without_a_backend_are_enotty),
#if SHIM_OLD_CORE
		TC(pin_checks_its_arguments_in_6_1),
#endif
		TC(unpin_passes_on),
		TC(unpin_traced_passes_on),
		TC(unpin_of_a_bad_count_warns),
#if SHIM_OLD_CORE
		TC(unpin_of_a_closed_device_warns_in_6_1),
#endif
		TC(dma_rw_gives_the_backends_answer),
		TC(dma_rw_without_dma_rw_is_enotty),
#if SHIM_OLD_CORE
		TC(dma_rw_checks_its_arguments_in_6_1),
#endif
		TC(no_lock_is_taken),
	};

	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
