// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_pack.c - records made small before zstd, and back
 */
#include <stdlib.h>
#include <string.h>

#include "record_pack.h"
#include "xalloc.h"

#define WORD_TS (offsetof(struct vfio_rec, ts_ns) / 8)
#define WORD_SEQ (offsetof(struct vfio_rec, seq) / 8)
/* slot, type and cpu share a word; it is decoded first, as the others are predicted by it. */
#define WORD_KIND (offsetof(struct vfio_rec, slot) / 8)

_Static_assert(sizeof(struct vfio_rec) % 8 == 0, "records are whole words");
_Static_assert(offsetof(struct vfio_rec, slot) % 8 == 0, "kind is one word");

/* What predictions remember. Equal numbers modulo these share a place: worse, never wrong. */
#define CPUS 16
#define SEQ_CPUS 1024
#define TYPES 32
/*
 * Columns are written side by side. A distance of a power of two would put them all into the same
 * few lines of the cache.
 */
#define STRIDE_MORE 24

struct packer {
	__u64 prev[TYPES * CPUS][PACK_WORDS];
	__u64 seq[SEQ_CPUS];
	__u64 ts, kind;
	__u64 *columns; /* PACK_WORDS of them, @stride apart */
	size_t stride;
};

struct packer *packer__create(void)
{
	return xcalloc(1, sizeof(struct packer));
}

void packer__destroy(struct packer *packer)
{
	if (!packer)
		return;
	free(packer->columns);
	free(packer);
}

/* Blocks are self-contained: predictions begin anew. Makes room for @n records. */
static void begin(struct packer *packer, __u32 n)
{
	if (packer->stride < n + STRIDE_MORE) {
		packer->stride = n + STRIDE_MORE;
		packer->columns = xreallocarray(packer->columns, PACK_WORDS * packer->stride,
						sizeof(*packer->columns));
	}
	memset(packer->prev, 0, sizeof(packer->prev));
	memset(packer->seq, 0, sizeof(packer->seq));
	packer->ts = 0;
	packer->kind = 0;
}

static unsigned int type_of(__u64 kind)
{
	return kind >> 32 & 0xffff;
}

static unsigned int cpu_of(__u64 kind)
{
	return kind >> 48;
}

static __u64 *prev_of(struct packer *packer, __u64 kind)
{
	return packer->prev[type_of(kind) % TYPES * CPUS + cpu_of(kind) % CPUS];
}

size_t packer__pack(struct packer *packer, const struct vfio_rec *recs, __u32 n, __u8 *out)
{
	__u64 seen[PACK_WORDS] = { 0 };
	__u8 *to = out + PACK_BITS;

	begin(packer, n);
	for (__u32 i = 0; i < n; i++) {
		__u64 word[PACK_WORDS], delta, *prev;

		memcpy(word, &recs[i], sizeof(word));
		prev = prev_of(packer, word[WORD_KIND]);
		/* The three special words are taken out of the plain rule below. */
		prev[WORD_TS] = packer->ts;
		prev[WORD_KIND] = packer->kind;
		prev[WORD_SEQ] = packer->seq[cpu_of(word[WORD_KIND]) % SEQ_CPUS];
		for (size_t w = 0; w < PACK_WORDS; w++) {
			delta = word[w] - prev[w];
			packer->columns[w * packer->stride + i] = delta;
			seen[w] |= delta;
			prev[w] = word[w];
		}
		packer->ts = word[WORD_TS];
		packer->kind = word[WORD_KIND];
		packer->seq[cpu_of(word[WORD_KIND]) % SEQ_CPUS] = word[WORD_SEQ] + 1;
	}
	for (size_t w = 0; w < PACK_WORDS; w++) {
		const __u64 *column = &packer->columns[w * packer->stride];

		out[w] = 0;
		for (unsigned int byte = 0; byte < 8; byte++) {
			if (!(seen[w] >> 8 * byte & 0xff))
				continue;
			out[w] |= 1U << byte;
			for (__u32 i = 0; i < n; i++)
				*to++ = column[i] >> 8 * byte;
		}
	}
	return to - out;
}

/* The planes back into columns of differences. */
static bool read_columns(struct packer *packer, const __u8 *in, size_t size, __u32 n)
{
	const __u8 *from = in + PACK_BITS;
	size_t planes = 0;

	if (size < PACK_BITS)
		return false;
	for (size_t w = 0; w < PACK_WORDS; w++)
		planes += __builtin_popcount(in[w]);
	if (size != PACK_BITS + planes * n)
		return false;
	for (size_t w = 0; w < PACK_WORDS; w++) {
		__u64 *column = &packer->columns[w * packer->stride];

		memset(column, 0, n * sizeof(*column));
		for (unsigned int byte = 0; byte < 8; byte++) {
			if (!(in[w] >> byte & 1))
				continue;
			for (__u32 i = 0; i < n; i++)
				column[i] |= (__u64)*from++ << 8 * byte;
		}
	}
	return true;
}

bool packer__unpack(struct packer *packer, const __u8 *in, size_t size, struct vfio_rec *recs,
		    __u32 n)
{
	if (!n || n > RECORD_BLOCK_EVENTS_MAX)
		return false;
	begin(packer, n);
	if (!read_columns(packer, in, size, n))
		return false;
	for (__u32 i = 0; i < n; i++) {
		__u64 kind = packer->kind + packer->columns[WORD_KIND * packer->stride + i];
		__u64 *prev = prev_of(packer, kind);

		prev[WORD_TS] = packer->ts;
		prev[WORD_KIND] = packer->kind;
		prev[WORD_SEQ] = packer->seq[cpu_of(kind) % SEQ_CPUS];
		for (size_t w = 0; w < PACK_WORDS; w++)
			prev[w] += packer->columns[w * packer->stride + i];
		packer->ts = prev[WORD_TS];
		packer->kind = kind;
		packer->seq[cpu_of(kind) % SEQ_CPUS] = prev[WORD_SEQ] + 1;
		memcpy(&recs[i], prev, sizeof(*recs));
	}
	return true;
}
