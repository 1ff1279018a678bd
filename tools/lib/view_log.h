/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_log.h - an event of the log in words: "ENOMEM", "MAP_DMA iova 0x100000 2.0M"
 *
 * Used by the page of the screen that lists them.
 */
#ifndef VFIO_OBS_VIEW_LOG_H
#define VFIO_OBS_VIEW_LOG_H

#include "view.h"

enum { VIEW_LOG_SIZE = 256 };

/* "MAP_DMA iova 0x100000 2.0M (12 times since 10:38:01)" */
void view_log__what(const struct view_frame *frame, const struct model_log_entry *entry,
		    char buf[VIEW_LOG_SIZE]);

/* "ENOMEM"; how long it took, or "ok" when that is unknown; "" when it has no result. */
char *view_log__result(const struct model_log_entry *entry, char *buf, size_t size);

/*
 * What is missing because of how events come: "failed pins are only counted". Returns whether
 * anything is.
 */
bool view_log__missing(const struct view_frame *frame, char buf[VIEW_LOG_SIZE]);

#endif
