/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * known.bpf.h - identity of the containers of a module that gives them none
 *
 * Every open starts a new id. Containers that were there before get theirs when they are seen
 * first, by an event or by the iterator. Used by vfio_fentry.bpf.c and, sharing its maps, by
 * vfio_iter.bpf.c. The includer has a struct vfio_misses "misses".
 */
#ifndef VFIO_OBS_KNOWN_BPF_H
#define VFIO_OBS_KNOWN_BPF_H

#include "vfio_obs/maps.h"
#include "kernel.bpf.h"
#include "once.bpf.h"

/* More groups of a container that was there before are not counted. */
#define KNOWN_GROUPS 64

/* The sizes are set by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64); /* address */
	__type(value, __u32); /* slot */
} by_addr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32); /* slot */
	__type(value, struct vfio_known);
} known SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK); /* the lowest possible numbers stay in use */
	__uint(max_entries, 1);
	__type(value, __u32);
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vfio_identity);
} identity SEC(".maps");

/* The container that has @addr now, NULL none that is known. */
static __always_inline struct vfio_known *known_find(__u64 addr, __u32 *slot)
{
	__u32 *found = bpf_map_lookup_elem(&by_addr, &addr);

	if (!found)
		return NULL;
	*slot = *found;
	return bpf_map_lookup_elem(&known, slot);
}

static __always_inline void known_free(struct vfio_known *k, __u32 slot)
{
	k->id = 0;
	k->holders = 0;
	bpf_map_push_elem(&free_slots, &slot, BPF_ANY);
}

/* A free slot with a new id; NULL: there are too many containers. */
static __always_inline struct vfio_known *known_alloc(__u64 addr, __u32 *slot)
{
	__u32 zero = 0;
	struct vfio_identity *next = bpf_map_lookup_elem(&identity, &zero);
	struct vfio_known *k;

	if (!next)
		return NULL;
	if (bpf_map_pop_elem(&free_slots, slot)) {
		if (*(volatile __u32 *)&next->fresh_slots >= VFIO_OBS_SLOTS)
			return NULL;
		*slot = __sync_fetch_and_add(&next->fresh_slots, 1);
	}
	k = bpf_map_lookup_elem(&known, slot);
	if (!k)
		return NULL;
	k->addr = addr;
	/* Behind the taking of the slot: the ids of a slot's containers grow. */
	k->id = __sync_fetch_and_add(&next->last_id, 1) + 1;
	return k;
}

static __always_inline __u32 count_groups(struct vfio_container *container)
{
	struct list_head *head = __builtin_preserve_access_index(&container->group_list);
	struct list_head *at = BPF_CORE_READ(container, group_list.next);
	__u32 n = 0;

	for (int i = 0; i < KNOWN_GROUPS && at && at != head; i++) {
		n++;
		at = BPF_CORE_READ(at, next);
	}
	return n;
}

/* A container seen for the first time: its references and groups are what it has now. */
static __noinline struct vfio_known *known_add(__u64 addr, __u32 *slot)
{
	struct vfio_container *container = (void *)addr;
	struct vfio_known *k = known_alloc(addr, slot);
	__u32 fresh;

	if (!k) {
		__sync_fetch_and_add(&misses.no_container, 1);
		return NULL;
	}
	fresh = *slot;
	k->opened_ns = 0;
	k->refs = BPF_CORE_READ(container, kref.refcount.refs.counter);
	if (!k->refs) { /* gone while we looked */
		known_free(k, fresh);
		return NULL;
	}
	k->holders = k->refs;
	k->alive = k->refs;
	k->groups = count_groups(container);
	if (!bpf_map_update_elem(&by_addr, &addr, &fresh, BPF_NOEXIST))
		return k;
	/* Another CPU was faster, or there is no room. */
	known_free(k, fresh);
	k = known_find(addr, slot);
	if (!k)
		__sync_fetch_and_add(&misses.no_container, 1);
	return k;
}

/* The container at @addr, which nobody frees meanwhile. */
static __always_inline struct vfio_known *known_get(__u64 addr, __u32 *slot)
{
	struct vfio_known *k = known_find(addr, slot);

	return k ? k : known_add(addr, slot);
}

/*
 * The slot that a task's container had last, by the task's number: looking there first is a tenth
 * of what by_addr costs. What is there now says whether it still does. A power of two.
 */
#define RECENT_SLOTS 1024
static __u32 recent[RECENT_SLOTS];

/* It is in by_addr under @addr: known, and not given up by its last holder. */
static __always_inline bool known_has(const struct vfio_known *k, __u64 addr)
{
	return read_once(k->addr) == addr && read_once(k->id) && read_once(k->holders);
}

/* The same as known_get(), quickly when @task, the running one, had that container last. */
static __always_inline struct vfio_known *known_get_recent(__u64 task, __u64 addr, __u32 *slot)
{
	__u32 *last = &recent[task & (RECENT_SLOTS - 1)];
	struct vfio_known *k;

	*slot = read_once(*last);
	k = bpf_map_lookup_elem(&known, slot);
	if (k && known_has(k, addr))
		return k;
	k = known_get(addr, slot);
	if (k)
		*last = *slot;
	return k;
}

#endif
