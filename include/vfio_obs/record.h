/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - the recording format, version 1
 *
 * Written and read by tools/lib/record_*.c; described for people in docs/recording-format.md.
 * All numbers are little-endian. A file is one record_header, then blocks of one record_block
 * and its payload each, the last of them of type RECORD_BLOCK_END.
 */
#ifndef VFIO_OBS_RECORD_H
#define VFIO_OBS_RECORD_H

#include <stddef.h>

#include "event.h"
#include "existing.h"
#include "owner.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "recordings are little-endian: swap bytes in record_*.c before building here"
#endif

#define RECORD_MAGIC "VFIOTRC\n"
#define RECORD_VERSION 1
#define RECORD_BLOCK_MAGIC "vfioBLK\n"
#define RECORD_MAGIC_LEN 8

/* Limits that a reader enforces. */
#define RECORD_HEADER_MAX 4096
#define RECORD_BLOCK_EVENTS_MAX 65536
#define RECORD_STORED_MAX (16U << 20)
#define RECORD_TEXT_MAX 1024
#define RECORD_GROUPS_MAX 4096
#define RECORD_OWNED_MAX 65536

/* As struct source_loss. */
struct record_loss {
	__u64 ring, pool, recursion, damaged;
};

/* A header ends behind @detail, or later. */
#define RECORD_HEADER_MIN 512
#define RECORD_MADE_LEN 216

/* What @flags of a header say. */
#define RECORD_SOME 1U	     /* of the events in @events only some are there */
#define RECORD_ANONYMISED 2U /* names, pids and addresses were replaced */

/*
 * @header_size: bytes up to the first block; later minor additions go behind @made
 * @header_crc:  CRC-32 of @header_size bytes with this field zero
 * @rec_size:    sizeof(struct vfio_rec)
 * @n_events:    event numbers that the writer knew
 * @events:      bit per event number: what was recorded
 * Strings are NUL-terminated. Behind @detail is what tells of a recording that was made from
 * another one (vfio-trace cut, anonymise, merge); zero else:
 * @origin_ns:   @start_ns of that which the recorder wrote; 0: this is it
 * @lost_before: what was lost in it before this part begins, which no block of this counts
 * @made:        how, for the user
 */
struct record_header {
	char magic[RECORD_MAGIC_LEN];
	__u32 version;
	__u32 header_size;
	__u32 header_crc;
	__u32 rec_size;
	__u32 n_events;
	__u32 flags; /* RECORD_SOME, ... */
	__u64 events;
	__u64 start_ns; /* CLOCK_BOOTTIME, as all times */
	__u64 realtime_offset_ns;
	char kernel[72];
	char host[72];
	char boot_id[40];
	char source[16];
	char detail[256];
	__u64 origin_ns;
	struct record_loss lost_before;
	char made[RECORD_MADE_LEN];
};

enum record_block_type {
	RECORD_BLOCK_EVENTS = 1, /* payload: zstd of packed records, see record_pack.h */
	RECORD_BLOCK_GAP = 2,	 /* payload: struct record_gap */
	RECORD_BLOCK_END = 3,	 /* payload: struct record_end */
	RECORD_BLOCK_EXISTING = 4, /* payload: struct record_existing */
	RECORD_BLOCK_OWNER = 5, /* payload: struct record_owner */
	RECORD_BLOCK_GROUP = 6, /* payload: struct record_group_info */
	RECORD_BLOCK_TABLE = 7, /* payload: struct record_table */
	RECORD_BLOCK_CARRIED = 8, /* payload: struct record_carried */
};

/*
 * @header_crc:  CRC-32 of this structure with this field zero
 * @payload_crc: CRC-32 of the @stored_size bytes that follow
 * @raw_size:    of the payload when decompressed; equal to @stored_size when it is not compressed
 * @count:       records in it
 * @first_index: records in all blocks before, also in those that this was made from and that could
 *               not be read: tells how many a damaged block had
 * @lost_*:      struct source_loss until here
 */
struct record_block {
	char magic[RECORD_MAGIC_LEN];
	__u32 type;
	__u32 header_crc;
	__u32 payload_crc;
	__u32 stored_size;
	__u32 raw_size;
	__u32 count;
	__u64 first_index;
	__u64 first_ns, last_ns;
	__u64 lost_ring, lost_pool, lost_recursion;
	__u64 realtime_offset_ns;
};

/* @gap: enum source_gap. */
struct record_gap {
	__u64 ts_ns;
	__u32 gap;
	__u32 text_len;
	char text[]; /* not terminated, at most RECORD_TEXT_MAX */
};

struct record_group {
	__u32 number;
	__u32 type;
};

/* struct source_existing; @n_listed groups follow. Strings are NUL-terminated. */
struct record_existing {
	__u64 read_ns;
	__u64 id;
	__u64 opened_ns;
	__u64 cgroup;
	__u32 tgid;
	__u32 holders;
	__u32 refs;
	__u32 file_closed; /* 0 or 1 */
	__u32 n_groups, n_listed;
	char comm[VFIO_OBS_COMM_LEN];
	char backend[VFIO_OBS_STR_LEN];
	struct record_group group[];
};

/* struct source_existing of a container that a part carries over, with its groups. */
struct record_carried {
	struct vfio_carried carried;
	struct record_existing existing;
};

/*
 * struct source_table; @n mappings follow, at most VFIO_OBS_MAPPINGS_MAX.
 * @flags: VFIO_TABLE_TORN, VFIO_TABLE_MORE, VFIO_TABLE_NO_LIMIT
 */
struct record_table {
	__u64 id;
	__u64 read_ns, until_ns;
	__u32 n;
	__u32 avail;
	__u32 flags;
	__u32 pad;
	struct vfio_mapping list[];
};

/*
 * struct source_owner, of @n_ids containers that have the same; their ids follow, then its texts,
 * each ending with NUL, in the order of VFIO_OBS_OWNER_TEXTS. Texts that are missing are empty, and
 * a reader skips those that it does not know.
 * @opened: 1: the open events of these containers are in the next block of events
 */
struct record_owner {
	__u64 started_ns;
	__u32 tgid;
	__u32 kind; /* enum vfio_owner_kind */
	__u32 opened;
	__u32 n_ids;
	__u64 ids[];
};

struct record_device {
	__u32 vendor, device; /* PCI ids or VFIO_OBS_NO_PCI_ID */
};

/*
 * struct source_group_info; @n_listed devices follow, then their texts, @texts for each device, in
 * the order of VFIO_OBS_DEVICE_TEXTS.
 */
struct record_group_info {
	__u32 number;
	__u32 n_devices, n_listed;
	__u32 texts;
	struct record_device device[];
};

struct record_end {
	__u64 end_ns;
	__u64 events;
	__u64 blocks; /* before this one */
};

_Static_assert(offsetof(struct record_header, origin_ns) == RECORD_HEADER_MIN, "file format");
_Static_assert(sizeof(struct record_header) == 768, "file format");
_Static_assert(sizeof(struct record_block) == 88, "file format");
_Static_assert(sizeof(struct record_existing) == 96, "file format");
_Static_assert(sizeof(struct record_carried) == 24 + 96, "file format");
_Static_assert(sizeof(struct record_table) == 40, "file format");
_Static_assert(sizeof(struct record_owner) == 24, "file format");
_Static_assert(sizeof(struct record_group_info) == 16, "file format");

#endif
