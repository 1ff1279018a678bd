/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live.h - what the live sources have in common
 *
 * Used by source_tp.c and source_fentry.c, which only know how their programs are loaded and
 * attached. Everything behind that is here: maps and rings, statistics, loss, the containers that
 * existed before, and following the module as it is unloaded, loaded and used.
 */
#ifndef VFIO_OBS_LIVE_H
#define VFIO_OBS_LIVE_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "source.h"
#include "vfio_obs/maps.h"

struct live;

/* A BPF object that is open. Its maps have the names of bpf/maps.bpf.h. */
struct live_object {
	struct bpf_object *obj;
	struct vfio_knobs *knobs;	/* to be set before loading */
	struct vfio_misses *misses;	/* both in memory shared with the programs, once loaded */
	const __u32 *slots_used;
};

/* Events that need programs, bits by their numbers: for the rings, for the aggregates. */
struct live_events {
	__u64 ring, sum;
};

/* What makes a kind of live source. Calls that can fail write a sentence to @err. */
struct live_ops {
	const char *name;
	/* The programs belong to one load of vfio and to its being used: loaded at each attach. */
	bool load_anew;
	/* Ids come from the programs (maps of bpf/known.bpf.h), not from the module. */
	bool own_ids;
	/* The module's types are looked up, which the kernel allows with CAP_SYS_ADMIN only. */
	bool needs_admin;
	/* The loaded vfio fits. 0 or -errno. */
	int (*check)(struct live *live, char *err, size_t err_size);
	/* Open the object with @opts; programs that no event needs stay out. 0 or -errno. */
	int (*open)(struct live *live, const struct bpf_object_open_opts *opts,
		    const struct live_events *events, struct live_object *object);
	int (*load)(struct live *live); /* 0 or -errno; libbpf's words are in the log */
	int (*attach)(struct live *live, char *err, size_t err_size);
	void (*detach)(struct live *live);
	void (*close)(struct live *live); /* the object; nothing is attached */
	/* References on vfio that the attached programs take. */
	unsigned int (*refs)(const struct live *live);
	void (*detail)(const struct live *live, char *buf, size_t size);
	void (*free)(struct live *live); /* the structure itself */
};

/* The first member of a live source's own structure. */
struct live {
	struct source source;
	const struct live_ops *ops;
	struct source_live_opts opts;
	struct live_engine *engine;
};

/*
 * live__open - check, load, attach. @live is zeroed memory of the caller's kind, freed on failure.
 * Returns the source or NULL and a sentence in @err.
 */
struct source *live__open(struct live *live, const struct live_ops *ops,
			  const struct source_live_opts *opts, char *err, size_t err_size);

#endif
