/* SPDX-License-Identifier: GPL-2.0-only */
/* version.h - the Makefile fragment defines LINUX_VERSION_CODE, once for each kernel */
#ifndef SHIM_VERSION_H
#define SHIM_VERSION_H

#define KERNEL_VERSION(major, minor, patch) (((major) << 16) + ((minor) << 8) + (patch))

#endif
