/* SPDX-License-Identifier: GPL-2.0-only */
/* Does the steps of a sequence. Called by vfio-diff.c, in the guest, as root. */
#ifndef VFIO_DIFF_PERFORM_H
#define VFIO_DIFF_PERFORM_H

#include <sys/types.h>

#include "step.h"

#define MAX_DUPS	32

/* A group of the host: its number under /dev/vfio and its one device. */
struct group_info {
	unsigned int number;
	char device[64];
};

struct bench {
	struct group_info groups[NR_GROUPS];
	int fd[NR_FILES];
	int dups[MAX_DUPS];	/* other files of what is open already */
	int nr_dups;
	pid_t child;		/* holds copies of all files; 0: none */
	bool memory_written;	/* the arena is no longer as it was */
};

struct result {
	long ret;
	int error;	/* errno, 0 when ret says success */
	char *written;	/* the user's bytes that changed, as text; "" for none */
};

/* Finds the groups and maps the memory. 0, or -1 after having said on stderr what failed. */
int bench_init(struct bench *bench);

/* `result` holds until the next call. */
void perform(struct bench *bench, const struct step *step, struct result *result);

#endif /* VFIO_DIFF_PERFORM_H */
