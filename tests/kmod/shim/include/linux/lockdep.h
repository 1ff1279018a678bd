/* SPDX-License-Identifier: GPL-2.0-only */
/* lockdep.h - which locks this thread holds, and that it takes them in the documented order */
#ifndef SHIM_LOCKDEP_H
#define SHIM_LOCKDEP_H

#include <linux/compiler.h>

/* group->group_lock, then container->group_lock, then the list of backends, then the slots. */
enum shim_rank {
	SHIM_GROUP,
	SHIM_CONTAINER,
	SHIM_BACKENDS,
	SHIM_SPIN,
	SHIM_RANKS,
};

void shim_before_lock(enum shim_rank rank);
void shim_locked(const void *lock, enum shim_rank rank, char mode);
void shim_unlocked(const void *lock);
bool shim_is_held(const void *lock);

#define lockdep_is_held(lock)		shim_is_held(lock)
#define lockdep_assert_held(lock)	((void)WARN_ON(!shim_is_held(lock)))

#endif
