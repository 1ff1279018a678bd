// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_fentry.bpf.c - fentry and fexit programs on the functions of any vfio.ko
 *
 * For modules without our tracepoints. Loaded by tools/lib/source_fentry.c, which leaves out what
 * was not asked for and chooses between functions of different kernels. Events, their fields and
 * their order are those of the tracepoints. What the module would know and we do not is unknown,
 * not guessed.
 *
 * These programs can be preempted and their task can move, so nothing here belongs to a CPU for
 * longer than one atomic operation.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define VFIO_OBS_PREEMPTIBLE
#include "begun.bpf.h"
#include "handle.bpf.h"
#include "kernel.bpf.h"
#include "known.bpf.h"
#include "pairing.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* In the kernel's include/linux/vfio.h. */
#define PIN_PAGES_MAX 512

enum {
#define V(number, name) REF_##name = number,
	VFIO_OBS_VALUES_ref_reason(V)
#undef V
};

enum {
#define V(number, name) DETACH_##name = number,
	VFIO_OBS_VALUES_detach_reason(V)
#undef V
};

/* Calls with a begin and an end. */
enum { CALL_IOCTL, CALL_CLOSE, CALL_ATTACH, CALL_DETACH, CALL_UNASSIGN, CALL_PIN, CALL_UNPIN,
       CALL_DMA_RW };

#define wanted(ENUM) (knobs.ring_events & (1ULL << VFIO_EV_##ENUM))

static __always_inline struct vfio_known *begin(__u32 op, const void *arg, const void *container,
						__u32 *slot)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct vfio_known *k = NULL;

	if (container)
		k = known_get_recent(task, (unsigned long)container, slot);
	call_begin(task, op, (unsigned long)arg, k ? *slot : VFIO_OBS_NO_SLOT, k ? k->id : 0);
	return k;
}

/* The container that a call found when it began; nobody can find it by its address any more. */
static __always_inline struct vfio_known *known_of_call(const struct call *call, __u32 *slot)
{
	struct vfio_known *k;

	if (!call || !call->id)
		return NULL;
	*slot = call->slot;
	k = bpf_map_lookup_elem(&known, slot);
	return k && (__u32)k->id == call->id ? k : NULL;
}

/* The same, or by its address when the begin is not known. @container is alive. */
static __always_inline struct vfio_known *end(const struct call *call, const void *container,
					      __u32 *slot)
{
	struct vfio_known *k = known_of_call(call, slot);

	return k || !container ? k : known_get((unsigned long)container, slot);
}

/* The same for the container of a group, which is looked at only if need be. */
static __always_inline struct vfio_known *end_in_group(const struct call *call,
						       const struct vfio_group *group, __u32 *slot)
{
	struct vfio_known *k = known_of_call(call, slot);

	return k ? k : end(NULL, group->container, slot);
}

/* Not static, nor is release(): see slot_claim(). */
__noinline int emit_ref(bool get, const struct vfio_known *k, __u32 slot, __u32 reason,
			__u32 refs)
{
	struct vfio_rec rec = { .slot = slot };

	if (!k)
		return 0;
	rec.id = k->id;
	if (get) {
		vfio_w(&rec, GET, reason) = reason;
		vfio_w(&rec, GET, refs) = refs;
		return handle(VFIO_EV_GET, &rec);
	}
	vfio_w(&rec, PUT, reason) = reason;
	vfio_w(&rec, PUT, refs) = refs;
	return handle(VFIO_EV_PUT, &rec);
}

/* The last event of a container, and its slot is free. */
__noinline int release(struct vfio_known *k, __u32 slot, bool gone_before)
{
	struct vfio_rec rec = { .slot = slot };

	if (!k)
		return 0;
	rec.id = k->id;
	vfio_w(&rec, RELEASE, age) = k->opened_ns && !gone_before ?
					     bpf_ktime_get_boot_ns() - k->opened_ns :
					     VFIO_OBS_UNKNOWN;
	handle(VFIO_EV_RELEASE, &rec);
	known_free(k, slot);
	return 0;
}

/* A reference will be dropped. The last: the address is somebody else's from now on. */
static __always_inline void drop_begins(struct vfio_known *k)
{
	__u64 addr;

	if (__sync_fetch_and_sub(&k->holders, 1) != 1)
		return;
	addr = k->addr;
	bpf_map_delete_elem(&by_addr, &addr);
}

/* A call that will drop one. Without its end it never would be: better the address stays. */
static __always_inline void begin_drop(__u32 op, const void *arg, const void *container)
{
	__u32 slot = VFIO_OBS_NO_SLOT;
	struct vfio_known *k = container ? known_get((unsigned long)container, &slot) : NULL;

	if (k && call_begin(bpf_get_current_pid_tgid(), op, (unsigned long)arg, slot, k->id))
		drop_begins(k);
}

/* The reference is dropped: what is left by this very transition. */
static __always_inline __u32 drop_ends(struct vfio_known *k)
{
	return __sync_fetch_and_sub(&k->refs, 1) - 1;
}

/* All events of the drop are out. */
static __always_inline void dropped(struct vfio_known *k, __u32 slot)
{
	if (__sync_fetch_and_sub(&k->alive, 1) == 1)
		release(k, slot, false);
}

static __always_inline void emit_open(void *ctx, __u64 id, __u32 slot, __s64 ret)
{
	struct vfio_rec rec = { .id = id, .slot = slot };

	vfio_w(&rec, OPEN, ret) = ret;
	handle_end(ctx, VFIO_EV_OPEN, &rec);
}

static __always_inline void opened(void *ctx, __u64 addr)
{
	__u32 slot = 0;
	struct vfio_known *k = known_find(addr, &slot);

	/* Who had the address is gone, though we did not see it go. */
	if (k)
		release(k, slot, true);
	k = known_alloc(addr, &slot);
	if (!k)
		goto miss;
	k->opened_ns = bpf_ktime_get_boot_ns();
	k->refs = 1;
	k->holders = 1;
	k->alive = 1;
	k->groups = 0;
	if (bpf_map_update_elem(&by_addr, &addr, &slot, BPF_ANY)) {
		known_free(k, slot);
		goto miss;
	}
	emit_open(ctx, k->id, slot, 0);
	emit_ref(true, k, slot, REF_file, 1);
	return;
miss:
	count_miss(no_container);
}

SEC("fexit/vfio_fops_open")
int BPF_PROG(open_end, struct inode *inode, struct file *file, int ret)
{
	if (ret)
		emit_open(ctx, 0, VFIO_OBS_NO_SLOT, ret);
	else
		opened(ctx, (unsigned long)file->private_data);
	return 0;
}

SEC("fentry/vfio_fops_release")
int BPF_PROG(close_begin, struct inode *inode, struct file *file)
{
	begin_drop(CALL_CLOSE, file, file->private_data);
	return 0;
}

SEC("fexit/vfio_fops_release")
int BPF_PROG(close_end, struct inode *inode, struct file *file, int ret)
{
	__u32 slot = 0;
	struct call began, *call = call_end(CALL_CLOSE, (unsigned long)file, &began);
	struct vfio_known *k = known_of_call(call, &slot);
	struct vfio_rec rec = { };
	__u32 refs;

	if (!k) {
		count_miss(no_begin);
		return 0;
	}
	refs = drop_ends(k);
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, CLOSE, refs) = refs;
	handle(VFIO_EV_CLOSE, &rec);
	emit_ref(false, k, slot, REF_file, refs);
	dropped(k, slot);
	return 0;
}

/* struct vfio_iommu_type1_dma_map and _unmap, as far as they are read. */
struct dma_map {
	__u32 argsz, flags;
	__u64 vaddr, iova, size;
};

struct dma_unmap {
	__u32 argsz, flags;
	__u64 iova, size;
};

/* IOCTL_START's fields are IOCTL's, without the last two. */
#define copy_args(rec, values)                                                                     \
	do {                                                                                       \
		vfio_w(rec, IOCTL, known) = 1;                                                     \
		vfio_w(rec, IOCTL, flags) = (values).flags;                                        \
		vfio_w(rec, IOCTL, iova) = (values).iova;                                          \
		vfio_w(rec, IOCTL, size) = (values).size;                                          \
	} while (0)

/* What the user's structure says now; nothing, where it cannot be read without a page fault. */
static __always_inline void read_dma_args(struct vfio_rec *rec, __u32 cmd, const void *arg)
{
	struct dma_map map;
	struct dma_unmap unmap;

	if (cmd == VFIO_CMD_MAP_DMA && !bpf_probe_read_user(&map, sizeof(map), arg)) {
		copy_args(rec, map);
		vfio_w(rec, IOCTL, vaddr) = map.vaddr;
	} else if (cmd == VFIO_CMD_UNMAP_DMA && !bpf_probe_read_user(&unmap, sizeof(unmap), arg)) {
		copy_args(rec, unmap);
	}
}

static __always_inline void describe_ioctl(struct vfio_rec *rec, const struct vfio_known *k,
					   __u32 slot, __u32 cmd, const void *arg)
{
	struct vfio_container *container = (void *)k->addr;

	rec->id = k->id;
	rec->slot = slot;
	vfio_w(rec, IOCTL, cmd) = cmd;
	vfio_w(rec, IOCTL, groups) = k->groups;
	vfio_w(rec, IOCTL, has_backend) = BPF_CORE_READ(container, iommu_driver) != NULL;
	read_dma_args(rec, cmd, arg);
}

static __always_inline void emit_ioctl_start(const struct vfio_known *k, __u32 slot, __u32 cmd,
					     const void *arg)
{
	struct vfio_rec rec = { };

	if (cmd == VFIO_CMD_CHECK_EXTENSION)
		return;
	if (cmd == VFIO_CMD_SET_IOMMU) {
		if (!wanted(SET_IOMMU_START))
			return;
		rec.id = k->id;
		rec.slot = slot;
		vfio_w(&rec, SET_IOMMU_START, type) = (__u32)(unsigned long)arg;
		vfio_w(&rec, SET_IOMMU_START, groups) = k->groups;
		handle(VFIO_EV_SET_IOMMU_START, &rec);
	} else if (wanted(IOCTL_START)) {
		describe_ioctl(&rec, k, slot, cmd, arg);
		handle(VFIO_EV_IOCTL_START, &rec);
	}
}

/* For who asks what goes on right now. */
static __always_inline void keep_ioctl(const struct vfio_known *k, __u32 cmd, const void *arg)
{
	struct vfio_rec rec = { };

	if (cmd == VFIO_CMD_CHECK_EXTENSION)
		return;
	if (cmd == VFIO_CMD_SET_IOMMU) {
		begun_begin(VFIO_OP_SET_IOMMU, k->id, 0, 0);
		return;
	}
	read_dma_args(&rec, cmd, arg);
	begun_begin(vfio_ioctl_op(cmd), k->id, vfio_w(&rec, IOCTL, iova),
		    vfio_w(&rec, IOCTL, size));
}

SEC("fentry/vfio_fops_unl_ioctl")
int BPF_PROG(ioctl_begin, struct file *file, unsigned int cmd, unsigned long arg)
{
	__u32 slot = 0;
	struct vfio_known *k = begin(CALL_IOCTL, file, file->private_data, &slot);

	if (k && knobs.aggregate)
		keep_ioctl(k, cmd, (void *)arg);
	if (k && (wanted(SET_IOMMU_START) || wanted(IOCTL_START)))
		emit_ioctl_start(k, slot, cmd, (void *)arg);
	return 0;
}

static __always_inline void emit_set_iommu(void *ctx, const struct vfio_known *k, __u32 slot,
					   __u32 type, __s64 ret, __u64 duration)
{
	struct vfio_rec rec = { .id = k->id, .slot = slot };
	struct vfio_container *container = (void *)k->addr;
	const char *name = ret ? NULL : BPF_CORE_READ(container, iommu_driver, ops, name);

	vfio_w(&rec, SET_IOMMU, type) = type;
	/* None when a detach has already taken it away again. */
	if (name)
		bpf_probe_read_kernel_str(&vfio_w(&rec, SET_IOMMU, backend), VFIO_OBS_STR_LEN,
					  name);
	vfio_w(&rec, SET_IOMMU, groups) = k->groups;
	vfio_w(&rec, SET_IOMMU, ret) = ret;
	vfio_w(&rec, SET_IOMMU, duration) = duration;
	handle_end(ctx, VFIO_EV_SET_IOMMU, &rec);
}

static __always_inline void emit_check_extension(void *ctx, const struct vfio_known *k,
						 __u32 slot, __u64 extension, __s64 ret)
{
	struct vfio_rec rec = { .id = k->id, .slot = slot };

	vfio_w(&rec, CHECK_EXTENSION, extension) = extension;
	vfio_w(&rec, CHECK_EXTENSION, ret) = ret;
	handle_end(ctx, VFIO_EV_CHECK_EXTENSION, &rec);
}

static __always_inline void emit_ioctl(void *ctx, const struct vfio_known *k, __u32 slot,
				       __u32 cmd, const void *arg, __s64 ret, __u64 duration)
{
	struct vfio_rec rec = { };

	describe_ioctl(&rec, k, slot, cmd, arg);
	vfio_w(&rec, IOCTL, ret) = ret;
	vfio_w(&rec, IOCTL, duration) = duration;
	handle_end(ctx, VFIO_EV_IOCTL, &rec);
}

SEC("fexit/vfio_fops_unl_ioctl")
int BPF_PROG(ioctl_end, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct call began, *call = call_end(CALL_IOCTL, (unsigned long)file, &began);
	__u64 duration = call_duration(call, now_ns);
	__u32 slot = 0;
	struct vfio_known *k = end(call, file->private_data, &slot);

	if (knobs.aggregate && cmd != VFIO_CMD_CHECK_EXTENSION)
		begun_end();
	if (!k)
		return 0;
	if (cmd == VFIO_CMD_SET_IOMMU)
		emit_set_iommu(ctx, k, slot, arg, ret, duration);
	else if (cmd == VFIO_CMD_CHECK_EXTENSION)
		emit_check_extension(ctx, k, slot, arg, ret);
	else
		emit_ioctl(ctx, k, slot, cmd, (void *)arg, ret, duration);
	return 0;
}

SEC("fentry/vfio_container_attach_group")
int BPF_PROG(attach_begin, struct vfio_container *container, struct vfio_group *group)
{
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k = begin(CALL_ATTACH, group, container, &slot);

	if (k && knobs.aggregate)
		begun_begin(VFIO_OP_ATTACH, k->id, group->iommu_group->id, 0);
	if (!k || !wanted(ATTACH_START))
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, ATTACH_START, group) = group->iommu_group->id;
	vfio_w(&rec, ATTACH_START, type) = group->type;
	return handle(VFIO_EV_ATTACH_START, &rec);
}

/* A group has joined. Fills what is left of it, and who holds the container's file calls this. */
static __always_inline void count_attach(struct vfio_known *k, struct vfio_container *container,
					 bool began_before, struct vfio_rec *rec)
{
	if (began_before && !k->opened_ns) {
		/* Maybe it was in what we read at first sight, maybe not. */
		k->refs = container->kref.refcount.refs.counter;
		k->holders = k->refs;
		k->alive = k->refs;
		k->groups = count_groups(container);
		vfio_w(rec, ATTACH, groups) = k->groups;
		vfio_w(rec, ATTACH, refs) = k->refs;
		return;
	}
	__sync_fetch_and_add(&k->holders, 1);
	__sync_fetch_and_add(&k->alive, 1);
	vfio_w(rec, ATTACH, groups) = __sync_fetch_and_add(&k->groups, 1) + 1;
	vfio_w(rec, ATTACH, refs) = __sync_fetch_and_add(&k->refs, 1) + 1;
}

SEC("fexit/vfio_container_attach_group")
int BPF_PROG(attach_end, struct vfio_container *container, struct vfio_group *group, int ret)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct call began, *call = call_end(CALL_ATTACH, (unsigned long)group, &began);
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k = end(call, container, &slot);

	if (knobs.aggregate)
		begun_end();
	if (!k)
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, ATTACH, group) = group->iommu_group->id;
	vfio_w(&rec, ATTACH, type) = group->type;
	vfio_w(&rec, ATTACH, groups) = k->groups;
	vfio_w(&rec, ATTACH, refs) = k->refs;
	vfio_w(&rec, ATTACH, ret) = (__s64)ret;
	vfio_w(&rec, ATTACH, duration) = call_duration(call, now_ns);
	if (!ret)
		count_attach(k, container, !call, &rec);
	handle_end(ctx, VFIO_EV_ATTACH, &rec);
	if (!ret)
		emit_ref(true, k, slot, REF_group, vfio_w(&rec, ATTACH, refs));
	return 0;
}

SEC("fentry/vfio_group_detach_container")
int BPF_PROG(detach_begin, struct vfio_group *group)
{
	begin_drop(CALL_DETACH, group, group->container);
	return 0;
}

/* Both kernels' cores close the group's file with its count at 0 and remove it at 0 drivers. */
static __always_inline __u32 detach_reason(struct vfio_group *group)
{
	if (!group->drivers.refs.counter)
		return DETACH_device_removal;
	if (group->opened_file && !group->opened_file->f_count.counter)
		return DETACH_group_close;
	return DETACH_unset;
}

SEC("fexit/vfio_group_detach_container")
int BPF_PROG(detach_end, struct vfio_group *group)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct call began, *call = call_end(CALL_DETACH, (unsigned long)group, &began);
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k = known_of_call(call, &slot);
	__u32 refs;

	if (!k) {
		count_miss(no_begin);
		return 0;
	}
	refs = drop_ends(k);
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, DETACH, group) = group->iommu_group->id;
	vfio_w(&rec, DETACH, groups) = __sync_fetch_and_sub(&k->groups, 1) - 1;
	vfio_w(&rec, DETACH, refs) = refs;
	vfio_w(&rec, DETACH, reason) = detach_reason(group);
	vfio_w(&rec, DETACH, duration) = call_duration(call, now_ns);
	handle_end(ctx, VFIO_EV_DETACH, &rec);
	emit_ref(false, k, slot, REF_group, refs);
	dropped(k, slot);
	return 0;
}

static __always_inline int assigned(struct vfio_group *group, int ret)
{
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k;

	if (!group->container)
		return 0;
	k = known_get((unsigned long)group->container, &slot);
	if (!k)
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, ASSIGN, group) = group->iommu_group->id;
	vfio_w(&rec, ASSIGN, users) = group->container_users;
	vfio_w(&rec, ASSIGN, ret) = (__s64)ret;
	return handle(VFIO_EV_ASSIGN, &rec);
}

/* Behind it the group may leave at once: the container is taken at the begin. */
static __always_inline int unassigned(struct vfio_group *group)
{
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct call began, *call = call_end(CALL_UNASSIGN, (unsigned long)group, &began);
	struct vfio_known *k = known_of_call(call, &slot);

	if (!k) {
		count_miss(no_begin);
		return 0;
	}
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, UNASSIGN, group) = group->iommu_group->id;
	vfio_w(&rec, UNASSIGN, users) = group->container_users;
	return handle(VFIO_EV_UNASSIGN, &rec);
}

/* 6.1 */

SEC("fexit/vfio_device_assign_container")
int BPF_PROG(assign_device_end, struct vfio_device *device, int ret)
{
	return assigned(device->group, ret);
}

SEC("fentry/vfio_device_unassign_container")
int BPF_PROG(unassign_device_begin, struct vfio_device *device)
{
	__u32 slot = 0;

	begin(CALL_UNASSIGN, device->group, device->group->container, &slot);
	return 0;
}

SEC("fexit/vfio_device_unassign_container")
int BPF_PROG(unassign_device_end, struct vfio_device *device)
{
	return unassigned(device->group);
}

/* Later kernels */

SEC("fexit/vfio_group_use_container")
int BPF_PROG(assign_group_end, struct vfio_group *group, int ret)
{
	return assigned(group, ret);
}

SEC("fentry/vfio_group_unuse_container")
int BPF_PROG(unassign_group_begin, struct vfio_group *group)
{
	__u32 slot = 0;

	begin(CALL_UNASSIGN, group, group->container, &slot);
	return 0;
}

SEC("fexit/vfio_group_unuse_container")
int BPF_PROG(unassign_group_end, struct vfio_group *group)
{
	return unassigned(group);
}

/*
 * Pin, unpin, dma_rw: the functions named here are 6.1's, the source attaches to those behind the
 * core's checks where the kernel has such. A call that 6.1 refuses before it looks at the
 * container is none of a container's.
 */

/* The verifier lets nobody read a pointer to pointers as an argument, hence the helper. */
static __always_inline bool pin_is_refused(void *ctx, const struct vfio_device *device, int npage)
{
	__u64 pages = 0;

	bpf_get_func_arg(ctx, 4, &pages);
	return !pages || !npage || !device->open_count;
}

SEC("fentry/vfio_pin_pages")
int BPF_PROG(pin_begin, struct vfio_device *device, __u64 iova, int npage, int prot)
{
	struct vfio_group *group = device->group;
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k;

	if (pin_is_refused(ctx, device, npage))
		return 0;
	k = begin(CALL_PIN, device, group->container, &slot);
	if (!k || !wanted(PIN_START))
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, PIN_START, group) = group->iommu_group->id;
	vfio_w(&rec, PIN_START, iova) = iova;
	vfio_w(&rec, PIN_START, npage) = (__u32)npage;
	vfio_w(&rec, PIN_START, prot) = (__u32)prot;
	return handle(VFIO_EV_PIN_START, &rec);
}

SEC("fexit/vfio_pin_pages")
int BPF_PROG(pin_end, struct vfio_device *device, __u64 iova, int npage, int prot)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct vfio_group *group = device->group;
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct call began, *call;
	struct vfio_known *k;

	/* One that is refused is not begun, so ask only if no begin was seen. */
	call = call_end(CALL_PIN, (unsigned long)device, &began);
	if (!call && pin_is_refused(ctx, device, npage))
		return 0;
	k = end_in_group(call, group, &slot);
	if (!k)
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, PIN, group) = group->iommu_group->id;
	vfio_w(&rec, PIN, iova) = iova;
	vfio_w(&rec, PIN, npage) = (__u32)npage;
	vfio_w(&rec, PIN, prot) = (__u32)prot;
	vfio_w(&rec, PIN, ret) = (__s64)(int)ctx[5];
	vfio_w(&rec, PIN, duration) = call_duration(call, now_ns);
	return handle_end(ctx, VFIO_EV_PIN, &rec);
}

static __always_inline bool unpin_is_refused(const struct vfio_device *device, int npage)
{
	return npage <= 0 || npage > PIN_PAGES_MAX || !device->open_count;
}

SEC("fentry/vfio_unpin_pages")
int BPF_PROG(unpin_begin, struct vfio_device *device, __u64 iova, int npage)
{
	struct vfio_group *group = device->group;
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k;

	if (unpin_is_refused(device, npage))
		return 0;
	k = begin(CALL_UNPIN, device, group->container, &slot);
	if (!k || !wanted(UNPIN_START))
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, UNPIN_START, group) = group->iommu_group->id;
	vfio_w(&rec, UNPIN_START, iova) = iova;
	vfio_w(&rec, UNPIN_START, npage) = (__u32)npage;
	return handle(VFIO_EV_UNPIN_START, &rec);
}

SEC("fexit/vfio_unpin_pages")
int BPF_PROG(unpin_end, struct vfio_device *device, __u64 iova, int npage)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct vfio_group *group = device->group;
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct call began, *call;
	struct vfio_known *k;

	call = call_end(CALL_UNPIN, (unsigned long)device, &began);
	if (!call && unpin_is_refused(device, npage))
		return 0;
	k = end_in_group(call, group, &slot);
	if (!k)
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, UNPIN, group) = group->iommu_group->id;
	vfio_w(&rec, UNPIN, iova) = iova;
	vfio_w(&rec, UNPIN, npage) = (__u32)npage;
	vfio_w(&rec, UNPIN, duration) = call_duration(call, now_ns);
	return handle_end(ctx, VFIO_EV_UNPIN, &rec);
}

SEC("fentry/vfio_dma_rw")
int BPF_PROG(dma_rw_begin, struct vfio_device *device, __u64 iova, void *data, __u64 len,
	     bool write)
{
	struct vfio_group *group = device->group;
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct vfio_known *k;

	if (!data || !len || !device->open_count)
		return 0;
	k = begin(CALL_DMA_RW, device, group->container, &slot);
	if (!k || !wanted(DMA_RW_START))
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, DMA_RW_START, group) = group->iommu_group->id;
	vfio_w(&rec, DMA_RW_START, iova) = iova;
	vfio_w(&rec, DMA_RW_START, len) = len;
	vfio_w(&rec, DMA_RW_START, write) = write;
	return handle(VFIO_EV_DMA_RW_START, &rec);
}

SEC("fexit/vfio_dma_rw")
int BPF_PROG(dma_rw_end, struct vfio_device *device, __u64 iova, void *data, __u64 len,
	     bool write, int ret)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct vfio_group *group = device->group;
	struct vfio_rec rec = { };
	__u32 slot = 0;
	struct call began, *call;
	struct vfio_known *k;

	call = call_end(CALL_DMA_RW, (unsigned long)device, &began);
	if (!call && (!data || !len || !device->open_count))
		return 0;
	k = end_in_group(call, group, &slot);
	if (!k)
		return 0;
	rec.id = k->id;
	rec.slot = slot;
	vfio_w(&rec, DMA_RW, group) = group->iommu_group->id;
	vfio_w(&rec, DMA_RW, iova) = iova;
	vfio_w(&rec, DMA_RW, len) = len;
	vfio_w(&rec, DMA_RW, write) = write;
	vfio_w(&rec, DMA_RW, ret) = (__s64)ret;
	vfio_w(&rec, DMA_RW, duration) = call_duration(call, now_ns);
	return handle_end(ctx, VFIO_EV_DMA_RW, &rec);
}
