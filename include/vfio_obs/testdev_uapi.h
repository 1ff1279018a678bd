/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What user space may ask of a vfio-testdev device.
 *
 * Used by kmod/testdev/vfio_testdev.c, which answers, and by tests/load/, which asks. The ioctls go
 * to the *device* file that VFIO_GROUP_GET_DEVICE_FD returns.
 *
 * From a device's number N to that file (`modprobe vfio-testdev count=4` makes N = 0..3):
 *   1. The name of the device is "vfio-testdev.N", a platform device. vfio gives each one an IOMMU
 *      group of its own: the link /sys/bus/platform/devices/vfio-testdev.N/iommu_group ends in the
 *      group's number G.
 *   2. open("/dev/vfio/vfio") is the container, open("/dev/vfio/G") the group;
 *      ioctl(group, VFIO_GROUP_SET_CONTAINER, &container).
 *   3. ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU): pins need version 2 of the backend.
 *   4. ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "vfio-testdev.N"): needs CAP_SYS_ADMIN, else -EPERM.
 *
 * The device has no regions and no interrupts; VFIO_DEVICE_GET_INFO says so.
 *
 * What every structure has in common: `argsz` is the size of the structure that the caller knows
 * (smaller than the one here: -EINVAL; larger is fine), `flags` holds only flags named here (else
 * -EINVAL), `reserved` is 0 (else -EINVAL). An ioctl that the device does not know: -ENOTTY.
 * -EFAULT: the structure, or the buffer it names, cannot be read or written.
 *
 * Pins: the device counts how often it has pinned each page. What it still holds in a range is
 * unpinned by the device itself when the range leaves the container (VFIO_IOMMU_UNMAP_DMA), and
 * all of it when the last file of the device is closed. While an UNMAP_DMA of a range is running,
 * pins in that range wait for it to end.
 *
 * Counters: the folder /sys/bus/platform/devices/vfio-testdev.N/stats/ has one file for each number
 * below; they count from the loading of the module and are exact once the calls have returned.
 *   pin           calls of vfio_pin_pages(), failed ones included
 *   pin_pages     pages pinned by those that succeeded
 *   pin_errors    calls of vfio_pin_pages() that failed
 *   unpin         calls of vfio_unpin_pages(), whoever asked
 *   unpin_pages   pages they were given
 *   unpin_forced  those calls that UNMAP_DMA or a close made necessary (part of `unpin`)
 *   dma_unmap     times the backend asked for the pins in a mapping to be given up
 *   dma_rw        calls of vfio_dma_rw(), failed ones included
 *   dma_rw_bytes  bytes moved by those that succeeded
 *   dma_rw_errors calls of vfio_dma_rw() that failed
 *   opens         times the device went from closed to open
 *   pinned_pages  pages held now, a page pinned twice counting as two
 */
#ifndef VFIO_OBS_TESTDEV_UAPI_H
#define VFIO_OBS_TESTDEV_UAPI_H

#include <linux/types.h>
#include <linux/ioctl.h>

/* The name of the platform devices, without ".N", and the most there can be of them. */
#define VFIO_TESTDEV_NAME		"vfio-testdev"
#define VFIO_TESTDEV_MAX_DEVICES	1024

/* The most bytes one DMA_RW, or one step of a DMA_RW_LOOP, may move. */
#define VFIO_TESTDEV_DMA_RW_MAX		(1U << 20)

/* VFIO's own letter; its numbers end below 0x80 and those of IOMMUFD begin there. */
#define VFIO_TESTDEV_IO(nr)		_IO(';', 0xe0 + (nr))

/* `prot` of a pin: at least one of these, and no other bit. */
#define VFIO_TESTDEV_PROT_READ		(1U << 0)
#define VFIO_TESTDEV_PROT_WRITE		(1U << 1)

/*
 * VFIO_TESTDEV_PIN: one vfio_pin_pages() of `npage` pages from `iova` on. No flags.
 *
 * iova:  bytes, a multiple of the page size
 * npage: 1 .. page size / 8 (512 on x86)
 *
 * Returns 0 or: -EINVAL (no mapping there, bad argument), -E2BIG (npage too large), -EPERM (the
 * mapping does not allow `prot`), -EOVERFLOW (a page pinned more often than can be counted), what
 * else the backend answers. After an error nothing is pinned that was not before.
 */
struct vfio_testdev_pin {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 npage;
	__u32 prot;
};

#define VFIO_TESTDEV_PIN		VFIO_TESTDEV_IO(0)

/*
 * VFIO_TESTDEV_UNPIN: one vfio_unpin_pages() of `npage` pages from `iova` on. No flags.
 *
 * Returns 0, or -EINVAL and nothing done when this device does not hold every page of the range.
 */
struct vfio_testdev_unpin {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 npage;
	__u32 reserved;
};

#define VFIO_TESTDEV_UNPIN		VFIO_TESTDEV_IO(1)

/* Flag of DMA_RW and DMA_RW_LOOP: write to the memory at `iova`; without it, read from there. */
#define VFIO_TESTDEV_DMA_WRITE		(1U << 0)

/*
 * VFIO_TESTDEV_DMA_RW: one vfio_dma_rw() between `len` bytes at `iova` and the caller's buffer.
 *
 * iova: bytes, any alignment
 * len:  bytes, 1 .. VFIO_TESTDEV_DMA_RW_MAX
 * buf:  address of the caller's buffer; its content goes to `iova` (write) or comes from there
 *
 * Returns 0 or: -EINVAL (no mapping there, bad argument), -EPERM (the mapping does not allow it),
 * -EFAULT (also: the memory belongs to another process), -ENOMEM.
 */
struct vfio_testdev_dma_rw {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 len;
	__u32 reserved;
	__aligned_u64 buf;
};

#define VFIO_TESTDEV_DMA_RW		VFIO_TESTDEV_IO(2)

/* Flags of PIN_LOOP: give each range back before the next; take the next one at random. */
#define VFIO_TESTDEV_LOOP_UNPIN		(1U << 0)
#define VFIO_TESTDEV_LOOP_RANDOM	(1U << 1)

/*
 * VFIO_TESTDEV_PIN_LOOP: `count` times a pin of `npage` pages, inside the kernel.
 *
 * The pins lie in the `span_pages` pages from `iova` on. The first is `start` pages into them (it
 * must fit, else -EINVAL), each next one `stride_pages` further, and back at `iova` when it would
 * no longer fit. With LOOP_RANDOM each place is drawn at random, `start` seeds the generator, and
 * stride_pages must be 0. With LOOP_UNPIN each pin is followed by its unpin; else the device keeps
 * them all.
 *
 * done: out, pins that succeeded (with LOOP_UNPIN also: unpins)
 * ns:   out, nanoseconds the loop took, measured around the whole of it
 *
 * Ends early at the first error, which it returns (see PIN), and at a fatal signal (-EINTR). `done`
 * and `ns` are also written then, but not when an argument was refused before the first pin.
 */
struct vfio_testdev_pin_loop {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 npage;
	__u32 prot;
	__aligned_u64 span_pages;
	__aligned_u64 count;
	__u32 stride_pages;
	__u32 start;
	__aligned_u64 done;
	__aligned_u64 ns;
};

#define VFIO_TESTDEV_PIN_LOOP		VFIO_TESTDEV_IO(3)

/*
 * VFIO_TESTDEV_DMA_RW_LOOP: `count` times the same vfio_dma_rw(), inside the kernel.
 *
 * What is read is thrown away; what is written is the byte 0xa5. Arguments, errors, `done` and `ns`
 * as above.
 */
struct vfio_testdev_dma_rw_loop {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 len;
	__u32 reserved;
	__aligned_u64 count;
	__aligned_u64 done;
	__aligned_u64 ns;
};

#define VFIO_TESTDEV_DMA_RW_LOOP	VFIO_TESTDEV_IO(4)

/* What one round of TIME_PINS took, in ticks of the CPU's cycle counter (x86: the TSC). */
struct vfio_testdev_pin_time {
	__aligned_u64 nothing;		/* between two readings of the counter, in every figure */
	__aligned_u64 pin;
	__aligned_u64 unpin;
};

/*
 * VFIO_TESTDEV_TIME_PINS: `count` times a pin of `npage` pages at `iova` and its unpin, each of the
 * two calls timed by itself. No flags. Where time counts instructions (QEMU's -icount shift=0, one
 * a nanosecond, TSC of 1 GHz), so do the ticks.
 *
 * count: rounds, also the number of elements at `times`
 * times: address of the caller's array of struct vfio_testdev_pin_time
 * done:  out, rounds that succeeded; their elements are written
 *
 * Errors and the end as for PIN_LOOP; also -EFAULT when `times` cannot be written.
 */
struct vfio_testdev_time_pins {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 npage;
	__u32 prot;
	__aligned_u64 count;
	__aligned_u64 times;
	__aligned_u64 done;
};

#define VFIO_TESTDEV_TIME_PINS		VFIO_TESTDEV_IO(5)

#endif /* VFIO_OBS_TESTDEV_UAPI_H */
