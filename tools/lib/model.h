/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what is known about containers: fed by any source, read by every view
 *
 * Pure: never reads a clock, a file or the kernel. The same calls in the same order give the same
 * model; time comes from events and from model__advance(). Values that cannot be known are
 * flagged, never zero.
 */
#ifndef VFIO_OBS_MODEL_H
#define VFIO_OBS_MODEL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "model_group.h"
#include "model_heat.h"
#include "model_log.h"
#include "model_map.h"
#include "model_stacks.h"
#include "model_table.h"
#include "source.h"
#include "vfio_obs/aggregate.h"

struct model_group {
	__u32 number;
	__u32 type; /* group_type; MODEL_NO_TYPE when the attach was not seen */
};
#define MODEL_NO_TYPE (~0U)

/* One bucket that has calls in it; a histogram keeps only those, sorted by @index. */
struct model_bucket {
	__u64 count;
	__u32 index; /* of vfio_hist_index() */
	__u32 raw;   /* last reading of the kernel's counter, which wraps at 2^32 */
};

struct model_errno {
	__u32 err; /* positive errno value */
	__u64 count;
};

/* Statistics of one operation of one container (or of all containers). */
struct model_op {
	__u64 count, errors, unknown, sum_ns, max_ns, bytes, pages;
	struct model_bucket *hist; /* @n_hist buckets, NULL while nothing was timed */
	__u32 n_hist;
	__u32 n_errnos;
	struct model_errno *errnos; /* sorted by err; their counts sum up to less than @errors when
				     * the kernel had no room for one more kind */
	double rate;	   /* calls a second over the last refresh interval, < 0: unknown */
	double busy;	   /* time inside the calls by the interval's length, < 0: unknown; calls
			    * count when they return, on all CPUs: it can be above 1 */
	__u64 prev_count, prev_sum_ns; /* at the last refresh */
};

struct model_container {
	__u64 id;
	bool opened_known, refs_known, gauges_known;
	__u64 opened_ns;  /* CLOCK_BOOTTIME */
	__u32 tgid;	  /* the opener, or who held it when we began; 0 unknown */
	__u32 holders;	  /* processes that held it when we began; 0 unknown */
	char comm[VFIO_OBS_COMM_LEN];
	__u64 cgroup;
	const struct source_owner *owner; /* of @tgid; NULL: nobody looked it up */
	struct model_group *groups; /* sorted by number */
	size_t n_groups;
	bool groups_known; /* @groups is the whole list; else the kernel has more than we saw */
	char backend[VFIO_OBS_STR_LEN]; /* "" none */
	bool backend_known;
	__u32 iommu_type;
	__u32 refs;
	struct vfio_gauges gauges;
	/* What @gauges were when its last group left, each time: nobody had undone it. Only from
	 * events, and of a container whose open was seen. */
	bool left_known;
	struct vfio_gauges left;
	struct model_table table; /* what is mapped, one by one */
	bool file_known;  /* whether @file_closed says something */
	bool file_closed, freed;
	__u64 closed_ns;  /* valid when @file_closed; 0: before we began */
	__u64 freed_ns;	  /* valid when @freed */
	struct model_op *op[VFIO_OP_COUNT]; /* NULL: never called */
	struct model_map_parts map_parts;
	double rate;	  /* all operations a second over the last interval, < 0: unknown */
	/* Operations that have begun and not returned, and the one that began first. */
	size_t n_begun;
	struct source_begun begun;
};

struct model;

/* Never NULL: running out of memory ends the program with a message, as everywhere in tools/. */
struct model *model__create(void);
void model__destroy(struct model *model);
/* model__snapshot - a copy to look at, never to feed, while @model goes on; same ownership. */
struct model *model__snapshot(const struct model *model);
/*
 * model__fork - another one that knows the same, but for heat, and is fed on its own, through its
 * own model__sink(); same ownership.
 */
struct model *model__fork(const struct model *model);

/*
 * model__sink - the sink that feeds @model. @aggregates as in source_info: when false, the model
 * counts from events itself (with the functions of aggregate.h).
 */
struct source_sink model__sink(struct model *model, bool aggregates);

/*
 * model__unseen - as in source_info, to be told before anything else: what would follow from these
 * events is unknown.
 */
void model__unseen(struct model *model, __u64 events);

/*
 * model__advance - a refresh: rates over the time since the last call, freed containers older
 * than @keep_ns leave (their totals stay in model__total()).
 * @now_ns: CLOCK_BOOTTIME live; in a replay the replayed instant.
 */
void model__advance(struct model *model, __u64 now_ns, __u64 keep_ns);

/* Containers sorted by id, oldest first; valid until the next call that changes the model. */
size_t model__containers(const struct model *model, const struct model_container *const **list);
/* Container @id, of several the last; NULL: there is none, or no more. */
const struct model_container *model__container(const struct model *model, __u64 id);
/*
 * The container that an event of @id would change now; NULL: there is none. Quick however many
 * there are. Not of a snapshot.
 */
const struct model_container *model__current(const struct model *model, __u64 id);
/* Sum of one operation over all containers, gone ones included; NULL when never called. */
const struct model_op *model__total(const struct model *model, enum vfio_obs_op op);
/* Events delivered by type, over all containers; [VFIO_EV_COUNT] */
const __u64 *model__event_counts(const struct model *model);
/*
 * Devices of group @number as they were told last; NULL: unknown. model__groups(): of all groups
 * that were told, by number.
 */
const struct source_group_info *model__group(const struct model *model, __u32 number);
size_t model__groups(const struct model *model, const struct source_group_info *const **list);
/* Calls on group and device files, by group; valid until the next call that changes the model. */
const struct model_group_calls *model__group_calls(const struct model *model);
/* Where the time of all MAP_DMAs went, those of containers that are gone included. */
const struct model_map_parts *model__map_parts(const struct model *model);
/*
 * Operations of all containers that have begun and not returned, in the order of their begin.
 * False: not known. Live they come from the source; from events when these have begins (the
 * _start events), and then only of what began since.
 */
bool model__begun(const struct model *model, const struct source_begun **list, size_t *n);
/* From where operations are called, as asked for; the hottest first. */
const struct model_stacks *model__stacks(const struct model *model);
/*
 * model__keep_heat - keep how latencies go over time, from now on; to be called before the first
 * refresh, or what was called until now counts for the next. model__look_at(): the user looks at
 * container @id (0: at none in particular), whose history is kept even if another's must go.
 */
void model__keep_heat(struct model *model);
void model__look_at(struct model *model, __u64 id);
/* NULL: not kept. The history of container @id, 0: of all; NULL: it has none. */
const struct model_heat *model__heat(const struct model *model);
const struct model_heat_track *model__heat_track(const struct model *model, __u64 id);
/* What happened last, and what failed. */
const struct model_log *model__log(const struct model *model);
const struct source_loss *model__loss(const struct model *model);
/* Sentence of the last gap or NULL; @ts_ns may be NULL. */
const char *model__gap(const struct model *model, __u64 *ts_ns);
/* Kind of the last gap; meaningful when model__gap() is not NULL. */
enum source_gap model__gap_kind(const struct model *model);
/*
 * Sentence about events that do not come any more since @ts_ns (SOURCE_GAP_THINNED), which stays,
 * or NULL; @ts_ns may be NULL. Rates and gauges that would follow from them are unknown then,
 * unless they are the kernel's.
 */
const char *model__thinned(const struct model *model, __u64 *ts_ns);
/* Some operations are not counted any more. */
bool model__counts_less(const struct model *model);
/* The instant of the last refresh or of the newest event, whichever is later. */
__u64 model__now(const struct model *model);

/* Latency at quantile @q in [0,1] in ns, true value within 1.6 %; false: nothing was timed. */
bool model_op__quantile(const struct model_op *op, double q, __u64 *ns);
/* Bytes that are mapped, counted or added up from what was read. False: unknown. */
bool model_container__mapped_bytes(const struct model_container *c, __u64 *bytes);
/*
 * Pages held for the container: explicit pins plus, once an IOMMU-backed group is attached, the
 * pages of its mappings (type1 pins those as long as they live). False: unknown.
 */
bool model_container__pinned_pages(const struct model_container *c, __u64 *pages);

#endif
