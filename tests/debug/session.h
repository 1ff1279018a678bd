/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a container in single steps, for vfio-faults: each step is one system call that may
 * fail, and whatever was reached can be closed again.
 */
#ifndef DEBUG_SESSION_H
#define DEBUG_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_MEMBERS	2

/* A device and its group, which belongs to it alone. */
struct member {
	char name[32];
	unsigned int group;
	/* One of vfio-testdev's: it can pin. */
	int emulated;
};

/* Files are -1 while closed. */
struct session {
	const struct member *members;
	void *memory;
	/* Devices of vfio-pci stay closed, their groups do not. */
	bool skips_pci;
	int container;
	int group[MAX_MEMBERS];
	int device[MAX_MEMBERS];
};

/* One step for member `nr`: 0 or a negative errno. */
struct step {
	const char *name;
	int (*run)(struct session *session, unsigned int nr);
	unsigned int nr;
};

/* A whole life; ends with a step without a name. */
struct life {
	const char *name;
	/* How many members it takes, and whether all must be able to pin. */
	unsigned int nr_members;
	int pins;
	const struct step *steps;
};

extern const struct life lives[];
extern const unsigned int nr_lives;

/* Does it open or close the device itself? */
int step_is_of_device(const struct step *step);
/* VFIO_IOMMU_GET_INFO. */
int step_reads_info(const struct step *step);

/*
 * May it move its group, or all groups, to another domain of the IOMMU; and back to their own; and
 * out of a domain of the container into another of its domains, when all have an IOMMU?
 */
int step_is_of_domain(const struct step *step);
int step_leaves_domain(const struct step *step);
int step_joins_domain(const struct step *step);

/* Finds a device by the name it has on the platform or PCI bus. 0, or -1 after having said why. */
int member_find(struct member *member, const char *name);

/*
 * The memory that is mapped belongs to the caller, SESSION_MEMORY bytes of it, page aligned. No
 * more than one last-level page table of the IOMMU covers: when a second one cannot be allocated in
 * the middle of a run of pages, VT-d's driver (6.1, 6.12) forgets the first part, which its own
 * WARN_ON tells at the next mapping. That has nothing to do with who asked for the mapping.
 */
#define SESSION_MEMORY	(UINT64_C(2) << 20)

void session_init(struct session *session, const struct member *members, void *memory);
void session_close(struct session *session);

#endif /* DEBUG_SESSION_H */
