/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * error.h - error sentences in the caller's buffer, as source.h wants them
 *
 * Used by whatever can fail in tools/lib.
 */
#ifndef VFIO_OBS_ERROR_H
#define VFIO_OBS_ERROR_H

#include <stddef.h>

/*
 * error__set - write a sentence for the user: what failed, on what, why, and what to do.
 * Cut to @size; @buf may be NULL when @size is 0.
 */
void error__set(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
