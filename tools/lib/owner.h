/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * owner.h - looking up whose a container is, in /proc and /sys/fs/cgroup
 *
 * Used by enrich.c. An owner is told only when the process that is there now is proven to be the
 * one that the kernel named: pids are reused, and those of the kernel's events are the initial pid
 * namespace's. docs/owners.md says how.
 */
#ifndef VFIO_OBS_OWNER_LOOKUP_H
#define VFIO_OBS_OWNER_LOOKUP_H

#include "source.h"

struct loader;
struct owner_lookup;

/*
 * What the kernel said about who opened or has a container.
 * @pid:     the thread that @comm is the name of
 * @cgroup:  id of its cgroup, 0 unknown
 * @seen_ns: when it was so, CLOCK_BOOTTIME
 */
struct owner_claim {
	__u32 tgid, pid;
	const char *comm;
	__u64 cgroup;
	__u64 seen_ns;
};

/* @root: "" or the folder in which a test has made proc/ and sys/. */
struct owner_lookup *owner_lookup__create(const char *root);
void owner_lookup__destroy(struct owner_lookup *lookup);

/*
 * What needs a capability is asked of @loader, which stays the caller's, from now on. To be called
 * when our own are given up.
 */
void owner_lookup__ask(struct owner_lookup *lookup, struct loader *loader);

/*
 * owner_lookup__find - never NULL; what it points to is valid until the next call. @now_ns:
 * CLOCK_BOOTTIME.
 */
const struct source_owner *owner_lookup__find(struct owner_lookup *lookup,
					      const struct owner_claim *claim, __u64 now_ns);

/* Processes whose files in /proc were read in full, until now: for tests of the cache. */
__u64 owner_lookup__reads(const struct owner_lookup *lookup);

#endif
