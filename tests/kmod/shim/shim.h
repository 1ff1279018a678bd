/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim.h - the tests' side of the kernel shim: what happened, what shall happen
 *
 * Everything that the container code does to its surroundings is a line in the log of the thread
 * that did it: events that are on, references on modules, DMA ownership, and what mock.c adds.
 */
#ifndef SHIM_H
#define SHIM_H

#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

/* Reading ktime_get_ns() moves it on by this much. */
#define SHIM_CLOCK_STEP 100

/* Back to the state before the module was loaded; the log is empty, every event off. */
void shim_reset(void);

/* What this thread logged since the last call; lines end in \n. Valid until it logs again. */
const char *shim_take_log(void);
/* What every thread that has ended, and this one, logged. To be freed by the caller. */
char *shim_take_all_logs(void);
/* Leave out everything but events: for many threads. */
extern bool shim_log_events_only;

/* Warnings so far, and the text of the last one. */
int shim_warnings(void);
const char *shim_last_warning(void);
void shim_forget_warnings(void);

/* NULL is every event. */
void shim_trace(const char *event, bool on);
/* Called after each event that was logged: another task acting at that very moment. */
extern void (*shim_event_hook)(const char *name);

extern bool shim_capable;
extern struct miscdevice *shim_misc_device;
extern const char *shim_user_hole;

/* Failure injection: the nth chance to fail from now on is taken, 0 for none. */
void shim_fail_nth(unsigned int n);
/* The chance that was taken, or NULL; "kzalloc", "open", "attach"... */
const char *shim_failed(void);
/* For many threads: each chance is taken once in so many, 0 for never. */
extern unsigned int shim_fail_one_in;
/* Asked by the shim and the mock backends. */
bool shim_fail(const char *what);

/* Called in this thread, once, at these places; the hook is cleared before the call. */
extern __thread void (*shim_on_up_write)(void);
extern __thread void (*shim_on_rcu_dereference)(void);
/* Called each time; WHERE has just been stored. */
extern __thread void (*shim_on_store_release)(const void *where);

/* How this thread holds a lock of that rank: 0, 'r', 'w'. */
char shim_holds(enum shim_rank rank);
bool shim_in_rcu_reader(void);

/* Waits for all readers and frees what kfree_rcu() was given. */
void shim_rcu_barrier(void);
/* Objects allocated and not freed; allocations charged to the task; allocated under a lock. */
long shim_live_objects(void);
long shim_charged(void);
/* Slots in use. */
long shim_bits_set(void);
long shim_allocated_under_lock(void);

struct file *shim_file_new(const struct file_operations *ops, void *private_data);
/* Release the files whose last reference this thread has dropped, as a task does on its way out. */
void shim_task_work(void);

/* As rmmod: false while the module is in use. */
bool shim_module_stop(struct module *module);
void shim_module_start(struct module *module);

/* The lines of modinfo: "alias=...", "parm=...", each followed by \n. */
const char *shim_modinfo_lines(void);

unsigned int shim_random(unsigned int below);

#endif
