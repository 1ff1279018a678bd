// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_map.c - where the time of MAP_DMAs went, added up from the events MAP_PARTS
 */
#include "model_map.h"

void model_map_parts__add(struct model_map_parts *parts, const struct vfio_rec *rec)
{
	parts->count++;
	parts->errors += (__s64)vfio_w(rec, MAP_PARTS, ret) < 0;
	for (unsigned int i = 0; i < sizeof(struct vfio_words_MAP_PARTS); i++) {
		if (rec->w[i] == VFIO_OBS_UNKNOWN)
			parts->unknown |= 1ULL << i;
		else
			parts->sum[i] += rec->w[i];
	}
}

__u64 model_map_parts__rest(const struct model_map_parts *parts)
{
	__u64 total = model_map_sum(parts, total_ns), pin = model_map_sum(parts, pin_ns);
	__u64 iommu = model_map_sum(parts, iommu_ns);

	return total > pin && total - pin > iommu ? total - pin - iommu : 0;
}
