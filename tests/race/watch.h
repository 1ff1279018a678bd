/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is inside which call since when, and how calls ended: kept in memory that the tested process
 * and its supervisor share, so that a call that never returns can be named, and everything counted
 * so far printed, even when the tested process can no longer do anything.
 */
#ifndef RACE_WATCH_H
#define RACE_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A call that has not returned for this long, in seconds, never will. */
#define WATCH_PATIENCE	60

#define WATCH_MAX_CALLS		48
#define WATCH_MAX_TASKS		16
/* Errnos; 0 is success. Beyond is the last one. */
#define WATCH_MAX_ERRORS	136

/* One thread or process. Only that one writes to it. */
struct watch_task {
	char name[24];
	_Atomic int pid;
	/* The running call, -1 between calls; what it was given, and since when (ns). */
	_Atomic int call;
	_Atomic uint64_t cmd;
	_Atomic uint64_t since;
	uint64_t ended[WATCH_MAX_CALLS][WATCH_MAX_ERRORS];
};

struct watch {
	const char *const *calls;	/* names, NULL for none */
	_Atomic bool failed;
	/* Changes as the run goes on: it must, too. */
	_Atomic uint64_t progress;
	char failure[512];
	struct watch_task tasks[WATCH_MAX_TASKS];
};

/* Shared memory of `size` bytes, a struct watch at its beginning; NULL after having said why. */
void *watch_new(size_t size, const char *const *calls);

/* Around each call; end() returns `error` (0 or an errno). */
void watch_begin(struct watch_task *task, int call, uint64_t cmd);
int watch_end(struct watch_task *task, int error);

/* The first failure of the run; later ones are dropped. Always -1. */
int watch_fail(struct watch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Waits for the process, which is the leader of its own group of processes. One that has a call
 * stuck, or makes no progress, is described and killed. Returns 0 if it ended with status 0 and no
 * failure was noted, else -1 after having said what failed.
 */
int watch_supervise(struct watch *watch, pid_t pid);

/* Sum over all tasks. */
uint64_t watch_ended(const struct watch *watch, int call, int error);
uint64_t watch_calls(const struct watch *watch, int call);

/* "CALL RESULT COUNT", one line for each pair that occurred. */
void watch_print(const struct watch *watch);

/* The name of an errno, "ok" for 0. */
const char *error_name(int error);

#endif /* RACE_WATCH_H */
