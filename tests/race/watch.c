// SPDX-License-Identifier: GPL-2.0-only
/* Watching and counting calls; called by vfio-race, vfio-fuzz and what they run. See watch.h. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "watch.h"

#define NS_PER_S	UINT64_C(1000000000)

void *watch_new(size_t size, const char *const *calls)
{
	struct watch *watch;
	unsigned int i;

	watch = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (watch == MAP_FAILED) {
		complain("cannot get %zu bytes of shared memory: %s", size, strerror(errno));
		return NULL;
	}
	watch->calls = calls;
	for (i = 0; i < WATCH_MAX_TASKS; i++)
		watch->tasks[i].call = -1;
	return watch;
}

void watch_begin(struct watch_task *task, int call, uint64_t cmd)
{
	atomic_store_explicit(&task->cmd, cmd, memory_order_relaxed);
	atomic_store_explicit(&task->since, now_ns(), memory_order_relaxed);
	atomic_store_explicit(&task->call, call, memory_order_release);
}

int watch_end(struct watch_task *task, int error)
{
	int call = atomic_load_explicit(&task->call, memory_order_relaxed);

	task->ended[call][error < WATCH_MAX_ERRORS ? error : WATCH_MAX_ERRORS - 1]++;
	atomic_store_explicit(&task->call, -1, memory_order_release);
	return error;
}

int watch_fail(struct watch *watch, const char *format, ...)
{
	va_list args;

	if (atomic_exchange(&watch->failed, true))
		return -1;
	va_start(args, format);
	vsnprintf(watch->failure, sizeof(watch->failure), format, args);
	va_end(args);
	return -1;
}

const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "ok";

	return name ? name : "?";
}

uint64_t watch_ended(const struct watch *watch, int call, int error)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < WATCH_MAX_TASKS; i++)
		sum += watch->tasks[i].ended[call][error];
	return sum;
}

uint64_t watch_calls(const struct watch *watch, int call)
{
	uint64_t sum = 0;
	int error;

	for (error = 0; error < WATCH_MAX_ERRORS; error++)
		sum += watch_ended(watch, call, error);
	return sum;
}

void watch_print(const struct watch *watch)
{
	uint64_t count;
	int call, error;

	for (call = 0; call < WATCH_MAX_CALLS && watch->calls[call]; call++)
		for (error = 0; error < WATCH_MAX_ERRORS; error++) {
			count = watch_ended(watch, call, error);
			if (count)
				printf("  %-18s %-12s %" PRIu64 "\n", watch->calls[call],
				       error_name(error), count);
		}
}

/*
 * The supervisor
 */
static void show_file(const char *path)
{
	char text[4096], *line, *save = NULL;
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fprintf(stderr, "    %s\n", line);
}

/* Where in the kernel every thread of the process is. */
static void show_stacks(pid_t pid)
{
	struct dirent *entry;
	char path[320];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		fprintf(stderr, "  task %s of %d:\n", entry->d_name, pid);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", pid, entry->d_name);
		show_file(path);
	}
	if (dir)
		closedir(dir);
}

/* True when a call has been running for too long; says which. */
static bool is_stuck(struct watch *watch)
{
	uint64_t now = now_ns();
	bool stuck = false;
	unsigned int i;

	for (i = 0; i < WATCH_MAX_TASKS; i++) {
		struct watch_task *task = &watch->tasks[i];
		int call = atomic_load_explicit(&task->call, memory_order_acquire);
		uint64_t since = task->since;

		if (call < 0 || now < since + WATCH_PATIENCE * NS_PER_S)
			continue;
		stuck = true;
		complain("%s (task %d) is stuck: %s (request 0x%" PRIx64 ") has not returned for "
			 "%" PRIu64 " s", task->name, task->pid, watch->calls[call],
			 (uint64_t)task->cmd, (now - since) / NS_PER_S);
		show_stacks(task->pid);
	}
	return stuck;
}

/* A process that hangs in the kernel survives even this; it is left behind then. */
static void kill_all(pid_t pid)
{
	int tries;

	kill(-pid, SIGKILL);
	for (tries = 0; tries < 50 && !waitpid(pid, NULL, WNOHANG); tries++)
		usleep(100000);
}

static int judge(struct watch *watch, int status)
{
	if (watch->failed)
		return complain("%s", watch->failure);
	if (WIFSIGNALED(status))
		return complain("the tested process was killed by signal %d (%s)", WTERMSIG(status),
				strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return complain("the tested process ended with status %d", WEXITSTATUS(status));
	return 0;
}

int watch_supervise(struct watch *watch, pid_t pid)
{
	uint64_t progress = 0, since = now_ns();
	int status = 0;
	pid_t ended;

	for (;;) {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid)
			return judge(watch, status);
		if (ended < 0)
			return complain("cannot wait for process %d: %s", pid, strerror(errno));
		if (progress != watch->progress) {
			progress = watch->progress;
			since = now_ns();
		}
		if (is_stuck(watch))
			break;
		/* Longer than a stuck call, which says more. */
		if (now_ns() > since + 3 * WATCH_PATIENCE * NS_PER_S) {
			complain("no progress for %d s, and no call that is stuck",
				 3 * WATCH_PATIENCE);
			show_stacks(pid);
			break;
		}
		usleep(50000);
	}
	if (watch->failed)
		complain("%s", watch->failure);
	kill_all(pid);
	return -1;
}
