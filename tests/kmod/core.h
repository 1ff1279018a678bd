/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core.h - as much of the vfio core, and of the tasks that use it, as the container part meets
 *
 * Groups and devices with their files, in the target kernel's order of locks and calls. The calls
 * return what the ioctl or open() of user space would.
 */
#ifndef CORE_H
#define CORE_H

#include "container.h"

struct test_group {
	struct vfio_group	vfio;
	struct iommu_group	iommu;
	struct vfio_device	device;
};

/* /dev/vfio/vfio; NULL and *error when it cannot be opened. Closed by close_file(). */
struct file *open_container(int *error);
long container_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long set_iommu(struct file *file, unsigned long type);
struct vfio_obs_container *container_of_file(struct file *file);
/* Drop a reference on any file and do what is left to do when it was the last. */
void close_file(struct file *file);

/* ID must be unique among living groups. The group's file is open. */
void group_init(struct test_group *group, int id, enum vfio_group_type type);
/* Close the group's file; a device that is open keeps it open. */
void group_close(struct test_group *group);
/* The file of the group is open again, -EBUSY if it still is. */
int group_open(struct test_group *group);
/* VFIO_GROUP_SET_CONTAINER, VFIO_GROUP_UNSET_CONTAINER; the last device goes away */
int set_container(struct test_group *group, struct file *file);
int unset_container(struct test_group *group);
void remove_device(struct test_group *group);

int device_open(struct test_group *group);
void device_close(struct test_group *group);

/* The exported functions of 6.1 and what later cores call, in one form. */
int pin(struct test_group *group, dma_addr_t iova, int npage, struct page **pages);
void unpin(struct test_group *group, dma_addr_t iova, int npage);
int dma_rw(struct test_group *group, dma_addr_t iova, void *data, size_t len, bool write);
int use_container(struct test_group *group);
void unuse_container(struct test_group *group);

#endif
