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
 * tp_module__check - the loaded vfio has the tracepoints of event_list.h with equal prototypes.
 * @known: CRC of the last BTF that passed, kept by the caller, 0 none: an equal one passes at once.
 * Returns 0, or -errno with a sentence in @err: not loaded (-ENOENT), without BTF or not ours
 * (-ENOTSUP), another prototype (-EPROTO).
 */
int tp_module__check(__u32 *known, char *err, size_t err_size);

/*
 * tp_module__functions - what tp_module__has_function() looks at, to be freed by the caller.
 * Returns 0, or as tp_module__check() when vfio is not loaded or has no BTF.
 */
struct tp_module_functions;
int tp_module__functions(struct tp_module_functions **functions, char *err, size_t err_size);
bool tp_module__has_function(const struct tp_module_functions *functions, const char *name);
bool tp_module__kernel_has_function(const struct tp_module_functions *functions, const char *name);
void tp_module__functions_free(struct tp_module_functions *functions);

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
