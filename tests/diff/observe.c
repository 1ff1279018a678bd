// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be seen from outside after a step; called by vfio-diff.c.
 *
 * Files stay open and are read again: this runs after each of hundreds of thousands of steps.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "observe.h"

const char *const module_names[NR_MODULES] = {
	"vfio", "vfio_iommu_type1", "vfio_pci", "vfio_pci_core", "vfio_testdev",
};

static int open_file(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

	if (fd < 0)
		fprintf(stderr, "vfio-diff: cannot open %s: %s; run it by tests/diff/run\n", path,
			strerror(errno));
	return fd;
}

int observer_init(struct observer *observer)
{
	char path[64];
	int i;

	observer->status_fd = open_file("/proc/self/status", 0);
	observer->kmsg_fd = open_file("/dev/kmsg", O_NONBLOCK);
	if (observer->status_fd < 0 || observer->kmsg_fd < 0)
		return -1;
	lseek(observer->kmsg_fd, 0, SEEK_END);
	for (i = 0; i < NR_MODULES; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module_names[i]);
		observer->module_fd[i] = open_file(path, 0);
		if (observer->module_fd[i] < 0)
			return -1;
	}
	return 0;
}

static int read_text(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	if (got <= 0) {
		fprintf(stderr, "vfio-diff: cannot read what the kernel counts: %s\n",
			got ? strerror(errno) : "nothing there");
		return -1;
	}
	text[got] = '\0';
	return 0;
}

static int read_memory(int fd, struct observation *seen)
{
	const char *locked, *pinned;
	char text[4096];

	if (read_text(fd, text, sizeof(text)))
		return -1;
	locked = strstr(text, "\nVmLck:");
	pinned = strstr(text, "\nVmPin:");
	if (!locked || !pinned) {
		fprintf(stderr, "vfio-diff: /proc/self/status names no VmLck or VmPin\n");
		return -1;
	}
	seen->locked_kb = strtoul(locked + 7, NULL, 10);
	seen->pinned_kb = strtoul(pinned + 7, NULL, 10);
	return 0;
}

/* Process numbers, which depend on what ran before, become "(PID)". */
static size_t normalise(const char *line, char *to, size_t room)
{
	size_t length = 0;

	while (*line && *line != '\n' && length + 8 < room) {
		size_t digits = strspn(line + 1, "0123456789");

		if (*line == '(' && digits && line[1 + digits] == ')') {
			memcpy(to + length, "(PID)", 5);
			length += 5;
			line += digits + 2;
		} else {
			to[length++] = *line++;
		}
	}
	return length;
}

/* One record of /dev/kmsg: "priority,number,time,flags;text\n", more lines behind it. */
static const char *read_log(int fd)
{
	static char log[KERNEL_LOG_MAX];
	char record[8192];
	size_t length = 0;
	const char *text;
	ssize_t got;

	for (;;) {
		got = read(fd, record, sizeof(record) - 1);
		if (got < 0 && errno == EPIPE) {
			/* Overwritten before it was read. */
			text = ";(lost)";
		} else if (got <= 0) {
			break;
		} else {
			record[got] = '\0';
			text = strchr(record, ';');
		}
		if (!text || length + 512 > sizeof(log))
			continue;
		log[length++] = '<';
		length += normalise(text + 1, log + length, 500);
		log[length++] = '>';
	}
	log[length] = '\0';
	return log;
}

int observe(const struct observer *observer, const struct bench *bench,
	    struct observation *seen)
{
	char text[32];
	int i;

	if (read_memory(observer->status_fd, seen))
		return -1;
	for (i = 0; i < NR_MODULES; i++) {
		if (read_text(observer->module_fd[i], text, sizeof(text)))
			return -1;
		seen->references[i] = atoi(text);
	}
	for (i = 0; i < NR_GROUPS; i++) {
		struct vfio_group_status status = { .argsz = sizeof(status) };
		int fd = bench->fd[FILE_GROUP + i];

		seen->status[i] = -1;
		if (fd >= 0)
			seen->status[i] = ioctl(fd, VFIO_GROUP_GET_STATUS, &status) ?
						  -errno * 1000 : (int)status.flags;
	}
	seen->kernel_log = read_log(observer->kmsg_fd);
	return 0;
}
