/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio.h - what the container part and the vfio core tell each other, for both kernels
 *
 * Stands in for the target kernel's private header of this name: the same names and types, as far
 * as the container part uses them, and no layout that anything could rely on.
 */
#ifndef SHIM_VFIO_H
#define SHIM_VFIO_H

#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/version.h>
#include <linux/vfio.h>

#define SHIM_OLD_CORE (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0))

struct vfio_container;

/* Real; made up for a mediated device; made up for a device without an IOMMU. */
enum vfio_group_type { VFIO_IOMMU, VFIO_EMULATED_IOMMU, VFIO_NO_IOMMU };

struct vfio_group {
	enum vfio_group_type	type;
	struct iommu_group	*iommu_group;
	refcount_t		drivers;
	struct mutex		group_lock;
	struct file		*opened_file;
	struct vfio_container	*container;
	unsigned int		container_users;
	struct list_head	container_next;
};

#if SHIM_OLD_CORE
enum vfio_iommu_notify_type { VFIO_IOMMU_CONTAINER_CLOSE = 0 };
#endif

struct vfio_iommu_driver_ops {
	char		*name;
	struct module	*owner;
	void *(*open)(unsigned long arg);
	void (*release)(void *data);
	long (*ioctl)(void *data, unsigned int cmd, unsigned long arg);
	int (*attach_group)(void *data, struct iommu_group *group, enum vfio_group_type type);
	void (*detach_group)(void *data, struct iommu_group *group);
	int (*pin_pages)(void *data, struct iommu_group *group, dma_addr_t iova, int npage,
			 int prot, struct page **pages);
	void (*unpin_pages)(void *data, dma_addr_t iova, int npage);
	void (*register_device)(void *data, struct vfio_device *device);
	void (*unregister_device)(void *data, struct vfio_device *device);
	int (*dma_rw)(void *data, dma_addr_t iova, void *buffer, size_t len, bool write);
#if SHIM_OLD_CORE
	void (*notify)(void *data, enum vfio_iommu_notify_type event);
#endif
};

struct vfio_iommu_driver {
	const struct vfio_iommu_driver_ops	*ops;
	struct list_head			vfio_next;
};

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

int vfio_container_init(void);
void vfio_container_cleanup(void);
struct vfio_container *vfio_container_from_file(struct file *file);
int vfio_container_attach_group(struct vfio_container *container, struct vfio_group *group);
void vfio_group_detach_container(struct vfio_group *group);
void vfio_device_container_register(struct vfio_device *device);
void vfio_device_container_unregister(struct vfio_device *device);

#if SHIM_OLD_CORE
bool vfio_assert_device_open(struct vfio_device *device);
int vfio_device_assign_container(struct vfio_device *device);
void vfio_device_unassign_container(struct vfio_device *device);
long vfio_container_ioctl_check_extension(struct vfio_container *container, unsigned long arg);
#else
int vfio_group_use_container(struct vfio_group *group);
void vfio_group_unuse_container(struct vfio_group *group);
int vfio_device_container_pin_pages(struct vfio_device *device, dma_addr_t iova, int npage,
				    int prot, struct page **pages);
void vfio_device_container_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage);
int vfio_device_container_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data,
				 size_t len, bool write);
#endif

#ifdef CONFIG_VFIO_NOIOMMU
extern bool vfio_noiommu;
#else
enum { vfio_noiommu = false };
#endif

#endif
