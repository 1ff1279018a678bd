// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads.c - many tasks on a few containers: opens, attaches, SET_IOMMU, ioctls, devices,
 * detaches and closes at random, with events going on and off, calls failing and a backend's
 * module coming and going
 *
 * A program of its own, run under ThreadSanitizer and under AddressSanitizer. Afterwards nothing
 * may be left, and the references of each container must form one chain from open to release.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "core.h"
#include "mock.h"
#include "shim/shim.h"

#define TASKS		8
#define ROUNDS		30000
#define CONTAINERS	3
#define GROUPS		5
#define TIMEOUT_SECONDS	300

/* A file descriptor that the tasks share: whoever uses it holds a reference on the file. */
struct descriptor {
	pthread_mutex_t	lock;
	struct file	*file;
};

/* The device's calls may run only while it is open; the core sees to that. */
struct shared_group {
	struct test_group	group;
	struct descriptor	fd;
	pthread_rwlock_t	device_lock;
	bool			device_is_open;
};

static struct descriptor containers[CONTAINERS];
static struct shared_group groups[GROUPS];
static long done_set_iommu, done_ioctl, done_pin;

static struct file *descriptor_get(struct descriptor *fd)
{
	struct file *file;

	pthread_mutex_lock(&fd->lock);
	file = fd->file ? get_file(fd->file) : NULL;
	pthread_mutex_unlock(&fd->lock);
	return file;
}

static void descriptor_close(struct descriptor *fd)
{
	struct file *file;

	pthread_mutex_lock(&fd->lock);
	file = fd->file;
	fd->file = NULL;
	pthread_mutex_unlock(&fd->lock);
	if (file)
		close_file(file);
}

static struct descriptor *some_container(void)
{
	return &containers[shim_random(CONTAINERS)];
}

static struct shared_group *some_group(void)
{
	return &groups[shim_random(GROUPS)];
}

static void do_open(void)
{
	struct descriptor *fd = some_container();
	struct file *file = open_container(NULL);

	if (!file)
		return;
	pthread_mutex_lock(&fd->lock);
	if (!fd->file) {
		fd->file = file;
		file = NULL;
	}
	pthread_mutex_unlock(&fd->lock);
	if (file)
		close_file(file);
}

static void do_close(void)
{
	descriptor_close(some_container());
}

static void do_set_container(void)
{
	struct file *file = descriptor_get(some_container());
	struct shared_group *shared = some_group();
	struct file *group_file = descriptor_get(&shared->fd);

	if (file && group_file)
		set_container(&shared->group, file);
	if (file)
		close_file(file);
	if (group_file)
		close_file(group_file);
}

static void do_unset_container(void)
{
	struct shared_group *shared = some_group();
	struct file *file = descriptor_get(&shared->fd);

	if (!file)
		return;
	unset_container(&shared->group);
	close_file(file);
}

static void do_group_open(void)
{
	struct shared_group *shared = some_group();

	pthread_mutex_lock(&shared->fd.lock);
	if (!shared->fd.file && !group_open(&shared->group))
		shared->fd.file = shared->group.vfio.opened_file;
	pthread_mutex_unlock(&shared->fd.lock);
}

static void do_group_close(void)
{
	descriptor_close(&some_group()->fd);
}

static void do_set_iommu(void)
{
	struct file *file = descriptor_get(some_container());

	if (!file)
		return;
	if (!set_iommu(file, MOCK_TYPE))
		__atomic_add_fetch(&done_set_iommu, 1, __ATOMIC_RELAXED);
	close_file(file);
}

static void do_ioctl(void)
{
	static const unsigned int commands[] = {
		MOCK_DAWDLE, MOCK_DAWDLE, VFIO_CHECK_EXTENSION, VFIO_GET_API_VERSION,
		VFIO_IOMMU_MAP_DMA,
	};
	unsigned int command = commands[shim_random(sizeof(commands) / sizeof(*commands))];
	struct file *file = descriptor_get(some_container());

	if (!file)
		return;
	if (container_ioctl(file, command, 0) > MOCK_IOCTL_RET)
		__atomic_add_fetch(&done_ioctl, 1, __ATOMIC_RELAXED);
	close_file(file);
}

static void do_device_open(void)
{
	struct shared_group *shared = some_group();
	struct file *file = descriptor_get(&shared->fd);

	if (!file)
		return;
	pthread_rwlock_wrlock(&shared->device_lock);
	if (!shared->device_is_open)
		shared->device_is_open = !device_open(&shared->group);
	pthread_rwlock_unlock(&shared->device_lock);
	close_file(file);
}

static void device_close_if_open(struct shared_group *shared)
{
	pthread_rwlock_wrlock(&shared->device_lock);
	if (shared->device_is_open) {
		device_close(&shared->group);
		shared->device_is_open = false;
	}
	pthread_rwlock_unlock(&shared->device_lock);
}

static void do_device_close(void)
{
	device_close_if_open(some_group());
}

static void do_pin(void)
{
	struct shared_group *shared = some_group();
	struct page *pages[4];
	char buffer[8];

	pthread_rwlock_rdlock(&shared->device_lock);
	if (shared->device_is_open) {
		if (pin(&shared->group, 0x1000, 4, pages) == 4)
			__atomic_add_fetch(&done_pin, 1, __ATOMIC_RELAXED);
		unpin(&shared->group, 0x1000, 4);
		dma_rw(&shared->group, 0x1000, buffer, sizeof(buffer), true);
	}
	pthread_rwlock_unlock(&shared->device_lock);
}

/* rmmod and modprobe of the backend that is asked first; only one task at a time may. */
static void do_reload_backend(void)
{
	static pthread_mutex_t reloading = PTHREAD_MUTEX_INITIALIZER;

	if (pthread_mutex_trylock(&reloading))
		return;
	if (shim_module_stop(&mock_c.module)) {
		vfio_unregister_iommu_driver(&mock_c.ops);
		shim_module_start(&mock_c.module);
		while (vfio_register_iommu_driver(&mock_c.ops))
			;
	}
	pthread_mutex_unlock(&reloading);
}

/* The chain needs its events all the time; the others come and go. */
static void do_trace(void)
{
	static const char *const events[] = {
		"vfio_container_attach", "vfio_container_detach", "vfio_container_set_iommu",
		"vfio_container_ioctl", "vfio_container_ioctl_start", "vfio_container_pin",
		"vfio_container_unpin", "vfio_container_dma_rw", "vfio_device_assign",
		"vfio_container_check_extension",
	};

	shim_trace(events[shim_random(sizeof(events) / sizeof(*events))], shim_random(2));
}

static void (*const actions[])(void) = {
	do_open, do_open, do_open, do_close, do_set_container, do_set_container, do_set_container,
	do_set_container, do_unset_container, do_group_open, do_group_open, do_group_close,
	do_set_iommu, do_set_iommu, do_set_iommu, do_ioctl, do_ioctl, do_ioctl, do_ioctl,
	do_device_open, do_device_close, do_device_close, do_pin, do_pin, do_reload_backend,
	do_trace,
};

static void *task(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		actions[shim_random(sizeof(actions) / sizeof(*actions))]();
	return NULL;
}

static void prepare(void)
{
	int i;

	for (i = 0; i < CONTAINERS; i++)
		pthread_mutex_init(&containers[i].lock, NULL);
	for (i = 0; i < GROUPS; i++) {
		pthread_mutex_init(&groups[i].fd.lock, NULL);
		pthread_rwlock_init(&groups[i].device_lock, NULL);
		group_init(&groups[i].group, i, i % 2 ? VFIO_EMULATED_IOMMU : VFIO_IOMMU);
		groups[i].fd.file = groups[i].group.vfio.opened_file;
	}
	shim_log_events_only = true;
	shim_fail_one_in = 40;
	shim_trace("vfio_container_get", true);
	shim_trace("vfio_container_put", true);
	shim_trace("vfio_container_open", true);
	shim_trace("vfio_container_release", true);
}

static void finish(void)
{
	int i;

	shim_fail_one_in = 0;
	for (i = 0; i < GROUPS; i++) {
		device_close_if_open(&groups[i]);
		descriptor_close(&groups[i].fd);
	}
	for (i = 0; i < CONTAINERS; i++)
		descriptor_close(&containers[i]);
	mock_unregister_all();
	vfio_container_cleanup();
	shim_rcu_barrier();
}

static int run(void **state)
{
	pthread_t threads[TASKS];
	int i;

	alarm(TIMEOUT_SECONDS);
	shim_reset();
	mock_reset();
	if (vfio_container_init())
		return -1;
	mock_register_all();
	prepare();
	for (i = 0; i < TASKS; i++)
		if (pthread_create(&threads[i], NULL, task, NULL))
			return -1;
	for (i = 0; i < TASKS; i++)
		pthread_join(threads[i], NULL);
	finish();
	return 0;
}

static int clean_up(void **state)
{
	shim_reset();
	return 0;
}

static void tasks_reached_every_operation(void **state)
{
	int late = mock_a.late_releases + mock_b.late_releases + mock_c.late_releases;

	print_message("# set_iommu %ld, ioctl %ld, pin %ld, data released late %d\n",
		      done_set_iommu, done_ioctl, done_pin, late);
	assert_true(done_set_iommu > 100);
	assert_true(done_ioctl > 100);
	assert_true(done_pin > 100);
	assert_true(late > 0);
}

static void nothing_is_left(void **state)
{
	int i;

	assert_int_equal(shim_live_objects(), 0);
	assert_int_equal(shim_allocated_under_lock(), 0);
	assert_int_equal(mock_a.module.refs, 0);
	assert_int_equal(mock_b.module.refs, 0);
	assert_int_equal(mock_c.module.refs, 0);
	assert_int_equal(mock_a.live, 0);
	assert_int_equal(mock_b.live, 0);
	assert_int_equal(mock_c.live, 0);
	for (i = 0; i < GROUPS; i++)
		assert_null(groups[i].group.iommu.owner);
}

static void no_warning(void **state)
{
	if (shim_warnings())
		fail_msg("%d warnings, the last: %s", shim_warnings(), shim_last_warning());
}

/*
 * One container's transitions, whatever their order in the log: as many steps up to a level as
 * down from it. So they form one chain from 0 back to 0.
 */
#define LEVELS		16
#define MAX_CONTAINERS	(TASKS * ROUNDS)

struct chain {
	int	ups[LEVELS];
	int	downs[LEVELS];
	int	opens;
	int	releases;
};

static unsigned long long value(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 10);
}

static void add_line(struct chain *chains, const char *line)
{
	unsigned long long id = value(line, " id="), refs;
	struct chain *chain = &chains[id];

	assert_true(id < MAX_CONTAINERS);
	if (!strncmp(line, "vfio_container_open ", 20)) {
		chain->opens++;
	} else if (!strncmp(line, "vfio_container_release ", 23)) {
		chain->releases++;
	} else if (!strncmp(line, "vfio_container_get ", 19)) {
		refs = value(line, " refs=");
		assert_in_range(refs, 1, LEVELS - 1);
		chain->ups[refs]++;
	} else if (!strncmp(line, "vfio_container_put ", 19)) {
		refs = value(line, " refs=");
		assert_in_range(refs, 0, LEVELS - 2);
		chain->downs[refs + 1]++;
	}
}

/* Ends the line at *REST there, returns it and moves on; strtok_r() by sanitizers is quadratic. */
static char *next_line(char **rest)
{
	char *line = *rest, *end = line;

	while (*end && *end != '\n')
		end++;
	if (end == line)
		return NULL;
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

static void references_of_each_container_form_one_chain(void **state)
{
	char *log = shim_take_all_logs(), *line, *rest = log;
	struct chain *chains = calloc(MAX_CONTAINERS, sizeof(*chains));
	int id, level;

	while ((line = next_line(&rest)))
		add_line(chains, line);
	/* Id 0 is that of opens that failed; the others leave no gap. */
	for (id = 1; chains[id].opens; id++) {
		assert_int_equal(chains[id].opens, 1);
		assert_int_equal(chains[id].releases, 1);
		assert_int_equal(chains[id].ups[1], 1);
		for (level = 1; level < LEVELS; level++)
			assert_int_equal(chains[id].ups[level], chains[id].downs[level]);
	}
	print_message("# %d containers\n", id - 1);
	assert_true(id > 100);
	for (; id < MAX_CONTAINERS; id++)
		assert_memory_equal(&chains[id], &(struct chain){ .opens = 0 }, sizeof(*chains));
	free(chains);
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_reached_every_operation),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(no_warning),
		cmocka_unit_test(references_of_each_container_form_one_chain),
	};

	return cmocka_run_group_tests_name("threads", tests, run, clean_up);
}
