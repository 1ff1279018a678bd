/* SPDX-License-Identifier: GPL-2.0-only */
/* fs.h - open files; the last fput() leaves the release to shim_task_work(), as the kernel does */
#ifndef SHIM_FS_H
#define SHIM_FS_H

#include <linux/compiler.h>

struct inode;
struct module;

struct file {
	const struct file_operations	*f_op;
	void				*private_data;
	long				count;
	struct file			*next_work;
};

/* The members that nobody may set are here so that a test can see that nobody did. */
struct file_operations {
	struct module	*owner;
	int		(*open)(struct inode *inode, struct file *file);
	int		(*release)(struct inode *inode, struct file *file);
	long		(*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long		(*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	void		*read;
	void		*write;
	void		*mmap;
	void		*poll;
	void		*flush;
};

long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif
