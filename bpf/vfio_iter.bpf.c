// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_iter.bpf.c - iterator over open files: the containers that exist already
 *
 * Run by tools/lib/tp_existing.c behind attaching. Writes one struct vfio_existing for each
 * process and open file that leads to a container: the container's own, a group's, a device's.
 * Nothing is locked: a container that changes meanwhile may be read half changed, and its event
 * tells what is right.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "vfio_obs/existing.h"
#include "vfio_obs/maps.h"
#include "files.bpf.h"

/* Containers that found no room in the maps of known.bpf.h. */
struct vfio_misses misses;
#include "known.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Containers are told by the ids of the fentry programs, whose maps are then shared. */
const volatile bool own_ids;

/* An iterator's programs run one at a time. */
static struct vfio_existing rec;

static __always_inline void read_groups(struct vfio_container *c)
{
	struct list_head *head = __builtin_preserve_access_index(&c->group_list);
	struct list_head *at = BPF_CORE_READ(c, group_list.next);

	rec.n_listed = 0;
	for (int i = 0; i < VFIO_EXISTING_GROUPS && at && at != head; i++) {
		struct vfio_group *group =
			(void *)at - bpf_core_field_offset(struct vfio_group, container_next);

		rec.group[i].number = BPF_CORE_READ(group, iommu_group, id);
		rec.group[i].type = BPF_CORE_READ(group, type);
		rec.n_listed = i + 1;
		at = BPF_CORE_READ(at, next);
	}
}

static __always_inline void read_identity_of_module(struct vfio_obs_container *c)
{
	rec.id = BPF_CORE_READ(c, id);
	rec.opened_ns = BPF_CORE_READ(c, opened_ns);
	rec.groups = BPF_CORE_READ(c, groups);
}

/* The fentry programs count for themselves; at first sight they learn of the container here. */
static __always_inline void read_identity_of_ours(struct vfio_container *c)
{
	__u32 slot;
	struct vfio_known *k = known_get((unsigned long)c, &slot);

	rec.id = k ? k->id : 0;
	rec.opened_ns = k ? k->opened_ns : 0;
	rec.groups = k ? k->groups : 0;
}

/* The distribution's module has no struct vfio_obs_container: what is read with it is ours only. */
static __always_inline void read_container(struct vfio_container *c)
{
	const char *backend = BPF_CORE_READ(c, iommu_driver, ops, name);

	rec.read_ns = bpf_ktime_get_boot_ns();
	if (own_ids)
		read_identity_of_ours(c);
	else
		read_identity_of_module((struct vfio_obs_container *)c);
	rec.refs = BPF_CORE_READ(c, kref.refcount.refs.counter);
	rec.backend[0] = '\0';
	if (backend)
		bpf_probe_read_kernel_str(rec.backend, sizeof(rec.backend), backend);
	read_groups(c);
}

static __always_inline void read_task(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	rec.tgid = BPF_CORE_READ(task, tgid);
	rec.cgroup = BPF_CORE_READ(leader, cgroups, dfl_cgrp, kn, id);
	bpf_core_read_str(rec.comm, sizeof(rec.comm), &leader->comm);
}

SEC("iter/task_file") int vfio_existing(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct vfio_container *container;
	struct vfio_group *group = NULL;

	if (!task || !file)
		return 0;
	container = container_of_file(file, &group, &rec.via);
	if (!container)
		return 0;
	read_container(container);
	read_task(task);
	/* Nothing but its group held it and let it go meanwhile: what was read may be anything. */
	if (!rec.refs || (group && BPF_CORE_READ(group, container) != container))
		return 0;
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}
