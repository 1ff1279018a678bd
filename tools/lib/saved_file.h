/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * saved_file.h - a small file that is replaced as a whole, or left as it was
 *
 * Used for vfiotop's configuration: by vfiotop itself in a replay, live by its loader, as vfiotop
 * is user nobody then. Only one at a time is written.
 */
#ifndef VFIO_OBS_SAVED_FILE_H
#define VFIO_OBS_SAVED_FILE_H

#include <stdbool.h>

/*
 * saved_file__begin - a descriptor for writing what @path is to have, the caller's to close;
 * -errno, -EOPNOTSUPP when there is something that is no regular file.
 * The last two folders of @path are made when they are missing.
 */
int saved_file__begin(const char *path);
/* @whole: put it in place; else forget it. 0 or -errno, then @path is as it was. */
int saved_file__end(const char *path, bool whole);

#endif
