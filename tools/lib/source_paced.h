/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source_paced.h - a recording played at the viewer's pace
 *
 * Wraps another source: what lies beyond the instant that is shown stays back. Used by vfiotop.
 */
#ifndef VFIO_OBS_SOURCE_PACED_H
#define VFIO_OBS_SOURCE_PACED_H

#include "source.h"

/* Takes over @inner; source__close() closes both. Nothing arrives before source_paced__until(). */
struct source *source_paced__open(struct source *inner);

/* Deliver from now on what happened until @ts_ns (CLOCK_BOOTTIME of the recording). */
void source_paced__until(struct source *source, __u64 ts_ns);

/*
 * source_paced__next - the instant of the next event that is held back.
 * Returns 1, 0 at the end of the recording, -errno when it is broken (then source__error()).
 */
int source_paced__next(struct source *source, __u64 *ts_ns);

#endif
