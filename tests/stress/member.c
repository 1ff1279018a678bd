// SPDX-License-Identifier: GPL-2.0-only
/* Devices and the files of one container, one step at a time; called by all commands. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress.h"
#include "vfio_obs/testdev_uapi.h"

int member_find(struct member *member, const char *name)
{
	static const char *const buses[] = { "platform", "pci" };
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t length = -1;
	unsigned int i;

	*member = (struct member){ .emulated = !strncmp(name, VFIO_TESTDEV_NAME ".",
							sizeof(VFIO_TESTDEV_NAME)) };
	if (strlen(name) >= sizeof(member->name))
		return fail("'%s' is no device's name; give vfio-testdev.N or a PCI address", name);
	strcpy(member->name, name);

	for (i = 0; i < 2 && length < 0; i++) {
		snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/iommu_group", buses[i], name);
		length = readlink(path, target, sizeof(target) - 1);
	}
	if (length < 0)
		return fail("cannot find the group of device %s: %s: %s; load vfio-testdev, or bind the device to vfio-pci",
			    name, path, strerror(errno));
	target[length] = '\0';
	base = strrchr(target, '/');
	if (!base || sscanf(base + 1, "%u", &member->group) != 1)
		return fail("cannot find the group of device %s: %s leads to '%s', which ends in no number",
			    name, path, target);
	return 0;
}

void files_init(struct files *files)
{
	unsigned int i;

	files->container = -1;
	files->nr = 0;
	for (i = 0; i < MAX_MEMBERS; i++)
		files->group[i] = files->device[i] = -1;
}

static int result(int ret)
{
	return ret < 0 ? errno : 0;
}

int open_container(int *fd)
{
	*fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	return result(*fd);
}

int open_group(const struct member *member, int *fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%u", member->group);
	*fd = open(path, O_RDWR | O_CLOEXEC);
	return result(*fd);
}

int attach(int group, int container)
{
	return result(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container));
}

int unset(int group)
{
	return result(ioctl(group, VFIO_GROUP_UNSET_CONTAINER));
}

int set_iommu(int container)
{
	return result(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

int open_device(int group, const struct member *member, int *fd)
{
	*fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, member->name);
	return result(*fd);
}

int map_page(int container, uint64_t iova, void *page)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)page,
		.iova = iova,
		.size = sysconf(_SC_PAGESIZE),
	};

	return result(ioctl(container, VFIO_IOMMU_MAP_DMA, &map));
}

int pin_page(int device, uint64_t iova)
{
	struct vfio_testdev_pin pin = {
		.argsz = sizeof(pin),
		.iova = iova,
		.npage = 1,
		.prot = VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE,
	};

	return result(ioctl(device, VFIO_TESTDEV_PIN, &pin));
}

int unpin_page(int device, uint64_t iova)
{
	struct vfio_testdev_unpin unpin = {
		.argsz = sizeof(unpin),
		.iova = iova,
		.npage = 1,
	};

	return result(ioctl(device, VFIO_TESTDEV_UNPIN, &unpin));
}

void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void *get_page(void)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (page == MAP_FAILED) {
		fail("cannot get a page of memory: %s", strerror(errno));
		exit(EXIT_FAILURE);
	}
	return page;
}

static int step_failed(const char *what, const struct member *member, int error)
{
	return fail("cannot %s%s%s: %s", what, member ? " " : "", member ? member->name : "",
		    strerror(error));
}

static int member_attach(struct files *files, unsigned int i, struct counts *counts)
{
	int error = open_group(files->member[i], &files->group[i]);

	if (error)
		return step_failed("open the group of", files->member[i], error);
	error = attach(files->group[i], files->container);
	if (error)
		return step_failed("attach the group of", files->member[i], error);
	counts->attaches++;
	return 0;
}

int files_open(struct files *files, const struct member *members, unsigned int nr, void *page,
	       struct counts *counts)
{
	unsigned int i;
	int error;

	files_init(files);
	error = open_container(&files->container);
	if (error)
		return step_failed("open a container", NULL, error);
	counts->opens++;
	for (files->nr = 0; files->nr < nr; files->nr++) {
		files->member[files->nr] = &members[files->nr];
		if (member_attach(files, files->nr, counts))
			return -1;
	}
	error = set_iommu(files->container);
	if (error)
		return step_failed("set the backend of a container with", members, error);
	error = map_page(files->container, IOVA, page);
	if (error)
		return step_failed("map a page for", members, error);
	counts->maps++;
	for (i = 0; i < nr; i++) {
		error = open_device(files->group[i], &members[i], &files->device[i]);
		if (error)
			return step_failed("open device", &members[i], error);
		counts->device_opens++;
	}
	return 0;
}

void files_close(struct files *files)
{
	unsigned int i;

	for (i = 0; i < MAX_MEMBERS; i++) {
		close_file(&files->device[i]);
		close_file(&files->group[i]);
	}
	close_file(&files->container);
}
