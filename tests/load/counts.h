/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers that testdev-load prints: how many operations reached vfio. Filled by client.c and by
 * the device's own counters, printed by testdev-load.c.
 */
#ifndef TESTDEV_LOAD_COUNTS_H
#define TESTDEV_LOAD_COUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Name and order of the output; new ones are added at the end. Calls that failed are included,
 * except for `open` (containers that came to be) and `device_open` (device files that did).
 */
#define COUNTS(X)							\
	X(open)		/* open("/dev/vfio/vfio") */			\
	X(attach)	/* VFIO_GROUP_SET_CONTAINER */			\
	X(set_iommu)	/* VFIO_SET_IOMMU */				\
	X(map_dma)	/* VFIO_IOMMU_MAP_DMA */			\
	X(unmap_dma)	/* VFIO_IOMMU_UNMAP_DMA */			\
	X(pin)		/* vfio_pin_pages(), counted by the device */	\
	X(pin_pages)	/* pages they pinned */				\
	X(unpin)	/* vfio_unpin_pages(), counted by the device */	\
	X(unpin_pages)	/* pages they were given */			\
	X(dma_rw)	/* vfio_dma_rw(), counted by the device */	\
	X(dma_rw_bytes)	/* bytes they moved */				\
	X(detach)	/* groups that left their container */		\
	X(release)	/* containers that went away for good */	\
	X(check_extension)	/* VFIO_CHECK_EXTENSION */		\
	X(other_ioctl)	/* every other ioctl of a container */		\
	X(device_open)	/* VFIO_GROUP_GET_DEVICE_FD */			\
	X(errors)	/* calls that failed, whether meant to or not */\
	X(unpin_forced)	/* the unpins that an unmap or a close made */	\
	X(pinned_left)	/* pages still pinned at the end */		\
	X(elapsed_ns)	/* from the first call to the last */

struct counts {
#define X(name) uint64_t name;
	COUNTS(X)
#undef X
};

/* Adds every number of `more` to `sum`. */
void counts_add(struct counts *sum, const struct counts *more);

/* Prints one `name value` per line, or one JSON object on one line. */
void counts_print(const struct counts *counts, bool json, FILE *out);

#endif /* TESTDEV_LOAD_COUNTS_H */
