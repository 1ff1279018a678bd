// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock.c - the backends of mock.h
 */
#include <stdlib.h>
#include <unistd.h>

#include "mock.h"
#include "shim/shim.h"

#define MOCK_MAGIC 0x6d6f636b

/* What open() returns. The counters are there to be touched. */
struct mock_data {
	struct mock	*mock;
	unsigned int	magic;
	int		groups;
	int		calls;
};

bool mock_park_notify;
static pthread_mutex_t park_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t park_changed = PTHREAD_COND_INITIALIZER;
static int parked;
static bool unparked;

static void park(void)
{
	pthread_mutex_lock(&park_lock);
	parked++;
	pthread_cond_broadcast(&park_changed);
	while (!unparked)
		pthread_cond_wait(&park_changed, &park_lock);
	parked--;
	pthread_mutex_unlock(&park_lock);
}

void mock_wait_parked(void)
{
	pthread_mutex_lock(&park_lock);
	while (!parked)
		pthread_cond_wait(&park_changed, &park_lock);
	pthread_mutex_unlock(&park_lock);
}

void mock_unpark(void)
{
	pthread_mutex_lock(&park_lock);
	unparked = true;
	pthread_cond_broadcast(&park_changed);
	pthread_mutex_unlock(&park_lock);
}

static void add_live(struct mock *mock, int n)
{
	__atomic_add_fetch(&mock->live, n, __ATOMIC_RELAXED);
}

static void touch(struct mock *mock, struct mock_data *data)
{
	if (!data) {
		WARN_ON(!mock->null_data);
		return;
	}
	WARN_ON(data->magic != MOCK_MAGIC || data->mock != mock);
	__atomic_add_fetch(&data->calls, 1, __ATOMIC_RELAXED);
}

/* Every call: data alive, module pinned, no RCU reader around a call that may sleep. */
static void enter(struct mock *mock, struct mock_data *data)
{
	void (*inside)(void) = mock->inside;

	WARN_ON(shim_in_rcu_reader());
	WARN_ON(READ_ONCE(mock->module.refs) < 1);
	touch(mock, data);
	if (inside) {
		mock->inside = NULL;
		inside();
	}
}

static void *mock_open(struct mock *mock, unsigned long arg)
{
	struct mock_data *data;

	WARN_ON(shim_holds(SHIM_CONTAINER) != 'w' || shim_holds(SHIM_BACKENDS) != 'w');
	shim_log("%s.open(%lu)", mock->ops.name, arg);
	if (mock->open_error)
		return ERR_PTR(mock->open_error);
	if (shim_fail("open"))
		return ERR_PTR(-ENOMEM);
	add_live(mock, 1);
	if (mock->null_data)
		return NULL;
	data = calloc(1, sizeof(*data));
	if (!data)
		abort();
	*data = (struct mock_data){ .mock = mock, .magic = MOCK_MAGIC };
	enter(mock, data);
	return data;
}

static void mock_release(struct mock *mock, struct mock_data *data)
{
	shim_log("%s.release", mock->ops.name);
	enter(mock, data);
	WARN_ON(shim_holds(SHIM_CONTAINER) == 'r');
	if (!shim_holds(SHIM_CONTAINER))
		__atomic_add_fetch(&mock->late_releases, 1, __ATOMIC_RELAXED);
	add_live(mock, -1);
	if (!data)
		return;
	WARN_ON(data->groups);
	data->magic = 0;
	free(data);
}

static long check_extension(struct mock *mock, struct mock_data *data, unsigned long arg)
{
	shim_log("%s.check(%lu%s)", mock->ops.name, arg, data ? ", data" : "");
	WARN_ON(!shim_holds(SHIM_CONTAINER));
	/* Asked as one of all: nobody may come or go meanwhile. */
	WARN_ON(!data && !mock->null_data && shim_holds(SHIM_BACKENDS) != 'w');
	if (shim_fail("check_extension"))
		return -EFAULT;
	return arg == mock->type ? mock->type_answer : 0;
}

static long mock_ioctl(struct mock *mock, struct mock_data *data, unsigned int cmd,
		       unsigned long arg)
{
	if (cmd == VFIO_CHECK_EXTENSION) {
		if (data)
			enter(mock, data);
		return check_extension(mock, data, arg);
	}

	enter(mock, data);
	shim_log("%s.ioctl(%x, %lu)", mock->ops.name, cmd, arg);
	WARN_ON(shim_holds(SHIM_CONTAINER) || shim_holds(SHIM_BACKENDS));
	if (shim_fail("ioctl"))
		return -EIO;
	if (cmd == MOCK_PARK)
		park();
	if (cmd == MOCK_DAWDLE)
		usleep(shim_random(100));
	enter(mock, data);
	return MOCK_IOCTL_RET + (long)cmd;
}

static int mock_attach(struct mock *mock, struct mock_data *data, struct iommu_group *group,
		       enum vfio_group_type type)
{
	shim_log("%s.attach(%d, %d)", mock->ops.name, group->id, type);
	WARN_ON(shim_holds(SHIM_CONTAINER) != 'w');
	WARN_ON((type == VFIO_IOMMU) != !!group->owner);
	enter(mock, data);
	if (mock->attach_error && mock->attach_error_group == group->id)
		return mock->attach_error;
	if (shim_fail("attach"))
		return -ENOSPC;
	if (data)
		data->groups++;
	return 0;
}

static void mock_detach(struct mock *mock, struct mock_data *data, struct iommu_group *group)
{
	shim_log("%s.detach(%d)", mock->ops.name, group->id);
	WARN_ON(shim_holds(SHIM_CONTAINER) != 'w');
	enter(mock, data);
	if (data)
		WARN_ON(--data->groups < 0);
}

static int mock_pin(struct mock *mock, struct mock_data *data, struct iommu_group *group,
		    dma_addr_t iova, int npage, int prot, struct page **pages)
{
	enter(mock, data);
	shim_log("%s.pin(%d, %llx, %d, %d, %s)", mock->ops.name, group->id, iova, npage, prot,
		 pages ? "pages" : "NULL");
	if (shim_fail("pin"))
		return -ENOMEM;
	return mock->pin_ret ? mock->pin_ret : npage;
}

static void mock_unpin(struct mock *mock, struct mock_data *data, dma_addr_t iova, int npage)
{
	enter(mock, data);
	shim_log("%s.unpin(%llx, %d)", mock->ops.name, iova, npage);
}

static int mock_dma_rw(struct mock *mock, struct mock_data *data, dma_addr_t iova, void *buffer,
		       size_t len, bool write)
{
	enter(mock, data);
	shim_log("%s.dma_rw(%llx, %s, %zu, %d)", mock->ops.name, iova, buffer ? "buffer" : "NULL",
		 len, write);
	return shim_fail("dma_rw") ? -EFAULT : 0;
}

static void mock_device(struct mock *mock, struct mock_data *data, const char *what,
			struct vfio_device *device)
{
	enter(mock, data);
	shim_log("%s.%s(%d)", mock->ops.name, what, device->group->iommu_group->id);
}

#if SHIM_OLD_CORE
static void mock_notify(struct mock *mock, struct mock_data *data, int event)
{
	enter(mock, data);
	shim_log("%s.notify(%d)", mock->ops.name, event);
	WARN_ON(shim_holds(SHIM_CONTAINER));
	if (mock_park_notify)
		park();
	enter(mock, data);
}
#define NOTIFY(x)                                                                                  \
	static void x##_notify(void *data, enum vfio_iommu_notify_type event)                      \
	{                                                                                          \
		mock_notify(&mock_##x, data, event);                                               \
	}
#define SET_NOTIFY(x) .notify = x##_notify,
#else
#define NOTIFY(x)
#define SET_NOTIFY(x)
#endif

/* A callback is told its data, not its backend: one set of them for each. */
#define MOCK(x)                                                                                    \
	struct mock mock_##x;                                                                      \
	static void *x##_open(unsigned long arg) { return mock_open(&mock_##x, arg); }             \
	static void x##_release(void *data) { mock_release(&mock_##x, data); }                     \
	static long x##_ioctl(void *data, unsigned int cmd, unsigned long arg)                     \
	{                                                                                          \
		return mock_ioctl(&mock_##x, data, cmd, arg);                                      \
	}                                                                                          \
	static int x##_attach(void *data, struct iommu_group *group, enum vfio_group_type type)    \
	{                                                                                          \
		return mock_attach(&mock_##x, data, group, type);                                  \
	}                                                                                          \
	static void x##_detach(void *data, struct iommu_group *group)                              \
	{                                                                                          \
		mock_detach(&mock_##x, data, group);                                               \
	}                                                                                          \
	static int x##_pin(void *data, struct iommu_group *group, dma_addr_t iova, int npage,      \
			   int prot, struct page **pages)                                          \
	{                                                                                          \
		return mock_pin(&mock_##x, data, group, iova, npage, prot, pages);                 \
	}                                                                                          \
	static void x##_unpin(void *data, dma_addr_t iova, int npage)                              \
	{                                                                                          \
		mock_unpin(&mock_##x, data, iova, npage);                                          \
	}                                                                                          \
	static int x##_dma_rw(void *data, dma_addr_t iova, void *buffer, size_t len, bool write)   \
	{                                                                                          \
		return mock_dma_rw(&mock_##x, data, iova, buffer, len, write);                     \
	}                                                                                          \
	static void x##_register(void *data, struct vfio_device *device)                           \
	{                                                                                          \
		mock_device(&mock_##x, data, "register", device);                                  \
	}                                                                                          \
	static void x##_unregister(void *data, struct vfio_device *device)                         \
	{                                                                                          \
		mock_device(&mock_##x, data, "unregister", device);                                \
	}                                                                                          \
	NOTIFY(x)                                                                                  \
	static const struct mock x##_initial = {                                                   \
		.ops = {                                                                           \
			.name = #x, .owner = &mock_##x.module, .open = x##_open,                   \
			.release = x##_release, .ioctl = x##_ioctl, .attach_group = x##_attach,    \
			.detach_group = x##_detach, .pin_pages = x##_pin,                          \
			.unpin_pages = x##_unpin, .dma_rw = x##_dma_rw,                            \
			.register_device = x##_register, .unregister_device = x##_unregister,      \
			SET_NOTIFY(x)                                                              \
		},                                                                                 \
		.module = { .name = #x },                                                          \
		.type = MOCK_TYPE,                                                                 \
		.type_answer = 1,                                                                  \
	};

MOCK(a)
MOCK(b)
MOCK(c)

void mock_reset(void)
{
	mock_a = a_initial;
	mock_b = b_initial;
	mock_c = c_initial;
	mock_park_notify = false;
	unparked = false;
	parked = 0;
}

void mock_register_all(void)
{
	vfio_register_iommu_driver(&mock_a.ops);
	vfio_register_iommu_driver(&mock_b.ops);
	vfio_register_iommu_driver(&mock_c.ops);
}

void mock_unregister_all(void)
{
	vfio_unregister_iommu_driver(&mock_c.ops);
	vfio_unregister_iommu_driver(&mock_b.ops);
	vfio_unregister_iommu_driver(&mock_a.ops);
}
