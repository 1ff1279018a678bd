// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_parts.c - a recorder's destination: one file, or several one after the other
 *
 * What is recorded goes to the file that is written and, if that will not be the last, into the
 * state that the next one must begin with. A file ends when an event comes that is not in it any
 * more, at that event's time, or when its time is over and all of it has come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "record_files.h"
#include "record_parts.h"
#include "record_state.h"
#include "record_writer.h"
#include "xalloc.h"

/* A source has told all that happened so long ago: see record_dest__tick(). */
#define LATENESS_NS 1000000000ULL

/*
 * @header: of the first file
 * @begin_ns, @limit_bytes: of the file that is written
 * @last_ns: of the last event
 * @loss, @before: until now, and until the file began
 */
struct record_parts {
	struct record_dest dest;
	struct record_parts_limits limits;
	struct record_files *files;
	struct record_state *state; /* NULL: there is one file */
	struct record_header header;
	__u64 begin_ns, limit_bytes, last_ns, realtime_offset_ns;
	const __u64 *clock; /* where that is read */
	bool follows;	    /* it is of the source: its blocks are ours */
	__u64 events;
	struct source_loss loss, before;
};

static struct record_parts *parts_of(const struct record_dest *dest)
{
	return (struct record_parts *)dest;
}

static int begin_file(struct record_parts *parts, const struct record_header *header)
{
	struct record_writer *writer = record_files__writer(parts->files);

	parts->begin_ns = header->start_ns;
	parts->before = parts->loss;
	parts->dest.out = record_writer__sink(writer);
	record_writer__follow(writer, parts->clock);
	return record_writer__begin(writer, header);
}

/* What is carried over counts, but half of a file is left for what is new. */
static __u64 limit_of(const struct record_parts *parts)
{
	__u64 carried = record_writer__bytes(record_files__writer(parts->files));
	__u64 max = parts->limits.max_bytes;

	return carried > max / 2 ? carried + max / 2 : max;
}

/* The file ends at @ts_ns, where the next begins. */
static void next_file(struct record_parts *parts, __u64 ts_ns)
{
	struct record_header header = parts->header;

	record_files__end(parts->files, ts_ns);
	if (!record_files__open(parts->files)) {
		parts->dest.closed = true;
		return;
	}
	header.start_ns = ts_ns;
	if (!header.origin_ns)
		header.origin_ns = parts->header.start_ns;
	header.realtime_offset_ns = *parts->clock;
	header.lost_before = record_state__lost_before(&header.lost_before, &parts->loss);
	if (begin_file(parts, &header))
		return;
	record_state__tell(parts->state, ts_ns, NULL, &parts->dest.out);
	record_writer__flush(record_files__writer(parts->files));
	parts->limit_bytes = limit_of(parts);
}

/* When the file ends, of which nothing comes any more that is older than @ts_ns; 0: later. */
static __u64 end_of_file(const struct record_parts *parts, __u64 ts_ns)
{
	__u64 max_ns = parts->limits.max_ns, since = ts_ns - parts->begin_ns;

	/* Of events of one instant all are in one file. */
	if (!parts->state || ts_ns <= parts->last_ns || ts_ns <= parts->begin_ns)
		return 0;
	if (max_ns && since >= max_ns)
		return parts->begin_ns + since / max_ns * max_ns;
	return 0;
}

static bool is_too_large(const struct record_parts *parts, __u64 ts_ns)
{
	return parts->state && parts->limits.max_bytes && ts_ns > parts->last_ns &&
	       ts_ns > parts->begin_ns &&
	       record_writer__bytes(record_files__writer(parts->files)) >= parts->limit_bytes;
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct record_parts *parts = ctx;
	__u64 end_ns;

	parts->events++;
	if (parts->dest.closed)
		return;
	end_ns = end_of_file(parts, rec->ts_ns);
	if (!end_ns && is_too_large(parts, rec->ts_ns))
		end_ns = rec->ts_ns;
	if (end_ns)
		next_file(parts, end_ns);
	parts->last_ns = rec->ts_ns;
	record_dest__put(&parts->dest, rec);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct record_parts *parts = ctx;
	struct source_loss here = record_state__lost_since(loss, &parts->before);

	parts->loss = *loss;
	record_dest__lose(&parts->dest, loss, &here);
}

static int parts_start(struct record_dest *dest, const struct record_header *header,
		       const __u64 *clock)
{
	struct record_parts *parts = parts_of(dest);
	int ret;

	parts->header = *header;
	parts->clock = clock ? clock : &parts->realtime_offset_ns;
	parts->follows = clock;
	parts->realtime_offset_ns = header->realtime_offset_ns;
	if (parts->limits.max_bytes || parts->limits.max_ns) {
		parts->state = record_state__create(source_file__unseen(header));
		parts->dest.to_state = record_state__sink(parts->state);
	}
	ret = begin_file(parts, header);
	parts->limit_bytes = parts->limits.max_bytes;
	/* Its error is told from now on. */
	record_files__tick(parts->files, header->start_ns, header->realtime_offset_ns);
	return ret;
}

/* Files also end when nothing happens. */
static void parts_tick(struct record_dest *dest, __u64 now_ns, __u64 realtime_offset_ns)
{
	struct record_parts *parts = parts_of(dest);
	__u64 end_ns;

	parts->realtime_offset_ns = realtime_offset_ns;
	end_ns = now_ns > LATENESS_NS ? end_of_file(parts, now_ns - LATENESS_NS) : 0;
	if (end_ns && !dest->closed && !record_dest__is_full(dest))
		next_file(parts, end_ns);
	if (parts->follows && record_files__writer(parts->files))
		record_writer__flush(record_files__writer(parts->files));
	record_files__tick(parts->files, now_ns, realtime_offset_ns);
	dest->closed = record_files__error(parts->files);
}

static size_t parts_waiting(const struct record_dest *dest)
{
	return record_files__waiting(parts_of(dest)->files);
}

static bool parts_is_full(const struct record_dest *dest)
{
	return parts_waiting(dest) >= RECORD_WRITER_FULL;
}

static const char *parts_error(const struct record_dest *dest)
{
	return record_files__error(parts_of(dest)->files);
}

static int parts_finish(struct record_dest *dest, __u64 now_ns)
{
	struct record_parts *parts = parts_of(dest);
	__u64 end_ns = now_ns > parts->begin_ns ? now_ns : parts->begin_ns;

	if (record_files__writer(parts->files))
		record_files__end(parts->files, end_ns);
	return record_files__finish(parts->files);
}

static void parts_discard(struct record_dest *dest)
{
	record_files__discard(parts_of(dest)->files);
}

static void parts_totals(const struct record_dest *dest, struct record_totals *totals)
{
	const struct record_parts *parts = parts_of(dest);

	*totals = (struct record_totals){ .events = parts->events, .loss = parts->loss };
	record_files__totals(parts->files, totals);
}

static void parts_summary(const struct record_dest *dest, char *buf, size_t size)
{
	struct record_totals totals;
	size_t used;

	record_dest__totals(dest, &totals);
	snprintf(buf, size, "%llu events in %llu bytes to ", totals.events, totals.bytes);
	used = strlen(buf);
	record_files__summary(parts_of(dest)->files, buf + used, size - used);
}

static void parts_names(const struct record_dest *dest, struct loader_config *config)
{
	record_files__names(parts_of(dest)->files, config);
}

static void parts_ask(struct record_dest *dest, struct loader *loader)
{
	record_files__ask(parts_of(dest)->files, loader);
}

static void parts_destroy(struct record_dest *dest)
{
	struct record_parts *parts = parts_of(dest);

	record_files__destroy(parts->files);
	record_state__destroy(parts->state);
	free(parts);
}

static const struct record_dest_ops parts_ops = {
	.start = parts_start,
	.event = on_event,
	.loss = on_loss,
	.tick = parts_tick,
	.waiting = parts_waiting,
	.is_full = parts_is_full,
	.error = parts_error,
	.finish = parts_finish,
	.discard = parts_discard,
	.totals = parts_totals,
	.summary = parts_summary,
	.names = parts_names,
	.ask = parts_ask,
	.destroy = parts_destroy,
};

struct record_dest *record_parts__create(const struct record_dest_config *config,
					 const struct record_parts_limits *limits, char *err,
					 size_t err_size)
{
	struct record_parts *parts = xcalloc(1, sizeof(*parts));

	parts->dest.ops = &parts_ops;
	parts->limits = *limits;
	parts->files = record_files__create(config, limits->max_bytes || limits->max_ns, err,
					    err_size);
	if (parts->files && record_files__open(parts->files))
		return &parts->dest;
	if (parts->files)
		error__set(err, err_size, "%s", record_files__error(parts->files));
	parts_destroy(&parts->dest);
	return NULL;
}
