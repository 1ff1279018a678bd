// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_file.c - a file that is only in memory, for who takes no buffer
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory_file.h"

int memory_file__create(const char *name, const void *data, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < size) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0) {
			int ret = -errno;

			close(fd);
			return ret;
		}
		done += n;
	}
	return fd < 0 ? -errno : fd;
}
