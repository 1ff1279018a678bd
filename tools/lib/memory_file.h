/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_file.h - a file that is only in memory, for who takes no buffer
 *
 * Used by loader_serve.c for what is more than a message holds, and by kernel_types.c.
 */
#ifndef VFIO_OBS_MEMORY_FILE_H
#define VFIO_OBS_MEMORY_FILE_H

#include <stddef.h>

/* memory_file__create - with @size bytes of @data. A descriptor, the caller's, or -errno. */
int memory_file__create(const char *name, const void *data, size_t size);

#endif
