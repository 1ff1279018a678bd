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
 * Returns 0, or -errno with a sentence in @err: not loaded (-ENOENT), without BTF or not ours
 * (-ENOTSUP), another prototype (-EPROTO).
 */
int tp_module__check(char *err, size_t err_size);

/*
 * tp_module__idle - nothing but tracing tools holds vfio: no other module, no open file.
 * @own_links: the caller's raw tracepoint links on vfio. Those of other programs are counted
 * where the kernel lets us (CAP_SYS_ADMIN), else they look like users.
 */
bool tp_module__idle(unsigned int own_links);

/* srcversion of the loaded vfio, "" unknown. */
void tp_module__srcversion(char *buf, size_t size);

#endif
