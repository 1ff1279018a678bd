// SPDX-License-Identifier: GPL-2.0-only
/*
 * saved_file.c - a small file that is replaced as a whole, or left as it was
 *
 * Called by vfiotop's config.c and by loader_serve.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "saved_file.h"

static bool part_name(const char *path, char part[PATH_MAX])
{
	return snprintf(part, PATH_MAX, "%s.part", path) < PATH_MAX;
}

/* "~/.config" is there nearly always, "~/.config/vfiotop" is not. */
static void make_folders(const char *path)
{
	char folder[PATH_MAX], *ends[2];
	int n = 0;

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *end = strrchr(folder, '/'); end && end > folder && n < 2;
	     end = strrchr(folder, '/')) {
		*end = '\0';
		ends[n++] = end;
	}
	/* What cannot be made is told by the open() that follows. */
	while (n) {
		if (strlen(folder))
			mkdir(folder, 0700);
		*ends[--n] = '/';
	}
}

int saved_file__begin(const char *path)
{
	char part[PATH_MAX];
	struct stat stat;
	int fd;

	if (!part_name(path, part))
		return -ENAMETOOLONG;
	/* A device such as /dev/null would be replaced like any other. */
	if (!lstat(path, &stat) && !S_ISREG(stat.st_mode))
		return -EOPNOTSUPP;
	make_folders(path);
	/* Left by one that was killed meanwhile. */
	if (unlink(part) && errno != ENOENT)
		return -errno;
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

int saved_file__end(const char *path, bool whole)
{
	char part[PATH_MAX];
	int ret = 0;

	if (!part_name(path, part))
		return -ENAMETOOLONG;
	if (whole && !rename(part, path))
		return 0;
	if (whole)
		ret = -errno;
	unlink(part);
	return ret;
}
