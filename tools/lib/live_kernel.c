// SPDX-License-Identifier: GPL-2.0-only
/*
 * live_kernel.c - the privileged half of the live sources: loading and attaching
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "event.h"
#include "kernel_types.h"
#include "live.h"
#include "tp_existing.h"
#include "tp_table.h"
#include "xalloc.h"

#define RING_BYTES_ALL (40UL << 20)
#define RING_BYTES_RARE (16UL << 20)
#define RING_MIN_RECORDS 64

/* Those asked for and those that statistics follow from. */
static struct live_events events_needed(const struct source_live_opts *opts)
{
	struct live_events events = {
		.ring = opts->events, .stacks = source_stack_opts__any(&opts->stacks),
	};

	if (!opts->aggregate)
		return events;
	for (unsigned int type = 0; type < VFIO_EV_COUNT; type++)
		if (event__desc(type)->op != VFIO_OP_NONE)
			events.sum |= 1ULL << type;
	events.sum |= 1ULL << VFIO_EV_RELEASE;
	return events;
}

/* Records a CPU: the power of two that keeps all rings within the budget. */
static __u32 ring_capacity(const struct source_live_opts *opts, unsigned int n_cpus)
{
	size_t bytes = opts->ring_bytes;
	__u32 capacity = RING_MIN_RECORDS;

	if (!opts->events)
		return 1;
	if (!bytes)
		bytes = opts->events & ~source__monitor_events() ? RING_BYTES_ALL :
								      RING_BYTES_RARE;
	while ((size_t)capacity * 2 * n_cpus * sizeof(struct vfio_rec) <= bytes)
		capacity *= 2;
	return capacity;
}

const struct bpf_map *live__map(const struct live *live, const char *name)
{
	return bpf_object__find_map_by_name(live->object.obj, name);
}

static void set_size(const struct live *live, const char *name, __u32 entries)
{
	bpf_map__set_max_entries(bpf_object__find_map_by_name(live->object.obj, name), entries);
}

/* Maps have an entry, needed or not. */
static __u32 n_stacks(const struct live *live)
{
	return source_stack_opts__any(&live->opts.stacks) ? live->opts.stacks.limit : 1;
}

/* Knobs and sizes of maps. */
static void configure(struct live *live)
{
	__u32 capacity = ring_capacity(&live->opts, live->n_cpus);
	__u32 n_blocks = live->opts.aggregate ? LIVE_POOL_BLOCKS : 1;

	*live->object.knobs = (struct vfio_knobs){
		.ring_events = live->opts.events,
		.ring_capacity = capacity,
		.aggregate = !live->opts.aggregate ? 0 :
			     source_stack_opts__any(&live->opts.stacks) ? VFIO_OBS_SUMS_STACKS :
									  VFIO_OBS_SUMS,
		.stack_ops = live->opts.stacks.ops,
		.stack_failed = live->opts.stacks.failed,
		.stack_slow_ns = live->opts.stacks.slow_ns,
	};
	set_size(live, "rings", live->n_cpus);
	set_size(live, "records", live->n_cpus * capacity);
	set_size(live, "slots", live->opts.aggregate ? VFIO_OBS_SLOTS : 1);
	set_size(live, "pool", n_blocks);
	set_size(live, "free_blocks", n_blocks);
	set_size(live, "finals", live->opts.aggregate ? VFIO_OBS_SLOTS : 1);
	set_size(live, "stacks", n_stacks(live));
	set_size(live, "stack_index", n_stacks(live));
	set_size(live, "free_stacks", n_stacks(live));
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
	else if (ret == -ENOENT)
		error__set(err, err_size, "cannot load the BPF programs: the vfio module was "
			   "unloaded meanwhile, run 'modprobe vfio'");
	else if (*log)
		error__set(err, err_size, "cannot load the BPF programs: the verifier of this kernel "
			   "refuses them (%s); please report this with: %s", strerror(-ret),
			   log_tail(log));
	else
		error__set(err, err_size, "cannot load the BPF programs: %s; the kernel needs "
			   "CONFIG_BPF_SYSCALL and some 64 MB of memory", strerror(-ret));
}

static int load_object(struct live *live, char *err, size_t err_size)
{
	char *log = xcalloc(1, 1 << 20);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log,
		    .kernel_log_size = 1 << 20,
		    .btf_custom_path = kernel_types__path(live->types));
	struct live_events events = events_needed(&live->opts);
	int ret;

	libbpf_set_print(NULL); /* its words would be printed to the user's screen */
	ret = live->ops->open(live, &opts, &events, &live->object);
	if (!ret) {
		configure(live);
		ret = live->ops->load(live);
	}
	if (ret) {
		explain_load(ret, log, err, err_size);
		live->ops->close(live);
	}
	free(log); /* libbpf writes to it while loading only */
	return ret;
}

/* The numbers from @first on, below @end, are free. */
static int fill(const struct live *live, const char *queue, __u32 first, __u32 end)
{
	int fd = bpf_map__fd(live__map(live, queue));

	for (__u32 i = first; i < end; i++)
		if (bpf_map_update_elem(fd, NULL, &i, BPF_ANY))
			return -errno;
	return 0;
}

static int fill_pools(const struct live *live)
{
	int ret = live->opts.aggregate ? fill(live, "free_blocks", VFIO_OBS_FIRST_FREE_BLOCK,
					      LIVE_POOL_BLOCKS) : 0;

	return ret ? ret : fill(live, "free_stacks", 0, n_stacks(live));
}

/* Ids go on where those of the programs before ended. */
static int store_last_id(const struct live *live)
{
	struct vfio_identity identity = { .last_id = live->last_id };
	int zero = 0;

	if (!live->ops->own_ids)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(live__map(live, "identity")), &zero, &identity,
				   BPF_ANY) ? -errno : 0;
}

static void keep_last_id(struct live *live)
{
	struct vfio_identity identity;
	int zero = 0;

	if (live->ops->own_ids &&
	    !bpf_map_lookup_elem(bpf_map__fd(live__map(live, "identity")), &zero, &identity))
		live->last_id = identity.last_id;
}

static int load(struct live *live, char *err, size_t err_size)
{
	int n_cpus = libbpf_num_possible_cpus();
	int ret;

	if (n_cpus < 0) {
		error__set(err, err_size, "cannot count the CPUs: %s", strerror(-n_cpus));
		return n_cpus;
	}
	live->n_cpus = n_cpus;
	ret = load_object(live, err, err_size);
	if (ret)
		return ret;
	ret = fill_pools(live);
	if (!ret)
		ret = store_last_id(live);
	live->loaded = !ret;
	if (!ret)
		return 0;
	error__set(err, err_size, "cannot prepare the BPF programs' maps: %s", strerror(-ret));
	live->ops->close(live);
	return ret;
}

void live__unload(struct live *live)
{
	if (!live->loaded)
		return;
	keep_last_id(live);
	hooks__add_runs_of(live->object.obj, &live->runs_before);
	live->ops->close(live);
	live->loaded = false;
}

void live__detach(struct live *live)
{
	hooks__add_runs(live->hooks, &live->runs_before);
	hooks__detach(live->hooks);
	live->hooks = NULL;
	live->ops->detach(live);
	live->attached = false;
}

void live__follow(struct live *live)
{
	hooks__follow(live->hooks, live->no_hooks, sizeof(live->no_hooks));
}

void live__thin(struct live *live)
{
	struct live_events left;

	live->opts.events &= ~source__frequent_events();
	left = events_needed(&live->opts);
	hooks__thin(live->hooks, source__frequent_events());
	if (live->attached)
		live->ops->thin(live, &left);
}

struct prog_runs live__runs(const struct live *live)
{
	struct prog_runs runs = live->runs_before;

	hooks__add_runs(live->hooks, &runs);
	if (live->loaded)
		hooks__add_runs_of(live->object.obj, &runs);
	return runs;
}

void live__use(const struct live *live, struct tp_module_use *use)
{
	tp_module__use(use, live->attached ? live->ops->refs(live) + hooks__refs(live->hooks) : 0);
}

/* NULL: ids are the module's. */
static const struct tp_iterator_maps *iterator_maps(struct live *live,
						    struct tp_iterator_maps *maps)
{
	if (!live->ops->own_ids)
		return NULL;
	*maps = (struct tp_iterator_maps){
		.by_addr = live__map(live, "by_addr"),
		.known = live__map(live, "known"),
		.free_slots = live__map(live, "free_slots"),
		.identity = live__map(live, "identity"),
	};
	return maps;
}

/* The old ones stay when they cannot be read again: vfio is gone, which its user is told. */
static void renew_types(struct live *live)
{
	struct kernel_types *types;
	char err[256];

	if (kernel_types__is_current(live->types) || kernel_types__read(&types, err, sizeof(err)))
		return;
	kernel_types__free(live->types);
	live->types = types;
}

/* The programs that look at what existed before. NULL: not loaded. */
struct lookers {
	struct tp_iterator *iterator;
	struct tp_tables *tables;
};

static void destroy_lookers(struct lookers *lookers)
{
	tp_iterator__destroy(lookers->iterator);
	tp_tables__destroy(lookers->tables);
}

/*
 * Those that are not loaded yet and have not failed to be. None when nobody has a file of vfio
 * open: then there is no container, and the time that it takes to load is saved.
 */
static void load_lookers(struct live *live, struct lookers *lookers,
			 struct live_attached *attached)
{
	struct tp_iterator_maps room;
	const struct tp_iterator_maps *maps = iterator_maps(live, &room);
	struct tp_module_use use;

	live__use(live, &use);
	if (!tp_module__has_files(&use))
		return;
	renew_types(live);
	if (!lookers->iterator && !*attached->not_identified)
		lookers->iterator = tp_iterator__load(live->types, maps, attached->not_identified,
						      sizeof(attached->not_identified));
	/* Without type1 nothing is mapped that it could tell. */
	if (lookers->iterator && !lookers->tables && !*attached->no_tables &&
	    !access("/sys/module/vfio_iommu_type1", F_OK))
		lookers->tables = tp_tables__load(live->types, maps, attached->no_tables,
						  sizeof(attached->no_tables));
}

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Attached: what is opened from now on is seen anyway. */
static void read_existing(struct live *live, struct lookers *lookers,
			  struct live_attached *attached)
{
	ssize_t size;

	attached->existing_ns = now();
	/* Somebody opened one while we attached: rather late than never. */
	load_lookers(live, lookers, attached);
	if (!lookers->iterator)
		return;
	size = tp_iterator__read(lookers->iterator, &attached->existing, attached->not_identified,
				 sizeof(attached->not_identified));
	attached->existing_size = size > 0 ? size : 0;
	if (!lookers->tables || !attached->existing_size)
		return;
	size = tp_tables__read(lookers->tables, &attached->tables, attached->no_tables,
			       sizeof(attached->no_tables));
	attached->tables_size = size > 0 ? size : 0;
}

/* Never fatal: what is missing is told. */
static void attach_hooks(struct live *live)
{
	struct hooks_maps maps = {
		.rings = live__map(live, "rings"),
		.records = live__map(live, "records"),
		.by_addr = live->ops->own_ids ? live__map(live, "by_addr") : NULL,
		.known = live->ops->own_ids ? live__map(live, "known") : NULL,
		.knobs = live->object.knobs,
		.events = live->opts.events,
	};

	*live->no_hooks = '\0';
	renew_types(live);
	if (live->opts.events)
		live->hooks = hooks__attach(&maps, live->types, live->no_hooks,
					    sizeof(live->no_hooks));
}

static int attach_programs(struct live *live, struct live_attached *attached, char *err,
			   size_t err_size)
{
	struct lookers lookers = { 0 };
	int ret;

	load_lookers(live, &lookers, attached);

	/* Verifying them takes its time, in which the others' events would not be read. */
	attach_hooks(live);
	ret = live->ops->attach(live, err, err_size);
	if (ret) {
		live__detach(live);
	} else {
		live->attached = true;
		read_existing(live, &lookers, attached);
	}
	destroy_lookers(&lookers);
	return ret;
}

int live__attach(struct live *live, struct live_attached *attached, char *err, size_t err_size)
{
	int ret = live->ops->precheck ? live->ops->precheck(err, err_size) : 0;

	memset(attached, 0, sizeof(*attached));
	attached->module = tp_module__instance();
	if (!ret)
		ret = kernel_types__read(&live->types, err, err_size);
	if (ret)
		return ret;
	ret = live->ops->check(live, err, err_size);
	if (!ret && !live->loaded)
		ret = load(live, err, err_size);
	if (!ret)
		ret = attach_programs(live, attached, err, err_size);
	kernel_types__free(live->types);
	live->types = NULL;
	if (ret && live->ops->load_anew)
		live__unload(live);
	return ret;
}

/* capng_have_capability() of CAPNG_EFFECTIVE, once the process's were read. */
static bool have(unsigned int cap)
{
	return capng_have_capability(CAPNG_EFFECTIVE, cap);
}

int live__permitted(const struct live *live, char *err, size_t err_size)
{
	/* Unknown, without /proc: the kernel's own answer is then shown. */
	if (capng_get_caps_process() || have(CAP_SYS_ADMIN))
		return 0;
	if (!have(CAP_BPF) || !have(CAP_PERFMON))
		error__set(err, err_size, "cannot attach to vfio: not permitted to load BPF programs, "
			   "%s missing; run as root, or with CAP_BPF and CAP_PERFMON",
			   have(CAP_BPF) ? "CAP_PERFMON is" :
			   have(CAP_PERFMON) ? "CAP_BPF is" : "CAP_BPF and CAP_PERFMON are");
	else if (live->ops->needs_admin)
		error__set(err, err_size, "cannot attach to functions of vfio: not permitted to look "
			   "up the module's types, CAP_SYS_ADMIN is missing; run as root, or with "
			   "CAP_SYS_ADMIN");
	else
		return 0;
	return -EPERM;
}

void live__destroy(struct live *live)
{
	if (!live)
		return;
	if (live->attached)
		live__detach(live);
	live->ops->close(live);
	live->ops->free(live);
}
