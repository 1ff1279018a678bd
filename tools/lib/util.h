/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * util.h - memory that is never NULL, and error sentences in the caller's buffer
 *
 * Used throughout tools/.
 */
#ifndef VFIO_OBS_UTIL_H
#define VFIO_OBS_UTIL_H

#include <stddef.h>

/*
 * As calloc(), reallocarray(), strdup(). Out of memory, they say so on stderr and end the program
 * with status 1: there is nothing a monitor could still do.
 */
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *ptr, size_t n, size_t size);
char *xstrdup(const char *s);

/*
 * error__set - write a sentence for the user: what failed, on what, why, and what to do.
 * Cut to @size; @buf may be NULL when @size is 0.
 */
void error__set(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
