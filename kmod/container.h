/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * container.h - what the files of the container part share
 *
 * container.c owns containers and their references, backend.c the list of IOMMU backends and the
 * lifetime of a backend's data, pin.c the calls of mediated drivers. The core calls what the
 * target kernel's own vfio.h declares.
 */
#ifndef VFIO_OBS_CONTAINER_H
#define VFIO_OBS_CONTAINER_H

#include "compat.h"

#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "vfio.h"
#include "vfio_obs/event_list.h"

enum vfio_obs_ref_reason {
#define V(number, name) VFIO_REF_##name = number,
	VFIO_OBS_VALUES_ref_reason(V)
#undef V
};

enum vfio_obs_detach_reason {
#define V(number, name) VFIO_DETACH_##name = number,
	VFIO_OBS_VALUES_detach_reason(V)
#undef V
};

/* Duration of an operation that began before its event was switched on. */
#define VFIO_DURATION_UNKNOWN (~0ULL)
/* Slot of a container that got none. */
#define VFIO_NO_SLOT (~0U)

/*
 * The part that struct vfio_group points to and that debuggers know. Its members, their order and
 * their types are the target kernel's, so that drgn or bpftrace scripts written for the
 * distribution's module go on working; what we add lives around it.
 */
struct vfio_container {
	struct kref			kref;
	struct list_head		group_list;
	struct rw_semaphore		group_lock;
	struct vfio_iommu_driver	*iommu_driver;
	void				*iommu_data;
	bool				noiommu;
};

/**
 * struct vfio_backend - a backend's data for one container, for as long as anybody uses it
 * @users: the container that publishes it, and every ioctl or notification that is inside
 * @allocated: false for the container's first one, which is part of it
 * @ops: the backend; its module is pinned until the last user has gone
 * @data: what ops->open() returned, NULL for no-IOMMU
 *
 * See docs/backend-lifetime.md. Readers outside the container's lock find it under RCU, hence
 * the grace period before it is freed, and hence the container's own is never used again.
 */
struct vfio_backend {
	refcount_t				users;
	bool					allocated;
	const struct vfio_iommu_driver_ops	*ops;
	void					*data;
	struct rcu_head				rcu;
};

/**
 * struct vfio_obs_container - a container with what this module adds to it
 * @visible: what the core, debuggers and CRCs know; must stay the first member
 * @backend: published by SET_IOMMU, withdrawn by the last detach; both hold group_lock for
 *	writing. Set if and only if visible.iommu_driver is
 * @id: never reused while the module is loaded
 * @opened_ns: CLOCK_BOOTTIME
 * @slot: small dense number, reused after release; VFIO_NO_SLOT if none was to be had
 * @groups: length of visible.group_list; written under group_lock
 * @first: the object for the first backend, so that setting it needs no memory: whoever uses it
 *	keeps the container alive
 * @first_taken: by a SET_IOMMU, and for good once it has succeeded
 * @alive: references, also those that are dropped but whose events are not emitted yet: the
 *	release must be a container's last event whichever task drops the last reference
 */
struct vfio_obs_container {
	struct vfio_container		visible;
	struct vfio_backend __rcu	*backend;
	u64				id;
	u64				opened_ns;
	u32				slot;
	unsigned int			groups;
	refcount_t			alive;
	bool				first_taken;
	struct vfio_backend		first;
};

static inline struct vfio_obs_container *to_obs(struct vfio_container *container)
{
	return container_of(container, struct vfio_obs_container, visible);
}

/* Start of an operation, 0 while its event is off; see vfio_trace_elapsed(). */
static inline u64 vfio_trace_now(bool enabled)
{
	return enabled ? ktime_get_ns() : 0;
}

static inline u64 vfio_trace_elapsed(u64 start)
{
	return start ? ktime_get_ns() - start : VFIO_DURATION_UNKNOWN;
}

/* slot.c */

u32 vfio_slot_get(void);
void vfio_slot_put(u32 slot);

/* backend.c */

int vfio_noiommu_backend_init(void);
void vfio_noiommu_backend_cleanup(void);
struct vfio_backend *vfio_backend_get(struct vfio_obs_container *container);
void vfio_backend_put(struct vfio_backend *backend);
void vfio_backend_withdraw(struct vfio_obs_container *container);
long vfio_backends_check_extension(struct vfio_container *container, unsigned long arg);
long vfio_backend_set(struct vfio_obs_container *container, unsigned long arg);

#endif
