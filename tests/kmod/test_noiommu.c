// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_noiommu.c - which backend is allowed for which container, and the no-IOMMU backend
 */
#include "test.h"

static struct test_group g7;

#ifdef CONFIG_VFIO_NOIOMMU

static long check_extension(unsigned long arg)
{
	return container_ioctl(container, VFIO_CHECK_EXTENSION, arg);
}

static void noiommu_extension_follows_the_parameter(void **state)
{
	assert_int_equal(check_extension(VFIO_NOIOMMU_IOMMU), 1);
	vfio_noiommu = false;
	assert_int_equal(check_extension(VFIO_NOIOMMU_IOMMU), 0);
	assert_int_equal(check_extension(MOCK_TYPE), 1);
	assert_int_equal(shim_this_module.refs, 0);
}

/* Registered first, so asked last. */
static void noiommu_backend_gives_the_last_answer(void **state)
{
	mock_a.type_answer = mock_b.type_answer = mock_c.type_answer = -EIO;
	assert_int_equal(check_extension(MOCK_TYPE), 0);
	expect_log("get c", "c.check(1)", "put c", "get b", "b.check(1)", "put b", "get a",
		   "a.check(1)", "put a");
}

static void container_with_groups_asks_only_whom_it_may_use(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	mock_c.type = VFIO_NOIOMMU_IOMMU;
	assert_int_equal(check_extension(MOCK_TYPE), 0);
	assert_int_equal(check_extension(VFIO_NOIOMMU_IOMMU), 1);
	expect_no_log();
	unset_container(&g7);
	g7.vfio.type = VFIO_IOMMU;
	set_container(&g7, container);
	vfio_noiommu = true;
	mock_c.type = 77;
	assert_int_equal(check_extension(VFIO_NOIOMMU_IOMMU), 0);
	group_close(&g7);
}

static void noiommu_container_takes_only_the_noiommu_backend(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, MOCK_TYPE), -ENODEV);
	mock_c.type = VFIO_NOIOMMU_IOMMU;
	vfio_noiommu = false;
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), -ENODEV);
	vfio_noiommu = true;
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), 0);
	expect_no_log();
	assert_null(container_of_file(container)->visible.iommu_data);
	assert_non_null(container_of_file(container)->backend);
	assert_string_equal(container_of_file(container)->backend->ops->name, "vfio-noiommu");
	assert_int_equal(shim_this_module.refs, 1);
	assert_int_equal(check_extension(VFIO_NOIOMMU_IOMMU), 1);
	assert_int_equal(check_extension(MOCK_TYPE), 0);
	assert_int_equal(container_ioctl(container, VFIO_IOMMU_MAP_DMA, 0), -ENOTTY);
	group_close(&g7);
	assert_int_equal(shim_this_module.refs, 0);
}

static void real_container_does_not_take_the_noiommu_backend(void **state)
{
	group_init(&g7, 7, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), -ENODEV);
	assert_null(container_of_file(container)->backend);
	group_close(&g7);
}

static void noiommu_open_needs_rawio(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	shim_capable = false;
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), -EPERM);
	assert_int_equal(shim_this_module.refs, 0);
	shim_capable = true;
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), 0);
	group_close(&g7);
}

/* SET_IOMMU asks for the extension first, so only a direct call can hand it another type. */
static void noiommu_open_takes_no_other_type(void **state)
{
	const struct vfio_iommu_driver_ops *ops;

	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, VFIO_NOIOMMU_IOMMU);
	ops = container_of_file(container)->backend->ops;
	assert_int_equal(PTR_ERR(ops->open(MOCK_TYPE)), -EINVAL);
	assert_null(ops->open(VFIO_NOIOMMU_IOMMU));
	assert_ptr_equal(ops->owner, THIS_MODULE);
	assert_null(ops->pin_pages);
	assert_null(ops->dma_rw);
	group_close(&g7);
}

static void noiommu_groups_attach_and_detach(void **state)
{
	struct test_group g8;

	group_init(&g7, 7, VFIO_NO_IOMMU);
	group_init(&g8, 8, VFIO_NO_IOMMU);
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), 0);
	assert_int_equal(set_container(&g8, container), 0);
	assert_int_equal(device_open(&g8), 0);
	assert_int_equal(pin(&g8, 0, 1, (struct page *[]){ NULL }), -ENOTTY);
	device_close(&g8);
	group_close(&g7);
	assert_int_equal(shim_this_module.refs, 1);
	group_close(&g8);
	assert_int_equal(shim_this_module.refs, 0);
}

static void noiommu_parameter_is_off_by_default(void **state)
{
	assert_false(noiommu_at_start);
}

#else

static void every_backend_is_allowed_without_noiommu(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	assert_true(container_of_file(container)->visible.noiommu);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get c", "c.check(1)", "c.open(1)", "c.attach(7, 2)");
	group_close(&g7);
	expect_log("c.detach(7)", "c.release", "put c");
}

static void there_is_no_noiommu_backend(void **state)
{
	vfio_unregister_iommu_driver(&mock_a.ops);
	vfio_unregister_iommu_driver(&mock_b.ops);
	vfio_unregister_iommu_driver(&mock_c.ops);
	assert_int_equal(container_ioctl(container, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, VFIO_NOIOMMU_IOMMU), -ENODEV);
	group_close(&g7);
}

#endif

int run_noiommu_tests(void)
{
	const struct CMUnitTest tests[] = {
#ifdef CONFIG_VFIO_NOIOMMU
		TC(noiommu_extension_follows_the_parameter),
		TC(noiommu_backend_gives_the_last_answer),
		TC(container_with_groups_asks_only_whom_it_may_use),
		TC(noiommu_container_takes_only_the_noiommu_backend),
		TC(real_container_does_not_take_the_noiommu_backend),
		TC(noiommu_open_needs_rawio),
		TC(noiommu_open_takes_no_other_type),
		TC(noiommu_groups_attach_and_detach),
		TC(noiommu_parameter_is_off_by_default),
#else
		TC(every_backend_is_allowed_without_noiommu),
		TC(there_is_no_noiommu_backend),
#endif
	};

	return cmocka_run_group_tests_name("noiommu", tests, NULL, NULL);
}
