/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One step of a sequence: what to ask of vfio, through which file, with which arguments. Made by
 * generate.c, done by perform.c, written into the log by vfio-diff.c.
 *
 * A step holds no file descriptor and no result: the same seed gives the same steps everywhere.
 */
#ifndef VFIO_DIFF_STEP_H
#define VFIO_DIFF_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Groups 0-3 are vfio-testdev devices, 4-5 edu, 6 e1000e, 7 nvme: one device in each. */
enum {
	NR_CONTAINERS = 3,
	NR_TESTDEVS = 4,
	NR_GROUPS = 8,
	GROUP_EDU = 4,
	GROUP_SLOW = 6,		/* from here on an open takes 100 ms: the device is reset */
	NR_DEVICE_FILES = 2,	/* of one device */
};

/* A file that a sequence may have open. */
enum {
	FILE_CONTAINER = 0,
	FILE_GROUP = FILE_CONTAINER + NR_CONTAINERS,
	FILE_DEVICE = FILE_GROUP + NR_GROUPS,
	FILE_NULL = FILE_DEVICE + NR_GROUPS * NR_DEVICE_FILES,	/* /dev/null, always open */
	FILE_NONE,						/* descriptor -1 */
	NR_FILES,
};

static inline int device_file(int group, int which)
{
	return FILE_DEVICE + group * NR_DEVICE_FILES + which;
}

/* Where the structure of an ioctl lies. */
enum where {
	WHERE_RW,
	WHERE_READ_ONLY,	/* the kernel can read, not write it */
	WHERE_CUT,		/* the first eight bytes only: the next page cannot be accessed */
	WHERE_NULL,
	WHERE_NOWHERE,		/* an address that is not the user's */
	NR_WHERE,
};

/* Names for GET_DEVICE beyond those of the devices of the groups 0 .. NR_GROUPS - 1. */
enum { NAME_UNKNOWN = NR_GROUPS, NAME_EMPTY, NAME_UNTERMINATED, NR_NAMES };

/* OP_CAPS: the capabilities to have, of those that matter. */
enum { CAPS_IPC_LOCK = 1, CAPS_SYS_ADMIN = 2, CAPS_SYS_RAWIO = 4, CAPS_ALL = 7 };

#define STEP_ARGS	7

/* Name, and the names of its arguments in step.arg. */
#define STEP_OPS(X)							\
	X(OPEN, "open", )						\
	X(CLOSE, "close", )						\
	X(DUP, "dup", )							\
	X(CLOSE_DUP, "close-dup", )					\
	X(SET_CONTAINER, "set-container", )				\
	X(UNSET_CONTAINER, "unset-container", )				\
	X(GROUP_STATUS, "group-status", "argsz")			\
	X(GET_DEVICE, "get-device", "name")				\
	X(DEVICE_INFO, "device-info", "argsz")				\
	X(API_VERSION, "api-version", )					\
	X(CHECK_EXTENSION, "check-extension", "arg")			\
	X(SET_IOMMU, "set-iommu", "type")				\
	X(GET_INFO, "get-info", "argsz")				\
	X(MAP, "map", "argsz", "flags", "vaddr", "iova", "size")	\
	X(UNMAP, "unmap", "argsz", "flags", "iova", "size", "pgsize", "bytes", "bitmap") \
	X(DIRTY, "dirty-pages", "argsz", "flags", "iova", "size", "pgsize", "bytes", "bitmap") \
	X(IOCTL, "ioctl", "cmd", "arg")					\
	X(FILE_IO, "file-io", "kind")					\
	X(PIN, "pin", "argsz", "flags", "iova", "npage", "prot")	\
	X(UNPIN, "unpin", "argsz", "flags", "iova", "npage", "reserved") \
	X(DMA_RW, "dma-rw", "argsz", "flags", "iova", "len", "reserved", "buf") \
	X(CAPS, "capabilities", "mask")					\
	X(MEMLOCK, "rlimit-memlock", "bytes")				\
	X(FORK, "fork", )						\
	X(JOIN, "kill-child", )						\
	X(END, "end", )

enum op {
#define X(op, name, ...) OP_##op,
	STEP_OPS(X)
#undef X
	NR_OPS,
};

struct step {
	enum op op;
	enum where where;
	bool in_child;	/* done by a child that exits at once, with all its copies of the files */
	int file;	/* FILE_...: whom to ask */
	int other;	/* FILE_...: SET_CONTAINER's container, GET_DEVICE's result */
	uint64_t arg[STEP_ARGS];
};

/*
 * Text is built by hand: it is made hundreds of thousands of times on an emulated CPU, where printf
 * takes longer than the call that it tells of. Each returns the new end, which is not terminated.
 */
char *put_text(char *at, const char *text);
char *put_decimal(char *at, long value);
char *put_hex(char *at, uint64_t value);

/* The longest that put_step() writes. */
#define STEP_TEXT_MAX	320

/* The step as one line without its end. */
char *put_step(char *at, const struct step *step);

const char *op_name(enum op op);

/* How many of step.arg mean something. */
int op_args(enum op op);

/* Addresses, the same in every run. */
#define ARENA		UINT64_C(0x100000000000)	/* the memory that is mapped for DMA */
#define ARENA_PAGES	32U	/* the first half private, the second shared */
#define SCRATCH		UINT64_C(0x110000000000)	/* one page for structures, */
#define BUFFER		(SCRATCH + 0x1000)		/* and three for bitmaps and data */
#define BUFFER_SIZE	0x3000U
#define SCRATCH_RO	UINT64_C(0x120000000000)	/* the same page, read-only */
#define CUT_PAGE	UINT64_C(0x130000000000)	/* the same page, nothing behind it */
#define NOWHERE		UINT64_C(0x140000000000)	/* nothing is ever mapped there */

#endif /* VFIO_DIFF_STEP_H */
