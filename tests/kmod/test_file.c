// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_file.c - /dev/vfio/vfio: the device, open, release and every ioctl but SET_IOMMU
 */
#include "test.h"

static void device_is_misc_196_vfio_vfio_0666(void **state)
{
	const struct file_operations *fops = shim_misc_device->fops;

	assert_int_equal(shim_misc_device->minor, 196);
	assert_string_equal(shim_misc_device->name, "vfio");
	assert_string_equal(shim_misc_device->nodename, "vfio/vfio");
	assert_int_equal(shim_misc_device->mode, 0666);
	assert_ptr_equal(fops->owner, THIS_MODULE);
	assert_non_null(fops->open);
	assert_non_null(fops->release);
	assert_non_null(fops->unlocked_ioctl);
	assert_ptr_equal(fops->compat_ioctl, compat_ptr_ioctl);
	assert_false(fops->read || fops->write || fops->mmap || fops->poll || fops->flush);
}

static void aliases_and_parameter_are_where_the_kernel_has_them(void **state)
{
	const char *lines = shim_modinfo_lines();

	if (SHIM_OLD_CORE) {
		assert_null(strstr(lines, "alias="));
	} else {
		assert_non_null(strstr(lines, "alias=char-major-10-196\n"));
		assert_non_null(strstr(lines, "alias=devname:vfio/vfio\n"));
	}
	if (SHIM_OLD_CORE && IS_ENABLED(CONFIG_VFIO_NOIOMMU))
		assert_non_null(strstr(lines, "parm=enable_unsafe_noiommu_mode:vfio_noiommu:"
					      "bool:0644\n"));
	else
		assert_null(strstr(lines, "parm="));
}

static void open_allocates_a_charged_container(void **state)
{
	struct file *file = open_container(NULL);
	struct vfio_obs_container *c = container_of_file(file);

	assert_int_equal(shim_live_objects(), IS_ENABLED(CONFIG_VFIO_NOIOMMU) + 1);
	assert_int_equal(shim_charged(), 1);
	assert_ptr_equal(file->private_data, &c->visible);
	assert_int_equal(kref_read(&c->visible.kref), 1);
	assert_true(list_empty(&c->visible.group_list));
	assert_null(c->visible.iommu_driver);
	assert_null(c->visible.iommu_data);
	assert_false(c->visible.noiommu);
	assert_null(c->backend);
	assert_int_equal(c->groups, 0);
	close_file(file);
	assert_int_equal(shim_live_objects(), IS_ENABLED(CONFIG_VFIO_NOIOMMU));
}

static void open_without_memory_is_enomem(void **state)
{
	int error;

	shim_fail_nth(1);
	assert_null(open_container(&error));
	assert_int_equal(error, -ENOMEM);
	assert_string_equal(shim_failed(), "kzalloc");
}

/* The slot is only for observers: without one the container works. */
static void open_without_a_slot_works(void **state)
{
	static struct file *files[VFIO_OBS_SLOTS];
	struct file *without;
	unsigned int i;

	for (i = 0; i < VFIO_OBS_SLOTS; i++) {
		files[i] = open_container(NULL);
		assert_int_equal(container_of_file(files[i])->slot, i);
	}
	without = open_container(NULL);
	assert_non_null(without);
	assert_int_equal(container_of_file(without)->slot, VFIO_NO_SLOT);
	assert_int_equal(container_ioctl(without, VFIO_GET_API_VERSION, 0), VFIO_API_VERSION);

	/* Its end frees no slot; another's does. */
	forget_log();
	close_file(without);
	expect_no_log();
	close_file(files[777]);
	expect_log("free slot 777");
	files[777] = open_container(NULL);
	assert_int_equal(container_of_file(files[777])->slot, 777);
	for (i = 0; i < VFIO_OBS_SLOTS; i++)
		close_file(files[i]);
}

static void release_notifies_the_backend_in_6_1_only(void **state)
{
	struct test_group group;

	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	close_file(container);
	container = NULL;
	if (SHIM_OLD_CORE)
		expect_log("c.notify(0)");
	else
		expect_no_log();
	group_close(&group);
	expect_log("c.detach(7)", "unclaim 7", "c.release", "put c", "free slot 0");
}

static void release_without_a_backend_notifies_nobody(void **state)
{
	close_file(container);
	container = NULL;
	expect_log("free slot 0");
}

static void release_without_notify_in_the_backend(void **state)
{
	struct test_group group;

#if SHIM_OLD_CORE
	mock_c.ops.notify = NULL;
#endif
	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	close_file(container);
	container = NULL;
	expect_no_log();
	group_close(&group);
}

static void get_api_version_is_0_with_and_without_backend(void **state)
{
	struct test_group group;

	assert_int_equal(container_ioctl(container, VFIO_GET_API_VERSION, 0), 0);
	assert_int_equal(container_ioctl(container, VFIO_GET_API_VERSION, 12345), 0);
	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	assert_int_equal(container_ioctl(container, VFIO_GET_API_VERSION, 0), 0);
	expect_no_log();
	group_close(&group);
}

static long check_extension(unsigned long arg)
{
	return container_ioctl(container, VFIO_CHECK_EXTENSION, arg);
}

static void check_extension_asks_all_in_list_order(void **state)
{
	mock_b.type = mock_a.type = 42;
	mock_b.type_answer = 5;
	mock_a.type_answer = 6;
	assert_int_equal(check_extension(42), 5);
	expect_log("get c", "c.check(42)", "put c", "get b", "b.check(42)", "put b");
}

#ifndef CONFIG_VFIO_NOIOMMU /* the no-IOMMU backend is last then, see test_noiommu.c */
static void check_extension_last_answer_when_nobody_is_positive(void **state)
{
	mock_c.type_answer = -EIO;
	assert_int_equal(check_extension(MOCK_TYPE), 1);
	mock_a.type_answer = -EACCES;
	mock_b.type_answer = 0;
	assert_int_equal(check_extension(MOCK_TYPE), -EACCES);
	mock_a.type_answer = 0;
	assert_int_equal(check_extension(MOCK_TYPE), 0);
}
#endif

static void check_extension_is_0_without_backends(void **state)
{
	struct file *file = open_container(NULL);

	assert_int_equal(container_ioctl(file, VFIO_CHECK_EXTENSION, MOCK_TYPE), 0);
	expect_no_log();
	close_file(file);
}

static void check_extension_skips_a_module_that_goes(void **state)
{
	assert_true(shim_module_stop(&mock_c.module));
	assert_int_equal(check_extension(MOCK_TYPE), 1);
	expect_log("get b", "b.check(1)", "put b");
	shim_module_start(&mock_c.module);
}

static void check_extension_with_a_backend_asks_only_that(void **state)
{
	struct test_group group;

	mock_c.type_answer = 0;
	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	forget_log();
	assert_int_equal(check_extension(MOCK_TYPE), 1);
	expect_log("b.check(1, data)");
	mock_c.type = 99;
	mock_c.type_answer = 1;
	assert_int_equal(check_extension(99), 0);
	expect_log("b.check(99, data)");
	mock_b.type_answer = -EPERM;
	assert_int_equal(check_extension(MOCK_TYPE), -EPERM);
	group_close(&group);
}

static void check_extension_passes_the_whole_argument(void **state)
{
	const unsigned long wide = MOCK_TYPE | 1UL << 32;
	struct test_group group;

	assert_int_equal(check_extension(wide), 0);
	expect_log("get c", "c.check(4294967297)", "put c", "get b", "b.check(4294967297)", "put b",
		   "get a", "a.check(4294967297)", "put a");
	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	assert_int_equal(check_extension(wide), 0);
	expect_log("c.check(4294967297, data)");
	group_close(&group);
}

static char mode_inside;

static void look_at_lock(void)
{
	mode_inside = shim_holds(SHIM_CONTAINER);
}

static void check_extension_holds_the_lock_for_reading(void **state)
{
	struct test_group group;

	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	set_iommu(container, MOCK_TYPE);
	mock_c.inside = look_at_lock;
	mode_inside = 0;
	check_extension(1);
	assert_int_equal(mode_inside, 'r');
	group_close(&group);
}

static void other_ioctl_goes_to_the_backend_whatever_it_returns(void **state)
{
	struct test_group group;

	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	set_iommu(container, MOCK_TYPE);
	forget_log();
	assert_int_equal(container_ioctl(container, 0x3b70, 77), MOCK_IOCTL_RET + 0x3b70);
	expect_log("c.ioctl(3b70, 77)");
	assert_int_equal(container_ioctl(container, 0xffffffff, 0),
			 MOCK_IOCTL_RET + 0xffffffffUL);
	expect_log("c.ioctl(ffffffff, 0)");
	shim_fail_nth(1);
	assert_int_equal(container_ioctl(container, 0x3b71, 0), -EIO);
	expect_log("c.ioctl(3b71, 0)");
	assert_int_equal(container->f_op->compat_ioctl(container, 0x3b70, 0xf00000001UL),
			 MOCK_IOCTL_RET + 0x3b70);
	expect_log("c.ioctl(3b70, 1)");
	group_close(&group);
}

static void other_ioctl_without_a_backend_is_einval(void **state)
{
	struct test_group group;

	assert_int_equal(container_ioctl(container, 0x3b70, 0), -EINVAL);
	assert_int_equal(container_ioctl(container, 0, 0), -EINVAL);
	group_init(&group, 7, VFIO_IOMMU);
	set_container(&group, container);
	assert_int_equal(container_ioctl(container, 0x3b70, 0), -EINVAL);
	expect_log("claim 7");
	group_close(&group);
}

static void any_ioctl_without_a_container_is_einval(void **state)
{
	struct file *file = shim_file_new(shim_misc_device->fops, NULL);

	assert_int_equal(container_ioctl(file, VFIO_GET_API_VERSION, 0), -EINVAL);
	assert_int_equal(container_ioctl(file, VFIO_CHECK_EXTENSION, 0), -EINVAL);
	assert_int_equal(container_ioctl(file, VFIO_SET_IOMMU, 0), -EINVAL);
	assert_int_equal(container_ioctl(file, 0x3b70, 0), -EINVAL);
	free(file);
}

int run_file_tests(void)
{
	const struct CMUnitTest tests[] = {
		T(device_is_misc_196_vfio_vfio_0666),
		T(aliases_and_parameter_are_where_the_kernel_has_them),
		T(open_allocates_a_charged_container),
		T(open_without_memory_is_enomem),
		T(open_without_a_slot_works),
		TC(release_notifies_the_backend_in_6_1_only),
		TC(release_without_a_backend_notifies_nobody),
		TC(release_without_notify_in_the_backend),
		TC(get_api_version_is_0_with_and_without_backend),
		TC(check_extension_asks_all_in_list_order),
#ifndef CONFIG_VFIO_NOIOMMU
		TC(check_extension_last_answer_when_nobody_is_positive),
#endif
		T(check_extension_is_0_without_backends),
		TC(check_extension_skips_a_module_that_goes),
		TC(check_extension_with_a_backend_asks_only_that),
		TC(check_extension_passes_the_whole_argument),
		TC(check_extension_holds_the_lock_for_reading),
		TC(other_ioctl_goes_to_the_backend_whatever_it_returns),
		TC(other_ioctl_without_a_backend_is_einval),
		T(any_ioctl_without_a_container_is_einval),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
