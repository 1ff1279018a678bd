// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_table.bpf.c - iterator over open files: the mappings that type1 has of each container
 *
 * Run by tools/lib/tp_table.c behind vfio_iter.bpf.c. The open file keeps the container meanwhile,
 * but nothing is locked, and the tree may change under us. So it is read until it was twice the
 * same, and what does not ascend is no tree. What changes later the container's events tell.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "vfio_obs/existing.h"
#include "vfio_obs/maps.h"
#include "files.bpf.h"

/* For known.bpf.h, of which nothing that counts is used. */
struct vfio_misses misses;
#include "known.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* A red-black tree of so many nodes is less than twice as deep as 17. */
#define DEPTH 64
/* One step goes down to the left, one takes a node. */
#define STEPS (2 * VFIO_OBS_MAPPINGS_MAX + 2)
#define TRIES 8

static const char type1_name[] = "vfio-iommu-type1";

/* Containers are told by the ids of the fentry programs, whose maps are then shared. */
const volatile bool own_ids;

/* Mappings in the map that are taken; user space begins again at 0 when it has read them. */
__u32 used;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * VFIO_OBS_MAPPINGS_MAX);
	__type(key, __u32);
	__type(value, struct vfio_mapping);
} mappings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VFIO_OBS_SLOTS);
	__type(key, __u64); /* id */
	__type(value, struct vfio_table);
} tables SEC(".maps");

/* One walk through a tree. An iterator's programs run one at a time. */
static struct {
	struct rb_node *node; /* to go down from; NULL: the last of @above is next */
	struct rb_node *above[DEPTH];
	__u32 depth, n, first;
	bool in_iommu; /* the container has memory mapped in an IOMMU, not only known to type1 */
	bool torn, more, no_room, done;
	__u64 last; /* address of the mapping before */
	__u64 sum;
} walk;

static struct vfio_table table;

static __always_inline void read_mapping(struct vfio_dma *dma, struct vfio_mapping *to)
{
	to->iova = BPF_CORE_READ(dma, iova);
	to->size = BPF_CORE_READ(dma, size);
	to->vaddr = BPF_CORE_READ(dma, vaddr);
	to->prot = BPF_CORE_READ(dma, prot);
	to->flags = walk.in_iommu && !BPF_CORE_READ(dma, iommu_mapped) ? VFIO_MAPPING_GROWING : 0;
}

/* Different for nearly all that is different; what grows is expected to. */
static __always_inline void add_to_sum(const struct vfio_mapping *m)
{
	const __u64 prime = 0x100000001b3ULL;

	walk.sum = (walk.sum ^ m->iova) * prime;
	walk.sum = (walk.sum ^ (m->flags & VFIO_MAPPING_GROWING ? 0 : m->size)) * prime;
	walk.sum = (walk.sum ^ m->vaddr) * prime;
	walk.sum = (walk.sum ^ m->prot ^ m->flags) * prime;
}

/* 1: no further. */
static __always_inline long take(struct rb_node *node)
{
	struct vfio_dma *dma = (void *)node - bpf_core_field_offset(struct vfio_dma, node);
	__u32 index = walk.first + walk.n;
	struct vfio_mapping *to = bpf_map_lookup_elem(&mappings, &index);
	__u64 last;

	walk.more = walk.n >= VFIO_OBS_MAPPINGS_MAX;
	walk.no_room = !to;
	if (!to || walk.more)
		return 1;
	read_mapping(dma, to);
	last = to->iova + (to->size ? to->size - 1 : 0);
	if (last < to->iova || (walk.n && to->iova <= walk.last)) {
		walk.torn = true;
		return 1;
	}
	add_to_sum(to);
	walk.last = last;
	walk.n++;
	walk.node = BPF_CORE_READ(node, rb_right);
	return 0;
}

static long step(__u32 i, void *ctx)
{
	struct rb_node *node = walk.node; /* it, not what it is in, is the kernel's */

	if (node) {
		if (walk.depth >= DEPTH) {
			walk.torn = true;
			return 1;
		}
		walk.above[walk.depth++ & (DEPTH - 1)] = node;
		walk.node = BPF_CORE_READ(node, rb_left);
		return 0;
	}
	if (!walk.depth) {
		walk.done = true;
		return 1;
	}
	walk.depth--;
	return take(walk.above[walk.depth & (DEPTH - 1)]);
}

/* Not static, hence by its address: the verifier looks into it once, not for each of the TRIES. */
__noinline int walk_once(__u64 address)
{
	struct vfio_iommu *iommu = (void *)address;
	struct list_head *domains = __builtin_preserve_access_index(&iommu->domain_list);

	__builtin_memset(&walk, 0, sizeof(walk));
	walk.first = used;
	walk.in_iommu = BPF_CORE_READ(iommu, domain_list.next) != domains;
	walk.node = BPF_CORE_READ(iommu, dma_list.rb_node);
	table.avail = BPF_CORE_READ(iommu, dma_avail);
	walk.sum = table.avail;
	bpf_loop(STEPS, step, NULL, 0);
	if (!walk.done && !walk.more && !walk.no_room)
		walk.torn = true;
	return 0;
}

/* The mappings from @used on, and all of table but whose it is. */
static __always_inline void read_tree(struct vfio_iommu *iommu)
{
	__u64 sum = 0, before_ns = 0;
	bool whole = false;

	table.flags = VFIO_TABLE_TORN;
	for (int i = 0; i < TRIES; i++) {
		__u64 start_ns = bpf_ktime_get_boot_ns();

		walk_once((unsigned long)iommu);
		if (walk.no_room) {
			table.flags = VFIO_TABLE_NO_ROOM;
			return;
		}
		table.read_ns = whole ? before_ns : start_ns;
		if (whole && !walk.torn && sum == walk.sum) {
			table.flags = walk.more ? VFIO_TABLE_MORE : 0;
			break;
		}
		whole = !walk.torn;
		sum = walk.sum;
		before_ns = start_ns;
	}
	table.until_ns = bpf_ktime_get_boot_ns();
	table.first = used;
	table.n = walk.n;
}

static __always_inline __u64 id_of(struct vfio_container *container)
{
	struct vfio_known *k;
	__u32 slot;

	if (!own_ids)
		return BPF_CORE_READ((struct vfio_obs_container *)container, id);
	k = known_find((unsigned long)container, &slot);
	return k ? k->id : 0;
}

static __always_inline bool has_type1(struct vfio_container *container)
{
	const char *name = BPF_CORE_READ(container, iommu_driver, ops, name);
	char text[sizeof(type1_name)];

	return name && bpf_probe_read_kernel_str(text, sizeof(text), name) > 0 &&
	       !bpf_strncmp(text, sizeof(text), type1_name);
}

SEC("iter/task_file") int vfio_tables(struct bpf_iter__task_file *ctx)
{
	struct vfio_container *container;
	struct file *file = ctx->file;
	struct vfio_group *group;
	void *data;
	__u32 via;

	if (!ctx->task || !file)
		return 0;
	container = container_of_file(file, &group, &via);
	if (!container || !has_type1(container))
		return 0;
	table.id = id_of(container);
	data = BPF_CORE_READ(container, iommu_data);
	/* Each container has several files. */
	if (!table.id || !data || bpf_map_lookup_elem(&tables, &table.id))
		return 0;
	read_tree(data);
	/* Another backend came meanwhile, or another container. */
	if (BPF_CORE_READ(container, iommu_data) != data || id_of(container) != table.id ||
	    (group && BPF_CORE_READ(group, container) != container))
		return 0;
	if (!bpf_map_update_elem(&tables, &table.id, &table, BPF_NOEXIST) &&
	    !(table.flags & VFIO_TABLE_NO_ROOM))
		used += table.n;
	return 0;
}
