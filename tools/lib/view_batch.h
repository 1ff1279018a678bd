/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view_batch.h - refreshes as plain text: what the screen shows, and all of it
 */
#ifndef VFIO_OBS_VIEW_BATCH_H
#define VFIO_OBS_VIEW_BATCH_H

#include <stdio.h>

#include "view.h"
#include "view_choice.h"

/*
 * Prints one refresh: summary, containers, the operations of each ("all": of all containers,
 * gone ones too), call stacks if they were asked for, an empty line. Errors stay in @out for
 * ferror().
 */
void view_batch__print(FILE *out, const struct view_frame *frame, const struct view_choice *choice);

#endif
