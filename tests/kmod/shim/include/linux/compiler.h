/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compiler.h - the words of kernel C that every other header of the shim needs
 *
 * The shim has what kmod/container.c, backend.c, pin.c, slot.c and trace.h use, no more, and checks
 * the rules that the kernel states for it. shim.h is its other side, for the tests.
 */
#ifndef SHIM_COMPILER_H
#define SHIM_COMPILER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

typedef unsigned long long u64;
typedef uint32_t u32;
typedef uint8_t u8;
typedef u64 dma_addr_t;

#define __user
#define __rcu
#define __init
#define __read_mostly
#define noinline		__attribute__((noinline))
#define notrace
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)                                                                    \
	do {                                                                                       \
		__atomic_store_n((p), (v), __ATOMIC_RELEASE);                                      \
		shim_stored(p);                                                                    \
	} while (0)

#define xchg(p, v)		__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

#define container_of(ptr, type, member)	((type *)((char *)(ptr) - offsetof(type, member)))
#define offsetofend(type, member)	(offsetof(type, member) + sizeof(((type *)0)->member))

#define MAX_ERRNO	4095
#define ERR_PTR(error)	((void *)(long)(error))
#define PTR_ERR(ptr)	((long)(ptr))
#define IS_ERR(ptr)	((unsigned long)(ptr) >= (unsigned long)-MAX_ERRNO)

/* The one option that the container code asks for. */
#ifdef CONFIG_VFIO_NOIOMMU
#define SHIM_CONFIG_VFIO_NOIOMMU 1
#else
#define SHIM_CONFIG_VFIO_NOIOMMU 0
#endif
#define IS_ENABLED(option) SHIM_##option

/* Counted; a test that expects none fails. */
#define WARN_ON(condition)                                                                         \
	({                                                                                         \
		bool shim_warned = (condition);                                                    \
		if (shim_warned)                                                                   \
			shim_warn(__FILE__, __LINE__, #condition);                                 \
		shim_warned;                                                                       \
	})
#define pr_err(...)	shim_log("pr_err: " __VA_ARGS__)

void shim_warn(const char *file, int line, const char *what);
void shim_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void shim_stored(const void *where);

typedef struct {
	long long value;
} atomic64_t;
#define ATOMIC64_INIT(v)	{ (v) }
#define atomic64_inc_return(a)	__atomic_add_fetch(&(a)->value, 1, __ATOMIC_SEQ_CST)

#endif
