// SPDX-License-Identifier: GPL-2.0-only
/* Calls of vfio-fuzz on containers and groups; called by fuzz.c. See fuzz.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* Rather one that is open, and rather one that a backend has been set for. */
static struct fuzz_container *any_container(struct fuzzer *fuzzer)
{
	struct fuzz_container *container, *best = NULL;
	unsigned int i, first = fuzz_below(fuzzer, FUZZ_CONTAINERS);

	best = &fuzzer->containers[first];
	if (fuzz_one_in(fuzzer, 16))
		return best;
	for (i = 0; i < FUZZ_CONTAINERS; i++) {
		container = &fuzzer->containers[(first + i) % FUZZ_CONTAINERS];
		if (container->has_iommu)
			return container;
		if (best->fd < 0)
			best = container;
	}
	return best;
}

static int container_fd(struct fuzzer *fuzzer)
{
	return fuzz_fd(fuzzer, any_container(fuzzer)->fd);
}

/* Rather one that is open, and attached or not as wanted. */
static struct fuzz_group *any_group(struct fuzzer *fuzzer, bool attached)
{
	struct fuzz_group *group, *best;
	unsigned int i, first = fuzz_below(fuzzer, FUZZ_GROUPS);

	best = &fuzzer->groups[first];
	if (fuzz_one_in(fuzzer, 16))
		return best;
	for (i = 0; i < FUZZ_GROUPS; i++) {
		group = &fuzzer->groups[(first + i) % FUZZ_GROUPS];
		if (group->fd >= 0 && group->attached == attached)
			return group;
		if (best->fd < 0)
			best = group;
	}
	return best;
}

void fuzz_open_container(struct fuzzer *fuzzer)
{
	struct fuzz_container *container =
		&fuzzer->containers[fuzz_below(fuzzer, FUZZ_CONTAINERS)];

	/* Rather another one. */
	if (container->fd >= 0 && !fuzz_one_in(fuzzer, 8))
		return;
	if (container->fd >= 0)
		fuzz_close_container(fuzzer, container);
	fuzz_begin(fuzzer, FUZZ_OPEN_CONTAINER, 0);
	container->fd = open("/dev/vfio/vfio", fuzz_one_in(fuzzer, 8) ? O_RDONLY | O_CLOEXEC :
			     O_RDWR | O_CLOEXEC);
	if (fuzz_end(fuzzer, container->fd) < 0)
		container->fd = -1;
	container->has_iommu = false;
}

/* Mostly a device that the other processes leave alone, else they meet. */
static const struct fuzz_device *pick_device(struct fuzzer *fuzzer)
{
	unsigned int number = fuzz_below(fuzzer, fuzzer->fuzz->nr_devices);

	if (!fuzz_one_in(fuzzer, 4))
		number = number / fuzzer->fuzz->nr_processes * fuzzer->fuzz->nr_processes +
			 fuzzer->number;
	return &fuzzer->fuzz->devices[number % fuzzer->fuzz->nr_devices];
}

void fuzz_open_group(struct fuzzer *fuzzer)
{
	struct fuzz_group *group = &fuzzer->groups[fuzz_below(fuzzer, FUZZ_GROUPS)];

	if (group->fd >= 0 && !fuzz_one_in(fuzzer, 8))
		return;
	if (group->fd >= 0)
		fuzz_close_group(fuzzer, group);
	group->device = pick_device(fuzzer);
	fuzz_begin(fuzzer, FUZZ_OPEN_GROUP, 0);
	group->fd = open(group->device->group, O_RDWR | O_CLOEXEC);
	if (fuzz_end(fuzzer, group->fd) < 0)
		group->fd = -1;
	group->attached = false;
}

void fuzz_set_container(struct fuzzer *fuzzer)
{
	unsigned int number = any_container(fuzzer) - fuzzer->containers;
	struct fuzz_group *group = any_group(fuzzer, false);
	int fd = fuzz_fd(fuzzer, fuzzer->containers[number].fd);

	if (fuzz_ioctl(fuzzer, FUZZ_SET_CONTAINER, fuzz_fd(fuzzer, group->fd),
		       VFIO_GROUP_SET_CONTAINER, fuzz_pointer(fuzzer, &fd)))
		return;
	group->attached = true;
	group->container = number;
}

/* A container is back to no backend when its last group has left. */
static void note_detached(struct fuzzer *fuzzer, int container)
{
	int i;

	if (container < 0)
		return;
	for (i = 0; i < FUZZ_GROUPS; i++)
		if (fuzzer->groups[i].attached && fuzzer->groups[i].container == container)
			return;
	fuzzer->containers[container].has_iommu = false;
}

void fuzz_unset_container(struct fuzzer *fuzzer)
{
	struct fuzz_group *group = any_group(fuzzer, true);

	if (fuzz_ioctl(fuzzer, FUZZ_UNSET_CONTAINER, fuzz_fd(fuzzer, group->fd),
		       VFIO_GROUP_UNSET_CONTAINER, NULL))
		return;
	group->attached = false;
	note_detached(fuzzer, group->container);
}

void fuzz_group_status(struct fuzzer *fuzzer)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	fuzz_spoil(fuzzer, &status, sizeof(status));
	fuzz_ioctl(fuzzer, FUZZ_GROUP_STATUS,
		   fuzz_fd(fuzzer, any_group(fuzzer, fuzz_one_in(fuzzer, 2))->fd),
		   VFIO_GROUP_GET_STATUS, fuzz_pointer(fuzzer, &status));
}

void fuzz_set_iommu(struct fuzzer *fuzzer)
{
	static const unsigned long types[] = {
		VFIO_TYPE1v2_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_TYPE1v2_IOMMU,
		VFIO_TYPE1_IOMMU, VFIO_TYPE1_NESTING_IOMMU, VFIO_SPAPR_TCE_IOMMU,
		VFIO_NOIOMMU_IOMMU,
	};
	struct fuzz_group *group = any_group(fuzzer, true);
	struct fuzz_container *container = any_container(fuzzer);
	unsigned long type = types[fuzz_below(fuzzer, sizeof(types) / sizeof(types[0]))];

	/* A group is what it needs, and a container without a backend. */
	if (group->attached && group->container >= 0 && !fuzz_one_in(fuzzer, 4))
		container = &fuzzer->containers[group->container];
	if (container->has_iommu && !fuzz_one_in(fuzzer, 8))
		return;
	if (fuzz_one_in(fuzzer, 16))
		type = fuzz_edge(fuzzer);
	if (!fuzz_ioctl(fuzzer, FUZZ_SET_IOMMU, fuzz_fd(fuzzer, container->fd), VFIO_SET_IOMMU,
			(void *)type))
		container->has_iommu = true;
}

void fuzz_check_extension(struct fuzzer *fuzzer)
{
	unsigned long extension = fuzz_below(fuzzer, 16);

	if (fuzz_one_in(fuzzer, 4))
		extension = fuzz_edge(fuzzer);
	fuzz_ioctl(fuzzer, FUZZ_CHECK_EXTENSION, container_fd(fuzzer), VFIO_CHECK_EXTENSION,
		   (void *)extension);
}

void fuzz_api_version(struct fuzzer *fuzzer)
{
	fuzz_ioctl(fuzzer, FUZZ_API_VERSION, container_fd(fuzzer), VFIO_GET_API_VERSION,
		   fuzz_bad_pointer(fuzzer));
}

void fuzz_get_info(struct fuzzer *fuzzer)
{
	/* The capabilities are written behind the structure, as far as argsz allows. */
	struct vfio_iommu_type1_info *info = fuzz_place(fuzzer, 4096);

	*info = (struct vfio_iommu_type1_info){ .argsz = fuzz_below(fuzzer, 512) };
	if (fuzz_one_in(fuzzer, 2))
		info->argsz = 4096;
	fuzz_spoil(fuzzer, info, sizeof(*info));
	fuzz_ioctl(fuzzer, FUZZ_GET_INFO, container_fd(fuzzer), VFIO_IOMMU_GET_INFO,
		   fuzz_pointer(fuzzer, info));
}

/*
 * Sizes between 64 GiB and 8 TiB are left out, here and in fuzz_spoil()'s edges nearly so: a device
 * without an IOMMU takes such a mapping, and DIRTY_PAGES then allocates up to 256 MiB for each.
 */
static bool eats_memory(const struct vfio_iommu_type1_dma_map *map)
{
	return map->size > UINT64_C(1) << 33 && map->size < UINT64_C(1) << 44;
}

void fuzz_map_dma(struct fuzzer *fuzzer)
{
	uint64_t size = fuzz_size(fuzzer);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)fuzz_place(fuzzer, size),
		.iova = fuzz_iova(fuzzer),
		.size = size,
	};

	if (fuzz_one_in(fuzzer, 8))
		map.flags = fuzz_below(fuzzer, 16);
	else if (fuzz_one_in(fuzzer, 16))
		map.flags = VFIO_DMA_MAP_FLAG_VADDR;
	if (fuzz_one_in(fuzzer, 32))
		map.vaddr = (uintptr_t)fuzz_bad_pointer(fuzzer) & ~UINT64_C(0xfff);
	fuzz_spoil(fuzzer, &map, sizeof(map));
	/*
	 * What is mapped may be written by a device's DMA_RW: only the arena, or what user space
	 * cannot be written at.
	 */
	if (map.vaddr >= (uintptr_t)fuzzer->arena + FUZZ_RESERVED &&
	    map.vaddr < UINT64_C(0x7ffffffff000))
		map.vaddr = 0;
	if (eats_memory(&map))
		map.size = UINT64_C(1) << 44;
	fuzz_ioctl(fuzzer, FUZZ_MAP_DMA, container_fd(fuzzer), VFIO_IOMMU_MAP_DMA,
		   fuzz_pointer(fuzzer, &map));
}

/* A bitmap of one bit for each of `size` bytes' pages, somewhere in the arena. */
static struct vfio_bitmap bitmap_of(struct fuzzer *fuzzer, uint64_t size)
{
	struct vfio_bitmap bitmap = {
		.pgsize = 4096,
		.size = (size / 4096 + 63) / 64 * 8,
		.data = fuzz_place(fuzzer, 4096),
	};

	/* type1 counts the zeros of pgsize, of which 0 has none that could be counted. */
	if (fuzz_one_in(fuzzer, 16))
		bitmap.pgsize = UINT64_C(1) << fuzz_below(fuzzer, 64);
	if (fuzz_one_in(fuzzer, 16))
		bitmap.size = fuzz_edge(fuzzer);
	bitmap.data = fuzz_pointer(fuzzer, bitmap.data);
	return bitmap;
}

void fuzz_unmap_dma(struct fuzzer *fuzzer)
{
	struct {
		struct vfio_iommu_type1_dma_unmap head;
		struct vfio_bitmap bitmap;
	} unmap = {
		.head.argsz = sizeof(unmap),
		.head.iova = fuzz_iova(fuzzer),
		.head.size = fuzz_size(fuzzer),
	};

	if (fuzz_one_in(fuzzer, 8))
		unmap.head.size *= 1 + fuzz_below(fuzzer, 64);
	if (fuzz_one_in(fuzzer, 24)) {
		unmap.head.flags = VFIO_DMA_UNMAP_FLAG_ALL;
		unmap.head.iova = unmap.head.size = 0;
	} else if (fuzz_one_in(fuzzer, 8)) {
		unmap.head.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
		unmap.bitmap = bitmap_of(fuzzer, unmap.head.size);
	} else if (fuzz_one_in(fuzzer, 16)) {
		unmap.head.flags = fuzz_below(fuzzer, 8);
		unmap.bitmap = bitmap_of(fuzzer, unmap.head.size);
	}
	fuzz_spoil(fuzzer, &unmap, sizeof(unmap.head));
	fuzz_ioctl(fuzzer, FUZZ_UNMAP_DMA, container_fd(fuzzer), VFIO_IOMMU_UNMAP_DMA,
		   fuzz_pointer(fuzzer, &unmap));
}

void fuzz_dirty_pages(struct fuzzer *fuzzer)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} dirty = {
		.head.argsz = sizeof(dirty),
		.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
	};

	dirty.get.iova = fuzz_iova(fuzzer);
	dirty.get.size = fuzz_size(fuzzer);
	dirty.get.bitmap = bitmap_of(fuzzer, dirty.get.size);
	if (fuzz_one_in(fuzzer, 3))
		dirty.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START;
	else if (fuzz_one_in(fuzzer, 6))
		dirty.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	else if (fuzz_one_in(fuzzer, 16))
		dirty.head.flags = fuzz_below(fuzzer, 16);
	fuzz_spoil(fuzzer, &dirty, offsetof(typeof(dirty), get.bitmap));
	fuzz_ioctl(fuzzer, FUZZ_DIRTY_PAGES, container_fd(fuzzer), VFIO_IOMMU_DIRTY_PAGES,
		   fuzz_pointer(fuzzer, &dirty));
}

void fuzz_close_container(struct fuzzer *fuzzer, struct fuzz_container *container)
{
	int i, number = container - fuzzer->containers;

	fuzz_begin(fuzzer, FUZZ_CLOSE_CONTAINER, 0);
	fuzz_end(fuzzer, close(container->fd));
	*container = (struct fuzz_container){ .fd = -1 };
	for (i = 0; i < FUZZ_GROUPS; i++)
		if (fuzzer->groups[i].container == number)
			fuzzer->groups[i].container = -1;
}

void fuzz_close_group(struct fuzzer *fuzzer, struct fuzz_group *group)
{
	fuzz_begin(fuzzer, FUZZ_CLOSE_GROUP, 0);
	fuzz_end(fuzzer, close(group->fd));
	group->fd = -1;
	if (group->attached) {
		group->attached = false;
		note_detached(fuzzer, group->container);
	}
	group->container = -1;
}
