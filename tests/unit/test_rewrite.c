// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rewrite.c - a part of a recording means what the whole means, and an anonymised one gives
 * nothing away
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/anonymise.h"
#include "lib/id_set.h"
#include "lib/model.h"
#include "lib/record_cut.h"
#include "lib/record_writer.h"
#include "lib/source_fake.h"
#include "vfio_obs/record.h"

#define SEC 1000000000ULL
#define MIB (1ULL << 20)
#define START (100 * SEC)
#define GIB (1ULL << 30)

/*
 * What was a recording goes through @sink; what comes out is written to a file and read into @part.
 * @whole: fed with all
 * @before: what the part says was lost before it
 * @existing_ns: read_ns of the last existing container
 */
struct fixture {
	struct source_info info;
	struct record_writer *writer;
	struct source_sink out, sink, to_whole;
	struct record_cut *cut;
	struct model *whole, *part;
	struct source_loss before;
	unsigned int begins, gaps, existing;
	__u64 events, existing_ns;
	struct source_gap_seen {
		enum source_gap kind;
		__u64 ts_ns;
	} gap[4];
	char path[64];
	struct vfio_rec rec[64];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char err[300];
	int fd;

	strcpy(f->path, "/tmp/test_rewrite.XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	f->info = (struct source_info){ .name = "fake", .kernel = "6.1", .host = "h",
					.start_ns = START };
	f->writer = record_writer__create(f->path, err, sizeof(err));
	assert_non_null(f->writer);
	f->out = record_writer__sink(f->writer);
	f->whole = model__create();
	f->to_whole = model__sink(f->whole, false);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	record_cut__destroy(f->cut);
	record_writer__destroy(f->writer);
	model__destroy(f->whole);
	model__destroy(f->part);
	unlink(f->path);
	free(f);
	return 0;
}

static void on_begin(void *ctx, const struct source_loss *before)
{
	struct fixture *f = ctx;

	f->begins++;
	f->before = *before;
	record_writer__start(f->writer, &f->info, source__all_events(), START);
}

static void cut(struct fixture *f, const struct event_filter *filter)
{
	f->cut = record_cut__create(filter, &f->info, on_begin, f, &f->out);
	f->sink = record_cut__sink(f->cut);
}

static void keep_event(void *ctx, const struct vfio_rec *rec)
{
	struct fixture *f = ctx;
	struct source_sink to = model__sink(f->part, false);

	f->rec[f->events++ % 64] = *rec;
	to.event(to.ctx, rec);
}

static void keep_existing(void *ctx, const struct source_existing *existing)
{
	struct fixture *f = ctx;
	struct source_sink to = model__sink(f->part, false);

	f->existing++;
	f->existing_ns = existing->read_ns;
	to.existing(to.ctx, existing);
}

static void keep_table(void *ctx, const struct source_table *table)
{
	struct source_sink to = model__sink(((struct fixture *)ctx)->part, false);

	to.table(to.ctx, table);
}

static void keep_owner(void *ctx, __u64 id, const struct source_owner *owner)
{
	struct source_sink to = model__sink(((struct fixture *)ctx)->part, false);

	to.owner(to.ctx, id, owner);
}

static void keep_group(void *ctx, const struct source_group_info *group)
{
	struct source_sink to = model__sink(((struct fixture *)ctx)->part, false);

	to.group(to.ctx, group);
}

static void keep_loss(void *ctx, const struct source_loss *loss)
{
	struct fixture *f = ctx;
	struct source_sink to = model__sink(f->part, false);

	to.loss(to.ctx, loss);
}

static void keep_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct fixture *f = ctx;
	struct source_sink to = model__sink(f->part, false);

	f->gap[f->gaps++ % 4] = (struct source_gap_seen){ gap, ts_ns };
	to.gap(to.ctx, gap, ts_ns, why);
}

/* Write the end, and read all into f->part. */
static void read_part(struct fixture *f)
{
	struct source_sink sink = {
		.ctx = f, .event = keep_event, .existing = keep_existing, .table = keep_table,
		.owner = keep_owner, .group = keep_group, .loss = keep_loss, .gap = keep_gap,
	};
	struct source *source;
	char err[300];
	int ret;

	if (f->cut)
		record_cut__finish(f->cut);
	assert_int_equal(record_writer__finish(f->writer, 999 * SEC), 0);
	f->part = model__create();
	source = source_file__open(f->path, err, sizeof(err));
	assert_non_null(source);
	do {
		ret = source__poll(source, &sink);
	} while (ret > 0);
	assert_int_equal(ret, 0);
	source__close(source);
}

/* To the part and to the whole. */
#define both(f, call, ...)                                                                         \
	do {                                                                                       \
		call(&(f)->sink, __VA_ARGS__);                                                     \
		call(&(f)->to_whole, __VA_ARGS__);                                                 \
	} while (0)
#define both_event(f, ENUM, id, ts, ...)                                                           \
	do {                                                                                       \
		fake_event(&(f)->sink, ENUM, id, ts, __VA_ARGS__);                                 \
		fake_event(&(f)->to_whole, ENUM, id, ts, __VA_ARGS__);                             \
	} while (0)

static void map(struct fixture *f, __u64 id, __u64 ts_ns, __u64 iova)
{
	both_event(f, IOCTL, id, ts_ns, .cmd = VFIO_CMD_MAP_DMA, .groups = 1, .has_backend = true,
		   .known = true, .flags = 3, .iova = iova, .size = MIB, .vaddr = 7 * GIB + iova,
		   .duration = 1000);
}

/* Two containers, one of which is freed before 20 s; the other has all that one can have. */
static void live_until_20s(struct fixture *f)
{
	__u64 t = START + SEC;

	both_event(f, OPEN, 1, t, .ret = 0);
	both(f, fake_owner, 1, VFIO_OWNER_QEMU, .text[VFIO_OWNER_NAME_TEXT] = "web01");
	both_event(f, OPEN, 2, t, .ret = 0);
	both_event(f, ATTACH, 1, t + 1, .group = 7, .type = 1, .groups = 1, .refs = 2);
	both(f, source_fake__group, 7, "0000:00:10.0", "Vendor", "Model");
	both_event(f, SET_IOMMU, 1, t + 2, .type = 3, .backend = "vfio-iommu-type1", .groups = 1);
	map(f, 1, t + 3, 0);
	map(f, 1, t + 4, 16 * MIB);
	both_event(f, PIN, 1, t + 5, .group = 7, .npage = 5, .ret = 5);
	both_event(f, CLOSE, 2, t + 6, .refs = 0);
	both_event(f, RELEASE, 2, t + 7, .age = 7);
}

static const struct model_container *only(struct model *model)
{
	const struct model_container *const *list;

	assert_int_equal(model__containers(model, &list), 1);
	return list[0];
}

static void same_state(const struct model_container *a, const struct model_container *b)
{
	__u64 x = 0, y = 0;

	assert_int_equal(a->id, b->id);
	assert_int_equal(a->opened_known, b->opened_known);
	assert_int_equal(a->opened_ns, b->opened_ns);
	assert_int_equal(a->tgid, b->tgid);
	assert_string_equal(a->comm, b->comm);
	assert_int_equal(a->refs_known, b->refs_known);
	assert_int_equal(a->refs, b->refs);
	assert_int_equal(a->file_known, b->file_known);
	assert_int_equal(a->file_closed, b->file_closed);
	assert_int_equal(a->backend_known, b->backend_known);
	assert_string_equal(a->backend, b->backend);
	assert_int_equal(a->iommu_type, b->iommu_type);
	assert_int_equal(a->groups_known, b->groups_known);
	assert_int_equal(a->n_groups, b->n_groups);
	if (a->n_groups)
		assert_memory_equal(a->groups, b->groups, a->n_groups * sizeof(*a->groups));
	assert_int_equal(model_container__mapped_bytes(a, &x),
			 model_container__mapped_bytes(b, &y));
	assert_int_equal(x, y);
	assert_int_equal(model_container__pinned_pages(a, &x),
			 model_container__pinned_pages(b, &y));
	assert_int_equal(x, y);
	assert_int_equal(a->table.state, b->table.state);
	assert_int_equal(a->table.n, b->table.n);
	assert_int_equal(model_table__avail(&a->table, &x), model_table__avail(&b->table, &y));
}

static struct event_filter from_to(__u64 from, __u64 to)
{
	struct event_filter filter;

	event_filter__init(&filter);
	filter.from_ns = from;
	if (to)
		filter.to_ns = to;
	return filter;
}

/* The state at the begin is that of the events before; nothing of them is counted. */
static void what_is_open_is_carried_over(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(START + 20 * SEC, 0);
	const struct model_container *c;

	cut(f, &filter);
	live_until_20s(f);
	read_part(f);
	assert_int_equal(f->begins, 1);
	assert_int_equal(f->events, 0);
	/* What happens at the begin is not in it yet. */
	assert_int_equal(f->existing_ns, filter.from_ns - 1);
	c = only(f->part);
	same_state(model__container(f->whole, 1), c);
	assert_true(c->gauges_known && c->gauges.pinned_pages == 5);
	assert_int_equal(c->table.n, 2);
	assert_string_equal(c->owner->text[VFIO_OWNER_NAME_TEXT], "web01");
	assert_null(c->op[VFIO_OP_MAP]);
	assert_string_equal(model__group(f->part, 7)->devices[0].text[VFIO_DEVICE_NAME],
			    "0000:00:10.0");
}

/* An UNMAP over a hole right behind the begin needs the exact list, and no slack. */
static void what_follows_changes_the_same(void **state)
{
	struct fixture *f = *state;
	__u64 from = START + 20 * SEC;
	struct event_filter filter = from_to(from, from + 10 * SEC);

	cut(f, &filter);
	live_until_20s(f);
	both_event(f, IOCTL, 1, from, .cmd = VFIO_CMD_UNMAP_DMA, .groups = 1, .has_backend = true,
		   .known = true, .iova = 0, .size = 2 * MIB, .duration = 2 * SEC);
	map(f, 1, from + 1, 64 * MIB);
	both_event(f, UNPIN, 1, from + 2, .group = 7, .npage = 3);
	both_event(f, OPEN, 3, from + 3, .ret = 0);
	assert_false(record_cut__beyond(f->cut));
	fake_event(&f->sink, OPEN, 4, filter.to_ns, .ret = 0); /* no more in it */
	assert_true(record_cut__beyond(f->cut));
	read_part(f);
	assert_int_equal(f->events, 4);
	assert_int_equal(f->existing, 1);
	same_state(model__container(f->whole, 1), model__container(f->part, 1));
	same_state(model__container(f->whole, 3), model__container(f->part, 3));
	assert_int_equal(model__container(f->part, 1)->table.state, MODEL_TABLE_WHOLE);
	assert_int_equal(model__container(f->part, 1)->table.bytes, MIB);
	assert_int_equal(model__container(f->part, 1)->op[VFIO_OP_MAP]->count, 1);
	assert_null(model__container(f->part, 4));
}

/* Of a container of which only a pin was seen hardly anything is known. */
static void what_is_unknown_stays_unknown(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(START + 20 * SEC, 0);
	const struct model_container *c;

	cut(f, &filter);
	both_event(f, PIN, 5, START + SEC, .group = 9, .npage = 1, .ret = 1);
	read_part(f);
	c = only(f->part);
	same_state(model__container(f->whole, 5), c);
	assert_false(c->refs_known || c->file_known || c->backend_known || c->groups_known ||
		     c->gauges_known || c->opened_known);
	assert_int_equal(c->table.state, MODEL_TABLE_UNKNOWN);
	assert_int_equal(c->groups[0].type, MODEL_NO_TYPE);
}

static void a_reading_of_mappings_is_carried_with_its_limit(void **state)
{
	struct fixture *f = *state;
	const struct vfio_mapping list[] = { { .iova = 4096, .size = 4096, .prot = 3 } };
	struct source_existing existing = { .read_ns = START + 5, .id = 6, .tgid = 3, .refs = 2,
					    .backend = "vfio-iommu-type1", .holders = 2 };
	struct source_table table = { .id = 6, .read_ns = START + 5, .until_ns = START + 6,
				      .avail = 77, .n = 1, .list = list };
	struct event_filter filter = from_to(START + 20 * SEC, 0);
	__u64 avail;

	cut(f, &filter);
	for (int i = 0; i < 2; i++) {
		struct source_sink *sink = i ? &f->sink : &f->to_whole;

		sink->existing(sink->ctx, &existing);
		sink->table(sink->ctx, &table);
	}
	read_part(f);
	same_state(model__container(f->whole, 6), only(f->part));
	assert_true(model_table__avail(&only(f->part)->table, &avail));
	assert_int_equal(avail, 77);
	assert_int_equal(only(f->part)->holders, 2);
	assert_false(only(f->part)->gauges_known);
}

/* Containers whose opens are filtered out come with their first event, in their state then. */
static void a_choice_of_events_has_its_containers(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(0, 0);
	const struct model_container *c;

	filter.events = 1ULL << VFIO_EV_UNPIN;
	cut(f, &filter);
	live_until_20s(f);
	both_event(f, UNPIN, 1, START + 20 * SEC, .group = 7, .npage = 2);
	c = model__container(f->whole, 1);
	read_part(f);
	assert_int_equal(f->events, 1);
	assert_int_equal(f->existing, 1);
	same_state(c, only(f->part)); /* 2, of which there is no event, is not in it */
	assert_string_equal(only(f->part)->owner->text[VFIO_OWNER_NAME_TEXT], "web01");
	assert_int_equal(only(f->part)->gauges.pinned_pages, 3);
}

static void what_was_freed_does_not_look_alive(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(0, 0);

	filter.pid = 1001;
	cut(f, &filter);
	live_until_20s(f);
	/* Not by the process that is wanted; the second time it is of no container that is told. */
	for (int i = 0; i < 2; i++) {
		struct vfio_rec rec = source_fake__rec(VFIO_EV_RELEASE, 1, START + 20 * SEC + i);

		rec.tgid = 4;
		rec.pid = 4;
		f->sink.event(f->sink.ctx, &rec);
	}
	read_part(f);
	assert_true(only(f->part)->freed);
	assert_int_equal(only(f->part)->id, 1);
	assert_int_equal(model__event_counts(f->part)[VFIO_EV_RELEASE], 1);
}

/* A container that is freed is not told because somebody names it later. */
static void what_is_gone_is_not_told(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(START + 20 * SEC, 0);

	filter.pid = 1002;
	cut(f, &filter);
	live_until_20s(f);
	fake_event(&f->sink, UNPIN, 2, START + 21 * SEC, .npage = 1);
	read_part(f);
	assert_int_equal(f->events, 1);
	assert_int_equal(f->existing, 0);
}

static void a_choice_with_opens_has_the_releases(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(0, 0);

	filter.events = 1ULL << VFIO_EV_OPEN;
	cut(f, &filter);
	live_until_20s(f);
	read_part(f);
	assert_int_equal(f->events, 3);
	assert_true(model__container(f->part, 2)->freed);
	assert_false(model__container(f->part, 1)->freed);
}

static void one_container_is_all_there_is_before(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(START + 20 * SEC, 0);

	filter.container = 3;
	cut(f, &filter);
	live_until_20s(f);
	read_part(f);
	assert_int_equal(f->existing, 0);
}

static void one_container_is_all_there_is(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(0, 0);

	filter.container = 2;
	cut(f, &filter);
	live_until_20s(f);
	read_part(f);
	assert_int_equal(only(f->part)->id, 2);
	assert_int_equal(f->events, 3);
	assert_null(model__group(f->part, 7));
}

/* From before the part as in it. */
static void one_container_has_its_groups(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(START + 20 * SEC, 0);

	filter.container = 1;
	cut(f, &filter);
	live_until_20s(f);
	both_event(f, ATTACH, 1, START + 21 * SEC, .group = 8, .type = 1, .groups = 2, .refs = 3);
	both(f, source_fake__group, 8, "0000:00:11.0", "Vendor", "Model");
	both(f, source_fake__group, 9, "0000:00:12.0", "Vendor", "Model");
	read_part(f);
	assert_non_null(model__group(f->part, 7));
	assert_non_null(model__group(f->part, 8));
	assert_null(model__group(f->part, 9));
}

static void only_some_of_the_events(void **state)
{
	struct event_filter filter = from_to(0, 0);
	bool some;

	assert_int_equal(record_cut__events(&filter, 0xff, &some), 0xff);
	assert_false(some);
	filter.events = 1ULL << VFIO_EV_PIN;
	assert_int_equal(record_cut__events(&filter, ~0ULL, &some),
			 1ULL << VFIO_EV_PIN | 1ULL << VFIO_EV_RELEASE);
	assert_false(some);
	filter.failed = true;
	record_cut__events(&filter, ~0ULL, &some);
	assert_true(some);
}

static void losses_count_from_the_begin(void **state)
{
	struct fixture *f = *state;
	__u64 from = START + 20 * SEC;
	struct event_filter filter = from_to(from, 0);
	struct source_loss loss = { .ring = 5, .pool = 1, .recursion = 2, .damaged = 40 };

	cut(f, &filter);
	live_until_20s(f);
	f->sink.loss(f->sink.ctx, &loss);
	fake_event(&f->sink, OPEN, 3, from, .ret = 0);
	loss.ring = 8;
	loss.damaged = 140;
	f->sink.loss(f->sink.ctx, &loss);
	read_part(f);
	assert_int_equal(f->before.ring, 5);
	assert_int_equal(f->before.damaged, 40);
	assert_int_equal(model__loss(f->part)->ring, 3);
	assert_int_equal(model__loss(f->part)->pool, 0);
	assert_int_equal(model__loss(f->part)->recursion, 0);
	/* Events that the recording had and nobody can read are missing here, too. */
	assert_int_equal(model__loss(f->part)->damaged, 100);
}

static void gaps_that_last_are_carried_over(void **state)
{
	struct fixture *f = *state;
	__u64 from = START + 20 * SEC;
	struct event_filter filter = from_to(from, from + SEC);

	cut(f, &filter);
	live_until_20s(f);
	f->sink.gap(f->sink.ctx, SOURCE_GAP_THINNED, START + 2 * SEC, "too much");
	f->sink.gap(f->sink.ctx, SOURCE_GAP_ATTACHED, START + 3 * SEC, "again");
	f->sink.gap(f->sink.ctx, SOURCE_GAP_ATTACHED, from + 1, "in it");
	f->sink.gap(f->sink.ctx, SOURCE_GAP_ATTACHED, from + SEC, "behind it");
	f->sink.gap(f->sink.ctx, SOURCE_GAP_DAMAGED, from + 9 * SEC, "two holes");
	read_part(f);
	assert_int_equal(f->gaps, 3);
	assert_int_equal(f->gap[0].kind, SOURCE_GAP_THINNED);
	assert_int_equal(f->gap[0].ts_ns, START + 2 * SEC);
	assert_int_equal(f->gap[1].ts_ns, from + 1);
	assert_int_equal(f->gap[2].kind, SOURCE_GAP_DAMAGED);
	assert_string_equal(model__gap(f->part, NULL), "of what this was made from: two holes");
	assert_true(model__counts_less(f->part));
	/* Known until it was thinned, as in the whole. */
	assert_int_equal(only(f->part)->table.n, 2);
	assert_false(only(f->part)->gauges_known);
}

static void while_detached_nothing_is_open(void **state)
{
	struct fixture *f = *state;
	struct event_filter filter = from_to(START + 20 * SEC, 0);

	cut(f, &filter);
	live_until_20s(f);
	f->sink.gap(f->sink.ctx, SOURCE_GAP_DETACHED, START + 3 * SEC, "let go");
	read_part(f);
	assert_int_equal(f->gaps, 1);
	assert_int_equal(f->gap[0].kind, SOURCE_GAP_DETACHED);
	assert_int_equal(f->existing, 0);
}

static void a_set_of_ids(void **state)
{
	struct id_set set = { NULL };

	assert_false(id_set__has(&set, 7));
	id_set__remove(&set, 7);
	for (__u64 i = 0; i < 100; i++)
		id_set__add(&set, i * 7);
	id_set__add(&set, 7);
	assert_true(id_set__has(&set, 7) && !id_set__has(&set, 8));
	id_set__remove(&set, 7);
	assert_true(!id_set__has(&set, 7) && id_set__has(&set, 14));
	id_set__clear(&set);
	assert_false(id_set__has(&set, 14));
}

/* Anonymised */

#define IOVA_SHIFT (77 * GIB)
#define VADDR_SHIFT (1234 * GIB)

static struct anonymise *anonymise(struct fixture *f)
{
	struct anonymise *a = anonymise__create(IOVA_SHIFT, VADDR_SHIFT, &f->out);

	f->sink = anonymise__sink(a);
	record_writer__start(f->writer, &f->info, source__all_events(), START);
	return a;
}

static const __u64 secret_iova = 0x123456789000, secret_vaddr = 0x7f3322110000;

/* Everything that names somebody or something. */
static void tell_secrets(struct fixture *f)
{
	struct source_existing existing = { .read_ns = START, .id = 1, .cgroup = 4711, .tgid = 4001,
					    .comm = "secret-comm", .backend = "vfio-iommu-type1",
					    .n_listed = 1, .n_groups = 1 };
	const struct vfio_mapping list[] = { { .iova = secret_iova, .size = MIB, .prot = 3,
					       .vaddr = secret_vaddr },
					     { .iova = secret_iova + MIB, .size = MIB,
					       .vaddr = secret_vaddr + MIB } };
	struct source_table table = { .id = 1, .n = 2, .list = list };
	struct source_group group = { .number = 815, .type = 1 };
	const struct source_sink *to = &f->sink;

	existing.groups = &group;
	to->existing(to->ctx, &existing);
	to->table(to->ctx, &table);
	fake_owner(to, 1, VFIO_OWNER_QEMU, .tgid = 4001, .text[VFIO_OWNER_NAME_TEXT] = "secret-vm",
		   .text[VFIO_OWNER_UUID_TEXT] = "5ec2e700-uuid",
		   .text[VFIO_OWNER_POD_TEXT] = "5ec2e700-pod",
		   .text[VFIO_OWNER_CONTAINER_TEXT] = "secret-container",
		   .text[VFIO_OWNER_RUNTIME_TEXT] = "containerd",
		   .text[VFIO_OWNER_UNIT_TEXT] = "secret.service",
		   .text[VFIO_OWNER_CGROUP_TEXT] = "/secret.slice",
		   .text[VFIO_OWNER_WHY_TEXT] = "cannot look at secret 4001");
	source_fake__group(to, 815, "0000:5e:c2.7", "Vendor", "Model");
	fake_event(to, IOCTL, 1, START + 1, .cmd = VFIO_CMD_MAP_DMA, .known = true, .flags = 3,
		   .iova = secret_iova + 2 * MIB, .size = MIB, .vaddr = secret_vaddr + 2 * MIB,
		   .duration = 4242);
	fake_event(to, PIN, 1, START + 2, .group = 815, .iova = secret_iova, .npage = 3, .ret = 3);
	fake_event(to, GROUP_IOCTL, 0, START + 3, .group = 815, .cmd = 0x3b6a, .ret = -19,
		   .device = "0000:5e:c2.7");
	fake_event(to, IOCTL, 1, START + 4, .cmd = VFIO_CMD_UNMAP_DMA, .known = true, .flags = 2);
	/* A structure that was not read, and words that no field names. */
	fake_event(to, IOCTL, 1, START + 5, .cmd = VFIO_CMD_MAP_DMA, .iova = secret_iova,
		   .vaddr = secret_vaddr);
	for (__u32 i = 0; i < 2; i++) {
		struct vfio_rec rec = source_fake__rec(VFIO_EV_GROUP_CLOSE, 1, START + 6);

		rec.tgid = 4001;
		rec.pid = 4002 + i;
		rec.cgroup = 4711;
		memset(rec.comm, 's', sizeof(rec.comm));
		strcpy(rec.comm, i ? "other-comm" : "secret-comm");
		vfio_w(&rec, GROUP_CLOSE, group) = 815 + i;
		rec.w[VFIO_OBS_WORDS - 1] = secret_vaddr;
		to->event(to->ctx, &rec);
	}
}

/* Whether @number is in any word, or half of one, of what came out. */
static bool is_in_events(const struct fixture *f, __u64 number)
{
	for (__u64 i = 0; i < f->events; i++) {
		const struct vfio_rec *rec = &f->rec[i];

		if (rec->cgroup == number || rec->tgid == number || rec->pid == number)
			return true;
		for (int w = 0; w < VFIO_OBS_WORDS; w++)
			if (rec->w[w] == number)
				return true;
	}
	return false;
}

static void nothing_is_given_away(void **state)
{
	static const char *const texts[] = { "secret", "ssss", "5ec2e7", "5e:c2", "fake-", "other" };
	static const __u64 numbers[] = { 4001, 4002, 4003, 1001, 815, 816, 4711, secret_iova,
					 secret_vaddr, secret_iova + 2 * MIB,
					 secret_vaddr + 2 * MIB };
	struct fixture *f = *state;
	struct anonymise *a = anonymise(f);
	const struct model_container *c;

	tell_secrets(f);
	read_part(f);
	assert_int_equal(f->events, 7);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_null(memmem(f->rec, sizeof(f->rec), texts[i], strlen(texts[i])));
	/* 1001 is the number of the first group, too. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		assert_true(numbers[i] == 1001 || !is_in_events(f, numbers[i]));
	assert_int_not_equal(f->rec[0].tgid, 1001);
	c = model__container(f->part, 1);
	assert_string_equal(c->comm, "task-1");
	for (int i = 0; i < VFIO_OWNER_TEXTS; i++)
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
			assert_null(strstr(c->owner->text[i], texts[t]));
	assert_null(strstr(c->owner->text[VFIO_OWNER_WHY_TEXT], "4001"));
	assert_int_not_equal(c->tgid, 4001);
	assert_int_not_equal(c->cgroup, 4711);
	anonymise__destroy(a);
}

static void the_same_becomes_the_same(void **state)
{
	struct fixture *f = *state;
	struct anonymise *a = anonymise(f);
	const struct source_group_info *group;
	const struct model_container *c;

	tell_secrets(f);
	read_part(f);
	c = model__container(f->part, 1);
	group = model__group(f->part, c->groups[0].number);
	assert_non_null(group);
	assert_int_equal(vfio_w(&f->rec[1], PIN, group), group->number);
	assert_int_equal(vfio_w(&f->rec[5], GROUP_CLOSE, group), group->number);
	assert_int_not_equal(vfio_w(&f->rec[6], GROUP_CLOSE, group), group->number);
	assert_string_equal((const char *)&vfio_w(&f->rec[2], GROUP_IOCTL, device),
			    group->devices[0].text[VFIO_DEVICE_NAME]);
	assert_string_equal(group->devices[0].text[VFIO_DEVICE_NAME], "f000:00:00.7");
	assert_int_equal(f->rec[5].tgid, c->tgid);
	assert_int_not_equal(f->rec[5].pid, c->tgid);
	assert_int_not_equal(f->rec[5].pid, f->rec[6].pid);
	assert_string_equal(f->rec[5].comm, c->comm);
	assert_int_equal(f->rec[5].cgroup, c->cgroup);
	/* The owner is still the container's. */
	assert_int_equal(c->owner->tgid, c->tgid);
	/* What lay beside each other does, also what was read beside what came later. */
	assert_int_equal(vfio_w(&f->rec[0], IOCTL, iova), secret_iova + 2 * MIB + IOVA_SHIFT);
	assert_int_equal(vfio_w(&f->rec[0], IOCTL, vaddr), secret_vaddr + 2 * MIB + VADDR_SHIFT);
	assert_int_equal(vfio_w(&f->rec[1], PIN, iova), secret_iova + IOVA_SHIFT);
	anonymise__destroy(a);
}

static void what_is_no_secret_is_kept(void **state)
{
	struct fixture *f = *state;
	struct anonymise *a = anonymise(f);
	const struct source_group_info *group;
	const struct model_container *c;

	tell_secrets(f);
	read_part(f);
	c = model__container(f->part, 1);
	group = model__group(f->part, c->groups[0].number);
	assert_string_equal(group->devices[0].text[VFIO_DEVICE_MODEL], "Model");
	assert_int_equal(group->devices[0].vendor, 0x8086);
	assert_string_equal(c->owner->text[VFIO_OWNER_RUNTIME_TEXT], "containerd");
	assert_int_equal(c->owner->kind, VFIO_OWNER_QEMU);
	assert_string_equal(c->backend, "vfio-iommu-type1");
	assert_int_equal(f->rec[0].ts_ns, START + 1);
	assert_int_equal(vfio_w(&f->rec[0], IOCTL, duration), 4242);
	assert_int_equal(vfio_w(&f->rec[0], IOCTL, size), MIB);
	assert_int_equal((__s64)vfio_w(&f->rec[2], GROUP_IOCTL, ret), -19);
	/* An UNMAP of all has no address, and what was not read none either. */
	assert_int_equal(vfio_w(&f->rec[3], IOCTL, iova), 0);
	assert_int_equal(vfio_w(&f->rec[4], IOCTL, iova), 0);
	anonymise__destroy(a);
}

/* Mappings that were read before, then all of them unmapped by address. */
static void mappings_still_fit_their_events(void **state)
{
	struct fixture *f = *state;
	const struct vfio_mapping list[] = { { .iova = 0, .size = MIB, .vaddr = secret_vaddr },
					     { .iova = MIB, .size = MIB,
					       .vaddr = secret_vaddr + MIB } };
	struct source_existing existing = { .read_ns = START, .id = 1, .tgid = 1,
					    .backend = "vfio-iommu-type1" };
	struct source_table table = { .id = 1, .read_ns = START, .until_ns = START, .n = 2,
				      .list = list };
	struct anonymise *a = anonymise(f);
	struct vfio_mapping m[2];
	const struct model_container *c;

	f->sink.existing(f->sink.ctx, &existing);
	f->sink.table(f->sink.ctx, &table);
	fake_event(&f->sink, IOCTL, 1, START + SEC, .cmd = VFIO_CMD_UNMAP_DMA, .known = true,
		   .iova = 0, .size = MIB, .duration = 5);
	read_part(f);
	c = model__container(f->part, 1);
	assert_int_equal(c->table.state, MODEL_TABLE_WHOLE);
	assert_int_equal(model_table__range(&c->table, 0, m, 2), 1);
	assert_int_equal(m[0].iova, MIB + IOVA_SHIFT);
	assert_int_equal(m[0].vaddr, secret_vaddr + MIB + VADDR_SHIFT);
	anonymise__destroy(a);
}

static void a_header_gives_nothing_away(void **state)
{
	struct record_header header = { .host = "secret-host", .boot_id = "5ec2e7", .kernel = "6.1",
					.made = "cut --pid 4001" };

	anonymise__header(&header);
	assert_string_equal(header.host, "anonymised");
	assert_string_equal(header.boot_id, "");
	assert_string_equal(header.kernel, "6.1");
	assert_null(strstr(header.made, "4001"));
	assert_non_null(strstr(header.made, "cut"));
	assert_int_equal(header.flags, RECORD_ANONYMISED);
	assert_null(memmem(&header, sizeof(header), "secret", 6));
}

#define rewrite_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rewrite_test(what_is_open_is_carried_over),
		rewrite_test(what_follows_changes_the_same),
		rewrite_test(what_is_unknown_stays_unknown),
		rewrite_test(a_reading_of_mappings_is_carried_with_its_limit),
		rewrite_test(a_choice_of_events_has_its_containers),
		rewrite_test(what_was_freed_does_not_look_alive),
		rewrite_test(what_is_gone_is_not_told),
		rewrite_test(a_choice_with_opens_has_the_releases),
		rewrite_test(one_container_is_all_there_is_before),
		rewrite_test(one_container_is_all_there_is),
		rewrite_test(one_container_has_its_groups),
		cmocka_unit_test(only_some_of_the_events),
		rewrite_test(losses_count_from_the_begin),
		rewrite_test(gaps_that_last_are_carried_over),
		rewrite_test(while_detached_nothing_is_open),
		cmocka_unit_test(a_set_of_ids),
		rewrite_test(nothing_is_given_away),
		rewrite_test(the_same_becomes_the_same),
		rewrite_test(what_is_no_secret_is_kept),
		rewrite_test(mappings_still_fit_their_events),
		cmocka_unit_test(a_header_gives_nothing_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
