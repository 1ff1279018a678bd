/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - every difference between the kernels that the container code is built for
 *
 * Included first by container.h. Each entry says where the difference comes from and when it can
 * go. Supported: Debian 12's 6.1 and 6.12.
 */
#ifndef VFIO_OBS_COMPAT_H
#define VFIO_OBS_COMPAT_H

#include <linux/version.h>

/*
 * 6.2 moved the argument checks and the exports of vfio_pin_pages, vfio_unpin_pages and
 * vfio_dma_rw into the core ("vfio: Simplify vfio_create_group()" series, vfio_main.c), which
 * calls vfio_device_container_*() for the rest; the same series renamed
 * vfio_device_(un)assign_container() to vfio_group_(un)use_container(), took the check of
 * group->container out of it and dropped the backend's notify callback.
 * Delete when 6.1 is no longer supported.
 */
#define VFIO_OBS_OLD_CORE (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0))

/*
 * 6.10 dropped the second argument of __assign_str() (the source is kept by __string()).
 * Delete when 6.1 is no longer supported.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define vfio_obs_assign_str(dst, src) __assign_str(dst, src)
#else
#define vfio_obs_assign_str(dst, src) __assign_str(dst)
#endif

#endif
