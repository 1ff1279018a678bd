/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ioctls that stop inside the backend, because the memory they read or write is missing and only
 * userfaultfd can provide it: until parker_release(), the ioctl is in the backend with the
 * backend's data. Used by held.c.
 *
 * Functions that return int give 0, or -1 and watch_fail() knows why.
 */
#ifndef RACE_PARKER_H
#define RACE_PARKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "race.h"

/* Which ioctl, and where it stops. */
enum parker_kind {
	PARK_MAP,		/* reading its argument */
	PARK_UNMAP,		/* reading its argument */
	PARK_INFO_BEFORE,	/* reading its argument */
	PARK_INFO_AFTER,	/* writing its answer, everything else done */
	PARK_DIRTY_START,	/* reading its argument */
	NR_PARKERS
};

extern const char *const parker_names[NR_PARKERS];

struct parker {
	enum parker_kind kind;
	struct race *race;
	struct watch_task *task;
	pthread_t thread;
	sem_t go, done;
	bool quit;
	int fault_fd;
	/* Two pages; the second is the one that is missing. */
	char *pages;
	/* Where in them the argument of the ioctl is. */
	char *argument;
	int container;
	struct race_map map;
	int ret;
};

/* All of them, their threads waiting for work. `map`, by kind: what MAP and UNMAP have to do. */
int parkers_start(struct race *race, struct parker *parkers, const struct race_map *map);
void parkers_stop(struct parker *parkers);

/* All begin their ioctl on the container; returns when every one of them has stopped inside. */
int parkers_park(struct parker *parkers, int container);

/* Gives this one its memory and waits for the ioctl to return; its result is in ->ret. */
int parker_release(struct parker *parker);

/* After a release: the size that UNMAP gave back; the dma_avail that GET_INFO told. */
uint64_t parker_unmapped(const struct parker *parker);
uint32_t parker_avail(const struct parker *parker);

#endif /* RACE_PARKER_H */
