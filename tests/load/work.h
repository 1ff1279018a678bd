/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workloads of testdev-load: what to do is in struct options (filled by testdev-load.c), what
 * was done in struct counts.
 */
#ifndef TESTDEV_LOAD_WORK_H
#define TESTDEV_LOAD_WORK_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "counts.h"

#define MAX_DEVICES	1024
#define MAX_THREADS	1024

enum workload { WORK_LIFECYCLE, WORK_PIN, WORK_MAP, WORK_DMA_RW, WORK_MIX };

/* Who gives back what was pinned: the client after each pin, the device on UNMAP_DMA or close. */
enum unpin_by { UNPIN_EACH, UNPIN_UNMAP, UNPIN_CLOSE };

struct options {
	enum workload workload;
	unsigned int devices[MAX_DEVICES];
	unsigned int nr_devices;
	unsigned int containers;
	unsigned int threads;
	/* Operations in all, over all threads; UINT64_MAX: until the time is up. */
	uint64_t count;
	double seconds;		/* 0: no limit */
	double rate;		/* operations per second over all threads, 0: no limit */
	uint64_t memory;	/* bytes mapped per container */
	uint64_t map_size;	/* bytes, for the workload map */
	uint32_t pages;
	uint32_t length;	/* bytes */
	uint64_t fail_every;	/* 0: never */
	uint64_t seed;
	enum unpin_by unpin;
	const char *order;	/* NULL: each of close_orders in turn */
	bool random;
	bool per_call;
	bool write;
	bool json;
};

/*
 * Does it all. `counts` is filled also on failure, when -1 is returned and the reason has been
 * printed. Ends early, without failing, when *stop becomes set.
 */
int work_run(const struct options *options, const volatile sig_atomic_t *stop,
	     struct counts *counts);

#endif /* TESTDEV_LOAD_WORK_H */
