// SPDX-License-Identifier: GPL-2.0-only
/* A user of vfio-testdev devices, with every call counted; called by work.c. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client.h"
#include "vfio_obs/testdev_uapi.h"

#define SYSFS_DEVICES	"/sys/bus/platform/devices"
#define PIN_PROT	(VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE)

const char *const close_orders[] = { "cgd", "cdg", "gcd", "gdc", "dcg", "dgc", "dugc", "ducg" };
const unsigned int nr_close_orders = sizeof(close_orders) / sizeof(close_orders[0]);

int fail(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* One call, so that lines of several threads do not mix. */
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	return -1;
}

int device_stat(const struct device *device, const char *name, uint64_t *value)
{
	char path[PATH_MAX];
	FILE *file;
	int got;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/stats/%s", device->name, name);
	file = fopen(path, "re");
	if (!file)
		return fail("cannot read the device's counter %s: %s; reload vfio-testdev", path,
			    strerror(errno));
	got = fscanf(file, "%" SCNu64, value);
	fclose(file);
	return got == 1 ? 0 : fail("the device's counter %s does not hold a number", path);
}

static int read_stats(const struct device *device, struct counts *counts)
{
	if (device_stat(device, "pin", &counts->pin) ||
	    device_stat(device, "pin_pages", &counts->pin_pages) ||
	    device_stat(device, "unpin", &counts->unpin) ||
	    device_stat(device, "unpin_pages", &counts->unpin_pages) ||
	    device_stat(device, "unpin_forced", &counts->unpin_forced) ||
	    device_stat(device, "dma_rw", &counts->dma_rw) ||
	    device_stat(device, "dma_rw_bytes", &counts->dma_rw_bytes) ||
	    device_stat(device, "pinned_pages", &counts->pinned_left))
		return -1;
	return 0;
}

int device_find(struct device *device, unsigned int index)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t length;

	*device = (struct device){ .index = index, .fd = -1, .group_fd = -1 };
	snprintf(device->name, sizeof(device->name), VFIO_TESTDEV_NAME ".%u", index);
	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/iommu_group", device->name);

	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return fail("cannot find device %s: %s: %s; load the module with enough devices: "
			    "'modprobe vfio-testdev count=%u'",
			    device->name, path, strerror(errno), index + 1);
	target[length] = '\0';
	base = strrchr(target, '/');
	if (sscanf(base ? base + 1 : target, "%u", &device->group) != 1)
		return fail("cannot find the group of %s: %s leads to '%s', which ends in no number",
			    device->name, path, target);
	return read_stats(device, &device->before);
}

int device_counts(const struct device *device, struct counts *counts)
{
	const struct counts *before = &device->before;
	struct counts now = { 0 };

	if (read_stats(device, &now))
		return -1;
	counts->pin += now.pin - before->pin;
	counts->pin_pages += now.pin_pages - before->pin_pages;
	counts->unpin += now.unpin - before->unpin;
	counts->unpin_pages += now.unpin_pages - before->unpin_pages;
	counts->unpin_forced += now.unpin_forced - before->unpin_forced;
	counts->dma_rw += now.dma_rw - before->dma_rw;
	counts->dma_rw_bytes += now.dma_rw_bytes - before->dma_rw_bytes;
	counts->pinned_left += now.pinned_left;
	return 0;
}

/* The likely reason for an error of open() on one of vfio's nodes, and what to do. */
static const char *open_hint(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
		return "; is vfio loaded? run 'modprobe vfio'";
	case EBUSY:
		return "; another process has the group open: end it or choose another device";
	case EACCES:
	case EPERM:
		return "; run as root";
	default:
		return "";
	}
}

static int container_open(struct container *container, struct counts *counts)
{
	int version;

	container->fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container->fd < 0) {
		int error = errno;

		counts->errors++;
		return fail("cannot open a container, /dev/vfio/vfio: %s%s", strerror(error),
			    open_hint(error));
	}
	container->opened = true;
	counts->open++;

	counts->other_ioctl++;
	version = ioctl(container->fd, VFIO_GET_API_VERSION);
	if (version != VFIO_API_VERSION) {
		counts->errors++;
		return fail("vfio speaks version %d of its interface, not %d: no use", version,
			    VFIO_API_VERSION);
	}
	counts->check_extension++;
	if (ioctl(container->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0) {
		counts->errors++;
		return fail("no backend offers VFIO_TYPE1v2_IOMMU; run 'modprobe vfio_iommu_type1'");
	}
	return 0;
}

static int device_attach(struct device *device, struct container *container, struct counts *counts)
{
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/dev/vfio/%u", device->group);
	device->group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->group_fd < 0) {
		error = errno;
		counts->errors++;
		return fail("cannot open %s, the group of %s: %s%s", path, device->name,
			    strerror(error), open_hint(error));
	}
	counts->attach++;
	if (ioctl(device->group_fd, VFIO_GROUP_SET_CONTAINER, &container->fd)) {
		error = errno;
		counts->errors++;
		return fail("cannot attach group %u (%s) to a container: %s", device->group,
			    device->name, strerror(error));
	}
	device->attached = true;
	return 0;
}

static int device_open(struct device *device, struct counts *counts)
{
	int error;

	device->fd = ioctl(device->group_fd, VFIO_GROUP_GET_DEVICE_FD, device->name);
	if (device->fd < 0) {
		error = errno;
		counts->errors++;
		return fail("cannot open device %s of group %u: %s%s", device->name, device->group,
			    strerror(error), open_hint(error));
	}
	counts->device_open++;
	return 0;
}

int container_setup(struct container *container, struct counts *counts)
{
	unsigned int i;
	int error;

	if (container_open(container, counts))
		return -1;
	for (i = 0; i < container->nr_devices; i++)
		if (device_attach(container->devices[i], container, counts))
			return -1;

	counts->set_iommu++;
	if (ioctl(container->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		error = errno;
		counts->errors++;
		return fail("cannot set the backend VFIO_TYPE1v2_IOMMU: %s", strerror(error));
	}
	for (i = 0; i < container->nr_devices; i++)
		if (device_open(container->devices[i], counts))
			return -1;
	return 0;
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int device_unset(struct device *device, struct counts *counts)
{
	int error;

	if (!device->attached)
		return 0;
	if (ioctl(device->group_fd, VFIO_GROUP_UNSET_CONTAINER)) {
		error = errno;
		counts->errors++;
		return fail("cannot detach group %u (%s) from its container: %s", device->group,
			    device->name, strerror(error));
	}
	device->attached = false;
	counts->detach++;
	return 0;
}

int container_close(struct container *container, const char *order, struct counts *counts)
{
	struct device *device;
	unsigned int i;
	int ret = 0;

	for (; *order; order++) {
		if (*order == 'c')
			close_file(&container->fd);
		for (i = 0; i < container->nr_devices; i++) {
			device = container->devices[i];
			if (*order == 'd')
				close_file(&device->fd);
			else if (*order == 'g')
				close_file(&device->group_fd);
			else if (*order == 'u' && device_unset(device, counts))
				ret = -1;
		}
	}

	/* Whatever the order, the groups have left and the container has gone by now. */
	for (i = 0; i < container->nr_devices; i++) {
		counts->detach += container->devices[i]->attached;
		container->devices[i]->attached = false;
	}
	counts->release += container->opened;
	container->opened = false;
	return ret;
}

int container_map(struct container *container, uint64_t iova, void *memory, uint64_t size,
		  struct counts *counts)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = size,
	};
	int error;

	counts->map_dma++;
	if (!ioctl(container->fd, VFIO_IOMMU_MAP_DMA, &map))
		return 0;
	error = errno;
	counts->errors++;
	return fail("cannot map 0x%" PRIx64 " bytes at iova 0x%" PRIx64 ": %s", size, iova,
		    strerror(error));
}

int container_unmap(struct container *container, uint64_t iova, uint64_t size,
		    struct counts *counts)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};
	int error;

	counts->unmap_dma++;
	if (ioctl(container->fd, VFIO_IOMMU_UNMAP_DMA, &unmap)) {
		error = errno;
		counts->errors++;
		return fail("cannot unmap 0x%" PRIx64 " bytes at iova 0x%" PRIx64 ": %s", size, iova,
			    strerror(error));
	}
	if (unmap.size != size)
		return fail("unmapping 0x%" PRIx64 " bytes at iova 0x%" PRIx64
			    " gave back only 0x%" PRIx64, size, iova, (uint64_t)unmap.size);
	return 0;
}

int container_get_info(struct container *container, struct counts *counts)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int error;

	counts->other_ioctl++;
	if (!ioctl(container->fd, VFIO_IOMMU_GET_INFO, &info))
		return 0;
	error = errno;
	counts->errors++;
	return fail("cannot get the backend's information (VFIO_IOMMU_GET_INFO): %s",
		    strerror(error));
}

int device_pin_nothing(struct device *device, uint64_t iova, uint32_t npage, struct asked *asked,
		       struct counts *counts)
{
	struct vfio_testdev_pin pin = {
		.argsz = sizeof(pin),
		.iova = iova,
		.npage = npage,
		.prot = PIN_PROT,
	};

	asked->pin++;
	if (ioctl(device->fd, VFIO_TESTDEV_PIN, &pin)) {
		counts->errors++;
		return 0;
	}
	return fail("%s could pin iova 0x%" PRIx64 ", where nothing is mapped", device->name, iova);
}

int device_pin(struct device *device, uint64_t iova, uint32_t npage, struct asked *asked,
	       struct counts *counts)
{
	struct vfio_testdev_pin pin = {
		.argsz = sizeof(pin),
		.iova = iova,
		.npage = npage,
		.prot = PIN_PROT,
	};
	int error;

	asked->pin++;
	if (!ioctl(device->fd, VFIO_TESTDEV_PIN, &pin))
		return 0;
	error = errno;
	counts->errors++;
	return fail("%s cannot pin %" PRIu32 " pages at iova 0x%" PRIx64 ": %s", device->name,
		    npage, iova, strerror(error));
}

int device_unpin(struct device *device, uint64_t iova, uint32_t npage, struct asked *asked,
		 struct counts *counts)
{
	struct vfio_testdev_unpin unpin = {
		.argsz = sizeof(unpin),
		.iova = iova,
		.npage = npage,
	};
	int error;

	asked->unpin++;
	if (!ioctl(device->fd, VFIO_TESTDEV_UNPIN, &unpin))
		return 0;
	error = errno;
	counts->errors++;
	return fail("%s cannot unpin %" PRIu32 " pages at iova 0x%" PRIx64 ": %s", device->name,
		    npage, iova, strerror(error));
}

int device_dma_rw(struct device *device, uint64_t iova, void *buffer, uint32_t len, bool write,
		  struct asked *asked, struct counts *counts)
{
	struct vfio_testdev_dma_rw rw = {
		.argsz = sizeof(rw),
		.flags = write ? VFIO_TESTDEV_DMA_WRITE : 0,
		.iova = iova,
		.len = len,
		.buf = (uintptr_t)buffer,
	};
	int error;

	asked->dma_rw++;
	if (!ioctl(device->fd, VFIO_TESTDEV_DMA_RW, &rw))
		return 0;
	error = errno;
	counts->errors++;
	return fail("%s cannot %s %" PRIu32 " bytes at iova 0x%" PRIx64 ": %s", device->name,
		    write ? "write" : "read", len, iova, strerror(error));
}

int device_pin_loop(struct device *device, const struct pin_loop *todo, struct asked *asked,
		    struct counts *counts)
{
	struct vfio_testdev_pin_loop loop = {
		.argsz = sizeof(loop),
		.flags = (todo->unpin ? VFIO_TESTDEV_LOOP_UNPIN : 0) |
			 (todo->random ? VFIO_TESTDEV_LOOP_RANDOM : 0),
		.iova = todo->iova,
		.npage = todo->npage,
		.prot = PIN_PROT,
		.span_pages = todo->span_pages,
		.count = todo->count,
		.stride_pages = todo->random ? 0 : todo->npage,
		.start = todo->start,
	};
	int error = ioctl(device->fd, VFIO_TESTDEV_PIN_LOOP, &loop) ? errno : 0;

	asked->pin += loop.done;
	asked->unpin += todo->unpin ? loop.done : 0;
	if (!error)
		return 0;
	counts->errors++;
	return fail("%s ended a loop of %" PRIu64 " pins of %" PRIu32 " pages at iova 0x%" PRIx64
		    " after %" PRIu64 ": %s", device->name, todo->count, todo->npage, todo->iova,
		    (uint64_t)loop.done, strerror(error));
}

int device_dma_rw_loop(struct device *device, uint64_t iova, uint32_t len, bool write,
		       uint64_t count, struct asked *asked, struct counts *counts)
{
	struct vfio_testdev_dma_rw_loop loop = {
		.argsz = sizeof(loop),
		.flags = write ? VFIO_TESTDEV_DMA_WRITE : 0,
		.iova = iova,
		.len = len,
		.count = count,
	};
	int error = ioctl(device->fd, VFIO_TESTDEV_DMA_RW_LOOP, &loop) ? errno : 0;

	asked->dma_rw += loop.done;
	if (!error)
		return 0;
	counts->errors++;
	return fail("%s ended a loop of %" PRIu64 " accesses of %" PRIu32 " bytes at iova 0x%" PRIx64
		    " after %" PRIu64 ": %s", device->name, count, len, iova,
		    (uint64_t)loop.done, strerror(error));
}
