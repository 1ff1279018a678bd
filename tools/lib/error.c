// SPDX-License-Identifier: GPL-2.0-only
/*
 * error.c - error sentences in the caller's buffer
 */
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

void error__set(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	if (!size)
		return;
	va_start(args, fmt);
	vsnprintf(buf, size, fmt, args);
	va_end(args);
}
