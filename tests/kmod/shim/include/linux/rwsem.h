/* SPDX-License-Identifier: GPL-2.0-only */
/* rwsem.h - the only reader/writer semaphore is container->group_lock */
#ifndef SHIM_RWSEM_H
#define SHIM_RWSEM_H

#include <pthread.h>
#include <linux/lockdep.h>

struct rw_semaphore {
	pthread_rwlock_t lock;
};

void init_rwsem(struct rw_semaphore *sem);
void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

#endif
