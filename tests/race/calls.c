// SPDX-License-Identifier: GPL-2.0-only
/* The calls of vfio-race, counted; called by its scenarios. See race.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "race.h"

/* A file that has been closed must not come back as another one under the same number. */
#define FIRST_CONTAINER_FD	100

int race_ioctl_call(struct watch_task *task, enum race_call call, int fd, unsigned long cmd,
		    void *arg)
{
	int ret;

	watch_begin(task, call, cmd);
	ret = ioctl(fd, cmd, arg);
	return watch_end(task, ret < 0 ? errno : 0) ? -errno : ret;
}

int race_open_container(struct watch_task *task)
{
	int fd, high;

	watch_begin(task, CALL_OPEN_CONTAINER, 0);
	fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (watch_end(task, fd < 0 ? errno : 0))
		return -errno;
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_CONTAINER_FD);
	close(fd);
	return high < 0 ? -errno : high;
}

int race_open_group(struct race *race, struct watch_task *task)
{
	int fd;

	watch_begin(task, CALL_OPEN_GROUP, 0);
	fd = open(race->group_path, O_RDWR | O_CLOEXEC);
	return watch_end(task, fd < 0 ? errno : 0) ? -errno : fd;
}

int race_close_file(struct watch_task *task, enum race_call call, int fd)
{
	int ret;

	watch_begin(task, call, 0);
	ret = close(fd);
	return -watch_end(task, ret ? errno : 0);
}

int race_set_container(struct watch_task *task, int group, int container)
{
	return race_ioctl_call(task, CALL_SET_CONTAINER, group, VFIO_GROUP_SET_CONTAINER,
			       &container);
}

int race_unset_container(struct watch_task *task, int group)
{
	return race_ioctl_call(task, CALL_UNSET_CONTAINER, group, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

int race_set_iommu(struct watch_task *task, int container)
{
	return race_ioctl_call(task, CALL_SET_IOMMU, container, VFIO_SET_IOMMU,
			       (void *)(unsigned long)VFIO_TYPE1v2_IOMMU);
}

int race_check_extension(struct watch_task *task, int container, unsigned long extension)
{
	return race_ioctl_call(task, CALL_CHECK_EXTENSION, container, VFIO_CHECK_EXTENSION,
			       (void *)extension);
}

uint32_t race_info_avail(const void *answer, uint64_t size)
{
	const struct vfio_iommu_type1_info *info = answer;
	const struct vfio_iommu_type1_info_dma_avail *avail;
	uint32_t offset = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0;

	while (offset && offset + sizeof(*avail) <= size) {
		avail = (const void *)((const char *)answer + offset);
		if (avail->header.id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			return avail->avail;
		offset = avail->header.next;
	}
	return UINT32_MAX;
}

int race_get_info(struct watch_task *task, int container, uint32_t *avail)
{
	union {
		struct vfio_iommu_type1_info info;
		char space[1024];
	} answer = { .info.argsz = sizeof(answer) };
	int ret;

	ret = race_ioctl_call(task, CALL_GET_INFO, container, VFIO_IOMMU_GET_INFO, &answer);
	if (!ret && avail)
		*avail = race_info_avail(&answer, sizeof(answer));
	return ret;
}

int race_map_dma(struct watch_task *task, int container, const struct race_map *map)
{
	struct vfio_iommu_type1_dma_map dma = {
		.argsz = sizeof(dma),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)map->memory,
		.iova = map->iova,
		.size = map->size,
	};

	return race_ioctl_call(task, CALL_MAP_DMA, container, VFIO_IOMMU_MAP_DMA, &dma);
}

int race_unmap_dma(struct watch_task *task, int container, struct race_map *map)
{
	struct vfio_iommu_type1_dma_unmap dma = {
		.argsz = sizeof(dma),
		.iova = map->iova,
		.size = map->size,
	};
	int ret;

	ret = race_ioctl_call(task, CALL_UNMAP_DMA, container, VFIO_IOMMU_UNMAP_DMA, &dma);
	map->size = dma.size;
	return ret;
}

int must(struct race *race, struct watch_task *task, int ret, const char *what)
{
	if (ret >= 0)
		return 0;
	return watch_fail(&race->watch, "%s: %s failed: %s; nothing else was going on that could "
			  "be the reason", task->name, what, strerror(-ret));
}

struct watch_task *race_task(struct race *race, unsigned int number, const char *name)
{
	struct watch_task *task = &race->watch.tasks[number];

	strncpy(task->name, name, sizeof(task->name) - 1);
	task->pid = (int)syscall(SYS_gettid);
	return task;
}

int race_expect(struct race *race, long more, uint64_t kib, const char *when)
{
	long refs = guard_refs("vfio_iommu_type1") - race->base_refs;
	uint64_t locked = guard_vm("VmLck");

	if (refs != more)
		return watch_fail(&race->watch, "%s, vfio_iommu_type1 has %ld references more than "
				  "before the run, not %ld", when, refs, more);
	if (race->pins && locked != kib)
		return watch_fail(&race->watch, "%s, %llu KiB are locked (VmLck), not %llu", when,
				  (unsigned long long)locked, (unsigned long long)kib);
	return 0;
}

void *race_memory(struct race *race, uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	watch_fail(&race->watch, "cannot get %llu bytes of memory: %s", (unsigned long long)size,
		   strerror(errno));
	return NULL;
}

uint64_t race_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
