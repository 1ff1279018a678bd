// SPDX-License-Identifier: GPL-2.0-only
/*
 * util.c - memory that is never NULL, and error sentences
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static void *or_die(void *ptr, size_t n, size_t size)
{
	if (ptr || !n || !size)
		return ptr;
	fprintf(stderr, "%s: out of memory while asking for %zu x %zu bytes\n",
		program_invocation_short_name, n, size);
	exit(1);
}

void *xcalloc(size_t n, size_t size)
{
	return or_die(calloc(n, size), n, size);
}

void *xreallocarray(void *ptr, size_t n, size_t size)
{
	return or_die(reallocarray(ptr, n, size), n, size);
}

char *xstrdup(const char *s)
{
	return or_die(strdup(s), 1, strlen(s) + 1);
}

void error__set(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	if (!size)
		return;
	va_start(args, fmt);
	vsnprintf(buf, size, fmt, args);
	va_end(args);
}
