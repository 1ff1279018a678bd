/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_table.h - the DMA mappings of a container
 *
 * Part of the model: begun by a reading (struct source_table) or by an open that was seen, kept up
 * to date by the ioctl events, read by the views. A list that may have holes says so.
 */
#ifndef VFIO_OBS_MODEL_TABLE_H
#define VFIO_OBS_MODEL_TABLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "source.h"

enum model_table_state {
	MODEL_TABLE_UNKNOWN, /* nobody has told */
	MODEL_TABLE_WHOLE,
	/* Else some are missing, or there are some that are gone: */
	MODEL_TABLE_TORN,	/* they changed while they were read */
	MODEL_TABLE_MORE,	/* there are more than VFIO_OBS_MAPPINGS_MAX */
	MODEL_TABLE_LOST,	/* events were lost */
	MODEL_TABLE_THINNED,	/* events do not come any more (SOURCE_GAP_THINNED) */
	MODEL_TABLE_UNREADABLE, /* an event did not tell what it mapped or unmapped */
	MODEL_TABLE_UNLIKE,	/* an event contradicts the list */
};

struct model_chunk;

/*
 * Zeroed is MODEL_TABLE_UNKNOWN.
 * @read_ns, @until_ns: as of the reading; 0: there was none
 * @limit:  mappings that the backend allows in all, when @limit_known
 * @n, @bytes, @growing: of the list: mappings, their sizes, those whose MAP_DMA has not returned
 * @chunks: what of the list is where, in the order of iova
 */
struct model_table {
	enum model_table_state state;
	bool limit_known;
	__u64 limit;
	__u64 read_ns, until_ns;
	size_t n;
	__u64 bytes;
	size_t growing;
	struct model_chunk **chunks;
	size_t n_chunks;
};

/* model_table__clear - from now on it is known that nothing is mapped; what was read is over. */
void model_table__clear(struct model_table *table);
/* model_table__forget - nothing is known any more. */
void model_table__forget(struct model_table *table);
/* model_table__distrust - the list is no longer whole, if it was. */
void model_table__distrust(struct model_table *table, enum model_table_state why);

/* model_table__read - the list is what was read, and what @read->list has wrong is TORN. */
void model_table__read(struct model_table *table, const struct source_table *read);

/*
 * model_table__event - @rec is an IOCTL. What returned before a reading is in it, and what was
 * under way may be or not, so that it is done as if it could have been done already.
 */
void model_table__event(struct model_table *table, const struct vfio_rec *rec);

struct model_table model_table__copy(const struct model_table *table);

/* The list is all that is mapped, with its final sizes. */
static inline bool model_table__whole(const struct model_table *table)
{
	return table->state == MODEL_TABLE_WHOLE && !table->growing;
}

/* Mappings that the backend allows beside these. False: unknown. */
bool model_table__avail(const struct model_table *table, __u64 *avail);

/* Up to @max mappings, the largest first, of equal ones the lowest; how many there are. */
size_t model_table__largest(const struct model_table *table, struct vfio_mapping *to, size_t max);

/* Up to @max mappings from number @first on, in the order of iova; how many there are. */
size_t model_table__range(const struct model_table *table, size_t first, struct vfio_mapping *to,
			  size_t max);

/* Why the list is not whole: "there are more than are read"; "" it is, or it is unknown. */
const char *model_table__trouble(const struct model_table *table);

#endif
