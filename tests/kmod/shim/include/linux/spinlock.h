/* SPDX-License-Identifier: GPL-2.0-only */
/* spinlock.h - a lock inside all others, under which nobody sleeps */
#ifndef SHIM_SPINLOCK_H
#define SHIM_SPINLOCK_H

#include <pthread.h>
#include <linux/lockdep.h>

typedef struct {
	pthread_mutex_t lock;
} spinlock_t;

#define DEFINE_SPINLOCK(name) spinlock_t name = { PTHREAD_MUTEX_INITIALIZER }

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

#endif
