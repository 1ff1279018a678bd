// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_core.c - the calls from the vfio core: attach, detach, devices, loading and unloading
 */
#include "test.h"

static struct test_group g7, g8;

static struct vfio_obs_container *self(void)
{
	return container_of_file(container);
}

static void assert_unattached(const struct test_group *group)
{
	assert_null(group->vfio.container);
	assert_int_equal(group->vfio.container_users, 0);
	assert_null(group->iommu.owner);
}

/* vfio_container_from_file */

static void from_file_only_of_our_files(void **state)
{
	struct file_operations other = *container->f_op;
	struct file *file = shim_file_new(&other, container->private_data);

	assert_null(vfio_container_from_file(file));
	assert_ptr_equal(vfio_container_from_file(container), container->private_data);
	free(file);
}

static void from_file_without_a_container_warns(void **state)
{
	struct file *file = shim_file_new(shim_misc_device->fops, NULL);

	assert_null(vfio_container_from_file(file));
	expect_warnings(1);
	free(file);
}

/* vfio_container_attach_group */

static void attach_links_group_and_container(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_EMULATED_IOMMU);
	assert_int_equal(set_container(&g7, container), 0);
	expect_log("claim 7");
	assert_ptr_equal(g7.iommu.owner, &g7.vfio);
	assert_ptr_equal(g7.vfio.container, &self()->visible);
	assert_int_equal(g7.vfio.container_users, 1);
	assert_int_equal(kref_read(&self()->visible.kref), 2);
	assert_int_equal(self()->groups, 1);
	assert_false(self()->visible.noiommu);
	assert_int_equal(set_container(&g8, container), 0);
	expect_no_log();
	assert_int_equal(self()->groups, 2);
	assert_int_equal(kref_read(&self()->visible.kref), 3);
	/* Newest first. */
	assert_ptr_equal(self()->visible.group_list.next, &g8.vfio.container_next);
	group_close(&g8);
	group_close(&g7);
	assert_int_equal(kref_read(&self()->visible.kref), 1);
}

static void attach_error_of_dma_ownership_is_returned(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	g7.iommu.owner = &g8;
	assert_int_equal(set_container(&g7, container), -EPERM);
	expect_no_log();
	assert_ptr_equal(g7.iommu.owner, &g8);
	g7.iommu.owner = NULL;
	assert_unattached(&g7);
	assert_int_equal(kref_read(&self()->visible.kref), 1);
	assert_true(list_empty(&self()->visible.group_list));
	group_close(&g7);
}

static void attach_with_a_backend_attaches_to_it(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	assert_int_equal(set_container(&g8, container), 0);
	expect_log("claim 8", "c.attach(8, 0)");
	group_close(&g7);
	expect_log("c.detach(7)", "unclaim 7");
	assert_non_null(self()->backend);
	group_close(&g8);
	expect_log("c.detach(8)", "unclaim 8", "c.release", "put c");
}

static void attach_error_of_the_backend_gives_dma_ownership_back(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	mock_c.attach_error = -EXDEV;
	mock_c.attach_error_group = 8;
	forget_log();
	assert_int_equal(set_container(&g8, container), -EXDEV);
	expect_log("claim 8", "c.attach(8, 0)", "unclaim 8");
	assert_unattached(&g8);
	assert_int_equal(self()->groups, 1);
	assert_int_equal(kref_read(&self()->visible.kref), 2);
	mock_c.attach_error = 0;
	assert_int_equal(set_container(&g8, container), 0);
	group_close(&g7);
	group_close(&g8);
}

static void attach_error_of_an_emulated_group_has_no_ownership_to_give_back(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_EMULATED_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	mock_c.attach_error = -EXDEV;
	mock_c.attach_error_group = 8;
	forget_log();
	assert_int_equal(set_container(&g8, container), -EXDEV);
	expect_log("c.attach(8, 1)");
	group_close(&g8);
	group_close(&g7);
}

static void attach_of_a_noiommu_group_needs_rawio(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	shim_capable = false;
	assert_int_equal(set_container(&g7, container), -EPERM);
	assert_unattached(&g7);
	shim_capable = true;
	assert_int_equal(set_container(&g7, container), 0);
	assert_true(self()->visible.noiommu);
	expect_no_log();
	group_close(&g7);
}

static void attach_of_a_real_group_needs_no_rawio(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	shim_capable = false;
	assert_int_equal(set_container(&g7, container), 0);
	group_close(&g7);
}

static void attach_does_not_mix_real_and_noiommu_groups(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	group_init(&g8, 8, VFIO_IOMMU);
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_container(&g8, container), -EPERM);
	expect_no_log();
	assert_unattached(&g8);
	assert_int_equal(unset_container(&g7), 0);
	assert_int_equal(set_container(&g8, container), 0);
	assert_false(self()->visible.noiommu);
	assert_int_equal(set_container(&g7, container), -EPERM);
	assert_unattached(&g7);
	group_close(&g7);
	group_close(&g8);
}

static void attach_and_detach_want_group_lock(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	assert_int_equal(vfio_container_attach_group(&self()->visible, &g7.vfio), 0);
	expect_warnings(1);
	vfio_group_detach_container(&g7.vfio);
	expect_warnings(1);
	group_close(&g7);
}

/* vfio_group_detach_container */

static void detach_with_wrong_users_warns_and_goes_on(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	g7.vfio.container_users = 2;
	group_close(&g7);
	expect_warnings(1);
	expect_log("c.detach(7)", "unclaim 7", "c.release", "put c");
	assert_unattached(&g7);
}

static void detach_without_a_backend(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	forget_log();
	assert_int_equal(unset_container(&g7), 0);
	expect_log("unclaim 7");
	assert_unattached(&g7);
	assert_true(list_empty(&self()->visible.group_list));
	assert_int_equal(unset_container(&g7), -EINVAL);
	group_close(&g7);
}

static bool driver_visible, linked;

static void look_at_container(void)
{
	driver_visible = self()->visible.iommu_driver && self()->backend;
	linked = g7.vfio.container;
}

/* Stock order: the backend first, then DMA ownership, then the links, then the data. */
static void detach_order(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	mock_c.inside = look_at_container;
	assert_int_equal(unset_container(&g7), 0);
	assert_true(driver_visible);
	assert_true(linked);
	expect_log("c.detach(7)", "unclaim 7", "c.release", "put c");
	assert_null(self()->visible.iommu_driver);
	assert_null(self()->visible.iommu_data);
	assert_null(self()->backend);
	assert_int_equal(container_ioctl(container, 0x3b70, 0), -EINVAL);
	group_close(&g7);
}

static void last_detach_frees_a_container_without_file(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_IOMMU);
	set_container(&g7, container);
	set_container(&g8, container);
	set_iommu(container, MOCK_TYPE);
	close_file(container);
	container = NULL;
	forget_log();
	group_close(&g7);
	expect_log("c.detach(7)", "unclaim 7");
	group_close(&g8);
	expect_log("c.detach(8)", "unclaim 8", "c.release", "put c", "free slot 0");
	assert_int_equal(mock_c.module.refs, 0);
}

/* Devices */

static void use_needs_a_container_and_a_backend(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	assert_int_equal(device_open(&g7), -EINVAL);
	set_container(&g7, container);
	assert_int_equal(device_open(&g7), -EINVAL);
	assert_int_equal(g7.vfio.container_users, 1);
	assert_int_equal(file_count(g7.vfio.opened_file), 1);
	group_close(&g7);
}

static void use_takes_the_groups_file_and_a_user(void **state)
{
	struct file *file;

	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	file = g7.vfio.opened_file;
	assert_int_equal(device_open(&g7), 0);
	expect_log("c.register(7)");
	assert_int_equal(g7.vfio.container_users, 2);
	assert_int_equal(file_count(file), 2);
	assert_int_equal(unset_container(&g7), -EBUSY);
	group_close(&g7);
	assert_non_null(g7.vfio.container);
	device_close(&g7);
	expect_log("c.unregister(7)", "c.detach(7)", "unclaim 7", "c.release", "put c");
	assert_unattached(&g7);
}

static void use_more_than_once_counts_each(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	mutex_lock(&g7.vfio.group_lock);
	assert_int_equal(use_container(&g7), 0);
	assert_int_equal(use_container(&g7), 0);
	mutex_unlock(&g7.vfio.group_lock);
	assert_int_equal(g7.vfio.container_users, 3);
	assert_int_equal(file_count(g7.vfio.opened_file), 3);
	unuse_container(&g7);
	unuse_container(&g7);
	assert_int_equal(g7.vfio.container_users, 1);
	assert_int_equal(file_count(g7.vfio.opened_file), 1);
	group_close(&g7);
}

static void use_of_noiommu_needs_rawio(void **state)
{
	const bool on = IS_ENABLED(CONFIG_VFIO_NOIOMMU);

	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	assert_int_equal(set_iommu(container, on ? VFIO_NOIOMMU_IOMMU : MOCK_TYPE), 0);
	mutex_lock(&g7.vfio.group_lock);
	shim_capable = false;
	assert_int_equal(use_container(&g7), -EPERM);
	assert_int_equal(g7.vfio.container_users, 1);
	assert_int_equal(file_count(g7.vfio.opened_file), 1);
	shim_capable = true;
	assert_int_equal(use_container(&g7), 0);
	mutex_unlock(&g7.vfio.group_lock);
	unuse_container(&g7);
	group_close(&g7);
}

static void use_without_a_backend_is_einval_before_eperm(void **state)
{
	group_init(&g7, 7, VFIO_NO_IOMMU);
	set_container(&g7, container);
	shim_capable = false;
	assert_int_equal(device_open(&g7), -EINVAL);
	shim_capable = true;
	group_close(&g7);
}

/* Nobody but no-IOMMU needs a capability: not SET_IOMMU, not the device. */
static void use_of_a_real_group_needs_no_rawio(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	group_init(&g8, 8, VFIO_EMULATED_IOMMU);
	shim_capable = false;
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_container(&g8, container), 0);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_int_equal(device_open(&g7), 0);
	assert_int_equal(device_open(&g8), 0);
	device_close(&g8);
	device_close(&g7);
	group_close(&g8);
	group_close(&g7);
}

static void use_and_unuse_want_group_lock(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	assert_int_equal(use_container(&g7), 0);
	expect_warnings(1);
#if SHIM_OLD_CORE
	vfio_device_unassign_container(&g7.device);
#else
	vfio_group_unuse_container(&g7.vfio);
	expect_warnings(1);
#endif
	group_close(&g7);
}

#if SHIM_OLD_CORE
static void use_without_users_warns_in_6_1(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	mutex_lock(&g7.vfio.group_lock);
	g7.vfio.container_users = 0;
	assert_int_equal(use_container(&g7), -EINVAL);
	expect_warnings(0);
	mutex_unlock(&g7.vfio.group_lock);
	set_iommu(container, MOCK_TYPE);
	mutex_lock(&g7.vfio.group_lock);
	assert_int_equal(use_container(&g7), -EINVAL);
	expect_warnings(1);
	assert_int_equal(g7.vfio.container_users, 0);
	g7.vfio.container_users = 1;
	mutex_unlock(&g7.vfio.group_lock);
	assert_int_equal(file_count(g7.vfio.opened_file), 1);
	group_close(&g7);
}
#endif

static void unuse_without_a_user_warns_and_goes_on(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	set_iommu(container, MOCK_TYPE);
	get_file(g7.vfio.opened_file);
	unuse_container(&g7);
	expect_warnings(1);
	assert_int_equal(g7.vfio.container_users, 0);
	assert_int_equal(file_count(g7.vfio.opened_file), 1);
	g7.vfio.container_users = 1;
	group_close(&g7);
}

static void devices_are_registered_only_where_the_backend_wants_it(void **state)
{
	mock_c.ops.register_device = NULL;
	mock_c.ops.unregister_device = NULL;
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	vfio_device_container_register(&g7.device);
	vfio_device_container_unregister(&g7.device);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	assert_int_equal(device_open(&g7), 0);
	device_close(&g7);
	expect_no_log();
	group_close(&g7);
}

#if SHIM_OLD_CORE
static void core_may_ask_for_an_extension_in_6_1(void **state)
{
	assert_int_equal(vfio_container_ioctl_check_extension(&self()->visible, MOCK_TYPE), 1);
	expect_log("get c", "c.check(1)", "put c");
}
#endif

/* vfio_container_init, vfio_container_cleanup; the fixture has done the first init */

static void init_says_that_the_device_cannot_be_registered(void **state)
{
	vfio_container_cleanup();
	shim_fail_nth(1);
	assert_int_equal(vfio_container_init(), -EBUSY);
	expect_log("pr_err: vfio: cannot register /dev/vfio/vfio (misc minor 196): error -16");
	assert_null(shim_misc_device);
	assert_int_equal(shim_live_objects(), 0);
	assert_int_equal(vfio_container_init(), 0);
}

#ifdef CONFIG_VFIO_NOIOMMU
static void init_takes_the_device_back_without_a_noiommu_backend(void **state)
{
	vfio_container_cleanup();
	shim_fail_nth(2);
	assert_int_equal(vfio_container_init(), -ENOMEM);
	assert_null(shim_misc_device);
	assert_int_equal(vfio_container_init(), 0);
}
#endif

static void load_and_unload_ten_times(void **state)
{
	int i;

	for (i = 0; i < 10; i++) {
		vfio_container_cleanup();
		assert_null(shim_misc_device);
		assert_int_equal(shim_live_objects(), 0);
		assert_int_equal(vfio_container_init(), 0);
	}
}

int run_core_tests(void)
{
	const struct CMUnitTest tests[] = {
		TC(from_file_only_of_our_files),
		T(from_file_without_a_container_warns),
		TC(attach_links_group_and_container),
		TC(attach_error_of_dma_ownership_is_returned),
		TC(attach_with_a_backend_attaches_to_it),
		TC(attach_error_of_the_backend_gives_dma_ownership_back),
		TC(attach_error_of_an_emulated_group_has_no_ownership_to_give_back),
		TC(attach_of_a_noiommu_group_needs_rawio),
		TC(attach_of_a_real_group_needs_no_rawio),
		TC(attach_does_not_mix_real_and_noiommu_groups),
		TC(attach_and_detach_want_group_lock),
		TC(detach_with_wrong_users_warns_and_goes_on),
		TC(detach_without_a_backend),
		TC(detach_order),
		TC(last_detach_frees_a_container_without_file),
		TC(use_needs_a_container_and_a_backend),
		TC(use_takes_the_groups_file_and_a_user),
		TC(use_more_than_once_counts_each),
		TC(use_of_noiommu_needs_rawio),
		TC(use_without_a_backend_is_einval_before_eperm),
		TC(use_of_a_real_group_needs_no_rawio),
		TC(use_and_unuse_want_group_lock),
#if SHIM_OLD_CORE
		TC(use_without_users_warns_in_6_1),
#endif
		TC(unuse_without_a_user_warns_and_goes_on),
		TC(devices_are_registered_only_where_the_backend_wants_it),
#if SHIM_OLD_CORE
		TC(core_may_ask_for_an_extension_in_6_1),
#endif
		T(init_says_that_the_device_cannot_be_registered),
#ifdef CONFIG_VFIO_NOIOMMU
		T(init_takes_the_device_back_without_a_noiommu_backend),
#endif
		T(load_and_unload_ten_times),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
