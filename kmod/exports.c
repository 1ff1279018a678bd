// SPDX-License-Identifier: GPL-2.0-only
/*
 * exports.c - the symbols that the container part of vfio.ko exports
 *
 * Kept apart from their definitions: a symbol's CRC covers every type visible at its export, and
 * the trace headers that container.c needs would change it. The includes are those of the
 * target kernel's own container part, and struct vfio_container stays incomplete: genksyms does
 * not look into a structure that its .c file keeps to itself, as the kernel's own does. So the
 * visible structure is no part of any CRC; check-symbols compares them with Module.symvers.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/fs.h>
#include <linux/capability.h>
#include <linux/iommu.h>
#include <linux/miscdevice.h>
#include <linux/vfio.h>
#include <uapi/linux/vfio.h>

#include "vfio.h"

EXPORT_SYMBOL_GPL(vfio_register_iommu_driver);
EXPORT_SYMBOL_GPL(vfio_unregister_iommu_driver);

#include "compat.h"
#if VFIO_OBS_OLD_CORE
EXPORT_SYMBOL(vfio_pin_pages);
EXPORT_SYMBOL(vfio_unpin_pages);
EXPORT_SYMBOL(vfio_dma_rw);
#endif
