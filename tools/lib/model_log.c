// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_log.c - the last events of containers' lives, and the last calls that failed
 */
#include "event.h"
#include "model_log.h"
#include "xalloc.h"

/* How far back an equal failure is looked for: several processes may fail in turn. */
#define LOOK_BACK 8

#define LIFE                                                                                       \
	(1ULL << VFIO_EV_OPEN | 1ULL << VFIO_EV_ATTACH | 1ULL << VFIO_EV_SET_IOMMU |               \
	 1ULL << VFIO_EV_DETACH | 1ULL << VFIO_EV_CLOSE | 1ULL << VFIO_EV_RELEASE)
/* Nothing that could fail, often; or what another event tells as well. */
#define NEVER                                                                                      \
	(1ULL << VFIO_EV_UNPIN | 1ULL << VFIO_EV_GET | 1ULL << VFIO_EV_PUT |                       \
	 1ULL << VFIO_EV_MAP_PARTS)

static struct model_log_entry *entry_at(const struct model_log *log, size_t back)
{
	return &log->list[(log->first + log->n - 1 - back) % MODEL_LOG_MAX];
}

const struct model_log_entry *model_log__entry(const struct model_log *log, size_t back)
{
	return entry_at(log, back);
}

/* What is behind the newest; the oldest leaves when all is full. */
static struct model_log_entry *append(struct model_log *log)
{
	if (log->n == MODEL_LOG_MAX) {
		log->first = (log->first + 1) % MODEL_LOG_MAX;
		log->dropped++;
		return entry_at(log, 0);
	}
	/* Grows at powers of two, and is a ring only when it is full. */
	if (!(log->n & (log->n - 1)))
		log->list = xreallocarray(log->list, log->n ? 2 * log->n : 1, sizeof(*log->list));
	log->n++;
	return entry_at(log, 0);
}

static bool is_equal(const struct vfio_rec *a, const struct vfio_rec *b)
{
	if (a->type != b->type || a->id != b->id || a->tgid != b->tgid ||
	    event__ret(a) != event__ret(b))
		return false;
	if (a->type == VFIO_EV_IOCTL)
		return vfio_w(a, IOCTL, cmd) == vfio_w(b, IOCTL, cmd);
	/* First is the group or the extension; of a group's ioctls the second is which. */
	return a->w[0] == b->w[0] &&
	       (a->type != VFIO_EV_GROUP_IOCTL ||
		vfio_w(a, GROUP_IOCTL, cmd) == vfio_w(b, GROUP_IOCTL, cmd));
}

/* Takes out the entry that @rec is another one of; count 0: there is none. */
static struct model_log_entry take_equal(struct model_log *log, const struct vfio_rec *rec)
{
	struct model_log_entry found = { .first_ns = rec->ts_ns };
	size_t back = 0;

	while (back < log->n && back < LOOK_BACK && !is_equal(&entry_at(log, back)->rec, rec))
		back++;
	if (back == log->n || back == LOOK_BACK)
		return found;
	found = *entry_at(log, back);
	for (; back; back--)
		*entry_at(log, back) = *entry_at(log, back - 1);
	log->n--;
	return found;
}

void model_log__add(struct model_log *log, const struct vfio_rec *rec,
		    const struct vfio_outcome *o)
{
	struct model_log_entry entry = { .first_ns = rec->ts_ns };
	bool failed;

	if (NEVER >> rec->type & 1)
		return;
	failed = (o->op == VFIO_OP_NONE ? event__ret(rec) : o->ret) < 0;
	if (!failed && !(LIFE >> rec->type & 1))
		return;
	if (failed)
		entry = take_equal(log, rec);
	entry.rec = *rec;
	entry.count++;
	*append(log) = entry;
}

struct model_log model_log__copy(const struct model_log *log)
{
	struct model_log copy = *log;

	copy.list = xmemdup_grown(log->list, log->n, sizeof(*log->list));
	return copy;
}

void model_log__clear(struct model_log *log)
{
	free(log->list);
	*log = (struct model_log){ 0 };
}
