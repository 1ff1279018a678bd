/* SPDX-License-Identifier: GPL-2.0-only */
/* ktime.h - clocks that move on by a fixed step with each reading, so that durations are known */
#ifndef SHIM_KTIME_H
#define SHIM_KTIME_H

#include <linux/compiler.h>

u64 ktime_get_ns(void);
u64 ktime_get_boottime_ns(void);

#endif
