/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * files.bpf.h - from an open file to the container that it leads to
 *
 * Used by the iterators over open files. Nothing is locked: what is read may be half changed.
 */
#ifndef VFIO_OBS_FILES_BPF_H
#define VFIO_OBS_FILES_BPF_H

#include "vfio_obs/existing.h"
#include "kernel.bpf.h"

/* As the kernel keeps device numbers: major 10 (misc), minor 196 (VFIO_MINOR). */
#define VFIO_RDEV (10U << 20 | 196)
/* "vfio" and its end, as a number. */
#define VFIO_NAME 0x6f696676ULL

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
static __always_inline struct vfio_group *group_of_file(struct file *file, __u32 *via)
{
	struct vfio_group *group;

	if (!BPF_CORE_READ(file, f_inode, i_rdev)) {
		*via = VFIO_VIA_DEVICE;
		return group_of_device_file(file);
	}
	*via = VFIO_VIA_GROUP;
	group = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(group, opened_file) == file ? group : NULL;
}

/* NULL: none. @group: that it was found through, NULL when @file is the container's own. */
static __always_inline struct vfio_container *container_of_file(struct file *file,
								struct vfio_group **group,
								__u32 *via)
{
	*group = NULL;
	if (!is_vfios(file))
		return NULL;
	if (BPF_CORE_READ(file, f_inode, i_rdev) == VFIO_RDEV) {
		*via = VFIO_VIA_CONTAINER;
		return BPF_CORE_READ(file, private_data);
	}
	*group = group_of_file(file, via);
	return *group ? BPF_CORE_READ(*group, container) : NULL;
}

#endif
