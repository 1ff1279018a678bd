// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks what vfio-testdev answers to good and bad ioctls, and that pins and unmaps of the same
 * range get along. Prints "ok - ..." and "not ok - ..." lines; run by test-load.sh, which knows
 * that device 0 is free.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "vfio_obs/testdev_uapi.h"

#define IOVA		(UINT64_C(1) << 32)
#define MAPPED		(UINT64_C(4) << 20)
#define PAGE		UINT64_C(4096)
#define RW		(VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE)
#define UNMAP_ROUNDS	300

static struct device device;
static struct device *devices[] = { &device };
static struct container container = { .fd = -1, .nr_devices = 1, .devices = devices };
static struct counts counts;
static unsigned int nr_failed;

static void check(bool good, const char *what)
{
	nr_failed += !good;
	printf("%s - %s\n", good ? "ok" : "not ok", what);
}

/* `want`: 0 or the errno that the ioctl has to fail with. */
static void check_ioctl(unsigned long cmd, void *arg, int want, const char *what)
{
	int error = ioctl(device.fd, cmd, arg) ? errno : 0;

	if (error != want)
		printf("# wanted '%s', got '%s'\n", strerror(want), strerror(error));
	check(error == want, what);
}

static void check_pin(void)
{
	const struct vfio_testdev_pin good = {
		.argsz = sizeof(good), .iova = IOVA, .npage = 4, .prot = RW,
	};
	struct vfio_testdev_pin pin;

#define CHECK(what, want, ...) \
	(pin = good, __VA_ARGS__, check_ioctl(VFIO_TESTDEV_PIN, &pin, want, "PIN: " what))
	CHECK("argsz too small", EINVAL, pin.argsz--);
	CHECK("unknown flag", EINVAL, pin.flags = 1);
	CHECK("no page", EINVAL, pin.npage = 0);
	CHECK("513 pages", E2BIG, pin.npage = 513);
	CHECK("no prot", EINVAL, pin.prot = 0);
	CHECK("unknown prot", EINVAL, pin.prot = 4);
	CHECK("iova between pages", EINVAL, pin.iova++);
	CHECK("iova beyond the end of addresses", EINVAL, pin.iova = -2 * PAGE);
	CHECK("nothing mapped", EINVAL, pin.iova = IOVA + MAPPED);
	CHECK("partly mapped", EINVAL, pin.iova = IOVA + MAPPED - PAGE);
	CHECK("larger argsz", 0, pin.argsz += 8);
	CHECK("512 pages", 0, pin.npage = 512);
#undef CHECK
	check_ioctl(VFIO_TESTDEV_PIN, NULL, EFAULT, "PIN: no structure");
}

/* Goes on from check_pin(): pages 0-3 are pinned twice, pages 4-511 once. */
static void check_unpin(void)
{
	const struct vfio_testdev_unpin good = {
		.argsz = sizeof(good), .iova = IOVA, .npage = 4,
	};
	struct vfio_testdev_unpin unpin;

#define CHECK(what, want, ...) \
	(unpin = good, __VA_ARGS__, check_ioctl(VFIO_TESTDEV_UNPIN, &unpin, want, "UNPIN: " what))
	CHECK("argsz too small", EINVAL, unpin.argsz--);
	CHECK("unknown flag", EINVAL, unpin.flags = 1);
	CHECK("reserved not 0", EINVAL, unpin.reserved = 1);
	CHECK("no page", EINVAL, unpin.npage = 0);
	CHECK("513 pages", E2BIG, unpin.npage = 513);
	CHECK("beyond the end of addresses", EINVAL, unpin.iova = -2 * PAGE);
	CHECK("not pinned", EINVAL, unpin.iova = IOVA + 512 * PAGE);
	CHECK("last page not pinned", EINVAL, unpin.iova = IOVA + 509 * PAGE);
	CHECK("pinned twice, first time", 0, (void)0);
	CHECK("the rest, in one", 0, unpin.npage = 512);
	CHECK("pinned twice, third time", EINVAL, (void)0);
#undef CHECK
}

static void check_dma_rw(void)
{
	static uint8_t buffer[64];
	const struct vfio_testdev_dma_rw good = {
		.argsz = sizeof(good), .iova = IOVA + 1, .len = sizeof(buffer),
		.buf = (uintptr_t)buffer,
	};
	struct vfio_testdev_dma_rw rw;

#define CHECK(what, want, ...) \
	(rw = good, __VA_ARGS__, check_ioctl(VFIO_TESTDEV_DMA_RW, &rw, want, "DMA_RW: " what))
	CHECK("argsz too small", EINVAL, rw.argsz--);
	CHECK("unknown flag", EINVAL, rw.flags = 2);
	CHECK("reserved not 0", EINVAL, rw.reserved = 1);
	CHECK("no byte", EINVAL, rw.len = 0);
	CHECK("too many bytes", EINVAL, rw.len = VFIO_TESTDEV_DMA_RW_MAX + 1);
	CHECK("beyond the end of addresses", EINVAL, rw.iova = -1);
	CHECK("nothing mapped", EINVAL, rw.iova = IOVA + MAPPED);
	CHECK("no buffer", EFAULT, rw.buf = 0);
	CHECK("write from no buffer", EFAULT, (rw.buf = 0, rw.flags = VFIO_TESTDEV_DMA_WRITE));
	CHECK("between pages", 0, (void)0);
#undef CHECK
}

static void check_pin_loop(void)
{
	const struct vfio_testdev_pin_loop good = {
		.argsz = sizeof(good), .flags = VFIO_TESTDEV_LOOP_UNPIN, .iova = IOVA, .npage = 8,
		.prot = RW, .span_pages = 64, .count = 100, .stride_pages = 8,
	};
	struct vfio_testdev_pin_loop loop;

#define CHECK(what, want, ...) \
	(loop = good, __VA_ARGS__, check_ioctl(VFIO_TESTDEV_PIN_LOOP, &loop, want, "PIN_LOOP: " what))
	CHECK("argsz too small", EINVAL, loop.argsz--);
	CHECK("unknown flag", EINVAL, loop.flags |= 4);
	CHECK("no count", EINVAL, loop.count = 0);
	CHECK("no page", EINVAL, loop.npage = 0);
	CHECK("513 pages", E2BIG, (loop.npage = 513, loop.span_pages = 1000));
	CHECK("span smaller than a pin", EINVAL, loop.span_pages = 7);
	CHECK("span beyond the end of addresses", EINVAL, loop.span_pages = UINT64_MAX / PAGE);
	CHECK("start where no pin fits", EINVAL, loop.start = 57);
	CHECK("random with a stride", EINVAL, loop.flags |= VFIO_TESTDEV_LOOP_RANDOM);
	CHECK("span with a hole at its end", EINVAL, (loop.iova = IOVA + MAPPED - 16 * PAGE));
	check(loop.done == 2, "PIN_LOOP: done says how many pins came before the error");
	CHECK("in turn", 0, loop.start = 56);
	check(loop.done == 100 && loop.ns > 0, "PIN_LOOP: done and ns");
	CHECK("at random", 0, (loop.flags |= VFIO_TESTDEV_LOOP_RANDOM, loop.stride_pages = 0));
	CHECK("always the same place", 0, loop.stride_pages = 0);
	CHECK("pins kept", 0, loop.flags = 0);
#undef CHECK
}

static void check_dma_rw_loop(void)
{
	const struct vfio_testdev_dma_rw_loop good = {
		.argsz = sizeof(good), .iova = IOVA, .len = 4096, .count = 10,
	};
	struct vfio_testdev_dma_rw_loop loop;

#define CHECK(what, want, ...)								\
	(loop = good, __VA_ARGS__,							\
	 check_ioctl(VFIO_TESTDEV_DMA_RW_LOOP, &loop, want, "DMA_RW_LOOP: " what))
	CHECK("argsz too small", EINVAL, loop.argsz--);
	CHECK("unknown flag", EINVAL, loop.flags = 2);
	CHECK("reserved not 0", EINVAL, loop.reserved = 1);
	CHECK("no count", EINVAL, loop.count = 0);
	CHECK("too many bytes", EINVAL, loop.len = VFIO_TESTDEV_DMA_RW_MAX + 1);
	CHECK("nothing mapped", EINVAL, loop.iova = IOVA + MAPPED);
	CHECK("read", 0, (void)0);
	CHECK("write", 0, loop.flags = VFIO_TESTDEV_DMA_WRITE);
	check(loop.done == 10 && loop.ns > 0, "DMA_RW_LOOP: done and ns");
#undef CHECK
}

static void check_other(const uint8_t *memory)
{
	struct vfio_device_info info = { .argsz = sizeof(info), .num_regions = 9, .num_irqs = 9 };

	check_ioctl(VFIO_DEVICE_GET_INFO, &info, 0, "GET_INFO");
	check(!info.flags && !info.num_regions && !info.num_irqs, "GET_INFO: no regions, no irqs");
	info.argsz = 4;
	check_ioctl(VFIO_DEVICE_GET_INFO, &info, EINVAL, "GET_INFO: argsz too small");
	check_ioctl(VFIO_DEVICE_RESET, NULL, ENOTTY, "unknown ioctl");
	check(memory[0] == 0xa5 && memory[4095] == 0xa5 && memory[4096] != 0xa5,
	      "DMA_RW_LOOP wrote its bytes and no others");
}

/*
 * One thread pins all the time, at random in the whole range, while the other unmaps and maps it.
 */
static atomic_bool pinning;
static atomic_ullong pins;

static void *pin_on(void *unused)
{
	struct vfio_testdev_pin_loop loop = {
		.argsz = sizeof(loop), .flags = VFIO_TESTDEV_LOOP_RANDOM, .iova = IOVA, .npage = 3,
		.prot = RW, .span_pages = MAPPED / PAGE, .count = 200,
	};

	while (pinning) {
		loop.start++;
		loop.done = 0;
		/* While the range is not mapped, pins fail. */
		if (ioctl(device.fd, VFIO_TESTDEV_PIN_LOOP, &loop) && errno != EINVAL)
			pinning = false;
		pins += loop.done;
	}
	return NULL;
}

/* Waits until the other thread has pinned something in the mapping as it is now. */
static void wait_for_pins(void)
{
	unsigned long long before = pins;

	while (pinning && pins == before)
		usleep(100);
}

static void check_unmap_while_pinning(void *memory)
{
	uint64_t before = 0, after = 0;
	pthread_t thread;
	unsigned int i;
	bool good = true;

	pinning = true;
	if (device_stat(&device, "dma_unmap", &before) ||
	    pthread_create(&thread, NULL, pin_on, NULL)) {
		check(false, "read the counter dma_unmap and start a thread");
		return;
	}
	for (i = 0; i < UNMAP_ROUNDS && good && pinning; i++) {
		wait_for_pins();
		good = !container_unmap(&container, IOVA, MAPPED, &counts) &&
		       !container_map(&container, IOVA, memory, MAPPED, &counts);
	}
	good &= pinning;
	pinning = false;
	pthread_join(thread, NULL);
	printf("# %llu pins beside %u unmaps\n", pins, i);
	check(good && pins >= UNMAP_ROUNDS, "unmapping while another thread pins");

	good = !device_stat(&device, "dma_unmap", &after);
	printf("# the device was asked %llu times to give up its pins\n",
	       (unsigned long long)(after - before));
	/*
	 * Fewer than the unmaps: pins of one mapping that are counted when the next is there end
	 * the wait for those of the next, and where nothing is pinned the backend does not ask.
	 */
	check(good && after > before && after - before <= i,
	      "the device needs no second request to give up its pins");
}

int main(void)
{
	uint8_t *memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct counts seen = { 0 };

	if (memory == MAP_FAILED || device_find(&device, 0) ||
	    container_setup(&container, &counts) ||
	    container_map(&container, IOVA, memory, MAPPED, &counts))
		return EXIT_FAILURE;

	check_pin();
	check_unpin();
	check_dma_rw();
	check_pin_loop();
	check_dma_rw_loop();
	check_other(memory);
	check_unmap_while_pinning(memory);

	check(!container_close(&container, "cgd", &counts), "closing with pins held");
	check(!device_counts(&device, &seen) && !seen.pinned_left &&
	      seen.pin_pages == seen.unpin_pages, "nothing is pinned after the close");
	return nr_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
