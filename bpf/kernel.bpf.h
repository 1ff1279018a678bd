/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel.bpf.h - the kernel's and vfio's structures, as far as the programs read them
 *
 * They name only the members that are read; libbpf finds their places in the running kernel's and
 * the loaded module's BTF.
 */
#ifndef VFIO_OBS_KERNEL_BPF_H
#define VFIO_OBS_KERNEL_BPF_H

/* "vfio" and its end. */
#define VFIO_NAME_SIZE 5

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct refcount_struct {
	atomic_t refs;
};

struct list_head {
	struct list_head *next;
};

struct module {
	char name[VFIO_NAME_SIZE];
};

struct file_operations {
	struct module *owner;
};

struct cdev {
	unsigned int count;
};

struct inode {
	__u32 i_rdev;
	struct cdev *i_cdev;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct file {
	const struct file_operations *f_op;
	atomic64_t f_count;
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
	void *iommu_data;
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
	struct refcount_struct drivers;
	unsigned int container_users;
	struct cdev cdev;
	struct iommu_group *iommu_group;
	struct vfio_container *container;
	struct list_head container_next;
	enum vfio_group_type type;
	struct file *opened_file;
};

struct vfio_device {
	struct vfio_group *group;
	unsigned int open_count;
};

struct rb_node {
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

/* type1's, of which only its own source knows: what iommu_data points to, and one mapping. */
struct vfio_iommu {
	struct list_head domain_list;
	struct rb_root dma_list;
	unsigned int dma_avail;
};

struct vfio_dma {
	struct rb_node node;
	__u64 iova;
	__u64 vaddr;
	__u64 size;
	int prot;
	bool iommu_mapped;
};

/* What a device's file points to since 6.4; the device itself before. */
struct vfio_device_file {
	struct vfio_device *device;
	struct vfio_group *group;
};

#pragma clang attribute pop

#endif
