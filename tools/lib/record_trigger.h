/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record_trigger.h - what makes a flight recorder write a file
 *
 * Used by record_ring.c, and by vfio-trace record for its options.
 */
#ifndef VFIO_OBS_RECORD_TRIGGER_H
#define VFIO_OBS_RECORD_TRIGGER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "source.h"

/* @failed: every call that fails; @slow_ns: that takes as long, 0: no such; @signal: SIGUSR1 */
struct record_trigger {
	bool failed, signal;
	__u64 slow_ns;
};

/* Of --help, and for who complains. */
#define RECORD_TRIGGER_NAMES "error, slow=TIME or signal"

/* Adds what "error", "slow=10ms", "signal", or several with commas, ask for. False: it is neither. */
bool record_trigger__parse(const char *text, struct record_trigger *trigger);
bool record_trigger__any(const struct record_trigger *trigger);

/* Whether @rec is what is waited for. */
bool record_trigger__match(const struct record_trigger *trigger, const struct vfio_rec *rec);

/* "set_iommu failed: EINVAL", "map_dma took 153ms". Returns @buf. */
char *record_trigger__what(const struct vfio_rec *rec, char *buf, size_t size);
/* "container 3, libvirt web01 (qemu-system-x86, pid 4242)", "perl (pid 7)". @owner: NULL unknown. Returns @buf. */
char *record_trigger__whose(const struct vfio_rec *rec, const struct source_owner *owner, char *buf,
			    size_t size);

#endif
