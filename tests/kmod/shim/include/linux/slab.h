/* SPDX-License-Identifier: GPL-2.0-only */
/* slab.h - counted allocations, each of which a test can let fail */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

#include <linux/compiler.h>

#define GFP_KERNEL		1
#define GFP_KERNEL_ACCOUNT	3

void *kzalloc(size_t size, unsigned int flags);
void kfree(const void *object);

#endif
