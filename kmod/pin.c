// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin.c - what drivers of mediated and emulated devices ask of a container: pin, unpin, dma_rw
 *
 * 6.1: called by those drivers directly; later kernels: by the core, which has checked the device.
 * The hot path of the module: no lock (an open device keeps its group attached and so the backend
 * in place) and, with the events off, nothing but the two static branches of each function.
 */
#include "container.h"
#include "trace.h"

/*
 * The core checks the arguments and whether the device is open before it calls, except in 6.1. An
 * open device has a group in a container.
 */
static __always_inline bool pin_ok(struct vfio_device *device, int npage, struct page **pages)
{
#if VFIO_OBS_OLD_CORE
	return pages && npage && vfio_assert_device_open(device);
#else
	return true;
#endif
}

static __always_inline int do_pin(const struct vfio_group *group, dma_addr_t iova, int npage,
				  int prot, struct page **pages)
{
	const struct vfio_container *container = group->container;
	const struct vfio_iommu_driver *driver = container->iommu_driver;

	if (npage > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	if (unlikely(!driver || !driver->ops->pin_pages))
		return -ENOTTY;
	return driver->ops->pin_pages(container->iommu_data, group->iommu_group, iova, npage, prot,
				      pages);
}

/* Read at each use: one register less to save. An open device keeps its group attached. */
static __always_inline const struct vfio_obs_container *obs_of(const struct vfio_group *group)
{
	return to_obs(group->container);
}

/*
 * Out of line, asked for before anything else is done, and nothing follows the untraced call: that
 * needs no register more than the kernel's own, and the traced one saves them once. In return a
 * pin or unpin that runs while the first of its two events is switched on is not reported. The
 * clock is read whichever of the two events is on. In a stack its name stands where the kernel's
 * function would, which has jumped here.
 */
static noinline notrace int vfio_pin_pages_traced(struct vfio_device *device, dma_addr_t iova,
						  int npage, int prot, struct page **pages)
{
	const struct vfio_group *group = device->group;
	u64 start, duration;
	int ret;

	if (!pin_ok(device, npage, pages))
		return -EINVAL;
	if (trace_vfio_container_pin_start_enabled())
		trace_vfio_container_pin_start(obs_of(group)->id, obs_of(group)->slot,
					       iommu_group_id(group->iommu_group), iova, npage,
					       prot);
	start = ktime_get_ns();
	ret = do_pin(group, iova, npage, prot, pages);
	duration = ktime_get_ns() - start;
	trace_vfio_container_pin(obs_of(group)->id, obs_of(group)->slot,
				 iommu_group_id(group->iommu_group), iova, npage, prot, ret,
				 duration);
	return ret;
}

/* Where it needs registers it is out of line, too, so that the traced call need not save them. */
#if VFIO_OBS_OLD_CORE
static noinline notrace
#else
static __always_inline
#endif
int pin_untraced(struct vfio_device *device, dma_addr_t iova, int npage, int prot,
		 struct page **pages)
{
	/* Read first, or the compiler needs one more register for the device. */
	const struct vfio_group *group = device->group;

	if (!pin_ok(device, npage, pages))
		return -EINVAL;
	return do_pin(group, iova, npage, prot, pages);
}

static __always_inline int pin(struct vfio_device *device, dma_addr_t iova, int npage, int prot,
			       struct page **pages)
{
	if (trace_vfio_container_pin_enabled() || trace_vfio_container_pin_start_enabled())
		return vfio_pin_pages_traced(device, iova, npage, prot, pages);
	return pin_untraced(device, iova, npage, prot, pages);
}

static __always_inline bool unpin_ok(struct vfio_device *device, int npage)
{
	if (WARN_ON(npage <= 0 || npage > VFIO_PIN_PAGES_MAX_ENTRIES))
		return false;
#if VFIO_OBS_OLD_CORE
	return !WARN_ON(!vfio_assert_device_open(device));
#else
	return true;
#endif
}

static __always_inline void do_unpin(const struct vfio_group *group, dma_addr_t iova, int npage)
{
	const struct vfio_container *container = group->container;

	container->iommu_driver->ops->unpin_pages(container->iommu_data, iova, npage);
}

static noinline notrace void vfio_unpin_pages_traced(struct vfio_device *device, dma_addr_t iova,
						      int npage)
{
	const struct vfio_group *group = device->group;
	u64 start, duration;

	if (!unpin_ok(device, npage))
		return;
	if (trace_vfio_container_unpin_start_enabled())
		trace_vfio_container_unpin_start(obs_of(group)->id, obs_of(group)->slot,
						 iommu_group_id(group->iommu_group), iova, npage);
	start = ktime_get_ns();
	do_unpin(group, iova, npage);
	duration = ktime_get_ns() - start;
	trace_vfio_container_unpin(obs_of(group)->id, obs_of(group)->slot,
				   iommu_group_id(group->iommu_group), iova, npage, duration);
}

static __always_inline void unpin(struct vfio_device *device, dma_addr_t iova, int npage)
{
	if (trace_vfio_container_unpin_enabled() || trace_vfio_container_unpin_start_enabled()) {
		vfio_unpin_pages_traced(device, iova, npage);
		return;
	}
	if (unpin_ok(device, npage))
		do_unpin(device->group, iova, npage);
}

static int do_dma_rw(const struct vfio_group *group, dma_addr_t iova, void *data, size_t len,
		     bool write)
{
	const struct vfio_container *container = group->container;
	const struct vfio_iommu_driver *driver = container->iommu_driver;

	if (unlikely(!driver || !driver->ops->dma_rw))
		return -ENOTTY;
	return driver->ops->dma_rw(container->iommu_data, iova, data, len, write);
}

static int dma_rw(const struct vfio_group *group, dma_addr_t iova, void *data, size_t len,
		  bool write)
{
	const struct vfio_obs_container *c = to_obs(group->container);
	u64 start;
	int ret;

	if (trace_vfio_container_dma_rw_start_enabled())
		trace_vfio_container_dma_rw_start(c->id, c->slot,
						  iommu_group_id(group->iommu_group), iova, len,
						  write);
	start = vfio_trace_now(trace_vfio_container_dma_rw_enabled());
	ret = do_dma_rw(group, iova, data, len, write);
	if (trace_vfio_container_dma_rw_enabled())
		trace_vfio_container_dma_rw(c->id, c->slot, iommu_group_id(group->iommu_group),
					    iova, len, write, ret, vfio_trace_elapsed(start));
	return ret;
}

void vfio_device_container_register(struct vfio_device *device)
{
	const struct vfio_container *container = device->group->container;
	const struct vfio_iommu_driver *driver = container->iommu_driver;

	if (driver && driver->ops->register_device)
		driver->ops->register_device(container->iommu_data, device);
}

void vfio_device_container_unregister(struct vfio_device *device)
{
	const struct vfio_container *container = device->group->container;
	const struct vfio_iommu_driver *driver = container->iommu_driver;

	if (driver && driver->ops->unregister_device)
		driver->ops->unregister_device(container->iommu_data, device);
}

#if VFIO_OBS_OLD_CORE
int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova, int npage, int prot,
		   struct page **pages)
{
	return pin(device, iova, npage, prot, pages);
}

void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage)
{
	unpin(device, iova, npage);
}

int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data, size_t len, bool write)
{
	if (!data || !len || !vfio_assert_device_open(device))
		return -EINVAL;
	return dma_rw(device->group, iova, data, len, write);
}
#else
int vfio_device_container_pin_pages(struct vfio_device *device, dma_addr_t iova, int npage,
				    int prot, struct page **pages)
{
	return pin(device, iova, npage, prot, pages);
}

void vfio_device_container_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage)
{
	unpin(device, iova, npage);
}

int vfio_device_container_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data,
				 size_t len, bool write)
{
	return dma_rw(device->group, iova, data, len, write);
}
#endif
