// SPDX-License-Identifier: GPL-2.0-only
/* One process of vfio-fuzz, started by vfio-fuzz.c. See fuzz.h. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "guard.h"

/* A child that is killed lives that long at most, in microseconds. */
#define MAX_CHILD_LIFE	8000

void fuzz_begin(struct fuzzer *fuzzer, enum fuzz_call call, uint64_t what)
{
	fuzzer->done++;
	atomic_fetch_add_explicit(&fuzzer->fuzz->watch.progress, 1, memory_order_relaxed);
	watch_begin(fuzzer->task, call, what);
}

int fuzz_end(struct fuzzer *fuzzer, int ret)
{
	return watch_end(fuzzer->task, ret < 0 ? errno : 0) ? -errno : ret;
}

int fuzz_ioctl(struct fuzzer *fuzzer, enum fuzz_call call, int fd, unsigned long cmd, void *arg)
{
	fuzz_begin(fuzzer, call, cmd);
	return fuzz_end(fuzzer, ioctl(fd, cmd, arg));
}

void fuzz_close_all(struct fuzzer *fuzzer)
{
	unsigned int i;

	for (i = 0; i < FUZZ_CONTAINERS; i++)
		if (fuzzer->containers[i].fd >= 0)
			fuzz_close_container(fuzzer, &fuzzer->containers[i]);
	for (i = 0; i < FUZZ_DEVICES; i++)
		if (fuzzer->devices[i].fd >= 0)
			fuzz_close_device(fuzzer, &fuzzer->devices[i]);
	for (i = 0; i < FUZZ_GROUPS; i++)
		if (fuzzer->groups[i].fd >= 0)
			fuzz_close_group(fuzzer, &fuzzer->groups[i]);
}

static void start(struct fuzzer *fuzzer, struct fuzz *fuzz, unsigned int number)
{
	unsigned int i;

	*fuzzer = (struct fuzzer){
		.fuzz = fuzz, .number = number, .task = &fuzz->watch.tasks[2 * number],
		.random = (fuzz->seed + number + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1,
		.arena = fuzz_arena_new(),
	};
	for (i = 0; i < FUZZ_CONTAINERS; i++)
		fuzzer->containers[i].fd = -1;
	for (i = 0; i < FUZZ_GROUPS; i++)
		fuzzer->groups[i] = (struct fuzz_group){ .fd = -1, .container = -1 };
	for (i = 0; i < FUZZ_DEVICES; i++)
		fuzzer->devices[i].fd = -1;
	snprintf(fuzzer->task->name, sizeof(fuzzer->task->name), "process %u", number);
	fuzzer->task->pid = getpid();
}

/* With all files of its parent, and no chance to put anything in order. */
static void __attribute__((noreturn)) killed_child(struct fuzzer *fuzzer)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fuzzer->is_child = true;
	fuzzer->random ^= UINT64_C(0xa5a5a5a5a5a5a5a5);
	fuzzer->task = &fuzzer->fuzz->watch.tasks[2 * fuzzer->number + 1];
	fuzzer->task->pid = getpid();
	for (;;)
		fuzz_step(fuzzer);
}

static void fuzz_killed_child(struct fuzzer *fuzzer)
{
	struct watch_task *child = &fuzzer->fuzz->watch.tasks[2 * fuzzer->number + 1];
	useconds_t life = fuzz_below(fuzzer, MAX_CHILD_LIFE);
	pid_t pid;

	if (fuzzer->is_child)
		return;
	snprintf(child->name, sizeof(child->name), "child of %u", fuzzer->number);
	fuzz_begin(fuzzer, FUZZ_KILLED_CHILD, 0);
	pid = fork();
	if (!pid)
		killed_child(fuzzer);
	if (pid > 0) {
		usleep(life);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		child->call = -1;
	}
	fuzz_end(fuzzer, pid);
}

static void close_one(struct fuzzer *fuzzer)
{
	unsigned int i = fuzz_below(fuzzer, 8);

	if (i < FUZZ_CONTAINERS && fuzzer->containers[i].fd >= 0)
		fuzz_close_container(fuzzer, &fuzzer->containers[i]);
	else if (i < FUZZ_GROUPS && fuzzer->groups[i].fd >= 0)
		fuzz_close_group(fuzzer, &fuzzer->groups[i]);
	else if (i < FUZZ_DEVICES && fuzzer->devices[i].fd >= 0)
		fuzz_close_device(fuzzer, &fuzzer->devices[i]);
}

static void close_all_at_times(struct fuzzer *fuzzer)
{
	if (fuzz_one_in(fuzzer, 4))
		fuzz_close_all(fuzzer);
}

/* Whichever is the first step still missing on the way to a mapped container with a device. */
static void get_on(struct fuzzer *fuzzer)
{
	unsigned int i, groups = 0, attached = 0, devices = 0, with_iommu = 0, containers = 0;
	struct fuzz_group *lost = NULL;

	for (i = 0; i < FUZZ_GROUPS; i++) {
		groups += fuzzer->groups[i].fd >= 0;
		attached += fuzzer->groups[i].attached;
		if (fuzzer->groups[i].attached && fuzzer->groups[i].container < 0)
			lost = &fuzzer->groups[i];
	}
	for (i = 0; i < FUZZ_DEVICES; i++)
		devices += fuzzer->devices[i].fd >= 0;
	for (i = 0; i < FUZZ_CONTAINERS; i++) {
		containers += fuzzer->containers[i].fd >= 0;
		with_iommu += fuzzer->containers[i].has_iommu;
	}
	if (lost)
		fuzz_close_group(fuzzer, lost);
	else if (!containers)
		fuzz_open_container(fuzzer);
	else if (!groups)
		fuzz_open_group(fuzzer);
	else if (!attached)
		fuzz_set_container(fuzzer);
	else if (!with_iommu)
		fuzz_set_iommu(fuzzer);
	else if (!devices)
		fuzz_get_device_fd(fuzzer);
	else
		fuzz_map_dma(fuzzer);
}

/* How often each is done, of the sum. */
static const struct {
	unsigned int weight;
	void (*step)(struct fuzzer *fuzzer);
} steps[] = {
	{ 200, get_on },
	{ 8, fuzz_open_container },
	{ 12, fuzz_open_group },
	{ 20, fuzz_set_container },
	{ 6, fuzz_unset_container },
	{ 10, fuzz_group_status },
	{ 15, fuzz_set_iommu },
	{ 20, fuzz_check_extension },
	{ 6, fuzz_api_version },
	{ 20, fuzz_get_info },
	{ 60, fuzz_map_dma },
	{ 100, fuzz_unmap_dma },
	{ 50, fuzz_dirty_pages },
	{ 15, fuzz_get_device_fd },
	{ 20, fuzz_device_info },
	{ 1, fuzz_device_reset },
	{ 80, fuzz_pin },
	{ 30, fuzz_unpin },
	{ 30, fuzz_dma_rw },
	{ 10, fuzz_pin_loop },
	{ 10, fuzz_dma_rw_loop },
	{ 60, fuzz_any_ioctl },
	{ 10, fuzz_file },
	{ 6, fuzz_dup },
	{ 3, fuzz_pass },
	{ 6, close_one },
	{ 3, close_all_at_times },
	{ 1, fuzz_killed_child },
};

void fuzz_step(struct fuzzer *fuzzer)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		sum += steps[i].weight;
	at = fuzz_below(fuzzer, sum);
	for (i = 0; at >= steps[i].weight; i++)
		at -= steps[i].weight;
	steps[i].step(fuzzer);
}

void fuzz_process(struct fuzz *fuzz, unsigned int number)
{
	uint64_t locked = guard_vm("VmLck"), pinned = guard_vm("VmPin");
	uint64_t deadline = fuzz->seconds > 0 ? now_ns() + (uint64_t)(fuzz->seconds * 1e9) :
			    UINT64_MAX;
	struct fuzzer fuzzer;

	start(&fuzzer, fuzz, number);
	if (!fuzzer.arena)
		_exit(EXIT_FAILURE);
	while (fuzzer.done < fuzz->calls && now_ns() < deadline)
		fuzz_step(&fuzzer);
	fuzz_close_all(&fuzzer);
	if (guard_vm("VmLck") == locked && guard_vm("VmPin") == pinned)
		_exit(EXIT_SUCCESS);
	watch_fail(&fuzz->watch, "with all files closed, process %u has VmLck %" PRIu64
		   " KiB and VmPin %" PRIu64 " KiB; before it began they were %" PRIu64 " and %"
		   PRIu64, number, guard_vm("VmLck"), guard_vm("VmPin"), locked, pinned);
	_exit(EXIT_FAILURE);
}
