// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_lifetime.c - the backend's data outlives its users: the three lock-free readers against
 * the last detach and SET_IOMMU, each interleaving made by hand
 */
#include "test.h"

static struct test_group g7;

static void attach_and_set(void)
{
	group_init(&g7, 7, VFIO_IOMMU);
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	forget_log();
}

/* Another task, parked inside the backend; its log comes back as its result. */

struct task {
	pthread_t	thread;
	struct file	*file;
	long		ret;
	char		*log;
};

static void *park_in_ioctl(void *arg)
{
	struct task *task = arg;

	task->ret = container_ioctl(task->file, MOCK_PARK, 5);
	task->log = strdup(shim_take_log());
	return NULL;
}

#if SHIM_OLD_CORE
static void *park_in_close(void *arg)
{
	struct task *task = arg;

	close_file(task->file);
	task->log = strdup(shim_take_log());
	return NULL;
}
#endif

static void task_start(struct task *task, void *(*run)(void *))
{
	*task = (struct task){ .file = container };
	assert_int_equal(pthread_create(&task->thread, NULL, run, task), 0);
	mock_wait_parked();
}

static void task_end(struct task *task, const char *expected_log)
{
	mock_unpark();
	pthread_join(task->thread, NULL);
	assert_string_equal(task->log, expected_log);
	free(task->log);
}

/* (a) */

static void last_detach_does_not_wait_for_a_parked_ioctl(void **state)
{
	struct task task;

	attach_and_set();
	task_start(&task, park_in_ioctl);
	assert_int_equal(unset_container(&g7), 0);
	/* Everything but release and module_put has happened. */
	expect_log("c.detach(7)", "unclaim 7");
	assert_null(g7.vfio.container);
	assert_int_equal(mock_c.live, 1);
	assert_int_equal(mock_c.module.refs, 1);
	assert_false(shim_module_stop(&mock_c.module));
	assert_null(container_of_file(container)->backend);
	assert_int_equal(container_ioctl(container, 0x3b70, 0), -EINVAL);
	task_end(&task, "c.ioctl(7001, 5)\nc.release\nput c\n");
	assert_int_equal(task.ret, MOCK_IOCTL_RET + MOCK_PARK);
	assert_int_equal(mock_c.live, 0);
	assert_int_equal(mock_c.module.refs, 0);
	group_close(&g7);
}

static void two_parked_ioctls_the_last_releases(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);
	struct vfio_backend *mine;
	struct task task;

	attach_and_set();
	mine = vfio_backend_get(c);
	assert_non_null(mine);
	task_start(&task, park_in_ioctl);
	assert_int_equal(refcount_read(&mine->users), 3);
	unset_container(&g7);
	task_end(&task, "c.ioctl(7001, 5)\n");
	expect_log("c.detach(7)", "unclaim 7");
	vfio_backend_put(mine);
	expect_log("c.release", "put c");
	group_close(&g7);
}

static void ioctl_with_no_detach_leaves_the_backend_alone(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);
	struct task task;

	attach_and_set();
	task_start(&task, park_in_ioctl);
	task_end(&task, "c.ioctl(7001, 5)\n");
	assert_int_equal(refcount_read(&c->backend->users), 1);
	group_close(&g7);
	expect_log("c.detach(7)", "unclaim 7", "c.release", "put c");
}

/* A failing ioctl counts itself out as well. */
static void failed_ioctl_counts_itself_out(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);

	attach_and_set();
	shim_fail_nth(1);
	assert_int_equal(container_ioctl(container, 0x3b70, 0), -EIO);
	assert_int_equal(refcount_read(&c->backend->users), 1);
	group_close(&g7);
}

static void with_nothing_in_flight_detach_has_released(void **state)
{
	attach_and_set();
	assert_int_equal(container_ioctl(container, 0x3b70, 0), MOCK_IOCTL_RET + 0x3b70);
	forget_log();
	assert_int_equal(unset_container(&g7), 0);
	expect_log("c.detach(7)", "unclaim 7", "c.release", "put c");
	assert_int_equal(mock_c.live, 0);
	assert_int_equal(mock_c.module.refs, 0);
	assert_true(shim_module_stop(&mock_c.module));
	shim_module_start(&mock_c.module);
	group_close(&g7);
}

static void new_backend_while_the_old_one_has_an_orphan(void **state)
{
	struct vfio_obs_container *c = container_of_file(container);
	struct task task;
	void *old;

	attach_and_set();
	old = c->visible.iommu_data;
	task_start(&task, park_in_ioctl);
	unset_container(&g7);
	assert_int_equal(set_container(&g7, container), 0);
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_ptr_not_equal(c->visible.iommu_data, old);
	assert_int_equal(mock_c.live, 2);
	assert_int_equal(mock_c.module.refs, 2);
	forget_log();
	assert_int_equal(container_ioctl(container, 0x3b70, 1), MOCK_IOCTL_RET + 0x3b70);
	task_end(&task, "c.ioctl(7001, 5)\nc.release\nput c\n");
	assert_int_equal(mock_c.live, 1);
	assert_int_equal(mock_c.module.refs, 1);
	assert_int_equal(container_ioctl(container, 0x3b70, 2), MOCK_IOCTL_RET + 0x3b70);
	expect_log("c.ioctl(3b70, 1)", "c.ioctl(3b70, 2)");
	group_close(&g7);
	expect_log("c.detach(7)", "unclaim 7", "c.release", "put c");
}

/* The ioctl's task holds its file; the container lives, the groups are gone. */
static void group_close_under_a_parked_ioctl(void **state)
{
	struct task task;

	attach_and_set();
	task_start(&task, park_in_ioctl);
	group_close(&g7);
	expect_log("c.detach(7)", "unclaim 7");
	task_end(&task, "c.ioctl(7001, 5)\nc.release\nput c\n");
}

/* Once release() runs nobody may find the object any more: it is about to be freed. */
static bool findable;

static void look_for_backend(void)
{
	findable = rcu_access_pointer(container_of_file(container)->backend) ||
		   container_of_file(container)->visible.iommu_driver;
}

static void then_look_for_backend(void)
{
	mock_c.inside = look_for_backend;
}

static void backend_is_withdrawn_before_it_is_released(void **state)
{
	attach_and_set();
	findable = true;
	mock_c.inside = then_look_for_backend;
	unset_container(&g7);
	assert_null(mock_c.inside);
	assert_false(findable);
	group_close(&g7);
}

/* The reader has seen the pointer but not counted itself in: it must not, once it is zero. */
static void *detach_in_another_task(void *arg)
{
	unset_container(&g7);
	*(char **)arg = strdup(shim_take_log());
	return NULL;
}

static char *detach_log;

static void detach_meanwhile(void)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, detach_in_another_task, &detach_log), 0);
	pthread_join(thread, NULL);
}

static void reader_between_seeing_and_counting_in_gets_nothing(void **state)
{
	attach_and_set();
	shim_on_rcu_dereference = detach_meanwhile;
	assert_int_equal(container_ioctl(container, 0x3b70, 0), -EINVAL);
	assert_string_equal(detach_log, "c.detach(7)\nunclaim 7\nc.release\nput c\n");
	free(detach_log);
	expect_no_log();
	group_close(&g7);
}

static void freed_only_after_a_grace_period(void **state)
{
	long before = shim_live_objects(), set;

	/* The first one is part of the container. */
	attach_and_set();
	unset_container(&g7);
	group_close(&g7);
	assert_int_equal(shim_live_objects(), before);
	attach_and_set();
	set = shim_live_objects();
	assert_int_equal(set, before + 1);
	rcu_read_lock();
	detach_meanwhile();
	free(detach_log);
	assert_int_equal(shim_live_objects(), set);
	rcu_read_unlock();
	assert_int_equal(shim_live_objects(), before);
	group_close(&g7);
}

/* (b) */

#if SHIM_OLD_CORE
static void last_detach_does_not_wait_for_a_parked_close_notification(void **state)
{
	struct task task;

	attach_and_set();
	mock_park_notify = true;
	task_start(&task, park_in_close);
	group_close(&g7);
	expect_log("c.detach(7)", "unclaim 7");
	assert_int_equal(mock_c.live, 1);
	assert_int_equal(mock_c.module.refs, 1);
	container = NULL;
	task_end(&task, "c.notify(0)\nc.release\nput c\nfree slot 0\n");
	assert_int_equal(mock_c.module.refs, 0);
}
#endif

#if SHIM_OLD_CORE
static void close_between_seeing_and_counting_in_notifies_nobody(void **state)
{
	attach_and_set();
	shim_on_rcu_dereference = detach_meanwhile;
	close_file(container);
	container = NULL;
	assert_string_equal(detach_log, "c.detach(7)\nunclaim 7\nc.release\nput c\n");
	free(detach_log);
	expect_log("free slot 0");
	group_close(&g7);
}
#endif

/* (c): until all is in place a reader sees no backend at all */

static void ioctl_inside_attach(void)
{
	assert_null(rcu_access_pointer(container_of_file(container)->backend));
	assert_null(container_of_file(container)->visible.iommu_driver);
	assert_int_equal(container->f_op->unlocked_ioctl(container, 0x3b70, 0), -EINVAL);
}

static void ioctl_during_set_iommu_finds_no_backend(void **state)
{
	group_init(&g7, 7, VFIO_IOMMU);
	set_container(&g7, container);
	mock_c.inside = ioctl_inside_attach;
	assert_int_equal(set_iommu(container, MOCK_TYPE), 0);
	assert_null(mock_c.inside);
	group_close(&g7);
}

/* No lock of the container is needed to get in or out, also while an attach holds it. */
static void ioctl_inside_a_second_attach(void)
{
	assert_int_equal(shim_holds(SHIM_CONTAINER), 'w');
	assert_non_null(vfio_backend_get(container_of_file(container)));
	vfio_backend_put(container_of_file(container)->backend);
}

static void ioctl_gets_in_while_an_attach_holds_the_lock(void **state)
{
	struct test_group g8;

	attach_and_set();
	group_init(&g8, 8, VFIO_IOMMU);
	mock_c.inside = ioctl_inside_a_second_attach;
	assert_int_equal(set_container(&g8, container), 0);
	assert_null(mock_c.inside);
	group_close(&g7);
	group_close(&g8);
}

int run_lifetime_tests(void)
{
	const struct CMUnitTest tests[] = {
		TC(last_detach_does_not_wait_for_a_parked_ioctl),
		TC(two_parked_ioctls_the_last_releases),
		TC(ioctl_with_no_detach_leaves_the_backend_alone),
		TC(failed_ioctl_counts_itself_out),
		TC(with_nothing_in_flight_detach_has_released),
		TC(new_backend_while_the_old_one_has_an_orphan),
		TC(group_close_under_a_parked_ioctl),
		TC(backend_is_withdrawn_before_it_is_released),
		TC(reader_between_seeing_and_counting_in_gets_nothing),
		TC(freed_only_after_a_grace_period),
#if SHIM_OLD_CORE
		TC(last_detach_does_not_wait_for_a_parked_close_notification),
#endif
#if SHIM_OLD_CORE
		TC(close_between_seeing_and_counting_in_notifies_nobody),
#endif
		TC(ioctl_during_set_iommu_finds_no_backend),
		TC(ioctl_gets_in_while_an_attach_holds_the_lock),
	};

	return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}
