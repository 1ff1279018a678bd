// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_path.c - the folder of a cgroup that the kernel named by its id
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup_path.h"
#include "error.h"
#include "xalloc.h"

/* Type of a cgroup's file handle (FILEID_KERNFS), whose 8 bytes are the cgroup's id. */
#define CGROUP_HANDLE 0xfe

struct cgroups {
	int fd; /* mount of cgroup2, -1 none */
	char mount[PATH_MAX];
};

struct cgroups *cgroups__open(const char *root)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct cgroups *cgroups = xcalloc(1, sizeof(*cgroups));
	struct statfs fs;

	cgroups->fd = -1;
	snprintf(cgroups->mount, sizeof(cgroups->mount), "%.*s%s", PATH_MAX - 32, root, mounts[0]);
	for (size_t i = 0; !*root && i < ARRAY_SIZE(mounts); i++) {
		int fd = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC) {
			cgroups->fd = fd;
			snprintf(cgroups->mount, sizeof(cgroups->mount), "%s", mounts[i]);
			break;
		}
		if (fd >= 0)
			close(fd);
	}
	return cgroups;
}

void cgroups__close(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	if (cgroups->fd >= 0)
		close(cgroups->fd);
	free(cgroups);
}

const char *cgroups__mount(const struct cgroups *cgroups)
{
	return cgroups->mount;
}

bool cgroups__path(const struct cgroups *cgroups, __u64 id, char *path, size_t size)
{
	struct {
		struct file_handle head;
		__u64 id;
	} handle = { .head = { .handle_bytes = sizeof(id), .handle_type = CGROUP_HANDLE } };
	char link[64], found[PATH_MAX];
	size_t mount = strlen(cgroups->mount);
	struct stat st;
	ssize_t n;
	int fd;

	if (cgroups->fd < 0 || !id)
		return false;
	memcpy(handle.head.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(cgroups->fd, &handle.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, found, sizeof(found) - 1);
	if (fstat(fd, &st) || st.st_ino != id)
		n = -1;
	close(fd);
	if (n < 0)
		return false;
	found[n] = '\0';
	/* Outside of what is mounted here it has no path. */
	if (strncmp(found, cgroups->mount, mount) || (found[mount] && found[mount] != '/'))
		return false;
	snprintf(path, size, "%s", found[mount] ? found + mount : "/");
	return true;
}
