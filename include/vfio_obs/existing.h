/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * existing.h - what the iterator over open files tells about one container, from one file
 *
 * Written by bpf/vfio_iter.bpf.c, read by tools/lib/tp_existing.c: a stream of these records, one
 * for each open file of each process. The includer provides __u32 and __u64.
 */
#ifndef VFIO_OBS_EXISTING_H
#define VFIO_OBS_EXISTING_H

#include "event.h"

/* Groups that fit into a record; @groups tells when there are more. */
#define VFIO_EXISTING_GROUPS 32

/* The kind of file that led to the container; the nearest first. */
enum vfio_existing_via {
	VFIO_VIA_CONTAINER,
	VFIO_VIA_GROUP,
	VFIO_VIA_DEVICE,
};

struct vfio_existing_group {
	__u32 number;
	__u32 type; /* VFIO_OBS_VALUES_group_type */
};

/*
 * @read_ns:   when this was read, CLOCK_BOOTTIME as @opened_ns
 * @tgid:      the process that has the file open; @comm, @cgroup are its
 * @groups:    attached groups, of which the first @n_listed are in @group
 * @backend:   "" none
 */
struct vfio_existing {
	__u64 read_ns;
	__u64 id;
	__u64 opened_ns;
	__u64 cgroup;
	__u32 tgid;
	__u32 via; /* enum vfio_existing_via */
	__u32 refs;
	__u32 groups;
	__u32 n_listed;
	__u32 pad;
	char comm[VFIO_OBS_COMM_LEN];
	char backend[VFIO_OBS_STR_LEN];
	struct vfio_existing_group group[VFIO_EXISTING_GROUPS];
};

_Static_assert(sizeof(struct vfio_existing) % 8 == 0, "records follow each other");

#endif
