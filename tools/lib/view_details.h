/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_details.h - one container in lines of text: its owner, its groups and their devices
 *
 * Used by the screen for the container under the cursor, and by batch for all.
 */
#ifndef VFIO_OBS_VIEW_DETAILS_H
#define VFIO_OBS_VIEW_DETAILS_H

#include "view.h"

enum { VIEW_DETAIL_SIZE = 768 };

/*
 * view_details__lines - at most @max lines, the last of which says how many devices did not fit.
 * @cols: what a line has room for, 0: no limit. Returns their number.
 */
size_t view_details__lines(const struct view_frame *frame, const struct model_container *c,
			   size_t cols, char (*lines)[VIEW_DETAIL_SIZE], size_t max);

/* "12 mappings, 4.0G, largest 2.0G at 0x100000000; 65523 more allowed". */
void view_details__mappings(const struct model_container *c, char line[VIEW_DETAIL_SIZE]);

/* One device of a group: "group 5  0000:00:10.0 ...". */
void view_details__device(const struct source_group_info *info, __u32 device, size_t cols,
			  char line[VIEW_DETAIL_SIZE]);

#endif
