/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_module.h - the loaded vfio module as the live sources need to know it
 *
 * Is it there, is it ours, has it the tracepoints that this program was built for, does anybody
 * use it.
 */
#ifndef VFIO_OBS_TP_MODULE_H
#define VFIO_OBS_TP_MODULE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* A number that differs for every load of vfio; 0 while it is not loaded. */
__u64 tp_module__instance(void);

/*
 * tp_module__is_ours - 0, or -ENOTSUP with a sentence in @err when the loaded vfio has none of our
 * tracepoints. Quick, as it looks for a name only; 0 also when that cannot be told.
 */
int tp_module__is_ours(char *err, size_t err_size);

/*
 * tp_module__check - the loaded vfio has the tracepoints of event_list.h with equal prototypes.
 * @types: of what is loaded
 * Returns 0, or -EPROTO with a sentence in @err.
 */
struct kernel_types;
int tp_module__check(const struct kernel_types *types, char *err, size_t err_size);

/*
 * tp_module__open_btf - the kernel's descriptor of the BTF of the module @of, or of its own,
 * "vmlinux", and its number in @id. -ENOENT: not loaded or without BTF; or -errno of the kernel.
 */
int tp_module__open_btf(const char *of, __u32 *id);

/*
 * Who holds vfio. @links are the references of tracing links on it, of all programs where the
 * kernel lets us count them (CAP_SYS_ADMIN), else the caller's; they are among @refs.
 */
struct tp_module_use {
	unsigned int holders; /* other modules that use it, a reference each */
	unsigned long refs, links;
};
void tp_module__use(struct tp_module_use *use, unsigned int own_refs);

/*
 * tp_module__type1_instance - a number that differs for every load of vfio_iommu_type1; 0 while it
 * is not loaded, or loaded and no driver uses vfio that could give it something to do. Then it must
 * not be held: a user unloads the drivers first, then type1, then vfio.
 */
__u64 tp_module__type1_instance(void);

/* References on vfio that so many fentry and fexit programs on so many of its functions take. */
unsigned int tp_module__refs_of_tracing(unsigned int programs, unsigned int functions);

/* Nothing but tracing tools holds vfio: no other module, no open file. */
static inline bool tp_module__idle(const struct tp_module_use *use)
{
	return !use->holders && use->refs <= use->links;
}

/* Maybe somebody has a file of it open. */
static inline bool tp_module__has_files(const struct tp_module_use *use)
{
	return use->refs > use->links + use->holders;
}

/* srcversion of the loaded vfio, "" unknown. */
void tp_module__srcversion(char *buf, size_t size);

#endif
