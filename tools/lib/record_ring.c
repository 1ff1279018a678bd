// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_ring.c - a recorder's destination: memory, and a file when something happens
 *
 * Memory is a row of segments. Each begins as a file would, with what is open then, so that the
 * oldest can be dropped at any time. A file is what the oldest begins with and the events of all of
 * them; until its time is over what comes goes to it, then to a new segment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "fmt.h"
#include "record_files.h"
#include "record_ring.h"
#include "record_series.h"
#include "record_state.h"
#include "record_writer.h"
#include "xalloc.h"

/* A source has told all that happened so long ago: see record_dest__tick(). */
#define LATENESS_NS 1000000000ULL
/* What is dropped at a time is this part of what is held. */
#define SEGMENTS 16

/* @carried: it tells what is open at the begin of its segment */
struct block {
	struct block *next;
	size_t size;
	bool carried;
	unsigned char data[];
};

/* @base: what its writer had counted, @before: what was lost, before it */
struct segment {
	struct segment *next;
	__u64 start_ns;
	struct record_base base;
	size_t bytes, limit;
	struct block *first, **last;
};

/*
 * @header:  of the recording
 * @held:    makes the blocks that are held
 * @oldest, @newest: the segments; none while a file is written, when there is @writer
 * @passed:  bytes that were handed to files at once and may still wait
 * @until_ns: the last instant of the file that is written
 * @file_ns: of the trigger of the last file, if there is one
 * @fired:   triggers; @in_file: of these, in the time of another one's file; @suppressed: in none
 */
struct record_ring {
	struct record_dest dest;
	struct record_ring_opts opts;
	struct record_dest_config config;
	struct record_files *files;
	struct record_state *state;
	struct record_header header;
	struct record_writer *held;
	struct segment *oldest, *newest;
	size_t bytes, passed;
	bool carrying;
	const __u64 *clock;
	bool follows;
	__u64 last_ns, now_ns, realtime_offset_ns;
	__u64 until_ns, file_ns;
	__u64 events, fired, in_file, suppressed, suppressed_since;
	struct source_loss loss, before;
};

static struct record_ring *ring_of(const struct record_dest *dest)
{
	return (struct record_ring *)dest;
}

/* Segments */

static void drop_oldest(struct record_ring *ring)
{
	struct segment *segment = ring->oldest;

	while (segment->first) {
		struct block *block = segment->first;

		segment->first = block->next;
		free(block);
	}
	ring->bytes -= segment->bytes;
	ring->oldest = segment->next;
	if (!ring->oldest)
		ring->newest = NULL;
	free(segment);
}

/* A block of the writer in memory. The segment that is being filled stays. */
static void hold(void *ctx, const void *data, size_t size)
{
	struct record_ring *ring = ctx;
	struct segment *segment = ring->newest;
	struct block *block = xcalloc(1, sizeof(*block) + size);

	block->size = size;
	block->carried = ring->carrying;
	memcpy(block->data, data, size);
	*segment->last = block;
	segment->last = &block->next;
	segment->bytes += sizeof(*block) + size;
	ring->bytes += sizeof(*block) + size;
	while (ring->bytes > ring->opts.bytes && ring->oldest != ring->newest)
		drop_oldest(ring);
}

/* What is carried over counts, and as much again is left for what is new. */
static size_t limit_of(const struct record_ring *ring, size_t carried)
{
	size_t room = ring->opts.bytes / SEGMENTS, most = ring->opts.bytes / 4;

	if (carried > room)
		room = carried < most ? carried : most;
	return carried + room;
}

/* What comes from @ts_ns on is held in a new segment. */
static void next_segment(struct record_ring *ring, __u64 ts_ns, bool tell)
{
	struct segment *segment = xcalloc(1, sizeof(*segment));

	record_writer__flush(ring->held);
	segment->start_ns = ts_ns;
	segment->base = record_writer__base(ring->held);
	segment->last = &segment->first;
	if (ring->newest)
		ring->newest->next = segment;
	else
		ring->oldest = segment;
	ring->newest = segment;
	ring->dest.out = record_writer__sink(ring->held);
	ring->before = (struct source_loss){ 0 };
	if (tell) {
		ring->carrying = true;
		record_state__tell(ring->state, ts_ns, NULL, &ring->dest.out);
		record_writer__flush(ring->held);
		ring->carrying = false;
	}
	segment->limit = limit_of(ring, segment->bytes);
}

/* Files */

/* All that is held goes to the file, and is held no longer. */
static void pass_all(struct record_ring *ring, struct record_writer *writer)
{
	struct record_base base = ring->oldest->base;
	const struct segment *first = ring->oldest;

	while (ring->oldest) {
		for (const struct block *b = ring->oldest->first; b; b = b->next)
			if (!b->carried || ring->oldest == first)
				record_writer__pass(writer, b->data, b->size, &base);
		drop_oldest(ring);
	}
	ring->before = base.loss;
}

/* False: it failed, and nothing is written any more. */
static bool begin_file(struct record_ring *ring, const char *why)
{
	struct record_header header = ring->header;
	struct record_writer *writer;
	size_t used = strlen(header.made);
	struct source_loss here;

	record_writer__flush(ring->held);
	header.start_ns = ring->oldest->start_ns;
	if (!header.origin_ns && header.start_ns != ring->header.start_ns)
		header.origin_ns = ring->header.start_ns;
	header.lost_before = record_state__lost_before(&header.lost_before,
						       &ring->oldest->base.loss);
	header.realtime_offset_ns = *ring->clock;
	snprintf(header.made + used, sizeof(header.made) - used, "%srecord --ring: %.150s",
		 used ? "; " : "", why);
	if (!record_files__open(ring->files))
		return false;
	writer = record_files__writer(ring->files);
	record_writer__room(writer, ring->bytes);
	ring->passed += ring->bytes;
	record_writer__follow(writer, ring->clock);
	if (record_writer__begin(writer, &header))
		return false;
	pass_all(ring, writer);
	ring->dest.out = record_writer__sink(writer);
	here = record_state__lost_since(&ring->loss, &ring->before);
	ring->dest.out.loss(ring->dest.out.ctx, &here);
	return true;
}

static bool is_writing(const struct record_ring *ring)
{
	return record_files__writer(ring->files);
}

/* All has come that was to be in it. */
static void end_file(struct record_ring *ring)
{
	struct source_sink held = record_writer__sink(ring->held);

	record_files__end(ring->files, ring->until_ns + 1);
	held.loss(held.ctx, &ring->loss); /* meanwhile */
	next_segment(ring, ring->until_ns + 1, true);
}

/* Triggers */

static void tell(struct record_ring *ring, const char *why, const char *whose, __u64 ts_ns)
{
	char sentence[RECORD_SERIES_NAME_MAX + 512], since[64] = "", clock[FMT_MAX];

	if (ring->suppressed_since)
		snprintf(since, sizeof(since), "; %llu others before it got no file",
			 ring->suppressed_since);
	ring->suppressed_since = 0;
	snprintf(sentence, sizeof(sentence), "%s %s%s%s; what led to it is written to %s%s",
		 fmt_clock(clock, sizeof(clock), ts_ns + *ring->clock, true), why,
		 *whose ? ", " : "", whose, record_files__name(ring->files), since);
	ring->config.say(ring->config.ctx, sentence);
}

/* Why there is no other file now; NULL: there can be one. */
static const char *why_not(const struct record_ring *ring, __u64 ts_ns, bool asked, char *buf,
			   size_t size)
{
	if (record_files__waiting(ring->files) >= RECORD_WRITER_FULL)
		return "the disk has not taken the last file yet";
	if (asked || !ring->file_ns || ts_ns - ring->file_ns >= ring->opts.distance_ns)
		return NULL;
	snprintf(buf, size, "it comes within %.9gs of the last one (--distance)",
		 ring->opts.distance_ns / 1e9);
	return buf;
}

static void suppress(struct record_ring *ring, const char *why, const char *reason)
{
	char sentence[512];

	ring->suppressed++;
	if (ring->suppressed_since++)
		return;
	snprintf(sentence, sizeof(sentence), "%s; no file is written, as %s; more of these are only "
		 "counted", why, reason);
	ring->config.say(ring->config.ctx, sentence);
}

/* @asked: by the user, who need not keep a distance. */
static void fire(struct record_ring *ring, __u64 ts_ns, const char *why, const char *whose,
		 bool asked)
{
	char buf[128];
	const char *reason;

	ring->fired++;
	if (is_writing(ring)) {
		ring->in_file++;
		return;
	}
	reason = why_not(ring, ts_ns, asked, buf, sizeof(buf));
	if (reason) {
		suppress(ring, why, reason);
		return;
	}
	ring->file_ns = ts_ns;
	ring->until_ns = ts_ns + ring->opts.after_ns;
	if (begin_file(ring, why))
		tell(ring, why, whose, ts_ns);
	else
		ring->dest.closed = true;
}

static void fire_event(struct record_ring *ring, const struct vfio_rec *rec)
{
	const struct model_container *c = model__current(record_state__model(ring->state), rec->id);
	char what[128], whose[256];

	fire(ring, rec->ts_ns, record_trigger__what(rec, what, sizeof(what)),
	     record_trigger__whose(rec, c ? c->owner : NULL, whose, sizeof(whose)), false);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct record_ring *ring = ctx;

	ring->events++;
	if (ring->dest.closed)
		return;
	/* Of events of one instant all are in one file, or segment. */
	if (rec->ts_ns > ring->last_ns) {
		if (is_writing(ring) && rec->ts_ns > ring->until_ns)
			end_file(ring);
		else if (!is_writing(ring) && ring->newest->bytes >= ring->newest->limit &&
			 rec->ts_ns > ring->newest->start_ns)
			next_segment(ring, rec->ts_ns, true);
	}
	ring->last_ns = rec->ts_ns;
	record_dest__put(&ring->dest, rec);
	if (record_trigger__match(&ring->opts.trigger, rec))
		fire_event(ring, rec);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct record_ring *ring = ctx;
	struct source_loss here = record_state__lost_since(loss, &ring->before);

	ring->loss = *loss;
	record_dest__lose(&ring->dest, loss, &here);
}

static void ring_signalled(struct record_dest *dest)
{
	struct record_ring *ring = ring_of(dest);
	__u64 now_ns = ring->now_ns > ring->last_ns ? ring->now_ns : ring->last_ns;

	if (dest->closed || !ring->opts.trigger.signal)
		return;
	if (is_writing(ring))
		ring->config.say(ring->config.ctx, "SIGUSR1; a file is being written already");
	fire(ring, now_ns, "SIGUSR1", "", true);
}

/* The destination */

static int ring_start(struct record_dest *dest, const struct record_header *header,
		      const __u64 *clock)
{
	struct record_ring *ring = ring_of(dest);

	ring->header = *header;
	ring->now_ns = header->start_ns;
	ring->realtime_offset_ns = header->realtime_offset_ns;
	ring->clock = clock ? clock : &ring->realtime_offset_ns;
	ring->follows = clock;
	ring->state = record_state__create(source_file__unseen(header));
	dest->to_state = record_state__sink(ring->state);
	ring->held = record_writer__create_held(hold, ring);
	record_writer__follow(ring->held, ring->clock);
	next_segment(ring, header->start_ns, false);
	return 0;
}

static void ring_tick(struct record_dest *dest, __u64 now_ns, __u64 realtime_offset_ns)
{
	struct record_ring *ring = ring_of(dest);
	struct record_writer *writer = is_writing(ring) ? record_files__writer(ring->files) :
							  ring->held;

	ring->now_ns = now_ns;
	ring->realtime_offset_ns = realtime_offset_ns;
	if (ring->follows && !dest->closed)
		record_writer__flush(writer);
	else if (writer == ring->held)
		record_writer__tick(writer, now_ns, realtime_offset_ns);
	if (is_writing(ring) && !dest->closed && now_ns > ring->until_ns + LATENESS_NS &&
	    !record_dest__is_full(dest) && ring->last_ns <= ring->until_ns)
		end_file(ring);
	record_files__tick(ring->files, now_ns, realtime_offset_ns);
	if (!record_files__waiting(ring->files))
		ring->passed = 0;
	dest->closed = record_dest__error(dest);
}

static size_t ring_waiting(const struct record_dest *dest)
{
	return record_files__waiting(ring_of(dest)->files);
}

static bool ring_is_full(const struct record_dest *dest)
{
	return ring_waiting(dest) >= RECORD_WRITER_FULL + ring_of(dest)->passed;
}

static const char *ring_error(const struct record_dest *dest)
{
	const struct record_ring *ring = ring_of(dest);
	const char *error = record_files__error(ring->files);

	return error ? error : record_writer__error(ring->held);
}

static int ring_finish(struct record_dest *dest, __u64 now_ns)
{
	struct record_ring *ring = ring_of(dest);

	if (is_writing(ring))
		record_files__end(ring->files, now_ns > ring->last_ns ? now_ns : ring->last_ns);
	return record_files__finish(ring->files);
}

/* Nothing is on the disk before something fires. */
static void ring_discard(struct record_dest *dest)
{
	record_files__discard(ring_of(dest)->files);
}

static void ring_totals(const struct record_dest *dest, struct record_totals *totals)
{
	const struct record_ring *ring = ring_of(dest);

	*totals = (struct record_totals){
		.events = ring->events, .held = ring->bytes, .fired = ring->fired,
		.loss = ring->loss,
	};
	record_files__totals(ring->files, totals);
}

static void ring_summary(const struct record_dest *dest, char *buf, size_t size)
{
	const struct record_ring *ring = ring_of(dest);
	struct record_totals totals;
	size_t used;

	record_dest__totals(dest, &totals);
	if (!totals.files) {
		snprintf(buf, size, "%llu events, no trigger fired and nothing is written",
			 totals.events);
		return;
	}
	snprintf(buf, size, "%llu events, triggers fired: %llu (%llu in the time of another's file, "
		 "%llu suppressed), %llu bytes to ", totals.events, ring->fired, ring->in_file,
		 ring->suppressed, totals.bytes);
	used = strlen(buf);
	record_files__summary(ring->files, buf + used, size - used);
}

static void ring_names(const struct record_dest *dest, struct loader_config *config)
{
	record_files__names(ring_of(dest)->files, config);
}

static void ring_ask(struct record_dest *dest, struct loader *loader)
{
	record_files__ask(ring_of(dest)->files, loader);
}

static void ring_destroy(struct record_dest *dest)
{
	struct record_ring *ring = ring_of(dest);

	record_writer__destroy(ring->held);
	while (ring->oldest)
		drop_oldest(ring);
	record_files__destroy(ring->files);
	record_state__destroy(ring->state);
	free(ring);
}

static const struct record_dest_ops ring_ops = {
	.start = ring_start,
	.event = on_event,
	.loss = on_loss,
	.tick = ring_tick,
	.signalled = ring_signalled,
	.waiting = ring_waiting,
	.is_full = ring_is_full,
	.error = ring_error,
	.finish = ring_finish,
	.discard = ring_discard,
	.totals = ring_totals,
	.summary = ring_summary,
	.names = ring_names,
	.ask = ring_ask,
	.destroy = ring_destroy,
};

struct record_dest *record_ring__create(const struct record_dest_config *config,
					const struct record_ring_opts *opts, char *err,
					size_t err_size)
{
	struct record_ring *ring = xcalloc(1, sizeof(*ring));

	ring->dest.ops = &ring_ops;
	ring->config = *config;
	ring->opts = *opts;
	ring->files = record_files__create(config, true, err, err_size);
	if (ring->files)
		return &ring->dest;
	ring_destroy(&ring->dest);
	return NULL;
}
