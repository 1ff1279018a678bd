/* SPDX-License-Identifier: GPL-2.0-only */
/* file.h - references on open files */
#ifndef SHIM_FILE_H
#define SHIM_FILE_H

#include <linux/fs.h>

struct file *get_file(struct file *file);
void fput(struct file *file);
#define file_count(file) __atomic_load_n(&(file)->count, __ATOMIC_RELAXED)

#endif
