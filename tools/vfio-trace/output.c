// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - where a command's -o OUT leads
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

static bool is_same(int fd, const char *from)
{
	struct stat a, b;

	return !fstat(fd, &a) && S_ISREG(a.st_mode) && !stat(from, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Not cut yet: it may be the recording itself. -1 with the reason in @why. */
static int open_file(const char *path, const char *from, const char **why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd >= 0 && is_same(fd, from))
		*why = "it is the recording";
	else if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) || !ftruncate(fd, 0)))
		return fd;
	else
		*why = strerror(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

FILE *output__open(const char *path, const char *from)
{
	const char *why = "out of memory";
	FILE *out = NULL;
	int fd;

	if (!path || !strcmp(path, "-"))
		return stdout;
	fd = open_file(path, from, &why);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (!out)
		fprintf(stderr, "vfio-trace: cannot write to %s: %s; choose another file with -o\n",
			path, why);
	return out;
}
