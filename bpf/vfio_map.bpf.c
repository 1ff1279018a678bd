// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_map.bpf.c - where the time of a MAP_DMA goes: pinning its memory, mapping it in the IOMMU
 *
 * Loaded by tools/lib/map_hooks.c in addition to vfio_tp or vfio_fentry, into whose rings it
 * writes one MAP_PARTS for each MAP_DMA. What is found while the call is under way is added up in
 * its task. type1 pins a contiguous chunk, maps it, pins the next one: what lies behind a chunk's
 * pin is its mapping. vfio_pin_pages goes another way, on which nothing of this is.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define VFIO_OBS_PREEMPTIBLE
#include "vfio_obs/event.h"
#include "ring.bpf.h"
#include "known.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PAGE_SHIFT 12 /* x86 */

/* The container's id is that of the fentry programs, whose maps are then shared. */
const volatile bool own_ids;

/* Set by user space: the tracepoint iommu:map is attached. */
bool sees_iommu_map;

/* MAP_DMAs that have begun: iommu:map is busy with other drivers' mappings, too. */
__s64 under_way;

/*
 * What is known of the MAP_DMA that the task is inside of.
 * @start_ns:  0: none is under way
 * @pin_start_ns: inside vfio_pin_pages_remote; else 0
 * @pinned_ns: end of the pin of the chunk that is being mapped now; 0: none is
 * @paddr, @size: that chunk
 */
struct map_call {
	__u64 start_ns, pin_start_ns, pinned_ns;
	__u64 paddr, size;
	__u64 pin_ns, chunks, pin_bytes;
	__u64 iommu_ns, iommu_maps, iommu_bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct map_call);
} map_calls SEC(".maps");

/* The MAP_DMA that this task is inside of, NULL none. */
static __always_inline struct map_call *map_call(void)
{
	struct map_call *call =
		bpf_task_storage_get(&map_calls, bpf_get_current_task_btf(), NULL, 0);

	return call && call->start_ns ? call : NULL;
}

SEC("fentry/vfio_fops_unl_ioctl")
int BPF_PROG(map_begin, struct file *file, unsigned int cmd)
{
	struct map_call *call;

	if (cmd != VFIO_CMD_MAP_DMA)
		return 0;
	call = bpf_task_storage_get(&map_calls, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call)
		return 0;
	/* Still set when the end of the last one was skipped. */
	if (!call->start_ns)
		__sync_fetch_and_add(&under_way, 1);
	__builtin_memset(call, 0, sizeof(*call));
	call->start_ns = bpf_ktime_get_ns();
	return 0;
}

/* The chunk is mapped, or will not be. */
static __always_inline void chunk_ends(struct map_call *call, __u64 now_ns)
{
	if (call->pinned_ns)
		call->iommu_ns += now_ns - call->pinned_ns;
	call->pinned_ns = 0;
}

SEC("fentry/vfio_pin_pages_remote")
int BPF_PROG(pin_remote_begin)
{
	struct map_call *call = map_call();

	if (!call)
		return 0;
	call->pin_start_ns = bpf_ktime_get_ns();
	chunk_ends(call, call->pin_start_ns);
	return 0;
}

SEC("fexit/vfio_pin_pages_remote")
int BPF_PROG(pin_remote_end, void *dma, unsigned long vaddr, long npage, unsigned long *pfn_base)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct map_call *call = map_call();
	__u64 ret = 0, pfn = 0;

	if (!call || !call->pin_start_ns)
		return 0;
	call->pin_ns += now_ns - call->pin_start_ns;
	call->pin_start_ns = 0;
	bpf_get_func_ret(ctx, &ret);
	if ((__s64)ret <= 0)
		return 0;
	bpf_probe_read_kernel(&pfn, sizeof(pfn), pfn_base);
	call->chunks++;
	call->paddr = pfn << PAGE_SHIFT;
	call->size = ret << PAGE_SHIFT;
	call->pin_bytes += call->size;
	call->pinned_ns = now_ns;
	return 0;
}

/* The address and size of the chunk tell its mapping from one that an interrupt makes meanwhile. */
SEC("raw_tp/map")
int iommu_map(struct bpf_raw_tracepoint_args *ctx)
{
	struct map_call *call;

	if (*(volatile __s64 *)&under_way <= 0)
		return 0;
	call = map_call();
	if (!call || !call->pinned_ns || ctx->args[1] != call->paddr || ctx->args[2] != call->size)
		return 0;
	call->iommu_maps++;
	call->iommu_bytes += call->size;
	return 0;
}

static __always_inline __u64 id_of(struct vfio_container *container)
{
	struct vfio_known *known;
	__u32 slot;

	if (!container)
		return 0;
	if (!own_ids)
		return BPF_CORE_READ((struct vfio_obs_container *)container, id);
	known = known_find((unsigned long)container, &slot);
	return known ? known->id : 0;
}

SEC("fexit/vfio_fops_unl_ioctl")
int BPF_PROG(map_end, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct vfio_rec rec = { .slot = VFIO_OBS_NO_SLOT };
	struct map_call *call;

	if (cmd != VFIO_CMD_MAP_DMA)
		return 0;
	call = map_call();
	if (!call)
		return 0;
	chunk_ends(call, now_ns);
	rec.id = id_of(file->private_data);
	vfio_w(&rec, MAP_PARTS, ret) = ret;
	vfio_w(&rec, MAP_PARTS, total_ns) = now_ns - call->start_ns;
	vfio_w(&rec, MAP_PARTS, pin_ns) = call->pin_ns;
	vfio_w(&rec, MAP_PARTS, chunks) = call->chunks;
	vfio_w(&rec, MAP_PARTS, pin_bytes) = call->pin_bytes;
	vfio_w(&rec, MAP_PARTS, iommu_ns) = call->iommu_ns;
	vfio_w(&rec, MAP_PARTS, iommu_maps) = sees_iommu_map ? call->iommu_maps : VFIO_OBS_UNKNOWN;
	vfio_w(&rec, MAP_PARTS, iommu_bytes) =
		sees_iommu_map ? call->iommu_bytes : VFIO_OBS_UNKNOWN;
	call->start_ns = 0;
	__sync_fetch_and_sub(&under_way, 1);
	ring_write(VFIO_EV_MAP_PARTS, &rec);
	return 0;
}
