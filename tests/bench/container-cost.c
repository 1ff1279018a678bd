// SPDX-License-Identifier: GPL-2.0-only
/*
 * container-cost - what one pin, one unpin and one lifecycle of a container cost
 *
 * Called in the guest by tests/bench/guest.sh. Needs the CPU's cycle counter to count instructions,
 * as it does in `tests/vm/run --icount`, and vfio-testdev, on whichever vfio.ko. Prints one line
 * "NAME MINIMUM MEDIAN" for each figure; docs/bench.md says what each one covers.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "tests/load/client.h"
#include "vfio_obs/testdev_uapi.h"

/* Rounds before those that count: caches of the allocator, page tables, static keys. */
#define WARM_UP 200
#define MAX_ROUNDS 1000000
#define IOVA 0x100000

/* The steps of a lifecycle, in order; each is timed by itself. */
enum step {
	OPEN_CONTAINER, OPEN_GROUP, SET_CONTAINER, SET_IOMMU, OPEN_DEVICE,
	CLOSE_DEVICE, UNSET_CONTAINER, CLOSE_GROUP, CLOSE_CONTAINER, NR_STEPS
};

static const char *const step_names[NR_STEPS] = {
	"open_container", "open_group", "set_container", "set_iommu", "open_device",
	"close_device", "unset_container", "close_group", "close_container"
};

/* Steps of the figures "lifecycle" (no device) and "lifecycle_device". */
static const bool without_device[NR_STEPS] = {
	[OPEN_CONTAINER] = true, [OPEN_GROUP] = true, [SET_CONTAINER] = true, [SET_IOMMU] = true,
	[UNSET_CONTAINER] = true, [CLOSE_GROUP] = true, [CLOSE_CONTAINER] = true,
};

struct files {
	const struct device *device;
	char group_path[32];
	int container;
	int group;
	int device_fd;
};

static int step_do(struct files *files, enum step step)
{
	switch (step) {
	case OPEN_CONTAINER:
		return files->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	case OPEN_GROUP:
		return files->group = open(files->group_path, O_RDWR | O_CLOEXEC);
	case SET_CONTAINER:
		return ioctl(files->group, VFIO_GROUP_SET_CONTAINER, &files->container);
	case SET_IOMMU:
		return ioctl(files->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	case OPEN_DEVICE:
		return files->device_fd = ioctl(files->group, VFIO_GROUP_GET_DEVICE_FD,
						files->device->name);
	case CLOSE_DEVICE:
		return close(files->device_fd);
	case UNSET_CONTAINER:
		return ioctl(files->group, VFIO_GROUP_UNSET_CONTAINER);
	case CLOSE_GROUP:
		return close(files->group);
	case CLOSE_CONTAINER:
		return close(files->container);
	default:
		return -1;
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_figure(const char *name, uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	printf("%s %" PRIu64 " %" PRIu64 "\n", name, values[0], values[count / 2]);
}

static uint64_t *new_values(size_t count)
{
	uint64_t *values = calloc(count, sizeof(*values));

	if (!values) {
		fail("no memory for %zu figures", count);
		exit(1);
	}
	return values;
}

/* One lifecycle; times[i][round] is what step i took, times[NR_STEPS][round] the whole. */
static int lifecycle(struct files *files, const bool *todo, uint64_t **times, size_t round)
{
	uint64_t begin, end, first = 0;
	unsigned int i;

	for (i = 0; i < NR_STEPS; i++) {
		if (!todo[i])
			continue;
		begin = __rdtsc();
		if (step_do(files, i) < 0)
			return fail("lifecycle of group %u: step %s: %s", files->device->group,
				    step_names[i], strerror(errno));
		end = __rdtsc();
		times[i][round] = end - begin;
		first = first ? first : begin;
		times[NR_STEPS][round] = end - first;
	}
	return 0;
}

static int lifecycles(struct device *device, const char *name, const bool *todo, size_t count)
{
	struct files files = { .device = device };
	uint64_t *times[NR_STEPS + 1];
	char figure[64];
	unsigned int i;
	size_t round;

	snprintf(files.group_path, sizeof(files.group_path), "/dev/vfio/%u", device->group);
	for (i = 0; i <= NR_STEPS; i++)
		times[i] = new_values(count);

	for (round = 0; round < count + WARM_UP; round++)
		if (lifecycle(&files, todo, times, round < WARM_UP ? 0 : round - WARM_UP))
			return -1;

	for (i = 0; i < NR_STEPS; i++) {
		snprintf(figure, sizeof(figure), "%s.%s", name, step_names[i]);
		if (todo[i])
			print_figure(figure, times[i], count);
	}
	print_figure(name, times[NR_STEPS], count);
	for (i = 0; i <= NR_STEPS; i++)
		free(times[i]);
	return 0;
}

static int time_pins(struct device *device, struct vfio_testdev_pin_time *times, size_t count)
{
	struct vfio_testdev_time_pins todo = {
		.argsz = sizeof(todo),
		.iova = IOVA,
		.npage = 1,
		.prot = VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE,
		.count = count,
		.times = (uintptr_t)times,
	};

	if (!ioctl(device->fd, VFIO_TESTDEV_TIME_PINS, &todo))
		return 0;
	return fail("%s cannot time its pins: %s; is vfio-testdev of this build loaded?",
		    device->name, strerror(errno));
}

/* One page, mapped and present, pinned for the first time by each pin. */
static int pins(struct device *device, size_t count)
{
	struct vfio_testdev_pin_time *times = calloc(count + WARM_UP, sizeof(*times));
	struct container container = { .fd = -1, .nr_devices = 1, .devices = &device };
	uint64_t *pin = new_values(count), *unpin = new_values(count), *nothing = new_values(count);
	long page = sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct counts counts = { 0 };
	size_t i;

	if (!times || memory == MAP_FAILED)
		return fail("no memory for %zu pins", count);
	if (container_setup(&container, &counts) ||
	    container_map(&container, IOVA, memory, page, &counts) ||
	    time_pins(device, times, count + WARM_UP))
		return -1;

	for (i = 0; i < count; i++) {
		nothing[i] = times[i + WARM_UP].nothing;
		pin[i] = times[i + WARM_UP].pin - nothing[i];
		unpin[i] = times[i + WARM_UP].unpin - nothing[i];
	}
	print_figure("pin", pin, count);
	print_figure("unpin", unpin, count);
	print_figure("nothing", nothing, count);
	free(times);
	free(pin);
	free(unpin);
	free(nothing);
	munmap(memory, page);
	return container_close(&container, "dcg", &counts);
}

int main(int argc, char **argv)
{
	bool with_device[NR_STEPS];
	size_t count = 2000;
	struct device device;
	char *end;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: container-cost pins|lifecycles [ROUNDS]\n");
		return 2;
	}
	if (argc == 3)
		count = strtoul(argv[2], &end, 10);
	if ((argc == 3 && *end) || count < 1 || count > MAX_ROUNDS) {
		fprintf(stderr, "container-cost: '%s' is no number of rounds from 1 to %d\n",
			argv[2], MAX_ROUNDS);
		return 2;
	}

	if (device_find(&device, 0))
		return 1;
	if (!strcmp(argv[1], "pins"))
		return pins(&device, count) ? 1 : 0;
	memset(with_device, true, sizeof(with_device));
	return lifecycles(&device, "lifecycle", without_device, count) ||
	       lifecycles(&device, "lifecycle_device", with_device, count);
}
