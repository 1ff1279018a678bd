/* SPDX-License-Identifier: GPL-2.0-only */
/* vfio.h - user space's part from the system's header, the drivers' part as far as it is used */
#ifndef SHIM_LINUX_VFIO_H
#define SHIM_LINUX_VFIO_H

#include_next <linux/vfio.h>

#include <linux/version.h>
#include <linux/compiler.h>

/* The addresses of pages that fit into one page. */
#define VFIO_PIN_PAGES_MAX_ENTRIES ((int)(4096 / sizeof(unsigned long)))

struct page;
struct vfio_group;

struct vfio_device {
	struct vfio_group	*group;
	unsigned int		open_count;
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova, int npage, int prot,
		   struct page **pages);
void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage);
int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data, size_t len, bool write);
#endif

#endif
