/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.h - where events come from: the running kernel, a recording, a script
 *
 * main() of each tool opens one source and joins it to a sink (the model, a recording's writer).
 * A source never prints and knows neither model nor view. Errors are negative errno values; the
 * sentence for the user (what, on what, why, what to do) is written to the caller's buffer.
 */
#ifndef VFIO_OBS_SOURCE_H
#define VFIO_OBS_SOURCE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vfio_obs/aggregate.h"
#include "vfio_obs/existing.h"
#include "vfio_obs/owner.h"

struct loader;
struct source;

/*
 * A container's id, as sources give it: what the module (or, where it does not, the source)
 * counts, from 1, in the low bits, and above how often the module was loaded anew while the source
 * watched.
 */
#define SOURCE_ID_LOAD_SHIFT 48
#define SOURCE_ID_LOAD(id) ((id) >> SOURCE_ID_LOAD_SHIFT)
#define SOURCE_ID_NUMBER(id) ((id) & ((1ULL << SOURCE_ID_LOAD_SHIFT) - 1))

/* What a source could not deliver, cumulative since it was opened. Zero is known to be zero. */
struct source_loss {
	__u64 ring;	   /* events lost because a CPU's ring was full */
	__u64 pool;	   /* operations in the statistics of no container: limits reached */
	__u64 recursion;   /* program runs that the kernel skipped, and what they made untold */
	__u64 damaged;	   /* recording: events in blocks that could not be read, if known */
	__u64 stacks;	   /* operations that are in no stack, or in one without kernel frames */
};

/* Everything that is not there, in whatever way it was lost. */
static inline __u64 source_loss__total(const struct source_loss *loss)
{
	return loss->ring + loss->pool + loss->recursion + loss->damaged + loss->stacks;
}

enum source_gap {
	SOURCE_GAP_DETACHED,   /* let go of vfio so that it can be unloaded */
	SOURCE_GAP_ATTACHED,   /* attached (again) */
	SOURCE_GAP_THINNED,    /* source__frequent_events() do not come any more */
	SOURCE_GAP_TRUNCATED,  /* the recording ends without its end mark */
	SOURCE_GAP_DAMAGED,    /* parts of the recording cannot be read */
	SOURCE_GAPS
};

/* In a word, for JSON: "detached". */
const char *source_gap__key(enum source_gap gap);

struct source_group {
	__u32 number;
	__u32 type; /* VFIO_OBS_VALUES_group_type */
};

/*
 * A container that was there before the source attached, as it was at @read_ns. What was mapped
 * until then tells a source_table, if it can be read; what was pinned is not known. Not found are
 * containers whose files no process has open (sent through a socket and not received yet,
 * registered with io_uring) or only processes of another pid namespace than ours and its children.
 * @tgid:        the process that has the container's file open, or when @file_closed a group's or
 *               a device's; the lowest of @holders processes. @comm and @cgroup are its
 * @file_closed: only attached groups keep it
 * @groups:      @n_listed of the @n_groups attached groups
 * @is_carried:  it is not what was read but what events before a part of a recording say, of which
 *               @carried tells more; else that is zeroed
 */
struct source_existing {
	__u64 read_ns;
	__u64 id;
	__u64 opened_ns; /* CLOCK_BOOTTIME, 0 unknown */
	__u64 cgroup;
	__u32 tgid;
	__u32 holders;
	__u32 refs;
	bool file_closed;
	char comm[VFIO_OBS_COMM_LEN];
	char backend[VFIO_OBS_STR_LEN]; /* "" none */
	const struct source_group *groups;
	__u32 n_listed, n_groups;
	bool is_carried;
	struct vfio_carried carried;
};

/* Whether @existing tells what VFIO_UNTOLD_... @what would deny. */
static inline bool source_existing__tells(const struct source_existing *existing, __u32 what)
{
	return !(existing->carried.untold & what);
}

/*
 * The DMA mappings of a container that was there before the source attached, as they were between
 * @read_ns and @until_ns: what returned before is in them, what began later is not.
 * @read_ns: 0: not read, but followed from the container's open on
 * @avail: mappings that the backend allows beside these, unless @no_limit: not known
 * @torn:  they changed all the time: some may be missing or be gone
 * @more:  there are more than VFIO_OBS_MAPPINGS_MAX
 * @list:  ascending, none overlaps another
 */
struct source_table {
	__u64 id;
	__u64 read_ns, until_ns;
	__u32 avail;
	bool torn, more, no_limit;
	__u32 n;
	const struct vfio_mapping *list;
};

/*
 * Whose a container is, as it was looked up when the container was first seen.
 * @tgid:       the process that was looked up, as the event or the iterator named it
 * @started_ns: when that process started, CLOCK_BOOTTIME; 0: it could not be told apart from
 *              others, and only its cgroup is known
 * @text:       see VFIO_OBS_OWNER_TEXTS; never NULL
 */
struct source_owner {
	__u64 started_ns;
	__u32 tgid;
	enum vfio_owner_kind kind;
	const char *text[VFIO_OWNER_TEXTS];
};

/* @vendor, @device: PCI ids or VFIO_OBS_NO_PCI_ID. @text: never NULL. */
struct source_device {
	__u32 vendor, device;
	const char *text[VFIO_DEVICE_TEXTS];
};

/* The devices of an IOMMU group: @n_listed of @n_devices. */
struct source_group_info {
	__u32 number;
	__u32 n_listed, n_devices;
	const struct source_device *devices;
};

/*
 * An operation that has begun and not returned, in the task @pid of process @tgid. Seen are attach,
 * SET_IOMMU and the ioctls behind it; not pin, unpin, dma_rw.
 * @arg: iova and size of MAP and UNMAP (0 and 0: not known), else the group of ATTACH
 */
struct source_begun {
	__u64 id; /* of the container */
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 arg[2];
	__u32 tgid, pid;
	enum vfio_obs_op op;
	char comm[VFIO_OBS_COMM_LEN];
};

/*
 * One frame of a stack. Without a @function @offset is in the file or module, without @module too
 * nothing but @address is known.
 * @module: file name of a program or library, kernel module, "" the kernel; or "build-id:" and that
 *          of a file which could not be found
 * @offset: bytes from the begin of @function
 */
#define SOURCE_FUNCTION_LEN 80
#define SOURCE_MODULE_LEN 64
struct source_frame {
	char function[SOURCE_FUNCTION_LEN];
	char module[SOURCE_MODULE_LEN];
	__u64 offset;
	__u64 address;
};

/*
 * From where an operation was called, as it was when it returned. Sums are cumulative.
 * @number: of this stack, never given to another
 * @id:     the container, 0 none (an open that failed)
 * @comm:   of the thread that came from there first
 * @errors: calls that returned below 0; @untimed: those whose duration is unknown
 * @pages:  of PIN and UNPIN
 * @frames: the kernel's, innermost first, then the user's. None of the user's: a kernel thread or a
 *          process that exits. None of the kernel's: they could not be read
 * @kernel_cut, @user_cut: there may be more, further out
 */
struct source_stack {
	__u64 number;
	__u64 id;
	__u64 count, errors, untimed, sum_ns, max_ns, pages;
	__u32 tgid;
	enum vfio_obs_op op;
	char comm[VFIO_OBS_COMM_LEN];
	const struct source_frame *frames;
	size_t n_kernel, n_user;
	bool kernel_cut, user_cut;
};

/*
 * What a source calls from source__poll(); any member may be NULL.
 * @existing: a container that existed before; in the first poll behind each attaching, before
 *         the events that came since. Those that began before @read_ns are in the state already
 * @table: mappings of such a container, before the events that came since, too
 * @owner: whose the container of the last @existing or of the last open event is
 * @group: the devices of a group that was attached, or whose devices are others now. These two
 *         come from enrich.c or from a recording; their texts are printable ASCII
 * @event: one event; those of one poll come in time order and never before an earlier poll's
 * @stats: cumulative statistics of one operation of one container, only when they changed.
 *         Never for operations whose events were delivered without aggregation (see
 *         source_info.aggregates). With id 0 they are of all containers that there was no room
 *         for
 * @gauges: gauges of a container, with @known false when the container existed before the source
 * @begun:  all operations that are under way, in the order of their begin; with the aggregates,
 *          whenever it is another list than the last
 * @stack:  one stack of those that were asked for, when it changed
 * @final:  the container was freed and its last @stats have been delivered. Id 0: those count from
 *         0 anew
 * @gap:    the stream was interrupted at @ts_ns; @why is a sentence for the user
 * Pointers are valid during the call only.
 */
struct source_sink {
	void *ctx;
	void (*existing)(void *ctx, const struct source_existing *existing);
	void (*table)(void *ctx, const struct source_table *table);
	void (*owner)(void *ctx, __u64 id, const struct source_owner *owner);
	void (*group)(void *ctx, const struct source_group_info *group);
	void (*event)(void *ctx, const struct vfio_rec *rec);
	void (*stats)(void *ctx, const struct vfio_op_stats *stats);
	void (*gauges)(void *ctx, __u64 id, const struct vfio_gauges *gauges, bool known);
	void (*begun)(void *ctx, const struct source_begun *list, size_t n);
	void (*stack)(void *ctx, const struct source_stack *stack);
	void (*final)(void *ctx, __u64 id);
	void (*loss)(void *ctx, const struct source_loss *loss);
	void (*gap)(void *ctx, enum source_gap gap, __u64 ts_ns, const char *why);
};

/* Percent of one CPU's time, of the tool with its loader and of the BPF programs in the kernel. */
struct source_share {
	bool known, programs_known;
	double tool, programs;
};

/*
 * What a live source costs the machine; zeroed: nothing is known.
 * @ns_per_event: what the BPF programs take, without what tracepoint or trampoline do
 * @last, @all: over the last second or somewhat more, since it attached
 * @machine:   @last, tool and programs as far as they are known, in percent of all CPUs' time
 * @max:       what this must not exceed, 0 none; @over: it has
 */
struct source_cost {
	bool event_known, over;
	double ns_per_event;
	struct source_share last, all;
	double machine, max;
};

struct source_info {
	const char *name;     /* "tp", "fentry", "file", "fake" */
	char detail[256];     /* for the user: path, module version, what is not seen */
	bool live;
	bool aggregates;      /* @stats come from the kernel; else the sink counts events */
	bool stacks;	      /* call stacks were asked for */
	bool described;	      /* owners and groups come along: there is nothing to look up */
	char kernel[65];      /* release of the kernel that the events are from */
	char host[65];
	__u64 realtime_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME where the events are from */
	__u64 start_ns;	      /* a recording's begin, CLOCK_BOOTTIME */
	struct source_cost cost;
	__u64 unseen;	      /* bit per event that does not come, though it may have happened */
};

struct source_ops {
	/*
	 * Delivers what has arrived until now. Returns 1 when more may come, 0 at the end of a
	 * recording, -errno when the source broke (then source__error()).
	 */
	int (*poll)(struct source *source, const struct source_sink *sink);
	/*
	 * As poll, but also what poll holds back for a few ms so that late events find their
	 * place. For the end of a recording. NULL: poll holds nothing back.
	 */
	int (*flush)(struct source *source, const struct source_sink *sink);
	void (*info)(const struct source *source, struct source_info *info);
	const char *(*error)(const struct source *source);
	void (*close)(struct source *source);
};

/* The first member of every source's own structure. */
struct source {
	const struct source_ops *ops;
};

static inline int source__poll(struct source *source, const struct source_sink *sink)
{
	return source->ops->poll(source, sink);
}

static inline int source__flush(struct source *source, const struct source_sink *sink)
{
	return source->ops->flush ? source->ops->flush(source, sink) : source__poll(source, sink);
}

static inline void source__info(const struct source *source, struct source_info *info)
{
	source->ops->info(source, info);
}

static inline const char *source__error(const struct source *source)
{
	return source->ops->error(source);
}

static inline void source__close(struct source *source)
{
	if (source)
		source->ops->close(source);
}

/*
 * Operations whose call stacks are kept; zeroed: none, and nothing is paid for it.
 * @ops:     all calls of these, bit per enum vfio_obs_op
 * @failed:  all calls that fail
 * @slow_ns: all calls that take as long; 0: not for that
 * @limit:   stacks that are kept at a time
 */
struct source_stack_opts {
	__u32 ops;
	bool failed;
	__u64 slow_ns;
	__u32 limit;
};

static inline bool source_stack_opts__any(const struct source_stack_opts *opts)
{
	return opts->ops || opts->failed || opts->slow_ns;
}

/* Options of the live sources. */
struct source_live_opts {
	__u64 events;	     /* bit per enum vfio_obs_event: delivered one by one */
	bool aggregate;	     /* deliver @stats and @gauges from the kernel's aggregates */
	size_t ring_bytes;   /* for all CPUs together; 0: default */
	struct source_stack_opts stacks; /* with @aggregate only */
	bool keep_attached;  /* never let go of an idle vfio (while a recorded command runs) */
	double max_overhead; /* in percent of all CPUs' time; beyond it, THINNED; 0: no limit */
};

/* Events of a container's life: the rare ones. */
__u64 source__lifecycle_events(void);
/* Events a live monitor wants one by one: those, and what it maps. Others come aggregated. */
__u64 source__monitor_events(void);
/* All completed events, without the _start ones. */
__u64 source__all_events(void);
/* Those that a busy container has all the time, each at a cost: what THINNED leaves out. */
__u64 source__frequent_events(void);

/* The operations, bit per enum vfio_obs_op, that @events complete; those of type1 are ioctls. */
__u32 source__ops_of(__u64 events);

/* AUTO: tracepoints where the loaded vfio has them, else its functions. */
enum source_live_kind { SOURCE_LIVE_AUTO, SOURCE_LIVE_TP, SOURCE_LIVE_FENTRY };
/* "auto", "tp" or "fentry"; false: something else. */
bool source_live__parse(const char *name, enum source_live_kind *kind);
/*
 * source_live__open - attach to the tracepoints of our vfio.ko, or to the functions of any.
 * @loader does it (loader.h), was started with the same @opts and stays the caller's. Returns the
 * source (source__close() frees it and detaches), or NULL with a sentence in @err, which has the
 * reasons of all that was tried. When vfio is not loaded this fails; once open, unloading and
 * reloading vfio is survived (gaps are reported).
 */
struct source *source_live__open(struct loader *loader, enum source_live_kind kind,
				 const struct source_live_opts *opts, char *err, size_t err_size);

/* source_file__open - read a recording; @path "-" is standard input. */
struct source *source_file__open(const char *path, char *err, size_t err_size);
/* The same from an open stream, which becomes the source's, also on failure. */
struct source *source_file__from_stream(FILE *in, const char *name, char *err, size_t err_size);

/* What follows is of such a source only, for who writes another recording. */
struct record_header;
const struct record_header *source_file__header(const struct source *source);
/* source_info.unseen of such a recording. */
__u64 source_file__unseen(const struct record_header *header);
/* realtime_offset_ns of what is delivered now; valid as long as the source. */
const __u64 *source_file__clock(const struct source *source);
/* When it ended, behind its end mark; without one or before it, the newest event's time. */
__u64 source_file__end_ns(const struct source *source);
/* A sentence about what could not be read until now, or that it broke off. False: it did not. */
bool source_file__damage(const struct source *source, char *why, size_t size);
bool source_file__cut(const struct source *source, char *why, size_t size);
/*
 * source_file__stop - there will be no other poll, though the last did not return 0: tells @sink
 * what is damaged until here or could not be read, as the end would have.
 */
void source_file__stop(struct source *source, const struct source_sink *sink);

#endif
