/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of vfio-stress share: devices, the files of one container, module references.
 *
 * Functions return 0 or -1 after having said on stderr what failed, unless they say otherwise. A
 * file that is not open is -1.
 */
#ifndef VFIO_STRESS_H
#define VFIO_STRESS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_MEMBERS	16
#define IOVA		UINT64_C(0x100000)

/* A device and its group, which belongs to it alone. */
struct member {
	char name[32];
	unsigned int group;
	/* A device of vfio-testdev: it can pin. */
	bool emulated;
};

/* One container with some members: the files that this process holds. */
struct files {
	int container;
	unsigned int nr;
	const struct member *member[MAX_MEMBERS];
	int group[MAX_MEMBERS];
	int device[MAX_MEMBERS];
};

/* What was done, for the caller to compare with what the kernel says. */
struct counts {
	uint64_t opens;
	uint64_t attaches;
	uint64_t unsets;
	uint64_t device_opens;
	uint64_t maps;
	uint64_t pins;
};

struct options {
	const struct member *members;
	unsigned int nr_members;
	uint64_t count;
	unsigned int processes;
	uint64_t seed;
	/* orders: without UNSET_CONTAINER; without copies in another process */
	bool no_unset;
	bool alone;
	/* storm: go on after `count` until SIGTERM comes */
	bool until_term;
};

/* Prints "vfio-stress: MESSAGE" on stderr. Always -1. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A pseudo-random number below `below`; *state must not be 0. */
uint32_t random_below(uint64_t *state, uint32_t below);
uint64_t random_seed(uint64_t seed, uint64_t number);

/* member.c */

/* Finds a device by the name it has on the platform or PCI bus. */
int member_find(struct member *member, const char *name);

void files_init(struct files *files);

/* One step each; they return 0 or the positive errno and print nothing. */
int open_container(int *fd);
int open_group(const struct member *member, int *fd);
int attach(int group, int container);
int unset(int group);
int set_iommu(int container);
int open_device(int group, const struct member *member, int *fd);
int map_page(int container, uint64_t iova, void *page);
int pin_page(int device, uint64_t iova);
int unpin_page(int device, uint64_t iova);
void close_file(int *fd);

/* All steps for members first..first+nr-1; `page` is mapped at IOVA. */
int files_open(struct files *files, const struct member *members, unsigned int nr, void *page,
	       struct counts *counts);
void files_close(struct files *files);

/* One page of memory that can be mapped. Ends the program when there is none. */
void *get_page(void);

/* refs.c */

/* References of the modules, without those that were there at the start. */
struct refs {
	int fd[4];
	long base[4];
};

enum { REFS_VFIO, REFS_TYPE1, REFS_TESTDEV, REFS_PCI };

int refs_init(struct refs *refs);

/* Compares with `want`, one number per module; `what` names the moment in the message. */
int refs_expect(const struct refs *refs, const long want[4], const char *what);

/* Nothing is left: references as at the start, no device holds pinned pages. */
int all_is_back(const struct refs *refs, const struct options *options, const char *what);

/* The commands. They print what they did, "name value" per line. */
int cmd_orders(const struct options *options);
int cmd_exits(const struct options *options);
int cmd_storm(const struct options *options);
int cmd_kill(const struct options *options);
int cmd_tasks(const struct options *options);
int cmd_open(uint64_t count, const char *path);

#endif /* VFIO_STRESS_H */
