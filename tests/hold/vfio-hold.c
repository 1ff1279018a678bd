// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-hold: a MAP_DMA that does not return until standard input ends: the page with its argument
 * is missing, and only userfaultfd can provide it. Run in the test guest by
 * tests/vm/guest/44-in-flight.sh, as root, with a device that vfio-pci has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define IOVA 0x10000000

struct held {
	int container;
	void *argument; /* a page that is missing */
	int ret;
};

static int __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "vfio-hold: cannot %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* A container with the group and the type 1 backend. */
static int open_container(const char *group_path)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	int group = open(group_path, O_RDWR | O_CLOEXEC);

	if (container < 0 || group < 0)
		die("open the container and the group");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		die("attach the group");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("set the IOMMU backend");
	return container;
}

/* A page that stays missing until provide(). */
static void *missing_page(int *fault_fd)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)page, .len = PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };

	*fault_fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (page == MAP_FAILED || *fault_fd < 0 || ioctl(*fault_fd, UFFDIO_API, &api) ||
	    ioctl(*fault_fd, UFFDIO_REGISTER, &range))
		die("use userfaultfd");
	return page;
}

static void provide(int fault_fd, void *page)
{
	static char content[PAGE] __attribute__((aligned(PAGE)));
	static char memory[PAGE] __attribute__((aligned(PAGE)));
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = IOVA,
		.size = PAGE,
	};
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page, .src = (uintptr_t)content, .len = PAGE,
	};

	memcpy(content, &map, sizeof(map));
	if (ioctl(fault_fd, UFFDIO_COPY, &copy))
		die("provide the page");
}

static void *map_held(void *arg)
{
	struct held *held = arg;

	printf("%d %d\n", getpid(), gettid());
	fflush(stdout);
	held->ret = ioctl(held->container, VFIO_IOMMU_MAP_DMA, held->argument);
	if (held->ret)
		perror("vfio-hold: MAP_DMA");
	return NULL;
}

int main(int argc, char **argv)
{
	struct held held = { 0 };
	pthread_t thread;
	int fault_fd;

	if (argc != 2) {
		fputs("usage: vfio-hold /dev/vfio/GROUP; prints pid and thread of a MAP_DMA that "
		      "returns when standard input ends\n", stderr);
		return 2;
	}
	held.container = open_container(argv[1]);
	held.argument = missing_page(&fault_fd);
	errno = pthread_create(&thread, NULL, map_held, &held);
	if (errno)
		die("start a thread");
	while (getchar() != EOF)
		;
	provide(fault_fd, held.argument);
	pthread_join(thread, NULL);
	return held.ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
