/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_pack.h - records made small before zstd, and back
 *
 * Used by record_writer.c and record_reader.c. A record is 18 words of 8 bytes. Each word is
 * replaced by its difference to a prediction: slot/type/cpu and the time stamp to the record
 * before; seq to the last record of the CPU; the others to the last record of the same type and
 * CPU. The differences are then laid out as 144 planes, one for each byte of each word; planes
 * that are all zero are left out. Packed: 18 bytes of bits that tell which planes follow, then
 * those, n bytes each.
 */
#ifndef VFIO_OBS_RECORD_PACK_H
#define VFIO_OBS_RECORD_PACK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "vfio_obs/record.h"

#define PACK_WORDS (sizeof(struct vfio_rec) / 8)
#define PACK_BITS PACK_WORDS /* bytes of plane bits: one a word */
/* Largest packed size of @n records. */
#define PACK_MAX(n) (PACK_BITS + sizeof(struct vfio_rec) * (size_t)(n))

struct packer;

struct packer *packer__create(void);
void packer__destroy(struct packer *packer);

/* Pack @n (at most RECORD_BLOCK_EVENTS_MAX) records into @out, PACK_MAX(n) bytes; the size. */
size_t packer__pack(struct packer *packer, const struct vfio_rec *recs, __u32 n, __u8 *out);

/* Unpack exactly @n records out of @size bytes; false when the size does not fit. */
bool packer__unpack(struct packer *packer, const __u8 *in, size_t size, struct vfio_rec *recs,
		    __u32 n);

#endif
