// SPDX-License-Identifier: GPL-2.0-only
/*
 * shim.c - the kernel around kmod/ in user space; see shim.h and include/linux/
 *
 * Under ThreadSanitizer only what orders memory in the kernel may order it here: logs are kept
 * per thread, counters and clocks are relaxed.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>

#include "shim.h"
#include "vfio_obs/event_list.h"

#define add(counter, n)	__atomic_add_fetch(&(counter), (n), __ATOMIC_RELAXED)

/* The log */

struct log {
	struct log	*next;
	char		*text;
	char		*taken;
	size_t		len;
	size_t		size;
};

bool shim_log_events_only;
static __thread struct log *my_log;
static struct log *logs;
static pthread_mutex_t logs_lock = PTHREAD_MUTEX_INITIALIZER;

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static struct log *get_log(void)
{
	if (!my_log) {
		my_log = must(calloc(1, sizeof(*my_log)));
		pthread_mutex_lock(&logs_lock);
		my_log->next = logs;
		logs = my_log;
		pthread_mutex_unlock(&logs_lock);
	}
	return my_log;
}

static void append(struct log *log, const char *text)
{
	size_t len = strlen(text);

	if (log->len + len + 1 > log->size) {
		log->size = 2 * (log->size + len + 1);
		log->text = must(realloc(log->text, log->size));
	}
	memcpy(log->text + log->len, text, len + 1);
	log->len += len;
}

static void log_line(const char *head, const char *format, va_list args)
{
	struct log *log = get_log();
	char line[512];

	vsnprintf(line, sizeof(line), format, args);
	append(log, head);
	append(log, line);
	if (!*line || line[strlen(line) - 1] != '\n')
		append(log, "\n");
}

void shim_log(const char *format, ...)
{
	va_list args;

	if (shim_log_events_only)
		return;
	va_start(args, format);
	log_line("", format, args);
	va_end(args);
}

void (*shim_event_hook)(const char *name);
void (*shim_drop_hook)(void);

void shim_event(const char *name, const char *format, ...)
{
	char head[64];
	va_list args;

	snprintf(head, sizeof(head), "%s ", name);
	va_start(args, format);
	log_line(head, format, args);
	va_end(args);
	if (shim_event_hook)
		shim_event_hook(name);
}

const char *shim_take_log(void)
{
	struct log *log = get_log();

	free(log->taken);
	log->taken = log->text ? log->text : must(strdup(""));
	log->text = NULL;
	log->len = log->size = 0;
	return log->taken;
}

char *shim_take_all_logs(void)
{
	struct log all = { .text = must(strdup("")) }, *log;

	pthread_mutex_lock(&logs_lock);
	while ((log = logs)) {
		logs = log->next;
		if (log->text)
			append(&all, log->text);
		free(log->text);
		free(log->taken);
		free(log);
	}
	my_log = NULL;
	pthread_mutex_unlock(&logs_lock);
	return all.text;
}

const char *shim_symbolic(unsigned long value, const struct shim_symbol *symbols)
{
	static __thread char number[32];

	for (; symbols->name; symbols++)
		if (symbols->value == value)
			return symbols->name;
	snprintf(number, sizeof(number), "0x%lx", value);
	return number;
}

/* Every row of the list but the hooks must have a tracepoint, or this does not link. */
#define DECLARE_CONTAINER(tracepoint) extern struct shim_tracepoint shim_tp_##tracepoint;
#define DECLARE_MODULE DECLARE_CONTAINER
#define DECLARE_HOOK(tracepoint)
#define EV(ENUM, tracepoint, SCOPE, OP, HELP) DECLARE_##SCOPE(tracepoint)
VFIO_OBS_EVENTS(EV)
#undef EV

static struct shim_tracepoint *const tracepoints[] = {
#define ADDRESS_CONTAINER(tracepoint) &shim_tp_##tracepoint,
#define ADDRESS_MODULE ADDRESS_CONTAINER
#define ADDRESS_HOOK(tracepoint)
#define EV(ENUM, tracepoint, SCOPE, OP, HELP) ADDRESS_##SCOPE(tracepoint)
	VFIO_OBS_EVENTS(EV)
#undef EV
};

void shim_trace(const char *event, bool on)
{
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(tracepoints) / sizeof(*tracepoints); i++) {
		if (event && strcmp(event, tracepoints[i]->name))
			continue;
		WRITE_ONCE(tracepoints[i]->enabled, on);
		found = true;
	}
	WARN_ON(!found);
}

/* Warnings and failures */

static int warnings;
static char last_warning[256];
static pthread_mutex_t warnings_lock = PTHREAD_MUTEX_INITIALIZER;

void shim_warn(const char *file, int line, const char *what)
{
	pthread_mutex_lock(&warnings_lock);
	warnings++;
	snprintf(last_warning, sizeof(last_warning), "%s:%d: %s", file, line, what);
	pthread_mutex_unlock(&warnings_lock);
}

int shim_warnings(void)
{
	return warnings;
}

const char *shim_last_warning(void)
{
	return last_warning;
}

void shim_forget_warnings(void)
{
	warnings = 0;
	last_warning[0] = '\0';
}

unsigned int shim_fail_one_in;
static unsigned int fail_in;
static const char *failed;

void shim_fail_nth(unsigned int n)
{
	fail_in = n;
	failed = NULL;
}

const char *shim_failed(void)
{
	return failed;
}

bool shim_fail(const char *what)
{
	if (shim_fail_one_in)
		return !shim_random(shim_fail_one_in);
	if (!fail_in || --fail_in)
		return false;
	failed = what;
	return true;
}

unsigned int shim_random(unsigned int below)
{
	static __thread unsigned long state;
	static unsigned long seed = 88172645463325252UL;

	if (!state)
		state = add(seed, 0x9e3779b97f4a7c15UL) | 1;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) % below;
}

/* Locks */

struct held {
	const void	*lock;
	enum shim_rank	rank;
	char		mode;
};

static __thread struct held held[8];
static __thread unsigned int held_count;
static __thread unsigned int readers;
__thread void (*shim_on_up_write)(void);
__thread void (*shim_on_rcu_dereference)(void);
__thread void (*shim_on_store_release)(const void *where);

static void run_once(void (**hook)(void))
{
	void (*run)(void) = *hook;

	*hook = NULL;
	if (run)
		run();
}

void shim_before_lock(enum shim_rank rank)
{
	unsigned int i;

	WARN_ON(readers && "sleeps in an RCU reader");
	for (i = 0; i < held_count; i++)
		WARN_ON(held[i].rank >= rank && "lock order");
}

void shim_locked(const void *lock, enum shim_rank rank, char mode)
{
	held[held_count++] = (struct held){ lock, rank, mode };
}

void shim_unlocked(const void *lock)
{
	unsigned int i;

	for (i = 0; i < held_count && held[i].lock != lock; i++)
		;
	if (WARN_ON(i == held_count))
		return;
	held[i] = held[--held_count];
}

bool shim_is_held(const void *lock)
{
	unsigned int i;

	for (i = 0; i < held_count; i++)
		if (held[i].lock == lock)
			return true;
	return false;
}

char shim_holds(enum shim_rank rank)
{
	unsigned int i;

	for (i = 0; i < held_count; i++)
		if (held[i].rank == rank)
			return held[i].mode;
	return 0;
}

void mutex_init(struct mutex *mutex)
{
	pthread_mutex_init(&mutex->lock, NULL);
	mutex->rank = SHIM_GROUP;
}

void mutex_lock(struct mutex *mutex)
{
	shim_before_lock(mutex->rank);
	pthread_mutex_lock(&mutex->lock);
	shim_locked(mutex, mutex->rank, 'w');
}

void mutex_unlock(struct mutex *mutex)
{
	shim_unlocked(mutex);
	pthread_mutex_unlock(&mutex->lock);
}

void spin_lock(spinlock_t *lock)
{
	WARN_ON(shim_holds(SHIM_SPIN) && "lock order");
	pthread_mutex_lock(&lock->lock);
	shim_locked(lock, SHIM_SPIN, 'w');
}

void spin_unlock(spinlock_t *lock)
{
	shim_unlocked(lock);
	pthread_mutex_unlock(&lock->lock);
}

void init_rwsem(struct rw_semaphore *sem)
{
	pthread_rwlock_init(&sem->lock, NULL);
}

void down_read(struct rw_semaphore *sem)
{
	shim_before_lock(SHIM_CONTAINER);
	pthread_rwlock_rdlock(&sem->lock);
	shim_locked(sem, SHIM_CONTAINER, 'r');
}

void up_read(struct rw_semaphore *sem)
{
	shim_unlocked(sem);
	pthread_rwlock_unlock(&sem->lock);
}

void down_write(struct rw_semaphore *sem)
{
	shim_before_lock(SHIM_CONTAINER);
	pthread_rwlock_wrlock(&sem->lock);
	shim_locked(sem, SHIM_CONTAINER, 'w');
}

void up_write(struct rw_semaphore *sem)
{
	shim_unlocked(sem);
	pthread_rwlock_unlock(&sem->lock);
	run_once(&shim_on_up_write);
}

void shim_stored(const void *where)
{
	if (shim_on_store_release)
		shim_on_store_release(where);
}

/*
 * RCU. What was queued before the reader lock could be had for writing has no reader left; nobody
 * waits for that but shim_rcu_barrier(), the rest try.
 */

static pthread_rwlock_t rcu_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t rcu_queue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *rcu_queue;

static void rcu_reclaim(bool wait)
{
	struct rcu_head *head = NULL, *next;

	pthread_mutex_lock(&rcu_queue_lock);
	if (wait)
		pthread_rwlock_wrlock(&rcu_lock);
	if (wait || !pthread_rwlock_trywrlock(&rcu_lock)) {
		head = rcu_queue;
		__atomic_store_n(&rcu_queue, NULL, __ATOMIC_RELAXED);
		pthread_rwlock_unlock(&rcu_lock);
	}
	pthread_mutex_unlock(&rcu_queue_lock);

	for (; head; head = next) {
		next = head->next;
		kfree(head->object);
	}
}

void rcu_read_lock(void)
{
	pthread_rwlock_rdlock(&rcu_lock);
	readers++;
}

void rcu_read_unlock(void)
{
	readers--;
	pthread_rwlock_unlock(&rcu_lock);
	if (__atomic_load_n(&rcu_queue, __ATOMIC_RELAXED))
		rcu_reclaim(false);
}

void shim_rcu_dereferenced(void)
{
	WARN_ON(!readers && "rcu_dereference() outside of a reader");
	run_once(&shim_on_rcu_dereference);
}

void shim_kfree_rcu(struct rcu_head *head, void *object)
{
	pthread_mutex_lock(&rcu_queue_lock);
	head->object = object;
	head->next = rcu_queue;
	__atomic_store_n(&rcu_queue, head, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&rcu_queue_lock);
	rcu_reclaim(false);
}

void shim_rcu_barrier(void)
{
	rcu_reclaim(true);
}

bool shim_in_rcu_reader(void)
{
	return readers;
}

/* Memory, user memory, numbers */

static long live_objects;
static long charged;
static long under_lock;
const char *shim_user_hole;

void *kzalloc(size_t size, unsigned int flags)
{
	void *object;

	WARN_ON(readers && "sleeps in an RCU reader");
	if (held_count)
		add(under_lock, 1);
	if (shim_fail("kzalloc"))
		return NULL;
	object = must(calloc(1, size));
	add(live_objects, 1);
	if (flags == GFP_KERNEL_ACCOUNT)
		add(charged, 1);
	return object;
}

void kfree(const void *object)
{
	if (object)
		add(live_objects, -1);
	free((void *)object);
}

long shim_live_objects(void)
{
	return live_objects;
}

long shim_charged(void)
{
	return charged;
}

long shim_allocated_under_lock(void)
{
	return under_lock;
}

long copy_from_user_nofault(void *to, const void __user *from, size_t size)
{
	const char *begin = from;

	if ((uintptr_t)begin < 4096)
		return -EFAULT;
	if (shim_user_hole >= begin && shim_user_hole < begin + size)
		return -EFAULT;
	memcpy(to, begin, size);
	return 0;
}

static long bits_set;

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long from)
{
	for (; from < size && map[from / SHIM_BITS] >> from % SHIM_BITS & 1; from++)
		;
	return from < size ? from : size;
}

void __set_bit(unsigned long nr, unsigned long *map)
{
	WARN_ON(map[nr / SHIM_BITS] >> nr % SHIM_BITS & 1);
	map[nr / SHIM_BITS] |= 1UL << nr % SHIM_BITS;
	add(bits_set, 1);
}

void __clear_bit(unsigned long nr, unsigned long *map)
{
	shim_log("free slot %lu", nr);
	WARN_ON(!(map[nr / SHIM_BITS] >> nr % SHIM_BITS & 1));
	map[nr / SHIM_BITS] &= ~(1UL << nr % SHIM_BITS);
	add(bits_set, -1);
}

long shim_bits_set(void)
{
	return bits_set;
}

/* Clocks, capabilities, IOMMU groups */

static u64 clock_ns;
bool shim_capable;

u64 ktime_get_ns(void)
{
	return add(clock_ns, SHIM_CLOCK_STEP);
}

u64 ktime_get_boottime_ns(void)
{
	return 1000000000 + add(clock_ns, SHIM_CLOCK_STEP);
}

bool capable(int cap)
{
	WARN_ON(cap != CAP_SYS_RAWIO);
	return shim_capable;
}

int iommu_group_id(struct iommu_group *group)
{
	return group->id;
}

int iommu_group_claim_dma_owner(struct iommu_group *group, void *owner)
{
	if (WARN_ON(!owner))
		return -EINVAL;
	if (group->owner)
		return -EPERM;
	if (shim_fail("claim_dma_owner"))
		return -EBUSY;
	group->owner = owner;
	shim_log("claim %d", group->id);
	return 0;
}

void iommu_group_release_dma_owner(struct iommu_group *group)
{
	WARN_ON(!group->owner);
	group->owner = NULL;
	shim_log("unclaim %d", group->id);
}

/* Modules and their misc device */

struct module shim_this_module = { .name = "vfio" };
struct miscdevice *shim_misc_device;
static char modinfo_lines[1024];

void shim_modinfo(const char *line)
{
	strcat(modinfo_lines, line);
	strcat(modinfo_lines, "\n");
}

const char *shim_modinfo_lines(void)
{
	return modinfo_lines;
}

bool try_module_get(struct module *module)
{
	int refs;

	if (!module)
		return true;
	if (shim_fail("try_module_get"))
		return false;
	refs = __atomic_load_n(&module->refs, __ATOMIC_RELAXED);
	do {
		if (refs < 0)
			return false;
	} while (!__atomic_compare_exchange_n(&module->refs, &refs, refs + 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (module != THIS_MODULE)
		shim_log("get %s", module->name);
	return true;
}

void module_put(struct module *module)
{
	if (!module)
		return;
	if (module != THIS_MODULE)
		shim_log("put %s", module->name);
	WARN_ON(__atomic_sub_fetch(&module->refs, 1, __ATOMIC_ACQ_REL) < 0);
}

bool shim_module_stop(struct module *module)
{
	int unused = 0;

	return __atomic_compare_exchange_n(&module->refs, &unused, -1, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

void shim_module_start(struct module *module)
{
	__atomic_store_n(&module->refs, 0, __ATOMIC_RELEASE);
}

int misc_register(struct miscdevice *misc)
{
	if (shim_fail("misc_register"))
		return -EBUSY;
	WARN_ON(shim_misc_device);
	shim_misc_device = misc;
	return 0;
}

void misc_deregister(struct miscdevice *misc)
{
	WARN_ON(shim_misc_device != misc);
	shim_misc_device = NULL;
}

/* Files */

static __thread struct file *work;

struct file *shim_file_new(const struct file_operations *ops, void *private_data)
{
	struct file *file = must(calloc(1, sizeof(*file)));

	*file = (struct file){ .f_op = ops, .private_data = private_data, .count = 1 };
	return file;
}

struct file *get_file(struct file *file)
{
	WARN_ON(add(file->count, 1) <= 1);
	return file;
}

void fput(struct file *file)
{
	long left = __atomic_sub_fetch(&file->count, 1, __ATOMIC_ACQ_REL);

	WARN_ON(left < 0);
	if (left)
		return;
	file->next_work = work;
	work = file;
}

void shim_task_work(void)
{
	struct file *file;

	while ((file = work)) {
		work = file->next_work;
		file->f_op->release(NULL, file);
		free(file);
	}
}

/* 32-bit tasks' pointers need no more than to be taken as such. */
long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return file->f_op->unlocked_ioctl(file, cmd, (u32)arg);
}

void shim_reset(void)
{
	free(shim_take_all_logs());
	shim_forget_warnings();
	shim_trace(NULL, false);
	shim_fail_nth(0);
	shim_fail_one_in = 0;
	shim_log_events_only = false;
	shim_capable = true;
	shim_user_hole = NULL;
	shim_on_up_write = NULL;
	shim_on_rcu_dereference = NULL;
	shim_on_store_release = NULL;
	live_objects = charged = under_lock = 0;
	held_count = 0;
	readers = 0;
}
