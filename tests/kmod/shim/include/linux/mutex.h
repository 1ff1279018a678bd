/* SPDX-License-Identifier: GPL-2.0-only */
/* mutex.h - the only static mutex of the container code is that of the list of backends */
#ifndef SHIM_MUTEX_H
#define SHIM_MUTEX_H

#include <pthread.h>
#include <linux/lockdep.h>

struct mutex {
	pthread_mutex_t	lock;
	enum shim_rank	rank;
};

#define DEFINE_MUTEX(name) struct mutex name = { PTHREAD_MUTEX_INITIALIZER, SHIM_BACKENDS }

/* Used by the tests, for group->group_lock. */
void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#endif
