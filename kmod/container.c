// SPDX-License-Identifier: GPL-2.0-only
/*
 * container.c - containers (/dev/vfio/vfio): their file, their groups, their references
 *
 * Called by user space through the misc device and by the vfio core for groups and devices. A
 * container outlives its file: the file and each attached group hold a reference, and the three
 * kinds of files may be closed in any order.
 *
 * Locks: group->group_lock, then container->group_lock, then the list of backends.
 */
#include "container.h"
#include "trace.h"

#include <linux/module.h>
#include <linux/uaccess.h>

static atomic64_t last_id = ATOMIC64_INIT(0);

static void vfio_container_release(struct vfio_obs_container *c)
{
	if (trace_vfio_container_release_enabled())
		trace_vfio_container_release(c->id, c->slot,
					     ktime_get_boottime_ns() - c->opened_ns);
	vfio_slot_put(c->slot);
	kfree(c);
}

/* Returns the number of references that this very transition left. */
static unsigned int ref_get(struct vfio_obs_container *c)
{
	int old;

	refcount_inc(&c->alive);
	__refcount_inc(&c->visible.kref.refcount, &old);
	return old + 1;
}

/*
 * Drop a reference and return what this very transition left. The caller emits its events and
 * then calls ref_dropped(): until then the container exists, even when nothing is left.
 */
static unsigned int ref_drop(struct vfio_obs_container *c)
{
	int old;

	return __refcount_dec_and_test(&c->visible.kref.refcount, &old) ? 0 : old - 1;
}

static void ref_dropped(struct vfio_obs_container *c)
{
	if (refcount_dec_and_test(&c->alive))
		vfio_container_release(c);
}

/* Ids first: they must be in place before anybody can reach the container. */
static struct vfio_obs_container *container_alloc(void)
{
	struct vfio_obs_container *c;

	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return NULL;

	c->slot = vfio_slot_get();
	c->id = atomic64_inc_return(&last_id);
	c->opened_ns = ktime_get_boottime_ns();
	INIT_LIST_HEAD(&c->visible.group_list);
	init_rwsem(&c->visible.group_lock);
	kref_init(&c->visible.kref);
	refcount_set(&c->alive, 1);
	return c;
}

static int vfio_fops_open(struct inode *inode, struct file *filep)
{
	struct vfio_obs_container *c = container_alloc();

	if (!c) {
		trace_vfio_container_open(0, VFIO_NO_SLOT, -ENOMEM);
		return -ENOMEM;
	}
	filep->private_data = &c->visible;
	trace_vfio_container_open(c->id, c->slot, 0);
	trace_vfio_container_get(c->id, c->slot, VFIO_REF_file, 1);
	return 0;
}

/* 6.1's backends want to know that the file is gone while groups may still be attached. */
static void notify_close(struct vfio_obs_container *c)
{
#if VFIO_OBS_OLD_CORE
	struct vfio_backend *backend = vfio_backend_get(c);

	if (!backend)
		return;
	if (backend->ops->notify)
		backend->ops->notify(backend->data, VFIO_IOMMU_CONTAINER_CLOSE);
	vfio_backend_put(backend);
#endif
}

static int vfio_fops_release(struct inode *inode, struct file *filep)
{
	struct vfio_obs_container *c = to_obs(filep->private_data);
	unsigned int refs;

	notify_close(c);
	filep->private_data = NULL;

	refs = ref_drop(c);
	trace_vfio_container_close(c->id, c->slot, refs);
	trace_vfio_container_put(c->id, c->slot, VFIO_REF_file, refs);
	ref_dropped(c);
	return 0;
}

static long vfio_ioctl_set_iommu(struct vfio_obs_container *c, unsigned long arg)
{
	u64 start = vfio_trace_now(trace_vfio_container_set_iommu_enabled());
	long ret;

	trace_vfio_container_set_iommu_start(c->id, c->slot, arg, READ_ONCE(c->groups));
	ret = vfio_backend_set(c, arg);
	if (trace_vfio_container_set_iommu_enabled()) {
		struct vfio_backend *backend = ret ? NULL : vfio_backend_get(c);

		/* None when a detach has already taken it away again. */
		trace_vfio_container_set_iommu(c->id, c->slot, arg,
					       backend ? backend->ops->name ?: "" : "",
					       READ_ONCE(c->groups), ret,
					       vfio_trace_elapsed(start));
		if (backend)
			vfio_backend_put(backend);
	}
	return ret;
}

static long vfio_ioctl_check_extension(struct vfio_obs_container *c, unsigned long arg)
{
	long ret = vfio_backends_check_extension(&c->visible, arg);

	trace_vfio_container_check_extension(c->id, c->slot, arg, ret);
	return ret;
}

/*
 * The backend is used without the container's lock: an attach may hold that for minutes, and an
 * ioctl may be parked in its own copy_from_user() until the task that wants to detach lets it go.
 */
static long ioctl_to_backend(struct vfio_obs_container *c, unsigned int cmd, unsigned long arg)
{
	struct vfio_backend *backend = vfio_backend_get(c);
	long ret;

	if (!backend)
		return -EINVAL;
	ret = backend->ops->ioctl(backend->data, cmd, arg);
	vfio_backend_put(backend);
	return ret;
}

/* What a MAP_DMA or UNMAP_DMA asks for, as far as it can be read without a page fault. */
struct dma_args {
	bool known;
	u32 flags;
	u64 iova;
	u64 size;
	u64 vaddr;
};

/*
 * For the trace only: the user may change the structure between this and the backend's own
 * reading, and an unreadable one is "unknown".
 */
static void read_dma_args(unsigned int cmd, unsigned long arg, struct dma_args *args)
{
	const void __user *user = (const void __user *)arg;
	struct vfio_iommu_type1_dma_unmap unmap;
	struct vfio_iommu_type1_dma_map map;

	*args = (struct dma_args){ };
	if (cmd == VFIO_IOMMU_MAP_DMA) {
		if (copy_from_user_nofault(&map, user, sizeof(map)))
			return;
		*args = (struct dma_args){ true, map.flags, map.iova, map.size, map.vaddr };
	} else if (cmd == VFIO_IOMMU_UNMAP_DMA) {
		if (copy_from_user_nofault(&unmap, user,
					   offsetofend(struct vfio_iommu_type1_dma_unmap, size)))
			return;
		*args = (struct dma_args){ true, unmap.flags, unmap.iova, unmap.size, 0 };
	}
}

static noinline void trace_ioctl_start(struct vfio_obs_container *c, unsigned int cmd,
				       unsigned long arg)
{
	struct dma_args args;

	read_dma_args(cmd, arg, &args);
	trace_vfio_container_ioctl_start(c->id, c->slot, cmd, READ_ONCE(c->groups),
					 rcu_access_pointer(c->backend), args.known, args.flags,
					 args.iova, args.size, args.vaddr);
}

static noinline void trace_ioctl_end(struct vfio_obs_container *c, unsigned int cmd,
				     unsigned long arg, long ret, u64 start)
{
	struct dma_args args;

	read_dma_args(cmd, arg, &args);
	trace_vfio_container_ioctl(c->id, c->slot, cmd, READ_ONCE(c->groups),
				   rcu_access_pointer(c->backend), args.known, args.flags,
				   args.iova, args.size, args.vaddr, ret,
				   vfio_trace_elapsed(start));
}

static long ioctl_traced(struct vfio_obs_container *c, unsigned int cmd, unsigned long arg)
{
	u64 start = vfio_trace_now(trace_vfio_container_ioctl_enabled());
	long ret;

	if (trace_vfio_container_ioctl_start_enabled())
		trace_ioctl_start(c, cmd, arg);
	ret = cmd == VFIO_GET_API_VERSION ? VFIO_API_VERSION : ioctl_to_backend(c, cmd, arg);
	if (trace_vfio_container_ioctl_enabled())
		trace_ioctl_end(c, cmd, arg, ret, start);
	return ret;
}

static long vfio_fops_unl_ioctl(struct file *filep, unsigned int cmd, unsigned long arg)
{
	struct vfio_container *container = filep->private_data;

	if (!container)
		return -EINVAL;
	if (cmd == VFIO_CHECK_EXTENSION)
		return vfio_ioctl_check_extension(to_obs(container), arg);
	if (cmd == VFIO_SET_IOMMU)
		return vfio_ioctl_set_iommu(to_obs(container), arg);
	return ioctl_traced(to_obs(container), cmd, arg);
}

static const struct file_operations vfio_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_fops_open,
	.release	= vfio_fops_release,
	.unlocked_ioctl	= vfio_fops_unl_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice vfio_dev = {
	.minor		= VFIO_MINOR,
	.name		= "vfio",
	.fops		= &vfio_fops,
	.nodename	= "vfio/vfio",
	.mode		= 0666,
};

struct vfio_container *vfio_container_from_file(struct file *file)
{
	struct vfio_container *container = NULL;

	if (file->f_op == &vfio_fops) {
		container = file->private_data;
		/* The caller's reference on the file keeps release away. */
		WARN_ON(!container);
	}
	return container;
}

/* Holds container->group_lock for writing. */
static int attach_locked(struct vfio_obs_container *c, struct vfio_group *group,
			 unsigned int *refs)
{
	struct vfio_container *container = &c->visible;
	struct vfio_iommu_driver *driver = container->iommu_driver;
	bool noiommu = group->type == VFIO_NO_IOMMU;
	int ret;

	if (!list_empty(&container->group_list) && container->noiommu != noiommu)
		return -EPERM;

	if (group->type == VFIO_IOMMU) {
		ret = iommu_group_claim_dma_owner(group->iommu_group, group);
		if (ret)
			return ret;
	}

	if (driver) {
		ret = driver->ops->attach_group(container->iommu_data, group->iommu_group,
						group->type);
		if (ret) {
			if (group->type == VFIO_IOMMU)
				iommu_group_release_dma_owner(group->iommu_group);
			return ret;
		}
	}

	group->container = container;
	group->container_users = 1;
	container->noiommu = noiommu;
	list_add(&group->container_next, &container->group_list);
	WRITE_ONCE(c->groups, c->groups + 1);
	*refs = ref_get(c);
	return 0;
}

int vfio_container_attach_group(struct vfio_container *container, struct vfio_group *group)
{
	u64 start = vfio_trace_now(trace_vfio_container_attach_enabled());
	struct vfio_obs_container *c = to_obs(container);
	unsigned int groups = 0, refs = 0;
	int ret = -EPERM;

	lockdep_assert_held(&group->group_lock);
	if (trace_vfio_container_attach_start_enabled())
		trace_vfio_container_attach_start(c->id, c->slot,
						  iommu_group_id(group->iommu_group), group->type);

	if (group->type != VFIO_NO_IOMMU || capable(CAP_SYS_RAWIO)) {
		down_write(&container->group_lock);
		ret = attach_locked(c, group, &refs);
		groups = c->groups;
		up_write(&container->group_lock);
	} else {
		groups = READ_ONCE(c->groups);
	}

	/* The caller holds the container's file: c is alive. */
	if (trace_vfio_container_attach_enabled())
		trace_vfio_container_attach(c->id, c->slot, iommu_group_id(group->iommu_group),
					    group->type, groups,
					    ret ? kref_read(&container->kref) : refs, ret,
					    vfio_trace_elapsed(start));
	if (!ret)
		trace_vfio_container_get(c->id, c->slot, VFIO_REF_group, refs);
	return ret;
}

/* Both kernels' cores close the group's file with its count at 0 and remove it at 0 drivers. */
static enum vfio_obs_detach_reason detach_reason(const struct vfio_group *group)
{
	if (!refcount_read(&group->drivers))
		return VFIO_DETACH_device_removal;
	if (group->opened_file && !file_count(group->opened_file))
		return VFIO_DETACH_group_close;
	return VFIO_DETACH_unset;
}

static unsigned int detach_locked(struct vfio_obs_container *c, struct vfio_group *group)
{
	struct vfio_container *container = &c->visible;
	struct vfio_iommu_driver *driver = container->iommu_driver;

	if (driver)
		driver->ops->detach_group(container->iommu_data, group->iommu_group);
	if (group->type == VFIO_IOMMU)
		iommu_group_release_dma_owner(group->iommu_group);

	group->container = NULL;
	group->container_users = 0;
	list_del(&group->container_next);
	WRITE_ONCE(c->groups, c->groups - 1);

	if (driver && list_empty(&container->group_list))
		vfio_backend_withdraw(c);
	return c->groups;
}

void vfio_group_detach_container(struct vfio_group *group)
{
	u64 start = vfio_trace_now(trace_vfio_container_detach_enabled());
	struct vfio_container *container = group->container;
	struct vfio_obs_container *c = to_obs(container);
	unsigned int groups, refs;

	lockdep_assert_held(&group->group_lock);
	WARN_ON(group->container_users != 1);

	down_write(&container->group_lock);
	groups = detach_locked(c, group);
	up_write(&container->group_lock);

	refs = ref_drop(c);
	if (trace_vfio_container_detach_enabled())
		trace_vfio_container_detach(c->id, c->slot, iommu_group_id(group->iommu_group),
					    groups, refs, detach_reason(group),
					    vfio_trace_elapsed(start));
	trace_vfio_container_put(c->id, c->slot, VFIO_REF_group, refs);
	ref_dropped(c);
}

/* A device file joins: the group's file stays open as long as it does. */
static int use_container(struct vfio_group *group)
{
	lockdep_assert_held(&group->group_lock);

	/* Pairs with backend_publish(): whoever opens a device finds the data. */
	if (!smp_load_acquire(&group->container->iommu_driver))
		return -EINVAL;
	if (group->type == VFIO_NO_IOMMU && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	get_file(group->opened_file);
	group->container_users++;
	return 0;
}

static int use_container_traced(struct vfio_group *group)
{
	struct vfio_obs_container *c = to_obs(group->container);
	int ret = use_container(group);

	if (trace_vfio_device_assign_enabled())
		trace_vfio_device_assign(c->id, c->slot, iommu_group_id(group->iommu_group),
					 group->container_users, ret);
	return ret;
}

static void unuse_container(struct vfio_group *group)
{
	struct vfio_obs_container *c = to_obs(group->container);

	lockdep_assert_held(&group->group_lock);
	WARN_ON(group->container_users <= 1);
	group->container_users--;
	if (trace_vfio_device_unassign_enabled())
		trace_vfio_device_unassign(c->id, c->slot, iommu_group_id(group->iommu_group),
					   group->container_users, 0);
	fput(group->opened_file);
}

#if VFIO_OBS_OLD_CORE
int vfio_device_assign_container(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	if (!group->container)
		return -EINVAL;
	/* SET_IOMMU may be publishing it: container->group_lock is not held here. */
	if (WARN_ON(READ_ONCE(group->container->iommu_driver) && !group->container_users))
		return -EINVAL;
	return use_container_traced(group);
}

void vfio_device_unassign_container(struct vfio_device *device)
{
	mutex_lock(&device->group->group_lock);
	unuse_container(device->group);
	mutex_unlock(&device->group->group_lock);
}

long vfio_container_ioctl_check_extension(struct vfio_container *container, unsigned long arg)
{
	return vfio_backends_check_extension(container, arg);
}
#else
int vfio_group_use_container(struct vfio_group *group)
{
	return use_container_traced(group);
}

void vfio_group_unuse_container(struct vfio_group *group)
{
	unuse_container(group);
}

MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
#endif

int __init vfio_container_init(void)
{
	int ret = misc_register(&vfio_dev);

	if (ret) {
		pr_err("vfio: cannot register /dev/vfio/vfio (misc minor %d): error %d\n",
		       VFIO_MINOR, ret);
		return ret;
	}
	ret = vfio_noiommu_backend_init();
	if (ret)
		misc_deregister(&vfio_dev);
	return ret;
}

void vfio_container_cleanup(void)
{
	vfio_noiommu_backend_cleanup();
	misc_deregister(&vfio_dev);
}
