/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what vfio-trace report has gathered, for its ways of printing
 *
 * Filled by report.c from the model and from events; read by report_text.c, report_json.c and
 * report_html.c.
 */
#ifndef VFIO_TRACE_REPORT_H
#define VFIO_TRACE_REPORT_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/model.h"
#include "lib/source.h"
#include "start.h"
#include "timeline.h"

#define REPORT_PAGE_BYTES 4096 /* x86 */

/* Quantiles that are reported, as keys and as numbers. */
enum { REPORT_P50, REPORT_P90, REPORT_P99, REPORT_P999, REPORT_QUANTILES };
extern const double report__quantile[REPORT_QUANTILES];
extern const char *const report__quantile_key[REPORT_QUANTILES];

/* One operation, of a container or of all. */
struct report_op {
	__u64 count, errors, unknown, bytes, pages;
	bool timed; /* some calls have a duration: the latencies below are valid */
	__u64 sum_ns, mean_ns, max_ns, quantile_ns[REPORT_QUANTILES];
	struct model_errno *errnos;
	__u32 n_errnos;
	struct model_op *model; /* all of it, with report_opts.hist, else NULL */
};

/* One container, complete when it was freed, else as at the end of the recording. */
struct report_container {
	__u64 id;
	bool opened_known, refs_known, mapped_known, pinned_known, file_closed, freed;
	__u64 opened_ns, age_ns;
	__u32 tgid;
	char comm[VFIO_OBS_COMM_LEN];
	__u64 cgroup;
	struct source_owner *owner; /* NULL: nobody looked it up */
	char backend[VFIO_OBS_STR_LEN]; /* last one set, "" none seen */
	__u32 iommu_type;
	struct model_group *groups; /* all that were attached at some time */
	size_t n_groups;
	bool more_groups; /* than are remembered */
	struct model_group *attached; /* those that are at the end, when its file is closed */
	size_t n_attached;
	__u64 closed_ns; /* as of the model, as are these: */
	bool left_known, held_known;
	struct vfio_gauges left, held;
	__u32 refs;
	__u64 mapped_bytes, pinned_pages;
	bool mappings_known, avail_known;
	__u64 mappings, avail;
	struct report_op *op[VFIO_OP_COUNT]; /* NULL: never called */
	struct model_map_parts map_parts;
	struct timeline_life life; /* with report_opts.html, else nothing */
};

/* One kind of call on the files of one group. */
struct report_group_call {
	__u32 group; /* ~0 unknown */
	enum model_group_call_kind kind;
	struct report_op op;
	__u32 failed_tgid; /* of the last that failed, 0 none */
	char failed_comm[VFIO_OBS_COMM_LEN];
	char failed_device[VFIO_OBS_STR_LEN]; /* "" none */
};

struct report_gap {
	enum source_gap kind;
	__u64 ts_ns;
	char *why;
};

struct report {
	const char *path;
	struct source_info info;
	__u64 first_ns, last_ns; /* of the events; 0 when there are none */
	__u64 events, event_count[VFIO_EV_COUNT];
	struct report_op total[VFIO_OP_COUNT];
	struct source_loss loss;
	const char *truncated; /* NULL: the recording is whole; else the sentence */
	struct report_gap *gaps;
	size_t n_gaps;
	const struct source_group_info *const *groups; /* by number, as they were last */
	size_t n_groups;
	struct report_group_call *group_calls; /* by group */
	size_t n_group_calls;
	struct model_map_parts map_parts; /* of all containers */
	struct report_container **containers; /* by id */
	size_t n_containers;
	const struct starts *starts;
	const struct timeline *timeline; /* with report_opts.html, else NULL */
};

/*
 * @start:    print what took the time of starts, instead of all the rest
 * @html:     as a page; gathers histograms and what goes over time, too
 * @hist:     gather the histograms
 * @limit_ns: see START_LIMIT_NS
 */
struct report_opts {
	bool json, html, start, hist;
	__u64 limit_ns;
};

/*
 * report__read - all of @source, named @path in messages, which must live as long as the report.
 * *@status is an exit status: 0 when all could be read, else a sentence is on stderr. Never NULL;
 * report__read_file() returns NULL when the file cannot be opened. To be freed by report__free(),
 * which takes NULL.
 */
const struct report *report__read(struct source *source, const char *path,
				  const struct report_opts *opts, int *status);
const struct report *report__read_file(const char *path, const struct report_opts *opts,
				       int *status);
void report__free(const struct report *report);

/*
 * report__print - as @opts say, to @out, which is called @name. The exit status; of an error a
 * sentence is on stderr. report__written(): the same for what was printed with success or without
 * (@ok).
 */
int report__print(const struct report *report, const struct report_opts *opts, FILE *out,
		  const char *name);
int report__written(bool ok, FILE *out, const char *name);

/* Numbers of @op, whose quantiles are as of now; to be cleared. */
void report__fill_op(struct report_op *to, const struct model_op *op);
void report__clear_op(struct report_op *op);

/*
 * report__owner - whose @c is, for sums: the VM, the pod or the service; of a process its command.
 * Points to @buf or into @c.
 */
const char *report__owner(const struct report_container *c, char *buf, size_t size);

/* All return false when @out cannot be written (errno). */
bool report__print_text(const struct report *report, FILE *out);
bool report__print_json(const struct report *report, FILE *out);
bool report__print_starts(const struct report *report, FILE *out);
/* @only_starts: see report_opts.start */
bool report__print_html(const struct report *report, bool only_starts, FILE *out);

/* A new object, null of NULL. */
json_t *start_json(const struct start *start);

#endif
