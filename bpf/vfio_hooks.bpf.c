// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_hooks.bpf.c - fentry and fexit programs on functions beside the container
 *
 * Loaded by tools/lib/hooks.c in addition to vfio_tp or vfio_fentry, into whose rings they write;
 * the events are the rows of event_list.h whose scope is HOOK. None of them is on the path of
 * pin, unpin or dma_rw.
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
#include "kernel.bpf.h"
#include "pairing.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Calls with a begin and an end. */
enum { HOOK_IOCTL, HOOK_CLAIM, HOOK_DEVICE_CLOSE };

#define NO_GROUP (~0U)

static __always_inline int emit(__u32 type, const struct vfio_rec *rec)
{
	if (knobs.ring_events & (1ULL << type))
		ring_write(type, rec);
	return 0;
}

static __always_inline void begin(__u32 op, const void *arg, __u32 slot)
{
	call_begin(bpf_get_current_pid_tgid(), op, (unsigned long)arg, slot, 0);
}

static __always_inline __u32 number_of(const struct vfio_group *group)
{
	const struct iommu_group *iommu_group = group ? BPF_CORE_READ(group, iommu_group) : NULL;

	return iommu_group ? (__u32)BPF_CORE_READ(iommu_group, id) : NO_GROUP;
}

/* A failed open leaves no group in the file, but its inode's character device is the group's. */
static __always_inline const struct vfio_group *group_of_inode(const struct inode *inode)
{
	const void *cdev = BPF_CORE_READ(inode, i_cdev);

	return cdev ? cdev - bpf_core_field_offset(struct vfio_group, cdev) : NULL;
}

SEC("fexit/vfio_group_fops_open")
int BPF_PROG(group_open_end, struct inode *inode, struct file *file, int ret)
{
	struct vfio_rec rec = { .slot = VFIO_OBS_NO_SLOT };

	vfio_w(&rec, GROUP_OPEN, group) = number_of(group_of_inode(inode));
	vfio_w(&rec, GROUP_OPEN, ret) = (__s64)ret;
	return emit(VFIO_EV_GROUP_OPEN, &rec);
}

/* Behind it the group may be gone. */
SEC("fentry/vfio_group_fops_release")
int BPF_PROG(group_close_begin, struct inode *inode, struct file *file)
{
	struct vfio_rec rec = { .slot = VFIO_OBS_NO_SLOT };

	vfio_w(&rec, GROUP_CLOSE, group) = number_of(file->private_data);
	return emit(VFIO_EV_GROUP_CLOSE, &rec);
}

SEC("fentry/vfio_group_fops_unl_ioctl")
int BPF_PROG(group_ioctl_begin, struct file *file)
{
	begin(HOOK_IOCTL, file, VFIO_OBS_NO_SLOT);
	return 0;
}

SEC("fexit/vfio_group_fops_unl_ioctl")
int BPF_PROG(group_ioctl_end, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct vfio_rec rec = { .slot = VFIO_OBS_NO_SLOT };
	struct call began;

	vfio_w(&rec, GROUP_IOCTL, group) = number_of(file->private_data);
	vfio_w(&rec, GROUP_IOCTL, cmd) = cmd;
	vfio_w(&rec, GROUP_IOCTL, ret) = ret;
	vfio_w(&rec, GROUP_IOCTL, duration) =
		call_duration(call_end(HOOK_IOCTL, (unsigned long)file, &began), now_ns);
	/* The core has just read it, so it is hardly ever paged out. */
	if (cmd == VFIO_CMD_GROUP_GET_DEVICE_FD)
		bpf_probe_read_user_str(&vfio_w(&rec, GROUP_IOCTL, device), VFIO_OBS_STR_LEN,
					(void *)arg);
	return emit(VFIO_EV_GROUP_IOCTL, &rec);
}

SEC("fentry/iommu_group_claim_dma_owner")
int BPF_PROG(claim_begin, struct iommu_group *group)
{
	begin(HOOK_CLAIM, group, VFIO_OBS_NO_SLOT);
	return 0;
}

SEC("fexit/iommu_group_claim_dma_owner")
int BPF_PROG(claim_end, struct iommu_group *group, void *owner, int ret)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct vfio_rec rec = { .slot = VFIO_OBS_NO_SLOT };
	struct call began;

	vfio_w(&rec, CLAIM_DMA_OWNER, group) = (__u32)BPF_CORE_READ(group, id);
	vfio_w(&rec, CLAIM_DMA_OWNER, ret) = (__s64)ret;
	vfio_w(&rec, CLAIM_DMA_OWNER, duration) =
		call_duration(call_end(HOOK_CLAIM, (unsigned long)group, &began), now_ns);
	return emit(VFIO_EV_CLAIM_DMA_OWNER, &rec);
}

static __always_inline __u32 number_of_device_file(const void *data)
{
	const struct vfio_device *device = data;

	if (bpf_core_type_exists(struct vfio_device_file))
		device = BPF_CORE_READ((const struct vfio_device_file *)data, device);
	return number_of(BPF_CORE_READ(device, group));
}

/* Behind it the device may be gone, hence the group's number waits in place of the slot. */
SEC("fentry/vfio_device_fops_release")
int BPF_PROG(device_close_begin, struct inode *inode, struct file *file)
{
	begin(HOOK_DEVICE_CLOSE, file, number_of_device_file(file->private_data));
	return 0;
}

SEC("fexit/vfio_device_fops_release")
int BPF_PROG(device_close_end, struct inode *inode, struct file *file)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct call began, *call = call_end(HOOK_DEVICE_CLOSE, (unsigned long)file, &began);
	struct vfio_rec rec = { .slot = VFIO_OBS_NO_SLOT };

	vfio_w(&rec, DEVICE_CLOSE, group) = call ? call->slot : NO_GROUP;
	vfio_w(&rec, DEVICE_CLOSE, duration) = call_duration(call, now_ns);
	return emit(VFIO_EV_DEVICE_CLOSE, &rec);
}
