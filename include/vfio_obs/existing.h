/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * existing.h - what the iterators over open files tell about one container
 *
 * struct vfio_existing: written by bpf/vfio_iter.bpf.c, read by tools/lib/tp_existing.c: a stream
 * of these records, one for each open file of each process. struct vfio_table: written by
 * bpf/vfio_table.bpf.c, read by tools/lib/tp_table.c: one for each container, and its mappings.
 * The includer provides __u32 and __u64.
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

/* Mappings of a container that are read: type1 allows 65535 unless it was told otherwise. */
#define VFIO_OBS_MAPPINGS_MAX 65536

/*
 * One DMA mapping, as it is in type1's tree and in recordings.
 * @prot: VFIO_OBS_PROT_..., what the device may do
 */
struct vfio_mapping {
	__u64 iova;
	__u64 size; /* bytes */
	__u64 vaddr; /* in the process that mapped it */
	__u32 prot;
	__u32 flags; /* VFIO_MAPPING_... */
};
/* As IOMMU_READ, IOMMU_WRITE, and as the flags of MAP_DMA. */
#define VFIO_OBS_PROT_READ 1U
#define VFIO_OBS_PROT_WRITE 2U
/* Its MAP_DMA has not returned: @size is what is pinned so far. */
#define VFIO_MAPPING_GROWING 1U

_Static_assert(sizeof(struct vfio_mapping) == 32, "file format");

/*
 * The mappings of one container, in the order of their iova.
 * @read_ns:  the reading began, CLOCK_BOOTTIME; what returned before is in it
 * @until_ns: and ended; what began later is not
 * @first:    in the map of mappings, until the loader has taken them out of it; then 0
 * @avail:    mappings that type1 allows beside these
 */
struct vfio_table {
	__u64 id;
	__u64 read_ns, until_ns;
	__u32 first, n;
	__u32 avail;
	__u32 flags; /* VFIO_TABLE_... */
};
#define VFIO_TABLE_TORN 1U    /* it changed whenever it was read: not all are here, or too many */
#define VFIO_TABLE_MORE 2U    /* there are more than VFIO_OBS_MAPPINGS_MAX */
#define VFIO_TABLE_NO_ROOM 4U /* of the iterator only: to be read again */
#define VFIO_TABLE_NO_LIMIT 8U /* of recordings only: @avail is not known */

/*
 * What a part of a recording tells about a container from before its begin, and a reading of the
 * kernel does not.
 * @mapped_bytes, @pinned_pages: struct vfio_gauges
 * @iommu_type: VFIO_OBS_VALUES_iommu_type; 0: not known
 * @untold: VFIO_UNTOLD_..., what of a container nobody has told: it means nothing then
 */
struct vfio_carried {
	__s64 mapped_bytes;
	__s64 pinned_pages;
	__u32 iommu_type;
	__u32 untold;
};
#define VFIO_UNTOLD_REFS 1U
#define VFIO_UNTOLD_FILE 2U    /* whether it is closed */
#define VFIO_UNTOLD_BACKEND 4U
#define VFIO_UNTOLD_GROUPS 8U  /* there may be more than are listed */
#define VFIO_UNTOLD_GAUGES 16U

#endif
