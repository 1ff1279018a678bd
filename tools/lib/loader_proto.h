/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loader_proto.h - what a tool and its loader say to each other
 *
 * The loader is the small process that keeps the privileges (loader.h). The tool asks, the loader
 * answers; messages have one size each, and a message that is not exactly as here ends the
 * conversation. A request has no pointer, path or program in it: what is loaded, watched and
 * named was fixed before the loader began.
 */
#ifndef VFIO_OBS_LOADER_PROTO_H
#define VFIO_OBS_LOADER_PROTO_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vfio_obs/event.h"

#define LOADER_MAGIC 0x76666c31 /* "vfl1" */
#define LOADER_TEXT 4096

enum loader_op {
	LOADER_OPEN = 1, /* @arg: enum source_live_kind, TP or FENTRY */
	LOADER_ATTACH,
	LOADER_DETACH,
	LOADER_UNLOAD,
	LOADER_CLOSE,
	LOADER_FOLLOW,	 /* let hooks come and go with type1's use; who holds vfio? */
	LOADER_MEASURE,	 /* @arg: 1: have the kernel keep statistics, for a second; 0: no longer */
	LOADER_THIN,	 /* source__frequent_events() are not wanted any more */
	LOADER_CGROUP,	 /* @arg: a cgroup's id; its folder comes as text */
	LOADER_FILE,	 /* what process @arg runs at @at; the file comes, its path as text */
	LOADER_CREATE,	 /* file @arg of a recording that is several: it comes, for writing */
	LOADER_RENAME,	 /* the recording, file @arg if it is several, gets its name */
	LOADER_REMOVE,	 /* the same when it is not complete */
	LOADER_DELETE,	 /* file @arg, of those that are not to be kept */
	LOADER_CHOICES,	 /* a file for writing comes, to be the tool's configuration */
	LOADER_CHOSEN,	 /* @arg: 1: it gets its name; 0: it goes */
	LOADER_END,
};

struct loader_request {
	__u32 magic;
	__u32 op;
	__u64 arg, at;
};

/* Descriptors that come with an answer: those of LOADER_MAPS, then one for each other flag. */
enum loader_map {
	LOADER_MAP_SLOTS,
	LOADER_MAP_POOL,
	LOADER_MAP_FREE_BLOCKS,
	LOADER_MAP_FINALS,
	LOADER_MAP_RINGS,
	LOADER_MAP_RECORDS,
	LOADER_MAP_BEGUN,
	LOADER_MAP_STACKS,
	LOADER_MAP_STACK_INDEX,
	LOADER_MAP_FREE_STACKS,
	LOADER_MAP_BSS,
	LOADER_N_MAPS,
};
#define LOADER_MAX_FDS (LOADER_N_MAPS + 2)

#define LOADER_MAPS 1U	   /* the maps, by enum loader_map */
#define LOADER_EXISTING 2U /* a file of struct vfio_existing, as read at @existing_ns */
#define LOADER_TABLES 4U   /* a file of what tp_tables__read() gave */
#define LOADER_OPENED 8U   /* a file: of a process, for reading only; a new one, for writing only */

/*
 * @ret:     0; or -errno, then @text is the sentence and nothing comes with it
 * @module:  tp_module__instance() that is attached to
 * @misses, @slots_used: where these are in LOADER_MAP_BSS
 * @holders, @refs, @links: struct tp_module_use
 * @recursion, @run_ns, @no_hooks: of the source that is open, with every answer: program runs that
 *           the kernel skipped since it was opened; the time of those while it kept statistics;
 *           hooks that are missing, and why
 */
struct loader_reply {
	__u32 magic;
	__s32 ret;
	__u32 flags;
	__u64 module;
	__u64 existing_ns;
	__u64 refs;
	__u64 recursion, run_ns;
	__u32 holders, links;
	__u32 n_cpus, ring_capacity;
	__u32 misses, slots_used;
	char not_identified[96], no_tables[96], no_hooks[96];
	char detail[256];
	char text[LOADER_TEXT];
};

/* loader_proto__send - one message with @n descriptors, which stay the caller's. 0 or -errno. */
int loader_proto__send(int sock, const void *msg, size_t size, const int *fds, unsigned int n);

/*
 * loader_proto__recv - one message of exactly @size bytes and at most @max descriptors, which are
 * then the caller's, their number in @n. 1; 0 when the other side has ended; -EPROTO when it is
 * longer, shorter or brings more descriptors (none is kept open); else -errno.
 */
int loader_proto__recv(int sock, void *msg, size_t size, int *fds, unsigned int max,
		       unsigned int *n);

bool loader_proto__request_ok(const struct loader_request *request);
/* @n_fds: descriptors that came along. */
bool loader_proto__reply_ok(const struct loader_reply *reply, unsigned int n_fds);

#endif
