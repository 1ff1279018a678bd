// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be seen from outside after a step; called by vfio-diff.c.
 *
 * Files stay open and are read again: this runs after each of hundreds of thousands of steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
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

/* The process's number, which depends on what ran before, in "Task vfio-diff (1234)". */
static size_t normalise(const char *line, char *to, size_t room)
{
	static const char task[] = "Task vfio-diff (";
	size_t length = 0;

	while (*line && *line != '\n' && length < room) {
		if (!strncmp(line, task, sizeof(task) - 1) && length + sizeof(task) < room) {
			memcpy(to + length, task, sizeof(task) - 1);
			length += sizeof(task) - 1;
			line += sizeof(task) - 1;
			line += strspn(line, "0123456789");
		} else {
			to[length++] = *line++;
		}
	}
	return length;
}

/*
 * What the kernel says when the host gave the emulated CPU no time for a while; it can come at any
 * step of either side.
 */
static bool about_the_clock(const char *text)
{
	static const char *const lines[] = {
		"hrtimer: interrupt took ", "clocksource: ", "perf: interrupt took too long",
		"workqueue: ", "sched: RT throttling activated",
	};
	unsigned int i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strncmp(text, lines[i], strlen(lines[i])))
			return true;
	return false;
}

/* One record of /dev/kmsg: "priority,number,time,flags;text\n", more lines behind it. */
static const char *read_log(struct observer *observer)
{
	static char log[KERNEL_LOG_MAX];
	char record[8192];
	size_t length = 0;
	const char *text;
	ssize_t got;

	for (;;) {
		got = read(observer->kmsg_fd, record, sizeof(record) - 1);
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
		if (about_the_clock(text + 1)) {
			observer->log_left_out++;
			continue;
		}
		observer->log_lines++;
		log[length++] = '<';
		length += normalise(text + 1, log + length, 500);
		log[length++] = '>';
	}
	log[length] = '\0';
	return log;
}

int observe(struct observer *observer, const struct bench *bench,
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
	seen->kernel_log = read_log(observer);
	return 0;
}
