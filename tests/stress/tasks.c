// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many tasks on one container: each thread attaches and detaches a group of its own, sets the
 * backend when nobody has, opens its device and closes it all in any order; others copy the
 * container's file and close the copies, and whoever comes last closes the file. Command `tasks`,
 * for our module only.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "race/guard.h"
#include "stress.h"

#define LOOPS		3
#define NR_COPIERS	2
#define COPIES		20

struct task {
	const struct member *member;
	pthread_barrier_t *start;
	pthread_t thread;
	/* A file descriptor of its own for the one container file. */
	int container;
	uint64_t random;
	struct counts counts;
	int failed;
};

static void step_failed(struct task *task, const char *what, int error)
{
	fail("%s: cannot %s: %s", task->member->name, what, strerror(error));
	task->failed = 1;
}

/* EINVAL: another task has set it; it cannot be taken away while this task's group is attached. */
static int set_iommu_once(int container)
{
	int error = set_iommu(container);

	return error == EINVAL ? 0 : error;
}

static void close_in_any_order(struct task *task, int *group, int *device, bool last)
{
	int *list[3] = { group, device, &task->container };
	unsigned int i, n = last ? 3 : 2;

	while (n) {
		i = random_below(&task->random, n);
		close_file(list[i]);
		list[i] = list[--n];
	}
}

/* Closes the device first and detaches by hand. */
static void unset_first(struct task *task, int group, int *device)
{
	int error;

	close_file(device);
	error = unset(group);
	if (error)
		step_failed(task, "detach its group", error);
	else
		task->counts.unsets++;
}

static void use_container(struct task *task, bool last)
{
	int group = -1, device = -1;
	const char *what = "open its group";
	int error = open_group(task->member, &group);

	if (!error) {
		what = "attach its group";
		error = attach(group, task->container);
	}
	if (!error) {
		task->counts.attaches++;
		what = "set the backend";
		error = set_iommu_once(task->container);
	}
	if (!error) {
		what = "open its device";
		error = open_device(group, task->member, &device);
	}
	if (error)
		step_failed(task, what, error);
	else
		task->counts.device_opens++;
	if (!error && random_below(&task->random, 3) == 0)
		unset_first(task, group, &device);
	close_in_any_order(task, &group, &device, last);
}

static void *task_main(void *data)
{
	struct task *task = data;
	unsigned int i;

	pthread_barrier_wait(task->start);
	for (i = 0; i < LOOPS && !task->failed; i++)
		use_container(task, i == LOOPS - 1);
	close_file(&task->container);
	return NULL;
}

static void *copier_main(void *data)
{
	struct task *task = data;
	unsigned int i;
	int copy;

	pthread_barrier_wait(task->start);
	for (i = 0; i < COPIES; i++) {
		copy = dup(task->container);
		close_file(&task->container);
		task->container = copy;
	}
	close_file(&task->container);
	return NULL;
}

static int start_task(struct task *task, int container, pthread_barrier_t *start)
{
	int error;

	task->start = start;
	task->container = dup(container);
	if (task->container < 0)
		return fail("cannot copy a file descriptor: %s", strerror(errno));
	error = pthread_create(&task->thread, NULL, task->member ? task_main : copier_main, task);
	if (!error)
		return 0;
	/* Those that have started wait for all: there is no way on. */
	fail("cannot start a thread: %s", strerror(error));
	exit(EXIT_FAILURE);
}

static int one_round(const struct options *options, struct task *tasks, unsigned int nr)
{
	pthread_barrier_t start;
	int container, error = open_container(&container);
	unsigned int i;
	int ret = 0;

	if (error)
		return fail("cannot open a container: %s", strerror(error));
	pthread_barrier_init(&start, NULL, nr + 1);
	for (i = 0; i < nr; i++)
		if (start_task(&tasks[i], container, &start))
			exit(EXIT_FAILURE);
	pthread_barrier_wait(&start);
	close(container);
	for (i = 0; i < nr; i++) {
		pthread_join(tasks[i].thread, NULL);
		ret |= -tasks[i].failed;
	}
	pthread_barrier_destroy(&start);
	return ret;
}

int cmd_tasks(const struct options *options)
{
	static struct task tasks[MAX_MEMBERS + NR_COPIERS];
	unsigned int i, nr = options->nr_members + NR_COPIERS;
	struct counts sum = { 0 };
	struct refs refs;
	uint64_t round;
	int ret = 0;

	if (guard_ours() || refs_init(&refs))
		return -1;
	for (i = 0; i < nr; i++) {
		tasks[i].member = i < options->nr_members ? &options->members[i] : NULL;
		tasks[i].random = random_seed(options->seed, i);
	}
	for (round = 0; round < options->count && !ret; round++) {
		ret = one_round(options, tasks, nr);
		if (all_is_back(&refs, options, "after a round"))
			ret = -1;
	}
	for (i = 0; i < nr; i++) {
		sum.attaches += tasks[i].counts.attaches;
		sum.unsets += tasks[i].counts.unsets;
		sum.device_opens += tasks[i].counts.device_opens;
	}
	printf("opens %lu\nattaches %lu\nunsets %lu\ndevice_opens %lu\n", round, sum.attaches,
	       sum.unsets, sum.device_opens);
	return ret;
}
