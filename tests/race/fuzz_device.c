// SPDX-License-Identifier: GPL-2.0-only
/* Calls of vfio-fuzz on devices, and on files of any kind; called by fuzz.c. See fuzz.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "vfio_obs/testdev_uapi.h"

/* Loops in the kernel end with their count: a hostile one would only keep the others waiting. */
#define MAX_LOOP	32

/* Rather one that is open; with `testdev`, rather one of vfio-testdev. */
static struct fuzz_open_device *any_device(struct fuzzer *fuzzer, bool testdev)
{
	struct fuzz_open_device *device, *best;
	unsigned int i, first = fuzz_below(fuzzer, FUZZ_DEVICES);

	best = &fuzzer->devices[first];
	for (i = 0; i < FUZZ_DEVICES; i++) {
		device = &fuzzer->devices[(first + i) % FUZZ_DEVICES];
		if (device->fd >= 0 && (!testdev || !device->device->pci))
			return device;
	}
	return best;
}

static int testdev_fd(struct fuzzer *fuzzer)
{
	return fuzz_fd(fuzzer, any_device(fuzzer, true)->fd);
}

/* Names that are nearly right, too long, not there, or not text. */
static void *device_name(struct fuzzer *fuzzer, const struct fuzz_device *device, char *space)
{
	strcpy(space, device ? device->name : VFIO_TESTDEV_NAME ".0");
	if (!fuzz_one_in(fuzzer, 6))
		return space;
	switch (fuzz_below(fuzzer, 6)) {
	case 0: space[0] = '\0'; break;
	case 1: strcat(space, " vf_token=00000000-0000-0000-0000-000000000000"); break;
	case 2: strcat(space, "9"); break;
	case 3: memset(space, 'x', FUZZ_ARENA - (space - fuzzer->arena)); break;
	case 4: space[fuzz_below(fuzzer, strlen(space))] = (char)fuzz_below(fuzzer, 256); break;
	default: return fuzz_bad_pointer(fuzzer);
	}
	return space;
}

void fuzz_get_device_fd(struct fuzzer *fuzzer)
{
	struct fuzz_open_device *device = &fuzzer->devices[fuzz_below(fuzzer, FUZZ_DEVICES)];
	struct fuzz_group *group = &fuzzer->groups[fuzz_below(fuzzer, FUZZ_GROUPS)];
	unsigned int i;

	if (device->fd >= 0 && !fuzz_one_in(fuzzer, 8))
		return;
	if (device->fd >= 0)
		fuzz_close_device(fuzzer, device);
	for (i = 0; i < FUZZ_GROUPS && !group->attached && !fuzz_one_in(fuzzer, 8); i++)
		group = &fuzzer->groups[i];
	device->fd = fuzz_ioctl(fuzzer, FUZZ_GET_DEVICE_FD, fuzz_fd(fuzzer, group->fd),
				VFIO_GROUP_GET_DEVICE_FD,
				device_name(fuzzer, group->device, fuzz_place(fuzzer, 8192)));
	if (device->fd < 0)
		device->fd = -1;
	device->device = group->device ? group->device : &fuzzer->fuzz->devices[0];
}

void fuzz_close_device(struct fuzzer *fuzzer, struct fuzz_open_device *device)
{
	fuzz_begin(fuzzer, FUZZ_CLOSE_DEVICE, 0);
	fuzz_end(fuzzer, close(device->fd));
	device->fd = -1;
}

void fuzz_device_info(struct fuzzer *fuzzer)
{
	union {
		struct vfio_device_info device;
		struct vfio_region_info region;
		struct vfio_irq_info irq;
		char space[256];
	} info = { .device.argsz = sizeof(info) };
	static const unsigned long cmds[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
		VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
	};
	unsigned long cmd = cmds[fuzz_below(fuzzer, sizeof(cmds) / sizeof(cmds[0]))];

	info.region.index = fuzz_below(fuzzer, 16);
	fuzz_spoil(fuzzer, &info, sizeof(info));
	/* Answers may be longer than the stack: argsz names what there is. */
	if (info.device.argsz > sizeof(info))
		info.device.argsz = sizeof(info);
	fuzz_ioctl(fuzzer, FUZZ_DEVICE_INFO, fuzz_fd(fuzzer, any_device(fuzzer, false)->fd), cmd,
		   fuzz_pointer(fuzzer, &info));
}

void fuzz_device_reset(struct fuzzer *fuzzer)
{
	fuzz_ioctl(fuzzer, FUZZ_DEVICE_RESET, fuzz_fd(fuzzer, any_device(fuzzer, false)->fd),
		   VFIO_DEVICE_RESET, NULL);
}

static uint32_t any_prot(struct fuzzer *fuzzer)
{
	return fuzz_one_in(fuzzer, 4) ? VFIO_TESTDEV_PROT_READ :
	       VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE;
}

void fuzz_pin(struct fuzzer *fuzzer)
{
	struct vfio_testdev_pin pin = {
		.argsz = sizeof(pin),
		.iova = fuzz_iova(fuzzer),
		.npage = 1 + fuzz_below(fuzzer, 16),
		.prot = any_prot(fuzzer),
	};

	fuzz_spoil(fuzzer, &pin, sizeof(pin));
	fuzz_ioctl(fuzzer, FUZZ_PIN, testdev_fd(fuzzer), VFIO_TESTDEV_PIN,
		   fuzz_pointer(fuzzer, &pin));
}

void fuzz_unpin(struct fuzzer *fuzzer)
{
	struct vfio_testdev_unpin unpin = {
		.argsz = sizeof(unpin),
		.iova = fuzz_iova(fuzzer),
		.npage = 1 + fuzz_below(fuzzer, 4),
	};

	fuzz_spoil(fuzzer, &unpin, sizeof(unpin));
	fuzz_ioctl(fuzzer, FUZZ_UNPIN, testdev_fd(fuzzer), VFIO_TESTDEV_UNPIN,
		   fuzz_pointer(fuzzer, &unpin));
}

void fuzz_dma_rw(struct fuzzer *fuzzer)
{
	struct vfio_testdev_dma_rw rw = {
		.argsz = sizeof(rw),
		.flags = fuzz_below(fuzzer, 2) ? VFIO_TESTDEV_DMA_WRITE : 0,
		.iova = fuzz_iova(fuzzer) + fuzz_below(fuzzer, 4096),
		.len = 1 + fuzz_below(fuzzer, 8192),
	};

	rw.buf = (uintptr_t)fuzz_pointer(fuzzer, fuzz_place(fuzzer, 8192));
	fuzz_spoil(fuzzer, &rw, offsetof(typeof(rw), buf));
	fuzz_ioctl(fuzzer, FUZZ_DMA_RW, testdev_fd(fuzzer), VFIO_TESTDEV_DMA_RW,
		   fuzz_pointer(fuzzer, &rw));
}

void fuzz_pin_loop(struct fuzzer *fuzzer)
{
	struct vfio_testdev_pin_loop loop = {
		.argsz = sizeof(loop),
		.flags = VFIO_TESTDEV_LOOP_UNPIN,
		.iova = fuzz_iova(fuzzer),
		.npage = 1,
		.prot = any_prot(fuzzer),
		.span_pages = 1 + fuzz_below(fuzzer, 16),
	};

	if (fuzz_one_in(fuzzer, 2))
		loop.flags = fuzz_below(fuzzer, 4);
	fuzz_spoil(fuzzer, &loop, sizeof(loop));
	loop.count = fuzz_below(fuzzer, MAX_LOOP);
	fuzz_ioctl(fuzzer, FUZZ_PIN_LOOP, testdev_fd(fuzzer), VFIO_TESTDEV_PIN_LOOP,
		   fuzz_pointer(fuzzer, &loop));
}

void fuzz_dma_rw_loop(struct fuzzer *fuzzer)
{
	struct vfio_testdev_dma_rw_loop loop = {
		.argsz = sizeof(loop),
		.flags = fuzz_below(fuzzer, 2) ? VFIO_TESTDEV_DMA_WRITE : 0,
		.iova = fuzz_iova(fuzzer) + fuzz_below(fuzzer, 4096),
		.len = 1 + fuzz_below(fuzzer, 256),
	};

	fuzz_spoil(fuzzer, &loop, sizeof(loop));
	loop.count = fuzz_below(fuzzer, MAX_LOOP);
	fuzz_ioctl(fuzzer, FUZZ_DMA_RW_LOOP, testdev_fd(fuzzer), VFIO_TESTDEV_DMA_RW_LOOP,
		   fuzz_pointer(fuzzer, &loop));
}

/*
 * A request that may be anything, with an argument that may be anything. Left out are those with
 * effects beyond vfio, which the kernel does for any file (letters 'T', 'f', 'X'), resets, which
 * take their time and come on their own, and loops without a sane count.
 */
static unsigned long any_request(struct fuzzer *fuzzer)
{
	static const unsigned char letters[] = { 0x00, 0x01, '<', 'V', 0x80, 0xae, 0xff };
	unsigned long cmd;

	if (fuzz_one_in(fuzzer, 8))
		return (unsigned long)letters[fuzz_below(fuzzer, sizeof(letters))] << 8 |
		       fuzz_below(fuzzer, 256) | fuzz_below(fuzzer, 1 << 16) << 16;
	do
		cmd = VFIO_TYPE << 8 | (fuzz_one_in(fuzzer, 8) ? fuzz_below(fuzzer, 256) :
					VFIO_BASE + fuzz_below(fuzzer, 28));
	while (cmd == VFIO_DEVICE_RESET || cmd == VFIO_TESTDEV_PIN_LOOP ||
	       cmd == VFIO_TESTDEV_DMA_RW_LOOP || cmd == VFIO_IOMMU_MAP_DMA ||
	       cmd == VFIO_GROUP_GET_DEVICE_FD);
	if (fuzz_one_in(fuzzer, 16))
		cmd |= fuzz_below(fuzzer, 1 << 16) << 16;
	return cmd;
}

void fuzz_any_ioctl(struct fuzzer *fuzzer)
{
	uint64_t *words = fuzz_place(fuzzer, 4096);
	int i;

	for (i = 0; i < 16; i++)
		words[i] = fuzz_one_in(fuzzer, 2) ? fuzz_below(fuzzer, 32) : fuzz_edge(fuzzer);
	if (!fuzz_one_in(fuzzer, 4))
		*(uint32_t *)words = fuzz_below(fuzzer, 256);
	fuzz_ioctl(fuzzer, FUZZ_ANY_IOCTL, fuzz_any_fd(fuzzer), any_request(fuzzer),
		   fuzz_one_in(fuzzer, 4) ? fuzz_bad_pointer(fuzzer) : words);
}

/* What the files are not made for. Devices are not written to: they would begin to do something. */
void fuzz_file(struct fuzzer *fuzzer)
{
	struct pollfd pollfd = { .fd = fuzz_any_fd(fuzzer), .events = POLLIN };
	void *memory = fuzz_pointer(fuzzer, fuzz_place(fuzzer, 4096));
	uint64_t offset = fuzz_edge(fuzzer);

	fuzz_begin(fuzzer, FUZZ_FILE, 0);
	switch (fuzz_below(fuzzer, 4)) {
	case 0:
		fuzz_end(fuzzer, (int)pread(pollfd.fd, memory, 1 + fuzz_below(fuzzer, 16), offset));
		break;
	case 1:
		pollfd.fd = fuzzer->containers[fuzz_below(fuzzer, FUZZ_CONTAINERS)].fd;
		fuzz_end(fuzzer, (int)write(pollfd.fd, memory, 16));
		break;
	case 2:
		memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, pollfd.fd, offset & ~0xfffUL);
		fuzz_end(fuzzer, memory == MAP_FAILED ? -1 : 0);
		if (memory != MAP_FAILED)
			munmap(memory, 4096);
		break;
	default:
		fuzz_end(fuzzer, poll(&pollfd, 1, 0));
		break;
	}
}

/* The file goes on under a new number: what belongs to it outlives the old one. */
void fuzz_dup(struct fuzzer *fuzzer)
{
	struct fuzz_container *container =
		&fuzzer->containers[fuzz_below(fuzzer, FUZZ_CONTAINERS)];
	int fd;

	fuzz_begin(fuzzer, FUZZ_DUP, 0);
	fd = fcntl(container->fd, F_DUPFD_CLOEXEC, 0);
	if (fuzz_end(fuzzer, fd) < 0)
		return;
	fuzz_begin(fuzzer, FUZZ_CLOSE_CONTAINER, 0);
	fuzz_end(fuzzer, close(container->fd));
	container->fd = fd;
}

/* The only reference on the file is on its way through a socket, from which it may never come. */
void fuzz_pass(struct fuzzer *fuzzer)
{
	struct fuzz_container *container =
		&fuzzer->containers[fuzz_below(fuzzer, FUZZ_CONTAINERS)];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int sockets[2];

	if (container->fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return;
	memcpy(CMSG_DATA(&control.header), &container->fd, sizeof(int));
	fuzz_begin(fuzzer, FUZZ_PASS, 0);
	if (!fuzz_end(fuzzer, sendmsg(sockets[0], &message, 0) == 1 ? 0 : -1)) {
		fuzz_close_container(fuzzer, container);
		if (!fuzz_one_in(fuzzer, 3) && recvmsg(sockets[1], &message, MSG_CMSG_CLOEXEC) == 1)
			memcpy(&container->fd, CMSG_DATA(&control.header), sizeof(int));
	}
	close(sockets[0]);
	close(sockets[1]);
}
