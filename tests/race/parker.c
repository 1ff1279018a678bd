// SPDX-License-Identifier: GPL-2.0-only
/* Ioctls held up by userfaultfd; called by held.c. See parker.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "parker.h"

#define PAGE		4096
#define INFO_SIZE	1024

const char *const parker_names[NR_PARKERS] = {
	"held MAP_DMA", "held UNMAP_DMA", "held GET_INFO", "held answer", "held DIRTY_PAGES",
};

static const struct {
	enum race_call call;
	unsigned long cmd;
	unsigned int size;
} kinds[NR_PARKERS] = {
	[PARK_MAP] = { CALL_MAP_DMA, VFIO_IOMMU_MAP_DMA,
		       sizeof(struct vfio_iommu_type1_dma_map) },
	[PARK_UNMAP] = { CALL_UNMAP_DMA, VFIO_IOMMU_UNMAP_DMA,
			 sizeof(struct vfio_iommu_type1_dma_unmap) },
	[PARK_INFO_BEFORE] = { CALL_GET_INFO, VFIO_IOMMU_GET_INFO, INFO_SIZE },
	[PARK_INFO_AFTER] = { CALL_GET_INFO, VFIO_IOMMU_GET_INFO, INFO_SIZE },
	[PARK_DIRTY_START] = { CALL_DIRTY_PAGES, VFIO_IOMMU_DIRTY_PAGES,
			       sizeof(struct vfio_iommu_type1_dirty_bitmap) },
};

/* The argument as the kernel shall find it. */
static void fill_argument(const struct parker *parker, void *argument)
{
	struct vfio_iommu_type1_dma_map *map = argument;
	struct vfio_iommu_type1_dma_unmap *unmap = argument;
	struct vfio_iommu_type1_dirty_bitmap *dirty = argument;
	struct vfio_iommu_type1_info *info = argument;

	switch (parker->kind) {
	case PARK_MAP:
		*map = (struct vfio_iommu_type1_dma_map){
			.argsz = sizeof(*map),
			.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = (uintptr_t)parker->map.memory,
			.iova = parker->map.iova,
			.size = parker->map.size,
		};
		break;
	case PARK_UNMAP:
		*unmap = (struct vfio_iommu_type1_dma_unmap){
			.argsz = sizeof(*unmap),
			.iova = parker->map.iova,
			.size = parker->map.size,
		};
		break;
	case PARK_INFO_BEFORE:
	case PARK_INFO_AFTER:
		*info = (struct vfio_iommu_type1_info){ .argsz = INFO_SIZE };
		break;
	case PARK_DIRTY_START:
		*dirty = (struct vfio_iommu_type1_dirty_bitmap){
			.argsz = sizeof(*dirty),
			.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
		};
		break;
	case NR_PARKERS:
		break;
	}
}

static int provide(struct parker *parker, char *page, const char *content)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)content,
		.len = PAGE,
	};

	if (!ioctl(parker->fault_fd, UFFDIO_COPY, &copy))
		return 0;
	return watch_fail(&parker->race->watch, "cannot provide the page of a %s: UFFDIO_COPY: %s",
			  parker_names[parker->kind], strerror(errno));
}

/* Both pages gone; what the ioctl finds before it stops is put back. */
static int arm(struct parker *parker)
{
	char content[PAGE] __attribute__((aligned(8))) = "";

	if (madvise(parker->pages, 2 * PAGE, MADV_DONTNEED))
		return watch_fail(&parker->race->watch, "cannot drop a page: madvise: %s",
				  strerror(errno));
	parker->argument = parker->pages + PAGE;
	if (parker->kind != PARK_INFO_AFTER)
		return 0;
	/* The fixed part is the end of the first page, the capabilities begin on the second. */
	parker->argument -= sizeof(struct vfio_iommu_type1_info);
	fill_argument(parker, content + PAGE - sizeof(struct vfio_iommu_type1_info));
	return provide(parker, parker->pages, content);
}

static void *parker_main(void *data)
{
	struct parker *parker = data;

	parker->task = race_task(parker->race, 1 + parker->kind, parker_names[parker->kind]);
	for (;;) {
		sem_wait(&parker->go);
		if (parker->quit)
			return NULL;
		parker->ret = race_ioctl_call(parker->task, kinds[parker->kind].call,
					      parker->container, kinds[parker->kind].cmd,
					      parker->argument);
		sem_post(&parker->done);
	}
}

static int open_userfaultfd(struct race *race)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return watch_fail(&race->watch, "cannot use userfaultfd: %s; --uffd needs root and a "
				  "kernel with CONFIG_USERFAULTFD", strerror(errno));
	if (ioctl(fd, UFFDIO_API, &api)) {
		watch_fail(&race->watch, "cannot use userfaultfd: UFFDIO_API: %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int add_pages(struct parker *parker)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	parker->pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	if (parker->pages == MAP_FAILED)
		return watch_fail(&parker->race->watch, "cannot get memory: %s", strerror(errno));
	range.range.start = (uintptr_t)parker->pages;
	range.range.len = 2 * PAGE;
	if (ioctl(parker->fault_fd, UFFDIO_REGISTER, &range))
		return watch_fail(&parker->race->watch, "cannot use userfaultfd: UFFDIO_REGISTER: %s",
				  strerror(errno));
	return 0;
}

int parkers_start(struct race *race, struct parker *parkers, const struct race_map *map)
{
	int fd = open_userfaultfd(race);
	unsigned int i;
	int error;

	if (fd < 0)
		return -1;
	for (i = 0; i < NR_PARKERS; i++) {
		struct parker *parker = &parkers[i];

		*parker = (struct parker){
			.kind = i, .race = race, .fault_fd = fd, .map = map[i],
		};
		sem_init(&parker->go, 0, 0);
		sem_init(&parker->done, 0, 0);
		if (add_pages(parker))
			return -1;
		error = pthread_create(&parker->thread, NULL, parker_main, parker);
		if (error)
			return watch_fail(&race->watch, "cannot start a thread: %s",
					  strerror(error));
	}
	return 0;
}

void parkers_stop(struct parker *parkers)
{
	unsigned int i;

	for (i = 0; i < NR_PARKERS; i++) {
		parkers[i].quit = true;
		sem_post(&parkers[i].go);
		pthread_join(parkers[i].thread, NULL);
		munmap(parkers[i].pages, 2 * PAGE);
	}
	close(parkers[0].fault_fd);
}

/* Waits for one to stop at its missing page; returns its number. */
static int next_fault(struct parker *parkers)
{
	struct pollfd pollfd = { .fd = parkers[0].fault_fd, .events = POLLIN };
	struct watch *watch = &parkers[0].race->watch;
	struct uffd_msg message;
	unsigned int i;

	if (poll(&pollfd, 1, WATCH_PATIENCE * 1000) != 1)
		return watch_fail(watch, "an ioctl did not come to its missing page within %d s",
				  WATCH_PATIENCE);
	if (read(pollfd.fd, &message, sizeof(message)) != sizeof(message) ||
	    message.event != UFFD_EVENT_PAGEFAULT)
		return watch_fail(watch, "userfaultfd told something else than a page fault");
	for (i = 0; i < NR_PARKERS; i++)
		if ((message.arg.pagefault.address & ~UINT64_C(0xfff)) ==
		    (uintptr_t)parkers[i].pages + PAGE)
			return i;
	return watch_fail(watch, "a page fault at an unexpected place");
}

int parkers_park(struct parker *parkers, int container)
{
	unsigned int i, stopped = 0;
	int number;

	for (i = 0; i < NR_PARKERS; i++) {
		parkers[i].container = container;
		if (arm(&parkers[i]))
			return -1;
		sem_post(&parkers[i].go);
	}
	for (i = 0; i < NR_PARKERS; i++) {
		number = next_fault(parkers);
		if (number < 0)
			return -1;
		stopped |= 1U << number;
	}
	if (stopped != (1U << NR_PARKERS) - 1)
		return watch_fail(&parkers[0].race->watch, "not every ioctl stopped: mask 0x%x",
				  stopped);
	return 0;
}

int parker_release(struct parker *parker)
{
	char content[PAGE] __attribute__((aligned(8))) = "";

	if (parker->kind != PARK_INFO_AFTER)
		fill_argument(parker, content);
	if (provide(parker, parker->pages + PAGE, content))
		return -1;
	/* The watchdog names it if it does not come. */
	sem_wait(&parker->done);
	return 0;
}

uint64_t parker_unmapped(const struct parker *parker)
{
	const struct vfio_iommu_type1_dma_unmap *unmap = (const void *)parker->argument;

	return unmap->size;
}

uint32_t parker_avail(const struct parker *parker)
{
	return race_info_avail(parker->argument, INFO_SIZE);
}
