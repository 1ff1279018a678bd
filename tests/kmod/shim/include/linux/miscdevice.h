/* SPDX-License-Identifier: GPL-2.0-only */
/* miscdevice.h - one misc device may be registered; the tests open it through shim_misc_device */
#ifndef SHIM_MISCDEVICE_H
#define SHIM_MISCDEVICE_H

#include <linux/fs.h>

#define VFIO_MINOR 196

struct miscdevice {
	int				minor;
	const char			*name;
	const struct file_operations	*fops;
	const char			*nodename;
	unsigned short			mode;
};

int misc_register(struct miscdevice *misc);
void misc_deregister(struct miscdevice *misc);

#endif
