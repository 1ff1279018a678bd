/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapped_file.h - the file from which a process runs what is at an address
 *
 * Used by the loader: it needs CAP_SYS_PTRACE for processes that have more rights than ours.
 */
#ifndef VFIO_OBS_MAPPED_FILE_H
#define VFIO_OBS_MAPPED_FILE_H

#include <linux/types.h>
#include <stddef.h>

/*
 * mapped_file__open - for reading; -errno: nobody has this pid, nothing is mapped there, or what is
 * mapped is no regular file or not to be run. It is that very file, though its name may lead to
 * another by now, or in another mount namespace. @path: its name, as the process's maps have it.
 */
int mapped_file__open(__u32 tgid, __u64 address, char *path, size_t size);

#endif
