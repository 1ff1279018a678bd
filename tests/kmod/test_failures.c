// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_failures.c - a container's life with every allocation and every callback of the backend
 * failing in turn: nothing leaks, the container stays consistent, and asking again works
 */
#include "test.h"

static struct test_group groups[3];
static struct page *pages[1];
static struct file *file;
static int failed_steps;

static void check_group(const struct test_group *group)
{
	const bool attached = group->vfio.container;

	assert_int_equal(group->vfio.container_users, attached ? 1 + group->device.open_count : 0);
	assert_int_equal(!!group->iommu.owner, attached && group->vfio.type == VFIO_IOMMU);
}

/* What must hold between any two calls. */
static void check_consistent(void)
{
	struct vfio_obs_container *c;
	unsigned int in_list = 0, i;
	struct vfio_group *group;

	for (i = 0; i < 3; i++)
		if (groups[i].vfio.iommu_group)
			check_group(&groups[i]);
	if (!file)
		return;
	c = container_of_file(file);
	list_for_each_entry(group, &c->visible.group_list, container_next) {
		assert_ptr_equal(group->container, &c->visible);
		in_list++;
	}
	assert_int_equal(c->groups, in_list);
	assert_int_equal(kref_read(&c->visible.kref), 1 + in_list);
	assert_int_equal(!!c->visible.iommu_driver, !!c->backend);
	assert_int_equal(mock_c.module.refs, !!c->backend);
	assert_int_equal(mock_c.live, !!c->backend);
	if (c->backend) {
		assert_true(in_list > 0);
		assert_ptr_equal(c->visible.iommu_data, c->backend->data);
		assert_int_equal(refcount_read(&c->backend->users), 1);
	} else {
		assert_null(c->visible.iommu_data);
	}
}

static bool step_open(void)
{
	file = open_container(NULL);
	return file;
}

/* A step fails only for the injected reason, changes nothing then, and works the second time. */
#define STEP(call)                                                                                 \
	do {                                                                                       \
		bool step_worked = (call);                                                         \
		check_consistent();                                                                \
		if (!step_worked) {                                                                \
			failed_steps++;                                                            \
			assert_non_null(shim_failed());                                            \
			assert_true(call);                                                         \
			check_consistent();                                                        \
		}                                                                                  \
	} while (0)

static void live(void)
{
	char buffer[8];

	STEP(!vfio_container_init());
	STEP(!vfio_register_iommu_driver(&mock_c.ops));
	STEP(step_open());
	STEP(!set_container(&groups[0], file));
	STEP(!set_container(&groups[1], file));
	STEP(container_ioctl(file, VFIO_CHECK_EXTENSION, MOCK_TYPE) == 1);
	STEP(!set_iommu(file, MOCK_TYPE));
	STEP(!set_container(&groups[2], file));
	STEP(container_ioctl(file, VFIO_CHECK_EXTENSION, MOCK_TYPE) == 1);
	STEP(container_ioctl(file, 0x3b70, 0) == MOCK_IOCTL_RET + 0x3b70);
	STEP(!device_open(&groups[1]));
	STEP(pin(&groups[1], 0, 4, pages) == 4);
	STEP(!dma_rw(&groups[1], 0, buffer, sizeof(buffer), true));
	unpin(&groups[1], 0, 4);
	device_close(&groups[1]);
	STEP(!unset_container(&groups[0]));
	STEP(!unset_container(&groups[2]));
	STEP(!unset_container(&groups[1]));
	STEP(!set_container(&groups[2], file));
	STEP(!set_iommu(file, MOCK_TYPE));
}

static void die(void)
{
	int i;

	close_file(file);
	file = NULL;
	for (i = 0; i < 3; i++)
		group_close(&groups[i]);
	vfio_unregister_iommu_driver(&mock_c.ops);
	vfio_container_cleanup();
	shim_rcu_barrier();
	assert_int_equal(shim_live_objects(), 0);
	assert_int_equal(mock_c.module.refs, 0);
	assert_int_equal(mock_c.live, 0);
	assert_int_equal(shim_allocated_under_lock(), 0);
	expect_warnings(0);
}

static void live_with_failure(unsigned int n, bool traced)
{
	failed_steps = 0;
	group_init(&groups[0], 7, VFIO_IOMMU);
	group_init(&groups[1], 8, VFIO_EMULATED_IOMMU);
	group_init(&groups[2], 9, VFIO_IOMMU);
	shim_trace(NULL, traced);
	shim_fail_nth(n);
	live();
	shim_trace(NULL, false);
	die();
}

static void each_chance_to_fail_is_taken(bool traced)
{
	static const char *const all[] = {
		"misc_register", "kzalloc", "claim_dma_owner", "try_module_get",
		"check_extension", "open", "attach", "ioctl", "pin", "dma_rw",
	};
	bool seen[sizeof(all) / sizeof(*all)] = { false };
	unsigned int n, i;

	vfio_container_cleanup();
	for (n = 1;; n++) {
		live_with_failure(n, traced);
		if (!shim_failed())
			break;
		/* A busy module is passed over. */
		if (strcmp(shim_failed(), "try_module_get"))
			assert_int_equal(failed_steps, 1);
		for (i = 0; i < sizeof(all) / sizeof(*all); i++)
			seen[i] |= !strcmp(all[i], shim_failed());
	}
	assert_int_equal(failed_steps, 0);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!seen[i])
			fail_msg("%s never failed", all[i]);
	shim_fail_nth(0);
	print_message("# %u chances to fail\n", n - 1);
	assert_int_equal(vfio_container_init(), 0);
}

static void nothing_leaks_and_asking_again_works(void **state)
{
	each_chance_to_fail_is_taken(false);
}

static void nothing_leaks_with_every_event_on(void **state)
{
	each_chance_to_fail_is_taken(true);
}

int run_failure_tests(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_leaks_and_asking_again_works),
		T(nothing_leaks_with_every_event_on),
	};

	return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
