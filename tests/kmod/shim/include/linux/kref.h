/* SPDX-License-Identifier: GPL-2.0-only */
/* kref.h - a reference count in an object */
#ifndef SHIM_KREF_H
#define SHIM_KREF_H

#include <linux/refcount.h>

struct kref {
	refcount_t refcount;
};

#define kref_init(k)	refcount_set(&(k)->refcount, 1)

static inline unsigned int kref_read(const struct kref *kref)
{
	return refcount_read(&kref->refcount);
}

#endif
