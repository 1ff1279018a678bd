/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tp_begun.h - reading the operations that the BPF programs saw begin and not return
 *
 * Used by source_live.c.
 */
#ifndef VFIO_OBS_TP_BEGUN_H
#define VFIO_OBS_TP_BEGUN_H

#include <linux/types.h>

#include "source.h"
#include "vfio_obs/maps.h"

struct tp_begun;

/* @map: [VFIO_OBS_BEGUN], shared with the programs; stays the caller's. */
struct tp_begun *tp_begun__create(struct vfio_begun *map);
void tp_begun__destroy(struct tp_begun *begun);

/* tp_begun__deliver - the list, if it has changed. @id_bits are added to every container's id. */
void tp_begun__deliver(struct tp_begun *begun, __u64 id_bits, const struct source_sink *sink);

/* Nothing is attached any more: what is still there will never be seen to return. */
void tp_begun__reset(struct tp_begun *begun, const struct source_sink *sink);

#endif
