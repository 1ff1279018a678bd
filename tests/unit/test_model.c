// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_model.c - what the model makes of events and of readings from the kernel
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/model.h"
#include "lib/model_op.h"
#include "lib/source_fake.h"
#include "lib/xalloc.h"

#define SEC 1000000000ULL
#define KEEP (5 * SEC)

/* A model and the sink that feeds it; @feed is what the tests write to. */
struct fixture {
	struct model *model;
	struct source_sink feed;
};

static struct fixture make(bool aggregates)
{
	struct fixture f = { .model = model__create() };

	f.feed = model__sink(f.model, aggregates);
	return f;
}

static const struct model_container *only(const struct fixture *f)
{
	const struct model_container *const *list;

	assert_int_equal(model__containers(f->model, &list), 1);
	return list[0];
}

static const struct model_container *find(const struct fixture *f, __u64 id)
{
	const struct model_container *const *list;
	size_t n = model__containers(f->model, &list);

	for (size_t i = 0; i < n; i++)
		if (list[i]->id == id)
			return list[i];
	return NULL;
}

static void map(const struct fixture *f, __u64 id, __u64 ts, __u64 size, __s64 ret)
{
	fake_event(&f->feed, IOCTL, id, ts, .cmd = VFIO_CMD_MAP_DMA, .groups = 1,
		   .has_backend = true, .known = true, .flags = 3, .size = size, .ret = ret,
		   .duration = 1000);
}

static void unmap(const struct fixture *f, __u64 id, __u64 ts, __u64 size)
{
	fake_event(&f->feed, IOCTL, id, ts, .cmd = VFIO_CMD_UNMAP_DMA, .groups = 1,
		   .has_backend = true, .known = true, .size = size, .duration = 500);
}

/* Container @id with group @group of @type and a backend, at @ts. */
static void start(const struct fixture *f, __u64 id, __u32 group, __u32 type, __u64 ts)
{
	fake_event(&f->feed, OPEN, id, ts, .ret = 0);
	fake_event(&f->feed, GET, id, ts, .reason = 0, .refs = 1);
	fake_event(&f->feed, ATTACH, id, ts, .group = group, .type = type, .groups = 1, .refs = 2,
		   .duration = 2000);
	fake_event(&f->feed, GET, id, ts, .reason = 1, .refs = 2);
	fake_event(&f->feed, SET_IOMMU, id, ts, .type = 3, .backend = "vfio-iommu-type1",
		   .groups = 1, .duration = 3000);
}

static void group_ioctl(const struct fixture *f, __u32 group, __u32 cmd, __s64 ret, __u64 duration)
{
	fake_event(&f->feed, GROUP_IOCTL, 0, 5 * SEC, .group = group, .cmd = cmd, .ret = ret,
		   .duration = duration);
}

static const struct model_group_call *group_call(const struct fixture *f, __u32 group,
						 enum model_group_call_kind kind)
{
	const struct model_group_calls *calls = model__group_calls(f->model);

	for (size_t i = 0; i < calls->n; i++)
		if (calls->list[i].group == group && calls->list[i].kind == kind)
			return &calls->list[i];
	return NULL;
}

static void test_group_files(void **state)
{
	struct fixture f = make(true);
	const struct model_group_calls *calls = model__group_calls(f.model);
	const struct model_container *const *list;
	const struct model_group_call *call;
	struct model *copy;

	fake_event(&f.feed, GROUP_OPEN, 0, SEC, .group = 9, .ret = 0);
	fake_event(&f.feed, GROUP_OPEN, 0, 2 * SEC, .group = 9, .ret = -16);
	fake_event(&f.feed, GROUP_OPEN, 0, 3 * SEC, .group = 9, .ret = -16);
	fake_event(&f.feed, GROUP_OPEN, 0, 4 * SEC, .group = 4, .ret = -19);
	group_ioctl(&f, 9, 0x3b68, 0, 3000);
	group_ioctl(&f, 9, 0x3b68, -22, 1000);
	group_ioctl(&f, 9, 0x3b6a, 17, 5000);
	group_ioctl(&f, 9, 0x3b99, -25, 10);
	fake_event(&f.feed, CLAIM_DMA_OWNER, 0, 6 * SEC, .group = 9, .ret = -1, .duration = 70);
	fake_event(&f.feed, DEVICE_CLOSE, 0, 7 * SEC, .group = 9, .duration = VFIO_OBS_UNKNOWN);
	fake_event(&f.feed, GROUP_CLOSE, 0, 8 * SEC, .group = 9);

	assert_int_equal(calls->n, 8);
	for (size_t i = 1; i < calls->n; i++)
		assert_true(calls->list[i - 1].group < calls->list[i].group ||
			    calls->list[i - 1].kind < calls->list[i].kind);
	call = group_call(&f, 9, MODEL_GROUP_CALL_OPEN);
	assert_non_null(call);
	assert_int_equal(call->op->count, 3);
	assert_int_equal(call->op->errors, 2);
	assert_int_equal(call->op->n_errnos, 1);
	assert_int_equal(call->op->errnos[0].err, 16);
	assert_int_equal(call->op->errnos[0].count, 2);
	assert_int_not_equal(call->failed_tgid, 0);
	call = group_call(&f, 9, MODEL_GROUP_CALL_SET_CONTAINER);
	assert_int_equal(call->op->count, 2);
	assert_int_equal(call->op->errors, 1);
	assert_int_equal(call->op->sum_ns, 4000);
	call = group_call(&f, 9, MODEL_GROUP_CALL_DEVICE_FD);
	assert_int_equal(call->op->errors, 0);
	assert_int_equal(call->failed_tgid, 0);
	assert_int_equal(group_call(&f, 9, MODEL_GROUP_CALL_IOCTL)->op->errnos[0].err, 25);
	assert_int_equal(group_call(&f, 9, MODEL_GROUP_CALL_CLAIM)->op->errnos[0].err, 1);
	assert_int_equal(group_call(&f, 9, MODEL_GROUP_CALL_DEVICE_CLOSE)->op->unknown, 1);
	assert_int_equal(group_call(&f, 4, MODEL_GROUP_CALL_OPEN)->op->errnos[0].err, 19);
	/* Nothing of it is a container's. */
	assert_int_equal(model__containers(f.model, &list), 0);

	copy = model__snapshot(f.model);
	fake_event(&f.feed, GROUP_CLOSE, 0, 9 * SEC, .group = 9);
	assert_int_equal(model__group_calls(copy)->n, 8);
	assert_int_equal(model__group_calls(copy)->list[7].op->count, 1);
	assert_int_equal(model__group_calls(f.model)->list[7].op->count, 2);

	fake_event(&f.feed, GROUP_IOCTL, 0, 9 * SEC, .group = 9, .ret = -19,
		   .cmd = VFIO_CMD_GROUP_GET_DEVICE_FD, .device = "0000:ff:1f.7");
	call = group_call(&f, 9, MODEL_GROUP_CALL_DEVICE_FD);
	assert_string_equal(call->failed_device, "0000:ff:1f.7");
	model__destroy(copy);
	model__destroy(f.model);
}

static void test_lifecycle(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;
	__u64 pages;

	start(&f, 7, 12, 0, 10 * SEC);
	c = only(&f);
	assert_int_equal(c->id, 7);
	assert_true(c->opened_known);
	assert_int_equal(c->opened_ns, 10 * SEC);
	assert_int_equal(c->tgid, 1007);
	assert_string_equal(c->comm, "fake-7");
	assert_true(c->backend_known);
	assert_string_equal(c->backend, "vfio-iommu-type1");
	assert_int_equal(c->iommu_type, 3);
	assert_int_equal(c->n_groups, 1);
	assert_int_equal(c->groups[0].number, 12);
	assert_int_equal(c->groups[0].type, 0);
	assert_true(c->groups_known);
	assert_true(c->refs_known);
	assert_int_equal(c->refs, 2);

	map(&f, 7, 11 * SEC, 8 << 20, 0);
	map(&f, 7, 11 * SEC, 4 << 20, -17);
	fake_event(&f.feed, PIN, 7, 11 * SEC, .group = 12, .npage = 3, .ret = 2, .duration = 700);
	fake_event(&f.feed, PIN, 7, 11 * SEC, .group = 12, .npage = 3, .ret = -14, .duration = 700);
	fake_event(&f.feed, UNPIN, 7, 11 * SEC, .group = 12, .npage = 1, .duration = 300);
	assert_true(c->gauges_known);
	assert_int_equal(c->gauges.mapped_bytes, 8 << 20);
	assert_int_equal(c->gauges.pinned_pages, 1);
	assert_true(model_container__pinned_pages(c, &pages));
	assert_int_equal(pages, (8 << 20) / 4096 + 1);
	assert_int_equal(c->op[VFIO_OP_MAP]->count, 2);
	assert_int_equal(c->op[VFIO_OP_MAP]->errors, 1);
	assert_int_equal(c->op[VFIO_OP_MAP]->bytes, 8 << 20);
	assert_int_equal(c->op[VFIO_OP_PIN]->pages, 2);
	unmap(&f, 7, 12 * SEC, 3 << 20);
	assert_int_equal(c->gauges.mapped_bytes, 5 << 20);

	fake_event(&f.feed, CLOSE, 7, 13 * SEC, .refs = 1);
	assert_true(c->file_closed);
	assert_false(c->freed);
	assert_int_equal(c->refs, 1);
	fake_event(&f.feed, DETACH, 7, 13 * SEC, .group = 12, .groups = 0, .refs = 0, .reason = 1,
		   .duration = 900);
	assert_int_equal(c->n_groups, 0);
	assert_true(c->groups_known);
	assert_string_equal(c->backend, "");
	assert_int_equal(c->gauges.mapped_bytes, 0);
	fake_event(&f.feed, RELEASE, 7, 14 * SEC, .age = 4 * SEC);
	assert_true(c->freed);
	assert_int_equal(c->freed_ns, 14 * SEC);

	/* It stays for a while, then leaves; what it did stays in the totals. */
	model__advance(f.model, 14 * SEC + KEEP, KEEP);
	assert_int_equal(only(&f)->id, 7);
	model__advance(f.model, 14 * SEC + KEEP + 1, KEEP);
	assert_null(find(&f, 7));
	assert_int_equal(model__total(f.model, VFIO_OP_MAP)->count, 2);
	assert_int_equal(model__event_counts(f.model)[VFIO_EV_GET], 2);
	model__destroy(f.model);
}

static void test_failed_open_is_no_container(void **state)
{
	for (int aggregates = 0; aggregates < 2; aggregates++) {
		struct fixture f = make(aggregates);
		const struct model_container *const *list;
		const struct model_op *open;

		fake_event(&f.feed, OPEN, 0, SEC, .ret = -12);
		assert_int_equal(model__containers(f.model, &list), 0);
		open = model__total(f.model, VFIO_OP_OPEN);
		assert_int_equal(open->count, 1);
		assert_int_equal(open->errors, 1);
		assert_int_equal(open->n_errnos, 1);
		assert_int_equal(open->errnos[0].err, 12);
		model__destroy(f.model);
	}
}

static void test_partial_container(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;
	__u64 pages;

	fake_event(&f.feed, PIN, 5, SEC, .group = 4, .npage = 1, .ret = 1, .duration = 100);
	c = only(&f);
	assert_false(c->opened_known);
	assert_false(c->refs_known);
	assert_false(c->gauges_known);
	assert_false(c->backend_known);
	assert_false(c->groups_known);
	assert_int_equal(c->tgid, 0);
	assert_int_equal(c->n_groups, 1);
	assert_int_equal(c->groups[0].type, MODEL_NO_TYPE);
	assert_false(model_container__pinned_pages(c, &pages));

	fake_event(&f.feed, IOCTL, 5, SEC, .cmd = 1, .groups = 2, .has_backend = true);
	assert_false(c->groups_known);
	fake_event(&f.feed, PUT, 5, SEC, .reason = 1, .refs = 3);
	assert_true(c->refs_known);
	assert_int_equal(c->refs, 3);
	fake_event(&f.feed, DETACH, 5, SEC, .group = 9, .groups = 1, .refs = 2, .duration = 1);
	assert_true(c->groups_known); /* the one that is left is the one that pins */

	/* With the last group all that was unknown about mappings is gone. */
	fake_event(&f.feed, DETACH, 5, SEC, .group = 4, .groups = 0, .refs = 1, .duration = 1);
	assert_true(c->gauges_known);
	assert_true(c->backend_known);
	assert_int_equal(c->n_groups, 0);
	fake_event(&f.feed, ATTACH, 5, SEC, .group = 6, .type = 1, .groups = 1, .refs = 2,
		   .duration = 1);
	map(&f, 5, SEC, 4096, 0);
	assert_int_equal(c->gauges.mapped_bytes, 4096);
	/* Mappings of an emulated device pin nothing. */
	assert_true(model_container__pinned_pages(c, &pages));
	assert_int_equal(pages, 0);

	fake_event(&f.feed, RELEASE, 5, 100 * SEC, .age = 60 * SEC);
	assert_true(c->opened_known);
	assert_int_equal(c->opened_ns, 40 * SEC);
	model__destroy(f.model);
}

static const struct source_existing *existing(__u64 id, __u64 read_ns)
{
	static const struct source_group groups[] = { { 9, 1 }, { 4, 0 } };
	static struct source_existing e;

	e = (struct source_existing){
		.read_ns = read_ns,
		.id = id,
		.opened_ns = 3 * SEC,
		.cgroup = 77,
		.tgid = 555,
		.holders = 2,
		.refs = 3,
		.comm = "qemu",
		.backend = "vfio-iommu-type1",
		.groups = groups,
		.n_listed = 2,
		.n_groups = 2,
	};
	return &e;
}

static void test_existing(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;
	__u64 pages;

	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	assert_int_equal(model__now(f.model), 10 * SEC);
	c = only(&f);
	assert_true(c->opened_known && c->refs_known && c->groups_known && c->backend_known);
	assert_int_equal(c->opened_ns, 3 * SEC);
	assert_int_equal(c->tgid, 555);
	assert_int_equal(c->holders, 2);
	assert_string_equal(c->comm, "qemu");
	assert_int_equal(c->cgroup, 77);
	assert_int_equal(c->refs, 3);
	assert_int_equal(c->n_groups, 2);
	assert_int_equal(c->groups[0].number, 4);
	assert_int_equal(c->groups[1].type, 1);
	assert_string_equal(c->backend, "vfio-iommu-type1");
	/* What was mapped and pinned before cannot be known. */
	assert_false(c->gauges_known || model_container__pinned_pages(c, &pages));
	/* It goes on like any other, and nothing was counted for it. */
	assert_null(c->op[VFIO_OP_OPEN]);
	fake_event(&f.feed, DETACH, 5, 11 * SEC, .group = 9, .groups = 1, .refs = 2);
	assert_true(c->groups_known);
	assert_int_equal(c->n_groups, 1);
	assert_int_equal(c->refs, 2);
	fake_event(&f.feed, RELEASE, 5, 12 * SEC, .age = 9 * SEC);
	assert_true(c->freed);
	model__destroy(f.model);
}

/* What the container of existing() has mapped at 10 s: 12 KiB, and 98 mappings more allowed. */
static void tell_table(const struct fixture *f, __u64 read_ns)
{
	const struct vfio_mapping list[] = {
		{ .iova = 0, .size = 4096 }, { .iova = 65536, .size = 8192 },
	};
	struct source_table table = {
		.id = 5, .read_ns = read_ns, .until_ns = read_ns, .avail = 98, .n = 2, .list = list,
	};

	f->feed.table(f->feed.ctx, &table);
}

static void mapped_is(const struct fixture *f, __u64 id, __u64 want)
{
	const struct model_container *c = find(f, id);
	__u64 bytes;

	assert_true(model_container__mapped_bytes(c, &bytes));
	assert_int_equal(bytes, want);
}

static void mapped_is_unknown(const struct fixture *f, __u64 id)
{
	__u64 bytes;

	assert_false(model_container__mapped_bytes(find(f, id), &bytes));
}

static void test_existing_with_mappings(void **state)
{
	for (int aggregates = 0; aggregates < 2; aggregates++) {
		struct fixture f = make(aggregates);
		struct model *copy;

		tell_table(&f, 9 * SEC); /* of nobody */
		f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
		mapped_is_unknown(&f, 5);
		tell_table(&f, 10 * SEC);
		mapped_is(&f, 5, 12288);
		/* In the reading already; then one that is not. */
		map(&f, 5, 10 * SEC, 4096, 0);
		mapped_is(&f, 5, 12288);
		fake_event(&f.feed, IOCTL, 5, 11 * SEC, .cmd = VFIO_CMD_MAP_DMA, .known = true,
			   .flags = 3, .iova = 1 << 20, .size = 4096);
		mapped_is(&f, 5, 16384);
		copy = model__snapshot(f.model);
		/* Its delta alone says nothing. */
		f.feed.gauges(f.feed.ctx, 5, &(struct vfio_gauges){ .mapped_bytes = 4096 }, false);
		mapped_is(&f, 5, 16384);
		fake_event(&f.feed, DETACH, 5, 12 * SEC, .group = 9, .groups = 0, .refs = 1);
		f.feed.gauges(f.feed.ctx, 5, &(struct vfio_gauges){ 0 }, false);
		mapped_is(&f, 5, 0);
		fake_event(&f.feed, RELEASE, 5, 13 * SEC, .age = SEC);
		model__destroy(f.model);
		f.model = copy;
		mapped_is(&f, 5, 16384);
		model__destroy(copy);
	}
}

static void test_mappings_without_a_backend(void **state)
{
	struct fixture f = make(false);
	struct source_existing e = *existing(5, 10 * SEC);

	e.backend[0] = '\0';
	f.feed.existing(f.feed.ctx, &e);
	mapped_is(&f, 5, 0);
	map(&f, 5, 11 * SEC, 4096, 0);
	mapped_is(&f, 5, 4096);
	model__destroy(f.model);
}

/* Detached before the reading, which is of the backend that came then. */
static void test_mappings_of_the_next_backend(void **state)
{
	struct fixture f = make(false);

	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	tell_table(&f, 12 * SEC);
	fake_event(&f.feed, DETACH, 5, 11 * SEC, .group = 9, .groups = 0, .refs = 1);
	assert_int_equal(find(&f, 5)->table.n, 2);
	model__destroy(f.model);
}

static void test_mappings_after_a_loss(void **state)
{
	struct fixture f = make(true);
	const struct source_loss none = { 0 }, pool = { .pool = 1 };
	const struct source_loss ring = { .pool = 1, .ring = 1 };

	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	tell_table(&f, 10 * SEC);
	f.feed.loss(f.feed.ctx, &none);
	f.feed.loss(f.feed.ctx, &pool); /* of statistics */
	mapped_is(&f, 5, 12288);
	f.feed.loss(f.feed.ctx, &ring);
	mapped_is_unknown(&f, 5);
	assert_int_equal(find(&f, 5)->table.state, MODEL_TABLE_LOST);
	/* What was lost may be of the next one, too; later ones are whole. */
	fake_event(&f.feed, OPEN, 6, 10 * SEC + 1, 0);
	assert_int_equal(find(&f, 6)->table.state, MODEL_TABLE_LOST);
	f.feed.loss(f.feed.ctx, &ring);
	fake_event(&f.feed, OPEN, 7, 20 * SEC, 0);
	assert_int_equal(find(&f, 7)->table.state, MODEL_TABLE_WHOLE);
	model__destroy(f.model);
}

/* A recording without the ioctls: what was read is stale, what was not seen is not 0. */
static void test_mappings_that_are_not_told(void **state)
{
	struct fixture f = make(false);

	model__unseen(f.model, 1ULL << VFIO_EV_IOCTL);
	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	tell_table(&f, 10 * SEC);
	mapped_is_unknown(&f, 5);
	fake_event(&f.feed, OPEN, 6, 11 * SEC, 0);
	mapped_is_unknown(&f, 6);
	assert_int_equal(find(&f, 6)->table.state, MODEL_TABLE_UNKNOWN);
	model__destroy(f.model);
}

/* A stock module does not keep when a container was opened. */
static void test_existing_of_unknown_age(void **state)
{
	struct fixture f = make(false);
	struct source_existing e = *existing(5, 10 * SEC);

	e.opened_ns = 0;
	f.feed.existing(f.feed.ctx, &e);
	assert_false(only(&f)->opened_known);
	/* But that its file is open was seen. */
	assert_true(only(&f)->file_known && !only(&f)->file_closed);
	fake_event(&f.feed, RELEASE, 5, 12 * SEC, .age = VFIO_OBS_UNKNOWN);
	assert_true(only(&f)->freed);
	assert_false(only(&f)->opened_known);
	model__destroy(f.model);
}

/* Events that are older than the reading, and come behind it, lead to the same state. */
/* The owner is of the process that the container names, or none is shown. */
static void test_owners(void **state)
{
	struct fixture f = make(false);
	struct model *copy;
	const struct model_container *const *list;

	fake_owner(&f.feed, 5, VFIO_OWNER_QEMU, .tgid = 555); /* of nothing */
	assert_int_equal(model__containers(f.model, &list), 0);
	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	assert_null(only(&f)->owner);
	fake_owner(&f.feed, 5, VFIO_OWNER_QEMU, .tgid = 554);
	assert_null(only(&f)->owner);
	fake_owner(&f.feed, 5, VFIO_OWNER_QEMU, .tgid = 555, .text[VFIO_OWNER_NAME_TEXT] = "vm");
	assert_string_equal(only(&f)->owner->text[VFIO_OWNER_NAME_TEXT], "vm");
	/* Found once more, with the same process and with another. */
	f.feed.existing(f.feed.ctx, existing(5, 11 * SEC));
	assert_string_equal(only(&f)->owner->text[VFIO_OWNER_NAME_TEXT], "vm");
	copy = model__snapshot(f.model);
	fake_event(&f.feed, OPEN, 5, 12 * SEC, .ret = 0);
	assert_null(only(&f)->owner);
	assert_int_equal(model__containers(copy, &list), 1);
	assert_string_equal(list[0]->owner->text[VFIO_OWNER_NAME_TEXT], "vm");
	model__destroy(copy);
	model__destroy(f.model);
}

static void test_group_devices(void **state)
{
	struct fixture f = make(false);
	const struct source_group_info *const *list;
	struct model *copy;

	assert_null(model__group(f.model, 4));
	source_fake__group(&f.feed, 9, "0000:00:09.0", "v", "d");
	source_fake__group(&f.feed, 4, "0000:00:04.0", "v", "d");
	source_fake__group(&f.feed, 6, "0000:00:06.0", "v", "d");
	copy = model__snapshot(f.model);
	source_fake__group(&f.feed, 6, "0000:00:06.1", "v", "d");
	assert_int_equal(model__groups(f.model, &list), 3);
	assert_int_equal(list[0]->number, 4);
	assert_int_equal(list[1]->number, 6);
	assert_int_equal(list[2]->number, 9);
	assert_string_equal(model__group(f.model, 6)->devices[0].text[VFIO_DEVICE_NAME],
			    "0000:00:06.1");
	assert_string_equal(model__group(copy, 6)->devices[0].text[VFIO_DEVICE_NAME],
			    "0000:00:06.0");
	assert_null(model__group(f.model, 5));
	model__destroy(copy);
	model__destroy(f.model);
}

static void test_existing_then_older_events(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;

	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	fake_event(&f.feed, ATTACH, 5, 9 * SEC, .group = 4, .type = 0, .groups = 1, .refs = 2);
	fake_event(&f.feed, ATTACH, 5, 9 * SEC, .group = 9, .type = 1, .groups = 2, .refs = 3);
	c = only(&f);
	assert_true(c->groups_known);
	assert_int_equal(c->n_groups, 2);
	assert_int_equal(c->refs, 3);
	model__destroy(f.model);
}

static void test_existing_is_not_the_last_word(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;

	/* The open was seen. */
	start(&f, 5, 12, 0, 8 * SEC);
	f.feed.existing(f.feed.ctx, existing(5, 10 * SEC));
	c = find(&f, 5);
	assert_int_equal(c->tgid, 1005);
	assert_int_equal(c->holders, 0);
	assert_int_equal(c->n_groups, 1);
	/* An event behind the reading was seen. */
	fake_event(&f.feed, PUT, 6, 11 * SEC, .refs = 1);
	f.feed.existing(f.feed.ctx, existing(6, 10 * SEC));
	assert_int_equal(find(&f, 6)->refs, 1);
	/* It is freed. */
	fake_event(&f.feed, RELEASE, 7, 9 * SEC, .age = SEC);
	f.feed.existing(f.feed.ctx, existing(7, 10 * SEC));
	assert_true(find(&f, 7)->freed);
	assert_int_equal(find(&f, 7)->refs, 0);
	model__destroy(f.model);
}

static void test_existing_with_more_groups(void **state)
{
	struct fixture f = make(false);
	struct source_existing e = *existing(5, 10 * SEC);

	e.n_groups = 40;
	memset(e.comm, 'x', sizeof(e.comm));
	memset(e.backend, 'x', sizeof(e.backend));
	f.feed.existing(f.feed.ctx, &e);
	assert_false(only(&f)->groups_known);
	assert_int_equal(strlen(only(&f)->comm), sizeof(e.comm) - 1);
	e.id = 0;
	f.feed.existing(f.feed.ctx, &e);
	only(&f);
	model__destroy(f.model);
}

/* Kept by a source and delivered later, in its place before the events. */
static void test_existing_through_a_queue(void **state)
{
	struct source_info info = { .name = "fake" };
	struct source *source = source_fake__open(&info);
	struct source_sink feed = source_fake__feed(source);
	struct fixture f = make(false);

	feed.existing(feed.ctx, existing(5, 10 * SEC));
	fake_owner(&feed, 5, VFIO_OWNER_QEMU, .tgid = 555, .text[VFIO_OWNER_NAME_TEXT] = "vm");
	source_fake__group(&feed, 9, "0000:00:09.0", "v", "d");
	tell_table(&(struct fixture){ .feed = feed }, 10 * SEC);
	fake_event(&feed, PUT, 5, 11 * SEC, .refs = 2);
	existing(1, 1); /* what was fed is a copy */
	assert_true(source__poll(source, &f.feed) >= 0);
	assert_int_equal(only(&f)->refs, 2);
	assert_int_equal(only(&f)->n_groups, 2);
	mapped_is(&f, 5, 12288);
	assert_string_equal(only(&f)->owner->text[VFIO_OWNER_NAME_TEXT], "vm");
	assert_non_null(model__group(f.model, 9));
	fake_owner(&feed, 5, VFIO_OWNER_QEMU, .tgid = 555);
	source_fake__group(&feed, 10, "0000:00:0a.0", "v", "d");
	feed.existing(feed.ctx, existing(6, 10 * SEC)); /* never delivered */
	tell_table(&(struct fixture){ .feed = feed }, 10 * SEC);
	source__close(source);
	model__destroy(f.model);
}

static void test_two_containers_share_a_slot(void **state)
{
	struct fixture f = make(false);

	/* fake_event() gives every container slot 0. */
	start(&f, 1, 10, 0, SEC);
	map(&f, 1, SEC, 4096, 0);
	fake_event(&f.feed, RELEASE, 1, 2 * SEC, .age = SEC);
	start(&f, 2, 11, 0, 2 * SEC);
	map(&f, 2, 2 * SEC, 8192, 0);
	assert_int_equal(find(&f, 1)->gauges.mapped_bytes, 4096);
	assert_int_equal(find(&f, 2)->gauges.mapped_bytes, 8192);
	assert_int_equal(find(&f, 2)->groups[0].number, 11);
	assert_int_equal(model__total(f.model, VFIO_OP_MAP)->bytes, 12288);
	model__destroy(f.model);
}

static void test_ids_begin_again(void **state)
{
	struct fixture f = make(false);
	const struct model_container *const *list;

	start(&f, 1, 10, 0, SEC);
	map(&f, 1, SEC, 4096, 0);
	start(&f, 1, 20, 0, 2 * SEC);
	assert_int_equal(model__containers(f.model, &list), 2);
	assert_int_equal(list[0]->groups[0].number, 10);
	assert_int_equal(list[1]->groups[0].number, 20);
	assert_null(list[1]->op[VFIO_OP_MAP]);
	model__destroy(f.model);
}

static void test_detached_gap_ends_containers(void **state)
{
	struct fixture f = make(true);
	__u64 ts;

	start(&f, 1, 10, 0, SEC);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_DETACHED, 3 * SEC, "let go");
	assert_true(only(&f)->freed);
	assert_string_equal(model__gap(f.model, &ts), "let go");
	assert_int_equal(ts, 3 * SEC);
	assert_int_equal(model__gap_kind(f.model), SOURCE_GAP_DETACHED);
	model__advance(f.model, 3 * SEC + KEEP + 1, KEEP);
	assert_null(find(&f, 1));
	model__destroy(f.model);
}

/* What follows from events that do not come is unknown, not what it was or nothing. */
static void test_thinned_events_make_unknown(void **state)
{
	struct fixture f = make(false);
	const struct source_begun *begun;
	__u64 pages, ts;
	size_t n;

	start(&f, 1, 10, 0, SEC);
	map(&f, 1, SEC, 8192, 0);
	fake_event(&f.feed, IOCTL_START, 1, SEC, .cmd = VFIO_CMD_MAP_DMA);
	model__advance(f.model, SEC, KEEP);
	assert_true(only(&f)->gauges_known);
	assert_null(model__thinned(f.model, NULL));
	f.feed.gap(f.feed.ctx, SOURCE_GAP_THINNED, 2 * SEC, "too much");
	assert_string_equal(model__thinned(f.model, &ts), "too much");
	assert_int_equal(ts, 2 * SEC);
	assert_null(model__gap(f.model, NULL));
	assert_true(model__counts_less(f.model));
	assert_true(model__begun(f.model, &begun, &n));
	assert_int_equal(n, 0); /* its end will not come */
	assert_false(model_container__pinned_pages(only(&f), &pages));
	assert_false(model_container__mapped_bytes(only(&f), &pages));

	/* Neither the group's end nor a new container makes it known. */
	fake_event(&f.feed, DETACH, 1, 3 * SEC, .group = 10, .groups = 0, .refs = 1);
	start(&f, 2, 11, 0, 3 * SEC);
	model__advance(f.model, 4 * SEC, KEEP);
	assert_false(find(&f, 1)->gauges_known);
	assert_false(find(&f, 2)->gauges_known);
	assert_false(model_container__mapped_bytes(find(&f, 1), &pages));
	assert_false(model_container__mapped_bytes(find(&f, 2), &pages));
	assert_true(find(&f, 2)->rate < 0);
	assert_true(model__total(f.model, VFIO_OP_MAP)->rate < 0);
	assert_true(model__total(f.model, VFIO_OP_MAP)->busy < 0);
	assert_true(model__total(f.model, VFIO_OP_OPEN)->rate > 0);
	model__destroy(f.model);
}

/* The kernel counts on. */
static void test_thinned_events_leave_aggregates(void **state)
{
	struct fixture f = make(true);
	struct vfio_gauges gauges = { .mapped_bytes = 4096 };

	start(&f, 1, 10, 0, SEC);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_THINNED, 2 * SEC, "too much");
	f.feed.gauges(f.feed.ctx, 1, &gauges, true);
	model__advance(f.model, 2 * SEC, KEEP);
	model__advance(f.model, 3 * SEC, KEEP);
	assert_non_null(model__thinned(f.model, NULL));
	assert_false(model__counts_less(f.model));
	assert_true(only(&f)->gauges_known);
	assert_false(model_table__whole(&only(&f)->table));
	assert_true(only(&f)->rate == 0);
	model__destroy(f.model);
}

static int by_number(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static void check_quantiles(struct model_op *op, __u64 *truth, size_t n)
{
	static const double quantiles[] = { 0, 0.01, 0.5, 0.9, 0.99, 0.999, 1 };

	qsort(truth, n, sizeof(*truth), by_number);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		double exact = quantiles[i] * n;
		size_t rank = exact > (size_t)exact ? (size_t)exact + 1 : (size_t)exact;
		double want = truth[rank ? rank - 1 : 0];
		__u64 got;

		assert_true(model_op__quantile(op, quantiles[i], &got));
		if (got < want * (1 - 0.016) - 0.5 || got > want * (1 + 0.016) + 0.5)
			fail_msg("quantile %g of %zu: %llu, truth %g", quantiles[i], n, got, want);
	}
}

/* Durations over all octaves, few and many, against the sorted truth. */
static void test_quantiles(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 1000, 50000 };
	unsigned int seed = 4711;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct model_op *op = model_op__create();
		__u64 *truth = xcalloc(sizes[s], sizeof(*truth));

		for (size_t i = 0; i < sizes[s]; i++) {
			struct vfio_outcome o = { .op = VFIO_OP_PIN };

			o.duration = ((__u64)rand_r(&seed) << 9) >> rand_r(&seed) % 40;
			truth[i] = o.duration;
			model_op__add(op, &o);
		}
		check_quantiles(op, truth, sizes[s]);
		free(truth);
		model_op__destroy(op);
	}
}

static void test_quantile_of_nothing(void **state)
{
	struct model_op *op = model_op__create();
	struct vfio_outcome o = { .duration = VFIO_OBS_UNKNOWN };
	__u64 ns;

	assert_false(model_op__quantile(op, 0.5, &ns));
	model_op__add(op, &o);
	assert_int_equal(op->count, 1);
	assert_int_equal(op->unknown, 1);
	assert_false(model_op__quantile(op, 0.5, &ns));
	model_op__destroy(op);
}

/* Beyond the histogram the maximum is still exact. */
static void test_quantile_of_hours(void **state)
{
	struct model_op *op = model_op__create();
	struct vfio_outcome o = { .duration = 5 * 3600 * SEC };
	__u64 ns;

	model_op__add(op, &o);
	assert_true(model_op__quantile(op, 0.99, &ns));
	assert_int_equal(ns, 5 * 3600 * SEC);
	model_op__destroy(op);
}

static __u64 errno_count(const struct vfio_op_stats *stats, __u32 err)
{
	for (int i = 0; i < VFIO_OBS_ERRNOS; i++)
		if (stats->errnos[i].err == err)
			return stats->errnos[i].count;
	return 0;
}

/* A ninth kind of errno has no room. Its calls are failures all the same. */
static void test_errnos_of_aggregates(void **state)
{
	struct fixture f = make(true);
	struct vfio_op_stats *flat = xcalloc(1, sizeof(*flat));
	const struct model_op *op;

	flat->id = 3;
	flat->op = VFIO_OP_MAP;
	for (int err = 20; err > 10; err--) {
		struct vfio_outcome o = { .op = VFIO_OP_MAP, .ret = -err, .duration = 1 };

		vfio_op_stats_add(flat, &o);
		vfio_op_stats_add(flat, &o);
	}
	f.feed.stats(f.feed.ctx, flat);
	f.feed.stats(f.feed.ctx, flat); /* once more: nothing is added */
	op = only(&f)->op[VFIO_OP_MAP];
	assert_int_equal(op->errors, 20);
	assert_int_equal(op->n_errnos, VFIO_OBS_ERRNOS);
	for (__u32 i = 0; i < op->n_errnos; i++) {
		assert_int_equal(op->errnos[i].err, 13 + i);
		assert_int_equal(op->errnos[i].count, 2);
	}
	op = model__total(f.model, VFIO_OP_MAP);
	assert_int_equal(op->n_errnos, VFIO_OBS_ERRNOS);
	assert_int_equal(op->errnos[7].count, 2);
	/* Memory that the programs share with us may hold anything. */
	flat->count++;
	flat->errnos[0].err = 1000000;
	f.feed.stats(f.feed.ctx, flat);
	assert_int_equal(op->n_errnos, VFIO_OBS_ERRNOS);
	free(flat);
	model__destroy(f.model);
}

/* The model counts as the kernel's side does. */
static void test_counts_like_the_kernel(void **state)
{
	struct vfio_op_stats *flat = xcalloc(1, sizeof(*flat));
	struct model_op *op = model_op__create();
	unsigned int seed = 99;

	for (int i = 0; i < 20000; i++) {
		struct vfio_outcome o = {
			.op = VFIO_OP_PIN,
			.ret = rand_r(&seed) % 8 ? 4 : -1 - rand_r(&seed) % 7,
			.duration = rand_r(&seed) % 50 ? (__u64)rand_r(&seed) : VFIO_OBS_UNKNOWN,
			.bytes = rand_r(&seed),
			.pages = 4,
		};

		vfio_op_stats_add(flat, &o);
		model_op__add(op, &o);
	}
	assert_int_equal(op->count, flat->count);
	assert_int_equal(op->errors, flat->errors);
	assert_int_equal(op->unknown, flat->unknown);
	assert_int_equal(op->sum_ns, flat->sum_ns);
	assert_int_equal(op->max_ns, flat->max_ns);
	assert_int_equal(op->bytes, flat->bytes);
	assert_int_equal(op->pages, flat->pages);
	assert_int_equal(op->n_errnos, 7);
	for (__u32 i = 0; i < op->n_errnos; i++)
		assert_int_equal(op->errnos[i].count, errno_count(flat, i + 1));
	for (__u32 i = 0, b = 0; i < VFIO_HIST_BUCKETS; i++) {
		if (b < op->n_hist && op->hist[b].index == i)
			assert_int_equal(op->hist[b++].count, flat->hist[i]);
		else
			assert_int_equal(flat->hist[i], 0);
	}
	model_op__destroy(op);
	free(flat);
}

static struct vfio_op_stats *stats_of(__u64 id, enum vfio_obs_op op)
{
	struct vfio_op_stats *stats = xcalloc(1, sizeof(*stats));

	stats->id = id;
	stats->op = op;
	return stats;
}

static void test_aggregates(void **state)
{
	struct fixture f = make(true);
	struct vfio_op_stats *stats = stats_of(3, VFIO_OP_PIN);
	struct vfio_gauges gauges = { .mapped_bytes = 4096, .pinned_pages = 5 };
	const struct model_container *c;

	/* Statistics may come before the event of the open. */
	stats->count = 10;
	stats->sum_ns = 1000;
	stats->max_ns = 100;
	stats->pages = 20;
	stats->hist[50] = 10;
	f.feed.stats(f.feed.ctx, stats);
	f.feed.gauges(f.feed.ctx, 3, &gauges, true);
	start(&f, 3, 12, 1, SEC);
	c = only(&f);
	assert_true(c->opened_known);
	assert_true(c->gauges_known);
	assert_int_equal(c->gauges.mapped_bytes, 4096);
	assert_int_equal(c->op[VFIO_OP_PIN]->count, 10);
	/* Events are not counted a second time. */
	assert_null(model__total(f.model, VFIO_OP_OPEN));
	assert_null(c->op[VFIO_OP_ATTACH]);

	stats->count = 13;
	stats->hist[50] = 11;
	stats->hist[20] = 2;
	f.feed.stats(f.feed.ctx, stats);
	assert_int_equal(c->op[VFIO_OP_PIN]->count, 13);
	assert_int_equal(c->op[VFIO_OP_PIN]->n_hist, 2);
	assert_int_equal(c->op[VFIO_OP_PIN]->hist[0].index, 20);
	assert_int_equal(c->op[VFIO_OP_PIN]->hist[0].count, 2);
	assert_int_equal(c->op[VFIO_OP_PIN]->hist[1].count, 11);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->count, 13);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->hist[1].count, 11);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->pages, 20);

	/* Backwards: nothing changes. */
	stats->count = 2;
	stats->pages = 1;
	stats->hist[50] = 1;
	f.feed.stats(f.feed.ctx, stats);
	assert_int_equal(c->op[VFIO_OP_PIN]->count, 13);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->pages, 20);
	assert_int_equal(c->op[VFIO_OP_PIN]->hist[1].count, 11);
	free(stats);
	model__destroy(f.model);
}

/* Of containers that the kernel had no room for only the totals know. */
static void test_shared_aggregates(void **state)
{
	struct fixture f = make(true);
	struct vfio_op_stats *stats = stats_of(3, VFIO_OP_PIN), *shared = stats_of(0, VFIO_OP_PIN);
	const struct model_container *const *list;

	stats->count = 10;
	shared->count = 4;
	f.feed.stats(f.feed.ctx, stats);
	f.feed.stats(f.feed.ctx, shared);
	shared->count = 6;
	f.feed.stats(f.feed.ctx, shared);
	assert_int_equal(model__containers(f.model, &list), 1);
	assert_int_equal(list[0]->op[VFIO_OP_PIN]->count, 10);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->count, 16);
	/* Loaded anew they begin at 0. */
	f.feed.final(f.feed.ctx, 0);
	shared->count = 1;
	f.feed.stats(f.feed.ctx, shared);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->count, 17);
	free(stats);
	free(shared);
	model__destroy(f.model);
}

static void test_buckets_wrap(void **state)
{
	struct fixture f = make(true);
	struct vfio_op_stats *stats = stats_of(3, VFIO_OP_PIN);

	stats->count = 0xfffffff0ULL;
	stats->hist[7] = 0xfffffff0U;
	f.feed.stats(f.feed.ctx, stats);
	stats->count += 0x20;
	stats->hist[7] += 0x20; /* 0x10 after the wrap */
	assert_int_equal(stats->hist[7], 0x10);
	f.feed.stats(f.feed.ctx, stats);
	assert_int_equal(only(&f)->op[VFIO_OP_PIN]->hist[0].count, 0x100000010ULL);
	assert_int_equal(model__total(f.model, VFIO_OP_PIN)->hist[0].count, 0x100000010ULL);
	free(stats);
	model__destroy(f.model);
}

/* A detach event is older than the kernel's gauges, which may have grown again since. */
static void test_gauges_come_from_the_kernel(void **state)
{
	struct fixture f = make(true);
	struct vfio_gauges gauges = { .mapped_bytes = 4096 };

	f.feed.gauges(f.feed.ctx, 3, &gauges, false);
	assert_false(only(&f)->gauges_known);
	fake_event(&f.feed, DETACH, 3, SEC, .group = 1, .groups = 0, .refs = 1, .duration = 1);
	assert_true(only(&f)->gauges_known);
	assert_int_equal(only(&f)->gauges.mapped_bytes, 4096);
	gauges.mapped_bytes = 8192;
	f.feed.gauges(f.feed.ctx, 3, &gauges, false);
	assert_true(only(&f)->gauges_known);
	model__destroy(f.model);
}

/* The final totals come after the release event, or the release event never comes. */
static void test_final(void **state)
{
	struct fixture f = make(true);
	struct vfio_op_stats *stats = stats_of(3, VFIO_OP_DETACH);

	start(&f, 3, 12, 0, SEC);
	fake_event(&f.feed, RELEASE, 3, 2 * SEC, .age = SEC);
	model__advance(f.model, 2 * SEC + KEEP + 1, KEEP);
	assert_non_null(find(&f, 3)); /* its totals are still on their way */
	stats->count = 1;
	f.feed.stats(f.feed.ctx, stats);
	f.feed.final(f.feed.ctx, 3);
	model__advance(f.model, 2 * SEC + KEEP + 2, KEEP);
	assert_null(find(&f, 3));
	assert_int_equal(model__total(f.model, VFIO_OP_DETACH)->count, 1);
	f.feed.final(f.feed.ctx, 3);
	assert_null(find(&f, 3)); /* no ghost */

	start(&f, 4, 12, 0, 20 * SEC);
	f.feed.final(f.feed.ctx, 4);
	assert_true(only(&f)->freed);
	assert_int_equal(only(&f)->freed_ns, 20 * SEC);

	/* A final that was lost does not keep the container for ever. */
	start(&f, 5, 12, 0, 30 * SEC);
	fake_event(&f.feed, RELEASE, 5, 31 * SEC, .age = SEC);
	model__advance(f.model, 31 * SEC + KEEP + 11 * SEC, KEEP);
	assert_null(find(&f, 5));
	free(stats);
	model__destroy(f.model);
}

static void test_rates(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;

	model__advance(f.model, 10 * SEC, KEEP);
	start(&f, 1, 10, 1, 10 * SEC);
	c = only(&f);
	assert_true(c->rate < 0);
	for (int i = 0; i < 100; i++)
		fake_event(&f.feed, PIN, 1, 11 * SEC, .group = 10, .npage = 1, .ret = 1,
			   .duration = 5000000);
	model__advance(f.model, 12 * SEC, KEEP);
	assert_true(c->op[VFIO_OP_PIN]->rate == 50);
	assert_true(c->op[VFIO_OP_PIN]->busy == 0.25);
	assert_true(c->rate == 51.5); /* and open, attach, set_iommu */
	assert_true(model__total(f.model, VFIO_OP_PIN)->rate == 50);
	model__advance(f.model, 13 * SEC, KEEP);
	assert_true(c->rate == 0);
	assert_true(c->op[VFIO_OP_PIN]->busy == 0);
	/* No time passed: nothing to divide by. */
	model__advance(f.model, 13 * SEC, KEEP);
	assert_true(c->rate < 0);
	model__destroy(f.model);
}

static void test_errnos(void **state)
{
	struct fixture f = make(false);
	const struct model_op *op;

	start(&f, 1, 10, 0, SEC);
	map(&f, 1, SEC, 4096, -17);
	map(&f, 1, SEC, 4096, -12);
	map(&f, 1, SEC, 4096, -17);
	map(&f, 1, SEC, 4096, -9223372036854775807LL - 1);
	op = only(&f)->op[VFIO_OP_MAP];
	assert_int_equal(op->n_errnos, 3);
	assert_int_equal(op->errnos[0].err, 12);
	assert_int_equal(op->errnos[1].err, 17);
	assert_int_equal(op->errnos[1].count, 2);
	assert_int_equal(op->errnos[2].err, 4095);
	assert_int_equal(op->errors, 4);
	model__destroy(f.model);
}

static void test_snapshot(void **state)
{
	struct fixture f = make(false);
	const struct model_container *const *list;
	struct model *copy;

	start(&f, 1, 10, 0, SEC);
	map(&f, 1, SEC, 4096, -17);
	f.feed.gap(f.feed.ctx, SOURCE_GAP_ATTACHED, SEC, "again");
	copy = model__snapshot(f.model);
	map(&f, 1, SEC, 4096, 0);
	fake_event(&f.feed, DETACH, 1, SEC, .group = 10, .groups = 0, .refs = 1);
	start(&f, 2, 11, 0, SEC);
	assert_int_equal(model__containers(copy, &list), 1);
	assert_int_equal(list[0]->op[VFIO_OP_MAP]->count, 1);
	assert_int_equal(list[0]->op[VFIO_OP_MAP]->errnos[0].err, 17);
	assert_int_equal(list[0]->n_groups, 1);
	assert_int_equal(list[0]->groups[0].number, 10);
	assert_int_equal(model__total(copy, VFIO_OP_MAP)->count, 1);
	model__destroy(f.model);
	assert_string_equal(model__gap(copy, NULL), "again");
	model__destroy(copy);
}

/* Whatever sizes a recording claims, gauges are right or unknown. */
static void test_hostile_gauges(void **state)
{
	struct fixture f = make(false);
	const struct model_container *c;
	__u64 pages;

	start(&f, 1, 10, 0, SEC);
	c = only(&f);
	unmap(&f, 1, SEC, 4096);
	assert_int_equal(c->gauges.mapped_bytes, -4096);
	assert_false(model_container__pinned_pages(c, &pages));
	map(&f, 1, SEC, ~0ULL, 0);
	assert_false(c->gauges_known);
	map(&f, 1, SEC, 1ULL << 63, 0);
	fake_event(&f.feed, DETACH, 1, SEC, .group = 10, .groups = 0, .refs = 1);
	assert_true(c->gauges_known);
	assert_int_equal(c->gauges.mapped_bytes, 0);
	for (int i = 0; i < 20; i++)
		map(&f, 1, SEC, 1ULL << 60, 0);
	assert_false(c->gauges_known);
	fake_event(&f.feed, PIN, 1, SEC, .ret = 0x7fffffffffffffffLL);
	fake_event(&f.feed, RELEASE, 1, SEC, .age = ~0ULL);
	model__advance(f.model, ~0ULL, 0);
	model__advance(f.model, 0, ~0ULL);
	model__destroy(f.model);
}

/* Many containers in any order, and a container with more groups than there can be. */
static void test_hostile_numbers(void **state)
{
	struct fixture f = make(false);
	const struct model_container *const *list;
	unsigned int seed = 1;
	size_t n;

	for (int i = 0; i < 100000; i++) {
		__u64 id = ((__u64)rand_r(&seed) << 32 | rand_r(&seed)) | 1;

		fake_event(&f.feed, GET, id, i, .refs = 1);
	}
	n = model__containers(f.model, &list);
	assert_true(n > 99900);
	for (size_t i = 1; i < n; i++)
		assert_true(list[i - 1]->id < list[i]->id);
	for (__u32 i = 0; i < 20000; i++)
		fake_event(&f.feed, ATTACH, 2, i, .group = i * 7919, .groups = i + 1);
	assert_int_equal(find(&f, 2)->n_groups, 4096);
	assert_false(find(&f, 2)->groups_known);
	for (__u32 i = 0; i < 20000; i++)
		fake_event(&f.feed, DETACH, 2, i, .group = i * 7919, .groups = 7);
	assert_int_equal(find(&f, 2)->n_groups, 0);
	model__destroy(f.model);
}

/* Unknown event numbers and random fields: nothing is read or written out of bounds. */
static void test_random_events(void **state)
{
	unsigned int seed = 77;

	for (int aggregates = 0; aggregates < 2; aggregates++) {
		struct fixture f = make(aggregates);

		for (int i = 0; i < 200000; i++) {
			struct vfio_rec rec;
			unsigned char *bytes = (unsigned char *)&rec;

			for (size_t b = 0; b < sizeof(rec); b++)
				bytes[b] = rand_r(&seed) >> 8;
			rec.type %= VFIO_EV_COUNT + 2;
			rec.id %= 50;
			if (i % 3)
				for (int w = 0; w < VFIO_OBS_WORDS; w++)
					rec.w[w] %= 9;
			f.feed.event(f.feed.ctx, &rec);
			if (i % 1000 == 0)
				model__advance(f.model, rec.ts_ns, SEC);
		}
		model__destroy(model__snapshot(f.model));
		model__destroy(f.model);
	}
}

static void the_parts_of_maps_are_added_up(void **state)
{
	struct fixture f = make(true); /* also where all else is counted by the kernel */
	const struct model_map_parts *parts;

	fake_event(&f.feed, MAP_PARTS, 7, SEC, .ret = 0, .total_ns = 100, .pin_ns = 70, .chunks = 3,
		   .pin_bytes = 8192, .iommu_ns = 20, .iommu_maps = 6, .iommu_bytes = 16384);
	fake_event(&f.feed, MAP_PARTS, 7, SEC, .ret = -12, .total_ns = 10, .pin_ns = 5,
		   .iommu_maps = VFIO_OBS_UNKNOWN);
	fake_event(&f.feed, MAP_PARTS, 8, SEC, .ret = 0, .total_ns = 1);
	parts = &find(&f, 7)->map_parts;
	assert_int_equal(parts->count, 2);
	assert_int_equal(parts->errors, 1);
	assert_int_equal(model_map_sum(parts, total_ns), 110);
	assert_int_equal(model_map_sum(parts, pin_ns), 75);
	assert_int_equal(model_map_sum(parts, chunks), 3);
	assert_int_equal(model_map_sum(parts, pin_bytes), 8192);
	assert_int_equal(model_map_sum(parts, iommu_ns), 20);
	assert_int_equal(model_map_sum(parts, iommu_bytes), 16384);
	assert_false(model_map_known(parts, iommu_maps));
	assert_true(model_map_known(parts, iommu_bytes));
	assert_int_equal(model__map_parts(f.model)->count, 3);
	assert_int_equal(model_map_sum(model__map_parts(f.model), total_ns), 111);
	assert_int_equal(model_map_sum(&find(&f, 8)->map_parts, total_ns), 1);
	model__destroy(f.model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_files),
		cmocka_unit_test(the_parts_of_maps_are_added_up),
		cmocka_unit_test(test_lifecycle),
		cmocka_unit_test(test_failed_open_is_no_container),
		cmocka_unit_test(test_partial_container),
		cmocka_unit_test(test_existing),
		cmocka_unit_test(test_existing_with_mappings),
		cmocka_unit_test(test_mappings_without_a_backend),
		cmocka_unit_test(test_mappings_of_the_next_backend),
		cmocka_unit_test(test_mappings_after_a_loss),
		cmocka_unit_test(test_mappings_that_are_not_told),
		cmocka_unit_test(test_existing_of_unknown_age),
		cmocka_unit_test(test_existing_then_older_events),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_group_devices),
		cmocka_unit_test(test_existing_is_not_the_last_word),
		cmocka_unit_test(test_existing_with_more_groups),
		cmocka_unit_test(test_existing_through_a_queue),
		cmocka_unit_test(test_two_containers_share_a_slot),
		cmocka_unit_test(test_ids_begin_again),
		cmocka_unit_test(test_detached_gap_ends_containers),
		cmocka_unit_test(test_thinned_events_make_unknown),
		cmocka_unit_test(test_thinned_events_leave_aggregates),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_quantile_of_nothing),
		cmocka_unit_test(test_quantile_of_hours),
		cmocka_unit_test(test_counts_like_the_kernel),
		cmocka_unit_test(test_errnos_of_aggregates),
		cmocka_unit_test(test_aggregates),
		cmocka_unit_test(test_shared_aggregates),
		cmocka_unit_test(test_buckets_wrap),
		cmocka_unit_test(test_gauges_come_from_the_kernel),
		cmocka_unit_test(test_final),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_errnos),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_hostile_gauges),
		cmocka_unit_test(test_hostile_numbers),
		cmocka_unit_test(test_random_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
