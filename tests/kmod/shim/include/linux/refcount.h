/* SPDX-License-Identifier: GPL-2.0-only */
/* refcount.h - reference counts with the kernel's memory order, and its warnings */
#ifndef SHIM_REFCOUNT_H
#define SHIM_REFCOUNT_H

#include <linux/compiler.h>

typedef struct {
	int refs;
} refcount_t;

#define refcount_set(r, n)	__atomic_store_n(&(r)->refs, (n), __ATOMIC_RELAXED)
#define refcount_read(r)	__atomic_load_n(&(r)->refs, __ATOMIC_RELAXED)

static inline void __refcount_inc(refcount_t *r, int *old)
{
	*old = __atomic_fetch_add(&r->refs, 1, __ATOMIC_RELAXED);
	WARN_ON(*old <= 0);
}

static inline void refcount_inc(refcount_t *r)
{
	int old;

	__refcount_inc(r, &old);
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	int old = refcount_read(r);

	do {
		if (!old)
			return false;
	} while (!__atomic_compare_exchange_n(&r->refs, &old, old + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	WARN_ON(old < 0);
	return true;
}

/* Called right after a count went down: another task acting at that very moment. */
extern void (*shim_drop_hook)(void);

static inline bool __refcount_dec_and_test(refcount_t *r, int *old)
{
	*old = __atomic_fetch_sub(&r->refs, 1, __ATOMIC_RELEASE);
	WARN_ON(*old <= 0);
	if (shim_drop_hook)
		shim_drop_hook();
	/* Only the one who takes it to zero acquires; a load, as TSan knows no fences. */
	return *old == 1 && !__atomic_load_n(&r->refs, __ATOMIC_ACQUIRE);
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	int old;

	return __refcount_dec_and_test(r, &old);
}

#endif
