// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_iter.bpf.c - iterator over open files: the containers that exist already
 *
 * Run by tools/lib/tp_existing.c behind attaching. Writes one struct vfio_existing for each
 * process and open file that leads to a container: the container's own, a group's, a device's.
 * Nothing is locked: a container that changes meanwhile may be read half changed, and its event
 * tells what is right.
 *
 * The structures below name only the members that are read; libbpf finds their places in the
 * running kernel's and the loaded module's BTF.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "vfio_obs/existing.h"

char LICENSE[] SEC("license") = "GPL";

/* As the kernel keeps device numbers: major 10 (misc), minor 196 (VFIO_MINOR). */
#define VFIO_RDEV (10U << 20 | 196)
/* "vfio" and its end, as a number. */
#define VFIO_NAME 0x6f696676ULL
#define VFIO_NAME_SIZE 5

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

struct module {
	char name[VFIO_NAME_SIZE];
};

struct file_operations {
	struct module *owner;
};

struct inode {
	__u32 i_rdev;
};

struct file {
	const struct file_operations *f_op;
	struct inode *f_inode;
	void *private_data;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int tgid;
	struct task_struct *group_leader;
	struct css_set *cgroups;
	char comm[VFIO_OBS_COMM_LEN];
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

typedef struct {
	int counter;
} atomic_t;

struct refcount_struct {
	atomic_t refs;
};

struct kref {
	struct refcount_struct refcount;
};

struct vfio_iommu_driver_ops {
	char *name;
};

struct vfio_iommu_driver {
	const struct vfio_iommu_driver_ops *ops;
};

struct vfio_container {
	struct kref kref;
	struct list_head group_list;
	struct vfio_iommu_driver *iommu_driver;
};

struct vfio_obs_container {
	struct vfio_container visible;
	__u64 id;
	__u64 opened_ns;
	unsigned int groups;
};

struct iommu_group {
	int id;
};

enum vfio_group_type { VFIO_GROUP_TYPE_ANY };

struct vfio_group {
	struct iommu_group *iommu_group;
	struct vfio_container *container;
	struct list_head container_next;
	enum vfio_group_type type;
	struct file *opened_file;
};

struct vfio_device {
	struct vfio_group *group;
};

/* What a device's file points to since 6.4; the device itself before. */
struct vfio_device_file {
	struct vfio_group *group;
};

#pragma clang attribute pop

/* An iterator's programs run one at a time. */
static struct vfio_existing rec;

static __always_inline bool is_vfios(struct file *file)
{
	const struct module *owner = BPF_CORE_READ(file, f_op, owner);
	__u64 name = 0;

	return owner && !bpf_core_read(&name, VFIO_NAME_SIZE, &owner->name) && name == VFIO_NAME;
}

static __always_inline struct vfio_group *group_of_device_file(struct file *file)
{
	void *data = BPF_CORE_READ(file, private_data);

	if (bpf_core_type_exists(struct vfio_device_file))
		return BPF_CORE_READ((struct vfio_device_file *)data, group);
	return BPF_CORE_READ((struct vfio_device *)data, group);
}

/*
 * The group that @file, no container's, belongs to. A group's file is a character device and
 * known to its group. NULL: none, it may be of a device that is used through iommufd.
 */
static __always_inline struct vfio_group *group_of_file(struct file *file)
{
	struct vfio_group *group;

	if (!BPF_CORE_READ(file, f_inode, i_rdev)) {
		rec.via = VFIO_VIA_DEVICE;
		return group_of_device_file(file);
	}
	rec.via = VFIO_VIA_GROUP;
	group = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(group, opened_file) == file ? group : NULL;
}

static __always_inline void read_groups(struct vfio_obs_container *c)
{
	struct list_head *head = __builtin_preserve_access_index(&c->visible.group_list);
	struct list_head *at = BPF_CORE_READ(c, visible.group_list.next);

	rec.groups = BPF_CORE_READ(c, groups);
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

static __always_inline void read_container(struct vfio_obs_container *c)
{
	const char *backend = BPF_CORE_READ(c, visible.iommu_driver, ops, name);

	rec.read_ns = bpf_ktime_get_boot_ns();
	rec.id = BPF_CORE_READ(c, id);
	rec.opened_ns = BPF_CORE_READ(c, opened_ns);
	rec.refs = BPF_CORE_READ(c, visible.kref.refcount.refs.counter);
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

	if (!task || !file || !is_vfios(file))
		return 0;
	if (BPF_CORE_READ(file, f_inode, i_rdev) == VFIO_RDEV) {
		rec.via = VFIO_VIA_CONTAINER;
		container = BPF_CORE_READ(file, private_data);
	} else {
		group = group_of_file(file);
		container = group ? BPF_CORE_READ(group, container) : NULL;
	}
	if (!container)
		return 0;
	read_container((struct vfio_obs_container *)container);
	read_task(task);
	/* Nothing but its group held it and let it go meanwhile: what was read may be anything. */
	if (!rec.refs || (group && BPF_CORE_READ(group, container) != container))
		return 0;
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}
