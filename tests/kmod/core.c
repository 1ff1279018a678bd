// SPDX-License-Identifier: GPL-2.0-only
/*
 * core.c - the core of core.h
 */
#include <stdlib.h>

#include "core.h"
#include "shim/shim.h"

#if !SHIM_OLD_CORE && defined(CONFIG_VFIO_NOIOMMU)
bool vfio_noiommu;
#endif

/* Containers */

struct file *open_container(int *error)
{
	struct file *file = shim_file_new(shim_misc_device->fops, NULL);
	int ret = file->f_op->open(NULL, file);

	if (error)
		*error = ret;
	if (!ret)
		return file;
	free(file);
	return NULL;
}

long container_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return file->f_op->unlocked_ioctl(file, cmd, arg);
}

long set_iommu(struct file *file, unsigned long type)
{
	return container_ioctl(file, VFIO_SET_IOMMU, type);
}

struct vfio_obs_container *container_of_file(struct file *file)
{
	return to_obs(vfio_container_from_file(file));
}

void close_file(struct file *file)
{
	fput(file);
	shim_task_work();
}

/* Groups */

static int group_release(struct inode *inode, struct file *file)
{
	struct vfio_group *group = file->private_data;

	mutex_lock(&group->group_lock);
	WARN_ON(group->opened_file != file);
	if (group->container)
		vfio_group_detach_container(group);
	group->opened_file = NULL;
	mutex_unlock(&group->group_lock);
	return 0;
}

static const struct file_operations group_fops = { .release = group_release };

void group_init(struct test_group *group, int id, enum vfio_group_type type)
{
	*group = (struct test_group){ .iommu.id = id };
	group->vfio.type = type;
	group->vfio.iommu_group = &group->iommu;
	group->device.group = &group->vfio;
	refcount_set(&group->vfio.drivers, 1);
	mutex_init(&group->vfio.group_lock);
	group_open(group);
}

int group_open(struct test_group *group)
{
	int ret = -EBUSY;

	mutex_lock(&group->vfio.group_lock);
	if (!group->vfio.opened_file) {
		group->vfio.opened_file = shim_file_new(&group_fops, &group->vfio);
		ret = 0;
	}
	mutex_unlock(&group->vfio.group_lock);
	return ret;
}

void group_close(struct test_group *group)
{
	close_file(group->vfio.opened_file);
}

int set_container(struct test_group *group, struct file *file)
{
	struct vfio_container *container;
	int ret = -EINVAL;

	mutex_lock(&group->vfio.group_lock);
	container = group->vfio.container ? NULL : vfio_container_from_file(file);
	if (container)
		ret = vfio_container_attach_group(container, &group->vfio);
	mutex_unlock(&group->vfio.group_lock);
	return ret;
}

int unset_container(struct test_group *group)
{
	int ret = 0;

	mutex_lock(&group->vfio.group_lock);
	if (!group->vfio.container)
		ret = -EINVAL;
	else if (group->vfio.container_users != 1)
		ret = -EBUSY;
	else
		vfio_group_detach_container(&group->vfio);
	mutex_unlock(&group->vfio.group_lock);
	return ret;
}

void remove_device(struct test_group *group)
{
	refcount_set(&group->vfio.drivers, 0);
	mutex_lock(&group->vfio.group_lock);
	if (group->vfio.container)
		vfio_group_detach_container(&group->vfio);
	mutex_unlock(&group->vfio.group_lock);
}

/* Devices */

#if SHIM_OLD_CORE
/* The real one warns once. */
bool vfio_assert_device_open(struct vfio_device *device)
{
	return READ_ONCE(device->open_count);
}
#endif

int use_container(struct test_group *group)
{
#if SHIM_OLD_CORE
	return vfio_device_assign_container(&group->device);
#else
	return group->vfio.container ? vfio_group_use_container(&group->vfio) : -EINVAL;
#endif
}

void unuse_container(struct test_group *group)
{
#if SHIM_OLD_CORE
	vfio_device_unassign_container(&group->device);
#else
	mutex_lock(&group->vfio.group_lock);
	vfio_group_unuse_container(&group->vfio);
	mutex_unlock(&group->vfio.group_lock);
#endif
}

int device_open(struct test_group *group)
{
	int ret;

	mutex_lock(&group->vfio.group_lock);
	ret = use_container(group);
	if (!ret) {
		WRITE_ONCE(group->device.open_count, 1);
		vfio_device_container_register(&group->device);
	}
	mutex_unlock(&group->vfio.group_lock);
	return ret;
}

void device_close(struct test_group *group)
{
	mutex_lock(&group->vfio.group_lock);
	vfio_device_container_unregister(&group->device);
	WRITE_ONCE(group->device.open_count, 0);
	mutex_unlock(&group->vfio.group_lock);
	unuse_container(group);
	shim_task_work();
}

int pin(struct test_group *group, dma_addr_t iova, int npage, struct page **pages)
{
#if SHIM_OLD_CORE
	return vfio_pin_pages(&group->device, iova, npage, 3, pages);
#else
	return vfio_device_container_pin_pages(&group->device, iova, npage, 3, pages);
#endif
}

void unpin(struct test_group *group, dma_addr_t iova, int npage)
{
#if SHIM_OLD_CORE
	vfio_unpin_pages(&group->device, iova, npage);
#else
	vfio_device_container_unpin_pages(&group->device, iova, npage);
#endif
}

int dma_rw(struct test_group *group, dma_addr_t iova, void *data, size_t len, bool write)
{
#if SHIM_OLD_CORE
	return vfio_dma_rw(&group->device, iova, data, len, write);
#else
	return vfio_device_container_dma_rw(&group->device, iova, data, len, write);
#endif
}
