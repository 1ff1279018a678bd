/* SPDX-License-Identifier: GPL-2.0-only */
/* capability.h - the task has CAP_SYS_RAWIO as long as shim_capable is set */
#ifndef SHIM_CAPABILITY_H
#define SHIM_CAPABILITY_H

#include <linux/compiler.h>

#define CAP_SYS_RAWIO 17

bool capable(int cap);

#endif
