// SPDX-License-Identifier: GPL-2.0-only
/*
 * container-cost - what one pin, one unpin and one lifecycle of a container cost
 *
 * Called in the guest by tests/bench/guest.sh. Needs the CPU's cycle counter to count instructions,
 * as it does in `tests/vm/run --icount`, and vfio-testdev, on whichever vfio.ko; renames need no
 * vfio. Prints one line "NAME MINIMUM MEDIAN" for each figure; docs/bench.md says what each one
 * covers. Pins are followed by NAME.mean, .p50, .p90 and .p99 with one value each, which are of all
 * rounds, those of the warm-up too: an observer of the pins has seen them all.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include "tests/load/client.h"
#include "vfio_obs/testdev_uapi.h"

/* Rounds before those that count: caches of the allocator, page tables, static keys. */
#define WARM_UP 200
#define MAX_ROUNDS 1000000
#define IOVA 0x100000
#define PAGE 4096

/* The steps of a lifecycle, in order; each is timed by itself. */
enum step {
	OPEN_CONTAINER, CHECK_EXTENSION, OPEN_GROUP, SET_CONTAINER, SET_IOMMU, MAP_DMA, OPEN_DEVICE,
	CLOSE_DEVICE, UNMAP_DMA, UNSET_CONTAINER, CLOSE_GROUP, CLOSE_CONTAINER, NR_STEPS
};

static const char *const step_names[NR_STEPS] = {
	"open_container", "check_extension", "open_group", "set_container", "set_iommu", "map_dma",
	"open_device", "close_device", "unmap_dma", "unset_container", "close_group",
	"close_container"
};

#define STEP(step) (1U << (step))
#define BARE_STEPS                                                                                 \
	(STEP(OPEN_CONTAINER) | STEP(OPEN_GROUP) | STEP(SET_CONTAINER) | STEP(SET_IOMMU) |         \
	 STEP(UNSET_CONTAINER) | STEP(CLOSE_GROUP) | STEP(CLOSE_CONTAINER))

static const struct {
	const char *name;
	unsigned int steps;
} cycles[] = {
	{ "lifecycle", BARE_STEPS },
	{ "lifecycle_device", BARE_STEPS | STEP(OPEN_DEVICE) | STEP(CLOSE_DEVICE) },
	{ "lifecycle_full", STEP(NR_STEPS) - 1 },
};

struct files {
	const struct device *device;
	char group_path[32];
	int container;
	int group;
	int device_fd;
	void *page;
};

static int map_page(const struct files *files)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)files->page,
		.iova = IOVA,
		.size = PAGE,
	};

	return ioctl(files->container, VFIO_IOMMU_MAP_DMA, &map);
}

static int unmap_page(const struct files *files)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = IOVA,
		.size = PAGE,
	};

	return ioctl(files->container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

static int step_do(struct files *files, enum step step)
{
	switch (step) {
	case OPEN_CONTAINER:
		return files->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	case CHECK_EXTENSION:
		return ioctl(files->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU);
	case OPEN_GROUP:
		return files->group = open(files->group_path, O_RDWR | O_CLOEXEC);
	case SET_CONTAINER:
		return ioctl(files->group, VFIO_GROUP_SET_CONTAINER, &files->container);
	case SET_IOMMU:
		return ioctl(files->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	case MAP_DMA:
		return map_page(files);
	case UNMAP_DMA:
		return unmap_page(files);
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

/* A page that is present from the start. */
static void *new_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (page == MAP_FAILED) {
		fail("no memory for a page");
		exit(1);
	}
	return page;
}

/* One lifecycle; times[i][round] is what step i took, times[NR_STEPS][round] the whole. */
static int lifecycle(struct files *files, unsigned int steps, uint64_t **times, size_t round)
{
	uint64_t begin, end, first = 0;
	unsigned int i;

	for (i = 0; i < NR_STEPS; i++) {
		if (!(steps & STEP(i)))
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

static int lifecycles(struct files *files, const char *name, unsigned int steps, size_t count)
{
	uint64_t *times[NR_STEPS + 1];
	char figure[64];
	unsigned int i;
	size_t round;

	for (i = 0; i <= NR_STEPS; i++)
		times[i] = new_values(count);

	for (round = 0; round < count + WARM_UP; round++)
		if (lifecycle(files, steps, times, round < WARM_UP ? 0 : round - WARM_UP))
			return -1;

	for (i = 0; i < NR_STEPS; i++) {
		snprintf(figure, sizeof(figure), "%s.%s", name, step_names[i]);
		if (steps & STEP(i))
			print_figure(figure, times[i], count);
	}
	print_figure(name, times[NR_STEPS], count);
	for (i = 0; i <= NR_STEPS; i++)
		free(times[i]);
	return 0;
}

static int every_lifecycle(const struct device *device, size_t count)
{
	struct files files = { .device = device, .page = new_page() };
	unsigned int i;

	snprintf(files.group_path, sizeof(files.group_path), "/dev/vfio/%u", device->group);
	for (i = 0; i < sizeof(cycles) / sizeof(cycles[0]); i++)
		if (lifecycles(&files, cycles[i].name, cycles[i].steps, count))
			return -1;
	return 0;
}

/* What an observer of all these should say. */
static void print_truth(const char *name, uint64_t *values, size_t count)
{
	static const unsigned int percents[] = { 50, 90, 99 };
	uint64_t sum = 0;
	size_t i;

	qsort(values, count, sizeof(*values), compare);
	for (i = 0; i < count; i++)
		sum += values[i];
	printf("%s.mean %" PRIu64 "\n", name, sum / count);
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		printf("%s.p%u %" PRIu64 "\n", name, percents[i],
		       values[count * percents[i] / 100]);
}

/*
 * Without the time that two readings of the counter take by themselves, the smallest seen. The
 * first WARM_UP of the @count rounds are in the truth only.
 */
static void print_pins(const char *name, const struct vfio_testdev_pin_time *times, size_t count)
{
	uint64_t *pin = new_values(count), *unpin = new_values(count), nothing = UINT64_MAX;
	char figure[64];
	size_t i;

	for (i = 0; i < count; i++)
		if (times[i].nothing < nothing)
			nothing = times[i].nothing;
	for (i = 0; i < count; i++) {
		pin[i] = times[i].pin - nothing;
		unpin[i] = times[i].unpin - nothing;
	}
	print_figure(name, pin + WARM_UP, count - WARM_UP);
	snprintf(figure, sizeof(figure), "un%s", name);
	print_figure(figure, unpin + WARM_UP, count - WARM_UP);
	print_truth(name, pin, count);
	free(pin);
	free(unpin);
}

/* One page, mapped and present; each pin is its first. */
static int pins(struct device *device, const char *name, size_t count)
{
	struct vfio_testdev_pin_time *times = calloc(count + WARM_UP, sizeof(*times));
	struct container container = { .fd = -1, .nr_devices = 1, .devices = &device };
	struct vfio_testdev_time_pins todo = {
		.argsz = sizeof(todo),
		.iova = IOVA,
		.npage = 1,
		.prot = VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE,
		.count = count + WARM_UP,
		.times = (uintptr_t)times,
	};
	struct counts counts = { 0 };

	if (!times)
		return fail("no memory for %zu pins", count);
	if (container_setup(&container, &counts) ||
	    container_map(&container, IOVA, new_page(), PAGE, &counts))
		return -1;
	if (ioctl(device->fd, VFIO_TESTDEV_TIME_PINS, &todo))
		return fail("%s cannot time its pins: %s; is vfio-testdev of this build loaded?",
			    device->name, strerror(errno));
	print_pins(name, times, count + WARM_UP);
	free(times);
	return container_close(&container, "dcg", &counts);
}

/* A program on a tracepoint, until this process ends. */
static int attach(const char *tracepoint, const struct bpf_insn *insns, size_t count)
{
	int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "bench", "GPL", insns, count, NULL);

	if (prog < 0)
		return fail("cannot load a BPF program of %zu instructions: %s; run as root", count,
			    strerror(errno));
	if (bpf_raw_tracepoint_open(tracepoint, prog) < 0)
		return fail("cannot attach to the tracepoint %s: %s; is the module that has it "
			    "loaded?", tracepoint, strerror(errno));
	return 0;
}

#define CALL_KTIME { .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns }
#define RETURN_0 { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 }, \
		 { .code = BPF_JMP | BPF_EXIT }

static int attach_empty(const char *tracepoint)
{
	const struct bpf_insn insns[] = { RETURN_0 };

	return attach(tracepoint, insns, 2);
}

static int attach_two_clocks(const char *tracepoint)
{
	const struct bpf_insn insns[] = { CALL_KTIME, CALL_KTIME, RETURN_0 };

	return attach(tracepoint, insns, 4);
}

/* The system call that hits task_rename, a tracepoint of the kernel proper. */
static int renames(const char *name, size_t count)
{
	uint64_t *times = new_values(count), begin;
	size_t round;

	for (round = 0; round < count + WARM_UP; round++) {
		begin = __rdtsc();
		if (prctl(PR_SET_NAME, "renamed"))
			return fail("cannot set this task's name: %s", strerror(errno));
		times[round < WARM_UP ? 0 : round - WARM_UP] = __rdtsc() - begin;
	}
	print_figure(name, times, count);
	free(times);
	return 0;
}

/* @how: "", "-empty" or "-clocks", the end of the first argument. */
static int watched_renames(const char *how, const char *name, size_t count)
{
	if (!strcmp(how, "-empty") && attach_empty("task_rename"))
		return -1;
	if (!strcmp(how, "-clocks") && attach_two_clocks("task_rename"))
		return -1;
	return renames(name, count);
}

static int usage(void)
{
	fprintf(stderr, "usage: container-cost WHAT NAME ROUNDS\n"
			"WHAT: lifecycles pins pins-empty renames renames-empty renames-clocks\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct device device;
	size_t count;
	char *end;

	if (argc != 4)
		return usage();
	count = strtoul(argv[3], &end, 10);
	if (*end || count < 1 || count > MAX_ROUNDS) {
		fprintf(stderr, "container-cost: '%s' is no number of rounds from 1 to %d\n",
			argv[3], MAX_ROUNDS);
		return 2;
	}

	if (!strncmp(argv[1], "renames", 7))
		return watched_renames(argv[1] + 7, argv[2], count) ? 1 : 0;
	if (device_find(&device, 0))
		return 1;
	if (!strcmp(argv[1], "lifecycles"))
		return every_lifecycle(&device, count) ? 1 : 0;
	if (!strcmp(argv[1], "pins-empty"))
		return attach_empty("vfio_container_pin") || pins(&device, argv[2], count) ? 1 : 0;
	if (!strcmp(argv[1], "pins"))
		return pins(&device, argv[2], count) ? 1 : 0;
	return usage();
}
