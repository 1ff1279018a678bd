// SPDX-License-Identifier: GPL-2.0-only
/*
 * enrich.c - owners and devices added to what a live source tells
 */
#include <stdlib.h>
#include <time.h>

#include "enrich.h"
#include "group_devices.h"
#include "owner.h"
#include "source_copy.h"
#include "xalloc.h"

/* A group's devices are read again when it is attached and the last time is so long ago. */
#define GROUP_AGE_NS 1000000000ULL
/* Groups remembered; a host with more looks some up again. */
#define MAX_GROUPS 1024

/* What was told about a group. */
struct known_group {
	__u32 number;
	__u64 read_ns;
	struct source_group_info *info; /* NULL: it was not there */
};

struct enrich {
	struct source_sink out;
	struct owner_lookup *owners;
	struct group_devices *devices;
	struct known_group groups[MAX_GROUPS]; /* by number modulo */
};

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void tell_owner(struct enrich *enrich, __u64 id, const struct owner_claim *claim)
{
	if (enrich->out.owner && id && claim->tgid)
		enrich->out.owner(enrich->out.ctx, id,
				  owner_lookup__find(enrich->owners, claim, now()));
}

static void tell_group(struct enrich *enrich, __u32 number)
{
	struct known_group *known = &enrich->groups[number % MAX_GROUPS];
	bool same_number = known->read_ns && known->number == number;
	struct source_group_info *info;
	__u64 now_ns = now();

	if (!enrich->out.group || (same_number && now_ns - known->read_ns < GROUP_AGE_NS))
		return;
	info = group_devices__read(enrich->devices, number);
	if (info && !(same_number && source_copy__group_equal(info, known->info)))
		enrich->out.group(enrich->out.ctx, info);
	free(known->info);
	*known = (struct known_group){ number, now_ns, info };
}

static void on_existing(void *ctx, const struct source_existing *existing)
{
	struct enrich *enrich = ctx;
	struct owner_claim claim = {
		.tgid = existing->tgid, .pid = existing->tgid, .comm = existing->comm,
		.cgroup = existing->cgroup, .seen_ns = existing->read_ns,
	};

	if (enrich->out.existing)
		enrich->out.existing(enrich->out.ctx, existing);
	tell_owner(enrich, existing->id, &claim);
	for (__u32 i = 0; i < existing->n_listed; i++)
		tell_group(enrich, existing->groups[i].number);
}

static void on_table(void *ctx, const struct source_table *table)
{
	struct enrich *enrich = ctx;

	if (enrich->out.table)
		enrich->out.table(enrich->out.ctx, table);
}

static void on_event(void *ctx, const struct vfio_rec *rec)
{
	struct enrich *enrich = ctx;

	if (enrich->out.event)
		enrich->out.event(enrich->out.ctx, rec);
	if (rec->type == VFIO_EV_OPEN && (__s64)vfio_w(rec, OPEN, ret) >= 0) {
		struct owner_claim claim = {
			.tgid = rec->tgid, .pid = rec->pid, .comm = rec->comm,
			.cgroup = rec->cgroup, .seen_ns = rec->ts_ns,
		};

		tell_owner(enrich, rec->id, &claim);
	} else if (rec->type == VFIO_EV_ATTACH && (__s64)vfio_w(rec, ATTACH, ret) >= 0) {
		tell_group(enrich, vfio_w(rec, ATTACH, group));
	}
}

static void on_stats(void *ctx, const struct vfio_op_stats *stats)
{
	struct enrich *enrich = ctx;

	if (enrich->out.stats)
		enrich->out.stats(enrich->out.ctx, stats);
}

static void on_gauges(void *ctx, __u64 id, const struct vfio_gauges *gauges, bool known)
{
	struct enrich *enrich = ctx;

	if (enrich->out.gauges)
		enrich->out.gauges(enrich->out.ctx, id, gauges, known);
}

static void on_begun(void *ctx, const struct source_begun *list, size_t n)
{
	struct enrich *enrich = ctx;

	if (enrich->out.begun)
		enrich->out.begun(enrich->out.ctx, list, n);
}

static void on_stack(void *ctx, const struct source_stack *stack)
{
	struct enrich *enrich = ctx;

	if (enrich->out.stack)
		enrich->out.stack(enrich->out.ctx, stack);
}

static void on_final(void *ctx, __u64 id)
{
	struct enrich *enrich = ctx;

	if (enrich->out.final)
		enrich->out.final(enrich->out.ctx, id);
}

static void on_loss(void *ctx, const struct source_loss *loss)
{
	struct enrich *enrich = ctx;

	if (enrich->out.loss)
		enrich->out.loss(enrich->out.ctx, loss);
}

static void on_gap(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why)
{
	struct enrich *enrich = ctx;

	if (enrich->out.gap)
		enrich->out.gap(enrich->out.ctx, gap, ts_ns, why);
}

struct enrich *enrich__create(const char *root, const struct source_sink *out)
{
	struct enrich *enrich = xcalloc(1, sizeof(*enrich));

	enrich->out = *out;
	enrich->owners = owner_lookup__create(root);
	enrich->devices = group_devices__create(root, NULL);
	return enrich;
}

void enrich__destroy(struct enrich *enrich)
{
	if (!enrich)
		return;
	owner_lookup__destroy(enrich->owners);
	group_devices__destroy(enrich->devices);
	for (int i = 0; i < MAX_GROUPS; i++)
		free(enrich->groups[i].info);
	free(enrich);
}

void enrich__ask(struct enrich *enrich, struct loader *loader)
{
	owner_lookup__ask(enrich->owners, loader);
}

struct source_sink enrich__sink(struct enrich *enrich)
{
	return (struct source_sink){
		.ctx = enrich,
		.existing = on_existing,
		.table = on_table,
		.event = on_event,
		.stats = on_stats,
		.gauges = on_gauges,
		.begun = on_begun,
		.stack = on_stack,
		.final = on_final,
		.loss = on_loss,
		.gap = on_gap,
	};
}
