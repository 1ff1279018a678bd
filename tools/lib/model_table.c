// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_table.c - the DMA mappings of a container
 *
 * A sorted list in chunks, so that a change moves no more than a chunk, however many there are.
 * None of its mappings overlaps another, as in type1.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_table.h"
#include "xalloc.h"

/* A chunk that is full is split. */
#define CHUNK 256
/* Of uapi/linux/vfio.h: VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, _ALL; VADDR has one bit in both. */
#define FLAG_DIRTY 1U
#define FLAG_ALL 2U
#define FLAG_VADDR 4U
/*
 * How much later than its call an event may be told: what began so shortly behind a reading could
 * in truth have begun before.
 */
#define SLACK_NS 20000000ULL

struct model_chunk {
	size_t n; /* never 0 */
	struct vfio_mapping m[CHUNK];
};

/* A place in the list: @at may be behind the last of its chunk, when that is the last chunk. */
struct place {
	size_t chunk, at;
};

/* Address of the last byte; of a mapping that has none yet its first. */
static __u64 last_of(const struct vfio_mapping *m)
{
	return m->iova + (m->size ? m->size - 1 : 0);
}

static void drop_list(struct model_table *table)
{
	for (size_t i = 0; i < table->n_chunks; i++)
		free(table->chunks[i]);
	free(table->chunks);
	table->chunks = NULL;
	table->n_chunks = 0;
	table->n = 0;
	table->bytes = 0;
	table->growing = 0;
}

void model_table__forget(struct model_table *table)
{
	drop_list(table);
	*table = (struct model_table){ 0 };
}

void model_table__clear(struct model_table *table)
{
	model_table__forget(table);
	table->state = MODEL_TABLE_WHOLE;
}

void model_table__distrust(struct model_table *table, enum model_table_state why)
{
	if (table->state == MODEL_TABLE_WHOLE)
		table->state = why;
}

struct model_table model_table__copy(const struct model_table *table)
{
	struct model_table copy = *table;

	copy.chunks = xmemdup_grown(table->chunks, table->n_chunks, sizeof(*table->chunks));
	for (size_t i = 0; i < copy.n_chunks; i++)
		copy.chunks[i] = xmemdup(table->chunks[i], 1, sizeof(**table->chunks));
	return copy;
}

/* The list */

/* The first mapping that ends at @iova or behind it. NULL: there is none; then where it belongs. */
static struct vfio_mapping *find(const struct model_table *table, __u64 iova, struct place *place)
{
	size_t lo = 0, hi = table->n_chunks;
	struct model_chunk *chunk;

	while (lo < hi) { /* the first chunk whose last mapping does */
		size_t mid = lo + (hi - lo) / 2;

		chunk = table->chunks[mid];
		if (last_of(&chunk->m[chunk->n - 1]) < iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == table->n_chunks) {
		place->chunk = lo ? lo - 1 : 0;
		place->at = lo ? table->chunks[lo - 1]->n : 0;
		return NULL;
	}
	place->chunk = lo;
	chunk = table->chunks[lo];
	lo = 0;
	hi = chunk->n - 1;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (last_of(&chunk->m[mid]) < iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	place->at = lo;
	return &chunk->m[lo];
}

static void add_chunk(struct model_table *table, size_t at)
{
	if (!(table->n_chunks & (table->n_chunks - 1))) /* grows at powers of two */
		table->chunks = xreallocarray(table->chunks,
					      table->n_chunks ? 2 * table->n_chunks : 1,
					      sizeof(*table->chunks));
	memmove(&table->chunks[at + 1], &table->chunks[at],
		(table->n_chunks - at) * sizeof(*table->chunks));
	table->chunks[at] = xcalloc(1, sizeof(**table->chunks));
	table->n_chunks++;
}

/* The chunk at @place is full: half of it goes to a new one behind it. */
static void split(struct model_table *table, struct place *place)
{
	struct model_chunk *from, *to;
	/* What comes in order fills its chunks. */
	size_t keep = place->at == CHUNK ? CHUNK - 1 : CHUNK / 2;

	add_chunk(table, place->chunk + 1);
	from = table->chunks[place->chunk];
	to = table->chunks[place->chunk + 1];
	to->n = from->n - keep;
	memcpy(to->m, &from->m[keep], to->n * sizeof(*to->m));
	from->n = keep;
	if (place->at > keep) {
		place->chunk++;
		place->at -= keep;
	}
}

static void count(struct model_table *table, const struct vfio_mapping *m, bool more)
{
	bool growing = m->flags & VFIO_MAPPING_GROWING;

	table->n += more ? 1 : -1;
	table->bytes += more ? m->size : -m->size;
	table->growing += growing ? (more ? 1 : -1) : 0;
}

static void insert(struct model_table *table, struct place place, const struct vfio_mapping *m)
{
	struct model_chunk *chunk;

	if (!table->n_chunks)
		add_chunk(table, 0);
	else if (table->chunks[place.chunk]->n == CHUNK)
		split(table, &place);
	chunk = table->chunks[place.chunk];
	memmove(&chunk->m[place.at + 1], &chunk->m[place.at],
		(chunk->n - place.at) * sizeof(*chunk->m));
	chunk->m[place.at] = *m;
	chunk->n++;
	count(table, m, true);
}

static void remove_at(struct model_table *table, const struct place *place)
{
	struct model_chunk *chunk = table->chunks[place->chunk];

	count(table, &chunk->m[place->at], false);
	chunk->n--;
	memmove(&chunk->m[place->at], &chunk->m[place->at + 1],
		(chunk->n - place->at) * sizeof(*chunk->m));
	if (chunk->n)
		return;
	free(chunk);
	table->n_chunks--;
	memmove(&table->chunks[place->chunk], &table->chunks[place->chunk + 1],
		(table->n_chunks - place->chunk) * sizeof(*table->chunks));
	if (table->n_chunks)
		return;
	free(table->chunks);
	table->chunks = NULL;
}

/* The mapping that begins at @iova, NULL none. */
static struct vfio_mapping *find_exact(const struct model_table *table, __u64 iova,
				       struct place *place)
{
	struct vfio_mapping *m = find(table, iova, place);

	return m && m->iova == iova ? m : NULL;
}

/* Nothing there overlaps it: it belongs into @place. */
static bool is_free(const struct model_table *table, const struct vfio_mapping *m,
		    struct place *place)
{
	const struct vfio_mapping *next = find(table, m->iova, place);

	return last_of(m) >= m->iova && (!next || next->iova > last_of(m));
}

/* Readings */

void model_table__read(struct model_table *table, const struct source_table *read)
{
	struct place place;

	model_table__clear(table);
	table->read_ns = read->read_ns;
	table->until_ns = read->until_ns;
	if (read->torn)
		table->state = MODEL_TABLE_TORN;
	else if (read->more)
		table->state = MODEL_TABLE_MORE;
	for (__u32 i = 0; i < read->n; i++) {
		if (is_free(table, &read->list[i], &place))
			insert(table, place, &read->list[i]);
		else
			model_table__distrust(table, MODEL_TABLE_TORN);
	}
	table->limit_known = table->state == MODEL_TABLE_WHOLE && !read->no_limit;
	table->limit = (__u64)read->avail + table->n;
}

/* Events */

static void map(struct model_table *table, const struct vfio_mapping *m, bool maybe_done)
{
	struct place place;
	struct vfio_mapping *old = find_exact(table, m->iova, &place);

	/* It is what was read, maybe before all of it was pinned. */
	if (old && (old->flags & VFIO_MAPPING_GROWING || (maybe_done && old->size == m->size)))
		remove_at(table, &place);
	if (!is_free(table, m, &place))
		model_table__distrust(table, MODEL_TABLE_UNLIKE);
	else if (table->n >= VFIO_OBS_MAPPINGS_MAX)
		model_table__distrust(table, MODEL_TABLE_MORE);
	else
		insert(table, place, m);
}

/* What was read while its MAP_DMA pinned it has gone again. -EEXIST is of another one. */
static void map_failed(struct model_table *table, __u64 iova, __s64 ret)
{
	struct place place;
	const struct vfio_mapping *old = find_exact(table, iova, &place);

	if (old && old->flags & VFIO_MAPPING_GROWING && ret != -EEXIST)
		remove_at(table, &place);
}

static void set_vaddr(struct model_table *table, const struct vfio_mapping *m)
{
	struct place place;
	struct vfio_mapping *old = find_exact(table, m->iova, &place);

	if (old && old->size == m->size)
		old->vaddr = m->vaddr;
	else
		model_table__distrust(table, MODEL_TABLE_UNLIKE);
}

static void on_map(struct model_table *table, const struct vfio_rec *rec, bool maybe_done)
{
	__s64 ret = vfio_w(rec, IOCTL, ret);
	__u64 flags = vfio_w(rec, IOCTL, flags);
	struct vfio_mapping m = {
		.iova = vfio_w(rec, IOCTL, iova),
		.size = vfio_w(rec, IOCTL, size),
		.vaddr = vfio_w(rec, IOCTL, vaddr),
		.prot = flags & (VFIO_OBS_PROT_READ | VFIO_OBS_PROT_WRITE),
	};

	if (ret < 0 && vfio_w(rec, IOCTL, known))
		map_failed(table, m.iova, ret);
	else if (ret >= 0 && !vfio_w(rec, IOCTL, known))
		model_table__distrust(table, MODEL_TABLE_UNREADABLE);
	else if (ret >= 0 && flags & FLAG_VADDR)
		set_vaddr(table, &m);
	else if (ret >= 0)
		map(table, &m, maybe_done);
}

/*
 * The event tells how many bytes went, not how many were asked for: all mappings from @iova on,
 * until it is so many. If they can have been gone before, only those that are surely meant.
 */
static void unmap(struct model_table *table, __u64 iova, __u64 bytes, bool maybe_done)
{
	__u64 left = bytes, end = bytes > ~iova ? ~0ULL : iova + bytes;
	struct vfio_mapping *m;
	struct place place;

	while (left && (m = find(table, iova, &place)) && m->iova >= iova && m->size <= left &&
	       (!maybe_done || m->iova < end)) {
		left -= m->size;
		remove_at(table, &place);
	}
	if (left && !(maybe_done && left == bytes))
		model_table__distrust(table, MODEL_TABLE_UNLIKE);
}

static void on_unmap(struct model_table *table, const struct vfio_rec *rec, bool maybe_done)
{
	__s64 ret = vfio_w(rec, IOCTL, ret);
	__u64 flags = vfio_w(rec, IOCTL, flags);
	__u64 bytes = vfio_w(rec, IOCTL, size);

	if (!vfio_w(rec, IOCTL, known)) {
		if (ret >= 0)
			model_table__distrust(table, MODEL_TABLE_UNREADABLE);
		return;
	}
	if (flags & FLAG_VADDR)
		return;
	/* Some may be gone all the same: its answer could not be written, or not the bitmap. */
	if (ret == -EFAULT || (ret < 0 && flags & FLAG_DIRTY)) {
		model_table__distrust(table, MODEL_TABLE_UNREADABLE);
	} else if (ret >= 0 && flags & FLAG_ALL) {
		if (!maybe_done && bytes != table->bytes)
			model_table__distrust(table, MODEL_TABLE_UNLIKE);
		drop_list(table);
	} else if (ret >= 0) {
		unmap(table, vfio_w(rec, IOCTL, iova), bytes, maybe_done);
	}
}

void model_table__event(struct model_table *table, const struct vfio_rec *rec)
{
	__u64 duration = vfio_w(rec, IOCTL, duration);
	/* Of what began before anybody looked the duration is unknown. */
	__u64 begin_ns = duration < rec->ts_ns ? rec->ts_ns - duration : 0;
	bool maybe_done = table->read_ns && begin_ns <= table->until_ns + SLACK_NS;
	__u32 op = vfio_ioctl_op(vfio_w(rec, IOCTL, cmd));

	if (table->state == MODEL_TABLE_UNKNOWN || rec->ts_ns <= table->read_ns)
		return;
	if (op == VFIO_OP_MAP)
		on_map(table, rec, maybe_done);
	else if (op == VFIO_OP_UNMAP)
		on_unmap(table, rec, maybe_done);
}

/* What it says */

bool model_table__avail(const struct model_table *table, __u64 *avail)
{
	if (table->state != MODEL_TABLE_WHOLE || !table->limit_known || table->n > table->limit)
		return false;
	*avail = table->limit - table->n;
	return true;
}

static bool is_larger(const struct vfio_mapping *a, const struct vfio_mapping *b)
{
	return a->size > b->size;
}

/* Into @to, sorted, of which @n are used; what falls out at the end is smaller. */
static size_t keep_largest(struct vfio_mapping *to, size_t n, size_t max,
			   const struct vfio_mapping *m)
{
	size_t at = n;

	while (at && is_larger(m, &to[at - 1]))
		at--;
	if (at == max)
		return n;
	if (n == max)
		n--;
	memmove(&to[at + 1], &to[at], (n - at) * sizeof(*to));
	to[at] = *m;
	return n + 1;
}

size_t model_table__largest(const struct model_table *table, struct vfio_mapping *to, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_chunks; i++)
		for (size_t j = 0; j < table->chunks[i]->n; j++)
			n = keep_largest(to, n, max, &table->chunks[i]->m[j]);
	return n;
}

size_t model_table__range(const struct model_table *table, size_t first, struct vfio_mapping *to,
			  size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_chunks && n < max; i++) {
		const struct model_chunk *chunk = table->chunks[i];

		for (size_t j = first; j < chunk->n && n < max; j++)
			to[n++] = chunk->m[j];
		first = first > chunk->n ? first - chunk->n : 0;
	}
	return n;
}

const char *model_table__trouble(const struct model_table *table)
{
	static const char *const troubles[] = {
		[MODEL_TABLE_UNKNOWN] = "",
		[MODEL_TABLE_WHOLE] = "",
		[MODEL_TABLE_TORN] = "they changed while they were read",
		[MODEL_TABLE_MORE] = "there are more than are read",
		[MODEL_TABLE_LOST] = "events were lost",
		[MODEL_TABLE_THINNED] = "later calls are left out",
		[MODEL_TABLE_UNREADABLE] = "a call's argument could not be read",
		[MODEL_TABLE_UNLIKE] = "a call contradicts them",
	};

	if (table->state == MODEL_TABLE_WHOLE && table->growing)
		return "a MAP_DMA from before has not returned";
	return troubles[table->state];
}
