/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_module.h - the loaded vfio module as source_tp.c needs to know it
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
 * Who holds vfio. @links are the raw tracepoint links on it, of all programs where the kernel lets
 * us count them (CAP_SYS_ADMIN), else the caller's; they are among @refs.
 */
struct tp_module_use {
	unsigned int holders; /* other modules that use it, a reference each */
	unsigned long refs, links;
};
void tp_module__use(struct tp_module_use *use, unsigned int own_links);

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
