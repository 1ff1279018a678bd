// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - vfio-trace merge: the parts of a recording as one
 *
 * Only what was one recording becomes one again: in recordings that were made apart the same number
 * may be another container, and what happened between or in both is not known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmds.h"
#include "lib/id_set.h"
#include "lib/xalloc.h"
#include "rewrite.h"

struct part {
	const char *path;
	struct source *source;
	const struct record_header *header;
};

/*
 * @part:  that is being read
 * @known: containers that the parts until now have told
 * @skip:  the container of which what comes now is known; 0: none
 * @gap_ns: of the last gap of each kind
 */
struct merger {
	struct part *parts;
	size_t n_parts;
	const struct part *part;
	struct rewrite rewrite;
	struct id_set known;
	__u64 skip;
	__u64 gap_ns[SOURCE_GAP_DAMAGED + 1];
};

static const char help[] =
	"Usage: vfio-trace merge -o OUT IN...\n"
	"\n"
	"Makes one recording of the parts of one, such as 'vfio-trace cut' writes with --from and --to,\n"
	"given in any order. Each must begin where another ends. Recordings that were made apart are\n"
	"refused, also of one host: the number of a container may mean another one in each.\n"
	"\n"
	REWRITE_HELP_OUTPUT
	REWRITE_HELP_EXIT;

/* When that began of which it is a part. */
static __u64 origin_ns(const struct part *part)
{
	return part->header->origin_ns ? part->header->origin_ns : part->header->start_ns;
}

/* Whether all are parts of one recording. False: a sentence was printed. */
static bool belong_together(const struct merger *merger)
{
	const struct part *first = &merger->parts[0];

	for (size_t i = 0; i < merger->n_parts; i++) {
		const struct part *part = &merger->parts[i];
		const char *why = NULL;

		if (part->header->flags & RECORD_ANONYMISED)
			why = "one is anonymised, and names were replaced in each on its own; merge "
			      "first, then anonymise";
		else if (strcmp(part->header->host, first->header->host) ||
			 strcmp(part->header->boot_id, first->header->boot_id))
			why = "they are of different hosts or boots; look at them one by one";
		else if (origin_ns(part) != origin_ns(first))
			why = "they are no parts of one recording: the number of a container may mean "
			      "another one in each; look at them one by one";
		if (!why)
			continue;
		fprintf(stderr, "vfio-trace: cannot merge %s and %s: %s\n", first->path, part->path,
			why);
		return false;
	}
	return true;
}

/* Whether @next begins where @part, which was read, ends. False: a sentence was printed. */
static bool meet(const struct part *part, const struct part *next)
{
	__u64 end_ns = source_file__end_ns(part->source), begin_ns = next->header->start_ns;

	if (begin_ns == end_ns)
		return true;
	if (begin_ns < end_ns)
		fprintf(stderr, "vfio-trace: cannot merge: %s begins %.9g s before %s ends, and what "
			"is in both would count twice; cut one of them\n", next->path,
			(end_ns - begin_ns) / 1e9, part->path);
	else
		fprintf(stderr, "vfio-trace: cannot merge: the part between %s and %s, %.9g s, is not "
			"there; name it, too\n", part->path, next->path,
			(begin_ns - end_ns) / 1e9);
	return false;
}

/* From a part into the whole */

/* What a part carries over from those before is there, and what a recorder read is passed on. */
static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct merger *merger = ctx;
	struct source_sink *to = &merger->rewrite.sink;

	merger->skip = 0;
	if (existing->is_carried && id_set__has(&merger->known, existing->id)) {
		merger->skip = existing->id;
		return;
	}
	id_set__add(&merger->known, existing->id);
	to->existing(to->ctx, existing);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct merger *merger = ctx;

	if (table->id != merger->skip)
		merger->rewrite.sink.table(merger->rewrite.sink.ctx, table);
}

static void on_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct merger *merger = ctx;

	if (id != merger->skip)
		merger->rewrite.sink.owner(merger->rewrite.sink.ctx, id, owner);
}

static void on_group(void *ctx, const struct source_group_info *group)
{
	struct merger *merger = ctx;

	merger->rewrite.sink.group(merger->rewrite.sink.ctx, group);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct merger *merger = ctx;

	merger->skip = 0;
	if (rec->type == VFIO_EV_RELEASE)
		id_set__remove(&merger->known, rec->id);
	else if (rec->id)
		id_set__add(&merger->known, rec->id);
	merger->rewrite.sink.event(merger->rewrite.sink.ctx, rec);
}

/* A part counts from its begin, the whole from that of the first part. */
static __u64 in_all(__u64 lost, __u64 before, __u64 first)
{
	return lost + before - first;
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct merger *merger = ctx;
	const struct record_loss *before = &merger->part->header->lost_before;
	const struct record_loss *first = &merger->parts[0].header->lost_before;
	struct source_loss all = {
		.ring = in_all(loss->ring, before->ring, first->ring),
		.pool = in_all(loss->pool, before->pool, first->pool),
		.recursion = in_all(loss->recursion, before->recursion, first->recursion),
		.damaged = in_all(loss->damaged, before->damaged, first->damaged),
	};

	merger->rewrite.sink.loss(merger->rewrite.sink.ctx, &all);
}

/* A part tells again what holds since before it. */
static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct merger *merger = ctx;

	if (merger->gap_ns[gap] == ts_ns && ts_ns < merger->part->header->start_ns)
		return;
	merger->gap_ns[gap] = ts_ns;
	merger->rewrite.sink.gap(merger->rewrite.sink.ctx, gap, ts_ns, why);
}

/* False: no more is to be read; then *failed: for a reason that was printed. */
static bool read_parts(struct merger *merger, bool *failed)
{
	struct source_sink sink = {
		.ctx = merger,
		.existing = on_existing,
		.table = on_table,
		.owner = on_owner,
		.group = on_group,
		.event = on_event,
		.loss = on_loss,
		.gap = on_gap,
	};

	for (size_t i = 0; i < merger->n_parts; i++) {
		merger->part = &merger->parts[i];
		*failed = i && !meet(merger->part - 1, merger->part);
		if (*failed || !rewrite__pump(&merger->rewrite, merger->part->source,
					      merger->part->path, &sink, NULL))
			return false;
	}
	return true;
}

/* What is said of all parts. */
static void write_header(struct merger *merger)
{
	struct record_header header = *merger->parts[0].header;
	char made[64];

	for (size_t i = 1; i < merger->n_parts; i++) {
		header.events &= merger->parts[i].header->events;
		header.flags |= merger->parts[i].header->flags;
	}
	snprintf(made, sizeof(made), "merge of %zu parts", merger->n_parts);
	rewrite__header(&merger->rewrite, &header, made);
}

static int merge(struct merger *merger, const char *out)
{
	bool failed = false;
	int status = 1;

	if (!rewrite__start(&merger->rewrite, out))
		return 1;
	write_header(merger);
	read_parts(merger, &failed);
	if (failed)
		rewrite__abandon(&merger->rewrite);
	else
		status = rewrite__finish(&merger->rewrite,
					 source_file__end_ns(merger->part->source));
	id_set__clear(&merger->known);
	return status;
}

static int by_begin(const void *a, const void *b)
{
	__u64 x = ((const struct part *)a)->header->start_ns;
	__u64 y = ((const struct part *)b)->header->start_ns;

	return x < y ? -1 : x > y;
}

/* False: a sentence was printed. */
static bool open_parts(struct merger *merger, char *const *paths)
{
	for (size_t i = 0; i < merger->n_parts; i++) {
		struct part *part = &merger->parts[i];

		part->path = paths[i];
		part->source = rewrite__open(paths[i]);
		if (!part->source)
			return false;
		part->header = source_file__header(part->source);
	}
	qsort(merger->parts, merger->n_parts, sizeof(*merger->parts), by_begin);
	return true;
}

int cmd_merge(int argc, char **argv)
{
	struct merger merger = { .n_parts = 0 };
	const char *out = NULL;
	int status;

	if (!rewrite__parse(argc, argv, help, true, &out, &status))
		return status;
	status = 1;
	merger.n_parts = argc - optind;
	merger.parts = xcalloc(merger.n_parts, sizeof(*merger.parts));
	if (open_parts(&merger, argv + optind) && belong_together(&merger))
		status = merge(&merger, out);
	for (size_t i = 0; i < merger.n_parts; i++)
		source__close(merger.parts[i].source);
	free(merger.parts);
	return status;
}
