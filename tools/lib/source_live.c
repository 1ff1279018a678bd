// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_live.c - the live sources, as a tool without privileges has them
 *
 * Reads rings (ring.c) and aggregates (tp_stats.c) of the programs that the loader has loaded and
 * attached for us. An attached program keeps vfio from being unloaded, so the source lets go when
 * nobody uses vfio and attaches again when somebody does.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "event.h"
#include "live.h"
#include "loader.h"
#include "overhead.h"
#include "ring.h"
#include "source.h"
#include "symbols.h"
#include "tp_begun.h"
#include "tp_existing.h"
#include "tp_module.h"
#include "tp_stacks.h"
#include "tp_stats.h"
#include "tp_table.h"
#include "xalloc.h"

#define MSEC 1000000ULL

/*
 * Lateness bound: how long an event may take from its time stamp until it can be read (the CPU
 * may belong to a guest that does not run). Under pressure less is waited, to lose nothing.
 */
#define LATENESS (10 * MSEC)
#define LATENESS_PRESSED (1 * MSEC)
/* Statistics are not looked through more often than this; rings are, at each poll. */
#define STATS_INTERVAL (40 * MSEC)
/* Separate symbols, as Debian's -dbgsym packages install them. */
#define DEBUG_FILES "/usr/lib/debug"
/* How often the module's users are looked at, and how many times it must be idle in a row. */
#define IDLE_INTERVAL (180 * MSEC)
#define IDLE_TIMES 2

struct mapping {
	void *addr;
	size_t size;
};

/*
 * @map:         those of enum loader_map that can be mapped
 * @loss_before: of objects that are closed again
 * @module:      tp_module__instance() of the last attach; @refused that which did not fit
 * @id_bits:     number of loads seen, in place
 * @run_ns:      time of the programs' runs, while the kernel kept statistics
 * @no_statistics: why it does not, "" it does
 * @events_before: handled by objects that are closed again
 */
struct source_live {
	struct source source;
	enum source_live_kind kind;
	struct source_live_opts opts;
	struct loader *loader;
	bool loaded, attached;
	struct loader_fds fds;
	struct mapping map[LOADER_N_MAPS];
	const struct vfio_misses *misses;
	struct ring_reader *rings; /* NULL: no event is delivered one by one */
	struct tp_stats *stats;	   /* NULL: no aggregates */
	struct tp_begun *begun;	   /* with the aggregates */
	struct tp_stacks *stacks;  /* NULL: none were asked for */
	struct symbols *symbols;   /* the same */
	__u64 last_stack;	   /* number of the last one */
	struct tp_existing *existing; /* not delivered yet; NULL none */
	struct mapping tables;	   /* of the loader, not delivered yet; NULL none */
	__u64 recursion;	   /* program runs that the kernel skipped */
	char not_identified[96];   /* why containers opened before are unknown, "" they are not */
	char no_tables[96];	   /* why what they have mapped is unknown, "" it is not */
	char no_hooks[96];	   /* hooks beside the container that are missing, and why; "" none */
	char detail[256];
	__u64 module;
	__u64 refused;
	__u64 id_bits;
	__u64 checked_ns, stats_ns;
	unsigned int idle_times;
	struct tp_module_use use;  /* at the last look, to see that it stays */
	struct source_loss loss, loss_before;
	bool loss_told;
	struct overhead overhead;
	__u64 run_ns;
	__u64 events_before;
	char no_statistics[96];
	char error[LOADER_TEXT];
};

static struct source_live *live_of(struct source *source)
{
	return (struct source_live *)source;
}

static __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* fentry programs belong to one load of vfio and to its being used. */
static bool load_anew(const struct source_live *live)
{
	return live->kind == SOURCE_LIVE_FENTRY;
}

static void unmap(struct mapping *mapping)
{
	if (mapping->addr)
		munmap(mapping->addr, mapping->size);
	*mapping = (struct mapping){ 0 };
}

/* The memory of a map, as large as the kernel says that it is; NULL and errno. */
static void *map_memory(struct source_live *live, enum loader_map which)
{
	struct mapping *mapping = &live->map[which];
	size_t page = sysconf(_SC_PAGESIZE), size;
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	void *addr;

	if (bpf_obj_get_info_by_fd(live->fds.map[which], &info, &len))
		return NULL;
	/* Values of arrays are laid out at multiples of 8. */
	size = (size_t)info.max_entries * ((info.value_size + 7) / 8 * 8);
	size = (size + page - 1) / page * page;
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, live->fds.map[which], 0);
	if (addr == MAP_FAILED)
		return NULL;
	*mapping = (struct mapping){ addr, size };
	return addr;
}

static int map_rings(struct source_live *live, const struct loader_reply *reply)
{
	void *rings, *records;

	if (!live->opts.events)
		return 0;
	rings = map_memory(live, LOADER_MAP_RINGS);
	records = rings ? map_memory(live, LOADER_MAP_RECORDS) : NULL;
	if (!records)
		return -errno;
	live->rings = ring_reader__create(rings, records, reply->n_cpus, reply->ring_capacity);
	return 0;
}

static int map_stats(struct source_live *live, const __u32 *slots_used)
{
	struct tp_stats_maps maps = {
		.slots_used = slots_used,
		.n_blocks = LIVE_POOL_BLOCKS,
		.free_blocks_fd = live->fds.map[LOADER_MAP_FREE_BLOCKS],
		.finals_fd = live->fds.map[LOADER_MAP_FINALS],
	};
	struct vfio_begun *begun;

	if (!live->opts.aggregate)
		return 0;
	maps.slots = map_memory(live, LOADER_MAP_SLOTS);
	maps.pool = maps.slots ? map_memory(live, LOADER_MAP_POOL) : NULL;
	if (!maps.pool)
		return -errno;
	live->stats = tp_stats__create(&maps);
	begun = map_memory(live, LOADER_MAP_BEGUN);
	if (!begun)
		return -errno;
	live->begun = tp_begun__create(begun);
	return 0;
}

static int open_mapped(void *ctx, __u32 tgid, __u64 address, char *path, size_t size)
{
	return loader__file(ctx, tgid, address, path, size);
}

static int map_stacks(struct source_live *live)
{
	struct tp_stacks_maps maps = {
		.n = live->opts.stacks.limit,
		.index_fd = live->fds.map[LOADER_MAP_STACK_INDEX],
		.free_fd = live->fds.map[LOADER_MAP_FREE_STACKS],
	};

	if (!source_stack_opts__any(&live->opts.stacks))
		return 0;
	maps.stacks = map_memory(live, LOADER_MAP_STACKS);
	if (!maps.stacks)
		return -errno;
	if (!live->symbols)
		live->symbols = symbols__create(open_mapped, live->loader, DEBUG_FILES);
	live->stacks = tp_stacks__create(&maps, live->symbols, &live->last_stack);
	return 0;
}

static int map_all(struct source_live *live, const struct loader_reply *reply, char *err,
		   size_t err_size)
{
	char *bss = map_memory(live, LOADER_MAP_BSS);
	int ret = bss ? 0 : -errno;

	live->loaded = true;
	if (!ret) {
		live->misses = (const void *)(bss + reply->misses);
		ret = map_rings(live, reply);
	}
	if (!ret)
		ret = map_stats(live, (const void *)(bss + reply->slots_used));
	if (!ret)
		ret = map_stacks(live);
	if (ret)
		error__set(err, err_size, "cannot map the BPF programs' memory: %s", strerror(-ret));
	return ret;
}

/* All since the source was opened. */
static struct source_loss loss_of(const struct source_live *live)
{
	struct source_loss loss = live->loss_before;

	loss.recursion += live->recursion;
	if (!live->misses)
		return loss;
	loss.ring += live->rings ? ring_reader__lost(live->rings) : 0;
	loss.pool += live->misses->pool_full + live->misses->no_slot +
		     live->misses->finals_full + live->misses->no_container +
		     live->misses->begun_full;
	loss.recursion += live->misses->no_begin;
	loss.stacks += live->misses->stack_full + live->misses->stack_unread +
		       live->misses->stack_no_memory;
	return loss;
}

/* What the programs have handled, each event once. */
static __u64 events_handled(const struct source_live *live)
{
	__u64 events = live->events_before;

	if (live->rings)
		events += ring_reader__written(live->rings);
	if (live->stats) /* of operations that do not come one by one */
		events += tp_stats__calls(live->stats, ~source__ops_of(live->opts.events));
	return events;
}

static struct overhead_reading read_overhead(const struct source_live *live)
{
	return (struct overhead_reading){
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + loader__cpu_ns(live->loader),
		.events = events_handled(live),
	};
}

/* loader__call(), with what each answer says of the source that is open. */
static int call(struct source_live *live, enum loader_op op, __u64 arg, struct loader_reply *reply,
		struct loader_fds *fds)
{
	int ret = loader__call(live->loader, op, arg, reply, fds);

	if (ret)
		return ret;
	live->recursion = reply->recursion;
	live->run_ns = reply->run_ns;
	memcpy(live->no_hooks, reply->no_hooks, sizeof(live->no_hooks));
	return 0;
}

/* The loader may be gone: then so are links and programs. */
static void tell_loader(struct source_live *live, enum loader_op op)
{
	struct loader_reply reply;

	call(live, op, 0, &reply, NULL);
}

/* Programs and maps end when nobody has a descriptor of them. */
static void unload(struct source_live *live)
{
	live->loss_before = loss_of(live);
	live->loss_before.recursion -= live->recursion;
	live->events_before = events_handled(live);
	ring_reader__destroy(live->rings);
	tp_stats__destroy(live->stats);
	tp_begun__destroy(live->begun);
	tp_stacks__destroy(live->stacks);
	live->stacks = NULL;
	live->rings = NULL;
	live->stats = NULL;
	live->begun = NULL;
	live->misses = NULL;
	for (int i = 0; i < LOADER_N_MAPS; i++)
		unmap(&live->map[i]);
	loader__close_fds(&live->fds);
	tell_loader(live, LOADER_UNLOAD);
	live->loaded = false;
}

static void detach(struct source_live *live)
{
	tell_loader(live, LOADER_DETACH);
	live->attached = false;
	if (live->overhead.in_window)
		overhead__window_fails(&live->overhead, clock_ns(CLOCK_MONOTONIC));
}

/* Hooks come and go with type1's use. -errno when the loader does not tell. */
static int follow(struct source_live *live, struct tp_module_use *use)
{
	struct loader_reply reply;
	int ret = call(live, LOADER_FOLLOW, 0, &reply, NULL);

	if (!ret)
		*use = (struct tp_module_use){ reply.holders, reply.refs, reply.links };
	return ret;
}

/* A file of the loader's, which is closed. NULL: nothing is in it, or no memory. */
static struct mapping map_file(int fd)
{
	struct mapping mapping = { 0 };
	struct stat st;

	if (!fstat(fd, &st) && st.st_size) {
		mapping.size = st.st_size;
		mapping.addr = mmap(NULL, mapping.size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (mapping.addr == MAP_FAILED)
			mapping.addr = NULL;
	}
	close(fd);
	return mapping;
}

static void forget_existing(struct source_live *live)
{
	tp_existing__destroy(live->existing);
	live->existing = NULL;
	unmap(&live->tables);
}

/* What existed, from the loader's files, which are closed. */
static void take_existing(struct source_live *live, struct loader_fds *fds,
			  const struct loader_reply *reply)
{
	struct mapping records = { 0 };

	memcpy(live->not_identified, reply->not_identified, sizeof(live->not_identified));
	memcpy(live->no_tables, reply->no_tables, sizeof(live->no_tables));
	forget_existing(live);
	if (fds->existing >= 0)
		records = map_file(fds->existing);
	if (records.addr)
		live->existing = tp_existing__create(records.addr,
						     records.size / sizeof(struct vfio_existing),
						     reply->existing_ns);
	unmap(&records);
	if (fds->tables >= 0)
		live->tables = map_file(fds->tables);
	fds->existing = -1;
	fds->tables = -1;
}

/* Attach to the loaded module if it fits. 0 or -errno and a sentence. */
static int attach(struct source_live *live, char *err, size_t err_size)
{
	struct loader_reply reply;
	struct loader_fds fds;
	int ret = call(live, LOADER_ATTACH, 0, &reply, &fds);

	if (ret) {
		error__set(err, err_size, "%s", reply.text);
		return ret;
	}
	live->attached = true;
	take_existing(live, &fds, &reply);
	memcpy(live->detail, reply.detail, sizeof(live->detail));
	if (reply.flags & LOADER_MAPS) {
		live->fds = fds;
		ret = map_all(live, &reply, err, err_size);
	}
	if (ret) {
		detach(live);
		unload(live);
		return ret;
	}
	if (live->module && live->module != reply.module)
		live->id_bits += 1ULL << SOURCE_ID_LOAD_SHIFT;
	live->module = reply.module;
	live->idle_times = 0;
	return 0;
}

static void deliver_existing(struct source_live *live, const struct source_sink *sink)
{
	if (!live->existing)
		return;
	tp_existing__deliver(live->existing, live->id_bits, sink);
	if (live->tables.addr)
		tp_tables__deliver(live->tables.addr, live->tables.size, live->id_bits, sink);
	forget_existing(live);
}

/* One event of a ring: complete its id and give it out. */
struct give {
	const struct source_sink *sink;
	__u64 id_bits;
};

static void give_event(void *ctx, struct vfio_rec *rec)
{
	struct give *give = ctx;

	if (rec->id)
		rec->id |= give->id_bits;
	event__make_printable(rec);
	give->sink->event(give->sink->ctx, rec);
}

static void deliver_loss(struct source_live *live, const struct source_sink *sink)
{
	struct source_loss loss = loss_of(live);

	if (live->loss_told && !memcmp(&loss, &live->loss, sizeof(loss)))
		return;
	live->loss = loss;
	live->loss_told = true;
	if (sink->loss)
		sink->loss(sink->ctx, &loss);
}

/* To see which containers are final: nothing calls from a stack of theirs any more. */
struct watch_final {
	struct source_live *live;
	const struct source_sink *out;
};

static void watch_stats(void *ctx, const struct vfio_op_stats *stats)
{
	const struct watch_final *watch = ctx;

	if (watch->out->stats)
		watch->out->stats(watch->out->ctx, stats);
}

static void watch_gauges(void *ctx, __u64 id, const struct vfio_gauges *gauges, bool known)
{
	const struct watch_final *watch = ctx;

	if (watch->out->gauges)
		watch->out->gauges(watch->out->ctx, id, gauges, known);
}

static void watch_final(void *ctx, __u64 id)
{
	const struct watch_final *watch = ctx;
	struct source_live *live = watch->live;

	tp_stacks__forget(live->stacks, id & ~live->id_bits, live->id_bits, watch->out);
	if (watch->out->final)
		watch->out->final(watch->out->ctx, id);
}

/* What tp_stats.c calls of a sink; @sink itself while no stacks are kept. */
static struct source_sink stats_sink(struct watch_final *watch, const struct source_sink *sink)
{
	if (!watch->live->stacks)
		return *sink;
	return (struct source_sink){
		.ctx = watch, .stats = watch_stats, .gauges = watch_gauges, .final = watch_final,
	};
}

/* Everything that has arrived: events up to the horizon, statistics, loss. */
static void deliver(struct source_live *live, const struct source_sink *sink, bool flush)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);
	__u64 horizon = flush ? ~0ULL : now - LATENESS;
	bool stats_due = flush || now - live->stats_ns >= STATS_INTERVAL;
	struct give give = { .sink = sink, .id_bits = live->id_bits };
	struct watch_final watch = { live, sink };
	struct source_sink watched = stats_sink(&watch, sink);

	deliver_existing(live, sink);
	if (live->stats)
		tp_stats__take_finals(live->stats, now);
	if (live->rings && sink->event) {
		if (!flush && ring_reader__pressed(live->rings))
			horizon = now - LATENESS_PRESSED;
		ring_reader__merge(live->rings, horizon, give_event, &give);
	}
	if (live->stats)
		tp_stats__deliver(live->stats, horizon, stats_due, live->id_bits, &watched);
	if (!stats_due)
		return;
	live->stats_ns = now;
	if (live->begun)
		tp_begun__deliver(live->begun, live->id_bits, sink);
	if (live->stacks)
		tp_stacks__deliver(live->stacks, live->id_bits, sink);
	deliver_loss(live, sink);
}

static void tell_gap(const struct source_sink *sink, enum source_gap gap, const char *why)
{
	if (sink->gap)
		sink->gap(sink->ctx, gap, clock_ns(CLOCK_BOOTTIME), why);
}

/* Nobody uses vfio: drop the links, which hold it, and what is known of its containers. */
static void let_go(struct source_live *live, const struct source_sink *sink)
{
	struct watch_final watch = { live, sink };
	struct source_sink watched = stats_sink(&watch, sink);

	deliver(live, sink, true);
	detach(live);
	deliver(live, sink, true);
	if (live->stats)
		tp_stats__reset(live->stats, live->id_bits, &watched);
	if (live->begun)
		tp_begun__reset(live->begun, sink);
	if (load_anew(live))
		unload(live);
	tell_gap(sink, SOURCE_GAP_DETACHED,
		 "let go of vfio, which nobody uses, so that it can be unloaded; waiting for it");
}

/*
 * Somebody uses vfio, with no doubt: another tool that attaches or lets go right now changes the
 * numbers while they are read, so they must be the same at two looks.
 */
static bool in_use(struct source_live *live)
{
	struct tp_module_use before = live->use;

	if (follow(live, &live->use))
		return false;
	return live->use.holders ||
	       (!tp_module__idle(&live->use) && live->use.refs == before.refs &&
		live->use.links == before.links);
}

static void try_attach_again(struct source_live *live, const struct source_sink *sink)
{
	__u64 module = tp_module__instance();

	if (!module || module == live->refused)
		return;
	if (module == live->module && !in_use(live))
		return;
	if (!attach(live, live->error, sizeof(live->error))) {
		tell_gap(sink, SOURCE_GAP_ATTACHED, "attached to vfio again");
		return;
	}
	/* Unloaded between two looks is no reason to give up on the next load. */
	if (tp_module__instance() != module)
		return;
	live->refused = module;
	tell_gap(sink, SOURCE_GAP_DETACHED, live->error);
}

/* Follow the loading, unloading and use of vfio. -errno: the loader is gone. */
static int follow_module(struct source_live *live, const struct source_sink *sink)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);
	int ret;

	/* It would end the window. */
	if (now - live->checked_ns < IDLE_INTERVAL || live->overhead.in_window)
		return 0;
	live->checked_ns = now;
	if (!live->attached) {
		try_attach_again(live, sink);
		return 0;
	}
	ret = follow(live, &live->use);
	if (ret || live->opts.keep_attached)
		return ret;
	live->idle_times = tp_module__idle(&live->use) ? live->idle_times + 1 : 0;
	if (live->idle_times >= IDLE_TIMES)
		let_go(live, sink);
	return 0;
}

/* The kernel's statistics of BPF programs, which last until the window is over. */
static void begin_window(struct source_live *live)
{
	struct overhead_reading reading;
	struct loader_reply reply;

	if (call(live, LOADER_MEASURE, 1, &reply, NULL)) {
		snprintf(live->no_statistics, sizeof(live->no_statistics), "%.90s", reply.text);
		return;
	}
	reading = read_overhead(live);
	overhead__window_begins(&live->overhead, &reading, live->run_ns);
}

static void end_window(struct source_live *live)
{
	struct loader_reply reply;
	int ret = call(live, LOADER_MEASURE, 0, &reply, NULL);
	struct overhead_reading reading = read_overhead(live);

	if (ret)
		overhead__window_fails(&live->overhead, reading.now_ns);
	else
		overhead__window_ends(&live->overhead, &reading, live->run_ns);
}

static void measure(struct source_live *live)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);

	if (overhead__window_is_over(&live->overhead, now))
		end_window(live);
	else if (live->attached && !*live->no_statistics &&
		 overhead__window_is_due(&live->overhead, now))
		begin_window(live);
}

/* "pin, unpin" */
static void name_events(__u64 events, char *buf, size_t size)
{
	size_t len = snprintf(buf, size, "%s", events ? "" : "none");

	for (unsigned int type = 0; type < VFIO_EV_COUNT && len < size; type++)
		if (events >> type & 1)
			len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
					event__key(event__desc(type)));
}

/* It costs too much: from here on without the events that are frequent. */
static void thin(struct source_live *live, const struct source_sink *sink)
{
	const struct overhead *overhead = &live->overhead;
	__u64 events = live->opts.events & source__frequent_events();
	char names[160], why[320];
	struct loader_reply reply;
	__u64 since_ns;

	deliver(live, sink, true);
	since_ns = clock_ns(CLOCK_BOOTTIME);
	if (call(live, LOADER_THIN, 0, &reply, NULL))
		return; /* the next poll says why */
	live->opts.events &= ~source__frequent_events();
	deliver(live, sink, true);
	name_events(events, names, sizeof(names));
	snprintf(why, sizeof(why), "tool and BPF programs take %.3g%% of all CPUs' time, more than "
		 "--max-overhead %g%%: events no longer recorded: %s%s", overhead->machine,
		 overhead->max, names, live->opts.aggregate ? "; all is counted as before" : "");
	if (sink->gap)
		sink->gap(sink->ctx, SOURCE_GAP_THINNED, since_ns, why);
}

static void watch_overhead(struct source_live *live, const struct source_sink *sink)
{
	struct overhead_reading reading;

	measure(live);
	if (clock_ns(CLOCK_MONOTONIC) - live->overhead.mark.now_ns < OVERHEAD_INTERVAL_NS)
		return;
	reading = read_overhead(live);
	if (overhead__update(&live->overhead, &reading))
		thin(live, sink);
}

static int live_poll(struct source *source, const struct source_sink *sink)
{
	struct source_live *live = live_of(source);

	/* What the programs have written until it ended is still here. */
	if (loader__is_gone(live->loader) || follow_module(live, sink)) {
		deliver(live, sink, true);
		error__set(live->error, sizeof(live->error), "the process that holds the BPF programs "
			   "(vfio-loader) has ended, and nothing is seen any more; start the tool "
			   "again");
		return -EPIPE;
	}
	deliver(live, sink, false);
	watch_overhead(live, sink);
	return 1;
}

static int live_flush(struct source *source, const struct source_sink *sink)
{
	struct source_live *live = live_of(source);
	struct tp_module_use use;

	/* The last count of skipped runs; without a loader the one before must do. */
	follow(live, &use);
	deliver(live, sink, true);
	return 1;
}

static void live_info(const struct source *source, struct source_info *info)
{
	const struct source_live *live = (const struct source_live *)source;
	struct overhead_reading reading = read_overhead(live);
	struct utsname uts;
	size_t len;

	memset(info, 0, sizeof(*info));
	info->name = live->kind == SOURCE_LIVE_TP ? "tp" : "fentry";
	info->live = true;
	info->aggregates = live->opts.aggregate;
	info->stacks = source_stack_opts__any(&live->opts.stacks);
	/* First what is missing: what is known of the source anyway may be cut off. */
	if (*live->no_hooks)
		snprintf(info->detail, sizeof(info->detail), "no hook on %s; ", live->no_hooks);
	len = strlen(info->detail);
	if (*live->no_tables)
		len += snprintf(info->detail + len, sizeof(info->detail) - len,
				"mappings made before are unknown: %s; ", live->no_tables);
	snprintf(info->detail + len, sizeof(info->detail) - len, "%s%s%s%s",
		 live->detail, live->attached ? "" : "; let go, nobody uses it",
		 *live->not_identified ? "; containers opened before are not identified: " : "",
		 live->not_identified);
	len = strlen(info->detail);
	if (*live->no_statistics)
		snprintf(info->detail + len, sizeof(info->detail) - len, "; what the BPF programs "
			 "cost is unknown: no %s", live->no_statistics);
	info->cost = overhead__cost(&live->overhead, &reading);
	if (!uname(&uts)) {
		snprintf(info->kernel, sizeof(info->kernel), "%s", uts.release);
		snprintf(info->host, sizeof(info->host), "%s", uts.nodename);
	}
	info->realtime_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

static const char *live_error(const struct source *source)
{
	return ((const struct source_live *)source)->error;
}

static void live_close(struct source *source)
{
	struct source_live *live = live_of(source);

	if (live->attached)
		detach(live);
	unload(live);
	tell_loader(live, LOADER_CLOSE);
	forget_existing(live);
	symbols__destroy(live->symbols);
	free(live);
}

static const struct source_ops live_source_ops = {
	.poll = live_poll,
	.flush = live_flush,
	.info = live_info,
	.error = live_error,
	.close = live_close,
};

static void begin_overhead(struct source_live *live)
{
	struct overhead_reading reading = read_overhead(live);
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	overhead__begin(&live->overhead, live->opts.max_overhead, n_cpus > 0 ? n_cpus : 1,
			&reading);
}

static struct source *open_kind(struct loader *loader, enum source_live_kind kind,
				const struct source_live_opts *opts, char *err, size_t err_size)
{
	struct source_live *live = xcalloc(1, sizeof(*live));
	struct loader_reply reply;

	live->source.ops = &live_source_ops;
	live->kind = kind;
	live->opts = *opts;
	live->loader = loader;
	loader__no_fds(&live->fds);
	if (call(live, LOADER_OPEN, kind, &reply, NULL)) {
		error__set(err, err_size, "%s", reply.text);
	} else if (!attach(live, err, err_size)) {
		live->checked_ns = clock_ns(CLOCK_BOOTTIME);
		begin_overhead(live);
		return &live->source;
	}
	live_close(&live->source);
	return NULL;
}

bool source_live__parse(const char *name, enum source_live_kind *kind)
{
	static const char *const names[] = {
		[SOURCE_LIVE_AUTO] = "auto",
		[SOURCE_LIVE_TP] = "tp",
		[SOURCE_LIVE_FENTRY] = "fentry",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			*kind = i;
			return true;
		}
	}
	return false;
}

struct source *source_live__open(struct loader *loader, enum source_live_kind kind,
				 const struct source_live_opts *opts, char *err, size_t err_size)
{
	char no_tp[512], no_fentry[512];
	struct source *source;

	if (kind == SOURCE_LIVE_TP)
		return open_kind(loader, SOURCE_LIVE_TP, opts, err, err_size);
	if (kind == SOURCE_LIVE_FENTRY)
		return open_kind(loader, SOURCE_LIVE_FENTRY, opts, err, err_size);
	source = open_kind(loader, SOURCE_LIVE_TP, opts, no_tp, sizeof(no_tp));
	if (!source)
		source = open_kind(loader, SOURCE_LIVE_FENTRY, opts, no_fentry, sizeof(no_fentry));
	if (source)
		return source;
	/* What hinders both is said once. */
	if (!strcmp(no_tp, no_fentry))
		error__set(err, err_size, "%s", no_tp);
	else
		error__set(err, err_size, "%s. Without tracepoints: %s", no_tp, no_fentry);
	return NULL;
}
