/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be seen from outside after a step: the process's memory accounting, the modules'
 * reference counts, the groups' status, the kernel's log. Called by vfio-diff.c.
 */
#ifndef VFIO_DIFF_OBSERVE_H
#define VFIO_DIFF_OBSERVE_H

#include "perform.h"

#define NR_MODULES	5
#define KERNEL_LOG_MAX	0x10000U

extern const char *const module_names[NR_MODULES];

struct observer {
	int status_fd;
	int kmsg_fd;
	int module_fd[NR_MODULES];
	unsigned long log_lines;	/* of the kernel, given out */
	unsigned long log_left_out;	/* not given out: see observe.c */
};

struct observation {
	unsigned long locked_kb;	/* VmLck */
	unsigned long pinned_kb;	/* VmPin */
	int references[NR_MODULES];
	int status[NR_GROUPS];	/* flags of GROUP_GET_STATUS, -1: the group's file is not open */
	const char *kernel_log;	/* lines since the last time, "" for none; until the next call */
};

/* 0, or -1 after having said on stderr what failed. The kernel's log counts from here. */
int observer_init(struct observer *observer);

/* 0, or -1 after having said on stderr what could not be read. */
int observe(struct observer *observer, const struct bench *bench,
	    struct observation *seen);

#endif /* VFIO_DIFF_OBSERVE_H */
