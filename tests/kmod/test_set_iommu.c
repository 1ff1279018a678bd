// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_set_iommu.c - SET_IOMMU, and who is registered as a backend
 */
#include "test.h"

static struct test_group g7, g8, g9;

/* The groups are in the list newest first: 9, 8, 7. */
static void attach_three(void)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_EMULATED_IOMMU);
	group_init(&g9, 9, VFIO_IOMMU);
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_container(&g8, container), 0);
	assert_int_equal(set_container(&g9, container), 0);
	expect_log("claim 7", "claim 9");
}

static void close_three(void)
{
	group_close(&g7);
	group_close(&g8);
	group_close(&g9);
}

static void assert_no_backend(void)
{
	struct vfio_obs_container *c = container_of_file(container);

	assert_null(c->visible.iommu_driver);
	assert_null(c->visible.iommu_data);
	assert_null(c->backend);
}

static void einval_without_groups(void **state)
{
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EINVAL);
	expect_no_log();
	assert_no_backend();
}

static void einval_with_a_backend(void **state)
{
	attach_three();
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	forget_log();
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EINVAL);
	expect_no_log();
	assert_int_equal(mock_c.module.refs, 1);
	close_three();
}

static void enomem_before_any_backend_is_asked(void **state)
{
	attach_three();
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	close_three();
	forget_log();
	attach_three();
	shim_fail_nth(1);
	assert_int_equal(set_iommu(container, MOCK_TYPE), -ENOMEM);
	assert_string_equal(shim_failed(), "kzalloc");
	expect_no_log();
	assert_no_backend();
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	close_three();
}

/* The container brings the object for its first backend along; a failure leaves it there. */
static void only_the_second_backend_needs_memory(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);
	long before = shim_live_objects(), charged;

	assert_int_equal(set_iommu(container, MOCK_TYPE), -EINVAL);
	attach_three();
	assert_int_equal(set_iommu(container, MOCK_TYPE + 1), -ENODEV);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_ptr_equal(c->backend, &c->first);
	assert_int_equal(shim_live_objects(), before);
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EINVAL);
	assert_int_equal(shim_live_objects(), before);
	close_three();

	forget_log();
	attach_three();
	charged = shim_charged();
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_ptr_not_equal(c->backend, &c->first);
	assert_int_equal(shim_live_objects(), before + 1);
	assert_int_equal(shim_charged(), charged + 1);
	close_three();
	shim_rcu_barrier();
	assert_int_equal(shim_live_objects(), before);
}

static void first_backend_takes_all_groups_in_list_order(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);

	attach_three();
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get c", "c.check(1)", "c.open(1)", "c.attach(9, 0)", "c.attach(8, 1)",
		   "c.attach(7, 0)");
	assert_ptr_equal(c->visible.iommu_driver->ops, &mock_c.ops);
	assert_ptr_equal(c->visible.iommu_data, c->backend->data);
	assert_ptr_equal(c->backend->ops, &mock_c.ops);
	assert_non_null(c->visible.iommu_data);
	assert_int_equal(mock_c.module.refs, 1);
	close_three();
	expect_log("c.detach(7)", "unclaim 7", "c.detach(8)", "c.detach(9)", "unclaim 9",
		   "c.release", "put c");
}

static void backend_without_the_type_is_skipped(void **state)
{
	attach_three();
	mock_c.type_answer = 0;
	mock_b.type_answer = -EIO;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get c", "c.check(1)", "put c", "get b", "b.check(1)", "put b", "get a",
		   "a.check(1)", "a.open(1)", "a.attach(9, 0)", "a.attach(8, 1)", "a.attach(7, 0)");
	close_three();
}

static void module_that_goes_is_skipped(void **state)
{
	attach_three();
	assert_true(shim_module_stop(&mock_c.module));
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get b", "b.check(1)", "b.open(1)", "b.attach*", "b.attach*", "b.attach*");
	close_three();
	shim_module_start(&mock_c.module);
}

static void enodev_when_nobody_is_asked_to_open(void **state)
{
	attach_three();
	assert_int_equal(set_iommu(container, 55), -ENODEV);
	expect_log("get c", "c.check(55)", "put c", "get b", "b.check(55)", "put b", "get a",
		   "a.check(55)", "put a");
	assert_no_backend();
	close_three();
}

/* Compared and passed on in full, not as the 32 bits that the type has. */
static void type_is_the_whole_argument(void **state)
{
	const unsigned long wide = MOCK_TYPE | 1UL << 32;

	attach_three();
	assert_int_equal(set_iommu(container, wide), -ENODEV);
	mock_b.type = wide;
	forget_log();
	assert_int_equal(set_iommu(container, wide), 0);
	expect_log("get c", "c.check(4294967297)", "put c", "get b", "b.check(4294967297)",
		   "b.open(4294967297)", "b.attach*", "b.attach*", "b.attach*");
	close_three();
}

static void open_error_is_remembered_and_the_next_is_asked(void **state)
{
	attach_three();
	mock_c.open_error = -EBUSY;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get c", "c.check(1)", "c.open(1)", "put c", "get b", "b.check(1)", "b.open(1)",
		   "b.attach(9, 0)", "b.attach(8, 1)", "b.attach(7, 0)");
	close_three();
}

static void last_error_wins(void **state)
{
	attach_three();
	mock_c.open_error = -EBUSY;
	mock_b.open_error = -EACCES;
	mock_a.type_answer = 0;
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EACCES);
	mock_a.type_answer = 1;
	mock_a.attach_error = -EXDEV;
	mock_a.attach_error_group = 9;
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EXDEV);
	mock_b.type_answer = mock_a.type_answer = 0;
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EBUSY);
	assert_no_backend();
	close_three();
}

static void failed_attach_is_undone_in_reverse(void **state)
{
	attach_three();
	mock_c.attach_error = -ENOSPC;
	mock_c.attach_error_group = 7;
	mock_b.type_answer = mock_a.type_answer = 0;
	assert_int_equal(set_iommu(container, MOCK_TYPE), -ENOSPC);
	expect_log("get c", "c.check(1)", "c.open(1)", "c.attach(9, 0)", "c.attach(8, 1)",
		   "c.attach(7, 0)", "c.detach(8)", "c.detach(9)", "c.release", "put c", "get b",
		   "b.check(1)", "put b", "get a", "a.check(1)", "put a");
	assert_no_backend();
	mock_c.attach_error = 0;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	close_three();
}

static void failed_first_attach_has_nothing_to_undo(void **state)
{
	attach_three();
	mock_c.attach_error = -ENOSPC;
	mock_c.attach_error_group = 9;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get c", "c.check(1)", "c.open(1)", "c.attach(9, 0)", "c.release", "put c",
		   "get b", "b.check(1)", "b.open(1)", "b.attach(9, 0)", "b.attach(8, 1)",
		   "b.attach(7, 0)");
	close_three();
}

static void null_data_is_a_backend_too(void **state)
{
	attach_three();
	mock_c.null_data = true;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	forget_log();
	assert_int_equal(container_ioctl(container, 0x3b70, 1), MOCK_IOCTL_RET + 0x3b70);
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EINVAL);
	expect_log("c.ioctl(3b70, 1)");
	close_three();
	expect_log("c.detach(7)", "unclaim 7", "c.detach(8)", "c.detach(9)", "unclaim 9",
		   "c.release", "put c");
}

static void can_be_set_again_after_the_last_detach(void **state)
{
	attach_three();
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	close_three();
	assert_no_backend();
	assert_int_equal(set_iommu(container, MOCK_TYPE), -EINVAL);
	forget_log();
	attach_three();
	mock_c.type_answer = 0;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_ptr_equal(container_of_file(container)->visible.iommu_driver->ops, &mock_b.ops);
	close_three();
}

/* Whoever sees the driver finds the data, whoever sees the object finds both. */
static unsigned int good_stores;

/* Runs under the locks: it notes, the test asserts. */
static void look_at_publication(const void *where)
{
	struct vfio_obs_container *c = container_of_file(container);

	if (where == &c->visible.iommu_driver && c->visible.iommu_data)
		good_stores |= 1;
	if (where == &c->backend && c->visible.iommu_driver &&
	    c->backend->data == c->visible.iommu_data && refcount_read(&c->backend->users) == 1)
		good_stores |= 2;
}

static void data_is_published_before_the_driver(void **state)
{
	attach_three();
	good_stores = 0;
	shim_on_store_release = look_at_publication;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	shim_on_store_release = NULL;
	assert_int_equal(good_stores, 3);
	close_three();
}

static void register_wants_both_or_none_of_the_device_callbacks(void **state)
{
	long before = shim_live_objects();

	mock_a.ops.register_device = NULL;
	assert_int_equal(vfio_register_iommu_driver(&mock_a.ops), -EINVAL);
	expect_warnings(1);
	mock_a.ops.unregister_device = NULL;
	assert_int_equal(vfio_register_iommu_driver(&mock_a.ops), 0);
	mock_b.ops.unregister_device = NULL;
	assert_int_equal(vfio_register_iommu_driver(&mock_b.ops), -EINVAL);
	expect_warnings(1);
	assert_int_equal(shim_live_objects(), before + 1);
	vfio_unregister_iommu_driver(&mock_a.ops);
	assert_int_equal(shim_live_objects(), before);
}

static void register_without_memory_is_enomem(void **state)
{
	shim_fail_nth(1);
	assert_int_equal(vfio_register_iommu_driver(&mock_a.ops), -ENOMEM);
	assert_int_equal(vfio_register_iommu_driver(&mock_a.ops), 0);
	vfio_unregister_iommu_driver(&mock_a.ops);
}

static void register_twice_is_einval(void **state)
{
	long before = shim_live_objects();

	assert_int_equal(vfio_register_iommu_driver(&mock_b.ops), 0);
	assert_int_equal(vfio_register_iommu_driver(&mock_a.ops), 0);
	assert_int_equal(vfio_register_iommu_driver(&mock_b.ops), -EINVAL);
	assert_int_equal(vfio_register_iommu_driver(&mock_a.ops), -EINVAL);
	assert_int_equal(shim_live_objects(), before + 2);
	vfio_unregister_iommu_driver(&mock_a.ops);
	vfio_unregister_iommu_driver(&mock_b.ops);
	assert_int_equal(vfio_register_iommu_driver(&mock_b.ops), 0);
	vfio_unregister_iommu_driver(&mock_b.ops);
}

static void unregister_of_an_unknown_backend_does_nothing(void **state)
{
	vfio_unregister_iommu_driver(&mock_a.ops);
	assert_int_equal(vfio_register_iommu_driver(&mock_b.ops), 0);
	vfio_unregister_iommu_driver(&mock_a.ops);
	assert_int_equal(vfio_register_iommu_driver(&mock_b.ops), -EINVAL);
	vfio_unregister_iommu_driver(&mock_b.ops);
}

static void unregistered_backend_is_not_asked(void **state)
{
	attach_three();
	vfio_unregister_iommu_driver(&mock_c.ops);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	expect_log("get b", "b.check(1)", "b.open(1)", "b.attach*", "b.attach*", "b.attach*");
	close_three();
}

int run_set_iommu_tests(void)
{
	const struct CMUnitTest tests[] = {
		TC(einval_without_groups),
		TC(einval_with_a_backend),
		TC(enomem_before_any_backend_is_asked),
		TC(only_the_second_backend_needs_memory),
		TC(first_backend_takes_all_groups_in_list_order),
		TC(backend_without_the_type_is_skipped),
		TC(module_that_goes_is_skipped),
		TC(enodev_when_nobody_is_asked_to_open),
		TC(type_is_the_whole_argument),
		TC(open_error_is_remembered_and_the_next_is_asked),
		TC(last_error_wins),
		TC(failed_attach_is_undone_in_reverse),
		TC(failed_first_attach_has_nothing_to_undo),
		TC(null_data_is_a_backend_too),
		TC(can_be_set_again_after_the_last_detach),
		TC(data_is_published_before_the_driver),
		T(register_wants_both_or_none_of_the_device_callbacks),
		T(register_without_memory_is_enomem),
		T(register_twice_is_einval),
		T(unregister_of_an_unknown_backend_does_nothing),
		TC(unregistered_backend_is_not_asked),
	};

	return cmocka_run_group_tests_name("set_iommu", tests, NULL, NULL);
}
