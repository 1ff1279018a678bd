// SPDX-License-Identifier: GPL-2.0-only
/*
 * live.c - what the live sources have in common
 *
 * Reads rings (ring.c) and aggregates (tp_stats.c) of programs that source_tp.c or source_fentry.c
 * loads and attaches. An attached program keeps vfio from being unloaded, so the source lets go
 * when nobody uses vfio and attaches again when somebody does.
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
#include "hooks.h"
#include "live.h"
#include "ring.h"
#include "tp_existing.h"
#include "tp_module.h"
#include "tp_stats.h"
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
/* How often the module's users are looked at, and how many times it must be idle in a row. */
#define IDLE_INTERVAL (180 * MSEC)
#define IDLE_TIMES 2

/* Blocks of the pool: 19 MB, some 500 containers that use 8 operations each. */
#define POOL_BLOCKS 4096
#define RING_BYTES_ALL (40UL << 20)
#define RING_BYTES_RARE (16UL << 20)
#define RING_MIN_RECORDS 64
struct mapping {
	void *addr;
	size_t size;
};

/*
 * @loss_before: of objects that are closed again
 * @module:      tp_module__instance() of the last attach; @refused that which did not fit
 * @id_bits:     number of loads seen, in place
 * @last_id:     own ids: the last one that was given
 */
struct live_engine {
	struct live_object object;
	bool loaded, attached;
	struct mapping map_slots, map_pool, map_rings, map_records, map_identity;
	struct ring_reader *rings; /* NULL: no event is delivered one by one */
	struct tp_stats *stats;	   /* NULL: no aggregates */
	struct tp_existing *existing; /* not delivered yet; NULL none */
	struct hooks *hooks;	   /* beside the container; NULL: not attached */
	char no_hooks[96];	   /* those that are missing, and why; "" none */
	char not_identified[96];   /* why containers opened before are unknown, "" they are not */
	__u64 module;
	__u64 refused;
	__u64 id_bits;
	__u64 last_id;
	__u64 checked_ns, stats_ns;
	unsigned int idle_times;
	struct tp_module_use use;  /* at the last look, to see that it stays */
	struct source_loss loss, loss_before;
	bool loss_told;
	char error[1024];
};

static struct live *live_of(struct source *source)
{
	return (struct live *)source;
}

static __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Those asked for and those that statistics follow from. */
static struct live_events events_needed(const struct source_live_opts *opts)
{
	struct live_events events = { .ring = opts->events };

	if (!opts->aggregate)
		return events;
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (event__desc(type)->op != VFIO_OP_NONE)
			events.sum |= 1ULL << type;
	events.sum |= 1ULL << VFIO_EV_RELEASE;
	return events;
}

static bool is_admin(void)
{
	if (capng_get_caps_process())
		return geteuid() == 0;
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
}

static bool may_trace(void)
{
	return is_admin() || (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) &&
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

static struct bpf_map *map_of(const struct live *live, const char *name)
{
	return bpf_object__find_map_by_name(live->engine->object.obj, name);
}

static void set_size(const struct live *live, const char *name, __u32 entries)
{
	bpf_map__set_max_entries(map_of(live, name), entries);
}

/* Knobs and sizes of maps. */
static void configure(struct live *live, unsigned int n_cpus)
{
	__u32 capacity = ring_capacity(&live->opts, n_cpus);
	__u32 n_blocks = live->opts.aggregate ? POOL_BLOCKS : 1;

	*live->engine->object.knobs = (struct vfio_knobs){
		.ring_events = live->opts.events,
		.ring_capacity = capacity,
		.aggregate = live->opts.aggregate,
	};
	set_size(live, "rings", n_cpus);
	set_size(live, "records", n_cpus * capacity);
	set_size(live, "slots", live->opts.aggregate ? VFIO_OBS_SLOTS : 1);
	set_size(live, "pool", n_blocks);
	set_size(live, "free_blocks", n_blocks);
	set_size(live, "finals", live->opts.aggregate ? VFIO_OBS_SLOTS : 1);
	if (!live->ops->own_ids)
		return;
	set_size(live, "by_addr", VFIO_OBS_SLOTS);
	set_size(live, "known", VFIO_OBS_SLOTS);
	set_size(live, "free_slots", VFIO_OBS_SLOTS);
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

static void explain_load(int ret, const char *log, char *err, size_t err_size)
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
}

static int load_object(struct live *live, unsigned int n_cpus, char *err, size_t err_size)
{
	char *log = xcalloc(1, 1 << 20);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log,
		    .kernel_log_size = 1 << 20);
	struct live_events events = events_needed(&live->opts);
	int ret;

	libbpf_set_print(NULL); /* its words would be printed to the user's screen */
	ret = live->ops->open(live, &opts, &events, &live->engine->object);
	if (!ret) {
		configure(live, n_cpus);
		ret = live->ops->load(live);
	}
	if (ret) {
		explain_load(ret, log, err, err_size);
		live->ops->close(live);
	}
	free(log); /* libbpf writes to it while loading only */
	return ret;
}

static void *map_memory(struct live *live, struct mapping *mapping, const char *name)
{
	const struct bpf_map *map = map_of(live, name);
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

static int map_rings(struct live *live, unsigned int n_cpus)
{
	struct live_engine *engine = live->engine;

	if (!live->opts.events)
		return 0;
	if (!map_memory(live, &engine->map_rings, "rings") ||
	    !map_memory(live, &engine->map_records, "records"))
		return -errno;
	engine->rings = ring_reader__create(engine->map_rings.addr, engine->map_records.addr,
					    n_cpus, engine->object.knobs->ring_capacity);
	return 0;
}

static int map_stats(struct live *live)
{
	struct live_engine *engine = live->engine;
	struct tp_stats_maps maps = {
		.slots_used = engine->object.slots_used,
		.n_blocks = POOL_BLOCKS,
		.free_blocks_fd = bpf_map__fd(map_of(live, "free_blocks")),
		.finals_fd = bpf_map__fd(map_of(live, "finals")),
	};

	if (!live->opts.aggregate)
		return 0;
	maps.slots = map_memory(live, &engine->map_slots, "slots");
	maps.pool = map_memory(live, &engine->map_pool, "pool");
	if (!maps.slots || !maps.pool)
		return -errno;
	engine->stats = tp_stats__create(&maps);
	return engine->stats ? 0 : -errno;
}

/* Ids go on where those of the programs before ended. */
static int map_identity(struct live *live)
{
	struct live_engine *engine = live->engine;
	struct vfio_identity *identity;

	if (!live->ops->own_ids)
		return 0;
	identity = map_memory(live, &engine->map_identity, "identity");
	if (!identity)
		return -errno;
	identity->last_id = engine->last_id;
	return 0;
}

static int load(struct live *live, char *err, size_t err_size)
{
	int n_cpus = libbpf_num_possible_cpus();
	int ret;

	if (n_cpus < 0) {
		error__set(err, err_size, "cannot count the CPUs: %s", strerror(-n_cpus));
		return n_cpus;
	}
	ret = load_object(live, n_cpus, err, err_size);
	if (ret)
		return ret;
	live->engine->loaded = true;
	ret = map_rings(live, n_cpus);
	if (!ret)
		ret = map_stats(live);
	if (!ret)
		ret = map_identity(live);
	if (ret)
		error__set(err, err_size, "cannot map the BPF programs' memory: %s", strerror(-ret));
	return ret;
}

static __u64 recursion_misses(const struct live *live)
{
	struct bpf_program *prog;
	__u64 sum = 0;

	bpf_object__for_each_program(prog, live->engine->object.obj) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (bpf_program__autoload(prog) &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

/* All since the source was opened. */
static struct source_loss loss_of(const struct live *live)
{
	const struct live_engine *engine = live->engine;
	struct source_loss loss = engine->loss_before;
	const struct vfio_misses *misses = engine->object.misses;

	if (!engine->loaded)
		return loss;
	loss.ring += engine->rings ? ring_reader__lost(engine->rings) : 0;
	loss.pool += misses->pool_full + misses->no_slot + misses->finals_full +
		     misses->no_container;
	loss.recursion += recursion_misses(live) + misses->no_begin +
			  hooks__recursion_misses(engine->hooks);
	return loss;
}

static void unmap(struct mapping *mapping)
{
	if (mapping->addr)
		munmap(mapping->addr, mapping->size);
	*mapping = (struct mapping){ 0 };
}

static void unload(struct live *live)
{
	struct live_engine *engine = live->engine;

	engine->loss_before = loss_of(live);
	if (engine->map_identity.addr)
		engine->last_id = ((struct vfio_identity *)engine->map_identity.addr)->last_id;
	ring_reader__destroy(engine->rings);
	tp_stats__destroy(engine->stats);
	engine->rings = NULL;
	engine->stats = NULL;
	unmap(&engine->map_slots);
	unmap(&engine->map_pool);
	unmap(&engine->map_rings);
	unmap(&engine->map_records);
	unmap(&engine->map_identity);
	live->ops->close(live);
	engine->loaded = false;
}

static void detach(struct live *live)
{
	struct live_engine *engine = live->engine;

	engine->loss_before.recursion += hooks__recursion_misses(engine->hooks);
	hooks__detach(engine->hooks);
	engine->hooks = NULL;
	live->ops->detach(live);
	engine->attached = false;
}

static unsigned int own_refs(const struct live *live)
{
	const struct live_engine *engine = live->engine;

	return engine->attached ? live->ops->refs(live) + hooks__refs(engine->hooks) : 0;
}

static struct tp_iterator *new_iterator(struct live *live)
{
	struct live_engine *engine = live->engine;
	struct tp_iterator_maps maps;

	if (!live->ops->own_ids)
		return tp_iterator__load(NULL, engine->not_identified,
					 sizeof(engine->not_identified));
	maps = (struct tp_iterator_maps){
		.by_addr = map_of(live, "by_addr"),
		.known = map_of(live, "known"),
		.free_slots = map_of(live, "free_slots"),
		.identity = map_of(live, "identity"),
	};
	return tp_iterator__load(&maps, engine->not_identified, sizeof(engine->not_identified));
}

/*
 * NULL also when nobody has a file of vfio open: then there is no container, and the time that it
 * takes to load is saved.
 */
static struct tp_iterator *load_iterator(struct live *live)
{
	struct tp_module_use use;

	tp_module__use(&use, own_refs(live));
	return tp_module__has_files(&use) ? new_iterator(live) : NULL;
}

/* Attached: what is opened from now on is seen anyway. Takes over @iterator, which may be NULL. */
static void read_existing(struct live *live, struct tp_iterator *iterator)
{
	struct live_engine *engine = live->engine;
	__u64 now = clock_ns(CLOCK_BOOTTIME);

	tp_existing__destroy(engine->existing);
	engine->existing = NULL;
	/* Somebody opened one while we attached: rather late than never. */
	if (!iterator && !*engine->not_identified)
		iterator = load_iterator(live);
	if (iterator)
		engine->existing = tp_existing__read(iterator, now, engine->not_identified,
						     sizeof(engine->not_identified));
	tp_iterator__destroy(iterator);
}

static void deliver_existing(struct live_engine *engine, const struct source_sink *sink)
{
	if (!engine->existing)
		return;
	tp_existing__deliver(engine->existing, engine->id_bits, sink);
	tp_existing__destroy(engine->existing);
	engine->existing = NULL;
}

/* Never fatal: what is missing is told in the source's detail. */
static void attach_hooks(struct live *live)
{
	struct live_engine *engine = live->engine;
	struct hooks_maps maps;

	*engine->no_hooks = '\0';
	if (!engine->rings)
		return;
	maps = (struct hooks_maps){
		.rings = map_of(live, "rings"),
		.records = map_of(live, "records"),
		.by_addr = live->ops->own_ids ? map_of(live, "by_addr") : NULL,
		.known = live->ops->own_ids ? map_of(live, "known") : NULL,
		.knobs = engine->object.knobs,
	};
	engine->hooks = hooks__attach(&maps, engine->no_hooks, sizeof(engine->no_hooks));
}

/* Attach the loaded programs. */
static int attach_programs(struct live *live, char *err, size_t err_size)
{
	struct live_engine *engine = live->engine;
	struct tp_iterator *iterator;
	int ret;

	*engine->not_identified = '\0';
	iterator = load_iterator(live);
	ret = live->ops->attach(live, err, err_size);
	if (ret) {
		tp_iterator__destroy(iterator);
		detach(live);
		return ret;
	}
	engine->attached = true;
	attach_hooks(live);
	read_existing(live, iterator);
	return 0;
}

/* Attach to the loaded module if it fits. 0 or -errno and a sentence. */
static int attach(struct live *live, char *err, size_t err_size)
{
	struct live_engine *engine = live->engine;
	__u64 module = tp_module__instance();
	int ret = live->ops->check(live, err, err_size);

	if (!ret && !engine->loaded)
		ret = load(live, err, err_size);
	if (!ret)
		ret = attach_programs(live, err, err_size);
	if (ret) {
		if (live->ops->load_anew && engine->loaded)
			unload(live);
		return ret;
	}
	if (engine->module && engine->module != module)
		engine->id_bits += 1ULL << SOURCE_ID_LOAD_SHIFT;
	engine->module = module;
	engine->idle_times = 0;
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

static void deliver_loss(struct live *live, const struct source_sink *sink)
{
	struct live_engine *engine = live->engine;
	struct source_loss loss = loss_of(live);

	if (engine->loss_told && !memcmp(&loss, &engine->loss, sizeof(loss)))
		return;
	engine->loss = loss;
	engine->loss_told = true;
	if (sink->loss)
		sink->loss(sink->ctx, &loss);
}

/* Everything that has arrived: events up to the horizon, statistics, loss. */
static void deliver(struct live *live, const struct source_sink *sink, bool flush)
{
	struct live_engine *engine = live->engine;
	__u64 now = clock_ns(CLOCK_BOOTTIME);
	__u64 horizon = flush ? ~0ULL : now - LATENESS;
	bool stats_due = flush || now - engine->stats_ns >= STATS_INTERVAL;
	struct give give = { .sink = sink, .id_bits = engine->id_bits };

	deliver_existing(engine, sink);
	if (engine->stats)
		tp_stats__take_finals(engine->stats, now);
	if (engine->rings && sink->event) {
		if (!flush && ring_reader__pressed(engine->rings))
			horizon = now - LATENESS_PRESSED;
		ring_reader__merge(engine->rings, horizon, give_event, &give);
	}
	if (engine->stats)
		tp_stats__deliver(engine->stats, horizon, stats_due, engine->id_bits, sink);
	if (!stats_due)
		return;
	engine->stats_ns = now;
	deliver_loss(live, sink);
}

static void tell_gap(const struct source_sink *sink, enum source_gap gap, const char *why)
{
	if (sink->gap)
		sink->gap(sink->ctx, gap, clock_ns(CLOCK_BOOTTIME), why);
}

/* Nobody uses vfio: drop the links, which hold it, and what is known of its containers. */
static void let_go(struct live *live, const struct source_sink *sink)
{
	struct live_engine *engine = live->engine;

	deliver(live, sink, true);
	detach(live);
	deliver(live, sink, true);
	if (engine->stats)
		tp_stats__reset(engine->stats, engine->id_bits, sink);
	if (live->ops->load_anew)
		unload(live);
	tell_gap(sink, SOURCE_GAP_DETACHED,
		 "let go of vfio, which nobody uses, so that it can be unloaded; waiting for it");
}

/*
 * Somebody uses vfio, with no doubt: another tool that attaches or lets go right now changes the
 * numbers while they are read, so they must be the same at two looks.
 */
static bool in_use(struct live_engine *engine)
{
	struct tp_module_use before = engine->use;

	tp_module__use(&engine->use, 0);
	return engine->use.holders ||
	       (!tp_module__idle(&engine->use) && engine->use.refs == before.refs &&
		engine->use.links == before.links);
}

static void try_attach_again(struct live *live, const struct source_sink *sink)
{
	struct live_engine *engine = live->engine;
	__u64 module = tp_module__instance();

	if (!module || module == engine->refused)
		return;
	if (module == engine->module && !in_use(engine))
		return;
	if (!attach(live, engine->error, sizeof(engine->error))) {
		tell_gap(sink, SOURCE_GAP_ATTACHED, "attached to vfio again");
		return;
	}
	/* Unloaded between two looks is no reason to give up on the next load. */
	if (tp_module__instance() != module)
		return;
	engine->refused = module;
	tell_gap(sink, SOURCE_GAP_DETACHED, engine->error);
}

/* Follow the loading, unloading and use of vfio. */
static void follow_module(struct live *live, const struct source_sink *sink)
{
	struct live_engine *engine = live->engine;
	__u64 now = clock_ns(CLOCK_BOOTTIME);

	if (now - engine->checked_ns < IDLE_INTERVAL)
		return;
	engine->checked_ns = now;
	if (!engine->attached) {
		try_attach_again(live, sink);
		return;
	}
	hooks__follow(engine->hooks, engine->no_hooks, sizeof(engine->no_hooks));
	if (live->opts.keep_attached)
		return;
	tp_module__use(&engine->use, own_refs(live));
	engine->idle_times = tp_module__idle(&engine->use) ? engine->idle_times + 1 : 0;
	if (engine->idle_times >= IDLE_TIMES)
		let_go(live, sink);
}

static int live_poll(struct source *source, const struct source_sink *sink)
{
	struct live *live = live_of(source);

	follow_module(live, sink);
	deliver(live, sink, false);
	return 1;
}

static int live_flush(struct source *source, const struct source_sink *sink)
{
	deliver(live_of(source), sink, true);
	return 1;
}

static void live_info(const struct source *source, struct source_info *info)
{
	const struct live *live = (const struct live *)source;
	const struct live_engine *engine = live->engine;
	struct utsname uts;
	size_t len;

	memset(info, 0, sizeof(*info));
	info->name = live->ops->name;
	info->live = true;
	info->aggregates = live->opts.aggregate;
	/* First what is missing: what is known of the source anyway may be cut off. */
	len = *engine->no_hooks ? snprintf(info->detail, sizeof(info->detail), "no hook on %s; ",
					   engine->no_hooks) : 0;
	live->ops->detail(live, info->detail + len, sizeof(info->detail) - len);
	len = strlen(info->detail);
	snprintf(info->detail + len, sizeof(info->detail) - len, "%s%s%s",
		 engine->attached ? "" : "; let go, nobody uses it",
		 *engine->not_identified ? "; containers opened before are not identified: " : "",
		 engine->not_identified);
	if (!uname(&uts)) {
		snprintf(info->kernel, sizeof(info->kernel), "%s", uts.release);
		snprintf(info->host, sizeof(info->host), "%s", uts.nodename);
	}
	info->realtime_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

static const char *live_error(const struct source *source)
{
	return ((const struct live *)source)->engine->error;
}

static void live_close(struct source *source)
{
	struct live *live = live_of(source);
	struct live_engine *engine = live->engine;

	if (engine->attached)
		detach(live);
	if (engine->loaded)
		unload(live);
	else
		live->ops->close(live);
	tp_existing__destroy(engine->existing);
	free(engine);
	live->ops->free(live);
}

static const struct source_ops live_source_ops = {
	.poll = live_poll,
	.flush = live_flush,
	.info = live_info,
	.error = live_error,
	.close = live_close,
};

struct source *live__open(struct live *live, const struct live_ops *ops,
			  const struct source_live_opts *opts, char *err, size_t err_size)
{
	live->source.ops = &live_source_ops;
	live->ops = ops;
	live->opts = *opts;
	live->engine = xcalloc(1, sizeof(*live->engine));
	if (!may_trace())
		error__set(err, err_size, "cannot attach to vfio: not permitted to load BPF programs; "
			   "run as root, or with CAP_BPF and CAP_PERFMON");
	else if (ops->needs_admin && !is_admin())
		error__set(err, err_size, "cannot attach to functions of vfio: not permitted to look "
			   "up the module's types; run as root, or with CAP_SYS_ADMIN");
	else if (!attach(live, err, err_size)) {
		live->engine->checked_ns = clock_ns(CLOCK_BOOTTIME);
		return &live->source;
	}
	live_close(&live->source);
	return NULL;
}
