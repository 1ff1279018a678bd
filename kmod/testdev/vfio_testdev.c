// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-testdev: VFIO devices without hardware, for the tests, the benchmark and the demo.
 *
 * Each is a platform device registered with vfio as an emulated-IOMMU device; what a user may ask
 * of it is in include/vfio_obs/testdev_uapi.h. Called by the vfio core (testdev_ops) and by the
 * driver core (testdev_probe). Works on the distribution's vfio.ko as well as on ours.
 *
 * Locks: testdev::lock is taken inside whatever the core holds around open_device, close_device and
 * dma_unmap, and outside the backend's own lock. It is held over each pin and unpin together with
 * their book-keeping, so that dma_unmap never meets a pinned page that is not in the books.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/timex.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <vfio_obs/testdev_uapi.h>

/* Pins of one page that the device will hold at once; the backend counts them in 32 bits. */
#define TESTDEV_MAX_PINS_OF_PAGE	INT_MAX

/* The byte that DMA_RW_LOOP writes. */
#define TESTDEV_DMA_BYTE		0xa5

/* The counters, and with them the files in stats/; see the uapi header for their meaning. */
#define TESTDEV_STATS(X)	\
	X(pin)			\
	X(pin_pages)		\
	X(pin_errors)		\
	X(unpin)		\
	X(unpin_pages)		\
	X(unpin_forced)		\
	X(dma_unmap)		\
	X(dma_rw)		\
	X(dma_rw_bytes)		\
	X(dma_rw_errors)	\
	X(opens)		\
	X(pinned_pages)

struct testdev_stats {
#define X(name) u64 name;
	TESTDEV_STATS(X)
#undef X
};

/**
 * struct testdev - one device
 * @vdev: vfio's part; first, as vfio_alloc_device() wants it
 * @lock: protects everything below
 * @pins: how often each page is pinned, by iova / PAGE_SIZE; no entry: not at all
 * @pages: room for the answer of one vfio_pin_pages()
 * @stats: the counters
 * @fences: the unmaps that are running, as struct testdev_fence
 * @fence_seq: changes whenever a fence goes away
 * @fence_gone: where pins wait for that
 */
struct testdev {
	struct vfio_device vdev;
	struct mutex lock;
	struct xarray pins;
	struct page **pages;
	struct testdev_stats stats;
	struct list_head fences;
	unsigned int fence_seq;
	wait_queue_head_t fence_gone;
};

/* A range of iovas, first and last byte, in which an unmap is running. */
struct testdev_fence {
	struct list_head entry;
	struct testdev *td;
	u64 first;
	u64 last;
};

/* A checked PIN or UNPIN. */
struct testdev_range {
	u64 iova;
	u32 npage;
};

static unsigned int count = 1;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Number of devices, 1..1024 (default 1)");

static struct platform_device **testdev_platform_devices;

static struct testdev *to_testdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct testdev, vdev);
}

static u64 testdev_range_last(const struct testdev_range *range)
{
	return range->iova + (u64)range->npage * PAGE_SIZE - 1;
}

/*
 * Fences
 *
 * The backend asks for the pins in a range to be given up, then looks again, and trusts that there
 * are none after a few rounds. A thread that goes on pinning would break that trust, so pins in the
 * range wait until the unmapping task is on its way back to user space. That moment is known from a
 * file that nobody else sees: its last reference is put right away, and a task releases its files
 * just before it returns.
 */
static int testdev_fence_release(struct inode *inode, struct file *file)
{
	struct testdev_fence *fence = file->private_data;
	struct testdev *td = fence->td;

	mutex_lock(&td->lock);
	list_del(&fence->entry);
	WRITE_ONCE(td->fence_seq, td->fence_seq + 1);
	mutex_unlock(&td->lock);
	wake_up_all(&td->fence_gone);

	kfree(fence);
	vfio_put_device(&td->vdev);
	return 0;
}

static const struct file_operations testdev_fence_fops = {
	.owner		= THIS_MODULE,
	.release	= testdev_fence_release,
};

/* Out of memory means no fence: the unmap itself must go on, and mostly nothing pins beside it. */
static void testdev_fence_add(struct testdev *td, u64 first, u64 last)
{
	struct testdev_fence *fence;
	struct file *file;

	lockdep_assert_held(&td->lock);

	fence = kmalloc(sizeof(*fence), GFP_KERNEL);
	if (!fence)
		return;
	fence->td = td;
	fence->first = first;
	fence->last = last;

	file = anon_inode_getfile("[vfio-testdev-fence]", &testdev_fence_fops, fence, O_RDONLY);
	if (IS_ERR(file)) {
		kfree(fence);
		return;
	}
	get_device(&td->vdev.device);
	list_add(&fence->entry, &td->fences);
	fput(file);
}

static bool testdev_is_fenced(struct testdev *td, const struct testdev_range *range)
{
	struct testdev_fence *fence;

	list_for_each_entry(fence, &td->fences, entry)
		if (range->iova <= fence->last && testdev_range_last(range) >= fence->first)
			return true;
	return false;
}

/* Takes the lock at a moment when no unmap is running in the range; -EINTR on a fatal signal. */
static int testdev_lock_to_pin(struct testdev *td, const struct testdev_range *range)
{
	unsigned int seq;

	for (;;) {
		if (mutex_lock_killable(&td->lock))
			return -EINTR;
		if (likely(!testdev_is_fenced(td, range)))
			return 0;
		seq = td->fence_seq;
		mutex_unlock(&td->lock);
		if (wait_event_killable(td->fence_gone, READ_ONCE(td->fence_seq) != seq))
			return -EINTR;
	}
}

/*
 * Pins and their books
 */
static unsigned long testdev_pins_of_page(struct testdev *td, unsigned long index)
{
	void *entry = xa_load(&td->pins, index);

	return entry ? xa_to_value(entry) : 0;
}

static void testdev_forget_pins(struct testdev *td, unsigned long first, u32 npage)
{
	unsigned long index, pins;

	for (index = first; index < first + npage; index++) {
		pins = testdev_pins_of_page(td, index);
		/* Neither an erase nor a store over an entry allocates. */
		if (pins > 1)
			xa_store(&td->pins, index, xa_mk_value(pins - 1), GFP_KERNEL);
		else
			xa_erase(&td->pins, index);
	}
	td->stats.pinned_pages -= npage;
}

static int testdev_note_pins(struct testdev *td, unsigned long first, u32 npage)
{
	unsigned long pins;
	int ret = 0;
	u32 i;

	for (i = 0; i < npage && !ret; i++) {
		pins = testdev_pins_of_page(td, first + i);
		if (pins >= TESTDEV_MAX_PINS_OF_PAGE)
			ret = -EOVERFLOW;
		else
			ret = xa_err(xa_store(&td->pins, first + i, xa_mk_value(pins + 1),
					      GFP_KERNEL_ACCOUNT));
	}
	if (ret)
		i--;
	td->stats.pinned_pages += i;
	if (ret)
		testdev_forget_pins(td, first, i);
	return ret;
}

static void testdev_count_unpin(struct testdev *td, u32 npage)
{
	lockdep_assert_held(&td->lock);

	td->stats.unpin++;
	td->stats.unpin_pages += npage;
}

static void testdev_unpin_pages(struct testdev *td, u64 iova, u32 npage)
{
	testdev_count_unpin(td, npage);
	vfio_unpin_pages(&td->vdev, iova, npage);
}

/* @got is what vfio_pin_pages() returned; a part of the range is no success and given back. */
static int testdev_count_pin(struct testdev *td, const struct testdev_range *range, int got)
{
	lockdep_assert_held(&td->lock);

	td->stats.pin++;
	if (likely(got == range->npage)) {
		td->stats.pin_pages += range->npage;
		return 0;
	}

	td->stats.pin_errors++;
	if (got < 0)
		return got;
	if (got > 0)
		testdev_unpin_pages(td, range->iova, got);
	return -EIO;
}

static int testdev_pin_pages(struct testdev *td, const struct testdev_range *range, u32 prot)
{
	int ret;

	lockdep_assert_held(&td->lock);

	ret = vfio_pin_pages(&td->vdev, range->iova, range->npage, prot, td->pages);
	return testdev_count_pin(td, range, ret);
}

static int testdev_pin_and_keep(struct testdev *td, const struct testdev_range *range, u32 prot)
{
	int ret;

	ret = testdev_lock_to_pin(td, range);
	if (ret)
		return ret;

	ret = testdev_pin_pages(td, range, prot);
	if (!ret) {
		ret = testdev_note_pins(td, range->iova >> PAGE_SHIFT, range->npage);
		if (ret)
			testdev_unpin_pages(td, range->iova, range->npage);
	}
	mutex_unlock(&td->lock);
	return ret;
}

/* The lock is held from pin to unpin: nobody asks for the pages meanwhile, so no books are kept. */
static int testdev_pin_and_unpin(struct testdev *td, const struct testdev_range *range, u32 prot)
{
	int ret;

	ret = testdev_lock_to_pin(td, range);
	if (ret)
		return ret;

	ret = testdev_pin_pages(td, range, prot);
	if (!ret)
		testdev_unpin_pages(td, range->iova, range->npage);
	mutex_unlock(&td->lock);
	return ret;
}

static int testdev_unpin_kept(struct testdev *td, const struct testdev_range *range)
{
	unsigned long first = range->iova >> PAGE_SHIFT;
	int ret = 0;
	u32 i;

	mutex_lock(&td->lock);
	for (i = 0; i < range->npage; i++) {
		if (!testdev_pins_of_page(td, first + i)) {
			ret = -EINVAL;
			goto out_unlock;
		}
	}
	testdev_unpin_pages(td, range->iova, range->npage);
	testdev_forget_pins(td, first, range->npage);

out_unlock:
	mutex_unlock(&td->lock);
	return ret;
}

/* Unpins all that is held between the two pages, both included, in runs as long as possible. */
static void testdev_unpin_forced(struct testdev *td, unsigned long first, unsigned long last)
{
	unsigned long start, index;
	u32 npage;

	lockdep_assert_held(&td->lock);

	for (;;) {
		start = first;
		if (!xa_find(&td->pins, &start, last, XA_PRESENT))
			return;

		npage = 1;
		for (index = start; index < last && npage < VFIO_PIN_PAGES_MAX_ENTRIES; npage++)
			if (!xa_load(&td->pins, ++index))
				break;

		td->stats.unpin_forced++;
		testdev_unpin_pages(td, (u64)start << PAGE_SHIFT, npage);
		testdev_forget_pins(td, start, npage);
		cond_resched();
	}
}

/*
 * Ioctls
 */
static bool testdev_range_ok(const struct testdev_range *range, u64 span_pages)
{
	if (range->iova & ~PAGE_MASK)
		return false;
	return range->npage && span_pages >= range->npage &&
	       span_pages <= (U64_MAX - range->iova) >> PAGE_SHIFT;
}

static int testdev_check_pin(const struct testdev_range *range, u64 span_pages, u32 prot)
{
	if (!prot || prot & ~(VFIO_TESTDEV_PROT_READ | VFIO_TESTDEV_PROT_WRITE))
		return -EINVAL;
	if (!testdev_range_ok(range, span_pages))
		return -EINVAL;
	if (range->npage > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	return 0;
}

static long testdev_ioctl_pin(struct testdev *td, void __user *arg)
{
	struct vfio_testdev_pin pin;
	struct testdev_range range;
	int ret;

	if (copy_from_user(&pin, arg, sizeof(pin)))
		return -EFAULT;
	if (pin.argsz < sizeof(pin) || pin.flags)
		return -EINVAL;

	range = (struct testdev_range){ .iova = pin.iova, .npage = pin.npage };
	ret = testdev_check_pin(&range, pin.npage, pin.prot);
	if (ret)
		return ret;
	return testdev_pin_and_keep(td, &range, pin.prot);
}

static long testdev_ioctl_unpin(struct testdev *td, void __user *arg)
{
	struct vfio_testdev_unpin unpin;
	struct testdev_range range;

	if (copy_from_user(&unpin, arg, sizeof(unpin)))
		return -EFAULT;
	if (unpin.argsz < sizeof(unpin) || unpin.flags || unpin.reserved)
		return -EINVAL;

	range = (struct testdev_range){ .iova = unpin.iova, .npage = unpin.npage };
	if (!testdev_range_ok(&range, unpin.npage))
		return -EINVAL;
	if (range.npage > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	return testdev_unpin_kept(td, &range);
}

static int testdev_pin_loop(struct testdev *td, struct vfio_testdev_pin_loop *loop)
{
	bool unpin = loop->flags & VFIO_TESTDEV_LOOP_UNPIN;
	bool random = loop->flags & VFIO_TESTDEV_LOOP_RANDOM;
	u64 places = loop->span_pages - loop->npage + 1;
	struct testdev_range range;
	u64 place = loop->start;
	struct rnd_state rnd;
	int ret;

	range.npage = loop->npage;
	prandom_seed_state(&rnd, loop->start);

	for (loop->done = 0; loop->done < loop->count; loop->done++) {
		if (random)
			place = ((u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd)) %
				places;
		range.iova = loop->iova + (place << PAGE_SHIFT);

		if (unpin)
			ret = testdev_pin_and_unpin(td, &range, loop->prot);
		else
			ret = testdev_pin_and_keep(td, &range, loop->prot);
		if (!ret && fatal_signal_pending(current)) {
			loop->done++;
			ret = -EINTR;
		}
		if (ret)
			return ret;

		place = loop->stride_pages < places - place ? place + loop->stride_pages : 0;
		cond_resched();
	}
	return 0;
}

static long testdev_ioctl_pin_loop(struct testdev *td, void __user *arg)
{
	const u32 known = VFIO_TESTDEV_LOOP_UNPIN | VFIO_TESTDEV_LOOP_RANDOM;
	struct vfio_testdev_pin_loop loop;
	struct testdev_range range;
	u64 begin;
	int ret;

	if (copy_from_user(&loop, arg, sizeof(loop)))
		return -EFAULT;
	if (loop.argsz < sizeof(loop) || loop.flags & ~known || !loop.count)
		return -EINVAL;

	range = (struct testdev_range){ .iova = loop.iova, .npage = loop.npage };
	ret = testdev_check_pin(&range, loop.span_pages, loop.prot);
	if (ret)
		return ret;
	if (loop.flags & VFIO_TESTDEV_LOOP_RANDOM ? loop.stride_pages :
	    loop.start > loop.span_pages - loop.npage)
		return -EINVAL;

	begin = ktime_get_ns();
	ret = testdev_pin_loop(td, &loop);
	loop.ns = ktime_get_ns() - begin;

	if (copy_to_user(arg, &loop, sizeof(loop)))
		return -EFAULT;
	return ret;
}

static int testdev_dma_rw(struct testdev *td, u64 iova, void *data, u32 len, bool write)
{
	int ret;

	ret = vfio_dma_rw(&td->vdev, iova, data, len, write);

	mutex_lock(&td->lock);
	td->stats.dma_rw++;
	if (ret)
		td->stats.dma_rw_errors++;
	else
		td->stats.dma_rw_bytes += len;
	mutex_unlock(&td->lock);
	return ret;
}

static bool testdev_dma_rw_ok(u64 iova, u32 len, u32 flags)
{
	return !(flags & ~VFIO_TESTDEV_DMA_WRITE) && len && len <= VFIO_TESTDEV_DMA_RW_MAX &&
	       iova + len > iova;
}

static long testdev_ioctl_dma_rw(struct testdev *td, void __user *arg)
{
	struct vfio_testdev_dma_rw rw;
	void __user *buf;
	void *data;
	bool write;
	long ret;

	if (copy_from_user(&rw, arg, sizeof(rw)))
		return -EFAULT;
	if (rw.argsz < sizeof(rw) || rw.reserved || !testdev_dma_rw_ok(rw.iova, rw.len, rw.flags))
		return -EINVAL;

	write = rw.flags & VFIO_TESTDEV_DMA_WRITE;
	buf = u64_to_user_ptr(rw.buf);
	data = kvmalloc(rw.len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;

	ret = -EFAULT;
	if (write && copy_from_user(data, buf, rw.len))
		goto out_free;
	ret = testdev_dma_rw(td, rw.iova, data, rw.len, write);
	if (!ret && !write && copy_to_user(buf, data, rw.len))
		ret = -EFAULT;

out_free:
	kvfree(data);
	return ret;
}

static int testdev_dma_rw_loop(struct testdev *td, struct vfio_testdev_dma_rw_loop *loop,
			       void *data)
{
	bool write = loop->flags & VFIO_TESTDEV_DMA_WRITE;
	int ret;

	for (loop->done = 0; loop->done < loop->count;) {
		ret = testdev_dma_rw(td, loop->iova, data, loop->len, write);
		if (ret)
			return ret;
		loop->done++;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static long testdev_ioctl_dma_rw_loop(struct testdev *td, void __user *arg)
{
	struct vfio_testdev_dma_rw_loop loop;
	void *data;
	u64 begin;
	long ret;

	if (copy_from_user(&loop, arg, sizeof(loop)))
		return -EFAULT;
	if (loop.argsz < sizeof(loop) || loop.reserved || !loop.count ||
	    !testdev_dma_rw_ok(loop.iova, loop.len, loop.flags))
		return -EINVAL;

	data = kvmalloc(loop.len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	memset(data, TESTDEV_DMA_BYTE, loop.len);

	begin = ktime_get_ns();
	ret = testdev_dma_rw_loop(td, &loop, data);
	loop.ns = ktime_get_ns() - begin;
	kvfree(data);

	if (copy_to_user(arg, &loop, sizeof(loop)))
		return -EFAULT;
	return ret;
}

/* Nothing but the call stands between two readings of the counter. */
static int testdev_time_pin(struct testdev *td, const struct testdev_range *range, u32 prot,
			    struct vfio_testdev_pin_time *time)
{
	cycles_t before, begin, pinned, end;
	int ret;

	ret = testdev_lock_to_pin(td, range);
	if (ret)
		return ret;

	before = get_cycles();
	begin = get_cycles();
	ret = vfio_pin_pages(&td->vdev, range->iova, range->npage, prot, td->pages);
	pinned = get_cycles();
	if (ret == range->npage)
		vfio_unpin_pages(&td->vdev, range->iova, range->npage);
	end = get_cycles();

	ret = testdev_count_pin(td, range, ret);
	if (!ret)
		testdev_count_unpin(td, range->npage);
	mutex_unlock(&td->lock);
	*time = (struct vfio_testdev_pin_time){ begin - before, pinned - begin, end - pinned };
	return ret;
}

static int testdev_time_pins(struct testdev *td, struct vfio_testdev_time_pins *arg)
{
	struct vfio_testdev_pin_time __user *times = u64_to_user_ptr(arg->times);
	struct testdev_range range = { .iova = arg->iova, .npage = arg->npage };
	struct vfio_testdev_pin_time time;
	int ret;

	for (arg->done = 0; arg->done < arg->count; arg->done++) {
		ret = testdev_time_pin(td, &range, arg->prot, &time);
		if (ret)
			return ret;
		if (copy_to_user(&times[arg->done], &time, sizeof(time)))
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static long testdev_ioctl_time_pins(struct testdev *td, void __user *arg)
{
	struct vfio_testdev_time_pins todo;
	struct testdev_range range;
	int ret;

	if (copy_from_user(&todo, arg, sizeof(todo)))
		return -EFAULT;
	if (todo.argsz < sizeof(todo) || todo.flags || !todo.count)
		return -EINVAL;

	range = (struct testdev_range){ .iova = todo.iova, .npage = todo.npage };
	ret = testdev_check_pin(&range, todo.npage, todo.prot);
	if (ret)
		return ret;

	ret = testdev_time_pins(td, &todo);
	if (copy_to_user(arg, &todo, sizeof(todo)))
		return -EFAULT;
	return ret;
}

static long testdev_ioctl_get_info(void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	info.flags = 0;
	info.num_regions = 0;
	info.num_irqs = 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

/*
 * What the vfio core calls
 */
static long testdev_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct testdev *td = to_testdev(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return testdev_ioctl_get_info(uarg);
	case VFIO_TESTDEV_PIN:
		return testdev_ioctl_pin(td, uarg);
	case VFIO_TESTDEV_UNPIN:
		return testdev_ioctl_unpin(td, uarg);
	case VFIO_TESTDEV_DMA_RW:
		return testdev_ioctl_dma_rw(td, uarg);
	case VFIO_TESTDEV_PIN_LOOP:
		return testdev_ioctl_pin_loop(td, uarg);
	case VFIO_TESTDEV_DMA_RW_LOOP:
		return testdev_ioctl_dma_rw_loop(td, uarg);
	case VFIO_TESTDEV_TIME_PINS:
		return testdev_ioctl_time_pins(td, uarg);
	default:
		return -ENOTTY;
	}
}

static int testdev_open_device(struct vfio_device *vdev)
{
	struct testdev *td = to_testdev(vdev);

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	mutex_lock(&td->lock);
	td->stats.opens++;
	mutex_unlock(&td->lock);
	return 0;
}

static void testdev_close_device(struct vfio_device *vdev)
{
	struct testdev *td = to_testdev(vdev);

	mutex_lock(&td->lock);
	testdev_unpin_forced(td, 0, ULONG_MAX);
	mutex_unlock(&td->lock);
}

/*
 * The backend holds its device_list_lock here, which it takes inside iommu->lock when a device is
 * opened; but every driver that unpins in this callback, which is what it is for, takes iommu->lock
 * inside device_list_lock. That inversion is the backend's, in 6.1 and 6.12. Reported once, it
 * would make lockdep blind for all that follows on a debug kernel; so it does not look at this.
 */
static void testdev_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct testdev *td = to_testdev(vdev);
	u64 last = iova + length - 1;

	lockdep_off();
	mutex_lock(&td->lock);
	td->stats.dma_unmap++;
	testdev_fence_add(td, iova, last);
	testdev_unpin_forced(td, iova >> PAGE_SHIFT, last >> PAGE_SHIFT);
	mutex_unlock(&td->lock);
	lockdep_on();
}

static int testdev_init(struct vfio_device *vdev)
{
	struct testdev *td = to_testdev(vdev);

	td->pages = kcalloc(VFIO_PIN_PAGES_MAX_ENTRIES, sizeof(*td->pages), GFP_KERNEL);
	if (!td->pages)
		return -ENOMEM;
	mutex_init(&td->lock);
	xa_init(&td->pins);
	INIT_LIST_HEAD(&td->fences);
	init_waitqueue_head(&td->fence_gone);
	return 0;
}

static void testdev_release(struct vfio_device *vdev)
{
	struct testdev *td = to_testdev(vdev);

	WARN_ON(!xa_empty(&td->pins));
	xa_destroy(&td->pins);
	mutex_destroy(&td->lock);
	kfree(td->pages);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	/* Later cores free the device themselves. */
	vfio_free_device(vdev);
#endif
}

static const struct vfio_device_ops testdev_ops = {
	.name		= VFIO_TESTDEV_NAME,
	.init		= testdev_init,
	.release	= testdev_release,
	.open_device	= testdev_open_device,
	.close_device	= testdev_close_device,
	.ioctl		= testdev_ioctl,
	.dma_unmap	= testdev_dma_unmap,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	/* Asked for by cores that are built with IOMMUFD; elsewhere these are NULL. */
	.bind_iommufd	= vfio_iommufd_emulated_bind,
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
#endif
};

/*
 * The platform driver
 */
#define X(name)									\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{										\
	struct testdev *td = dev_get_drvdata(dev);				\
	u64 value;								\
										\
	mutex_lock(&td->lock);							\
	value = td->stats.name;							\
	mutex_unlock(&td->lock);						\
	return sysfs_emit(buf, "%llu\n", value);				\
}										\
static DEVICE_ATTR_RO(name);
TESTDEV_STATS(X)
#undef X

static struct attribute *testdev_stats_attrs[] = {
#define X(name) &dev_attr_##name.attr,
	TESTDEV_STATS(X)
#undef X
	NULL
};

static const struct attribute_group testdev_stats_group = {
	.name	= "stats",
	.attrs	= testdev_stats_attrs,
};

static const struct attribute_group *testdev_groups[] = {
	&testdev_stats_group,
	NULL
};

static void testdev_unregister(void *data)
{
	struct testdev *td = data;

	vfio_unregister_group_dev(&td->vdev);
	vfio_put_device(&td->vdev);
}

static int testdev_probe(struct platform_device *pdev)
{
	struct testdev *td;
	int ret;

	td = vfio_alloc_device(testdev, vdev, &pdev->dev, &testdev_ops);
	if (IS_ERR(td))
		return dev_err_probe(&pdev->dev, PTR_ERR(td), "cannot allocate the vfio device\n");

	ret = vfio_register_emulated_iommu_dev(&td->vdev);
	if (ret) {
		vfio_put_device(&td->vdev);
		return dev_err_probe(&pdev->dev, ret, "vfio does not take the device\n");
	}
	platform_set_drvdata(pdev, td);
	return devm_add_action_or_reset(&pdev->dev, testdev_unregister, td);
}

/*
 * The group that vfio makes for the device comes after the driver core has looked for one and goes
 * after it has looked again: driver_managed_dma tells it not to balance what it never took.
 */
static struct platform_driver testdev_driver = {
	.probe			= testdev_probe,
	.driver_managed_dma	= true,
	.driver			= {
		.name			= VFIO_TESTDEV_NAME,
		.dev_groups		= testdev_groups,
		.suppress_bind_attrs	= true,
	},
};

static void testdev_remove_devices(unsigned int nr)
{
	while (nr--)
		platform_device_unregister(testdev_platform_devices[nr]);
}

static int testdev_add_devices(void)
{
	struct platform_device *pdev;
	unsigned int i;

	for (i = 0; i < count; i++) {
		pdev = platform_device_register_simple(VFIO_TESTDEV_NAME, i, NULL, 0);
		if (IS_ERR(pdev)) {
			testdev_remove_devices(i);
			return PTR_ERR(pdev);
		}
		testdev_platform_devices[i] = pdev;
		if (!platform_get_drvdata(pdev)) {
			/* The probe has said why. */
			testdev_remove_devices(i + 1);
			return -ENODEV;
		}
	}
	return 0;
}

static int __init testdev_module_init(void)
{
	int ret;

	if (count < 1 || count > VFIO_TESTDEV_MAX_DEVICES) {
		pr_err("count=%u is out of range: use 1..%u\n", count, VFIO_TESTDEV_MAX_DEVICES);
		return -EINVAL;
	}

	testdev_platform_devices = kcalloc(count, sizeof(*testdev_platform_devices), GFP_KERNEL);
	if (!testdev_platform_devices)
		return -ENOMEM;

	ret = platform_driver_register(&testdev_driver);
	if (ret)
		goto err_free;
	ret = testdev_add_devices();
	if (ret)
		goto err_driver;
	return 0;

err_driver:
	platform_driver_unregister(&testdev_driver);
err_free:
	kfree(testdev_platform_devices);
	return ret;
}
module_init(testdev_module_init);

static void __exit testdev_module_exit(void)
{
	testdev_remove_devices(count);
	platform_driver_unregister(&testdev_driver);
	kfree(testdev_platform_devices);
}
module_exit(testdev_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("VFIO devices without hardware, for tests and benchmarks");
