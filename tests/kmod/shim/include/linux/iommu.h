/* SPDX-License-Identifier: GPL-2.0-only */
/* iommu.h - IOMMU groups: a number and who owns their DMA */
#ifndef SHIM_IOMMU_H
#define SHIM_IOMMU_H

#include <linux/compiler.h>

struct iommu_group {
	int	id;
	void	*owner;
};

int iommu_group_id(struct iommu_group *group);
int iommu_group_claim_dma_owner(struct iommu_group *group, void *owner);
void iommu_group_release_dma_owner(struct iommu_group *group);

#endif
