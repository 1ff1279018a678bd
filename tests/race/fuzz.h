/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of vfio-fuzz share. vfio-fuzz.c starts the processes and judges what they have
 * counted, fuzz.c is such a process, fuzz_calls.c and fuzz_device.c make its calls, fuzz_args.c
 * their arguments.
 */
#ifndef RACE_FUZZ_H
#define RACE_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "watch.h"

enum fuzz_call {
	FUZZ_OPEN_CONTAINER, FUZZ_CLOSE_CONTAINER, FUZZ_OPEN_GROUP, FUZZ_CLOSE_GROUP,
	FUZZ_GET_DEVICE_FD, FUZZ_CLOSE_DEVICE, FUZZ_DUP, FUZZ_PASS, FUZZ_KILLED_CHILD,
	FUZZ_SET_CONTAINER, FUZZ_UNSET_CONTAINER, FUZZ_GROUP_STATUS, FUZZ_API_VERSION,
	FUZZ_CHECK_EXTENSION, FUZZ_SET_IOMMU, FUZZ_GET_INFO, FUZZ_MAP_DMA, FUZZ_UNMAP_DMA,
	FUZZ_DIRTY_PAGES, FUZZ_DEVICE_INFO, FUZZ_DEVICE_RESET, FUZZ_PIN, FUZZ_UNPIN, FUZZ_DMA_RW,
	FUZZ_PIN_LOOP, FUZZ_DMA_RW_LOOP, FUZZ_ANY_IOCTL, FUZZ_FILE, NR_FUZZ_CALLS
};

/* Each process has one more task, for the children that it kills. */
#define FUZZ_MAX_PROCESSES	(WATCH_MAX_TASKS / 2)
#define FUZZ_MAX_DEVICES	32

struct fuzz_device {
	char name[64];		/* what GET_DEVICE_FD is given */
	char group[64];		/* path */
	bool pci;
};

struct fuzz {
	struct watch watch;
	uint64_t seed;
	uint64_t calls;		/* of each process, those of killed children not counted */
	double seconds;		/* 0: no limit */
	unsigned int nr_processes;
	unsigned int nr_devices;
	struct fuzz_device devices[FUZZ_MAX_DEVICES];
};

#define FUZZ_CONTAINERS	3
#define FUZZ_GROUPS	3
#define FUZZ_DEVICES	4

/* What the process believes; the kernel may know better. Files are -1 while closed. */
struct fuzz_container {
	int fd;
	bool has_iommu;
};

struct fuzz_group {
	int fd;
	const struct fuzz_device *device;
	bool attached;
	int container;		/* -1 when that has been closed */
};

struct fuzz_open_device {
	int fd;
	const struct fuzz_device *device;
};

struct fuzzer {
	struct fuzz *fuzz;
	struct watch_task *task;
	unsigned int number;
	bool is_child;		/* one that will be killed */
	uint64_t random;
	uint64_t done;
	char *arena;
	struct fuzz_container containers[FUZZ_CONTAINERS];
	struct fuzz_group groups[FUZZ_GROUPS];
	struct fuzz_open_device devices[FUZZ_DEVICES];
};

/* The whole life of a process; ends it. */
void fuzz_process(struct fuzz *fuzz, unsigned int number) __attribute__((noreturn));

/* One step, of one or more calls. */
void fuzz_step(struct fuzzer *fuzzer);

/* Makes and counts one ioctl; returns 0 or more, or a negative errno. */
int fuzz_ioctl(struct fuzzer *fuzzer, enum fuzz_call call, int fd, unsigned long cmd, void *arg);
/* Around a call that is none. `ret` is what it returned; returns it or a negative errno. */
void fuzz_begin(struct fuzzer *fuzzer, enum fuzz_call call, uint64_t what);
int fuzz_end(struct fuzzer *fuzzer, int ret);

/* Closing, with all that is then known to be different. */
void fuzz_close_container(struct fuzzer *fuzzer, struct fuzz_container *container);
void fuzz_close_group(struct fuzzer *fuzzer, struct fuzz_group *group);
void fuzz_close_device(struct fuzzer *fuzzer, struct fuzz_open_device *device);
void fuzz_close_all(struct fuzzer *fuzzer);

/* fuzz_calls.c: containers and groups */
void fuzz_open_container(struct fuzzer *fuzzer);
void fuzz_open_group(struct fuzzer *fuzzer);
void fuzz_set_container(struct fuzzer *fuzzer);
void fuzz_unset_container(struct fuzzer *fuzzer);
void fuzz_group_status(struct fuzzer *fuzzer);
void fuzz_set_iommu(struct fuzzer *fuzzer);
void fuzz_check_extension(struct fuzzer *fuzzer);
void fuzz_api_version(struct fuzzer *fuzzer);
void fuzz_get_info(struct fuzzer *fuzzer);
void fuzz_map_dma(struct fuzzer *fuzzer);
void fuzz_unmap_dma(struct fuzzer *fuzzer);
void fuzz_dirty_pages(struct fuzzer *fuzzer);

/* fuzz_device.c: devices, and what is done to any file */
void fuzz_get_device_fd(struct fuzzer *fuzzer);
void fuzz_device_info(struct fuzzer *fuzzer);
void fuzz_device_reset(struct fuzzer *fuzzer);
void fuzz_pin(struct fuzzer *fuzzer);
void fuzz_unpin(struct fuzzer *fuzzer);
void fuzz_dma_rw(struct fuzzer *fuzzer);
void fuzz_pin_loop(struct fuzzer *fuzzer);
void fuzz_dma_rw_loop(struct fuzzer *fuzzer);
void fuzz_any_ioctl(struct fuzzer *fuzzer);
void fuzz_file(struct fuzzer *fuzzer);
void fuzz_dup(struct fuzzer *fuzzer);
void fuzz_pass(struct fuzzer *fuzzer);

/* fuzz_args.c: a random number below `limit`; true once in `n` times */
uint64_t fuzz_below(struct fuzzer *fuzzer, uint64_t limit);
bool fuzz_one_in(struct fuzzer *fuzzer, unsigned int n);

/* The memory that may be mapped, pinned and written: all else that is nearby is a hole. */
#define FUZZ_ARENA	(UINT64_C(4) << 20)
#define FUZZ_RESERVED	(UINT64_C(1) << 30)

char *fuzz_arena_new(void);
/* Page-aligned, so that `size` bytes fit behind it. */
void *fuzz_place(struct fuzzer *fuzzer, uint64_t size);
/* A pointer that the kernel must not trust. */
void *fuzz_bad_pointer(struct fuzzer *fuzzer);
/* A number at one of the edges where arithmetic goes wrong. */
uint64_t fuzz_edge(struct fuzzer *fuzzer);
/* Where a mapping may begin; a size that often is that of a mapping. */
uint64_t fuzz_iova(struct fuzzer *fuzzer);
uint64_t fuzz_size(struct fuzzer *fuzzer);
/* Now and then another pointer than `arg`, or another file than `fd`. */
void *fuzz_pointer(struct fuzzer *fuzzer, void *arg);
int fuzz_fd(struct fuzzer *fuzzer, int fd);
/* Any open file of the process, or a number that is none. */
int fuzz_any_fd(struct fuzzer *fuzzer);
/* Now and then spoils a random word among the first `size` bytes. */
void fuzz_spoil(struct fuzzer *fuzzer, void *arg, unsigned int size);

#endif /* RACE_FUZZ_H */
