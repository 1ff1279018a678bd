/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live.h - the privileged half of the live sources: programs and maps in the kernel
 *
 * Runs in the loader (loader_serve.c). live_kernel.c does what the sources have in common;
 * source_tp.c and source_fentry.c know how their programs are loaded and attached. The other half,
 * which reads what the programs wrote, is source_live.c.
 */
#ifndef VFIO_OBS_LIVE_H
#define VFIO_OBS_LIVE_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "hooks.h"
#include "source.h"
#include "tp_module.h"
#include "vfio_obs/maps.h"

/* Blocks of the pool: 19 MB, some 500 containers that use 8 operations each. */
#define LIVE_POOL_BLOCKS 4096

struct live;

/*
 * A BPF object that is open. Its maps have the names of bpf/maps.bpf.h; those of the programs'
 * .bss are mapped once it is loaded.
 */
struct live_object {
	struct bpf_object *obj;
	struct vfio_knobs *knobs; /* to be set before loading */
	const struct bpf_map *bss;
	__u32 misses, slots_used; /* where these are in .bss */
};

/* Events that need programs, bits by their numbers: for the rings, for the aggregates. */
struct live_events {
	__u64 ring, sum;
	bool stacks; /* of those for the aggregates */
};

/* What makes a kind of live source. Calls that can fail write a sentence to @err. */
struct live_ops {
	/* The programs belong to one load of vfio and to its being used: loaded at each attach. */
	bool load_anew;
	/* Ids come from the programs (maps of bpf/known.bpf.h), not from the module. */
	bool own_ids;
	/* The module's types are looked up, which the kernel allows with CAP_SYS_ADMIN only. */
	bool needs_admin;
	/* What can be told of the loaded vfio without its types; NULL: nothing. 0 or -errno. */
	int (*precheck)(char *err, size_t err_size);
	/* The loaded vfio fits. 0 or -errno. */
	int (*check)(struct live *live, char *err, size_t err_size);
	/* Open the object with @opts; programs that no event needs stay out. 0 or -errno. */
	int (*open)(struct live *live, const struct bpf_object_open_opts *opts,
		    const struct live_events *events, struct live_object *object);
	int (*load)(struct live *live); /* 0 or -errno; libbpf's words are in the log */
	int (*attach)(struct live *live, char *err, size_t err_size);
	void (*detach)(struct live *live);
	/* Attached: only what @events need stays. Those of live->opts are @events.ring already. */
	void (*thin)(struct live *live, const struct live_events *events);
	void (*close)(struct live *live); /* the object; nothing is attached */
	/* References on vfio that the attached programs take. */
	unsigned int (*refs)(const struct live *live);
	void (*detail)(const struct live *live, char *buf, size_t size);
	void (*free)(struct live *live); /* the structure itself */
};

/*
 * The first member of a live source's own structure. Only @ops is set by its kind.
 * @hooks:    beside the container; NULL: not attached
 * @no_hooks: those that are missing, and why; "" none
 * @last_id:  own ids: the last one that was given by programs that are unloaded
 * @runs_before: live__runs() of programs that are gone
 * @types:    while it attaches; else NULL
 */
struct live {
	const struct live_ops *ops;
	struct source_live_opts opts;
	struct live_object object;
	unsigned int n_cpus;
	bool loaded, attached;
	struct hooks *hooks;
	char no_hooks[96];
	__u64 last_id;
	struct prog_runs runs_before;
	struct kernel_types *types;
};

/* Zeroed but for @ops. live__destroy() frees it and leaves nothing attached. */
struct live *source_tp__create(void);
struct live *source_fentry__create(void);

/*
 * What attaching gave.
 * @module:         tp_module__instance()
 * @existing:       @existing_size bytes of struct vfio_existing; to be freed; NULL none
 * @existing_ns:    when the programs were attached and those were read, CLOCK_BOOTTIME
 * @not_identified: why containers opened before are unknown, "" they are not
 * @tables:         @tables_size bytes, as tp_tables__read() gives them; to be freed; NULL none
 * @no_tables:      why what was mapped before is unknown, "" it is not
 */
struct live_attached {
	__u64 module;
	void *existing;
	size_t existing_size;
	__u64 existing_ns;
	char not_identified[96];
	void *tables;
	size_t tables_size;
	char no_tables[96];
};

/* live__permitted - 0, or -EPERM and what is missing. */
int live__permitted(const struct live *live, char *err, size_t err_size);

/*
 * live__attach - check, load if nothing is loaded, attach. 0 or -errno and a sentence. On failure
 * nothing is attached.
 */
int live__attach(struct live *live, struct live_attached *attached, char *err, size_t err_size);
void live__detach(struct live *live);
/* To be detached before. Own ids go on behind those of the programs that end here. */
void live__unload(struct live *live);
/* To be called now and then: hooks that hold vfio_iommu_type1 come and go with its use. */
void live__follow(struct live *live);
/* source__frequent_events() are not delivered any more, also when it attaches again. */
void live__thin(struct live *live);
/* Of all its programs since it was created. */
struct prog_runs live__runs(const struct live *live);
/* Who holds vfio, we among them. */
void live__use(const struct live *live, struct tp_module_use *use);
void live__destroy(struct live *live);

/* Of the open object; the names are those of bpf/maps.bpf.h and, with own ids, known.bpf.h. */
const struct bpf_map *live__map(const struct live *live, const char *name);

#endif
