/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user of vfio-testdev devices: containers, groups and devices, with every call counted. Called
 * by the workloads (work.c).
 *
 * Functions return 0, or -1 after having said on stderr what failed; the caller then stops, closes
 * the container and keeps what was counted.
 */
#ifndef TESTDEV_LOAD_CLIENT_H
#define TESTDEV_LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts.h"

struct container;

/* One device; its group belongs to it alone. Files are -1 while closed. */
struct device {
	unsigned int index;
	char name[32];
	unsigned int group;
	int fd;
	int group_fd;
	bool attached;
	struct container *container;
	/* What the device had counted before this program used it. */
	struct counts before;
};

struct container {
	int fd;
	bool opened;
	unsigned int nr_devices;
	struct device **devices;
};

/* The ways to close a container: c container file, g group, d device, u UNSET_CONTAINER. */
extern const char *const close_orders[];
extern const unsigned int nr_close_orders;

/* Prints "PROGRAM: MESSAGE" on stderr. Always -1. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Finds the device's group and reads its counters. */
int device_find(struct device *device, unsigned int index);

/* Reads the counter `name` of the device; see the uapi header for the names. */
int device_stat(const struct device *device, const char *name, uint64_t *value);

/* Adds to `counts` what the device has counted since device_find(). */
int device_counts(const struct device *device, struct counts *counts);

/* Opens the container and all its groups, attaches them, sets the backend, opens the devices. */
int container_setup(struct container *container, struct counts *counts);

/* Closes all that is open, in one of the close_orders. */
int container_close(struct container *container, const char *order, struct counts *counts);

/* iova and size in bytes, multiples of the page size. */
int container_map(struct container *container, uint64_t iova, void *memory, uint64_t size,
		  struct counts *counts);
int container_unmap(struct container *container, uint64_t iova, uint64_t size,
		    struct counts *counts);
int container_get_info(struct container *container, struct counts *counts);

/*
 * These count nothing but errors: the device counts them itself. `asked` grows by the pins, unpins
 * or accesses that were asked for, to compare both at the end.
 */
struct asked {
	uint64_t pin;
	uint64_t unpin;
	uint64_t dma_rw;
};

/* A pin that is meant to fail, at an iova where nothing is mapped; -1 if it does not. */
int device_pin_nothing(struct device *device, uint64_t iova, uint32_t npage,
		       struct asked *asked, struct counts *counts);
int device_pin(struct device *device, uint64_t iova, uint32_t npage, struct asked *asked,
	       struct counts *counts);
int device_unpin(struct device *device, uint64_t iova, uint32_t npage, struct asked *asked,
		 struct counts *counts);
int device_dma_rw(struct device *device, uint64_t iova, void *buffer, uint32_t len, bool write,
		  struct asked *asked, struct counts *counts);

/* What a pin loop has to do; see VFIO_TESTDEV_PIN_LOOP. */
struct pin_loop {
	uint64_t iova;
	uint64_t span_pages;
	uint64_t count;
	uint32_t npage;
	uint32_t start;
	bool unpin;
	bool random;
};

int device_pin_loop(struct device *device, const struct pin_loop *loop, struct asked *asked,
		    struct counts *counts);
int device_dma_rw_loop(struct device *device, uint64_t iova, uint32_t len, bool write,
		       uint64_t count, struct asked *asked, struct counts *counts);

#endif /* TESTDEV_LOAD_CLIENT_H */
