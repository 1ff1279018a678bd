/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xalloc.h - memory that is there, or the program ends with a message
 *
 * Used all over tools/: none of it can do anything useful without memory.
 */
#ifndef VFIO_OBS_XALLOC_H
#define VFIO_OBS_XALLOC_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *xalloc__check(void *ptr)
{
	if (ptr)
		return ptr;
	fputs("out of memory: give the tool more, or look at fewer containers\n", stderr);
	exit(1);
}

/* Zeroed; never NULL, also for nothing. */
static inline void *xcalloc(size_t n, size_t size)
{
	return xalloc__check(calloc(n ? n : 1, size ? size : 1));
}

/* Checks @n * @size for overflow; what is new is not zeroed. */
static inline void *xreallocarray(void *ptr, size_t n, size_t size)
{
	return xalloc__check(reallocarray(ptr, n ? n : 1, size ? size : 1));
}

/* A copy of @n elements; NULL when there are none. */
static inline void *xmemdup(const void *ptr, size_t n, size_t size)
{
	return n ? memcpy(xreallocarray(NULL, n, size), ptr, n * size) : NULL;
}

/* The same of an array that grows when its length reaches a power of two: there is that room. */
static inline void *xmemdup_grown(const void *ptr, size_t n, size_t size)
{
	size_t room = 1;

	while (room < n)
		room *= 2;
	return n ? memcpy(xreallocarray(NULL, room, size), ptr, n * size) : NULL;
}

#endif
