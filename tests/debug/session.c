// SPDX-License-Identifier: GPL-2.0-only
/* The life of a container in single steps; called by vfio-faults.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "session.h"
#include "vfio_obs/testdev_uapi.h"

/* Below the window that x86 reserves for interrupts. */
#define IOVA		UINT64_C(0x10000000)
#define PAGE		UINT64_C(4096)
#define PIN_PAGES	16

static int result(int ret)
{
	return ret < 0 ? -errno : 0;
}

static int step_open(struct session *s, unsigned int nr)
{
	s->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	return result(s->container);
}

static int step_extension(struct session *s, unsigned int nr)
{
	return ioctl(s->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) == 1 ? 0 : -ENODEV;
}

static int step_open_group(struct session *s, unsigned int nr)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%u", s->members[nr].group);
	s->group[nr] = open(path, O_RDWR | O_CLOEXEC);
	return result(s->group[nr]);
}

static int step_attach(struct session *s, unsigned int nr)
{
	return result(ioctl(s->group[nr], VFIO_GROUP_SET_CONTAINER, &s->container));
}

static int step_set_iommu(struct session *s, unsigned int nr)
{
	return result(ioctl(s->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

/*
 * The same where the backend moves a group out of its own domain into another group's; by their
 * functions step_joins_domain() knows these steps.
 */
static int step_attach_joining(struct session *s, unsigned int nr)
{
	return step_attach(s, nr);
}

static int step_set_iommu_joining(struct session *s, unsigned int nr)
{
	return step_set_iommu(s, nr);
}

static int step_open_device(struct session *s, unsigned int nr)
{
	s->device[nr] = ioctl(s->group[nr], VFIO_GROUP_GET_DEVICE_FD, s->members[nr].name);
	return result(s->device[nr]);
}

static int step_info(struct session *s, unsigned int nr)
{
	char buffer[4096] = { 0 };
	struct vfio_iommu_type1_info *info = (void *)buffer;

	info->argsz = sizeof(buffer);
	return result(ioctl(s->container, VFIO_IOMMU_GET_INFO, info));
}

static int step_map(struct session *s, unsigned int nr)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)s->memory,
		.iova = IOVA,
		.size = SESSION_MEMORY,
	};

	return result(ioctl(s->container, VFIO_IOMMU_MAP_DMA, &map));
}

static int step_unmap(struct session *s, unsigned int nr)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = IOVA,
		.size = SESSION_MEMORY,
	};

	return result(ioctl(s->container, VFIO_IOMMU_UNMAP_DMA, &unmap));
}

static int step_pin(struct session *s, unsigned int nr)
{
	struct vfio_testdev_pin pin = {
		.argsz = sizeof(pin),
		.iova = IOVA + PAGE,
		.npage = PIN_PAGES,
		.prot = VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE,
	};

	return result(ioctl(s->device[nr], VFIO_TESTDEV_PIN, &pin));
}

static int step_unpin(struct session *s, unsigned int nr)
{
	struct vfio_testdev_unpin unpin = {
		.argsz = sizeof(unpin),
		.iova = IOVA + PAGE,
		.npage = PIN_PAGES,
	};

	return result(ioctl(s->device[nr], VFIO_TESTDEV_UNPIN, &unpin));
}

static int step_dma_rw(struct session *s, unsigned int nr)
{
	/* No more than a page: else kvmalloc() may try vmalloc(), which warns when it fails. */
	char buffer[PAGE] = { 0 };
	struct vfio_testdev_dma_rw rw = {
		.argsz = sizeof(rw),
		.iova = IOVA + 100,
		.len = sizeof(buffer),
		.buf = (uintptr_t)buffer,
	};

	return result(ioctl(s->device[nr], VFIO_TESTDEV_DMA_RW, &rw));
}

static int step_unset(struct session *s, unsigned int nr)
{
	return result(ioctl(s->group[nr], VFIO_GROUP_UNSET_CONTAINER));
}

/* The kernel closes the file whatever close() answers. */
static int close_file(int *fd)
{
	int ret = 0;

	if (*fd >= 0)
		ret = result(close(*fd));
	*fd = -1;
	return ret;
}

static int step_close_device(struct session *s, unsigned int nr)
{
	return close_file(&s->device[nr]);
}

static int step_close_group(struct session *s, unsigned int nr)
{
	return close_file(&s->group[nr]);
}

static int step_close(struct session *s, unsigned int nr)
{
	return close_file(&s->container);
}

static const struct step steps_alone[] = {
	{ "open", step_open, 0 },
	{ "check_extension before", step_extension, 0 },
	{ "open group", step_open_group, 0 },
	{ "attach", step_attach, 0 },
	{ "set_iommu", step_set_iommu, 0 },
	{ "check_extension", step_extension, 0 },
	{ "get_info", step_info, 0 },
	{ "open device", step_open_device, 0 },
	{ "map", step_map, 0 },
	{ "unmap", step_unmap, 0 },
	{ "map again", step_map, 0 },
	{ "close device", step_close_device, 0 },
	{ "unset", step_unset, 0 },
	{ "attach again", step_attach, 0 },
	{ "set_iommu again", step_set_iommu, 0 },
	{ "close", step_close, 0 },
	{ "close group", step_close_group, 0 },
	{ 0 },
};

static const struct step steps_pins[] = {
	{ "open", step_open, 0 },
	{ "open group", step_open_group, 0 },
	{ "attach", step_attach, 0 },
	{ "set_iommu", step_set_iommu, 0 },
	{ "open device", step_open_device, 0 },
	{ "map", step_map, 0 },
	{ "pin", step_pin, 0 },
	{ "dma_rw", step_dma_rw, 0 },
	{ "unpin", step_unpin, 0 },
	{ "pin again", step_pin, 0 },
	{ "unmap of pinned pages", step_unmap, 0 },
	{ "map again", step_map, 0 },
	{ "pin a third time", step_pin, 0 },
	{ "close group", step_close_group, 0 },
	{ "close", step_close, 0 },
	{ "close device", step_close_device, 0 },
	{ 0 },
};

/* Two groups before the backend is set: its unwinding has something to undo. */
static const struct step steps_pair[] = {
	{ "open", step_open, 0 },
	{ "open group", step_open_group, 0 },
	{ "attach", step_attach, 0 },
	{ "open second group", step_open_group, 1 },
	{ "attach second", step_attach, 1 },
	{ "set_iommu of two groups", step_set_iommu_joining, 0 },
	{ "map", step_map, 0 },
	{ "open device", step_open_device, 0 },
	{ "open second device", step_open_device, 1 },
	{ "close second group", step_close_group, 1 },
	{ "close second device", step_close_device, 1 },
	{ "close device", step_close_device, 0 },
	{ "unset", step_unset, 0 },
	{ "close", step_close, 0 },
	{ "close group", step_close_group, 0 },
	{ 0 },
};

/* The second group comes when there is a backend, with mappings that it has to take over. */
static const struct step steps_late[] = {
	{ "open", step_open, 0 },
	{ "open group", step_open_group, 0 },
	{ "attach", step_attach, 0 },
	{ "set_iommu", step_set_iommu, 0 },
	{ "map", step_map, 0 },
	{ "open second group", step_open_group, 1 },
	{ "attach second to the backend", step_attach_joining, 1 },
	{ "unset first", step_unset, 0 },
	{ "attach first to the backend", step_attach_joining, 0 },
	{ "open second device", step_open_device, 1 },
	{ "close", step_close, 0 },
	{ "close group", step_close_group, 0 },
	{ "close second device", step_close_device, 1 },
	{ "close second group", step_close_group, 1 },
	{ 0 },
};

const struct life lives[] = {
	{ "alone", 1, 0, steps_alone },
	{ "pins", 1, 1, steps_pins },
	{ "pair", 2, 0, steps_pair },
	{ "late", 2, 0, steps_late },
};
const unsigned int nr_lives = sizeof(lives) / sizeof(lives[0]);

int step_is_of_device(const struct step *step)
{
	return step->run == step_open_device || step->run == step_close_device;
}

int step_reads_info(const struct step *step)
{
	return step->run == step_info;
}

int step_leaves_domain(const struct step *step)
{
	return step->run == step_unset || step->run == step_close_group;
}

int step_joins_domain(const struct step *step)
{
	return step->run == step_attach_joining || step->run == step_set_iommu_joining;
}

int step_is_of_domain(const struct step *step)
{
	return step->run == step_attach || step->run == step_set_iommu || step_joins_domain(step) ||
	       step_leaves_domain(step);
}

int member_find(struct member *member, const char *name)
{
	static const char *const buses[] = { "platform", "pci" };
	char path[128], target[PATH_MAX];
	const char *base;
	ssize_t length;
	unsigned int i;

	snprintf(member->name, sizeof(member->name), "%s", name);
	member->emulated = !strncmp(name, VFIO_TESTDEV_NAME ".", strlen(VFIO_TESTDEV_NAME "."));
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/iommu_group", buses[i],
			 member->name);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		base = strrchr(target, '/');
		if (sscanf(base ? base + 1 : target, "%u", &member->group) == 1)
			return 0;
	}
	fprintf(stderr, "vfio-faults: no device %s with an IOMMU group; load vfio-testdev or bind "
		"the device to vfio-pci\n", name);
	return -1;
}

void session_init(struct session *session, const struct member *members, void *memory)
{
	*session = (struct session){
		.members = members,
		.memory = memory,
		.container = -1,
		.group = { -1, -1 },
		.device = { -1, -1 },
	};
}

void session_close(struct session *session)
{
	unsigned int i;

	for (i = 0; i < MAX_MEMBERS; i++) {
		close_file(&session->device[i]);
		close_file(&session->group[i]);
	}
	close_file(&session->container);
}
