// SPDX-License-Identifier: GPL-2.0-only
/*
 * backend.c - IOMMU backends: who is registered, which one a container uses, and how long its
 * data lives
 *
 * Called by the backends' modules (register, unregister) and by container.c.
 */
#include "container.h"
#include "trace.h"

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

static LIST_HEAD(backend_list);
/* Taken inside container->group_lock. */
static DEFINE_MUTEX(backend_list_lock);

#if defined(CONFIG_VFIO_NOIOMMU) && VFIO_OBS_OLD_CORE
bool vfio_noiommu __read_mostly;
module_param_named(enable_unsafe_noiommu_mode, vfio_noiommu, bool, 0644);
MODULE_PARM_DESC(enable_unsafe_noiommu_mode,
		 "Allow devices without an IOMMU: their DMA reaches all of memory and taints the kernel (default: false)");
#endif

static void *vfio_noiommu_open(unsigned long arg)
{
	if (arg != VFIO_NOIOMMU_IOMMU)
		return ERR_PTR(-EINVAL);
	return capable(CAP_SYS_RAWIO) ? NULL : ERR_PTR(-EPERM);
}

static void vfio_noiommu_release(void *data)
{
}

static long vfio_noiommu_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	if (cmd != VFIO_CHECK_EXTENSION)
		return -ENOTTY;
	return vfio_noiommu && arg == VFIO_NOIOMMU_IOMMU;
}

static int vfio_noiommu_attach_group(void *data, struct iommu_group *group,
				     enum vfio_group_type type)
{
	return 0;
}

static void vfio_noiommu_detach_group(void *data, struct iommu_group *group)
{
}

static const struct vfio_iommu_driver_ops vfio_noiommu_ops = {
	.name		= "vfio-noiommu",
	.owner		= THIS_MODULE,
	.open		= vfio_noiommu_open,
	.release	= vfio_noiommu_release,
	.ioctl		= vfio_noiommu_ioctl,
	.attach_group	= vfio_noiommu_attach_group,
	.detach_group	= vfio_noiommu_detach_group,
};

/* No-IOMMU containers use the no-IOMMU backend only, and nobody else uses it. */
static bool backend_allowed(const struct vfio_container *container,
			    const struct vfio_iommu_driver *driver)
{
	bool for_noiommu = driver->ops == &vfio_noiommu_ops;

	return !IS_ENABLED(CONFIG_VFIO_NOIOMMU) || container->noiommu == for_noiommu;
}

static struct vfio_iommu_driver *find_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	lockdep_assert_held(&backend_list_lock);
	list_for_each_entry(driver, &backend_list, vfio_next)
		if (driver->ops == ops)
			return driver;
	return NULL;
}

static int register_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;
	int ret = 0;

	if (WARN_ON(!ops->register_device != !ops->unregister_device))
		return -EINVAL;

	driver = kzalloc(sizeof(*driver), GFP_KERNEL);
	if (!driver)
		return -ENOMEM;
	driver->ops = ops;

	mutex_lock(&backend_list_lock);
	if (find_driver(ops)) {
		kfree(driver);
		ret = -EINVAL;
	} else {
		list_add(&driver->vfio_next, &backend_list);
	}
	mutex_unlock(&backend_list_lock);
	return ret;
}

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	int ret = register_driver(ops);

	trace_vfio_iommu_driver_register(ops->name ?: "", ret);
	return ret;
}

void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	mutex_lock(&backend_list_lock);
	driver = find_driver(ops);
	if (driver)
		list_del(&driver->vfio_next);
	mutex_unlock(&backend_list_lock);

	trace_vfio_iommu_driver_unregister(ops->name ?: "", driver ? 0 : -ENOENT);
	kfree(driver);
}

int vfio_noiommu_backend_init(void)
{
	return IS_ENABLED(CONFIG_VFIO_NOIOMMU) ? vfio_register_iommu_driver(&vfio_noiommu_ops) : 0;
}

void vfio_noiommu_backend_cleanup(void)
{
	if (IS_ENABLED(CONFIG_VFIO_NOIOMMU))
		vfio_unregister_iommu_driver(&vfio_noiommu_ops);
}

/**
 * vfio_backend_get - use the container's backend without its lock
 *
 * Return: the backend, to be given back with vfio_backend_put(), or NULL when none is set or the
 * last detach has just withdrawn it.
 */
struct vfio_backend *vfio_backend_get(struct vfio_obs_container *container)
{
	struct vfio_backend *backend;

	rcu_read_lock();
	backend = rcu_dereference(container->backend);
	if (backend && !refcount_inc_not_zero(&backend->users))
		backend = NULL;
	rcu_read_unlock();
	return backend;
}

/* The last user releases the data; that is the detaching task unless an ioctl is still inside. */
void vfio_backend_put(struct vfio_backend *backend)
{
	if (!refcount_dec_and_test(&backend->users))
		return;
	backend->ops->release(backend->data);
	module_put(backend->ops->owner);
	if (backend->allocated)
		kfree_rcu(backend, rcu);
}

/*
 * Data before driver: the calls of mediated drivers test the driver and take the data without a
 * lock, and device opens test the driver only.
 */
static void backend_publish(struct vfio_obs_container *container, struct vfio_backend *backend,
			    struct vfio_iommu_driver *driver)
{
	container->visible.iommu_data = backend->data;
	/* Pairs with the smp_load_acquire() of use_container(). */
	smp_store_release(&container->visible.iommu_driver, driver);
	rcu_assign_pointer(container->backend, backend);
}

/* vfio_backend_withdraw - the last group has left: back to no backend. Holds group_lock. */
void vfio_backend_withdraw(struct vfio_obs_container *container)
{
	struct rw_semaphore *lock = &container->visible.group_lock;
	struct vfio_backend *backend;

	backend = rcu_dereference_protected(container->backend, lockdep_is_held(lock));
	container->visible.iommu_driver = NULL;
	container->visible.iommu_data = NULL;
	RCU_INIT_POINTER(container->backend, NULL);
	vfio_backend_put(backend);
}

/* All groups or none; the order of the list, back in reverse. */
static int attach_all_groups(struct vfio_container *container,
			     const struct vfio_iommu_driver_ops *ops, void *data)
{
	struct vfio_group *group;
	int ret;

	list_for_each_entry(group, &container->group_list, container_next) {
		ret = ops->attach_group(data, group->iommu_group, group->type);
		if (ret)
			goto undo;
	}
	return 0;

undo:
	list_for_each_entry_continue_reverse(group, &container->group_list, container_next)
		ops->detach_group(data, group->iommu_group);
	return ret;
}

/*
 * Offer the container to one backend whose module is pinned. True when it took the container.
 * *ret changes only when the backend was asked to take it: a type that it does not do is no error.
 */
static bool offer(struct vfio_container *container, const struct vfio_iommu_driver_ops *ops,
		  unsigned long arg, struct vfio_backend *backend, long *ret)
{
	void *data;

	if (ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg) <= 0)
		return false;

	data = ops->open(arg);
	if (IS_ERR(data)) {
		*ret = PTR_ERR(data);
		return false;
	}

	*ret = attach_all_groups(container, ops, data);
	if (*ret) {
		ops->release(data);
		return false;
	}
	refcount_set(&backend->users, 1);
	backend->ops = ops;
	backend->data = data;
	return true;
}

static long offer_to_all(struct vfio_obs_container *obs, unsigned long arg,
			 struct vfio_backend *backend)
{
	struct vfio_container *container = &obs->visible;
	struct vfio_iommu_driver *driver;
	long ret = -ENODEV;

	mutex_lock(&backend_list_lock);
	list_for_each_entry(driver, &backend_list, vfio_next) {
		if (!backend_allowed(container, driver) || !try_module_get(driver->ops->owner))
			continue;
		if (offer(container, driver->ops, arg, backend, &ret)) {
			backend_publish(obs, backend, driver);
			break;
		}
		module_put(driver->ops->owner);
	}
	mutex_unlock(&backend_list_lock);
	return ret;
}

/*
 * A private object: the container's own, or memory if that is taken. The own one is for a single
 * backend, as a reader that found it may look at its count any time while the container lives.
 */
static struct vfio_backend *backend_new(struct vfio_obs_container *container)
{
	struct vfio_backend *backend;

	if (!xchg(&container->first_taken, true))
		return &container->first;
	backend = kzalloc(sizeof(*backend), GFP_KERNEL_ACCOUNT);
	if (backend)
		backend->allocated = true;
	return backend;
}

/* Nobody has seen it. */
static void backend_discard(struct vfio_obs_container *container, struct vfio_backend *backend)
{
	if (backend->allocated)
		kfree(backend);
	else /* Pairs with the xchg() of backend_new(). */
		smp_store_release(&container->first_taken, false);
}

/**
 * vfio_backend_set - VFIO_SET_IOMMU: give the container to the first backend that takes it
 *
 * Only a container with a group is privileged enough to use a backend's resources, and it loses
 * the backend with its last group. The object is there before any lock is taken so that nothing has
 * to be undone when memory is short.
 */
long vfio_backend_set(struct vfio_obs_container *container, unsigned long arg)
{
	struct vfio_backend *backend;
	long ret = -EINVAL;

	backend = backend_new(container);
	if (!backend)
		return -ENOMEM;

	down_write(&container->visible.group_lock);
	if (!list_empty(&container->visible.group_list) && !container->visible.iommu_driver)
		ret = offer_to_all(container, arg, backend);
	up_write(&container->visible.group_lock);

	if (ret)
		backend_discard(container, backend);
	return ret;
}

/* Without a backend of its own: the first registered one that says yes answers. */
static long ask_all(struct vfio_container *container, unsigned long arg)
{
	struct vfio_iommu_driver *driver;
	long ret = 0;

	mutex_lock(&backend_list_lock);
	list_for_each_entry(driver, &backend_list, vfio_next) {
		if (!list_empty(&container->group_list) && !backend_allowed(container, driver))
			continue;
		if (!try_module_get(driver->ops->owner))
			continue;
		ret = driver->ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg);
		module_put(driver->ops->owner);
		if (ret > 0)
			break;
	}
	mutex_unlock(&backend_list_lock);
	return ret;
}

long vfio_backends_check_extension(struct vfio_container *container, unsigned long arg)
{
	const struct vfio_iommu_driver *driver;
	long ret;

	down_read(&container->group_lock);
	driver = container->iommu_driver;
	if (driver)
		ret = driver->ops->ioctl(container->iommu_data, VFIO_CHECK_EXTENSION, arg);
	else
		ret = ask_all(container, arg);
	up_read(&container->group_lock);
	return ret;
}
