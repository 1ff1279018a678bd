// SPDX-License-Identifier: GPL-2.0-only
/* Arguments for vfio-fuzz: right ones, nearly right ones and hostile ones. See fuzz.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "guard.h"

#define PAGE		UINT64_C(4096)

/* Mappings lie on a grid, so that calls meet each other's. */
#define GRID		(UINT64_C(256) << 10)
#define GRID_PLACES	16
#define GRID_BASE	(UINT64_C(256) << 20)

static uint64_t next_random(struct fuzzer *fuzzer)
{
	fuzzer->random ^= fuzzer->random << 13;
	fuzzer->random ^= fuzzer->random >> 7;
	fuzzer->random ^= fuzzer->random << 17;
	return fuzzer->random * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

uint64_t fuzz_below(struct fuzzer *fuzzer, uint64_t limit)
{
	return next_random(fuzzer) % limit;
}

bool fuzz_one_in(struct fuzzer *fuzzer, unsigned int n)
{
	return !fuzz_below(fuzzer, n);
}

/*
 * What the kernel writes goes to the arena: the pages mapped, bitmaps, answers. A bitmap may be
 * long and begin anywhere in it, so that the hole behind it is larger than any; a page that can
 * only be read ends the hole's first page.
 */
char *fuzz_arena_new(void)
{
	char *arena = mmap(NULL, FUZZ_RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			   MAP_NORESERVE, -1, 0);

	if (arena == MAP_FAILED || mprotect(arena, FUZZ_ARENA, PROT_READ | PROT_WRITE) ||
	    mprotect(arena + FUZZ_ARENA + PAGE, PAGE, PROT_READ)) {
		complain("cannot get memory to map");
		return NULL;
	}
	return arena;
}

void *fuzz_place(struct fuzzer *fuzzer, uint64_t size)
{
	uint64_t pages = size < FUZZ_ARENA ? (FUZZ_ARENA - size) / PAGE + 1 : 1;

	return fuzzer->arena + fuzz_below(fuzzer, pages) * PAGE;
}

void *fuzz_bad_pointer(struct fuzzer *fuzzer)
{
	switch (fuzz_below(fuzzer, 9)) {
	case 0: return NULL;
	case 1: return (void *)1;
	case 2: return fuzzer->arena + FUZZ_ARENA;
	case 3: return fuzzer->arena + FUZZ_ARENA - 4;		/* breaks off */
	case 4: return fuzzer->arena + FUZZ_ARENA + PAGE;	/* cannot be written */
	case 5: return (void *)UINT64_C(0x7ffffffff000);	/* the end of user space */
	case 6: return (void *)UINT64_C(0x8000000000000000);	/* no address at all */
	case 7: return (void *)UINT64_C(0xffff888000001000);	/* the kernel's */
	default: return (void *)UINT64_C(0xfffffffffffffff8);
	}
}

uint64_t fuzz_edge(struct fuzzer *fuzzer)
{
	static const uint64_t edges[] = {
		0, 1, 7, 4095, 4097, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_C(0x100000000),
		UINT64_C(0xfee00000), UINT64_C(0xfedff000), UINT64_C(0xfef00000),
		UINT64_C(0xfffffffff000), UINT64_C(0x1000000000000),
		UINT64_C(0x7ffffffffffff000), UINT64_C(0x8000000000000000),
		UINT64_C(0xfffffffffffff000), UINT64_C(0xffffffffffffffff),
	};

	if (fuzz_one_in(fuzzer, 4))
		return next_random(fuzzer) << fuzz_below(fuzzer, 40);
	return edges[fuzz_below(fuzzer, sizeof(edges) / sizeof(edges[0]))];
}

uint64_t fuzz_iova(struct fuzzer *fuzzer)
{
	return GRID_BASE + fuzz_below(fuzzer, GRID_PLACES) * GRID;
}

uint64_t fuzz_size(struct fuzzer *fuzzer)
{
	switch (fuzz_below(fuzzer, 4)) {
	case 0: return PAGE;
	case 1: return PAGE * (1 + fuzz_below(fuzzer, 64));
	default: return GRID;
	}
}

void *fuzz_pointer(struct fuzzer *fuzzer, void *arg)
{
	return fuzz_one_in(fuzzer, 24) ? fuzz_bad_pointer(fuzzer) : arg;
}

int fuzz_any_fd(struct fuzzer *fuzzer)
{
	unsigned int i = fuzz_below(fuzzer, FUZZ_CONTAINERS + FUZZ_GROUPS + FUZZ_DEVICES + 1);

	if (i < FUZZ_CONTAINERS)
		return fuzzer->containers[i].fd;
	i -= FUZZ_CONTAINERS;
	if (i < FUZZ_GROUPS)
		return fuzzer->groups[i].fd;
	i -= FUZZ_GROUPS;
	return i < FUZZ_DEVICES ? fuzzer->devices[i].fd : 99999;
}

int fuzz_fd(struct fuzzer *fuzzer, int fd)
{
	return fuzz_one_in(fuzzer, 32) ? fuzz_any_fd(fuzzer) : fd;
}

void fuzz_spoil(struct fuzzer *fuzzer, void *arg, unsigned int size)
{
	uint64_t edge;
	unsigned int at;

	if (!fuzz_one_in(fuzzer, 6))
		return;
	edge = fuzz_edge(fuzzer);
	if (fuzz_one_in(fuzzer, 2)) {
		at = fuzz_below(fuzzer, size / 4) * 4;
		memcpy((char *)arg + at, &edge, 4);
	} else {
		at = fuzz_below(fuzzer, size / 8) * 8;
		memcpy((char *)arg + at, &edge, 8);
	}
}
