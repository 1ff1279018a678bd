// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_tp.c - the live source on the tracepoints of our vfio.ko
 *
 * Loads the BPF programs once, attaches them by raw_tp, and reads rings (ring.c) and aggregates
 * (tp_stats.c). An attached program keeps vfio from being unloaded, so the source lets go when
 * nobody uses vfio and attaches again when somebody does; programs and maps stay meanwhile.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "event.h"
#include "ring.h"
#include "source.h"
#include "tp_existing.h"
#include "tp_module.h"
#include "tp_stats.h"
#include "vfio_obs/maps.h"
#include "xalloc.h"

#include "vfio_tp.skel.h"

#define MSEC 1000000ULL

/*
 * Lateness bound: how long an event may take from its time stamp until it can be read (the CPU
 * may belong to a guest that does not run). Under pressure less is waited, to lose nothing.
 */
#define LATENESS (10 * MSEC)
#define LATENESS_PRESSED (1 * MSEC)
/* Statistics are not looked through more often than this; rings are, at each poll. */
#define STATS_INTERVAL (40 * MSEC)
/* How often the module's users are looked at, and how many times it must be idle in a row. */
#define IDLE_INTERVAL (180 * MSEC)
#define IDLE_TIMES 2

/* Blocks of the pool: 19 MB, some 500 containers that use 8 operations each. */
#define POOL_BLOCKS 4096
#define RING_BYTES_ALL (40UL << 20)
#define RING_BYTES_RARE (16UL << 20)
#define RING_MIN_RECORDS 64
/* Where the load instance of vfio goes in a container's id. */

struct mapping {
	void *addr;
	size_t size;
};

struct source_tp {
	struct source source;
	struct source_live_opts opts;
	struct vfio_tp_bpf *skel;
	struct bpf_link *links[VFIO_EV_COUNT];
	unsigned int n_links;
	struct mapping map_slots, map_pool, map_rings, map_records;
	struct ring_reader *rings; /* NULL: no event is delivered one by one */
	struct tp_stats *stats;	   /* NULL: no aggregates */
	struct tp_existing *existing; /* not delivered yet; NULL none */
	char not_identified[96];   /* why containers opened before are unknown, "" they are not */
	__u64 module;		   /* tp_module__instance() of the last attach */
	__u64 refused;		   /* instance of the module that was not attached to */
	__u64 id_bits;		   /* number of loads seen, in place */
	__u32 checked_btf;	   /* of tp_module__check() */
	__u64 checked_ns, stats_ns;
	unsigned int idle_times;
	struct tp_module_use use;  /* at the last look, to see that it stays */
	struct source_loss loss;
	bool loss_told;
	char srcversion[40];
	char error[1024];
};

static struct source_tp *tp_of(struct source *source)
{
	return (struct source_tp *)source;
}

static __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The events that need programs: those asked for and those that statistics follow from. */
static __u64 events_needed(const struct source_live_opts *opts)
{
	__u64 mask = opts->events;

	if (!opts->aggregate)
		return mask;
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (event__desc(type)->op != VFIO_OP_NONE)
			mask |= 1ULL << type;
	return mask | 1ULL << VFIO_EV_RELEASE;
}

static bool may_trace(void)
{
	if (capng_get_caps_process())
		return geteuid() == 0;
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) ||
	       (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) &&
		capng_have_capability(CAPNG_EFFECTIVE, CAP_PERFMON));
}

/* Records a CPU: the power of two that keeps all rings within the budget. */
static __u32 ring_capacity(const struct source_live_opts *opts, unsigned int n_cpus)
{
	size_t bytes = opts->ring_bytes;
	__u32 capacity = RING_MIN_RECORDS;

	if (!opts->events)
		return 1;
	if (!bytes)
		bytes = opts->events & ~source__lifecycle_events() ? RING_BYTES_ALL :
								      RING_BYTES_RARE;
	while ((size_t)capacity * 2 * n_cpus * sizeof(struct vfio_rec) <= bytes)
		capacity *= 2;
	return capacity;
}

static struct bpf_program *program_of(struct source_tp *tp, unsigned int type)
{
	return bpf_object__find_program_by_name(tp->skel->obj, event__desc(type)->tracepoint);
}

/* Knobs, sizes of maps and the programs that are left out. */
static void configure(struct source_tp *tp, unsigned int n_cpus)
{
	__u32 capacity = ring_capacity(&tp->opts, n_cpus);
	__u32 n_blocks = tp->opts.aggregate ? POOL_BLOCKS : 1;
	__u64 needed = events_needed(&tp->opts);

	tp->skel->rodata->knob_ring_events = tp->opts.events;
	tp->skel->rodata->knob_ring_capacity = capacity;
	tp->skel->rodata->knob_aggregate = tp->opts.aggregate;
	bpf_map__set_max_entries(tp->skel->maps.rings, n_cpus);
	bpf_map__set_max_entries(tp->skel->maps.records, n_cpus * capacity);
	bpf_map__set_max_entries(tp->skel->maps.slots, tp->opts.aggregate ? VFIO_OBS_SLOTS : 1);
	bpf_map__set_max_entries(tp->skel->maps.pool, n_blocks);
	bpf_map__set_max_entries(tp->skel->maps.free_blocks, n_blocks);
	bpf_map__set_max_entries(tp->skel->maps.finals, tp->opts.aggregate ? VFIO_OBS_SLOTS : 1);
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		bpf_program__set_autoload(program_of(tp, type), needed >> type & 1);
}

/* The last lines of the verifier's log, where the reason stands. */
static const char *log_tail(const char *log)
{
	const char *p = log + strlen(log);
	int lines = 4;

	while (p > log && (lines -= p[-1] == '\n') > 0 && strlen(p) < 600)
		p--;
	return p;
}

static int explain_load(int ret, const char *log, char *err, size_t err_size)
{
	if (ret == -EPERM)
		error__set(err, err_size, "cannot load the BPF programs: the kernel does not permit "
			   "it (lockdown, or a container's seccomp); run as root on the host");
	else if (*log)
		error__set(err, err_size, "cannot load the BPF programs: the verifier of this kernel "
			   "refuses them (%s); please report this with: %s", strerror(-ret),
			   log_tail(log));
	else
		error__set(err, err_size, "cannot load the BPF programs: %s; the kernel needs "
			   "CONFIG_BPF_SYSCALL and some 64 MB of memory", strerror(-ret));
	return ret;
}

static int load(struct source_tp *tp, unsigned int n_cpus, char *err, size_t err_size)
{
	char *log = xcalloc(1, 1 << 20);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log,
		    .kernel_log_size = 1 << 20);
	int ret;

	libbpf_set_print(NULL); /* its words would be printed to the user's screen */
	tp->skel = vfio_tp_bpf__open_opts(&opts);
	if (tp->skel) {
		configure(tp, n_cpus);
		ret = vfio_tp_bpf__load(tp->skel);
	} else {
		ret = -errno;
	}
	if (ret)
		ret = explain_load(ret, log, err, err_size);
	free(log); /* libbpf writes to it while loading only */
	return ret;
}

static void *map_memory(struct mapping *mapping, const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);

	size = (size + page - 1) / page * page;
	mapping->addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (mapping->addr == MAP_FAILED) {
		mapping->addr = NULL;
		return NULL;
	}
	mapping->size = size;
	return mapping->addr;
}

static int map_rings(struct source_tp *tp, unsigned int n_cpus)
{
	if (!tp->opts.events)
		return 0;
	if (!map_memory(&tp->map_rings, tp->skel->maps.rings) ||
	    !map_memory(&tp->map_records, tp->skel->maps.records))
		return -errno;
	tp->rings = ring_reader__create(tp->map_rings.addr, tp->map_records.addr, n_cpus,
					tp->skel->rodata->knob_ring_capacity);
	return 0;
}

static int map_stats(struct source_tp *tp)
{
	struct tp_stats_maps maps = {
		.slots_used = &tp->skel->bss->slots_used,
		.n_blocks = POOL_BLOCKS,
		.free_blocks_fd = bpf_map__fd(tp->skel->maps.free_blocks),
		.finals_fd = bpf_map__fd(tp->skel->maps.finals),
	};

	if (!tp->opts.aggregate)
		return 0;
	maps.slots = map_memory(&tp->map_slots, tp->skel->maps.slots);
	maps.pool = map_memory(&tp->map_pool, tp->skel->maps.pool);
	if (!maps.slots || !maps.pool)
		return -errno;
	tp->stats = tp_stats__create(&maps);
	return tp->stats ? 0 : -errno;
}

static void detach(struct source_tp *tp)
{
	/* open is the first event: no container begins while the others go. */
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		bpf_link__destroy(tp->links[type]);
		tp->links[type] = NULL;
	}
	tp->n_links = 0;
}

static int attach_event(struct source_tp *tp, unsigned int type, char *err, size_t err_size)
{
	const char *name = event__desc(type)->tracepoint;
	struct bpf_program *prog = program_of(tp, type);
	int ret;

	if (!bpf_program__autoload(prog))
		return 0;
	tp->links[type] = bpf_program__attach_raw_tracepoint(prog, name);
	if (tp->links[type]) {
		tp->n_links++;
		return 0;
	}
	ret = -errno;
	error__set(err, err_size, "cannot attach to %s: %s%s", name, strerror(-ret),
		   ret == -ENOENT ? "; the vfio module was unloaded meanwhile, run 'modprobe vfio'" :
				    "");
	return ret;
}

/*
 * NULL also when nobody has a file of vfio open: then there is no container, and the time that it
 * takes to load is saved.
 */
static struct tp_iterator *load_iterator(struct source_tp *tp)
{
	struct tp_module_use use;

	tp_module__use(&use, tp->n_links);
	return tp_module__has_files(&use) ?
		       tp_iterator__load(tp->not_identified, sizeof(tp->not_identified)) : NULL;
}

/* Attached: what is opened from now on is seen anyway. Takes over @iterator, which may be NULL. */
static void read_existing(struct source_tp *tp, struct tp_iterator *iterator)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);

	tp_existing__destroy(tp->existing);
	tp->existing = NULL;
	/* Somebody opened one while we attached: rather late than never. */
	if (!iterator && !*tp->not_identified)
		iterator = load_iterator(tp);
	if (iterator)
		tp->existing = tp_existing__read(iterator, now, tp->not_identified,
						 sizeof(tp->not_identified));
	tp_iterator__destroy(iterator);
}

static void deliver_existing(struct source_tp *tp, const struct source_sink *sink)
{
	if (!tp->existing)
		return;
	tp_existing__deliver(tp->existing, tp->id_bits, sink);
	tp_existing__destroy(tp->existing);
	tp->existing = NULL;
}

/* Attach to the loaded module after comparing its prototypes. 0 or -errno and a sentence. */
static int attach(struct source_tp *tp, char *err, size_t err_size)
{
	__u64 module = tp_module__instance();
	int ret = tp_module__check(&tp->checked_btf, err, err_size);
	struct tp_iterator *iterator;

	if (ret)
		return ret;
	*tp->not_identified = '\0';
	iterator = load_iterator(tp);
	/* open last: of a container whose open is seen everything else is seen too. */
	for (unsigned int type = VFIO_EV_COUNT; !ret && type-- > 0;)
		ret = attach_event(tp, type, err, err_size);
	if (ret) {
		tp_iterator__destroy(iterator);
		detach(tp);
		return ret;
	}
	read_existing(tp, iterator);
	tp_module__srcversion(tp->srcversion, sizeof(tp->srcversion));
	if (tp->module && tp->module != module)
		tp->id_bits += 1ULL << SOURCE_ID_LOAD_SHIFT;
	tp->module = module;
	tp->idle_times = 0;
	return 0;
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

static __u64 recursion_misses(struct source_tp *tp)
{
	__u64 sum = 0;

	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++) {
		struct bpf_program *prog = program_of(tp, type);
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (bpf_program__autoload(prog) &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

static void deliver_loss(struct source_tp *tp, const struct source_sink *sink)
{
	const struct vfio_misses *misses = &tp->skel->bss->misses;
	struct source_loss loss = {
		.ring = tp->rings ? ring_reader__lost(tp->rings) : 0,
		.pool = misses->pool_full + misses->no_slot + misses->finals_full,
		.recursion = recursion_misses(tp),
	};

	if (tp->loss_told && !memcmp(&loss, &tp->loss, sizeof(loss)))
		return;
	tp->loss = loss;
	tp->loss_told = true;
	if (sink->loss)
		sink->loss(sink->ctx, &loss);
}

/* Everything that has arrived: events up to the horizon, statistics, loss. */
static void deliver(struct source_tp *tp, const struct source_sink *sink, bool flush)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);
	__u64 horizon = flush ? ~0ULL : now - LATENESS;
	bool stats_due = flush || now - tp->stats_ns >= STATS_INTERVAL;
	struct give give = { .sink = sink, .id_bits = tp->id_bits };

	deliver_existing(tp, sink);
	if (tp->stats)
		tp_stats__take_finals(tp->stats, now);
	if (tp->rings && sink->event) {
		if (!flush && ring_reader__pressed(tp->rings))
			horizon = now - LATENESS_PRESSED;
		ring_reader__merge(tp->rings, horizon, give_event, &give);
	}
	if (tp->stats)
		tp_stats__deliver(tp->stats, horizon, stats_due, tp->id_bits, sink);
	if (!stats_due)
		return;
	tp->stats_ns = now;
	deliver_loss(tp, sink);
}

static void tell_gap(const struct source_sink *sink, enum source_gap gap, const char *why)
{
	if (sink->gap)
		sink->gap(sink->ctx, gap, clock_ns(CLOCK_BOOTTIME), why);
}

/* Nobody uses vfio: drop the links, which hold it, and what is known of its containers. */
static void let_go(struct source_tp *tp, const struct source_sink *sink)
{
	deliver(tp, sink, true);
	detach(tp);
	deliver(tp, sink, true);
	if (tp->stats)
		tp_stats__reset(tp->stats, tp->id_bits, sink);
	tell_gap(sink, SOURCE_GAP_DETACHED,
		 "let go of vfio, which nobody uses, so that it can be unloaded; waiting for it");
}

/*
 * Somebody uses vfio, with no doubt: another tool that attaches or lets go right now changes the
 * numbers while they are read, so they must be the same at two looks.
 */
static bool in_use(struct source_tp *tp)
{
	struct tp_module_use before = tp->use;

	tp_module__use(&tp->use, 0);
	return tp->use.holders || (!tp_module__idle(&tp->use) && tp->use.refs == before.refs &&
				   tp->use.links == before.links);
}

static void try_attach_again(struct source_tp *tp, const struct source_sink *sink)
{
	__u64 module = tp_module__instance();

	if (!module || module == tp->refused)
		return;
	if (module == tp->module && !in_use(tp))
		return;
	if (!attach(tp, tp->error, sizeof(tp->error))) {
		tell_gap(sink, SOURCE_GAP_ATTACHED, "attached to vfio again");
		return;
	}
	/* Unloaded between two looks is no reason to give up on the next load. */
	if (!tp_module__instance())
		return;
	tp->refused = module;
	tell_gap(sink, SOURCE_GAP_DETACHED, tp->error);
}

/* Follow the loading, unloading and use of vfio. */
static void follow_module(struct source_tp *tp, const struct source_sink *sink)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);

	if (now - tp->checked_ns < IDLE_INTERVAL)
		return;
	tp->checked_ns = now;
	if (!tp->n_links) {
		try_attach_again(tp, sink);
		return;
	}
	if (tp->opts.keep_attached)
		return;
	tp_module__use(&tp->use, tp->n_links);
	tp->idle_times = tp_module__idle(&tp->use) ? tp->idle_times + 1 : 0;
	if (tp->idle_times >= IDLE_TIMES)
		let_go(tp, sink);
}

static int tp_poll(struct source *source, const struct source_sink *sink)
{
	struct source_tp *tp = tp_of(source);

	follow_module(tp, sink);
	deliver(tp, sink, false);
	return 1;
}

static int tp_flush(struct source *source, const struct source_sink *sink)
{
	deliver(tp_of(source), sink, true);
	return 1;
}

static void tp_info(const struct source *source, struct source_info *info)
{
	const struct source_tp *tp = (const struct source_tp *)source;
	struct utsname uts;

	memset(info, 0, sizeof(*info));
	info->name = "tp";
	info->live = true;
	info->aggregates = tp->opts.aggregate;
	snprintf(info->detail, sizeof(info->detail), "tracepoints of vfio.ko, srcversion %s%s%s%s",
		   *tp->srcversion ? tp->srcversion : "unknown",
		   tp->n_links ? "" : "; let go, nobody uses it",
		   *tp->not_identified ? "; containers opened before are not identified: " : "",
		   tp->not_identified);
	if (!uname(&uts)) {
		snprintf(info->kernel, sizeof(info->kernel), "%s", uts.release);
		snprintf(info->host, sizeof(info->host), "%s", uts.nodename);
	}
	info->realtime_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

static const char *tp_error(const struct source *source)
{
	return ((const struct source_tp *)source)->error;
}

static void unmap(struct mapping *mapping)
{
	if (mapping->addr)
		munmap(mapping->addr, mapping->size);
}

static void tp_close(struct source *source)
{
	struct source_tp *tp = tp_of(source);

	detach(tp);
	ring_reader__destroy(tp->rings);
	tp_stats__destroy(tp->stats);
	tp_existing__destroy(tp->existing);
	unmap(&tp->map_slots);
	unmap(&tp->map_pool);
	unmap(&tp->map_rings);
	unmap(&tp->map_records);
	vfio_tp_bpf__destroy(tp->skel);
	free(tp);
}

static const struct source_ops tp_ops = {
	.poll = tp_poll,
	.flush = tp_flush,
	.info = tp_info,
	.error = tp_error,
	.close = tp_close,
};

/* What open does after the checks that need no BPF; the caller closes on failure. */
static int prepare(struct source_tp *tp, char *err, size_t err_size)
{
	int n_cpus = libbpf_num_possible_cpus();
	int ret;

	if (n_cpus < 0) {
		error__set(err, err_size, "cannot count the CPUs: %s", strerror(-n_cpus));
		return n_cpus;
	}
	ret = load(tp, n_cpus, err, err_size);
	if (ret)
		return ret;
	ret = map_rings(tp, n_cpus);
	if (!ret)
		ret = map_stats(tp);
	if (ret) {
		error__set(err, err_size, "cannot map the BPF programs' memory: %s", strerror(-ret));
		return ret;
	}
	return attach(tp, err, err_size);
}

struct source *source_tp__open(const struct source_live_opts *opts, char *err, size_t err_size)
{
	struct source_tp *tp;
	__u32 checked = 0;

	if (!may_trace()) {
		error__set(err, err_size, "cannot attach to vfio: not permitted to load BPF programs; "
			   "run as root, or with CAP_BPF and CAP_PERFMON");
		return NULL;
	}
	if (tp_module__check(&checked, err, err_size))
		return NULL;
	tp = xcalloc(1, sizeof(*tp));
	tp->checked_btf = checked;
	tp->source.ops = &tp_ops;
	tp->opts = *opts;
	if (prepare(tp, err, err_size)) {
		tp_close(&tp->source);
		return NULL;
	}
	tp->checked_ns = clock_ns(CLOCK_BOOTTIME);
	return &tp->source;
}
