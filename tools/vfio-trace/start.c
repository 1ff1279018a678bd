// SPDX-License-Identifier: GPL-2.0-only
/*
 * start.c - what the start of a VM consists of: calls, gaps between them, sums
 *
 * A start may have millions of calls: the longest are kept one by one, of the rest sums. Events
 * come when a call returns, so calls arrive in the order of their ends.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "start.h"

/* Beyond, the shortest gaps are forgotten: they stay gaps, even if a later call covers them. */
#define MAX_GAPS 1024
/* MAP_PARTS whose IOCTL comes behind them, in one container. */
#define MAX_LONE_PARTS 8

const char *const start__part_key[START_PARTS] = {
	[START_MAP] = "map_dma",
	[START_SET_IOMMU] = "set_iommu",
	[START_ATTACH] = "attach",
	[START_DEVICE_FD] = "get_device_fd",
	[START_GROUP] = "group_ioctl",
	[START_IOCTL] = "ioctl",
};

/*
 * A start that is being gathered.
 * @running:    of all calls until now; those until start.end_ns are in start.sum
 * @covered_ns: end of the last call; before it all time is in calls or in start.gaps, which are in
 *              the order of time until starts__end()
 * @lone:       MAP_PARTS that came before the IOCTL that they are of
 */
struct gathered {
	struct start start; /* first: the index points to it */
	struct start_sum running[START_PARTS];
	__u64 covered_ns;
	struct vfio_rec *lone;
	size_t n_lone;
};

/* The container that a group is attached to. */
struct member {
	__u32 group;
	struct gathered *of;
};

struct starts {
	__u64 limit_ns;
	void *index, *members; /* tsearch() trees of struct gathered and struct member */
	struct gathered *last;
};

static int by_id(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_group(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->group < y->group ? -1 : x->group > y->group;
}

static struct gathered *find(const struct starts *starts, __u64 id)
{
	struct start key = { .id = id };
	struct gathered **found;

	if (starts->last && starts->last->start.id == id)
		return starts->last;
	found = tfind(&key, &starts->index, by_id);
	return found ? *found : NULL;
}

static void set_member(struct starts *starts, __u32 group, struct gathered *of)
{
	struct member key = { .group = group }, **found, *member;

	found = tfind(&key, &starts->members, by_group);
	if (found) {
		(*found)->of = of;
		return;
	}
	if (!of)
		return;
	member = xmemdup(&key, 1, sizeof(key));
	member->of = of;
	xalloc__check(tsearch(member, &starts->members, by_group));
}

static struct gathered *of_group(const struct starts *starts, __u32 group)
{
	struct member key = { .group = group }, **found;

	found = tfind(&key, &starts->members, by_group);
	return found ? (*found)->of : NULL;
}

static bool is_over(const struct gathered *g)
{
	return g->start.over != START_GOES_ON;
}

static void end_start(struct gathered *g, enum start_end why, __u64 ts_ns)
{
	if (is_over(g))
		return;
	g->start.over = why;
	g->start.over_ns = ts_ns;
}

/* Gaps and time in calls */

/* Those shorter than their mean leave; when that is not enough, the oldest half too. */
static void drop_gaps(struct start *start)
{
	__u64 mean = 0;
	size_t kept = 0;

	for (size_t i = 0; i < start->n_gaps; i++)
		mean += (start->gaps[i].end_ns - start->gaps[i].begin_ns) / start->n_gaps;
	for (size_t i = 0; i < start->n_gaps; i++)
		if (start->gaps[i].end_ns - start->gaps[i].begin_ns >= mean)
			start->gaps[kept++] = start->gaps[i];
	if (kept > start->n_gaps / 2) {
		kept -= start->n_gaps / 2;
		memmove(start->gaps, start->gaps + start->n_gaps / 2, kept * sizeof(*start->gaps));
	}
	start->n_gaps = kept;
}

static void add_gap(struct start *start, __u64 begin_ns, __u64 end_ns)
{
	if (start->n_gaps == MAX_GAPS)
		drop_gaps(start);
	start->gaps = xreallocarray(start->gaps, start->n_gaps + 1, sizeof(*start->gaps));
	start->gaps[start->n_gaps++] = (struct start_gap){ begin_ns, end_ns };
}

/* The call from @begin_ns to @end_ns; what of that is in no call that ended earlier. */
static __u64 cover(struct gathered *g, __u64 begin_ns, __u64 end_ns)
{
	struct start *start = &g->start;
	__u64 self = 0;

	while (start->n_gaps) {
		struct start_gap *gap = &start->gaps[start->n_gaps - 1];

		if (gap->end_ns <= begin_ns || gap->end_ns > end_ns)
			break;
		if (gap->begin_ns < begin_ns) {
			self += gap->end_ns - begin_ns;
			gap->end_ns = begin_ns;
			break;
		}
		self += gap->end_ns - gap->begin_ns;
		start->n_gaps--;
	}
	if (end_ns <= g->covered_ns)
		return self;
	if (begin_ns > g->covered_ns)
		add_gap(start, g->covered_ns, begin_ns);
	self += end_ns - (begin_ns > g->covered_ns ? begin_ns : g->covered_ns);
	g->covered_ns = end_ns;
	return self;
}

/* Calls */

static __u64 known(__u64 ns)
{
	return ns == VFIO_OBS_UNKNOWN ? 0 : ns;
}

/* A list of the longest START_LISTED of each kind. */
static void list_call(struct start *start, const struct start_call *call)
{
	struct start_call *shortest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < start->n_calls; i++) {
		struct start_call *other = &start->calls[i];

		if (other->part != call->part)
			continue;
		n++;
		if (!shortest || known(other->ns) < known(shortest->ns))
			shortest = other;
	}
	if (n == START_LISTED) {
		if (known(call->ns) > known(shortest->ns))
			*shortest = *call;
		return;
	}
	start->calls = xreallocarray(start->calls, start->n_calls + 1, sizeof(*start->calls));
	start->calls[start->n_calls++] = *call;
}

static void count_call(struct gathered *g, const struct start_call *call)
{
	struct start_sum *sum = &g->running[call->part];
	__u64 end_ns = call->begin_ns + known(call->ns), self_ns;

	if (!sum->count++ || call->begin_ns < sum->first_ns)
		sum->first_ns = call->begin_ns;
	if (end_ns > sum->last_ns)
		sum->last_ns = end_ns;
	sum->errors += call->ret < 0;
	sum->under_way += !call->returned;
	if (call->ret >= 0 && call->returned) {
		sum->unread += !call->bytes_known;
		sum->bytes += call->bytes;
		if (call->bytes && call->ns != VFIO_OBS_UNKNOWN) {
			sum->moved_bytes += call->bytes;
			sum->moved_ns += call->ns;
		}
	}
	sum->untimed += call->ns == VFIO_OBS_UNKNOWN;
	sum->ns += known(call->ns);
	self_ns = cover(g, call->begin_ns, end_ns);
	sum->self_ns += self_ns;
	if (self_ns > sum->max_self_ns)
		sum->max_self_ns = self_ns;
}

static void add_call(struct starts *starts, struct gathered *g, const struct start_call *call)
{
	if (is_over(g))
		return;
	if (call->begin_ns - g->start.opened_ns > starts->limit_ns) {
		end_start(g, START_LIMIT, g->start.opened_ns + starts->limit_ns);
		return;
	}
	count_call(g, call);
	if (call->part >= START_GROUP)
		return;
	list_call(&g->start, call);
	memcpy(g->start.sum, g->running, sizeof(g->running));
	g->start.end_ns = g->covered_ns;
}

/* A call that returned at @rec. One that claims to have begun before the open began with it. */
static struct start_call call_of(const struct gathered *g, enum start_part part,
				 const struct vfio_rec *rec, __s64 ret, __u64 ns)
{
	__u64 most = rec->ts_ns > g->start.opened_ns ? rec->ts_ns - g->start.opened_ns : 0;

	if (ns != VFIO_OBS_UNKNOWN && ns > most)
		ns = most;
	return (struct start_call){
		.part = part,
		.returned = true,
		.bytes_known = true,
		.begin_ns = g->start.opened_ns + most - known(ns),
		.ns = ns,
		.ret = ret,
		.pid = rec->pid,
		.group = ~0U,
	};
}

static void set_name(struct start_call *call, const __u64 *words)
{
	memcpy(call->name, words, sizeof(call->name));
	call->name[sizeof(call->name) - 1] = '\0';
}

/* MAP_DMA: its event and its MAP_PARTS come from the same task, in either order */

static bool is_of(const struct vfio_rec *parts, const struct start_call *call)
{
	__u64 total = vfio_w(parts, MAP_PARTS, total_ns);
	__u64 begin = total < parts->ts_ns ? parts->ts_ns - total : 0;

	return call->part == START_MAP && !call->map_parts.count && call->pid == parts->pid &&
	       begin <= call->begin_ns + known(call->ns) && call->begin_ns <= parts->ts_ns;
}

static void take_lone_parts(struct gathered *g, struct start_call *call)
{
	for (size_t i = 0; i < g->n_lone; i++) {
		if (!is_of(&g->lone[i], call))
			continue;
		model_map_parts__add(&call->map_parts, &g->lone[i]);
		g->lone[i] = g->lone[--g->n_lone];
		return;
	}
}

static void keep_lone_parts(struct gathered *g, const struct vfio_rec *rec)
{
	if (g->n_lone == MAX_LONE_PARTS)
		memmove(g->lone, g->lone + 1, --g->n_lone * sizeof(*g->lone));
	g->lone = xreallocarray(g->lone, MAX_LONE_PARTS, sizeof(*g->lone));
	g->lone[g->n_lone++] = *rec;
}

static void on_map_parts(const struct starts *starts, struct gathered *g,
			 const struct vfio_rec *rec)
{
	struct start *start = &g->start;
	__u64 total = vfio_w(rec, MAP_PARTS, total_ns);

	/* One that belongs to no call of the start. */
	if (is_over(g) || total > rec->ts_ns ||
	    (rec->ts_ns - total > start->opened_ns &&
	     rec->ts_ns - total - start->opened_ns > starts->limit_ns))
		return;
	model_map_parts__add(&start->map_parts, rec);
	for (size_t i = 0; i < start->n_calls; i++) {
		if (is_of(rec, &start->calls[i])) {
			model_map_parts__add(&start->calls[i].map_parts, rec);
			return;
		}
	}
	keep_lone_parts(g, rec);
}

static void on_map(struct starts *starts, struct gathered *g, const struct vfio_rec *rec)
{
	struct vfio_outcome o = vfio_outcome_of(VFIO_EV_IOCTL, rec);
	struct start_call call = call_of(g, START_MAP, rec, o.ret, o.duration);

	call.bytes_known = vfio_w(rec, IOCTL, known);
	call.bytes = o.bytes;
	call.iova = call.bytes_known ? vfio_w(rec, IOCTL, iova) : 0;
	take_lone_parts(g, &call);
	add_call(starts, g, &call);
}

/* Events */

static void on_open(struct starts *starts, const struct vfio_rec *rec)
{
	struct gathered *g = find(starts, rec->id);

	if (g) /* hostile: ids are never reused */
		return;
	g = xcalloc(1, sizeof(*g));
	g->start.id = rec->id;
	g->start.opened_ns = g->start.end_ns = g->covered_ns = rec->ts_ns;
	xalloc__check(tsearch(g, &starts->index, by_id));
}

static void on_attach(struct starts *starts, struct gathered *g, const struct vfio_rec *rec)
{
	struct start_call call = call_of(g, START_ATTACH, rec, vfio_w(rec, ATTACH, ret),
					 vfio_w(rec, ATTACH, duration));

	call.group = vfio_w(rec, ATTACH, group);
	add_call(starts, g, &call);
	if (call.ret >= 0)
		set_member(starts, call.group, g);
}

static void on_detach(struct starts *starts, struct gathered *g, const struct vfio_rec *rec)
{
	set_member(starts, vfio_w(rec, DETACH, group), NULL);
	if (!vfio_w(rec, DETACH, groups))
		end_start(g, START_DETACH, rec->ts_ns);
}

static void on_set_iommu(struct starts *starts, struct gathered *g, const struct vfio_rec *rec)
{
	struct start_call call = call_of(g, START_SET_IOMMU, rec, vfio_w(rec, SET_IOMMU, ret),
					 vfio_w(rec, SET_IOMMU, duration));

	call.type = vfio_w(rec, SET_IOMMU, type);
	set_name(&call, &vfio_w(rec, SET_IOMMU, backend));
	add_call(starts, g, &call);
}

static void on_ioctl(struct starts *starts, struct gathered *g, const struct vfio_rec *rec)
{
	struct vfio_outcome o = vfio_outcome_of(VFIO_EV_IOCTL, rec);
	struct start_call call;

	if (o.op == VFIO_OP_MAP) {
		on_map(starts, g, rec);
		return;
	}
	call = call_of(g, START_IOCTL, rec, o.ret, o.duration);
	if (o.op == VFIO_OP_UNMAP)
		end_start(g, START_UNMAP, call.begin_ns);
	else
		add_call(starts, g, &call);
}

/* It is of no container by itself. */
static void on_group_ioctl(struct starts *starts, const struct vfio_rec *rec)
{
	bool device = vfio_w(rec, GROUP_IOCTL, cmd) == VFIO_CMD_GROUP_GET_DEVICE_FD;
	struct gathered *g = of_group(starts, vfio_w(rec, GROUP_IOCTL, group));
	struct start_call call;

	if (!g)
		return;
	call = call_of(g, device ? START_DEVICE_FD : START_GROUP, rec,
		       vfio_w(rec, GROUP_IOCTL, ret), vfio_w(rec, GROUP_IOCTL, duration));
	call.group = vfio_w(rec, GROUP_IOCTL, group);
	set_name(&call, &vfio_w(rec, GROUP_IOCTL, device));
	add_call(starts, g, &call);
}

static void on_container(struct starts *starts, struct gathered *g, const struct vfio_rec *rec)
{
	switch (rec->type) {
	case VFIO_EV_ATTACH:
		on_attach(starts, g, rec);
		break;
	case VFIO_EV_DETACH:
		on_detach(starts, g, rec);
		break;
	case VFIO_EV_SET_IOMMU:
		on_set_iommu(starts, g, rec);
		break;
	case VFIO_EV_IOCTL:
		on_ioctl(starts, g, rec);
		break;
	case VFIO_EV_MAP_PARTS:
		on_map_parts(starts, g, rec);
		break;
	case VFIO_EV_CLOSE:
	case VFIO_EV_RELEASE:
		end_start(g, START_CLOSE, rec->ts_ns);
		break;
	}
}

/* Bit per event that says something here: all others, pins above all, cost nothing. */
#define BIT(event) (1ULL << VFIO_EV_##event)
#define OF_CONTAINERS                                                                              \
	(BIT(ATTACH) | BIT(DETACH) | BIT(SET_IOMMU) | BIT(IOCTL) | BIT(MAP_PARTS) | BIT(CLOSE) |   \
	 BIT(RELEASE))

void starts__event(struct starts *starts, const struct vfio_rec *rec)
{
	struct gathered *g;

	if (rec->type == VFIO_EV_GROUP_IOCTL)
		on_group_ioctl(starts, rec);
	else if (rec->type == VFIO_EV_OPEN && rec->id)
		on_open(starts, rec);
	if (rec->type >= VFIO_EV_COUNT || !(OF_CONTAINERS >> rec->type & 1))
		return;
	g = find(starts, rec->id);
	if (!g)
		return;
	starts->last = g;
	on_container(starts, g, rec);
}

/* The end */

static bool part_of(enum vfio_obs_op op, enum start_part *part)
{
	*part = op == VFIO_OP_MAP ? START_MAP :
		op == VFIO_OP_SET_IOMMU ? START_SET_IOMMU :
		op == VFIO_OP_ATTACH ? START_ATTACH : START_PARTS;
	return *part != START_PARTS;
}

/* A call that did not return; its time until now is of the start. */
static void add_begun(struct starts *starts, const struct source_begun *begun, __u64 now_ns)
{
	struct gathered *g = find(starts, begun->id);
	struct start_call call = { .begin_ns = begun->start_ns, .pid = begun->pid, .group = ~0U };

	if (!g || begun->start_ns < g->start.opened_ns || begun->start_ns > now_ns ||
	    !part_of(begun->op, &call.part))
		return;
	call.ns = now_ns - begun->start_ns;
	if (call.part == START_MAP) {
		call.iova = begun->arg[0];
		call.bytes = begun->arg[1];
		call.bytes_known = call.bytes;
	} else if (call.part == START_ATTACH) {
		call.group = begun->arg[0];
	}
	add_call(starts, g, &call);
}

static int by_begin(const void *a, const void *b)
{
	const struct start_call *x = a, *y = b;

	return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

static int longest_first(const void *a, const void *b)
{
	const struct start_gap *x = a, *y = b;
	__u64 nx = x->end_ns - x->begin_ns, ny = y->end_ns - y->begin_ns;

	return nx > ny ? -1 : nx < ny;
}

/* What came behind the last call of the start is none of its gaps. */
static void finish(struct start *start)
{
	size_t kept = 0;

	if (start->n_calls)
		qsort(start->calls, start->n_calls, sizeof(*start->calls), by_begin);
	for (size_t i = 0; i < start->n_gaps; i++)
		if (start->gaps[i].end_ns <= start->end_ns)
			start->gaps[kept++] = start->gaps[i];
	start->n_gaps = kept;
	if (kept)
		qsort(start->gaps, kept, sizeof(*start->gaps), longest_first);
	if (start->n_gaps > START_GAPS_LISTED)
		start->n_gaps = START_GAPS_LISTED;
}

static void finish_node(const void *node, VISIT visit, int depth)
{
	if (visit == postorder || visit == leaf)
		finish(*(struct start *const *)node);
}

void starts__end(struct starts *starts, const struct source_begun *begun, size_t n, __u64 now_ns)
{
	for (size_t i = 0; i < n; i++)
		add_begun(starts, &begun[i], now_ns);
	twalk(starts->index, finish_node);
}

/* Public functions */

struct starts *starts__create(__u64 limit_ns)
{
	struct starts *starts = xcalloc(1, sizeof(*starts));

	starts->limit_ns = limit_ns;
	return starts;
}

static void free_gathered(void *node)
{
	struct gathered *g = node;

	free(g->start.calls);
	free(g->start.gaps);
	free(g->lone);
	free(g);
}

void starts__destroy(struct starts *starts)
{
	if (!starts)
		return;
	tdestroy(starts->members, free);
	tdestroy(starts->index, free_gathered);
	free(starts);
}

const struct start *starts__of(const struct starts *starts, __u64 id)
{
	const struct gathered *g = find(starts, id);

	return g ? &g->start : NULL;
}

__u64 start__span(const struct start *start)
{
	return start->end_ns - start->opened_ns;
}

__u64 start__between(const struct start *start)
{
	__u64 inside = 0, span = start__span(start);

	for (unsigned int i = 0; i < START_PARTS; i++)
		inside += start->sum[i].self_ns;
	return span > inside ? span - inside : 0;
}

__u64 start__speed(__u64 bytes, __u64 ns)
{
	double speed = ns ? (double)bytes * 1e9 / (double)ns : 0;

	return speed < 1e18 ? speed + 0.5 : 1e18;
}
