/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scenarios of vfio-race share. A scenario runs in a process of its own (vfio-race.c
 * supervises it) and notes in struct race what it did.
 *
 * Functions that return int give 0 or -1; -1 also means that watch_fail() knows why.
 */
#ifndef RACE_H
#define RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "watch.h"

enum race_call {
	CALL_OPEN_CONTAINER, CALL_CLOSE_CONTAINER, CALL_OPEN_GROUP, CALL_CLOSE_GROUP,
	CALL_SET_CONTAINER, CALL_UNSET_CONTAINER, CALL_SET_IOMMU, CALL_CHECK_EXTENSION,
	CALL_GET_INFO, CALL_MAP_DMA, CALL_UNMAP_DMA, CALL_DIRTY_PAGES, NR_CALLS
};

/* A place for mappings; all are below the MSI window that real IOMMUs keep for themselves. */
#define IOVA(n)		(UINT64_C(0x10000000) + (uint64_t)(n) * UINT64_C(0x1000000))

struct race {
	struct watch watch;

	/* What to do. */
	char group_path[64];
	bool pins;		/* the group is a real one: MAP_DMA pins and accounts */
	bool uffd;
	double seconds;
	uint64_t seed;
	long base_refs;		/* of vfio_iommu_type1, before */

	/* What was done. */
	uint64_t rounds;
	uint64_t parked;	/* ioctls held up inside the backend */
	uint64_t outlived;	/* of these: their backend was withdrawn before they went on */
	uint64_t replaced;	/* of these: their container had a new one by then */
	_Atomic uint64_t overlaps;	/* calls that ran at the same time as what they race */
	_Atomic uint64_t orphans;	/* MAP_DMAs that succeeded on a backend then withdrawn */
};

/* The scenarios. They return when the time is up, with everything closed. */
int race_ioctl(struct race *race);
int race_close(struct race *race);
int race_held(struct race *race, const char *const *scripts);

extern const char *const held_ioctl_scripts[];
extern const char *const held_close_scripts[];

/*
 * Calls, counted for `task`. They return 0 or a negative errno, race_open_*() a file, and
 * race_check_extension() what the kernel answered.
 */
struct race_map {
	uint64_t iova;
	uint64_t size;		/* unmap: in, what is asked for; out, what was unmapped */
	void *memory;
};

int race_ioctl_call(struct watch_task *task, enum race_call call, int fd, unsigned long cmd,
		    void *arg);
int race_open_container(struct watch_task *task);
int race_open_group(struct race *race, struct watch_task *task);
int race_close_file(struct watch_task *task, enum race_call call, int fd);
int race_set_container(struct watch_task *task, int group, int container);
int race_unset_container(struct watch_task *task, int group);
int race_set_iommu(struct watch_task *task, int container);
int race_check_extension(struct watch_task *task, int container, unsigned long extension);
/* `avail`: how many more mappings the backend takes. */
int race_get_info(struct watch_task *task, int container, uint32_t *avail);
int race_map_dma(struct watch_task *task, int container, const struct race_map *map);
int race_unmap_dma(struct watch_task *task, int container, struct race_map *map);

/* The same, where nothing but success will do. */
int must(struct race *race, struct watch_task *task, int ret, const char *what);

/* Names a task and says that this thread is it. */
struct watch_task *race_task(struct race *race, unsigned int number, const char *name);

/* The backend's module has `more` references than before the run, and `kib` are locked. */
int race_expect(struct race *race, long more, uint64_t kib, const char *when);

/* Anonymous memory, present; NULL after having noted the failure. */
void *race_memory(struct race *race, uint64_t size);

/* The dma_avail of an answer to GET_INFO of `size` bytes, UINT32_MAX when it has none. */
uint32_t race_info_avail(const void *info, uint64_t size);

uint64_t race_random(uint64_t *state);

#endif /* RACE_H */
