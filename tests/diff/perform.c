// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the steps of a sequence; called by vfio-diff.c.
 *
 * Structures go to the kernel in one page of fixed content (struct scratch), so that every byte
 * the kernel writes shows, also those behind the structure.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perform.h"
#include "vfio_obs/testdev_uapi.h"

#define PAGE		0x1000UL
#define SCRATCH_SIZE	(PAGE + BUFFER_SIZE)
#define ARENA_SIZE	(ARENA_PAGES * PAGE)
/* Runs of changed bytes longer than this are given as a hash. */
#define RUN_MAX		48U
#define WRITTEN_MAX	0x10000U

/* What the user's memory holds between steps. */
static uint8_t clean[SCRATCH_SIZE];
static char written[WRITTEN_MAX];

/* What a call was given and what came of it; shared with the child that may do it. */
static struct outcome {
	long ret;
	int error;
	uint8_t before[SCRATCH_SIZE];
} *outcome;

static int complain(const char *what, const char *name)
{
	fprintf(stderr, "vfio-diff: cannot %s %s: %s\n", what, name, strerror(errno));
	return -1;
}

static void *at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static uint64_t hash(const void *data, size_t size)
{
	const uint64_t *words = data;
	uint64_t value = size;
	size_t i;

	for (i = 0; i < size / 8; i++)
		value = (value ^ words[i]) * 0x9e3779b97f4a7c15ULL + (value >> 29);
	for (i *= 8; i < size; i++)
		value = (value ^ ((const uint8_t *)data)[i]) * 0x9e3779b97f4a7c15ULL;
	return value;
}

/*
 * Memory
 */
static void fill_arena(void)
{
	uint64_t *words = at(ARENA);
	size_t i;

	for (i = 0; i < ARENA_SIZE / 8; i++)
		words[i] = i * 0xd1342543de82ef95ULL;
}

static int map_at(uint64_t address, size_t size, int prot, int flags, int fd)
{
	void *got = mmap(at(address), size, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	return got == at(address) ? 0 : complain("map memory at", "a fixed address");
}

static int map_memory(void)
{
	int scratch = memfd_create("scratch", MFD_CLOEXEC), rw = PROT_READ | PROT_WRITE;
	int shared = memfd_create("arena", MFD_CLOEXEC);
	size_t i;

	if (scratch < 0 || shared < 0 || ftruncate(scratch, SCRATCH_SIZE) ||
	    ftruncate(shared, ARENA_SIZE / 2))
		return complain("make", "shared memory");
	if (map_at(SCRATCH, SCRATCH_SIZE, rw, MAP_SHARED, scratch) ||
	    map_at(SCRATCH_RO, PAGE, PROT_READ, MAP_SHARED, scratch) ||
	    map_at(CUT_PAGE, PAGE, rw, MAP_SHARED, scratch) ||
	    map_at(ARENA, ARENA_SIZE / 2, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1) ||
	    map_at(ARENA + ARENA_SIZE / 2, ARENA_SIZE / 2, rw, MAP_SHARED, shared))
		return -1;
	close(scratch);
	close(shared);
	outcome = mmap(NULL, sizeof(*outcome), rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		return complain("make", "shared memory");
	/* Huge pages come when they like. */
	madvise(at(ARENA), ARENA_SIZE / 2, MADV_NOHUGEPAGE);
	fill_arena();
	for (i = 0; i < SCRATCH_SIZE; i++)
		clean[i] = i * 37 + (i >> 8) + 1;
	memcpy(outcome->before, clean, SCRATCH_SIZE);
	memcpy(at(SCRATCH), clean, SCRATCH_SIZE);
	return 0;
}

/* Puts a structure where the step wants it and returns its address for the call. */
static void *put(const struct step *step, const void *data, size_t size)
{
	size_t offset = 0;

	if (step->where == WHERE_NULL)
		return NULL;
	if (step->where == WHERE_NOWHERE)
		return at(NOWHERE);
	if (step->where == WHERE_CUT) {
		/* Less than half of what is only one number. */
		size = size < 8 ? size / 2 : 8;
		offset = PAGE - size;
	}
	memcpy((uint8_t *)at(SCRATCH) + offset, data, size);
	memcpy(outcome->before + offset, data, size);
	if (step->where == WHERE_CUT)
		return at(CUT_PAGE + offset);
	return at(step->where == WHERE_READ_ONLY ? SCRATCH_RO : SCRATCH);
}

static char *note_run(char *end, size_t from, size_t to)
{
	const uint8_t *now = at(SCRATCH);
	size_t i;

	end = put_hex(put_text(end, " "), from);
	if (to - from > RUN_MAX) {
		end = put_hex(put_text(end, "+"), to - from);
		return put_hex(put_text(end, ":#"), hash(now + from, to - from));
	}
	*end++ = ':';
	for (i = from; i < to; i++) {
		*end++ = "0123456789abcdef"[now[i] >> 4];
		*end++ = "0123456789abcdef"[now[i] & 15];
	}
	return end;
}

/* Notes what has changed, then makes it as before. */
static void note_written(void)
{
	const uint8_t *now = at(SCRATCH), *before = outcome->before;
	size_t from = memcmp(now, before, SCRATCH_SIZE) ? 0 : SCRATCH_SIZE, to;
	char *end = written;

	for (; from < SCRATCH_SIZE; from = to) {
		to = from + 1;
		if (now[from] == before[from])
			continue;
		while (to < SCRATCH_SIZE && now[to] != before[to])
			to++;
		/* Whatever does not fit counts too. */
		if (end > written + WRITTEN_MAX - 256) {
			end = put_hex(put_text(end, " #"), hash(now, SCRATCH_SIZE));
			break;
		}
		end = note_run(end, from, to);
	}
	*end = '\0';
	if (memcmp(now, clean, SCRATCH_SIZE))
		memcpy(at(SCRATCH), clean, SCRATCH_SIZE);
	if (memcmp(before, clean, PAGE))
		memcpy(outcome->before, clean, PAGE);
}

/*
 * Calls; each returns what the system call returned.
 */
static long call_group_status(int fd, const struct step *step)
{
	struct vfio_group_status status = { .argsz = step->arg[0] };

	return ioctl(fd, VFIO_GROUP_GET_STATUS, put(step, &status, sizeof(status)));
}

static long call_get_device(const struct bench *bench, int fd, const struct step *step)
{
	char name[PAGE];

	memset(name, 'x', sizeof(name));
	if (step->arg[0] < NR_GROUPS)
		strcpy(name, bench->groups[step->arg[0]].device);
	else if (step->arg[0] != NAME_UNTERMINATED)
		strcpy(name, step->arg[0] == NAME_EMPTY ? "" : "no-such-device");
	return ioctl(fd, VFIO_GROUP_GET_DEVICE_FD, put(step, name, sizeof(name)));
}

static long call_device_info(int fd, const struct step *step)
{
	struct vfio_device_info info = { .argsz = step->arg[0] };

	return ioctl(fd, VFIO_DEVICE_GET_INFO, put(step, &info, sizeof(info)));
}

static long call_get_info(int fd, const struct step *step)
{
	uint32_t argsz = step->arg[0];

	/* The rest of the structure is the kernel's to write: it stays as the page is. */
	return ioctl(fd, VFIO_IOMMU_GET_INFO, put(step, &argsz, sizeof(argsz)));
}

static long call_map(int fd, const struct step *step)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = step->arg[0], .flags = step->arg[1], .vaddr = step->arg[2],
		.iova = step->arg[3], .size = step->arg[4],
	};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, put(step, &map, sizeof(map)));
}

static long call_unmap(int fd, const struct step *step)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		{ .argsz = step->arg[0], .flags = step->arg[1], .iova = step->arg[2],
		  .size = step->arg[3] },
		{ .pgsize = step->arg[4], .size = step->arg[5], .data = at(step->arg[6]) },
	};

	return ioctl(fd, VFIO_IOMMU_UNMAP_DMA, put(step, &arg, sizeof(arg)));
}

static long call_dirty(int fd, const struct step *step)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap dirty;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		{ .argsz = step->arg[0], .flags = step->arg[1] },
		{ .iova = step->arg[2], .size = step->arg[3],
		  .bitmap = { .pgsize = step->arg[4], .size = step->arg[5],
			      .data = at(step->arg[6]) } },
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, put(step, &arg, sizeof(arg)));
}

static long call_pin(int fd, const struct step *step)
{
	struct vfio_testdev_pin pin = {
		.argsz = step->arg[0], .flags = step->arg[1], .iova = step->arg[2],
		.npage = step->arg[3], .prot = step->arg[4],
	};

	return ioctl(fd, VFIO_TESTDEV_PIN, put(step, &pin, sizeof(pin)));
}

static long call_unpin(int fd, const struct step *step)
{
	struct vfio_testdev_unpin unpin = {
		.argsz = step->arg[0], .flags = step->arg[1], .iova = step->arg[2],
		.npage = step->arg[3], .reserved = step->arg[4],
	};

	return ioctl(fd, VFIO_TESTDEV_UNPIN, put(step, &unpin, sizeof(unpin)));
}

static long call_dma_rw(int fd, const struct step *step)
{
	struct vfio_testdev_dma_rw rw = {
		.argsz = step->arg[0], .flags = step->arg[1], .iova = step->arg[2],
		.len = step->arg[3], .reserved = step->arg[4], .buf = step->arg[5],
	};

	return ioctl(fd, VFIO_TESTDEV_DMA_RW, put(step, &rw, sizeof(rw)));
}

/* Everything but ioctl that can be asked of a file. */
static long call_file_io(int fd, uint64_t kind)
{
	struct pollfd poll_one = { .fd = fd, .events = POLLIN };
	void *got;

	switch (kind % 5) {
	case 0: return read(fd, at(BUFFER), 16);
	case 1: return write(fd, at(BUFFER), 16);
	case 2: return lseek(fd, 0, SEEK_CUR);
	case 3: return poll(&poll_one, 1, 0) < 0 ? -1 : poll_one.revents;
	default:
		got = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
		if (got == MAP_FAILED)
			return -1;
		munmap(got, PAGE);
		return 0;
	}
}

static long call_caps(unsigned int wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	static const struct { unsigned int bit; uint32_t mask; } known[] = {
		{ CAPS_IPC_LOCK, 1U << CAP_IPC_LOCK }, { CAPS_SYS_ADMIN, 1U << CAP_SYS_ADMIN },
		{ CAPS_SYS_RAWIO, 1U << CAP_SYS_RAWIO },
	};
	struct __user_cap_data_struct data[2];
	unsigned int i;

	if (syscall(SYS_capget, &header, data))
		return -1;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		data[0].effective &= ~known[i].mask;
		if (wanted & known[i].bit)
			data[0].effective |= known[i].mask;
	}
	return syscall(SYS_capset, &header, data);
}

static long call_memlock(uint64_t bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return -1;
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	return setrlimit(RLIMIT_MEMLOCK, &limit);
}

static long call_open(const struct bench *bench, int file)
{
	char path[32] = "/dev/vfio/vfio";

	if (file >= FILE_GROUP)
		snprintf(path, sizeof(path), "/dev/vfio/%u",
			 bench->groups[file - FILE_GROUP].number);
	return open(path, O_RDWR | O_CLOEXEC);
}

/*
 * What belongs to the sequence: files and the child
 */

/* A descriptor that a step returned: in its place, or among the others if that is taken. */
static void keep_file(struct bench *bench, int file, long fd)
{
	if (fd < 0)
		return;
	if (file < FILE_NULL && bench->fd[file] < 0)
		bench->fd[file] = fd;
	else if (bench->nr_dups < MAX_DUPS)
		bench->dups[bench->nr_dups++] = fd;
	else
		close(fd);
}

static long call_close(struct bench *bench, int file)
{
	int fd = bench->fd[file];

	if (file >= FILE_NULL)
		return 0;
	bench->fd[file] = -1;
	return close(fd);
}

static long call_close_dup(struct bench *bench)
{
	return bench->nr_dups ? close(bench->dups[--bench->nr_dups]) : 0;
}

static long call_fork(struct bench *bench)
{
	pid_t child;

	if (bench->child)
		return 0;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (child < 0)
		return -1;
	bench->child = child;
	return 0;
}

/* When this returns, the child's files are closed. */
static long call_join(struct bench *bench)
{
	int status;

	if (!bench->child)
		return 0;
	kill(bench->child, SIGKILL);
	waitpid(bench->child, &status, 0);
	bench->child = 0;
	return status;
}

/* Back to the beginning; returns how many files were still open. */
static long call_end(struct bench *bench)
{
	long left = 0;
	int file;

	call_caps(CAPS_ALL);
	call_memlock(UINT64_MAX);
	call_join(bench);
	for (file = 0; file < FILE_NULL; file++)
		if (bench->fd[file] >= 0)
			left += !call_close(bench, file);
	while (bench->nr_dups)
		left += !call_close_dup(bench);
	return left;
}

static long call(struct bench *bench, const struct step *step)
{
	int fd = bench->fd[step->file], other = bench->fd[step->other];

	switch (step->op) {
	case OP_OPEN: return call_open(bench, step->file);
	case OP_CLOSE: return call_close(bench, step->file);
	case OP_DUP: return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	case OP_CLOSE_DUP: return call_close_dup(bench);
	case OP_SET_CONTAINER:
		return ioctl(fd, VFIO_GROUP_SET_CONTAINER, put(step, &other, sizeof(other)));
	case OP_UNSET_CONTAINER: return ioctl(fd, VFIO_GROUP_UNSET_CONTAINER);
	case OP_GROUP_STATUS: return call_group_status(fd, step);
	case OP_GET_DEVICE: return call_get_device(bench, fd, step);
	case OP_DEVICE_INFO: return call_device_info(fd, step);
	case OP_API_VERSION: return ioctl(fd, VFIO_GET_API_VERSION);
	case OP_CHECK_EXTENSION: return ioctl(fd, VFIO_CHECK_EXTENSION, step->arg[0]);
	case OP_SET_IOMMU: return ioctl(fd, VFIO_SET_IOMMU, step->arg[0]);
	case OP_GET_INFO: return call_get_info(fd, step);
	case OP_MAP: return call_map(fd, step);
	case OP_UNMAP: return call_unmap(fd, step);
	case OP_DIRTY: return call_dirty(fd, step);
	case OP_IOCTL: return ioctl(fd, step->arg[0], step->arg[1]);
	case OP_FILE_IO: return call_file_io(fd, step->arg[0]);
	case OP_PIN: return call_pin(fd, step);
	case OP_UNPIN: return call_unpin(fd, step);
	case OP_DMA_RW: return call_dma_rw(fd, step);
	case OP_CAPS: return call_caps(step->arg[0]);
	case OP_MEMLOCK: return call_memlock(step->arg[0]);
	case OP_FORK: return call_fork(bench);
	case OP_JOIN: return call_join(bench);
	case OP_END: return call_end(bench);
	default: return -1;
	}
}

static void call_in_child(struct bench *bench, const struct step *step)
{
	pid_t child;

	outcome->ret = -1;
	outcome->error = ECHILD;
	child = fork();
	if (!child) {
		errno = 0;
		outcome->ret = call(bench, step);
		outcome->error = errno;
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* What a device's write may have changed, as a hash of all. */
static void note_arena(struct bench *bench, const struct step *step)
{
	size_t length = strlen(written);

	bench->memory_written = true;
	if (step->op == OP_DMA_RW)
		snprintf(written + length, WRITTEN_MAX - length, " memory:#%016" PRIx64,
			 hash(at(ARENA), ARENA_SIZE));
}

void perform(struct bench *bench, const struct step *step, struct result *result)
{
	errno = 0;
	if (step->in_child) {
		call_in_child(bench, step);
		result->ret = outcome->ret;
		result->error = outcome->error;
	} else {
		result->ret = call(bench, step);
		result->error = errno;
		if (step->op == OP_OPEN)
			keep_file(bench, step->file, result->ret);
		else if (step->op == OP_GET_DEVICE)
			keep_file(bench, step->other, result->ret);
		else if (step->op == OP_DUP)
			keep_file(bench, FILE_NONE, result->ret);
	}
	if (result->ret != -1)
		result->error = 0;
	note_written();
	if (step->op == OP_DMA_RW && step->arg[1] & VFIO_TESTDEV_DMA_WRITE)
		note_arena(bench, step);
	if (step->op == OP_END && bench->memory_written) {
		fill_arena();
		bench->memory_written = false;
	}
	result->written = written;
}

/*
 * The groups
 */
static int find_group(struct group_info *group, const char *bus, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/iommu_group", bus, name);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return complain("find the IOMMU group of", name);
	target[length] = '\0';
	base = strrchr(target, '/');
	if (!base || sscanf(base, "/%u", &group->number) != 1)
		return complain("read the IOMMU group's number of", name);
	snprintf(group->device, sizeof(group->device), "%s", name);
	return 0;
}

/* `variable` holds PCI addresses, given by tests/vm/run: the index-th. */
static int find_pci(struct group_info *group, const char *variable, int index)
{
	const char *list = getenv(variable);
	char address[2][64];
	int found = list ? sscanf(list, "%63s %63s", address[0], address[1]) : 0;

	if (found <= index) {
		fprintf(stderr, "vfio-diff: no device %d in %s; run it by tests/diff/run\n", index,
			variable);
		return -1;
	}
	return find_group(group, "pci", address[index]);
}

int bench_init(struct bench *bench)
{
	char name[64];
	int i;

	memset(bench, 0, sizeof(*bench));
	for (i = 0; i < NR_FILES; i++)
		bench->fd[i] = -1;
	for (i = 0; i < NR_TESTDEVS; i++) {
		snprintf(name, sizeof(name), VFIO_TESTDEV_NAME ".%d", i);
		if (find_group(&bench->groups[i], "platform", name))
			return -1;
	}
	if (find_pci(&bench->groups[GROUP_EDU], "VM_EDU", 0) ||
	    find_pci(&bench->groups[GROUP_EDU + 1], "VM_EDU", 1) ||
	    find_pci(&bench->groups[GROUP_SLOW], "VM_E1000E", 0) ||
	    find_pci(&bench->groups[GROUP_SLOW + 1], "VM_NVME", 0))
		return -1;
	bench->fd[FILE_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (bench->fd[FILE_NULL] < 0)
		return complain("open", "/dev/null");
	return map_memory();
}
