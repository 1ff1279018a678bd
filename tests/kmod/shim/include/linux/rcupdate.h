/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rcupdate.h - RCU by a reader lock: kfree_rcu() never waits, and frees for real as soon as every
 * reader that was inside has left
 */
#ifndef SHIM_RCUPDATE_H
#define SHIM_RCUPDATE_H

#include <linux/lockdep.h>

struct rcu_head {
	struct rcu_head	*next;
	void		*object;
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
void shim_kfree_rcu(struct rcu_head *head, void *object);
void shim_rcu_dereferenced(void);

#define kfree_rcu(ptr, member)		shim_kfree_rcu(&(ptr)->member, (ptr))
#define rcu_access_pointer(p)		READ_ONCE(p)
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define rcu_dereference(p)                                                                         \
	({                                                                                         \
		typeof(p) shim_pointer = __atomic_load_n(&(p), __ATOMIC_ACQUIRE);                  \
		shim_rcu_dereferenced();                                                           \
		shim_pointer;                                                                      \
	})
#define rcu_dereference_protected(p, condition)                                                    \
	({                                                                                         \
		WARN_ON(!(condition));                                                             \
		(p);                                                                               \
	})

#endif
