// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapped_file.c - the file from which a process runs what is at an address
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mapped_file.h"

/* "7f00-7f10 r-xp 00000000 08:01 1234   /usr/lib/x": false: not at @address, or no such file. */
static bool parse_line(char *line, __u64 address, unsigned long long range[2], char **path)
{
	char perms[5];
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %*x %*x:%*x %*u %n", &range[0], &range[1], perms, &at) < 3 ||
	    address < range[0] || address >= range[1] || perms[2] != 'x' || line[at] != '/')
		return false;
	line[strcspn(line, "\n")] = '\0';
	*path = line + at;
	return true;
}

/* The range in which @address is mapped. 0 or -errno. */
static int find_range(__u32 tgid, __u64 address, unsigned long long range[2], char *path,
		      size_t size)
{
	char name[64], *line = NULL, *found;
	size_t room = 0;
	int ret = -ENOENT;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%u/maps", tgid);
	maps = fopen(name, "re");
	if (!maps)
		return -errno;
	while (ret && getline(&line, &room, maps) > 0) {
		if (!parse_line(line, address, range, &found))
			continue;
		snprintf(path, size, "%s", found);
		ret = 0;
	}
	free(line);
	fclose(maps);
	return ret;
}

/* First without opening it: to open what is no regular file may do anything. */
static int open_regular(const char *name)
{
	int at = open(name, O_PATH | O_CLOEXEC), fd;
	char again[64];
	struct stat st;

	if (at < 0)
		return -errno;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", at);
	if (fstat(at, &st) || !S_ISREG(st.st_mode))
		fd = -EINVAL;
	else if ((fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		fd = -errno;
	close(at);
	return fd;
}

int mapped_file__open(__u32 tgid, __u64 address, char *path, size_t size)
{
	unsigned long long range[2];
	char name[96];
	int ret = find_range(tgid, address, range, path, size);

	if (ret)
		return ret;
	snprintf(name, sizeof(name), "/proc/%u/map_files/%llx-%llx", tgid, range[0], range[1]);
	return open_regular(name);
}
