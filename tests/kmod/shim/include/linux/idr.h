/* SPDX-License-Identifier: GPL-2.0-only */
/* idr.h - dense numbers: the smallest free one, and -ENOMEM when a test says so */
#ifndef SHIM_IDR_H
#define SHIM_IDR_H

#include <pthread.h>
#include <linux/slab.h>

#define SHIM_IDA_MAX 256

struct ida {
	pthread_mutex_t	lock;
	bool		used[SHIM_IDA_MAX];
};

#define DEFINE_IDA(name) struct ida name = { .lock = PTHREAD_MUTEX_INITIALIZER }

int ida_alloc(struct ida *ida, unsigned int flags);
void ida_free(struct ida *ida, unsigned int id);
void ida_destroy(struct ida *ida);

#endif
